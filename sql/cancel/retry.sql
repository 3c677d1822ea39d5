-- Retrying what failed or was cancelled.

-- What retry() touches: an execution, what failed under it and brought it down, the leaders of those that followed
-- another, and the parents of all of these.
create or replace function rhythm.retry_reach(p_execution uuid)
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive node as (
    select p_execution as id
    union
    select x.id from node as n
    cross join lateral (
      select c.id from rhythm.workflow_state as s
      join rhythm.execution as c on c.id = any (s.inbox) and c.stage in (5, 6)
      where s.execution_id = n.id and s.snapshot is not null
      union all
      select coalesce(k.execution_id, f.leader_id) from rhythm.follower as f
      left join rhythm.idempotency_key as k on k.key = f.key
      where f.execution_id = n.id
    ) as x (id)
  )
  select array(
    select n.id from node as n
    union
    select e.parent_id from node as n join rhythm.execution as e on e.id = n.id and e.parent_id is not null);
$$;

comment on function rhythm.retry_reach(uuid) is 'The executions whose states retry() locks. Internal.';

-- Its key is asked again. Where it stands for another execution, this ends as that one does, which goes on if it failed.
-- Where the key is free, or that one's workflow has gone on without it, this is the one that runs. Returns whether it follows.
create or replace function rhythm.follow_again(p_execution uuid, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key constant text := (select f.key from rhythm.follower as f where f.execution_id = p_execution);
  v_leader uuid;
  v_stage smallint;
  v_is_told boolean;
begin
  if v_key is null then
    return false;
  end if;
  insert into rhythm.idempotency_key as k (key, execution_id) values (v_key, p_execution)
  on conflict (key) do update set
    execution_id = case when k.expires_at <= p_now then excluded.execution_id else k.execution_id end,
    expires_at = case when k.expires_at <= p_now then null else k.expires_at end
  returning k.execution_id into v_leader;
  select l.stage, p.id is not null into v_stage, v_is_told
  from rhythm.execution as l
  left join rhythm.execution as p on p.id = l.parent_id and p.type = 'workflow' and p.stage < 4
  where l.id = v_leader and l.stage in (5, 6)
  for no key update of l;
  if v_leader = p_execution or v_is_told then
    perform rhythm.lead(p_execution, v_key);
    return false;
  end if;
  update rhythm.follower as f set leader_id = v_leader where f.execution_id = p_execution;
  update rhythm.execution as e
  set stage = 3, status = 'suspended', cancel_reason = null, completed_at = null, error = null, note = rhythm.follower_note(v_leader)
  where e.id = p_execution;
  if v_stage is not null then
    perform rhythm.untell(v_leader);
    perform rhythm.retry_one(v_leader, p_now);
  end if;
  perform rhythm.follow_ends(rhythm.join_leaders(array[p_execution], p_now), '{}', null, 0, p_now);
  return true;
end;
$$;

comment on function rhythm.follow_again(uuid, timestamptz) is 'Lets what ended as another execution did follow anew; false: it is to run itself. Internal.';

create or replace function rhythm.lead(p_execution uuid, p_key text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  update rhythm.idempotency_key as k set execution_id = p_execution where k.key = p_key;
  delete from rhythm.follower as f where f.execution_id = p_execution;
  insert into rhythm.workflow_state (execution_id, program)
  select e.id, f.program from rhythm.execution as e join rhythm.flow as f on f.name = e.target
  where e.id = p_execution and e.type = 'workflow';
  update rhythm.execution as e set attempt = 0 where e.id = p_execution;
$$;

comment on function rhythm.lead(uuid, text) is 'Makes what followed another execution the one that its key stands for. Internal.';

create or replace function rhythm.untell(p_execution uuid)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  update rhythm.workflow_state as s set inbox = array_remove(s.inbox, p_execution)
  from rhythm.execution as e
  where e.id = p_execution and s.execution_id = e.parent_id and p_execution = any (s.inbox);
$$;

comment on function rhythm.untell(uuid) is 'Takes the end of an execution back from its parent, which is over. Internal.';

-- The caller holds the locks of its state and of its parent's.
create or replace function rhythm.retry_one(p_execution uuid, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_failed uuid[];
  v_waits boolean;
begin
  if rhythm.follow_again(p_execution, p_now) then
    return;
  end if;
  -- The children whose failure brought it down run again, and it waits for them, and for all else, as it did. What
  -- followed one of them follows it again: after it.
  v_failed := array(
    select c.id from rhythm.workflow_state as s
    join rhythm.execution as c on c.id = any (s.inbox) and c.stage in (5, 6)
    where s.execution_id = p_execution and s.snapshot is not null
    order by exists (select from rhythm.follower as f where f.execution_id = c.id), c.id);
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
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
  v_parent rhythm.execution;
begin
  perform rhythm.lock_states(rhythm.retry_reach(p_execution));
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution for no key update;
  if not found then
    perform rhythm.raise('RH002', format('Cannot retry: there is no execution %s', coalesce(p_execution::text, 'null')));
  elsif v_execution.stage not in (5, 6) then
    perform rhythm.raise('RH003', format('Cannot retry execution %s: it is %s', p_execution, v_execution.status), 'Only what failed or was cancelled can be retried');
  end if;
  perform rhythm.require_fresh(array[v_execution.parent_id]);
  -- A parent learns of each child's end once.
  select e.* into v_parent from rhythm.execution as e where e.id = v_execution.parent_id and e.type = 'workflow' and e.stage < 4;
  if found then
    perform rhythm.raise('RH003', format('Cannot retry execution %s: its workflow %s was told that it %s, and is %s', p_execution,
      v_parent.id, case v_execution.stage when 5 then 'failed' else 'was cancelled' end, v_parent.status), 'Retry the workflow once it is over');
  end if;
  perform rhythm.untell(p_execution);
  perform rhythm.retry_one(p_execution, rhythm.now());
end;
$$;

comment on function rhythm.retry(uuid) is
  'A failed or cancelled execution goes on: a workflow from its last snapshot (what failed under it runs again, what it waits for it waits for), a task once more. '
  'What followed another execution by its idempotency key lets that one go on. Not what a workflow started that is not over: it was told of the end. Example: select rhythm.retry(''0190…'');';
