-- One failure wakes a workflow that waits for all, at once, and says what failed.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
  v_settled jsonb;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a, 'first') || '{"options": {"retry": {"max_attempts": 1}}}', test.run_task(b)), 'all', array[a, b]);
  perform test.claim(w);
  perform test.fail(w, a, 'broken');
  perform test.eq(test.status(f), 'pending', 'it goes on although the other still runs');
  select x.settled into v_settled from test.claim_rows(w) as x;
  perform test.eq(v_settled #>> '{0,status}', 'failed', 'a failure');
  perform test.eq(v_settled #>> '{0,error,message}', 'broken', 'with its message');
  perform test.eq(v_settled #>> '{0,error,executionId}', a::text, 'and which execution it was');
  perform test.eq(v_settled #>> '{0,error,target}', 'first', 'and of what');
  perform test.settle(w, f, '{"status": "failed", "error": {"type": "Error", "message": "broken"}}');
  perform test.complete(w, b);
  perform test.eq(test.status(f), 'failed', 'a late child changes nothing');
end;
$$;
