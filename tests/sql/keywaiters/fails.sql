-- A child that follows another fails when that one has failed for good, with its error, and not before.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.queue('a', idempotency_key => 'k', retry => '{"max_attempts": 2, "initial": 1, "jitter": false}');
  b constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.keyed(b)), 'all', array[b]);
  perform test.fail(w, a, 'first');
  perform test.eq(test.status(b), 'suspended', 'there is an attempt left');
  perform test.pass('2s');
  perform rhythm.tick();
  perform test.claim(w);
  perform test.settle(w, a, '{"status": "failed", "error": {"type": "Oops", "message": "second", "data": [1]}}');
  perform test.eq(test.status(b), 'failed', 'failed for good');
  perform test.eq(rhythm.get(b) -> 'error', '{"type": "Oops", "message": "second", "data": [1]}'::jsonb, 'with the error');
  perform test.eq((select c.settled #> '{0,error}' from test.claim_rows(w) as c),
    jsonb_build_object('type', 'Oops', 'message', 'second', 'data', '[1]'::jsonb, 'kind', 'task', 'executionId', b, 'target', 'a', 'attempt', 2), 'the workflow is told');
  perform test.complete(w, f);
end;
$$;
