-- Timers that a worker keeps, and whose workflows it cannot advance in memory after all.

-- What tick() does with timers that are due, for some by name, and before it would look. Each once: whoever fires or
-- drops a timer holds the state of its workflow. Locks: states, executions, the worker.
create or replace function rhythm.fire_kept(p_worker uuid, p_timers uuid[], p_lease integer default 0)
returns setof rhythm.claimed
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_lease integer := greatest(p_lease, 0);
  v_items rhythm.settled_item[];
  v_leased uuid[];
begin
  perform rhythm.require_read_committed();
  perform rhythm.lock_states(array(select t.execution_id from rhythm.timer as t where t.id = any (p_timers)));
  if v_lease > 0 then
    -- As in settle_batch().
    perform from rhythm.worker as w where w.id = p_worker for key share skip locked;
    v_lease := case when found then v_lease else 0 end;
  end if;
  with fired as (
    update rhythm.timer as t set fired = true
    where t.id = any (p_timers) and t.fires_at <= v_now and not t.fired and not t.deadline
    returning t.execution_id, t.id
  )
  select coalesce(array_agg(row(f.execution_id, f.id, false)::rhythm.settled_item), '{}') into v_items from fired as f;
  v_leased := rhythm.resume(rhythm.deliver(v_items), v_now, p_worker, v_lease);
  -- A statement of its own: what is read by a stable function is as it was when its statement began.
  return query select h.* from rhythm.hand_over(v_leased) as h;
end;
$$;

comment on function rhythm.fire_kept(uuid, uuid[], integer) is
  'Fires those of some timers that are due, as tick() would at its next look: for timers that a worker keeps (start_timer with kept) and cannot settle_advanced(). '
  'With p_lease, so many of the workflows that go on are leased to the worker at once and returned, as claim() would.';

-- A worker that stops rings for nothing any more. It waits for nobody: what others hold they fire, or drop.
create or replace function rhythm.release_kept(p_timers uuid[])
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_ids uuid[];
begin
  perform rhythm.require_read_committed();
  v_ids := array(select t.id from rhythm.timer as t where t.id = any (p_timers) and t.kept_until is not null and not t.fired for update skip locked);
  if v_ids <> '{}' then
    update rhythm.timer as t set kept_until = null where t.id = any (v_ids);
    perform rhythm.wake_clocks();
  end if;
  return cardinality(v_ids);
end;
$$;

comment on function rhythm.release_kept(uuid[]) is 'Leaves timers to tick() that a worker kept: it fires them when they are due. Returns how many.';
