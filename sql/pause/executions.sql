-- Pausing executions. A paused execution that is not leased is parked: it has a batch of its own that is delayed without an end.
-- So claims do not read it, and cost the same whatever is paused. If it is leased or suspended, it is parked when it would
-- become ready again.

create or replace function rhythm.pause_names(p_reason text, p_by text, out reason text, out by_whom text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  reason := left(nullif(p_reason, ''), 2000);
  by_whom := left(coalesce(nullif(p_by, ''), rhythm.who()), 200);
end;
$$;

comment on function rhythm.pause_names(text, text) is 'Why and by whom something is paused, as it is stored. Internal.';

-- Locks: states, executions, batches of one. Waits for them.
create or replace function rhythm.pause_these(p_ids uuid[], p_reason text, p_by text, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_reason, p_by);
  v_row record;
  v_batch rhythm.batch;
  v_new bigint;
  v_result uuid[] := '{}';
begin
  perform rhythm.lock_states(p_ids);
  perform from rhythm.execution as e where e.id = any (p_ids) order by e.id for no key update;
  for v_row in
    select e.id, e.type, coalesce(e.batch_id, s.batch_id) as batch_id
    from unnest(p_ids) as i (id)
    join rhythm.execution as e on e.id = i.id and e.state = 0 and e.paused_at is null and e.cancel_reason is null
    left join rhythm.workflow_state as s on s.execution_id = e.id
    where not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
    order by e.id
  loop
    v_result := v_result || v_row.id;
    v_batch := rhythm.hold_batch(v_row.batch_id);
    update rhythm.execution as e
    set paused_at = p_now, paused_by = v_names.by_whom, pause_reason = v_names.reason, run_at = coalesce(nullif(v_batch.run_at, 'infinity'), e.run_at)
    where e.id = v_row.id;
    continue when v_batch.id is null or v_batch.worker is not null;
    if v_batch.size = 1 then
      update rhythm.batch as b set run_at = 'infinity', paused = true where b.id = v_batch.id;
    else
      insert into rhythm.batch
      select (rhythm.batch_of(e, null, v_batch.attempt, v_batch.failures, v_batch.crashes)).* from rhythm.execution as e where e.id = v_row.id
      returning id into v_new;
      perform rhythm.move_members(v_row.type, array[v_row.id], v_batch.id, v_new);
      -- Not locked: a batch in which others still wait.
      perform rhythm.drop_empty_batches(array(
        select b.id from rhythm.batch as b where b.id = v_batch.id and rhythm.members(b) = '{}' for update skip locked));
    end if;
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.pause_these(uuid[], text, text, timestamptz) is 'Pauses executions; returns those that were not paused, cancelled or over. Internal.';

-- Locks: states, executions, their batches of one. Waits for them.
create or replace function rhythm.resume_these(p_ids uuid[], p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[];
  v_batches rhythm.batch[];
begin
  perform rhythm.lock_states(p_ids);
  perform from rhythm.execution as e where e.id = any (p_ids) order by e.id for no key update;
  with resumed as (
    update rhythm.execution as e set paused_at = null, paused_by = null, pause_reason = null
    where e.id = any (p_ids) and e.state = 0 and e.paused_at is not null
    returning e.id
  ),
  stopped as (
    select i.id from unnest(p_ids) as i (id)
    cross join lateral (select x.batch_id from rhythm.execution as x where x.id = i.id offset 0) as e
    left join rhythm.workflow_state as s on s.execution_id = i.id
    cross join lateral (select from rhythm.batch as x where x.id = coalesce(e.batch_id, s.batch_id) and x.gate is not null offset 0) as b
  )
  select coalesce(array_agg(r.id order by r.id), '{}') into v_result from (select r.id from resumed as r union select s.id from stopped as s) as r;
  with freed as (
    update rhythm.batch as b
    set paused = false, gate = null, run_at = case when x.run_at > p_now then x.run_at end, limited = rhythm.has_limits(b.queue)
    from (
      select coalesce(e.batch_id, s.batch_id) as batch_id, e.run_at
      from unnest(v_result) as i (id)
      join rhythm.execution as e on e.id = i.id
      left join rhythm.workflow_state as s on s.execution_id = e.id
    ) as x
    where b.id = x.batch_id and (b.paused or b.gate is not null)
    returning b.*
  )
  select array_agg(f::rhythm.batch) into v_batches from freed as f;
  if v_batches is not null then
    perform rhythm.wake_for(v_batches);
  end if;
  return v_result;
end;
$$;

comment on function rhythm.resume_these(uuid[], timestamptz) is 'Ends the pauses of executions, and lets them on from their gates; returns those that were stopped. Internal.';

create or replace function rhythm.pause_execution(p_execution uuid, p_reason text default null, p_by text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.require_fresh(array[p_execution]);
  perform from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot pause: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  perform rhythm.refuse_frozen(array[p_execution], 'Cannot pause');
  if rhythm.pause_these(array[p_execution], p_reason, p_by, rhythm.now()) = '{}' then
    return false;
  end if;
  perform rhythm.record('pause', 'execution', p_execution::text, p_reason);
  return true;
end;
$$;

comment on function rhythm.pause_execution(uuid, text, text) is
  'An execution does not continue until resume_execution(). If it runs, its attempt or step ends first; a timeout of a workflow does not stop. What it started continues. p_by: who paused it; else the role. '
  'False: it has ended, is being cancelled, is paused already, or waits for the owner of its idempotency key.';

create or replace function rhythm.resume_execution(p_execution uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.require_fresh(array[p_execution]);
  perform from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot resume: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  perform rhythm.refuse_frozen(array[p_execution], 'Cannot resume');
  if rhythm.resume_these(array[p_execution], rhythm.now()) = '{}' then
    return false;
  end if;
  perform rhythm.record('resume', 'execution', p_execution::text);
  return true;
end;
$$;

comment on function rhythm.resume_execution(uuid) is 'Ends the pause of an execution, and lets it on from a gate. A delay that is not over goes on. False: it was neither paused nor at a gate.';
