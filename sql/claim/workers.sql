-- Workers: register, heartbeat, stop.

create or replace function rhythm.register_worker(
  p_worker uuid,
  p_queues text[] default array['default'],
  p_name text default null,
  p_lease interval default '15s',
  p_info jsonb default '{}',
  p_protocol integer default 1,
  p_environment text default null
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_worker constant uuid := coalesce(p_worker, rhythm.uuid7());
  v_lease_ms constant bigint := rhythm.interval_ms(p_lease);
  v_problem text;
begin
  perform rhythm.require_read_committed();
  select p.problem into v_problem from (
    select rhythm.name_problem('queue', q.name) as problem from unnest(p_queues) as q (name)
    union all select 'A worker needs at least one queue' where coalesce(cardinality(p_queues), 0) = 0
    union all select rhythm.name_problem('worker', p_name) where p_name is not null
    union all select rhythm.name_problem('environment', p_environment) where p_environment is not null
    union all select 'The info of a worker must be an object' where jsonb_typeof(p_info) <> 'object'
    union all select format('Protocol %s is not known here: this engine speaks protocol 1. Use a worker of a version that does', coalesce(p_protocol::text, 'null')) where p_protocol is distinct from 1
    union all select 'The lease must be an interval from 1s to 1h' where coalesce(v_lease_ms, 0) not between 1000 and 3600000
  ) as p where p.problem is not null limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.require_home(p_environment);
  insert into rhythm.worker (id, name, queues, started_at, beat_at, lease_ms, protocol, info)
  values (v_worker, coalesce(p_name, v_worker::text), p_queues, v_now, v_now, v_lease_ms, p_protocol, coalesce(p_info, '{}'))
  on conflict (id) do update set
    name = excluded.name, queues = excluded.queues, beat_at = excluded.beat_at, lease_ms = excluded.lease_ms, info = excluded.info, sleeping = false, spared = false;
  insert into rhythm.worker_call (worker_id, odd) values (v_worker, true), (v_worker, false) on conflict do nothing;
  return v_worker;
end;
$$;

comment on function rhythm.register_worker(uuid, text[], text, interval, jsonb, integer, text) is
  'Registers a worker and returns its id. p_worker null: it gets an id. p_protocol: the number of its protocol, 1. p_lease: how long it may be silent before others get its work. p_environment: the environment to which it belongs; another one than that of the installation is refused.';

-- A session that makes something due notifies the sleeping workers. If it died before that, a sleeping worker finds the work in
-- its turn: one of them looks about every second, and each of them after five seconds at the latest. SQL tasks notify nobody.
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
  return (select 1000 * greatest(1, count(*)) from (select from rhythm.worker as w where w.sleeping limit 5) as s);
end;
$$;

comment on function rhythm.turn_ms() is 'How long a sleeping worker may wait between two calls of tick(): one second for each sleeping worker, five at most. Internal.';

-- What the engine leased and the worker does not name goes back to its queue: the answer with the lease was lost. Recent leases
-- stay, because their answer may still be on its way.
create or replace function rhythm.beat(p_worker uuid, p_info jsonb default null, p_holds jsonb default null, p_rates jsonb default null)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_problem constant text := rhythm.rates_problem(p_rates);
  v_lost jsonb := '[]';
begin
  perform rhythm.require_read_committed();
  if jsonb_typeof(p_info) <> 'object' then
    perform rhythm.raise('RH001', 'The info of a worker must be an object');
  elsif not rhythm.are_holds(p_holds) then
    perform rhythm.raise('RH001', 'p_holds must be an array: [{"call": 1, "ids": ["…"]}]');
  elsif v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.require_home();
  update rhythm.worker as w
  set beat_at = v_now, spared = false, info = coalesce(p_info, w.info)
  where w.id = p_worker;
  if not found then
    return '{"alive": false, "turn_ms": 1000, "stop": [], "lost": []}';
  end if;
  if p_rates <> '[]' then
    perform rhythm.note_rates(p_rates, v_now);
  end if;
  if p_holds is not null then
    v_lost := rhythm.lost_holds(p_worker, p_holds);
    perform rhythm.return_unnamed(p_worker, p_holds, v_now);
  end if;
  return jsonb_build_object(
    'alive', true,
    'turn_ms', rhythm.turn_ms(),
    'stop', (
      select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'reason', e.cancel_reason)), '[]')
      from rhythm.execution as e
      left join rhythm.workflow_state as s on s.execution_id = e.id
      join lateral (select x.id, x.worker, x.call from rhythm.batch as x where x.id = coalesce(e.batch_id, s.batch_id) offset 0) as b on b.worker = p_worker
      where e.stopping
    ),
    'lost', v_lost);
end;
$$;

comment on function rhythm.beat(uuid, jsonb, jsonb, jsonb) is
  'A heartbeat. Returns {alive, turn_ms, stop: [{id, reason}], lost: [id]}. alive false: the worker counts as dead and its leases are gone; register again. turn_ms: how long '
  'it may wait between two calls of tick() while it sleeps. stop: executions that were cancelled. p_holds, [{call, ids}]: what the worker believes it holds. lost: those of them that it does not hold. What it holds and does not name goes back to its queue. p_rates: what it ended since the last heartbeat, for the view rates.';

create or replace function rhythm.are_holds(p_holds jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_holds) <> 'array' or jsonb_path_exists(p_holds, '$[*] ? (!(@.call.type() == "number" && @.ids.type() == "array"))') then
    return false;
  end if;
  perform x.call, i.id::uuid from jsonb_to_recordset(p_holds) as x (call integer, ids jsonb) cross join lateral jsonb_array_elements_text(x.ids) as i (id);
  return true;
exception
  when data_exception then
    return false;
end;
$$;

comment on function rhythm.are_holds(jsonb) is 'Whether a value is a list of what a worker believes it holds. Internal.';

create or replace function rhythm.lost_holds(p_worker uuid, p_holds jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_agg(h.id), '[]')
    from (
      select i.id::uuid as id, x.call from jsonb_to_recordset(p_holds) as x (call integer, ids jsonb) cross join lateral jsonb_array_elements_text(x.ids) as i (id)
    ) as h
    left join rhythm.execution as e on e.id = h.id and e.state = 0
    left join rhythm.workflow_state as s on s.execution_id = e.id
    left join lateral (select x.id, x.worker, x.call from rhythm.batch as x where x.id = coalesce(e.batch_id, s.batch_id) offset 0) as b on b.worker = p_worker and b.call = h.call
    where b.id is null);
end;
$$;

comment on function rhythm.lost_holds(uuid, jsonb) is 'Executions that a worker believes it holds and does not. Internal.';

create or replace function rhythm.return_unnamed(p_worker uuid, p_holds jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_named constant uuid[] := array(
    select i.id::uuid from jsonb_to_recordset(p_holds) as x (ids jsonb) cross join lateral jsonb_array_elements_text(x.ids) as i (id) order by 1);
  v_batch rhythm.batch;
  v_ids uuid[];
begin
  for v_batch in
    select b.* from rhythm.batch as b join rhythm.worker as w on w.id = b.worker
    where b.worker = p_worker and b.claimed_at < p_now - w.lease_ms * interval '0.5 milliseconds'
    order by b.id for update of b skip locked
  loop
    v_ids := rhythm.members(v_batch);
    if v_ids = '{}' then
      delete from rhythm.batch as b where b.id = v_batch.id;
    elsif not exists (select from unnest(v_ids) as i (id) where v_named[width_bucket(i.id, v_named)] = i.id) then
      perform rhythm.take_back(array[v_batch.id], null, p_now);
    end if;
  end loop;
end;
$$;

comment on function rhythm.return_unnamed(uuid, jsonb, timestamptz) is 'Puts back batches that a worker holds and does not name. Internal.';

-- Gives leased batches back to their queues. p_crashed: their worker did not stop properly. A loss counts as a crash only
-- for an execution that was leased alone: one bad task must not fail the 99 others of its batch. These come back as batches
-- of one.
-- The workers of the batches are gone, or locked by the caller. Locks: states and executions that may end.
create or replace function rhythm.take_back(p_batches bigint[], p_crashed text, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
  v_member record;
  v_fate text;
  v_ended rhythm.transition[] := '{}';
  v_queues text[] := '{}';
begin
  for v_batch in select b.* from rhythm.batch as b where b.id = any (p_batches) order by b.id loop
    if p_crashed is null and not exists (select from rhythm.execution as e where e.id = any (v_batch.ids) and (e.cancel_reason is not null or e.paused_at is not null))
      and (v_batch.attempt > 1 or not exists (select from unnest(rhythm.members(v_batch)) as m (id) where rhythm.has_traces(m.id))) then
      update rhythm.batch as b
      set worker = null, call = null, claimed_at = null, limited = rhythm.has_limits(b.queue), attempt = rhythm.unleased_attempt(b, false)
      where b.id = v_batch.id;
      v_queues := v_queues || v_batch.queue;
      continue;
    end if;
    for v_member in
      select e.id, e.type, e.cancel_reason, e.retry from unnest(rhythm.members(v_batch)) as m (id)
      join rhythm.execution as e on e.id = m.id order by e.id
    loop
      v_fate := case
        when v_member.cancel_reason is not null and v_member.type = 'task' then 'cancelled'
        when p_crashed is not null and v_batch.size = 1
          and not rhythm.attempts_left(v_member.retry, 0, v_batch.crashes + 1) then 'failed'
        else 'released' end;
      if v_fate = 'released' then
        update rhythm.execution as e
        set stopping = false,
          error = case when p_crashed is null or rhythm.is_past_deadline(e) then e.error else jsonb_build_object('type', 'WorkerLostError', 'message', p_crashed) end
        where e.id = v_member.id and (p_crashed is not null or e.stopping);
        perform rhythm.put_back(v_member.id, v_batch.id,
          case when p_crashed is not null and v_member.type = 'task' and v_batch.size = 1 then rhythm.backoff_ms(v_member.retry, v_batch.crashes + 1) end,
          0, case when p_crashed is not null and v_batch.size = 1 then 1 else 0 end,
          p_crashed is null, p_now);
        v_queues := v_queues || v_batch.queue;
      else
        v_ended := v_ended || rhythm.write_ends(array[row(v_member.id, null, null, v_fate, null, jsonb_build_object('type', 'WorkerLostError', 'message',
          p_crashed || format('. It was lost %s times in all, and retry.crashes is %s', v_batch.crashes + 1, rhythm.max_crashes(v_member.retry))),
          null, null, null, null, null, null, null, null, null, null, null, null, v_fate, v_member.type, v_batch.id)::rhythm.outcome], p_now);
      end if;
    end loop;
    perform rhythm.drop_empty_batches(array[v_batch.id]);
  end loop;
  perform rhythm.follow_ends(v_ended, '{}', p_now);
  perform rhythm.wake(v_queues);
  perform rhythm.wake_clocks();
end;
$$;

comment on function rhythm.take_back(bigint[], text, timestamptz) is 'Returns leased batches to their queues, or ends executions that were lost too often. Internal.';

create or replace function rhythm.stop_worker(p_worker uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_batches bigint[];
begin
  perform rhythm.require_read_committed();
  perform from rhythm.worker as w where w.id = p_worker for update;
  -- Its calls have ended then.
  perform from rhythm.worker_call as c where c.worker_id = p_worker order by c.odd for update;
  v_batches := array(select b.id from rhythm.batch as b where b.worker = p_worker order by b.id);
  perform rhythm.lock_around(rhythm.ids_in(v_batches));
  delete from rhythm.worker as w where w.id = p_worker;
  perform rhythm.take_back(v_batches, null, rhythm.now());
  -- Perhaps only this worker knew what it had made due.
  perform rhythm.wake_clocks();
end;
$$;

comment on function rhythm.stop_worker(uuid) is 'Ends a worker: what it still holds goes back to its queues at once, and no attempt is counted.';

create or replace function rhythm.ids_in(p_batches bigint[])
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select i.id from rhythm.batch as b cross join lateral unnest(b.ids) as i (id) where b.id = any (p_batches) order by i.id);
end;
$$;

comment on function rhythm.ids_in(bigint[]) is 'All executions that are or were in some batches. Internal.';
