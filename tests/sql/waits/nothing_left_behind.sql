-- A workflow that completes leaves no timer, no wait and no state behind.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  t constant uuid := rhythm.uuid7();
  s constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a),
    jsonb_build_object('type', 'start_timer', 'id', t, 'at', rhythm.now() + interval '5 s'),
    jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'n')), 'any', array[a, t, s]);
  perform test.claim(w);
  perform test.complete(w, a);
  perform test.claim(w);
  perform test.complete(w, f, '"over"');
  perform test.eq((select count(*) from rhythm.timer), 0::bigint, 'timers');
  perform test.eq((select count(*) from rhythm.signal_wait), 0::bigint, 'waits');
  perform test.eq((select count(*) from rhythm.workflow_state), 0::bigint, 'states');
end;
$$;
