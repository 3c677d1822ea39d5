-- How executions leave a batch: they end, or they run again later.

-- Deletes batches that have no members left. Starts at the end of a batch, because its tasks begin in order, so the members
-- that remain are mostly the last ones.
create or replace function rhythm.drop_empty_batches(p_batches bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.batch as b
  where b.id = any (p_batches)
    and case b.type
      when 'task' then not exists (
        select from generate_subscripts(b.ids, 1, true) as n
        cross join lateral (select from rhythm.execution as e where e.id = b.ids[n] and e.batch_id = b.id offset 0) as m)
      else not exists (
        select from generate_subscripts(b.ids, 1, true) as n
        cross join lateral (select from rhythm.workflow_state as s where s.execution_id = b.ids[n] and s.batch_id = b.id offset 0) as m) end;
end;
$$;

comment on function rhythm.drop_empty_batches(bigint[]) is 'Deletes those of some batches that have no members. Internal.';

-- Completes tasks that no workflow started, in one statement, in the order of ids. This is not a join: a plan that was made
-- on an empty table would compare every row with every output. A search among the sorted ids finds the output of a row,
-- with any plan. Returns the tasks whose lease was still held.
create or replace function rhythm.complete_tasks(p_worker uuid, p_call integer, p_ids uuid[], p_outputs jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batches bigint[];
  v_attempts integer[];
  v_size integer;
  v_claimed_at timestamptz;
  v_ids uuid[];
  v_watched rhythm.transition[];
begin
  select array_agg(b.id order by b.id), array_agg(b.attempt order by b.id), sum(b.size), min(b.claimed_at)
  into v_batches, v_attempts, v_size, v_claimed_at
  from rhythm.batch as b
  where b.worker = p_worker and b.call = p_call and b.type = 'task';
  if v_batches is null then
    return '{}';
  end if;
  with done as (
    update rhythm.execution as e
    set state = 1, batch_id = null, completed_at = p_now, claimed_at = v_claimed_at, error = null, note = null,
      attempt = v_attempts[width_bucket(e.batch_id, v_batches)],
      output = nullif(p_outputs -> (width_bucket(e.id, p_ids) - 1), 'null')
    where e.id = any (p_ids) and e.id = p_ids[width_bucket(e.id, p_ids)] and e.batch_id = any (v_batches)
      and e.parent_id is null and e.cancel_reason is null
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  )
  select coalesce(array_agg(d.id), '{}'), array_agg(d::rhythm.transition) filter (where d.notify_on_end) into v_ids, v_watched from done as d;
  if cardinality(v_ids) = v_size then
    delete from rhythm.batch as b where b.id = any (v_batches);
  else
    perform rhythm.drop_empty_batches(v_batches);
  end if;
  if v_watched is not null then
    perform rhythm.follow_ends(v_watched, '{}', p_now);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.complete_tasks(uuid, integer, uuid[], jsonb, timestamptz) is
  'Completes tasks without parents, given in ascending order of their ids; returns those whose lease was still held. Internal.';

-- The ends of outcomes. The caller has locked the executions.
create or replace function rhythm.write_ends(p_outcomes rhythm.outcome[], p_now timestamptz)
returns rhythm.transition[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result rhythm.transition[];
begin
  with ended as (
    update rhythm.execution as e
    set state = case o.fate when 'completed' then 1 when 'failed' then 2 else 3 end, batch_id = null, stopping = false, completed_at = p_now,
      claimed_at = b.claimed_at, attempt = b.attempt, note = null,
      output = case when o.fate = 'completed' then nullif(o.output, 'null') end,
      error = case when o.fate = 'completed' then null when o.status = 'failed' and not rhythm.is_past_deadline(e) then o.error else e.error end,
      fingerprint = case when o.fate = 'failed' then rhythm.fingerprint_of(e.target, case when rhythm.is_past_deadline(e) then e.error else o.error end) end
    -- From each outcome to its rows, with any plan. The rows do not move: they are locked.
    from unnest(p_outcomes) as o
    cross join lateral (select x.ctid as place from rhythm.execution as x where x.id = o.id offset 0) as p
    cross join lateral (select x.claimed_at, x.attempt from rhythm.batch as x where x.id = o.batch_id offset 0) as b
    where e.ctid = p.place and o.fate in ('completed', 'failed', 'cancelled')
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type, o.batch_id
  ),
  state as (
    update rhythm.workflow_state as s set batch_id = null, attempt = b.attempt
    from ended as x cross join lateral (select y.attempt from rhythm.batch as y where y.id = x.batch_id offset 0) as b
    where s.execution_id = x.id and x.type = 'workflow'
  )
  select coalesce(array_agg(row(x.id, x.parent_id, x.wait_group, x.state, x.notify_on_end, x.type)::rhythm.transition order by x.id), '{}')
  into v_result
  from ended as x;
  return v_result;
end;
$$;

comment on function rhythm.write_ends(rhythm.outcome[], timestamptz) is 'Writes the ends of executions; returns them. Their batches are still there. Internal.';

-- Members run again later, each by itself: in its own batch if it was alone, else in a new one. p_delay_ms null: at once.
create or replace function rhythm.put_back(p_id uuid, p_batch bigint, p_delay_ms bigint, p_failures integer, p_crashes integer, p_uncounted boolean, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
  v_is_paused constant boolean := exists (select from rhythm.execution as e where e.id = p_id and e.paused_at is not null);
  v_run_at constant timestamptz := case when v_is_paused then 'infinity' when p_delay_ms > 0 then p_now + p_delay_ms * interval '1 millisecond' end;
  v_attempt integer;
begin
  select b.* into v_batch from rhythm.batch as b where b.id = p_batch;
  v_attempt := case when p_uncounted then rhythm.unleased_attempt(v_batch, rhythm.has_traces(p_id)) else v_batch.attempt end;
  if v_batch.size = 1 then
    update rhythm.batch as b
    set worker = null, call = null, claimed_at = null, run_at = v_run_at, paused = v_is_paused, limited = rhythm.has_limits(b.queue), attempt = v_attempt,
      failures = b.failures + p_failures, crashes = b.crashes + p_crashes
    where b.id = p_batch;
  else
    insert into rhythm.batch
    select (rhythm.batch_of(e, v_run_at, v_attempt, v_batch.failures + p_failures, v_batch.crashes + p_crashes)).*
    from rhythm.execution as e where e.id = p_id
    returning id into v_batch.id;
    perform rhythm.move_members(v_batch.type, array[p_id], p_batch, v_batch.id);
  end if;
end;
$$;

comment on function rhythm.put_back(uuid, bigint, bigint, integer, integer, boolean, timestamptz) is
  'Puts a leased execution back into its queue, at once or later, and adds to its failures and crashes. p_uncounted: its attempt does not count. Internal.';

-- What a worker hands back without running it has not begun, as before. But it has begun if it left something behind: a step or a checkpoint. It
-- also has if another start has its key by now: that start saw it as begun. Where such a start is under way, its key row is locked.
-- Locks: key rows for share, skip locked.
create or replace function rhythm.has_traces(p_id uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
begin
  select e.* into v_execution from rhythm.execution as e where e.id = p_id;
  if v_execution.checkpoint is not null
    or v_execution.type = 'workflow' and (
      exists (select from rhythm.workflow_state as s where s.execution_id = p_id and (s.seq > 0 or s.attempt > 0))
      or exists (select from rhythm.step as s where s.execution_id = p_id)) then
    return true;
  end if;
  if not v_execution.keyed then
    return false;
  end if;
  perform from rhythm.idempotency_key as k where k.execution_id = p_id for share skip locked;
  return not found;
end;
$$;

comment on function rhythm.has_traces(uuid) is 'Whether an execution whose first attempt is handed back counts as begun. Internal.';

-- The number of its attempt is what it was before the lease.
create or replace function rhythm.unleased_attempt(p_batch rhythm.batch, p_has_traces boolean)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_batch.attempt = 1 and p_batch.failures = 0 and p_batch.crashes = 0 then case when p_has_traces then 1 else 0 end
    when p_batch.type = 'task' then greatest(p_batch.attempt - 1, 0)
    else p_batch.attempt end;
end;
$$;

comment on function rhythm.unleased_attempt(rhythm.batch, boolean) is 'The number of the attempt of what a worker hands back without running it. Internal.';

-- Puts back failed attempts that will be repeated, and what a worker did not run. Returns the queues that now have ready
-- work, and in how many milliseconds each failed attempt is repeated: {id: ms}, or null if there is none.
create or replace function rhythm.write_returns(p_outcomes rhythm.outcome[], p_now timestamptz, out queues text[], out retried jsonb)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from unnest(p_outcomes) as o where o.fate in ('retry', 'released')) then
    queues := '{}';
    return;
  end if;
  select jsonb_object_agg(o.id, rhythm.backoff_ms(e.retry, b.failures + 1)) into retried
  from unnest(p_outcomes) as o
  cross join lateral (select x.retry from rhythm.execution as x where x.id = o.id offset 0) as e
  cross join lateral (select x.failures from rhythm.batch as x where x.id = o.batch_id offset 0) as b
  where o.fate = 'retry';
  update rhythm.execution as e
  set stopping = false, error = case when o.fate = 'retry' then o.error else e.error end, note = case when o.fate = 'released' then o.reason end
  from unnest(p_outcomes) as o
  cross join lateral (select x.ctid as place from rhythm.execution as x where x.id = o.id offset 0) as p
  where e.ctid = p.place and (o.fate = 'retry' or o.fate = 'released' and (o.reason is distinct from e.note or e.stopping));
  perform rhythm.put_back(o.id, o.batch_id, case o.fate when 'retry' then (retried ->> o.id::text)::bigint else o.delay_ms end,
    case o.fate when 'retry' then 1 else 0 end, 0, o.fate = 'released', p_now)
  from unnest(p_outcomes) as o
  where o.fate = 'released' or o.fate = 'retry' and o.type = 'task';
  if found then
    perform rhythm.wake_clocks();
  end if;
  perform rhythm.repeat_workflow(o.id, o.batch_id, (retried ->> o.id::text)::bigint, p_now)
  from unnest(p_outcomes) as o
  where o.fate = 'retry' and o.type = 'workflow';
  queues := array(
    select distinct e.queue from unnest(p_outcomes) as o
    cross join lateral (select x.queue from rhythm.execution as x where x.id = o.id offset 0) as e
    where o.fate = 'released' and coalesce(o.delay_ms, 0) <= 0);
end;
$$;

comment on function rhythm.write_returns(rhythm.outcome[], timestamptz) is 'Puts back executions that failed and will be repeated, or that a worker returned. Internal.';
