-- Settling: how executions leave a worker's hands.

-- Locks what the worker still holds. Order: execution rows by id.
create or replace function rhythm.held_outcomes(p_worker uuid, p_outcomes jsonb)
returns rhythm.outcome[]
language sql
volatile
set search_path = ''
as $$
  with held as (
    select o::rhythm.outcome as o, e.id
    from jsonb_populate_recordset(null::rhythm.outcome, p_outcomes) as o
    join rhythm.execution as e on e.id = o.id and e.attempt = o.attempt
    where e.worker = p_worker
    order by e.id
    for update of e
  )
  select coalesce(array_agg(h.o), '{}') from held as h;
$$;

comment on function rhythm.held_outcomes(uuid, jsonb) is 'The outcomes whose lease the worker still holds, their executions locked. Internal.';

create or replace function rhythm.outcome_problem(p_outcome rhythm.outcome)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
begin
  return case
    when p_outcome.status not in ('completed', 'failed', 'suspended', 'cancelled', 'released') then
      format('"%s" cannot be the status of an outcome: expected completed, failed, suspended, cancelled or released', p_outcome.status)
    when p_outcome.status is null then 'An outcome has no status'
    when p_outcome.status = 'failed' and jsonb_typeof(p_outcome.error) is distinct from 'object' then 'A failed outcome needs an error: {"type", "message"}'
    when p_outcome.status = 'suspended' and p_outcome.snapshot is null then 'A suspended outcome needs a snapshot'
    when pg_column_size(p_outcome.output) > v_limit / 2 and octet_length(p_outcome.output::text) > v_limit then
      format('The output takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_outcome.output::text), v_limit)
  end;
end;
$$;

comment on function rhythm.outcome_problem(rhythm.outcome) is 'What is wrong with an outcome; null if nothing is. Internal.';

-- The rows themselves. What is completed is the common case, and needs no look at what the row was.
create or replace function rhythm.write_completed(p_outcomes rhythm.outcome[], p_now timestamptz)
returns setof rhythm.moved
language sql
volatile
set search_path = ''
as $$
  update rhythm.execution as e
  set worker = null, stage = 4, status = 'completed', completed_at = p_now, output = coalesce(o.output, 'null'), error = null, note = null
  from unnest(p_outcomes) as o
  where e.id = o.id and o.status = 'completed'
  returning e.id, e.parent_id, e.worker, e.stage, e.wait_group, e.watched, e.type, e.queue;
$$;

comment on function rhythm.write_completed(rhythm.outcome[], timestamptz) is 'Writes the rows of executions that completed. Internal.';

-- Over, to be tried again, suspended, or handed back.
create or replace function rhythm.write_others(p_outcomes rhythm.outcome[], p_ready uuid[], p_now timestamptz)
returns setof rhythm.moved
language sql
volatile
set search_path = ''
as $$
  update rhythm.execution as e
  set worker = null,
    stage = n.stage,
    status = case n.stage when 0 then 'pending' when 1 then 'pending' when 3 then 'suspended' when 5 then 'failed' else 'cancelled' end,
    attempt = case when o.status = 'released' and e.type = 'task' then greatest(e.attempt - 1, 0) else e.attempt end,
    run_at = case when n.stage = 0 then p_now + n.delay_ms * interval '1 millisecond' else e.run_at end,
    completed_at = case when n.stage >= 4 then p_now end,
    error = case when o.status = 'failed' then o.error else e.error end,
    note = case when o.status = 'released' then o.reason end
  from unnest(p_outcomes) as o
  join rhythm.execution as x on x.id = o.id
  cross join lateral (
    select case
      when o.status = 'cancelled' then 6
      when o.status = 'suspended' then case when o.id = any (p_ready) then 1 else 3 end
      when x.cancel_reason is not null and (o.status = 'failed' or x.type = 'task') then 6
      when o.status = 'released' then case when coalesce(o.delay_ms, 0) > 0 then 0 else 1 end
      when coalesce(o.retryable, true) and x.attempt < x.max_attempts and x.type = 'task' then 0
      else 5
    end as stage,
    case o.status when 'released' then o.delay_ms else rhythm.backoff_ms(x.retry, x.attempt) end as delay_ms
  ) as n
  where e.id = o.id and o.status <> 'completed'
  returning e.id, e.parent_id, e.worker, e.stage, e.wait_group, e.watched, e.type, e.queue;
$$;

comment on function rhythm.write_others(rhythm.outcome[], uuid[], timestamptz) is 'Writes the rows of executions that left a worker''s hands otherwise than completed. Internal.';

-- Locks, in this order: the settled executions; the states of their workflows and parents; parents that go on. Each by id.
create or replace function rhythm.settle_batch(p_worker uuid, p_outcomes jsonb, p_lease integer, p_targets text[])
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_held constant rhythm.outcome[] := rhythm.held_outcomes(p_worker, p_outcomes);
  v_flows rhythm.outcome[];
  v_members rhythm.settled_item[] := '{}';
  v_ready uuid[] := '{}';
  v_over rhythm.moved[];
  v_leased uuid[] := '{}';
  v_queues text[] := '{}';
  v_problem text;
begin
  select rhythm.outcome_problem(o) into v_problem from unnest(v_held) as o
  where (o.status <> 'completed' or pg_column_size(o.output) > 20000) is not false and rhythm.outcome_problem(o) is not null limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH006', v_problem);
  end if;
  perform rhythm.lock_states(v_held);

  v_flows := array(select o from unnest(v_held) as o where o.snapshot is not null or jsonb_array_length(o.effects) > 0);
  if v_flows <> '{}' then
    v_members := array(select m from rhythm.wait_members(v_flows) as m);
    select array_agg(b.id) filter (where b.stage = 2), array_agg(distinct b.queue) filter (where b.stage = 1)
    into v_leased, v_queues
    from rhythm.insert_executions(rhythm.child_requests(v_flows, v_members), v_now, p_worker, p_lease, p_targets) as b;
    perform rhythm.insert_timers(v_flows, v_members);
    perform rhythm.insert_logs(v_flows, v_now);
    perform rhythm.regroup(v_flows, v_members);
    perform rhythm.release_waits(v_flows);
    v_ready := rhythm.store_states(v_flows, v_members);
  end if;

  v_over := array(select w::rhythm.moved from rhythm.write_completed(v_held, v_now) as w);
  if cardinality(v_over) < cardinality(v_held) then
    v_over := v_over || array(select w::rhythm.moved from rhythm.write_others(v_held, v_ready, v_now) as w);
  end if;
  v_leased := coalesce(v_leased, '{}') || rhythm.after_settle(v_over, v_flows, p_worker, p_lease - coalesce(cardinality(v_leased), 0), v_now);
  perform rhythm.wake(coalesce(v_queues, '{}') || array(select distinct e.queue from unnest(v_over) as e where e.stage = 1));

  return jsonb_build_object(
    'refused', case when cardinality(v_held) = jsonb_array_length(p_outcomes) then '[]' else (
      select coalesce(jsonb_agg(jsonb_build_object('id', x.value ->> 'id', 'reason', coalesce('it is ' || e.status, 'unknown execution'))), '[]')
      from jsonb_array_elements(p_outcomes) as x
      left join rhythm.execution as e on e.id = (x.value ->> 'id')::uuid
      where (x.value ->> 'id')::uuid <> all (array(select o.id from unnest(v_held) as o))
    ) end,
    'claimed', case when v_leased = '{}' then '[]' else (select coalesce(jsonb_agg(to_jsonb(h)), '[]') from rhythm.hand_over(v_leased) as h) end
  );
end;
$$;

comment on function rhythm.settle_batch(uuid, jsonb, integer, text[]) is 'One transaction''s worth of settle(). Internal.';

create or replace function rhythm.lock_states(p_held rhythm.outcome[])
returns void
language sql
volatile
set search_path = ''
as $$
  select from rhythm.workflow_state as s
  where s.execution_id = any (array(
    select coalesce(e.parent_id, e.id)
    from unnest(p_held) as o join rhythm.execution as e on e.id = o.id
    where e.parent_id is not null or e.type = 'workflow'
    union
    select e.id from unnest(p_held) as o join rhythm.execution as e on e.id = o.id where e.type = 'workflow'
  ))
  order by s.execution_id
  for update;
$$;

comment on function rhythm.lock_states(rhythm.outcome[]) is 'Locks the states of settled workflows and of parents, in the order of their ids. Internal.';

-- What follows from executions that left a worker's hands: signals meet waits, parents learn of ends, people are told.
create or replace function rhythm.after_settle(
  p_over rhythm.moved[],
  p_flows rhythm.outcome[],
  p_worker uuid,
  p_lease integer,
  p_now timestamptz
)
returns uuid[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_items rhythm.settled_item[] := '{}';
  v_targets uuid[] := '{}';
begin
  if p_flows <> '{}' then
    perform rhythm.send_signals(p_flows, p_now);
    v_targets := array(
      select o.id from unnest(p_flows) as o where o.status = 'suspended' and exists (
        select from rhythm.signal_wait as w where w.execution_id = o.id)
      union
      select (f.value ->> 'executionId')::uuid from unnest(p_flows) as o cross join lateral jsonb_array_elements(o.effects) as f
      where f.value ->> 'type' = 'send_signal' and f.value ->> 'executionId' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$');
    if v_targets <> '{}' then
      perform from rhythm.workflow_state as s where s.execution_id = any (v_targets) order by s.execution_id for update;
      v_items := rhythm.match_signals(v_targets);
    end if;
  end if;
  return rhythm.follow_ends(p_over, v_items, p_worker, p_lease, p_now);
end;
$$;

comment on function rhythm.after_settle(rhythm.moved[], rhythm.outcome[], uuid, integer, timestamptz) is 'What follows from settled executions. Internal.';

create or replace function rhythm.follow_ends(
  p_over rhythm.moved[],
  p_items rhythm.settled_item[],
  p_worker uuid,
  p_lease integer,
  p_now timestamptz
)
returns uuid[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_items constant rhythm.settled_item[] := p_items || array(
    select row(e.parent_id, e.id, e.wait_group, e.stage <> 4)::rhythm.settled_item
    from unnest(p_over) as e where e.stage >= 4 and e.parent_id is not null);
  v_leased uuid[] := '{}';
begin
  if v_items <> '{}' then
    v_leased := rhythm.resume(rhythm.deliver(v_items), p_now, p_worker, p_lease);
  end if;
  if exists (select from unnest(p_over) as e where e.stage >= 4 and e.type = 'workflow') then
    perform rhythm.clear_workflows(array(select e.id from unnest(p_over) as e where e.stage >= 4 and e.type = 'workflow'));
  end if;
  perform pg_notify(rhythm.channel('done'), e.id::text) from unnest(p_over) as e where e.stage >= 4 and e.watched;
  return v_leased;
end;
$$;

comment on function rhythm.follow_ends(rhythm.moved[], rhythm.settled_item[], uuid, integer, timestamptz) is
  'Tells parents and people of ends; returns parents that were leased to the worker. Internal.';

-- A workflow that is over waits for nothing. The snapshot of one that failed stays: retry() goes on from it.
create or replace function rhythm.clear_workflows(p_ids uuid[])
returns void
language sql
volatile
set search_path = ''
as $$
  delete from rhythm.workflow_state as s using rhythm.execution as e
  where s.execution_id = any (p_ids) and e.id = s.execution_id and e.stage = 4;
  delete from rhythm.timer as t using rhythm.execution as e
  where t.execution_id = any (p_ids) and e.id = t.execution_id and (e.stage = 4 or t.wait_group = -1);
  delete from rhythm.signal_wait as w using rhythm.execution as e
  where w.execution_id = any (p_ids) and e.id = w.execution_id and e.stage = 4;
$$;

comment on function rhythm.clear_workflows(uuid[]) is 'Removes the waits of workflows that are over. Internal.';

create or replace function rhythm.settle(p_worker uuid, p_outcomes jsonb, p_lease integer default 0, p_targets text[] default null)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_count constant integer := jsonb_array_length(p_outcomes);
  v_first jsonb;
  v_second jsonb;
  v_code text;
  v_message text;
begin
  return rhythm.settle_batch(p_worker, p_outcomes, p_lease, p_targets);
exception
  when others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
    -- Deadlocks, cancelled statements, want of resources, a server that stops: not the outcome's fault.
    if v_code ~ '^(40|53|55|57|58|XX)' or v_count = 0 then
      raise;
    end if;
    if v_count > 1 then
      v_first := rhythm.settle(p_worker, (select jsonb_agg(x.value order by x.nth) from jsonb_array_elements(p_outcomes) with ordinality as x (value, nth) where x.nth <= v_count / 2), p_lease, p_targets);
      v_second := rhythm.settle(p_worker, (select jsonb_agg(x.value order by x.nth) from jsonb_array_elements(p_outcomes) with ordinality as x (value, nth) where x.nth > v_count / 2),
        p_lease - jsonb_array_length(v_first -> 'claimed'), p_targets);
      return jsonb_build_object('refused', (v_first -> 'refused') || (v_second -> 'refused'), 'claimed', (v_first -> 'claimed') || (v_second -> 'claimed'));
    end if;
    return rhythm.settle_batch(p_worker, jsonb_build_array(jsonb_build_object(
      'id', p_outcomes -> 0 -> 'id', 'attempt', p_outcomes -> 0 -> 'attempt', 'status', 'failed', 'retryable', false,
      'error', jsonb_build_object('type', 'SettleError', 'message', v_message, 'code', v_code))), 0, p_targets);
end;
$$;

comment on function rhythm.settle(uuid, jsonb, integer, text[]) is
  'Commits what became of leased executions, all in one transaction: an array of {id, attempt, status: completed|failed|suspended|cancelled|released, …}. '
  'Returns {refused: [{id, reason}], claimed: […]}: outcomes whose lease was lost changed nothing; with p_lease, children and workflows that can go on are leased at once '
  'and returned as claim() would. An outcome that the database refuses fails its execution with the reason; the others go through.';
