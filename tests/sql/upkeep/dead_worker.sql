-- The work of a worker that died goes back after its lease: the loss counts, the backoff is obeyed, the last one fails.
do $$
declare
  w constant uuid := test.worker();
  v uuid;
  a constant uuid := rhythm.queue('a', retry => '{"crashes": 1, "max_attempts": 1, "initial": 60, "backoff": "fixed", "jitter": 0}');
begin
  perform test.claim(w);
  perform test.pass('59 min');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'running', 'a worker may be silent for its lease');
  perform test.eq(rhythm.due() - rhythm.now() between '30 s' and '1 min', true, 'its lease ends soon');
  perform test.pass('61 s');
  perform test.eq(rhythm.due() - rhythm.now() between '900 ms' and '1 s', true, 'chores give it up, and no call in between could');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'pending', 'then its work goes back');
  perform test.eq(rhythm.get(a) #>> '{error,type}', 'WorkerLostError', 'with the reason');
  perform test.eq(rhythm.beat(w), '{"alive": false, "turn_ms": 1000, "stop": [], "lost": []}'::jsonb, 'it was given up');
  perform test.raises(format('select test.complete(%L, %L)', w, a), 'RH008', 'counts as dead');
  v := test.worker();
  perform test.eq(test.claim(v), '{}'::uuid[], 'the backoff is obeyed');
  perform test.pass('61 s');
  perform rhythm.tick();
  perform test.eq(test.claim(v), array[a], 'the second attempt');
  perform test.silence('62 min');
  perform test.eq(test.status(a), 'failed', 'there was no third');
  perform test.eq(rhythm.get(a) ->> 'attempt', '2', 'losses never exceed the limit');
end;
$$;
