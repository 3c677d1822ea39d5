-- A wait that the workflow released takes nothing.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7(rhythm.now(), 0);
  a constant uuid := rhythm.uuid7(rhythm.now(), 1);
  b constant uuid := rhythm.uuid7(rhythm.now(), 2);
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's'),
    test.run_task(a), test.run_task(b)), 'any', array[s, a]);
  perform test.claim(w);
  perform test.complete(w, a);
  perform test.claim(w);
  perform test.suspend(w, f, '[]', 'any', array[b]);
  perform test.eq((select count(*) from rhythm.signal_wait), 0::bigint, 'it is gone');
  perform rhythm.signal(f, 's', '1');
  perform test.eq((select count(*) from rhythm.signal as g where g.taken_by is null), 1::bigint, 'the signal is kept');
  perform test.eq(test.status(f), 'suspended', 'and wakes nobody');
  perform test.complete(w, b);
end;
$$;
