-- A signal sent again with the same key is the same signal, also after it was taken.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
  v_id bigint;
begin
  v_id := rhythm.signal(f, 's', '1', idempotency_key => 'k');
  perform test.eq(rhythm.signal(f, 's', '2', idempotency_key => 'k'), v_id, 'again');
  perform test.eq(rhythm.signal(g, 's', '3', idempotency_key => 'k') <> v_id, true, 'another workflow has keys of its own');
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's')), 'any', array[s]);
  perform test.eq((select x.settled #>> '{0,output}' from test.claim_rows(w) as x), '1', 'the first payload');
  perform test.eq(rhythm.signal(f, 's', '4', idempotency_key => 'k'), v_id, 'after it was taken');
  perform test.eq((select count(*) from rhythm.signal as x where x.execution_id = f), 1::bigint, 'one signal');
end;
$$;
