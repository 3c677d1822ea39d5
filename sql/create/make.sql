-- Checked requests become executions and their batches.

create or replace function rhythm.kind_of(p_head jsonb, p_now timestamptz)
returns rhythm.kind
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind rhythm.kind;
  v_options jsonb;
  v_due timestamptz;
begin
  v_kind.head := p_head;
  v_kind.type := p_head ->> 'type';
  v_kind.target := p_head ->> 'target';
  if v_kind.type = 'workflow' then
    select v.program, v.options into v_kind.program, v_options
    from rhythm.flow as f join rhythm.flow_version as v on v.program = f.program where f.name = v_kind.target;
  else
    select t.options into v_options from rhythm.task as t where t.name = v_kind.target;
  end if;
  v_due := coalesce((p_head ->> 'run_at')::timestamptz, p_now + rhythm.duration_ms(coalesce(p_head -> 'delay', p_head #> '{debounce,delay}')) * interval '1 millisecond');
  v_kind.queue := coalesce(p_head ->> 'queue', v_options ->> 'queue', 'default');
  v_kind.priority := coalesce((p_head ->> 'priority')::smallint, (v_options ->> 'priority')::smallint, 0::smallint);
  v_kind.run_at := case when v_due > p_now then v_due end;
  v_kind.expires_at := rhythm.expiry_of(p_head -> 'expires', greatest(v_due, p_now));
  v_kind.timeout_ms := rhythm.duration_ms(case when p_head ? 'timeout' then p_head -> 'timeout' else v_options -> 'timeout' end);
  v_kind.retry := rhythm.retry_policy(v_options -> 'retry', p_head -> 'retry');
  v_kind.concurrency_key := p_head ->> 'concurrency_key';
  if p_head ? 'unique' and rhythm.held_while(p_head) is not null then
    v_kind.unique_key := p_head #>> '{unique,key}';
    v_kind.unique_while := rhythm.held_while(p_head);
  end if;
  v_kind.metadata := p_head -> 'metadata';
  v_kind.notify_on_end := coalesce((p_head ->> 'notify_on_end')::boolean, false);
  v_kind.outlives := case when p_head ->> 'on_parent_cancel' = 'abandon' then true end;
  return v_kind;
end;
$$;

comment on function rhythm.kind_of(jsonb, timestamptz) is 'The part of a request that others share, with the defaults of its task or flow. Internal.';

-- A duration counts from the moment from which it may begin.
create or replace function rhythm.expiry_of(p_expires jsonb, p_from timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_expires is null then
    return null;
  end if;
  return coalesce(p_from + rhythm.duration_ms(p_expires) * interval '1 millisecond', rhythm.timestamp_of(p_expires #>> '{}'));
end;
$$;

comment on function rhythm.expiry_of(jsonb, timestamptz) is 'When an execution expires that may begin at p_from: the option expires is a duration, or a moment. Internal.';

create or replace function rhythm.max_attempts(p_retry jsonb)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((p_retry ->> 'max_attempts')::integer, 1);
end;
$$;

comment on function rhythm.max_attempts(jsonb) is
  'How many attempts may throw, by a retry policy: the last of them ends the execution. Without a policy 1: an attempt that threw is not repeated.';

create or replace function rhythm.max_crashes(p_retry jsonb)
returns integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((p_retry ->> 'crashes')::integer, rhythm.setting('max_crashes')::integer);
end;
$$;

comment on function rhythm.max_crashes(jsonb) is
  'How often an execution is repeated after its attempt was lost with its worker, by a retry policy. Without a policy the setting max_crashes (3).';

-- The only place that decides this: for tasks and workflows, for attempts that threw and attempts that were lost.
create or replace function rhythm.attempts_left(p_retry jsonb, p_failures integer, p_crashes integer)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_failures < rhythm.max_attempts(p_retry) and p_crashes <= rhythm.max_crashes(p_retry);
end;
$$;

comment on function rhythm.attempts_left(jsonb, integer, integer) is
  'Whether another attempt is left, after a number of attempts that threw and that were lost with their worker. Internal.';

-- Without nulls, except inside metadata.
create or replace function rhythm.common_of(p_max_attempts integer, p_timeout_ms bigint, p_metadata jsonb, p_traceparent text, p_program text default null)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_strip_nulls(jsonb_build_object('max_attempts', p_max_attempts, 'timeout_ms', p_timeout_ms, 'traceparent', p_traceparent, 'program', p_program))
    || case when p_metadata is null then '{}' else jsonb_build_object('metadata', p_metadata) end;
end;
$$;

comment on function rhythm.common_of(integer, bigint, jsonb, text, text) is 'What a worker is told once for a whole batch. Internal.';

-- Alike tasks share a batch of up to a hundred, unless claims must look at each alone: in queues with limits, and with a key.
create or replace function rhythm.batch_room(p_kind rhythm.kind)
returns integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_kind.concurrency_key is not null
    or exists (select from rhythm.queue as q where q.name = p_kind.queue)
    or exists (select from rhythm.task as t where p_kind.type = 'task' and t.name = p_kind.target and t.sql_function is not null)
    then 1 else 100 end;
end;
$$;

comment on function rhythm.batch_room(rhythm.kind) is 'How many executions of a kind may share a batch. Internal.';

create or replace function rhythm.next_batch_ids(p_count bigint)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select nextval('rhythm.batch_id_seq') from generate_series(1, p_count));
end;
$$;

comment on function rhythm.next_batch_ids(bigint) is 'Ids for a number of new batches. Internal.';

-- The common case of create_many(): tasks that differ only in their inputs. Nothing is grouped or joined.
create or replace function rhythm.make_alike(p_head jsonb, p_list jsonb, p_member text, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count constant integer := jsonb_array_length(p_list);
  v_kind constant rhythm.kind := rhythm.kind_of(p_head - 'traceparent', p_now);
  v_room constant integer := rhythm.batch_room(v_kind);
  v_limited constant boolean := rhythm.has_limits(v_kind.queue);
  v_common constant jsonb := rhythm.common_of(rhythm.max_attempts(v_kind.retry), v_kind.timeout_ms, v_kind.metadata, p_head ->> 'traceparent');
  v_batches constant bigint[] := rhythm.next_batch_ids((v_count + v_room - 1) / v_room);
  v_ids constant uuid[] := rhythm.new_ids(v_count, p_now);
begin
  insert into rhythm.execution (
    id, batch_id, run_at, expires_at, notify_on_end, priority, timeout_ms, type, target, queue, concurrency_key, traceparent, retry, metadata, inputs
  )
  select v_ids[r.nth], v_batches[(r.nth - 1) / v_room + 1], v_kind.run_at, v_kind.expires_at, v_kind.notify_on_end, v_kind.priority, v_kind.timeout_ms,
    'task', v_kind.target, v_kind.queue, v_kind.concurrency_key, p_head ->> 'traceparent', v_kind.retry, v_kind.metadata,
    case when p_member is null then r.value else coalesce(r.value -> p_member, '{}') end
  from jsonb_array_elements(p_list) with ordinality as r (value, nth);

  insert into rhythm.batch (id, first_id, run_at, expires_at, timeout_ms, priority, size, limited, type, queue, target, concurrency_key, common, ids)
  select b.id, v_ids[b.first], v_kind.run_at, v_kind.expires_at, v_kind.timeout_ms, v_kind.priority, least(v_room, v_count - b.first + 1), v_limited, 'task', v_kind.queue,
    v_kind.target, v_kind.concurrency_key, v_common, v_ids[b.first : b.first + v_room - 1]
  from (select u.id, (u.nth - 1) * v_room + 1 as first from unnest(v_batches) with ordinality as u (id, nth)) as b;

  if v_kind.run_at is not null or v_kind.expires_at is not null then
    perform rhythm.wake_clocks();
  end if;
  if v_kind.run_at is null then
    perform rhythm.wake(array[v_kind.queue]);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.make_alike(jsonb, jsonb, text, timestamptz) is 'Creates tasks that differ only in their inputs, wakes sleeping workers, and returns the ids in order. p_member: the inputs are this member of the elements; null: the elements themselves. Internal.';

-- Requests with ids become kinds and newcomers. What many have in common is read once.
create or replace function rhythm.sort_requests(p_requests jsonb, p_now timestamptz, out kinds rhythm.kind[], out newcomers rhythm.newcomer[])
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with request as materialized (
    select r.nth, r.value as v, dense_rank() over (order by r.value - '{id,inputs,parent,traceparent,wait_group}'::text[]) as kind
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
  ),
  head as (
    select distinct on (r.kind) r.kind, r.v - '{id,inputs,parent,traceparent,wait_group}'::text[] as head from request as r order by r.kind
  )
  select
    (select array_agg(rhythm.kind_of(h.head, p_now) order by h.kind) from head as h),
    (select array_agg(row((r.v ->> 'id')::uuid, r.kind, (r.v ->> 'parent')::uuid, (r.v ->> 'wait_group')::integer, r.v ->> 'traceparent',
      r.v ?| array['idempotency_key', 'unique', 'debounce'], coalesce(r.v -> 'inputs', '{}'))::rhythm.newcomer order by r.nth) from request as r)
  into kinds, newcomers;
end;
$$;

comment on function rhythm.sort_requests(jsonb, timestamptz) is 'Requests as kinds and newcomers. Internal.';

-- Creates everything except what make_alike() creates. With p_worker, up to p_lease of what may begin at once is created leased
-- to that worker, without a notification. Joins only rows in memory, and parents by their key: so hashing is safe with any plan.
create or replace function rhythm.make_executions(
  p_kinds rhythm.kind[],
  p_newcomers rhythm.newcomer[],
  p_now timestamptz,
  p_worker uuid default null,
  p_call integer default null,
  p_lease integer default 0,
  p_targets text[] default null
)
returns rhythm.batch[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_hashjoin = on
as $$
declare
  v_queues text[];
  v_paused text[];
  v_gates constant rhythm.gate[] := rhythm.gates_before(p_kinds, p_newcomers);
  v_result rhythm.batch[];
begin
  if p_newcomers is null or p_newcomers = '{}' then
    return '{}';
  end if;
  if v_gates is not null then
    p_lease := 0;
  elsif p_lease > 0 then
    v_queues := array(select w.q from (select unnest(k.queues) as q from rhythm.worker as k where k.id = p_worker) as w
      where not exists (select from rhythm.queue as q where q.name = w.q));
    v_paused := rhythm.paused_targets();
  end if;

  with kind as materialized (
    select k.*, rhythm.batch_room(row(k.head, k.type, k.target, k.program, k.queue, k.priority, k.run_at, k.expires_at, k.timeout_ms, k.retry, k.concurrency_key, k.unique_key, k.unique_while, k.metadata, k.notify_on_end, k.outlives)::rhythm.kind) as room,
      rhythm.has_limits(k.queue) as limited, v.version, v.found_by,
      p_lease > 0 and k.run_at is null and (k.expires_at is null or k.expires_at > p_now) and k.queue = any (v_queues) and k.concurrency_key is null
        and (k.type = 'workflow' or p_targets is null or k.target = any (p_targets)) and (v_paused is null or not rhythm.is_paused(v_paused, k.type, k.target)) as may_lease
    from unnest(p_kinds) with ordinality as k (head, type, target, program, queue, priority, run_at, expires_at, timeout_ms, retry, concurrency_key, unique_key, unique_while, metadata, notify_on_end, outlives, nth)
    left join lateral (select x.version, x.found_by from rhythm.flow_version as x where x.program = k.program offset 0) as v on true
  ),
  tree as materialized (
    select p.parent_id, x.root_id
    from (select distinct n.parent_id from unnest(p_newcomers) as n where n.parent_id is not null) as p
    cross join lateral (select coalesce(e.root_id, e.id) as root_id from rhythm.execution as e where e.id = p.parent_id offset 0) as x
  ),
  placed as (
    select n.*, k.room, k.may_lease and row_number() over (partition by k.may_lease order by n.nth) <= p_lease as is_leased
    from unnest(p_newcomers) with ordinality as n (id, kind, parent_id, wait_group, traceparent, keyed, inputs, nth)
    join kind as k on k.nth = n.kind
  ),
  numbered as materialized (
    select p.*, (row_number() over (partition by p.kind, p.is_leased, p.traceparent order by p.id) - 1) / (case when p.is_leased then 100 else p.room end) as piece
    from placed as p
  ),
  grouped as materialized (
    select nextval('rhythm.batch_id_seq') as id, g.*
    from (
      select n.kind, n.is_leased, n.piece, n.traceparent, array_agg(n.id order by n.id) as ids
      from numbered as n group by n.kind, n.is_leased, n.piece, n.traceparent
    ) as g
  ),
  member as materialized (
    select g.id as batch_id, g.kind, i.id from grouped as g cross join lateral unnest(g.ids) as i (id)
  ),
  born as (
    insert into rhythm.execution (
      id, parent_id, root_id, batch_id, run_at, expires_at, wait_group, seed, version, outlives, notify_on_end, keyed, priority, timeout_ms,
      type, target, queue, concurrency_key, unique_key, unique_while, traceparent, tags, retry, metadata, inputs
    )
    select n.id, n.parent_id, t.root_id, case k.type when 'task' then m.batch_id end, k.run_at, k.expires_at, n.wait_group,
      case k.type when 'workflow' then hashtextextended(rhythm.secret()::text, 0) end, k.version,
      k.outlives, k.notify_on_end, coalesce(n.keyed, false), k.priority, k.timeout_ms, k.type, k.target, k.queue, k.concurrency_key, k.unique_key, k.unique_while,
      n.traceparent, case when k.found_by is not null then rhythm.first_tags(k.found_by, n.inputs) end, k.retry, k.metadata, coalesce(n.inputs, '{}')
    from numbered as n
    join kind as k on k.nth = n.kind
    join member as m on m.id = n.id
    left join tree as t on t.parent_id = n.parent_id
    order by n.nth
  ),
  state as (
    insert into rhythm.workflow_state (execution_id, program, batch_id)
    select m.id, k.program, m.batch_id from member as m join kind as k on k.nth = m.kind where k.type = 'workflow'
  ),
  deadline as (
    insert into rhythm.timer (id, execution_id, fires_at, deadline)
    select rhythm.uuid7(p_now), m.id, coalesce(k.run_at, p_now) + k.timeout_ms * interval '1 millisecond', true
    from member as m join kind as k on k.nth = m.kind
    where k.type = 'workflow' and k.timeout_ms is not null
  ),
  made as (
    insert into rhythm.batch (id, first_id, worker, run_at, claimed_at, expires_at, timeout_ms, call, priority, size, attempt, limited, type, queue, target, concurrency_key, common, ids)
    select g.id, g.ids[1], case when g.is_leased then p_worker end, k.run_at, case when g.is_leased then p_now end,
      k.expires_at, case k.type when 'task' then k.timeout_ms end, case when g.is_leased then p_call end, k.priority, cardinality(g.ids),
      case when g.is_leased then 1 else 0 end, not g.is_leased and k.limited, k.type, k.queue, k.target, k.concurrency_key,
      rhythm.common_of(rhythm.max_attempts(k.retry), k.timeout_ms, k.metadata, g.traceparent, k.program), g.ids
    from grouped as g join kind as k on k.nth = g.kind
    returning *
  )
  select coalesce(array_agg(m::rhythm.batch), '{}') from made as m into v_result;
  if v_gates is not null then
    perform rhythm.stop_before(v_gates, p_newcomers);
  end if;
  return v_result;
end;
$$;

comment on function rhythm.make_executions(rhythm.kind[], rhythm.newcomer[], timestamptz, uuid, integer, integer, text[]) is
  'Creates executions of checked kinds; returns their batches. Internal: called by create_many() and by settling.';

-- Wakes the workers that sleep for new batches.
create or replace function rhythm.wake_for(p_batches rhythm.batch[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.wake(array(select distinct b.queue from unnest(p_batches) as b where b.worker is null and b.run_at is null));
  if exists (select from unnest(p_batches) as b where b.run_at is not null or b.expires_at is not null) then
    perform rhythm.wake_clocks();
  end if;
end;
$$;

comment on function rhythm.wake_for(rhythm.batch[]) is 'Wakes workers that sleep for new batches. Internal.';
