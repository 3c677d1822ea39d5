-- Steps of workflows that their worker has open in memory: the end of a task, or a timer that is due, how far the workflow
-- went on with it, and the tasks and timers that it started next. One share of one transaction: no lease of the workflow,
-- nothing read back.

-- In ascending order, to be searched with is_among().
create or replace function rhythm.is_among(p_id uuid, p_sorted uuid[])
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_sorted <> '{}' and coalesce(p_id = p_sorted[width_bucket(p_id, p_sorted)], false);
end;
$$;

comment on function rhythm.is_among(uuid, uuid[]) is 'Whether an id is in an array that is in ascending order. Internal.';

-- A step counts only from where its workflow stands. Whoever else has touched the workflow was first: its state is further,
-- something is in its inbox, or it is not suspended any more. In a queue that has limits or is paused, workflows go on by
-- claims. Returns one row for each end that was written (flow_id, group of waits of the next step), and one for each
-- workflow that is over (end_id null).
-- p_free: the workflows whose states the caller has locked.
create or replace function rhythm.write_steps_ends(p_worker uuid, p_ends jsonb, p_new uuid[], p_free uuid[], p_now timestamptz)
returns table (end_id uuid, flow_id uuid, wait_group integer, ended rhythm.transition, is_old boolean)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limited constant text[] := array(select q.name from rhythm.queue as q);
begin
  return query
  with given as materialized (
    select g.*, coalesce(g.timer, false) as is_timer
    from jsonb_to_recordset(p_ends) as g (
      id uuid, timer boolean, call integer, output jsonb, flow uuid, seq integer, next text, result jsonb, snapshot jsonb, cleanup boolean, mode text, ids jsonb,
      moment timestamptz)
    where g.flow = any (p_free)
    order by g.id
  ),
  -- From each end to its rows: offset 0 keeps the planner from beginning with all that a worker holds.
  fitting as materialized (
    select g.*, f.batch_id, f.claimed_at, f.attempt
    from given as g
    cross join lateral (
      select t.batch_id, b.claimed_at, b.attempt
      from rhythm.workflow_state as s
      join rhythm.execution as p on p.id = g.flow and p.state = 0 and p.cancel_reason is null and p.paused_at is null
        and p.queue <> all (v_limited) and (g.next = 'suspended' or p.parent_id is null)
      left join rhythm.execution as t on not g.is_timer and t.id = g.id and t.parent_id = g.flow and t.state = 0 and t.cancel_reason is null
      left join rhythm.batch as b on b.id = t.batch_id and b.worker = p_worker and b.call = g.call
      where s.execution_id = g.flow and s.seq = g.seq and s.batch_id is null and s.arrived = 0
        and case when g.is_timer then exists (
            select from rhythm.timer as t where t.id = g.id and t.execution_id = g.flow and t.fires_at <= p_now and not t.fired and not t.deadline)
          else b.id is not null end
      offset 0
    ) as f
  ),
  done as (
    update rhythm.execution as t
    set state = 1, batch_id = null, stopping = false, completed_at = p_now, claimed_at = g.claimed_at, attempt = g.attempt, error = null, note = null,
      parent_step = g.seq + 1, output = nullif(g.output, 'null')
    from fitting as g
    where t.id = g.id and coalesce(t.batch_id = g.batch_id, false)
    returning t.id, t.parent_id, t.wait_group, t.state, t.notify_on_end, t.type
  ),
  rung as (
    update rhythm.timer as t set fired = true where t.id = any (array(select g.id from fitting as g where g.is_timer)) returning t.id, t.execution_id
  ),
  noted as (
    insert into rhythm.journal (execution_id, step, moment, items)
    select g.flow, g.seq + 1, coalesce(g.moment, p_now), array[g.id] from fitting as g join rung as r on r.id = g.id
  ),
  went as (
    select g.*, d::rhythm.transition as ended from fitting as g join done as d on d.id = g.id
    union all
    select g.*, null from fitting as g join rung as r on r.id = g.id
  ),
  stored as (
    update rhythm.workflow_state as s
    set seq = s.seq + 1, snapshot = w.snapshot, stack = null, cleanup = coalesce(w.cleanup, false), last_group = s.last_group + 1,
      groups = array[s.last_group + 1], sizes = array[case w.mode when 'all' then jsonb_array_length(w.ids) else 1 end],
      need = array[case w.mode when 'all' then jsonb_array_length(w.ids) else 1 end]
    from went as w
    where s.execution_id = w.flow and w.next = 'suspended'
    returning s.execution_id, s.last_group
  ),
  over as (
    update rhythm.execution as p
    set state = 1, completed_at = p_now, error = null, note = null, output = nullif(w.result, 'null'), parent_step = p.parent_step,
      attempt = (select s.attempt from rhythm.workflow_state as s where s.execution_id = p.id)
    from went as w
    where p.id = w.flow and w.next = 'completed'
    returning p.id, p.parent_id, p.wait_group, p.state, p.notify_on_end, p.type
  )
  select w.id, w.flow, s.last_group, w.ended,
    exists (select from jsonb_array_elements_text(w.ids) as i (id) where not rhythm.is_among(i.id::uuid, p_new))
  from went as w join stored as s on s.execution_id = w.flow
  union all
  select w.id, w.flow, null, w.ended, false from went as w where w.next = 'completed'
  union all
  select null, o.id, null, o::rhythm.transition, false from over as o;
end;
$$;

comment on function rhythm.write_steps_ends(uuid, jsonb, uuid[], uuid[], timestamptz) is 'Writes the ends of tasks, that timers fired, and where their workflows stand after that. Internal.';

create or replace function rhythm.step_requests(p_children jsonb, p_kinds jsonb, p_flows uuid[], p_groups integer[], p_waited uuid[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_agg(
      (p_kinds -> c.kind) || jsonb_build_object('type', 'task', 'id', c.id, 'parent', c.flow, 'inputs', coalesce(c.inputs, '{}'))
        || case when c.traceparent is null then '{}' else jsonb_build_object('traceparent', c.traceparent) end
        || case when rhythm.is_among(c.id, p_waited) then jsonb_build_object('wait_group', p_groups[width_bucket(c.flow, p_flows)]) else '{}' end), '[]')
    from jsonb_to_recordset(p_children) as c (id uuid, flow uuid, kind integer, inputs jsonb, traceparent text)
    where rhythm.is_among(c.flow, p_flows));
end;
$$;

comment on function rhythm.step_requests(jsonb, jsonb, uuid[], integer[], uuid[]) is 'The children of steps as requests. Internal.';

-- Timers that workflows started, timers and waits for signals that they dropped.
create or replace function rhythm.change_waits(p_ends jsonb, p_flows uuid[], p_groups integer[], p_waited uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_released uuid[];
begin
  insert into rhythm.timer (id, execution_id, fires_at, kept_until, wait_group)
  select t.id, e.flow, t.at, case when t.kept then t.at + interval '250 milliseconds' end,
    case when rhythm.is_among(t.id, p_waited) then p_groups[width_bucket(e.flow, p_flows)] end
  from jsonb_to_recordset(p_ends) as e (flow uuid, timers jsonb)
  cross join lateral jsonb_to_recordset(e.timers) as t (id uuid, at timestamptz, kept boolean)
  where rhythm.is_among(e.flow, p_flows);
  v_released := array(
    select x.id
    from jsonb_to_recordset(p_ends) as e (flow uuid, released jsonb)
    cross join lateral jsonb_array_elements_text(e.released) as r (id)
    cross join lateral (
      select t.id from rhythm.timer as t where t.id = r.id::uuid and t.execution_id = e.flow and not t.deadline and not t.fired
      union all
      select w.id from rhythm.signal_wait as w where w.id = r.id::uuid and w.execution_id = e.flow and w.signal_id is null and not w.timed_out
    ) as x
    where rhythm.is_among(e.flow, p_flows));
  delete from rhythm.timer as t where t.id = any (v_released);
  delete from rhythm.signal_wait as w where w.id = any (v_released);
end;
$$;

comment on function rhythm.change_waits(jsonb, uuid[], integer[], uuid[]) is 'Starts and drops what workflows wait for after a step, besides tasks. Internal.';

-- Steps that wait for something that an earlier step started.
create or replace function rhythm.group_old_waits(p_ends jsonb, p_flows uuid[], p_new uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_grouping rhythm.grouping;
begin
  for v_grouping in
    select (g.x).* from (
      select rhythm.group_waits(e.flow, jsonb_build_array(jsonb_build_object('mode', e.mode, 'ids', e.ids)), p_new) as x
      from jsonb_to_recordset(p_ends) as e (flow uuid, mode text, ids jsonb)
      where e.flow = any (p_flows)) as g
  loop
    -- What started in this step has the group that the step was stored with.
    v_grouping.groups := array[v_grouping.last_group];
    v_grouping.old := v_grouping.items;
    v_grouping.numbers := array_fill(v_grouping.last_group, array[cardinality(v_grouping.items)]);
    perform rhythm.renumber_waits(v_grouping);
    update rhythm.workflow_state as s set last_group = v_grouping.last_group, groups = v_grouping.groups, sizes = v_grouping.need, need = v_grouping.need
    where s.execution_id = v_grouping.execution_id;
  end loop;
end;
$$;

comment on function rhythm.group_old_waits(jsonb, uuid[], uuid[]) is 'Puts what steps wait for, and was started earlier, into their groups. Internal.';

-- Timers of a worker whose clock is ahead of the server's.
create or replace function rhythm.early_timers(p_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_object_agg(t.id, ceil(extract(epoch from t.fires_at - p_now) * 1000)), '{}')
    from rhythm.timer as t
    where t.id = any (p_ids) and t.fires_at > p_now and not t.fired and not t.deadline
  );
end;
$$;

comment on function rhythm.early_timers(uuid[], timestamptz) is 'Which of some timers are not due yet: the milliseconds that are missing. Internal.';

-- Locks: states, skip locked; executions. Answers as settle_outcomes() does.
create or replace function rhythm.settle_steps(p_worker uuid, p_item jsonb, p_call integer, p_lease integer, p_targets text[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ends constant jsonb := p_item -> 'ends';
  v_children constant jsonb := coalesce(p_item -> 'children', '[]');
  v_kinds constant jsonb := coalesce(p_item -> 'kinds', '[]');
  v_problem text;
  v_free uuid[];
  v_new uuid[];
  v_waited uuid[];
  v_done uuid[];
  v_flows uuid[];
  v_groups integer[];
  v_old uuid[];
  v_ended rhythm.transition[];
  v_over uuid[];
  v_batches bigint[];
  v_born rhythm.batch[] := '{}';
  v_declined uuid[] := '{}';
begin
  if jsonb_typeof(v_ends) is distinct from 'array' or jsonb_typeof(v_children) <> 'array' or jsonb_typeof(v_kinds) <> 'array' then
    perform rhythm.raise('RH001', 'ends, children and kinds of steps must be JSON arrays', 'Expected {"kind": "steps", "ends": [{"id": "…", "call": 1, "output": null, "flow": "…", "seq": 1, "next": "completed"}, …]}');
  end if;
  v_problem := rhythm.steps_problem(v_ends, v_children, v_kinds);
  if v_problem is not null then
    perform rhythm.raise(case when v_problem like '% bytes' then 'RH006' else 'RH001' end, v_problem);
  end if;
  v_free := rhythm.lock_free_states(array(select (e.value ->> 'flow')::uuid from jsonb_array_elements(v_ends) as e (value)));
  v_new := array(
    select (c.value ->> 'id')::uuid from jsonb_array_elements(v_children) as c (value)
    union all
    select t.id from jsonb_to_recordset(v_ends) as e (timers jsonb) cross join lateral jsonb_to_recordset(e.timers) as t (id uuid)
    order by 1);
  v_waited := array(select i.id::uuid from jsonb_to_recordset(v_ends) as e (ids jsonb) cross join lateral jsonb_array_elements_text(e.ids) as i (id) order by 1);
  v_batches := array(
    select distinct t.batch_id from jsonb_array_elements(v_ends) as e (value) join rhythm.execution as t on t.id = (e.value ->> 'id')::uuid
    where t.batch_id is not null);
  select coalesce(array_agg(w.end_id) filter (where w.end_id is not null), '{}'),
    coalesce(array_agg(w.flow_id order by w.flow_id) filter (where w.wait_group is not null), '{}'),
    coalesce(array_agg(w.wait_group order by w.flow_id) filter (where w.wait_group is not null), '{}'),
    coalesce(array_agg(w.flow_id) filter (where w.is_old), '{}'),
    coalesce(array_agg(w.ended) filter (where (w.ended).notify_on_end), '{}'),
    coalesce(array_agg(w.flow_id) filter (where w.end_id is null), '{}')
  into v_done, v_flows, v_groups, v_old, v_ended, v_over
  from rhythm.write_steps_ends(p_worker, v_ends, v_new, v_free, p_now) as w;
  perform rhythm.drop_empty_batches(v_batches);
  if v_flows <> '{}' and jsonb_path_exists(v_ends, '$[*] ? (exists (@.timers) || exists (@.released))') then
    perform rhythm.change_waits(v_ends, v_flows, v_groups, v_waited);
  end if;
  if v_flows <> '{}' and v_children <> '[]' then
    perform rhythm.check_requests((select jsonb_agg(k.value || '{"type": "task"}') from jsonb_array_elements(v_kinds) as k));
    v_born := rhythm.make_executions(rhythm.step_requests(v_children, v_kinds, v_flows, v_groups, v_waited), p_now, p_worker, p_call, p_lease, p_targets);
    perform rhythm.wake_for(v_born);
  end if;
  if v_old <> '{}' then
    perform rhythm.group_old_waits(v_ends, v_old, v_new);
  end if;
  if v_over <> '{}' then
    perform rhythm.clear_workflows(v_over);
  end if;
  if v_ended <> '{}' then
    -- Their parents went on already: only people and key waiters are to be told.
    perform rhythm.follow_ends(array(select row(e.id, null, null, e.state, e.notify_on_end, 'task')::rhythm.transition from unnest(v_ended) as e), '{}', p_now);
  end if;
  if cardinality(v_done) < jsonb_array_length(v_ends) then
    v_declined := array(select e.id from jsonb_to_recordset(v_ends) as e (id uuid) where e.id <> all (v_done));
  end if;
  return jsonb_build_object(
    'refused', '[]'::jsonb, 'declined', v_declined, 'early', case when v_declined = '{}' then '{}' else rhythm.early_timers(v_declined, p_now) end,
    'leased', '[]'::jsonb, 'born', array(select b.id from unnest(v_born) as b where b.worker is not null));
end;
$$;

comment on function rhythm.settle_steps(uuid, jsonb, integer, integer, text[], timestamptz) is 'Settles steps of workflows that a worker has open in memory. Internal.';
