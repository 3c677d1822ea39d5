-- tick(): everything that time brings, from wherever it is called.

create or replace function rhythm.next_due(p_now timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
set enable_seqscan = off
set jit = off
as $$
begin
  return least(
    (select min(t.fires_at) from rhythm.timer as t where not t.fired and not t.deadline),
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
set search_path = ''
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_due timestamptz;
  v_schedules timestamptz;
  v_sql_tasks timestamptz;
begin
  perform rhythm.check_limit('tick()', p_limit);
  -- What need not be to the millisecond: one session a second does it. First, and one kind at a time, because it waits
  -- for locks: who waits holds none. What follows skips what others hold.
  if rhythm.chore_is_due(v_now) then
    perform rhythm.do_chores(p_limit, v_now);
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
  return least(v_due, v_schedules, v_sql_tasks);
end;
$$;

comment on function rhythm.tick(integer) is
  'Moves what is due: delayed work, timers, timeouts, schedules, SQL tasks, work of dead workers; cleans up. Bounded by p_limit, safe from everywhere at once. '
  'Returns when the next thing is due: in the past means call again at once, null means nothing is.';

create or replace function rhythm.do_chores(p_limit integer, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = ''
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
  perform rhythm.forget_keys(p_limit, p_now);
  perform rhythm.forget_heads(p_now);
  perform rhythm.purge(null, p_limit);
end;
$$;

comment on function rhythm.do_chores(integer, timestamptz) is 'Buries dead workers, ends what is late, makes room. Part of tick().';

-- Ten workers ask ten times a second: a look that locks and writes nothing says no to nine of them.
-- Locks: the row of the chore, skip locked.
create or replace function rhythm.chore_is_due(p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = ''
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

create or replace function rhythm.forget_keys(p_limit integer, p_now timestamptz)
returns void
language sql
volatile
set search_path = ''
as $$
  delete from rhythm.idempotency_key as k
  where k.key = any (array(select x.key from rhythm.idempotency_key as x where x.expires_at <= p_now limit p_limit for update skip locked));
$$;

comment on function rhythm.forget_keys(integer, timestamptz) is 'Removes idempotency keys that expired. Part of tick().';

-- Oldest first, by id: ids carry the time of creation. A child goes with its parent, never before it. What somebody
-- retries, or asks for again by its key, stays for the next time: nothing is waited for.
create or replace function rhythm.purge(older_than interval default null, p_limit integer default 1000)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_age constant interval := coalesce(older_than, rhythm.setting('retention')::interval);
  v_before constant timestamptz := rhythm.now() - v_age;
  v_ids uuid[];
  v_free uuid[];
  v_keys text[];
begin
  if v_age < interval '0' then
    perform rhythm.raise('RH001', format('Cannot purge what is older than %s: expected an interval of zero or more', v_age));
  end if;
  perform rhythm.check_limit('purge()', p_limit);
  v_ids := array(
    select e.id from rhythm.execution as e
    where e.id < rhythm.uuid7_floor(v_before)
      and e.stage >= 4
      and e.completed_at < v_before
      and (e.parent_id is null or not exists (select from rhythm.execution as p where p.id = e.parent_id))
    order by e.id
    limit p_limit);
  v_free := rhythm.try_lock_states(v_ids);
  v_ids := array(
    select e.id from rhythm.execution as e
    where e.id = any (v_ids) and e.stage >= 4
      and (e.id = any (v_free) or not exists (select from rhythm.workflow_state as s where s.execution_id = e.id))
    for update skip locked);
  v_keys := array(select k.key from rhythm.idempotency_key as k where k.execution_id = any (v_ids) for update skip locked);
  v_ids := array(
    select i.id from unnest(v_ids) as i (id)
    where not exists (select from rhythm.idempotency_key as k where k.execution_id = i.id and k.key <> all (v_keys)));
  delete from rhythm.idempotency_key as k where k.execution_id = any (v_ids);
  delete from rhythm.step as s where s.execution_id = any (v_ids);
  delete from rhythm.execution as e where e.id = any (v_ids);
  return cardinality(v_ids);
end;
$$;

comment on function rhythm.purge(interval, integer) is
  'Deletes up to p_limit executions that ended longer ago than older_than (by default the setting retention), oldest first, with their logs, signals and steps; returns how many.';

create or replace function rhythm.uuid7_floor(p_at timestamptz)
returns uuid
language sql
immutable
set search_path = ''
as $$
  select (lpad(to_hex(case
    when p_at < '1970-01-01Z' then 0
    when p_at > '9999-12-31Z' then 253402214400000
    else extract(epoch from p_at) * 1000
  end::bigint), 12, '0') || '70008000000000000000')::uuid;
$$;

comment on function rhythm.uuid7_floor(timestamptz) is 'The smallest UUIDv7 of a moment: ranges of time are ranges of ids.';
