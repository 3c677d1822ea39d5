-- Claiming from queues with limits.

-- A queue with limits: all claims of it go one after another, under the lock of its row.
create or replace function rhythm.limited_claim(
  p_worker uuid,
  p_call integer,
  p_queue text,
  p_limit integer,
  p_targets text[],
  p_now timestamptz,
  p_types text[] default '{task,workflow}'
)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_queue rhythm.queue;
  v_now timestamptz;
  v_limit integer := p_limit;
  v_ids bigint[];
begin
  select q.* into v_queue from rhythm.queue as q where q.name = p_queue for update;
  v_now := rhythm.now();
  if not found then
    return rhythm.claim_plain(p_worker, p_call, p_queue, p_limit, p_targets, p_now);
  elsif v_queue.paused_at is not null then
    return '{}';
  end if;
  if v_queue.concurrency is not null then
    v_limit := least(v_limit, v_queue.concurrency - rhythm.running_in(p_queue));
  end if;
  if v_queue.rate is not null then
    v_limit := least(v_limit, v_queue.rate - rhythm.begun_lately(v_queue, v_now));
  end if;
  if v_limit <= 0 then
    return '{}';
  end if;
  -- Limits came after the tasks.
  perform rhythm.list_batches(p_queue, v_limit);
  v_ids := case when v_queue.per_key_concurrency is null
    then rhythm.pick_any(p_queue, v_limit, p_targets, p_types)
    else rhythm.pick_by_key(p_queue, v_limit, p_targets, p_types, v_queue.per_key_concurrency) end;
  perform rhythm.lease(p_worker, p_call, v_ids, v_now);
  if v_queue.rate is not null and v_ids <> '{}' then
    perform rhythm.note_begun(v_queue, cardinality(v_ids), v_now);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.limited_claim(uuid, integer, text, integer, text[], timestamptz, text[]) is
  'Leases ready batches of one of a queue, of some types, within its limits; sessions take turns. Internal.';

create or replace function rhythm.running_in(p_queue text)
returns integer
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(b.size), 0)::integer from rhythm.batch as b where b.worker is not null and b.queue = p_queue;
$$;

comment on function rhythm.running_in(text) is 'How many executions of a queue are leased. Internal.';

-- In any period at most the rate begins: what began is counted until it is a period old. Moments are rounded up to
-- a hundredth of the period, so that the count stays small and errs to the slow side.
create or replace function rhythm.begun_lately(p_queue rhythm.queue, p_now timestamptz)
returns integer
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(b.begun), 0)::integer
  from unnest(p_queue.begun_at, p_queue.begun) as b (at, begun)
  where b.at > p_now - p_queue.per_ms * interval '1 millisecond';
$$;

comment on function rhythm.begun_lately(rhythm.queue, timestamptz) is 'How many executions of a rate-limited queue began within the last period. Internal.';

create or replace function rhythm.note_begun(p_queue rhythm.queue, p_count integer, p_now timestamptz)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with moment as (
    select b.at, b.begun
    from unnest(p_queue.begun_at, p_queue.begun) as b (at, begun)
    where b.at > p_now - p_queue.per_ms * interval '1 millisecond'
    union all
    select to_timestamp(ceil(extract(epoch from p_now) * 100000 / p_queue.per_ms) * p_queue.per_ms / 100000), p_count
  ),
  summed as (
    select m.at, sum(m.begun)::integer as begun from moment as m group by m.at
  )
  update rhythm.queue as q
  set begun_at = array(select s.at from summed as s order by s.at),
    begun = array(select s.begun from summed as s order by s.at)
  where q.name = p_queue.name;
$$;

comment on function rhythm.note_begun(rhythm.queue, integer, timestamptz) is 'Notes that executions of a rate-limited queue began. Internal.';

create or replace function rhythm.pick_any(p_queue text, p_limit integer, p_targets text[], p_types text[])
returns bigint[]
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select b.id from rhythm.batch as b
    where b.queue = p_queue and b.worker is null and b.run_at is null
      and b.type = any (p_types)
      and (p_targets is null or b.type = 'workflow' or b.target = any (p_targets))
    order by b.priority desc, b.first_id limit p_limit for update skip locked);
$$;

comment on function rhythm.pick_any(text, integer, text[], text[]) is 'The next ready batches of a queue, locked. Internal.';

-- Keys that are full are passed over; among the next 20,000 each other key gets what it has room for. The queue's row
-- is locked: nobody else begins anything of it meanwhile.
create or replace function rhythm.pick_by_key(p_queue text, p_limit integer, p_targets text[], p_types text[], p_per_key integer)
returns bigint[]
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with busy as (
    select b.concurrency_key as key, count(*) as running
    from rhythm.batch as b
    where b.worker is not null and b.queue = p_queue and b.concurrency_key is not null
    group by b.concurrency_key
  ),
  candidate as (
    select b.id, b.first_id, b.priority, b.concurrency_key as key
    from rhythm.batch as b
    where b.queue = p_queue and b.worker is null and b.run_at is null
      and b.type = any (p_types)
      and (p_targets is null or b.type = 'workflow' or b.target = any (p_targets))
      and not exists (select from busy as x where x.key = b.concurrency_key and x.running >= p_per_key)
    order by b.priority desc, b.first_id
    limit 20000
  ),
  ranked as (
    select c.*, row_number() over (partition by c.key order by c.priority desc, c.first_id) + coalesce(b.running, 0) as place
    from candidate as c
    left join busy as b on b.key = c.key
  )
  select array(
    select b.id from rhythm.batch as b
    where b.worker is null
      and b.id in (
        select r.id from ranked as r
        where r.key is null or r.place <= p_per_key
        order by r.priority desc, r.first_id
        limit p_limit)
    order by b.priority desc, b.first_id
    for update skip locked
  );
$$;

comment on function rhythm.pick_by_key(text, integer, text[], text[], integer) is 'The next ready batches of a queue whose keys have room, locked. Internal.';

-- Batches of a queue that came before its limits become batches of one. Locks: batches and members, skip locked.
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
    where b.queue = p_queue and b.worker is null and b.run_at is null and b.size > 1
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

comment on function rhythm.list_batches(text, integer) is 'Makes batches of one of the first batches of a queue; returns of how many executions. Internal.';
