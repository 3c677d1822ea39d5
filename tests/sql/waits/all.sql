-- A workflow that waits for all of its children goes on with the last.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a), test.run_task(b)), 'all', array[a, b]);
  perform test.claim(w);
  perform test.complete(w, a);
  perform test.eq(test.status(f), 'suspended', 'one of two');
  perform test.complete(w, b);
  perform test.eq(test.status(f), 'pending', 'both');
  perform test.eq((select jsonb_array_length(x.settled) from test.claim_rows(w) as x), 2, 'both are delivered');
  perform test.complete(w, f);
end;
$$;
