
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

comment on column rhythm.kind.head is 'The request, without what is its own.';
comment on column rhythm.kind.type is 'workflow or task.';
comment on column rhythm.kind.target is 'The name of the flow or task.';
comment on column rhythm.kind.program is 'The current version of the flow.';
comment on column rhythm.kind.queue is 'The queue, with the default of the flow or task.';
comment on column rhythm.kind.priority is 'The priority, with the default.';
comment on column rhythm.kind.run_at is 'When it may begin; null: at once.';
comment on column rhythm.kind.timeout_ms is 'The timeout, with the default.';
comment on column rhythm.kind.retry is 'The retry policy, with the default.';
comment on column rhythm.kind.concurrency_key is 'As in execution.';
comment on column rhythm.kind.metadata is 'As in execution.';
comment on column rhythm.kind.notify_on_end is 'As in execution.';

comment on column rhythm.settled_item.execution_id is 'The workflow that asked for it.';
comment on column rhythm.settled_item.id is 'The child, timer or wait.';
comment on column rhythm.settled_item.failed is 'It did not complete.';
comment on column rhythm.settled_item.wait_group is 'As in execution.';

comment on column rhythm.transition.id is 'The execution that ended.';
comment on column rhythm.transition.parent_id is 'Who is told.';
comment on column rhythm.transition.wait_group is 'As in execution.';
comment on column rhythm.transition.state is 'How it ended.';
comment on column rhythm.transition.notify_on_end is 'As in execution.';
comment on column rhythm.transition.type is 'workflow or task.';

comment on column rhythm.outcome.id is 'The execution.';
comment on column rhythm.outcome.call is 'The call that leased it.';
comment on column rhythm.outcome.seq is 'The number of steps that its worker knows of.';
comment on column rhythm.outcome.status is 'completed, failed, suspended, cancelled or released.';
comment on column rhythm.outcome.output is 'What it gave.';
comment on column rhythm.outcome.error is 'Why it failed.';
comment on column rhythm.outcome.retryable is 'Another attempt may help.';
comment on column rhythm.outcome.finished is 'It had finished before its worker was told of a cancellation.';
comment on column rhythm.outcome.reason is 'Why it was handed back.';
comment on column rhythm.outcome.delay_ms is 'For how long it was handed back.';
comment on column rhythm.outcome.moment is 'When the step was taken, by the clock of its worker.';
comment on column rhythm.outcome.snapshot is 'The state of its program.';
comment on column rhythm.outcome.effects is 'What it started and said.';
comment on column rhythm.outcome.waits is 'The groups that it waits for.';
comment on column rhythm.outcome.keep is 'The timers and waits that it still holds; null: all.';
comment on column rhythm.outcome.released is 'Those that it dropped.';
comment on column rhythm.outcome.stack is 'Where it stands in its source.';
comment on column rhythm.outcome.cleanup is 'It has a finally block to run if it is cancelled.';
comment on column rhythm.outcome.fate is 'What becomes of it: see fate_of().';
comment on column rhythm.outcome.type is 'workflow or task.';
comment on column rhythm.outcome.batch_id is 'The batch that holds it.';

comment on column rhythm.newcomer.id is 'The id that it is to have.';
comment on column rhythm.newcomer.kind is 'Which of the kinds it is of.';
comment on column rhythm.newcomer.parent_id is 'Who starts it.';
comment on column rhythm.newcomer.wait_group is 'As in execution.';
comment on column rhythm.newcomer.traceparent is 'The trace that it belongs to.';
comment on column rhythm.newcomer.keyed is 'As in execution.';
comment on column rhythm.newcomer.inputs is 'What it is started with.';

comment on column rhythm.step_end.id is 'The task that ended, or the timer that is due.';
comment on column rhythm.step_end.timer is 'It is a timer.';
comment on column rhythm.step_end.call is 'The call that leased the task.';
comment on column rhythm.step_end.output is 'What the task gave.';
comment on column rhythm.step_end.flow is 'The workflow.';
comment on column rhythm.step_end.seq is 'The number of steps of the workflow before this one.';
comment on column rhythm.step_end.next is 'suspended or completed.';
comment on column rhythm.step_end.result is 'What the workflow gave.';
comment on column rhythm.step_end.snapshot is 'The state of its program.';
comment on column rhythm.step_end.cleanup is 'As in outcome.';
comment on column rhythm.step_end.mode is 'Whether it waits for any or all.';
comment on column rhythm.step_end.ids is 'What it waits for.';
comment on column rhythm.step_end.timers is 'The timers that it starts.';
comment on column rhythm.step_end.released is 'The timers and waits that it drops.';
comment on column rhythm.step_end.moment is 'As in outcome.';

comment on column rhythm."grouping".execution_id is 'The workflow.';
comment on column rhythm."grouping".last_group is 'The last number that a group got.';
comment on column rhythm."grouping".groups is 'The numbers of its groups.';
comment on column rhythm."grouping".need is 'How many members each group needs.';
comment on column rhythm."grouping".items is 'All that it waits for.';
comment on column rhythm."grouping".numbers is 'The group of each of items.';
comment on column rhythm."grouping".old is 'Those of items that an earlier step started.';
