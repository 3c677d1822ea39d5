-- Queues: limits and pauses.

create or replace function rhythm.configure_queue(
  p_queue text,
  concurrency integer default null,
  per_key_concurrency integer default null,
  rate integer default null,
  per text default '1s'
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_per_ms constant bigint := rhythm.duration_ms(to_jsonb(per));
  v_problem constant text := coalesce(
    rhythm.name_problem('queue', p_queue),
    case when concurrency < 1 then 'concurrency must be 1 or more' end,
    case when per_key_concurrency < 1 then 'per_key_concurrency must be 1 or more' end,
    case when rate < 1 then 'rate must be 1 or more' end,
    case when coalesce(v_per_ms, 0) < 1 then 'per must be a duration: seconds, or text such as "1m"' end
  );
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  insert into rhythm.queue as q (name, concurrency, per_key_concurrency, rate, per_ms)
  values (p_queue, configure_queue.concurrency, configure_queue.per_key_concurrency, configure_queue.rate,
    case when configure_queue.rate is not null then v_per_ms end)
  on conflict (name) do update set
    concurrency = excluded.concurrency, per_key_concurrency = excluded.per_key_concurrency,
    rate = excluded.rate, per_ms = excluded.per_ms, begun_at = '{}', begun = '{}';
  perform rhythm.forget_plain_queue(p_queue);
  perform rhythm.wake(array[p_queue]);
end;
$$;

comment on function rhythm.configure_queue(text, integer, integer, integer, text) is
  'Sets the limits of a queue, over all workers together: executions at once, at once for each concurrency key, begun in each period. '
  'Null: no such limit. Example: select rhythm.configure_queue(''mail'', concurrency => 10, rate => 100, per => ''1m'');';

-- A queue without limits and not paused is no row: claims of it cost nothing extra.
create or replace function rhythm.forget_plain_queue(p_queue text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from rhythm.queue as q
  where q.name = p_queue and q.paused_at is null
    and q.concurrency is null and q.per_key_concurrency is null and q.rate is null;
$$;

comment on function rhythm.forget_plain_queue(text) is 'Removes the row of a queue that has no limits and is not paused. Internal.';

create or replace function rhythm.pause_queue(p_queue text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.check_name('queue', p_queue);
  insert into rhythm.queue as q (name, paused_at) values (p_queue, rhythm.now())
  on conflict (name) do update set paused_at = excluded.paused_at where q.paused_at is null;
  return found;
end;
$$;

comment on function rhythm.pause_queue(text) is 'Nothing of this queue begins until resume_queue(); what runs goes on. False: it was paused already.';

create or replace function rhythm.resume_queue(p_queue text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found boolean;
begin
  perform rhythm.check_name('queue', p_queue);
  update rhythm.queue as q set paused_at = null where q.name = p_queue and q.paused_at is not null;
  v_found := found;
  perform rhythm.forget_plain_queue(p_queue);
  perform rhythm.wake(array[p_queue]);
  return v_found;
end;
$$;

comment on function rhythm.resume_queue(text) is 'Ends the pause of a queue. False: it was not paused.';
