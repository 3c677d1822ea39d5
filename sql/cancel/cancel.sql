-- Cancelling an execution and everything that it started.

create or replace function rhythm.trees(p_ids uuid[], p_all boolean default false)
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive node as (
    select e.id, e.state, 0 as depth from rhythm.execution as e where e.id = any (p_ids)
    union all
    select c.id, c.state, n.depth + 1 from node as n join rhythm.execution as c on c.parent_id = n.id where n.depth < 1000 and (c.outlives is null or p_all)
  )
  select coalesce(array_agg(distinct n.id), '{}') from node as n where n.state = 0;
$$;

comment on function rhythm.trees(uuid[], boolean) is
  'Some executions and what is cancelled with them, directly or not, as far as they have not ended. p_all: all that they started. Internal.';

-- What a workflow has started since it was cancelled cleans up: cancelling it again, or its parent, leaves that alone.
create or replace function rhythm.to_cancel(p_ids uuid[])
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive node as (
    select e.id, e.state, e.cancel_reason, 0 as depth from rhythm.execution as e where e.id = any (p_ids)
    union all
    select c.id, c.state, c.cancel_reason, n.depth + 1
    from node as n join rhythm.execution as c on c.parent_id = n.id
    where n.depth < 1000 and (n.state > 0 or n.cancel_reason is null) and c.outlives is null
  )
  select coalesce(array_agg(distinct n.id), '{}') from node as n where n.state = 0 and n.cancel_reason is null;
$$;

comment on function rhythm.to_cancel(uuid[]) is
  'Those of trees() that a cancellation ends or asks to stop. Internal.';

-- A running workflow starts children until its state is locked, and a task gets children until its row is. To lock these
-- new children, too, this releases all locks and begins again with the larger set. Only in this way are the
-- locks taken in the order of ids.
create or replace function rhythm.lock_trees(p_ids uuid[], p_also uuid[] default '{}', p_all boolean default false)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_locked uuid[];
  v_ids uuid[] := rhythm.trees(p_ids, p_all);
begin
  loop
    begin
      v_locked := v_ids;
      perform rhythm.lock_around(v_locked || p_also);
      perform from rhythm.execution as e where e.id = any (v_locked || p_also) order by e.id for no key update;
      v_ids := rhythm.trees(p_ids, p_all);
      if v_ids <@ v_locked then
        return v_ids;
      end if;
      raise sqlstate 'RHTRY';
    exception
      when sqlstate 'RHTRY' then
        null;
    end;
  end loop;
end;
$$;

comment on function rhythm.lock_trees(uuid[], uuid[], boolean) is
  'Locks some executions, what is cancelled with them (p_all: all that they started), their states and those of their parents; returns what trees() returns. p_also: executions that may have ended, to lock in the same order. Nobody can add to these now. Internal.';

-- If this kept the lock of a larger batch, 99 other executions would wait for this transaction. So it only waits until no
-- session is claiming the batch. A later claim sees that the member is locked, and leaves it out. The caller has locked the member.
create or replace function rhythm.await_claim(p_batch bigint)
returns rhythm.batch
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
begin
  begin
    select b.* into v_batch from rhythm.batch as b where b.id = p_batch for share;
    raise sqlstate 'RHTRY';
  exception
    when sqlstate 'RHTRY' then
      return v_batch;
  end;
end;
$$;

comment on function rhythm.await_claim(bigint) is 'A batch, read when no session is claiming it; keeps no lock. Internal.';

create or replace function rhythm.hold_batch(p_batch bigint)
returns rhythm.batch
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
begin
  if p_batch is null then
    return null;
  end if;
  -- A locked batch of one is being claimed, so it runs from then on.
  select b.* into v_batch from rhythm.batch as b where b.id = p_batch and b.size = 1 for update;
  if not found then
    v_batch := rhythm.await_claim(p_batch);
    if v_batch.size = 1 then
      -- The others have gone in the meantime.
      select b.* into v_batch from rhythm.batch as b where b.id = p_batch for update;
    end if;
  end if;
  return v_batch;
end;
$$;

comment on function rhythm.hold_batch(bigint) is
  'The batch of an execution that the caller has locked, as it is when no session is claiming it. Locks it if it is a batch of one. Internal.';

-- What is not running ends now. What is running is asked to stop. A workflow that has clean-up to do (finally) runs once more
-- for that, unless it has not begun. What is cancelled is not paused any more. The caller has called lock_trees().
create or replace function rhythm.cancel_all(p_ids uuid[], p_reason text, p_now timestamptz, out ended rhythm.transition[], out told uuid[], out cleaning uuid[])
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row record;
  v_batch rhythm.batch;
  v_batches bigint[] := '{}';
  v_ended uuid[] := '{}';
begin
  told := '{}';
  cleaning := '{}';
  for v_row in
    select e.id, e.type, coalesce(e.batch_id, s.batch_id) as batch_id, coalesce(s.cleanup, false) as cleanup
    from unnest(p_ids) as i (id)
    join rhythm.execution as e on e.id = i.id and e.state = 0 and e.cancel_reason is null
    left join rhythm.workflow_state as s on s.execution_id = e.id
    order by e.id
  loop
    v_batch := rhythm.hold_batch(v_row.batch_id);
    if v_batch.worker is not null then
      told := told || v_row.id;
    elsif v_row.cleanup then
      cleaning := cleaning || v_row.id;
    else
      v_ended := v_ended || v_row.id;
      v_batches := v_batches || v_row.batch_id;
    end if;
  end loop;
  update rhythm.execution as e set cancel_reason = p_reason, stopping = true, paused_at = null, paused_by = null, pause_reason = null where e.id = any (told);
  update rhythm.execution as e set cancel_reason = p_reason, paused_at = null, paused_by = null, pause_reason = null where e.id = any (cleaning);
  update rhythm.workflow_state as s set batch_id = null where s.execution_id = any (v_ended) and s.batch_id is not null;
  with over as (
    update rhythm.execution as e
    set cancel_reason = p_reason, state = 3, batch_id = null, completed_at = p_now, paused_at = null, paused_by = null, pause_reason = null, attempt = greatest(e.attempt, coalesce(
      (select b.attempt from rhythm.batch as b where b.id = e.batch_id), 0))
    where e.id = any (v_ended)
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  )
  select coalesce(array_agg(o::rhythm.transition order by o.id), '{}') into ended from over as o;
  delete from rhythm.timer as t where t.execution_id = any (v_ended) and t.deadline;
  -- Not locked: batches in which others still wait.
  perform rhythm.drop_empty_batches(array(
    select b.id from rhythm.batch as b where b.id = any (v_batches) and rhythm.members(b) = '{}' for update skip locked));
end;
$$;

comment on function rhythm.cancel_all(uuid[], text, timestamptz) is
  'Cancels executions. ended: these have ended; told: these run and are asked to stop; cleaning: workflows that must clean up first. Internal.';

-- The deadline of a workflow that is still running or cleaning up.
create or replace function rhythm.limit_cleanup(p_ids uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.timer (id, execution_id, fires_at, deadline)
  select rhythm.uuid7(p_now, i.nth::integer), e.id, p_now + rhythm.setting('cancel_grace')::interval, true
  from unnest(p_ids) with ordinality as i (id, nth) join rhythm.execution as e on e.id = i.id and e.type = 'workflow';
end;
$$;

comment on function rhythm.limit_cleanup(uuid[], timestamptz) is 'Gives cancelled workflows that have not ended a deadline. Internal.';

-- Locks: states, then executions, then batches of one. A caller that holds locks of later kinds can wait for ever.
create or replace function rhythm.cancel_trees(p_ids uuid[], p_reason text, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_locked constant uuid[] := rhythm.lock_trees(p_ids);
  v_cancelled constant record := rhythm.cancel_all(rhythm.to_cancel(p_ids), p_reason, p_now);
begin
  perform rhythm.follow_ends(v_cancelled.ended, '{}', p_now);
  if v_cancelled.told <> '{}' or v_cancelled.cleaning <> '{}' then
    perform rhythm.limit_cleanup(v_cancelled.told || v_cancelled.cleaning, p_now);
    perform rhythm.wake_clocks();
  end if;
  if v_cancelled.cleaning <> '{}' then
    perform rhythm.hurry(v_cancelled.cleaning);
    perform rhythm.resume(v_cancelled.cleaning, p_now);
  end if;
  perform rhythm.notify('stop', w.worker::text)
  from (
    select distinct b.worker from unnest(v_cancelled.told) as i (id)
    join rhythm.execution as e on e.id = i.id
    left join rhythm.workflow_state as s on s.execution_id = e.id
    join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
  ) as w;
  return array(select e.id from unnest(v_cancelled.ended) as e) || v_cancelled.told || v_cancelled.cleaning;
end;
$$;

comment on function rhythm.cancel_trees(uuid[], text, timestamptz) is
  'Cancels executions and all that they started; returns those that had neither ended nor been asked to stop before. Internal.';

-- A delayed or paused workflow that must clean up does it now.
create or replace function rhythm.hurry(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.batch as b set run_at = null, paused = false, limited = rhythm.has_limits(b.queue)
  from rhythm.workflow_state as s
  where s.execution_id = any (p_ids) and b.id = s.batch_id and b.run_at is not null and b.worker is null;
end;
$$;

comment on function rhythm.hurry(uuid[]) is 'Makes delayed and paused workflows ready. Internal.';

create or replace function rhythm.cancel(p_execution uuid, p_reason text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
  perform from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot cancel: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  perform rhythm.refuse_frozen(array[p_execution], 'Cannot cancel');
  if p_execution <> all (rhythm.cancel_trees(array[p_execution], left(coalesce(nullif(p_reason, ''), 'no reason was given'), 2000), rhythm.now())) then
    return false;
  end if;
  perform rhythm.record_named('cancel', array[p_execution], p_reason);
  return true;
end;
$$;

comment on function rhythm.cancel(uuid, text) is
  'Cancels an execution and everything that it started, except what says on_parent_cancel: abandon. If it waits, it ends at once; if it runs, its worker is asked to stop it. A workflow may clean up (finally) within the time of the setting cancel_grace. False: it had ended, or had been cancelled before.';

-- Separate calls in any order can deadlock with settles. One call takes all locks in the one order.
create or replace function rhythm.cancel_many(p_executions uuid[], p_reason text default null)
returns setof uuid
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
  v_missing uuid;
  v_cancelled uuid[];
begin
  select i.id into v_missing from unnest(p_executions) as i (id) where not exists (select from rhythm.execution as e where e.id = i.id) limit 1;
  if found then
    perform rhythm.raise('RH002', format('Cannot cancel: there is no execution %s', coalesce(v_missing::text, 'null')));
  end if;
  perform rhythm.refuse_frozen(p_executions, 'Cannot cancel');
  v_cancelled := rhythm.cancel_trees(p_executions, left(coalesce(nullif(p_reason, ''), 'no reason was given'), 2000), rhythm.now());
  v_cancelled := array(select c.id from unnest(v_cancelled) as c (id) where c.id = any (p_executions));
  perform rhythm.record_named('cancel', v_cancelled, p_reason);
  return query select c.id from unnest(v_cancelled) as c (id);
end;
$$;

comment on function rhythm.cancel_many(uuid[], text) is
  'Cancels many executions in one transaction, with locks in one order; returns those that had neither ended nor been cancelled before. Use it instead of many calls of cancel() in one transaction.';
