-- What a workflow can wait for, except children, and what it logs.

create table rhythm.timer (
  id uuid not null,
  execution_id uuid not null,
  fires_at timestamptz not null,
  kept_until timestamptz,
  wait_group integer,
  deadline boolean not null default false,
  fired boolean not null default false,
  constraint timer_pkey primary key (id)
)
with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

create index timer_due on rhythm.timer (coalesce(kept_until, fires_at)) where not fired and not deadline;
create index timer_deadline on rhythm.timer (fires_at) where not fired and deadline;
create index timer_execution on rhythm.timer (execution_id);

comment on table rhythm.timer is 'Timers of workflows. One that fired is kept as long as its workflow, for its history. One that was dropped is deleted.';
comment on column rhythm.timer.kept_until is 'Until then, due() leaves it to the worker that has its workflow in memory.';
comment on column rhythm.timer.wait_group is 'As in execution.';
comment on column rhythm.timer.deadline is 'It is the timeout of the whole workflow.';
comment on index rhythm.timer_due is 'For due(): timers that are due, and when the next one is.';
comment on index rhythm.timer_deadline is 'The workflows that reach their timeout.';
comment on index rhythm.timer_execution is 'The timers of one workflow.';

create table rhythm.signal_wait (
  id uuid not null,
  execution_id uuid not null,
  name text not null,
  timeout_at timestamptz,
  signal_id bigint,
  wait_group integer,
  timed_out boolean not null default false,
  constraint signal_wait_pkey primary key (id),
  constraint settled_one_way check (not timed_out or signal_id is null)
);

create index signal_wait_execution on rhythm.signal_wait (execution_id);
create index signal_wait_timeout on rhythm.signal_wait (timeout_at) where timeout_at is not null and signal_id is null and not timed_out;

comment on table rhythm.signal_wait is 'Workflows that wait for a signal: in the order of their ids, each takes one.';
comment on column rhythm.signal_wait.wait_group is 'As in execution.';
comment on column rhythm.signal_wait.signal_id is 'The signal that it took.';
comment on index rhythm.signal_wait_execution is 'The waits of one workflow.';
comment on index rhythm.signal_wait_timeout is 'For due(), which ends them.';

create table rhythm.signal (
  id bigint generated always as identity,
  execution_id uuid not null,
  name text not null,
  payload jsonb not null,
  idempotency_key text,
  taken_by uuid,
  sent_at timestamptz not null,
  constraint signal_pkey primary key (id),
  constraint signal_once unique (execution_id, idempotency_key)
);

create index signal_kept on rhythm.signal (execution_id, name, id) where taken_by is null;

comment on table rhythm.signal is 'Signals sent to workflows: kept until taken, in order; then until the workflow is purged.';
comment on column rhythm.signal.taken_by is 'The wait that took it.';
comment on index rhythm.signal_kept is 'The oldest signal of a name that no wait has taken yet.';

create table rhythm.log_line (
  id bigint generated always as identity,
  execution_id uuid not null,
  at timestamptz not null,
  level text not null,
  message text not null,
  data jsonb,
  constraint log_line_pkey primary key (id),
  constraint level_known check (level in ('debug', 'info', 'warn', 'error'))
);

create index log_line_execution on rhythm.log_line (execution_id, id);

comment on table rhythm.log_line is 'What executions logged: console.log in a flow, ctx.log in a task.';
comment on index rhythm.log_line_execution is 'The log of one execution.';
