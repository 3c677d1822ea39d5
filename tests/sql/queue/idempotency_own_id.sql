-- The same key with the caller's own id, sent again: the same execution, no error; after its time to live another id makes another.
do $$
declare
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
  v_request constant jsonb := jsonb_build_object('type', 'task', 'target', 'a', 'id', a, 'idempotency_key', 'k', 'idempotency_ttl', '1h');
begin
  perform test.eq((select c.id from rhythm.create_many(jsonb_build_array(v_request)) as c (id)), a, 'made');
  perform test.eq((select c.id from rhythm.create_many(jsonb_build_array(v_request)) as c (id)), a, 'the same');
  perform test.eq((select c.id from rhythm.create_many(jsonb_build_array(v_request || jsonb_build_object('id', b))) as c (id)), a, 'the key decides');
  perform test.pass('2 hours');
  perform test.eq((select c.id from rhythm.create_many(jsonb_build_array(v_request || jsonb_build_object('id', b))) as c (id)), b, 'the key is free again');
  perform test.eq((select count(*) from rhythm.execution), 2::bigint, 'two in all');
end;
$$;
