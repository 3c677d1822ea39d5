-- A workflow that does not end within its timeout fails, and what it started is cancelled.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  a constant uuid := rhythm.uuid7();
  late uuid;
begin
  perform rhythm.register_flow('f', 'return 1', '{}');
  f := rhythm.start('f', timeout => '30s');
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a)), 'any', array[a]);
  perform test.pass('29 s');
  perform rhythm.tick();
  perform test.eq(test.status(f), 'suspended', 'it has its time');
  perform test.pass('1 s');
  perform rhythm.tick();
  perform test.eq(test.status(f), 'failed', 'its time is over');
  perform test.eq(rhythm.get(f) #>> '{error,type}', 'TimeoutError', 'and says so');
  perform test.eq(test.status(a), 'cancelled', 'what it started is cancelled');
  perform test.eq(rhythm.get(a) ->> 'cancel_reason', 'Its workflow ran past its timeout', 'with the reason');
  late := rhythm.queue('a', parent => f);
  perform test.eq(test.status(late), 'cancelled', 'and what is started under it later');
  perform test.eq(rhythm.get(late) ->> 'cancel_reason', 'Its workflow ran past its timeout', 'with the same reason');

  -- One that failed of itself leaves what it started alone.
  f := rhythm.start('f', timeout => '30s');
  perform test.claim(w);
  perform test.fail(w, f);
  late := rhythm.queue('a', parent => f);
  perform test.eq(test.status(late), 'pending', 'is not asked');
end;
$$;
