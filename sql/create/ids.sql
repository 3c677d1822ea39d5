-- Ids, channels, durations, settings.

-- p_nth keeps the order of ids that are made in the same instant, for a batch and for single calls of a session. It is in the
-- 12 bits after the version (rand_a of RFC 9562), as 4,096ths of a millisecond. The 10 bits after the variant are the
-- number of the cell, 0 as in cell_digits(). The last 52 are random.
create or replace function rhythm.uuid7(p_at timestamptz default null, p_nth integer default null)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select (
      overlay(lpad(to_hex(c.us / 1000 + coalesce(c.place / 4096, 0)), 12, '0') placing '-' from 9 for 0) || '-7'
      || case when p_nth is null then substr(c.r, 16, 3) else lpad(to_hex(c.place % 4096), 3, '0') end || '-800' || substr(c.r, 23)
    )::uuid
    from (
      select t.us, t.us % 1000 * 4096 / 1000 + p_nth as place, rhythm.secret()::text as r
      from (select round(extract(epoch from coalesce(p_at, rhythm.now())) * 1000000)::bigint as us) as t
    ) as c);
end;
$$;

comment on function rhythm.uuid7(timestamptz, integer) is
  'A UUID of version 7: ids of a later millisecond sort later. p_nth (0, 1, 2 …) orders the ids of one batch.';

-- Random bytes and a call for each row would cost as much as the row, so all come from one secret. Someone who knows some of
-- the ids cannot compute another one. Of 128 bits, 60 are the time and the order, 10 are the cell, 52 come from the hash.
create or replace function rhythm.new_ids(p_count integer, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_secret constant text := rhythm.secret()::text;
  v_us constant bigint := round(extract(epoch from p_now) * 1000000);
  -- In 4,096ths of a millisecond, so that ids that a session makes one by one sort in that order.
  v_first constant bigint := v_us % 1000 * 4096 / 1000;
  v_times constant text[] := array(
    select lpad(to_hex(v_us / 1000 + n.block), 12, '0') from generate_series(0, (v_first + p_count) / 4096) as n (block) order by n.block);
  v_random constant bytea := (
    select string_agg(sha512((v_secret || n.block)::bytea), '' order by n.block) from generate_series(0, (p_count - 1) / 8) as n (block));
begin
  return array(
    select (v_times[(v_first + i.nth - 1) / 4096 + 1] || to_hex(28672 + (v_first + i.nth - 1) % 4096)
      || rhythm.cell_digits() || substr(encode(substr(v_random, i.nth * 8 - 7, 8), 'hex'), 4))::uuid
    from generate_series(1, p_count) as i (nth) order by i.nth);
end;
$$;

comment on function rhythm.new_ids(integer, timestamptz) is 'A number of ids in ascending order. Internal: use new_id().';

create or replace function rhythm.new_id()
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (rhythm.new_ids(1, rhythm.now()))[1];
end;
$$;

comment on function rhythm.new_id() is 'An id for the option id of an execution: a UUIDv7 with the number of this cell.';

-- Variant 10, ten bits of the cell number, in three hexadecimal digits. There is one cell, number 0, today.
create or replace function rhythm.cell_digits()
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return '800';
end;
$$;

comment on function rhythm.cell_digits() is 'The digits of an id that name the cell that made it. Internal.';

create or replace function rhythm.created_at(p_id uuid)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return to_timestamp(('x' || translate(left(p_id::text, 13), '-', ''))::bit(48)::bigint / 1000.0);
end;
$$;

comment on function rhythm.created_at(uuid) is 'The time, in milliseconds, that an id of version 7 contains.';

-- Ids of callers. An id of a foreign cell could collide with ids of another installation. An id from the future would sort
-- behind everything that comes, so claims and purges, which walk in the order of ids, would skip it.
create or replace function rhythm.id_problem(p_id uuid)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- The ten bits after the variant. An installation has one cell; today only cell 0 exists.
  c_cell constant integer := 0;
  v_text constant text := p_id::text;
  v_bits constant integer := ('x' || substr(v_text, 20, 3))::bit(12)::integer;
  v_ms constant bigint := ('x' || substr(v_text, 1, 8) || substr(v_text, 10, 4))::bit(48)::bigint;
begin
  return case
    when substr(v_text, 15, 1) <> '7' or v_bits >> 10 <> 2 then
      format('%s cannot be an id: expected a UUID of version 7, as new_id() makes it', v_text)
    when v_bits & 1023 <> c_cell then
      format('%s cannot be an id: it belongs to cell %s, expected cell %s, as new_id() makes it', v_text, v_bits & 1023, c_cell)
    when v_ms > extract(epoch from rhythm.now()) * 1000 + 60000 then
      format('%s cannot be an id: it is more than a minute ahead of the clock of the database', v_text)
  end;
end;
$$;

comment on function rhythm.id_problem(uuid) is
  'Why a UUID cannot be the id of a new execution; null if it can: version 7, this installation''s cell, at most a minute ahead.';

create or replace function rhythm.channel(p_kind text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return :'schema' || '_' || p_kind;
end;
$$;

comment on function rhythm.channel(text) is
  'The NOTIFY channel of this installation for work (payload: a queue), done (an execution that somebody waits for) or stop (a worker that must cancel something).';

-- Postgres cannot prepare a transaction that has notified. "set rhythm.notify = off" is for transactions that will be prepared.
create or replace function rhythm.notify(p_kind text, p_payload text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(lower(current_setting('rhythm.notify', true)), 'on') not in ('off', 'false', 'no', '0') then
    perform pg_notify(:'schema' || '_' || p_kind, p_payload);
  end if;
end;
$$;

comment on function rhythm.notify(text, text) is
  'Notifies on a channel of this installation (see channel()), unless the session has set rhythm.notify = off. Internal.';

create or replace function rhythm.setting(p_name text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(
      (select s.value from rhythm.setting as s where s.name = p_name),
      case p_name
        when 'max_payload_bytes' then '1048576'
        when 'retention' then '30 days'
        when 'max_crashes' then '3'
        when 'cancel_grace' then '1 minute'
        when 'hook_interval' then '1 minute'
        when 'audit_retention' then '400 days'
      end
    )
  );
end;
$$;

comment on function rhythm.setting(text) is
  'A setting of this installation: max_payload_bytes (1048576), retention (30 days), max_crashes (3), cancel_grace (1 minute), hook_interval (1 minute), audit_retention (400 days).';

-- Owner only, because settings apply to everyone.
create or replace function rhythm.configure(p_name text, p_value text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.setting(p_name) is null then
    perform rhythm.raise('RH001', format('There is no setting "%s"', p_name), 'Settings are max_payload_bytes, retention, max_crashes, cancel_grace, hook_interval, audit_retention');
  end if;
  if p_value is null
    or (p_name in ('retention', 'cancel_grace', 'hook_interval', 'audit_retention') and coalesce(rhythm.interval_of(p_value) < '0', true))
    or (p_name not in ('retention', 'cancel_grace', 'hook_interval', 'audit_retention') and p_value !~ '^[1-9]\d{0,8}$') then
    perform rhythm.raise('RH001', format('"%s" cannot be the value of %s', p_value, p_name), 'Expected a positive number, or an interval such as 30 days for retention, cancel_grace, hook_interval and audit_retention');
  end if;
  perform rhythm.record('set', 'setting', p_name, p_before => to_jsonb(rhythm.setting(p_name)), p_after => to_jsonb(p_value));
  insert into rhythm.setting (name, value) values (p_name, p_value)
  on conflict (name) do update set value = excluded.value;
end;
$$;

comment on function rhythm.configure(text, text) is 'Changes a setting of this installation; see setting().';

create or replace function rhythm.interval_of(p_text text)
returns interval
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_text::interval;
exception
  when invalid_datetime_format or datetime_field_overflow or interval_field_overflow then
    return null;
end;
$$;

comment on function rhythm.interval_of(text) is 'A text as an interval; null if it is not one.';
