-- A child that a workflow does not wait for any more counts for nothing, though others of its group are waited for still; and a group
-- that goes on over several steps is not written anew.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  c uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 4) as n);
  v_group integer;
begin
  perform test.claim(w);
  perform test.suspend(w, f, (select jsonb_agg(test.run_task(x)) from unnest(c[:4]) as x), 'all', c[:4]);
  perform test.claim(w);
  perform test.settle(w, c[1], '{"status": "failed", "retryable": false, "error": {"type": "Error", "message": "no"}}');
  perform test.eq(test.claim(w), array[f], 'a failure');
  -- It caught that, and needs two of the others and one more.
  perform test.suspend(w, f, jsonb_build_array(test.run_task(c[5])), 'all', c[3:5]);
  perform test.claim(w);
  perform test.complete(w, c[2]), test.complete(w, c[3]);
  perform test.complete(w, c[4]);
  perform test.eq(test.status(f), 'suspended', 'the last one is still to come');
  perform test.complete(w, c[5]);
  perform test.eq((select jsonb_path_query_array(x.settled, '$.id') from test.claim_rows(w) as x), to_jsonb(c[2:5]), 'all are told');

  -- A timer goes off meanwhile, twice.
  c := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 4) as n);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb,
    'effects', jsonb_build_array(test.run_task(c[1]), test.run_task(c[2]), test.run_task(c[3]), jsonb_build_object('type', 'start_timer', 'id', c[4], 'at', rhythm.now())),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', c[:3]), jsonb_build_object('mode', 'any', 'ids', c[4:4]))));
  v_group := (select e.wait_group from rhythm.execution as e where e.id = c[3]);
  perform rhythm.tick();
  perform test.claim(w, 2);
  perform test.complete(w, c[1]);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb,
    'effects', jsonb_build_array(jsonb_build_object('type', 'start_timer', 'id', c[5], 'at', rhythm.now())),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', c[:3]), jsonb_build_object('mode', 'any', 'ids', c[5:5]))));
  perform test.eq((select e.wait_group from rhythm.execution as e where e.id = c[3]), v_group, 'under its number, with one that ended meanwhile');
  perform rhythm.tick();
  perform test.eq((select jsonb_path_query_array(x.settled, '$.id') from test.claim_rows(w) as x), to_jsonb(array[c[1], c[5]]), 'told of that, too');
  perform test.suspend(w, f, '[]', 'all', c[2:3]);
  perform test.eq((select e.wait_group from rhythm.execution as e where e.id = c[3]), v_group, 'and again');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
  perform test.claim(w);
  perform test.complete(w, c[2]);
  perform test.eq(test.status(f), 'suspended', 'one of two');
  perform test.complete(w, c[3]);
  perform test.eq(test.status(f), 'pending', 'both');
end;
$$;
