-- SQL tasks: the handler is a function of this database, run inside tick(). Not on any role's surface: a handler runs
-- with the owner's rights, so only the owner says what is one.

create or replace function rhythm.define_sql_task(p_name text, p_function regprocedure, options jsonb default '{}')
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind constant text := (select p.prokind from pg_catalog.pg_proc as p where p.oid = p_function);
  v_problem constant text := coalesce(
    rhythm.name_problem('task', p_name),
    case when v_kind is null then 'There is no such function' end,
    case when v_kind <> 'f' then format('%s is not a function', p_function) end,
    case when (select p.proargtypes::text from pg_catalog.pg_proc as p where p.oid = p_function) <> 'jsonb'::regtype::oid::text then
      format('%s cannot handle a task: expected a function of one jsonb, the inputs', p_function) end,
    case when (select p.proretset from pg_catalog.pg_proc as p where p.oid = p_function) then
      format('%s cannot handle a task: it returns a set, expected one value', p_function) end,
    case when options is null then 'options must be an object' end,
    rhythm.options_problem(options)
  );
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  -- As text, which is qualified under an empty search_path: a restored dump finds it by name.
  insert into rhythm.task as k (name, options, sql_function, updated_at)
  values (p_name, '{"queue": "sql"}' || options, p_function::text, rhythm.now())
  on conflict (name) do update
  set options = excluded.options, sql_function = excluded.sql_function, updated_at = excluded.updated_at;
end;
$$;

comment on function rhythm.define_sql_task(text, regprocedure, jsonb) is
  'Makes a SQL function of one jsonb, the inputs, the handler of a task: tick() runs it, with no worker, and its return value '
  'is the output. Its writes and the task''s completion commit together. Runs with the owner''s rights and an empty '
  'search_path, unless the function sets its own. Options: queue (default sql), priority, timeout, retry; tick() looks '
  'for it in that queue. Example: select rhythm.define_sql_task(''archive'', ''app.archive(jsonb)'');';

create or replace function rhythm.undefine_sql_task(p_name text)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with gone as (
    delete from rhythm.task as k
    where k.name = p_name
      and k.sql_function is not null
    returning k.name
  )
  select exists (select from gone as g);
$$;

comment on function rhythm.undefine_sql_task(text) is
  'Takes back define_sql_task(); what is queued waits for a worker that has a handler. False if there was none.';

-- One handler, one subtransaction: what it wrote stays if it returns, and is gone if it raises. Deferred constraints
-- are checked here: at the end of tick() they would take all the other work down with them.
create or replace function rhythm.call_sql_task(p_function text, p_inputs jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_function constant regprocedure := to_regprocedure(p_function);
  v_output jsonb;
  v_code text;
  v_message text;
  v_detail text;
  v_context text;
begin
  if v_function is null then
    perform rhythm.raise('RH004', format('The function %s of this task is not there any more', p_function));
  end if;
  if (select p.prorettype from pg_catalog.pg_proc as p where p.oid = v_function) = 'void'::regtype then
    execute format('select %s($1)', v_function::regproc) using p_inputs;
  else
    execute format('select to_jsonb(%s($1))', v_function::regproc) into v_output using p_inputs;
  end if;
  set constraints all immediate;
  return jsonb_build_object('status', 'completed', 'output', coalesce(v_output, 'null'));
exception
  when query_canceled or assert_failure or others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail,
      v_context = pg_exception_context;
    return jsonb_build_object('status', 'failed', 'error', jsonb_build_object(
      'type', 'SqlError', 'message', v_message, 'code', v_code, 'stack', v_context
    ) || case when v_detail <> '' then jsonb_build_object('data', jsonb_build_object('detail', v_detail)) else '{}' end);
end;
$$;

comment on function rhythm.call_sql_task(text, jsonb) is
  'Runs the handler of a SQL task in a subtransaction; returns its outcome, an error with SQLSTATE and message included.';
