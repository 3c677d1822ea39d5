-- Claiming from queues with limits.

-- A queue with limits: all claims of it go one after another, under the lock of its row.
create or replace function rhythm.claim_limited(
  p_worker uuid,
  p_queue text,
  p_limit integer,
  p_targets text[],
  p_now timestamptz,
  p_types text[] default '{task,workflow}'
)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_queue rhythm.queue;
  v_limit integer := p_limit;
  v_ids uuid[];
  v_plain record;
begin
  select q.* into v_queue from rhythm.queue as q where q.name = p_queue for update;
  if not found then
    v_plain := rhythm.claim_plain(p_worker, p_queue, p_limit, p_targets, p_now);
    return v_plain.ids || rhythm.ids_of(rhythm.lease_batches(p_worker, v_plain.batches, p_now));
  elsif v_queue.paused_at is not null then
    return '{}';
  end if;
  if v_queue.concurrency is not null then
    v_limit := least(v_limit, v_queue.concurrency - rhythm.running_in(p_queue));
  end if;
  if v_queue.rate is not null then
    v_limit := least(v_limit, v_queue.rate - rhythm.begun_lately(v_queue, p_now));
  end if;
  if v_limit <= 0 then
    return '{}';
  end if;
  -- Limits came after the tasks.
  perform rhythm.list_next(p_queue, v_limit, p_targets);

  v_ids := case when v_queue.per_key_concurrency is null
    then rhythm.pick_any(p_queue, v_limit, p_targets, p_types)
    else rhythm.pick_by_key(p_queue, v_limit, p_targets, p_types, v_queue.per_key_concurrency) end;
  update rhythm.execution as e
  set worker = p_worker,
    stage = 2,
    newborn = false,
    status = 'running',
    claimed_at = p_now,
    attempt = case when e.type = 'task' or e.attempt = 0 then e.attempt + 1 else e.attempt end,
    delivered = case when e.type = 'task' then 0 else (select cardinality(s.inbox) from rhythm.workflow_state as s where s.execution_id = e.id) end
  where e.id = any (v_ids);
  if v_queue.rate is not null and v_ids <> '{}' then
    perform rhythm.note_begun(v_queue, cardinality(v_ids), p_now);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.claim_limited(uuid, text, integer, text[], timestamptz, text[]) is
  'Leases ready executions of a queue, of some types, within its limits; sessions take turns. Internal.';

create or replace function rhythm.running_in(p_queue text)
returns integer
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select (
    (select count(*) from rhythm.execution as e where e.place = 2 and e.queue = p_queue)
    + (select count(*) from rhythm.newborn(p_queue))
    + (select count(*) from rhythm.execution as e where e.place = 1 and e.queue = p_queue and e.worker is not null)
  )::integer;
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
returns uuid[]
language sql
volatile
set search_path = pg_catalog, pg_temp
set enable_sort = off
as $$
  select array(
    select e.id from rhythm.execution as e
    where e.place = 1 and e.queue = p_queue and e.worker is null
      and e.type = any (p_types)
      and (p_targets is null or e.type = 'workflow' or e.target = any (p_targets))
    order by e.priority desc, e.id limit p_limit for update skip locked);
$$;

comment on function rhythm.pick_any(text, integer, text[], text[]) is 'The next ready executions of a queue, locked. Internal.';

-- Keys that are full are passed over; among the next 20,000 each other key gets what it has room for. The queue's row
-- is locked: nobody else begins anything of it meanwhile.
create or replace function rhythm.pick_by_key(p_queue text, p_limit integer, p_targets text[], p_types text[], p_per_key integer)
returns uuid[]
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with busy as (
    select e.concurrency_key as key, count(*) as running
    from rhythm.execution as e
    where e.place in (1, 2) and e.worker is not null and e.queue = p_queue and e.concurrency_key is not null
    group by e.concurrency_key
  ),
  candidate as (
    select e.id, e.priority, e.concurrency_key as key
    from rhythm.execution as e
    where e.place = 1 and e.queue = p_queue and e.worker is null
      and e.type = any (p_types)
      and (p_targets is null or e.type = 'workflow' or e.target = any (p_targets))
      and not exists (select from busy as b where b.key = e.concurrency_key and b.running >= p_per_key)
    order by e.priority desc, e.id
    limit 20000
  ),
  ranked as (
    select c.*, row_number() over (partition by c.key order by c.priority desc, c.id) + coalesce(b.running, 0) as place
    from candidate as c
    left join busy as b on b.key = c.key
  )
  select array(
    select e.id from rhythm.execution as e
    where e.place = 1 and e.worker is null
      and e.id in (
        select r.id from ranked as r
        where r.key is null or r.place <= p_per_key
        order by r.priority desc, r.id
        limit p_limit)
    for update skip locked
  );
$$;

comment on function rhythm.pick_by_key(text, integer, text[], text[], integer) is 'The next ready executions of a queue whose keys have room, locked. Internal.';
