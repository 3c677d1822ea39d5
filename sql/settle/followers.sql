-- Children whose idempotency key stands for an execution already: they end as that one does.

-- Of requests for children, makes those whose key is taken followers, and returns their ids; the others are to be made.
-- Locks: the rows of the keys, in their order, after states and executions. Waits for who claims the same key.
create or replace function rhythm.follow_keys(p_requests jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  with known as materialized (
    select r.value as v, k.execution_id as leader_id
    from rhythm.claim_keys(p_requests, p_now) as k
    join jsonb_array_elements(p_requests) with ordinality as r (value, nth) on r.nth = k.nth
    where not k.is_new
  ),
  born as (
    insert into rhythm.execution (
      id, parent_id, created_at, stage, max_attempts, priority, timeout_ms,
      type, status, target, queue, concurrency_key, traceparent, retry, metadata, inputs, note
    )
    select (k.v ->> 'id')::uuid, (k.v ->> 'parent')::uuid, p_now, 3, x.max_attempts, x.priority, x.timeout_ms,
      x.type, 'suspended', x.target, x.queue, x.concurrency_key, k.v ->> 'traceparent', x.retry, x.metadata, coalesce(k.v -> 'inputs', '{}'),
      rhythm.follower_note(k.leader_id)
    from known as k
    cross join lateral rhythm.kind_of(k.v - '{id,inputs,parent,traceparent}'::text[], p_now) as x
    returning id
  ),
  made as (
    insert into rhythm.follower (execution_id, leader_id, key)
    select b.id, k.leader_id, format('%s:%s:%s', k.v ->> 'type', k.v ->> 'target', k.v ->> 'idempotency_key')
    from born as b join known as k on (k.v ->> 'id')::uuid = b.id
    returning execution_id
  )
  select coalesce(array_agg(m.execution_id), '{}') into v_ids from made as m;
  return v_ids;
end;
$$;

comment on function rhythm.follow_keys(jsonb, timestamptz) is
  'Claims the idempotency keys of children; makes followers of those that come too late, and returns their ids. Internal.';

create or replace function rhythm.follower_note(p_leader uuid)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select format('It ends as %s does, which came first with its idempotency key', p_leader);
$$;

comment on function rhythm.follower_note(uuid) is 'What a follower says of itself. Internal.';

-- A workflow that waited for itself would wait for ever. So would two that wait for each other's children, which only
-- a timeout or a person ends.
create or replace function rhythm.is_above(p_leader uuid, p_execution uuid)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive up as (
    select e.id, e.parent_id from rhythm.execution as e where e.id = p_execution
    union
    select p.id, p.parent_id from up as u join rhythm.execution as p on p.id = u.parent_id
  )
  select exists (select from up as u where u.id = p_leader);
$$;

comment on function rhythm.is_above(uuid, uuid) is 'Whether an execution is another one, or what started it, directly or not. Internal.';

-- The followers among those given whose leaders are over, or never can be. The caller has locked them.
create or replace function rhythm.end_with_leaders(p_followers uuid[], p_now timestamptz)
returns rhythm.moved[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_result rhythm.moved[];
begin
  with own as materialized (
    select p.leader_id, p.parent_id
    from (
      select distinct f.leader_id, e.parent_id
      from rhythm.follower as f join rhythm.execution as e on e.id = f.execution_id
      where f.execution_id = any (p_followers)
    ) as p
    where rhythm.is_above(p.leader_id, p.parent_id)
  ),
  ended as (
    update rhythm.execution as e
    set stage = n.stage, completed_at = p_now,
      status = case n.stage when 4 then 'completed' when 5 then 'failed' else 'cancelled' end,
      output = l.output,
      error = coalesce(case when l.stage >= 4 then l.error end, n.error),
      cancel_reason = case when n.stage = 6 then l.cancel_reason end,
      attempt = coalesce(l.attempt, 0),
      max_attempts = greatest(e.max_attempts, l.attempt)
    from rhythm.follower as f
    left join rhythm.execution as l on l.id = f.leader_id
    cross join lateral (
      select case when l.stage >= 4 then l.stage else 5 end as stage, case
        when l.id is null then jsonb_build_object('type', 'Error', 'code', 'LEADER_GONE',
          'message', format('Execution %s, which came first with its idempotency key, is not there any more', f.leader_id))
        when l.stage < 4 then jsonb_build_object('type', 'Error', 'code', 'WAITS_FOR_ITSELF',
          'message', format('It would wait for itself: its idempotency key stands for execution %s, which it is started under', f.leader_id))
      end as error
    ) as n
    where f.execution_id = any (p_followers) and e.id = f.execution_id
      and (l.stage >= 4 or l.id is null
        or exists (select from own as o where o.leader_id = f.leader_id and o.parent_id = e.parent_id))
    returning e.id, e.parent_id, e.worker, e.stage, e.watched, e.type, e.queue
  )
  select coalesce(array_agg(row(x.*)::rhythm.moved order by x.id), '{}') into v_result from ended as x;
  return v_result;
end;
$$;

comment on function rhythm.end_with_leaders(uuid[], timestamptz) is 'Ends followers as their leaders ended; those of leaders under way stay as they are. Internal.';

-- Tells the leaders that are under way to tell of their end, and ends the followers of those that are over. What a lock
-- is in the way of is due: tick() comes back for it. A leader that is locked here cannot end before this commits, so
-- that no end goes by unseen between the look and the note.
-- Locks: states of the followers' workflows, followers, leaders, skip locked; then the notes about the followers.
create or replace function rhythm.join_leaders(p_followers uuid[], p_now timestamptz)
returns rhythm.moved[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_parents constant uuid[] := rhythm.try_lock_states(array(
    select distinct e.parent_id from rhythm.execution as e where e.id = any (p_followers)));
  v_open constant uuid[] := array(
    select e.id from rhythm.execution as e
    where e.id = any (p_followers) and e.stage = 3
      and (e.parent_id = any (v_parents) or not exists (select from rhythm.workflow_state as s where s.execution_id = e.parent_id))
    order by e.id for no key update skip locked);
  v_live constant uuid[] := array(
    select e.id from rhythm.execution as e
    where e.id = any (array(select f.leader_id from rhythm.follower as f where f.execution_id = any (p_followers))) and e.stage < 4
    order by e.id for no key update skip locked);
  v_notes uuid[];
  v_ended rhythm.moved[];
begin
  update rhythm.execution as e set watched = true where e.id = any (v_live) and not e.watched;
  -- Claims pass over what is locked: whoever fell asleep over it is to look again after the commit.
  perform rhythm.wake(array(
    select distinct e.queue from rhythm.execution as e where e.id = any (v_live) and e.stage = 1 and e.worker is null));
  v_ended := rhythm.end_with_leaders(v_open, p_now);
  -- Whoever holds one of them holds its leader too, or leaves it due.
  v_notes := array(
    select f.execution_id from rhythm.follower as f where f.execution_id = any (p_followers) order by f.execution_id for no key update skip locked);
  update rhythm.follower as f set due = not f.due
  from rhythm.execution as e
  where f.execution_id = any (v_notes) and e.id = f.execution_id and f.due <> (e.stage = 3 and f.leader_id <> all (v_live));
  if found and exists (select from rhythm.follower as f where f.execution_id = any (p_followers) and f.due) then
    perform rhythm.wake_clocks();
  end if;
  return v_ended;
end;
$$;

comment on function rhythm.join_leaders(uuid[], timestamptz) is
  'Ends followers whose leaders are over, and has the others told when they are; returns those that ended. Internal.';

create or replace function rhythm.end_followers(p_leaders uuid[], p_now timestamptz)
returns rhythm.moved[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_ids constant uuid[] := array(
    select f.execution_id from rhythm.follower as f
    join rhythm.execution as e on e.id = f.execution_id and e.stage = 3
    where f.leader_id = any (p_leaders));
begin
  return case when v_ids = '{}' then '{}' else rhythm.join_leaders(v_ids, p_now) end;
end;
$$;

comment on function rhythm.end_followers(uuid[], timestamptz) is 'Ends what follows executions that are over; returns what ended. Internal.';
