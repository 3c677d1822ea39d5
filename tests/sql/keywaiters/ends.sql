-- A key waiter learns of its owner's end whichever way that comes: a step, a SQL task, a timeout, a lost worker.
create function pg_temp.follows(p_worker uuid, p_key text, p_type text default 'run_task', p_target text default 'a') returns uuid language plpgsql as $$
declare
  v_flow constant uuid := rhythm.start('f');
  v_child constant uuid := rhythm.uuid7();
begin
  perform rhythm.claim_execution(p_worker, v_flow, test.next_call(p_worker));
  perform test.suspend(p_worker, v_flow, jsonb_build_array(test.keyed(v_child, p_type, p_target, p_key)), 'any', array[v_child]);
  perform test.eq(test.status(v_child), 'suspended', 'it waits');
  return v_child;
end;
$$;

do $$
declare
  w constant uuid := test.worker();
  v_lost constant uuid := rhythm.register_worker(null, p_lease => '5s');
  g constant uuid := test.flow();
  f constant uuid := rhythm.start('f', idempotency_key => 'flow');
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 2) as n);
  v_flow uuid;
  v_task uuid;
  v_ends jsonb;
begin
  perform rhythm.cancel(g);
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.keyed(c[1], p_key => 'task')), 'any', array[c[1]], 10);
  v_flow := pg_temp.follows(w, 'flow', 'run_workflow', 'f');
  v_task := pg_temp.follows(w, 'task');
  v_ends := jsonb_build_array(jsonb_build_object('id', c[1], 'output', 6, 'flow', f, 'seq', 1, 'next', 'suspended', 'snapshot', '{}'::jsonb, 'mode', 'any', 'ids', array[c[2]]));
  perform test.eq(test.steps(w, v_ends, jsonb_build_array(jsonb_build_object('id', c[2], 'flow', f, 'kind', 0)), '[{"target": "a", "idempotency_key": "k"}]') ->> 'problem',
    'A child with an idempotency key or a unique key is started with an outcome', 'not with a step');
  perform test.steps(w, v_ends, jsonb_build_array(jsonb_build_object('id', c[2], 'flow', f, 'kind', 0)), '[{"target": "a"}]', 1);
  perform test.eq(rhythm.get(v_task) -> 'output', '6', 'the end of a task, in a step');
  perform test.steps(w, jsonb_build_array(jsonb_build_object('id', c[2], 'output', 1, 'flow', f, 'seq', 2, 'next', 'completed', 'result', 7)));
  perform test.eq(rhythm.get(v_flow) -> 'output', '7', 'the end of a workflow, in a step');

  perform rhythm.define_sql_task('sql', 'pg_catalog.jsonb_typeof(jsonb)');
  perform rhythm.queue('sql', idempotency_key => 'sql');
  v_task := pg_temp.follows(w, 'sql', p_target => 'sql');
  perform rhythm.tick();
  perform test.eq(rhythm.get(v_task) ->> 'output', 'object', 'a SQL task');

  perform rhythm.start('f', idempotency_key => 'slow', timeout => '1m');
  v_flow := pg_temp.follows(w, 'slow', 'run_workflow', 'f');
  perform test.pass('2m');
  perform rhythm.beat(v_lost), rhythm.tick();
  perform test.eq(rhythm.get(v_flow) #>> '{error,type}', 'TimeoutError', 'a timeout');

  perform rhythm.queue('a', idempotency_key => 'lost', priority => 1000, retry => '{"crashes": 0}');
  perform test.claim(v_lost, 1);
  v_task := pg_temp.follows(w, 'lost');
  perform test.silence('10s');
  perform test.eq(rhythm.get(v_task) #>> '{error,type}', 'WorkerLostError', 'a lost worker');
end;
$$;
