-- A timer does not fire before its moment, and fires once.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  t constant uuid := rhythm.uuid7();
  v_at timestamptz;
begin
  perform test.claim(w);
  v_at := rhythm.now() + interval '1 h';
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'start_timer', 'id', t, 'at', v_at)), 'any', array[t]);
  perform set_config('rhythm_clock.at', (v_at - interval '1 microsecond')::text, true);
  perform rhythm.beat(w);
  perform test.eq(rhythm.tick(), v_at, 'tick() says when to come again');
  perform test.eq(test.status(f), 'suspended', 'a microsecond early is early');
  perform set_config('rhythm_clock.at', v_at::text, true);
  perform rhythm.tick();
  perform test.eq(test.status(f), 'pending', 'in its moment');
  perform rhythm.tick();
  perform test.eq((select jsonb_array_length(x.settled) from test.claim_rows(w) as x), 1, 'once');
  perform test.complete(w, f);
end;
$$;
