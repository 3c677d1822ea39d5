-- Retrying what failed or was cancelled.

-- The caller holds the locks of its state and of its parent's.
create or replace function rhythm.retry_one(p_execution uuid, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_failed uuid[];
  v_waits boolean;
begin
  -- The children whose failure brought it down run again, and it waits for them, and for all else, as it did.
  v_failed := array(
    select c.id from rhythm.workflow_state as s
    join rhythm.execution as c on c.id = any (s.inbox) and c.stage in (5, 6)
    where s.execution_id = p_execution and s.snapshot is not null);
  update rhythm.workflow_state as s
  set inbox = array(select i.id from unnest(s.inbox) with ordinality as i (id, nth) where i.id <> all (v_failed) order by i.nth),
    need = case when s.waits is null then s.need else rhythm.needs(s.waits) end
  where s.execution_id = p_execution;
  v_waits := rhythm.satisfied_already(array[p_execution]) = '{}'
    and exists (select from rhythm.workflow_state as s where s.execution_id = p_execution and s.need <> '{}');
  update rhythm.execution as e
  set stage = case when v_waits then 3 else 1 end,
    status = case when v_waits then 'suspended' else 'pending' end,
    max_attempts = case when e.type = 'task' then greatest(e.max_attempts, e.attempt + 1) else e.max_attempts end,
    delivered = 0, crashes = 0, cancel_reason = null, completed_at = null, run_at = null, note = null
  where e.id = p_execution;
  insert into rhythm.timer (id, execution_id, fires_at, deadline)
  select rhythm.uuid7(p_now), e.id, p_now + e.timeout_ms * interval '1 millisecond', true
  from rhythm.execution as e where e.id = p_execution and e.type = 'workflow' and e.timeout_ms is not null;
  perform rhythm.reopen_steps(p_execution, v_failed);
  perform rhythm.wake(array[e.queue]) from rhythm.execution as e where e.id = p_execution;
  perform rhythm.lock_states(array(select c.id from rhythm.execution as c where c.parent_id = any (v_failed) and c.stage in (5, 6)));
  perform rhythm.retry_one(f.id, p_now) from unnest(v_failed) as f (id);
end;
$$;

comment on function rhythm.retry_one(uuid, timestamptz) is 'Lets a failed or cancelled execution, and what failed under it, go on. Internal.';

create or replace function rhythm.retry(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_execution rhythm.execution;
  v_parent rhythm.execution;
begin
  perform rhythm.lock_states(array(
    select p_execution
    union select e.parent_id from rhythm.execution as e where e.id = p_execution and e.parent_id is not null
    union select c.id from rhythm.execution as c where c.parent_id = p_execution and c.type = 'workflow' and c.stage in (5, 6)));
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution for no key update;
  if not found then
    perform rhythm.raise('RH002', format('Cannot retry: there is no execution %s', coalesce(p_execution::text, 'null')));
  elsif v_execution.stage not in (5, 6) then
    perform rhythm.raise('RH003', format('Cannot retry execution %s: it is %s', p_execution, v_execution.status), 'Only what failed or was cancelled can be retried');
  end if;
  -- A parent learns of each child's end once.
  select e.* into v_parent from rhythm.execution as e where e.id = v_execution.parent_id and e.type = 'workflow' and e.stage < 4;
  if found then
    perform rhythm.raise('RH003', format('Cannot retry execution %s: its workflow %s was told that it %s, and is %s', p_execution,
      v_parent.id, case v_execution.stage when 5 then 'failed' else 'was cancelled' end, v_parent.status), 'Retry the workflow once it is over');
  end if;
  update rhythm.workflow_state as s set inbox = array_remove(s.inbox, p_execution)
  where s.execution_id = v_execution.parent_id and p_execution = any (s.inbox);
  perform rhythm.retry_one(p_execution, rhythm.now());
end;
$$;

comment on function rhythm.retry(uuid) is
  'A failed or cancelled execution goes on: a workflow from its last snapshot (what failed under it runs again, what it waits for it waits for), a task once more. '
  'Not what a workflow started that is not over: it was told of the end. Example: select rhythm.retry(''0190…'');';
