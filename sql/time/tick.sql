-- tick(): everything that time brings, from wherever it is called.

create or replace function rhythm.next_due(p_now timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  return least(
    (select min(coalesce(t.kept_until, t.fires_at)) from rhythm.timer as t where not t.fired and not t.deadline),
    (select greatest(t.fires_at, p_now + interval '1 second') from rhythm.timer as t where not t.fired and t.deadline order by t.fires_at limit 1),
    (select min(w.timeout_at) from rhythm.signal_wait as w where w.timeout_at is not null and w.signal_id is null and not w.timed_out),
    (select min(e.run_at) from rhythm.execution as e where e.place = 0),
    (select p_now + interval '50 milliseconds' from rhythm.follower as f where f.due limit 1),
    (select min(w.beat_at + w.lease_ms * interval '1 millisecond') from rhythm.worker as w)
  );
end;
$$;

comment on function rhythm.next_due(timestamptz) is 'When the next timer, delay, wait or lease runs out. Part of tick().';

create or replace function rhythm.tick(p_limit integer default 1000)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_due timestamptz;
  v_schedules timestamptz;
  v_sql_tasks timestamptz;
  v_chores timestamptz;
begin
  perform rhythm.check_limit('tick()', p_limit);
  -- What need not be to the millisecond: one session a second does it. First, and one kind at a time, because it waits
  -- for locks: who waits holds none. What follows skips what others hold.
  if rhythm.chore_is_due(v_now) then
    v_chores := rhythm.do_chores(p_limit, v_now);
  end if;
  perform rhythm.join_late(p_limit, v_now);
  v_due := rhythm.next_due(v_now);
  if v_due <= v_now then
    perform rhythm.ready_delayed(p_limit, v_now);
    perform rhythm.fire_timers(p_limit, v_now);
    perform rhythm.end_signal_waits(p_limit, v_now);
    v_due := rhythm.next_due(v_now);
  end if;
  v_schedules := rhythm.fire_schedules(100);
  v_sql_tasks := rhythm.run_sql_tasks(100);
  return least(v_due, v_schedules, v_sql_tasks, v_chores);
end;
$$;

comment on function rhythm.tick(integer) is
  'Moves what is due: delayed work, timers, timeouts, schedules, SQL tasks, work of dead workers; cleans up. Bounded by p_limit, safe from everywhere at once. '
  'Returns when the next thing is due: in the past means call again at once, null means nothing is.';

create or replace function rhythm.do_chores(p_limit integer, p_now timestamptz)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.bury_workers(p_now) = 0 and rhythm.end_overdue(p_limit, p_now) = 0 then
    perform rhythm.end_late_workflows(array(
      select t.execution_id from rhythm.timer as t
      where not t.fired and t.deadline and t.fires_at <= p_now
      order by t.fires_at limit p_limit), p_now);
  end if;
  -- From here on nothing waits.
  perform rhythm.list_newborn(p_limit, p_now);
  perform rhythm.move_aside(p_limit, p_now);
  if rhythm.sweep(p_limit, p_now) then
    return null;
  end if;
  -- A thousand a second would not do where more than that are made.
  update rhythm.setting as s set value = (p_now - interval '900 milliseconds')::text where s.name = 'chored_at';
  return p_now + interval '100 milliseconds';
end;
$$;

comment on function rhythm.do_chores(integer, timestamptz) is 'Buries dead workers, ends what is late, makes room; returns when to go on, if it did not come to an end. Part of tick().';

-- Ten workers ask ten times a second: a look that locks and writes nothing says no to nine of them.
-- Locks: the row of the chore, skip locked.
create or replace function rhythm.chore_is_due(p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last constant timestamptz := (select s.value::timestamptz from rhythm.setting as s where s.name = 'chored_at');
begin
  if v_last between p_now - interval '1 second' and p_now then
    return false;
  elsif v_last is null then
    insert into rhythm.setting (name, value) values ('chored_at', p_now::text) on conflict do nothing;
    return found;
  end if;
  perform from rhythm.setting as s where s.name = 'chored_at' for update skip locked;
  if not found then
    return false;
  end if;
  update rhythm.setting as s set value = p_now::text
  where s.name = 'chored_at' and s.value::timestamptz not between p_now - interval '1 second' and p_now;
  return found;
end;
$$;

comment on function rhythm.chore_is_due(timestamptz) is 'Whether this call of tick() is the one that cleans up: once a second over all sessions. Part of tick().';
