-- Two waits for one name: the oldest wait takes the oldest signal.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7(rhythm.now(), 0);
  b constant uuid := rhythm.uuid7(rhythm.now(), 1);
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', a, 'name', 's'),
    jsonb_build_object('type', 'await_signal', 'id', b, 'name', 's')), 'all', array[a, b]);
  perform rhythm.signal(f, 's', '"first"');
  perform test.eq(test.status(f), 'suspended', 'one of two');
  perform rhythm.signal(f, 's', '"second"');
  perform test.eq((select x.settled from test.claim_rows(w) as x), jsonb_build_array(
    jsonb_build_object('id', a, 'status', 'completed', 'output', 'first'),
    jsonb_build_object('id', b, 'status', 'completed', 'output', 'second')), 'in order');
end;
$$;
