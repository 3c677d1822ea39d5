-- What was cancelled before its time keeps its delay when it is retried; after its time it begins at once.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', delay => '1h');
  f uuid;
  v_due constant text := rhythm.get(a) ->> 'run_at';
begin
  perform rhythm.register_flow('f', 'return 1', '{}');
  f := rhythm.start('f', delay => '1h', timeout => '2h');
  perform rhythm.cancel(a), rhythm.cancel(f);
  perform test.eq((select count(*) from rhythm.batch), 0::bigint, 'cancelled');
  perform test.pass('10 min');
  perform rhythm.retry(a), rhythm.retry(f);
  perform test.eq(array[rhythm.get(a) ->> 'status', rhythm.get(a) ->> 'run_at'], array['pending', v_due], 'at its time');
  perform rhythm.beat(w), rhythm.tick();
  perform test.eq(test.claim(w), '{}', 'not before');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
  perform test.pass('51 min');
  perform rhythm.beat(w), rhythm.tick();
  perform test.eq(test.claim(w), array[a, f], 'then');
  perform test.fail(w, f);
  perform test.settle(w, a, '{"status": "failed", "retryable": false, "error": {"type": "Error", "message": "no"}}');
  perform rhythm.retry(a), rhythm.retry(f);
  perform test.eq(test.claim(w), array[a, f], 'what ran once runs at once');
  perform test.complete(w, a), test.complete(w, f);
end;
$$;

do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', delay => '1h');
begin
  perform rhythm.cancel(a);
  perform test.pass('2 h');
  perform rhythm.beat(w), rhythm.retry(a);
  perform test.eq(test.claim(w), array[a], 'its time is over');
  perform test.complete(w, a);
end;
$$;
