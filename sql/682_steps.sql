-- Code-first workflows: their steps are saved as they end, and answered from what was saved when the code runs again.

-- The lock on the worker keeps its leases from being given to others between here and the commit; that is enough to
-- say that nobody else runs these workflows.
create or replace function rhythm.held_steps(p_worker uuid, p_steps jsonb)
returns rhythm.step_news[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_held rhythm.step_news[];
begin
  perform from rhythm.worker as w where w.id = p_worker for key share;
  if not found then
    return '{}';
  end if;
  select coalesce(array_agg(n::rhythm.step_news), '{}') into v_held
  from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
  join rhythm.execution as e on e.id = n.execution_id and e.worker = p_worker;
  return v_held;
end;
$$;

comment on function rhythm.held_steps(uuid, jsonb) is 'The news of steps whose workflow the worker still holds. Internal.';

create or replace function rhythm.write_steps(p_news rhythm.step_news[], p_now timestamptz)
returns setof rhythm.step
language sql
volatile
set search_path = ''
as $$
  insert into rhythm.step as s (
    execution_id, started_at, ended_at, until, wait_id, seq, attempts, kind, status, name, error, output
  )
  select
    n.execution_id, p_now - coalesce(n.took_ms, 0) * interval '1 millisecond', p_now,
    coalesce(n.until, p_now + n.delay_ms * interval '1 millisecond'),
    n.wait_id, n.seq, coalesce(n.attempts, 0), n.kind, n.status, n.name, n.error,
    case when n.status = 'completed' and n.is_undefined is not true then coalesce(n.output, 'null') end
  from unnest(p_news) as n
  on conflict (execution_id, name) do update set
    ended_at = excluded.ended_at, until = excluded.until, seq = excluded.seq, attempts = excluded.attempts,
    wait_id = coalesce(excluded.wait_id, s.wait_id), status = excluded.status, error = excluded.error, output = excluded.output
  where s.status in ('waiting', 'retrying')
  returning s.*;
$$;

comment on function rhythm.write_steps(rhythm.step_news[], timestamptz) is 'Writes steps; returns those that changed: what is over stays as it is. Internal.';

-- What saved steps begin to wait for: pauses and sleeps, signals, children.
create or replace function rhythm.begin_waits(p_news rhythm.step_news[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = ''
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
    perform from rhythm.create_many(v_children);
  end if;
  v_listening := array(select distinct n.execution_id from unnest(p_news) as n where n.kind = 'signal');
  if v_listening <> '{}' then
    perform rhythm.deliver(rhythm.match_signals(v_listening));
  end if;
  perform rhythm.wake_clocks();
end;
$$;

comment on function rhythm.begin_waits(rhythm.step_news[], timestamptz) is 'Makes the timers, waits for signals and children of saved steps. Internal.';

create or replace function rhythm.save_steps(p_worker uuid, p_steps jsonb)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_count constant integer := jsonb_array_length(p_steps);
  v_held rhythm.step_news[];
  v_begun rhythm.step_news[];
  v_written jsonb;
begin
  if jsonb_path_exists(p_steps, '$[*] ? (@.kind == "signal" && @.status == "waiting")') then
    perform rhythm.lock_states(array(
      select (p.value ->> 'execution_id')::uuid from jsonb_array_elements(p_steps) as p where p.value ->> 'kind' = 'signal'));
  end if;
  v_held := rhythm.held_steps(p_worker, p_steps);
  perform rhythm.check_step_sizes(v_held);
  if not jsonb_path_exists(p_steps, '$[*] ? (@.status == "waiting" || @.status == "retrying")') then
    if (select count(*) from rhythm.write_steps(v_held, v_now)) = v_count then
      return '[]';
    end if;
  else
    select coalesce(jsonb_agg(jsonb_build_array(s.execution_id, s.name)), '[]') into v_written from rhythm.write_steps(v_held, v_now) as s;
    v_begun := array(select n from unnest(v_held) as n
      where n.status in ('waiting', 'retrying') and v_written @> jsonb_build_array(jsonb_build_array(n.execution_id, n.name)));
    perform rhythm.begin_waits(v_begun, v_now);
    if jsonb_array_length(v_written) = v_count then
      return '[]';
    end if;
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', p.value -> 'execution_id', 'name', p.value -> 'name')), '[]')
    from jsonb_array_elements(p_steps) as p
    where not exists (select from rhythm.step as s
      join unnest(v_held) as n on n.execution_id = s.execution_id and n.name = s.name and n.status = s.status and n.seq is not distinct from s.seq
      where s.execution_id = (p.value ->> 'execution_id')::uuid and s.name = p.value ->> 'name'));
end;
$$;

comment on function rhythm.save_steps(uuid, jsonb) is
  'Stores how steps of leased code-first workflows ended or what they wait for: [{execution_id, name, kind, status, seq, attempts, …}], all in one transaction. '
  'Returns those that changed nothing, [{id, name}]: the lease was lost, or the step is over already.';

create or replace function rhythm.check_step_sizes(p_news rhythm.step_news[])
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_name text;
begin
  select n.name into v_name from unnest(p_news) as n
  where pg_column_size(n.output) > v_limit / 2 and octet_length(n.output::text) > v_limit limit 1;
  if v_name is not null then
    perform rhythm.raise('RH006', format('The result of step "%s" takes more than %s bytes (setting max_payload_bytes)', v_name, v_limit),
      'Store it elsewhere, and return where it is');
  end if;
end;
$$;

comment on function rhythm.check_step_sizes(rhythm.step_news[]) is 'Raises RH006 for a result that is too large. Internal.';

create or replace function rhythm.load_steps(p_executions uuid[])
returns table (
  execution_id uuid, name text, kind text, status text, seq integer, attempts integer, wait_id uuid, is_due boolean, error jsonb, output jsonb
)
language sql
stable
set search_path = ''
as $$
  select s.execution_id, s.name, s.kind, s.status, s.seq, s.attempts::integer, s.wait_id,
    coalesce(s.kind in ('step', 'sleep') and s.until <= clock.now, false), s.error, s.output
  from rhythm.step as s
  cross join (select rhythm.now() as now) as clock
  where s.execution_id = any (p_executions)
  order by s.execution_id, s.seq nulls last;
$$;

comment on function rhythm.load_steps(uuid[]) is
  'The steps of code-first workflows, in the order in which they ended; those that are not over come last. is_due: its sleep or pause is over.';
