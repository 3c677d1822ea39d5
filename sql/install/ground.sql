-- The base of all other functions: the clock, chance, and how errors are raised.

-- The only clock of the engine. Tests move it: they set rhythm_clock.at to a time, or rhythm_clock.shift to an interval, for a
-- session or a database. Anybody can set these, so they count only if the owner, a member of the owner or a superuser logged in.
-- Otherwise a client could reach a deadline earlier, or a worker could declare another one dead.
create or replace function rhythm.may_set_clock()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select pg_has_role(session_user, n.nspowner, 'member') from pg_catalog.pg_namespace as n where n.oid = :'schema'::regnamespace);
end;
$$;

comment on function rhythm.may_set_clock() is 'Whether the session may move the clock, because it belongs to the owner of this installation. Internal.';

create or replace function rhythm.now()
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Without a query: this is called several times by every call of a worker.
  if coalesce(current_setting('rhythm_clock.at', true), '') || coalesce(current_setting('rhythm_clock.shift', true), '') = ''
    or not rhythm.may_set_clock() then
    return clock_timestamp();
  end if;
  return coalesce(
    nullif(current_setting('rhythm_clock.at', true), '')::timestamptz,
    clock_timestamp() + nullif(current_setting('rhythm_clock.shift', true), '')::interval
  );
end;
$$;

comment on function rhythm.now() is
  'The engine''s clock: the real time, unless a test that logged in as the owner has set rhythm_clock.at (a time) or rhythm_clock.shift (an interval).';

-- All chance of the engine comes from here. A simulation decides it: set rhythm_clock.seed to any text, and what follows is
-- the same each time. As with the clock, that counts only where the owner logged in: nobody else can make ids or seeds that
-- he knows beforehand.
create or replace function rhythm.secret()
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('rhythm_clock.seed', true), '') = '' or not rhythm.may_set_clock() then
    return gen_random_uuid();
  end if;
  return set_config('rhythm_clock.seed', md5(current_setting('rhythm_clock.seed')), false)::uuid;
end;
$$;

comment on function rhythm.secret() is
  'Random bits that nobody can guess, unless a test that logged in as the owner set rhythm_clock.seed: then they follow from it. Internal.';

create or replace function rhythm.chance()
returns double precision
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return ('x' || left(rhythm.secret()::text, 8))::bit(32)::bigint / 4294967296.0;
end;
$$;

comment on function rhythm.chance() is 'A random number from 0 up to, but not including, 1; see secret(). Internal.';

-- Work that is done in pieces of some milliseconds asks this. A simulation cuts the pieces by chance instead.
create or replace function rhythm.time_is_up(p_until timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('rhythm_clock.seed', true), '') = '' or not rhythm.may_set_clock() then
    return clock_timestamp() > p_until;
  end if;
  return rhythm.chance() < 0.1;
end;
$$;

comment on function rhythm.time_is_up(timestamptz) is
  'Whether a time is over, by the real clock; by chance, where a test has set rhythm_clock.seed. Internal.';

create or replace function rhythm.raise(
  p_code text,
  p_message text,
  p_hint text default null,
  p_detail text default null
)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- An option of raise must not be null, and an empty one would be shown.
  if p_detail is not null then
    raise exception using errcode = p_code, message = p_message, hint = coalesce(p_hint, 'See the detail'), detail = p_detail;
  elsif p_hint is not null then
    raise exception using errcode = p_code, message = p_message, hint = p_hint;
  end if;
  raise exception using errcode = p_code, message = p_message;
end;
$$;

comment on function rhythm.raise(text, text, text, text) is
  'Raises an error of class RH: code, message, and what to do, if given. Never returns.';
