-- Names that nothing else knows: they may be new, or misspelt. What was asked for is done, and a notice says what is odd.

create or replace function rhythm.did_you_mean(p_word text, p_names text[])
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return 'Did you mean "' || rhythm.nearest(p_word, p_names) || '"?';
end;
$$;

comment on function rhythm.did_you_mean(text, text[]) is 'A question with the nearest of some names; null if none is near. Internal.';

create or replace function rhythm.odd_queue(p_queue text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known text[];
begin
  if p_queue is null or p_queue = 'default'
    or exists (select from rhythm.worker as w where p_queue = any (w.queues))
    or exists (select from rhythm.queue as q where q.name = p_queue)
    or exists (select from rhythm.batch as b where b.queue = p_queue) then
    return null;
  end if;
  v_known := array(
    select 'default'
    union select q.queue from rhythm.queues as q
    union select k.options ->> 'queue' from rhythm.task as k where k.options ? 'queue'
    union select f.options ->> 'queue' from rhythm.flows as f where f.options ? 'queue'
    order by 1);
  if p_queue = any (v_known) then
    return null;
  end if;
  return concat_ws(' ', format('No execution, worker, task, flow or limit has a queue "%s".', p_queue), rhythm.did_you_mean(p_queue, v_known));
end;
$$;

comment on function rhythm.odd_queue(text) is 'What is odd about the name of a queue, as sentences: nothing has such a queue. Null: something has it.';

create or replace function rhythm.odd_key(p_queue text, p_key text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_key is null
    or exists (select from rhythm.queue_key as k where k.queue = p_queue and k.key = p_key)
    or exists (select from rhythm.batch as b where b.queue = p_queue and b.concurrency_key = p_key) then
    return null;
  end if;
  return concat_ws(' ', format('No execution of queue "%s" that is ready, delayed or running has the concurrency key "%s".', p_queue, p_key),
    rhythm.did_you_mean(p_key, array(
      select k.key from rhythm.queue_key as k where k.queue = p_queue
      union select b.concurrency_key from rhythm.batch as b where b.queue = p_queue and b.concurrency_key is not null
      order by 1 limit 1000)));
end;
$$;

comment on function rhythm.odd_key(text, text) is 'What is odd about a concurrency key of a queue, as sentences: nothing has it. Null: something has it. Reads all batches of the queue.';

create or replace function rhythm.odd_task(p_task text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_task is null
    or exists (select from rhythm.task as k where k.name = p_task)
    or exists (select from rhythm.worker as w where w.info -> 'tasks' ? p_task) then
    return null;
  end if;
  return concat_ws(' ', format('No worker that is alive has a task "%s", and none has registered it.', p_task),
    rhythm.did_you_mean(p_task, array(
      select k.name from rhythm.task as k
      union select t.name from rhythm.worker as w cross join lateral jsonb_array_elements_text(w.info -> 'tasks') as t (name)
      where jsonb_typeof(w.info -> 'tasks') = 'array'
      order by 1)));
end;
$$;

comment on function rhythm.odd_task(text) is 'What is odd about the name of a task, as sentences: no worker has it. Null: one has it, or has registered it.';

-- A notice reaches the person at psql, and not the log of the server.
create or replace function rhythm.tell_odd(p_oddities text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_oddity text;
begin
  foreach v_oddity in array p_oddities loop
    if v_oddity is not null then
      raise notice '%', v_oddity;
    end if;
  end loop;
end;
$$;

comment on function rhythm.tell_odd(text[]) is 'Raises a notice for each sentence that is not null. Internal.';
