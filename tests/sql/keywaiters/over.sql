-- A child whose idempotency key stands for what is over ends as that did, at once: completed, failed or cancelled.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 2) as n);
  v_answer jsonb;
begin
  perform rhythm.queue('a', idempotency_key => 'completed');
  perform rhythm.queue('a', idempotency_key => 'failed', retry => '{"max_attempts": 7}');
  perform test.claim(w);
  perform test.complete(w, rhythm.queue('a', idempotency_key => 'completed'), '"done"');
  perform test.settle(w, rhythm.queue('a', idempotency_key => 'failed'), '{"status": "failed", "retryable": false, "error": {"type": "Oops", "message": "no", "code": "E1"}}');
  perform rhythm.cancel(rhythm.queue('a', idempotency_key => 'cancelled'), 'enough');

  v_answer := test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'keep', '[]'::jsonb,
    'effects', jsonb_build_array(test.keyed(c[1], p_key => 'completed'), test.keyed(c[2], p_key => 'failed'), test.keyed(c[3], p_key => 'cancelled')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', to_jsonb(c)))), 10);
  perform test.eq(v_answer #> '{claimed,0,settled}', jsonb_build_array(
    jsonb_build_object('id', c[1], 'status', 'completed', 'output', 'done'),
    jsonb_build_object('id', c[2], 'status', 'failed', 'error', jsonb_build_object('type', 'Oops', 'message', 'no', 'code', 'E1', 'kind', 'task', 'executionId', c[2], 'target', 'a', 'attempt', 1)),
    jsonb_build_object('id', c[3], 'status', 'failed', 'error', jsonb_build_object('type', 'CancelledError', 'message', 'enough', 'kind', 'task', 'executionId', c[3], 'target', 'a', 'attempt', 0))),
    'the workflow goes on in the same call');
  perform test.eq(array(select test.status(x) from unnest(c) as x), array['completed', 'failed', 'cancelled'], 'each as its leader');
  perform test.eq(test.claim(w), '{}', 'nothing was run again');
  perform test.complete(w, f);
end;
$$;
