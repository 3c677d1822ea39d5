-- What time brings. Every part is bounded, and skips what another session is at.

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
  -- What another session is at stays due.
  v_mine := rhythm.try_lock_states(array(select t.execution_id from rhythm.timer as t where t.id = any (v_due)));
  with fired as (
    update rhythm.timer as t set fired = true
    where t.id = any (v_due) and t.execution_id = any (v_mine) and not t.fired
    returning t.execution_id, t.id
  )
  select coalesce(array_agg(row(f.execution_id, f.id, false)::rhythm.settled_item), '{}') into v_items from fired as f;
  perform rhythm.resume(rhythm.deliver(v_items), p_now);
  return cardinality(v_items);
end;
$$;

comment on function rhythm.fire_timers(integer, timestamptz) is 'Fires the timers that are due. Part of tick().';

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
    returning w.execution_id, w.id
  )
  select coalesce(array_agg(row(x.execution_id, x.id, true)::rhythm.settled_item), '{}') into v_items from ended as x;
  perform rhythm.resume(rhythm.deliver(v_items), p_now);
  return cardinality(v_items);
end;
$$;

comment on function rhythm.end_signal_waits(integer, timestamptz) is 'Ends waits for signals that took too long. Part of tick().';

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
    select e.id from rhythm.execution as e
    where e.place = 0 and e.run_at <= p_now
    order by e.run_at limit p_limit for update skip locked
  ),
  moved as (
    update rhythm.execution as e set stage = 1 from due as d where e.id = d.id returning e.queue
  )
  select count(*), array_agg(distinct m.queue) into v_count, v_queues from moved as m;
  perform rhythm.wake(v_queues);
  return v_count;
end;
$$;

comment on function rhythm.ready_delayed(integer, timestamptz) is 'Makes delayed executions ready whose time has come. Part of tick().';
