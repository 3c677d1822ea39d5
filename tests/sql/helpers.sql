-- Functions for the tests in SQL.
create schema test;

create function test.eq(p_actual anyelement, p_expected anyelement, p_what text) returns void language plpgsql as $$
begin
  if p_actual is distinct from p_expected then
    raise exception '%: expected %, got %', p_what, p_expected, p_actual;
  end if;
end;
$$;

create function test.raises(p_statement text, p_code text, p_words text) returns void language plpgsql as $$
declare
  v_code text;
  v_message text;
begin
  begin
    execute p_statement;
  exception
    when others then
      get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
  end;
  if v_code is distinct from p_code or v_message not like '%' || p_words || '%' then
    raise exception '%: expected % "…%…", got % "%"', p_statement, p_code, p_words, coalesce(v_code, 'no error'), v_message;
  end if;
end;
$$;

-- The engine's clock runs ahead from now on.
create function test.pass(p_time interval) returns void language sql as $$
  select set_config('rhythm_clock.shift', (coalesce(nullif(current_setting('rhythm_clock.shift', true), ''), '0')::interval + p_time)::text, false);
$$;

-- Time in which somebody ticks: who is silent all the time is heard to be silent.
create function test.silence(p_time interval) returns void language plpgsql as $$
begin
  for i in 1..4 loop
    perform test.pass(p_time / 4);
    perform rhythm.tick();
  end loop;
end;
$$;

create function test.worker(p_queues text[] default array['default']) returns uuid language sql as $$
  select rhythm.register_worker(null, p_queues, p_lease => '1h');
$$;

-- One exchange, with the next number of its worker.
create function test.exchange(p_worker uuid, p_ends jsonb default '[]', p_want jsonb default null) returns jsonb language sql as $$
  select rhythm.exchange(p_worker, coalesce((select max(c.call) from rhythm.worker_call as c where c.worker_id = p_worker), 0) + 1, p_ends, p_want);
$$;

create function test.next_call(p_worker uuid) returns integer language sql as $$
  select max(c.call) + 1 from rhythm.worker_call as c where c.worker_id = p_worker;
$$;

-- Of what a worker says that it holds, what it does not.
create function test.lost(p_worker uuid, p_call integer, variadic p_ids uuid[]) returns jsonb language sql as $$
  select rhythm.beat(p_worker, p_holds => jsonb_build_array(jsonb_build_object('call', p_call, 'ids', to_jsonb(p_ids)))) -> 'lost';
$$;

-- The executions in the parcels of an answer, a row each.
create function test.unpack(p_answer jsonb)
returns table (
  id uuid, type text, target text, queue text, attempt integer, max_attempts integer, inputs jsonb, metadata jsonb, traceparent text, parent_id uuid,
  timeout_ms bigint, cancel_reason text, program text, version integer, seq integer, snapshot jsonb, settled jsonb
)
language sql as $$
  select (i.value #>> '{}')::uuid, c ->> 'type', c ->> 'target', c ->> 'queue', (c ->> 'attempt')::integer, (c ->> 'max_attempts')::integer, p.value -> 'inputs' -> n,
    coalesce(c -> 'metadata', '{}'), c ->> 'traceparent', (p.value -> 'parents' ->> n)::uuid, (c ->> 'timeout_ms')::bigint,
    coalesce(c ->> 'cancel_reason', p.value -> 'states' -> n ->> 'cancel_reason'), c ->> 'program', (c ->> 'version')::integer,
    (p.value -> 'states' -> n ->> 'seq')::integer, nullif(p.value -> 'states' -> n -> 'snapshot', 'null'), p.value -> 'states' -> n -> 'settled'
  from jsonb_array_elements(p_answer -> 'parcels') with ordinality as p (value, nth)
  cross join lateral jsonb_array_elements(p.value -> 'ids') with ordinality as i (value, nth)
  cross join lateral (select p.value -> 'common', (i.nth - 1)::integer) as x (c, n)
  order by p.nth, i.nth;
$$;

create function test.claim_rows(p_worker uuid, p_queues text[] default null, p_limit integer default 1, p_targets text[] default null, p_sleeps boolean default false)
returns table (
  id uuid, type text, target text, queue text, attempt integer, max_attempts integer, inputs jsonb, metadata jsonb, traceparent text, parent_id uuid,
  timeout_ms bigint, cancel_reason text, program text, version integer, seq integer, snapshot jsonb, settled jsonb
)
language sql as $$
  select u.* from test.unpack(test.exchange(p_worker, '[]', jsonb_strip_nulls(jsonb_build_object('queues', p_queues, 'limit', p_limit, 'targets', p_targets, 'sleeps', p_sleeps)))) as u;
$$;

create function test.claim(p_worker uuid, p_limit integer default 10) returns uuid[] language sql as $$
  select coalesce(array_agg(c.id), '{}') from test.claim_rows(p_worker, p_limit => p_limit) as c;
$$;

-- The call that leased an execution; of one that is not leased, a call that never was.
create function test.call_of(p_id uuid) returns integer language sql as $$
  select coalesce((
    select b.call from rhythm.batch as b
    where b.id = coalesce(
      (select e.batch_id from rhythm.execution as e where e.id = p_id),
      (select s.batch_id from rhythm.workflow_state as s where s.execution_id = p_id))), 999999);
$$;

-- Steps of workflows: {declined, early, born: the batches that were leased with their inputs known, problem}. p_lease: how many children may be leased with it.
create function test.steps(p_worker uuid, p_ends jsonb, p_children jsonb default '[]', p_kinds jsonb default '[]', p_lease integer default 0) returns jsonb language sql as $$
  select a - '{call,now,refused,parcels}'::text[] || jsonb_build_object('born', a -> 'parcels')
  from test.exchange(p_worker, jsonb_build_array(jsonb_build_object('kind', 'steps', 'children', p_children, 'kinds', p_kinds, 'ends', (
      select jsonb_agg(case when jsonb_typeof(e.value) = 'object' and coalesce(e.value ->> 'timer', 'false') <> 'true' then jsonb_build_object('call', test.call_of((e.value ->> 'id')::uuid)) else '{}' end || e.value order by e.nth)
      from jsonb_array_elements(p_ends) with ordinality as e (value, nth)))),
    jsonb_build_object('lease', p_lease)) as a;
$$;

-- Tasks that completed, with the call that leased them.
create function test.done(p_worker uuid, p_call integer, p_ids uuid[], p_outputs jsonb) returns jsonb language sql as $$
  select a - '{call,now,parcels,early}'::text[]
  from test.exchange(p_worker, jsonb_build_array(jsonb_build_object('kind', 'done', 'call', p_call, 'ids', to_jsonb(p_ids), 'outputs', p_outputs))) as a;
$$;

-- Settles outcomes of executions that are leased now: {refused, declined, claimed: [as rows of claim_rows()]}. p_lease: how many may be leased with it.
create function test.settle_many(p_worker uuid, p_outcomes jsonb, p_lease integer default 0, p_targets text[] default null) returns jsonb language sql as $$
  select a - '{parcels,call,now,early}'::text[] || jsonb_build_object('claimed', (select coalesce(jsonb_agg(to_jsonb(u)), '[]') from test.unpack(a) as u))
  from test.exchange(p_worker, (
    select jsonb_agg(jsonb_build_object('kind', 'outcome', 'call', test.call_of((o.value ->> 'id')::uuid)) || o.value order by o.nth)
    from jsonb_array_elements(p_outcomes) with ordinality as o (value, nth)),
    jsonb_strip_nulls(jsonb_build_object('lease', p_lease, 'targets', p_targets))) as a;
$$;

create function test.settle(p_worker uuid, p_id uuid, p_more jsonb, p_lease integer default 0) returns jsonb language sql as $$
  select test.settle_many(p_worker, jsonb_build_array(jsonb_build_object('id', p_id) || p_more), p_lease);
$$;

create function test.complete(p_worker uuid, p_id uuid, p_output jsonb default 'null') returns jsonb language sql as $$
  select test.settle(p_worker, p_id, jsonb_build_object('status', 'completed', 'output', p_output));
$$;

create function test.fail(p_worker uuid, p_id uuid, p_message text default 'no') returns jsonb language sql as $$
  select test.settle(p_worker, p_id, jsonb_build_object('status', 'failed', 'error', jsonb_build_object('type', 'Error', 'message', p_message)));
$$;

-- Suspends a workflow that waits for one group.
create function test.suspend(p_worker uuid, p_id uuid, p_effects jsonb, p_mode text, p_ids uuid[], p_lease integer default 0) returns jsonb language sql as $$
  select test.settle(p_worker, p_id, jsonb_build_object('status', 'suspended', 'moment', rhythm.now(), 'snapshot', '{"at": 1}'::jsonb, 'effects', p_effects,
    'waits', jsonb_build_array(jsonb_build_object('mode', p_mode, 'ids', to_jsonb(p_ids))), 'keep', to_jsonb(p_ids)), p_lease);
$$;

-- All SQL tasks that are ready; each call takes no more after a quarter of a second.
create function test.run_sql_tasks() returns void language plpgsql as $$
begin
  loop
    exit when rhythm.sql_tasks() is null;
  end loop;
end;
$$;

create function test.status(p_id uuid) returns text language sql as $$ select rhythm.get(p_id) ->> 'status' $$;

-- The reasons of explain(), and its sentences without their times.
create function test.reasons(p_id uuid) returns text[] language sql as $$
  select array(select r.value ->> 'reason' from jsonb_array_elements(rhythm.explain(p_id)) with ordinality as r (value, nth) order by r.nth);
$$;

create function test.sentences(p_id uuid) returns text[] language sql as $$
  select array(
    select regexp_replace(r.value ->> 'sentence', '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC', '<time>', 'g')
    from jsonb_array_elements(rhythm.explain(p_id)) with ordinality as r (value, nth) order by r.nth);
$$;

create function test.reason(p_id uuid, p_reason text) returns jsonb language sql as $$
  select r.value from jsonb_array_elements(rhythm.explain(p_id)) as r (value) where r.value ->> 'reason' = p_reason;
$$;

-- Works on an operation until it has nothing more to do.
create function test.work(p_operation uuid) returns text language plpgsql as $$
begin
  loop
    exit when not rhythm.work_operation(p_operation);
  end loop;
  return (select format('%s: %s looked, %s done, %s unchanged, %s refused', o.state, o.looked, o.done, o.unchanged, o.refused) from rhythm.operations as o where o.id = p_operation);
end;
$$;

create function test.run_task(p_id uuid, p_target text default 'a') returns jsonb language sql as $$
  select jsonb_build_object('type', 'run_task', 'id', p_id, 'target', p_target, 'inputs', '{}'::jsonb);
$$;

-- The same, with an idempotency key.
create function test.keyed(p_id uuid, p_type text default 'run_task', p_target text default 'a', p_key text default 'k') returns jsonb language sql as $$
  select jsonb_build_object('type', p_type, 'id', p_id, 'target', p_target, 'inputs', '{}'::jsonb, 'options', jsonb_build_object('idempotency_key', p_key));
$$;

create function test.flow(p_name text default 'f') returns uuid language plpgsql as $$
begin
  perform rhythm.register_flow(p_name, 'return 1', '{"code": 1}');
  return rhythm.start(p_name);
end;
$$;
