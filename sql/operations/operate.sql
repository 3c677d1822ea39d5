-- Operations: start, stop, continue.

create or replace function rhythm.filter_problem(p_filter jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_known constant text[] := '{ids,type,target,version,status,queue,parent,fingerprint,line,variables,metadata,paused,created_after,created_before}';
  c_statuses constant text[] := '{pending,running,suspended,completed,failed,cancelled}';
  v_wrong text;
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    return 'A filter must be an object: {"status": "failed", "target": "charge"}';
  elsif p_filter = '{}' then
    return 'A filter must name something, such as {"status": "failed"}. For all executions: {"created_before": "now"}';
  elsif p_filter - c_known <> '{}' then
    return 'There is no ' || rhythm.unknown_option(p_filter, c_known);
  end if;
  select s.value #>> '{}' into v_wrong
  from jsonb_array_elements(case jsonb_typeof(p_filter -> 'status') when 'array' then p_filter -> 'status' else jsonb_build_array(p_filter -> 'status') end) as s (value)
  where p_filter ? 'status' and coalesce(s.value #>> '{}' <> all (c_statuses), true) limit 1;
  return case
    when found then format('There is no status "%s": expected %s', v_wrong, array_to_string(c_statuses, ', '))
    when p_filter ? 'ids' and case when jsonb_typeof(p_filter -> 'ids') <> 'array' then true else jsonb_array_length(p_filter -> 'ids') not between 1 and 1000
      or exists (select from jsonb_array_elements_text(p_filter -> 'ids') as i (id) where rhythm.as_uuid(i.id) is null) end then 'ids must be 1 to 1000 ids of executions'
    when p_filter ? 'type' and not p_filter -> 'type' <@ '["task", "workflow"]' then 'type must be task or workflow'
    when p_filter ? 'version' and jsonb_typeof(p_filter -> 'version') <> 'number' then 'version must be a number'
    when p_filter ? 'metadata' and jsonb_typeof(p_filter -> 'metadata') <> 'object' then 'metadata must be an object'
    when p_filter ? 'paused' and jsonb_typeof(p_filter -> 'paused') <> 'boolean' then 'paused must be true or false'
    when p_filter ? 'fingerprint' and case when p_filter ->> 'fingerprint' ~ '^\d{1,19}$' then (p_filter ->> 'fingerprint')::numeric > 9223372036854775807 else true end then 'fingerprint must be a number'
    when p_filter ? 'line' and (jsonb_typeof(p_filter -> 'line') <> 'number' or p_filter ->> 'line' !~ '^\d{1,9}$') then 'line must be a number'
    when p_filter ? 'variables' and rhythm.variables_problem(p_filter -> 'variables') then 'variables must be an object: {"orderId": "1042"}'
    when p_filter ? 'parent' and rhythm.as_uuid(p_filter ->> 'parent') is null then 'parent must be the id of an execution'
  end;
end;
$$;

comment on function rhythm.filter_problem(jsonb) is 'What is wrong with the filter of an operation; null if nothing is. Internal.';

create or replace function rhythm.action_problem(p_action text, p_args jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known constant text[] := case p_action when 'cancel' then '{reason}' when 'pause' then '{reason}' when 'change' then rhythm.option_names('change') when 'signal' then '{name,payload}'
    when 'migrate' then '{to,map,accept,set,fibre,note}' when 'repair' then '{set,fibre,to,map,accept,then,note}' else '{}' end;
begin
  return case
    when p_action is null or p_action not in ('cancel', 'retry', 'signal', 'pause', 'resume', 'change', 'migrate', 'repair') then
      format('There is no action "%s": expected cancel, retry, signal, pause, resume, change, migrate or repair', p_action)
    when jsonb_typeof(p_args) is distinct from 'object' then 'The arguments of an action must be an object'
    when p_args - v_known <> '{}' and v_known = '{}' then format('%s takes no arguments', p_action)
    when p_args - v_known <> '{}' then 'There is no ' || rhythm.unknown_option(p_args, v_known)
    when p_action = 'change' then rhythm.change_to_problem(p_args)
    when p_action = 'signal' then rhythm.name_problem('signal', p_args ->> 'name')
  end;
end;
$$;

comment on function rhythm.action_problem(text, jsonb) is 'What is wrong with the action of an operation; null if nothing is. Internal.';

create or replace function rhythm.operate(p_action text, p_filter jsonb, p_args jsonb default '{}', dry_run boolean default false, p_by text default null)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_problem text := coalesce(rhythm.action_problem(p_action, p_args), rhythm.filter_problem(p_filter));
  v_change record;
  v_from uuid := '00000000-0000-0000-0000-000000000000';
  v_until uuid := rhythm.first_id(v_now + interval '1 millisecond');
  v_names constant record := rhythm.pause_names(null, p_by);
  v_id constant uuid := rhythm.uuid7(v_now);
begin
  if p_action in ('migrate', 'repair') then
    v_problem := coalesce(v_problem, rhythm.change_problem(p_action, p_filter, p_args));
  end if;
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  if p_action in ('migrate', 'repair') then
    v_change := rhythm.complete_change(p_action, p_filter, p_args);
    p_filter := v_change.p_filter;
    p_args := v_change.p_args;
  end if;
  begin
    if p_filter ? 'created_after' then
      v_from := rhythm.first_id((p_filter ->> 'created_after')::timestamptz);
    end if;
    if p_filter ? 'created_before' then
      v_until := least(v_until, rhythm.first_id((p_filter ->> 'created_before')::timestamptz));
    end if;
  exception
    when data_exception then
      perform rhythm.raise('RH001', 'created_after and created_before must be moments such as 2030-01-31T12:00:00Z');
  end;
  insert into rhythm.operation (id, action, dry_run, filter, args, started_by, created_at, from_id, until_id, place)
  values (v_id, p_action, coalesce(operate.dry_run, false), p_filter, p_args, v_names.by_whom, v_now, v_from, v_until, v_from);
  -- What people send and set is deleted with the operation, and not kept for longer.
  perform rhythm.record('start', 'operation', v_id::text, coalesce(p_args ->> 'reason', p_args ->> 'note'),
    p_after => jsonb_build_object('action', p_action, 'filter', p_filter, 'args', p_args - 'payload' - 'set', 'dry_run', coalesce(operate.dry_run, false)));
  perform rhythm.wake_clocks();
  return v_id;
end;
$$;

comment on function rhythm.operate(text, jsonb, jsonb, boolean, text) is
  'Does something to all executions that fit a filter, in the background and in bounded pieces; returns the id of the operation. p_action: cancel, retry, signal, pause, resume, migrate or repair. '
  'p_filter: {ids, type, target, version, status, queue, parent, fingerprint, line (of the error, or where it waits), variables, metadata, paused, created_after, created_before}. p_args: {reason} of cancel and pause, {name, payload} of signal, '
  '{to, map, accept, set, fibre, note} of migrate, and besides {then} of repair. '
  'dry_run: only record what it would change. Example: select rhythm.operate(''retry'', ''{"status": "failed", "target": "charge"}'');';

create or replace function rhythm.stop_operation(p_operation uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.operation as o set state = 'stopped' where o.id = p_operation and o.state = 'running';
  if not found then
    perform rhythm.require_operation(p_operation, 'stop');
    return false;
  end if;
  perform rhythm.record('stop', 'operation', p_operation::text);
  return true;
end;
$$;

comment on function rhythm.stop_operation(uuid) is 'Stops an operation. What it has done stays; resume_operation() continues it. False: it was not running.';

create or replace function rhythm.resume_operation(p_operation uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.operation as o set state = 'running' where o.id = p_operation and o.state = 'stopped';
  if not found then
    perform rhythm.require_operation(p_operation, 'resume');
    return false;
  end if;
  perform rhythm.record('resume', 'operation', p_operation::text);
  perform rhythm.wake_clocks();
  return true;
end;
$$;

comment on function rhythm.resume_operation(uuid) is 'Continues an operation that was stopped. False: it was not stopped.';

create or replace function rhythm.require_operation(p_operation uuid, p_verb text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from rhythm.operation as o where o.id = p_operation;
  if not found then
    perform rhythm.raise('RH002', format('Cannot %s: there is no operation %s', p_verb, coalesce(p_operation::text, 'null')));
  end if;
end;
$$;

comment on function rhythm.require_operation(uuid, text) is 'Raises RH002 if there is no such operation. Internal.';
