-- Batches of tasks that are ready: made by create_many(), taken by claims of queues without limits. For everything else
-- they are listed one by one in the index first.

-- In pieces that a claim may take whole.
create or replace function rhythm.note_ready(p_batch rhythm.ready_batch)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_piece constant integer := 100;
begin
  insert into rhythm.ready_batch (first_id, made_at, priority, queue, target, kind, ids)
  select p_batch.ids[n.first], p_batch.made_at, p_batch.priority, p_batch.queue, p_batch.target, p_batch.kind, p_batch.ids[n.first : n.first + c_piece - 1]
  from generate_series(1, cardinality(p_batch.ids), c_piece) as n (first);
end;
$$;

comment on function rhythm.note_ready(rhythm.ready_batch) is 'Notes tasks, with ids in ascending order, that are ready and in no index. Internal.';

-- Locks: rows of batches, skip locked. Never waits.
create or replace function rhythm.next_batches(p_queue text, p_limit bigint, p_targets text[])
returns rhythm.ready_batch[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_sort = off
set jit = off
as $$
begin
  return array(
    select b from rhythm.ready_batch as b
    where b.queue = p_queue and (p_targets is null or b.target = any (p_targets))
    order by b.priority desc, b.first_id
    limit p_limit
    for update skip locked);
end;
$$;

comment on function rhythm.next_batches(text, bigint, text[]) is 'The first batches of a queue, locked. Internal.';

-- What is listed one by one and comes before a batch. "between": as in take_after().
-- Locks: execution rows, skip locked. Never waits.
create or replace function rhythm.listed_before(p_batch rhythm.ready_batch, p_head rhythm.queue_head, p_limit integer, p_targets text[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_sort = off
set jit = off
as $$
declare
  v_higher constant uuid := coalesce(p_head.made_after, '00000000-0000-0000-0000-000000000000');
  v_same constant uuid := case when p_head.priority = p_batch.priority then p_head.id else v_higher end;
  v_ids uuid[];
begin
  v_ids := array(
    select e.id from rhythm.execution as e
    where e.place = 1 and e.queue = p_batch.queue and e.worker is null and e.priority > p_batch.priority and e.id > v_higher
      and (p_targets is null or e.type = 'workflow' or e.target = any (p_targets))
    order by e.priority desc, e.id limit p_limit for update skip locked);
  return v_ids || array(
    select e.id from rhythm.execution as e
    where e.place = 1 and e.queue = p_batch.queue and e.worker is null
      and e.priority = p_batch.priority and e.priority between p_batch.priority and p_batch.priority and e.id > v_same and e.id < p_batch.first_id
      and (p_targets is null or e.type = 'workflow' or e.target = any (p_targets))
    order by e.priority desc, e.id limit p_limit - cardinality(v_ids) for update skip locked);
end;
$$;

comment on function rhythm.listed_before(rhythm.ready_batch, rhythm.queue_head, integer, text[]) is
  'The ready executions of a queue, after its head, that come before a batch, locked. Internal.';

-- The first of a queue are of both kinds: those that are listed one by one, if there are so many batches before them.
create or replace function rhythm.first_among(p_ids uuid[], p_batches rhythm.ready_batch[], p_limit integer)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  return array(
    select o.id
    from (
      select x.id, x.priority, sum(x.tasks) over (order by x.priority desc, x.id) - x.tasks as before, x.tasks = 1 and x.is_single as is_single
      from (
        select e.id, e.priority, 1 as tasks, true as is_single from rhythm.execution as e where e.id = any (p_ids)
        union all
        select b.first_id, b.priority, cardinality(b.ids), false from unnest(p_batches) as b
      ) as x
    ) as o
    where o.is_single and o.before < p_limit
    order by o.priority desc, o.id);
end;
$$;

comment on function rhythm.first_among(uuid[], rhythm.ready_batch[], integer) is 'Those of some executions that are among the first so many of a queue, its batches counted. Internal.';

-- Those that are listed one by one, if there are batches after them. The head of the queue is used, and noted where
-- it was far away, as by take_ready(); with nothing before it, the last batch is where that was found.
-- Locks: execution rows, skip locked. Never waits.
create or replace function rhythm.take_before(p_batches rhythm.ready_batch[], p_limit integer, p_targets text[], p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch constant rhythm.ready_batch := p_batches[cardinality(p_batches)];
  v_targets constant bigint := rhythm.hash_of(p_targets);
  v_head rhythm.queue_head := rhythm.head_of(v_batch.queue, v_targets, p_now);
  v_walked bigint := rhythm.walked();
  v_found uuid[];
  v_ids uuid[] := '{}';
  v_last record;
begin
  if v_head.priority > v_batch.priority then
    v_head := null;
  end if;
  v_found := rhythm.listed_before(v_batch, v_head, p_limit, p_targets);
  v_walked := rhythm.walked() - v_walked - cardinality(v_found);
  select v_batch.priority, v_batch.first_id as id into v_last;
  if v_found <> '{}' then
    v_ids := rhythm.first_among(v_found, p_batches, p_limit);
    select e.priority, e.id into v_last from rhythm.execution as e where e.id = v_ids[cardinality(v_ids)];
  end if;
  if v_head.queue is not null then
    perform rhythm.push_head(v_head, v_last.priority, v_last.id, v_walked, p_now);
  elsif v_last.id is not null then
    perform rhythm.note_head(v_batch.queue, v_targets, v_last.priority, v_last.id, v_walked, p_now);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.take_before(rhythm.ready_batch[], integer, text[], timestamptz) is
  'The first of a queue that are listed one by one and come before the last of some batches, locked. Internal.';

-- In the order of ids: that of a scan of the index for an array. A task that another session is at stays in its batch.
-- The caller holds the locks of the batches.
-- Locks: execution rows, skip locked. Never waits.
create or replace function rhythm.take_from(p_batches rhythm.ready_batch[], p_limit integer)
returns rhythm.ready_batch[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  v_room integer := p_limit;
  v_result rhythm.ready_batch[] := '{}';
  v_used uuid[] := '{}';
  v_batch rhythm.ready_batch;
  v_taken uuid[];
  v_left uuid[];
begin
  foreach v_batch in array p_batches loop
    exit when v_room <= 0;
    v_taken := array(
      select e.id from rhythm.execution as e
      where e.id = any (v_batch.ids) and e.stage = 1 and e.batched limit v_room for no key update skip locked);
    v_left := v_batch.ids[cardinality(v_taken) + 1 :];
    if v_taken <> v_batch.ids[: cardinality(v_taken)] or cardinality(v_taken) < v_room and v_left <> '{}' then
      v_left := array(
        select e.id from rhythm.execution as e
        where e.id = any (v_batch.ids) and e.id <> all (v_taken) and e.stage = 1 and e.batched);
    end if;
    if v_left = '{}' then
      v_used := v_used || v_batch.first_id;
    elsif v_left <> v_batch.ids then
      update rhythm.ready_batch as b set ids = v_left where b.first_id = v_batch.first_id;
    end if;
    if v_taken <> '{}' then
      v_batch.ids := v_taken;
      v_result := v_result || v_batch;
      v_room := v_room - cardinality(v_taken);
    end if;
  end loop;
  delete from rhythm.ready_batch as b where b.first_id = any (v_used);
  return v_result;
end;
$$;

comment on function rhythm.take_from(rhythm.ready_batch[], integer) is 'The first tasks of batches, locked, and not listed by them any more. Internal.';

-- The rows of a batch stand in no index, so their leases do not either: newborn_lease leads to them. With a timeout they
-- are to be found by tick().
create or replace function rhythm.lease_batch(p_worker uuid, p_batch rhythm.ready_batch, p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  v_newborn constant boolean := p_batch.kind -> 'timeout_ms' = 'null';
  v_inputs jsonb;
begin
  with leased as (
    update rhythm.execution as e
    set worker = p_worker, status = 'running', claimed_at = p_now, stage = 2, newborn = v_newborn, batched = false, attempt = e.attempt + 1
    where e.id = any (p_batch.ids)
    returning e.id, e.inputs
  )
  select jsonb_agg(l.inputs order by l.id) into v_inputs from leased as l;
  if v_newborn then
    perform rhythm.note_newborn(p_worker, p_batch.queue, p_batch.ids, p_now);
  end if;
  return jsonb_build_object('target', p_batch.target, 'queue', p_batch.queue, 'created_at', p_batch.made_at, 'kind', p_batch.kind, 'ids', p_batch.ids, 'inputs', v_inputs);
end;
$$;

comment on function rhythm.lease_batch(uuid, rhythm.ready_batch, timestamptz) is 'Leases tasks that were taken from a batch; as lease_batches() returns them. Internal.';

-- What goes on as the batch before it is told with it.
create or replace function rhythm.lease_batches(p_worker uuid, p_batches rhythm.ready_batch[], p_now timestamptz)
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result jsonb[] := '{}';
  v_whole rhythm.ready_batch;
  v_batch rhythm.ready_batch;
begin
  foreach v_batch in array p_batches loop
    if (v_whole.target, v_whole.made_at, v_whole.kind) = (v_batch.target, v_batch.made_at, v_batch.kind) and v_whole.ids[cardinality(v_whole.ids)] < v_batch.ids[1] then
      v_whole.ids := v_whole.ids || v_batch.ids;
    else
      if v_whole.ids is not null then
        v_result := v_result || rhythm.lease_batch(p_worker, v_whole, p_now);
      end if;
      v_whole := v_batch;
    end if;
  end loop;
  return case when v_whole.ids is null then v_result else v_result || rhythm.lease_batch(p_worker, v_whole, p_now) end;
end;
$$;

comment on function rhythm.lease_batches(uuid, rhythm.ready_batch[], timestamptz) is
  'Leases tasks that were taken from batches; returns them, in their first attempt: {target, queue, created_at, kind: {max_attempts, timeout_ms, metadata, traceparent}, ids, inputs} each. Internal.';

create or replace function rhythm.size_of(p_batches rhythm.ready_batch[])
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select coalesce(sum(cardinality(b.ids)), 0) from unnest(p_batches) as b);
end;
$$;

comment on function rhythm.size_of(rhythm.ready_batch[]) is 'How many tasks batches list. Internal.';

create or replace function rhythm.ids_of(p_leased jsonb[])
returns uuid[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select i.id::uuid from unnest(p_leased) with ordinality as b (value, nth)
    cross join lateral jsonb_array_elements_text(b.value -> 'ids') with ordinality as i (id, nth)
    order by b.nth, i.nth);
end;
$$;

comment on function rhythm.ids_of(jsonb[]) is 'The tasks that lease_batches() leased. Internal.';

-- Locks: rows of batches and of executions, skip locked. Never waits.
create or replace function rhythm.list_ready(p_batches rhythm.ready_batch[])
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  v_batches rhythm.ready_batch[];
begin
  if p_batches = '{}' then
    return 0;
  end if;
  v_batches := rhythm.take_from(p_batches, 2147483647);
  update rhythm.execution as e set batched = false
  where e.id = any (array(select i.id from unnest(v_batches) as b cross join lateral unnest(b.ids) as i (id)));
  return rhythm.size_of(v_batches);
end;
$$;

comment on function rhythm.list_ready(rhythm.ready_batch[]) is 'Lists tasks of batches one by one in the index of what is ready. Internal.';

-- Of batches whose tasks were cancelled nothing is left, and others are at those that are locked: then the next ones.
-- Locks: as list_ready().
create or replace function rhythm.list_next(p_queue text, p_limit integer, p_targets text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_look bigint := (p_limit + 99) / 100;
  v_next rhythm.ready_batch[];
begin
  while v_look < 10000000 loop
    v_next := rhythm.next_batches(p_queue, v_look, p_targets);
    exit when rhythm.list_ready(v_next) > 0 or cardinality(v_next) < v_look;
    v_look := v_look * 10;
  end loop;
end;
$$;

comment on function rhythm.list_next(text, integer, text[]) is 'Lists the first tasks of a queue that are ready in batches one by one, if there are any. Internal.';

-- Exactly up to 10,000 in batches; beyond, what was cancelled among them is counted.
create or replace function rhythm.count_batched()
returns table (queue text, executions bigint, oldest timestamptz)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
  if (select coalesce(sum(cardinality(b.ids)), 0) > 10000 from rhythm.ready_batch as b) then
    return query select b.queue, sum(cardinality(b.ids)), min(b.made_at) from rhythm.ready_batch as b group by b.queue;
  else
    return query
      select b.queue, count(*), min(b.made_at)
      from rhythm.ready_batch as b
      cross join lateral unnest(b.ids) as i (id)
      cross join lateral (select from rhythm.execution as e where e.id = i.id and e.stage = 1 and e.batched offset 0) as e
      group by b.queue;
  end if;
end;
$$;

comment on function rhythm.count_batched() is 'How many tasks of each queue are ready in batches: exactly, or, where there are many thousands, with what was cancelled among them.';
