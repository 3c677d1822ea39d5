-- A token is returned once. It is found by its hash until it expires or is revoked.
do $$
declare
  v_token text;
  v_hash text;
begin
  v_token := rhythm.create_token('ada', 'operator', metadata_only => true);
  perform test.eq(v_token ~ '^rhythm_[0-9a-f]{64}$', true, 'its form');
  v_hash := encode(sha256(v_token::bytea), 'hex');
  perform test.eq((select position(v_token in t::text) from rhythm.token as t), 0, 'it is not stored');
  perform test.eq(rhythm.find_token(v_hash), '{"name": "ada", "role": "operator", "metadataOnly": true}'::jsonb, 'found by its hash');
  perform test.eq((select t.used_at is not null from rhythm.list_tokens() as t), true, 'that it was used is noted');
  perform test.eq(rhythm.find_token(repeat('0', 64)), null::jsonb, 'another hash');
  perform test.eq(rhythm.find_token('x'), null::jsonb, 'no hash');
  perform test.raises('select rhythm.create_token(''ada'', ''viewer'')', 'RH003', 'already');
  perform test.raises('select rhythm.create_token(''eve'', ''root'')', 'RH001', 'expected viewer, operator, deployer or admin');
  perform test.raises('select rhythm.create_token(''eve'', ''viewer'', now() - interval ''1 second'')', 'RH001', 'in the future');
  perform test.eq(rhythm.revoke_token('ada'), true, 'revoked');
  perform test.eq(rhythm.revoke_token('ada'), false, 'it is revoked already');
  perform test.eq(rhythm.find_token(v_hash), null::jsonb, 'a revoked one is not found');
  v_token := rhythm.create_token('ada', 'viewer', rhythm.now() + interval '1 hour');
  v_hash := encode(sha256(v_token::bytea), 'hex');
  perform test.eq(rhythm.find_token(v_hash) ->> 'role', 'viewer', 'the name can be used again');
  perform test.pass('2 hours');
  perform test.eq(rhythm.find_token(v_hash), null::jsonb, 'an expired one is not found');
  perform test.eq((select count(*) from rhythm.list_tokens()), 2::bigint, 'both are listed');
  perform test.pass('31 days');
  perform rhythm.forget_tokens(rhythm.now());
  perform test.eq((select count(*) from rhythm.list_tokens()), 0::bigint, 'and are gone after the retention');
end;
$$;
