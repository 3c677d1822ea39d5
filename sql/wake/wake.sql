-- Waking: sleeping workers, suspended workflows, people who wait.

-- Only if a worker sleeps, and once for each queue and transaction. A worker that falls asleep while this transaction is open
-- polls after 2, 5, 10, 15, 25, 50, 100 ms, because this check cannot see it.
create or replace function rhythm.wake(p_queues text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.notify('work', q.name)
  from unnest(p_queues) as q (name)
  where exists (select from rhythm.worker as w where w.sleeping and q.name = any (w.queues));
end;
$$;

comment on function rhythm.wake(text[]) is 'Notifies sleeping workers of work in some queues. Internal.';

-- Something is due earlier than sleeping workers know.
create or replace function rhythm.wake_clocks()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.notify('work', '')
  where exists (select from rhythm.worker as w where w.sleeping);
end;
$$;

comment on function rhythm.wake_clocks() is 'Tells sleeping workers (channel work, no payload) to call tick(), which returns when the next thing is due. Internal.';

-- A failure satisfies a group at once. An item of a group that nobody waits for changes nothing.
create or replace function rhythm.need_after(p_groups integer[], p_need integer[], p_items rhythm.settled_item[])
returns integer[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_nth integer;
begin
  if cardinality(p_items) = 1 then
    v_nth := array_position(p_groups, (p_items[1]).wait_group);
    if v_nth is not null then
      p_need[v_nth] := case when (p_items[1]).failed then 0 else p_need[v_nth] - 1 end;
    end if;
    return p_need;
  end if;
  return (
    select coalesce(array_agg(g.need - coalesce(i.ended, 0) order by g.nth), '{}')
    from unnest(p_groups, p_need) with ordinality as g (number, need, nth)
    left join (
      select x.wait_group, sum(case when x.failed then 1000000 else 1 end)::integer as ended from unnest(p_items) as x group by x.wait_group
    ) as i on i.wait_group = g.number
  );
end;
$$;

comment on function rhythm.need_after(integer[], integer[], rhythm.settled_item[]) is
  'How many members each group of waits still needs after some have ended. Internal.';

-- Puts what has ended into the inboxes of the workflows that started it; returns those that can now continue. The cost of an end
-- does not depend on the number of siblings. The caller holds the locks of their states.
create or replace function rhythm.deliver(p_items rhythm.settled_item[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[];
begin
  with item as (
    select i.execution_id, i.id, i.failed, i.wait_group, row_number() over (partition by i.execution_id order by i.nth) as nth
    from unnest(p_items) with ordinality as i (execution_id, id, failed, wait_group, nth)
  ),
  parcel as (
    select i.execution_id, count(*)::integer as size, array_agg(row(i.execution_id, i.id, i.failed, i.wait_group)::rhythm.settled_item) as items
    from item as i group by i.execution_id
  ),
  counted as (
    update rhythm.workflow_state as s
    set arrived = s.arrived + p.size, need = rhythm.need_after(s.groups, s.need, p.items)
    from parcel as p
    where s.execution_id = p.execution_id
    returning s.execution_id, s.arrived - p.size as before, 0 >= any (s.need) as goes_on
  ),
  put as (
    insert into rhythm.inbox (execution_id, nth, item, wait_group, failed)
    select c.execution_id, c.before + i.nth, i.id, i.wait_group, i.failed from counted as c join item as i on i.execution_id = c.execution_id
  )
  select coalesce(array_agg(c.execution_id), '{}') from counted as c where c.goes_on
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.deliver(rhythm.settled_item[]) is
  'Puts ended children, timers and waits for signals into the inboxes of their workflows; returns the workflows that can continue. Internal.';

-- A batch of one, for an execution that becomes ready or delayed by itself.
create or replace function rhythm.batch_of(p_execution rhythm.execution, p_run_at timestamptz, p_attempt integer, p_failures integer, p_crashes integer)
returns rhythm.batch
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
begin
  v_batch.id := nextval('rhythm.batch_id_seq');
  v_batch.first_id := p_execution.id;
  v_batch.run_at := case when p_execution.paused_at is null then p_run_at else 'infinity' end;
  v_batch.paused := p_execution.paused_at is not null;
  v_batch.expires_at := case p_attempt when 0 then p_execution.expires_at end;
  v_batch.timeout_ms := case p_execution.type when 'task' then p_execution.timeout_ms end;
  v_batch.priority := p_execution.priority;
  v_batch.size := 1;
  v_batch.attempt := p_attempt;
  v_batch.failures := p_failures;
  v_batch.crashes := p_crashes;
  v_batch.type := p_execution.type;
  v_batch.queue := p_execution.queue;
  v_batch.target := p_execution.target;
  v_batch.limited := rhythm.has_limits(p_execution.queue);
  v_batch.concurrency_key := p_execution.concurrency_key;
  v_batch.common := rhythm.common_of(rhythm.max_attempts(p_execution.retry), p_execution.timeout_ms, p_execution.metadata,
    p_execution.traceparent);
  v_batch.ids := array[p_execution.id];
  return v_batch;
end;
$$;

comment on function rhythm.batch_of(rhythm.execution, timestamptz, integer, integer, integer) is 'The row of a batch that holds one execution. Internal.';

-- Suspended workflows that can continue become ready. If a worker has room, they are leased to it at once, and returned. The
-- caller holds the locks of their states.
create or replace function rhythm.resume(p_ids uuid[], p_now timestamptz, p_worker uuid default null, p_call integer default null, p_lease integer default 0)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_paused constant text[] := case when p_lease > 0 then rhythm.paused_targets() end;
  v_batches rhythm.batch[];
  v_stopped uuid[];
  v_gates integer[];
begin
  if p_ids = '{}' then
    return '{}';
  elsif rhythm.gated_flows() is not null then
    select array_agg(g.execution_id), array_agg(g.gate) into v_stopped, v_gates from rhythm.gates_at(p_ids) as g;
  end if;
  with going as (
    select rhythm.batch_of(l.e, null, s.attempt, s.failures, 0) as b,
      p_lease > 0 and (l.e).paused_at is null and (v_stopped is null or i.id <> all (v_stopped)) and (v_paused is null or not rhythm.is_paused(v_paused, 'workflow', (l.e).target))
        and (l.e).queue = any (k.queues) and not exists (select from rhythm.queue as q where q.name = (l.e).queue) as may_lease
    from unnest(p_ids) as i (id)
    cross join lateral (select x.attempt, x.failures from rhythm.workflow_state as x where x.execution_id = i.id and x.batch_id is null offset 0) as s
    cross join lateral (select x from rhythm.execution as x where x.id = i.id and x.state = 0 offset 0) as l (e)
    left join rhythm.worker as k on k.id = p_worker
    order by i.id
  ),
  numbered as materialized (
    select g.b, g.may_lease and row_number() over (partition by g.may_lease order by (g.b).id) <= p_lease as is_leased from going as g
  ),
  pointed as (
    update rhythm.workflow_state as s set batch_id = (n.b).id, delivered = s.arrived
    from numbered as n where s.execution_id = (n.b).first_id
  ),
  made as (
    insert into rhythm.batch (id, first_id, worker, run_at, paused, gate, claimed_at, expires_at, call, priority, size, attempt, failures, limited, type, queue, target, concurrency_key, common, ids)
    select (n.b).id, (n.b).first_id, case when n.is_leased then p_worker end, case when (n.b).first_id = any (v_stopped) then 'infinity' else (n.b).run_at end, (n.b).paused,
      v_gates[array_position(v_stopped, (n.b).first_id)], case when n.is_leased then p_now end, (n.b).expires_at, case when n.is_leased then p_call end,
      (n.b).priority, 1, greatest((n.b).attempt, case when n.is_leased then 1 else 0 end), (n.b).failures, not n.is_leased and (n.b).limited, 'workflow', (n.b).queue, (n.b).target, (n.b).concurrency_key,
      (n.b).common, (n.b).ids
    from numbered as n
    returning *
  )
  select coalesce(array_agg(m::rhythm.batch), '{}') into v_batches from made as m;
  perform rhythm.wake(array(select distinct b.queue from unnest(v_batches) as b where b.worker is null and b.run_at is null));
  return array(select b.id from unnest(v_batches) as b where b.worker is not null order by b.id);
end;
$$;

comment on function rhythm.resume(uuid[], timestamptz, uuid, integer, integer) is
  'Makes suspended workflows ready, or leases them to a worker that has room; returns the batches that were leased. Internal.';
