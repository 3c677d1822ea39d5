-- Concurrency keys of a queue that have their own limits, weights and pauses.

-- Locks: the row of the key, then that of the queue. Claims only read them.
create or replace function rhythm.configure_key(
  p_queue text,
  p_key text,
  concurrency integer default null,
  rate integer default null,
  per interval default null,
  weight integer default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_per_ms constant bigint := rhythm.interval_ms(coalesce(per, '1s'));
  v_problem constant text := coalesce(
    rhythm.name_problem('queue', p_queue),
    rhythm.name_problem('concurrency key', p_key),
    rhythm.limit_problem('concurrency', concurrency),
    rhythm.limit_problem('rate', rate),
    rhythm.period_problem('per', per, 'rate', rate),
    case when weight not between 1 and 1000 then 'weight must be from 1 to 1000' end
  );
  v_old jsonb;
  v_changed boolean;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue), rhythm.odd_key(p_queue, p_key)]);
  select jsonb_strip_nulls(jsonb_build_object('concurrency', k.concurrency, 'rate', k.rate, 'per_ms', k.per_ms, 'weight', k.weight)) into v_old
  from rhythm.queue_key as k where k.queue = p_queue and k.key = p_key;
  insert into rhythm.queue_key as k (queue, key, concurrency, rate, per_ms, weight)
  values (p_queue, p_key, configure_key.concurrency, configure_key.rate, case when configure_key.rate is not null then v_per_ms end, configure_key.weight)
  on conflict (queue, key) do update set
    concurrency = excluded.concurrency, rate = excluded.rate, per_ms = excluded.per_ms, weight = excluded.weight
  where (k.concurrency, k.rate, k.per_ms, k.weight) is distinct from (excluded.concurrency, excluded.rate, excluded.per_ms, excluded.weight);
  v_changed := found;
  if v_changed then
    perform rhythm.record('limit', 'key', p_queue || ' ' || p_key, p_before => v_old, p_after => jsonb_strip_nulls(jsonb_build_object('concurrency', configure_key.concurrency,
      'rate', configure_key.rate, 'per_ms', case when configure_key.rate is not null then v_per_ms end, 'weight', configure_key.weight)));
    perform rhythm.change_key(p_queue, p_key);
  end if;
end;
$$;

comment on function rhythm.configure_key(text, text, integer, integer, interval, integer) is
  'Sets the limits of one concurrency key of a queue, instead of those for all keys (how many run at once, how many begin in each period), and its weight in a fair queue. '
  'Null: as for all keys. Example: select rhythm.configure_key(''mail'', ''gold'', concurrency => 20, weight => 3);';

create or replace function rhythm.change_key(p_queue text, p_key text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.queue_key as k
  where k.queue = p_queue and k.key = p_key and k.weight is null and k.concurrency is null and k.rate is null and k.paused_at is null;
  insert into rhythm.queue (name) values (p_queue) on conflict do nothing;
  perform rhythm.change_queue(p_queue);
end;
$$;

comment on function rhythm.change_key(text, text) is 'Tells claims that the configuration of a key has changed. Internal.';

create or replace function rhythm.pause_key(p_queue text, p_key text, p_reason text default null, p_by text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_reason, p_by);
  v_found boolean;
begin
  perform rhythm.check_name('queue', p_queue);
  perform rhythm.check_name('concurrency key', p_key);
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue), rhythm.odd_key(p_queue, p_key)]);
  insert into rhythm.queue_key as k (queue, key, paused_at, paused_by, pause_reason) values (p_queue, p_key, rhythm.now(), v_names.by_whom, v_names.reason)
  on conflict (queue, key) do update set paused_at = excluded.paused_at, paused_by = excluded.paused_by, pause_reason = excluded.pause_reason where k.paused_at is null;
  v_found := found;
  if v_found then
    perform rhythm.record('pause', 'key', p_queue || ' ' || p_key, p_reason);
    perform rhythm.change_key(p_queue, p_key);
  end if;
  return v_found;
end;
$$;

comment on function rhythm.pause_key(text, text, text, text) is
  'Executions with this concurrency key do not start in this queue until resume_key(); running ones continue. p_by: who paused it; else the role. False: it was already paused.';

create or replace function rhythm.resume_key(p_queue text, p_key text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found boolean;
begin
  perform rhythm.check_name('queue', p_queue);
  perform rhythm.check_name('concurrency key', p_key);
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue), rhythm.odd_key(p_queue, p_key)]);
  update rhythm.queue_key as k set paused_at = null, paused_by = null, pause_reason = null where k.queue = p_queue and k.key = p_key and k.paused_at is not null;
  v_found := found;
  if v_found then
    perform rhythm.record('resume', 'key', p_queue || ' ' || p_key);
    perform rhythm.change_key(p_queue, p_key);
  end if;
  return v_found;
end;
$$;

comment on function rhythm.resume_key(text, text) is 'Ends the pause of a concurrency key of a queue. False: it was not paused.';
