-- A wait for a signal ends at its time, not before, and takes no signal after that.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
  v_settled jsonb;
  v_at timestamptz;
begin
  perform test.claim(w);
  v_at := rhythm.now() + interval '5 s';
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'approval', 'timeoutAt', v_at)), 'any', array[s]);
  perform set_config('rhythm_clock.at', (v_at - interval '1 microsecond')::text, true);
  perform rhythm.tick();
  perform test.eq(test.status(f), 'suspended', 'not early');
  perform set_config('rhythm_clock.at', v_at::text, true);
  perform rhythm.tick();
  perform test.eq(test.status(f), 'pending', 'in time');
  perform rhythm.signal(f, 'approval', '"late"');
  select x.settled into v_settled from test.claim_rows(w) as x;
  perform test.eq(v_settled #>> '{0,status}', 'failed', 'it failed');
  perform test.eq(v_settled #>> '{0,error,type}', 'TimeoutError', 'by its time');
  perform test.eq(v_settled #>> '{0,error,message}', 'No signal "approval" came in time', 'and says so');
  perform test.eq((select count(*) from rhythm.signal as g where g.taken_by is null), 1::bigint, 'the late signal is kept for the next wait');
end;
$$;
