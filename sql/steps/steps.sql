-- Workflows in TypeScript: their steps are saved when they end. When the code runs again, the saved results answer them.

-- Looked at before every save, without a call of ours. Types are checked first: comparing a
-- text with a number gives null, and null would pass.
create or replace function rhythm.are_plain_steps(p_steps jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(jsonb_typeof(p_steps) = 'array' and not jsonb_path_exists(p_steps, 'strict $[*] ? (@.type() != "object")')
    and not jsonb_path_exists(p_steps, '$[*] ? (!(@.kind.type() == "string" && @.kind == "step"
    && @.status.type() == "string" && @.status == "completed" && @.attempts.type() == "number" && @.attempts == 1
    && @.execution_id.type() == "string" && @.execution_id like_regex "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
    && (!exists(@.call) || @.call.type() == "number" && @.call >= 0 && @.call < 2147483648 && @.call.floor() == @.call)
    && @.name.type() == "string" && @.seq.type() == "number" && @.seq >= 0 && @.seq < 2147483648 && @.seq.floor() == @.seq
    && (!exists(@.took_ms) || @.took_ms.type() == "number" && @.took_ms >= 0 && @.took_ms < 3162240000000 && @.took_ms.floor() == @.took_ms)
    && (!exists(@.is_undefined) || @.is_undefined.type() == "boolean")
    && !exists(@.variables) && !exists(@.answer) && !exists(@.wait_id) && !exists(@.until) && !exists(@.delay_ms) && !exists(@.error)))'), false);
end;
$$;

comment on function rhythm.are_plain_steps(jsonb) is 'Whether these are steps that ended well at their first attempt, with nothing else to say. Internal.';

create or replace function rhythm.step_problem(p_step jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_example constant text := '{"execution_id": "…", "name": "…", "kind": "step", "status": "completed", "seq": 1, "attempts": 1, "output": null}';
  v_over constant boolean := p_step ->> 'status' in ('completed', 'failed');
  v_number text;
begin
  if jsonb_typeof(p_step) is distinct from 'object' then
    return 'p_steps must be a JSON array of objects such as ' || c_example;
  elsif rhythm.as_uuid(p_step ->> 'execution_id') is null then
    return 'execution_id of a step must be a UUID';
  elsif jsonb_typeof(p_step -> 'name') is distinct from 'string' or octet_length(p_step ->> 'name') > 2000 then
    return 'name of a step must be a text of at most 2000 bytes';
  elsif not coalesce(p_step ->> 'kind' in ('step', 'sleep', 'signal', 'task', 'workflow'), false) then
    return format('%s cannot be the kind of a step: expected step, sleep, signal, task or workflow', coalesce(p_step -> 'kind', 'null'));
  elsif not coalesce(p_step ->> 'status' in ('waiting', 'retrying', 'completed', 'failed'), false) then
    return format('%s cannot be the status of a step: expected waiting, retrying, completed or failed', coalesce(p_step -> 'status', 'null'));
  end if;
  foreach v_number in array array['call', 'seq', 'attempts', 'delay_ms', 'took_ms'] loop
    if p_step -> v_number <> 'null' and (jsonb_typeof(p_step -> v_number) <> 'number' or p_step ->> v_number !~ '^\d{1,13}$'
        or (p_step ->> v_number)::bigint > case when v_number = 'attempts' then 32767 when v_number in ('seq', 'call') then 2147483647 else 3162240000000 end) then
      return format('%s of a step must be a whole number from 0 to %s', v_number,
        case when v_number = 'attempts' then 32767 when v_number in ('seq', 'call') then 2147483647 else 3162240000000 end);
    end if;
  end loop;
  return case
    when (p_step ->> 'seq' is not null) <> v_over then 'A step needs seq if it is completed or failed, and has none before'
    when (p_step ->> 'error' is not null) <> (p_step ->> 'status' in ('retrying', 'failed')) then
      'A step needs an error if it is retrying or failed, and has none otherwise'
    when p_step ->> 'wait_id' is not null and rhythm.as_uuid(p_step ->> 'wait_id') is null then 'wait_id of a step must be a UUID'
    when not v_over and p_step ->> 'wait_id' is null then 'A step that is waiting or retrying needs a wait_id (a UUID)'
    when p_step ->> 'until' is not null and (jsonb_typeof(p_step -> 'until') <> 'string' or rhythm.timestamp_of(p_step ->> 'until') is null) then
      'until of a step must be a moment such as 2030-01-31T12:00:00Z'
    when not v_over and (p_step ->> 'kind' = 'sleep' or p_step ->> 'status' = 'retrying') and coalesce(p_step ->> 'until', p_step ->> 'delay_ms') is null then
      'A sleep, and a step that is retrying, needs delay_ms or until'
    when p_step -> 'is_undefined' <> 'null' and jsonb_typeof(p_step -> 'is_undefined') <> 'boolean' then 'is_undefined of a step must be true or false'
    when not v_over and p_step ->> 'kind' = 'signal' then rhythm.name_problem('signal', p_step ->> 'signal')
    when p_step -> 'child' <> 'null' and jsonb_typeof(p_step -> 'child') <> 'object' then
      'child of a step must be an object, as create_many() takes it'
    when p_step -> 'answer' <> 'null' and rhythm.as_uuid(p_step #>> '{answer,wait}') is null then
      'answer of a step must be {"wait": the UUID of the wait that took the question, "value": …} or with "error"'
    when p_step ? 'variables' then rhythm.tag_problem(p_step -> 'variables')
  end;
end;
$$;

comment on function rhythm.step_problem(jsonb) is 'What is wrong with a step to be saved, as a sentence; null if nothing is. Internal.';

create or replace function rhythm.refuse_bad_steps(p_steps jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem constant text := case
    when jsonb_typeof(p_steps) is distinct from 'array' then rhythm.step_problem(null)
    else (
      select x.problem
      from jsonb_array_elements(p_steps) as p (value)
      cross join lateral (select rhythm.step_problem(p.value) as problem) as x
      where x.problem is not null limit 1)
  end;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
end;
$$;

comment on function rhythm.refuse_bad_steps(jsonb) is 'Raises RH001 for the first step that cannot be saved as it is. Internal.';

-- Most steps end in the run that began them, in one attempt, so they have no row yet. An insert that need not check for a row
-- is cheaper, and writes a sixth less WAL. What it cannot write, write_steps() writes.
create or replace function rhythm.write_new_steps(p_worker uuid, p_steps jsonb, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_written integer;
begin
  insert into rhythm.step (execution_id, started_at, ended_at, seq, attempts, kind, status, name, output)
  select
    n.execution_id, p_now - coalesce(n.took_ms, 0) * interval '1 millisecond', p_now, n.seq, 1, 'step', 'completed', n.name,
    case when n.is_undefined is not true then coalesce(n.output, 'null') end
  from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
  join rhythm.workflow_state as x on x.execution_id = n.execution_id
  join lateral (select y.worker, y.call from rhythm.batch as y where y.id = x.batch_id offset 0) as b on b.worker = p_worker and b.call = coalesce(n.call, b.call)
  where octet_length(n.name) <= 2000;
  get diagnostics v_written = row_count;
  if v_written < jsonb_array_length(p_steps) then
    raise unique_violation;
  end if;
  return true;
exception
  when unique_violation then
    return false;
end;
$$;

comment on function rhythm.write_new_steps(uuid, jsonb, timestamptz) is
  'Writes plain steps, all of them or none. False: none, because some have a row or belong to another worker. Internal.';

create or replace function rhythm.write_steps(p_worker uuid, p_steps jsonb, p_now timestamptz)
returns setof rhythm.step
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into rhythm.step as s (
    execution_id, started_at, ended_at, until, wait_id, seq, attempts, kind, status, name, error, output
  )
  select
    n.execution_id, p_now - coalesce(n.took_ms, 0) * interval '1 millisecond', p_now,
    coalesce(n.until, p_now + n.delay_ms * interval '1 millisecond'),
    n.wait_id, n.seq, coalesce(n.attempts, 0), n.kind, n.status, n.name, n.error,
    case when n.status = 'completed' and n.is_undefined is not true then coalesce(n.output, 'null') end
  from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
  join rhythm.workflow_state as x on x.execution_id = n.execution_id
  join lateral (select y.worker, y.call from rhythm.batch as y where y.id = x.batch_id offset 0) as b on b.worker = p_worker and b.call = coalesce(n.call, b.call)
  on conflict (execution_id, name) do update set
    ended_at = excluded.ended_at, until = excluded.until, seq = excluded.seq, attempts = excluded.attempts,
    wait_id = coalesce(excluded.wait_id, s.wait_id), status = excluded.status, error = excluded.error, output = excluded.output
  where s.status in ('waiting', 'retrying')
  returning s.*;
$$;

comment on function rhythm.write_steps(uuid, jsonb, timestamptz) is
  'Writes the steps of workflows that the worker holds; returns those that changed. A step that has ended does not change. Internal.';

-- Starts what saved steps wait for: pauses and sleeps, signals, children.
create or replace function rhythm.begin_waits(p_news rhythm.step_news[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_children jsonb;
  v_listening uuid[];
begin
  insert into rhythm.timer (id, execution_id, fires_at)
  select n.wait_id, n.execution_id, coalesce(n.until, p_now + n.delay_ms * interval '1 millisecond')
  from unnest(p_news) as n where n.kind = 'sleep' or n.status = 'retrying';

  insert into rhythm.signal_wait (id, execution_id, name, timeout_at)
  select n.wait_id, n.execution_id, n.signal, coalesce(n.until, p_now + n.delay_ms * interval '1 millisecond')
  from unnest(p_news) as n where n.kind = 'signal';

  select jsonb_agg(n.child || jsonb_build_object('id', n.wait_id, 'parent', n.execution_id)) into v_children
  from unnest(p_news) as n where n.child is not null;
  if v_children is not null then
    perform rhythm.begin_children(v_children, p_now);
  end if;
  v_listening := array(select distinct n.execution_id from unnest(p_news) as n where n.kind = 'signal');
  if v_listening <> '{}' then
    perform rhythm.deliver(rhythm.match_signals(v_listening));
  end if;
  perform rhythm.wake_clocks();
end;
$$;

comment on function rhythm.begin_waits(rhythm.step_news[], timestamptz) is 'Creates the timers, waits for signals and children of saved steps. Internal.';

create or replace function rhythm.has_begun(p_news rhythm.step_news)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_news.kind = 'sleep' or p_news.status = 'retrying' then exists (select from rhythm.timer as t where t.id = p_news.wait_id)
    when p_news.kind = 'signal' then exists (select from rhythm.signal_wait as w where w.id = p_news.wait_id)
    else exists (select from rhythm.execution as e where e.id = p_news.wait_id and e.parent_id = p_news.execution_id) end;
end;
$$;

comment on function rhythm.has_begun(rhythm.step_news) is 'Whether what a step waits for is there. Internal.';

create or replace function rhythm.save_steps(p_worker uuid, p_steps jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_plain constant boolean := rhythm.are_plain_steps(p_steps);
  v_begins constant boolean := not v_plain and jsonb_path_exists(p_steps, '$[*] ? (@.status == "waiting" || @.status == "retrying")');
  v_written text[];
begin
  perform rhythm.require_read_committed();
  if not v_plain then
    perform rhythm.refuse_bad_steps(p_steps);
  end if;
  perform rhythm.check_step_sizes(p_steps);
  if v_begins then
    perform rhythm.lock_states(array(
      select (p.value ->> 'execution_id')::uuid from jsonb_array_elements(p_steps) as p where p.value ->> 'kind' = 'signal'));
  end if;
  -- The lock keeps the worker's leases from being given to others before the commit. So no other worker runs these
  -- workflows.
  perform from rhythm.worker as w where w.id = p_worker for key share;
  if found then
    if v_plain then
      if rhythm.write_new_steps(p_worker, p_steps, v_now) then
        return '[]';
      end if;
      perform rhythm.refuse_bad_steps(p_steps);
    end if;
    v_written := array(select s.execution_id || s.name from rhythm.write_steps(p_worker, p_steps, v_now) as s);
  end if;
  if not v_plain and jsonb_path_exists(p_steps, '$[*].variables') then
    perform rhythm.tag_these(array(
      select n::rhythm.step_news from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
      where n.variables is not null and n.execution_id || n.name = any (v_written)));
  end if;
  if not v_plain and jsonb_path_exists(p_steps, '$[*].answer') then
    perform rhythm.write_answers((
      select coalesce(jsonb_agg(p.value -> 'answer' || jsonb_build_object('execution_id', p.value -> 'execution_id') order by p.nth), '[]')
      from jsonb_array_elements(p_steps) with ordinality as p (value, nth)
      where jsonb_typeof(p.value -> 'answer') = 'object' and (p.value ->> 'execution_id')::uuid || (p.value ->> 'name') = any (v_written)), v_now);
  end if;
  if v_begins then
    -- A save whose answer was lost comes again: what it began is there already.
    perform rhythm.begin_waits(array(
      select n::rhythm.step_news from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
      where n.status in ('waiting', 'retrying') and n.execution_id || n.name = any (v_written) and not rhythm.has_begun(n)), v_now);
  end if;
  if cardinality(v_written) = jsonb_array_length(p_steps) then
    return '[]';
  end if;
  return (
    select jsonb_agg(jsonb_build_object('id', p.value -> 'execution_id', 'name', p.value -> 'name'))
    from jsonb_array_elements(p_steps) as p
    where ((p.value ->> 'execution_id') || (p.value ->> 'name') = any (v_written)) is not true);
end;
$$;

comment on function rhythm.save_steps(uuid, jsonb) is
  'Stores how steps of leased workflows in TypeScript ended or what they wait for: [{execution_id, call, name, kind, status, seq, attempts, …}], all in one transaction. call: the one that leased the workflow; missing: any. '
  'Returns those that changed nothing, [{id, name}]: the lease was lost, or the step had already ended.';

create or replace function rhythm.check_step_sizes(p_steps jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_name text;
begin
  if pg_column_size(p_steps) <= v_limit / 2 then
    return;
  end if;
  select p.value ->> 'name' into v_name from jsonb_array_elements(p_steps) as p
  where octet_length((p.value -> 'output')::text) > v_limit limit 1;
  if v_name is not null then
    perform rhythm.raise('RH006', format('The result of step "%s" takes more than %s bytes (setting max_payload_bytes)', v_name, v_limit),
      'Store it elsewhere, and return where it is');
  end if;
end;
$$;

comment on function rhythm.check_step_sizes(jsonb) is 'Raises RH006 if a result is too large. Internal.';

create or replace function rhythm.load_steps(p_executions uuid[])
returns table (
  execution_id uuid, name text, kind text, status text, seq integer, attempts integer, wait_id uuid, is_due boolean, error jsonb, output jsonb
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select s.execution_id, s.name, s.kind, s.status, s.seq, s.attempts::integer, s.wait_id,
    coalesce(s.kind in ('step', 'sleep') and s.until <= clock.now, false), s.error, s.output
  from rhythm.step as s
  cross join (select rhythm.now() as now) as clock
  where s.execution_id = any (p_executions)
  order by s.execution_id, s.seq nulls last;
$$;

comment on function rhythm.load_steps(uuid[]) is
  'The steps of workflows in TypeScript, in the order in which they ended; steps that have not ended come last. is_due: its sleep or pause is over.';
