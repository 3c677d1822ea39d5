-- A workflow that would wait for what it never asked for fails with the reason, others in the batch do not; what it asked for earlier is known.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid[] := array[test.flow(), rhythm.start('f'), rhythm.start('f')];
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 4) as n);
  v_unknown constant uuid := rhythm.uuid7();
  v_waits jsonb;
begin
  perform test.claim(w);
  v_waits := jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[c[2]]), jsonb_build_object('mode', 'all', 'ids', array[c[2], v_unknown]));
  perform test.settle_many(w, jsonb_build_array(
    jsonb_build_object('id', f[1], 'status', 'suspended', 'snapshot', '{}'::jsonb, 'effects', jsonb_build_array(test.run_task(c[1])),
      'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[c[1]]))),
    jsonb_build_object('id', f[2], 'status', 'suspended', 'snapshot', '{}'::jsonb, 'effects', jsonb_build_array(test.run_task(c[2])), 'waits', v_waits),
    -- Somebody else's child is none of its own.
    jsonb_build_object('id', f[3], 'status', 'suspended', 'snapshot', '{}'::jsonb,
      'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[c[1]])))));
  perform test.eq(array(select test.status(x) from unnest(f) as x), '{suspended,failed,failed}'::text[], 'the bad ones alone');
  perform test.eq(rhythm.get(f[2]) #>> '{error,message}', format('Workflow %s cannot wait for %s: it is not a child, timer or wait for a signal of this workflow', f[2], v_unknown), 'why');
  perform test.eq(test.status(c[2]), null, 'nothing of it was done');

  -- A child, a timer and a wait for a signal of an earlier step.
  perform test.claim(w);
  perform test.complete(w, c[1]);
  perform test.claim(w);
  perform test.suspend(w, f[1], jsonb_build_array(test.run_task(c[3]), jsonb_build_object('type', 'start_timer', 'id', c[4], 'at', rhythm.now() + interval '1 day'),
    jsonb_build_object('type', 'await_signal', 'id', c[5], 'name', 's')), 'any', c[3:5]);
  perform rhythm.signal(f[1], 's');
  perform test.claim(w);
  perform test.settle(w, f[1], jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'keep', array[c[4]],
    'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', array[c[4], c[3]]))));
  perform test.eq(test.status(f[1]), 'suspended', 'all known');
  perform rhythm.cancel(f[1]);
  perform test.complete(w, c[3]);
end;
$$;
