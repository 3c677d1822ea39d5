-- Signals.

create or replace function rhythm.signal(p_execution uuid, p_name text, p_payload jsonb default 'null', idempotency_key text default null)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_execution rhythm.execution;
  v_problem constant text := coalesce(rhythm.name_problem('signal', p_name),
    case when idempotency_key is not null then rhythm.name_problem('idempotency key', idempotency_key) end);
  v_locked uuid[];
  v_id bigint;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  if octet_length(p_payload::text) > v_limit then
    perform rhythm.raise('RH006', format('The payload of signal "%s" takes %s bytes: at most %s are allowed', p_name, octet_length(p_payload::text), v_limit));
  end if;
  -- Until the commit, this lock keeps the workflow from ending, and from suspending without seeing the signal.
  v_locked := rhythm.lock_states(array[p_execution]);
  perform rhythm.require_fresh(array[p_execution]);
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot send signal "%s": there is no execution %s', p_name, coalesce(p_execution::text, 'null')));
  elsif v_execution.type = 'task' then
    perform rhythm.raise('RH003', format('Cannot send signal "%s": execution %s is a task, only workflows take signals', p_name, p_execution));
  elsif v_execution.state = 4 then
    perform rhythm.refuse_frozen(array[p_execution], format('Cannot send signal "%s"', p_name));
  elsif v_execution.state > 0 then
    perform rhythm.raise('RH003', format('Cannot send signal "%s": execution %s is %s', p_name, p_execution, rhythm.status_of(p_execution)));
  elsif v_locked = '{}' then
    perform rhythm.raise('RH003', format('Cannot send signal "%s": execution %s waits for another execution', p_name, p_execution), v_execution.note);
  end if;

  insert into rhythm.signal as g (execution_id, name, payload, idempotency_key, sent_at)
  values (p_execution, p_name, coalesce(p_payload, 'null'), signal.idempotency_key, v_now)
  on conflict on constraint signal_once do nothing
  returning g.id into v_id;
  if v_id is null then
    return (select g.id from rhythm.signal as g where g.execution_id = p_execution and g.idempotency_key = signal.idempotency_key);
  end if;
  perform rhythm.record_named('signal', array[p_execution], p_after => jsonb_build_object('name', p_name));
  perform rhythm.resume(rhythm.deliver(rhythm.match_signals(array[p_execution])), v_now);
  return v_id;
end;
$$;

comment on function rhythm.signal(uuid, text, jsonb, text) is
  'Sends a signal to a workflow and returns its number. Signals of one name are taken in order, each once; they are kept until a wait takes '
  'them. With an idempotency key, sending again changes nothing. Example: select rhythm.signal(''0190…'', ''approval'', ''{"ok": true}'');';
