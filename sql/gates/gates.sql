-- Gates stop executions at a place: a workflow that would go on from a line, a task that a flow has started. They are parked, as what
-- is paused is, with the number of the gate. `resume_execution()` lets one on. If a gate goes, chores() lets on what stands there.

-- The where clause keeps Postgres from reading an index: a table without pages costs no page.
create or replace function rhythm.gated_flows()
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select array_agg(distinct g.flow) from rhythm.gate as g where g.set_at is not null and g.line is not null);
end;
$$;

comment on function rhythm.gated_flows() is 'The flows that have a gate at a line; null: none. Internal.';

-- Offsets count as JavaScript does: a character outside the basic plane is two.
create or replace function rhythm.line_at(p_code jsonb, p_function integer, p_pc integer)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_offset integer;
  v_text text;
begin
  select o.at into v_offset
  from (
    select p.nth, sum(p.pc) over (order by p.nth) as pc, sum(p.moved) over (order by p.nth) as at
    from (
      select (x.nth - 1) / 2 as nth, max(x.value::integer) filter (where x.nth % 2 = 1) as pc, max(x.value::integer) filter (where x.nth % 2 = 0) as moved
      from jsonb_array_elements_text(p_code -> 'functions' -> p_function -> 'positions') with ordinality as x (value, nth) group by 1
    ) as p
  ) as o
  where o.pc <= p_pc
  order by o.nth desc limit 1;
  v_text := left(regexp_replace(p_code ->> 'source', '[^\x01-\uffff]', 'xx', 'g'), v_offset);
  return 1 + length(v_text) - length(replace(v_text, E'\n', ''));
end;
$$;

comment on function rhythm.line_at(jsonb, integer, integer) is 'The line of an instruction of a program. Internal.';

-- The heap of a snapshot: see src/flow/snapshot/format.ts. 15 is an activation, whose fourth member is the promise that it awaits.
create or replace function rhythm.lines_of(p_execution uuid)
returns integer[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_heap jsonb;
  v_code jsonb;
begin
  select (s.snapshot -> 'h')::jsonb, v.code into v_heap, v_code
  from rhythm.workflow_state as s join rhythm.flow_version as v on v.program = s.program where s.execution_id = p_execution;
  if jsonb_typeof(v_heap) is distinct from 'array' or not v_code ? 'functions' then
    return '{}';
  end if;
  return array(
    select distinct rhythm.line_at(v_code, (v_heap -> (f.value ->> 1)::integer ->> 1)::integer, (f.value ->> 3)::integer)
    from jsonb_array_elements(v_heap) as f (value)
    where f.value ->> 0 = '15' and f.value ->> 4 <> '-1' order by 1);
end;
$$;

comment on function rhythm.lines_of(uuid) is 'The lines in which the branches of a workflow stand; empty: it is not in the flow language, or has not begun.';

-- From what has ended (14, a promise with its operation), over promises and combinators (16), to the activations that await it.
create or replace function rhythm.lines_going_on(p_execution uuid)
returns integer[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_items constant text[] := array(select i.item::text from rhythm.inbox as i where i.execution_id = p_execution);
  v_heap jsonb;
  v_code jsonb;
begin
  select (s.snapshot -> 'h')::jsonb, v.code into v_heap, v_code
  from rhythm.workflow_state as s join rhythm.flow_version as v on v.program = s.program where s.execution_id = p_execution;
  if jsonb_typeof(v_heap) is distinct from 'array' or not v_code ? 'functions' then
    return '{}';
  end if;
  return array(
    with recursive reached as (
      select h.value as entry
      from jsonb_array_elements(v_heap) as h (value)
      where h.value ->> 0 = '14' and case jsonb_typeof(h.value -> 4) when 'array' then h.value #>> '{4,0}' else h.value ->> 4 end = any (v_items)
      union
      select v_heap -> case x.value ->> 0
        when '5' then (v_heap -> (x.value ->> 1)::integer ->> 2)::integer
        when '1' then (x.value ->> 3)::integer
        when '2' then (x.value ->> 2)::integer
        else (x.value ->> 1)::integer end
      from reached as r
      cross join lateral jsonb_array_elements(r.entry) with ordinality as x (value, nth)
      where x.nth > 5 and x.value ->> 0 <> '0'
    )
    select distinct rhythm.line_at(v_code, (v_heap -> (f.entry ->> 1)::integer ->> 1)::integer, (f.entry ->> 3)::integer)
    from reached as r
    cross join lateral jsonb_array_elements(r.entry) with ordinality as x (value, nth)
    cross join lateral (select v_heap -> (x.value ->> 1)::integer as entry) as f
    where x.nth > 5 and x.value ->> 0 = '0'
    order by 1);
end;
$$;

comment on function rhythm.lines_going_on(uuid) is 'The lines from which a workflow goes on with what is in its inbox. Internal.';

create or replace function rhythm.fits_gate(p_gate rhythm.gate, p_execution uuid)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_gate.condition = '{}' or rhythm.fitting(p_gate.condition, array[p_execution]) <> '{}';
end;
$$;

comment on function rhythm.fits_gate(rhythm.gate, uuid) is 'Whether an execution of its flow fits the condition of a gate. Internal.';

-- Called only while there are gates. What is being cancelled cleans up, and does not stop.
create or replace function rhythm.gates_at(p_ids uuid[])
returns table (execution_id uuid, gate integer)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select distinct on (e.id) e.id, g.id
  from unnest(p_ids) as i (id)
  cross join lateral (select x.id, x.target from rhythm.execution as x where x.id = i.id and x.type = 'workflow' and x.cancel_reason is null offset 0) as e
  join rhythm.gate as g on g.flow = e.target and g.line is not null
  join rhythm.flow_version as v on v.name = g.flow and v.version = g.version
  cross join lateral (select s.program from rhythm.workflow_state as s where s.execution_id = e.id and s.program = v.program offset 0) as s
  where g.line = any (rhythm.lines_going_on(e.id)) and rhythm.fits_gate(g, e.id)
  order by e.id, g.id;
end;
$$;

comment on function rhythm.gates_at(uuid[]) is 'Which of some workflows have come to a gate, and to which. Internal.';

create or replace function rhythm.gates_before(p_kinds rhythm.kind[], p_newcomers rhythm.newcomer[])
returns rhythm.gate[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select array_agg(g order by g.id) from rhythm.gate as g
    where g.set_at is not null and g.before is not null and exists (select from unnest(p_kinds) as k where k.type = 'task' and k.target = g.before)
      and exists (select from unnest(p_newcomers) as n where n.parent_id is not null));
end;
$$;

comment on function rhythm.gates_before(rhythm.kind[], rhythm.newcomer[]) is 'The gates at which some of these new executions may stop; null: none. Internal.';

-- Each gets a batch of its own, which is parked.
create or replace function rhythm.stop_before(p_gates rhythm.gate[], p_newcomers rhythm.newcomer[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row record;
  v_batch rhythm.batch;
begin
  for v_row in
    select distinct on (c.id) c.id, c.batch_id, g.id as gate
    from unnest(p_newcomers) as n
    join rhythm.execution as c on c.id = n.id and c.type = 'task'
    join rhythm.execution as p on p.id = n.parent_id and p.cancel_reason is null
    join unnest(p_gates) as g on g.before = c.target and g.flow = p.target and rhythm.fits_gate(g, p.id)
    order by c.id, g.id
  loop
    select (rhythm.batch_of(e, null, b.attempt, b.failures, b.crashes)).* into v_batch
    from rhythm.execution as e join rhythm.batch as b on b.id = v_row.batch_id where e.id = v_row.id;
    v_batch.run_at := 'infinity';
    v_batch.gate := v_row.gate;
    insert into rhythm.batch select v_batch.*;
    perform rhythm.move_members('task', array[v_row.id], v_row.batch_id, v_batch.id);
    perform rhythm.drop_empty_batches(array[v_row.batch_id]);
  end loop;
end;
$$;

comment on function rhythm.stop_before(rhythm.gate[], rhythm.newcomer[]) is 'Parks those of some new tasks that have come to a gate. Internal.';

-- Locks: batches, skip locked. Never waits.
create or replace function rhythm.open_gates(p_limit integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batches rhythm.batch[];
begin
  with freed as (
    update rhythm.batch as b set gate = null, run_at = case when b.paused then 'infinity' else x.run_at end, limited = rhythm.has_limits(b.queue)
    from (
      select y.id, (select case when e.run_at > rhythm.now() then e.run_at end from rhythm.execution as e where e.id = y.first_id) as run_at
      from rhythm.batch as y
      where y.gate is not null and not exists (select from rhythm.gate as g where g.id = y.gate)
      order by y.id limit p_limit for update skip locked
    ) as x
    where b.id = x.id
    returning b.*
  )
  select array_agg(f::rhythm.batch) into v_batches from freed as f;
  if v_batches is not null then
    perform rhythm.wake_for(v_batches);
  end if;
end;
$$;

comment on function rhythm.open_gates(integer) is 'Lets on up to p_limit of what stands at gates that are gone. Part of chores().';

create or replace function rhythm.pass_gate(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select from rhythm.workflow_state as s join rhythm.batch as b on b.id = s.batch_id
    where s.execution_id = p_execution and b.gate is not null and not b.paused
  ) then
    perform rhythm.resume_these(array[p_execution], rhythm.now());
  end if;
end;
$$;

comment on function rhythm.pass_gate(uuid) is 'Lets a workflow on that stands at a gate and is not paused. Internal.';

create or replace function rhythm.gate_problem(p_flow text, p_line integer, p_before text, p_condition jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_known constant text[] := '{variables,metadata,queue,parent}';
begin
  return case
    when (p_line is null) = (p_before is null) then 'A gate stands in a line or before a task: give one of "line" and "before"'
    when p_line < 1 then format('%s cannot be a line: lines are counted from 1', p_line)
    when p_before is not null and rhythm.name_problem('task', p_before) is not null then rhythm.name_problem('task', p_before)
    when jsonb_typeof(p_condition) is distinct from 'object' then 'The condition of a gate must be an object: {"variables": {"orderId": "1042"}}'
    when p_condition - c_known <> '{}' then 'There is no ' || rhythm.unknown_option(p_condition, c_known)
    when p_condition <> '{}' then rhythm.filter_problem(p_condition)
  end;
end;
$$;

comment on function rhythm.gate_problem(text, integer, text, jsonb) is 'What is wrong with a gate; null if nothing is. Internal.';

create or replace function rhythm.set_gate(
  p_flow text, p_line integer default null, p_before text default null, p_condition jsonb default '{}', p_version integer default null, p_note text default null, p_by text default null
)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_note, p_by);
  v_problem constant text := rhythm.gate_problem(p_flow, p_line, p_before, p_condition);
  v_version rhythm.flow_version;
  v_id integer;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  select v.* into v_version from rhythm.flow_version as v
  where v.name = p_flow and case when p_version is null then exists (select from rhythm.flow as f where f.program = v.program) else v.version = p_version end;
  if not found then
    perform rhythm.raise('RH004', case when p_version is null then format('There is no flow "%s"', coalesce(p_flow, 'null')) else format('There is no version %s of flow "%s"', p_version, coalesce(p_flow, 'null')) end,
      'The view flow_versions lists all versions');
  elsif p_line is not null and v_version.code = '{"language": "typescript"}' then
    perform rhythm.raise('RH003', format('Cannot set a gate in line %s: "%s" is a workflow in TypeScript', p_line, p_flow), 'It can stop before a task');
  elsif p_line > 1 + length(v_version.source) - length(replace(v_version.source, E'\n', '')) then
    perform rhythm.raise('RH001', format('Cannot set a gate in line %s: version %s of flow "%s" has fewer lines', p_line, v_version.version, p_flow));
  end if;
  insert into rhythm.gate (flow, version, line, before, condition, set_at, set_by, note)
  values (p_flow, case when p_line is not null then v_version.version end, p_line, p_before, p_condition, rhythm.now(), v_names.by_whom, v_names.reason)
  returning id into v_id;
  perform rhythm.record('set', 'gate', v_id::text, p_note, p_after => jsonb_strip_nulls(jsonb_build_object('flow', p_flow, 'line', p_line, 'before', p_before, 'condition', p_condition)));
  return v_id;
end;
$$;

comment on function rhythm.set_gate(text, integer, text, jsonb, integer, text, text) is
  'Executions of a flow stop here until resume_execution(), edit_state(), or until the gate is removed; returns its number. p_line: they do not go on from that line of p_version (default: the current one), once what they wait for there has ended. '
  'p_before: what they start of that task does not begin. p_condition: {variables, metadata, queue, parent}. Example: select rhythm.set_gate(''order'', p_before => ''charge'');';

create or replace function rhythm.remove_gate(p_gate integer)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old rhythm.gate;
begin
  delete from rhythm.gate as g where g.id = p_gate returning g.* into v_old;
  if v_old.id is null then
    return false;
  end if;
  perform rhythm.record('remove', 'gate', p_gate::text, p_before => jsonb_strip_nulls(jsonb_build_object('flow', v_old.flow, 'line', v_old.line, 'before', v_old.before, 'condition', v_old.condition)));
  -- The first of them go on at once.
  perform rhythm.open_gates(100);
  return true;
end;
$$;

comment on function rhythm.remove_gate(integer) is 'Removes a gate. What stands there goes on. False: there is none of this number.';

drop view if exists rhythm.gates;

create view rhythm.gates as
select g.id, g.flow, g.version, g.line, g.before, g.condition, g.set_at, g.set_by, g.note,
  case when g.line is not null then (
    select btrim(split_part(v.source, E'\n', g.line), E' \t\r') from rhythm.flow_version as v where v.name = g.flow and v.version = g.version) end as source_line,
  (select count(*) from rhythm.batch as b where b.gate = g.id) as executions
from rhythm.gate as g;

comment on view rhythm.gates is 'Where executions stop until somebody lets them on, and how many stand there. Which ones: the column gate of the view executions.';

create or replace function rhythm.gate_reason(p_gate integer)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((
    select rhythm.reason('gate', format('It stands at gate %s, %s, which %s set at %s%s', g.id,
        case when g.line is null then format('before task "%s"', g.before) else format('in line %s', g.line) end, g.set_by, rhythm.moment_text(g.set_at), ': ' || g.note),
      jsonb_build_object('gate', g.id, 'line', g.line, 'target', g.before, 'since', g.set_at, 'by', g.set_by, 'why', g.note))
    from rhythm.gate as g where g.id = p_gate), '[]');
end;
$$;

comment on function rhythm.gate_reason(integer) is 'At which gate an execution stands, for explain(). Internal.';
