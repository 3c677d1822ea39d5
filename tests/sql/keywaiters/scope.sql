-- A child's key meets those of queue() and start(), of the same task or flow, until they expire; no other.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  v_task constant uuid := rhythm.queue('a', '{"from": "outside"}', idempotency_key => 'k');
  v_other constant uuid := rhythm.queue('b', idempotency_key => 'k');
  v_flow constant uuid := rhythm.start('f', idempotency_key => 'k', delay => '1h');
  v_short constant uuid := rhythm.queue('a', idempotency_key => 'short', idempotency_ttl => '1m');
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 4) as n);
begin
  perform test.eq(cardinality(test.claim(w, 4)), 4, 'all but the one that is delayed');
  perform test.suspend(w, f, jsonb_build_array(
    test.keyed(c[1]),
    test.keyed(c[2], 'run_workflow', 'f') || '{"options": {"idempotency_key": "k", "timeout": "1s"}}',
    test.keyed(c[3], p_target => 'c'),
    test.keyed(c[4], p_key => 'short')), 'all', c[:4]);
  perform test.eq(array(select test.status(x) from unnest(c[:4]) as x), '{suspended,suspended,pending,suspended}'::text[], 'task and flow meet theirs');
  perform test.raises(format('select rhythm.signal(%L, ''s'')', c[2]), 'RH003', 'waits for another execution');
  -- What comes too late says nothing about how the first runs; how long it waits for that is its own.
  perform test.pass('2m');
  perform rhythm.tick();
  perform test.eq(rhythm.get(c[2]) #>> '{error,type}', 'TimeoutError', 'its own timeout ended it');
  perform test.eq((select count(*) from rhythm.timer as t where t.execution_id = v_flow), 0::bigint, 'its timeout is not that of the first');
  perform test.eq(rhythm.get(v_flow) ->> 'status', 'pending', 'nor is its delay');

  -- The key has expired: it is free for the next, and what waits for it still waits for whom it waited for.
  perform test.eq(test.claim(w), array[f, c[3]], 'a member of the group has failed');
  perform test.complete(w, c[3]);
  perform test.complete(w, v_task, '"task"');
  perform rhythm.tick();
  perform rhythm.cancel(v_flow);
  perform test.suspend(w, f, jsonb_build_array(test.keyed(c[5], p_key => 'short')), 'all', c[4:5]);
  perform test.eq(test.status(c[5]), 'pending', 'a new first');
  perform test.complete(w, v_short, '"short"');
  perform test.eq(rhythm.get(c[1]) -> 'output', '"task"'::jsonb, 'what queue() started');
  perform test.eq(array[test.status(c[2]), test.status(c[4])], '{failed,completed}'::text[], 'the others as the owner of their key');
  perform test.complete(w, v_other);
end;
$$;
