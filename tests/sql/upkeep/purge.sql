-- purge() removes what ended long ago: parents before children, with signals, logs and keys; and nothing else.
do $$
declare
  w uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  k constant uuid := rhythm.queue('k', idempotency_key => 'once');
  v_waiting constant uuid := rhythm.queue('later', queue => 'nobody');
begin
  perform test.claim(w);
  perform rhythm.signal(f, 's');
  perform rhythm.report(w, jsonb_build_array(jsonb_build_object('id', k, 'level', 'info', 'message', 'hello')));
  perform test.complete(w, k);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a)), 'any', array[a]);
  perform test.claim(w);
  perform test.complete(w, a);
  perform test.claim(w);
  perform test.pass('29 days');
  perform rhythm.beat(w);
  perform test.complete(w, f);
  perform test.pass('2 days');
  perform rhythm.beat(w);
  perform test.eq(rhythm.purge('1 day'), 2, 'what is old has no parent that is kept');
  perform test.eq(rhythm.get(f), null::jsonb, 'the workflow is gone');
  perform test.eq(rhythm.purge('1 day'), 1, 'then its child');
  perform test.eq(rhythm.get(v_waiting) ->> 'status', 'pending', 'what is not over stays');
  perform test.eq((select count(*) from rhythm.signal) + (select count(*) from rhythm.log_line) + (select count(*) from rhythm.idempotency_key), 0::bigint, 'nothing is left of them');
  perform test.eq(rhythm.purge('1 day'), 0, 'nothing more');
end;
$$;

-- What was started long ago and has ended a moment ago stays.
do $$
declare
  w constant uuid := test.worker();
  l constant uuid := rhythm.queue('long');
begin
  perform test.claim(w);
  perform test.pass('2 days');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.beat(w);
  perform test.complete(w, l);
  perform test.pass('1 hour');
  perform test.eq(rhythm.purge('1 day'), 0, 'it ended an hour ago');
  perform test.eq(rhythm.get(l) ->> 'status', 'completed', 'it is there');
end;
$$;
