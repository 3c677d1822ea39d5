-- A child started early and awaited later wakes its parent only when it is awaited; the loser of a race can be awaited.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  early constant uuid := rhythm.uuid7();
  timer constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(early),
    jsonb_build_object('type', 'start_timer', 'id', timer, 'at', rhythm.now() + interval '10 s')), 'any', array[timer]);
  perform test.claim(w);
  perform test.pass('11 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[f], 'the timer won');
  perform test.suspend(w, f, '[]', 'any', array[early]);
  perform test.eq(test.status(f), 'suspended', 'it waits for the loser');
  perform test.complete(w, early, '"late"');
  perform test.eq((select x.settled #>> '{0,output}' from test.claim_rows(w) as x), 'late', 'and gets what it gave');
  perform test.complete(w, f);
end;
$$;
