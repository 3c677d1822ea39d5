-- The calendar part of cron, without time zones and changes of clocks. Pure.

-- The first day on or after p_from that an expression names; null if the next 60 years have none.
-- Sixty years, because a fifth Tuesday in February can be 40 years away: 2100 is not a leap year.
create or replace function rhythm.cron_day(p_times rhythm.cron_times, p_from date)
returns date
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from date := p_from;
  v_month_end date;
  v_day date;
begin
  while v_from < p_from + interval '60 years' loop
    v_month_end := (date_trunc('month', v_from::timestamp) + interval '1 month')::date - 1;
    if extract(month from v_from)::integer = any(p_times.months) then
      select min(d.day)
      into v_day
      from generate_series(0, v_month_end - v_from) as n(offset_days)
      cross join lateral (select v_from + n.offset_days) as d(day)
      where rhythm.cron_names_day(p_times, d.day, v_month_end);
      if v_day is not null then
        return v_day;
      end if;
    end if;
    v_from := v_month_end + 1;
  end loop;
  return null;
end;
$$;

comment on function rhythm.cron_day(rhythm.cron_times, date) is
  'The first day on or after a date that a cron expression names; null if none of the next 60 years has one.';

-- The OR rule of cron: if a day and a weekday are both given, either is enough.
create or replace function rhythm.cron_names_day(p_times rhythm.cron_times, p_day date, p_month_end date)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_times.any_day and p_times.any_weekday then true
    when p_times.any_day then w.named
    when p_times.any_weekday then m.named
    else w.named or m.named
  end
  from (select extract(day from p_day)::integer, extract(dow from p_day)::integer) as d(day, weekday)
  cross join lateral (
    select d.day = any(p_times.days) or (p_times.last_day and p_day = p_month_end)
  ) as m(named)
  cross join lateral (
    select d.weekday = any(p_times.weekdays)
      or d.weekday * 10 + (d.day + 6) / 7 = any(p_times.nth_weekdays)
      or (p_day > p_month_end - 7 and d.weekday * 10 + 6 = any(p_times.nth_weekdays))
  ) as w(named);
$$;

comment on function rhythm.cron_names_day(rhythm.cron_times, date, date) is
  'Whether a cron expression names a day, given the last day of its month; ignores hours and months.';

-- The first time of day at or after p_from; null if the day has none left.
create or replace function rhythm.cron_time(p_times rhythm.cron_times, p_from time)
returns time
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select make_time(h.value, m.value, s.value)
  from (select extract(hour from p_from)::integer, extract(minute from p_from)::integer, ceil(extract(second from p_from))::integer)
    as f(hour, minute, second)
  cross join lateral unnest(p_times.hours) as h(value)
  cross join lateral (
    select min(u.value) from unnest(p_times.seconds) as u(value) where u.value >= f.second
  ) as same_minute(second)
  cross join lateral (
    select min(u.value) from unnest(p_times.minutes) as u(value)
    where h.value > f.hour or u.value > f.minute or (u.value = f.minute and same_minute.second is not null)
  ) as m(value)
  cross join lateral (
    select case when h.value = f.hour and m.value = f.minute then same_minute.second else p_times.seconds[1] end
  ) as s(value)
  where h.value >= f.hour and m.value is not null
  order by h.value
  limit 1;
$$;

comment on function rhythm.cron_time(rhythm.cron_times, time) is
  'The first time of day, at or after one, that a cron expression names; null if that day has none left.';

create or replace function rhythm.cron_local(p_times rhythm.cron_times, p_from timestamp)
returns timestamp
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_day date := rhythm.cron_day(p_times, p_from::date);
  v_time time := '00:00';
begin
  if v_day = p_from::date then
    v_time := rhythm.cron_time(p_times, p_from::time);
    if v_time is not null then
      return v_day + v_time;
    end if;
    v_day := rhythm.cron_day(p_times, v_day + 1);
  end if;
  return v_day + rhythm.cron_time(p_times, '00:00');
end;
$$;

comment on function rhythm.cron_local(rhythm.cron_times, timestamp) is
  'The first local time, at or after one, that a cron expression names; null if none of the next 60 years has one.';
