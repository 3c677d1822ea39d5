-- Creating executions: one way in for everything that is started.

create or replace function rhythm.check_requests(p_requests jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_nth bigint;
  v_problem text;
begin
  if p_requests is null or jsonb_typeof(p_requests) <> 'array' then
    perform rhythm.raise('RH001', 'create_many() was given something else than a JSON array', 'Expected [{"type": "task", "target": "send_email", "inputs": {}}, …]');
  end if;
  select r.nth, rhythm.request_problem(r.value) into v_nth, v_problem
  from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
  where not coalesce(rhythm.is_plain_request(r.value), false)
    and rhythm.request_problem(r.value) is not null
  order by r.nth
  limit 1;
  if v_problem is not null then
    perform rhythm.raise(
      case when v_problem like 'inputs take%' then 'RH006' else 'RH001' end,
      case when jsonb_array_length(p_requests) = 1 then v_problem else format('Request %s: %s', v_nth, v_problem) end
    );
  end if;
end;
$$;

comment on function rhythm.check_requests(jsonb) is 'Raises RH001 (RH006: too large) with the first thing that is wrong in an array for create_many().';

create or replace function rhythm.check_targets(p_requests jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_flow text;
  v_problem jsonb;
begin
  select t.target into v_flow
  from (select distinct r.value ->> 'target' as target from jsonb_array_elements(p_requests) as r where r.value ->> 'type' = 'workflow') as t
  where not exists (select from rhythm.flow as f where f.name = t.target)
  limit 1;
  if v_flow is not null then
    perform rhythm.raise('RH004', format('There is no flow "%s"', v_flow), coalesce(
      (select format('Did you mean "%s"?', f.name) from rhythm.flow as f
       where lower(replace(replace(f.name, '_', ''), '-', '')) = lower(replace(replace(v_flow, '_', ''), '-', ''))
         or f.name like v_flow || '%' or v_flow like f.name || '%' order by f.name limit 1),
      'Register it with register_flow(), or start a worker that has it'));
  end if;

  select p.problem, p.target into v_problem, v_flow
  from (
    select r.value ->> 'target' as target, rhythm.check_inputs(v.input_schema, coalesce(r.value -> 'inputs', '{}')) as problem
    from jsonb_array_elements(p_requests) as r
    join rhythm.flow as f on f.name = r.value ->> 'target'
    join rhythm.flow_version as v on v.program = f.program and v.input_schema is not null
    where r.value ->> 'type' = 'workflow'
  ) as p
  where p.problem is not null
  limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH005', format('Cannot start flow "%s": %s', v_flow, coalesce(v_problem ->> 'message', v_problem ->> 'sentence', v_problem::text)), null, v_problem::text);
  end if;
end;
$$;

comment on function rhythm.check_targets(jsonb) is 'Raises RH004 for a flow that is not registered, RH005 for inputs that break its schema.';

-- The work behind create_many() and behind the effects of settle(): requests that are right become executions.
-- With p_worker, those that may run at once are born leased to it, up to p_lease, and are not notified.
create or replace function rhythm.insert_executions(
  p_requests jsonb,
  p_now timestamptz,
  p_worker uuid default null,
  p_lease integer default 0,
  p_targets text[] default null
)
returns setof rhythm.execution
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_queues text[];
begin
  if p_lease > 0 then
    v_queues := array(select w.q from (select unnest(k.queues) as q from rhythm.worker as k where k.id = p_worker) as w
      where not exists (select from rhythm.queue as q where q.name = w.q));
  end if;

  return query
  with request as (
    select
      coalesce((r.value ->> 'id')::uuid, rhythm.uuid7(p_now, (r.nth - 1)::integer)) as id,
      r.nth,
      r.value as v,
      r.value ->> 'type' as type,
      r.value ->> 'target' as target,
      case r.value ->> 'type' when 'workflow' then fv.options else t.options end as d,
      fv.program,
      coalesce(
        (r.value ->> 'run_at')::timestamptz,
        case when r.value ? 'delay' then p_now + rhythm.duration_ms(r.value -> 'delay') * interval '1 millisecond' end
      ) as run_at
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    left join rhythm.task as t on r.value ->> 'type' = 'task' and t.name = r.value ->> 'target'
    left join rhythm.flow as f on r.value ->> 'type' = 'workflow' and f.name = r.value ->> 'target'
    left join rhythm.flow_version as fv on fv.program = f.program
  ),
  placed as (
    select
      r.*,
      coalesce(r.v ->> 'queue', r.d ->> 'queue', 'default') as queue,
      coalesce(r.run_at, p_now) > p_now as delayed,
      coalesce(nullif(r.v -> 'retry', 'null'), r.d -> 'retry') as retry
    from request as r
  ),
  leased as (
    select p.id from placed as p
    where p_lease > 0 and not p.delayed and p.queue = any (v_queues) and not p.v ? 'concurrency_key'
      and (p.type = 'workflow' or p_targets is null or p.target = any (p_targets))
    order by p.nth
    limit greatest(p_lease, 0)
  ),
  born as (
    insert into rhythm.execution (
      id, parent_id, worker, created_at, claimed_at, run_at, stage, attempt, max_attempts, priority, timeout_ms,
      type, status, target, queue, concurrency_key, traceparent, retry, metadata, inputs
    )
    select
      p.id, (p.v ->> 'parent')::uuid,
      case when l.id is not null then p_worker end,
      p_now,
      case when l.id is not null then p_now end,
      case when p.delayed then p.run_at end,
      case when p.delayed then 0 when l.id is not null then 2 else 1 end,
      case when l.id is not null then 1 else 0 end,
      coalesce((p.retry ->> 'max_attempts')::smallint, case p.type when 'workflow' then 1 else 3 end),
      coalesce((p.v ->> 'priority')::smallint, (p.d ->> 'priority')::smallint, 0),
      case when p.v ? 'timeout' then rhythm.duration_ms(p.v -> 'timeout') when p.d ? 'timeout' then rhythm.duration_ms(p.d -> 'timeout') end,
      p.type,
      case when l.id is not null then 'running' else 'pending' end,
      p.target, p.queue, p.v ->> 'concurrency_key', p.v ->> 'traceparent',
      p.retry, p.v -> 'metadata', coalesce(p.v -> 'inputs', '{}')
    from placed as p
    left join leased as l on l.id = p.id
    order by p.nth
    returning *
  ),
  state as (
    insert into rhythm.workflow_state (execution_id, program)
    select p.id, p.program from placed as p where p.type = 'workflow'
  ),
  deadline as (
    insert into rhythm.timer (id, execution_id, fires_at, deadline)
    select rhythm.uuid7(p_now), b.id, greatest(coalesce(b.run_at, p_now), p_now) + b.timeout_ms * interval '1 millisecond', true
    from born as b where b.type = 'workflow' and b.timeout_ms is not null
  )
  select b.* from born as b;
end;
$$;

comment on function rhythm.insert_executions(jsonb, timestamptz, uuid, integer, text[]) is
  'Turns requests that were checked into executions. Internal: create_many() and settle() are the ways in.';
