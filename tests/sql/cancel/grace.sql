-- A cancelled workflow has a minute to clean up; then it is over, and what it still waits for with it.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  r constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
  u constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'cleanup', true,
    'effects', jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(s)))));
  perform rhythm.cancel(f, 'enough');
  perform rhythm.cancel(r, 'enough');
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(u, 'undo')), 'any', array[u]);
  perform test.eq((select rhythm.tick() <= rhythm.now() + interval '61 seconds'), true, 'the end of its time is known');
  perform test.pass('50 seconds');
  perform rhythm.beat(w);
  perform rhythm.tick();
  perform test.eq(test.status(f), 'suspended', 'it still has time');
  perform test.eq(test.status(r), 'running', 'so has the one that runs');
  perform test.pass('11 seconds');
  perform rhythm.beat(w);
  perform rhythm.tick();
  perform test.eq(test.status(f), 'cancelled', 'it had its time');
  perform test.eq(test.status(r), 'cancelled', 'also while it runs');
  perform test.eq(test.status(u), 'cancelled', 'and what it waited for');
  perform test.eq((select jsonb_array_length(test.settle(w, r, '{"status": "completed"}') -> 'refused')), 1, 'its worker comes late');
end;
$$;
