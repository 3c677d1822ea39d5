-- An execution as a file, and as a frozen copy in another installation.

create or replace function rhythm.exported_programs(p_ids uuid[])
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('program', v.program, 'name', v.name, 'version', v.version, 'source', v.source, 'code', v.code,
    'input_schema', v.input_schema, 'options', v.options, 'description', v.description, 'created_at', v.created_at) order by v.name, v.version), '[]')
  from rhythm.flow_version as v
  where v.program in (
    select s.program from rhythm.workflow_state as s where s.execution_id = any (p_ids)
    union all
    select x.program from rhythm.base as b cross join lateral (values (b.program), (b.was)) as x (program) where b.execution_id = any (p_ids)
    union all
    select o.program from rhythm.execution as e join rhythm.flow_version as o on o.name = e.target and o.version = e.version
    where e.id = any (p_ids) and e.type = 'workflow');
$$;

comment on function rhythm.exported_programs(uuid[]) is 'The versions of flows that some executions run or ran, for export_execution(). Internal.';

-- The steps that committed with the end of a child are listed like all others, and the ends of children as the steps took them.
-- A snapshot is a text, because jsonb would change the order of its keys.
create or replace function rhythm.exported_workflow(p_execution uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'state', (
      select jsonb_build_object('program', s.program, 'seq', s.seq, 'cleanup', s.cleanup, 'snapshot', s.snapshot::text)
      from rhythm.workflow_state as s where s.execution_id = p_execution),
    'journal', (
      select coalesce(jsonb_agg(jsonb_build_object('step', s.step, 'moment', s.moment, 'items', to_jsonb(s.items)) order by s.step), '[]')
      from rhythm.steps_of(p_execution, 0, null) as s),
    'ends', (
      select coalesce(jsonb_agg(jsonb_build_object('item', x.item, 'step', x.step, 'settled', x.settled) order by x.step, x.item), '[]')
      from (
        select c.id as item, s.step, coalesce((select n.settled from rhythm.end_taken(p_execution, c.id, s.step) as n), rhythm.settled_items(array[c.id]) -> 0) as settled
        from rhythm.steps_of(p_execution, 0, null) as s
        cross join lateral unnest(s.items) as i (id)
        join rhythm.execution as c on c.id = i.id and c.parent_id = p_execution
      ) as x),
    'bases', (
      select coalesce(jsonb_agg(jsonb_build_object('step', b.step, 'epoch', b.epoch, 'at', b.at, 'act', b.act, 'by', b.by, 'note', b.note, 'program', b.program,
        'was', b.was, 'snapshot', b.snapshot::text) order by b.step), '[]')
      from rhythm.base as b where b.execution_id = p_execution),
    'timers', (
      select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'fires_at', t.fires_at) order by t.id), '[]')
      from rhythm.timer as t where t.execution_id = p_execution and not t.deadline),
    'waits', (
      select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name, 'timeout_at', w.timeout_at, 'timed_out', w.timed_out) order by w.id), '[]')
      from rhythm.signal_wait as w where w.execution_id = p_execution),
    'signals', (
      select coalesce(jsonb_agg(jsonb_build_object('name', g.name, 'payload', g.payload, 'taken_by', g.taken_by, 'sent_at', g.sent_at)
        || case when g.asked then jsonb_build_object('asked', true, 'answer', g.answer, 'answered_at', g.answered_at) else '{}' end order by g.id), '[]')
      from rhythm.signal as g where g.execution_id = p_execution),
    'named', (select coalesce(jsonb_agg(to_jsonb(p) - 'execution_id' order by p.seq, p.name), '[]') from rhythm.step as p where p.execution_id = p_execution));
end;
$$;

comment on function rhythm.exported_workflow(uuid) is 'What a workflow has besides its own row, for export_execution(). Internal.';

create or replace function rhythm.export_execution(p_execution uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  c_most constant integer := 10000;
  v_ids uuid[];
begin
  if not exists (select from rhythm.execution as e where e.id = p_execution) then
    perform rhythm.raise('RH002', format('Cannot export: there is no execution %s', coalesce(p_execution::text, 'null')));
  elsif exists (select from rhythm.execution as e where e.id = p_execution and e.state = 4) then
    perform rhythm.raise('RH003', format('Cannot export execution %s: it is a frozen copy', p_execution), 'Use the file that it was imported from');
  end if;
  v_ids := array(
    with recursive tree as (
      select p_execution as id
      union all
      select e.id from tree as t join rhythm.execution as e on e.parent_id = t.id
    )
    select t.id from tree as t limit c_most + 1);
  if cardinality(v_ids) > c_most then
    perform rhythm.raise('RH006', format('Cannot export execution %s: it and all that it started are more than %s executions', p_execution, c_most), 'Export one of its children');
  end if;
  return jsonb_build_object(
    'format', 'rhythm execution', 'version', 1, 'exported_at', rhythm.now(),
    'exported_from', current_database() || coalesce((select ', ' || h.environment from rhythm.home as h), ''),
    'root', p_execution,
    'programs', rhythm.exported_programs(v_ids),
    'executions', (
      select jsonb_agg(jsonb_build_object(
        'id', e.id, 'parent_id', case when e.id <> p_execution then e.parent_id end, 'type', e.type, 'target', e.target, 'status', v.status, 'queue', e.queue,
        'priority', e.priority, 'version', e.version, 'epoch', e.epoch, 'seed', e.seed::text, 'attempt', v.attempt, 'run_at', e.run_at, 'claimed_at', v.claimed_at,
        'completed_at', e.completed_at, 'timeout_ms', e.timeout_ms, 'concurrency_key', e.concurrency_key, 'retry', e.retry, 'tags', to_jsonb(e.tags),
        'traceparent', e.traceparent, 'metadata', e.metadata, 'progress', e.progress, 'checkpoint', e.checkpoint, 'note', e.note, 'cancel_reason', e.cancel_reason,
        'error', e.error, 'inputs', e.inputs, 'output', v.output,
        'reasons', rhythm.reasons_of(e.id, 1),
        'logs', (
          select coalesce(jsonb_agg(jsonb_build_object('at', l.at, 'level', l.level, 'message', l.message, 'data', l.data) order by l.id), '[]')
          from rhythm.log_line as l where l.execution_id = e.id))
        || case e.type when 'workflow' then rhythm.exported_workflow(e.id) else '{}' end order by e.id)
      from rhythm.execution as e
      cross join lateral (select x.status, x.attempt, x.claimed_at, x.output from rhythm.executions as x where x.id = e.id offset 0) as v
      where e.id = any (v_ids)));
end;
$$;

comment on function rhythm.export_execution(uuid) is
  'An execution with all that it started and its whole history, as one JSON object for import_execution() of another installation. It contains inputs, outputs, variables and the seed of the random numbers: keep it as safe as the database. '
  'Example: select rhythm.export_execution(''0190…'');';

-- Versions that are not here get the next number of their flow. None becomes the current one.
create or replace function rhythm.import_programs(p_programs jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_program record;
  v_problem text;
begin
  for v_program in
    select p.* from jsonb_to_recordset(p_programs) as p (program text, name text, version integer, source text, code jsonb, input_schema jsonb, options jsonb, description text, created_at timestamptz)
    order by p.name, p.version
  loop
    if v_program.program is distinct from rhythm.program_hash(v_program.name, v_program.source) and v_program.code is distinct from '{"language": "typescript"}' then
      perform rhythm.raise('RH001', format('Cannot import: the text of flow "%s", version %s, is not the one that was exported', v_program.name, v_program.version));
    end if;
    v_problem := coalesce(rhythm.name_problem('flow', v_program.name), rhythm.options_problem(v_program.options),
      case when v_program.input_schema is not null then rhythm.check_schema(v_program.input_schema) ->> 'message' end,
      case when jsonb_typeof(v_program.code) is distinct from 'object' then 'a program is no object' end);
    if v_problem is not null then
      perform rhythm.raise('RH001', 'Cannot import: the file is damaged: ' || v_problem);
    end if;
    perform pg_advisory_xact_lock(hashtextextended(:'schema' || ' flow ' || v_program.name, 0));
    insert into rhythm.flow_version (program, name, version, source, code, input_schema, options, description, found_by, created_at)
    values (v_program.program, v_program.name, (select coalesce(max(v.version), 0) + 1 from rhythm.flow_version as v where v.name = v_program.name),
      v_program.source, v_program.code, v_program.input_schema, v_program.options, v_program.description, rhythm.found_by(v_program.code), v_program.created_at)
    on conflict (program) do nothing;
  end loop;
end;
$$;

comment on function rhythm.import_programs(jsonb) is 'Stores the versions of flows that a file contains. Internal.';

-- Timers count as fired and waits as over, so that nothing is due. Ends of children are stored as their workflow took them.
create or replace function rhythm.import_workflow(p_execution uuid, p_file jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.workflow_state (execution_id, program, seq, cleanup, snapshot)
  select p_execution, s.program, s.seq, s.cleanup, s.snapshot::json
  from jsonb_to_record(nullif(p_file -> 'state', 'null')) as s (program text, seq integer, cleanup boolean, snapshot text)
  where s.program is not null;
  insert into rhythm.journal (execution_id, step, moment, items)
  select p_execution, j.step, j.moment, j.items from jsonb_to_recordset(p_file -> 'journal') as j (step integer, moment timestamptz, items uuid[]);
  insert into rhythm.taken_end (execution_id, item, step, settled)
  select p_execution, n.item, n.step, n.settled from jsonb_to_recordset(p_file -> 'ends') as n (item uuid, step integer, settled jsonb);
  insert into rhythm.base (execution_id, step, epoch, at, act, by, note, program, was, snapshot)
  select p_execution, b.step, b.epoch, b.at, b.act, b.by, b.note, b.program, b.was, b.snapshot::json
  from jsonb_to_recordset(p_file -> 'bases') as b (step integer, epoch integer, at timestamptz, act text, by text, note text, program text, was text, snapshot text);
  insert into rhythm.timer (id, execution_id, fires_at, fired)
  select t.id, p_execution, t.fires_at, true from jsonb_to_recordset(p_file -> 'timers') as t (id uuid, fires_at timestamptz);
  insert into rhythm.signal (execution_id, name, payload, taken_by, sent_at, asked, answer, answered_at)
  select p_execution, g.name, coalesce(g.payload, 'null'), g.taken_by, g.sent_at, nullif(g.asked, false), nullif(g.answer, 'null'), g.answered_at
  from jsonb_array_elements(p_file -> 'signals') with ordinality as x (value, nth)
  cross join lateral jsonb_to_record(x.value) as g (name text, payload jsonb, taken_by uuid, sent_at timestamptz, asked boolean, answer jsonb, answered_at timestamptz)
  order by x.nth;
  insert into rhythm.signal_wait (id, execution_id, name, timeout_at, signal_id, timed_out)
  select w.id, p_execution, w.name, w.timeout_at, g.id, g.id is null
  from jsonb_to_recordset(p_file -> 'waits') as w (id uuid, name text, timeout_at timestamptz)
  left join rhythm.signal as g on g.taken_by = w.id and g.execution_id = p_execution;
  insert into rhythm.step (execution_id, name, kind, status, seq, attempts, started_at, ended_at, until, wait_id, error, output)
  select p_execution, p.name, p.kind, p.status, p.seq, p.attempts, p.started_at, p.ended_at, p.until, p.wait_id, p.error, p.output
  from jsonb_to_recordset(p_file -> 'named') as p (name text, kind text, status text, seq integer, attempts smallint, started_at timestamptz, ended_at timestamptz,
    until timestamptz, wait_id uuid, error jsonb, output jsonb);
end;
$$;

comment on function rhythm.import_workflow(uuid, jsonb) is 'Stores what a workflow of a file has besides its own row. Internal.';

create or replace function rhythm.file_problem(p_file jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when jsonb_typeof(p_file) is distinct from 'object' or p_file ->> 'format' is distinct from 'rhythm execution' then 'Cannot import: this is not an exported execution'
    when jsonb_typeof(p_file -> 'version') is distinct from 'number' then 'Cannot import: the file is damaged: it has no version'
    when (p_file ->> 'version')::numeric > 1 then
      format('Cannot import: the file has version %s of its format, and this installation knows version 1. Upgrade it', p_file ->> 'version')
    when jsonb_typeof(p_file -> 'programs') is distinct from 'array' or jsonb_typeof(p_file -> 'executions') is distinct from 'array'
      or not p_file -> 'executions' @> jsonb_build_array(jsonb_build_object('id', p_file -> 'root')) then 'Cannot import: the file is damaged: its execution is not in it'
  end;
end;
$$;

comment on function rhythm.file_problem(jsonb) is 'What is wrong with an exported execution, as far as its head says. Internal.';

-- What constraints do not refuse.
create or replace function rhythm.imported_problem(p_ids uuid[], p_root uuid)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(rhythm.name_problem(e.type, e.target), rhythm.name_problem('queue', e.queue),
      case
        when e.id <> p_root and e.parent_id <> all (p_ids) is not false then format('nothing in it started execution %s', e.id)
        when s.execution_id is not null and e.seed is null then format('workflow %s has no seed', e.id)
        when s.execution_id is not null and not exists (select from rhythm.flow_version as v where v.program = s.program) then format('the program of workflow %s is not in it', e.id)
        when exists (select from rhythm.base as b where b.execution_id = e.id and not exists (select from rhythm.flow_version as v where v.program = b.program)) then
          format('a program of workflow %s is not in it', e.id)
        when exists (select from rhythm.signal as g where g.execution_id = e.id and g.taken_by is not null
          and not exists (select from rhythm.signal_wait as w where w.id = g.taken_by and w.execution_id = e.id and w.signal_id = g.id)) then format('a wait of workflow %s took no signal', e.id)
        when exists (select from rhythm.journal as j where j.execution_id = e.id and j.step > s.seq + 1) then format('workflow %s has not come to all of its steps', e.id)
      end)
    from rhythm.execution as e
    left join rhythm.workflow_state as s on s.execution_id = e.id
    where e.id = any (p_ids)
    order by 1 limit 1);
end;
$$;

comment on function rhythm.imported_problem(uuid[], uuid) is 'What is wrong with executions that were just imported; null if nothing is. Internal.';

create or replace function rhythm.import_execution(p_file jsonb, p_by text default null)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_by constant text := (rhythm.pause_names(null, p_by)).by_whom;
  v_problem constant text := rhythm.file_problem(p_file);
  v_root uuid;
  v_ids uuid[];
  v_known uuid;
  v_message text;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  begin
    v_root := (p_file ->> 'root')::uuid;
    v_ids := array(select (x.value ->> 'id')::uuid from jsonb_array_elements(p_file -> 'executions') as x);
    select e.id into v_known from rhythm.execution as e where e.id = any (v_ids) order by e.id limit 1;
    if found then
      perform rhythm.raise('RH003', format('Cannot import execution %s: there is an execution %s already', v_root, v_known),
        'An earlier copy can be deleted with delete_execution()');
    end if;
    perform rhythm.import_programs(p_file -> 'programs');
    insert into rhythm.execution (id, parent_id, root_id, claimed_at, completed_at, run_at, timeout_ms, seed, version, epoch, state, attempt, priority, type, target, queue,
      concurrency_key, cancel_reason, note, traceparent, tags, retry, metadata, progress, checkpoint, error, inputs, output)
    select e.id, case when e.id <> v_root then e.parent_id end, nullif(v_root, e.id), e.claimed_at, v_now, e.run_at, e.timeout_ms, e.seed, v.version, e.epoch, 4, e.attempt, e.priority,
      e.type, e.target, e.queue, e.concurrency_key, e.cancel_reason, e.note, e.traceparent, e.tags, e.retry, e.metadata, e.progress, e.checkpoint,
      e.error, coalesce(e.inputs, 'null'), e.output
    from jsonb_to_recordset(p_file -> 'executions') as e (id uuid, parent_id uuid, claimed_at timestamptz, run_at timestamptz, timeout_ms bigint, seed bigint, version integer,
      epoch integer, attempt smallint, priority smallint, type text, target text, queue text, concurrency_key text, cancel_reason text, note text, traceparent text, tags text[],
      retry jsonb, metadata jsonb, progress jsonb, checkpoint jsonb, error jsonb, inputs jsonb, output jsonb)
    left join jsonb_to_recordset(p_file -> 'programs') as p (program text, name text, version integer) on p.name = e.target and p.version = e.version
    left join rhythm.flow_version as v on v.program = p.program;
    insert into rhythm.frozen (execution_id, status, completed_at, exported_at, exported_from, frozen_at, frozen_by, reasons)
    select e.id, e.status, e.completed_at, (p_file ->> 'exported_at')::timestamptz, coalesce(p_file ->> 'exported_from', ''), v_now, v_by, coalesce(e.reasons, '[]')
    from jsonb_to_recordset(p_file -> 'executions') as e (id uuid, status text, completed_at timestamptz, reasons jsonb);
    perform rhythm.import_workflow((x.value ->> 'id')::uuid, x.value)
    from jsonb_array_elements(p_file -> 'executions') as x where x.value ->> 'type' = 'workflow';
    insert into rhythm.log_line (execution_id, at, level, message, data)
    select (x.value ->> 'id')::uuid, l.at, l.level, l.message, l.data
    from jsonb_array_elements(p_file -> 'executions') with ordinality as x (value, nth)
    cross join lateral jsonb_array_elements(x.value -> 'logs') with ordinality as y (value, nth)
    cross join lateral jsonb_to_record(y.value) as l (at timestamptz, level text, message text, data jsonb)
    order by x.nth, y.nth;
    v_message := rhythm.imported_problem(v_ids, v_root);
    if v_message is not null then
      perform rhythm.raise('RH001', 'Cannot import: the file is damaged: ' || v_message);
    end if;
  exception
    when data_exception or integrity_constraint_violation then
      get stacked diagnostics v_message = message_text;
      perform rhythm.raise('RH001', 'Cannot import: the file is damaged: ' || v_message);
  end;
  perform rhythm.record('import', 'execution', v_root::text, p_after => jsonb_build_object('executions', cardinality(v_ids), 'exported_from', p_file -> 'exported_from'));
  return v_root;
end;
$$;

comment on function rhythm.import_execution(jsonb, text) is
  'Stores what export_execution() of another installation gave as a frozen copy, with the same ids: to look at, to fork and to rebuild. Nothing runs, signals, retries or changes it; purge() deletes it once the retention has passed since the import. Returns its id.';

create or replace function rhythm.refuse_frozen(p_ids uuid[], p_what text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
begin
  select e.id into v_id from rhythm.execution as e where e.id = any (p_ids) and e.state = 4 order by e.id limit 1;
  if found then
    perform rhythm.raise('RH003', format('%s: execution %s is a frozen copy, which nothing runs or changes', p_what, v_id), 'Fork it: the new workflow runs here');
  end if;
end;
$$;

comment on function rhythm.refuse_frozen(uuid[], text) is 'Raises RH003 if one of these executions is a frozen copy. Internal.';

create or replace function rhythm.frozen_reason(p_execution uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_array(rhythm.reason('frozen', format('It is a copy of an execution in %s, where it was %s on %s. Nothing runs it here', f.exported_from, f.status, rhythm.moment_text(f.exported_at)),
      jsonb_build_object('at', f.exported_at, 'since', f.frozen_at, 'by', f.frozen_by, 'status', f.status, 'name', f.exported_from, 'because', f.reasons)))
    from rhythm.frozen as f where f.execution_id = p_execution);
end;
$$;

comment on function rhythm.frozen_reason(uuid) is 'That an execution is a frozen copy, and what was said of it where it comes from, for explain(). Internal.';

create or replace function rhythm.check_frozen()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(e.id, f.execution_id), case when f.execution_id is null then 'it is frozen, and nothing says where it comes from' else 'it is noted as frozen, and is not' end
  from (select x.id, x.state from rhythm.execution as x where x.state = 4) as e
  full join rhythm.frozen as f on f.execution_id = e.id
  where e.id is null or f.execution_id is null
  union all
  select e.id, 'it is frozen, and has something that would let it run'
  from rhythm.execution as e
  where e.state = 4
    and (e.batch_id is not null or e.stopping or e.keyed or e.notify_on_end
      or exists (select from rhythm.workflow_state as s where s.execution_id = e.id and (s.batch_id is not null or s.groups <> '{}' or s.change is not null))
      or exists (select from rhythm.inbox as i where i.execution_id = e.id)
      or exists (select from rhythm.timer as t where t.execution_id = e.id and not t.fired)
      or exists (select from rhythm.signal_wait as w where w.execution_id = e.id and w.signal_id is null and not w.timed_out));
$$;

comment on function rhythm.check_frozen() is 'What is wrong with frozen copies. Part of check().';
