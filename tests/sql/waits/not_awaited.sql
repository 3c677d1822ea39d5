-- A child that nobody awaits does not wake its parent; its end is delivered with the next.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a), test.run_task(b)), 'any', array[b]);
  perform test.claim(w);
  perform test.complete(w, a);
  perform test.eq(test.status(f), 'suspended', 'it sleeps on');
  perform test.complete(w, b);
  perform test.eq((select x.settled -> 0 ->> 'id' from test.claim_rows(w) as x), a::text, 'told in the order of settling');
  perform test.complete(w, f);
end;
$$;
