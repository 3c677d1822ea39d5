-- Settling outcomes.

-- One transaction. Never waits for a row: what it cannot lock at once, it declines.
-- Locks: states, executions, batches.
create or replace function rhythm.settle_all(p_worker uuid, p_items jsonb, p_call integer, p_lease integer, p_targets text[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_free uuid[];
  v_stuck uuid[] := '{}';
  v_held rhythm.outcome[];
  v_flows rhythm.outcome[];
  v_groups rhythm.grouping[];
  v_at_once uuid[] := '{}';
  v_born rhythm.batch[] := '{}';
  v_waiters uuid[] := '{}';
  v_requests jsonb;
  v_ended rhythm.transition[];
  v_items rhythm.settled_item[] := '{}';
  v_returned record;
  v_leased bigint[];
  v_problem text;
  v_sorted record;
begin
  perform rhythm.check_items(p_items);
  v_stuck := array(select distinct c.concerns from rhythm.concerned(p_items) as c);
  if v_stuck <> '{}' then
    v_free := rhythm.lock_free_states(v_stuck);
    v_stuck := array(select s.execution_id from rhythm.workflow_state as s where s.execution_id = any (v_stuck) and s.execution_id <> all (v_free));
    if v_stuck <> '{}' then
      v_stuck := array(select distinct c.id from rhythm.concerned(p_items) as c where c.concerns = any (v_stuck));
    end if;
  end if;
  v_held := rhythm.held_outcomes(p_worker, case when v_stuck = '{}' then p_items else
    (select coalesce(jsonb_agg(o.value), '[]') from jsonb_array_elements(p_items) as o (value) where (o.value ->> 'id')::uuid <> all (v_stuck)) end, p_now);
  select rhythm.outcome_problem(o, v_limit) into v_problem from unnest(v_held) as o where rhythm.outcome_problem(o, v_limit) is not null limit 1;
  if v_problem is not null then
    perform rhythm.raise(case when v_problem like '% bytes: at most %' then 'RH006' else 'RH001' end, v_problem);
  end if;

  if exists (select from unnest(v_held) as o where o.moment is not null) then
    perform rhythm.note_steps(v_held);
  end if;
  v_flows := array(select o from unnest(v_held) as o where o.fate in ('suspended', 'continued') or jsonb_array_length(o.effects) > 0);
  if v_flows <> '{}' then
    v_groups := array(
      select case o.fate when 'suspended' then rhythm.group_waits(o.id, o.waits, array(
        select (f.value ->> 'id')::uuid from jsonb_array_elements(o.effects) as f (value) where f.value ? 'id' order by 1)) end
      from unnest(v_flows) as o);
    v_requests := rhythm.child_requests(v_flows, v_groups);
    if jsonb_path_exists(v_requests, '$[*] ? (exists(@.idempotency_key) || exists(@.unique))') then
      v_waiters := rhythm.make_key_waiters(v_requests, p_now);
      v_requests := (select coalesce(jsonb_agg(r.value order by r.nth), '[]') from jsonb_array_elements(v_requests) with ordinality as r (value, nth)
        where (r.value ->> 'id')::uuid <> all (v_waiters));
    end if;
    if v_requests <> '[]' then
      v_sorted := rhythm.sort_requests(v_requests, p_now);
      v_born := rhythm.make_executions(v_sorted.kinds, v_sorted.newcomers, p_now, p_worker, p_call, p_lease, p_targets);
    end if;
    perform rhythm.insert_timers(v_flows, v_groups);
    perform rhythm.insert_logs(v_flows, p_now);
    -- Before waits go, which say what is answered.
    if exists (select from unnest(v_flows) as o where o.effects @> '[{"type": "answer"}]') then
      perform rhythm.settle_answers(v_flows, p_now);
    end if;
    if jsonb_path_exists(p_items, '$[*].effects[*] ? (@.type == "tag")') then
      perform rhythm.write_tags(v_flows);
    end if;
    perform rhythm.release_waits(v_flows);
    v_at_once := rhythm.store_states(v_flows, v_groups);
    v_at_once := v_at_once || array(
      select o.id from unnest(v_flows) as o
      where o.fate = 'suspended' and exists (select from rhythm.execution as x where x.id = o.id and x.stopping offset 0));
    v_at_once := v_at_once || rhythm.continue_flows(v_flows, p_now);
    update rhythm.execution as e set stopping = false
    where e.stopping and e.id = any (array(select o.id from unnest(v_flows) as o where o.fate = 'suspended'));
  end if;

  v_ended := rhythm.write_ends(v_held, p_now);
  v_returned := rhythm.write_returns(v_held, p_now);
  perform rhythm.drop_empty_batches(array(select distinct o.batch_id from unnest(v_held) as o));
  if v_flows <> '{}' then
    perform rhythm.cancel_started(v_flows, v_at_once, p_now);
    if v_waiters <> '{}' then
      v_ended := v_ended || rhythm.join_owners(v_waiters, p_now);
    end if;
    v_items := rhythm.settle_signals(v_flows, p_now);
  end if;
  v_leased := rhythm.resume(v_at_once, p_now, p_worker, p_call,
    p_lease - coalesce((select sum(b.size) from unnest(v_born) as b where b.worker is not null), 0)::integer);
  v_leased := v_leased || rhythm.follow_ends(v_ended, v_items, p_now, p_worker, p_call,
    p_lease - coalesce((select sum(b.size) from unnest(v_born) as b where b.worker is not null), 0)::integer - cardinality(v_leased));
  perform rhythm.wake_for(v_born);
  perform rhythm.wake(v_returned.queues);
  return rhythm.settled_answer(p_worker, p_items, array(select o.id from unnest(v_held) as o where o.status = 'released' or o.fate <> 'released'),
    v_leased || array(select b.id from unnest(v_born) as b where b.worker is not null and b.type = 'workflow'),
    array(select b.id from unnest(v_born) as b where b.worker is not null and b.type = 'task'))
    || case when v_returned.retried is null then '{}' else jsonb_build_object('retried', v_returned.retried) end;
end;
$$;

comment on function rhythm.settle_all(uuid, jsonb, integer, integer, text[], timestamptz) is 'Settles all outcomes; if there is an error, none of them. Internal.';

-- {refused, declined, leased: batches to hand over, born: batches whose inputs the worker knows}. settle_all() adds
-- retried if there are failed attempts that will be repeated: {id: milliseconds until then}.
create or replace function rhythm.settled_answer(p_worker uuid, p_items jsonb, p_held uuid[], p_leased bigint[], p_born bigint[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refused jsonb := '[]';
  v_declined jsonb := '[]';
begin
  if cardinality(p_held) < jsonb_array_length(p_items) then
    select coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'reason', n.reason)) filter (where not n.declined), '[]'),
      coalesce(jsonb_agg(n.id) filter (where n.declined), '[]')
    into v_refused, v_declined
    from rhythm.not_held(p_worker, p_items, p_held) as n;
  end if;
  return jsonb_build_object('refused', v_refused, 'declined', v_declined, 'leased', p_leased, 'born', p_born);
end;
$$;

comment on function rhythm.settled_answer(uuid, jsonb, uuid[], bigint[], bigint[]) is 'What happened to outcomes, and what was leased with them. Internal.';

create or replace function rhythm.lock_free_states(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[];
begin
  with held as (
    select s.execution_id from rhythm.workflow_state as s
    where s.execution_id = any (p_ids)
    order by s.execution_id
    for update skip locked
  )
  select coalesce(array_agg(h.execution_id), '{}') from held as h
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.lock_free_states(uuid[]) is 'Locks the states of workflows that no other session has locked, and returns those. Never waits. Internal.';

-- Signals that workflows sent, and signals that they began to wait for.
create or replace function rhythm.settle_signals(p_flows rhythm.outcome[], p_now timestamptz)
returns rhythm.settled_item[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_receivers uuid[];
begin
  perform rhythm.send_signals(p_flows, p_now);
  v_receivers := array(
    select o.id from unnest(p_flows) as o
    where o.fate = 'suspended' and exists (select from rhythm.signal_wait as w where w.execution_id = o.id)
    union
    select rhythm.as_uuid(f.value ->> 'executionId')
    from unnest(p_flows) as o cross join lateral jsonb_array_elements(o.effects) as f
    where f.value ->> 'type' = 'send_signal' and rhythm.as_uuid(f.value ->> 'executionId') is not null);
  return case when v_receivers = '{}' then '{}' else rhythm.match_signals(v_receivers) end;
end;
$$;

comment on function rhythm.settle_signals(rhythm.outcome[], timestamptz) is 'Sends the signals of outcomes and matches what their workflows wait for; returns the waits that took one. Internal.';

-- A workflow that was cancelled while it ran did not know, and started these. No other session sees them yet, so their locks are free.
create or replace function rhythm.cancel_started(p_flows rhythm.outcome[], p_stopping uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.cancel_trees(array_agg((f.value ->> 'id')::uuid), min(e.cancel_reason), p_now)
  from unnest(p_flows) as o
  cross join lateral (select x.cancel_reason from rhythm.execution as x where x.id = o.id and x.cancel_reason is not null offset 0) as e
  cross join lateral jsonb_array_elements(o.effects) as f
  where o.id = any (p_stopping) and f.value ->> 'type' in ('run_task', 'run_workflow') and f.value #>> '{options,on_parent_cancel}' is distinct from 'abandon'
  group by o.id;
end;
$$;

comment on function rhythm.cancel_started(rhythm.outcome[], uuid[], timestamptz) is 'Cancels what workflows started after they were cancelled. Internal.';

-- If the data of an outcome causes an error, the outcomes are split until the bad one is alone. It fails its execution with
-- the reason, and the others are settled.
create or replace function rhythm.settle_outcomes(p_worker uuid, p_items jsonb, p_call integer, p_lease integer, p_targets text[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count constant integer := jsonb_array_length(p_items);
  v_first jsonb;
  v_second jsonb;
  v_code text;
  v_message text;
begin
  return rhythm.settle_all(p_worker, p_items, p_call, p_lease, p_targets, p_now);
exception
  when others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
    -- The outcome is not the cause of deadlocks, cancelled statements, missing resources, an upgrade, or a server that stops.
    if not rhythm.is_data_error(v_code) and v_code <> '55P03' then
      raise;
    end if;
    if v_count > 1 then
      v_first := rhythm.settle_outcomes(p_worker, jsonb_path_query_array(p_items, format('$[0 to %s]', v_count / 2 - 1)::jsonpath), p_call, p_lease, p_targets, p_now);
      v_second := rhythm.settle_outcomes(p_worker, jsonb_path_query_array(p_items, format('$[%s to last]', v_count / 2)::jsonpath), p_call, 0, p_targets, p_now);
      return rhythm.both_answers(v_first, v_second);
    elsif v_code = '55P03' then
      return jsonb_build_object('refused', '[]'::jsonb, 'declined', jsonb_build_array(p_items -> 0 -> 'id'), 'leased', '[]'::jsonb, 'born', '[]'::jsonb);
    elsif not coalesce(p_items #>> '{0,id}' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', false) or jsonb_typeof(p_items #> '{0,call}') is distinct from 'number' then
      raise;
    end if;
    return rhythm.settle_all(p_worker, jsonb_build_array(jsonb_build_object(
      'id', p_items -> 0 -> 'id', 'call', p_items -> 0 -> 'call', 'seq', p_items -> 0 -> 'seq', 'status', 'failed', 'retryable', false,
      'error', jsonb_build_object('type', 'SettleError', 'message', v_message, 'code', v_code))), p_call, 0, p_targets, p_now);
end;
$$;

comment on function rhythm.settle_outcomes(uuid, jsonb, integer, integer, text[], timestamptz) is
  'Settles outcomes; an outcome that the database cannot store fails its execution with the reason. Internal.';

create or replace function rhythm.both_answers(p_first jsonb, p_second jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('refused', (p_first -> 'refused') || (p_second -> 'refused'), 'declined', (p_first -> 'declined') || (p_second -> 'declined'),
    'leased', (p_first -> 'leased') || (p_second -> 'leased'), 'born', (p_first -> 'born') || (p_second -> 'born'),
    'early', coalesce(p_first -> 'early', '{}') || coalesce(p_second -> 'early', '{}'))
    || case when p_first ? 'problem' then jsonb_build_object('problem', p_first -> 'problem') else '{}' end
    || case when p_first ? 'retried' or p_second ? 'retried'
      then jsonb_build_object('retried', coalesce(p_first -> 'retried', '{}') || coalesce(p_second -> 'retried', '{}')) else '{}' end;
end;
$$;

comment on function rhythm.both_answers(jsonb, jsonb) is 'Joins two answers. Internal.';
