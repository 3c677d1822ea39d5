-- A child that is cancelled fails for its parent, with the reason.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  v_settled jsonb;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a)), 'any', array[a]);
  perform rhythm.cancel(a, 'no longer wanted');
  perform test.eq(test.status(f), 'pending', 'the parent goes on');
  select x.settled into v_settled from test.claim_rows(w) as x;
  perform test.eq(v_settled #>> '{0,status}', 'failed', 'a failure');
  perform test.eq(v_settled #>> '{0,error,type}', 'CancelledError', 'of its own type');
  perform test.eq(v_settled #>> '{0,error,message}', 'no longer wanted', 'with the reason');
  perform test.complete(w, f);
end;
$$;

-- Also when an attempt had failed before.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  v_settled jsonb;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a) || '{"options": {"retry": {"max_attempts": 2, "initial": "1h"}}}'), 'any', array[a]);
  perform test.claim(w);
  perform test.fail(w, a, 'broken');
  perform test.eq(test.status(a), 'pending', 'there is another attempt');
  perform rhythm.cancel(a, 'no longer wanted');
  select x.settled into v_settled from test.claim_rows(w) as x;
  perform test.eq(array[v_settled #>> '{0,error,type}', v_settled #>> '{0,error,message}', v_settled #>> '{0,error,kind}'],
    array['CancelledError', 'no longer wanted', 'task'], 'why it ended');
  perform test.complete(w, f);
end;
$$;
