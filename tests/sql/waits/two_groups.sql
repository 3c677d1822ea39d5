-- With two groups, whichever is satisfied first lets the workflow go on; a child may be in both.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
  c constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb,
    'effects', jsonb_build_array(test.run_task(a), test.run_task(b), test.run_task(c)),
    'waits', jsonb_build_array(
      jsonb_build_object('mode', 'all', 'ids', jsonb_build_array(a, b, c)),
      jsonb_build_object('mode', 'all', 'ids', jsonb_build_array(b, c)))));
  perform test.claim(w);
  perform test.complete(w, b);
  perform test.eq(test.status(f), 'suspended', 'one of both groups');
  perform test.complete(w, c);
  perform test.eq(test.status(f), 'pending', 'the second group is complete');
  perform test.complete(w, a);
  perform test.eq((select jsonb_array_length(x.settled) from test.claim_rows(w) as x), 3, 'what settled since comes along');
  perform test.complete(w, f);
end;
$$;
