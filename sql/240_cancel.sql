-- Cancelling and retrying.

create or replace function rhythm.trees(p_ids uuid[])
returns uuid[]
language sql
stable
set search_path = ''
as $$
  with recursive node as (
    select e.id, e.stage, 0 as depth from rhythm.execution as e where e.id = any (p_ids)
    union all
    select c.id, c.stage, n.depth + 1 from node as n join rhythm.execution as c on c.parent_id = n.id where n.depth < 1000
  )
  select coalesce(array_agg(distinct n.id), '{}') from node as n where n.stage < 4;
$$;

comment on function rhythm.trees(uuid[]) is
  'Of some executions and all that they started, directly or not, those that are not over. Internal.';

-- A parent that runs starts children until its state is locked. To lock those as well means to let go of everything
-- and to begin anew with more: only so are locks taken in the order of ids, whatever ids the children were given.
create or replace function rhythm.lock_trees(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_locked uuid[];
  v_ids uuid[] := rhythm.trees(p_ids);
begin
  loop
    begin
      v_locked := v_ids;
      perform rhythm.lock_around(v_locked);
      v_ids := rhythm.trees(p_ids);
      if v_ids <@ v_locked then
        return v_ids;
      end if;
      raise sqlstate 'RHTRY';
    exception
      when sqlstate 'RHTRY' then
        null;
    end;
  end loop;
end;
$$;

comment on function rhythm.lock_trees(uuid[]) is
  'Locks the states of some executions, of all that they started and of their parents; returns what trees() does, which nobody can add to now. Internal.';

-- What is not running ends now; what runs is asked to. A workflow that has cleaning up to do (finally) goes on once
-- more for that. The caller holds the states' locks.
create or replace function rhythm.cancel_all(p_ids uuid[], p_reason text, p_now timestamptz)
returns setof rhythm.moved
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform from rhythm.execution as e where e.id = any (p_ids) and e.stage < 4 order by e.id for no key update;
  return query
  with cleaning as (
    select s.execution_id from rhythm.workflow_state as s where s.execution_id = any (p_ids) and s.cleanup
  )
  update rhythm.execution as e
  set cancel_reason = coalesce(e.cancel_reason, p_reason),
    stopping = e.worker is not null,
    stage = n.stage,
    status = case n.stage when 6 then 'cancelled' when 1 then case when e.worker is null then 'pending' else 'running' end else e.status end,
    completed_at = case when n.stage = 6 then p_now end,
    run_at = case when n.stage = 1 then null else e.run_at end
  from (
    select x.id, case
      when x.worker is not null then x.stage
      when x.stage = 3 and exists (select from cleaning as c where c.execution_id = x.id) then 1
      else 6
    end as stage
    from rhythm.execution as x
    where x.id = any (p_ids) and x.stage < 4 and x.cancel_reason is null
  ) as n
  where e.id = n.id
  returning e.id, e.parent_id, e.worker, e.stage, e.watched, e.type, e.queue;
end;
$$;

comment on function rhythm.cancel_all(uuid[], text, timestamptz) is 'Cancels executions; returns those that were neither over nor asked to stop. Internal.';

-- A workflow that runs, or cleans up, has so long to end: its deadline.
create or replace function rhythm.limit_cleanup(p_cancelled rhythm.moved[], p_now timestamptz)
returns void
language sql
volatile
set search_path = ''
as $$
  insert into rhythm.timer (id, execution_id, fires_at, deadline)
  select rhythm.uuid7(p_now, c.nth::integer), c.id, p_now + rhythm.setting('cancel_grace')::interval, true
  from unnest(p_cancelled) with ordinality as c (id, parent_id, worker, stage, watched, type, queue, nth)
  where c.stage < 4 and c.type = 'workflow';
$$;

comment on function rhythm.limit_cleanup(rhythm.moved[], timestamptz) is 'Gives cancelled workflows that are not over a time in which to end. Internal.';

-- Locks: states, then executions; whoever calls it with locks of later kinds can wait for ever.
create or replace function rhythm.cancel_trees(p_ids uuid[], p_reason text, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_all constant rhythm.moved[] := array(
    select c::rhythm.moved from rhythm.cancel_all(rhythm.lock_trees(p_ids), p_reason, p_now) as c);
begin
  perform rhythm.follow_ends(v_all, '{}', null, 0, p_now);
  if exists (select from unnest(v_all) as a where a.stage < 4 and a.type = 'workflow') then
    perform rhythm.limit_cleanup(v_all, p_now);
    perform rhythm.wake_clocks();
  end if;
  perform rhythm.wake(array(select distinct a.queue from unnest(v_all) as a where a.stage = 1 and a.worker is null));
  perform pg_notify(rhythm.channel('stop'), w.worker::text)
  from (select distinct a.worker from unnest(v_all) as a where a.worker is not null) as w;
  return array(select a.id from unnest(v_all) as a);
end;
$$;

comment on function rhythm.cancel_trees(uuid[], text, timestamptz) is
  'Cancels executions and all that they started; returns those that were neither over nor asked to stop. Internal.';

create or replace function rhythm.cancel(p_execution uuid, p_reason text default null)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot cancel: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  return p_execution = any (rhythm.cancel_trees(array[p_execution], left(coalesce(nullif(p_reason, ''), 'Cancelled'), 2000), rhythm.now()));
end;
$$;

comment on function rhythm.cancel(uuid, text) is
  'Cancels an execution and everything that it started: at once where it waits, by asking its worker where it runs. A workflow may clean up (finally) for as long as setting cancel_grace says. False: it was over, or was asked already.';

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
