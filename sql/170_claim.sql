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
set jit = off
as $$
declare
  v_ids constant uuid[] := rhythm.take_ready(p_queue, p_limit, p_targets, p_now);
begin
  if v_ids <> '{}' then
    update rhythm.execution as e
    set worker = p_worker,
      status = 'running',
      claimed_at = p_now,
      attempt = case when e.type = 'task' or e.attempt = 0 then e.attempt + 1 else e.attempt end,
      delivered = case when e.type = 'task' then 0 else (select cardinality(s.inbox) from rhythm.workflow_state as s where s.execution_id = e.id) end
    where e.id = any (v_ids);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.claim_plain(uuid, text, integer, text[], timestamptz) is 'Leases ready executions of a queue without limits. Internal.';

-- Ten times as fast as a claim of each, which is what a worker of a thousand empty queues would do all day.
create or replace function rhythm.worth_a_look(p_queues text[])
returns text[]
language plpgsql
volatile
set search_path = ''
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
    order by q.nth);
end;
$$;

comment on function rhythm.worth_a_look(text[]) is 'Which of many queues have something that is ready; all of few. Internal.';

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
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_worker rhythm.worker;
  v_ids uuid[] := '{}';
  v_queue text;
begin
  if coalesce(p_limit, 0) not between 1 and 100000 then
    perform rhythm.raise('RH001', format('Cannot claim %s executions: expected 1 to 100000', coalesce(p_limit::text, 'null')));
  end if;
  -- The lock keeps the worker from being given up between here and the commit: its lease would be nobody's.
  select w.* into v_worker from rhythm.worker as w where w.id = p_worker for key share;
  if not found then
    perform rhythm.raise('RH008', format('Worker %s is not registered, or was given up for dead', coalesce(p_worker::text, 'null')), 'Call register_worker() again');
  end if;
  foreach v_queue in array rhythm.worth_a_look(coalesce(p_queues, v_worker.queues)) loop
    exit when cardinality(v_ids) >= p_limit;
    v_ids := v_ids || case when exists (select from rhythm.queue as q where q.name = v_queue)
      then rhythm.claim_limited(p_worker, v_queue, p_limit - cardinality(v_ids), p_targets, v_now)
      else rhythm.claim_plain(p_worker, v_queue, p_limit - cardinality(v_ids), p_targets, v_now) end;
  end loop;

  if v_worker.dozing <> (p_dozing and v_ids = '{}') then
    update rhythm.worker as w set dozing = not v_worker.dozing where w.id = p_worker;
  end if;
  if v_ids = '{}' then
    return;
  end if;
  return query select h.* from rhythm.hand_over(v_ids) as h;
end;
$$;

comment on function rhythm.claim(uuid, text[], integer, text[], boolean) is
  'Leases up to p_limit ready executions to a worker, first queue first, highest priority and oldest first; empty means: sleep. '
  'p_targets: only these tasks (workflows always). p_dozing: the worker will sleep if there is nothing, and wants to be notified. Never waits.';
