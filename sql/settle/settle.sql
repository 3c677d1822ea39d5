-- Settling: how executions leave a worker's hands.

create or replace function rhythm.settle_batch(p_worker uuid, p_outcomes jsonb, p_lease integer, p_targets text[])
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_lease integer := greatest(p_lease, 0);
  v_concerned uuid[];
  v_held rhythm.outcome[];
  v_flows rhythm.outcome[];
  v_ready uuid[] := '{}';
  v_stopping uuid[] := '{}';
  v_over rhythm.moved[];
  v_leased uuid[];
  v_born uuid[];
  v_queues text[];
  v_requests jsonb;
  v_following uuid[] := '{}';
  v_problem text;
begin
  v_concerned := rhythm.concerned(p_outcomes);
  if v_concerned <> '{}' then
    perform rhythm.lock_states(v_concerned);
  end if;
  v_held := rhythm.held_outcomes(p_worker, p_outcomes);
  if v_lease > 0 then
    -- As in claim(): the worker cannot be given up before this commits. One that is being given up just now is not
    -- waited for: tick() has its row, and wants the states that are locked here.
    perform from rhythm.worker as w where w.id = p_worker for key share skip locked;
    v_lease := case when found then v_lease else 0 end;
  end if;
  select rhythm.outcome_problem(o) into v_problem from unnest(v_held) as o
  where not rhythm.is_fine(o) and rhythm.outcome_problem(o) is not null limit 1;
  if v_problem is not null then
    perform rhythm.raise(case when v_problem like '% bytes: at most %' then 'RH006' else 'RH001' end, v_problem);
  end if;

  v_flows := array(select o from unnest(v_held) as o where o.snapshot is not null or jsonb_array_length(o.effects) > 0);
  if v_flows <> '{}' then
    v_problem := rhythm.unknown_wait(v_flows);
    if v_problem is not null then
      perform rhythm.raise('RH001', v_problem);
    end if;
    v_requests := rhythm.child_requests(v_flows);
    if jsonb_path_exists(v_requests, '$[*].idempotency_key') then
      v_following := rhythm.follow_keys(v_requests, v_now);
      v_requests := (select coalesce(jsonb_agg(r.value order by r.nth), '[]') from jsonb_array_elements(v_requests) with ordinality as r (value, nth)
        where (r.value ->> 'id')::uuid <> all (v_following));
    end if;
    select array_agg(b.id) filter (where b.stage = 2 and b.type = 'workflow'), array_agg(b.id) filter (where b.stage = 2 and b.type = 'task'),
      array_agg(distinct b.queue) filter (where b.stage = 1)
    into v_leased, v_born, v_queues
    from rhythm.make_executions(v_requests, v_now, p_worker, v_lease, p_targets) as b;
    perform rhythm.insert_timers(v_flows);
    perform rhythm.insert_logs(v_flows, v_now);
    perform rhythm.release_waits(v_flows);
    v_stopping := array(select e.id from unnest(v_flows) as o join rhythm.execution as e on e.id = o.id where o.status = 'suspended' and e.stopping);
    v_ready := rhythm.store_states(v_flows) || v_stopping;
  end if;

  v_over := array(select w::rhythm.moved from rhythm.write_completed(v_held, v_now) as w);
  if cardinality(v_over) < cardinality(v_held) then
    v_over := v_over || array(select w::rhythm.moved from rhythm.write_others(v_held, v_ready, v_now) as w);
  end if;
  if v_stopping <> '{}' then
    perform rhythm.cancel_newborn(v_flows, v_stopping);
  end if;
  if v_following <> '{}' then
    v_over := v_over || rhythm.join_leaders(v_following, v_now);
  end if;
  v_leased := coalesce(v_leased, '{}');
  v_born := coalesce(v_born, '{}');
  v_leased := v_leased || rhythm.after_settle(v_over, v_flows, p_worker, v_lease - cardinality(v_leased) - cardinality(v_born), v_now);
  perform rhythm.wake(coalesce(v_queues, '{}') || array(select distinct e.queue from unnest(v_over) as e where e.stage = 1));
  return jsonb_build_object(
    'refused', rhythm.refusals(p_outcomes, array(select o.id from unnest(v_held) as o)),
    'claimed', case when v_leased = '{}' then '[]' else (select coalesce(jsonb_agg(to_jsonb(h)), '[]') from rhythm.hand_over(v_leased) as h) end,
    'born', rhythm.hand_over_born(v_born)
  );
end;
$$;

comment on function rhythm.settle_batch(uuid, jsonb, integer, text[]) is 'One transaction''s worth of settle(). Internal.';

create or replace function rhythm.settle(
  p_worker uuid,
  p_outcomes jsonb,
  p_lease integer default 0,
  p_targets text[] default null,
  p_on_error text default 'fail'
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_done uuid[];
  v_count integer;
  v_first jsonb;
  v_second jsonb;
  v_code text;
  v_message text;
begin
  perform rhythm.require_read_committed();
  if p_on_error not in ('fail', 'raise') or p_on_error is null then
    perform rhythm.raise('RH001', 'p_on_error must be fail or raise');
  end if;
  v_done := rhythm.complete_plain(p_worker, p_outcomes, rhythm.now());
  if v_done is not null then
    return jsonb_build_object('refused', rhythm.refusals(p_outcomes, v_done), 'claimed', jsonb_build_array(), 'born', jsonb_build_array());
  end if;
  perform rhythm.check_outcomes(p_outcomes);
  v_count := jsonb_array_length(p_outcomes);
  return rhythm.settle_batch(p_worker, p_outcomes, p_lease, p_targets);
exception
  when others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
    if v_count is null then
      perform rhythm.check_outcomes(p_outcomes);
    end if;
    -- Deadlocks, cancelled statements, want of resources, an upgrade, a server that stops: not the outcome's fault.
    if not rhythm.is_data_error(v_code) or coalesce(v_count, 0) = 0 or p_on_error = 'raise' then
      raise;
    end if;
    if v_count > 1 then
      v_first := rhythm.settle(p_worker, (select jsonb_agg(x.value order by x.nth) from jsonb_array_elements(p_outcomes) with ordinality as x (value, nth) where x.nth <= v_count / 2), p_lease, p_targets);
      v_second := rhythm.settle(p_worker, (select jsonb_agg(x.value order by x.nth) from jsonb_array_elements(p_outcomes) with ordinality as x (value, nth) where x.nth > v_count / 2),
        p_lease - jsonb_array_length(v_first -> 'claimed') - jsonb_array_length(jsonb_path_query_array(v_first, '$.born[*].ids[*]')), p_targets);
      return jsonb_build_object('refused', (v_first -> 'refused') || (v_second -> 'refused'), 'claimed', (v_first -> 'claimed') || (v_second -> 'claimed'),
        'born', (v_first -> 'born') || (v_second -> 'born'));
    end if;
    return rhythm.settle_batch(p_worker, jsonb_build_array(jsonb_build_object(
      'id', p_outcomes -> 0 -> 'id', 'attempt', p_outcomes -> 0 -> 'attempt', 'seq', p_outcomes -> 0 -> 'seq', 'status', 'failed', 'retryable', false,
      'error', jsonb_build_object('type', 'SettleError', 'message', v_message, 'code', v_code))), 0, p_targets);
end;
$$;

comment on function rhythm.settle(uuid, jsonb, integer, text[], text) is
  'Commits what became of leased executions, all in one transaction: an array of {id, attempt, status: completed|failed|suspended|cancelled|released, …}. '
  'Returns {refused: [{id, reason}], claimed: […], born: […]}: outcomes whose lease was lost changed nothing; with p_lease, children and workflows that can go on are leased at once '
  'and returned: workflows as claim() would; tasks, whose inputs the caller knows, as [{target, queue, max_attempts, timeout_ms, metadata, traceparent, parent_id, created_at, ids}]. An outcome that the database refuses fails its execution with the reason, the others go through; with p_on_error raise (a transactional task) the error is raised instead.';
