-- A key with a time to live is forgotten when it has passed; one without stands as long as its execution.
do $$
declare
  a constant uuid := rhythm.queue('a', idempotency_key => 'short', idempotency_ttl => '1h');
  b constant uuid := rhythm.queue('a', idempotency_key => 'long');
begin
  perform test.pass('59 min');
  perform test.eq(rhythm.queue('a', idempotency_key => 'short', idempotency_ttl => '1h'), a, 'within its time');
  perform test.pass('1 min');
  perform test.eq(rhythm.queue('a', idempotency_key => 'short', idempotency_ttl => '1h') <> a, true, 'after it, even before tick() came by');
  perform test.eq(rhythm.queue('a', idempotency_key => 'long'), b, 'without an end');
  perform test.pass('2 h');
  perform rhythm.tick();
  perform test.eq((select count(*) from rhythm.idempotency_key), 1::bigint, 'tick() forgets');
end;
$$;
