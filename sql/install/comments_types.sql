
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
