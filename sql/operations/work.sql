-- Working on operations, piece by piece.

create or replace function rhythm.fitting(p_filter jsonb, p_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select e.id
    from unnest(p_ids) as i (id)
    cross join lateral (select x.* from rhythm.executions as x where x.id = i.id offset 0) as e
    where (not p_filter ? 'type' or e.type = p_filter ->> 'type')
      and (not p_filter ? 'target' or e.target = p_filter ->> 'target')
      and (not p_filter ? 'status' or p_filter -> 'status' ? e.status)
      and (not p_filter ? 'queue' or e.queue = p_filter ->> 'queue')
      and (not p_filter ? 'parent' or e.parent_id = (p_filter ->> 'parent')::uuid)
      and (not p_filter ? 'fingerprint' or e.fingerprint::text = p_filter ->> 'fingerprint')
      and (not p_filter ? 'line' or case when e.completed_at is null then (p_filter ->> 'line')::integer = any (rhythm.lines_of(e.id)) else e.error #>> '{at,line}' = p_filter ->> 'line' end)
      and (not p_filter ? 'variables' or e.tags @> rhythm.variable_tags(p_filter -> 'variables'))
      and (not p_filter ? 'metadata' or e.metadata @> (p_filter -> 'metadata'))
      and (not p_filter ? 'paused' or (e.paused_at is not null or e.gate is not null) = (p_filter ->> 'paused')::boolean)
      and (not p_filter ? 'version' or exists (
        select from rhythm.workflow_state as s join rhythm.flow_version as v on v.program = s.program
        where s.execution_id = e.id and to_jsonb(v.version) = p_filter -> 'version'))
    order by e.id);
end;
$$;

comment on function rhythm.fitting(jsonb, uuid[]) is 'Those of some executions that fit the filter of an operation, in order. Internal.';

-- The next executions to look at. If only failures can fit, the indexes of failures have them.
create or replace function rhythm.next_to_look(p_operation rhythm.operation, p_limit integer)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_operation.filter ? 'ids' then
    return array(
      select distinct i.id::uuid from jsonb_array_elements_text(p_operation.filter -> 'ids') as i (id)
      where i.id::uuid > p_operation.place and i.id::uuid < p_operation.until_id order by 1 limit p_limit);
  elsif p_operation.filter ? 'fingerprint' then
    return array(
      select e.id from rhythm.execution as e
      where e.fingerprint = (p_operation.filter ->> 'fingerprint')::bigint and e.id > p_operation.place and e.id < p_operation.until_id order by e.id limit p_limit);
  elsif p_operation.filter ? 'variables' then
    return array(
      select f.id from rhythm.find(p_operation.filter -> 'variables') as f (id)
      where f.id > p_operation.place and f.id < p_operation.until_id order by f.id limit p_limit);
  elsif p_operation.filter -> 'status' <@ '["failed"]' then
    return array(
      select e.id from rhythm.execution as e
      where e.fingerprint is not null and e.id > p_operation.place and e.id < p_operation.until_id order by e.id limit p_limit);
  end if;
  return array(
    select e.id from rhythm.execution as e
    where e.id > p_operation.place and e.id < p_operation.until_id order by e.id limit p_limit);
end;
$$;

comment on function rhythm.next_to_look(rhythm.operation, integer) is 'The next executions that an operation looks at, in order. Internal.';

-- Never waits long: an execution that another session has locked is tried again later. result null: it was locked.
create or replace function rhythm.act(p_operation rhythm.operation, p_id uuid, p_now timestamptz, out result text, out detail text, out place jsonb)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_is_done boolean := true;
begin
  if p_operation.action in ('migrate', 'repair') then
    set local lock_timeout = '10ms';
    select m.is_done, m.place, m.problem into v_is_done, place, detail from rhythm.mark_change(p_operation, p_id, p_now) as m;
    result := case when detail is not null then 'refused' when not v_is_done then 'unchanged' when p_operation.dry_run then 'would' else 'done' end;
    return;
  elsif p_operation.dry_run then
    result := 'would';
    return;
  end if;
  set local lock_timeout = '10ms';
  case p_operation.action
    when 'cancel' then
      v_is_done := p_id = any (rhythm.cancel_trees(array[p_id], left(coalesce(p_operation.args ->> 'reason', 'no reason was given'), 2000), p_now));
    when 'retry' then
      perform rhythm.retry_again(p_id);
    when 'signal' then
      perform rhythm.signal(p_id, p_operation.args ->> 'name', p_operation.args -> 'payload', idempotency_key => 'operation ' || p_operation.id);
    when 'change' then
      perform rhythm.change_waiting(p_id, p_operation.args, p_now);
    when 'pause' then
      v_is_done := rhythm.pause_these(array[p_id], p_operation.args ->> 'reason', p_operation.started_by, p_now) <> '{}';
    else
      v_is_done := rhythm.resume_these(array[p_id], p_now) <> '{}';
  end case;
  result := case when v_is_done then 'done' else 'unchanged' end;
exception
  when lock_not_available or deadlock_detected then
    result := null;
  when others then
    if not rhythm.is_data_error(sqlstate) then
      raise;
    end if;
    result := 'refused';
    detail := sqlerrm;
end;
$$;

comment on function rhythm.act(rhythm.operation, uuid, timestamptz) is 'Does to one execution what an operation does. Internal.';

create or replace function rhythm.act_on(inout p_operation rhythm.operation, p_id uuid, p_now timestamptz)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_act constant record := rhythm.act(p_operation, p_id, p_now);
begin
  insert into rhythm.operation_act (operation_id, execution_id, at, result, detail, place)
  values (p_operation.id, p_id, p_now, v_act.result, v_act.detail, v_act.place)
  on conflict (operation_id, execution_id) do update set at = excluded.at, result = excluded.result, detail = excluded.detail, place = excluded.place;
  p_operation.done := p_operation.done + case when v_act.result in ('done', 'would') then 1 else 0 end;
  p_operation.unchanged := p_operation.unchanged + case when v_act.result = 'unchanged' then 1 else 0 end;
  p_operation.refused := p_operation.refused + case when v_act.result = 'refused' then 1 else 0 end;
end;
$$;

comment on function rhythm.act_on(rhythm.operation, uuid, timestamptz) is 'Does to one execution what an operation does, records and counts it. Internal.';

-- A look that took long makes the next one half as large, a short one makes it slowly larger. What was looked at and then not
-- done is looked at again, so the next look is not larger than what this one did.
create or replace function rhythm.next_pace(p_pace integer, p_done integer, p_took interval)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_took > interval '100 milliseconds' then greatest(least(p_pace, p_done) / 2, 1)
    when p_done < p_pace then greatest(p_done, 1)
    when p_took < interval '50 milliseconds' then least(p_pace + p_pace / 8 + 1, 500)
    else p_pace
  end;
end;
$$;

comment on function rhythm.next_pace(integer, integer, interval) is 'At how many executions an operation looks next, after it did so many of the last ones in such a time. Internal.';

-- One piece: works until p_until, and on one execution at least. True: there is more.
-- Locks: the operation, skip locked; then as its action does, for a hundredth of a second at most.
create or replace function rhythm.work_piece(p_id uuid, p_until timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- A line is found in the state of a workflow, which may be large: it is looked for in one workflow at a time.
  c_dear constant text := 'line';
  v_now constant timestamptz := rhythm.now();
  v_operation rhythm.operation;
  v_begun timestamptz;
  v_ids uuid[];
  v_fit uuid[];
  v_id uuid;
  v_left boolean := false;
begin
  select o.* into v_operation from rhythm.operation as o where o.id = p_id and o.state = 'running' for update skip locked;
  if not found then
    return false;
  end if;
  while not v_operation.is_looked and not v_left loop
    v_begun := clock_timestamp();
    v_ids := rhythm.next_to_look(v_operation, v_operation.pace);
    v_fit := rhythm.fitting(v_operation.filter - c_dear, v_ids);
    foreach v_id in array v_fit loop
      if not v_operation.filter ? c_dear or rhythm.fitting(v_operation.filter, array[v_id]) <> '{}' then
        v_operation := rhythm.act_on(v_operation, v_id, v_now);
      end if;
      v_left := rhythm.time_is_up(p_until);
      exit when v_left;
    end loop;
    v_operation.is_looked := not v_left and cardinality(v_ids) < v_operation.pace;
    if v_left then
      v_ids := array(select i.id from unnest(v_ids) as i (id) where i.id <= v_id order by i.id);
    end if;
    v_operation.looked := v_operation.looked + cardinality(v_ids);
    v_operation.place := coalesce(v_ids[cardinality(v_ids)], v_operation.place);
    v_operation.pace := rhythm.next_pace(v_operation.pace, cardinality(v_ids), clock_timestamp() - v_begun);
    v_left := v_left or rhythm.time_is_up(p_until);
  end loop;
  -- What was locked, if it still fits.
  if v_operation.is_looked and not v_left then
    for v_id in select a.execution_id from rhythm.operation_act as a where a.operation_id = p_id and a.result is null order by a.execution_id limit 50 loop
      if rhythm.fitting(v_operation.filter, array[v_id]) = '{}' then
        update rhythm.operation_act as a set result = 'unchanged', at = v_now where a.operation_id = p_id and a.execution_id = v_id;
        v_operation.unchanged := v_operation.unchanged + 1;
      else
        v_operation := rhythm.act_on(v_operation, v_id, v_now);
      end if;
      exit when rhythm.time_is_up(p_until);
    end loop;
  end if;
  if v_operation.is_looked and not exists (select from rhythm.operation_act as a where a.operation_id = p_id and a.result is null) then
    v_operation.state := 'completed';
    v_operation.ended_at := v_now;
  end if;
  update rhythm.operation as o
  set state = v_operation.state, is_looked = v_operation.is_looked, ended_at = v_operation.ended_at, place = v_operation.place, looked = v_operation.looked,
    done = v_operation.done, unchanged = v_operation.unchanged, refused = v_operation.refused, pace = v_operation.pace
  where o.id = p_id;
  return v_operation.state = 'running';
end;
$$;

comment on function rhythm.work_piece(uuid, timestamptz) is 'Does the next piece of an operation; true: there is more. Internal.';

create or replace function rhythm.work_operation(p_operation uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
set lock_timeout = '100ms'
as $$
begin
  perform rhythm.require_read_committed();
  perform rhythm.require_operation(p_operation, 'work');
  return rhythm.work_piece(p_operation, clock_timestamp() + interval '50 milliseconds');
end;
$$;

comment on function rhythm.work_operation(uuid) is
  'Does the next piece of an operation, for 50 milliseconds, beside chores(), which does one ten times a second. For a program that waits for its end. Commit after each call. False: it has ended, was stopped, or another session works on it.';

create or replace function rhythm.work_operations()
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_until constant timestamptz := clock_timestamp() + interval '50 milliseconds';
  v_id uuid;
  v_more boolean := false;
begin
  for v_id in select o.id from rhythm.operation as o where o.state = 'running' order by o.id limit 10 loop
    v_more := rhythm.work_piece(v_id, v_until) or v_more;
    exit when rhythm.time_is_up(v_until);
  end loop;
  return v_more;
end;
$$;

comment on function rhythm.work_operations() is 'Does the next pieces of operations; true: there is more. Part of chores().';

create or replace function rhythm.forget_operations(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant timestamptz := p_now - rhythm.setting('retention')::interval;
  v_old uuid;
begin
  -- What is still to be applied to workflows that wait stays.
  select o.id into v_old from rhythm.operation as o
  where o.ended_at < v_before and not exists (select from rhythm.workflow_state as s where s.change = o.id)
  order by o.ended_at limit 1;
  if not found then
    return true;
  end if;
  delete from rhythm.operation_act as a
  where a.operation_id = v_old and a.execution_id = any (array(
    select x.execution_id from rhythm.operation_act as x where x.operation_id = v_old order by x.execution_id limit p_limit));
  if not exists (select from rhythm.operation_act as a where a.operation_id = v_old) then
    delete from rhythm.operation as o where o.id = v_old;
  end if;
  return false;
end;
$$;

comment on function rhythm.forget_operations(integer, timestamptz) is 'Deletes operations that ended before the retention, with their records; false: there is more. Part of chores().';
