-- Durations: seconds as a number, or text such as 90s, 1h30m, 250ms, 2d.

-- The grammar of durationMs() in TypeScript: ASCII digits and spaces, so that no locale reads them differently.
-- PL/pgSQL, because other functions call it for each row: it keeps its plan, while a SQL function would be planned again.
create or replace function rhythm.duration_ms(p_duration jsonb)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text constant text := p_duration #>> '{}';
begin
  if p_duration is null then
    return null;
  end if;
  return (select case
    when v.ms between 0 and 3162240000000 then ceil(v.ms)::bigint
  end
  from (
    select case jsonb_typeof(p_duration)
      when 'number' then v_text::numeric * 1000
      when 'string' then case
        when v_text ~ '^[ \t\n\r]*[0-9]{1,15}(\.[0-9]{1,9})?[ \t\n\r]*$' then btrim(v_text, E' \t\n\r')::numeric * 1000
        -- The parts, from the largest unit down, each at most once.
        when v_text ~ ('^[ \t\n\r]*([0-9]{1,15}(\.[0-9]{1,9})?[ \t\n\r]*[wW][ \t\n\r]*)?'
          '([0-9]{1,15}(\.[0-9]{1,9})?[ \t\n\r]*[dD][ \t\n\r]*)?([0-9]{1,15}(\.[0-9]{1,9})?[ \t\n\r]*[hH][ \t\n\r]*)?'
          '([0-9]{1,15}(\.[0-9]{1,9})?[ \t\n\r]*[mM][ \t\n\r]*)?([0-9]{1,15}(\.[0-9]{1,9})?[ \t\n\r]*[sS][ \t\n\r]*)?'
          '([0-9]{1,15}(\.[0-9]{1,9})?[ \t\n\r]*[mM][sS][ \t\n\r]*)?$') then (
            select sum(m.part[1]::numeric * case lower(m.part[2])
              when 'w' then 604800000 when 'd' then 86400000 when 'h' then 3600000 when 'm' then 60000 when 's' then 1000 else 1 end)
            from regexp_matches(v_text, '([0-9.]+)[ \t\n\r]*([mM][sS]|[wWdDhHmMsS])', 'g') as m(part)
          )
      end
    end as ms
  ) as v);
end;
$$;

comment on function rhythm.duration_ms(jsonb) is
  'The milliseconds of a duration: seconds as a number, or text such as "90s", "1h30m", "250ms", "2d"; null if it is not a duration, negative, or longer than a hundred years.';

-- A day has 24 hours and a month 30 days, because a length is stored, not a date.
create or replace function rhythm.interval_ms(p_interval interval)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rhythm.duration_ms(to_jsonb(extract(epoch from p_interval)));
end;
$$;

comment on function rhythm.interval_ms(interval) is
  'The milliseconds of an interval, rounded up; null if it is negative, or longer than a hundred years. Internal.';

-- PL/pgSQL and immutable, so that the planner inserts the value.
create or replace function rhythm.kept_grace()
returns interval
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return interval '250 milliseconds';
end;
$$;

comment on function rhythm.kept_grace() is
  'For how long after it is due a timer is left to the worker that keeps it. Internal.';

-- A random share of the delay, so that executions that failed together do not run again together.
create or replace function rhythm.backoff_ms(p_retry jsonb, p_attempt integer)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select (d.delay * (1 - d.jitter * random()))::bigint
    from (
      select
        least(
          coalesce(rhythm.duration_ms(p_retry -> 'max'), 3600000),
          i.initial * case coalesce(p_retry ->> 'backoff', 'exponential')
            when 'exponential' then power(coalesce((p_retry ->> 'factor')::numeric, 2), least(p_attempt - 1, 60))
            when 'linear' then p_attempt
            else 1
          end
        ) as delay,
        case p_retry -> 'jitter'
          when 'true' then 0.5
          when 'false' then 0
          else coalesce((p_retry ->> 'jitter')::numeric, 0.1)
        end as jitter
      from (select coalesce(rhythm.duration_ms(p_retry -> 'initial'), 1000) as initial) as i
    ) as d);
end;
$$;

comment on function rhythm.backoff_ms(jsonb, integer) is
  'How long to wait before the attempt after this one: {backoff: exponential|linear|fixed, initial, factor, max, jitter}; by default 1 s, 2 s, 4 s … up to an hour, shortened at random by up to a tenth.';
