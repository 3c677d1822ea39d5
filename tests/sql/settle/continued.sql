-- A workflow that is continued starts over under its id: with other inputs, the current version of its flow, and no past.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  a uuid;
  b uuid;
  s uuid;
  g uuid;
  n bigint;
  answer jsonb;
begin
  perform rhythm.register_flow('f', 'return 1', '{"code": 1}', input_schema => '{"type": "object", "properties": {"n": {"type": "integer"}}}');
  f := rhythm.start('f', '{"n": 1}', expires => '1h');
  perform test.claim(w);
  a := rhythm.new_id();
  b := rhythm.new_id();
  s := rhythm.new_id();
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a), test.run_task(b, 'slow'), jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'x'),
    jsonb_build_object('type', 'log', 'level', 'info', 'message', 'hello', 'at', '{"line": 1, "column": 1}'::jsonb)), 'any', array[a, s]);
  g := rhythm.queue('under', parent => a, queue => 'elsewhere');
  perform rhythm.cancel(g);
  perform rhythm.signal(f, 'x', '"first"');
  perform rhythm.signal(f, 'y', '"kept"');
  perform test.claim(w);
  perform test.complete(w, a, '1');
  perform test.claim(w);
  perform rhythm.register_flow('f', 'return 2', '{"code": 2}', input_schema => '{"type": "object", "properties": {"n": {"type": "integer"}}}');
  answer := test.settle(w, f, jsonb_build_object('status', 'continued', 'output', '{"n": 2}'::jsonb, 'moment', rhythm.now()), 5);
  perform test.eq((select jsonb_build_array(c.value -> 'id', c.value -> 'inputs', c.value -> 'version', c.value -> 'snapshot', c.value -> 'attempt') from jsonb_array_elements(answer -> 'claimed') as c (value)),
    jsonb_build_array(f, '{"n": 2}'::jsonb, 2, null, 1), 'its worker goes on with it at once');
  perform test.eq((select jsonb_build_array(e.epoch, e.state, e.expires_at) from rhythm.execution as e where e.id = f), '[1, 0, null]', 'it is another epoch');
  perform test.eq(exists (select from rhythm.execution as e where e.id in (a, g)), false, 'what ended under it is gone, with all under that');
  perform test.eq(test.status(b), 'running', 'what runs goes on');
  perform test.eq((select count(*) from rhythm.journal as j where j.execution_id = f) + (select count(*) from rhythm.inbox as i where i.execution_id = f)
    + (select count(*) from rhythm.signal_wait as x where x.execution_id = f), 0::bigint, 'no past is left');
  perform test.eq((select array_agg(h.act) from rhythm.history(f) as h), array['continued'], 'but where it begins');
  perform test.eq((select jsonb_agg(x.payload order by x.id) from rhythm.signal as x where x.execution_id = f and x.taken_by is null)::text, '["kept"]', 'a signal that it took is gone; one that nobody took waits');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');

  -- What still ran ends, and nobody waits for it.
  perform test.complete(w, b, '2');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
  s := rhythm.new_id();
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'y')), 'any', array[s]);
  perform test.eq((select c.settled from test.claim_rows(w, p_limit => 5) as c where c.id = f) @? '$[*] ? (@.output == "kept")', true, 'it takes the signal');

  -- Again and again: the same rows.
  n := (select count(*) from rhythm.execution) + (select count(*) from rhythm.base) + (select count(*) from rhythm.batch) + (select count(*) from rhythm.workflow_state);
  for i in 1..40 loop
    perform test.settle(w, f, jsonb_build_object('status', 'continued', 'output', jsonb_build_object('n', i), 'moment', rhythm.now()), 5);
    a := rhythm.new_id();
    perform test.suspend(w, f, jsonb_build_array(test.run_task(a)), 'any', array[a], 5);
    perform test.settle(w, a, '{"status": "completed", "output": 1}', 5);
  end loop;
  perform test.settle(w, f, '{"status": "continued", "output": {"n": 41}}', 5);
  perform test.eq((select count(*) from rhythm.execution) + (select count(*) from rhythm.base) + (select count(*) from rhythm.batch) + (select count(*) from rhythm.workflow_state) <= n, true, 'no row more');
  perform test.eq((select e.epoch from rhythm.execution as e where e.id = f), 42, 'counted');

  -- Wrong inputs fail it, with the reason.
  perform test.settle(w, f, '{"status": "continued", "output": {"n": "many"}}');
  perform test.eq(jsonb_build_array(test.status(f), rhythm.get(f) #>> '{error,code}'), '["failed", "RH005"]', 'it failed');
  perform test.eq(rhythm.get(f) #>> '{error,message}' like 'Cannot continue flow "f" with these inputs: %', true, 'with a sentence');
  perform rhythm.retry(f);
  perform test.eq((select c.inputs from test.claim_rows(w, p_limit => 5) as c where c.id = f), '{"n": 41}'::jsonb, 'a retry begins the last round again');

  -- A cancellation wins.
  perform rhythm.cancel(f);
  perform test.settle(w, f, '{"status": "continued", "output": {"n": 1}}');
  perform test.eq(test.status(f), 'cancelled', 'cancelled');
  a := rhythm.queue('a');
  perform test.claim(w);
  perform test.settle(w, a, '{"status": "continued", "output": {"n": 1}}');
  perform test.eq(rhythm.get(a) #>> '{error,message}', 'A task cannot be continued: only workflows start over', 'only workflows');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
end;
$$;

-- Its timeout counts for all rounds. Steps of workflows in TypeScript, and what a person changed, go, too. A signal that a dropped wait had taken waits again.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  s uuid := rhythm.new_id();
  t uuid := rhythm.new_id();
begin
  perform rhythm.register_flow('f', 'return 1', '{"code": 1}');
  f := rhythm.start('f', timeout => '1h');
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'x'), jsonb_build_object('type', 'start_timer', 'id', t, 'at', rhythm.now())), 'any', array[s, t]);
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[f], 'the timer fires');
  perform rhythm.signal(f, 'x', '1');
  perform test.settle(w, f, '{"status": "continued", "output": null}', 5);
  perform test.eq((select count(*) from rhythm.signal as g where g.execution_id = f and g.taken_by is null), 1::bigint, 'the signal waits');
  perform test.eq((select count(*) from rhythm.timer as x where x.execution_id = f), 1::bigint, 'the deadline stays');
  insert into rhythm.step (execution_id, started_at, ended_at, seq, attempts, kind, status, name) values (f, rhythm.now(), rhythm.now(), 1, 1, 'step', 'completed', 'one');
  perform test.settle(w, f, '{"status": "continued", "output": {"n": 1}}', 5);
  perform test.eq((select count(*) from rhythm.step as x where x.execution_id = f), 0::bigint, 'no steps');
  perform test.pass('2 hours');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.tick();
  perform test.eq(test.status(f), 'failed', 'it took too long in all');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
end;
$$;
