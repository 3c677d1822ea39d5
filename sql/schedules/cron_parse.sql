-- Parses a cron expression into rhythm.cron_times. Every error names the field and what it may contain.

create or replace function rhythm.cron_refuse(p_field text, p_text text, p_expected text)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.raise('RH001', format('"%s" cannot be the %s of a cron expression: expected %s', p_text, p_field, p_expected));
  return null;
end;
$$;

comment on function rhythm.cron_refuse(text, text, text) is 'Refuses one field of a cron expression, by name.';

-- A number, or a name such as jan or MON, within the bounds of its field.
create or replace function rhythm.cron_value(p_text text, p_field text, p_low integer, p_high integer, p_names text[])
returns integer
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    case when p_text ~ '^\d{1,4}$' and p_text::integer between p_low and p_high then p_text::integer end,
    array_position(p_names, lower(p_text)) - 1 + p_low,
    rhythm.cron_refuse(p_field, p_text, format('%s to %s%s', p_low, p_high,
      case when p_names is not null then format(' or %s to %s', p_names[1], p_names[cardinality(p_names)]) else '' end))
  );
$$;

comment on function rhythm.cron_value(text, text, integer, integer, text[]) is
  'One value of a cron field: a number within its bounds or one of its names.';

-- One comma-separated element: * · 5 · 1-5 · */10 · 1-30/5 · 5/15 (from 5 on, every 15).
create or replace function rhythm.cron_element(p_text text, p_field text, p_low integer, p_high integer, p_names text[])
returns integer[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_parts constant text[] := regexp_match(p_text, '^(\*|[A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?(?:/(\d{1,4}))?$');
  v_from integer;
  v_to integer;
  v_step constant integer := v_parts[3]::integer;
begin
  if v_parts is null or (v_parts[1] = '*' and v_parts[2] is not null) then
    perform rhythm.cron_refuse(p_field, p_text, 'a value, a range (1-5), a step (*/10) or a list of these');
  end if;
  if v_step not between 1 and p_high then
    perform rhythm.cron_refuse(p_field, p_text, format('a step from 1 to %s', p_high));
  end if;

  if v_parts[1] = '*' then
    v_from := p_low;
    v_to := p_high;
  else
    v_from := rhythm.cron_value(v_parts[1], p_field, p_low, p_high, p_names);
    v_to := case
      when v_parts[2] is not null then rhythm.cron_value(v_parts[2], p_field, p_low, p_high, p_names)
      when v_step is not null then p_high
      else v_from
    end;
  end if;
  -- Sunday may end a range by its name as well as by 7.
  if p_field = 'weekday' and v_to = 0 and v_from > 0 then
    v_to := 7;
  end if;
  if v_from > v_to then
    perform rhythm.cron_refuse(p_field, p_text, 'a range that goes up; write two ranges to go past the end');
  end if;
  return array(select generate_series(v_from, v_to, coalesce(v_step, 1)));
end;
$$;

comment on function rhythm.cron_element(text, text, integer, integer, text[]) is
  'The values of one element of a cron field.';

create or replace function rhythm.cron_field(p_text text, p_field text, p_low integer, p_high integer, p_names text[] default null)
returns integer[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select distinct u.value
    from unnest(string_to_array(p_text, ',')) as e(element)
    cross join lateral unnest(rhythm.cron_element(e.element, p_field, p_low, p_high, p_names)) as u(value)
    order by u.value
  );
$$;

comment on function rhythm.cron_field(text, text, integer, integer, text[]) is
  'The values of one cron field, ascending.';

-- The five or six fields of an expression, with @forms expanded and the seconds first.
create or replace function rhythm.cron_split(p_cron text)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text constant text := case lower(btrim(p_cron))
    when '@yearly' then '0 0 1 1 *'
    when '@annually' then '0 0 1 1 *'
    when '@monthly' then '0 0 1 * *'
    when '@weekly' then '0 0 * * 0'
    when '@daily' then '0 0 * * *'
    when '@midnight' then '0 0 * * *'
    when '@hourly' then '0 * * * *'
    else btrim(p_cron, E' \t\n\r')
  end;
  v_fields constant text[] := regexp_split_to_array(v_text, '\s+');
begin
  if cardinality(v_fields) = 6 then
    return v_fields;
  elsif cardinality(v_fields) = 5 then
    return array['0'] || v_fields;
  end if;
  return array[rhythm.raise('RH001', format(
    '"%s" is not a cron expression: expected five fields (minute hour day month weekday), six with the second first, '
    'or one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually', left(p_cron, 100)))::text];
end;
$$;

comment on function rhythm.cron_split(text) is
  'The six fields of a cron expression: second, minute, hour, day, month, weekday.';
