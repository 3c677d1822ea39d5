-- What was cancelled before it began has used up none of its attempts
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', retry => '{"max_attempts": 2, "initial": 0.001, "jitter": 0}');
begin
  perform rhythm.cancel(a, 'not yet');
  perform rhythm.retry(a);
  perform test.eq(test.claim(w), array[a], 'it begins');
  perform test.fail(w, a);
  perform test.eq(test.status(a), 'pending', 'and is repeated as its policy says');
  perform test.pass('1 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[a], 'once');
  perform test.fail(w, a);
  perform test.eq(test.status(a), 'failed', 'and not twice');
  perform rhythm.retry(a);
  perform test.eq(test.claim(w), array[a], 'what has failed gets one more attempt');
  perform test.fail(w, a);
  perform test.eq(test.status(a), 'failed', 'one');
end;
$$;
