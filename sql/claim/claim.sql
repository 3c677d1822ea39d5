-- Claiming.

-- Heap-only: no indexed column changes. At once: what is leased is not taken again.
create or replace function rhythm.lease_listed(p_worker uuid, p_ids uuid[], p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  if p_ids <> '{}' then
    update rhythm.execution as e
    set worker = p_worker,
      status = 'running',
      claimed_at = p_now,
      attempt = case when e.type = 'task' or e.attempt = 0 then e.attempt + 1 else e.attempt end,
      delivered = case when e.type = 'task' then 0 else (select cardinality(s.inbox) from rhythm.workflow_state as s where s.execution_id = e.id) end
    where e.id = any (p_ids);
  end if;
  return p_ids;
end;
$$;

comment on function rhythm.lease_listed(uuid, uuid[], timestamptz) is 'Leases executions that are listed one by one, and locked; returns them. Internal.';

-- A queue without limits: no counting.
-- Locks: rows of batches, execution rows, skip locked. Never waits.
create or replace function rhythm.claim_plain(
  p_worker uuid,
  p_queue text,
  p_limit integer,
  p_targets text[],
  p_now timestamptz,
  out ids uuid[],
  out batches rhythm.ready_batch[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_sort = off
set jit = off
as $$
declare
  v_room integer := p_limit;
  v_look bigint := 1;
  v_next rhythm.ready_batch[];
  v_before uuid[];
  v_taken rhythm.ready_batch[];
begin
  ids := '{}';
  batches := '{}';
  while v_room > 0 loop
    v_next := rhythm.next_batches(p_queue, least((v_room + 99) / 100 * v_look, 1000000), p_targets);
    exit when v_next = '{}';
    v_before := rhythm.lease_listed(p_worker, rhythm.take_before(v_next, v_room, p_targets, p_now), p_now);
    v_taken := rhythm.take_from(v_next, v_room - cardinality(v_before));
    ids := ids || v_before;
    batches := batches || v_taken;
    -- Others are at all that is left of these: how about the next ones?
    if v_before = '{}' and v_taken = '{}' then
      exit when cardinality(v_next) < (v_room + 99) / 100 * v_look;
      v_look := v_look * 10;
    end if;
    v_room := v_room - cardinality(v_before) - rhythm.size_of(v_taken);
  end loop;
  if v_room > 0 then
    ids := ids || rhythm.lease_listed(p_worker, rhythm.take_ready(p_queue, v_room, p_targets, p_now), p_now);
  end if;
end;
$$;

comment on function rhythm.claim_plain(uuid, text, integer, text[], timestamptz) is
  'Leases ready executions of a queue without limits, and takes others out of batches, which the caller is to lease. Internal.';

-- Ten times as fast as a claim of each, which is what a worker of a thousand empty queues would do all day.
create or replace function rhythm.worth_a_look(p_queues text[])
returns text[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  if cardinality(p_queues) < 4 then
    return p_queues;
  end if;
  return array(
    select q.name from unnest(p_queues) with ordinality as q (name, nth)
    where (select true from rhythm.execution as e where e.place = 1 and e.queue = q.name and e.worker is null limit 1)
      or exists (select from rhythm.ready_batch as b where b.queue = q.name)
    order by q.nth);
end;
$$;

comment on function rhythm.worth_a_look(text[]) is 'Which of many queues have something that is ready; all of few. Internal.';

-- Locks: the worker's row; rows of queues with limits; rows of batches and executions, skip locked.
create or replace function rhythm.claim_next(
  p_worker uuid,
  p_queues text[],
  p_limit integer,
  p_targets text[],
  p_dozing boolean,
  out ids uuid[],
  out leased jsonb[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_worker rhythm.worker;
  v_left integer := p_limit;
  v_queue text;
  v_ids uuid[];
  v_batches rhythm.ready_batch[];
begin
  if coalesce(p_limit, 0) not between 1 and 100000 then
    perform rhythm.raise('RH001', format('Cannot claim %s executions: expected 1 to 100000', coalesce(p_limit::text, 'null')));
  end if;
  -- The lock keeps the worker from being given up between here and the commit: its lease would be nobody's.
  select w.* into v_worker from rhythm.worker as w where w.id = p_worker for key share;
  if not found then
    perform rhythm.raise('RH008', format('Worker %s is not registered, or was given up for dead', coalesce(p_worker::text, 'null')), 'Call register_worker() again');
  end if;
  ids := '{}';
  leased := '{}';
  foreach v_queue in array rhythm.worth_a_look(coalesce(p_queues, v_worker.queues)) loop
    exit when v_left <= 0;
    if exists (select from rhythm.queue as q where q.name = v_queue) then
      v_ids := rhythm.claim_limited(p_worker, v_queue, v_left, p_targets, v_now);
    else
      select c.ids, c.batches into v_ids, v_batches from rhythm.claim_plain(p_worker, v_queue, v_left, p_targets, v_now) as c;
      if v_batches <> '{}' then
        leased := leased || rhythm.lease_batches(p_worker, v_batches, v_now);
        v_left := v_left - rhythm.size_of(v_batches);
      end if;
    end if;
    ids := ids || v_ids;
    v_left := v_left - cardinality(v_ids);
  end loop;
  if v_worker.dozing <> (p_dozing and v_left = p_limit) then
    update rhythm.worker as w set dozing = not v_worker.dozing where w.id = p_worker;
  end if;
  -- In their order, if there are both.
  if ids <> '{}' and leased <> '{}' then
    ids := ids || rhythm.ids_of(leased);
    leased := '{}';
  end if;
end;
$$;

comment on function rhythm.claim_next(uuid, text[], integer, text[], boolean) is 'Leases what claim() and claim_packed() give: ids, or what lease_batches() says. Internal.';

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
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_leased constant record := rhythm.claim_next(p_worker, p_queues, p_limit, p_targets, p_dozing);
begin
  perform rhythm.require_read_committed();
  return query select h.* from rhythm.hand_over(v_leased.ids || rhythm.ids_of(v_leased.leased)) as h;
end;
$$;

comment on function rhythm.claim(uuid, text[], integer, text[], boolean) is
  'Leases up to p_limit ready executions to a worker, first queue first, highest priority and oldest first; empty means: sleep. '
  'p_targets: only these tasks (workflows always). p_dozing: the worker will sleep if there is nothing, and wants to be notified. Never waits.';

-- A thousand tasks that differ in their inputs alone, as rows of claim(), take the server and the worker twice as long.
create or replace function rhythm.claim_packed(p_worker uuid, p_queues text[], p_limit integer, p_targets text[], p_dozing boolean)
returns table (one rhythm.claimed, many jsonb)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_leased constant record := rhythm.claim_next(p_worker, p_queues, p_limit, p_targets, p_dozing);
begin
  perform rhythm.require_read_committed();
  return query select h, null::jsonb from rhythm.hand_over(v_leased.ids) as h;
  return query select null::rhythm.claimed, b.value from unnest(v_leased.leased) as b (value);
end;
$$;

comment on function rhythm.claim_packed(uuid, text[], integer, text[], boolean) is
  'claim(), for workers of our own: rows of claim() or, in their first attempt, tasks that are alike but for their inputs: {target, queue, created_at, '
  'kind: {max_attempts, timeout_ms, metadata, traceparent}, ids, inputs}.';
