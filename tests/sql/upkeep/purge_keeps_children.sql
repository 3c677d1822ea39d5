-- A child that ended long ago is kept as long as its parent.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a), test.run_task(b) || '{"options": {"queue": "nobody"}}'), 'all', array[a, b]);
  perform test.claim(w);
  perform test.complete(w, a, '"kept"');
  perform test.pass('100 days');
  perform rhythm.beat(w);
  perform rhythm.tick();
  perform test.eq(rhythm.purge('0'), 0, 'its parent will ask for it');
  perform test.eq(rhythm.get(a) ->> 'output', 'kept', 'there it is');
end;
$$;
