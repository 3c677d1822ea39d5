-- Comments on columns of tables that are not next to the table. psql shows them with \d+.

comment on column rhythm.installation.file is 'The name of a file of sql/.';
comment on column rhythm.installation.kind is 'structure, online or behaviour.';
comment on column rhythm.installation.checksum is 'SHA-256 of its text, as it was applied.';
comment on column rhythm.installation.library_version is 'The version of the library that applied it.';
comment on column rhythm.installation.installed_at is 'When it was applied last.';

comment on column rhythm.installed_object.identity is 'Its name, a function with the types of its arguments.';
comment on column rhythm.installed_object.kind is 'function, procedure or view.';
comment on column rhythm.installed_object.checksum is 'SHA-256 of the statement that made it. The same statement is not applied again.';

comment on column rhythm.installation_note.note is 'What was left out, and how to add it.';

comment on column rhythm.flow_version.name is 'The name of the flow.';
comment on column rhythm.flow_version.version is 'From 1, in the order of first registration.';
comment on column rhythm.flow_version.source is 'The text, as it was registered.';
comment on column rhythm.flow_version.input_schema is 'The schema of its inputs; null: inputs are not checked.';
comment on column rhythm.flow_version.description is 'What its author says of it.';
comment on column rhythm.flow_version.created_at is 'When it was first registered.';

comment on column rhythm.flow.name is 'The name of the flow.';
comment on column rhythm.flow.program is 'The current version.';
comment on column rhythm.flow.updated_at is 'When this version became current.';
comment on column rhythm.flow.deployed_at is 'When the newest deploy began that registered the current version. Registrations of older deploys do not change it.';

comment on column rhythm.deploy.id is 'Its name in the programs: a build, a release.';
comment on column rhythm.deploy.first_seen_at is 'When a program of it first registered a flow.';

comment on column rhythm.task.name is 'The name of the task.';
comment on column rhythm.task.options is 'Defaults of its executions: queue, priority, timeout, retry.';
comment on column rhythm.task.sql_function is 'The function that tick() runs for it, if define_sql_task() named one; null: workers run it.';
comment on column rhythm.task.updated_at is 'When it was last changed.';

comment on column rhythm.idempotency_key.key is 'type:target:key, so that keys of different tasks and flows are different.';
comment on column rhythm.idempotency_key.execution_id is 'The execution that was first.';
comment on column rhythm.idempotency_key.expires_at is 'From then on the key is free again; null: it is taken as long as the execution is kept.';

comment on column rhythm.timer.id is 'The id by which waits name it.';
comment on column rhythm.timer.execution_id is 'The workflow that started it.';
comment on column rhythm.timer.fires_at is 'It does not fire before this time.';
comment on column rhythm.timer.fired is 'It fired, and the workflow was told.';

comment on column rhythm.signal_wait.id is 'The id by which waits name it. Several waits for one name take signals in the order of their ids.';
comment on column rhythm.signal_wait.execution_id is 'The workflow that waits.';
comment on column rhythm.signal_wait.name is 'The name of the signal.';
comment on column rhythm.signal_wait.timeout_at is 'When it times out; null: never.';
comment on column rhythm.signal_wait.timed_out is 'It timed out, and the workflow was told.';

comment on column rhythm.signal.id is 'In the order of sending, in which signals are taken, too.';
comment on column rhythm.signal.execution_id is 'The workflow that it was sent to.';
comment on column rhythm.signal.name is 'Waits for this name take it.';
comment on column rhythm.signal.payload is 'What was sent.';
comment on column rhythm.signal.idempotency_key is 'If it is sent again with this key, to the same workflow, it is the same signal.';
comment on column rhythm.signal.sent_at is 'When it was sent.';

comment on column rhythm.log_line.id is 'In the order of writing.';
comment on column rhythm.log_line.execution_id is 'The execution that wrote it.';
comment on column rhythm.log_line.at is 'When it was written.';
comment on column rhythm.log_line.level is 'debug, info, warn or error.';
comment on column rhythm.log_line.message is 'The line.';
comment on column rhythm.log_line.data is 'Values that were logged with it; for a flow, the place in its source.';

comment on column rhythm.worker.id is 'The id by which leases name it.';
comment on column rhythm.worker.name is 'Its name, for people.';
comment on column rhythm.worker.queues is 'The queues that it takes from, first queue first.';
comment on column rhythm.worker.started_at is 'When it was registered.';
comment on column rhythm.worker.beat_at is 'Its last heartbeat.';
comment on column rhythm.worker.info is 'What it reports of itself: its version, its tasks.';
comment on column rhythm.worker_call.worker_id is 'The worker.';

comment on column rhythm.queue.name is 'The name of the queue.';
comment on column rhythm.queue.paused_at is 'Since when nothing is taken from it; null: it is not paused.';
comment on column rhythm.queue.paused_by is 'Who paused it.';
comment on column rhythm.queue.pause_reason is 'Why it was paused, if that was said.';
comment on column rhythm.queue.concurrency is 'How many run at once; null: no limit.';
comment on column rhythm.queue.per_key_concurrency is 'The same for each concurrency key.';
comment on column rhythm.queue.per_ms is 'The period of rate, in milliseconds.';
comment on column rhythm.queue.per_key_per_ms is 'The period of per_key_rate, in milliseconds.';
comment on column rhythm.queue_key.queue is 'The queue.';
comment on column rhythm.queue_key.key is 'The concurrency key.';
comment on column rhythm.queue_key.per_ms is 'The period of rate, in milliseconds.';
comment on column rhythm.queue_key.paused_at is 'Since when nothing of it begins; null: it is not paused.';
comment on column rhythm.queue_key.paused_by is 'Who paused it.';
comment on column rhythm.queue_key.pause_reason is 'Why it was paused, if that was said.';
comment on column rhythm.pause.type is 'task, workflow or everything.';
comment on column rhythm.pause.paused_at is 'Since when.';
comment on constraint everything_has_no_name on rhythm.pause is 'Only the pause of everything has no name.';
comment on column rhythm.queue_state.queue is 'The queue.';
comment on column rhythm.queue_state.nth is 'The number of this version of the row.';
comment on column rhythm.queue_state.fair is 'Whether the lanes have turns.';
comment on column rhythm.queue_state.begun_at is 'With a rate: the moments that begun counts for, oldest first.';
comment on column rhythm.key_state.queue is 'The queue.';
comment on column rhythm.key_state.key is 'The concurrency key.';
comment on column rhythm.key_state.nth is 'The number of this version of the row.';
comment on column rhythm.key_state.running is 'How many leases it has, except those whose end is still a note.';
comment on column rhythm.key_state.idle_since is 'Since when it has no lease.';
comment on column rhythm.key_state.begun_at is 'With a rate: the moments that begun counts for, oldest first.';
comment on column rhythm.key_state.begun is 'With a rate: how many began, by these moments.';
comment on column rhythm.lane.queue is 'The queue.';
comment on column rhythm.lane.nth is 'The number of this version of the row.';
comment on column rhythm.lane.idle_since is 'Since when nothing is ready in it.';
comment on column rhythm.lane_group.queue is 'The queue.';
comment on column rhythm.lane_group.target_group is 'The task; empty: workflows.';
comment on column rhythm.lane_group.nth is 'The number of this version of the row.';
comment on column rhythm.lane_group.turn is 'The first turn of an open lane, or an earlier one.';
comment on column rhythm.lane_group.rank is 'The rank of its head.';
comment on column rhythm.lane_group.head is 'Its head.';
comment on column rhythm.limit_note.queue is 'The queue.';
comment on column rhythm.limit_note.target_group is 'With head: the group of targets of the lane.';
comment on column rhythm.limit_note.key is 'The concurrency key; empty: none.';
comment on column rhythm.limit_note.rank is 'The negative priority of head.';

comment on column rhythm.setting.name is 'As in setting(); chored_at is when tick() last cleaned up, swept_at when it last removed all that was old, purged_to how far it has looked for that.';
comment on column rhythm.setting.value is 'Its value, as text.';

comment on column rhythm.schedule_entry.name is 'The name of the schedule.';
comment on column rhythm.schedule_entry.cron is 'When it fires, in timezone.';
comment on column rhythm.schedule_entry.timezone is 'A name that Postgres knows.';
comment on column rhythm.schedule_entry.type is 'workflow or task: what it starts.';
comment on column rhythm.schedule_entry.target is 'The name of the flow or task that it starts.';
comment on column rhythm.schedule_entry.inputs is 'Inputs of every execution.';
comment on column rhythm.schedule_entry.overlap is 'What happens if an execution of it has not ended: skip, queue, allow or cancel.';
comment on column rhythm.schedule_entry.catch_up is 'Which of the missed times run: none, one or all.';
comment on column rhythm.schedule_entry.jitter is 'Each time is delayed by up to this.';
comment on column rhythm.schedule_entry.paused_at is 'Since when it does not fire; null: it is not paused.';
comment on column rhythm.schedule_entry.last_slot is 'The time of the cron expression that it last fired for.';
comment on column rhythm.schedule_entry.last_fired_at is 'When that was.';
comment on column rhythm.schedule_entry.last_execution_id is 'What it started then.';
comment on column rhythm.schedule_entry.fired is 'How many executions it started.';
comment on column rhythm.schedule_entry.created_at is 'When it was created.';
comment on column rhythm.schedule_entry.updated_at is 'When it was last changed.';

comment on column rhythm.step.execution_id is 'The workflow.';
comment on column rhythm.step.started_at is 'When its first attempt, or its wait, began.';
comment on column rhythm.step.ended_at is 'When it ended; before that, when it was last saved.';
comment on column rhythm.step.kind is 'step (a function), sleep, signal, task or workflow.';
comment on column rhythm.step.status is 'waiting, retrying, completed or failed.';
comment on column rhythm.step.error is 'Why its last attempt failed.';

comment on column rhythm.queue_head.queue is 'The name of the queue.';
comment on column rhythm.queue_head.priority is 'The priority at which the head was.';

comment on column rhythm.execution.id is 'Its id; the first 48 bits are the time of its creation.';
comment on column rhythm.execution.parent_id is 'The workflow that started it, or the parent that its start named.';
comment on column rhythm.execution.claimed_at is 'When its last attempt was leased; while it is live, its batch has that.';
comment on column rhythm.execution.completed_at is 'When it ended.';
comment on column rhythm.execution.timeout_ms is 'For a task: how long an attempt may take; for a workflow: how long the whole may take.';
comment on column rhythm.execution.type is 'workflow or task.';
comment on column rhythm.execution.target is 'The name of its flow or task.';
comment on column rhythm.execution.queue is 'The queue that it waits in.';
comment on column rhythm.execution.concurrency_key is 'The key that limits per key count by.';
comment on column rhythm.execution.traceparent is 'The trace that it belongs to.';
comment on column rhythm.execution.tags is 'The values of the variables that it is found by, as name=value.';
comment on column rhythm.execution.metadata is 'An object that was attached at the start.';
comment on column rhythm.execution.progress is 'What its handler reported last.';
comment on column rhythm.execution.priority is 'Higher ones begin first.';
comment on column rhythm.execution.inputs is 'What it was started with.';
comment on column rhythm.execution.output is 'Its result; null also if the result is null.';

comment on column rhythm.batch.id is 'Numbered in the order of creation.';
comment on column rhythm.batch.run_at is 'It is delayed until then; null: it is ready or leased.';
comment on column rhythm.batch.claimed_at is 'When it was leased.';
comment on column rhythm.batch.timeout_ms is 'For tasks: how long an attempt may take.';
comment on column rhythm.batch.priority is 'As in execution.';
comment on column rhythm.batch.size is 'How many ids it lists, including members that have left.';
comment on column rhythm.batch.type is 'As in execution.';
comment on column rhythm.batch.queue is 'As in execution.';
comment on column rhythm.batch.target is 'As in execution.';
comment on column rhythm.batch.concurrency_key is 'As in execution. An execution with a key is alone in its batch.';

comment on column rhythm.workflow_state.execution_id is 'The workflow.';
comment on column rhythm.workflow_state.program is 'The version of its flow that it runs.';
comment on column rhythm.workflow_state.attempt is 'The number of its attempt, while it is in no batch.';
comment on column rhythm.workflow_state.snapshot is 'The state of its program after its last step; null: it is at its beginning.';

comment on column rhythm.inbox.execution_id is 'The workflow.';
comment on column rhythm.inbox.item is 'The child, timer or wait for a signal.';
comment on column rhythm.inbox.failed is 'It did not complete, so the workflow must throw.';

comment on column rhythm.journal.execution_id is 'The workflow.';
comment on column rhythm.journal.step is 'The number of the step.';
comment on column rhythm.journal.moment is 'The time of the step.';
comment on column rhythm.base.execution_id is 'The workflow.';
comment on column rhythm.base.at is 'When it was changed.';
comment on column rhythm.base.act is 'What was done: edited, rewound, forked, migrated, repaired.';
comment on column rhythm.base.by is 'The database role that did it.';
comment on column rhythm.base.note is 'Why.';
comment on column rhythm.base.program is 'The program that the snapshot belongs to.';
comment on column rhythm.pairing.from_program is 'The version that workflows run.';
comment on column rhythm.pairing.to_program is 'The version to which they go.';
comment on constraint pairing_pkey on rhythm.pairing is 'Two versions are paired once.';
comment on constraint pairs_is_object on rhythm.pairing is 'As the language writes it.';
comment on column rhythm.base.snapshot is 'The state, as the person left it.';
comment on constraint base_pkey on rhythm.base is 'One change for each step.';
comment on constraint act_known on rhythm.base is 'What can be done to a state.';
comment on column rhythm.taken_end.execution_id is 'The workflow.';
comment on column rhythm.taken_end.item is 'The child.';
comment on constraint taken_end_pkey on rhythm.taken_end is 'A step takes one end of a child.';

comment on column rhythm.operation.id is 'A UUIDv7.';
comment on column rhythm.operation.action is 'What it does.';
comment on column rhythm.operation.state is 'running, stopped or completed.';
comment on column rhythm.operation.filter is 'Which executions.';
comment on column rhythm.operation.args is 'The arguments of the action.';
comment on column rhythm.operation.started_by is 'Who started it.';
comment on column rhythm.operation.created_at is 'When it was started.';
comment on column rhythm.operation.ended_at is 'When it was completed.';
comment on column rhythm.operation_act.operation_id is 'The operation.';
comment on column rhythm.operation_act.execution_id is 'The execution.';
comment on column rhythm.operation_act.at is 'When it was changed, or tried.';

comment on column rhythm.home.database_oid is 'The number of the database in its cluster.';
comment on column rhythm.home.database_name is 'The name of the database.';
comment on column rhythm.home.adopted_at is 'Since when it belongs there.';
comment on column rhythm.home.adopted_by is 'The database role that said so, or whose call was the first.';
comment on constraint home_pkey on rhythm.home is 'Two first calls note one place.';

comment on column rhythm.failure_note.execution_id is 'The execution that failed.';
comment on column rhythm.failure_note.at is 'When it failed.';

comment on column rhythm.failure.fingerprint is 'What failures of the same kind share.';
comment on column rhythm.failure.state is 'What people know of it: see set_failure().';
comment on column rhythm.failure.type is 'task or workflow.';
comment on column rhythm.failure.target is 'The task or flow that failed.';
comment on column rhythm.failure.error_type is 'The class of the error.';
comment on column rhythm.failure.count is 'How often it came.';
comment on column rhythm.failure.first_at is 'When it came first.';
comment on column rhythm.failure.last_at is 'When it came last.';
comment on column rhythm.failure.changed_by is 'Who set its state.';
comment on column rhythm.failure.note is 'A word about it.';

comment on column rhythm.failure_hour.fingerprint is 'The kind.';
comment on column rhythm.failure_hour.hour is 'The beginning of the hour.';
comment on column rhythm.failure_hour.count is 'How often it came in that hour.';

comment on column rhythm.rate_note.at is 'When they were sent.';
comment on column rhythm.rate_note.type is 'As in rate.';
comment on column rhythm.rate_note.target is 'The task or flow.';
comment on column rhythm.rate_note.queue is 'The queue.';
comment on column rhythm.rate_note.completed is 'How many completed.';
comment on column rhythm.rate_note.failed is 'How many failed and are not repeated.';
comment on column rhythm.rate_note.cancelled is 'How many were cancelled.';
comment on column rhythm.rate_note.retried is 'How many attempts threw and are repeated.';
comment on column rhythm.rate_note.total_ms is 'The sum of how long they took.';
comment on column rhythm.rate_note.took is 'As in rate.';
comment on column rhythm.rate.type is 'task, workflow, or line: see the view heat.';
comment on column rhythm.rate.target is 'The task or flow.';
comment on column rhythm.rate.completed is 'How many completed.';
comment on column rhythm.rate.failed is 'How many failed and are not repeated.';
comment on column rhythm.rate.cancelled is 'How many were cancelled.';
comment on constraint rate_pkey on rhythm.rate is 'One row for each span, target and queue.';
comment on constraint span_known on rhythm.rate is 'Minutes and hours.';

comment on column rhythm.failure_hook.name is 'Its name.';
comment on column rhythm.failure_hook.type is 'task or workflow.';
comment on column rhythm.failure_hook.target is 'What it starts; rhythm.call calls an address.';
comment on column rhythm.failure_hook.queue is 'The queue of what it starts.';
comment on column rhythm.failure_hook.created_at is 'When it was set.';
comment on column rhythm.failure_hook.created_by is 'Who set it.';
comment on column rhythm.failure_hook.last_at is 'When it started the last one.';
comment on column rhythm.failure_hook.last_id is 'The last one.';

comment on column rhythm.frozen.execution_id is 'The copy.';
comment on constraint frozen_pkey on rhythm.frozen is 'A copy comes from one place.';
comment on constraint status_known on rhythm.frozen is 'The six that an execution has where it runs.';

comment on column rhythm.gate.id is 'Its number.';
comment on column rhythm.gate.set_at is 'When it was set.';
comment on constraint gate_pkey on rhythm.gate is 'Each gate has a number, which is never used again.';
comment on constraint line_or_task on rhythm.gate is 'It stands at one place.';
comment on constraint line_of_a_version on rhythm.gate is 'Lines belong to a version, tasks to none.';
comment on constraint line_positive on rhythm.gate is 'Lines are counted from 1.';

comment on column rhythm.token.id is 'Its number.';
comment on column rhythm.token.created_at is 'When it was made.';
comment on column rhythm.token.created_by is 'Who made it.';
comment on constraint token_pkey on rhythm.token is 'Each token has a number, which is never used again.';
comment on constraint token_hash on rhythm.token is 'How a token is found.';
comment on constraint role_known on rhythm.token is 'What a token may do.';

comment on column rhythm.audit_entry.id is 'Its number; later acts have higher ones.';
comment on column rhythm.audit_entry.at is 'When.';
comment on constraint audit_entry_pkey on rhythm.audit_entry is 'Each act is recorded once.';
