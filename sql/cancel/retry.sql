-- Retrying executions that failed or were cancelled.

-- The failed children that made a workflow fail, or that it has not taken. They run again with it.
create or replace function rhythm.failed_under(p_execution uuid)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select c.id from rhythm.workflow_state as s
    join rhythm.inbox as i on i.execution_id = s.execution_id
    join rhythm.execution as c on c.id = i.item and c.state in (2, 3)
    where s.execution_id = p_execution and s.snapshot is not null
    -- A child that waits for the key of one of them runs after it, and waits for it again.
    order by exists (select from rhythm.key_waiter as k where k.execution_id = c.id), c.id);
end;
$$;

comment on function rhythm.failed_under(uuid) is 'The failed or cancelled children in the inbox of a workflow. Internal.';

-- What retry() changes: an execution, the failed children that made it fail, the owners of the keys for which those had waited,
-- and the parents of all of these.
create or replace function rhythm.retry_reach(p_execution uuid)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive node as (
      select p_execution as id
      union
      select x.id from node as n
      cross join lateral (
        select f.id from unnest(rhythm.failed_under(n.id)) as f (id)
        union all
        select coalesce(k.execution_id, w.owner_id) from rhythm.key_waiter as w
        left join rhythm.idempotency_key as k on k.key = w.key
        where w.execution_id = n.id
      ) as x (id)
    )
    select array(
      select n.id from node as n
      union
      select e.parent_id from node as n join rhythm.execution as e on e.id = n.id and e.parent_id is not null));
end;
$$;

comment on function rhythm.retry_reach(uuid) is 'The executions whose states retry() locks. Internal.';

-- Looks up its key again. If the key belongs to another execution, this one waits for that, which runs again if it failed.
-- If the key is free, or the workflow of its owner has continued without the owner or was removed, this one runs itself. Returns
-- whether it waits for another.
create or replace function rhythm.wait_for_key_again(p_execution uuid, p_run_at timestamptz, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key constant text := (select k.key from rhythm.key_waiter as k where k.execution_id = p_execution);
  v_owner uuid;
  v_state smallint;
  v_is_told boolean;
begin
  if v_key is null then
    return false;
  end if;
  insert into rhythm.idempotency_key as k (key, execution_id, held_while) values (v_key, p_execution, (select e.unique_while from rhythm.execution as e where e.id = p_execution))
  on conflict (key) do update set
    execution_id = case when rhythm.key_is_free(k) then excluded.execution_id else k.execution_id end,
    expires_at = case when rhythm.key_is_free(k) then null else k.expires_at end,
    held_while = case when rhythm.key_is_free(k) then excluded.held_while else k.held_while end
  returning k.execution_id into v_owner;
  select o.state, o.parent_id is not null and (p.id is null or p.type = 'workflow' and p.state = 0) into v_state, v_is_told
  from rhythm.execution as o
  left join rhythm.execution as p on p.id = o.parent_id
  where o.id = v_owner and o.state in (2, 3)
  for no key update of o;
  if v_owner = p_execution or v_is_told then
    perform rhythm.own_key(p_execution, v_key);
    return false;
  end if;
  update rhythm.key_waiter as k set owner_id = v_owner where k.execution_id = p_execution;
  update rhythm.execution as e
  set state = 0, cancel_reason = null, paused_at = null, paused_by = null, pause_reason = null, completed_at = null, claimed_at = null, error = null, fingerprint = null, note = rhythm.key_waiter_note(v_owner)
  where e.id = p_execution;
  perform rhythm.set_deadline(p_execution, p_now);
  if v_state is not null then
    perform rhythm.take_end_back(v_owner);
    perform rhythm.retry_one(v_owner, p_run_at, p_now);
  end if;
  perform rhythm.follow_ends(rhythm.join_owners(array[p_execution], p_now), '{}', p_now);
  return true;
end;
$$;

comment on function rhythm.wait_for_key_again(uuid, timestamptz, timestamptz) is 'Lets a key waiter that has ended wait again for the owner of its key; false: it must run itself. Internal.';

create or replace function rhythm.own_key(p_execution uuid, p_key text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.idempotency_key as k set execution_id = p_execution where k.key = p_key;
  delete from rhythm.key_waiter as k where k.execution_id = p_execution;
  insert into rhythm.workflow_state (execution_id, program)
  select e.id, f.program from rhythm.execution as e join rhythm.flow as f on f.name = e.target
  where e.id = p_execution and e.type = 'workflow';
  update rhythm.execution as e
  set attempt = 0, keyed = true,
    version = (select v.version from rhythm.workflow_state as s join rhythm.flow_version as v on v.program = s.program where s.execution_id = e.id), seed = case e.type when 'workflow' then coalesce(e.seed, hashtextextended(rhythm.secret()::text, 0)) end
  where e.id = p_execution;
end;
$$;

comment on function rhythm.own_key(uuid, text) is 'Makes a key waiter the owner of its key. Internal.';

create or replace function rhythm.take_end_back(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.inbox as i using rhythm.execution as e
  where e.id = p_execution and i.execution_id = e.parent_id and i.item = p_execution;
end;
$$;

comment on function rhythm.take_end_back(uuid) is 'Takes the end of an execution back from its parent, which has ended. Internal.';

-- A workflow that took the end of a child keeps it, whatever becomes of the child.
create or replace function rhythm.keep_taken_end(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.taken_end (execution_id, item, step, settled)
  select e.parent_id, e.id, j.step, rhythm.settled_items(array[e.id]) -> 0
  from rhythm.execution as e
  cross join lateral (select x.step from rhythm.journal as x where x.execution_id = e.parent_id and e.id = any (x.items) order by x.step desc limit 1) as j
  where e.id = p_execution
  on conflict (execution_id, item, step) do nothing;
end;
$$;

comment on function rhythm.keep_taken_end(uuid) is 'Keeps the end of a child that is retried, if its workflow took it. Internal.';

create or replace function rhythm.set_deadline(p_execution uuid, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.timer (id, execution_id, fires_at, deadline)
  select rhythm.uuid7(p_now), e.id, p_now + e.timeout_ms * interval '1 millisecond', true
  from rhythm.execution as e
  where e.id = p_execution and e.timeout_ms is not null
    and (e.type = 'workflow' or exists (select from rhythm.key_waiter as k where k.execution_id = e.id));
end;
$$;

comment on function rhythm.set_deadline(uuid, timestamptz) is 'Gives a workflow or a key waiter its whole timeout again. Internal.';

-- Counts from its inbox what a workflow still needs. Returns whether it waits.
create or replace function rhythm.count_needs(p_execution uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_waits boolean;
begin
  update rhythm.workflow_state as s
  set delivered = 0, need = rhythm.need_after(s.groups, s.sizes, array(
    select row(i.execution_id, i.item, i.failed, i.wait_group)::rhythm.settled_item from rhythm.inbox as i where i.execution_id = s.execution_id))
  where s.execution_id = p_execution
  returning s.need <> '{}' and not 0 >= any (s.need) into v_waits;
  return coalesce(v_waits, false);
end;
$$;

comment on function rhythm.count_needs(uuid) is 'Counts what a workflow still needs; true: it waits. Internal.';

-- Begins another attempt of an execution: a workflow continues from its last snapshot, with its failed children.
-- p_run_at: not before this time; null: at once. It belongs to no batch.
create or replace function rhythm.run_again(p_execution rhythm.execution, p_attempt integer, p_failures integer, p_run_at timestamptz, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_failed constant uuid[] := rhythm.failed_under(p_execution.id);
  v_batch rhythm.batch;
begin
  -- A child that had ended before it was waited for has its group in the inbox only.
  with gone as (
    delete from rhythm.inbox as i where i.execution_id = p_execution.id and i.item = any (v_failed) returning i.item, i.wait_group
  )
  update rhythm.execution as c set wait_group = g.wait_group from gone as g where c.id = g.item and c.wait_group is distinct from g.wait_group;
  if p_execution.type = 'workflow' then
    -- It repeats the step in which it failed, under a new number, so that no id is used twice.
    delete from rhythm.journal as j using rhythm.workflow_state as s
    where s.execution_id = p_execution.id and j.execution_id = p_execution.id and j.step > s.seq;
    update rhythm.workflow_state as s set seq = s.seq + 1, batch_id = null, attempt = p_attempt, failures = p_failures where s.execution_id = p_execution.id;
  end if;
  if p_execution.type = 'task' or not rhythm.count_needs(p_execution.id) then
    v_batch := rhythm.batch_of(p_execution, p_run_at, p_attempt, p_failures, 0);
    insert into rhythm.batch select v_batch.*;
    if p_execution.type = 'workflow' then
      update rhythm.workflow_state as s set batch_id = v_batch.id, delivered = s.arrived where s.execution_id = p_execution.id;
    else
      update rhythm.execution as e set batch_id = v_batch.id where e.id = p_execution.id;
    end if;
    perform rhythm.wake_for(array[v_batch]);
  end if;
  perform rhythm.reopen_steps(p_execution.id, v_failed);
  perform rhythm.lock_states(array(select c.id from rhythm.execution as c where c.parent_id = any (v_failed) and c.state in (2, 3)));
  perform rhythm.retry_one(f.id, p_run_at, p_now) from unnest(v_failed) with ordinality as f (id, nth) order by f.nth;
end;
$$;

comment on function rhythm.run_again(rhythm.execution, integer, integer, timestamptz, timestamptz) is
  'Begins another attempt of an execution, after a number of attempts that threw. Internal.';

-- The caller holds the locks of its state and of its parent's.
create or replace function rhythm.retry_one(p_execution uuid, p_run_at timestamptz, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
  v_attempt integer;
begin
  perform rhythm.keep_taken_end(p_execution);
  if rhythm.wait_for_key_again(p_execution, p_run_at, p_now) then
    return;
  end if;
  perform rhythm.take_key_again(p_execution);
  update rhythm.execution as e
  set state = 0, completed_at = null, claimed_at = null, fingerprint = null, cancel_reason = null, paused_at = null, paused_by = null, pause_reason = null, note = null,
    expires_at = case when e.attempt = 0 and e.expires_at > p_now then e.expires_at end, wait_group = case when e.parent_id is null then null else e.wait_group end
  where e.id = p_execution
  returning e.* into v_execution;
  perform rhythm.set_deadline(p_execution, p_now);
  -- For a task, and for the first attempt of a workflow, the claim counts it.
  v_attempt := v_execution.attempt + case when v_execution.type = 'workflow' and v_execution.attempt > 0 then 1 else 0 end;
  -- If it was cancelled before its time, it keeps its delay. If it ever began, the next attempt that throws is the last one.
  perform rhythm.run_again(v_execution, v_attempt, case v_execution.attempt when 0 then 0 else rhythm.max_attempts(v_execution.retry) - 1 end,
    case when v_execution.attempt = 0 and v_execution.run_at > p_now then v_execution.run_at else p_run_at end, p_now);
  -- Only now: it names the step that must run again.
  update rhythm.execution as e set error = null where e.id = p_execution and e.error is not null;
end;
$$;

comment on function rhythm.retry_one(uuid, timestamptz, timestamptz) is
  'Gives a failed or cancelled execution, and its failed children, one more attempt, at once or not before a time. What never began has all of its attempts. Internal.';

-- An attempt of a workflow threw, and attempts are left. It is leased from the batch, which the caller deletes.
create or replace function rhythm.repeat_workflow(p_execution uuid, p_batch bigint, p_delay_ms bigint, p_now timestamptz)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.run_again(e, b.attempt + 1, b.failures + 1, case when p_delay_ms > 0 then p_now + p_delay_ms * interval '1 millisecond' end, p_now)
  from rhythm.execution as e
  join rhythm.batch as b on b.id = p_batch
  where e.id = p_execution;
$$;

comment on function rhythm.repeat_workflow(uuid, bigint, bigint, timestamptz) is 'Puts back a workflow whose attempt threw, with its failed children. Internal.';

create or replace function rhythm.retry_again(p_execution uuid)
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
  v_reach constant uuid[] := rhythm.retry_reach(p_execution);
  v_execution rhythm.execution;
  v_parent rhythm.execution;
begin
  perform rhythm.lock_states(v_reach);
  -- What is over has no state. Its row, locked, is not removed.
  perform from rhythm.execution as e where e.id = any (v_reach) order by e.id for key share;
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution for no key update;
  if not found then
    perform rhythm.raise('RH002', format('Cannot retry: there is no execution %s', coalesce(p_execution::text, 'null')));
  elsif v_execution.state = 4 then
    perform rhythm.refuse_frozen(array[p_execution], 'Cannot retry');
  elsif v_execution.state not in (2, 3) then
    perform rhythm.raise('RH003', format('Cannot retry execution %s: it is %s', p_execution, rhythm.status_of(p_execution)), 'Only what failed or was cancelled can be retried');
  end if;
  perform rhythm.require_fresh(array[v_execution.parent_id]);
  select e.* into v_parent from rhythm.execution as e where e.id = v_execution.parent_id;
  if not found and v_execution.parent_id is not null then
    perform rhythm.raise('RH003', format('Cannot retry execution %s: execution %s, which started it, was removed', p_execution, v_execution.parent_id),
      'It will be removed, too. Start a new one');
  elsif v_parent.type = 'workflow' and v_parent.state = 0 then
    -- A parent is told of the end of each child only once.
    perform rhythm.raise('RH003', format('Cannot retry execution %s: its workflow %s was told that it %s, and is %s', p_execution,
      v_parent.id, case v_execution.state when 2 then 'failed' else 'was cancelled' end, rhythm.status_of(v_parent.id)), 'Retry the workflow once it is over');
  end if;
  perform rhythm.take_end_back(p_execution);
  perform rhythm.retry_one(p_execution, null, rhythm.now());
end;
$$;

comment on function rhythm.retry_again(uuid) is 'Does what retry() does, without a record. Internal.';

create or replace function rhythm.retry(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant text := rhythm.status_of(p_execution);
begin
  perform rhythm.retry_again(p_execution);
  perform rhythm.record('retry', 'execution', p_execution::text, p_before => jsonb_build_object('status', v_before));
end;
$$;

comment on function rhythm.retry(uuid) is
  'Runs a failed or cancelled execution again: a workflow from its last snapshot (its failed children run again, its other waits continue), a task once more. '
  'If it ended as the owner of its idempotency key did, the owner runs again. Not for a child of a workflow that has not ended: that was told of the end. Example: select rhythm.retry(''0190…'');';
