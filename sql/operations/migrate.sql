-- Operations that change the states of workflows: migrate and repair. The operation only marks the states. The worker
-- that opens a state next applies it: the language makes the new state.

-- p_pairs: what pairPrograms() of the language gives.
create or replace function rhythm.register_pairing(p_flow text, p_from integer, p_to integer, p_pairs jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from constant text := rhythm.program_of(p_flow, p_from);
  v_to constant text := rhythm.program_of(p_flow, p_to);
begin
  if jsonb_typeof(p_pairs) is distinct from 'object' or jsonb_path_exists(p_pairs, '$.* ? (@.type() != "object")') then
    perform rhythm.raise('RH001', 'p_pairs must be an object of objects: what the language gave');
  end if;
  insert into rhythm.pairing (from_program, to_program, pairs) values (v_from, v_to, p_pairs)
  on conflict (from_program, to_program) do update set pairs = excluded.pairs;
end;
$$;

comment on function rhythm.register_pairing(text, integer, integer, jsonb) is
  'Stores where workflows of one version of a flow go on in another version. For tools: registering a flow does it.';

-- Where the caller has yet to pair, newest first.
create or replace function rhythm.unpaired_versions(p_flow text, p_to integer, p_limit integer default 50)
returns table (version integer, code jsonb, to_code jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_to constant text := rhythm.program_of(p_flow, p_to);
begin
  perform rhythm.check_limit('unpaired_versions()', p_limit);
  return query
  select v.version, v.code, t.code
  from rhythm.flow_version as v
  join rhythm.flow_version as t on t.program = v_to
  where v.name = p_flow and v.program <> v_to and v.code <> '{"language": "typescript"}' and t.code <> '{"language": "typescript"}'
    and not exists (select from rhythm.pairing as p where p.from_program = v.program and p.to_program = v_to)
  order by v.version desc
  limit p_limit;
end;
$$;

comment on function rhythm.unpaired_versions(text, integer, integer) is
  'The versions of a flow whose workflows nobody knows yet where to go on in version p_to, with both programs. For tools: they call register_pairing() then.';

create or replace function rhythm.program_of(p_flow text, p_version integer)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_program constant text := (select v.program from rhythm.flow_version as v where v.name = p_flow and v.version = p_version);
begin
  if v_program is null then
    perform rhythm.raise('RH004', format('There is no version %s of flow "%s"', coalesce(p_version::text, 'null'), coalesce(p_flow, 'null')), 'The view flow_versions lists all versions');
  end if;
  return v_program;
end;
$$;

comment on function rhythm.program_of(text, integer) is 'The key of a version of a flow; raises RH004 if there is none. Internal.';

-- What is wrong with the arguments of migrate and repair.
create or replace function rhythm.change_problem(p_action text, p_filter jsonb, p_args jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_args ? 'map' and (jsonb_typeof(p_args -> 'map') <> 'object' or p_args -> 'map' <> '{}' and jsonb_path_exists(p_args, '$.map.* ? (@.type() != "number")')) then
      'map must be an object of line numbers: {"12": 14}'
    when p_args ? 'accept' and not p_args -> 'accept' <@ '["sure", "likely"]' then 'accept must be sure or likely'
    when p_args ? 'set' and jsonb_typeof(p_args -> 'set') <> 'object' then 'set must be an object of variables and their values: {"amount": 40}'
    when p_args ? 'fibre' and coalesce(p_args ->> 'fibre' !~ '^\d{1,9}$', true) then 'fibre must be a number, counted from 0'
    when p_args ? 'note' and jsonb_typeof(p_args -> 'note') <> 'string' then 'note must be a text'
    when p_args ? 'then' and not p_args -> 'then' <@ '["retry", "resume"]' then 'then must be retry or resume'
    when p_args ? 'to' and coalesce(p_args ->> 'to' !~ '^[1-9]\d{0,8}$', true) then 'to must be the number of a version'
    when (p_action = 'migrate' or p_args ? 'to') and jsonb_typeof(p_filter -> 'target') is distinct from 'string' then
      'The filter must name a target: versions belong to a flow'
    when p_action = 'repair' and not (p_args ? 'to' or p_args ? 'set') then 'repair needs "set", "to", or both'
  end;
end;
$$;

comment on function rhythm.change_problem(text, jsonb, jsonb) is 'What is wrong with the arguments of migrate or repair; null if nothing is. Internal.';

-- Without a version, it is the current one. Without a status, migrate takes what has not ended.
create or replace function rhythm.complete_change(p_action text, inout p_filter jsonb, inout p_args jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flow constant text := p_filter ->> 'target';
begin
  if p_action = 'migrate' and not p_args ? 'to' then
    p_args := p_args || jsonb_build_object('to', (
      select v.version from rhythm.flow as f join rhythm.flow_version as v on v.program = f.program where f.name = v_flow));
  end if;
  if p_args ? 'to' then
    perform rhythm.program_of(v_flow, (p_args ->> 'to')::integer);
  end if;
  p_filter := case when p_action = 'migrate' and not p_filter ? 'status' then '{"status": ["pending", "running", "suspended"]}' else '{}'::jsonb end
    || '{"type": "workflow"}' || p_filter;
end;
$$;

comment on function rhythm.complete_change(text, jsonb, jsonb) is 'The filter and the arguments of migrate or repair with their defaults. Internal.';

-- Where a state stands, and where it would go on: {lines, to, how, why}; null: the programs are not paired yet.
create or replace function rhythm.place_of(p_snapshot json, p_from text, p_to text, p_args jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_heap constant jsonb := (p_snapshot -> 'h')::jsonb;
  v_pairs constant jsonb := (select p.pairs from rhythm.pairing as p where p.from_program = p_from and p.to_program = p_to);
begin
  if p_snapshot is null or p_from = p_to then
    return '{"lines": [], "to": [], "how": "sure"}';
  elsif v_pairs is null then
    return null;
  end if;
  return (
    select jsonb_strip_nulls(jsonb_build_object(
      'lines', coalesce(jsonb_agg(x.line order by x.nth), '[]'), 'to', coalesce(jsonb_agg(x.to_line order by x.nth), '[]'),
      'how', (array['sure', 'likely', 'none'])[coalesce(max(x.grade), 1)],
      'why', (array_agg(x.why order by x.grade desc, x.nth) filter (where x.grade > 1))[1]))
    from (
      select s.nth, coalesce(s.pair -> 'line', '0') as line, coalesce(p_args -> 'map' -> (s.pair ->> 'line'), s.pair -> 'toLine', 'null') as to_line,
        case
          when p_args -> 'map' ? (s.pair ->> 'line') then 1
          when s.pair is null or s.pair ->> 'how' = 'none' then 3
          when s.pair ->> 'how' = 'likely' or l.name is not null then 2
          else 1
        end as grade,
        coalesce(case when l.name is not null then format('"%s" has no value there', l.name) end, s.pair ->> 'why', 'it stands at no await') as why
      from (
        select f.nth, v_pairs -> concat(v_heap -> (f.entry ->> 1)::integer ->> 1, ':', f.entry ->> 3) as pair
        from jsonb_array_elements(v_heap) with ordinality as f (entry, nth)
        where f.entry ->> 0 = '15' and f.entry ->> 4 <> '-1'
      ) as s
      left join lateral (
        select n.name from jsonb_array_elements_text(s.pair -> 'lacks') as n (name) where not coalesce(p_args -> 'set' ? n.name, false) limit 1
      ) as l on true
    ) as x);
end;
$$;

comment on function rhythm.place_of(json, text, text, jsonb) is 'Where a workflow stands, and where it would go on in another version. Internal.';

-- Marks a state for the worker that opens it next. Raises if the workflow cannot go on there.
create or replace function rhythm.mark_change(p_operation rhythm.operation, p_id uuid, p_now timestamptz, out is_done boolean, out place jsonb, out problem text)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_args constant jsonb := p_operation.args;
  v_execution rhythm.execution;
  v_state rhythm.workflow_state;
  v_from rhythm.flow_version;
  v_to rhythm.flow_version;
begin
  if not p_operation.dry_run then
    -- retry() locks more than this state, and all in one order.
    perform rhythm.lock_states(case when p_operation.action = 'repair' then rhythm.retry_reach(p_id) else array[p_id] end);
  end if;
  select e.* into v_execution from rhythm.execution as e where e.id = p_id;
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_id;
  select v.* into v_from from rhythm.flow_version as v where v.program = v_state.program;
  select v.* into v_to from rhythm.flow_version as v
  where v.name = v_execution.target and v.version = coalesce((v_args ->> 'to')::integer, v_from.version);
  is_done := true;
  place := jsonb_build_object('version', v_from.version);
  if v_execution.state = 4 then
    problem := 'it is a frozen copy';
  elsif v_state.execution_id is null or v_execution.state not in (0, 2) then
    problem := format('it is %s', rhythm.status_of(p_id));
  elsif v_from.code = '{"language": "typescript"}' or v_to.code = '{"language": "typescript"}' then
    problem := 'it is a workflow in TypeScript, whose steps need its own program';
  elsif v_state.snapshot is null and v_args ? 'set' then
    problem := 'it has not come to its first wait, so it has no variables';
  elsif p_operation.action = 'migrate' and v_state.program = v_to.program and v_state.change is null then
    is_done := false;
  else
    place := place || coalesce(rhythm.place_of(v_state.snapshot, v_state.program, v_to.program, v_args), '{}');
    if place ->> 'how' <> 'sure' and (place ->> 'how' = 'none' or v_args ->> 'accept' is distinct from 'likely') then
      problem := format('line %s to line %s is %s: %s', place -> 'lines' ->> 0, coalesce(place -> 'to' ->> 0, '?'), place ->> 'how', place ->> 'why');
    end if;
  end if;
  if p_operation.dry_run or not is_done or problem is not null then
    return;
  end if;
  -- What another operation has marked, and no worker has applied yet, will not come to pass: that operation says so.
  if v_state.change <> p_operation.id then
    update rhythm.operation_act as a
    set result = 'refused', detail = format('operation %s changed it before a worker had applied this', p_operation.id), at = p_now
    where a.operation_id = v_state.change and a.execution_id = p_id and a.result = 'done';
    if found then
      update rhythm.operation as o set done = o.done - 1, refused = o.refused + 1 where o.id = v_state.change;
    end if;
  end if;
  update rhythm.workflow_state as s set change = p_operation.id where s.execution_id = p_id;
  if p_operation.action <> 'repair' then
    return;
  elsif v_execution.state = 2 then
    perform rhythm.retry_again(p_id);
  elsif v_args ->> 'then' = 'resume' then
    perform rhythm.resume_these(array[p_id], p_now);
  end if;
end;
$$;

comment on function rhythm.mark_change(rhythm.operation, uuid, timestamptz) is
  'Marks the state of a workflow for migrate or repair; problem: why it stays as it is. Internal.';

create or replace function rhythm.change_of(p_operation uuid, p_flow text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object('change', jsonb_strip_nulls(jsonb_build_object('action', o.action, 'args', o.args, 'program', v.program, 'version', v.version)))
    from rhythm.operation as o
    left join rhythm.flow_version as v on v.name = p_flow and v.version = (o.args ->> 'to')::integer
    where o.id = p_operation);
end;
$$;

comment on function rhythm.change_of(uuid, text) is 'What the worker that opens a state must apply to it. Internal.';

-- The worker holds the lease. p_snapshot: the new state; null: it has not begun. p_problem: why it cannot be changed; it goes on as it is.
-- Returns the number and the epoch with which it goes on; null: the lease is lost.
create or replace function rhythm.apply_change(
  p_worker uuid, p_execution uuid, p_call integer, p_seq integer, p_snapshot json default null, p_problem text default null
)
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
  v_state rhythm.workflow_state;
  v_execution rhythm.execution;
  v_operation rhythm.operation;
  v_to rhythm.flow_version;
begin
  perform rhythm.require_read_committed();
  perform rhythm.lock_states(array[p_execution]);
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution for no key update;
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_execution;
  perform from rhythm.batch as b where b.id = v_state.batch_id and b.worker = p_worker and b.call = p_call for update;
  if not found or v_state.seq is distinct from p_seq or v_execution.state <> 0 then
    return null;
  end if;
  select o.* into v_operation from rhythm.operation as o where o.id = v_state.change;
  if v_operation.id is null then
    return null;
  elsif p_problem is null and v_state.snapshot is not null and json_typeof(p_snapshot) is distinct from 'object' then
    perform rhythm.raise('RH001', 'p_snapshot must be a JSON object: a state that the language gave');
  end if;
  update rhythm.workflow_state as s set change = null where s.execution_id = p_execution;
  if p_problem is not null then
    update rhythm.operation_act as a set result = 'refused', detail = left(p_problem, 2000), at = rhythm.now()
    where a.operation_id = v_operation.id and a.execution_id = p_execution and a.result = 'done';
    if found then
      update rhythm.operation as o set done = o.done - 1, refused = o.refused + 1 where o.id = v_operation.id;
    end if;
    return jsonb_build_object('seq', v_state.seq, 'epoch', coalesce(v_execution.epoch, 0));
  end if;
  select v.* into v_to from rhythm.flow_version as v where v.name = v_execution.target and v.version = (v_operation.args ->> 'to')::integer;
  if v_state.snapshot is null then
    update rhythm.workflow_state as s set program = coalesce(v_to.program, s.program) where s.execution_id = p_execution;
  else
    perform rhythm.store_change(v_state, p_snapshot, case v_operation.action when 'migrate' then 'migrated' else 'repaired' end,
      concat_ws(': ', 'operation ' || v_operation.id, v_operation.args ->> 'note'), v_to.program, v_operation.started_by);
  end if;
  update rhythm.execution as e set version = coalesce(v_to.version, e.version) where e.id = p_execution;
  return (
    select jsonb_build_object('seq', s.seq, 'epoch', coalesce(e.epoch, 0))
    from rhythm.workflow_state as s join rhythm.execution as e on e.id = s.execution_id where s.execution_id = p_execution);
end;
$$;

comment on function rhythm.apply_change(uuid, uuid, integer, integer, json, text) is
  'For a worker: stores the state of a workflow that an operation migrates or repairs, before its next step; returns {seq, epoch}. Null: the lease is lost.';

create or replace function rhythm.migrate(
  p_flow text, p_to integer default null, p_filter jsonb default '{}', p_args jsonb default '{}', dry_run boolean default false, p_by text default null
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    perform rhythm.raise('RH001', 'A filter must be an object: {"status": "suspended"}');
  elsif jsonb_typeof(p_args) is distinct from 'object' then
    perform rhythm.raise('RH001', 'The arguments of an action must be an object');
  end if;
  return rhythm.operate('migrate', p_filter || jsonb_build_object('target', p_flow), p_args || jsonb_strip_nulls(jsonb_build_object('to', p_to)), migrate.dry_run, p_by);
end;
$$;

comment on function rhythm.migrate(text, integer, jsonb, jsonb, boolean, text) is
  'Moves the running workflows of a flow to another version (default: the current one), each when it is opened next; returns the id of the operation. '
  'p_args: {map: lines of the old version and those of the new one where to go on, accept: "likely", set: variables that are new}. '
  'Call it in the transaction that registers the version. Example: select rhythm.migrate(''order'');';

create or replace function rhythm.operation_places(p_operation uuid)
returns table (version integer, lines integer[], sources text[], to_lines integer[], to_sources text[], how text, why text, result text, executions bigint, example uuid)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_operation rhythm.operation;
begin
  perform rhythm.require_operation(p_operation, 'look at it');
  select o.* into v_operation from rhythm.operation as o where o.id = p_operation;
  return query
  select (g.place ->> 'version')::integer, f.lines, f.sources, t.lines, t.sources, g.place ->> 'how', g.place ->> 'why', g.result, g.executions, g.example
  from (
    select a.place, a.result, count(*) as executions, min(a.execution_id::text)::uuid as example
    from rhythm.operation_act as a
    where a.operation_id = p_operation and a.place is not null
    group by a.place, a.result
  ) as g
  cross join lateral rhythm.source_lines(v_operation.filter ->> 'target', (g.place ->> 'version')::integer, g.place -> 'lines') as f
  cross join lateral rhythm.source_lines(v_operation.filter ->> 'target', (v_operation.args ->> 'to')::integer, g.place -> 'to') as t
  order by 1, 2, 4, 8;
end;
$$;

comment on function rhythm.operation_places(uuid) is
  'Where the workflows of an operation (migrate, repair) stood and where they go on, in groups: lines with their source, how sure it is, and how many there are. For a dry run, too.';

create or replace function rhythm.source_lines(p_flow text, p_version integer, p_lines jsonb, out lines integer[], out sources text[])
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source constant text[] := (select string_to_array(v.source, E'\n') from rhythm.flow_version as v where v.name = p_flow and v.version = p_version);
begin
  lines := array(select l.line::integer from jsonb_array_elements_text(p_lines) with ordinality as l (line, nth) order by l.nth);
  sources := array(select btrim(v_source[l.line::integer], E' \t\r') from jsonb_array_elements_text(p_lines) with ordinality as l (line, nth) order by l.nth);
end;
$$;

comment on function rhythm.source_lines(text, integer, jsonb) is 'Lines of a version of a flow with their text. Internal.';
