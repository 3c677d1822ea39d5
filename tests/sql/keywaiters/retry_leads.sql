-- retry() makes a follower the first itself where its leader is purged, or where the leader's workflow has gone on without it.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid[] := array[test.flow(), rhythm.start('f'), rhythm.start('f')];
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 3) as n);
begin
  perform test.claim(w);
  for i in 1..3 loop
    perform test.suspend(w, f[i], jsonb_build_array(test.keyed(c[i], 'run_workflow', 'f')), 'any', array[c[i]]);
  end loop;
  perform test.claim(w);
  perform test.fail(w, c[1]);
  perform test.eq(test.claim(w), f, 'all three are told');
  -- The first caught the error and goes on; the others failed.
  perform test.suspend(w, f[1], jsonb_build_array(test.run_task(c[4])), 'any', c[4:]);
  perform test.fail(w, f[2]), test.fail(w, f[3]);

  perform rhythm.retry(f[2]);
  perform test.eq(array(select test.status(x) from unnest(f || c) as x), '{suspended,suspended,failed,failed,pending,failed,pending}'::text[], 'it runs itself');
  perform test.eq(rhythm.start('f', idempotency_key => 'k'), c[2], 'and has the key');
  perform rhythm.retry(f[3]);
  perform test.eq(test.status(c[3]), 'suspended', 'so that others follow it');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
  perform test.claim(w);
  perform test.fail(w, c[2]);
  perform test.claim(w);
  perform test.fail(w, f[2]), test.fail(w, f[3]);

  -- Both are gone, with the key.
  perform rhythm.remove_over(c[:2] || f[2]);
  perform test.eq((select count(*) from rhythm.idempotency_key), 0::bigint, 'gone');
  perform rhythm.retry(f[3]);
  perform test.eq(array[test.status(f[3]), test.status(c[3])], '{suspended,pending}'::text[], 'it is the first now');
  perform test.eq(rhythm.start('f', idempotency_key => 'k'), c[3], 'and has the key');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
  perform test.claim(w);
  perform test.complete(w, c[3], '1');
  perform test.eq(test.claim(w), f[3:], 'its workflow goes on');
  perform test.complete(w, f[3]);
  perform rhythm.cancel(f[1]);
end;
$$;
