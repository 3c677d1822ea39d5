-- The functions of cron that psql, schedules and tests call.

create or replace function rhythm.check_timezone(p_timezone text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  perform statement_timestamp() at time zone p_timezone;
  -- Postgres also reads "Foo3" as a time zone. Only zones that have a name are accepted.
  if p_timezone is null or p_timezone ~ '\d' and not exists (select from pg_catalog.pg_timezone_names as n where lower(n.name) = lower(p_timezone)) then
    raise invalid_parameter_value;
  end if;
  return p_timezone;
exception
  when invalid_parameter_value then
    perform rhythm.raise('RH001', format('"%s" is not a time zone: expected a name such as Europe/Berlin or UTC', p_timezone));
end;
$$;

comment on function rhythm.check_timezone(text) is 'The time zone, if Postgres has one with this name; else an error.';

create or replace function rhythm.cron_upcoming(
  p_cron text,
  p_timezone text default 'UTC',
  p_after timestamptz default null,
  p_count integer default 5
)
returns setof timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_times constant rhythm.cron_times := rhythm.cron_parse(p_cron);
  v_zone constant text := rhythm.check_timezone(p_timezone);
  v_at timestamptz := coalesce(p_after, rhythm.now());
begin
  if not isfinite(v_at) or v_at not between '0001-01-01Z' and '9999-12-31Z' then
    perform rhythm.raise('RH001', format('%s cannot be p_after: expected a moment from the year 1 to the year 9999', v_at));
  end if;
  if coalesce(p_count, 0) not between 1 and 10000 then
    perform rhythm.raise('RH001', format('%s cannot be p_count: expected 1 to 10000', coalesce(p_count::text, 'null')));
  end if;
  for v_nth in 1 .. p_count loop
    v_at := rhythm.cron_after(v_times, v_zone, v_at);
    return next v_at;
  end loop;
end;
$$;

comment on function rhythm.cron_upcoming(text, text, timestamptz, integer) is
  'The next few instants at which a cron expression fires in a time zone, after an instant (default: now).';

create or replace function rhythm.cron_next(p_cron text, p_timezone text default 'UTC', p_after timestamptz default null)
returns timestamptz
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select n.at from rhythm.cron_upcoming(p_cron, p_timezone, p_after, 1) as n(at);
$$;

comment on function rhythm.cron_next(text, text, timestamptz) is
  'The next instant at which a cron expression fires in a time zone, after an instant (default: now). '
  'Try: select rhythm.cron_next(''0 9 * * mon-fri'', ''Europe/Berlin'')';
