-- The waits of a paused workflow end, and it does not continue until it is resumed. What it started continues.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  c constant uuid := rhythm.uuid7(rhythm.now(), 0);
  s constant uuid := rhythm.uuid7(rhythm.now() + interval '1 ms', 1);
  g uuid;
  t constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform rhythm.pause_execution(f);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(c), jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'go')), 'any', array[c, s], p_lease => 5);
  perform test.eq(test.reasons(f), array['paused', 'task', 'signal'], 'both reasons');
  perform rhythm.signal(f, 'go');
  perform test.eq(test.status(f), 'pending', 'its wait has ended');
  perform test.eq(test.reasons(f), array['paused'], 'only the pause is left');
  perform test.complete(w, c);
  perform test.eq(test.claim(w), '{}'::uuid[], 'it does not continue');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'sound');
  perform rhythm.resume_execution(f);
  perform test.eq(test.claim(w), array[f], 'resumed, it does');
  perform test.settle(w, f, '{"status": "completed", "output": null}');

  -- Its worker has it in memory: the step is declined, the end is not.
  g := test.flow('g');
  perform test.claim(w);
  perform test.suspend(w, g, jsonb_build_array(test.run_task(t)), 'any', array[t], p_lease => 1);
  perform rhythm.pause_execution(g);
  perform test.eq(test.steps(w, jsonb_build_array(jsonb_build_object('id', t, 'output', 1, 'flow', g, 'seq', 1, 'next', 'completed', 'result', 1))) -> 'declined', jsonb_build_array(t), 'the step is declined');
  perform test.settle(w, t, '{"status": "completed", "output": 1}', p_lease => 5);
  perform test.eq(test.status(g), 'pending', 'its child has ended, and it is not leased');
  perform test.eq(test.claim(w), '{}'::uuid[], 'nor claimed');
  perform rhythm.resume_execution(g);
  perform test.eq(test.claim(w), array[g], 'resumed, it is');
end;
$$;
