-- retry() lets a workflow go on from its last snapshot; the child that brought it down runs again.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  v_claimed record;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a) || '{"options": {"retry": {"max_attempts": 1}}}'), 'any', array[a]);
  perform test.claim(w);
  perform test.fail(w, a, 'broken');
  perform test.claim(w);
  perform test.settle(w, f, '{"status": "failed", "error": {"type": "Error", "message": "broken"}}');
  perform test.eq(test.status(f), 'failed', 'it failed');
  perform rhythm.retry(f);
  perform test.eq(test.status(f), 'suspended', 'it waits as it did');
  perform test.eq(rhythm.get(f) -> 'error', 'null'::jsonb, 'nothing says any more where it failed');
  perform test.eq(rhythm.get(a) -> 'error', 'null'::jsonb, 'nor why its child did');
  perform test.eq(test.claim(w), array[a], 'its child runs again');
  perform test.complete(w, a, '"mended"');
  select * into v_claimed from test.claim_rows(w);
  perform test.eq(v_claimed.snapshot, '{"at": 1}'::jsonb, 'from its last snapshot');
  perform test.eq(v_claimed.settled, jsonb_build_array(jsonb_build_object('id', a, 'status', 'completed', 'output', 'mended')), 'with what the child now gave');
  perform test.complete(w, f, '"through"');
  perform test.eq(test.status(f), 'completed', 'it ends');
end;
$$;
