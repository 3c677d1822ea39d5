-- explain() says until when an execution is delayed, and whether that is a delay or the pause before another attempt.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', retry => '{"max_attempts": 2, "initial": 60, "jitter": false}');
  b constant uuid := rhythm.queue('b', delay => '1h');
begin
  perform test.claim(w);
  perform test.fail(w, a, 'no answer');
  perform test.eq(test.sentences(a), array['Attempt 1 failed: no answer. The next one begins at <time>'], 'retry');
  perform test.eq(test.sentences(b), array['It was delayed until <time>'], 'delay');
  perform test.eq(test.reasons(a) || test.reasons(b), array['retry_delayed', 'delayed'], 'reasons');
  perform test.eq((test.reason(b, 'delayed') ->> 'expected_at')::timestamptz, (rhythm.get(b) ->> 'run_at')::timestamptz, 'expected start');
end;
$$;
