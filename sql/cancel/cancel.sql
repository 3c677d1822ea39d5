-- Cancelling, over the whole tree.

create or replace function rhythm.trees(p_ids uuid[])
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive node as (
    select e.id, e.state, 0 as depth from rhythm.execution as e where e.id = any (p_ids)
    union all
    select c.id, c.state, n.depth + 1 from node as n join rhythm.execution as c on c.parent_id = n.id where n.depth < 1000
  )
  select coalesce(array_agg(distinct n.id), '{}') from node as n where n.state = 0;
$$;

comment on function rhythm.trees(uuid[]) is
  'Of some executions and all that they started, directly or not, those that are not over. Internal.';

-- A workflow that runs starts children until its state is locked; a task is given some until its row is. To lock those
-- as well means to let go of everything and to begin anew with more: only so are locks taken in the order of ids,
-- whatever ids the children were given.
create or replace function rhythm.lock_trees(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_locked uuid[];
  v_ids uuid[] := rhythm.trees(p_ids);
begin
  loop
    begin
      v_locked := v_ids;
      perform rhythm.lock_around(v_locked);
      perform from rhythm.execution as e where e.id = any (v_locked) order by e.id for no key update;
      v_ids := rhythm.trees(p_ids);
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

comment on function rhythm.lock_trees(uuid[]) is
  'Locks some executions, all that they started, their states and those of their parents; returns what trees() does, which nobody can add to now. Internal.';

-- 99 others would wait for this transaction if it kept the lock of a larger batch. So it only waits until nobody claims it:
-- a claim that comes later sees that the member is locked, and leaves it out. The caller has locked the member.
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

comment on function rhythm.await_claim(bigint) is 'A batch as it is when no session is claiming it, without keeping a lock. Internal.';

-- What is not running ends now; what runs is asked to. A workflow that has cleaning up to do (finally), wherever it
-- stands but at its very beginning, goes on once more for that. The caller comes from lock_trees().
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
    v_batch := null;
    if v_row.batch_id is not null then
      -- A batch of one is locked: whoever is claiming it holds it, and it runs then.
      select b.* into v_batch from rhythm.batch as b where b.id = v_row.batch_id and b.size = 1 for update;
      if not found then
        v_batch := rhythm.await_claim(v_row.batch_id);
      end if;
    end if;
    if v_batch.worker is not null then
      told := told || v_row.id;
    elsif v_row.cleanup then
      cleaning := cleaning || v_row.id;
    else
      v_ended := v_ended || v_row.id;
      v_batches := v_batches || v_row.batch_id;
    end if;
  end loop;
  update rhythm.execution as e set cancel_reason = p_reason, stopping = true where e.id = any (told);
  update rhythm.execution as e set cancel_reason = p_reason where e.id = any (cleaning);
  update rhythm.workflow_state as s set batch_id = null where s.execution_id = any (v_ended) and s.batch_id is not null;
  with over as (
    update rhythm.execution as e
    set cancel_reason = p_reason, state = 3, batch_id = null, completed_at = p_now, attempt = greatest(e.attempt, coalesce(
      (select b.attempt from rhythm.batch as b where b.id = e.batch_id), 0))
    where e.id = any (v_ended)
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  )
  select coalesce(array_agg(o::rhythm.transition order by o.id), '{}') into ended from over as o;
  delete from rhythm.timer as t where t.execution_id = any (v_ended) and t.deadline;
  -- Not locked: what others of a batch still wait in.
  perform rhythm.drop_empty_batches(array(
    select b.id from rhythm.batch as b where b.id = any (v_batches) and rhythm.members(b) = '{}' for update skip locked));
end;
$$;

comment on function rhythm.cancel_all(uuid[], text, timestamptz) is
  'Cancels executions: ended are over, told run and are asked to stop, cleaning are workflows that are to go on for their clean-up. Internal.';

-- A workflow that runs, or cleans up, has so long to end: its deadline.
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

comment on function rhythm.limit_cleanup(uuid[], timestamptz) is 'Gives cancelled workflows that are not over a time in which to end. Internal.';

-- Locks: states, then executions, then batches of one; whoever calls it with locks of later kinds can wait for ever.
create or replace function rhythm.cancel_trees(p_ids uuid[], p_reason text, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_cancelled constant record := rhythm.cancel_all(rhythm.lock_trees(p_ids), p_reason, p_now);
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
  'Cancels executions and all that they started; returns those that were neither over nor asked to stop. Internal.';

-- A workflow that is delayed, and is to clean up, does it now.
create or replace function rhythm.hurry(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.batch as b set run_at = null, limited = rhythm.has_limits(b.queue)
  from rhythm.workflow_state as s
  where s.execution_id = any (p_ids) and b.id = s.batch_id and b.run_at is not null and b.worker is null;
end;
$$;

comment on function rhythm.hurry(uuid[]) is 'Makes delayed workflows ready. Internal.';

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
  return p_execution = any (rhythm.cancel_trees(array[p_execution], left(coalesce(nullif(p_reason, ''), 'no reason was given'), 2000), rhythm.now()));
end;
$$;

comment on function rhythm.cancel(uuid, text) is
  'Cancels an execution and everything that it started: at once where it waits, by asking its worker where it runs. A workflow may clean up (finally) for as long as setting cancel_grace says. False: it was over, or was asked already.';

-- One after another, in any order, they deadlock with settles: together they take locks in the one order.
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
begin
  select i.id into v_missing from unnest(p_executions) as i (id) where not exists (select from rhythm.execution as e where e.id = i.id) limit 1;
  if found then
    perform rhythm.raise('RH002', format('Cannot cancel: there is no execution %s', coalesce(v_missing::text, 'null')));
  end if;
  return query select c.id from unnest(rhythm.cancel_trees(p_executions, left(coalesce(nullif(p_reason, ''), 'no reason was given'), 2000), rhythm.now())) as c (id)
    where c.id = any (p_executions);
end;
$$;

comment on function rhythm.cancel_many(uuid[], text) is
  'cancel() of many executions in one transaction, with locks in the one order; returns those that were neither over nor asked before. Use it in place of many calls of cancel() in a transaction.';
