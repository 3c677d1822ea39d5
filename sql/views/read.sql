-- Reading and waiting.

create or replace function rhythm.get(p_execution uuid)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'id', e.id, 'type', e.type, 'target', e.target, 'status', e.status, 'queue', e.queue, 'priority', e.priority,
    'inputs', e.inputs, 'output', e.output, 'error', e.error, 'attempt', e.attempt, 'max_attempts', e.max_attempts,
    'failures', e.failures, 'crashes', e.crashes, 'max_crashes', e.max_crashes,
    'metadata', e.metadata, 'progress', e.progress, 'checkpoint', e.checkpoint, 'parent_id', e.parent_id, 'on_parent_cancel', e.on_parent_cancel, 'worker', e.worker,
    'cancel_reason', e.cancel_reason, 'note', e.note, 'concurrency_key', e.concurrency_key, 'unique_key', e.unique_key, 'unique_while', e.unique_while,
    'created_at', e.created_at, 'run_at', e.run_at, 'expires_at', e.expires_at, 'started_at', e.claimed_at, 'completed_at', e.completed_at,
    'frozen_status', e.frozen_status, 'gate', e.gate, 'paused_at', e.paused_at, 'paused_by', e.paused_by, 'pause_reason', e.pause_reason)
  from rhythm.executions as e
  where e.id = p_execution;
$$;

comment on function rhythm.get(uuid) is 'Everything about an execution as one JSON object; null if it does not exist.';

create or replace function rhythm.watch(p_executions uuid[])
returns setof uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
  -- Several are locked in the one order, states first: a settle of one also locks the workflow that waits for it.
  if cardinality(p_executions) > 1 then
    perform rhythm.lock_around(p_executions);
  end if;
  update rhythm.execution as e set notify_on_end = true
  where e.id = any (array(
    select x.id from rhythm.execution as x
    where x.id = any (p_executions) and x.state = 0 and not x.notify_on_end
    order by x.id
    for no key update)) and e.state = 0;
  return query select e.id from rhythm.execution as e where e.id = any (p_executions) and e.state > 0;
end;
$$;

comment on function rhythm.watch(uuid[]) is 'Requests a notification (channel done) for the ends of executions; returns those that have already ended.';

create or replace function rhythm.wait_for(p_execution uuid, p_timeout interval default '60s')
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ms constant bigint := rhythm.interval_ms(p_timeout);
  v_until constant timestamptz := clock_timestamp() + v_ms * interval '1 millisecond';
  v_is_frozen constant boolean := rhythm.is_frozen();
  v_pause double precision := 0.002;
begin
  if v_ms is null then
    perform rhythm.raise('RH001', format('%s cannot be a timeout: expected an interval of zero or more, such as 90 seconds', coalesce(p_timeout::text, 'null')));
  end if;
  loop
    perform from rhythm.execution as e where e.id = p_execution and e.state > 0;
    if found or clock_timestamp() >= v_until then
      return rhythm.get(p_execution);
    end if;
    perform from rhythm.execution as e where e.id = p_execution;
    if not found then
      perform rhythm.raise('RH002', format('Cannot wait: there is no execution %s', coalesce(p_execution::text, 'null')));
    end if;
    if v_is_frozen then
      perform rhythm.require_unchanged(p_execution);
    end if;
    perform pg_sleep(least(v_pause, greatest(0, extract(epoch from v_until - clock_timestamp()))));
    v_pause := least(v_pause * 1.5, 0.1);
  end loop;
end;
$$;

comment on function rhythm.wait_for(uuid, interval) is
  'Blocks this session until an execution has ended or the timeout has passed; returns it as get() does. An execution that this transaction itself created cannot end before the commit. In a transaction that is not '
  'read committed: raises 40001 when the execution has changed, because only a new transaction can see how.';
