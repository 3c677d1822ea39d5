-- Children of workflows that went on in memory.

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
set search_path = pg_catalog, pg_temp
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
