-- explain() says how an execution ended.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
  b constant uuid := rhythm.queue('b');
  c constant uuid := rhythm.queue('c');
begin
  perform test.claim(w, 2);
  perform test.complete(w, a);
  perform test.fail(w, b, 'no such card');
  perform rhythm.cancel(c, 'ordered twice');
  perform test.eq(test.sentences(a), array['It completed at <time>'], 'completed');
  perform test.eq(test.sentences(b), array['It failed at <time>: Error: no such card'], 'failed');
  perform test.eq(test.sentences(c), array['It was cancelled at <time>: ordered twice'], 'cancelled');
  perform test.eq(test.reasons(a) || test.reasons(b) || test.reasons(c), array['completed', 'failed', 'cancelled'], 'reasons');
  perform test.eq((test.reason(b, 'failed') ->> 'at')::timestamptz, (rhythm.get(b) ->> 'completed_at')::timestamptz, 'when');
end;
$$;
