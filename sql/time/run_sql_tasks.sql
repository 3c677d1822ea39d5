-- Running SQL tasks, within tick(). A worker of the moment holds their leases: it lives and dies in this transaction,
-- so nobody else ever sees it, and a crash leaves the tasks as they were.

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
language sql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
  select exists (
    select
    from rhythm.execution as e
    where e.place = 1
      and e.queue = any (p_queues)
      and e.worker is null
      and e.type = 'task'
      and e.target = any (p_targets)
  );
$$;

comment on function rhythm.sql_task_is_ready(text[], text[]) is 'Whether one of some tasks is ready in one of some queues.';

-- As claim() does, but tasks alone: a workflow in the same queue is none of our business.
create or replace function rhythm.claim_sql_tasks(p_worker uuid, p_queue text, p_limit integer, p_targets text[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  v_ids uuid[];
begin
  if exists (select from rhythm.queue as q where q.name = p_queue) then
    return rhythm.claim_limited(p_worker, p_queue, p_limit, p_targets, rhythm.now(), '{task}');
  end if;
  v_ids := array(
    select e.id
    from rhythm.execution as e
    where e.place = 1
      and e.queue = p_queue
      and e.worker is null
      and e.type = 'task'
      and e.target = any (p_targets)
    order by e.priority desc, e.id
    limit p_limit
    for update skip locked
  );
  update rhythm.execution as e
  set worker = p_worker, status = 'running', claimed_at = rhythm.now(), attempt = e.attempt + 1
  where e.id = any (v_ids);
  return v_ids;
end;
$$;

comment on function rhythm.claim_sql_tasks(uuid, text, integer, text[]) is
  'Leases ready SQL tasks of a queue, within its limits, to the worker of the moment.';

-- Locks: what claim() and settle() lock. Stops taking more after a quarter of a second: the rest of tick() waits for it.
create or replace function rhythm.run_sql_tasks(p_limit integer default 100)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_at_once constant integer := 10;
  v_until constant timestamptz := clock_timestamp() + interval '250 milliseconds';
  v_targets constant text[] := array(select k.name from rhythm.task as k where k.sql_function is not null);
  v_queues constant text[] := case when v_targets = '{}' then '{}' else rhythm.sql_queues() end;
  v_left integer := p_limit;
  v_worker uuid;
  v_queue text;
  v_outcomes jsonb;
begin
  if v_targets = '{}' then
    return null;
  end if;
  -- Made before their handler was a function.
  perform rhythm.list_ready(array(
    select b from rhythm.ready_batch as b where b.target = any (v_targets) and b.queue = any (v_queues)
    order by b.first_id limit (p_limit + 99) / 100 for update skip locked));
  if not rhythm.sql_task_is_ready(v_queues, v_targets) then
    return null;
  end if;

  v_worker := rhythm.register_worker(null, v_queues, 'sql-tasks');
  foreach v_queue in array v_queues loop
    while v_left > 0 and clock_timestamp() < v_until loop
      v_outcomes := rhythm.run_claimed(rhythm.claim_sql_tasks(v_worker, v_queue, least(v_left, c_at_once), v_targets));
      exit when v_outcomes is null;
      v_left := v_left - jsonb_array_length(v_outcomes);
      perform rhythm.settle(v_worker, v_outcomes);
    end loop;
  end loop;
  delete from rhythm.worker as w where w.id = v_worker;
  perform rhythm.take_back(array[v_worker]);
  return case when v_left < p_limit and (
    rhythm.sql_task_is_ready(v_queues, v_targets)
    or exists (select from rhythm.ready_batch as b where b.target = any (v_targets) and b.queue = any (v_queues))
  ) then rhythm.now() end;
end;
$$;

comment on function rhythm.run_sql_tasks(integer) is
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
    select e.id, e.attempt, e.inputs, e.parent_id, k.sql_function
    from rhythm.execution as e
    join rhythm.task as k on k.name = e.target
    where e.id = any (p_ids)
      and e.type = 'task'
    order by e.priority desc, e.id
  loop
    -- Its parent is told of its end. If another session is at the parent, it runs another time: tick() waits for nobody.
    continue when v_task.parent_id is not null and rhythm.try_lock_states(array[v_task.parent_id]) = '{}'
      and exists (select from rhythm.workflow_state as s where s.execution_id = v_task.parent_id);
    v_outcomes := coalesce(v_outcomes, '[]') || (
      jsonb_build_object('id', v_task.id, 'attempt', v_task.attempt)
      || rhythm.call_sql_task(v_task.sql_function, v_task.inputs)
    );
  end loop;
  return v_outcomes;
end;
$$;

comment on function rhythm.run_claimed(uuid[]) is 'Runs leased SQL tasks, first in claim order; returns their outcomes for settle(), null if none.';
