-- Addresses that send one signal to one workflow. Anyone who has the address needs no other right, so it is signed, and it expires.
-- What it says stands in the address itself: key.body.signature. The body is [execution, name, expires, uses, number, form].

create or replace function rhythm.url_text(p_bytes bytea)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select translate(encode(p_bytes, 'base64'), E'+/=\n', '-_');
$$;

comment on function rhythm.url_text(bytea) is 'Bytes as base64url, without padding. Internal.';

-- HMAC-SHA256.
create or replace function rhythm.sign_text(p_inner_pad bytea, p_outer_pad bytea, p_text text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.url_text(sha256(p_outer_pad || sha256(p_inner_pad || convert_to(p_text, 'UTF8'))));
$$;

comment on function rhythm.sign_text(bytea, bytea, text) is 'The HMAC-SHA256 of a text, as base64url. Internal.';

create or replace function rhythm.make_signal_key(p_id integer, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- 64 bytes, a block of SHA-256, of which 488 bits are random.
  v_key constant bytea := uuid_send(rhythm.secret()) || uuid_send(rhythm.secret()) || uuid_send(rhythm.secret()) || uuid_send(rhythm.secret());
  v_inner bytea := v_key;
  v_outer bytea := v_key;
begin
  for v_at in 0 .. 63 loop
    v_inner := set_byte(v_inner, v_at, get_byte(v_key, v_at) # 54);
    v_outer := set_byte(v_outer, v_at, get_byte(v_key, v_at) # 92);
  end loop;
  insert into rhythm.signal_key as k (id, inner_pad, outer_pad, created_at)
  values (p_id, v_inner, v_outer, p_now)
  on conflict on constraint signal_key_pkey do nothing;
end;
$$;

comment on function rhythm.make_signal_key(integer, timestamptz) is 'Makes a key for the addresses of signals, unless there is one with this number. Internal.';

create or replace function rhythm.signal_token(p_execution uuid, p_name text, expires interval default '7 days', uses integer default 1, form jsonb default null)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_problem constant text := coalesce(rhythm.name_problem('signal', p_name), case
    when expires is null or not expires between interval '1 second' and interval '366 days' then 'expires must be from 1 second to 366 days'
    when uses not between 1 and 1000000 then 'uses must be from 1 to 1000000; null: as often as one likes'
    when form is not null and octet_length(form::text) > 2000 then format('form takes %s bytes: at most 2000 are allowed', octet_length(form::text))
    when form is not null then rhythm.check_schema(form, 'form') ->> 'message'
  end);
  v_execution rhythm.execution;
  v_key rhythm.signal_key;
  v_text text;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.require_fresh(array[p_execution]);
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot make an address for signal "%s": there is no execution %s', p_name, coalesce(p_execution::text, 'null')));
  elsif v_execution.type = 'task' then
    perform rhythm.raise('RH003', format('Cannot make an address for signal "%s": execution %s is a task, only workflows take signals', p_name, p_execution));
  elsif v_execution.state > 0 then
    perform rhythm.raise('RH003', format('Cannot make an address for signal "%s": execution %s is %s', p_name, p_execution, rhythm.status_of(p_execution)));
  end if;
  if not exists (select from rhythm.signal_key) then
    perform rhythm.make_signal_key(1, v_now);
  end if;
  select k.* into v_key from rhythm.signal_key as k order by k.id desc limit 1;
  v_text := v_key.id || '.' || rhythm.url_text(convert_to(jsonb_build_array(
    p_execution, p_name, ceil(extract(epoch from v_now + expires) * 1000)::bigint, uses, rhythm.secret(), form)::text, 'UTF8'));
  return v_text || '.' || rhythm.sign_text(v_key.inner_pad, v_key.outer_pad, v_text);
end;
$$;

comment on function rhythm.signal_token(uuid, text, interval, integer, jsonb) is
  'What stands after /signals/ in an address that sends a signal to a workflow: signed, for a time, and for one use or more (null: as many as one likes). form: the JSON Schema that the payload must match, from which the page makes its fields. '
  'It is not stored. Example: select rhythm.signal_token(''0190…'', ''approval'', expires => ''3 days'');';

-- What an address says. Nothing of it is read before its signature is right.
create or replace function rhythm.opened_address(p_token text, p_now timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_parts constant text[] := regexp_match(left(p_token, 9000), '^([0-9]{1,9})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$');
  v_key rhythm.signal_key;
  v_body text;
begin
  if v_parts is null then
    return null;
  end if;
  select k.* into v_key from rhythm.signal_key as k where k.id = v_parts[1]::integer and (k.retires_at is null or k.retires_at > p_now);
  if not found then
    return null;
  end if;
  -- How long it takes to compare two signatures would tell how much of one is right. Their own signatures tell nothing.
  if rhythm.sign_text(v_key.inner_pad, v_key.outer_pad, v_parts[3])
    <> rhythm.sign_text(v_key.inner_pad, v_key.outer_pad, rhythm.sign_text(v_key.inner_pad, v_key.outer_pad, v_parts[1] || '.' || v_parts[2])) then
    return null;
  end if;
  v_body := translate(v_parts[2], '-_', '+/');
  return convert_from(decode(v_body || repeat('=', (4 - length(v_body) % 4) % 4), 'base64'), 'UTF8')::jsonb;
end;
$$;

comment on function rhythm.opened_address(text, timestamptz) is 'What an address says, as [execution, name, expires, uses, number, form]; null: it is not signed right. Internal.';

create or replace function rhythm.read_address(p_token text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_says constant jsonb := rhythm.opened_address(p_token, v_now);
  v_id constant uuid := (v_says ->> 0)::uuid;
  v_expires constant timestamptz := to_timestamp((v_says ->> 2)::numeric / 1000);
  v_uses constant integer := (v_says ->> 3)::integer;
  v_target text;
  v_state integer;
  v_used integer;
begin
  if v_says is null then
    return jsonb_build_object('status', 'invalid', 'message', 'This address is not right. Open it exactly as you got it');
  end if;
  select e.target, e.state into v_target, v_state from rhythm.execution as e where e.id = v_id;
  v_used := coalesce((select u.uses from rhythm.signal_use as u where u.execution_id = v_id and u.address = (v_says ->> 4)::uuid), 0);
  return jsonb_build_object('name', v_says -> 1, 'target', v_target, 'expiresAt', v_expires, 'usesLeft', v_uses - v_used, 'form', v_says -> 5)
    || case
      when v_used >= v_uses then jsonb_build_object('status', 'used', 'message', 'This was already answered. The address has been used')
      when v_expires <= v_now then jsonb_build_object('status', 'expired', 'message', 'This address has expired. Ask for a new one')
      when v_state is null then jsonb_build_object('status', 'over', 'message', 'What asked for this answer is not there any more')
      when v_state > 0 then jsonb_build_object('status', 'over', 'message', 'What asked for this answer has ended, and needs none any more')
      else jsonb_build_object('status', 'open', 'message', null)
    end;
end;
$$;

comment on function rhythm.read_address(text) is
  'What the address of a signal is for, and whether it can be used: {status, message, name, target, expiresAt, usesLeft, form}. status: open, used, expired, over (the workflow has ended) or invalid. It changes nothing.';

create or replace function rhythm.use_address(p_token text, p_payload jsonb default 'null')
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_says constant jsonb := rhythm.opened_address(p_token, rhythm.now());
  v_id constant uuid := (v_says ->> 0)::uuid;
  v_address jsonb;
  v_problem jsonb;
begin
  if v_says is not null then
    -- Who comes with the same address waits here, and then sees that it was used.
    perform rhythm.lock_states(array[v_id]);
    perform rhythm.require_fresh(array[v_id]);
  end if;
  v_address := rhythm.read_address(p_token);
  if v_address ->> 'status' <> 'open' then
    return v_address;
  end if;
  v_problem := rhythm.check_inputs(nullif(v_says -> 5, 'null'), p_payload, 'payload');
  if v_problem is not null then
    return v_address || jsonb_build_object('status', 'wrong', 'message', v_problem -> 'message', 'path', v_problem -> 'path');
  end if;
  insert into rhythm.signal_use as u (execution_id, address, uses, expires_at)
  values (v_id, (v_says ->> 4)::uuid, 1, (v_address ->> 'expiresAt')::timestamptz)
  on conflict on constraint signal_use_pkey do update set uses = u.uses + 1;
  perform rhythm.signal(v_id, v_says ->> 1, p_payload);
  return v_address || jsonb_build_object('status', 'sent', 'message', 'Thank you. Your answer was sent', 'usesLeft', (v_address ->> 'usesLeft')::integer - 1);
end;
$$;

comment on function rhythm.use_address(text, jsonb) is
  'Sends the signal of an address, and counts the use in the same transaction. Returns what read_address() does, with the status sent, or wrong: the payload does not match the form, and nothing was used.';

create or replace function rhythm.rotate_signal_key(keep interval default '30 days')
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_id integer;
begin
  if keep is null or not keep between interval '0' and interval '366 days' then
    perform rhythm.raise('RH001', 'keep must be from 0 to 366 days');
  end if;
  lock table rhythm.signal_key in share row exclusive mode;
  update rhythm.signal_key as k set retires_at = least(k.retires_at, v_now + keep) where k.retires_at is null or k.retires_at > v_now + keep;
  v_id := coalesce((select max(k.id) from rhythm.signal_key as k), 0) + 1;
  perform rhythm.make_signal_key(v_id, v_now);
  perform rhythm.record('rotate', 'token', 'addresses of signals');
  return v_id;
end;
$$;

comment on function rhythm.rotate_signal_key(interval) is
  'Makes a new key for the addresses of signals, and returns its number. Addresses that older keys signed are accepted for so long; 0: no more. For the owner. Example: select rhythm.rotate_signal_key(keep => ''1 day'');';

create or replace function rhythm.forget_addresses(p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.signal_use as u
  where (u.execution_id, u.address) in (
    select x.execution_id, x.address from rhythm.signal_use as x where x.expires_at < p_now order by x.expires_at limit 1000 for update skip locked
  );
  -- The newest one keeps its number, so that no number is given twice.
  delete from rhythm.signal_key as k where k.retires_at < p_now and k.id < (select max(x.id) from rhythm.signal_key as x);
end;
$$;

comment on function rhythm.forget_addresses(timestamptz) is 'Deletes the uses of addresses that have expired, and keys that have retired. Part of chores().';
