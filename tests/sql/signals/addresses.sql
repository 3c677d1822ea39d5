-- The address of a signal: signed, for a time, for so many uses, and nothing else is needed to use it.
do $$
declare
  f constant uuid := test.flow();
  g constant uuid := test.flow();
  v_form constant jsonb := '{"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}';
  v_token text;
  v_many text;
  v_old text;
  v_parts text[];
begin
  -- RFC 4231, test case 2, with a key that is padded to a block.
  insert into rhythm.signal_key (id, inner_pad, outer_pad, created_at)
  select 99, k.inner_pad, k.outer_pad, rhythm.now() from (
    select string_agg(set_byte('\x00', 0, get_byte(x.key, n) # 54), ''::bytea order by n) as inner_pad, string_agg(set_byte('\x00', 0, get_byte(x.key, n) # 92), ''::bytea order by n) as outer_pad
    from (select '\x4a656665'::bytea || decode(repeat('00', 60), 'hex') as key) as x, generate_series(0, 63) as n
  ) as k;
  perform test.eq((select rhythm.sign_text(k.inner_pad, k.outer_pad, 'what do ya want for nothing?') from rhythm.signal_key as k),
    rhythm.url_text('\x5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'), 'it is HMAC-SHA256');
  delete from rhythm.signal_key;

  v_token := rhythm.signal_token(f, 'approval', expires => '1 hour', form => v_form);
  perform test.eq(v_token ~ '^1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$', true, 'its form');
  perform test.eq((select count(*) from rhythm.signal_use), 0::bigint, 'nothing is stored');
  perform test.eq(rhythm.read_address(v_token) - 'expiresAt', jsonb_build_object('status', 'open', 'message', null, 'name', 'approval', 'target', 'f', 'usesLeft', 1, 'form', v_form), 'what it is for');
  perform test.eq(rhythm.read_address(v_token) ->> 'status', 'open', 'reading changes nothing');

  -- No sign of it may be changed.
  v_parts := string_to_array(v_token, '.');
  perform test.eq(rhythm.read_address(x.token) ->> 'status', 'invalid', x.token)
  from (values ('2.' || v_parts[2] || '.' || v_parts[3]), ('1.' || v_parts[2] || 'A.' || v_parts[3]), ('1.' || v_parts[2] || '.' || translate(v_parts[3], 'AB', 'BA') || 'A'),
    (left(v_token, -1)), (''), ('1..'), (v_token || ' '), ('1.' || v_parts[2] || '.' || repeat('A', 43)), (null)) as x (token);
  perform test.eq(rhythm.use_address('1.' || v_parts[2] || '.' || repeat('A', 43), '{"ok": true}') ->> 'status', 'invalid', 'and it sends nothing');

  perform test.eq(rhythm.use_address(v_token, '{"ok": "yes"}') - array['expiresAt', 'form', 'name', 'target'],
    '{"status": "wrong", "message": "payload.ok: expected boolean, got string (type)", "path": "payload.ok", "usesLeft": 1}', 'a payload that does not match uses nothing');
  perform test.eq(rhythm.use_address(v_token, '{"ok": true}') ->> 'status', 'sent', 'sent');
  perform test.eq((select array_agg(row(s.execution_id, s.name, s.payload)::text) from rhythm.signal as s), array[row(f, 'approval', '{"ok": true}'::jsonb)::text], 'the signal');
  perform test.eq(rhythm.use_address(v_token, '{"ok": false}') ->> 'status', 'used', 'once');
  perform test.eq((select count(*) from rhythm.signal), 1::bigint, 'no second signal');

  v_many := rhythm.signal_token(g, 'note', uses => 2);
  v_old := rhythm.signal_token(g, 'note', uses => null);
  perform test.eq(array[rhythm.use_address(v_many) ->> 'status', rhythm.use_address(v_many) ->> 'status', rhythm.use_address(v_many) ->> 'status'], array['sent', 'sent', 'used'], 'two uses');
  perform test.eq(rhythm.use_address(v_old, '1') -> 'usesLeft', 'null'::jsonb, 'as many as one likes');

  -- What an older key signed is accepted for a while.
  perform test.eq(rhythm.rotate_signal_key(keep => '1 day'), 2, 'a new key');
  perform test.eq(left(rhythm.signal_token(g, 'note'), 2), '2.', 'signs from now on');
  perform test.eq(rhythm.use_address(v_old) ->> 'status', 'sent', 'the old one still counts');
  perform test.pass('25 hours');
  perform test.eq(rhythm.use_address(v_old) ->> 'status', 'invalid', 'until its time');
  v_old := rhythm.signal_token(g, 'note');
  perform rhythm.rotate_signal_key(keep => '0');
  perform test.eq(rhythm.read_address(v_old) ->> 'status', 'invalid', 'or at once');

  v_token := rhythm.signal_token(g, 'note', expires => '1 hour');
  v_many := rhythm.signal_token(g, 'note', expires => '3 hours', uses => 2);
  perform rhythm.use_address(v_many);
  perform test.pass('2 hours');
  perform test.eq(rhythm.use_address(v_token) ->> 'status', 'expired', 'expired');
  perform rhythm.cancel(g, 'test');
  perform test.eq(rhythm.use_address(v_many) ->> 'status', 'over', 'the workflow has ended');
  perform test.raises(format('select rhythm.signal_token(%L, ''note'')', g), 'RH003', 'is cancelled');
  perform test.pass('2 hours');
  perform rhythm.forget_addresses(rhythm.now());
  perform test.eq((select count(*) from rhythm.signal_use), 2::bigint, 'what has expired is forgotten, but for what is good for 7 days');
  perform test.eq((select array_agg(k.id order by k.id) from rhythm.signal_key as k), array[3], 'and keys that have retired');

  perform test.raises(format('select rhythm.signal_token(%L, ''note'')', rhythm.queue('a')), 'RH003', 'only workflows take signals');
  perform test.raises('select rhythm.signal_token(null, ''note'')', 'RH002', 'there is no execution null');
  perform test.raises(format('select rhythm.signal_token(%L, '''')', f), 'RH001', 'signal');
  perform test.raises(format('select rhythm.signal_token(%L, ''n'', ''0'')', f), 'RH001', 'expires must be from 1 second to 366 days');
  perform test.raises(format('select rhythm.signal_token(%L, ''n'', uses => 0)', f), 'RH001', 'uses must be from 1');
  perform test.raises(format('select rhythm.signal_token(%L, ''n'', form => ''{"type": "thing"}'')', f), 'RH001', 'form');
end;
$$;
