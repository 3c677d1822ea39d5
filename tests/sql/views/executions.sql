-- the views show what is there: executions, queues, workers, flows, waits, stacks, logs

do $$
declare
  v_worker uuid;
  v_flow uuid;
  v_child uuid;
  v_timer constant uuid := rhythm.uuid7();
  v_signal constant uuid := rhythm.uuid7();
  v_row jsonb;
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:00Z', true);
  v_child := rhythm.uuid7(rhythm.now(), 1);
  perform rhythm.register_flow('order', E'const id = Inputs.id\nawait Task.run("charge", { id })', '{}', description => 'Takes an order');
  select to_jsonb(f) into v_row from rhythm.flows as f;
  assert (v_row ->> 'name', v_row ->> 'version', v_row ->> 'description') = ('order', '1', 'Takes an order'), v_row::text;

  v_worker := rhythm.register_worker(null, array['default', 'idle'], 'w1', '30s');
  v_flow := rhythm.start('order', '{"id": 7}');
  perform rhythm.queue('later', delay => '1h');
  perform test.claim_rows(v_worker, p_limit => 10);
  assert (select (w.name, w.running, w.lease_until) = ('w1', 1::bigint, '2026-01-01 00:00:30Z'::timestamptz) from rhythm.workers as w);

  perform test.settle_many(v_worker, jsonb_build_array(jsonb_build_object(
    'id', v_flow, 'status', 'suspended', 'snapshot', '{"v": 1}'::jsonb,
    'stack', '[{"function": "main", "line": 2, "column": 1, "variables": {"id": 7}, "waitsFor": ["x"]}]'::jsonb,
    'keep', jsonb_build_array(v_timer, v_signal),
    'effects', jsonb_build_array(
      jsonb_build_object('type', 'run_task', 'id', v_child, 'target', 'charge', 'inputs', '{}'::jsonb),
      jsonb_build_object('type', 'start_timer', 'id', v_timer, 'at', '2026-01-02T00:00:00Z'),
      jsonb_build_object('type', 'await_signal', 'id', v_signal, 'name', 'paid', 'timeoutAt', '2026-01-03T00:00:00Z'),
      jsonb_build_object('type', 'log', 'level', 'info', 'message', 'hello', 'at', '{"line": 1, "column": 1}'::jsonb)),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(v_child, v_timer, v_signal)))
  )));

  select jsonb_agg(jsonb_build_array(w.kind, w.id, w.name, w.until) order by w.kind) into v_row from rhythm.waits as w where w.execution_id = v_flow;
  assert v_row = jsonb_build_array(
    jsonb_build_array('signal', v_signal, 'paid', '2026-01-03Z'::timestamptz),
    jsonb_build_array('task', v_child, 'charge', null),
    jsonb_build_array('timer', v_timer, null, '2026-01-02Z'::timestamptz)), v_row::text;

  select to_jsonb(s) into v_row from rhythm.stacks as s where s.execution_id = v_flow;
  assert (v_row ->> 'function', v_row ->> 'line', v_row -> 'variables', v_row ->> 'source_line') =
    ('main', '2', '{"id": 7}', 'await Task.run("charge", { id })'), v_row::text;
  assert rhythm.flow_state(v_flow) ->> 'name' = 'order' and rhythm.flow_state(v_flow) -> 'snapshot' = '{"v": 1}';

  perform set_config('rhythm_clock.at', '2026-01-01 00:01:30Z', true);
  select to_jsonb(q) into v_row from rhythm.queues as q where q.queue = 'default';
  assert (v_row -> 'ready', v_row -> 'delayed', v_row -> 'running', v_row -> 'suspended', v_row -> 'workers') = ('1', '1', '0', '1', '1'), v_row::text;
  assert (v_row ->> 'oldest_at')::timestamptz = '2026-01-01Z' and (v_row ->> 'oldest_seconds')::numeric = 90, v_row::text;
  assert exists (select from rhythm.queues as q where q.queue = 'idle'), 'a queue that only a worker names';
  assert (select (l.level, l.message) = ('info', 'hello') from rhythm.logs as l where l.execution_id = v_flow);
  assert (select (e.status, e.parent_id) = ('pending', v_flow) from rhythm.executions as e where e.id = v_child);
  assert (select count(*) from rhythm.executions as e where e.id >= rhythm.first_id('2026-01-01Z')) = 3;
end;
$$;
