-- Ids, channels, durations, settings.

-- p_nth keeps the order of a batch that is made in one instant, and of what a session makes with it one by one: in the
-- 12 bits after the version (rand_a of RFC 9562), as 4,096ths of a millisecond. The 62 bits after the variant are
-- always random; without p_nth all 74 are.
create or replace function rhythm.uuid7(p_at timestamptz default null, p_nth integer default null)
returns uuid
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select (
    overlay(lpad(to_hex(c.us / 1000 + coalesce(c.place / 4096, 0)), 12, '0') placing '-' from 9 for 0) || '-7'
    || case when p_nth is null then substr(c.r, 16) else lpad(to_hex(c.place % 4096), 3, '0') || substr(c.r, 19) end
  )::uuid
  from (
    select t.us, t.us % 1000 * 4096 / 1000 + p_nth as place, gen_random_uuid()::text as r
    from (select round(extract(epoch from coalesce(p_at, clock_timestamp())) * 1000000)::bigint as us) as t
  ) as c;
$$;

comment on function rhythm.uuid7(timestamptz, integer) is
  'A UUID of version 7: ids of a later millisecond sort later; 74 bits are random. p_nth (0, 1, 2 …) orders the ids of one batch, and leaves 62.';

create or replace function rhythm.channel(p_kind text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select :'schema' || '_' || p_kind;
$$;

comment on function rhythm.channel(text) is
  'The NOTIFY channel of this installation for: work (payload: a queue), done (an execution that somebody waits for), stop (a worker that is to cancel something).';

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
        when 'max_crashes' then '20'
        when 'cancel_grace' then '1 minute'
      end
    )
  );
end;
$$;

comment on function rhythm.setting(text) is
  'A setting of this installation: max_payload_bytes (1048576), retention (30 days), max_crashes (20), cancel_grace (1 minute).';

-- Owner only: settings hold for everyone.
create or replace function rhythm.configure(p_name text, p_value text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.setting(p_name) is null then
    perform rhythm.raise('RH001', format('There is no setting "%s"', p_name), 'Settings are max_payload_bytes, retention, max_crashes, cancel_grace');
  end if;
  if p_value is null
    or (p_name in ('retention', 'cancel_grace') and coalesce(rhythm.interval_of(p_value) < '0', true))
    or (p_name not in ('retention', 'cancel_grace') and p_value !~ '^[1-9]\d{0,8}$') then
    perform rhythm.raise('RH001', format('"%s" cannot be the value of %s', p_value, p_name), 'Expected a positive number, or an interval such as 30 days for retention and cancel_grace');
  end if;
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

comment on function rhythm.interval_of(text) is 'A text as an interval; null if it is none.';
