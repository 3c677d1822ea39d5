-- SQL tasks: the handler is a function of this database. It runs inside tick() with the rights of the installation's owner, or of
-- the function's own owner if it is "security definer". Nobody gains rights by it: the owner of the function is checked at each run.

create or replace function rhythm.sql_task_problem(p_function regprocedure)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when not p.prosecdef then format(
      '%s belongs to "%s", not to "%s", who owns this installation', p_function, p.proowner::regrole, n.nspowner::regrole)
    -- to_jsonb() calls casts of types that are not of Postgres itself, with the rights of the owner.
    when t.typnamespace <> 'pg_catalog'::regnamespace or (t.typtype not in ('b', 'r') and t.oid <> 'void'::regtype) then format(
      '%s returns %s: a function of another owner returns void, jsonb or another plain type of Postgres', p_function, t.oid::regtype)
  end
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_type as t on t.oid = p.prorettype
  join pg_catalog.pg_namespace as n on n.oid = :'schema'::regnamespace
  where p.oid = p_function
    and p.proowner <> n.nspowner
    and p.pronamespace <> 'pg_catalog'::regnamespace;
$$;

comment on function rhythm.sql_task_problem(regprocedure) is
  'Why a function may not run as a SQL task: it belongs to another role and is not "security definer", or returns a type that is not of Postgres; null if it may.';

-- The role that calls, also inside a function that runs with its owner's rights.
create or replace function rhythm.caller()
returns name
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(nullif(current_setting('role'), 'none'), session_user)::name;
$$;

comment on function rhythm.caller() is 'The calling role: the one of "set role", else the one that logged in. Internal.';

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
  v_refusal text;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  v_refusal := coalesce(rhythm.sql_task_problem(p_function), (
    select case
      when not p.prosecdef and p.pronamespace <> 'pg_catalog'::regnamespace then
        format('%s would run with the rights of "%s", which "%s" does not have', p_function, n.nspowner::regrole, rhythm.caller())
      when not has_function_privilege(rhythm.caller(), p.oid, 'execute') then format('"%s" may not call %s', rhythm.caller(), p_function)
    end
    from pg_catalog.pg_proc as p
    join pg_catalog.pg_namespace as n on n.oid = :'schema'::regnamespace
    where p.oid = p_function
      and not pg_has_role(rhythm.caller(), n.nspowner, 'member')
  ));
  if v_refusal is not null then
    perform rhythm.raise('42501', format('Cannot make a SQL task of a function: %s', v_refusal),
      'Let the owner of the installation own the function and define the task, or make the function "security definer" with a search_path of its own');
  end if;
  -- As text, which is qualified under an empty search_path, so that a restored dump finds the function by name.
  insert into rhythm.task as k (name, options, sql_function, updated_at)
  values (p_name, '{"queue": "sql"}' || options, p_function::text, rhythm.now())
  on conflict (name) do update
  set options = excluded.options, sql_function = excluded.sql_function, updated_at = excluded.updated_at;
  perform rhythm.record('define', 'task', p_name, p_after => jsonb_build_object('function', p_function::text, 'options', options));
end;
$$;

comment on function rhythm.define_sql_task(text, regprocedure, jsonb) is
  'Makes a SQL function with one jsonb argument, the inputs, the handler of a task. tick() runs it, without a worker, and its return value '
  'is the output. Its writes and the task''s completion commit together. It runs with the rights of the installation''s owner, who must '
  'own the function. If it is "security definer", it runs with those of its own owner. Its search_path is pg_catalog, pg_temp, '
  'unless it sets another. Options: queue (default sql), priority, timeout, retry; tick() looks only into that queue. Example: select rhythm.define_sql_task(''archive'', ''app.archive(jsonb)'');';

create or replace function rhythm.undefine_sql_task(p_name text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.task as k
  where k.name = p_name
    and k.sql_function is not null;
  if not found then
    return false;
  end if;
  perform rhythm.record('undefine', 'task', p_name);
  return true;
end;
$$;

comment on function rhythm.undefine_sql_task(text) is
  'Reverses define_sql_task(); queued executions then wait for a worker that has a handler. False if there was no such task.';

-- Each handler has a subtransaction: its writes stay if it returns, and are undone if it raises. Deferred constraints are checked
-- here: at the end of tick() they would undo all other work, too.
create or replace function rhythm.call_sql_task(p_function text, p_inputs jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_function constant regprocedure := to_regprocedure(p_function);
  v_problem constant text := rhythm.sql_task_problem(v_function);
  v_output jsonb;
  v_code text;
  v_message text;
  v_detail text;
  v_context text;
begin
  if v_function is null then
    perform rhythm.raise('RH004', format('The function %s of this task does not exist any more', p_function));
  elsif v_problem is not null then
    perform rhythm.raise('42501', format('Cannot run the function of this task: %s', v_problem),
      'Let the owner of the installation own it, or make it "security definer" with a search_path of its own');
  end if;
  if (select p.prorettype from pg_catalog.pg_proc as p where p.oid = v_function) = 'void'::regtype then
    execute format('select %s($1)', v_function::regproc) using p_inputs;
  else
    execute format('select to_jsonb(%s($1))', v_function::regproc) into v_output using p_inputs;
  end if;
  -- What the function has set for the session must not affect us. The search_path may be changed, so every name here is qualified.
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  perform rhythm.refuse_deferred(v_function);
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
  'Runs the handler of a SQL task in a subtransaction; returns its outcome, or its error with SQLSTATE and message.';

-- Before Postgres 18, a deferred trigger runs with the rights of the role that ends the transaction, not of the function's owner.
create or replace function rhythm.refuse_deferred(p_function regprocedure)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_trigger text;
begin
  if current_setting('server_version_num')::integer < 180000 then
    select format('%I on %s', t.tgname, t.tgrelid::regclass) into v_trigger
    from pg_catalog.pg_proc as f
    join pg_catalog.pg_namespace as n on n.oid = :'schema'::regnamespace
    join pg_catalog.pg_trigger as t on t.tgdeferrable and not t.tgisinternal
    join pg_catalog.pg_proc as p on p.oid = t.tgfoid
    join pg_catalog.pg_roles as r on r.oid = p.proowner
    where f.oid = p_function
      and f.proowner <> n.nspowner
      and f.pronamespace <> 'pg_catalog'::regnamespace
      and p.proowner <> n.nspowner
      and not r.rolsuper
    limit 1;
  end if;
  if v_trigger is not null then
    perform rhythm.raise('42501', format('Cannot run the function of this task: it is not the owner''s, and neither is the deferrable trigger %s', v_trigger),
      'Let the owner of the installation own the function of the trigger, or make the trigger "not deferrable"');
  end if;
end;
$$;

comment on function rhythm.refuse_deferred(regprocedure) is
  'Refuses a SQL task of another owner if other roles have deferrable triggers: before Postgres 18 these could run with the rights of this installation''s owner. Internal.';
