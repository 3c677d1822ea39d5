-- retry() gives a task that failed or was cancelled one more attempt.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', retry => '{"max_attempts": 1}');
  b constant uuid := rhythm.queue('b');
begin
  perform rhythm.cancel(b);
  perform test.claim(w);
  perform test.fail(w, a);
  perform rhythm.retry(a);
  perform rhythm.retry(b);
  perform test.eq(rhythm.get(b) ->> 'cancel_reason', null, 'no longer to be cancelled');
  perform test.eq(test.claim(w), array[a, b], 'both run again');
  perform test.eq(rhythm.get(a) ->> 'attempt', '2', 'a second attempt');
  perform test.complete(w, a, '1');
  perform test.complete(w, b);
  perform test.eq(test.status(a), 'completed', 'it completes');
  perform test.eq(rhythm.get(a) -> 'error', 'null'::jsonb, 'without the error');
  perform test.raises(format('select rhythm.retry(%L)', a), 'RH003', 'it is completed');
  perform test.raises('select rhythm.retry(''0190a000-0000-7000-8000-000000000001'')', 'RH002', 'there is no execution');
end;
$$;
