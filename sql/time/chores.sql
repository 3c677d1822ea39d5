-- Work that need not be exact to the millisecond: dead workers, timeouts, retention. One session does it, once a second.

-- A workflow that has clean-up to do (finally) is first asked to stop, as if it were cancelled. It fails when it has ended, or
-- when the time for that is over, too. This waits for nothing: a tree of which another session has locked a part stays due.
create or replace function rhythm.end_late_workflows(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[] := array(
    select t.execution_id from rhythm.timer as t
    where not t.fired and t.deadline and t.fires_at <= p_now
    order by t.fires_at limit p_limit);
  v_waiting uuid[];
  v_cleaning uuid[];
  v_ended rhythm.transition[];
begin
  v_ids := rhythm.lock_free_trees(v_ids);
  if v_ids = '{}' then
    return 0;
  end if;
  -- If a workflow must clean up and no worker has taken it yet, because its queue is long or paused, its time begins then.
  v_waiting := array(
    select s.execution_id from rhythm.workflow_state as s
    join rhythm.execution as e on e.id = s.execution_id and e.state = 0 and e.cancel_reason is not null
    join rhythm.batch as b on b.id = s.batch_id and b.worker is null
    where s.execution_id = any (v_ids) and s.cleanup);
  if v_waiting <> '{}' then
    update rhythm.timer as t set fires_at = p_now + rhythm.setting('cancel_grace')::interval
    where t.execution_id = any (v_waiting) and t.deadline and not t.fired;
    v_ids := array(select i.id from unnest(v_ids) as i (id) where i.id <> all (v_waiting));
  end if;
  update rhythm.timer as t set fired = true where t.execution_id = any (v_ids) and t.deadline and not t.fired;
  v_cleaning := array(
    select s.execution_id from rhythm.workflow_state as s
    join rhythm.execution as e on e.id = s.execution_id and e.state = 0 and e.cancel_reason is null
    where s.execution_id = any (v_ids) and s.cleanup);
  if v_cleaning <> '{}' then
    update rhythm.execution as e set error = rhythm.deadline_error(e.timeout_ms) where e.id = any (v_cleaning);
    perform rhythm.cancel_trees(v_cleaning, 'It ran past its timeout', p_now);
    v_ids := array(select i.id from unnest(v_ids) as i (id) where i.id <> all (v_cleaning));
  end if;
  perform rhythm.cancel_trees(array_agg(c.id), coalesce(e.cancel_reason, 'Its workflow ran past its timeout'), p_now)
  from rhythm.execution as c
  join rhythm.execution as e on e.id = c.parent_id
  where c.parent_id = any (v_ids) and c.state = 0 and c.outlives is null
  group by e.cancel_reason;
  with ended as (
    update rhythm.execution as e
    set state = f.state, stopping = false, completed_at = p_now, batch_id = null,
      error = case f.state when 2 then rhythm.deadline_error(e.timeout_ms) else e.error end,
      fingerprint = case f.state when 2 then rhythm.fingerprint_of(e.target, rhythm.deadline_error(e.timeout_ms)) end
    from (
      select x.id, case when x.cancel_reason is null or rhythm.is_past_deadline(x) then 2 else 3 end as state
      from rhythm.execution as x where x.id = any (v_ids) and x.state = 0
    ) as f
    where e.id = f.id
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  )
  select coalesce(array_agg(x::rhythm.transition order by x.id), '{}') into v_ended from ended as x;
  perform rhythm.leave_batches(v_ids);
  perform rhythm.follow_ends(v_ended, '{}', p_now);
  return cardinality(v_ended) + cardinality(v_cleaning);
end;
$$;

comment on function rhythm.end_late_workflows(integer, timestamptz) is 'Ends workflows that have passed their timeout (failed) or the time to clean up (cancelled), and cancels what they started. Part of chores().';

create or replace function rhythm.is_past_deadline(p_execution rhythm.execution)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_execution.type = 'workflow' and coalesce(p_execution.error = rhythm.deadline_error(p_execution.timeout_ms), false);
end;
$$;

comment on function rhythm.is_past_deadline(rhythm.execution) is 'Whether a workflow has passed its timeout, and is cleaning up or has ended. Internal.';

-- A workflow that has ended is in no batch.
create or replace function rhythm.leave_batches(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batches bigint[] := array(select s.batch_id from rhythm.workflow_state as s where s.execution_id = any (p_ids) and s.batch_id is not null);
begin
  update rhythm.workflow_state as s set batch_id = null where s.execution_id = any (p_ids) and s.batch_id is not null;
  perform rhythm.drop_empty_batches(v_batches);
end;
$$;

comment on function rhythm.leave_batches(uuid[]) is 'Takes workflows out of their batches. Internal.';

-- Those of some executions whose whole trees, with the states of their parents, are now locked. Never waits.
create or replace function rhythm.lock_free_trees(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[] := '{}';
  v_id uuid;
begin
  foreach v_id in array p_ids loop
    begin
      set local lock_timeout = '1ms';
      perform rhythm.lock_trees(array[v_id]);
      v_result := v_result || v_id;
    exception
      when lock_not_available or deadlock_detected then
        null;
    end;
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.lock_free_trees(uuid[]) is 'Locks those of some trees that no other session has locked; returns their roots. Internal.';

-- Silence means nothing while nobody could hear: the server was away, or its clock was set back. Once for each silence.
-- Locks: workers, skip locked.
create or replace function rhythm.spare_workers(p_last timestamptz, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.worker as w set beat_at = p_now, spared = true
  where w.id = any (array(
    select x.id from rhythm.worker as x
    where not x.spared and (x.beat_at > p_now + interval '1 second'
      or x.beat_at < p_now - x.lease_ms * interval '1 millisecond' and p_last < p_now - x.lease_ms * interval '0.5 milliseconds')
    for update skip locked));
end;
$$;

comment on function rhythm.spare_workers(timestamptz, timestamptz) is
  'Gives one more lease to workers that were silent since p_last, if chores() did not run either, and to workers whose last heartbeat is in the future. Part of chores().';

create or replace function rhythm.bury_workers(p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_dead uuid[];
  v_batches bigint[];
  v_free uuid[];
  v_locked uuid[];
  v_concerned uuid[];
begin
  v_dead := array(
    select w.id from rhythm.worker as w
    where w.beat_at < p_now - w.lease_ms * interval '1 millisecond'
    for update skip locked);
  -- A worker with a call under way is alive.
  v_dead := array(
    select c.worker_id from (
      select x.worker_id from rhythm.worker_call as x where x.worker_id = any (v_dead) for update skip locked
    ) as c group by c.worker_id having count(*) = 2);
  -- And leases of workers that do not exist, for any reason.
  v_batches := array(
    select b.id from rhythm.batch as b
    where b.worker = any (v_dead) or b.worker is not null and not exists (select from rhythm.worker as w where w.id = b.worker)
    order by b.id limit 10000);
  if v_batches <> '{}' then
    -- A locked execution keeps its batch, and the batch stays here until the next time.
    v_concerned := rhythm.ids_in(v_batches);
    v_concerned := array(
      select e.id from rhythm.execution as e where e.id = any (v_concerned) and e.type = 'workflow'
      union select e.parent_id from rhythm.execution as e where e.id = any (v_concerned) and e.parent_id is not null);
    v_free := rhythm.lock_free_states(v_concerned);
    v_concerned := rhythm.ids_in(v_batches);
    v_locked := array(select e.id from rhythm.execution as e where e.id = any (v_concerned) order by e.id for no key update skip locked);
    v_batches := array(
      select b.id from rhythm.batch as b
      where b.id = any (v_batches) and not exists (
        select from unnest(b.ids) as i (id)
        cross join lateral (select x.id, x.parent_id from rhythm.execution as x where x.id = i.id offset 0) as e
        left join rhythm.workflow_state as s on s.execution_id = e.id
        left join rhythm.workflow_state as p on p.execution_id = e.parent_id
        where e.id <> all (v_locked) or s.execution_id is not null and s.execution_id <> all (v_free)
          or p.execution_id is not null and p.execution_id <> all (v_free))
      order by b.id);
    perform rhythm.take_back(v_batches, 'The worker that ran it was lost: its heartbeats stopped', p_now);
  end if;
  -- A worker with a locked batch is removed the next time.
  delete from rhythm.worker as w where w.id = any (v_dead) and not exists (select from rhythm.batch as b where b.worker = w.id);
  return cardinality(v_dead);
end;
$$;

comment on function rhythm.bury_workers(timestamptz) is 'Gives back the work of workers whose heartbeats have stopped. Part of chores().';

-- Attempts of tasks that have passed their timeout, a little later than their worker should have ended them.
create or replace function rhythm.end_overdue(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_late jsonb;
begin
  select jsonb_agg(jsonb_build_object('id', i.id, 'call', b.call, 'worker', b.worker, 'status', 'failed', 'error', jsonb_build_object(
    'type', 'TimeoutError', 'message', format('Attempt %s took longer than %s ms', b.attempt, b.timeout_ms))))
  into v_late
  from (
    select x.* from rhythm.batch as x
    where x.worker is not null and x.timeout_ms is not null and x.claimed_at < p_now - interval '1 second'
      and x.claimed_at + x.timeout_ms * interval '1 millisecond' + interval '1 second' < p_now
    limit p_limit
  ) as b
  cross join lateral unnest(rhythm.members(b)) as i (id);
  if v_late is null then
    return 0;
  end if;
  perform rhythm.settle_outcomes(w.worker, w.items, 0, 0, null, p_now)
  from (
    select (l.value ->> 'worker')::uuid as worker, jsonb_agg(l.value - 'worker') as items
    from jsonb_array_elements(v_late) as l (value) group by l.value ->> 'worker'
  ) as w;
  return jsonb_array_length(v_late);
end;
$$;

comment on function rhythm.end_overdue(integer, timestamptz) is 'Ends attempts that have passed their timeout. Part of chores().';

-- Ten workers call this ten times a second. For nine of them it ends after a check that locks and writes nothing.
-- Locks: an advisory lock, if it is free. Never waits.
create or replace function rhythm.chore_is_due(p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select s.value::timestamptz from rhythm.setting as s where s.name = 'chored_at') between p_now - interval '1 second' and p_now
    or not pg_try_advisory_xact_lock(hashtextextended(:'schema' || ' chores', 0)) then
    return false;
  end if;
  -- A session that had the lock a moment ago may have done it.
  insert into rhythm.setting as s (name, value) values ('chored_at', p_now::text)
  on conflict (name) do update set value = excluded.value
  where s.value::timestamptz not between p_now - interval '1 second' and p_now;
  return found;
end;
$$;

comment on function rhythm.chore_is_due(timestamptz) is 'Whether this call is the one that cleans up: once a second over all sessions. Part of chores().';

-- Locks: as settling, skip locked. Never waits for rows that an application has locked.
create or replace function rhythm.chores(p_limit integer default 1000)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
set lock_timeout = '100ms'
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_last constant timestamptz := (select s.value::timestamptz from rhythm.setting as s where s.name = 'chored_at');
  v_more boolean;
begin
  perform rhythm.check_limit('chores()', p_limit);
  perform rhythm.require_home();
  if not rhythm.chore_is_due(v_now) then
    return null;
  end if;
  perform rhythm.spare_workers(v_last, v_now);
  perform rhythm.bury_workers(v_now);
  perform rhythm.end_overdue(p_limit, v_now);
  begin
    perform rhythm.end_late_workflows(p_limit, v_now);
  exception
    when lock_not_available or deadlock_detected then
      -- Another session is claiming a part of a tree: try again next time.
      null;
  end;
  perform rhythm.unpark(p_limit);
  perform rhythm.open_gates(p_limit);
  perform rhythm.limited_chores(p_limit, v_now);
  v_more := rhythm.work_operations();
  v_more := rhythm.count_rates(p_limit) or v_more;
  begin
    v_more := rhythm.count_failures(p_limit) or v_more;
  exception
    when lock_not_available then
      -- Somebody sets the state of a kind: try again next time.
      null;
  end;
  if rhythm.sweep(p_limit, v_now) and not v_more then
    return null;
  end if;
  -- A thousand a second would not be enough if more than that are created.
  update rhythm.setting as s set value = (v_now - interval '900 milliseconds')::text where s.name = 'chored_at';
  return v_now + interval '100 milliseconds';
end;
$$;

comment on function rhythm.chores(integer) is
  'Gives back the work of dead workers, ends what has passed its timeout, deletes what is old: once a second over all sessions. Returns when to continue, if it did not come to the end. Part of tick().';
