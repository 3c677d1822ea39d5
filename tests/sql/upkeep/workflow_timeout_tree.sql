-- The timeout of a workflow reaches running grandchildren, and a child's timeout is an error that its parent can catch.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  child constant uuid := rhythm.uuid7();
  a constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'run_workflow', 'id', child, 'target', 'f', 'inputs', '{}'::jsonb,
    'options', '{"timeout": 10}'::jsonb)), 'any', array[child]);
  perform test.claim(w);
  perform test.suspend(w, child, jsonb_build_array(test.run_task(a)), 'any', array[a]);
  perform test.claim(w);
  perform test.pass('10 s');
  perform rhythm.tick();
  perform test.eq(test.status(child), 'failed', 'the child is out of time');
  perform test.eq(rhythm.beat(w) -> 'stop' -> 0 ->> 'id', a::text, 'its task is asked to stop');
  perform test.eq((select x.settled #>> '{0,error,type}' from test.claim_rows(w) as x), 'TimeoutError', 'the parent is told');
  perform test.settle(w, a, '{"status": "cancelled"}');
  perform test.complete(w, f);
end;
$$;
