-- rewind_state() cancels what was begun since the step, and takes again the ends that had been taken since.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  c constant uuid[] := array(select rhythm.uuid7() from generate_series(1, 3));
  r uuid;
  p uuid;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(c[1])), 'any', array[c[1]]);
  perform test.claim(w);
  perform test.complete(w, c[1]);
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(c[2]), test.run_task(c[3])), 'all', array[c[2], c[3]]);
  r := (test.claim(w, 1))[1];
  p := case r when c[2] then c[3] else c[2] end;
  perform test.eq(array[test.status(f), test.status(r), test.status(p)], array['suspended', 'running', 'pending'], 'it waits for two');

  perform rhythm.rewind_state(f, 2, '{"at": 1}', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[c[1]])), array[c[1]], p_step => 1);
  perform test.eq(test.status(p), 'cancelled', 'what waited is cancelled');
  perform test.eq((select e.cancel_reason from rhythm.execution as e where e.id = r), 'its workflow was put back to an earlier step', 'what runs is told');
  perform test.eq(test.status(f), 'pending', 'it takes the end again that it had taken');
  perform test.settle(w, r, '{"status": "cancelled"}');
  perform test.eq((select s.need[1] from rhythm.workflow_state as s where s.execution_id = f), 0, 'its end counts for nothing');
end;
$$;
