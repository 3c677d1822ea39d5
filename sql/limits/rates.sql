-- Rates: a limited number of executions begins in any period. What began is counted until it is a period old. Times are rounded
-- up to a hundredth of the period, so that there are few counts and the rate is never exceeded. A time that is more than a
-- period ahead was written before the clock was set back, so it is ignored.

create or replace function rhythm.begun_lately(p_begun_at timestamptz[], p_begun integer[], p_per_ms bigint, p_now timestamptz)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(sum(b.begun), 0)::integer
    from unnest(p_begun_at, p_begun) as b (at, begun)
    where b.at > p_now - p_per_ms * interval '1 millisecond' and b.at <= p_now + p_per_ms * interval '1 millisecond');
end;
$$;

comment on function rhythm.begun_lately(timestamptz[], integer[], bigint, timestamptz) is 'How many began within the last period. Internal.';

create or replace function rhythm.note_begun(
  inout p_begun_at timestamptz[],
  inout p_begun integer[],
  p_count integer,
  p_per_ms bigint,
  p_now timestamptz
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_moment constant timestamptz := to_timestamp(ceil(extract(epoch from p_now) * 100000 / p_per_ms) * p_per_ms / 100000);
begin
  if p_begun = '{}' then
    p_begun_at := array[v_moment];
    p_begun := array[p_count];
    return;
  end if;
  with moment as (
    select b.at, b.begun
    from unnest(p_begun_at, p_begun) as b (at, begun)
    where b.at > p_now - p_per_ms * interval '1 millisecond' and b.at <= p_now + p_per_ms * interval '1 millisecond'
    union all
    select v_moment, p_count
  ),
  summed as (
    select m.at, sum(m.begun)::integer as begun from moment as m group by m.at
  )
  select array_agg(s.at order by s.at), array_agg(s.begun order by s.at) into p_begun_at, p_begun from summed as s;
end;
$$;

comment on function rhythm.note_begun(timestamptz[], integer[], integer, bigint, timestamptz) is 'Adds some that began; removes what is more than a period old. Internal.';

create or replace function rhythm.rate_ends(p_begun_at timestamptz[], p_per_ms bigint, p_now timestamptz)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select min(b.at) + p_per_ms * interval '1 millisecond'
    from unnest(p_begun_at) as b (at)
    where b.at > p_now - p_per_ms * interval '1 millisecond' and b.at <= p_now + p_per_ms * interval '1 millisecond');
end;
$$;

comment on function rhythm.rate_ends(timestamptz[], bigint, timestamptz) is 'When the first that began within the last period is a period old. Internal.';
