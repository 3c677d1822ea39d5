-- What follows when executions move.

-- What follows from executions that left a worker's hands: signals meet waits, parents learn of ends, people are told.
create or replace function rhythm.after_settle(
  p_over rhythm.moved[],
  p_flows rhythm.outcome[],
  p_worker uuid,
  p_lease integer,
  p_now timestamptz
)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_items rhythm.settled_item[] := '{}';
  v_targets uuid[] := '{}';
begin
  if p_flows <> '{}' then
    perform rhythm.send_signals(p_flows, p_now);
    v_targets := array(
      select o.id from unnest(p_flows) as o where o.status = 'suspended' and exists (
        select from rhythm.signal_wait as w where w.execution_id = o.id)
      union
      select (f.value ->> 'executionId')::uuid from unnest(p_flows) as o cross join lateral jsonb_array_elements(o.effects) as f
      where f.value ->> 'type' = 'send_signal' and f.value ->> 'executionId' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$');
    if v_targets <> '{}' then
      v_items := rhythm.match_signals(v_targets);
    end if;
  end if;
  return rhythm.follow_ends(p_over, v_items, p_worker, p_lease, p_now);
end;
$$;

comment on function rhythm.after_settle(rhythm.moved[], rhythm.outcome[], uuid, integer, timestamptz) is 'What follows from settled executions. Internal.';

-- A workflow that was cancelled while it ran started these without knowing. Nobody else sees them yet: their locks
-- are free.
create or replace function rhythm.cancel_newborn(p_flows rhythm.outcome[], p_stopping uuid[])
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.cancel((f.value ->> 'id')::uuid, e.cancel_reason)
  from unnest(p_flows) as o
  join rhythm.execution as e on e.id = o.id
  cross join lateral jsonb_array_elements(o.effects) as f
  where o.id = any (p_stopping) and f.value ->> 'type' in ('run_task', 'run_workflow');
$$;

comment on function rhythm.cancel_newborn(rhythm.outcome[], uuid[]) is 'Cancels what cancelled workflows started before they knew. Internal.';

create or replace function rhythm.follow_ends(
  p_over rhythm.moved[],
  p_items rhythm.settled_item[],
  p_worker uuid,
  p_lease integer,
  p_now timestamptz
)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_over rhythm.moved[] := p_over;
  v_items rhythm.settled_item[];
  v_leased uuid[] := '{}';
begin
  if exists (select from unnest(p_over) as e where e.stage >= 4 and e.watched) then
    v_over := p_over || rhythm.end_followers(array(select e.id from unnest(p_over) as e where e.stage >= 4 and e.watched), p_now);
  end if;
  v_items := p_items || array(
    select row(e.parent_id, e.id, e.stage <> 4)::rhythm.settled_item
    from unnest(v_over) as e where e.stage >= 4 and e.parent_id is not null);
  if v_items <> '{}' then
    v_leased := rhythm.resume(rhythm.deliver(v_items), p_now, p_worker, p_lease);
  end if;
  if exists (select from unnest(v_over) as e where e.stage >= 4 and e.type = 'workflow') then
    perform rhythm.clear_workflows(array(select e.id from unnest(v_over) as e where e.stage >= 4 and e.type = 'workflow'));
  end if;
  perform rhythm.notify('done', e.id::text) from unnest(v_over) as e where e.stage >= 4 and e.watched;
  return v_leased;
end;
$$;

comment on function rhythm.follow_ends(rhythm.moved[], rhythm.settled_item[], uuid, integer, timestamptz) is
  'Tells parents and people of ends; returns parents that were leased to the worker. Internal.';

-- For ends that concern no workflow: that of a task, or of a workflow, that nobody but an application started.
create or replace function rhythm.tell_watchers(p_ids uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_followers constant rhythm.moved[] := rhythm.end_followers(p_ids, p_now);
begin
  perform rhythm.notify('done', w.id::text) from unnest(p_ids) as w (id);
  if v_followers <> '{}' then
    perform rhythm.follow_ends(v_followers, '{}', null, 0, p_now);
  end if;
end;
$$;

comment on function rhythm.tell_watchers(uuid[], timestamptz) is 'Tells people, and what follows them, that watched executions are over. Internal.';

-- Part of tick().
create or replace function rhythm.join_late(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(select f.execution_id from rhythm.follower as f where f.due limit p_limit for update skip locked);
begin
  if v_ids <> '{}' then
    perform rhythm.follow_ends(rhythm.join_leaders(v_ids, p_now), '{}', null, 0, p_now);
  end if;
  return cardinality(v_ids);
end;
$$;

comment on function rhythm.join_late(integer, timestamptz) is 'Looks after followers that a lock was in the way of. Part of tick().';

-- A workflow that is over waits for nothing. The snapshot of one that failed stays: retry() goes on from it.
create or replace function rhythm.clear_workflows(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
  delete from rhythm.workflow_state as s using rhythm.execution as e
  where s.execution_id = any (p_ids) and e.id = s.execution_id and e.stage = 4;
  delete from rhythm.timer as t using rhythm.execution as e
  where t.execution_id = any (p_ids) and e.id = t.execution_id and (e.stage = 4 or t.deadline);
  delete from rhythm.signal_wait as w using rhythm.execution as e
  where w.execution_id = any (p_ids) and e.id = w.execution_id and e.stage = 4;
end;
$$;

comment on function rhythm.clear_workflows(uuid[]) is 'Removes the waits of workflows that are over. Internal.';
