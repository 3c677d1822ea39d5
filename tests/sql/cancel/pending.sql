-- What has not begun is cancelled at once, and once.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a');
  d constant uuid := rhythm.queue('a', delay => '1h');
begin
  perform test.eq(rhythm.cancel(a, 'not needed'), true, 'ready');
  perform test.eq(rhythm.cancel(d), true, 'delayed');
  perform test.eq(test.status(a), 'cancelled', 'ready');
  perform test.eq(test.status(d), 'cancelled', 'delayed');
  perform test.eq(rhythm.get(a) ->> 'cancel_reason', 'not needed', 'the reason');
  perform test.eq(rhythm.cancel(a, 'again'), false, 'it is over');
  perform test.eq(rhythm.get(a) ->> 'cancel_reason', 'not needed', 'the first reason stays');
  perform test.eq(test.claim(w), '{}'::uuid[], 'nothing begins');
end;
$$;
