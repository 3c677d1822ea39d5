-- Executions, and the places of those that have not ended.

-- The tables that each call writes have no check constraints. Postgres parses the text of each again for every statement that writes, which
-- took an eighth of a call with one task. check() looks for what they would refuse.

-- Each row is written twice: at creation and at its end. Both versions fit into one page, and no index has a column that an end
-- changes, so ends are heap-only updates.
create table rhythm.execution (
  id uuid not null,
  parent_id uuid,
  root_id uuid,
  batch_id bigint,
  claimed_at timestamptz,
  completed_at timestamptz,
  run_at timestamptz,
  paused_at timestamptz,
  expires_at timestamptz,
  timeout_ms bigint,
  seed bigint,
  fingerprint bigint,
  parent_step integer,
  wait_group integer,
  version integer,
  epoch integer,
  state smallint not null default 0,
  attempt smallint not null default 0,
  priority smallint not null default 0,
  outlives boolean,
  notify_on_end boolean not null default false,
  stopping boolean not null default false,
  keyed boolean not null default false,
  type text not null,
  target text not null,
  queue text not null,
  concurrency_key text,
  unique_key text,
  unique_while text,
  cancel_reason text,
  paused_by text,
  pause_reason text,
  note text,
  traceparent text,
  tags text[],
  retry jsonb,
  metadata jsonb,
  progress jsonb,
  checkpoint jsonb,
  error jsonb,
  inputs jsonb not null,
  output jsonb,
  constraint execution_pkey primary key (id)
)
with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.2,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 0,
  toast_tuple_target = 256
);

-- Compressing costs the server more than it saves on disk, and later updates do not copy a value that is stored out of line.
alter table rhythm.execution alter column inputs set storage external;
alter table rhythm.execution alter column output set storage external;

create index execution_children on rhythm.execution (parent_id, id) where parent_id is not null;
create index execution_stopping on rhythm.execution (id) where stopping;
create index execution_failed on rhythm.execution (id) where fingerprint is not null;
create index execution_fingerprint on rhythm.execution (fingerprint, id) where fingerprint is not null;
create index execution_tags on rhythm.execution using gin (tags) where tags is not null;

comment on table rhythm.execution is 'Every workflow and task, live or ended. Read it through the view executions or get().';
comment on column rhythm.execution.root_id is 'The execution at the top of its tree; null: itself.';
comment on column rhythm.execution.batch_id is 'The batch in which this task is delayed, ready or leased. That of a workflow is in workflow_state.';
comment on column rhythm.execution.state is '0 live, 1 completed, 2 failed, 3 cancelled, 4 frozen: see status_name(). The batch of a live one says more.';
comment on column rhythm.execution.attempt is 'The number of the attempt with which it ended; while it is live, its batch has the number.';
comment on column rhythm.execution.run_at is 'The moment until which its start was delayed.';
comment on column rhythm.execution.paused_at is 'Since when it is paused. Of what has ended: when it was paused last.';
comment on column rhythm.execution.paused_by is 'Who paused it.';
comment on column rhythm.execution.pause_reason is 'Why it was paused, if that was said.';
comment on column rhythm.execution.expires_at is 'If it has not begun by then, it is cancelled.';
comment on column rhythm.execution.seed is 'For a workflow: the source of its random numbers. No view shows it.';
comment on column rhythm.execution.fingerprint is 'For a failure: a number that failures of the same kind share. Set only with state 2.';
comment on column rhythm.execution.parent_step is 'The step of its workflow that committed together with its end.';
comment on column rhythm.execution.wait_group is 'The group of waits of its workflow to which it belongs. If the group is gone, nobody waits for it.';
comment on column rhythm.execution.version is 'For a workflow: the version of its flow.';
comment on column rhythm.execution.epoch is 'For a workflow: how often it was rewound, started again, or started over with continueAs(). Null: never.';
comment on column rhythm.execution.outlives is 'It is not cancelled with its parent (on_parent_cancel: abandon). Null: it is.';
comment on column rhythm.execution.notify_on_end is 'Somebody waits for its end, and must be notified.';
comment on column rhythm.execution.stopping is 'It was cancelled while a worker held it. The next heartbeat tells the worker.';
comment on column rhythm.execution.keyed is 'It has, or had, an idempotency key or another unique key.';
comment on column rhythm.execution.unique_key is 'The key that it holds while it is queued or active, and that a retry must take again. The table idempotency_key says who has it now.';
comment on column rhythm.execution.unique_while is 'How long it holds that key: queued or active.';
comment on column rhythm.execution.cancel_reason is 'Why it was cancelled, or was asked to stop.';
comment on column rhythm.execution.note is 'Why it does not continue, if that is known: no worker has its handler, …';
comment on column rhythm.execution.error is 'The error of the last attempt; of a failed execution, the one that ended it.';
comment on column rhythm.execution.checkpoint is 'What its handler stored last, for the next attempt: {value, nth: which of its attempt, lease: of which attempt}.';
comment on column rhythm.execution.retry is 'Its retry policy, if it has one.';
comment on index rhythm.execution_children is 'The tree: cancellation, lists, purging.';
comment on index rhythm.execution_stopping is 'For beat(), which tells workers: few rows, and gone as soon as they settle.';
comment on index rhythm.execution_failed is 'The list that people look at most.';
comment on index rhythm.execution_fingerprint is 'Failures of one kind.';
comment on index rhythm.execution_tags is 'For find().';

-- Everything that is delayed, ready or leased. Alike tasks that were created together share a row, so that a claim of a hundred
-- tasks writes one row instead of a hundred.
create table rhythm.batch (
  id bigint generated by default as identity,
  first_id uuid not null,
  worker uuid,
  run_at timestamptz,
  claimed_at timestamptz,
  expires_at timestamptz,
  timeout_ms bigint,
  call integer,
  gate integer,
  priority smallint not null,
  size smallint not null,
  attempt smallint not null default 0,
  failures smallint not null default 0,
  crashes smallint not null default 0,
  limited boolean not null default false,
  paused boolean not null default false,
  type text not null,
  queue text not null,
  target text not null,
  concurrency_key text,
  common jsonb not null,
  ids uuid[] not null,
  constraint batch_pkey primary key (id)
)
with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 500,
  autovacuum_analyze_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);

alter table rhythm.batch alter column ids set storage plain;

create index batch_ready on rhythm.batch (queue, priority desc, first_id) where worker is null and run_at is null and not limited;
create index batch_delayed on rhythm.batch (run_at) where run_at is not null;
create index batch_parked on rhythm.batch (type, target) where run_at = 'infinity' and not paused and gate is null;
create index batch_gate on rhythm.batch (gate) where gate is not null;
create index batch_leased on rhythm.batch (worker) where worker is not null;
create index batch_expiry on rhythm.batch (expires_at) where expires_at is not null and worker is null and attempt = 0;
create index batch_overdue on rhythm.batch (claimed_at) where worker is not null and timeout_ms is not null;

comment on table rhythm.batch is 'What is delayed (run_at), ready, or leased (worker): one execution, or up to a hundred alike tasks.';
comment on column rhythm.batch.first_id is 'Its place in the order of what is ready.';
comment on column rhythm.batch.worker is 'The worker that holds the lease. The lease lives as long as the worker.';
comment on column rhythm.batch.call is 'The call with which the worker leased it. Worker and call together identify a lease, and are never used again.';
comment on column rhythm.batch.ids is 'Its members. A hint: a task is in it only as long as execution.batch_id says so, a workflow as long as workflow_state.batch_id does.';
comment on column rhythm.batch.attempt is 'The number of the attempt that runs, or ran last.';
comment on column rhythm.batch.failures is 'How many attempts threw.';
comment on column rhythm.batch.crashes is 'How many attempts were lost with their worker; for a workflow, since its last step.';
comment on column rhythm.batch.limited is 'It waits in, or was leased from, a queue with limits.';
comment on column rhythm.batch.run_at is 'Until when it is delayed. Infinity: it is parked, because its execution, task or flow is paused.';
comment on column rhythm.batch.expires_at is 'If its members have not begun by then, they are cancelled. After the first attempt it means nothing.';
comment on column rhythm.batch.paused is 'Its execution is paused. Not set, and parked: its task or flow is, or was.';
comment on column rhythm.batch.gate is 'The gate at which its execution stands, parked.';
comment on column rhythm.batch.common is 'What its members have in common, which a worker is told once: {max_attempts, metadata, traceparent}.';
comment on index rhythm.batch_ready is 'The order of claims.';
comment on index rhythm.batch_delayed is 'What becomes ready, by time.';
comment on index rhythm.batch_parked is 'What is parked because its task or flow is paused.';
comment on index rhythm.batch_gate is 'What stands at gates.';
comment on index rhythm.batch_leased is 'What a worker holds.';
comment on index rhythm.batch_expiry is 'What has not begun and may expire, by time.';
comment on index rhythm.batch_overdue is 'Attempts that may run past their timeout.';

create table rhythm.workflow_state (
  execution_id uuid not null,
  program text not null,
  batch_id bigint,
  seq integer not null default 0,
  delivered integer not null default 0,
  last_group integer not null default 0,
  attempt smallint not null default 0,
  failures smallint not null default 0,
  cleanup boolean not null default false,
  groups integer[] not null default '{}',
  sizes integer[] not null default '{}',
  arrived integer not null default 0,
  need integer[] not null default '{}',
  change uuid,
  stack jsonb,
  snapshot json,
  constraint workflow_state_pkey primary key (execution_id)
)
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0, toast_tuple_target = 1024);

create index workflow_state_change on rhythm.workflow_state (change) where change is not null;

-- json, because as jsonb it takes twice the space: it is mostly small numbers. Columns that change at each end and at each step
-- are next to each other, because WAL contains everything between the first and the last byte that changed.
alter table rhythm.workflow_state alter column snapshot set storage external;

comment on table rhythm.workflow_state is 'The state of each workflow that is not completed. Each step rewrites it.';
comment on column rhythm.workflow_state.batch_id is 'The batch in which it is delayed, ready or leased; null: suspended, or ended.';
comment on column rhythm.workflow_state.seq is 'The number of its steps so far. Changes by a person raise it, too, so that a worker with an older number is refused.';
comment on column rhythm.workflow_state.arrived is 'How many items its inbox has ever received.';
comment on column rhythm.workflow_state.delivered is 'Up to which item its worker has received them. They count as taken when the worker settles.';
comment on column rhythm.workflow_state.groups is 'The numbers of the groups of waits that it waits for.';
comment on column rhythm.workflow_state.sizes is 'For each group, how many of its members must end: all of them, or one.';
comment on column rhythm.workflow_state.need is 'For each group, how many members must still end; at 0 the workflow continues.';
comment on column rhythm.workflow_state.last_group is 'The last number that a group got.';
comment on column rhythm.workflow_state.cleanup is 'It has a finally block to run if it is cancelled.';
comment on column rhythm.workflow_state.change is 'The operation (migrate or repair) that the worker which opens the state next applies to it first.';
comment on column rhythm.workflow_state.failures is 'How many of its attempts threw, while it is in no batch.';
comment on column rhythm.workflow_state.stack is 'The line of each branch in the source, with its variables; for people.';

comment on index rhythm.workflow_state_change is 'Operations that are still to be applied.';

create table rhythm.inbox (
  execution_id uuid not null,
  nth integer not null,
  item uuid not null,
  wait_group integer,
  failed boolean not null
)
with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

create index inbox_execution on rhythm.inbox (execution_id, nth);

comment on table rhythm.inbox is 'What workflows waited for and what has ended, until they take it: children, timers, waits for signals.';
comment on column rhythm.inbox.nth is 'The order in which they ended.';
comment on column rhythm.inbox.wait_group is 'As in execution.';
comment on index rhythm.inbox_execution is 'The items of one workflow, in order.';

create table rhythm.journal (
  execution_id uuid not null,
  step integer not null,
  moment timestamptz not null,
  items uuid[] not null
)
with (autovacuum_vacuum_cost_delay = 0);

create index journal_step on rhythm.journal (execution_id, step);

comment on table rhythm.journal is 'The steps of workflows that did not commit together with the end of one child: when each was taken, and with which items. For the others, the row of the child has this (parent_step, completed_at).';
comment on column rhythm.journal.moment is 'The time that the workflow saw in the step.';
comment on column rhythm.journal.items is 'What the step took, in order: children, timers, waits for signals. If it was told of its cancellation, its own id comes first.';
comment on index rhythm.journal_step is 'The steps of one workflow, in order.';

create table rhythm.idempotency_key (
  key text not null,
  execution_id uuid not null,
  expires_at timestamptz,
  held_while text,
  constraint idempotency_key_pkey primary key (key),
  constraint held_while_known check (held_while in ('queued', 'active'))
);

create index idempotency_key_expiry on rhythm.idempotency_key (expires_at) where expires_at is not null;
create index idempotency_key_execution on rhythm.idempotency_key (execution_id);

comment on table rhythm.idempotency_key is 'The execution to which a key belongs; without expiry, as long as the execution is kept. Nobody writes here when one begins or ends: key_is_free() looks.';
comment on column rhythm.idempotency_key.held_while is 'The key is free as soon as the execution has begun (queued), or has ended (active). Null: neither.';
comment on index rhythm.idempotency_key_expiry is 'For chores(), which deletes expired keys.';
comment on index rhythm.idempotency_key_execution is 'For purge(), which deletes keys with their execution.';
