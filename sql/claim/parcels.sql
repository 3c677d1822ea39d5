-- What a worker receives with a lease: parcels of {common, ids, inputs}.

create or replace function rhythm.settled_items(p_items uuid[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_agg(
      case
        when c.state = 1 then jsonb_build_object('id', i.id, 'status', 'completed', 'output', coalesce(c.output, 'null'))
        when c.id is not null then jsonb_build_object('id', i.id, 'status', 'failed', 'error',
          jsonb_build_object('type', 'Error', 'message', 'It failed')
          || case c.state when 3 then jsonb_build_object('type', 'CancelledError', 'message', coalesce(c.cancel_reason, 'It was cancelled'))
              || case when c.attempt = 0 and c.error ->> 'code' = 'EXPIRED' then '{"code": "EXPIRED"}'::jsonb else '{}' end
            else coalesce(c.error, '{}') end
          || jsonb_build_object('kind', c.type, 'executionId', c.id, 'target', c.target, 'attempt', c.attempt))
        when w.timed_out then jsonb_build_object('id', i.id, 'status', 'failed', 'error',
          jsonb_build_object('type', 'TimeoutError', 'message', format('No signal "%s" came in time', w.name)))
        when w.id is not null then jsonb_build_object('id', i.id, 'status', 'completed', 'output', g.payload)
          || case when g.asked then '{"ask": true}'::jsonb else '{}' end
        else jsonb_build_object('id', i.id, 'status', 'completed', 'output', null)
      end order by i.nth), '[]')
    from unnest(p_items) with ordinality as i (id, nth)
    left join rhythm.execution as c on c.id = i.id
    left join rhythm.signal_wait as w on w.id = i.id
    left join rhythm.signal as g on g.id = w.signal_id
  );
end;
$$;

comment on function rhythm.settled_items(uuid[]) is
  'Waits that have ended, in the form of the language: [{id, status: completed, output} | {id, status: failed, error}]. Internal.';

create or replace function rhythm.inbox_items(p_execution uuid, p_delivered integer)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_delivered = 0 then
    return '[]';
  end if;
  return rhythm.settled_items(array(
    select i.item from rhythm.inbox as i where i.execution_id = p_execution and i.nth <= p_delivered order by i.nth));
end;
$$;

comment on function rhythm.inbox_items(uuid, integer) is 'The first items of an inbox, as settled_items(). Internal.';

create or replace function rhythm.tries_of(p_failures integer, p_crashes integer)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_failures = 0 and p_crashes = 0 then '{}' else jsonb_build_object('failures', p_failures, 'crashes', p_crashes) end;
end;
$$;

comment on function rhythm.tries_of(integer, integer) is 'For a worker: how many attempts threw, and how many were lost; empty if none. Internal.';

create or replace function rhythm.task_parcel(
  p_common jsonb,
  p_target text,
  p_queue text,
  p_attempt integer,
  p_failures integer,
  p_crashes integer,
  p_reason text,
  p_ids uuid[],
  p_inputs jsonb,
  p_parents jsonb,
  p_checkpoints jsonb
)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'common', p_common || jsonb_build_object('type', 'task', 'target', p_target, 'queue', p_queue, 'attempt', p_attempt)
      || rhythm.tries_of(p_failures, p_crashes) || case when p_reason is null then '{}' else jsonb_build_object('cancel_reason', p_reason) end,
    'ids', p_ids, 'inputs', p_inputs
  ) || case when p_parents is null then '{}' else jsonb_build_object('parents', p_parents) end
    || case when p_checkpoints is null then '{}' else jsonb_build_object('checkpoints', p_checkpoints) end;
end;
$$;

comment on function rhythm.task_parcel(jsonb, text, text, integer, integer, integer, text, uuid[], jsonb, jsonb, jsonb) is
  'Leased tasks for their worker: what they have in common, and what each has of its own. Internal.';

-- xmax shows whether another session has locked or changed a row, and a reader sees it at once: it is set, and it is not the
-- transaction that wrote the row.
create or replace function rhythm.shared_parcel(p_batch rhythm.batch, p_inputs boolean, p_free boolean)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_inputs jsonb;
  v_parents jsonb;
  v_reason text;
  v_busy boolean;
  v_checkpoints jsonb;
begin
  if not p_inputs then
    v_ids := p_batch.ids;
  else
    select array_agg(e.id order by e.id), jsonb_agg(e.inputs order by e.id),
      case when count(e.parent_id) > 0 then jsonb_agg(e.parent_id order by e.id) end, max(e.cancel_reason), not p_free and bool_or(e.xmax <> 0 and e.xmax <> e.xmin)
    into v_ids, v_inputs, v_parents, v_reason, v_busy
    from rhythm.execution as e
    where e.id = any (p_batch.ids) and e.batch_id = p_batch.id;
  end if;
  if v_ids is null or v_busy then
    return null;
  end if;
  -- A first attempt has none.
  if p_batch.attempt > 1 then
    select jsonb_object_agg(e.id, e.checkpoint -> 'value') into v_checkpoints
    from rhythm.execution as e where e.id = any (v_ids) and e.checkpoint is not null;
  end if;
  return rhythm.task_parcel(p_batch.common, p_batch.target, p_batch.queue, p_batch.attempt, p_batch.failures, p_batch.crashes, v_reason,
    v_ids, v_inputs, v_parents, v_checkpoints);
end;
$$;

comment on function rhythm.shared_parcel(rhythm.batch, boolean, boolean) is 'A leased batch of tasks for its worker; null if it has no members left, or one of several members is locked. Internal.';

create or replace function rhythm.workflow_parcel(p_batch rhythm.batch, p_free boolean)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result jsonb;
begin
  select jsonb_build_object(
    'common', p_batch.common || rhythm.tries_of(p_batch.failures, p_batch.crashes) || jsonb_build_object('type', 'workflow', 'target', p_batch.target, 'queue', p_batch.queue, 'attempt', p_batch.attempt,
      'program', min(s.program), 'version', min(v.version), 'timeout_ms', min(e.timeout_ms)),
    'ids', array_agg(e.id order by e.id), 'inputs', jsonb_agg(e.inputs order by e.id), 'parents', jsonb_agg(e.parent_id order by e.id),
    'states', jsonb_agg(jsonb_build_object('seq', s.seq, 'snapshot', s.snapshot, 'settled', rhythm.inbox_items(e.id, s.delivered),
      'taken', s.delivered, 'seed', e.seed::text, 'epoch', coalesce(e.epoch, 0), 'cancel_reason', e.cancel_reason)
      || case when s.change is null then '{}' else rhythm.change_of(s.change, e.target) end order by e.id))
  into v_result
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id
  join rhythm.flow_version as v on v.program = s.program
  where s.execution_id = any (p_batch.ids) and s.batch_id = p_batch.id
  having count(*) > 0 and (p_free or not bool_or(e.xmax <> 0 and e.xmax <> e.xmin or s.xmax <> 0 and s.xmax <> s.xmin));
  return v_result;
end;
$$;

comment on function rhythm.workflow_parcel(rhythm.batch, boolean) is 'A leased batch of workflows for its worker; null if it has no members left, or one of several members is locked. Internal.';

-- What has arrived since a workflow became ready is delivered with it. If its state is locked, the rest waits for the next step.
create or replace function rhythm.deliver_rest(p_batches bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_late constant uuid[] := array(
    select s.execution_id
    from unnest(p_batches) as n (id)
    cross join lateral (select x.id, x.ids from rhythm.batch as x where x.id = n.id and x.type = 'workflow' offset 0) as b
    cross join lateral (
      select x.execution_id from rhythm.workflow_state as x
      where x.execution_id = any (b.ids) and x.batch_id = b.id and x.delivered < x.arrived offset 0
    ) as s);
begin
  if v_late <> '{}' then
    update rhythm.workflow_state as s set delivered = s.arrived where s.execution_id = any (rhythm.lock_free_states(v_late));
  end if;
end;
$$;

comment on function rhythm.deliver_rest(bigint[]) is 'Delivers to leased workflows what arrived since they became ready. Internal.';

-- A session that cancels a member of a larger batch locks the member, not the batch. That member stays in its place, and the
-- others are leased without it. Null: there are none. The caller has leased the batch in this transaction.
create or replace function rhythm.lease_free_members(p_batch rhythm.batch)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_free constant bigint := rhythm.split_batch(p_batch.id, p_batch.size);
begin
  if v_free is not null then
    update rhythm.batch as b
    set worker = p_batch.worker, call = p_batch.call, claimed_at = p_batch.claimed_at, attempt = p_batch.attempt, limited = p_batch.limited
    where b.id = v_free;
  end if;
  update rhythm.batch as b
  set worker = null, call = null, claimed_at = null, attempt = rhythm.unleased_attempt(b, exists (
    select from rhythm.workflow_state as s where s.execution_id = any (b.ids) and s.batch_id = b.id and (s.seq > 0 or s.attempt > 0)))
  where b.id = p_batch.id;
  if found then
    perform rhythm.wake(array[p_batch.queue]);
  end if;
  return v_free;
end;
$$;

comment on function rhythm.lease_free_members(rhythm.batch) is 'Gives back the members of a leased batch that others have locked; returns the batch of the rest. Internal.';

-- p_without: batches of tasks whose inputs the worker sent itself. p_free: no other session can have locked their members. A batch
-- without members is deleted. The lock of a batch of one stands for its member. Batches of one that differ in nothing else
-- become one parcel: so a worker is told once what they have in common.
create or replace function rhythm.parcels(p_batches bigint[], p_without bigint[] default '{}', p_free boolean default false)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result jsonb := '[]';
  v_left bigint[];
  v_batch rhythm.batch;
begin
  if p_batches = '{}' then
    return '[]';
  end if;
  -- Each row is found by its key, with any plan.
  with leased as materialized (
    select n.nth, n.id, l.b, (l.b).type = 'task' and (l.b).size = 1 and n.id <> all (p_without) as is_single
    from unnest(p_batches) with ordinality as n (id, nth)
    cross join lateral (select x from rhythm.batch as x where x.id = n.id offset 0) as l (b)
  ),
  single as materialized (
    select l.nth, l.id, (l.b).target, (l.b).queue, (l.b).attempt, (l.b).failures, (l.b).crashes, (l.b).common,
      e.id as member, e.inputs, e.parent_id, e.cancel_reason, case when (l.b).attempt > 1 then e.checkpoint end as checkpoint
    from leased as l
    left join lateral (
      select x.id, x.inputs, x.parent_id, x.cancel_reason, x.checkpoint from rhythm.execution as x
      where x.id = (l.b).ids[1] and x.batch_id = l.id offset 0
    ) as e on true
    where l.is_single
  ),
  -- The order stays: only neighbours share a parcel.
  placed as (
    select s.*, s.nth - row_number() over (
      partition by s.target, s.queue, s.attempt, s.failures, s.crashes, s.cancel_reason, s.common order by s.nth) as run
    from single as s where s.member is not null
  ),
  parcel as (
    select min(s.nth) as nth, null::bigint as id,
      rhythm.task_parcel(s.common, s.target, s.queue, s.attempt, s.failures, s.crashes, s.cancel_reason, array_agg(s.member order by s.nth),
        jsonb_agg(s.inputs order by s.nth), case when count(s.parent_id) > 0 then jsonb_agg(s.parent_id order by s.nth) end,
        jsonb_object_agg(s.member, s.checkpoint -> 'value') filter (where s.checkpoint is not null)) as parcel
    from placed as s
    group by s.target, s.queue, s.attempt, s.failures, s.crashes, s.cancel_reason, s.common, s.run
    union all
    select s.nth, s.id, null from single as s where s.member is null
    union all
    -- Without offset 0 the planner would call this once for each place that names the parcel.
    select m.nth, m.id, m.parcel
    from (
      select l.nth, l.id, case when (l.b).type = 'task' then rhythm.shared_parcel(l.b, l.id <> all (p_without), p_free or (l.b).size = 1)
        else rhythm.workflow_parcel(l.b, p_free or (l.b).size = 1) end as parcel
      from leased as l where not l.is_single offset 0
    ) as m
  )
  select coalesce(jsonb_agg(p.parcel order by p.nth) filter (where p.parcel is not null), '[]'), array_agg(p.id) filter (where p.parcel is null)
  into v_result, v_left
  from parcel as p;
  if v_left is not null then
    for v_batch in select b.* from rhythm.batch as b where b.id = any (v_left) order by b.id loop
      if rhythm.members(v_batch) = '{}' then
        delete from rhythm.batch as b where b.id = v_batch.id;
      else
        v_result := v_result || rhythm.parcels(array_remove(array[rhythm.lease_free_members(v_batch)], null), '{}', true);
      end if;
    end loop;
  end if;
  return v_result;
end;
$$;

comment on function rhythm.parcels(bigint[], bigint[], boolean) is 'Leased batches in the form that their worker receives. Internal.';
