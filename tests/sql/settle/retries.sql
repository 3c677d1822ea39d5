-- A failed attempt is tried again after its backoff, until there are no attempts left.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', retry => '{"max_attempts": 3, "initial": 10, "backoff": "exponential", "jitter": 0}');
begin
  perform test.claim(w);
  perform test.fail(w, a, 'one');
  perform test.eq(test.status(a), 'pending', 'it waits');
  perform test.eq(rhythm.get(a) #>> '{error,message}', 'one', 'with its error');
  perform test.eq((rhythm.get(a) ->> 'run_at')::timestamptz between rhythm.now() + interval '9 s' and rhythm.now() + interval '10 s', true, 'for ten seconds');
  perform test.pass('10 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[a], 'the second attempt');
  perform test.fail(w, a, 'two');
  perform test.eq((rhythm.get(a) ->> 'run_at')::timestamptz > rhythm.now() + interval '19 s', true, 'then twice as long');
  perform test.pass('20 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[a], 'the third attempt');
  perform test.fail(w, a, 'three');
  perform test.eq(test.status(a), 'failed', 'no attempts left');
  perform test.eq(rhythm.get(a) #>> '{error,message}', 'three', 'the last error');
  perform test.eq(rhythm.get(a) ->> 'attempt', '3', 'attempts never exceed the limit');
end;
$$;
