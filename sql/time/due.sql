-- What becomes due. Each part has a limit, and skips what another session has locked.

create or replace function rhythm.fire_timers(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due uuid[];
  v_mine uuid[];
  v_items rhythm.settled_item[];
begin
  v_due := array(select t.id from rhythm.timer as t
    where not t.fired and not t.deadline and coalesce(t.kept_until, t.fires_at) <= p_now
    order by coalesce(t.kept_until, t.fires_at) limit p_limit);
  if v_due = '{}' then
    return 0;
  end if;
  -- What another session has locked stays due.
  v_mine := rhythm.try_lock_states(array(select t.execution_id from rhythm.timer as t where t.id = any (v_due)));
  with fired as (
    update rhythm.timer as t set fired = true
    where t.id = any (v_due) and t.execution_id = any (v_mine) and not t.fired
    returning t.execution_id, t.id, t.fires_at, t.wait_group
  )
  select coalesce(array_agg(row(f.execution_id, f.id, false, f.wait_group)::rhythm.settled_item order by f.fires_at, f.id), '{}') into v_items from fired as f;
  perform rhythm.resume(rhythm.deliver(v_items), p_now);
  return cardinality(v_items);
end;
$$;

comment on function rhythm.fire_timers(integer, timestamptz) is 'Fires the timers that are due. Part of due().';

create or replace function rhythm.end_signal_waits(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due uuid[];
  v_mine uuid[];
  v_items rhythm.settled_item[];
begin
  v_due := array(select w.id from rhythm.signal_wait as w
    where w.timeout_at <= p_now and w.signal_id is null and not w.timed_out order by w.timeout_at limit p_limit);
  if v_due = '{}' then
    return 0;
  end if;
  v_mine := rhythm.try_lock_states(array(select w.execution_id from rhythm.signal_wait as w where w.id = any (v_due)));
  with ended as (
    update rhythm.signal_wait as w set timed_out = true
    where w.id = any (v_due) and w.execution_id = any (v_mine) and w.signal_id is null and not w.timed_out
    returning w.execution_id, w.id, w.timeout_at, w.wait_group
  )
  select coalesce(array_agg(row(x.execution_id, x.id, true, x.wait_group)::rhythm.settled_item order by x.timeout_at, x.id), '{}') into v_items from ended as x;
  perform rhythm.resume(rhythm.deliver(v_items), p_now);
  return cardinality(v_items);
end;
$$;

comment on function rhythm.end_signal_waits(integer, timestamptz) is 'Ends waits for signals that have timed out. Part of due().';

create or replace function rhythm.ready_delayed(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
  v_queues text[];
begin
  with due as (
    select b.id from rhythm.batch as b
    where b.run_at is not null and b.run_at <= p_now
    order by b.run_at limit p_limit for update skip locked
  ),
  ready as (
    update rhythm.batch as b set run_at = null, limited = rhythm.has_limits(b.queue) from due as d where b.id = d.id returning b.queue
  )
  select count(*), array_agg(distinct r.queue) into v_count, v_queues from ready as r;
  perform rhythm.wake(v_queues);
  return v_count;
end;
$$;

comment on function rhythm.ready_delayed(integer, timestamptz) is 'Makes delayed batches ready when they are due. Part of due().';

create or replace function rhythm.next_due(p_now timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return least(
    (select min(coalesce(t.kept_until, t.fires_at)) from rhythm.timer as t where not t.fired and not t.deadline),
    (select greatest(t.fires_at, p_now + interval '1 second') from rhythm.timer as t where not t.fired and t.deadline order by t.fires_at limit 1),
    (select min(b.expires_at) from rhythm.batch as b where b.expires_at is not null and b.worker is null and b.attempt = 0),
    (select min(w.timeout_at) from rhythm.signal_wait as w where w.timeout_at is not null and w.signal_id is null and not w.timed_out),
    (select min(b.run_at) from rhythm.batch as b where b.run_at < 'infinity'),
    (select min(r.at) from rhythm.rates_due(p_now) as r where r.at > p_now),
    (select p_now + interval '50 milliseconds' from rhythm.key_waiter as k where k.due limit 1),
    -- Who is silent for longer than that is given up by chores(), once a second. Until then, calls in between would do nothing.
    (select greatest(min(w.beat_at + w.lease_ms * interval '1 millisecond'), p_now + interval '1 second') from rhythm.worker as w having count(*) > 0)
  );
end;
$$;

comment on function rhythm.next_due(timestamptz) is 'When the next timer, delay, wait or lease runs out. Part of due().';

-- Locks: states, executions, batches, skip locked. Never waits.
create or replace function rhythm.due(p_limit integer default 1000)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_due timestamptz;
begin
  perform rhythm.check_limit('due()', p_limit);
  perform rhythm.require_home();
  perform rhythm.join_late(p_limit, v_now);
  v_due := rhythm.next_due(v_now);
  if v_due <= v_now then
    perform rhythm.expire(p_limit, v_now);
    perform rhythm.ready_delayed(p_limit, v_now);
    perform rhythm.fire_timers(p_limit, v_now);
    perform rhythm.end_signal_waits(p_limit, v_now);
    v_due := rhythm.next_due(v_now);
  end if;
  perform rhythm.wake(array(select distinct r.queue from rhythm.rates_due(v_now) as r where r.at <= v_now));
  return least(v_due, rhythm.fire_schedules(100));
end;
$$;

comment on function rhythm.due(integer) is
  'Does what is due: delayed work, what expires, timers, timeouts of waits, schedules. At most p_limit of each; any number of sessions may call it at once; never waits. '
  'Returns when the next thing is due: a past time means call again at once, null means nothing is due. Part of tick().';
