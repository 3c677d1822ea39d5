-- A workflow that waits for any of three children goes on with the first, and is told of the others later.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
  c constant uuid := rhythm.uuid7();
  v_settled jsonb;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a), test.run_task(b), test.run_task(c)), 'any', array[a, b, c]);
  perform test.eq(test.status(f), 'suspended', 'it waits');
  perform test.claim(w);
  perform test.complete(w, b, '2');
  perform test.eq(test.status(f), 'pending', 'the first child wakes it');
  perform test.complete(w, a, '1');
  select x.settled into v_settled from test.claim_rows(w) as x;
  perform test.eq(v_settled, jsonb_build_array(
    jsonb_build_object('id', b, 'status', 'completed', 'output', 2),
    jsonb_build_object('id', a, 'status', 'completed', 'output', 1)), 'in the order of settling');
  perform test.suspend(w, f, '[]', 'any', array[c]);
  perform test.eq(test.status(f), 'suspended', 'what was delivered does not satisfy it again');
  perform test.complete(w, c, '3');
  select x.settled into v_settled from test.claim_rows(w) as x;
  perform test.eq(v_settled, jsonb_build_array(jsonb_build_object('id', c, 'status', 'completed', 'output', 3)), 'each end is told once');
  perform test.complete(w, f);
end;
$$;
