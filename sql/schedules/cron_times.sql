-- cron_parse(): the fields that contain more than numbers (days of the month, weekdays), and the whole expression.

-- Weekdays of the form 2#1 (the first Tuesday) and 5L (the last Friday), as weekday * 10 + n, n = 6 for the last.
create or replace function rhythm.cron_nth_weekdays(p_text text)
returns integer[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select distinct rhythm.cron_value(m.parts[1], 'weekday', 0, 7, array['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']) % 7 * 10
      + coalesce(m.parts[2]::integer, 6) as code
    from unnest(string_to_array(p_text, ',')) as e(element)
    cross join lateral regexp_match(e.element, '^([A-Za-z]{3}|\d)(?:#([1-5])|[lL])$') as m(parts)
    where m.parts is not null
    order by code
  );
$$;

comment on function rhythm.cron_nth_weekdays(text) is
  'The elements of a weekday field that name one week of the month: 2#1, friL.';

create or replace function rhythm.cron_weekdays(p_text text)
returns integer[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select distinct u.value % 7 as weekday
    from unnest(string_to_array(p_text, ',')) as e(element)
    cross join lateral unnest(rhythm.cron_element(
      e.element, 'weekday', 0, case when e.element ~ '^(\*|[^-]+/)' then 6 else 7 end,
      array['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
    )) as u(value)
    where e.element !~ '^([A-Za-z]{3}|\d)(#[1-5]|[lL])$'
    order by weekday
  );
$$;

comment on function rhythm.cron_weekdays(text) is
  'The plain weekdays of a weekday field, 0 for Sunday (7 is also Sunday).';

create or replace function rhythm.cron_parse(p_cron text)
returns rhythm.cron_times
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fields constant text[] := rhythm.cron_split(p_cron);
  v_days constant text := replace(v_fields[4], '?', '*');
  v_weekdays constant text := replace(v_fields[6], '?', '*');
  v_times rhythm.cron_times;
begin
  v_times.seconds := rhythm.cron_field(v_fields[1], 'second', 0, 59);
  v_times.minutes := rhythm.cron_field(v_fields[2], 'minute', 0, 59);
  v_times.hours := rhythm.cron_field(v_fields[3], 'hour', 0, 23);
  v_times.last_day := 'L' = any(string_to_array(upper(v_days), ','));
  v_times.days := rhythm.cron_field(
    array_to_string(array_remove(string_to_array(upper(v_days), ','), 'L'), ','), 'day', 1, 31);
  v_times.months := rhythm.cron_field(v_fields[5], 'month', 1, 12, array[
    'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']);
  v_times.weekdays := rhythm.cron_weekdays(v_weekdays);
  v_times.nth_weekdays := rhythm.cron_nth_weekdays(v_weekdays);
  v_times.any_day := v_days = '*';
  v_times.any_weekday := v_weekdays = '*';
  v_times.by_clock := position('*' in v_fields[1] || v_fields[2] || v_fields[3]) = 0;

  if rhythm.cron_day(v_times, '2000-01-01') is null then
    perform rhythm.raise('RH001', format('The cron expression "%s" never fires: no month has such a day', p_cron));
  end if;
  return v_times;
end;
$$;

comment on function rhythm.cron_parse(text) is
  'Parses a cron expression into its times; raises an error that names a malformed field, or says that the expression never '
  'fires. Five fields, or six with the second first; lists, ranges, steps, names; L (last day), 5L (last Friday), '
  '2#1 (first Tuesday); @hourly to @yearly. If a day and a weekday are both given, either is enough, as in cron.';
