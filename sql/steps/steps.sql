-- Workflows in TypeScript: their steps are saved when they end. When the code runs again, the saved results answer them.

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
  if jsonb_path_exists(p_steps, '$[*] ? (!(@.kind == "step" && @.attempts == 1 && @.status == "completed"))') then
    return false;
  end if;
  insert into rhythm.step (execution_id, started_at, ended_at, seq, attempts, kind, status, name, output)
  select
    n.execution_id, p_now - coalesce(n.took_ms, 0) * interval '1 millisecond', p_now, n.seq, 1, 'step', 'completed', n.name,
    case when n.is_undefined is not true then coalesce(n.output, 'null') end
  from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
  join rhythm.workflow_state as x on x.execution_id = n.execution_id
  join lateral (select y.worker from rhythm.batch as y where y.id = x.batch_id offset 0) as b on b.worker = p_worker
  where n.kind = 'step' and n.attempts = 1 and n.status = 'completed';
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
  'Writes steps that ended in their first attempt, all of them or none. False: none, because some have a row or belong to another worker. Internal.';

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
  join lateral (select y.worker from rhythm.batch as y where y.id = x.batch_id offset 0) as b on b.worker = p_worker
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

create or replace function rhythm.save_steps(p_worker uuid, p_steps jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_begins constant boolean := jsonb_path_exists(p_steps, '$[*] ? (@.status == "waiting" || @.status == "retrying")');
  v_written text[];
begin
  perform rhythm.require_read_committed();
  perform rhythm.check_step_sizes(p_steps);
  if v_begins then
    perform rhythm.lock_states(array(
      select (p.value ->> 'execution_id')::uuid from jsonb_array_elements(p_steps) as p where p.value ->> 'kind' = 'signal'));
  end if;
  -- The lock keeps the worker's leases from being given to others before the commit. So no other worker runs these
  -- workflows.
  perform from rhythm.worker as w where w.id = p_worker for key share;
  if found then
    if not v_begins and rhythm.write_new_steps(p_worker, p_steps, v_now) then
      return '[]';
    end if;
    v_written := array(select s.execution_id || s.name from rhythm.write_steps(p_worker, p_steps, v_now) as s);
  end if;
  if v_begins then
    perform rhythm.begin_waits(array(
      select n::rhythm.step_news from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
      where n.status in ('waiting', 'retrying') and n.execution_id || n.name = any (v_written)), v_now);
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
  'Stores how steps of leased workflows in TypeScript ended or what they wait for: [{execution_id, name, kind, status, seq, attempts, …}], all in one transaction. '
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
