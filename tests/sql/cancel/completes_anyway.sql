-- What completes although it was asked to stop is not asked any more: beat() reads no more than what runs.
do $$
declare
  w constant uuid := test.worker();
  t constant uuid := rhythm.queue('t');
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform rhythm.cancel(t, 'too late');
  perform test.settle(w, t, '{"status": "completed", "finished": true}');
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a)), 'any', array[a], 1);
  perform rhythm.cancel(a, 'too late');
  perform test.settle(w, a, '{"status": "completed", "finished": true}');
  perform test.eq(array[test.status(t), test.status(a)], array['completed', 'completed'], 'the worker was first');
  perform test.eq((select count(*) from rhythm.execution as e where e.stopping), 0::bigint, 'nothing is asked to stop');
end;
$$;
