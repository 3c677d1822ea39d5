-- Requests that were checked become executions.

-- A request without what is its own, with the defaults of its task or flow. run_at is null for what may run at once.
create or replace function rhythm.kind_of(p_head jsonb, p_now timestamptz)
returns table (
  head jsonb, type text, target text, program text, queue text, priority smallint, run_at timestamptz, timeout_ms bigint,
  max_attempts smallint, retry jsonb, concurrency_key text, metadata jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select
    p_head, q.type, q.target, fv.program,
    coalesce(p_head ->> 'queue', d.o ->> 'queue', 'default'),
    coalesce((p_head ->> 'priority')::smallint, (d.o ->> 'priority')::smallint, 0::smallint),
    case when q.due > p_now then q.due end,
    case when p_head ? 'timeout' then rhythm.duration_ms(p_head -> 'timeout') when d.o ? 'timeout' then rhythm.duration_ms(d.o -> 'timeout') end,
    coalesce((d.retry ->> 'max_attempts')::smallint, case q.type when 'workflow' then 1 else 3 end::smallint),
    d.retry, p_head ->> 'concurrency_key', p_head -> 'metadata'
  from (
    select p_head ->> 'type' as type, p_head ->> 'target' as target, coalesce(
      (p_head ->> 'run_at')::timestamptz,
      case when p_head ? 'delay' then p_now + rhythm.duration_ms(p_head -> 'delay') * interval '1 millisecond' end) as due
  ) as q
  left join rhythm.task as t on q.type = 'task' and t.name = q.target
  left join rhythm.flow as f on q.type = 'workflow' and f.name = q.target
  left join rhythm.flow_version as fv on fv.program = f.program
  cross join lateral (
    select x.o, rhythm.retry_policy(x.o -> 'retry', p_head -> 'retry') as retry
    from (select case q.type when 'workflow' then fv.options else t.options end as o) as x
  ) as d;
end;
$$;

comment on function rhythm.kind_of(jsonb, timestamptz) is 'A request with the defaults of its task or flow. Internal.';

-- The work behind create_many() and behind the effects of settle(): requests that are right become executions. What
-- many have in common is read once. With p_worker, those that may run at once are born leased to it, up to p_lease,
-- and are not notified.
create or replace function rhythm.make_executions(
  p_requests jsonb,
  p_now timestamptz,
  p_worker uuid default null,
  p_lease integer default 0,
  p_targets text[] default null
)
returns setof rhythm.moved
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_us constant bigint := round(extract(epoch from p_now) * 1000000);
  -- In 4,096ths of a millisecond, so that what a session makes one by one sorts as it was made.
  v_first constant bigint := v_us % 1000 * 4096 / 1000;
  v_secret constant text := gen_random_uuid()::text;
  v_times constant text[] := array(
    select overlay(lpad(to_hex(v_us / 1000 + n.block), 12, '0') placing '-' from 9 for 0) || '-7'
    from generate_series(0, (v_first + jsonb_array_length(p_requests)) / 4096) as n (block));
  v_queues text[];
begin
  if p_lease > 0 then
    v_queues := array(select w.q from (select unnest(k.queues) as q from rhythm.worker as k where k.id = p_worker) as w
      where not exists (select from rhythm.queue as q where q.name = w.q));
  end if;

  return query
  with request as (
    select
      v_first + r.nth - 1 as nth,
      r.value as v,
      encode(sha256((v_secret || r.nth)::bytea), 'hex') as chance,
      r.value - '{id,inputs,parent,traceparent}'::text[] as head
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
  ),
  kind as materialized (
    select k.* from (select distinct r.head from request as r) as h
    cross join lateral rhythm.kind_of(h.head, p_now) as k
  ),
  placed as (
    select r.nth, k.*, r.v ->> 'traceparent' as traceparent, (r.v ->> 'parent')::uuid as parent_id,
      coalesce(r.v -> 'inputs', '{}') as inputs,
      case when r.v ? 'id' then (r.v ->> 'id')::uuid
        -- A uuid7() of one secret a batch: random bytes and a call for each row would cost as much as the row. Who knows
        -- some of the ids can tell no other. Of 128 bits 60 are the time and the order within a batch, 6 say that it is a
        -- UUIDv7, 62 are of the hash.
        else (v_times[r.nth / 4096 + 1] || lpad(to_hex(r.nth % 4096), 3, '0') || '-'
          || translate(substr(r.chance, 16, 1), '01234567cdef', '89ab89ab89ab') || substr(r.chance, 1, 3) || '-' || substr(r.chance, 4, 12))::uuid
      end as id
    from request as r
    join kind as k on k.head = r.head
  ),
  leased as (
    select p.id from placed as p
    where p_lease > 0 and p.run_at is null and p.queue = any (v_queues) and p.concurrency_key is null
      and (p.type = 'workflow' or p_targets is null or p.target = any (p_targets))
    order by p.nth
    limit greatest(p_lease, 0)
  ),
  born as (
    insert into rhythm.execution (
      id, parent_id, worker, created_at, claimed_at, run_at, stage, newborn, watched, attempt, max_attempts, priority, timeout_ms,
      type, status, target, queue, concurrency_key, traceparent, retry, metadata, inputs
    )
    select
      p.id, p.parent_id,
      case when l.id is not null then p_worker end,
      p_now,
      case when l.id is not null then p_now end,
      p.run_at,
      case when p.run_at is not null then 0 when l.id is not null then 2 else 1 end,
      -- tick() looks for those that run past their timeout in the index.
      l.id is not null and p.type = 'task' and p.timeout_ms is null,
      coalesce((p.head ->> 'watched')::boolean, false),
      case when l.id is not null then 1 else 0 end,
      p.max_attempts, p.priority, p.timeout_ms, p.type,
      case when l.id is not null then 'running' else 'pending' end,
      p.target, p.queue, p.concurrency_key, p.traceparent, p.retry, p.metadata, p.inputs
    from placed as p
    left join leased as l on l.id = p.id
    order by p.nth
    returning id, parent_id, worker, run_at, stage, newborn, timeout_ms, watched, type, queue
  ),
  noted as materialized (
    select rhythm.note_newborn(p_worker, n.queue, n.ids, p_now)
    from (select b.queue, array_agg(b.id) as ids from born as b where b.newborn group by b.queue) as n
  ),
  state as (
    insert into rhythm.workflow_state (execution_id, program)
    select p.id, p.program from placed as p where p.type = 'workflow'
  ),
  deadline as (
    insert into rhythm.timer (id, execution_id, fires_at, deadline)
    select rhythm.uuid7(p_now), b.id, coalesce(b.run_at, p_now) + b.timeout_ms * interval '1 millisecond', true
    from born as b where b.type = 'workflow' and b.timeout_ms is not null
  )
  select b.id, b.parent_id, b.worker, b.stage, b.watched, b.type, b.queue from born as b, (select count(*) from noted) as n;
end;
$$;

comment on function rhythm.make_executions(jsonb, timestamptz, uuid, integer, text[]) is
  'Turns requests that were checked into executions. Internal: create_many() and settle() are the ways in.';
