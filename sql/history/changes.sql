-- What people change in a workflow: other variables, an earlier step. The language makes the new state, which is stored here. Each
-- change takes a number among the steps, so that a worker that still has the old state in memory is refused, and a new epoch, so
-- that no id is given twice.

-- Locks a workflow that no worker has, at the step that the caller has seen. Raises for everything else.
create or replace function rhythm.lock_to_change(p_execution uuid, p_seq integer, p_what text)
returns rhythm.workflow_state
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
  v_state rhythm.workflow_state;
  v_batch rhythm.batch;
begin
  perform rhythm.lock_around(array[p_execution]);
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution for no key update;
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_execution;
  if v_execution.id is null then
    perform rhythm.raise('RH002', format('%s: there is no execution %s', p_what, coalesce(p_execution::text, 'null')));
  elsif v_execution.state = 4 then
    perform rhythm.refuse_frozen(array[p_execution], p_what);
  elsif v_state.execution_id is null or v_state.snapshot is null then
    perform rhythm.raise('RH003', format('%s execution %s: it is %s and has no state to change', p_what, p_execution, rhythm.status_of(p_execution)),
      'A workflow has a state from its first wait until it is completed');
  elsif v_state.seq is distinct from p_seq then
    perform rhythm.raise('RH003', format('%s execution %s: it has taken a step since you looked at it', p_what, p_execution), 'Look again: it is at step ' || v_state.seq);
  elsif v_execution.state = 0 and v_execution.cancel_reason is not null then
    perform rhythm.raise('RH003', format('%s execution %s: it is being cancelled', p_what, p_execution));
  end if;
  select b.* into v_batch from rhythm.batch as b where b.id = v_state.batch_id for update;
  if v_batch.worker is not null then
    perform rhythm.raise('RH003', format('%s execution %s: a worker runs it now', p_what, p_execution), 'Try again when it waits');
  end if;
  return v_state;
end;
$$;

comment on function rhythm.lock_to_change(uuid, integer, text) is 'Locks a workflow that no worker has; raises if it has gone on. Internal.';

create or replace function rhythm.require_state(p_snapshot json, p_waits jsonb, p_effects jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if json_typeof(p_snapshot) is distinct from 'object' then
    perform rhythm.raise('RH001', 'p_snapshot must be a JSON object: a state that the language gave');
  elsif not rhythm.are_waits(p_waits) then
    perform rhythm.raise('RH001', 'p_waits must be a list: [{"mode": "any" or "all", "ids": [at least one UUID]}, …]');
  elsif jsonb_typeof(p_effects) is distinct from 'array' or jsonb_path_exists(p_effects, '$[*] ? (!(@.type() == "object" && @.id.type() == "string" && @.type.type() == "string"))') then
    perform rhythm.raise('RH001', 'p_effects must be a list: [{"id": "…", "type": "start_timer", …}, …]');
  end if;
end;
$$;

comment on function rhythm.require_state(json, jsonb, jsonb) is 'Raises RH001 unless these are a state, waits and effects. Internal.';

-- Of what failed, the step in which it failed is noted under the next number.
create or replace function rhythm.store_change(
  p_state rhythm.workflow_state, p_snapshot json, p_act text, p_note text, p_program text default null, p_by text default null
)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_step integer;
  v_epoch integer;
begin
  update rhythm.execution as e set epoch = coalesce(e.epoch, 0) + 1 where e.id = p_state.execution_id
  returning e.epoch, p_state.seq + case when e.state = 0 then 1 else 2 end into v_epoch, v_step;
  update rhythm.workflow_state as s set seq = v_step, snapshot = p_snapshot, stack = null, program = coalesce(p_program, s.program) where s.execution_id = p_state.execution_id;
  insert into rhythm.base (execution_id, step, epoch, at, act, by, note, program, was, snapshot)
  values (p_state.execution_id, v_step, v_epoch, rhythm.now(), p_act, coalesce(p_by, rhythm.who()), left(nullif(p_note, ''), 2000), coalesce(p_program, p_state.program),
    nullif(p_state.program, p_program), p_snapshot);
  return v_step;
end;
$$;

comment on function rhythm.store_change(rhythm.workflow_state, json, text, text, text, text) is 'Stores a state that a person made, with its base; returns the number of the change. Internal.';

create or replace function rhythm.edit_state(p_execution uuid, p_seq integer, p_snapshot json, p_note text default null, p_tags text[] default null)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_state constant rhythm.workflow_state := rhythm.lock_to_change(p_execution, p_seq, 'Cannot edit');
  v_step integer;
begin
  if json_typeof(p_snapshot) is distinct from 'object' then
    perform rhythm.raise('RH001', 'p_snapshot must be a JSON object: a state that the language gave');
  end if;
  v_step := rhythm.store_change(v_state, p_snapshot, 'edited', p_note);
  if p_tags is not null then
    update rhythm.execution as e set tags = rhythm.stored_tags(p_tags) where e.id = p_execution and e.tags is distinct from rhythm.stored_tags(p_tags);
  end if;
  perform rhythm.pass_gate(p_execution);
  perform rhythm.record('edit', 'execution', p_execution::text, p_note, p_after => jsonb_build_object('step', v_step));
  return v_step;
end;
$$;

comment on function rhythm.edit_state(uuid, integer, json, text, text[]) is
  'Gives a workflow that waits or has failed another state at the same place: p_seq is the step it was made from; p_tags: what it is found by then. Returns the number of the change. For tools: rhythm.executions.edit() of TypeScript makes the state.';

-- Which of the operations that were under way at an earlier step are still as they were: ended ones are taken again, and what was
-- dropped since begins again.
create or replace function rhythm.reopen_waits(p_execution uuid, p_step integer, p_effects jsonb, p_pending uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- What was taken by then stays taken.
  v_kept constant uuid[] := p_pending || array(
    select i.id from rhythm.journal as j cross join lateral unnest(j.items) as i (id) where j.execution_id = p_execution and j.step <= p_step);
  v_cancelled uuid[];
begin
  -- What was begun since.
  v_cancelled := rhythm.cancel_trees(array(
    select c.id from rhythm.execution as c where c.parent_id = p_execution and c.state = 0 and c.id <> all (p_pending)), 'its workflow was put back to an earlier step', p_now);
  -- It begins again: with its key, it would get the end of the one that is cancelled here.
  delete from rhythm.idempotency_key as k
  where k.key = any (array(select x.key from rhythm.idempotency_key as x where x.execution_id = any (v_cancelled) order by x.key for update));
  update rhythm.signal as g set taken_by = null
  from rhythm.signal_wait as w where w.execution_id = p_execution and g.id = w.signal_id and w.id <> all (v_kept);
  delete from rhythm.signal_wait as w where w.execution_id = p_execution and w.id <> all (v_kept);
  delete from rhythm.timer as t where t.execution_id = p_execution and not t.deadline and t.id <> all (p_pending);
  delete from rhythm.inbox as i where i.execution_id = p_execution;
  insert into rhythm.timer (id, execution_id, fires_at)
  select (f.value ->> 'id')::uuid, p_execution, (f.value ->> 'at')::timestamptz
  from jsonb_array_elements(p_effects) as f
  where f.value ->> 'type' = 'start_timer' and not exists (select from rhythm.timer as t where t.id = (f.value ->> 'id')::uuid);
  insert into rhythm.signal_wait (id, execution_id, name, timeout_at)
  select (f.value ->> 'id')::uuid, p_execution, f.value ->> 'name', (f.value ->> 'timeoutAt')::timestamptz
  from jsonb_array_elements(p_effects) as f
  where f.value ->> 'type' = 'await_signal' and not exists (select from rhythm.signal_wait as w where w.id = (f.value ->> 'id')::uuid);
end;
$$;

comment on function rhythm.reopen_waits(uuid, integer, jsonb, uuid[], timestamptz) is 'Puts what a workflow waits for back to an earlier step. Internal.';

-- p_effects: the timers and waits for signals among what was under way at the step; p_pending: all that was. p_waits: what lets it go on.
create or replace function rhythm.rewind_state(
  p_execution uuid, p_seq integer, p_snapshot json, p_waits jsonb, p_pending uuid[], p_effects jsonb default '[]', p_cleanup boolean default false, p_note text default null,
  p_version integer default null, p_step integer default null
)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_state rhythm.workflow_state;
  v_execution rhythm.execution;
  v_program text;
  v_step integer;
  v_groups rhythm.grouping;
begin
  perform rhythm.require_state(p_snapshot, p_waits, p_effects);
  if p_pending is null then
    perform rhythm.raise('RH001', 'p_pending must be an array of ids: what was under way');
  end if;
  -- All at once: the ids of its children may be lower than its own.
  perform rhythm.lock_trees(array[p_execution], array[p_execution], p_all => true);
  v_state := rhythm.lock_to_change(p_execution, p_seq, 'Cannot rewind');
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution;
  v_program := (select v.program from rhythm.flow_version as v where v.name = v_execution.target and v.version = p_version);
  if p_version is not null and v_program is null then
    perform rhythm.raise('RH002', format('Cannot rewind: flow "%s" has no version %s', v_execution.target, p_version));
  end if;
  if v_execution.state > 0 and exists (
    select from rhythm.execution as p where p.id = v_execution.parent_id and p.state = 0) then
    perform rhythm.raise('RH003', format('Cannot rewind execution %s: its workflow %s was told that it ended', p_execution, v_execution.parent_id), 'Rewind that workflow');
  end if;
  -- What is cancelled now must not let it go on.
  update rhythm.workflow_state as s set groups = '{}', sizes = '{}', need = '{}' where s.execution_id = p_execution;
  perform rhythm.reopen_waits(p_execution, p_step, p_effects, p_pending, v_now);
  v_step := rhythm.store_change(v_state, p_snapshot, 'rewound', p_note, nullif(v_program, v_state.program));
  update rhythm.execution as e set tags = t.tags
  from (
    select rhythm.stored_tags(array(select x.value from jsonb_array_elements_text(f.value -> 'tags') as x (value))) as tags from jsonb_array_elements(p_effects) as f
    where f.value ->> 'type' = 'tag' and jsonb_typeof(f.value -> 'tags') = 'array' limit 1
  ) as t
  where e.id = p_execution and e.tags is distinct from t.tags;
  if v_execution.state > 0 then
    perform rhythm.take_key_again(p_execution);
  end if;
  update rhythm.execution as e
  set state = 0, version = coalesce(p_version, e.version), completed_at = null, claimed_at = null, fingerprint = null, cancel_reason = null, error = null, note = null, output = null
  where e.id = p_execution;
  delete from rhythm.batch as b where b.id = v_state.batch_id;
  update rhythm.workflow_state as s
  set batch_id = null, delivered = 0, arrived = 0, cleanup = coalesce(p_cleanup, false), failures = 0, attempt = greatest(s.attempt, 1)
  where s.execution_id = p_execution;
  v_groups := rhythm.group_waits(p_execution, p_waits, '{}');
  perform rhythm.renumber_waits(v_groups);
  update rhythm.execution as c set wait_group = i.number
  from unnest(v_groups.items, v_groups.numbers) as i (id, number) where c.id = i.id and c.parent_id = p_execution and c.state > 0;
  update rhythm.workflow_state as s set groups = v_groups.groups, sizes = v_groups.need, need = v_groups.need, last_group = v_groups.last_group
  where s.execution_id = p_execution;
  if v_execution.state > 0 then
    perform rhythm.set_deadline(p_execution, v_now);
  end if;
  perform rhythm.resume(rhythm.deliver(array(
    select row(p_execution, x.id, x.failed, x.wait_group)::rhythm.settled_item
    from (
      select c.id, c.state <> 1 as failed, c.wait_group, c.completed_at as ended_at from rhythm.execution as c where c.parent_id = p_execution and c.state > 0 and c.id = any (p_pending)
      union all
      select t.id, false, t.wait_group, t.fires_at from rhythm.timer as t where t.execution_id = p_execution and t.fired and not t.deadline
      union all
      select w.id, w.timed_out, w.wait_group, rhythm.created_at(w.id) from rhythm.signal_wait as w where w.id = any (p_pending) and w.execution_id = p_execution and (w.timed_out or w.signal_id is not null)
    ) as x
    order by x.ended_at, x.id)), v_now);
  perform rhythm.resume(rhythm.deliver(rhythm.match_signals(array[p_execution])), v_now);
  perform rhythm.record('rewind', 'execution', p_execution::text, p_note, p_after => jsonb_build_object('step', v_step));
  perform rhythm.wake_clocks();
  return v_step;
exception
  when data_exception or integrity_constraint_violation then
    perform rhythm.raise('RH001', 'Cannot rewind: the state is not one that the language gave: ' || sqlerrm);
end;
$$;

comment on function rhythm.rewind_state(uuid, integer, json, jsonb, uuid[], jsonb, boolean, text, integer, integer) is
  'Puts a workflow that waits or has failed back to an earlier step. Children begun since are cancelled. What had been under way and has ended is taken again. p_version: the version of the flow that the state is of, if it is another one. p_step: the step that the state is of; signals that were taken by then stay taken. Returns the number of the change. For tools: rhythm.executions.rewind() of TypeScript makes the state.';

-- The new workflow suspends as one that a worker brings to this place would: what was under way there begins again, under new ids.
create or replace function rhythm.fork_state(
  p_execution uuid, p_id uuid, p_step integer, p_version integer, p_snapshot json, p_waits jsonb, p_effects jsonb, p_cleanup boolean default false,
  p_inputs jsonb default null, p_note text default null
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_from constant rhythm.execution := rhythm.workflow_with_history(p_execution, 'Cannot fork');
  v_program constant text := (select v.program from rhythm.flow_version as v where v.name = v_from.target and v.version = p_version);
  v_worker uuid;
  v_answer jsonb;
begin
  if v_program is null then
    perform rhythm.raise('RH002', format('Cannot fork: flow "%s" has no version %s', v_from.target, coalesce(p_version::text, 'null')));
  elsif coalesce(p_step, 0) < 1 then
    perform rhythm.raise('RH001', format('Cannot fork from step %s: steps are counted from 1', coalesce(p_step::text, 'null')));
  end if;
  perform rhythm.require_state(p_snapshot, p_waits, p_effects);
  if exists (select from rhythm.execution as e where e.id = p_id) then
    perform rhythm.raise('RH003', format('Cannot fork: there is an execution %s already', p_id));
  end if;
  perform rhythm.create_many(jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('id', p_id, 'type', 'workflow', 'target', v_from.target,
    'queue', v_from.queue, 'priority', v_from.priority, 'timeout', v_from.timeout_ms / 1000.0, 'concurrency_key', v_from.concurrency_key, 'retry', v_from.retry,
    'metadata', v_from.metadata)) || jsonb_build_object('inputs', coalesce(p_inputs, v_from.inputs))));
  -- What it is found by is told again at its next step.
  update rhythm.execution as e set epoch = 1, version = p_version, tags = v_from.tags where e.id = p_id;
  -- One step before, as the settlement counts one. Nobody else sees this worker or the lease.
  update rhythm.workflow_state as s set seq = p_step - 1, program = v_program where s.execution_id = p_id;
  v_worker := rhythm.register_worker(null, array[v_from.queue], p_lease => interval '1 minute');
  update rhythm.batch as b set worker = v_worker, call = 1, claimed_at = v_now, run_at = null, attempt = 1, limited = false, paused = false
  from rhythm.workflow_state as s where s.execution_id = p_id and b.id = s.batch_id;
  v_answer := rhythm.settle_all(v_worker, jsonb_build_array(jsonb_build_object('id', p_id, 'call', 1, 'seq', p_step - 1, 'status', 'suspended',
    'snapshot', p_snapshot::text, 'effects', p_effects, 'waits', p_waits, 'keep', (select coalesce(jsonb_agg(f.value -> 'id'), '[]') from jsonb_array_elements(p_effects) as f),
    'cleanup', coalesce(p_cleanup, false))), 1, 0, '{}', v_now);
  delete from rhythm.worker as w where w.id = v_worker;
  if v_answer -> 'refused' <> '[]' or v_answer -> 'declined' <> '[]' then
    perform rhythm.raise('RH003', format('Cannot fork execution %s: %s', p_execution, v_answer #>> '{refused,0,reason}'));
  end if;
  insert into rhythm.base (execution_id, step, epoch, at, act, by, note, program, snapshot)
  values (p_id, p_step, 1, v_now, 'forked', rhythm.who(), concat_ws(': ', format('from step %s of %s', p_step, p_execution), left(nullif(p_note, ''), 2000)), v_program, p_snapshot);
  perform rhythm.record('fork', 'execution', p_execution::text, p_note, p_after => jsonb_build_object('execution', p_id, 'step', p_step));
  return p_id;
exception
  when data_exception or integrity_constraint_violation then
    perform rhythm.raise('RH001', 'Cannot fork: the state is not one that the language gave: ' || sqlerrm);
end;
$$;

comment on function rhythm.fork_state(uuid, uuid, integer, integer, json, jsonb, jsonb, boolean, jsonb, text) is
  'Makes a new workflow that goes on from a state of another one; what was under way there begins again (p_effects). Returns its id. For tools: rhythm.executions.fork() of TypeScript makes the state.';

-- The code runs from its beginning, as after a crash. The results of the steps up to p_step answer it, the other steps run.
create or replace function rhythm.fork_steps(
  p_execution uuid, p_step integer, p_id uuid default null, p_inputs jsonb default null, p_note text default null, p_dry_run boolean default false
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  -- A step of the library, which says that the workflow was cancelled.
  c_cancelled constant text := '#cancelled';
  v_from constant rhythm.execution := rhythm.workflow_with_history(p_execution, 'Cannot fork');
  v_id constant uuid := coalesce(p_id, rhythm.new_id());
  v_program text;
  v_starts jsonb;
begin
  select v.program into v_program from rhythm.flow_version as v
  where v.name = v_from.target and v.version = v_from.version and v.code = '{"language": "typescript"}';
  if not found then
    return null;
  elsif not exists (select from rhythm.step as s where s.execution_id = p_execution and s.seq = p_step) then
    perform rhythm.raise('RH001', format('Cannot fork: execution %s has no step %s', p_execution, coalesce(p_step::text, 'null')), 'history() lists its steps');
  end if;
  select coalesce(jsonb_agg(x.item order by x.seq, x.started_at), '[]') into v_starts
  from (
    select s.seq, s.started_at, jsonb_build_object('kind', s.kind, 'name', s.name) as item from rhythm.step as s
    where s.execution_id = p_execution and (s.seq > p_step or s.seq is null) and s.name <> c_cancelled order by s.seq, s.started_at limit 1000
  ) as x;
  if p_dry_run then
    return jsonb_build_object('id', null, 'starts', v_starts);
  elsif exists (select from rhythm.execution as e where e.id = v_id) then
    perform rhythm.raise('RH003', format('Cannot fork: there is an execution %s already', v_id));
  end if;
  perform rhythm.create_many(jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('id', v_id, 'type', 'workflow', 'target', v_from.target,
    'queue', v_from.queue, 'priority', v_from.priority, 'timeout', v_from.timeout_ms / 1000.0, 'concurrency_key', v_from.concurrency_key, 'retry', v_from.retry,
    'metadata', v_from.metadata)) || jsonb_build_object('inputs', coalesce(p_inputs, v_from.inputs))));
  update rhythm.execution as e set epoch = 1, tags = v_from.tags where e.id = v_id;
  insert into rhythm.step (execution_id, started_at, ended_at, seq, attempts, kind, status, name, error, output)
  select v_id, s.started_at, s.ended_at, s.seq, s.attempts, s.kind, s.status, s.name, s.error, s.output
  from rhythm.step as s where s.execution_id = p_execution and s.seq <= p_step and s.name <> c_cancelled;
  insert into rhythm.base (execution_id, step, epoch, at, act, by, note, program, snapshot)
  values (v_id, (select coalesce(max(s.seq), 0) from rhythm.step as s where s.execution_id = v_id), 1, rhythm.now(), 'forked', rhythm.who(), concat_ws(': ', format('from step %s of %s', p_step, p_execution), left(nullif(p_note, ''), 2000)), v_program, '{}');
  perform rhythm.record('fork', 'execution', p_execution::text, p_note, p_after => jsonb_build_object('execution', v_id, 'step', p_step));
  return jsonb_build_object('id', v_id, 'starts', v_starts);
end;
$$;

comment on function rhythm.fork_steps(uuid, integer, uuid, jsonb, text, boolean) is
  'Makes a new workflow in TypeScript that goes on from a step of another one: the results of the steps up to that one answer the code, what comes after runs again. Returns {id, starts: [{kind, name}]}: what the other one had begun after the step, at most 1,000. Null: it is in the flow language, of which rhythm.executions.fork() of TypeScript makes the state. Example: select rhythm.fork_steps(''0190…'', 3);';

create or replace function rhythm.pending_effects(p_execution uuid, p_ids uuid[])
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
begin
  return (
    select coalesce(jsonb_agg(x.effect order by x.id), '[]')
    from (
      select c.id, jsonb_build_object('id', c.id, 'type', case c.type when 'task' then 'run_task' else 'run_workflow' end, 'target', c.target, 'inputs', c.inputs,
        'options', jsonb_strip_nulls(jsonb_build_object('queue', c.queue, 'priority', c.priority, 'timeout', c.timeout_ms / 1000.0, 'concurrency_key', c.concurrency_key,
          'retry', c.retry, 'metadata', c.metadata, 'on_parent_cancel', case when c.outlives then 'abandon' end))) as effect
      from rhythm.execution as c where c.id = any (p_ids) and c.parent_id = p_execution
      union all
      select t.id, jsonb_build_object('id', t.id, 'type', 'start_timer', 'at', t.fires_at) from rhythm.timer as t where t.id = any (p_ids) and t.execution_id = p_execution
      union all
      select w.id, jsonb_strip_nulls(jsonb_build_object('id', w.id, 'type', 'await_signal', 'name', w.name, 'timeoutAt', w.timeout_at))
      from rhythm.signal_wait as w where w.id = any (p_ids) and w.execution_id = p_execution
    ) as x);
end;
$$;

comment on function rhythm.pending_effects(uuid, uuid[]) is 'What a workflow asked for when it began these, in the form of exchange(). For tools: rhythm.executions.fork() of TypeScript.';
