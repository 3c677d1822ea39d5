-- Comments on the members of composite types: what functions are given, and what they give.

comment on column rhythm.claimed.id is 'The execution.';
comment on column rhythm.claimed.type is 'workflow or task.';
comment on column rhythm.claimed.target is 'The name of its flow or task.';
comment on column rhythm.claimed.queue is 'The queue that it came from.';
comment on column rhythm.claimed.attempt is 'Which attempt this is; settle() wants it back.';
comment on column rhythm.claimed.max_attempts is 'After so many it fails for good.';
comment on column rhythm.claimed.inputs is 'What it was started with.';
comment on column rhythm.claimed.metadata is 'An object of whoever started it.';
comment on column rhythm.claimed.traceparent is 'The W3C trace context that it is part of.';
comment on column rhythm.claimed.parent_id is 'The execution that started it.';
comment on column rhythm.claimed.created_at is 'When it was started.';
comment on column rhythm.claimed.timeout_ms is 'Of a task: how long this attempt may take.';
comment on column rhythm.claimed.cancel_reason is 'Set: a workflow is to clean up and to end as cancelled.';
comment on column rhythm.claimed.program is 'Of a workflow: the compiled program to run, see get_program().';
comment on column rhythm.claimed.version is 'The version of the flow that this is.';
comment on column rhythm.claimed.seq is 'Suspensions so far; settle() wants it back.';
comment on column rhythm.claimed.snapshot is 'The memory of the workflow; null: it is at its beginning.';
comment on column rhythm.claimed.settled is 'What came since: [{id, status: completed, output} | {id, status: failed, error}].';

comment on column rhythm.settled_item.execution_id is 'The workflow that asked for it.';
comment on column rhythm.settled_item.id is 'The child, timer or wait for a signal.';
comment on column rhythm.settled_item.failed is 'A failure satisfies every group that it is in.';

comment on column rhythm.moved.id is 'The execution.';
comment on column rhythm.moved.parent_id is 'Who is told, if it is over.';
comment on column rhythm.moved.worker is 'Who holds its lease now.';
comment on column rhythm.moved.stage is 'Where it stands now; as in execution.';
comment on column rhythm.moved.watched is 'Somebody is to be notified of its end.';
comment on column rhythm.moved.type is 'workflow or task.';
comment on column rhythm.moved.queue is 'The queue that it is in.';

comment on column rhythm.outcome.id is 'The execution.';
comment on column rhythm.outcome.attempt is 'The attempt that was claimed: an answer to an earlier one changes nothing.';
comment on column rhythm.outcome.seq is 'Of a workflow, that which was claimed: a repeated answer changes nothing.';
comment on column rhythm.outcome.status is 'completed, failed, suspended, cancelled or released.';
comment on column rhythm.outcome.output is 'Completed: what it gave.';
comment on column rhythm.outcome.error is 'Failed: {type, message, …}.';
comment on column rhythm.outcome.retryable is 'Failed: whether another attempt can help; by default it can.';
comment on column rhythm.outcome.reason is 'Released: why it is handed back.';
comment on column rhythm.outcome.delay_ms is 'Released: for how long nobody should take it.';
comment on column rhythm.outcome.snapshot is 'Suspended: the memory of the workflow.';
comment on column rhythm.outcome.effects is 'What the workflow asks for, in the order of its program.';
comment on column rhythm.outcome.waits is 'Suspended: the groups that it waits for, [{mode, ids}].';
comment on column rhythm.outcome.keep is 'The timers and waits for signals that it still holds; the others are dropped.';
comment on column rhythm.outcome.released is 'Or those that it no longer holds.';
comment on column rhythm.outcome.stack is 'Where it stands in its source; for people.';
comment on column rhythm.outcome.cleanup is 'It has a finally block to run if it is cancelled.';

comment on column rhythm.inner_schema.path is 'Where in the whole schema.';
comment on column rhythm.inner_schema.schema is 'The schema.';

comment on column rhythm.inner_value.path is 'Where in the whole value.';
comment on column rhythm.inner_value.value is 'The member.';
comment on column rhythm.inner_value.schema is 'What it must satisfy.';

comment on column rhythm.cron_times.seconds is '0 to 59.';
comment on column rhythm.cron_times.minutes is '0 to 59.';
comment on column rhythm.cron_times.hours is '0 to 23.';
comment on column rhythm.cron_times.days is 'Days of the month, 1 to 31.';
comment on column rhythm.cron_times.months is '1 to 12.';
comment on column rhythm.cron_times.weekdays is '0, Sunday, to 6.';
comment on column rhythm.cron_times.nth_weekdays is 'Weekday * 10 + n: the nth of its kind in a month; n = 6 is the last.';
comment on column rhythm.cron_times.last_day is 'The last day of the month, too.';
comment on column rhythm.cron_times.any_day is 'The expression names no days of the month.';
comment on column rhythm.cron_times.any_weekday is 'The expression names no weekdays.';
comment on column rhythm.cron_times.by_clock is 'Seconds, minutes and hours are all fixed.';

comment on column rhythm.step_news.execution_id is 'The workflow.';
comment on column rhythm.step_news.name is 'The name of the step.';
comment on column rhythm.step_news.kind is 'As in step.';
comment on column rhythm.step_news.status is 'As in step.';
comment on column rhythm.step_news.seq is 'As in step.';
comment on column rhythm.step_news.attempts is 'As in step.';
comment on column rhythm.step_news.wait_id is 'As in step.';
comment on column rhythm.step_news.delay_ms is 'How long its sleep or pause takes, …';
comment on column rhythm.step_news.until is '… or when that is over.';
comment on column rhythm.step_news.took_ms is 'How long it took, so that its beginning is known.';
comment on column rhythm.step_news.signal is 'The name of the signal that it waits for.';
comment on column rhythm.step_news.child is 'The child that it starts, as for create_many().';
comment on column rhythm.step_news.error is 'Why it failed.';
comment on column rhythm.step_news.output is 'What it gave.';
comment on column rhythm.step_news.is_undefined is 'It gave undefined, which JSON does not know.';
