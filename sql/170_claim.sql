-- Claiming.

-- A queue without limits: no counting, and a heap-only update.
-- Locks: execution rows, skip locked. Never waits.
create or replace function rhythm.claim_plain(p_worker uuid, p_queue text, p_limit integer, p_targets text[], p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = ''
set enable_seqscan = off
set enable_sort = off
as $$
declare
  v_ids uuid[];
begin
  if p_targets is null then
    v_ids := array(
      select e.id from rhythm.execution as e
      where e.stage = 1 and e.queue = p_queue and e.worker is null
      order by e.priority desc, e.id limit p_limit for update skip locked);
  else
    v_ids := array(
      select e.id from rhythm.execution as e
      where e.stage = 1 and e.queue = p_queue and e.worker is null
        and (e.type = 'workflow' or e.target = any (p_targets))
      order by e.priority desc, e.id limit p_limit for update skip locked);
  end if;
  if v_ids <> '{}' then
    update rhythm.execution as e
    set worker = p_worker,
      status = 'running',
      claimed_at = p_now,
      attempt = case when e.type = 'task' or e.attempt = 0 then e.attempt + 1 else e.attempt end
    where e.id = any (v_ids);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.claim_plain(uuid, text, integer, text[], timestamptz) is 'Leases ready executions of a queue without limits. Internal.';

-- A queue with limits: all claims of it go one after another, under the lock of its row.
create or replace function rhythm.claim_limited(p_worker uuid, p_queue text, p_limit integer, p_targets text[], p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_queue rhythm.queue;
  v_limit integer := p_limit;
  v_tokens double precision;
  v_ids uuid[];
begin
  select q.* into v_queue from rhythm.queue as q where q.name = p_queue for update;
  if not found or v_queue.paused_at is not null then
    return case when v_queue.name is null then rhythm.claim_plain(p_worker, p_queue, p_limit, p_targets, p_now) else '{}' end;
  end if;
  if v_queue.concurrency is not null then
    v_limit := least(v_limit, v_queue.concurrency - rhythm.running_in(p_queue));
  end if;
  if v_queue.rate is not null then
    v_tokens := rhythm.tokens_now(v_queue, p_now);
    v_limit := least(v_limit, floor(v_tokens)::integer);
  end if;
  if v_limit <= 0 then
    return '{}';
  end if;

  v_ids := case when v_queue.per_key_concurrency is null
    then rhythm.pick_any(p_queue, v_limit, p_targets)
    else rhythm.pick_by_key(p_queue, v_limit, p_targets, v_queue.per_key_concurrency) end;
  update rhythm.execution as e
  set worker = p_worker,
    stage = 2,
    status = 'running',
    claimed_at = p_now,
    attempt = case when e.type = 'task' or e.attempt = 0 then e.attempt + 1 else e.attempt end
  where e.id = any (v_ids);
  if v_queue.rate is not null then
    update rhythm.queue as q
    set tokens = v_tokens - cardinality(v_ids), tokens_at = p_now
    where q.name = p_queue;
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.claim_limited(uuid, text, integer, text[], timestamptz) is
  'Leases ready executions of a queue within its limits; sessions take turns. Internal.';

create or replace function rhythm.running_in(p_queue text)
returns integer
language sql
stable
set search_path = ''
as $$
  select (
    (select count(*) from rhythm.execution as e where e.stage = 2 and e.queue = p_queue)
    + (select count(*) from rhythm.execution as e where e.stage = 1 and e.queue = p_queue and e.worker is not null)
  )::integer;
$$;

comment on function rhythm.running_in(text) is 'How many executions of a queue are leased. Internal.';

-- A bucket that holds one period's worth and fills evenly.
create or replace function rhythm.tokens_now(p_queue rhythm.queue, p_now timestamptz)
returns double precision
language sql
immutable
set search_path = ''
as $$
  select least(
    p_queue.rate::double precision,
    coalesce(p_queue.tokens, p_queue.rate)
    + coalesce(extract(epoch from p_now - p_queue.tokens_at), 0)::double precision * 1000 * p_queue.rate / p_queue.per_ms
  );
$$;

comment on function rhythm.tokens_now(rhythm.queue, timestamptz) is 'How many executions of a rate-limited queue may begin now. Internal.';

create or replace function rhythm.pick_any(p_queue text, p_limit integer, p_targets text[])
returns uuid[]
language sql
volatile
set search_path = ''
set enable_sort = off
as $$
  select array(
    select e.id from rhythm.execution as e
    where e.stage = 1 and e.queue = p_queue and e.worker is null
      and (p_targets is null or e.type = 'workflow' or e.target = any (p_targets))
    order by e.priority desc, e.id limit p_limit for update skip locked);
$$;

comment on function rhythm.pick_any(text, integer, text[]) is 'The next ready executions of a queue, locked. Internal.';

-- Keys that are full are passed over in the index itself; among the rest each key gets what it has room for.
create or replace function rhythm.pick_by_key(p_queue text, p_limit integer, p_targets text[], p_per_key integer)
returns uuid[]
language sql
volatile
set search_path = ''
as $$
  with busy as (
    select e.concurrency_key as key, count(*) as running
    from rhythm.execution as e
    where e.stage in (1, 2) and e.worker is not null and e.queue = p_queue and e.concurrency_key is not null
    group by e.concurrency_key
  ),
  candidate as (
    select e.id, e.priority, e.concurrency_key as key
    from rhythm.execution as e
    where e.stage = 1 and e.queue = p_queue and e.worker is null
      and (p_targets is null or e.type = 'workflow' or e.target = any (p_targets))
      and not exists (select from busy as b where b.key = e.concurrency_key and b.running >= p_per_key)
    order by e.priority desc, e.id
    limit p_limit * 4 + 1000
    for update skip locked
  ),
  ranked as (
    select c.*, row_number() over (partition by c.key order by c.priority desc, c.id) + coalesce(b.running, 0) as place
    from candidate as c
    left join busy as b on b.key = c.key
  )
  select array(
    select r.id from ranked as r
    where r.key is null or r.place <= p_per_key
    order by r.priority desc, r.id
    limit p_limit
  );
$$;

comment on function rhythm.pick_by_key(text, integer, text[], integer) is 'The next ready executions of a queue whose keys have room, locked. Internal.';

create or replace function rhythm.claim(
  p_worker uuid,
  p_queues text[] default null,
  p_limit integer default 1,
  p_targets text[] default null,
  p_dozing boolean default false
)
returns setof rhythm.claimed
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_worker rhythm.worker;
  v_ids uuid[] := '{}';
  v_queue text;
begin
  select w.* into v_worker from rhythm.worker as w where w.id = p_worker;
  if not found then
    perform rhythm.raise('RH008', format('Worker %s is not registered, or was given up for dead', p_worker), 'Call register_worker() again');
  end if;
  if v_worker.dozing then
    update rhythm.worker as w set dozing = false where w.id = p_worker;
  end if;

  foreach v_queue in array coalesce(p_queues, v_worker.queues) loop
    exit when cardinality(v_ids) >= p_limit;
    v_ids := v_ids || case when exists (select from rhythm.queue as q where q.name = v_queue)
      then rhythm.claim_limited(p_worker, v_queue, p_limit - cardinality(v_ids), p_targets, v_now)
      else rhythm.claim_plain(p_worker, v_queue, p_limit - cardinality(v_ids), p_targets, v_now) end;
  end loop;

  if v_ids = '{}' then
    if p_dozing then
      update rhythm.worker as w set dozing = true where w.id = p_worker;
    end if;
    return;
  end if;
  return query select h.* from rhythm.hand_over(v_ids) as h;
end;
$$;

comment on function rhythm.claim(uuid, text[], integer, text[], boolean) is
  'Leases up to p_limit ready executions to a worker, first queue first, highest priority and oldest first; empty means: sleep. '
  'p_targets: only these tasks (workflows always). p_dozing: the worker will sleep if there is nothing, and wants to be notified. Never waits.';
