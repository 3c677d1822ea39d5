-- With two groups, whichever is satisfied first lets the workflow go on. A child of both lets it go on at once, to look itself.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
  c constant uuid := rhythm.uuid7();
  d constant uuid := rhythm.uuid7();
  e constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb,
    'effects', jsonb_build_array(test.run_task(a), test.run_task(b), test.run_task(c), test.run_task(d), test.run_task(e)),
    'waits', jsonb_build_array(
      jsonb_build_object('mode', 'all', 'ids', jsonb_build_array(a, b, d)),
      jsonb_build_object('mode', 'all', 'ids', jsonb_build_array(b, c, e)))));
  perform test.claim(w);
  perform test.complete(w, b);
  perform test.eq((select x.settled from test.claim_rows(w) as x), jsonb_build_array(jsonb_build_object('id', b, 'status', 'completed', 'output', null)), 'one of both groups');
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb,
    'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', jsonb_build_array(a, d)), jsonb_build_object('mode', 'all', 'ids', jsonb_build_array(c, e)))));
  perform test.complete(w, a);
  perform test.eq(test.status(f), 'suspended', 'one of two, of the first group');
  perform test.complete(w, c);
  perform test.eq(test.status(f), 'suspended', 'one of two, of the second');
  perform test.complete(w, e);
  perform test.eq(test.status(f), 'pending', 'the second group is complete');
  perform test.complete(w, d);
  perform test.eq((select array_agg(i.value ->> 'id') from test.claim_rows(w) as x cross join jsonb_array_elements(x.settled) as i), array[a, c, e, d]::text[], 'what settled since comes along');
  perform test.complete(w, f);
end;
$$;
