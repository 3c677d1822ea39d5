-- A child that settles while its parent runs is not missed: the parent does not suspend.
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
  perform test.complete(w, b, '"b"');
  perform test.eq(test.claim(w), array[f], 'it runs');
  perform test.complete(w, a, '"a"');
  perform test.eq(test.status(f), 'running', 'a child settles meanwhile');
  perform test.suspend(w, f, '[]', 'any', array[a]);
  perform test.eq(test.status(f), 'pending', 'it need not suspend');
  perform test.eq((select x.settled #>> '{0,output}' from test.claim_rows(w) as x), 'a', 'it is told');
  perform test.complete(w, f);
end;
$$;
