-- Making, listing, revoking and looking up tokens. Only the owner may make one: its holder acts with the rights of the process
-- that serves HTTP.

create or replace function rhythm.token_problem(p_name text, p_role text, p_expires_at timestamptz, p_now timestamptz)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(rhythm.name_problem('token', p_name), case
    when p_role is null or p_role not in ('viewer', 'operator', 'deployer', 'admin') then
      format('There is no role "%s" of tokens: expected viewer, operator, deployer or admin', p_role)
    when p_expires_at <= p_now or not isfinite(p_expires_at) then 'expires_at must be in the future; null: it does not expire'
  end);
$$;

comment on function rhythm.token_problem(text, text, timestamptz, timestamptz) is 'Why there cannot be such a token, as a sentence; null if there can. Internal.';

create or replace function rhythm.create_token(p_name text, p_role text, expires_at timestamptz default null, metadata_only boolean default false)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_problem constant text := rhythm.token_problem(p_name, p_role, create_token.expires_at, v_now);
  -- Both are of the server's strong random numbers.
  v_token constant text := 'rhythm_' || replace(rhythm.secret()::text || rhythm.secret()::text, '-', '');
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  insert into rhythm.token as t (name, role, metadata_only, hash, created_at, created_by, expires_at)
  values (p_name, p_role, coalesce(create_token.metadata_only, false), sha256(v_token::bytea), v_now, rhythm.who(), create_token.expires_at)
  on conflict (name) where revoked_at is null do nothing;
  if not found then
    perform rhythm.raise('RH003', format('There is a token "%s" already', p_name), 'Take another name, or revoke that one first');
  end if;
  perform rhythm.record('create', 'token', p_name, p_after => jsonb_build_object('role', p_role, 'metadata_only', coalesce(create_token.metadata_only, false), 'expires_at', create_token.expires_at));
  return v_token;
end;
$$;

comment on function rhythm.create_token(text, text, timestamptz, boolean) is
  'Makes a token for the HTTP interface and the dashboard, and returns it. It is not stored and cannot be shown again. p_role: viewer, operator, deployer or admin. metadata_only: it sees no inputs, outputs, variables, logs or messages. '
  'Example: select rhythm.create_token(''support'', ''operator'', expires_at => now() + interval ''90 days'');';

create or replace function rhythm.revoke_token(p_name text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.token as t set revoked_at = rhythm.now() where t.name = p_name and t.revoked_at is null;
  if not found then
    return false;
  end if;
  perform rhythm.record('revoke', 'token', p_name);
  return true;
end;
$$;

comment on function rhythm.revoke_token(text) is
  'Revokes a token. Processes refuse it within five seconds, and end the sessions that began with it. False: there is no such token that is not revoked.';

create or replace function rhythm.list_tokens()
returns table (
  id integer, name text, role text, metadata_only boolean, created_at timestamptz, created_by text, expires_at timestamptz, revoked_at timestamptz, used_at timestamptz
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select t.id, t.name, t.role, t.metadata_only, t.created_at, t.created_by, t.expires_at, t.revoked_at, t.used_at from rhythm.token as t order by t.id;
$$;

comment on function rhythm.list_tokens() is 'All tokens, without what one logs in with. What was revoked or has expired is kept for the setting retention.';

-- Callers remember the answer for a few seconds. It writes once an hour, and not where nothing can be written.
create or replace function rhythm.find_token(p_hash text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_token rhythm.token;
begin
  if p_hash !~ '^[0-9a-f]{64}$' then
    return null;
  end if;
  select t.* into v_token from rhythm.token as t
  where t.hash = decode(p_hash, 'hex') and t.revoked_at is null and (t.expires_at is null or t.expires_at > v_now);
  if not found then
    return null;
  end if;
  if current_setting('transaction_read_only') = 'off' and coalesce(v_token.used_at not between v_now - interval '1 hour' and v_now, true) then
    update rhythm.token as t set used_at = v_now where t.id = v_token.id;
  end if;
  return jsonb_build_object('name', v_token.name, 'role', v_token.role, 'metadataOnly', v_token.metadata_only);
end;
$$;

comment on function rhythm.find_token(text) is
  'The token with a SHA-256 hash (64 hexadecimal digits): {name, role, metadataOnly}. Null: there is none, it has expired, or it was revoked. For those who serve HTTP.';

create or replace function rhythm.forget_tokens(p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant timestamptz := p_now - rhythm.setting('retention')::interval;
begin
  delete from rhythm.token as t where t.revoked_at < v_before or t.expires_at < v_before;
end;
$$;

comment on function rhythm.forget_tokens(timestamptz) is 'Deletes tokens that were revoked or expired before the retention. Part of chores().';
