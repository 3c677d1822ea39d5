-- Children whose idempotency key already belongs to another execution: they end as that one does.

-- Turns requests for children whose key is taken into key waiters, and returns their ids. The others must still be created.
-- Locks: the rows of the keys, in their order, after states and executions. Waits for sessions that claim the same key.
create or replace function rhythm.make_key_waiters(p_requests jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  if jsonb_path_exists(p_requests, '$[*].unique.on_conflict ? (@ == "replace" || @ == "cancel_existing")') then
    perform rhythm.raise('RH001', 'unique.on_conflict of a child must be existing or reject');
  end if;
  with known as materialized (
    select r.value as v, k.execution_id as owner_id, (r.value ->> 'id')::uuid as id
    from rhythm.claim_keys(p_requests, p_now) as k
    join jsonb_array_elements(p_requests) with ordinality as r (value, nth) on r.nth = k.nth
    where not k.is_new
  ),
  kind as materialized (
    select k.*, rhythm.kind_of(k.v - '{id,inputs,parent,traceparent,wait_group}'::text[], p_now) as x from known as k
  ),
  born as (
    insert into rhythm.execution (
      id, parent_id, root_id, wait_group, outlives, priority, timeout_ms, type, target, queue, concurrency_key, unique_key, unique_while, traceparent, retry, metadata, inputs, note
    )
    select k.id, p.id, coalesce(p.root_id, p.id), (k.v ->> 'wait_group')::integer, (k.x).outlives, (k.x).priority, (k.x).timeout_ms,
      (k.x).type, (k.x).target, (k.x).queue, (k.x).concurrency_key, (k.x).unique_key, (k.x).unique_while, k.v ->> 'traceparent', (k.x).retry, (k.x).metadata, coalesce(k.v -> 'inputs', '{}'),
      rhythm.key_waiter_note(k.owner_id)
    from kind as k
    join rhythm.execution as p on p.id = (k.v ->> 'parent')::uuid
  ),
  deadline as (
    insert into rhythm.timer (id, execution_id, fires_at, deadline)
    select rhythm.uuid7(p_now), k.id, p_now + (k.x).timeout_ms * interval '1 millisecond', true
    from kind as k where (k.x).timeout_ms is not null
  ),
  made as (
    insert into rhythm.key_waiter (execution_id, owner_id, rejects, key)
    select k.id, k.owner_id, coalesce(k.v #>> '{unique,on_conflict}' = 'reject', false), rhythm.key_of(k.v)
    from known as k
    returning execution_id
  )
  select coalesce(array_agg(m.execution_id), '{}') into v_ids from made as m;
  return v_ids;
end;
$$;

comment on function rhythm.make_key_waiters(jsonb, timestamptz) is
  'Claims the idempotency keys of children; turns those that come too late into key waiters, and returns their ids. Internal.';

create or replace function rhythm.key_waiter_note(p_owner uuid)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format('It ends as %s does, which came first with its idempotency key', p_owner);
end;
$$;

comment on function rhythm.key_waiter_note(uuid) is 'The note of a key waiter. Internal.';

-- Whether p_owner cannot end before p_execution does: it is the same execution, or started it, or waits for something that does.
-- If two workflows wait for each other's keyed children, the second one to wait finds this.
create or replace function rhythm.waits_for_itself(p_owner uuid, p_execution uuid)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive above as (
    select e.id, e.parent_id from rhythm.execution as e where e.id = p_execution
    union
    select p.id, p.parent_id from above as a join rhythm.execution as p on p.id = a.parent_id
  ),
  -- What the owner waits for: its live children that wait for keys, the owners of those keys, and so on.
  under as (
    select p_owner as id
    union
    select x.id from under as u
    cross join lateral (
      select c.id from rhythm.execution as c where c.parent_id = u.id and c.state = 0
      union all
      select k.owner_id from rhythm.key_waiter as k where k.execution_id = u.id
    ) as x
  )
  select exists (select from above as a join under as u on u.id = a.id);
$$;

comment on function rhythm.waits_for_itself(uuid, uuid) is 'Whether an execution would wait for its own end if it waited for the end of p_owner. Internal.';

-- Those of some key waiters whose owners have ended, or can never end. The caller has locked them.
create or replace function rhythm.end_with_owners(p_waiters uuid[], p_now timestamptz)
returns rhythm.transition[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result rhythm.transition[];
begin
  with fate as (
    select k.execution_id, o.id as owner_id, case when k.rejects then 2 else o.state end as state, case when not k.rejects then o.output end as output, o.cancel_reason, coalesce(o.attempt, 0) as attempt,
      coalesce(case when o.state > 0 and not k.rejects then o.error end, case
        when k.rejects then jsonb_build_object('type', 'Error', 'code', 'UNIQUE_KEY_TAKEN', 'executionId', k.owner_id,
          'message', format('Execution %s has its unique key', k.owner_id))
        when o.id is null then jsonb_build_object('type', 'Error', 'code', 'OWNER_GONE',
          'message', format('Execution %s, which came first with its idempotency key, is not there any more', k.owner_id))
        when o.state = 0 then jsonb_build_object('type', 'Error', 'code', 'WAITS_FOR_ITSELF',
          'message', format('It would wait for itself: its idempotency key stands for execution %s, which waits for it', k.owner_id))
      end) as error
    from unnest(p_waiters) as w (id)
    join rhythm.key_waiter as k on k.execution_id = w.id
    join rhythm.execution as e on e.id = w.id
    left join rhythm.execution as o on o.id = k.owner_id
    where o.id is null or o.state > 0 or k.rejects or rhythm.waits_for_itself(k.owner_id, e.parent_id)
  ),
  ended as (
    update rhythm.execution as e
    set state = case when f.state > 0 then f.state else 2 end, completed_at = p_now, output = f.output, error = f.error,
      fingerprint = case when coalesce(f.state, 0) in (0, 2) then rhythm.fingerprint_of(e.target, f.error) end,
      cancel_reason = case when f.state = 3 then f.cancel_reason else e.cancel_reason end, attempt = f.attempt
    from fate as f
    where e.id = f.execution_id and e.state = 0
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  ),
  deadline as (
    delete from rhythm.timer as t where t.execution_id = any (array(select f.execution_id from fate as f)) and t.deadline
  )
  select coalesce(array_agg(x::rhythm.transition order by x.id), '{}') into v_result from ended as x;
  return v_result;
end;
$$;

comment on function rhythm.end_with_owners(uuid[], timestamptz) is 'Ends key waiters as their owners ended; those of live owners stay as they are. Internal.';

-- Asks live owners to tell of their end, and ends the waiters of owners that have ended. What cannot be locked becomes due,
-- and due() tries again. An owner that is locked here cannot end before this commits, so no end is missed between the look
-- and the note.
-- Locks: states of the waiters' workflows, waiters, owners, skip locked; then the notes about the waiters.
create or replace function rhythm.join_owners(p_waiters uuid[], p_now timestamptz)
returns rhythm.transition[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_parents constant uuid[] := rhythm.try_lock_states(array(
    select distinct e.parent_id from rhythm.execution as e where e.id = any (p_waiters)));
  v_open constant uuid[] := array(
    select e.id from rhythm.execution as e
    where e.id = any (p_waiters) and e.state = 0
      and (e.parent_id = any (v_parents) or not exists (select from rhythm.workflow_state as s where s.execution_id = e.parent_id))
    order by e.id for no key update skip locked);
  v_live constant uuid[] := array(
    select e.id from rhythm.execution as e
    where e.id = any (array(select k.owner_id from rhythm.key_waiter as k where k.execution_id = any (p_waiters))) and e.state = 0
    order by e.id for no key update skip locked);
  v_notes uuid[];
  v_ended rhythm.transition[];
begin
  update rhythm.execution as e set notify_on_end = true where e.id = any (v_live) and not e.notify_on_end;
  v_ended := rhythm.end_with_owners(v_open, p_now);
  -- A session that holds one of them also holds its owner, or leaves it due.
  v_notes := array(
    select k.execution_id from rhythm.key_waiter as k where k.execution_id = any (p_waiters) order by k.execution_id for no key update skip locked);
  update rhythm.key_waiter as k set due = not k.due
  from rhythm.execution as e
  where k.execution_id = any (v_notes) and e.id = k.execution_id and k.due <> (e.state = 0 and k.owner_id <> all (v_live));
  if found and exists (select from rhythm.key_waiter as k where k.execution_id = any (p_waiters) and k.due) then
    perform rhythm.wake_clocks();
  end if;
  return v_ended;
end;
$$;

comment on function rhythm.join_owners(uuid[], timestamptz) is
  'Ends key waiters whose owners have ended, and asks the other owners to tell of their end; returns those that ended. Internal.';

create or replace function rhythm.end_waiters(p_owners uuid[], p_now timestamptz)
returns rhythm.transition[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(
    select k.execution_id from rhythm.key_waiter as k
    join rhythm.execution as e on e.id = k.execution_id and e.state = 0
    where k.owner_id = any (p_owners));
begin
  return case when v_ids = '{}' then '{}' else rhythm.join_owners(v_ids, p_now) end;
end;
$$;

comment on function rhythm.end_waiters(uuid[], timestamptz) is 'Ends the key waiters of executions that have ended; returns what ended. Internal.';

-- Part of due().
create or replace function rhythm.join_late(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(select k.execution_id from rhythm.key_waiter as k where k.due limit p_limit for update skip locked);
begin
  if v_ids <> '{}' then
    perform rhythm.follow_ends(rhythm.join_owners(v_ids, p_now), '{}', p_now);
  end if;
  return cardinality(v_ids);
end;
$$;

comment on function rhythm.join_late(integer, timestamptz) is 'Tries key waiters again that could not be locked before. Part of due().';
