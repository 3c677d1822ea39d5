-- Why an execution does not continue, in sentences and facts.

create or replace function rhythm.reason(p_reason text, p_sentence text, p_facts jsonb default '{}')
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('reason', p_reason, 'sentence', p_sentence) || jsonb_strip_nulls(p_facts);
end;
$$;

comment on function rhythm.reason(text, text, jsonb) is 'One reason of explain(). Internal.';

create or replace function rhythm.moment_text(p_at timestamptz)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return to_char(p_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"');
end;
$$;

comment on function rhythm.moment_text(timestamptz) is 'A time as the sentences of explain() show it. Internal.';

create or replace function rhythm.end_reason(p_execution rhythm.execution)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant text := rhythm.moment_text(p_execution.completed_at);
begin
  return case p_execution.state
    when 1 then rhythm.reason('completed', format('It completed at %s', v_at), jsonb_build_object('at', p_execution.completed_at))
    when 2 then rhythm.reason('failed', format('It failed at %s: %s: %s', v_at, p_execution.error ->> 'type', p_execution.error ->> 'message'),
      jsonb_build_object('at', p_execution.completed_at, 'attempt', p_execution.attempt, 'error', p_execution.error - 'stack'))
    else rhythm.reason('cancelled', format('It was cancelled at %s: %s', v_at, p_execution.cancel_reason),
      jsonb_build_object('at', p_execution.completed_at, 'why', p_execution.cancel_reason))
  end;
end;
$$;

comment on function rhythm.end_reason(rhythm.execution) is 'How an execution ended, for explain(). Internal.';

create or replace function rhythm.pause_text(p_what text, p_at timestamptz, p_by text, p_reason text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format('%s is paused since %s by %s%s', p_what, rhythm.moment_text(p_at), p_by, ': ' || p_reason);
end;
$$;

comment on function rhythm.pause_text(text, timestamptz, text, text) is 'The sentence of a pause, for explain(). Internal.';

-- The pauses that stop a live execution, except those of its queue and its key.
create or replace function rhythm.pause_reasons(p_execution rhythm.execution)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_pause rhythm.pause;
  v_result jsonb := '[]';
begin
  if p_execution.paused_at is not null then
    v_result := v_result || rhythm.reason('paused', rhythm.pause_text('It', p_execution.paused_at, p_execution.paused_by, p_execution.pause_reason),
      jsonb_build_object('since', p_execution.paused_at, 'by', p_execution.paused_by, 'why', p_execution.pause_reason));
  end if;
  for v_pause in
    select p.* from rhythm.pause as p
    where p.type = 'everything' or p.type = p_execution.type and p.target = p_execution.target order by p.type
  loop
    v_result := v_result || rhythm.reason(case v_pause.type when 'everything' then 'everything_paused' else 'target_paused' end,
      rhythm.pause_text(case v_pause.type when 'everything' then 'Everything' when 'task' then format('Task "%s"', v_pause.target) else format('Flow "%s"', v_pause.target) end,
        v_pause.paused_at, v_pause.paused_by, v_pause.reason),
      jsonb_build_object('target', nullif(v_pause.target, ''), 'since', v_pause.paused_at, 'by', v_pause.paused_by, 'why', v_pause.reason));
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.pause_reasons(rhythm.execution) is 'The pauses that stop an execution, its task or flow, or everything, for explain(). Internal.';

create or replace function rhythm.running_reason(p_batch rhythm.batch, p_now timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_worker rhythm.worker;
  v_lease_until timestamptz;
begin
  select w.* into v_worker from rhythm.worker as w where w.id = p_batch.worker;
  v_lease_until := coalesce(v_worker.beat_at + v_worker.lease_ms * interval '1 millisecond', p_now);
  if v_lease_until <= p_now then
    return rhythm.reason('worker_silent', format('Worker "%s" runs it, and sent no heartbeat since %s. chores() gives its work to another worker',
      coalesce(v_worker.name, p_batch.worker::text), coalesce(rhythm.moment_text(v_worker.beat_at), 'it was removed')),
      jsonb_build_object('worker', p_batch.worker, 'name', v_worker.name, 'since', p_batch.claimed_at, 'beat_at', v_worker.beat_at, 'until', v_lease_until));
  end if;
  return rhythm.reason('running', format('Worker "%s" runs it since %s', v_worker.name, rhythm.moment_text(p_batch.claimed_at)),
    jsonb_build_object('worker', p_batch.worker, 'name', v_worker.name, 'since', p_batch.claimed_at, 'attempt', p_batch.attempt,
      'until', p_batch.claimed_at + p_batch.timeout_ms * interval '1 millisecond'));
end;
$$;

comment on function rhythm.running_reason(rhythm.batch, timestamptz) is 'Who runs an execution, for explain(). Internal.';

-- What has the slots of a queue, or of a key in it: the first ten.
create or replace function rhythm.slot_holders(p_queue text, p_key text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_agg(i.id), '[]')
    from (
      select unnest(b.ids) as id from rhythm.batch as b
      where b.worker is not null and b.queue = p_queue and (p_key is null or b.concurrency_key = p_key)
      limit 10
    ) as i);
end;
$$;

comment on function rhythm.slot_holders(text, text) is 'Executions that run in a queue, or with a key of it, for explain(). Internal.';

-- Reads the first thousand batches of the queue, or of the lane in a queue whose keys take turns.
create or replace function rhythm.place_of_batch(p_batch rhythm.batch, p_fair boolean, out ahead bigint, out is_least boolean)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_batch.limited then
    select sum(x.size) filter (where (- x.priority::integer, x.first_id) < (- p_batch.priority::integer, p_batch.first_id)), count(*) = 1000 into ahead, is_least
    from (
      select b.size, b.priority, b.first_id from rhythm.batch as b
      where b.limited and b.worker is null and b.run_at is null and b.queue = p_batch.queue
        and (not p_fair or case b.type when 'workflow' then '' else b.target end = case p_batch.type when 'workflow' then '' else p_batch.target end
          and coalesce(b.concurrency_key, '') = coalesce(p_batch.concurrency_key, ''))
      limit 1000
    ) as x;
  else
    select sum(x.size) filter (where (- x.priority::integer, x.first_id) < (- p_batch.priority::integer, p_batch.first_id)),
      count(*) = 1000 and not bool_or(x.first_id = p_batch.first_id) into ahead, is_least
    from (
      select b.size, b.priority, b.first_id from rhythm.batch as b
      where b.queue = p_batch.queue and b.worker is null and b.run_at is null and not b.limited
      order by b.priority desc, b.first_id limit 1000
    ) as x;
  end if;
  ahead := coalesce(ahead, 0);
end;
$$;

comment on function rhythm.place_of_batch(rhythm.batch, boolean) is 'How many executions are before a ready batch in its queue; is_least: there may be more. For explain(). Internal.';

-- The limits that a ready execution waits for.
create or replace function rhythm.limit_reasons(p_batch rhythm.batch, p_queue rhythm.queue, p_ahead bigint, p_now timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_state constant rhythm.queue_state := rhythm.state_of(p_queue.name);
  v_key rhythm.queue_key;
  v_key_state rhythm.key_state;
  v_running bigint;
  v_limit integer;
  v_per_ms bigint;
  v_until timestamptz;
  v_result jsonb := '[]';
begin
  v_running := v_state.running - (select coalesce(sum(n.ended), 0) from rhythm.limit_note as n where n.queue = p_queue.name and n.ended > 0);
  if p_queue.concurrency <= v_running then
    v_result := v_result || rhythm.reason('queue_full', format('All %s slots of queue "%s" are taken. One is free when an execution of it ends', p_queue.concurrency, p_queue.name),
      jsonb_build_object('queue', p_queue.name, 'limit', p_queue.concurrency, 'running', v_running, 'holders', rhythm.slot_holders(p_queue.name, null)));
  end if;
  if p_queue.rate <= rhythm.begun_lately(v_state.begun_at, v_state.begun, p_queue.per_ms, p_now) then
    v_until := rhythm.rate_ends(v_state.begun_at, p_queue.per_ms, p_now);
    v_result := v_result || rhythm.reason('queue_rate', format('Queue "%s" began %s executions, as many as may begin in %s. The next may begin at %s',
        p_queue.name, p_queue.rate, p_queue.per_ms * interval '1 millisecond', rhythm.moment_text(v_until)),
      jsonb_build_object('queue', p_queue.name, 'limit', p_queue.rate, 'per_ms', p_queue.per_ms, 'until', v_until,
        'expected_at', v_until + (p_ahead / p_queue.rate) * p_queue.per_ms * interval '1 millisecond'));
  end if;
  if p_batch.concurrency_key is null then
    return v_result;
  end if;
  select k.* into v_key from rhythm.queue_key as k where k.queue = p_queue.name and k.key = p_batch.concurrency_key;
  select k.* into v_key_state from rhythm.key_state as k where k.queue = p_queue.name and k.key = p_batch.concurrency_key order by k.nth desc limit 1;
  v_limit := coalesce(v_key.concurrency, p_queue.per_key_concurrency);
  v_running := v_key_state.running
    - (select coalesce(sum(n.ended), 0) from rhythm.limit_note as n where n.queue = p_queue.name and n.key = p_batch.concurrency_key and n.ended > 0);
  if v_limit <= v_running then
    v_result := v_result || rhythm.reason('key_full', format('%s of key "%s" run in queue "%s", as many as may run at once. It may begin when one of them ends',
        v_running, p_batch.concurrency_key, p_queue.name),
      jsonb_build_object('queue', p_queue.name, 'key', p_batch.concurrency_key, 'limit', v_limit, 'running', v_running,
        'holders', rhythm.slot_holders(p_queue.name, p_batch.concurrency_key)));
  end if;
  v_limit := coalesce(v_key.rate, p_queue.per_key_rate);
  v_per_ms := case when v_key.rate is not null then v_key.per_ms else p_queue.per_key_per_ms end;
  if v_limit <= rhythm.begun_lately(v_key_state.begun_at, v_key_state.begun, v_per_ms, p_now) then
    v_until := rhythm.rate_ends(v_key_state.begun_at, v_per_ms, p_now);
    v_result := v_result || rhythm.reason('key_rate', format('Key "%s" of queue "%s" began %s executions, as many as may begin in %s. The next may begin at %s',
        p_batch.concurrency_key, p_queue.name, v_limit, v_per_ms * interval '1 millisecond', rhythm.moment_text(v_until)),
      jsonb_build_object('queue', p_queue.name, 'key', p_batch.concurrency_key, 'limit', v_limit, 'per_ms', v_per_ms, 'until', v_until));
  end if;
  return v_result;
end;
$$;

comment on function rhythm.limit_reasons(rhythm.batch, rhythm.queue, bigint, timestamptz) is 'The limits that a ready execution waits for, for explain(). Internal.';

create or replace function rhythm.pending_reasons(p_execution rhythm.execution, p_batch rhythm.batch, p_now timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result jsonb := '[]';
  v_queue rhythm.queue;
  v_key rhythm.queue_key;
  v_place record;
begin
  if p_batch.run_at < 'infinity' then
    v_result := v_result || case when p_batch.failures + p_batch.crashes > 0
      then rhythm.reason('retry_delayed', format('Attempt %s failed: %s. The next one begins at %s', p_batch.attempt, coalesce(p_execution.error ->> 'message', 'no reason is known'), rhythm.moment_text(p_batch.run_at)),
        jsonb_build_object('until', p_batch.run_at, 'expected_at', p_batch.run_at, 'attempt', p_batch.attempt, 'error', p_execution.error - 'stack'))
      else rhythm.reason('delayed', format('It was delayed until %s', rhythm.moment_text(p_batch.run_at)),
        jsonb_build_object('until', p_batch.run_at, 'expected_at', p_batch.run_at)) end;
  end if;
  select q.* into v_queue from rhythm.queue as q where q.name = p_batch.queue;
  if v_queue.paused_at is not null then
    v_result := v_result || rhythm.reason('queue_paused', rhythm.pause_text(format('Queue "%s"', v_queue.name), v_queue.paused_at, v_queue.paused_by, v_queue.pause_reason),
      jsonb_build_object('queue', v_queue.name, 'since', v_queue.paused_at, 'by', v_queue.paused_by, 'why', v_queue.pause_reason));
  end if;
  select k.* into v_key from rhythm.queue_key as k where k.queue = p_batch.queue and k.key = p_batch.concurrency_key and k.paused_at is not null;
  if found then
    v_result := v_result || rhythm.reason('key_paused', rhythm.pause_text(format('Key "%s" of queue "%s"', v_key.key, v_key.queue), v_key.paused_at, v_key.paused_by, v_key.pause_reason),
      jsonb_build_object('queue', v_key.queue, 'key', v_key.key, 'since', v_key.paused_at, 'by', v_key.paused_by, 'why', v_key.pause_reason));
  end if;
  if p_batch.type = 'workflow' or not exists (select from rhythm.task as k where k.name = p_batch.target and k.sql_function is not null) then
    if not exists (select from rhythm.worker as w where p_batch.queue = any (w.queues) and w.draining_since is null and w.beat_at + w.lease_ms * interval '1 millisecond' > p_now) then
      v_result := v_result || rhythm.reason('no_worker', format('No worker takes from queue "%s"', p_batch.queue), jsonb_build_object('queue', p_batch.queue));
    elsif p_batch.type = 'task' and not rhythm.is_served(p_batch.queue, p_batch.target) then
      v_result := v_result || rhythm.reason('no_handler', format('No worker of queue "%s" has a handler for task "%s"', p_batch.queue, p_batch.target),
        jsonb_build_object('queue', p_batch.queue, 'target', p_batch.target));
    end if;
  end if;
  if p_batch.run_at is not null then
    return v_result;
  end if;
  v_place := rhythm.place_of_batch(p_batch, coalesce(v_queue.fair, false));
  if v_queue.limited then
    v_result := v_result || rhythm.limit_reasons(p_batch, v_queue, v_place.ahead, p_now);
  end if;
  return v_result || rhythm.reason('ready', case
      when v_place.ahead = 0 and v_queue.fair then format('It is the next of its key in queue "%s", whose keys take turns', p_batch.queue)
      when v_place.ahead = 0 then format('It is ready, and the next in queue "%s"', p_batch.queue)
      else format('%s%s executions%s are before it in queue "%s"', case when v_place.is_least then 'At least ' else '' end, v_place.ahead,
        case when v_queue.fair then ' of its key' else '' end, p_batch.queue) end,
    jsonb_build_object('queue', p_batch.queue, 'ahead', v_place.ahead));
end;
$$;

comment on function rhythm.pending_reasons(rhythm.execution, rhythm.batch, timestamptz) is 'Why an execution that is delayed or ready does not run, for explain(). Internal.';

-- The first twenty things that a workflow waits for. For the first child, also why that does not continue.
create or replace function rhythm.wait_reasons(p_execution rhythm.execution, p_state rhythm.workflow_state, p_depth integer)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wait record;
  v_place text;
  v_result jsonb := '[]';
begin
  for v_wait in
    select x.*, f.line, s.name as step, row_number() over (partition by x.kind in ('task', 'workflow') order by x.id) as nth
    from (
      (
        select c.type as kind, c.id, c.target as name, null::timestamptz as until from rhythm.execution as c
        where c.parent_id = p_execution.id and c.state = 0 and c.wait_group = any (p_state.groups) order by c.id limit 20
      )
      union all
      (select 'timer', t.id, null, t.fires_at from rhythm.timer as t where t.execution_id = p_execution.id and not t.fired and not t.deadline limit 20)
      union all
      (select 'signal', w.id, w.name, w.timeout_at from rhythm.signal_wait as w where w.execution_id = p_execution.id and w.signal_id is null and not w.timed_out limit 20)
    ) as x
    left join rhythm.step as s on s.execution_id = p_execution.id and s.wait_id = x.id
    left join lateral (
      select (f.value ->> 'line')::integer as line
      from jsonb_array_elements(case jsonb_typeof(p_state.stack) when 'array' then p_state.stack when 'object' then p_state.stack -> 'fibres' else '[]' end) as f (value)
      where f.value -> 'waitsFor' ? x.id::text limit 1
    ) as f on true
    order by x.id limit 20
  loop
    v_place := case when v_wait.line is not null then format(' in line %s', v_wait.line) when v_wait.step is not null then format(' in step "%s"', v_wait.step) else '' end;
    v_result := v_result || rhythm.reason(v_wait.kind,
      case v_wait.kind
        when 'timer' then format('It waits%s for a timer until %s', v_place, rhythm.moment_text(v_wait.until))
        when 'signal' then format('It waits%s for signal "%s" since %s%s', v_place, v_wait.name, rhythm.moment_text(rhythm.created_at(v_wait.id)),
          case when v_wait.until is null then '' else format(', until %s', rhythm.moment_text(v_wait.until)) end)
        else format('It waits%s for %s "%s", which is %s, since %s', v_place, v_wait.kind, v_wait.name, rhythm.status_of(v_wait.id), rhythm.moment_text(rhythm.created_at(v_wait.id)))
      end,
      jsonb_build_object('id', v_wait.id, 'name', v_wait.name, 'line', v_wait.line, 'step', v_wait.step, 'since', rhythm.created_at(v_wait.id), 'until', v_wait.until,
        'expected_at', case v_wait.kind when 'timer' then v_wait.until end,
        'status', case when v_wait.kind in ('task', 'workflow') then rhythm.status_of(v_wait.id) end,
        'because', case when v_wait.kind in ('task', 'workflow') and v_wait.nth = 1 and p_depth > 1 then rhythm.reasons_of(v_wait.id, p_depth - 1) end));
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.wait_reasons(rhythm.execution, rhythm.workflow_state, integer) is 'What a suspended workflow waits for, for explain(). Internal.';

create or replace function rhythm.reasons_of(p_id uuid, p_depth integer)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_execution rhythm.execution;
  v_state rhythm.workflow_state;
  v_batch rhythm.batch;
  v_owner uuid;
  v_until timestamptz;
  v_result jsonb := '[]';
begin
  select e.* into v_execution from rhythm.execution as e where e.id = p_id;
  if v_execution.state > 0 then
    return case v_execution.state when 4 then rhythm.frozen_reason(p_id) else jsonb_build_array(rhythm.end_reason(v_execution)) end;
  end if;
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_id;
  select b.* into v_batch from rhythm.batch as b where b.id = coalesce(v_execution.batch_id, v_state.batch_id);
  if v_execution.cancel_reason is not null then
    v_until := (select min(t.fires_at) from rhythm.timer as t where t.execution_id = p_id and t.deadline and not t.fired);
    v_result := v_result || case when v_execution.type = 'workflow'
      then rhythm.reason('cleans_up', format('It was cancelled (%s) and cleans up, until %s at the latest', v_execution.cancel_reason, rhythm.moment_text(v_until)),
        jsonb_build_object('why', v_execution.cancel_reason, 'until', v_until))
      else rhythm.reason('stopping', format('It was cancelled (%s), and its worker is asked to stop it', v_execution.cancel_reason),
        jsonb_build_object('why', v_execution.cancel_reason)) end;
  end if;
  v_result := v_result || rhythm.pause_reasons(v_execution);
  select k.owner_id into v_owner from rhythm.key_waiter as k where k.execution_id = p_id;
  if v_batch.worker is not null then
    v_result := v_result || rhythm.running_reason(v_batch, v_now);
  elsif v_batch.gate is not null then
    v_result := v_result || rhythm.gate_reason(v_batch.gate);
  elsif v_batch.id is not null then
    v_result := v_result || rhythm.pending_reasons(v_execution, v_batch, v_now);
    if v_execution.note is not null and v_execution.note not like 'No worker of queue %' then
      v_result := v_result || rhythm.reason('note', v_execution.note);
    end if;
  elsif v_owner is not null then
    v_result := v_result || rhythm.reason('key_owner', format('It ends as %s does, which came first with its idempotency key', v_owner),
      jsonb_build_object('id', v_owner, 'status', rhythm.status_of(v_owner), 'because', case when p_depth > 1 then rhythm.reasons_of(v_owner, p_depth - 1) end));
  else
    v_result := v_result || rhythm.wait_reasons(v_execution, v_state, p_depth);
  end if;
  return v_result;
end;
$$;

comment on function rhythm.reasons_of(uuid, integer) is 'The reasons of explain(). p_depth: how many levels of children it follows. Internal.';

create or replace function rhythm.explain(p_execution uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_problem constant text := rhythm.home_problem();
  v_state smallint;
  v_result jsonb := '[]';
begin
  select e.state into v_state from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot explain: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  if v_state = 0 and v_problem is not null then
    v_result := v_result || rhythm.reason('not_adopted', format('%s. Nothing runs until adopt() is called', v_problem));
  end if;
  return v_result || rhythm.reasons_of(p_execution, 10);
end;
$$;

comment on function rhythm.explain(uuid) is
  'Why an execution does not continue, or how it ended: [{reason, sentence, since, until, expected_at, …}]. because: why the child that it waits for does not continue. '
  'Example: select r ->> ''sentence'' from jsonb_array_elements(rhythm.explain(''0190…'')) as r;';
