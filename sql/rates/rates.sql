-- Rates: what ended, how, and how long it took.

create or replace function rhythm.took_bounds()
returns bigint[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000, 300000, 1800000, 3600000, 21600000, 86400000];
$$;

comment on function rhythm.took_bounds() is 'The upper bounds, in milliseconds, by which durations are counted. Internal.';

-- Within a bound the values count as spread evenly.
create or replace function rhythm.took_at(p_took bigint[], p_share double precision)
returns double precision
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bounds constant bigint[] := rhythm.took_bounds();
  v_wanted constant double precision := least(p_share, 1) * (select sum(t.n) from unnest(p_took) as t (n));
  v_below double precision := 0;
  v_from bigint := 0;
begin
  if not coalesce(v_wanted > 0, false) then
    return null;
  end if;
  for i in 1 .. cardinality(p_took) loop
    if v_below + p_took[i] >= v_wanted then
      return case when i > cardinality(v_bounds) then v_from
        else v_from + (v_bounds[i] - v_from) * (v_wanted - v_below) / nullif(p_took[i], 0) end;
    end if;
    v_below := v_below + p_took[i];
    v_from := v_bounds[i];
  end loop;
  return v_from;
end;
$$;

comment on function rhythm.took_at(bigint[], double precision) is 'Up to how many milliseconds a share of some counted durations took, by the bounds that the view rates counts with. Null: none was counted.';

create or replace function rhythm.add_took(p_one bigint[], p_other bigint[])
returns bigint[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select coalesce(t.a, 0) + coalesce(t.b, 0) from unnest(p_one, p_other) with ordinality as t (a, b, nth) order by t.nth);
end;
$$;

comment on function rhythm.add_took(bigint[], bigint[]) is 'Adds counts bound by bound. Internal.';

create or replace function rhythm.rates_problem(p_rates jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_shape constant text := 'p_rates must be an array: [{"type": "task", "target": "a", "queue": "default", "completed": 1, "failed": 0, "cancelled": 0, "retried": 0, "total_ms": 5, "took": [0, 0, 1]}]';
begin
  if jsonb_typeof(p_rates) <> 'array' then
    return c_shape;
  elsif jsonb_array_length(p_rates) > 1000 then
    return 'p_rates must have at most 1000 entries';
  end if;
  return (
    select case when coalesce(r.value ->> 'type', '') not in ('task', 'workflow', 'line') then c_shape
      when r.value ->> 'type' = 'line' and coalesce(r.value ->> 'queue' !~ '^\d{1,9}:\d{1,9}$', true) then 'The queue of a line must be its version and line: "3:12"'
      else coalesce(rhythm.name_problem(r.value ->> 'type', r.value ->> 'target'), rhythm.name_problem('queue', r.value ->> 'queue'), c_shape) end
    from jsonb_array_elements(p_rates) as r (value)
    where jsonb_typeof(r.value) <> 'object'
      or coalesce(r.value ->> 'type', '') not in ('task', 'workflow', 'line')
      or r.value ->> 'type' = 'line' and coalesce(r.value ->> 'queue' !~ '^\d{1,9}:\d{1,9}$', true)
      or rhythm.name_problem(r.value ->> 'type', r.value ->> 'target') is not null
      or rhythm.name_problem('queue', r.value ->> 'queue') is not null
      or exists (
        select from unnest('{completed,failed,cancelled,retried,total_ms}'::text[]) as k (name)
        where not coalesce(jsonb_typeof(r.value -> k.name) = 'number' and r.value ->> k.name ~ '^\d{1,15}$', false))
      or case when jsonb_typeof(r.value -> 'took') = 'array' then
          jsonb_array_length(r.value -> 'took') > cardinality(rhythm.took_bounds()) + 1
          or exists (select from jsonb_array_elements(r.value -> 'took') as t (n) where jsonb_typeof(t.n) <> 'number' or t.n #>> '{}' !~ '^\d{1,15}$')
        else true end
    limit 1);
end;
$$;

comment on function rhythm.rates_problem(jsonb) is 'What is wrong with the counts of a heartbeat; null if nothing is. Internal.';

create or replace function rhythm.note_rates(p_rates jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.rate_note (at, type, target, queue, completed, failed, cancelled, retried, total_ms, took)
  select p_now, r.type, r.target, r.queue, r.completed, r.failed, r.cancelled, r.retried, r.total_ms, r.took
  from jsonb_to_recordset(p_rates) as r (type text, target text, queue text, completed bigint, failed bigint, cancelled bigint, retried bigint, total_ms bigint, took bigint[]);
end;
$$;

comment on function rhythm.note_rates(jsonb, timestamptz) is 'Notes the counts of a heartbeat, for count_rates(). Internal.';

-- Only one session counts at a time: chores() holds a lock.
create or replace function rhythm.count_rates(p_limit integer)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_notes rhythm.rate_note[];
  v_note record;
begin
  with taken as (
    delete from rhythm.rate_note as n
    where n.ctid = any (array(select x.ctid from rhythm.rate_note as x limit p_limit for update skip locked))
    returning n.*
  )
  select array_agg(t::rhythm.rate_note) into v_notes from taken as t;
  if v_notes is null then
    return false;
  end if;
  for v_note in
    select s.span, date_trunc(s.span, n.at at time zone 'UTC') at time zone 'UTC' as since, n.*
    from unnest(v_notes) as n cross join unnest('{minute,hour}'::text[]) as s (span)
    order by 1, 2, n.type, n.target, n.queue
  loop
    insert into rhythm.rate as r (span, at, type, target, queue, completed, failed, cancelled, retried, total_ms, took)
    values (v_note.span, v_note.since, v_note.type, v_note.target, v_note.queue, v_note.completed, v_note.failed, v_note.cancelled, v_note.retried, v_note.total_ms, v_note.took)
    on conflict (span, at, type, target, queue) do update
    set completed = r.completed + excluded.completed, failed = r.failed + excluded.failed, cancelled = r.cancelled + excluded.cancelled,
      retried = r.retried + excluded.retried, total_ms = r.total_ms + excluded.total_ms, took = rhythm.add_took(r.took, excluded.took);
  end loop;
  return cardinality(v_notes) = p_limit;
end;
$$;

comment on function rhythm.count_rates(integer) is 'Adds the counts of heartbeats to minutes and hours; true: there is more. Part of chores().';

create or replace function rhythm.forget_rates(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old constant tid[] := array(
    (select r.ctid from rhythm.rate as r where r.span = 'minute' and r.at < p_now - interval '1 day' order by r.at limit p_limit)
    union all
    (select r.ctid from rhythm.rate as r where r.span = 'hour' and r.at < p_now - interval '90 days' order by r.at limit p_limit));
begin
  delete from rhythm.rate as r where r.ctid = any (v_old);
  return cardinality(v_old) < p_limit;
end;
$$;

comment on function rhythm.forget_rates(integer, timestamptz) is 'Deletes minutes after a day and hours after 90 days; false: there is more. Part of chores().';

drop view if exists rhythm.rates;

create view rhythm.rates as
select
  r.span, r.at, r.type, r.target, r.queue, r.completed, r.failed, r.cancelled, r.retried, r.total_ms,
  round(r.total_ms::numeric / nullif((select sum(t.n) from unnest(r.took) as t (n)), 0), 1) as mean_ms,
  round(rhythm.took_at(r.took, 0.5)::numeric, 1) as p50_ms, round(rhythm.took_at(r.took, 0.95)::numeric, 1) as p95_ms, round(rhythm.took_at(r.took, 0.99)::numeric, 1) as p99_ms,
  r.took
from rhythm.rate as r
where r.type <> 'line';

comment on view rhythm.rates is
  'What workers ended in each minute of the last day and each hour of the last 90 days, by target and queue. The times are of a task''s attempts, and of a workflow''s life. Workers send their counts with their heartbeats.';

drop view if exists rhythm.heat;

create view rhythm.heat as
select
  r.span, r.at, r.target as flow, split_part(r.queue, ':', 1)::integer as version, split_part(r.queue, ':', 2)::integer as line,
  r.completed as came, r.failed, r.retried, r.total_ms,
  round(rhythm.took_at(r.took, 0.5)::numeric, 1) as p50_ms, round(rhythm.took_at(r.took, 0.95)::numeric, 1) as p95_ms, round(rhythm.took_at(r.took, 0.99)::numeric, 1) as p99_ms,
  r.took
from rhythm.rate as r
where r.type = 'line';

comment on view rhythm.heat is
  'How often each line of a flow was waited at, in each minute of the last day and each hour of the last 90 days, for how long, and how often it failed there. Workers send their counts with their heartbeats.';
