-- A child that was leased with its creation to a worker that dies comes back like any other.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a)), 'any', array[a], 1);
  perform test.eq(test.status(a), 'running', 'leased with its creation');
  perform test.pass('61 min');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'pending', 'it comes back');
  perform test.eq(test.status(f), 'suspended', 'its parent waits on');
end;
$$;
