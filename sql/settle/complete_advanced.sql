-- Settling a step of a workflow that its worker has in memory: the end of a task, or a timer that is due, how far the
-- workflow went on with it, and the tasks and timers that it started next. One share of one transaction: no lease of the
-- workflow, nothing read back.

-- What goes on from where its workflow stands. Whoever else has touched the workflow was first: its state is further,
-- something is in its inbox, or it is not suspended any more. In a queue that has limits or is paused, workflows go on by
-- claims. The caller holds the locks of the states: whoever fires or drops a timer holds that, too.
create or replace function rhythm.complete_advanced(p_worker uuid, p_ends jsonb, p_now timestamptz)
returns table (end_id uuid, flow_id uuid, is_over boolean, is_watched boolean)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_limited constant text[] := array(select q.name from rhythm.queue as q);
begin
  return query
  with given as materialized (
    select g.*
    from jsonb_to_recordset(p_ends) as g (
      id uuid, timer boolean, attempt integer, output jsonb, flow uuid, seq integer, next text, result jsonb, snapshot jsonb, cleanup boolean, mode text, ids jsonb)
    order by g.id
  ),
  -- From each end to its rows: offset 0 keeps the planner from beginning with all that a worker holds, and so with every
  -- child there ever was.
  fitting as (
    select g.*
    from given as g
    cross join lateral (
      select from rhythm.workflow_state as s
      join rhythm.execution as p on p.id = g.flow and p.stage = 3 and p.queue <> all (v_limited) and (g.next = 'suspended' or p.parent_id is null)
      where s.execution_id = g.flow and s.seq = g.seq and s.inbox = '{}'
        and (not coalesce(g.timer, false)
          or exists (select from rhythm.timer as t where t.id = g.id and t.execution_id = g.flow and t.fires_at <= p_now and not t.fired and not t.deadline))
      offset 0
    ) as f
  ),
  done as (
    update rhythm.execution as t
    set worker = null, stopping = false, stage = 4, status = 'completed', completed_at = p_now, error = null, note = null,
      output = coalesce(g.output, 'null')
    from fitting as g
    -- In a form that says nothing of how many rows it leaves, for the same reason.
    where t.id = g.id and coalesce(t.worker = p_worker and t.attempt = g.attempt and t.parent_id = g.flow and not coalesce(g.timer, false), false)
    returning t.id, t.watched, g.flow, g.next, g.result, g.snapshot, g.cleanup, g.mode, g.ids
  ),
  rung as (
    delete from rhythm.timer as t where t.id = any (array(select g.id from fitting as g where g.timer))
  ),
  went as (
    select d.* from done as d
    union all
    select g.id, false, g.flow, g.next, g.result, g.snapshot, g.cleanup, g.mode, g.ids from fitting as g where g.timer
  ),
  stored as (
    update rhythm.workflow_state as s
    set seq = s.seq + 1, snapshot = d.snapshot, stack = null, cleanup = coalesce(d.cleanup, false),
      waits = jsonb_build_array(jsonb_build_object('mode', d.mode, 'ids', d.ids)),
      need = array[case d.mode when 'all' then jsonb_array_length(d.ids) else 1 end]
    from went as d
    where s.execution_id = d.flow and d.next = 'suspended'
  ),
  over as (
    update rhythm.execution as p
    set stage = 4, status = 'completed', completed_at = p_now, error = null, note = null, output = coalesce(d.result, 'null')
    from went as d
    where p.id = d.flow and d.next = 'completed'
    returning p.id, p.watched
  )
  select d.id, d.flow, false, d.watched from went as d
  union all
  select null, o.id, true, o.watched from over as o;
end;
$$;

comment on function rhythm.complete_advanced(uuid, jsonb, timestamptz) is 'Writes the ends of tasks, that timers fired, and where their workflows stand after that. Internal.';

-- Timers that workflows started, timers and waits for signals that they dropped. With an empty inbox, no wait that is
-- dropped has taken a signal. What is kept is left to its worker as by insert_timers().
create or replace function rhythm.change_waits(p_ends jsonb, p_flows uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_released uuid[];
begin
  insert into rhythm.timer (id, execution_id, fires_at, kept_until)
  select t.id, e.flow, t.at, case when t.kept then t.at + rhythm.kept_grace() end
  from jsonb_to_recordset(p_ends) as e (flow uuid, timers jsonb)
  cross join lateral jsonb_to_recordset(e.timers) as t (id uuid, at timestamptz, kept boolean)
  where e.flow = any (p_flows);
  -- Each its own.
  v_released := array(
    select x.id
    from jsonb_to_recordset(p_ends) as e (flow uuid, released jsonb)
    cross join lateral jsonb_array_elements_text(e.released) as r (id)
    cross join lateral (
      select t.id from rhythm.timer as t where t.id = r.id::uuid and t.execution_id = e.flow and not t.deadline
      union all
      select w.id from rhythm.signal_wait as w where w.id = r.id::uuid and w.execution_id = e.flow
    ) as x
    where e.flow = any (p_flows));
  delete from rhythm.timer as t where t.id = any (v_released);
  delete from rhythm.signal_wait as w where w.id = any (v_released);
end;
$$;

comment on function rhythm.change_waits(jsonb, uuid[]) is 'Starts and drops what advanced workflows wait for, besides tasks. Internal.';
