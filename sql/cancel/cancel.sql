-- Cancelling, over the whole tree.

create or replace function rhythm.trees(p_ids uuid[])
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
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

-- A workflow that runs starts children until its state is locked; a task is given some until its row is. To lock those
-- as well means to let go of everything and to begin anew with more: only so are locks taken in the order of ids,
-- whatever ids the children were given.
create or replace function rhythm.lock_trees(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_locked uuid[];
  v_ids uuid[] := rhythm.trees(p_ids);
begin
  loop
    begin
      v_locked := v_ids;
      perform rhythm.lock_around(v_locked);
      perform from rhythm.execution as e where e.id = any (v_locked) order by e.id for no key update;
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
  'Locks some executions, all that they started, their states and those of their parents; returns what trees() does, which nobody can add to now. Internal.';

-- What is not running ends now; what runs is asked to. A workflow that has cleaning up to do (finally) goes on once
-- more for that. The caller comes from lock_trees().
create or replace function rhythm.cancel_all(p_ids uuid[], p_reason text, p_now timestamptz)
returns setof rhythm.moved
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with cleaning as (
    select s.execution_id from rhythm.workflow_state as s where s.execution_id = any (p_ids) and s.cleanup
  )
  update rhythm.execution as e
  set cancel_reason = coalesce(e.cancel_reason, p_reason),
    stopping = e.worker is not null,
    stage = n.stage,
    batched = false,
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
set search_path = pg_catalog, pg_temp
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
set search_path = pg_catalog, pg_temp
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
  perform rhythm.notify('stop', w.worker::text)
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
set search_path = pg_catalog, pg_temp
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
