-- Steps of workflows that their worker has in memory: the end of a task or a due timer, the workflow's next state, and the
-- tasks and timers that it started. They share one transaction, without a lease of the workflow and without reading it back.

-- Is an id in an array in ascending order? p_ids[width_bucket(id, p_ids)] = id, which calls no function of ours.
create or replace function rhythm.steps_problem(p_ends rhythm.step_end[], p_timers jsonb, p_children rhythm.newcomer[], p_kinds jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_problem text;
begin
  select case
    when bool_or(not coalesce(e.id is not null and e.flow is not null and (e.timer or e.call > 0) and e.seq >= 0, false)) then
      'Every end needs id, call, flow and seq; that of a timer no call'
    when bool_or(not coalesce(e.next = 'completed' or e.next = 'suspended' and (e.snapshot like '{%' and e.snapshot not like '%\\u%' or rhythm.is_snapshot(e.snapshot)), false)) then
      'An end is followed by a workflow that is suspended, with its snapshot, or completed'
    when bool_or(e.next = 'suspended' and not coalesce(e.mode in ('any', 'all') and cardinality(e.ids) > 0, false)) then
      'A suspended workflow waits: mode any or all, and ids'
    -- Nobody would be told of the second of two ends.
    when count(*) > count(distinct e.flow) then 'Two ends let the same workflow go on: settle one of them alone'
    when bool_or(e.next <> 'suspended' and e.timers is not null) then 'A workflow that is over starts no timers'
    when max(greatest(pg_column_size(e.output), pg_column_size(e.result), octet_length(e.snapshot))) > v_limit / 2
      and max(greatest(octet_length(e.output::text), octet_length(e.result::text), octet_length(e.snapshot))) > v_limit then
      format('An output, a result or a snapshot takes more than %s bytes', v_limit)
  end
  into v_problem
  from unnest(p_ends) as e;
  if v_problem is null and jsonb_path_exists(p_timers, '$[*] ? (!exists(@.id) || !exists(@.at))') then
    return 'Every timer needs id and at';
  end if;
  if v_problem is null and p_children <> '{}' then
    select case
      when jsonb_path_exists(p_kinds, '$[*] ? (exists(@.idempotency_key) || exists(@.unique))') then 'A child with an idempotency key or a unique key is started with an outcome'
      when bool_or(not coalesce(c.id is not null and c.parent_id is not null and c.kind > 0, false)) then 'Every child needs id, flow and kind'
      when max(c.kind) > jsonb_array_length(p_kinds) then format('There is no kind %s: %s were given, counted from 0', max(c.kind) - 1, jsonb_array_length(p_kinds))
      when max(length(c.traceparent)) > 500 then 'traceparent must be a text of at most 500 characters'
      when max(pg_column_size(c.inputs)) > v_limit / 2 and max(octet_length(c.inputs::text)) > v_limit then
        format('The inputs of a child take more than %s bytes', v_limit)
    end
    into v_problem
    from unnest(p_children) as c;
    if v_problem is null then
      select 'There is no ' || rhythm.unknown_option(k.value - 'target', rhythm.option_names('child')) into v_problem
      from jsonb_array_elements(p_kinds) as k (value)
      where jsonb_typeof(k.value) = 'object' and k.value - 'target' - rhythm.option_names('child') <> '{}' limit 1;
    end if;
  end if;
  return v_problem;
end;
$$;

comment on function rhythm.steps_problem(rhythm.step_end[], jsonb, rhythm.newcomer[], jsonb) is 'What is wrong with steps; null if nothing is. Internal.';

-- A step counts only if its workflow is where the worker thinks. Otherwise another session was first: the state is further,
-- something is in its inbox, or it is not suspended any more. What is paused does not continue, and what may come to a gate continues after a claim only. In a queue that has limits or is
-- paused, workflows continue only after a claim. Returns one row for each end that was written, with the group of waits of the next step, or the end
-- of the workflow. is_old: it waits for something that an earlier step started.
-- The moment of the step is that of the end, so the row of the task has all that a row of the journal would have.
-- From an end to its rows by key, then by place: locked states do not move, and a task that another session changes is left to it.
-- p_free: the workflows whose states the caller has locked. p_new: what these steps start, in ascending order.
create or replace function rhythm.write_step_ends(p_worker uuid, p_ends rhythm.step_end[], p_new uuid[], p_free uuid[], p_now timestamptz)
returns table (end_id uuid, flow_id uuid, wait_group integer, is_old boolean, is_over boolean, notify_task boolean, notify_flow boolean, batch_id bigint)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limited constant text[] := array(select q.name from rhythm.queue as q);
  v_paused constant text[] := rhythm.paused_targets();
  v_gated constant text[] := rhythm.gated_flows();
  v_slack constant interval := rhythm.moment_slack(p_worker);
begin
  return query
  -- From each end to its rows: offset 0 keeps the planner from reading everything that the worker holds.
  with fitting as materialized (
    select g.*, coalesce(g.timer, false) as is_timer, f.batch_id as from_batch, f.claimed_at, f.attempt, f.state_place, f.task_place
    from unnest(p_ends) as g
    cross join lateral (
      select t.batch_id, b.claimed_at, b.attempt, s.ctid as state_place, t.ctid as task_place
      from rhythm.workflow_state as s
      join rhythm.execution as p on p.id = g.flow and p.state = 0 and p.cancel_reason is null and p.paused_at is null
        and p.queue <> all (v_limited) and (v_paused is null or not rhythm.is_paused(v_paused, 'workflow', p.target)) and (v_gated is null or p.target <> all (v_gated)) and (g.next = 'suspended' or p.parent_id is null)
      left join rhythm.execution as t on t.id = g.id and t.parent_id = g.flow and t.state = 0 and t.cancel_reason is null
      left join lateral (select x.id, x.worker, x.call, x.claimed_at, x.attempt from rhythm.batch as x where x.id = t.batch_id offset 0) as b
        on b.worker = p_worker and b.call = g.call
      where s.execution_id = g.flow and s.seq = g.seq and s.batch_id is null and s.arrived = 0 and s.change is null
        and case when g.timer then exists (
            select from rhythm.timer as x where x.id = g.id and x.execution_id = g.flow and x.fires_at <= p_now and not x.fired and not x.deadline)
          else b.id is not null end
      offset 0
    ) as f
    where p_free[width_bucket(g.flow, p_free)] = g.flow and coalesce(g.moment between p_now - v_slack and p_now + v_slack, true)
  ),
  done as (
    update rhythm.execution as t
    set state = 1, batch_id = null, stopping = false, completed_at = coalesce(g.moment, p_now), claimed_at = g.claimed_at, attempt = g.attempt, error = null, note = null,
      parent_step = g.seq + 1, output = nullif(g.output, 'null')
    from fitting as g
    where t.ctid = g.task_place and t.id = g.id and t.batch_id = g.from_batch
    returning g.id, g.flow, g.seq, g.next, g.result, g.snapshot, g.cleanup, g.mode, g.ids, g.from_batch, g.state_place, t.notify_on_end
  ),
  rung as (
    update rhythm.timer as t set fired = true
    from fitting as g
    where g.is_timer and t.id = g.id
    returning g.id, g.flow, g.seq, g.next, g.result, g.snapshot, g.cleanup, g.mode, g.ids, g.from_batch, g.state_place, false as notify_on_end, g.moment
  ),
  noted as (
    insert into rhythm.journal (execution_id, step, moment, items)
    select r.flow, r.seq + 1, r.moment, array[r.id] from rung as r where r.moment is not null
  ),
  went as (
    select d.* from done as d
    union all
    select r.id, r.flow, r.seq, r.next, r.result, r.snapshot, r.cleanup, r.mode, r.ids, r.from_batch, r.state_place, r.notify_on_end from rung as r
  ),
  stored as (
    update rhythm.workflow_state as s
    set seq = s.seq + 1, snapshot = w.snapshot::json, stack = null, cleanup = coalesce(w.cleanup, false), last_group = s.last_group + 1,
      groups = array[s.last_group + 1], sizes = array[case w.mode when 'all' then cardinality(w.ids) else 1 end],
      need = array[case w.mode when 'all' then cardinality(w.ids) else 1 end]
    from went as w
    where s.ctid = w.state_place and w.next = 'suspended'
    returning w.id, w.flow, s.last_group, w.ids, w.notify_on_end, w.from_batch
  ),
  over as (
    update rhythm.execution as p
    set state = 1, completed_at = p_now, error = null, note = null, output = nullif(w.result, 'null'),
      attempt = (select s.attempt from rhythm.workflow_state as s where s.execution_id = p.id)
    from went as w
    where p.id = w.flow and w.next = 'completed'
    returning w.id, w.flow, w.notify_on_end, p.notify_on_end as notify_flow, w.from_batch
  )
  select s.id, s.flow, s.last_group, exists (select from unnest(s.ids) as i (id) where p_new[width_bucket(i.id, p_new)] is distinct from i.id), false, s.notify_on_end, false, s.from_batch
  from stored as s
  union all
  select o.id, o.flow, null, false, true, o.notify_on_end, o.notify_flow, o.from_batch from over as o;
end;
$$;

comment on function rhythm.write_step_ends(uuid, rhythm.step_end[], uuid[], uuid[], timestamptz) is 'Writes the ends of tasks and timers, and the states of their workflows after that. Internal.';

-- Timers that workflows started, and timers and waits for signals that they dropped.
create or replace function rhythm.change_waits(p_ends rhythm.step_end[], p_flows uuid[], p_groups integer[], p_waited uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_released uuid[];
begin
  insert into rhythm.timer (id, execution_id, fires_at, kept_until, wait_group)
  select t.id, e.flow, t.at, case when t.kept then t.at + rhythm.kept_grace() end,
    case when p_waited[width_bucket(t.id, p_waited)] = t.id then p_groups[width_bucket(e.flow, p_flows)] end
  from unnest(p_ends) as e
  cross join lateral jsonb_to_recordset(e.timers) as t (id uuid, at timestamptz, kept boolean)
  where p_flows[width_bucket(e.flow, p_flows)] = e.flow;
  v_released := array(
    select x.id
    from unnest(p_ends) as e
    cross join lateral unnest(e.released) as r (id)
    cross join lateral (
      select t.id from rhythm.timer as t where t.id = r.id and t.execution_id = e.flow and not t.deadline and not t.fired
      union all
      select w.id from rhythm.signal_wait as w where w.id = r.id and w.execution_id = e.flow and w.signal_id is null and not w.timed_out
    ) as x
    where p_flows[width_bucket(e.flow, p_flows)] = e.flow);
  if v_released <> '{}' then
    delete from rhythm.timer as t where t.id = any (v_released);
    delete from rhythm.signal_wait as w where w.id = any (v_released);
  end if;
end;
$$;

comment on function rhythm.change_waits(rhythm.step_end[], uuid[], integer[], uuid[]) is 'Starts and drops the waits of workflows after a step, except tasks. Internal.';

-- Steps that wait for something that an earlier step started: all their waits get the group with which the step was stored.
create or replace function rhythm.group_old_waits(p_ends rhythm.step_end[], p_flows uuid[], p_new uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_grouping rhythm.grouping;
  v_end rhythm.step_end;
begin
  foreach v_end in array p_ends loop
    continue when v_end.flow <> all (p_flows);
    v_grouping := rhythm.group_waits(v_end.flow, jsonb_build_array(jsonb_build_object('mode', v_end.mode, 'ids', v_end.ids)), p_new);
    v_grouping.numbers := array_fill((select s.last_group from rhythm.workflow_state as s where s.execution_id = v_end.flow), array[cardinality(v_grouping.items)]);
    perform rhythm.renumber_waits(v_grouping);
  end loop;
end;
$$;

comment on function rhythm.group_old_waits(rhythm.step_end[], uuid[], uuid[]) is 'Puts waits that earlier steps started into the groups of these steps. Internal.';

-- Timers of a worker whose clock is ahead of that of the server.
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

comment on function rhythm.early_timers(uuid[], timestamptz) is 'Which of some timers are not due yet, and in how many milliseconds they are. Internal.';

create or replace function rhythm.start_children(
  p_children rhythm.newcomer[], p_kinds jsonb, p_flows uuid[], p_groups integer[], p_waited uuid[],
  p_now timestamptz, p_worker uuid, p_call integer, p_lease integer, p_targets text[]
)
returns rhythm.batch[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kinds jsonb;
  v_typed rhythm.kind[];
  v_newcomers rhythm.newcomer[];
begin
  v_kinds := (select jsonb_agg(k.value || '{"type": "task"}' order by k.nth) from jsonb_array_elements(p_kinds) with ordinality as k (value, nth));
  perform rhythm.check_requests(v_kinds);
  v_typed := array(select rhythm.kind_of(k.value, p_now) from jsonb_array_elements(v_kinds) with ordinality as k (value, nth) order by k.nth);
  v_newcomers := array(
    select row(c.id, c.kind, c.parent_id, case when p_waited[width_bucket(c.id, p_waited)] = c.id then p_groups[width_bucket(c.parent_id, p_flows)] end,
      c.traceparent, false, c.inputs)::rhythm.newcomer
    from unnest(p_children) as c
    where p_flows[width_bucket(c.parent_id, p_flows)] = c.parent_id);
  return rhythm.make_executions(v_typed, v_newcomers, p_now, p_worker, p_call, p_lease, p_targets);
end;
$$;

comment on function rhythm.start_children(rhythm.newcomer[], jsonb, uuid[], integer[], uuid[], timestamptz, uuid, integer, integer, text[]) is 'Creates the children of steps. Internal.';

-- Locks: states, skip locked; executions. Answers as settle_outcomes() does.
create or replace function rhythm.settle_steps(p_worker uuid, p_item jsonb, p_call integer, p_lease integer, p_targets text[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kinds constant jsonb := coalesce(p_item -> 'kinds', '[]');
  v_ends rhythm.step_end[];
  v_children rhythm.newcomer[];
  v_timers jsonb := '[]';
  v_changes_waits boolean;
  v_problem text;
  v_new uuid[];
  v_waited uuid[];
  v_done uuid[];
  v_flows uuid[];
  v_groups integer[];
  v_old uuid[];
  v_over uuid[];
  v_notify rhythm.transition[];
  v_batches bigint[];
  v_born rhythm.batch[] := '{}';
  v_declined uuid[] := '{}';
begin
  if jsonb_typeof(p_item -> 'ends') is distinct from 'array' or jsonb_typeof(p_item -> 'children') <> 'array' or jsonb_typeof(v_kinds) <> 'array' then
    perform rhythm.raise('RH001', 'ends, children and kinds of steps must be JSON arrays', 'Expected {"kind": "steps", "ends": [{"id": "…", "call": 1, "output": null, "flow": "…", "seq": 1, "next": "completed"}, …]}');
  end if;
  select array_agg(e::rhythm.step_end order by e.id), array_agg(e.flow order by e.flow), bool_or(e.timers is not null or e.released is not null)
  into v_ends, v_flows, v_changes_waits
  from jsonb_populate_recordset(null::rhythm.step_end, p_item -> 'ends') as e;
  v_children := array(
    select row(c.id, c.kind + 1, c.flow, null, c.traceparent, false, c.inputs)::rhythm.newcomer
    from jsonb_to_recordset(p_item -> 'children') as c (id uuid, flow uuid, kind integer, inputs jsonb, traceparent text));
  if v_changes_waits then
    v_timers := (select coalesce(jsonb_agg(t.value), '[]') from unnest(v_ends) as e cross join lateral jsonb_array_elements(e.timers) as t (value));
  end if;
  v_problem := rhythm.steps_problem(v_ends, v_timers, v_children, v_kinds);
  if v_problem is not null then
    perform rhythm.raise(case when v_problem like '% bytes' then 'RH006' else 'RH001' end, v_problem);
  end if;
  v_new := array(
    select c.id from unnest(v_children) as c
    union all select (t.value ->> 'id')::uuid from jsonb_array_elements(v_timers) as t (value)
    order by 1);
  v_waited := array(select i.id from unnest(v_ends) as e cross join lateral unnest(e.ids) as i (id) order by 1);
  select coalesce(array_agg(w.end_id), '{}'),
    coalesce(array_agg(w.flow_id order by w.flow_id) filter (where not w.is_over), '{}'),
    coalesce(array_agg(w.wait_group order by w.flow_id) filter (where not w.is_over), '{}'),
    coalesce(array_agg(w.flow_id) filter (where w.is_old), '{}'), coalesce(array_agg(w.flow_id) filter (where w.is_over), '{}'),
    -- Their parents have already continued: only people and key waiters must be told.
    coalesce(array_agg(row(w.end_id, null, null, 1, true, 'task')::rhythm.transition) filter (where w.notify_task), '{}')
      || coalesce(array_agg(row(w.flow_id, null, null, 1, true, 'task')::rhythm.transition) filter (where w.notify_flow), '{}'),
    array_agg(distinct w.batch_id)
  into v_done, v_flows, v_groups, v_old, v_over, v_notify, v_batches
  from rhythm.write_step_ends(p_worker, v_ends, v_new,
    rhythm.lock_free_states(v_flows), p_now) as w;
  -- Two calls may end the last members of a batch at the same time: the later one waits here, so that it sees what the earlier one did.
  perform from rhythm.batch as b where b.id = any (v_batches) and b.size > 1 order by b.id for update;
  perform rhythm.drop_empty_batches(v_batches);
  if v_changes_waits then
    perform rhythm.change_waits(v_ends, v_flows, v_groups, v_waited);
  end if;
  if v_flows <> '{}' and v_children <> '{}' then
    v_born := rhythm.start_children(v_children, v_kinds, v_flows, v_groups, v_waited, p_now, p_worker, p_call, p_lease, p_targets);
    perform rhythm.wake_for(v_born);
  end if;
  if v_old <> '{}' then
    perform rhythm.group_old_waits(v_ends, v_old, v_new);
  end if;
  if v_over <> '{}' then
    perform rhythm.clear_workflows(v_over);
  end if;
  if v_notify <> '{}' then
    perform rhythm.follow_ends(v_notify, '{}', p_now);
  end if;
  if cardinality(v_done) < cardinality(v_ends) then
    v_declined := array(select e.id from unnest(v_ends) as e where e.id <> all (v_done));
  end if;
  return jsonb_build_object(
    'refused', '[]'::jsonb, 'declined', v_declined, 'early', case when v_declined = '{}' then '{}' else rhythm.early_timers(v_declined, p_now) end,
    'leased', '[]'::jsonb, 'born', array(select b.id from unnest(v_born) as b where b.worker is not null));
end;
$$;

comment on function rhythm.settle_steps(uuid, jsonb, integer, integer, text[], timestamptz) is 'Settles steps of workflows that a worker has open in memory. Internal.';
