-- The same key gives the same execution, per target, until it expires.
do $$
declare
  a constant uuid := rhythm.queue('a', idempotency_key => 'k', idempotency_ttl => '1m');
begin
  perform test.eq(rhythm.queue('a', '{"other": 1}', idempotency_key => 'k'), a, 'again');
  perform test.eq(rhythm.queue('b', idempotency_key => 'k') <> a, true, 'another target');
  perform test.pass('61 s');
  perform test.eq(rhythm.queue('a', idempotency_key => 'k') <> a, true, 'after it expired');
  perform test.eq((select count(distinct c) from rhythm.create_many('[{"type":"task","target":"a","idempotency_key":"x"},{"type":"task","target":"a","idempotency_key":"x"}]') as c),
    1::bigint, 'twice in one batch');
end;
$$;
