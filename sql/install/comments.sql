-- Comments on what has no file of its own: the schema, the sequences, and the columns of the views, which psql shows
-- with \d+.

-- A schema that existed before may have a comment of its owner.
do $$
declare
  c_comment constant text := 'Durable execution. \df+ on its functions and \d+ on its views are the manual.';
begin
  if (
    select pg_has_role(n.nspowner, 'usage') and obj_description(n.oid, 'pg_namespace') is distinct from c_comment
    from pg_catalog.pg_namespace as n where n.nspname = :'schema'
  ) then
    execute format('comment on schema %I is %L', :'schema', c_comment);
  end if;
end;
$$;

comment on sequence rhythm.signal_id_seq is 'Numbers signals in the order of sending.';
comment on sequence rhythm.gate_id_seq is 'Numbers gates.';
comment on sequence rhythm.token_id_seq is 'Numbers tokens.';
comment on sequence rhythm.audit_entry_id_seq is 'Numbers records of acts.';
comment on sequence rhythm.batch_id_seq is 'Numbers batches in the order of their creation.';
comment on sequence rhythm.log_line_id_seq is 'Numbers log lines in the order of writing.';

comment on column rhythm.executions.id is 'A UUIDv7: it contains the time of creation, so ids sort by it.';
comment on column rhythm.executions.type is 'workflow or task.';
comment on column rhythm.executions.target is 'The name of its flow or task.';
comment on column rhythm.executions.status is 'pending, running, suspended, completed, failed, cancelled, or frozen: a copy from another installation. From completed on, they are final; only retry() changes failed and cancelled.';
comment on column rhythm.executions.queue is 'Where it waits for a worker.';
comment on column rhythm.executions.priority is 'Higher comes first.';
comment on column rhythm.executions.attempt is 'Which attempt this is or was, from 1; 0 before the first claim.';
comment on column rhythm.executions.max_attempts is 'How many attempts may throw; the last of them ends it. 1 without a retry policy.';
comment on column rhythm.executions.inputs is 'What it was started with.';
comment on column rhythm.executions.version is 'For a workflow: the version of its flow that it runs.';
comment on column rhythm.executions.output is 'Its result, once completed.';
comment on column rhythm.executions.error is '{type, message, …} of the last attempt that failed.';
comment on column rhythm.executions.metadata is 'An object that was attached at the start.';
comment on column rhythm.executions.progress is 'What its handler reported last.';
comment on column rhythm.executions.checkpoint is 'What its handler stored last for its next attempt.';
comment on column rhythm.executions.note is 'Why it does not continue, if that is known. For a key waiter: which execution it waits for.';
comment on column rhythm.executions.cancel_reason is 'Why it was cancelled, or asked to stop.';
comment on column rhythm.executions.parent_id is 'The execution that started it, and with which it is cancelled.';
comment on column rhythm.executions.root_id is 'The execution at the top of its tree.';
comment on column rhythm.executions.worker is 'The worker that holds its lease; null if none.';
comment on column rhythm.executions.concurrency_key is 'What per_key_concurrency of its queue counts by.';
comment on column rhythm.executions.unique_key is 'The key that it holds while it is queued or active (the option unique).';
comment on column rhythm.executions.on_parent_cancel is 'What becomes of it when its parent is cancelled or passes its timeout: cancel (it is cancelled, too) or abandon (it goes on). Null: it has no parent.';
comment on column rhythm.executions.unique_while is 'How long it holds that key: queued or active.';
comment on column rhythm.executions.timeout_ms is 'Milliseconds: for a task, of each attempt; for a workflow, of the whole execution.';
comment on column rhythm.executions.failures is 'How many attempts threw, while it is live.';
comment on column rhythm.executions.crashes is 'How many attempts were lost with their worker, while it is live; for a workflow, since its last step.';
comment on column rhythm.executions.max_crashes is 'How often it is repeated after an attempt was lost with its worker. 3, unless its retry policy or the setting max_crashes says otherwise.';
comment on column rhythm.executions.tags is 'The values of the variables that it is found by, as name=value.';
comment on column rhythm.executions.fingerprint is 'What failures of the same kind have in common.';
comment on column rhythm.executions.traceparent is 'The W3C trace context that it belongs to.';
comment on column rhythm.executions.created_at is 'When it was started.';
comment on column rhythm.executions.run_at is 'It does not run before this time: its delay, or the backoff before the next attempt.';
comment on column rhythm.executions.expires_at is 'If it has not begun by then, it is cancelled.';
comment on column rhythm.executions.claimed_at is 'When the current or last attempt began.';
comment on column rhythm.executions.completed_at is 'When it ended.';
comment on column rhythm.executions.frozen_status is 'Of a frozen copy: its status where it was exported.';
comment on column rhythm.executions.paused_at is 'Since when it is paused.';
comment on column rhythm.executions.paused_by is 'Who paused it.';
comment on column rhythm.executions.pause_reason is 'Why it was paused, if that was said.';

comment on column rhythm.operations.id is 'A UUIDv7.';
comment on column rhythm.operations.action is 'cancel, retry, signal, pause, resume, migrate or repair.';
comment on column rhythm.operations.state is 'running, stopped or completed.';
comment on column rhythm.operations.dry_run is 'It only records what it would change.';
comment on column rhythm.operations.filter is 'Which executions.';
comment on column rhythm.operations.args is 'The arguments of the action.';
comment on column rhythm.operations.started_by is 'Who started it.';
comment on column rhythm.operations.created_at is 'When it was started.';
comment on column rhythm.operations.ended_at is 'When it was completed.';
comment on column rhythm.operations.looked is 'How many executions it has looked at.';
comment on column rhythm.operations.done is 'How many it has changed, or would change.';
comment on column rhythm.operations.unchanged is 'How many there was nothing to change of.';
comment on column rhythm.operations.refused is 'How many refused the change.';
comment on column rhythm.operations.locked is 'How many are locked by other sessions. It tries them again.';
comment on column rhythm.operation_acts.operation_id is 'The operation.';
comment on column rhythm.operation_acts.action is 'What it does.';
comment on column rhythm.operation_acts.started_by is 'Who started it.';
comment on column rhythm.operation_acts.execution_id is 'The execution.';
comment on column rhythm.operation_acts.at is 'When it was changed.';
comment on column rhythm.operation_acts.result is 'done, would (of a dry run), unchanged or refused. Null: it is locked, and will be tried again.';
comment on column rhythm.operation_acts.detail is 'Why it refused.';
comment on column rhythm.operation_acts.place is 'For migrate and repair: where the workflow stood, and where it goes on: {version, lines, to, how, why}.';

comment on column rhythm.failures.fingerprint is 'What failures of one kind share.';
comment on column rhythm.failures.state is 'new, known, resolved (new again when it comes again) or ignored: see set_failure().';
comment on column rhythm.failures.type is 'task or workflow.';
comment on column rhythm.failures.target is 'The task or flow that failed.';
comment on column rhythm.failures.error_type is 'The class of the error.';
comment on column rhythm.failures.message is 'Its message, with # for what differs.';
comment on column rhythm.failures.count is 'How often it came.';
comment on column rhythm.failures.failed is 'How many executions are failed now. Those that were retried or deleted are not.';
comment on column rhythm.failures.first_at is 'When it came first.';
comment on column rhythm.failures.last_at is 'When it came last.';
comment on column rhythm.failures.trend is 'How often it came in each of the last 24 hours; the last number is of the hour that has begun.';
comment on column rhythm.failures.versions is 'Of a workflow: the last ten versions of the flow that failed so.';
comment on column rhythm.failures.example_id is 'The execution that failed last.';
comment on column rhythm.failures.changed_at is 'When somebody set its state.';
comment on column rhythm.failures.changed_by is 'Who.';
comment on column rhythm.failures.note is 'A word about it.';

comment on column rhythm.failure_hooks.name is 'Its name.';
comment on column rhythm.failure_hooks.event is 'new: for each kind of failures that is new. failed: for each execution that fails.';
comment on column rhythm.failure_hooks.filter is 'Which executions.';
comment on column rhythm.failure_hooks.type is 'task or workflow.';
comment on column rhythm.failure_hooks.target is 'What it starts; rhythm.call calls an address.';
comment on column rhythm.failure_hooks.host is 'The host of the address.';
comment on column rhythm.failure_hooks.is_signed is 'Calls of the address are signed.';
comment on column rhythm.failure_hooks.queue is 'The queue of what it starts.';
comment on column rhythm.failure_hooks.created_at is 'When it was set.';
comment on column rhythm.failure_hooks.created_by is 'Who set it.';
comment on column rhythm.failure_hooks.started is 'How many executions it has started.';
comment on column rhythm.failure_hooks.last_at is 'When it started the last one.';
comment on column rhythm.failure_hooks.last_id is 'The last one.';
comment on column rhythm.failure_hooks.problem is 'Why the last one could not be started.';

comment on column rhythm.pauses.kind is 'What is paused: everything, task, workflow, queue or key.';
comment on column rhythm.pauses.name is 'The task, flow or queue.';
comment on column rhythm.pauses.key is 'The concurrency key.';
comment on column rhythm.pauses.paused_at is 'Since when.';
comment on column rhythm.pauses.paused_by is 'Who paused it.';
comment on column rhythm.pauses.reason is 'Why, if that was said.';

comment on column rhythm.queue_keys.queue is 'The queue.';
comment on column rhythm.queue_keys.key is 'The concurrency key.';
comment on column rhythm.queue_keys.ready is 'How many of it could run now.';
comment on column rhythm.queue_keys.running is 'How many of it run.';
comment on column rhythm.queue_keys.concurrency is 'How many of it run at once; null: as for all keys.';
comment on column rhythm.queue_keys.rate is 'How many of it begin in each per; null: as for all keys.';
comment on column rhythm.queue_keys.per is 'The time that rate counts.';
comment on column rhythm.queue_keys.weight is 'How many turns it has while others have one; null: 1.';
comment on column rhythm.queue_keys.paused is 'Whether nothing of it is claimed.';

comment on column rhythm.schedule_runs.key is 'The idempotency key of the execution, with its type and target.';
comment on column rhythm.schedule_runs.schedule is 'The schedule.';
comment on column rhythm.schedule_runs.slot is 'The time of the cron expression, in UTC.';
comment on column rhythm.schedule_runs.execution_id is 'What it started then.';

comment on column rhythm.logs.id is 'In the order of writing.';
comment on column rhythm.logs.execution_id is 'The execution that wrote it.';
comment on column rhythm.logs.at is 'When it was written.';
comment on column rhythm.logs.level is 'debug, info, warn or error.';
comment on column rhythm.logs.message is 'The line.';
comment on column rhythm.logs.data is 'Values that were logged with it.';

comment on column rhythm.waits.execution_id is 'The workflow that waits.';
comment on column rhythm.waits.target is 'The name of its flow.';
comment on column rhythm.waits.kind is 'task, workflow, timer or signal.';
comment on column rhythm.waits.id is 'What it waits for: a child, a timer, or the wait for a signal.';
comment on column rhythm.waits.name is 'The name of the child''s task or flow, or of the signal.';
comment on column rhythm.waits.until is 'When the timer fires, or the wait for the signal times out.';

comment on column rhythm.targets.type is 'task or workflow.';
comment on column rhythm.targets.target is 'The name of the task or flow.';
comment on column rhythm.targets.ready is 'How many could run now.';
comment on column rhythm.targets.delayed is 'How many are delayed, or parked because something is paused.';
comment on column rhythm.targets.running is 'How many a worker has.';

comment on column rhythm.asks.id is 'Its number, which ask() returned: that of the signal.';
comment on column rhythm.asks.execution_id is 'The workflow that was asked.';
comment on column rhythm.asks.target is 'The name of its flow.';
comment on column rhythm.asks.name is 'The name of the signal.';
comment on column rhythm.asks.payload is 'What was asked.';
comment on column rhythm.asks.idempotency_key is 'Asking again with this key is the same question.';
comment on column rhythm.asks.asked_at is 'When it was asked.';
comment on column rhythm.asks.taken is 'The workflow has it; otherwise it is kept.';
comment on column rhythm.asks.status is 'open, answered, rejected or unanswered: the workflow has ended without an answer.';
comment on column rhythm.asks.answer is 'What the workflow replied.';
comment on column rhythm.asks.error is 'Why there is no answer: {type, message, code, data}.';
comment on column rhythm.asks.answered_at is 'When it was answered or rejected.';
comment on column rhythm.signals.id is 'The order in which they were sent.';
comment on column rhythm.signals.execution_id is 'The workflow.';
comment on column rhythm.signals.target is 'The name of its flow.';
comment on column rhythm.signals.name is 'The name of the signal.';
comment on column rhythm.signals.payload is 'What came with it.';
comment on column rhythm.signals.sent_at is 'When it was sent.';
comment on column rhythm.signals.taken is 'The workflow has it; otherwise it is kept.';

comment on column rhythm.stacks.execution_id is 'The workflow.';
comment on column rhythm.stacks.target is 'The name of its flow.';
comment on column rhythm.stacks.version is 'The version of the flow that it runs on.';
comment on column rhythm.stacks.status is 'As in executions.';
comment on column rhythm.stacks.fibre is 'Which of its branches, from 1: functions that called each other, or that run side by side.';
comment on column rhythm.stacks.function is 'The name of the function.';
comment on column rhythm.stacks.line is 'Line of the source, from 1.';
comment on column rhythm.stacks."column" is 'Column of that line, from 1.';
comment on column rhythm.stacks.source_line is 'The text of that line.';
comment on column rhythm.stacks.variables is 'The variables in scope, with their values.';
comment on column rhythm.stacks.waits_for is 'The ids of what it waits for there.';

comment on column rhythm.queues.queue is 'Its name.';
comment on column rhythm.queues.ready is 'Its depth: how many could run now.';
comment on column rhythm.queues.delayed is 'How many wait for their time.';
comment on column rhythm.queues.running is 'How many are leased to workers.';
comment on column rhythm.queues.suspended is 'How many workflows wait for something; with many thousands an estimate.';
comment on column rhythm.queues.oldest_at is 'When the oldest ready one was created.';
comment on column rhythm.queues.oldest_seconds is 'How long ago that was.';
comment on column rhythm.queues.workers is 'How many workers take from it. One that drains does not.';
comment on column rhythm.queues.paused is 'Whether pause_queue() stopped it.';
comment on column rhythm.queues.concurrency is 'Limit: how many run at once, over all workers; null: no limit.';
comment on column rhythm.queues.per_key_rate is 'Limit: how many of one concurrency key begin in per_key_per.';
comment on column rhythm.queues.per_key_per is 'The time that per_key_rate counts.';
comment on column rhythm.queues.fair is 'Whether concurrency keys take turns.';
comment on column rhythm.queues.per_key_concurrency is 'Limit: the same for each concurrency key.';
comment on column rhythm.queues.rate is 'Limit: how many begin in each period, over all workers; null: no limit. The actual speed is in the metrics of the workers.';
comment on column rhythm.queues.per is 'The period of the limit rate.';

comment on column rhythm.workers.id is 'Its id.';
comment on column rhythm.workers.name is 'Its name, for people.';
comment on column rhythm.workers.queues is 'The queues that it takes from, first queue first.';
comment on column rhythm.workers.started_at is 'When it was registered.';
comment on column rhythm.workers.beat_at is 'Its last heartbeat.';
comment on column rhythm.workers.lease_until is 'If it is silent until then, it loses everything that it has in flight.';
comment on column rhythm.workers.lease is 'How long it may be silent.';
comment on column rhythm.workers.sleeping is 'Whether it sleeps and wants to be notified.';
comment on column rhythm.workers.running is 'How many executions it has in flight.';
comment on column rhythm.workers.info is 'What it reports of itself: its version, its tasks.';
comment on column rhythm.workers.draining_since is 'Since when it takes nothing new; null: it takes what comes. See drain_worker().';

comment on column rhythm.flows.name is 'Its name.';
comment on column rhythm.flows.version is 'The number of the current version, on which new executions start.';
comment on column rhythm.flows.program is 'Hash of the compiled program.';
comment on column rhythm.flows.description is 'What its author says of it.';
comment on column rhythm.flows.options is 'Defaults of its executions: queue, priority, timeout, retry.';
comment on column rhythm.flows.input_schema is 'The schema of its inputs; null: inputs are not checked.';
comment on column rhythm.flows.source is 'The text.';
comment on column rhythm.flows.created_at is 'When this version was first registered.';
comment on column rhythm.flows.updated_at is 'When it became current.';

comment on column rhythm.flow_versions.name is 'The name of the flow.';
comment on column rhythm.flow_versions.version is 'Counted from 1, in the order of first registration.';
comment on column rhythm.flow_versions.is_current is 'Whether new executions start on it.';
comment on column rhythm.flow_versions.program is 'Hash of the compiled program.';
comment on column rhythm.flow_versions.description is 'What its author says of it.';
comment on column rhythm.flow_versions.options is 'Defaults of its executions: queue, priority, timeout, retry.';
comment on column rhythm.flow_versions.input_schema is 'The schema of its inputs; null: inputs are not checked.';
comment on column rhythm.flow_versions.source is 'The text.';
comment on column rhythm.flow_versions.created_at is 'When it was first registered.';

comment on column rhythm.schedules.name is 'Its name.';
comment on column rhythm.schedules.cron is 'When it fires, in timezone.';
comment on column rhythm.schedules.timezone is 'A name that Postgres knows.';
comment on column rhythm.schedules.type is 'workflow or task: what it starts.';
comment on column rhythm.schedules.target is 'The name of the flow or task that it starts.';
comment on column rhythm.schedules.next_run_at is 'When it fires next, jitter included; null while it is paused.';
comment on column rhythm.schedules.last_run_at is 'When it fired last.';
comment on column rhythm.schedules.last_slot is 'The time of the cron expression that this was for.';
comment on column rhythm.schedules.last_execution_id is 'What it started then.';
comment on column rhythm.schedules.last_error is 'Why it could not start the last one; null if it could.';
comment on column rhythm.schedules.paused is 'Whether pause_schedule() stopped it.';
comment on column rhythm.schedules.overlap is 'What happens if an execution has not ended: skip, queue, allow or cancel.';
comment on column rhythm.schedules.catch_up is 'Which of the missed times run: none, one or all.';
comment on column rhythm.schedules.jitter is 'Each time is delayed by up to this.';
comment on column rhythm.schedules.inputs is 'Inputs of every execution.';
comment on column rhythm.schedules.options is 'Options of every execution, as for create_many().';
comment on column rhythm.schedules.queued is 'How many times wait for the end of an execution (overlap queue).';
comment on column rhythm.schedules.fired is 'How many executions it started.';
comment on column rhythm.schedules.skipped is 'How many times overlap skipped.';
comment on column rhythm.schedules.created_at is 'When it was created.';
comment on column rhythm.schedules.updated_at is 'When it was last changed.';

comment on column rhythm.steps.execution_id is 'The workflow.';
comment on column rhythm.steps.seq is 'The order in which steps ended; null: it has not ended.';
comment on column rhythm.steps.name is 'Its name, unique within the workflow.';
comment on column rhythm.steps.kind is 'step (a function), sleep, signal, task or workflow.';
comment on column rhythm.steps.status is 'waiting, retrying, completed or failed.';
comment on column rhythm.steps.attempts is 'How often its function ran; 0 if it is not a function.';
comment on column rhythm.steps.started_at is 'When it began.';
comment on column rhythm.steps.ended_at is 'When it ended; before that, when it was last saved.';
comment on column rhythm.steps.until is 'When a sleep or a pause is over, or the wait for a signal times out.';
comment on column rhythm.steps.wait_id is 'What it waits for: a child, a timer, or the wait for a signal.';
comment on column rhythm.steps.output is 'Its result.';
comment on column rhythm.steps.error is 'Why it failed.';

comment on column rhythm.rates.span is 'A minute or an hour.';
comment on column rhythm.rates.at is 'Its beginning.';
comment on column rhythm.rates.type is 'task or workflow.';
comment on column rhythm.rates.target is 'The task or flow.';
comment on column rhythm.rates.queue is 'The queue.';
comment on column rhythm.rates.completed is 'How many completed.';
comment on column rhythm.rates.failed is 'How many failed and are not repeated.';
comment on column rhythm.rates.cancelled is 'How many were cancelled.';
comment on column rhythm.rates.retried is 'How many attempts threw and are repeated.';
comment on column rhythm.rates.total_ms is 'The sum of how long they took.';
comment on column rhythm.rates.mean_ms is 'How long they took in the mean, in milliseconds.';
comment on column rhythm.rates.p50_ms is 'What half of them took at most.';
comment on column rhythm.rates.p95_ms is 'What 95 of 100 took at most.';
comment on column rhythm.rates.p99_ms is 'What 99 of 100 took at most.';
comment on column rhythm.rates.took is 'How many took up to 1, 2, 5, 10, 20, 50, 100, 200, 500 ms, 1, 2, 5, 10, 30 s, 1, 5, 30 min, 1, 6, 24 h, and longer.';

comment on column rhythm.gates.id is 'Its number.';
comment on column rhythm.gates.flow is 'The flow whose executions stop there.';
comment on column rhythm.gates.version is 'The version to which the line belongs.';
comment on column rhythm.gates.line is 'The line from which they do not go on.';
comment on column rhythm.gates.before is 'The task that does not begin.';
comment on column rhythm.gates.condition is 'Which executions of the flow: {variables, metadata, queue, parent}.';
comment on column rhythm.gates.set_at is 'When it was set.';
comment on column rhythm.gates.set_by is 'Who set it.';
comment on column rhythm.gates.note is 'Why, if that was said.';
comment on column rhythm.gates.source_line is 'The text of the line.';
comment on column rhythm.gates.executions is 'How many executions stand there.';
comment on column rhythm.executions.gate is 'The gate at which it stands.';

comment on column rhythm.heat.span is 'A minute or an hour.';
comment on column rhythm.heat.at is 'Its beginning.';
comment on column rhythm.heat.flow is 'The flow.';
comment on column rhythm.heat.version is 'Its version.';
comment on column rhythm.heat.line is 'The line of an await, or in which it failed.';
comment on column rhythm.heat.came is 'How often a workflow, or a branch of one, began to wait there.';
comment on column rhythm.heat.failed is 'How often a workflow failed there and is not repeated.';
comment on column rhythm.heat.retried is 'How often an attempt failed there and is repeated.';
comment on column rhythm.heat.total_ms is 'The sum of how long they waited.';
comment on column rhythm.heat.p50_ms is 'How long half of them waited at most, in milliseconds.';
comment on column rhythm.heat.p95_ms is 'How long 95 of 100 waited at most.';
comment on column rhythm.heat.p99_ms is 'How long 99 of 100 waited at most.';
comment on column rhythm.heat.took is 'How many waited up to each bound: see rates.';
