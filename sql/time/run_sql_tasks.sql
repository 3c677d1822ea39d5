-- Running SQL tasks, within tick(). A temporary worker holds their leases. It exists only in this transaction, so no other
-- session ever sees it, and a crash leaves the tasks as they were.

create or replace function rhythm.sql_queues()
returns text[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select distinct coalesce(k.options ->> 'queue', 'default') as queue
    from rhythm.task as k
    where k.sql_function is not null
    order by queue
  );
$$;

comment on function rhythm.sql_queues() is 'The queues in which tick() looks for SQL tasks.';

create or replace function rhythm.sql_task_is_ready(p_queues text[], p_targets text[])
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
      select from rhythm.batch as b
      where b.queue = any (p_queues) and b.worker is null and b.run_at is null and not b.limited and b.type = 'task' and b.target = any (p_targets))
    or exists (select from unnest(p_queues) as q (name) where rhythm.limited_ready(q.name, p_targets, '{task}'));
end;
$$;

comment on function rhythm.sql_task_is_ready(text[], text[]) is 'Whether one of some tasks is ready in one of some queues.';

-- As exchange() does, but only for tasks: workflows in the same queue are not claimed.
create or replace function rhythm.claim_sql_tasks(p_worker uuid, p_queue text, p_limit integer, p_targets text[])
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_paused constant text[] := rhythm.paused_targets();
  v_ids bigint[];
begin
  if exists (select from rhythm.queue as q where q.name = p_queue) then
    v_ids := rhythm.limited_claim(p_worker, 1, p_queue, p_limit, p_targets, '{task}');
    if v_ids is not null then
      return v_ids;
    end if;
  end if;
  for v_nth in 1 .. 1000 loop
    v_ids := array(
      select b.id from rhythm.batch as b
      where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited and b.type = 'task' and b.target = any (p_targets)
        and (b.expires_at is null or b.expires_at > rhythm.now() or b.attempt > 0)
      order by b.priority desc, b.first_id limit 1 for update skip locked);
    exit when v_paused is null;
    v_ids := array(select i.id from unnest(v_ids) as i (id) where i.id <> all (rhythm.park(v_ids, v_paused)));
    exit when v_ids <> '{}';
  end loop;
  v_ids := array(
    select case when b.size > p_limit then rhythm.split_batch(b.id, p_limit) else b.id end from rhythm.batch as b where b.id = any (v_ids));
  v_ids := array_remove(v_ids, null);
  perform rhythm.lease(p_worker, 1, v_ids, rhythm.now());
  return v_ids;
end;
$$;

comment on function rhythm.claim_sql_tasks(uuid, text, integer, text[]) is
  'Leases ready SQL tasks of a queue, within its limits, to the temporary worker.';

-- Locks: what exchange() locks. A slow function delays only its caller, because due() and chores() are separate calls. Takes no
-- more after a quarter of a second, but always some: on a busy machine the time may be over before the first. Each call begins
-- with another queue, so that one that is always full does not keep the others waiting.
create or replace function rhythm.sql_tasks(p_limit integer default 100)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_at_once constant integer := 10;
  v_until constant timestamptz := rhythm.now() + interval '250 milliseconds';
  v_targets constant text[] := array(select k.name from rhythm.task as k where k.sql_function is not null);
  v_queues constant text[] := case when v_targets = '{}' then '{}' else rhythm.sql_queues() end;
  v_first constant integer := floor(rhythm.chance() * cardinality(v_queues))::integer;
  v_left integer := p_limit;
  v_worker uuid;
  v_queue text;
  v_batches bigint[];
  v_outcomes jsonb;
begin
  perform rhythm.check_limit('sql_tasks()', p_limit);
  if v_targets = '{}' or 'everything:' = any (rhythm.paused_targets()) or not rhythm.sql_task_is_ready(v_queues, v_targets) then
    return null;
  end if;

  v_worker := rhythm.register_worker(null, v_queues, 'sql-tasks');
  foreach v_queue in array v_queues[v_first + 1 :] || v_queues[: v_first] loop
    while v_left > 0 and (v_left = p_limit or rhythm.now() < v_until) loop
      v_batches := rhythm.claim_sql_tasks(v_worker, v_queue, least(v_left, c_at_once), v_targets);
      exit when v_batches = '{}';
      v_outcomes := rhythm.run_claimed(rhythm.ids_in(v_batches));
      v_left := v_left - coalesce(jsonb_array_length(v_outcomes), 0);
      exit when v_outcomes is null;
      perform rhythm.settle_outcomes(v_worker, v_outcomes, 0, 0, null, rhythm.now());
    end loop;
  end loop;
  delete from rhythm.worker as w where w.id = v_worker;
  perform rhythm.take_back(array(select b.id from rhythm.batch as b where b.worker = v_worker), null, rhythm.now());
  return case when v_left < p_limit and rhythm.sql_task_is_ready(v_queues, v_targets) then rhythm.now() end;
end;
$$;

comment on function rhythm.sql_tasks(integer) is
  'Runs ready SQL tasks, up to p_limit and for a quarter of a second; returns now if there are more, else null. Part of '
  'tick(); any number of sessions may call it at once.';

create or replace function rhythm.run_claimed(p_ids uuid[])
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task record;
  v_outcomes jsonb;
begin
  for v_task in
    select e.id, e.inputs, e.parent_id, k.sql_function
    from rhythm.execution as e
    join rhythm.batch as b on b.id = e.batch_id
    join rhythm.task as k on k.name = e.target
    where e.id = any (p_ids)
      and e.type = 'task'
    order by e.priority desc, e.id
  loop
    -- Its parent is told of its end. If another session has locked the parent, the task runs later: nothing waits here.
    continue when v_task.parent_id is not null and rhythm.lock_free_states(array[v_task.parent_id]) = '{}'
      and exists (select from rhythm.workflow_state as s where s.execution_id = v_task.parent_id);
    v_outcomes := coalesce(v_outcomes, '[]') || (
      jsonb_build_object('id', v_task.id, 'call', 1)
      || rhythm.call_sql_task(v_task.sql_function, v_task.inputs)
    );
  end loop;
  return v_outcomes;
end;
$$;

comment on function rhythm.run_claimed(uuid[]) is 'Runs leased SQL tasks, first in claim order; returns their outcomes, null if none.';
