-- A workflow whose worker died goes on from its snapshot with all that it was told; it is told again.
do $$
declare
  w constant uuid := test.worker();
  v uuid;
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  v_claimed record;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a)), 'any', array[a]);
  perform test.claim(w);
  perform test.complete(w, a, '1');
  perform test.claim(w);
  perform test.pass('61 min');
  perform rhythm.tick();
  perform test.eq(test.status(f), 'pending', 'it goes back');
  v := test.worker();
  select * into v_claimed from test.claim_rows(v);
  perform test.eq(v_claimed.snapshot, '{"at": 1}'::jsonb, 'its snapshot');
  perform test.eq(v_claimed.settled -> 0 ->> 'id', a::text, 'what it was told');
  perform test.eq(v_claimed.attempt, 1, 'still in its attempt');
  perform test.complete(v, f);
end;
$$;
