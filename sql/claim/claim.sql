-- Claiming: ready batches become leased. One row is written for each batch, and none for its members.

-- The members that a batch still has, among the ids of the hint. Locks nothing.
create or replace function rhythm.members(p_batch rhythm.batch)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_batch.type = 'workflow' then
    return array(
      select s.execution_id from rhythm.workflow_state as s
      where s.execution_id = any (p_batch.ids) and s.batch_id = p_batch.id order by s.execution_id);
  end if;
  return array(
    select e.id from rhythm.execution as e where e.id = any (p_batch.ids) and e.batch_id = p_batch.id order by e.id);
end;
$$;

comment on function rhythm.members(rhythm.batch) is 'The executions that are in a batch, in order. Internal.';

-- Members leave a batch for another one. The caller holds the batch, or the members.
create or replace function rhythm.move_members(p_type text, p_ids uuid[], p_from bigint, p_to bigint)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  if p_type = 'workflow' then
    with moved as (
      update rhythm.workflow_state as s set batch_id = p_to where s.execution_id = any (p_ids) and s.batch_id = p_from returning s.execution_id
    )
    select coalesce(array_agg(m.execution_id order by m.execution_id), '{}') into v_ids from moved as m;
  else
    with moved as (
      update rhythm.execution as e set batch_id = p_to where e.id = any (p_ids) and e.batch_id = p_from returning e.id
    )
    select coalesce(array_agg(m.id order by m.id), '{}') into v_ids from moved as m;
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.move_members(text, uuid[], bigint, bigint) is 'Puts members of one batch into another; returns those that moved. Internal.';

-- The first p_size members that are free become a new batch, which is returned; null if there are none.
-- The caller has locked the batch. Locks: members, skip locked: a locked member stays in its batch.
-- To cancel() the lock of a batch of one stands for its member. But a session that has locked the last of several members has
-- not locked the batch. So that this does not become a batch of one, the id of a member that has gone stays in it. Without
-- a lock, xmax shows whether another session may have locked a row.
create or replace function rhythm.split_batch(p_batch bigint, p_size integer)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
  v_members uuid[];
  v_ids uuid[];
  v_new constant bigint := nextval('rhythm.batch_id_seq');
begin
  select b.* into v_batch from rhythm.batch as b where b.id = p_batch;
  v_members := rhythm.members(v_batch);
  if v_batch.type = 'workflow' then
    v_ids := array(select s.execution_id from rhythm.workflow_state as s
      where s.execution_id = any (v_members) order by s.execution_id limit p_size for update skip locked);
  else
    v_ids := array(select e.id from rhythm.execution as e where e.id = any (v_members) order by e.id limit p_size for no key update skip locked);
  end if;
  v_ids := rhythm.move_members(v_batch.type, v_ids, p_batch, v_new);
  v_members := array(select m.id from unnest(v_members) as m (id) where m.id <> all (v_ids) order by m.id);
  if v_members = '{}' then
    delete from rhythm.batch as b where b.id = p_batch;
  elsif v_ids <> '{}' then
    if cardinality(v_members) = 1 and (
      exists (select from rhythm.execution as e where e.id = v_members[1] and e.xmax <> 0 and e.xmax <> e.xmin)
      or exists (select from rhythm.workflow_state as s where s.execution_id = v_members[1] and s.xmax <> 0 and s.xmax <> s.xmin)) then
      v_members := v_members || v_ids[1];
    end if;
    update rhythm.batch as b set ids = v_members, size = cardinality(v_members), first_id = v_members[1] where b.id = p_batch;
  end if;
  if v_ids = '{}' then
    return null;
  end if;
  insert into rhythm.batch (id, first_id, run_at, expires_at, timeout_ms, priority, size, attempt, failures, crashes, type, queue, target, concurrency_key, common, ids)
  values (v_new, v_ids[1], v_batch.run_at, v_batch.expires_at, v_batch.timeout_ms, v_batch.priority, cardinality(v_ids), v_batch.attempt, v_batch.failures,
    v_batch.crashes, v_batch.type, v_batch.queue, v_batch.target, v_batch.concurrency_key, v_batch.common, v_ids);
  return v_new;
end;
$$;

comment on function rhythm.split_batch(bigint, integer) is 'Moves the first free members of a ready batch into a new one, and returns that; null if none is free. Internal.';

-- The caller has locked the batches.
create or replace function rhythm.lease(p_worker uuid, p_call integer, p_batches bigint[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.batch as b
  set worker = p_worker, call = p_call, claimed_at = p_now, run_at = null,
    attempt = case when b.type = 'task' or b.attempt = 0 then b.attempt + 1 else b.attempt end
  where b.id = any (p_batches);
end;
$$;

comment on function rhythm.lease(uuid, integer, bigint[], timestamptz) is 'Leases batches. Internal.';

-- A queue without limits: nothing is counted. Guesses how many batches it needs from the size of the last ones.
-- Locks: batches, skip locked. Never waits.
create or replace function rhythm.claim_plain(p_worker uuid, p_call integer, p_queue text, p_room integer, p_targets text[], p_now timestamptz)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_targets constant bigint := rhythm.hash_of(p_targets);
  v_head rhythm.queue_head := rhythm.head_of(p_queue, v_targets, p_now);
  v_walked bigint := rhythm.walked();
  v_room integer := p_room;
  v_look integer := (p_room + 99) / 100;
  v_next bigint[];
  v_whole bigint[];
  v_result bigint[] := '{}';
  v_stuck bigint[] := '{}';
  v_paused constant text[] := rhythm.paused_targets();
  v_parked bigint[] := '{}';
  v_batch record;
begin
  while v_room > 0 loop
    v_next := rhythm.ready_batches(p_queue, v_look + cardinality(v_stuck), p_targets, v_head, p_now);
    exit when v_next <@ v_stuck and v_next <> '{}';
    if v_next = '{}' then
      exit when v_head.queue is null or v_result <> '{}';
      v_head := null;
      continue;
    end if;
    v_whole := '{}';
    if v_paused is not null then
      v_parked := v_parked || rhythm.park(v_next, v_paused);
    end if;
    for v_batch in
      select b.id, b.size from unnest(v_next) with ordinality as n (id, nth)
      cross join lateral (select x.id, x.size from rhythm.batch as x where x.id = n.id offset 0) as b order by n.nth
    loop
      exit when v_room <= 0;
      continue when v_batch.id = any (v_stuck) or v_batch.id = any (v_parked);
      if v_batch.size > v_room then
        -- The rest of it is locked: take the next one.
        v_stuck := v_stuck || v_batch.id;
        v_batch.id := rhythm.split_batch(v_batch.id, v_room);
        continue when v_batch.id is null;
        v_batch.size := v_room;
      end if;
      v_whole := v_whole || v_batch.id;
      v_room := v_room - v_batch.size;
    end loop;
    perform rhythm.lease(p_worker, p_call, v_whole, p_now);
    v_result := v_result || v_whole;
    exit when cardinality(v_next) < v_look + cardinality(v_stuck) or cardinality(v_parked) >= 5000;
    v_look := least(v_room, greatest(v_look, (v_room * cardinality(v_next)) / greatest(1, p_room - v_room) + 1));
  end loop;
  perform rhythm.note_head(v_head, p_queue, v_targets, v_result[cardinality(v_result)], rhythm.walked() - v_walked - cardinality(v_result), p_now);
  return v_result;
end;
$$;

comment on function rhythm.claim_plain(uuid, integer, text, integer, text[], timestamptz) is
  'Leases ready batches of a queue without limits, up to a number of members; returns them in order. Internal.';

-- Reads only indexes, without locks and without a transaction id, because idle workers ask this all day.
create or replace function rhythm.has_ready(p_queue text, p_targets text[])
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limited boolean := rhythm.limited_ready(p_queue, p_targets);
begin
  if v_limited is not null then
    return v_limited;
  elsif p_targets is null then
    return exists (select from rhythm.batch as b where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited);
  end if;
  return exists (
    select from rhythm.batch as b
    where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited and (b.type = 'workflow' or b.target = any (p_targets)));
end;
$$;

comment on function rhythm.has_ready(text, text[]) is 'Whether a queue has anything ready. Internal.';

-- The caller holds the worker's row. Takes from the first queue first.
create or replace function rhythm.claim_batches(p_worker uuid, p_call integer, p_queues text[], p_limit integer, p_targets text[], p_now timestamptz)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_room integer := p_limit;
  v_result bigint[] := '{}';
  v_batches bigint[];
  v_queue text;
begin
  foreach v_queue in array p_queues loop
    exit when v_room <= 0;
    v_batches := null;
    if exists (select from rhythm.queue as q where q.name = v_queue) then
      v_batches := rhythm.limited_claim(p_worker, p_call, v_queue, v_room, p_targets);
      v_room := v_room - coalesce(cardinality(v_batches), 0);
    end if;
    if v_batches is null then
      v_batches := rhythm.claim_plain(p_worker, p_call, v_queue, v_room, p_targets, p_now);
      v_room := v_room - coalesce((select sum(b.size) from rhythm.batch as b where b.id = any (v_batches)), 0)::integer;
    end if;
    v_result := v_result || v_batches;
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.claim_batches(uuid, integer, text[], integer, text[], timestamptz) is 'Leases ready batches of some queues to a worker; returns them. Internal.';
