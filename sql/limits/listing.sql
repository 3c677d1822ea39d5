-- Claims and chores put what was ready before a queue got its limits into lanes, piece by piece. So configuring a queue with a
-- million tasks changes one row. When the limits are removed, they do the reverse.

-- All members of a leased batch count until the last one has ended.
create or replace function rhythm.plain_leases(p_queue text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_object_agg(x.key, x.running)
    from (
      select coalesce(b.concurrency_key, '') as key, sum(b.size) as running
      from rhythm.batch as b where b.worker is not null and b.queue = p_queue and not b.limited
      group by coalesce(b.concurrency_key, '')
    ) as x);
end;
$$;

comment on function rhythm.plain_leases(text) is 'For each key of a queue, how many executions were leased before it had limits; null: none. Reads all leases. Internal.';

-- Batches that are older than the limits of their queue become batches of one. Locks: batches and members, skip locked.
create or replace function rhythm.list_batches(p_queue text, p_limit integer default 100)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
  v_ids uuid[];
  v_listed integer := 0;
begin
  for v_batch in
    select b.* from rhythm.batch as b
    where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited and b.size > 1
    order by b.priority desc, b.first_id limit (p_limit + 99) / 100 for update skip locked
  loop
    v_ids := array(
      select e.id from rhythm.execution as e where e.id = any (v_batch.ids) and e.batch_id = v_batch.id and v_batch.type = 'task' for no key update skip locked);
    v_ids := v_ids || array(
      select s.execution_id from rhythm.workflow_state as s where s.execution_id = any (v_batch.ids) and s.batch_id = v_batch.id for update skip locked);
    with alone as (
      insert into rhythm.batch
      select (rhythm.batch_of(e, null, v_batch.attempt, v_batch.failures, v_batch.crashes)).* from rhythm.execution as e where e.id = any (v_ids)
      returning id, first_id
    ),
    tasks as (
      update rhythm.execution as e set batch_id = a.id from alone as a where e.id = a.first_id and e.type = 'task'
    )
    update rhythm.workflow_state as s set batch_id = a.id from alone as a where s.execution_id = a.first_id;
    perform rhythm.drop_empty_batches(array[v_batch.id]);
    v_listed := v_listed + cardinality(v_ids);
  end loop;
  return v_listed;
end;
$$;

comment on function rhythm.list_batches(text, integer) is 'Splits the first batches of a queue into batches of one; returns the number of executions. Internal.';

-- Locks: batches, skip locked. The caller holds the gate of the queue.
create or replace function rhythm.list_backlog(p_queue rhythm.queue, p_state rhythm.queue_state, p_limit integer)
returns rhythm.queue_state
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids bigint[];
  v_moved rhythm.batch[];
begin
  if p_queue.limited then
    perform rhythm.list_batches(p_queue.name, p_limit);
    v_ids := array(
      select b.id from rhythm.batch as b
      where b.queue = p_queue.name and b.worker is null and b.run_at is null and not b.limited and b.size = 1
      order by b.priority desc, b.first_id limit p_limit
      for no key update skip locked);
  else
    v_ids := array(
      select b.id from rhythm.batch as b
      where b.queue = p_queue.name and b.limited and b.worker is null and b.run_at is null
      limit p_limit
      for no key update skip locked);
  end if;
  if v_ids <> '{}' then
    with moved as (
      update rhythm.batch as b set limited = p_queue.limited where b.id = any (v_ids) returning b.*
    )
    select array_agg(m::rhythm.batch) into v_moved from moved as m;
    if p_queue.limited then
      perform rhythm.fill_lanes(p_state, array(
        select row(b.queue, '0', b.target_group, b.key, b.rank, b.head, 0)::rhythm.limit_note
        from (
          select distinct on (2, 3) u.queue, case u.type when 'workflow' then '' else u.target end as target_group, coalesce(u.concurrency_key, '') as key,
            - u.priority::integer as rank, u.first_id as head
          from unnest(v_moved) as u order by 2, 3, 4, 5
        ) as b));
    end if;
  -- A session that did not see the change may still create or lease something in the old way.
  elsif rhythm.is_settled(p_queue.limited_since)
    and (case when p_queue.limited
      then not exists (select from rhythm.batch as b where b.queue = p_queue.name and b.worker is null and b.run_at is null and not b.limited)
        and rhythm.plain_leases(p_queue.name) is null
      else not exists (select from rhythm.batch as b where b.queue = p_queue.name and b.worker is null and b.run_at is null and b.limited)
      end) then
    p_state.listed := p_queue.limited_since;
  end if;
  return p_state;
end;
$$;

comment on function rhythm.list_backlog(rhythm.queue, rhythm.queue_state, integer) is 'Puts the next p_limit of what was ready before a queue got its limits into lanes, or back. The caller holds the gate. Internal.';
