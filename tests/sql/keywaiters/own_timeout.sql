-- What waits for the key of another has its own timeout: it fails then, and its workflow is told; the other goes on, and so do others that wait for it.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', idempotency_key => 'k', timeout => '1h');
  f constant uuid[] := array[test.flow(), rhythm.start('f')];
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(1, 2) as n);
begin
  perform test.claim(w);
  perform test.suspend(w, f[1], jsonb_build_array(test.keyed(c[1]) || '{"options": {"idempotency_key": "k", "timeout": "10s"}}'), 'any', c[1:1]);
  perform test.suspend(w, f[2], jsonb_build_array(test.keyed(c[2])), 'any', c[2:2]);
  perform test.pass('9 s');
  perform rhythm.tick();
  perform test.eq(test.status(c[1]), 'suspended', 'it has its time');
  perform test.pass('1 s');
  perform rhythm.tick();
  perform test.eq(array[test.status(c[1]), rhythm.get(c[1]) #>> '{error,type}'], '{failed,TimeoutError}'::text[], 'its time is over');
  perform test.eq((select x.settled #>> '{0,error,type}' from test.claim_rows(w) as x where x.id = f[1]), 'TimeoutError', 'its workflow is told');
  perform test.eq(array[test.status(a), test.status(c[2])], '{running,suspended}'::text[], 'nobody else is');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
  perform test.complete(w, a, '5');
  perform test.eq(array[rhythm.get(c[1]) ->> 'status', rhythm.get(c[2]) ->> 'output'], '{failed,5}'::text[], 'it stays as it was, the other has the result');
  perform test.fail(w, f[1]);

  -- It waits anew for its whole time.
  perform rhythm.retry(f[1]);
  perform test.eq(rhythm.get(c[1]) ->> 'output', '5', 'or need not wait at all');
end;
$$;
