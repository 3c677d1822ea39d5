-- retry() of a workflow that failed with a follower lets the leader go on, once, whichever of the workflows is retried first.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid[] := array[test.flow(), rhythm.start('f'), rhythm.start('f')];
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 2) as n);
  v_order integer;
begin
  perform test.claim(w);
  for i in 1..3 loop
    perform test.suspend(w, f[i], jsonb_build_array(test.keyed(c[i]) || jsonb_build_object('options', jsonb_build_object('idempotency_key', 'k', 'retry', '{"max_attempts": 1}'::jsonb))), 'any', array[c[i]]);
  end loop;
  perform test.claim(w);
  perform test.fail(w, c[1]);
  perform test.eq(test.claim(w), f, 'all three are told');
  perform test.fail(w, f[1]), test.fail(w, f[2]), test.fail(w, f[3]);

  perform rhythm.retry(f[2]);
  perform test.eq(array(select test.status(x) from unnest(f || c) as x), '{failed,suspended,failed,pending,suspended,failed}'::text[], 'the leader goes on');
  perform rhythm.retry(f[1]);
  perform rhythm.retry(f[3]);
  perform test.eq(array(select test.status(x) from unnest(f || c) as x), '{suspended,suspended,suspended,pending,suspended,suspended}'::text[], 'for all');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
  perform test.eq(test.claim(w), array[c[1]], 'once');
  perform test.complete(w, c[1], '"second time"');
  perform test.eq(array(select rhythm.get(x) ->> 'output' from unnest(c) as x), '{second time,second time,second time}'::text[], 'all have it');
  perform test.eq(test.claim(w), f, 'each workflow goes on');
  perform test.complete(w, f[1]), test.complete(w, f[2]), test.complete(w, f[3]);
end;
$$;

-- One key twice in a workflow; another workflow whose leader completed meanwhile.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid[] := array[test.flow(), rhythm.start('f')];
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 2) as n);
begin
  perform test.claim(w);
  perform test.suspend(w, f[1], jsonb_build_array(test.keyed(c[1], p_key => 'twice'), test.keyed(c[2], p_key => 'twice')), 'any', c[:2]);
  perform test.suspend(w, f[2], jsonb_build_array(test.keyed(c[3], p_key => 'twice')), 'any', c[3:]);
  perform test.claim(w);
  perform test.settle(w, c[1], '{"status": "failed", "retryable": false, "error": {"type": "Error", "message": "no"}}');
  perform test.claim(w);
  perform test.fail(w, f[1]), test.fail(w, f[2]);
  perform rhythm.retry(f[1]);
  perform test.eq(array(select test.status(x) from unnest(f || c) as x), '{suspended,failed,pending,suspended,failed}'::text[], 'first the one, then what follows it');
  perform test.claim(w);
  perform test.complete(w, c[1], '1');
  perform rhythm.retry(f[2]);
  perform test.eq(array(select test.status(x) from unnest(f || c) as x), '{pending,pending,completed,completed,completed}'::text[], 'it is there already');
  perform test.claim(w);
  perform test.complete(w, f[1]), test.complete(w, f[2]);
end;
$$;
