-- Workers: register, show signs of life, leave.

create or replace function rhythm.register_worker(
  p_worker uuid,
  p_queues text[] default array['default'],
  p_name text default null,
  p_lease text default '15s',
  p_info jsonb default '{}'
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_worker constant uuid := coalesce(p_worker, rhythm.uuid7());
  v_lease_ms constant bigint := rhythm.duration_ms(to_jsonb(p_lease));
  v_problem text;
begin
  perform rhythm.require_read_committed();
  select p.problem into v_problem from (
    select rhythm.name_problem('queue', q.name) as problem from unnest(p_queues) as q (name)
    union all select 'A worker needs at least one queue' where coalesce(cardinality(p_queues), 0) = 0
    union all select rhythm.name_problem('worker', p_name) where p_name is not null
    union all select 'The info of a worker must be an object' where jsonb_typeof(p_info) <> 'object'
    union all select 'The lease must be a duration from 1s to 1h' where coalesce(v_lease_ms, 0) not between 1000 and 3600000
  ) as p where p.problem is not null limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  insert into rhythm.worker (id, name, queues, started_at, beat_at, lease_ms, info)
  values (v_worker, coalesce(p_name, v_worker::text), p_queues, v_now, v_now, v_lease_ms, coalesce(p_info, '{}'))
  on conflict (id) do update set
    name = excluded.name, queues = excluded.queues, beat_at = excluded.beat_at, lease_ms = excluded.lease_ms, info = excluded.info, dozing = false;
  return v_worker;
end;
$$;

comment on function rhythm.register_worker(uuid, text[], text, text, jsonb) is
  'Makes a worker known; p_worker null: it is given an id. p_lease: how long it may be silent before its work is given to others.';

-- Whoever makes something due notifies those that sleep. What nobody knows of, because who made it died, say, is found by a
-- sleeper's turn: one comes every second or so, and any of them after five seconds at the latest. SQL tasks notify nobody.
create or replace function rhythm.turn_ms()
returns integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from rhythm.task as k where k.sql_function is not null) then
    return 1000;
  end if;
  return (select 1000 * greatest(1, count(*)) from (select from rhythm.worker as w where w.dozing limit 5) as s);
end;
$$;

comment on function rhythm.turn_ms() is 'How long a worker that sleeps may wait between two calls of tick(): a second for each that sleeps, five at most. Internal.';

create or replace function rhythm.beat(p_worker uuid, p_info jsonb default null)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.require_read_committed();
  if jsonb_typeof(p_info) <> 'object' then
    perform rhythm.raise('RH001', 'The info of a worker must be an object');
  end if;
  update rhythm.worker as w
  set beat_at = rhythm.now(), info = coalesce(p_info, w.info)
  where w.id = p_worker;
  if not found then
    return '{"alive": false, "turn_ms": 1000, "stop": []}';
  end if;
  return jsonb_build_object(
    'alive', true,
    'turn_ms', rhythm.turn_ms(),
    'stop', (
      select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'reason', e.cancel_reason)), '[]')
      from rhythm.execution as e
      where e.stopping and e.worker = p_worker
    ));
end;
$$;

comment on function rhythm.beat(uuid, jsonb) is
  'A sign of life: {alive, turn_ms, stop: [{id, reason}]}. alive false: the worker was given up, its leases are gone; register again. turn_ms: how long '
  'it may wait between two calls of tick() while it dozes and knows of nothing due. stop: what was cancelled meanwhile.';

-- One branch for each place: each has its index, both together have none.
create or replace function rhythm.leased_to(p_workers uuid[])
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select e.id from rhythm.execution as e where e.place = 1 and e.worker = any (p_workers)
    union all
    select e.id from rhythm.execution as e where e.place = 2 and e.worker = any (p_workers)
    union all
    select n.id from rhythm.newborn() as n where n.worker = any (p_workers));
$$;

comment on function rhythm.leased_to(uuid[]) is 'What workers hold. Internal.';

-- Gives back what a worker holds. p_crashed: it did not say good-bye; that counts as an attempt.
create or replace function rhythm.take_back(p_workers uuid[], p_crashed text default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_max_crashes constant integer := rhythm.setting('max_crashes')::integer;
  v_rows rhythm.moved[];
  -- The workers are gone, or locked: nothing more is leased to them.
  v_leased constant uuid[] := rhythm.leased_to(p_workers);
  v_may_end constant uuid[] := array(
    select e.id from rhythm.execution as e
    where e.id = any (v_leased) and (p_crashed is not null or e.cancel_reason is not null));
begin
  perform rhythm.lock_around(v_may_end);
  -- What it waited for may have cancelled it: as it is once it is locked.
  with held as (
    select e.id, e.cancel_reason, e.type, e.crashes, e.attempt, e.max_attempts, e.retry from rhythm.execution as e
    where e.id = any (v_leased) and e.worker = any (p_workers)
    order by e.id for no key update
  ),
  fate as (
    select h.id, case
      when h.cancel_reason is not null and h.type = 'task' and h.id = any (v_may_end) then 6
      when p_crashed is null then 1
      when h.crashes >= coalesce((h.retry ->> 'crashes')::integer, v_max_crashes - 1) then 5
      when h.type = 'task' and h.attempt >= h.max_attempts then 5
      when h.type = 'task' then 0
      else 1
    end as stage
    from held as h
  ),
  moved as (
    update rhythm.execution as e
    set worker = null,
      stopping = false,
      stage = f.stage,
      status = case f.stage when 5 then 'failed' when 6 then 'cancelled' else 'pending' end,
      attempt = case when p_crashed is null and e.type = 'task' then greatest(e.attempt - 1, 0) else e.attempt end,
      crashes = case when p_crashed is null then e.crashes else e.crashes + 1 end,
      run_at = case when f.stage = 0 then v_now + rhythm.backoff_ms(e.retry, e.attempt) * interval '1 millisecond' else e.run_at end,
      completed_at = case when f.stage >= 4 then v_now end,
      error = case when p_crashed is null then e.error else jsonb_build_object('type', 'WorkerLostError', 'message', p_crashed) end
    from fate as f
    where e.id = f.id
    returning e.id, e.parent_id, e.worker, e.stage, e.watched, e.type, e.queue
  )
  select coalesce(array_agg(row(m.*)::rhythm.moved), '{}') into v_rows from moved as m;
  delete from rhythm.newborn_lease as l where l.worker = any (p_workers);
  perform rhythm.follow_ends(v_rows, '{}', null, 0, v_now);
  perform rhythm.wake(array(select distinct r.queue from unnest(v_rows) as r where r.stage = 1));
end;
$$;

comment on function rhythm.take_back(uuid[], text) is 'Returns what workers hold to the queues. Internal.';

create or replace function rhythm.stop_worker(p_worker uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.require_read_committed();
  delete from rhythm.worker as w where w.id = p_worker;
  perform rhythm.take_back(array[p_worker]);
  -- Of what is due by its doing, it alone may have known.
  perform rhythm.wake_clocks();
end;
$$;

comment on function rhythm.stop_worker(uuid) is 'A worker leaves: what it still holds goes back to the queues at once, without counting an attempt.';
