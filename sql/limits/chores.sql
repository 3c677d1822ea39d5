-- Maintenance of queues with limits. Never waits: a gate that is taken is skipped.

create or replace function rhythm.limited_chores(p_limit integer, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_queue rhythm.queue;
  v_state rhythm.queue_state;
  v_caught record;
  v_stray boolean;
  v_drifted constant text[] := array(select distinct d.queue from rhythm.limit_drift() as d);
begin
  perform rhythm.adopt_strays();
  for v_queue in select q.* from rhythm.queue as q where q.limited_since is not null order by q.name loop
    v_state := rhythm.state_of(v_queue.name);
    v_stray := v_state.listed = v_queue.limited_since and rhythm.has_stray(v_queue);
    continue when not (v_queue.name = any (v_drifted)
        or v_stray
        or v_state.listed is distinct from v_queue.limited_since
        or not v_queue.limited
        or v_state.settled is distinct from v_queue.changed and rhythm.is_settled(v_queue.changed)
        or rhythm.has_notes(v_state)
        or exists (select from rhythm.lane as l where l.queue = v_queue.name and l.idle_since < p_now - interval '1 minute')
        or exists (select from rhythm.key_state as k where k.queue = v_queue.name and k.idle_since < p_now - interval '1 minute'));
    continue when not rhythm.try_gate(v_queue.name);
    select q.* into v_queue from rhythm.queue as q where q.name = v_queue.name;
    continue when not found;
    v_state := rhythm.state_of(v_queue.name);
    if v_stray then
      v_state.listed := null;
    end if;
    v_caught := rhythm.catch_up(v_queue, v_state, p_limit, p_now);
    v_state := v_caught.p_state;
    if v_queue.name = any (v_drifted) then
      v_state := rhythm.recount(v_queue, v_state);
    end if;
    perform rhythm.forget_idle(v_queue, v_state, p_limit, p_now);
    if v_state.listed = v_queue.limited_since and not v_queue.limited and v_queue.paused_at is null then
      perform rhythm.forget_limits(v_queue);
    else
      perform rhythm.keep_state(v_state);
    end if;
  end loop;
end;
$$;

comment on function rhythm.limited_chores(integer, timestamptz) is
  'For queues with limits: takes notes, puts a backlog into lanes, removes idle keys, corrects counts. At most p_limit for each queue. Part of chores().';

-- A session whose snapshot is older than a change of limits still uses the old limits.
create or replace function rhythm.has_stray(p_queue rhythm.queue)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_queue.limited then
    return exists (
      select from rhythm.batch as b where b.queue = p_queue.name and b.worker is null and b.run_at is null and not b.limited);
  end if;
  return exists (
    select from rhythm.batch as b where b.queue = p_queue.name and b.worker is null and b.run_at is null and b.limited);
end;
$$;

comment on function rhythm.has_stray(rhythm.queue) is 'Whether something is ready outside the lanes of a queue with limits, or in lanes of one without. Internal.';

-- If the row of the queue is gone, this makes a new one, so that the next chores() can put its lanes back.
create or replace function rhythm.adopt_strays()
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with recursive lanes as (
    (select b.queue from rhythm.batch as b where b.limited and b.worker is null and b.run_at is null order by b.queue limit 1)
    union all
    select (
      select b.queue from rhythm.batch as b
      where b.limited and b.worker is null and b.run_at is null and b.queue > l.queue order by b.queue limit 1)
    from lanes as l where l.queue is not null
  )
  insert into rhythm.queue (name, changed, limited_since)
  select l.queue, pg_current_xact_id(), pg_current_xact_id() from lanes as l
  where l.queue is not null and not exists (select from rhythm.queue as q where q.name = l.queue)
  on conflict (name) do nothing;
$$;

comment on function rhythm.adopt_strays() is 'Makes a row for queues that have none and have something in lanes. Internal.';

-- A lane that is ahead of the others keeps its turn, so that a key that comes and goes gets no more turns than one that stays.
create or replace function rhythm.forget_idle(p_queue rhythm.queue, p_state rhythm.queue_state, p_limit integer, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.lane as l
  where l.ctid = any (array(
    select x.ctid from rhythm.lane as x
    where x.queue = p_queue.name and x.idle_since < p_now - interval '1 minute'
      -- One that had more turns than others waits for them, if there are any.
      and (x.turn <= p_state.turn or not exists (select from rhythm.lane as o where o.queue = p_queue.name and o.idle_since is null))
    limit p_limit));
  delete from rhythm.key_state as k
  where k.ctid = any (array(
    select x.ctid from rhythm.key_state as x
    left join rhythm.queue_key as c on c.queue = x.queue and c.key = x.key
    where x.queue = p_queue.name and x.idle_since < p_now - interval '1 minute'
      and rhythm.begun_lately(x.begun_at, x.begun, coalesce(c.per_ms, p_queue.per_key_per_ms, 0), p_now) = 0
    limit p_limit));
  delete from rhythm.lane_group as g
  where g.queue = p_queue.name and not exists (select from rhythm.lane as l where l.queue = g.queue and l.target_group = g.target_group);
end;
$$;

comment on function rhythm.forget_idle(rhythm.queue, rhythm.queue_state, integer, timestamptz) is 'Removes lanes and keys that had nothing to do for a minute. The caller holds the gate of the queue. Internal.';

create or replace function rhythm.forget_limits(p_queue rhythm.queue)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Another session may be configuring it now.
  perform from rhythm.queue as q where q.name = p_queue.name and q.version = p_queue.version for update skip locked;
  if not found then
    return;
  end if;
  delete from rhythm.lane as l where l.queue = p_queue.name;
  delete from rhythm.lane_group as g where g.queue = p_queue.name;
  delete from rhythm.key_state as k where k.queue = p_queue.name;
  delete from rhythm.limit_note as n where n.queue = p_queue.name;
  perform set_config('rhythm_gate.lane', '', true);
  delete from rhythm.queue_state as s where s.queue = p_queue.name;
  if not exists (select from rhythm.queue_key as k where k.queue = p_queue.name) then
    delete from rhythm.queue as q where q.name = p_queue.name;
  end if;
end;
$$;

comment on function rhythm.forget_limits(rhythm.queue) is 'Removes what is left of the limits of a queue. The caller holds its gate. Internal.';

-- When a rate allows more, no notification comes. So due() is called at that time, and wakes the sleeping workers.
create or replace function rhythm.rates_due(p_now timestamptz)
returns table (queue text, at timestamptz)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select q.name, x.at
  from rhythm.queue as q
  cross join lateral (
    select (rhythm.state_of(q.name)).full_until as at
    union all
    (select k.ready_at from rhythm.key_state as k where k.queue = q.name and k.ready_at > p_now - interval '2 seconds' order by k.ready_at limit 1)
  ) as x
  where q.limited and q.paused_at is null and x.at > p_now - interval '2 seconds'
    and (q.rate is not null or q.per_key_rate is not null or exists (select from rhythm.queue_key as c where c.queue = q.name and c.rate is not null));
end;
$$;

comment on function rhythm.rates_due(timestamptz) is 'When queues whose rate (or that of a key) is used up may continue; also those of the last two seconds. Internal.';
