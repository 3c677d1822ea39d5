-- Settling a step of a workflow that its worker has in memory: the end of a task, how far the workflow went on with its
-- result, and the tasks that it started next. One share of one transaction: no lease of the workflow, nothing read back.

-- Every value that could be wrong, in one look at all of them.
create or replace function rhythm.advanced_problem(p_ends jsonb, p_children jsonb, p_kinds jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_problem text;
begin
  select case
    when bool_or(not coalesce(length(e.id) = 36 and length(e.flow) = 36 and e.attempt > 0 and e.seq >= 0, false)) then 'Every end needs id, attempt, flow and seq'
    when bool_or(not coalesce(e.next = 'completed' or e.next = 'suspended' and jsonb_typeof(e.snapshot) = 'object', false)) then
      'An end is followed by a workflow that is suspended, with its snapshot, or completed'
    when bool_or(e.next = 'suspended' and not coalesce(e.mode in ('any', 'all') and jsonb_array_length(e.ids) > 0, false)) then
      'A suspended workflow waits: mode any or all, and ids'
    -- Of two, the second would be told to nobody.
    when count(*) > count(distinct lower(e.flow) || '/' || e.seq) then 'Two ends let the same workflow go on from the same seq: settle one of them alone'
    when max(greatest(pg_column_size(e.output), pg_column_size(e.result), pg_column_size(e.snapshot))) > v_limit / 2
      and max(greatest(octet_length(e.output::text), octet_length(e.result::text), octet_length(e.snapshot::text))) > v_limit then
      format('An output, a result or a snapshot takes more than %s bytes', v_limit)
  end
  into v_problem
  from jsonb_to_recordset(p_ends) as e (
    id text, attempt integer, flow text, seq integer, next text, output jsonb, result jsonb, snapshot jsonb, mode text, ids jsonb);
  if v_problem is null and p_children <> '[]' then
    select case
      when jsonb_path_exists(p_kinds, '$[*].idempotency_key') then 'A child with an idempotency key is started with settle()'
      when bool_or(not coalesce(length(c.id) = 36 and length(c.flow) = 36 and c.kind >= 0, false)) then 'Every child needs id, flow and kind'
      when max(c.kind) >= jsonb_array_length(p_kinds) then format('There is no kind %s: %s were given, counted from 0', max(c.kind), jsonb_array_length(p_kinds))
      when bool_or(lower(c.flow) not in (select lower(e.flow) from jsonb_to_recordset(p_ends) as e (flow text))) then
        'A child names a flow that none of the ends names'
      when max(length(c.traceparent)) > 500 then 'traceparent must be a text of at most 500 characters'
      when max(pg_column_size(c.inputs)) > v_limit / 2 and max(octet_length(c.inputs::text)) > v_limit then
        format('The inputs of a child take more than %s bytes', v_limit)
    end
    into v_problem
    from jsonb_to_recordset(p_children) as c (id text, flow text, kind integer, inputs jsonb, traceparent text);
  end if;
  return v_problem;
end;
$$;

comment on function rhythm.advanced_problem(jsonb, jsonb, jsonb) is 'What is wrong with what settle_advanced() was given; null if nothing is. Internal.';

-- What goes on from where its workflow stands. Whoever else has touched the workflow was first: its state is further,
-- something is in its inbox, or it is not suspended any more. One with cleaning up to do says so with settle(). In a queue that has limits or is paused, workflows go on by
-- claims. The caller holds the locks of the states.
create or replace function rhythm.complete_advanced(p_worker uuid, p_ends jsonb, p_now timestamptz)
returns table (end_id uuid, flow_id uuid, is_over boolean, is_watched boolean)
language plpgsql
volatile
set search_path = ''
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
      id uuid, attempt integer, output jsonb, flow uuid, seq integer, next text, result jsonb, snapshot jsonb, mode text, ids jsonb)
    order by g.id
  ),
  -- From each end to its rows: offset 0 keeps the planner from beginning with all that a worker holds, and so with every
  -- child there ever was.
  fitting as (
    select g.*
    from given as g
    cross join lateral (
      select from rhythm.execution as x
      join rhythm.workflow_state as s on s.execution_id = g.flow and s.seq = g.seq and s.inbox = '{}' and not s.cleanup
      join rhythm.execution as p on p.id = g.flow and p.stage = 3 and p.queue <> all (v_limited) and (g.next = 'suspended' or p.parent_id is null)
      where x.id = g.id and x.parent_id = g.flow
      offset 0
    ) as f
  ),
  done as (
    update rhythm.execution as t
    set worker = null, stopping = false, stage = 4, status = 'completed', completed_at = p_now, error = null, note = null,
      output = coalesce(g.output, 'null')
    from fitting as g
    -- In a form that says nothing of how many rows it leaves, for the same reason.
    where t.id = g.id and coalesce(t.worker = p_worker and t.attempt = g.attempt, false)
    returning t.id, t.watched, g.flow, g.next, g.result, g.snapshot, g.mode, g.ids
  ),
  stored as (
    update rhythm.workflow_state as s
    set seq = s.seq + 1, snapshot = d.snapshot, stack = null, cleanup = false,
      waits = jsonb_build_array(jsonb_build_object('mode', d.mode, 'ids', d.ids)),
      need = array[case d.mode when 'all' then jsonb_array_length(d.ids) else 1 end]
    from done as d
    where s.execution_id = d.flow and d.next = 'suspended'
  ),
  over as (
    update rhythm.execution as p
    set stage = 4, status = 'completed', completed_at = p_now, error = null, note = null, output = coalesce(d.result, 'null')
    from done as d
    where p.id = d.flow and d.next = 'completed'
    returning p.id, p.watched
  )
  select d.id, d.flow, false, d.watched from done as d
  union all
  select null, o.id, true, o.watched from over as o;
end;
$$;

comment on function rhythm.complete_advanced(uuid, jsonb, timestamptz) is 'Writes the ends of tasks, and where their workflows stand after them. Internal.';

-- As make_executions(), for tasks that workflows started: what many have in common was said once, as a kind.
create or replace function rhythm.make_children(
  p_children jsonb,
  p_kinds jsonb,
  p_flows uuid[],
  p_now timestamptz,
  p_worker uuid,
  p_lease integer,
  p_targets text[]
)
returns setof rhythm.moved
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_queues text[] := '{}';
begin
  if p_lease > 0 then
    v_queues := array(select w.q from (select unnest(k.queues) as q from rhythm.worker as k where k.id = p_worker) as w
      where not exists (select from rhythm.queue as q where q.name = w.q));
  end if;
  return query
  with kind as materialized (
    select k.nth - 1 as nth, x.*,
      x.run_at is null and x.queue = any (v_queues) and x.concurrency_key is null and (p_targets is null or x.target = any (p_targets)) as may_lease
    from jsonb_array_elements(p_kinds) with ordinality as k (value, nth)
    cross join lateral rhythm.kind_of(k.value || '{"type": "task"}', p_now) as x
  ),
  placed as (
    select c.id, c.flow, c.inputs, c.traceparent, k.*, k.may_lease and row_number() over () <= p_lease as is_leased
    from jsonb_to_recordset(p_children) as c (id uuid, flow uuid, kind integer, inputs jsonb, traceparent text)
    join kind as k on k.nth = c.kind
    where c.flow = any (p_flows)
  ),
  born as (
    insert into rhythm.execution (
      id, parent_id, worker, created_at, claimed_at, run_at, stage, newborn, attempt, max_attempts, priority, timeout_ms,
      type, status, target, queue, concurrency_key, traceparent, retry, metadata, inputs
    )
    select
      p.id, p.flow,
      case when p.is_leased then p_worker end,
      p_now,
      case when p.is_leased then p_now end,
      p.run_at,
      case when p.run_at is not null then 0 when p.is_leased then 2 else 1 end,
      p.is_leased and p.timeout_ms is null,
      case when p.is_leased then 1 else 0 end,
      p.max_attempts, p.priority, p.timeout_ms, 'task',
      case when p.is_leased then 'running' else 'pending' end,
      p.target, p.queue, p.concurrency_key, p.traceparent, p.retry, p.metadata, coalesce(p.inputs, '{}')
    from placed as p
    returning id, parent_id, worker, stage, newborn, watched, type, queue
  ),
  noted as materialized (
    select rhythm.note_newborn(p_worker, n.queue, n.ids, p_now)
    from (select b.queue, array_agg(b.id) as ids from born as b where b.newborn group by b.queue) as n
  )
  select b.id, b.parent_id, b.worker, b.stage, b.watched, b.type, b.queue from born as b, (select count(*) from noted) as n;
end;
$$;

comment on function rhythm.make_children(jsonb, jsonb, uuid[], timestamptz, uuid, integer, text[]) is 'Turns what workflows started into tasks, leased to their worker where that may be. Internal.';
