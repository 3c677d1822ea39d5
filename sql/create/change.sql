-- Changing what waits: other options for an execution that has not begun.

create or replace function rhythm.change_to_problem(p_to jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := rhythm.option_names('change');
begin
  return case
    when jsonb_typeof(p_to) is distinct from 'object' then 'A change must be an object: {"queue": "mail", "priority": 5}'
    when p_to = '{}' then 'A change must name something: queue, priority, delay or run_at'
    when p_to - c_names <> '{}' then 'There is no ' || rhythm.unknown_option(p_to, c_names)
    else rhythm.request_problem(p_to || '{"type": "task", "target": "x"}')
  end;
end;
$$;

comment on function rhythm.change_to_problem(jsonb) is 'What is wrong with the new options of change(), as a sentence; null if nothing is.';

-- It gets a batch of its own, so that it is counted and ordered where it waits now. It keeps its place among those of its priority.
-- Locks: states, the execution, its batch. Waits for sessions that hold them.
create or replace function rhythm.change_waiting(p_execution uuid, p_to jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
  v_old rhythm.batch;
  v_batch rhythm.batch;
  v_at constant timestamptz := coalesce((p_to ->> 'run_at')::timestamptz, p_now + rhythm.duration_ms(p_to -> 'delay') * interval '1 millisecond');
begin
  perform rhythm.lock_around(array[p_execution]);
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution for no key update;
  if not found then
    perform rhythm.raise('RH002', format('Cannot change: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  v_old := rhythm.hold_batch(coalesce(v_execution.batch_id, (select s.batch_id from rhythm.workflow_state as s where s.execution_id = p_execution)));
  if v_old.id is null or rhythm.is_begun(v_execution) then
    perform rhythm.raise('RH003', format('Cannot change execution %s: it is %s, and has begun', p_execution, rhythm.status_of(p_execution)), 'Only what has not begun can be changed');
  end if;
  update rhythm.execution as e
  set queue = coalesce(p_to ->> 'queue', e.queue), priority = coalesce((p_to ->> 'priority')::smallint, e.priority),
    run_at = case when v_at is not null then v_at else coalesce(nullif(v_old.run_at, 'infinity'), e.run_at) end
  where e.id = p_execution
  returning e.* into v_execution;
  v_batch := rhythm.batch_of(v_execution, case when v_execution.run_at > p_now then v_execution.run_at end, 0, v_old.failures, v_old.crashes);
  if v_old.gate is not null then
    v_batch.gate := v_old.gate;
    v_batch.run_at := 'infinity';
  end if;
  insert into rhythm.batch select v_batch.*;
  perform rhythm.move_members(v_execution.type, array[p_execution], v_old.id, v_batch.id);
  -- Not locked: a batch in which others still wait.
  perform rhythm.drop_empty_batches(array(
    select b.id from rhythm.batch as b where b.id = v_old.id and rhythm.members(b) = '{}' for update skip locked));
  -- The timeout of a workflow counts from the moment from which it may run.
  if v_at is not null and v_execution.type = 'workflow' and v_execution.timeout_ms is not null then
    delete from rhythm.timer as t where t.execution_id = p_execution and t.deadline;
    perform rhythm.set_deadline(p_execution, greatest(v_at, p_now));
  end if;
  perform rhythm.wake_for(array[v_batch]);
end;
$$;

comment on function rhythm.change_waiting(uuid, jsonb, timestamptz) is 'Gives an execution that has not begun another queue, priority or time. Internal.';

create or replace function rhythm.change(p_execution uuid, p_to jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_problem constant text := rhythm.change_to_problem(p_to);
  v_before jsonb;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.refuse_frozen(array[p_execution], 'Cannot change');
  v_before := (select jsonb_build_object('queue', e.queue, 'priority', e.priority, 'run_at', e.run_at) from rhythm.executions as e where e.id = p_execution);
  perform rhythm.change_waiting(p_execution, p_to, rhythm.now());
  perform rhythm.record('change', 'execution', p_execution::text, p_before => v_before, p_after => p_to);
end;
$$;

comment on function rhythm.change(uuid, jsonb) is
  'Gives an execution that has not begun another queue, priority or time: {"queue", "priority", "delay" or "run_at"}. What it expires at stays. RH003: it has begun. '
  'For many: operate(''change'', …). Example: select rhythm.change(''0190…'', ''{"queue": "mail", "priority": 5}'');';
