-- Cron with changes of clocks. As in Vixie cron, there are two kinds of expression:
--   by_clock (0 30 2 * * *: second, minute and hour are all fixed): a time that spring skips runs once, right after the
--     gap; a time that autumn repeats runs once, the first time.
--   by interval (a * in second, minute or hour): a time that does not exist does not run, and a time that comes twice runs twice.

create or replace function rhythm.zone_offset(p_timezone text, p_at timestamptz)
returns interval
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select (p_at at time zone p_timezone) - (p_at at time zone 'UTC');
$$;

comment on function rhythm.zone_offset(text, timestamptz) is 'How far a time zone is ahead of UTC at an instant.';

-- The instant in (p_from, p_to] at which the clocks of a zone change, to the second. There is exactly one change in it.
create or replace function rhythm.zone_change(p_timezone text, p_from timestamptz, p_to timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before timestamptz := date_trunc('second', p_from);
  v_after timestamptz := date_trunc('second', p_to);
  v_middle timestamptz;
begin
  while v_after - v_before > interval '1 second' loop
    v_middle := date_trunc('second', v_before + (v_after - v_before) / 2);
    if rhythm.zone_offset(p_timezone, v_middle) = rhythm.zone_offset(p_timezone, p_to) then
      v_after := v_middle;
    else
      v_before := v_middle;
    end if;
  end loop;
  return v_after;
end;
$$;

comment on function rhythm.zone_change(text, timestamptz, timestamptz) is
  'The instant between two at which the clocks of a zone change.';

-- The first instant after p_after whose local time is p_local; null if p_local is skipped, or was before.
create or replace function rhythm.zone_instant(p_timezone text, p_local timestamp, p_after timestamptz, p_first_only boolean)
returns timestamptz
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case when e.at > p_after then e.at when l.at > p_after and not p_first_only then l.at end
  -- Postgres reads a repeated time as the later of its two instants.
  from (select p_local at time zone p_timezone) as l(at)
  cross join lateral (select l.at - (rhythm.zone_offset(p_timezone, l.at - interval '1 day') - rhythm.zone_offset(p_timezone, l.at)))
    as s(at)
  cross join lateral (
    select case when s.at < l.at and s.at at time zone p_timezone = p_local then s.at else l.at end
  ) as e(at)
  where l.at at time zone p_timezone = p_local;
$$;

comment on function rhythm.zone_instant(text, timestamp, timestamptz, boolean) is
  'The first instant after one at which the clocks of a zone show a time; null if they skip it or showed it before.';

-- The runs in the hour that is repeated, when the clocks go back between p_after and p_before.
create or replace function rhythm.cron_repeated(p_times rhythm.cron_times, p_timezone text, p_after timestamptz, p_before timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_to constant timestamptz := least(p_before, p_after + interval '1 day');
  v_change timestamptz;
  v_local timestamp;
  v_at timestamptz;
begin
  if p_times.by_clock or rhythm.zone_offset(p_timezone, v_to) >= rhythm.zone_offset(p_timezone, p_after) then
    return null;
  end if;
  v_change := rhythm.zone_change(p_timezone, p_after, v_to);
  v_local := v_change at time zone p_timezone;
  v_at := v_change + (rhythm.cron_local(p_times, v_local) - v_local);
  return case when v_at < p_before then v_at end;
end;
$$;

comment on function rhythm.cron_repeated(rhythm.cron_times, text, timestamptz, timestamptz) is
  'The first run within a repeated hour that lies between two instants; null if there is none.';

create or replace function rhythm.cron_after(p_times rhythm.cron_times, p_timezone text, p_after timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_local timestamp := date_trunc('second', p_after at time zone p_timezone) + interval '1 second';
  v_shown timestamp;
  v_at timestamptz;
begin
  loop
    v_local := rhythm.cron_local(p_times, v_local);
    v_at := rhythm.zone_instant(p_timezone, v_local, p_after, p_times.by_clock);
    if v_at is not null then
      return coalesce(rhythm.cron_repeated(p_times, p_timezone, p_after, v_at), v_at);
    end if;

    -- Postgres reads a skipped time with the offset from before the gap, so it is as far after the gap as it was inside.
    v_at := v_local at time zone p_timezone;
    v_shown := v_at at time zone p_timezone;
    if v_shown = v_local then
      v_local := v_local + interval '1 second';
    else
      v_at := rhythm.zone_change(p_timezone, v_at - (v_shown - v_local), v_at);
      if p_times.by_clock then
        return v_at;
      end if;
      v_local := v_at at time zone p_timezone;
    end if;
  end loop;
end;
$$;

comment on function rhythm.cron_after(rhythm.cron_times, text, timestamptz) is
  'The first instant after one at which a parsed cron expression fires in a time zone.';
