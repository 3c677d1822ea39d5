-- Throttled starts: of one key, at most so many in any window.

create or replace function rhythm.throttle_problem(p_throttle jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := rhythm.option_names('throttle');
begin
  return case
    when jsonb_typeof(p_throttle) <> 'object' then 'throttle must be an object'
    when p_throttle - c_names <> '{}' then 'throttle has no ' || rhythm.unknown_option(p_throttle, c_names)
    when not p_throttle ? 'key' then 'throttle needs a key'
    when jsonb_typeof(p_throttle -> 'key') <> 'string' then 'throttle.key must be a text'
    when rhythm.name_problem('throttle key', p_throttle ->> 'key') is not null then rhythm.name_problem('throttle key', p_throttle ->> 'key')
    when not p_throttle ? 'limit' then 'throttle needs a limit'
    when not coalesce(jsonb_typeof(p_throttle -> 'limit') = 'number' and p_throttle ->> 'limit' ~ '^([1-9]\d{0,2}|1000)$', false) then
      'throttle.limit must be a whole number from 1 to 1000'
    when not p_throttle ? 'per' then 'throttle needs a per'
    when coalesce(rhythm.duration_ms(p_throttle -> 'per'), 0) = 0 then 'throttle.per must be a duration above zero: seconds, or text such as "1h30m"'
    when p_throttle ? 'else' and not coalesce(p_throttle ->> 'else' in ('drop', 'delay'), false) then 'throttle.else must be drop or delay'
  end;
end;
$$;

comment on function rhythm.throttle_problem(jsonb) is 'What is wrong with the option throttle, as a sentence; null if nothing is.';

-- Requests that are throttled get a moment from which they may run (run_at), or the execution that is given instead (dropped_for).
-- The time that counts is taken after the lock, because the session that had it may have started later than this one asked.
-- Locks: the rows of the keys, in their order. Waits for sessions with the same keys, until their commit.
create or replace function rhythm.throttled(p_requests jsonb, p_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_request record;
  v_starts timestamptz[];
  v_last uuid;
  v_now timestamptz;
  v_at timestamptz;
  v_result jsonb := p_requests;
begin
  for v_request in
    select r.nth, r.value - 'throttle' as value, format('%s:%s:%s', r.value ->> 'type', r.value ->> 'target', r.value #>> '{throttle,key}') as key,
      coalesce((r.value ->> 'id')::uuid, p_ids[r.nth]) as id, (r.value #>> '{throttle,limit}')::integer as most,
      rhythm.duration_ms(r.value #> '{throttle,per}') * interval '1 millisecond' as per, r.value #>> '{throttle,else}' = 'delay' as is_delayed
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    where r.value ? 'throttle'
    order by key, r.nth
  loop
    insert into rhythm.throttle as t (key, free_at) values (v_request.key, p_now)
    on conflict (key) do update set key = excluded.key
    returning t.starts, t.last_id into v_starts, v_last;
    v_now := greatest(p_now, rhythm.now());
    -- The start that must no longer count.
    v_at := greatest(v_now, v_starts[cardinality(v_starts) - v_request.most + 1] + v_request.per);
    if v_at > v_now and v_request.is_delayed is not true then
      v_request.value := v_request.value || jsonb_build_object('dropped_for', v_last);
    else
      if v_at > v_now then
        v_request.value := v_request.value || jsonb_build_object('run_at', v_at);
      end if;
      v_starts := v_starts || v_at;
      update rhythm.throttle as t
      set last_id = v_request.id, free_at = v_at + v_request.per, starts = v_starts[greatest(cardinality(v_starts) - v_request.most + 1, 1) :]
      where t.key = v_request.key;
    end if;
    v_result := jsonb_set(v_result, array[(v_request.nth - 1)::text], v_request.value);
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.throttled(jsonb, uuid[], timestamptz) is 'Counts the starts of throttled requests; those above their limit are delayed or dropped. Internal.';

-- Part of chores().
create or replace function rhythm.forget_throttles(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys constant text[] := array(select t.key from rhythm.throttle as t where t.free_at <= p_now limit p_limit for update skip locked);
begin
  delete from rhythm.throttle as t where t.key = any (v_keys);
  return cardinality(v_keys);
end;
$$;

comment on function rhythm.forget_throttles(integer, timestamptz) is 'Deletes throttle keys whose last start no longer counts. Part of chores().';
