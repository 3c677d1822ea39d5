-- A workflow that runs past its timeout and loses its worker then fails for its timeout, once another has cleaned up.
do $$
declare
  w constant uuid := rhythm.register_worker(null, p_lease => '5s');
  other uuid;
  f uuid;
  s constant uuid := rhythm.uuid7();
begin
  perform rhythm.register_flow('f', 'return 1', '{}');
  f := rhythm.start('f', timeout => '10s');
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'cleanup', true,
    'effects', jsonb_build_array(jsonb_build_object('type', 'start_timer', 'id', s, 'at', rhythm.now() + interval '1 second')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', jsonb_build_array(s)))));
  perform test.pass('2 s');
  perform rhythm.beat(w);
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[f], 'it goes on');
  perform test.pass('4 s');
  perform rhythm.beat(w);
  perform test.pass('4500 ms');
  perform rhythm.tick();
  perform test.eq((select e.stopping from rhythm.execution as e where e.id = f), true, 'its worker is asked to stop');
  perform test.pass('2 s');
  perform rhythm.tick();
  perform test.eq(test.status(f), 'pending', 'its worker is lost');
  other := test.worker();
  perform test.eq(test.claim(other), array[f], 'another one has it');
  perform test.settle(other, f, '{"status": "cancelled"}');
  perform test.eq(test.status(f), 'failed', 'it did not end in time');
  perform test.eq(rhythm.get(f) #>> '{error,type}', 'TimeoutError', 'and says so');
end;
$$;
