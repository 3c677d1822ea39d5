-- tick() looks for what is old every ten seconds; ten times a second as long as there is more than one call may remove.
do $$
declare
  w constant uuid := test.worker();
  v_ids uuid[];
begin
  perform rhythm.configure('retention', '1 hour');
  perform rhythm.tick();
  perform rhythm.queue('a') from generate_series(1, 5);
  perform rhythm.queue('a', queue => 'nobody', idempotency_key => k.key::text, idempotency_ttl => '1h') from generate_series(1, 2) as k (key);
  v_ids := test.claim(w);
  perform test.complete(w, i.id) from unnest(v_ids) as i (id);
  perform test.pass('2 h');
  perform rhythm.beat(w);
  perform rhythm.tick(3);
  perform test.eq((select count(*) from rhythm.execution where state = 1), 2::bigint, 'as much as a call may');
  perform test.eq((select count(*) from rhythm.idempotency_key), 0::bigint, 'keys, too');
  perform test.pass('200 ms');
  perform rhythm.tick(3);
  perform test.eq((select count(*) from rhythm.execution where state = 1), 0::bigint, 'the rest with the next chores');

  perform rhythm.queue('a', queue => 'nobody', idempotency_key => 'short', idempotency_ttl => '1s');
  perform test.pass('5 s');
  perform rhythm.tick();
  perform test.eq((select count(*) from rhythm.idempotency_key), 1::bigint, 'all was removed five seconds ago');
  perform test.pass('6 s');
  perform rhythm.tick();
  perform test.eq((select count(*) from rhythm.idempotency_key), 0::bigint, 'ten seconds later it looks again');
end;
$$;
