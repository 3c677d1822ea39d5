// Generated from sql/ by `deno task gen`. Do not edit.
// deno-fmt-ignore-file

/** One file of the engine. */
export interface SchemaFile {
  /** Its path in sql/. */
  readonly name: string;
  /**
   * Structure is applied once; online structure too, after everything else and outside of a transaction; behaviour again
   * whenever it changed.
   */
  readonly kind: "structure" | "online" | "behaviour";
  /** The SHA-256 of its text, in hexadecimal. */
  readonly checksum: string;
  /** The file itself. */
  readonly text: string;
}

/** The version of the library that these files belong to. */
export const libraryVersion = "0.1.0";

/** How the cluster of `cluster_gen.ts` was made. */
export const clusterRecipe = "npm:@electric-sql/pglite@0.5.16 9b7e76fd5bd7d46e";

/** A digest of an embedded database with this engine. Made beforehand, as it takes a tenth of a second. */
export const imageDigest = "234a8d78aefc19e3";

/** The engine, in the order of installation. */
export const schemaFiles: readonly SchemaFile[] = [
  {
    name: "structure/000_installation.sql",
    kind: "structure",
    checksum: "eaae7f4968443208191094175e5b7f7bbb4259ffacb952b4a4124e2a157a88c3",
    text: `-- What is installed here: one row for each file of the library. The installer reads it to know what to do.

create table rhythm.installation (
  file text primary key,
  kind text not null constraint kind_known check (kind in ('structure', 'online', 'behaviour')),
  checksum text not null,
  library_version text not null,
  installed_at timestamptz not null default clock_timestamp()
);

comment on table rhythm.installation is
  'The files of the library that were applied here. Structure is applied once and never changes; online structure is applied outside of a transaction; behaviour is applied again when it has changed.';

create table rhythm.installed_object (
  identity text primary key,
  kind text not null constraint kind_known check (kind in ('function', 'procedure', 'view')),
  checksum text not null
);

comment on table rhythm.installed_object is
  'The functions and views that behaviour files made. One that a newer library no longer makes is dropped by its installer.';

create table rhythm.installation_note (
  note text primary key
);

comment on table rhythm.installation_note is
  'What the last installation left out because a right was missing, and how to add it. Usually empty.';
`,
  },
  {
    name: "structure/010_flows.sql",
    kind: "structure",
    checksum: "4f69f9b70bf736e0c743dc3889c6b818aa41a0006e7b6d1717572ae7cdf38300",
    text: `-- What can be started: flows with their versions, and what is known of tasks.

create table rhythm.flow_version (
  program text not null,
  name text not null,
  version integer not null,
  source text not null,
  code jsonb not null,
  input_schema jsonb,
  options jsonb not null default '{}',
  description text,
  found_by text[],
  created_at timestamptz not null,
  constraint flow_version_pkey primary key (program),
  constraint flow_version_number unique (name, version),
  constraint version_positive check (version > 0),
  constraint options_is_object check (jsonb_typeof(options) = 'object')
);

comment on table rhythm.flow_version is 'Every text of a flow that was ever registered, with its compiled program. Rows never change, because running executions use them.';
comment on column rhythm.flow_version.program is 'The key by which executions name it: the SHA-256 of the flow''s name and source.';
comment on column rhythm.flow_version.code is 'The compiled program, which only the language reads.';
comment on column rhythm.flow_version.found_by is 'The variables that its executions are found by: index of its front matter. Null: none.';
comment on column rhythm.flow_version.options is 'Defaults of its executions: queue, priority, timeout, retry.';

create table rhythm.flow (
  name text not null,
  program text not null,
  updated_at timestamptz not null,
  deployed_at timestamptz not null,
  constraint flow_pkey primary key (name),
  constraint flow_program foreign key (program) references rhythm.flow_version (program)
);

comment on table rhythm.flow is 'The version of each flow on which new executions start.';

create table rhythm.deploy (
  id text not null,
  first_seen_at timestamptz not null,
  constraint deploy_pkey primary key (id)
);

comment on table rhythm.deploy is 'The deploys that programs named when they registered flows. Of two, the one that was seen first is the older.';

create table rhythm.task (
  name text not null,
  options jsonb not null default '{}',
  sql_function text,
  updated_at timestamptz not null,
  constraint task_pkey primary key (name),
  constraint options_is_object check (jsonb_typeof(options) = 'object')
);

comment on table rhythm.task is 'Registered tasks: the defaults of their executions, and the SQL function if that is the handler. A task that is not here can be queued, too.';
`,
  },
  {
    name: "structure/020_executions.sql",
    kind: "structure",
    checksum: "5f58e6730a47a5e411404644e26fa91242895661155d0554e2f086cdce6fb0bb",
    text: `-- Executions, and the places of those that have not ended.

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
  constraint execution_pkey primary key (id),
  constraint type_known check (type in ('workflow', 'task')),
  constraint state_known check (state between 0 and 4),
  constraint completed_at_iff_over check ((completed_at is not null) = (state > 0)),
  constraint fingerprint_iff_failed check ((fingerprint is not null) = (state = 2)),
  constraint unique_key_is_held check ((unique_key is null) = (unique_while is null) and unique_while in ('queued', 'active')),
  constraint over_is_in_no_batch check (state = 0 or batch_id is null)
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
  constraint batch_pkey primary key (id),
  constraint leased_by_a_call check ((worker is null) = (call is null) and (worker is null) = (claimed_at is null)),
  constraint paused_is_parked check (not paused and gate is null or run_at = 'infinity'),
  constraint delayed_is_not_leased check (run_at is null or worker is null),
  constraint size_is_of_ids check (size = cardinality(ids) and size > 0)
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
  constraint workflow_state_pkey primary key (execution_id),
  constraint one_need_a_group check (cardinality(groups) = cardinality(need) and cardinality(groups) = cardinality(sizes)),
  constraint delivered_arrived check (delivered <= arrived)
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
`,
  },
  {
    name: "structure/025_key_waiters.sql",
    kind: "structure",
    checksum: "a8589af4d8b377715597aeb7318ebf27f1175ab5ed622e44e83da9d942fe942a",
    text: `-- Children of workflows that do not run, because another execution came first with their idempotency key.

create table rhythm.key_waiter (
  execution_id uuid not null,
  owner_id uuid not null,
  due boolean not null default false,
  rejects boolean not null default false,
  key text not null,
  constraint key_waiter_pkey primary key (execution_id),
  constraint waits_for_another check (owner_id <> execution_id)
);

create index key_waiter_owner on rhythm.key_waiter (owner_id);
create index key_waiter_due on rhythm.key_waiter (execution_id) where due;

comment on table rhythm.key_waiter is 'Children that end as another execution does, which came first with their idempotency key.';
comment on column rhythm.key_waiter.execution_id is 'The child. It has its own execution, so that its workflow waits for it as for any other child, and can cancel it alone.';
comment on column rhythm.key_waiter.owner_id is 'The execution to which its key belongs. Never a key waiter itself.';
comment on column rhythm.key_waiter.due is 'due() must look at it, because it could not be locked when it was made, or when the owner ended.';
comment on column rhythm.key_waiter.rejects is 'It does not wait: it fails, because its start asked for that (on_conflict: reject).';
comment on column rhythm.key_waiter.key is 'As in idempotency_key: retry() asks again which execution it stands for.';
comment on constraint waits_for_another on rhythm.key_waiter is 'An execution cannot wait for itself.';
comment on index rhythm.key_waiter_owner is 'The waiters of an owner that has ended.';
comment on index rhythm.key_waiter_due is 'For due().';
`,
  },
  {
    name: "structure/030_waits.sql",
    kind: "structure",
    checksum: "8be5b4ed998072d5cb9fb1f56b1d669cadf2fb499f62d3fc20b71381716e2743",
    text: `-- What a workflow can wait for, except children, and what it logs.

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
`,
  },
  {
    name: "structure/040_workers.sql",
    kind: "structure",
    checksum: "093d1fa2c23466750a15b15cc32e65348e9f5adac225c4df6c3b02b2ae91df0e",
    text: `-- Workers, queues and their limits.

create table rhythm.worker (
  id uuid not null,
  name text not null,
  queues text[] not null,
  started_at timestamptz not null,
  beat_at timestamptz not null,
  lease_ms integer not null,
  protocol smallint not null default 1,
  sleeping boolean not null default false,
  spared boolean not null default false,
  info jsonb not null default '{}',
  constraint worker_pkey primary key (id)
)
with (fillfactor = 50);

comment on table rhythm.worker is 'Workers that are or recently were alive. One heartbeat keeps all their leases.';
comment on column rhythm.worker.lease_ms is 'How long after its last heartbeat it counts as dead.';
comment on column rhythm.worker.protocol is 'The number of its protocol.';
comment on column rhythm.worker.spared is 'It was silent for a lease, but nobody could have heard it: it has one lease more to send a heartbeat.';
comment on column rhythm.worker.sleeping is 'It sleeps and wants to be notified of work.';

-- Two rows for each worker, so that a call with an odd number and one with an even number can run side by side.
create table rhythm.worker_call (
  worker_id uuid not null,
  odd boolean not null,
  call integer not null default 0,
  refused jsonb,
  constraint worker_call_pkey primary key (worker_id, odd),
  constraint worker_call_worker_fkey foreign key (worker_id) references rhythm.worker (id) on delete cascade
)
with (fillfactor = 50);

comment on table rhythm.worker_call is 'The last calls of each worker: that with an odd number and that with an even one. A call locks its row until it commits.';
comment on column rhythm.worker_call.odd is 'Whether it stands for the calls with odd numbers.';
comment on column rhythm.worker_call.call is 'The last of these calls of exchange() that changed something. If it is sent again, it gets the same answer.';
comment on column rhythm.worker_call.refused is 'What that call refused; null: nothing.';

create table rhythm.queue (
  name text not null,
  version bigint not null default 1,
  limited boolean not null default false,
  counted boolean not null default false,
  limited_since xid8,
  changed xid8 not null default pg_current_xact_id(),
  paused_at timestamptz,
  paused_by text,
  pause_reason text,
  concurrency integer,
  per_key_concurrency integer,
  rate integer,
  per_ms bigint,
  per_key_rate integer,
  per_key_per_ms bigint,
  fair boolean not null default false,
  constraint queue_pkey primary key (name),
  constraint concurrency_positive check (concurrency > 0),
  constraint per_key_concurrency_positive check (per_key_concurrency > 0),
  constraint rate_has_period check ((rate is null) = (per_ms is null)),
  constraint rate_positive check (rate > 0 and per_ms > 0),
  constraint per_key_rate_has_period check ((per_key_rate is null) = (per_key_per_ms is null)),
  constraint per_key_rate_positive check (per_key_rate > 0 and per_key_per_ms > 0)
)
with (fillfactor = 50);

comment on table rhythm.queue is 'Queues that have limits or are paused. A queue that is not here has no limits and costs nothing. Claims only read it: see 045_limits.sql.';
comment on column rhythm.queue.version is 'Increased by every change, also of its keys.';
comment on column rhythm.queue.limited is 'What becomes ready goes into lanes. False: it is only paused, or its limits were removed and the last of its lanes are being emptied.';
comment on column rhythm.queue.counted is 'It, or one of its keys, limits how many run at once, so ends of leases are noted.';
comment on column rhythm.queue.changed is 'The transaction that made this version.';
comment on column rhythm.queue.limited_since is 'The transaction that set limited; null: it never had limits. Older ones that are still open do not know of it.';
comment on column rhythm.queue.rate is 'How many begin in any per_ms, at most.';
comment on column rhythm.queue.per_key_rate is 'How many of one concurrency key begin in any per_key_per_ms, at most.';
comment on column rhythm.queue.fair is 'Concurrency keys have turns.';

create table rhythm.pause (
  type text not null,
  target text not null,
  paused_at timestamptz not null,
  paused_by text not null,
  reason text,
  constraint pause_pkey primary key (type, target),
  constraint type_known check (type in ('task', 'workflow', 'everything')),
  constraint everything_has_no_name check ((type = 'everything') = (target = ''))
);

comment on table rhythm.pause is 'Tasks and flows that are paused, or everything. Usually empty: then a claim reads no page of it.';
comment on column rhythm.pause.target is 'The task or flow. Empty: everything.';
comment on column rhythm.pause.paused_by is 'Who paused it.';
comment on column rhythm.pause.reason is 'Why, if that was said.';

create table rhythm.setting (
  name text not null,
  value text not null,
  constraint setting_pkey primary key (name)
);

comment on table rhythm.setting is 'Settings of this installation. A setting that is not here has its default. See configure().';

-- What many requests have in common, with the defaults of their task or flow.
create type rhythm.kind as (
  head jsonb,
  type text,
  target text,
  program text,
  queue text,
  priority smallint,
  run_at timestamptz,
  expires_at timestamptz,
  timeout_ms bigint,
  retry jsonb,
  concurrency_key text,
  unique_key text,
  unique_while text,
  metadata jsonb,
  notify_on_end boolean,
  outlives boolean
);

comment on type rhythm.kind is 'What many requests have in common, with the defaults of their task or flow. run_at is null if they may begin at once.';

-- Something that a workflow asked for has ended.
create type rhythm.settled_item as (
  execution_id uuid,
  id uuid,
  failed boolean,
  wait_group integer
);

comment on type rhythm.settled_item is 'A child, timer or wait for a signal that has ended, for the workflow that asked for it.';

-- The end of an execution, as others are told of it.
create type rhythm.transition as (
  id uuid,
  parent_id uuid,
  wait_group integer,
  state smallint,
  notify_on_end boolean,
  type text
);

comment on type rhythm.transition is 'The end of an execution, as others are told of it.';

-- What a worker reports of an execution that it held, and what our rows say of it.
create type rhythm.outcome as (
  id uuid,
  call integer,
  seq integer,
  status text,
  output jsonb,
  error jsonb,
  retryable boolean,
  finished boolean,
  reason text,
  delay_ms bigint,
  moment timestamptz,
  snapshot jsonb,
  effects jsonb,
  waits jsonb,
  keep uuid[],
  released uuid[],
  stack jsonb,
  cleanup boolean,
  fate text,
  type text,
  batch_id bigint
);

comment on type rhythm.outcome is 'What a worker reports of an execution: completed, failed, suspended, cancelled or released, with what its workflow started.';

-- An execution to create: what it does not share with others of its kind.
create type rhythm.key_claim as (
  nth bigint,
  execution_id uuid,
  is_new boolean
);

comment on type rhythm.key_claim is 'A request with a key: the execution to which the key belongs, and whether it must still be created.';

create type rhythm.newcomer as (
  id uuid,
  kind integer,
  parent_id uuid,
  wait_group integer,
  traceparent text,
  keyed boolean,
  inputs jsonb
);

comment on type rhythm.newcomer is 'An execution to create; kind is the number of its kind, from 1.';

-- The end of a task, or a timer that is due, and the step that its workflow took with it.
create type rhythm.step_end as (
  id uuid,
  timer boolean,
  call integer,
  output jsonb,
  flow uuid,
  seq integer,
  next text,
  result jsonb,
  snapshot jsonb,
  cleanup boolean,
  mode text,
  ids uuid[],
  timers jsonb,
  released uuid[],
  moment timestamptz
);

comment on type rhythm.step_end is 'The end of a task, or a timer that is due, and the step that its workflow took with it.';

-- Which groups a workflow waits for after a step.
create type rhythm.grouping as (
  execution_id uuid,
  last_group integer,
  groups integer[],
  need integer[],
  items uuid[],
  numbers integer[],
  old uuid[]
);

comment on type rhythm.grouping is 'The groups of waits of a workflow after a step, and for each item the number of its group. old: items that it started in an earlier step.';
`,
  },
  {
    name: "structure/045_limits.sql",
    kind: "structure",
    checksum: "bfceb5c97c709209a9e55aa5c7c0e62c6450a4a209f1537a55c0ef66d389c3f8",
    text: `-- Limits and fair turns. queue and queue_key have what people configure; the other tables have what is computed from it.
--
-- A queue with limits has lanes: a row for each group of targets and concurrency key that had something to do. Only a
-- session that holds the gate of the queue (an advisory lock, until its commit) writes lanes and counts. All other sessions
-- append notes, which the next holder of the gate takes. So nobody waits for a row of these tables.
--
-- nth is the number of the version of a row. It is part of each key, and the newest version is found first, without walking over
-- older versions that an old snapshot keeps.

create table rhythm.queue_key (
  queue text not null,
  key text not null,
  weight integer,
  concurrency integer,
  rate integer,
  per_ms bigint,
  paused_at timestamptz,
  paused_by text,
  pause_reason text,
  constraint queue_key_pkey primary key (queue, key),
  constraint key_weight_known check (weight between 1 and 1000),
  constraint key_concurrency_positive check (concurrency > 0),
  constraint key_rate_has_period check ((rate is null) = (per_ms is null)),
  constraint key_rate_positive check (rate > 0 and per_ms > 0)
);

comment on table rhythm.queue_key is 'Concurrency keys of a queue that have their own limits or weight, or are paused.';
comment on column rhythm.queue_key.weight is 'How many turns it has while others have one; null: 1.';
comment on column rhythm.queue_key.concurrency is 'How many of it run at once; null: per_key_concurrency of the queue.';
comment on column rhythm.queue_key.rate is 'How many of it begin in any per_ms; null: per_key_rate of the queue.';

create table rhythm.queue_state (
  queue text not null,
  nth bigint not null default 0,
  version bigint not null default 0,
  turn bigint not null default 0,
  running integer not null default 0,
  fair boolean not null default false,
  keyed boolean not null default false,
  counted boolean not null default false,
  noted xid8 not null default '0',
  ends_noted xid8 not null default '0',
  listed xid8,
  settled xid8,
  looked_at timestamptz not null,
  full_until timestamptz,
  begun_at timestamptz[] not null default '{}',
  begun integer[] not null default '{}',
  constraint queue_state_pkey primary key (queue, nth),
  constraint running_counts check (running >= 0),
  constraint one_count_a_moment check (cardinality(begun_at) = cardinality(begun))
)
with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

comment on table rhythm.queue_state is 'The state of each queue with limits.';
comment on column rhythm.queue_state.version is 'The configuration that the lanes have: queue.version.';
comment on column rhythm.queue_state.turn is 'The virtual time of a fair queue: the turn of what began last. It never goes back.';
comment on column rhythm.queue_state.running is 'How many leases the queue has, except those whose end is still a note.';
comment on column rhythm.queue_state.keyed is 'Whether there are limits by key, which key_state counts.';
comment on column rhythm.queue_state.noted is 'All notes of older transactions that something became ready are taken.';
comment on column rhythm.queue_state.ends_noted is 'All notes of older transactions that leases ended are taken.';
comment on column rhythm.queue_state.counted is 'Whether running is counted, because the queue limits how many run at once.';
comment on column rhythm.queue_state.settled is 'The last change (queue.changed) that all open transactions have seen. Then the counts were made again.';
comment on column rhythm.queue_state.listed is 'The queue.limited_since for which everything that was ready before is in lanes.';
comment on column rhythm.queue_state.looked_at is 'When keys that may continue were last looked for.';
comment on column rhythm.queue_state.full_until is 'If the rate is used up: when the next may begin.';
comment on column rhythm.queue_state.begun is 'With a rate: how many began, by the moments in begun_at, over the last period.';

create table rhythm.key_state (
  queue text not null,
  key text not null,
  nth bigint not null,
  running integer not null default 0,
  ready_at timestamptz,
  idle_since timestamptz,
  begun_at timestamptz[] not null default '{}',
  begun integer[] not null default '{}',
  constraint key_state_pkey primary key (queue, key, nth),
  constraint key_running_counts check (running >= 0),
  constraint key_one_count_a_moment check (cardinality(begun_at) = cardinality(begun))
)
with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

create index key_state_ready on rhythm.key_state (queue, ready_at) where ready_at is not null;

comment on table rhythm.key_state is 'For queues with limits by key: what each key has running, and how many of it began recently.';
comment on column rhythm.key_state.ready_at is 'If the rate is used up: when the next may begin.';
comment on index rhythm.key_state_ready is 'Keys that may continue, by time.';

create table rhythm.lane (
  queue text not null,
  target_group text not null,
  key text not null,
  nth bigint not null,
  turn bigint not null,
  rank integer,
  head uuid,
  open boolean not null,
  idle_since timestamptz,
  constraint lane_pkey primary key (queue, target_group, key, nth),
  constraint head_has_rank check ((rank is null) = (head is null)),
  constraint open_lanes_have_a_head check (not open or head is not null),
  constraint idle_lanes_have_none check ((idle_since is null) = (head is not null))
)
with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

create index lane_order on rhythm.lane (queue, target_group, turn, rank, head) where open;

comment on table rhythm.lane is 'What is ready in a queue with limits, by group of targets and concurrency key.';
comment on column rhythm.lane.target_group is 'The task; empty: workflows, which any worker runs.';
comment on column rhythm.lane.key is 'The concurrency key; empty: executions without a key.';
comment on column rhythm.lane.turn is 'In a fair queue: its next turn, in virtual time. Else 0.';
comment on column rhythm.lane.rank is 'The negative priority of head.';
comment on column rhythm.lane.head is 'Nothing that is ready comes before it; null: nothing is ready.';
comment on column rhythm.lane.open is 'It may have a turn. A lane is closed if nothing is ready, or its key is at a limit or paused.';
comment on index rhythm.lane_order is 'Whose turn it is. Without turns: highest priority and oldest first.';

create table rhythm.lane_group (
  queue text not null,
  target_group text not null,
  nth bigint not null,
  turn bigint not null,
  rank integer not null,
  head uuid not null,
  constraint lane_group_pkey primary key (queue, target_group, nth)
)
with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

comment on table rhythm.lane_group is 'The groups of targets that have lanes. No lane before (turn, rank, head) is open.';

create table rhythm.limit_note (
  queue text not null,
  xid xid8 not null,
  target_group text not null,
  key text not null,
  rank integer,
  head uuid,
  ended integer not null,
  constraint note_says_one_thing check ((head is null) = (ended > 0))
)
with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

create index limit_note_ready on rhythm.limit_note (queue, xid) where ended = 0;
create index limit_note_ended on rhythm.limit_note (queue, xid) where ended > 0;

comment on index rhythm.limit_note_ready is 'What became ready in a queue, from where notes were last taken.';
comment on index rhythm.limit_note_ended is 'The leases of a queue that ended, from where notes were last taken. They do not wait behind what became ready.';
comment on table rhythm.limit_note is 'What happened in queues with limits since a session last held their gate: something became ready (head), or leases ended.';
comment on column rhythm.limit_note.xid is 'The transaction that wrote it.';
comment on column rhythm.limit_note.head is 'The first that became ready in a lane.';
comment on column rhythm.limit_note.ended is 'How many leases of the key ended.';

-- The order of what is ready in a lane. It is here and not next to the table, because the columns of lanes explain it.
create index batch_lane on rhythm.batch (
  queue,
  (case type when 'workflow' then '' else target end),
  (coalesce(concurrency_key, '')),
  (- priority::integer),
  first_id
) where limited and worker is null and run_at is null;

comment on index rhythm.batch_lane is 'The order of claims in queues with limits.';

-- For a row that is in no lane, this costs one look at its columns, in C. limits/notes.sql has the function.
create function rhythm.note_limited()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return null;
end;
$$;

comment on function rhythm.note_limited() is 'Notes what happens in queues with limits. Internal.';

create trigger batch_enters_lane after insert on rhythm.batch for each row
when (new.limited and new.worker is null and new.run_at is null)
execute function rhythm.note_limited();

create trigger batch_changes_lane after update on rhythm.batch for each row
when (
  old.limited and old.worker is not null and new.worker is null
  or new.limited and new.worker is null and new.run_at is null and (old.worker is not null or old.run_at is not null)
)
execute function rhythm.note_limited();

create trigger batch_leaves_lane after delete on rhythm.batch for each row
when (old.limited and old.worker is not null)
execute function rhythm.note_limited();

-- What a claim did to a lane.
create type rhythm.lane_pick as (
  target_group text,
  key text,
  place tid,
  turn bigint,
  rank integer,
  head uuid,
  taken integer,
  room integer
);

comment on type rhythm.lane_pick is 'A lane that a claim has read: its row before, its next turn, how much was taken, and how much more its key had room for before.';
`,
  },
  {
    name: "structure/050_schema_types.sql",
    kind: "structure",
    checksum: "5fca8986b49cbb9412d6006c156cb0fa6927df4f3c8301a06365d9dbfd0adf85",
    text: `-- Row types of the input check.

create type rhythm.inner_schema as (path text, schema jsonb);
comment on type rhythm.inner_schema is 'A schema inside a schema, with its path.';

create type rhythm.inner_value as (path text, value jsonb, schema jsonb);
comment on type rhythm.inner_value is 'A member of a value, with its path and the schema it must satisfy.';
`,
  },
  {
    name: "structure/055_cron_types.sql",
    kind: "structure",
    checksum: "99022ceabb5b12cbe4b4eeef9dc1cf17c70579bd721e765411dab66fe6933c0c",
    text: `-- A parsed cron expression.

create type rhythm.cron_times as (
  seconds integer[],
  minutes integer[],
  hours integer[],
  days integer[],
  months integer[],
  weekdays integer[],
  nth_weekdays integer[],
  last_day boolean,
  any_day boolean,
  any_weekday boolean,
  by_clock boolean
);

comment on type rhythm.cron_times is
  'A parsed cron expression. Weekdays run from 0, Sunday. nth_weekdays has weekday * 10 + n with n = 6 for the last '
  'of the month. If seconds, minutes and hours are all fixed (by_clock), a change of clocks must not lose or repeat a run.';
`,
  },
  {
    name: "structure/060_schedules.sql",
    kind: "structure",
    checksum: "fa2048bd1427c74c679cfdf166bd7660035733be3e959263305a7b07127bb2e4",
    text: `-- Schedules, one row each. The session that fires a schedule locks its row: the cursor (next_slot) moves in the same
-- transaction that creates its execution, so that no time fires twice.

create table rhythm.schedule_entry (
  name text not null,
  cron text not null,
  timezone text not null,
  type text not null,
  target text not null,
  inputs jsonb not null,
  options jsonb not null,
  overlap text not null,
  catch_up text not null,
  jitter interval not null,
  next_slot timestamptz not null,
  due_at timestamptz not null,
  queued_slots timestamptz[] not null default '{}',
  active uuid[] not null default '{}',
  paused_at timestamptz,
  last_slot timestamptz,
  last_fired_at timestamptz,
  last_execution_id uuid,
  last_error jsonb,
  fired bigint not null default 0,
  skipped bigint not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint schedule_entry_pkey primary key (name),
  constraint type_known check (type in ('workflow', 'task')),
  constraint overlap_known check (overlap in ('skip', 'queue', 'allow', 'cancel')),
  constraint catch_up_known check (catch_up in ('none', 'one', 'all')),
  constraint options_is_object check (jsonb_typeof(options) = 'object'),
  constraint jitter_within_a_day check (jitter between interval '0' and interval '1 day')
);

create index schedule_entry_due on rhythm.schedule_entry (due_at) where paused_at is null;

comment on table rhythm.schedule_entry is
  'Every schedule. Read it through the view schedules; change it with schedule() and the other functions of schedules.';
  comment on column rhythm.schedule_entry.next_slot is 'The first time of the cron expression that has not been handled yet.';
comment on column rhythm.schedule_entry.due_at is 'When to look at this schedule: next_slot and its jitter, or sooner while slots are queued.';
comment on column rhythm.schedule_entry.queued_slots is 'With overlap queue: slots that wait until the execution before them has ended.';
comment on column rhythm.schedule_entry.active is 'Executions of this schedule that had not ended when it last fired.';
comment on column rhythm.schedule_entry.options is 'Options of every execution, in the form of create_many().';
comment on column rhythm.schedule_entry.last_error is 'Why the last slot could not be started: {code, message, slot}; null once one starts again.';
comment on column rhythm.schedule_entry.skipped is 'Slots that overlap skipped.';
comment on index rhythm.schedule_entry_due is 'For fire_schedules(): which schedules are due, and when the next one is.';
`,
  },
  {
    name: "structure/070_sql_tasks.sql",
    kind: "structure",
    checksum: "79c24efb361674dd4b4536b93927234ad0f01a8f880370706e2bff8638adfcef",
    text: `-- Tasks whose handler is a SQL function: which ones, and from which queues tick() takes them.

create index task_in_sql on rhythm.task (name) where sql_function is not null;

comment on index rhythm.task_in_sql is 'Whether there are SQL tasks: every tick() asks this.';
`,
  },
  {
    name: "structure/080_steps.sql",
    kind: "structure",
    checksum: "aa85051d2f0e4301ffd1d2df2443f23bf963d21b8db908af46b88568e573d047",
    text: `-- Steps of workflows in TypeScript, with their results.

create table rhythm.step (
  execution_id uuid not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  until timestamptz,
  wait_id uuid,
  seq integer,
  attempts smallint not null default 1,
  kind text not null,
  status text not null,
  name text not null,
  error jsonb,
  output jsonb,
  constraint step_pkey primary key (execution_id, name),
  constraint kind_known check (kind in ('step', 'sleep', 'signal', 'task', 'workflow')),
  constraint status_known check (status in ('waiting', 'retrying', 'completed', 'failed')),
  constraint seq_iff_over check ((seq is not null) = (status in ('completed', 'failed'))),
  constraint error_iff_failed check ((error is not null) = (status in ('retrying', 'failed'))),
  constraint waits_for_something check (wait_id is not null or status not in ('waiting', 'retrying'))
)
with (autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_vacuum_cost_delay = 0, toast_tuple_target = 1024);

alter table rhythm.step alter column output set storage external;

-- No foreign key, because checking it costs more than the row. purge() and check() keep the two tables consistent.
comment on table rhythm.step is 'The steps of workflows in TypeScript, and what they wait for. A row that is completed or failed never changes: a replay reads its results from there.';
comment on column rhythm.step.name is 'Unique within the workflow: two calls under one name are one step. The part after # distinguishes calls that share a name.';
comment on column rhythm.step.seq is 'The order in which steps ended, and in which a replay returns their results.';
comment on column rhythm.step.attempts is 'How often its function ran; 0 if it is not a function.';
comment on column rhythm.step.wait_id is 'The timer, wait for a signal or child that ends it or, while it is retrying, ends the pause.';
comment on column rhythm.step.until is 'When a sleep or a pause is over, or the wait for a signal times out.';
comment on column rhythm.step.output is 'Its result; SQL null is undefined, which JSON does not have.';

create type rhythm.step_news as (
  execution_id uuid,
  call integer,
  name text,
  kind text,
  status text,
  seq integer,
  attempts smallint,
  wait_id uuid,
  delay_ms bigint,
  until timestamptz,
  took_ms bigint,
  signal text,
  child jsonb,
  variables jsonb,
  error jsonb,
  output jsonb,
  is_undefined boolean
);

comment on type rhythm.step_news is 'What save_steps() receives for each step: the row, and what it begins to wait for.';
`,
  },
  {
    name: "structure/090_queue_heads.sql",
    kind: "structure",
    checksum: "051569205e879021b5b8e37e29461d99b6f8593d2ff6750e91b1d972ff3b6c6e",
    text: `-- The heads of queues, if a claim walked far to find them.

create table rhythm.queue_head (
  queue text not null,
  targets bigint not null,
  priority smallint not null,
  id uuid not null,
  made_after uuid not null,
  until timestamptz not null,
  constraint queue_head_pkey primary key (queue, targets)
)
with (fillfactor = 20);

comment on table rhythm.queue_head is 'Where the head of a queue was when a claim walked far to find it, over consumed rows that an old transaction may still see. Usually empty.';
comment on column rhythm.queue_head.targets is 'A hash of the tasks that were asked for, because one worker skips what another takes.';
comment on column rhythm.queue_head.id is 'At this priority, claims begin after this id.';
comment on column rhythm.queue_head.made_after is 'At higher priorities, claims begin with what was created after this.';
comment on column rhythm.queue_head.until is 'Then a claim walks from the beginning again, to find what came back to a place before the head.';
`,
  },
  {
    name: "structure/095_history.sql",
    kind: "structure",
    checksum: "067b20e5555429df9d1754f003ca0c7c0d0e45c105219e85594274741f0c5220",
    text: `-- What people did to workflows, and what the journal alone could not rebuild.

create table rhythm.base (
  execution_id uuid not null,
  step integer not null,
  epoch integer not null,
  at timestamptz not null,
  act text not null,
  by text not null,
  note text,
  program text not null,
  was text,
  snapshot json not null,
  constraint base_pkey primary key (execution_id, step),
  constraint act_known check (act in ('edited', 'rewound', 'forked', 'migrated', 'repaired', 'continued'))
);

alter table rhythm.base alter column snapshot set storage external;

comment on table rhythm.base is 'Snapshots of workflows that a person changed. Rebuilding a later state begins with the newest one before it.';
comment on column rhythm.base.snapshot is 'The state. JSON null: it started over, with the inputs of its execution.';
comment on column rhythm.base.step is 'The number that the change has among the steps. The snapshot is the state after it.';
comment on column rhythm.base.was is 'The program before, if it was another one.';
comment on column rhythm.base.epoch is 'The epoch from then on.';

create table rhythm.taken_end (
  execution_id uuid not null,
  item uuid not null,
  step integer not null,
  settled jsonb not null,
  constraint taken_end_pkey primary key (execution_id, item, step)
);

comment on table rhythm.taken_end is 'The ends of children as their workflows took them, where retry() has begun the child again since.';
comment on column rhythm.taken_end.step is 'The last step that took this end. A later step took a later end.';
comment on column rhythm.taken_end.settled is 'As the workflow got it: see settled_items().';

create table rhythm.pairing (
  from_program text not null,
  to_program text not null,
  pairs jsonb not null,
  constraint pairing_pkey primary key (from_program, to_program),
  constraint pairs_is_object check (jsonb_typeof(pairs) = 'object')
);

comment on table rhythm.pairing is 'Where workflows that stand somewhere in one version of a flow go on in another one. The language makes it.';
comment on column rhythm.pairing.pairs is 'By function and instruction, as {"0:17": {"to": "0:19", "how": "sure", "line": 3, "toLine": 4}}.';
`,
  },
  {
    name: "structure/105_home.sql",
    kind: "structure",
    checksum: "8e4152a1286a3d2e6377ff9a9d3a1b4614cbefafb4609afc6cd2b77ed226dea5",
    text: `-- Where this installation belongs. A copy of the database has this row, too, and is in another place.

create table rhythm.home (
  nth integer not null,
  system_identifier text,
  database_oid oid not null,
  database_name text not null,
  timeline text,
  environment text,
  adopted_at timestamptz not null,
  adopted_by text not null,
  constraint home_pkey primary key (nth)
);

comment on table rhythm.home is
  'The database and the environment to which this installation belongs; one row, written when the first worker registers or the first tick runs. In a copy of the database they differ, and nothing runs until adopt().';
comment on column rhythm.home.nth is 'How often it was adopted.';
comment on column rhythm.home.system_identifier is 'The identifier of the database cluster; null where it cannot be read.';
comment on column rhythm.home.timeline is 'The branch, where the provider shows it (neon.timeline_id).';
comment on column rhythm.home.environment is 'The environment''s name, such as production; null: none was given.';
`,
  },
  {
    name: "structure/110_operations.sql",
    kind: "structure",
    checksum: "5f6de74b537509572415c36564ea334cb56793ac21ff4aebe683323ab0e809f6",
    text: `-- Operations: something that is done to many executions, in bounded pieces. A piece, its records and the place that it has reached
-- commit together, so that a crash loses and doubles nothing.

create table rhythm.operation (
  id uuid not null,
  action text not null,
  state text not null default 'running',
  dry_run boolean not null,
  is_looked boolean not null default false,
  filter jsonb not null,
  args jsonb not null,
  started_by text not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  from_id uuid not null,
  until_id uuid not null,
  place uuid not null,
  looked bigint not null default 0,
  done bigint not null default 0,
  unchanged bigint not null default 0,
  refused bigint not null default 0,
  pace integer not null default 10,
  constraint operation_pkey primary key (id),
  constraint action_known check (action in ('cancel', 'retry', 'signal', 'pause', 'resume', 'change', 'migrate', 'repair')),
  constraint state_known check (state in ('running', 'stopped', 'completed')),
  constraint ended_at_iff_completed check ((ended_at is not null) = (state = 'completed'))
)
with (fillfactor = 50);

create index operation_running on rhythm.operation (id) where state = 'running';
create index operation_ended on rhythm.operation (ended_at) where ended_at is not null;

comment on table rhythm.operation is 'What is done to many executions. Read it through the view operations.';
comment on column rhythm.operation.dry_run is 'It only records what it would change.';
comment on column rhythm.operation.is_looked is 'It has looked at all executions. Only those that were locked are left.';
comment on column rhythm.operation.from_id is 'It looks at executions with this id and later ones.';
comment on column rhythm.operation.until_id is 'It looks at executions before this id: what is created after it began is not changed.';
comment on column rhythm.operation.place is 'It has looked at all executions up to this one.';
comment on column rhythm.operation.looked is 'How many executions it has looked at.';
comment on column rhythm.operation.done is 'How many it has changed, or would change.';
comment on column rhythm.operation.unchanged is 'How many there was nothing to change of.';
comment on column rhythm.operation.refused is 'How many refused the change.';
comment on column rhythm.operation.pace is 'At how many executions it looks at once: fewer, if that takes long.';
comment on index rhythm.operation_running is 'For chores(), which works on them.';
comment on index rhythm.operation_ended is 'For chores(), which deletes them after the retention.';

create table rhythm.operation_act (
  operation_id uuid not null,
  execution_id uuid not null,
  at timestamptz not null,
  result text,
  detail text,
  place jsonb,
  constraint operation_act_pkey primary key (operation_id, execution_id),
  constraint result_known check (result in ('done', 'would', 'unchanged', 'refused'))
);

create index operation_act_open on rhythm.operation_act (operation_id) where result is null;

comment on table rhythm.operation_act is 'What an operation did to each execution that fits its filter.';
comment on column rhythm.operation_act.result is 'Null: the execution was locked. The operation tries it again.';
comment on column rhythm.operation_act.detail is 'Why it refused.';
comment on column rhythm.operation_act.place is 'For migrate and repair: where the workflow stood, and where it goes on: {version, lines, to, how, why}.';
comment on index rhythm.operation_act_open is 'What an operation must try again.';
`,
  },
  {
    name: "structure/120_failures.sql",
    kind: "structure",
    checksum: "b409d1cb7619a1aca63ec25b5e88985bb7e0422ec744a94d9e1b75ccd42441e2",
    text: `-- Failures of one kind, counted. An end notes its failure in a row of its own, so that failing executions do not wait for each
-- other. chores() counts the notes.

create table rhythm.failure_note (
  execution_id uuid not null,
  fingerprint bigint not null,
  at timestamptz not null
)
with (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

comment on table rhythm.failure_note is 'Failures that chores() has not counted yet.';
comment on column rhythm.failure_note.fingerprint is 'What failures of the same kind share.';

create table rhythm.failure (
  fingerprint bigint not null,
  state text not null default 'new',
  type text not null,
  target text not null,
  error_type text,
  message text,
  count bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  example_id uuid not null,
  versions integer[] not null default '{}',
  changed_at timestamptz,
  changed_by text,
  note text,
  constraint failure_pkey primary key (fingerprint),
  constraint state_known check (state in ('new', 'known', 'resolved', 'ignored'))
)
with (fillfactor = 70);

create index failure_last on rhythm.failure (last_at);

comment on table rhythm.failure is 'The kinds of failures. Read it through the view failures.';
comment on column rhythm.failure.message is 'The message of the last one, with # for what differs.';
comment on column rhythm.failure.example_id is 'The execution that failed last.';
comment on column rhythm.failure.versions is 'For a workflow: the last ten versions of the flow that failed in this way.';
comment on column rhythm.failure.changed_at is 'When a person set its state.';
comment on index rhythm.failure_last is 'For chores(), which forgets them after the retention.';

create table rhythm.failure_hour (
  fingerprint bigint not null,
  hour timestamptz not null,
  count bigint not null,
  constraint failure_hour_pkey primary key (fingerprint, hour)
)
with (fillfactor = 70);

create index failure_hour_old on rhythm.failure_hour (hour);

comment on table rhythm.failure_hour is 'How often each kind of failure came, by the hour, for a week.';
comment on index rhythm.failure_hour_old is 'For chores(), which deletes what is older than a week.';

create table rhythm.failure_hook (
  name text not null,
  event text not null,
  filter jsonb not null,
  type text not null,
  target text not null,
  url text,
  secret text,
  queue text,
  created_at timestamptz not null,
  created_by text not null,
  started bigint not null default 0,
  last_at timestamptz,
  last_id uuid,
  problem text,
  constraint failure_hook_pkey primary key (name),
  constraint event_known check (event in ('new', 'failed')),
  constraint type_known check (type in ('workflow', 'task'))
);

create table rhythm.failure_hook_call (
  hook text not null,
  fingerprint bigint not null,
  at timestamptz not null,
  constraint failure_hook_call_pkey primary key (hook, fingerprint)
);

comment on table rhythm.failure_hook_call is 'When a hook called its address last for a kind of failures, so that a flood of failures does not become a flood of calls.';
comment on column rhythm.failure_hook_call.hook is 'The hook.';
comment on column rhythm.failure_hook_call.fingerprint is 'The kind.';
comment on column rhythm.failure_hook_call.at is 'When.';
comment on constraint failure_hook_call_pkey on rhythm.failure_hook_call is 'The last call counts.';

comment on table rhythm.failure_hook is 'What to start, or which address to call, when executions fail. Read it through the view failure_hooks, which shows no address and no secret.';
comment on column rhythm.failure_hook.event is 'new: for the first failure of a kind that is new. failed: for each execution that fails.';
comment on column rhythm.failure_hook.filter is 'Which executions, as in operation.';
comment on column rhythm.failure_hook.url is 'The HTTP address to call. Null: it starts a task or a flow.';
comment on column rhythm.failure_hook.secret is 'With which calls are signed.';
comment on column rhythm.failure_hook.started is 'How many executions it has started.';
comment on column rhythm.failure_hook.problem is 'Why the last one could not be started.';
`,
  },
  {
    name: "structure/125_rates.sql",
    kind: "structure",
    checksum: "ae75ec6bbcb38149165e3b330a2988be7397d9291e69dd50042d20e0ab0e439c",
    text: `-- How many attempts end, and how long they take. Workers count in memory and send the counts with their heartbeats, each in a row of
-- its own, so that workers do not wait for each other. chores() adds them up.

create table rhythm.rate_note (
  at timestamptz not null,
  type text not null,
  target text not null,
  queue text not null,
  completed bigint not null,
  failed bigint not null,
  cancelled bigint not null,
  retried bigint not null,
  total_ms bigint not null,
  took bigint[] not null
)
with (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

comment on table rhythm.rate_note is 'Counts of workers that chores() has not added yet.';

create table rhythm.rate (
  span text not null,
  at timestamptz not null,
  type text not null,
  target text not null,
  queue text not null,
  completed bigint not null,
  failed bigint not null,
  cancelled bigint not null,
  retried bigint not null,
  total_ms bigint not null,
  took bigint[] not null,
  constraint rate_pkey primary key (span, at, type, target, queue),
  constraint span_known check (span in ('minute', 'hour'))
)
with (fillfactor = 70, autovacuum_vacuum_cost_delay = 0);

comment on table rhythm.rate is 'What ended in each minute of a day and each hour of 90 days, by target and queue. Read it through the view rates.';
comment on column rhythm.rate.span is 'A minute or an hour.';
comment on column rhythm.rate.at is 'The beginning of the span.';
comment on column rhythm.rate.queue is 'The queue. Of a line (type line): the version of the flow and the line, as 3:12. Then completed counts how often it was waited at.';
comment on column rhythm.rate.retried is 'Attempts that threw and are repeated.';
comment on column rhythm.rate.total_ms is 'The sum of how long they took: of a task its attempts, of a workflow its life.';
comment on column rhythm.rate.took is 'How many took up to each of took_bounds(); the last number is of those that took longer.';
`,
  },
  {
    name: "structure/130_frozen.sql",
    kind: "structure",
    checksum: "63f7b0c82eeb9d5829f5b19ac1fc8b9b941a93762142f97ebd2f95af9b290507",
    text: `-- Copies of executions of other installations, to look at. Nothing runs them: their state in rhythm.execution is 4, which is as
-- over as 1, 2 and 3 are for everything that runs.

create table rhythm.frozen (
  execution_id uuid not null,
  status text not null,
  completed_at timestamptz,
  exported_at timestamptz not null,
  exported_from text not null,
  frozen_at timestamptz not null,
  frozen_by text not null,
  reasons jsonb not null,
  constraint frozen_pkey primary key (execution_id),
  constraint status_known check (status in ('pending', 'running', 'suspended', 'completed', 'failed', 'cancelled'))
);

comment on table rhythm.frozen is 'What import_execution() stored: executions of other installations, to look at, to fork and to rebuild. Nothing runs them.';
comment on column rhythm.frozen.status is 'Its status where it was exported.';
comment on column rhythm.frozen.completed_at is 'When it ended there; null: it had not.';
comment on column rhythm.frozen.exported_at is 'When it was exported.';
comment on column rhythm.frozen.exported_from is 'The database and the environment it comes from.';
comment on column rhythm.frozen.frozen_at is 'When it was imported. The setting retention counts from then.';
comment on column rhythm.frozen.frozen_by is 'Who imported it.';
comment on column rhythm.frozen.reasons is 'What explain() said of it there.';
`,
  },
  {
    name: "structure/135_gates.sql",
    kind: "structure",
    checksum: "8bac23fc20a181b56dc20dec8eb6bd1b546679e00647a2dd11c976e7e192d078",
    text: `-- Gates: where executions stop until somebody lets them on. What has come to one is parked there (batch.gate).

create table rhythm.gate (
  id integer generated always as identity,
  flow text not null,
  version integer,
  line integer,
  before text,
  condition jsonb not null,
  set_at timestamptz not null,
  set_by text not null,
  note text,
  constraint gate_pkey primary key (id),
  constraint line_or_task check ((line is null) <> (before is null)),
  constraint line_of_a_version check ((line is null) = (version is null)),
  constraint line_positive check (line > 0)
);

comment on table rhythm.gate is 'Gates. Usually empty: then nothing that workers do reads a page of it.';
comment on column rhythm.gate.flow is 'The flow whose executions stop there.';
comment on column rhythm.gate.version is 'The version of the flow to which the line belongs.';
comment on column rhythm.gate.line is 'What waited in this line does not go on from there.';
comment on column rhythm.gate.before is 'What the flow starts of this task does not begin.';
comment on column rhythm.gate.condition is 'Which executions of the flow, as in operation: {variables, metadata, queue, parent}.';
comment on column rhythm.gate.set_by is 'Who set it.';
comment on column rhythm.gate.note is 'Why, if that was said.';
`,
  },
  {
    name: "structure/140_tokens.sql",
    kind: "structure",
    checksum: "ecf97e3385055f4973ef83b86ed4a565e3fe4399fd35666d0cd27c4cd38d2915",
    text: `-- Tokens: who may use the HTTP interface and the dashboard. A token is shown once, when it is made. Only its hash is stored.

create table rhythm.token (
  id integer generated always as identity,
  name text not null,
  role text not null,
  metadata_only boolean not null,
  hash bytea not null,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  used_at timestamptz,
  constraint token_pkey primary key (id),
  constraint token_hash unique (hash),
  constraint role_known check (role in ('viewer', 'operator', 'deployer', 'admin'))
);

create unique index token_name on rhythm.token (name) where revoked_at is null;

comment on table rhythm.token is 'Tokens of the HTTP interface and the dashboard. Only the owner reads it: list_tokens().';
comment on column rhythm.token.name is 'What acts with it are recorded under.';
comment on column rhythm.token.role is 'What it may do.';
comment on column rhythm.token.metadata_only is 'Inputs, outputs, variables, logs and messages are hidden from it.';
comment on column rhythm.token.hash is 'The SHA-256 hash of the token. It has 244 random bits, so nobody finds it by trying.';
comment on column rhythm.token.expires_at is 'From when on it is refused. Null: never.';
comment on column rhythm.token.revoked_at is 'When it was revoked. Null: it was not.';
comment on column rhythm.token.used_at is 'When it was used last, within an hour.';
comment on index rhythm.token_name is 'Tokens that are not revoked have different names.';
`,
  },
  {
    name: "structure/145_audit.sql",
    kind: "structure",
    checksum: "996963af7e3a3387150f55c86c152f37fad84a9b52efc1a5ccf9a47846754a7a",
    text: `-- What people did: each act is recorded in the transaction that does it.

create table rhythm.audit_entry (
  id bigint generated always as identity,
  at timestamptz not null,
  by text,
  role text not null,
  act text not null,
  kind text not null,
  target text,
  why text,
  before jsonb,
  after jsonb,
  constraint audit_entry_pkey primary key (id)
);

create index audit_entry_target on rhythm.audit_entry (kind, target, id);

comment on table rhythm.audit_entry is 'What people did, and who. Read it with audit().';
comment on column rhythm.audit_entry.by is 'Who did it, as the process says that did it for them: the name of a token. Null: it did not say.';
comment on column rhythm.audit_entry.role is 'The database role that did it.';
comment on column rhythm.audit_entry.act is 'What was done: pause, retry, set …';
comment on column rhythm.audit_entry.kind is 'What it was done to: execution, queue, schedule …';
comment on column rhythm.audit_entry.target is 'The id or the name of that. Null: there is only one.';
comment on column rhythm.audit_entry.why is 'Why, if that was said.';
comment on column rhythm.audit_entry.before is 'What changed, as it was before.';
comment on column rhythm.audit_entry.after is 'What changed, as it was afterwards.';
comment on index rhythm.audit_entry_target is 'What was done to one thing.';
`,
  },
  {
    name: "structure/150_throttle.sql",
    kind: "structure",
    checksum: "72e7decc7d7da890f7ef0414fdbb77bf7895d66357d00feaf39f26cdcfdee2f0",
    text: `-- Throttled starts.

create table rhythm.throttle (
  key text not null,
  last_id uuid,
  free_at timestamptz not null,
  starts timestamptz[] not null default '{}',
  constraint throttle_pkey primary key (key)
)
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

create index throttle_free on rhythm.throttle (free_at);

comment on table rhythm.throttle is 'The last starts of each key of the option throttle.';
comment on column rhythm.throttle.key is 'type:target:key, so that keys of different tasks and flows are different.';
comment on column rhythm.throttle.last_id is 'The last execution that was started. A start that is dropped is given this one.';
comment on column rhythm.throttle.free_at is 'When the last start no longer counts, so that chores() deletes the row.';
comment on column rhythm.throttle.starts is 'The moments from which the last executions may run, oldest first: as many as the limit allows in a window.';
comment on constraint throttle_pkey on rhythm.throttle is 'Two sessions that start with the same key wait for each other here.';
comment on index rhythm.throttle_free is 'For chores(), which deletes what no longer counts.';
`,
  },
  {
    name: "audit/audit.sql",
    kind: "behaviour",
    checksum: "00a9a8a22bd2b0685eda953c1bec1a6424d74ffbb1e580dc13ad725c6bc0010b",
    text: `-- Recording what people do. The functions of acts call record(). What does an act for a person says who that is in the setting
-- rhythm.by of its transaction, as the HTTP interface does. The role is recorded, too, because anybody can set that.

create or replace function rhythm.said_by()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- The setting has this name whatever the schema's name is.
  return left(nullif(current_setting('rhythm' || '.by', true), ''), 200);
end;
$$;

comment on function rhythm.said_by() is 'For whom this transaction acts: the setting by. Null: that was not said. Internal.';

create or replace function rhythm.who()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(rhythm.said_by(), rhythm.caller());
end;
$$;

comment on function rhythm.who() is 'Who acts: the person that was named, else the role. Internal.';

create or replace function rhythm.record(p_act text, p_kind text, p_target text, p_why text default null, p_before jsonb default null, p_after jsonb default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.audit_entry (at, by, role, act, kind, target, why, before, after)
  values (rhythm.now(), rhythm.said_by(), rhythm.caller(), p_act, p_kind, p_target, left(nullif(p_why, ''), 2000), p_before, p_after);
end;
$$;

comment on function rhythm.record(text, text, text, text, jsonb, jsonb) is 'Records an act, in the transaction that does it. Internal.';

-- Any client starts, signals and cancels, and programs do so all day.
create or replace function rhythm.record_named(p_act text, p_ids uuid[], p_why text default null, p_after jsonb default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.said_by() is not null then
    perform rhythm.record(p_act, 'execution', i.id::text, p_why, p_after => p_after) from unnest(p_ids) as i (id);
  end if;
end;
$$;

comment on function rhythm.record_named(text, uuid[], text, jsonb) is 'Records what any client may do with executions, if somebody is named who does it. Internal.';

create or replace function rhythm.audit(p_filter jsonb default '{}', p_cursor bigint default null, p_limit integer default 100)
returns table (id bigint, at timestamptz, by text, role text, act text, kind text, target text, why text, before jsonb, after jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_known constant text[] := '{by,act,kind,target}';
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    perform rhythm.raise('RH001', 'A filter must be an object: {"kind": "queue", "target": "mail"}');
  elsif p_filter - c_known <> '{}' then
    perform rhythm.raise('RH001', 'There is no ' || rhythm.unknown_option(p_filter, c_known));
  elsif jsonb_path_exists(p_filter, '$.* ? (@.type() != "string")') then
    perform rhythm.raise('RH001', 'by, act, kind and target must be texts');
  elsif p_limit is null or p_limit not between 1 and 1000 then
    perform rhythm.raise('RH001', format('"%s" cannot be the limit: expected 1 to 1000', p_limit));
  end if;
  return query
  select a.id, a.at, a.by, a.role, a.act, a.kind, a.target, a.why, a.before, a.after
  from rhythm.audit_entry as a
  where (p_cursor is null or a.id < p_cursor)
    and (not p_filter ? 'by' or coalesce(a.by, a.role) = p_filter ->> 'by')
    and (not p_filter ? 'act' or a.act = p_filter ->> 'act')
    and (not p_filter ? 'kind' or a.kind = p_filter ->> 'kind')
    and (not p_filter ? 'target' or a.target = p_filter ->> 'target')
  order by a.id desc
  limit p_limit;
end;
$$;

comment on function rhythm.audit(jsonb, bigint, integer) is
  'What people did, the latest first: who (by: the name of a token, if one was used; role: the database role), what, to what, why, and what changed. p_filter: {by, act, kind, target}; p_cursor: the number of the last entry of the page before. '
  'Example: select * from rhythm.audit(''{"kind": "queue"}'');';

create or replace function rhythm.forget_acts(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant timestamptz := p_now - rhythm.setting('audit_retention')::interval;
  v_old constant bigint[] := array(
    select x.id from (select e.id, e.at from rhythm.audit_entry as e order by e.id limit p_limit) as x where x.at < v_before);
begin
  delete from rhythm.audit_entry as e where e.id = any (v_old);
  return cardinality(v_old) < p_limit;
end;
$$;

comment on function rhythm.forget_acts(integer, timestamptz) is 'Deletes records of acts that are older than the setting audit_retention; false: there is more. Part of chores().';
`,
  },
  {
    name: "cancel/cancel.sql",
    kind: "behaviour",
    checksum: "063dccc7733e698f08fec403e286c7f07e9a3862036b09f9c2fbaeb65bd9395c",
    text: `-- Cancelling an execution and everything that it started.

create or replace function rhythm.trees(p_ids uuid[], p_all boolean default false)
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive node as (
    select e.id, e.state, 0 as depth from rhythm.execution as e where e.id = any (p_ids)
    union all
    select c.id, c.state, n.depth + 1 from node as n join rhythm.execution as c on c.parent_id = n.id where n.depth < 1000 and (c.outlives is null or p_all)
  )
  select coalesce(array_agg(distinct n.id), '{}') from node as n where n.state = 0;
$$;

comment on function rhythm.trees(uuid[], boolean) is
  'Some executions and what is cancelled with them, directly or not, as far as they have not ended. p_all: all that they started. Internal.';

-- What a workflow has started since it was cancelled cleans up: cancelling it again, or its parent, leaves that alone.
create or replace function rhythm.to_cancel(p_ids uuid[])
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive node as (
    select e.id, e.state, e.cancel_reason, 0 as depth from rhythm.execution as e where e.id = any (p_ids)
    union all
    select c.id, c.state, c.cancel_reason, n.depth + 1
    from node as n join rhythm.execution as c on c.parent_id = n.id
    where n.depth < 1000 and (n.state > 0 or n.cancel_reason is null) and c.outlives is null
  )
  select coalesce(array_agg(distinct n.id), '{}') from node as n where n.state = 0 and n.cancel_reason is null;
$$;

comment on function rhythm.to_cancel(uuid[]) is
  'Those of trees() that a cancellation ends or asks to stop. Internal.';

-- A running workflow starts children until its state is locked, and a task gets children until its row is. To lock these
-- new children, too, this releases all locks and begins again with the larger set. Only in this way are the
-- locks taken in the order of ids.
create or replace function rhythm.lock_trees(p_ids uuid[], p_also uuid[] default '{}', p_all boolean default false)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_locked uuid[];
  v_ids uuid[] := rhythm.trees(p_ids, p_all);
begin
  loop
    begin
      v_locked := v_ids;
      perform rhythm.lock_around(v_locked || p_also);
      perform from rhythm.execution as e where e.id = any (v_locked || p_also) order by e.id for no key update;
      v_ids := rhythm.trees(p_ids, p_all);
      if v_ids <@ v_locked then
        return v_ids;
      end if;
      raise sqlstate 'RHTRY';
    exception
      when sqlstate 'RHTRY' then
        null;
    end;
  end loop;
end;
$$;

comment on function rhythm.lock_trees(uuid[], uuid[], boolean) is
  'Locks some executions, what is cancelled with them (p_all: all that they started), their states and those of their parents; returns what trees() returns. p_also: executions that may have ended, to lock in the same order. Nobody can add to these now. Internal.';

-- If this kept the lock of a larger batch, 99 other executions would wait for this transaction. So it only waits until no
-- session is claiming the batch. A later claim sees that the member is locked, and leaves it out. The caller has locked the member.
create or replace function rhythm.await_claim(p_batch bigint)
returns rhythm.batch
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
begin
  begin
    select b.* into v_batch from rhythm.batch as b where b.id = p_batch for share;
    raise sqlstate 'RHTRY';
  exception
    when sqlstate 'RHTRY' then
      return v_batch;
  end;
end;
$$;

comment on function rhythm.await_claim(bigint) is 'A batch, read when no session is claiming it; keeps no lock. Internal.';

create or replace function rhythm.hold_batch(p_batch bigint)
returns rhythm.batch
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
begin
  if p_batch is null then
    return null;
  end if;
  -- A locked batch of one is being claimed, so it runs from then on.
  select b.* into v_batch from rhythm.batch as b where b.id = p_batch and b.size = 1 for update;
  if not found then
    v_batch := rhythm.await_claim(p_batch);
    if v_batch.size = 1 then
      -- The others have gone in the meantime.
      select b.* into v_batch from rhythm.batch as b where b.id = p_batch for update;
    end if;
  end if;
  return v_batch;
end;
$$;

comment on function rhythm.hold_batch(bigint) is
  'The batch of an execution that the caller has locked, as it is when no session is claiming it. Locks it if it is a batch of one. Internal.';

-- What is not running ends now. What is running is asked to stop. A workflow that has clean-up to do (finally) runs once more
-- for that, unless it has not begun. What is cancelled is not paused any more. The caller has called lock_trees().
create or replace function rhythm.cancel_all(p_ids uuid[], p_reason text, p_now timestamptz, out ended rhythm.transition[], out told uuid[], out cleaning uuid[])
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row record;
  v_batch rhythm.batch;
  v_batches bigint[] := '{}';
  v_ended uuid[] := '{}';
begin
  told := '{}';
  cleaning := '{}';
  for v_row in
    select e.id, e.type, coalesce(e.batch_id, s.batch_id) as batch_id, coalesce(s.cleanup, false) as cleanup
    from unnest(p_ids) as i (id)
    join rhythm.execution as e on e.id = i.id and e.state = 0 and e.cancel_reason is null
    left join rhythm.workflow_state as s on s.execution_id = e.id
    order by e.id
  loop
    v_batch := rhythm.hold_batch(v_row.batch_id);
    if v_batch.worker is not null then
      told := told || v_row.id;
    elsif v_row.cleanup then
      cleaning := cleaning || v_row.id;
    else
      v_ended := v_ended || v_row.id;
      v_batches := v_batches || v_row.batch_id;
    end if;
  end loop;
  update rhythm.execution as e set cancel_reason = p_reason, stopping = true, paused_at = null, paused_by = null, pause_reason = null where e.id = any (told);
  update rhythm.execution as e set cancel_reason = p_reason, paused_at = null, paused_by = null, pause_reason = null where e.id = any (cleaning);
  update rhythm.workflow_state as s set batch_id = null where s.execution_id = any (v_ended) and s.batch_id is not null;
  with over as (
    update rhythm.execution as e
    set cancel_reason = p_reason, state = 3, batch_id = null, completed_at = p_now, paused_at = null, paused_by = null, pause_reason = null, attempt = greatest(e.attempt, coalesce(
      (select b.attempt from rhythm.batch as b where b.id = e.batch_id), 0))
    where e.id = any (v_ended)
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  )
  select coalesce(array_agg(o::rhythm.transition order by o.id), '{}') into ended from over as o;
  delete from rhythm.timer as t where t.execution_id = any (v_ended) and t.deadline;
  -- Not locked: batches in which others still wait.
  perform rhythm.drop_empty_batches(array(
    select b.id from rhythm.batch as b where b.id = any (v_batches) and rhythm.members(b) = '{}' for update skip locked));
end;
$$;

comment on function rhythm.cancel_all(uuid[], text, timestamptz) is
  'Cancels executions. ended: these have ended; told: these run and are asked to stop; cleaning: workflows that must clean up first. Internal.';

-- The deadline of a workflow that is still running or cleaning up.
create or replace function rhythm.limit_cleanup(p_ids uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.timer (id, execution_id, fires_at, deadline)
  select rhythm.uuid7(p_now, i.nth::integer), e.id, p_now + rhythm.setting('cancel_grace')::interval, true
  from unnest(p_ids) with ordinality as i (id, nth) join rhythm.execution as e on e.id = i.id and e.type = 'workflow';
end;
$$;

comment on function rhythm.limit_cleanup(uuid[], timestamptz) is 'Gives cancelled workflows that have not ended a deadline. Internal.';

-- Locks: states, then executions, then batches of one. A caller that holds locks of later kinds can wait for ever.
create or replace function rhythm.cancel_trees(p_ids uuid[], p_reason text, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_locked constant uuid[] := rhythm.lock_trees(p_ids);
  v_cancelled constant record := rhythm.cancel_all(rhythm.to_cancel(p_ids), p_reason, p_now);
begin
  perform rhythm.follow_ends(v_cancelled.ended, '{}', p_now);
  if v_cancelled.told <> '{}' or v_cancelled.cleaning <> '{}' then
    perform rhythm.limit_cleanup(v_cancelled.told || v_cancelled.cleaning, p_now);
    perform rhythm.wake_clocks();
  end if;
  if v_cancelled.cleaning <> '{}' then
    perform rhythm.hurry(v_cancelled.cleaning);
    perform rhythm.resume(v_cancelled.cleaning, p_now);
  end if;
  perform rhythm.notify('stop', w.worker::text)
  from (
    select distinct b.worker from unnest(v_cancelled.told) as i (id)
    join rhythm.execution as e on e.id = i.id
    left join rhythm.workflow_state as s on s.execution_id = e.id
    join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
  ) as w;
  return array(select e.id from unnest(v_cancelled.ended) as e) || v_cancelled.told || v_cancelled.cleaning;
end;
$$;

comment on function rhythm.cancel_trees(uuid[], text, timestamptz) is
  'Cancels executions and all that they started; returns those that had neither ended nor been asked to stop before. Internal.';

-- A delayed or paused workflow that must clean up does it now.
create or replace function rhythm.hurry(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.batch as b set run_at = null, paused = false, limited = rhythm.has_limits(b.queue)
  from rhythm.workflow_state as s
  where s.execution_id = any (p_ids) and b.id = s.batch_id and b.run_at is not null and b.worker is null;
end;
$$;

comment on function rhythm.hurry(uuid[]) is 'Makes delayed and paused workflows ready. Internal.';

create or replace function rhythm.cancel(p_execution uuid, p_reason text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
  perform from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot cancel: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  perform rhythm.refuse_frozen(array[p_execution], 'Cannot cancel');
  if p_execution <> all (rhythm.cancel_trees(array[p_execution], left(coalesce(nullif(p_reason, ''), 'no reason was given'), 2000), rhythm.now())) then
    return false;
  end if;
  perform rhythm.record_named('cancel', array[p_execution], p_reason);
  return true;
end;
$$;

comment on function rhythm.cancel(uuid, text) is
  'Cancels an execution and everything that it started, except what says on_parent_cancel: abandon. If it waits, it ends at once; if it runs, its worker is asked to stop it. A workflow may clean up (finally) within the time of the setting cancel_grace. False: it had ended, or had been cancelled before.';

-- Separate calls in any order can deadlock with settles. One call takes all locks in the one order.
create or replace function rhythm.cancel_many(p_executions uuid[], p_reason text default null)
returns setof uuid
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
  v_missing uuid;
  v_cancelled uuid[];
begin
  select i.id into v_missing from unnest(p_executions) as i (id) where not exists (select from rhythm.execution as e where e.id = i.id) limit 1;
  if found then
    perform rhythm.raise('RH002', format('Cannot cancel: there is no execution %s', coalesce(v_missing::text, 'null')));
  end if;
  perform rhythm.refuse_frozen(p_executions, 'Cannot cancel');
  v_cancelled := rhythm.cancel_trees(p_executions, left(coalesce(nullif(p_reason, ''), 'no reason was given'), 2000), rhythm.now());
  v_cancelled := array(select c.id from unnest(v_cancelled) as c (id) where c.id = any (p_executions));
  perform rhythm.record_named('cancel', v_cancelled, p_reason);
  return query select c.id from unnest(v_cancelled) as c (id);
end;
$$;

comment on function rhythm.cancel_many(uuid[], text) is
  'Cancels many executions in one transaction, with locks in one order; returns those that had neither ended nor been cancelled before. Use it instead of many calls of cancel() in one transaction.';
`,
  },
  {
    name: "cancel/retry.sql",
    kind: "behaviour",
    checksum: "c0e087ebf81fa6ade49f8144315827982b033583ee45d2583898e269c0890011",
    text: `-- Retrying executions that failed or were cancelled.

-- The failed children that made a workflow fail, or that it has not taken. They run again with it.
create or replace function rhythm.failed_under(p_execution uuid)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select c.id from rhythm.workflow_state as s
    join rhythm.inbox as i on i.execution_id = s.execution_id
    join rhythm.execution as c on c.id = i.item and c.state in (2, 3)
    where s.execution_id = p_execution and s.snapshot is not null
    -- A child that waits for the key of one of them runs after it, and waits for it again.
    order by exists (select from rhythm.key_waiter as k where k.execution_id = c.id), c.id);
end;
$$;

comment on function rhythm.failed_under(uuid) is 'The failed or cancelled children in the inbox of a workflow. Internal.';

-- What retry() changes: an execution, the failed children that made it fail, the owners of the keys for which those had waited,
-- and the parents of all of these.
create or replace function rhythm.retry_reach(p_execution uuid)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive node as (
      select p_execution as id
      union
      select x.id from node as n
      cross join lateral (
        select f.id from unnest(rhythm.failed_under(n.id)) as f (id)
        union all
        select coalesce(k.execution_id, w.owner_id) from rhythm.key_waiter as w
        left join rhythm.idempotency_key as k on k.key = w.key
        where w.execution_id = n.id
      ) as x (id)
    )
    select array(
      select n.id from node as n
      union
      select e.parent_id from node as n join rhythm.execution as e on e.id = n.id and e.parent_id is not null));
end;
$$;

comment on function rhythm.retry_reach(uuid) is 'The executions whose states retry() locks. Internal.';

-- Looks up its key again. If the key belongs to another execution, this one waits for that, which runs again if it failed.
-- If the key is free, or the workflow of its owner has continued without the owner or was removed, this one runs itself. Returns
-- whether it waits for another.
create or replace function rhythm.wait_for_key_again(p_execution uuid, p_run_at timestamptz, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key constant text := (select k.key from rhythm.key_waiter as k where k.execution_id = p_execution);
  v_owner uuid;
  v_state smallint;
  v_is_told boolean;
begin
  if v_key is null then
    return false;
  end if;
  insert into rhythm.idempotency_key as k (key, execution_id, held_while) values (v_key, p_execution, (select e.unique_while from rhythm.execution as e where e.id = p_execution))
  on conflict (key) do update set
    execution_id = case when rhythm.key_is_free(k) then excluded.execution_id else k.execution_id end,
    expires_at = case when rhythm.key_is_free(k) then null else k.expires_at end,
    held_while = case when rhythm.key_is_free(k) then excluded.held_while else k.held_while end
  returning k.execution_id into v_owner;
  select o.state, o.parent_id is not null and (p.id is null or p.type = 'workflow' and p.state = 0) into v_state, v_is_told
  from rhythm.execution as o
  left join rhythm.execution as p on p.id = o.parent_id
  where o.id = v_owner and o.state in (2, 3)
  for no key update of o;
  if v_owner = p_execution or v_is_told then
    perform rhythm.own_key(p_execution, v_key);
    return false;
  end if;
  update rhythm.key_waiter as k set owner_id = v_owner where k.execution_id = p_execution;
  update rhythm.execution as e
  set state = 0, cancel_reason = null, paused_at = null, paused_by = null, pause_reason = null, completed_at = null, claimed_at = null, error = null, fingerprint = null, note = rhythm.key_waiter_note(v_owner)
  where e.id = p_execution;
  perform rhythm.set_deadline(p_execution, p_now);
  if v_state is not null then
    perform rhythm.take_end_back(v_owner);
    perform rhythm.retry_one(v_owner, p_run_at, p_now);
  end if;
  perform rhythm.follow_ends(rhythm.join_owners(array[p_execution], p_now), '{}', p_now);
  return true;
end;
$$;

comment on function rhythm.wait_for_key_again(uuid, timestamptz, timestamptz) is 'Lets a key waiter that has ended wait again for the owner of its key; false: it must run itself. Internal.';

create or replace function rhythm.own_key(p_execution uuid, p_key text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.idempotency_key as k set execution_id = p_execution where k.key = p_key;
  delete from rhythm.key_waiter as k where k.execution_id = p_execution;
  insert into rhythm.workflow_state (execution_id, program)
  select e.id, f.program from rhythm.execution as e join rhythm.flow as f on f.name = e.target
  where e.id = p_execution and e.type = 'workflow';
  update rhythm.execution as e
  set attempt = 0, keyed = true,
    version = (select v.version from rhythm.workflow_state as s join rhythm.flow_version as v on v.program = s.program where s.execution_id = e.id), seed = case e.type when 'workflow' then coalesce(e.seed, hashtextextended(rhythm.secret()::text, 0)) end
  where e.id = p_execution;
end;
$$;

comment on function rhythm.own_key(uuid, text) is 'Makes a key waiter the owner of its key. Internal.';

create or replace function rhythm.take_end_back(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.inbox as i using rhythm.execution as e
  where e.id = p_execution and i.execution_id = e.parent_id and i.item = p_execution;
end;
$$;

comment on function rhythm.take_end_back(uuid) is 'Takes the end of an execution back from its parent, which has ended. Internal.';

-- A workflow that took the end of a child keeps it, whatever becomes of the child.
create or replace function rhythm.keep_taken_end(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.taken_end (execution_id, item, step, settled)
  select e.parent_id, e.id, j.step, rhythm.settled_items(array[e.id]) -> 0
  from rhythm.execution as e
  cross join lateral (select x.step from rhythm.journal as x where x.execution_id = e.parent_id and e.id = any (x.items) order by x.step desc limit 1) as j
  where e.id = p_execution
  on conflict (execution_id, item, step) do nothing;
end;
$$;

comment on function rhythm.keep_taken_end(uuid) is 'Keeps the end of a child that is retried, if its workflow took it. Internal.';

create or replace function rhythm.set_deadline(p_execution uuid, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.timer (id, execution_id, fires_at, deadline)
  select rhythm.uuid7(p_now), e.id, p_now + e.timeout_ms * interval '1 millisecond', true
  from rhythm.execution as e
  where e.id = p_execution and e.timeout_ms is not null
    and (e.type = 'workflow' or exists (select from rhythm.key_waiter as k where k.execution_id = e.id));
end;
$$;

comment on function rhythm.set_deadline(uuid, timestamptz) is 'Gives a workflow or a key waiter its whole timeout again. Internal.';

-- Counts from its inbox what a workflow still needs. Returns whether it waits.
create or replace function rhythm.count_needs(p_execution uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_waits boolean;
begin
  update rhythm.workflow_state as s
  set delivered = 0, need = rhythm.need_after(s.groups, s.sizes, array(
    select row(i.execution_id, i.item, i.failed, i.wait_group)::rhythm.settled_item from rhythm.inbox as i where i.execution_id = s.execution_id))
  where s.execution_id = p_execution
  returning s.need <> '{}' and not 0 >= any (s.need) into v_waits;
  return coalesce(v_waits, false);
end;
$$;

comment on function rhythm.count_needs(uuid) is 'Counts what a workflow still needs; true: it waits. Internal.';

-- Begins another attempt of an execution: a workflow continues from its last snapshot, with its failed children.
-- p_run_at: not before this time; null: at once. It belongs to no batch.
create or replace function rhythm.run_again(p_execution rhythm.execution, p_attempt integer, p_failures integer, p_run_at timestamptz, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_failed constant uuid[] := rhythm.failed_under(p_execution.id);
  v_batch rhythm.batch;
begin
  -- A child that had ended before it was waited for has its group in the inbox only.
  with gone as (
    delete from rhythm.inbox as i where i.execution_id = p_execution.id and i.item = any (v_failed) returning i.item, i.wait_group
  )
  update rhythm.execution as c set wait_group = g.wait_group from gone as g where c.id = g.item and c.wait_group is distinct from g.wait_group;
  if p_execution.type = 'workflow' then
    -- It repeats the step in which it failed, under a new number, so that no id is used twice.
    delete from rhythm.journal as j using rhythm.workflow_state as s
    where s.execution_id = p_execution.id and j.execution_id = p_execution.id and j.step > s.seq;
    update rhythm.workflow_state as s set seq = s.seq + 1, batch_id = null, attempt = p_attempt, failures = p_failures where s.execution_id = p_execution.id;
  end if;
  if p_execution.type = 'task' or not rhythm.count_needs(p_execution.id) then
    v_batch := rhythm.batch_of(p_execution, p_run_at, p_attempt, p_failures, 0);
    insert into rhythm.batch select v_batch.*;
    if p_execution.type = 'workflow' then
      update rhythm.workflow_state as s set batch_id = v_batch.id, delivered = s.arrived where s.execution_id = p_execution.id;
    else
      update rhythm.execution as e set batch_id = v_batch.id where e.id = p_execution.id;
    end if;
    perform rhythm.wake_for(array[v_batch]);
  end if;
  perform rhythm.reopen_steps(p_execution.id, v_failed);
  perform rhythm.lock_states(array(select c.id from rhythm.execution as c where c.parent_id = any (v_failed) and c.state in (2, 3)));
  perform rhythm.retry_one(f.id, p_run_at, p_now) from unnest(v_failed) with ordinality as f (id, nth) order by f.nth;
end;
$$;

comment on function rhythm.run_again(rhythm.execution, integer, integer, timestamptz, timestamptz) is
  'Begins another attempt of an execution, after a number of attempts that threw. Internal.';

-- The caller holds the locks of its state and of its parent's.
create or replace function rhythm.retry_one(p_execution uuid, p_run_at timestamptz, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
  v_attempt integer;
begin
  perform rhythm.keep_taken_end(p_execution);
  if rhythm.wait_for_key_again(p_execution, p_run_at, p_now) then
    return;
  end if;
  perform rhythm.take_key_again(p_execution);
  update rhythm.execution as e
  set state = 0, completed_at = null, claimed_at = null, fingerprint = null, cancel_reason = null, paused_at = null, paused_by = null, pause_reason = null, note = null,
    expires_at = case when e.attempt = 0 and e.expires_at > p_now then e.expires_at end, wait_group = case when e.parent_id is null then null else e.wait_group end
  where e.id = p_execution
  returning e.* into v_execution;
  perform rhythm.set_deadline(p_execution, p_now);
  -- For a task, and for the first attempt of a workflow, the claim counts it.
  v_attempt := v_execution.attempt + case when v_execution.type = 'workflow' and v_execution.attempt > 0 then 1 else 0 end;
  -- If it was cancelled before its time, it keeps its delay. If it ever began, the next attempt that throws is the last one.
  perform rhythm.run_again(v_execution, v_attempt, case v_execution.attempt when 0 then 0 else rhythm.max_attempts(v_execution.retry) - 1 end,
    case when v_execution.attempt = 0 and v_execution.run_at > p_now then v_execution.run_at else p_run_at end, p_now);
  -- Only now: it names the step that must run again.
  update rhythm.execution as e set error = null where e.id = p_execution and e.error is not null;
end;
$$;

comment on function rhythm.retry_one(uuid, timestamptz, timestamptz) is
  'Gives a failed or cancelled execution, and its failed children, one more attempt, at once or not before a time. What never began has all of its attempts. Internal.';

-- An attempt of a workflow threw, and attempts are left. It is leased from the batch, which the caller deletes.
create or replace function rhythm.repeat_workflow(p_execution uuid, p_batch bigint, p_delay_ms bigint, p_now timestamptz)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.run_again(e, b.attempt + 1, b.failures + 1, case when p_delay_ms > 0 then p_now + p_delay_ms * interval '1 millisecond' end, p_now)
  from rhythm.execution as e
  join rhythm.batch as b on b.id = p_batch
  where e.id = p_execution;
$$;

comment on function rhythm.repeat_workflow(uuid, bigint, bigint, timestamptz) is 'Puts back a workflow whose attempt threw, with its failed children. Internal.';

create or replace function rhythm.retry_again(p_execution uuid)
returns void
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
  v_reach constant uuid[] := rhythm.retry_reach(p_execution);
  v_execution rhythm.execution;
  v_parent rhythm.execution;
begin
  perform rhythm.lock_states(v_reach);
  -- What is over has no state. Its row, locked, is not removed.
  perform from rhythm.execution as e where e.id = any (v_reach) order by e.id for key share;
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution for no key update;
  if not found then
    perform rhythm.raise('RH002', format('Cannot retry: there is no execution %s', coalesce(p_execution::text, 'null')));
  elsif v_execution.state = 4 then
    perform rhythm.refuse_frozen(array[p_execution], 'Cannot retry');
  elsif v_execution.state not in (2, 3) then
    perform rhythm.raise('RH003', format('Cannot retry execution %s: it is %s', p_execution, rhythm.status_of(p_execution)), 'Only what failed or was cancelled can be retried');
  end if;
  perform rhythm.require_fresh(array[v_execution.parent_id]);
  select e.* into v_parent from rhythm.execution as e where e.id = v_execution.parent_id;
  if not found and v_execution.parent_id is not null then
    perform rhythm.raise('RH003', format('Cannot retry execution %s: execution %s, which started it, was removed', p_execution, v_execution.parent_id),
      'It will be removed, too. Start a new one');
  elsif v_parent.type = 'workflow' and v_parent.state = 0 then
    -- A parent is told of the end of each child only once.
    perform rhythm.raise('RH003', format('Cannot retry execution %s: its workflow %s was told that it %s, and is %s', p_execution,
      v_parent.id, case v_execution.state when 2 then 'failed' else 'was cancelled' end, rhythm.status_of(v_parent.id)), 'Retry the workflow once it is over');
  end if;
  perform rhythm.take_end_back(p_execution);
  perform rhythm.retry_one(p_execution, null, rhythm.now());
end;
$$;

comment on function rhythm.retry_again(uuid) is 'Does what retry() does, without a record. Internal.';

create or replace function rhythm.retry(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant text := rhythm.status_of(p_execution);
begin
  perform rhythm.retry_again(p_execution);
  perform rhythm.record('retry', 'execution', p_execution::text, p_before => jsonb_build_object('status', v_before));
end;
$$;

comment on function rhythm.retry(uuid) is
  'Runs a failed or cancelled execution again: a workflow from its last snapshot (its failed children run again, its other waits continue), a task once more. '
  'If it ended as the owner of its idempotency key did, the owner runs again. Not for a child of a workflow that has not ended: that was told of the end. Example: select rhythm.retry(''0190…'');';
`,
  },
  {
    name: "check/check.sql",
    kind: "behaviour",
    checksum: "b7855eb6aa97b96618906a61bc37bcee94f2673313dd41b8f891df17f14f14a8",
    text: `-- The fsck of the database. The hot tables have no foreign keys, so these functions check what the keys would.

create or replace function rhythm.check_executions()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select e.id, 'it is a live task and in no batch'
  from rhythm.execution as e
  where e.type = 'task' and e.state = 0
    and not exists (select from rhythm.batch as b where b.id = e.batch_id and e.id = any (b.ids))
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
  union all
  select e.id, 'it is a workflow, and names a batch that only its state may name'
  from rhythm.execution as e
  where e.type = 'workflow' and e.batch_id is not null
  union all
  select s.execution_id, 'its state names a batch that does not hold it'
  from rhythm.workflow_state as s
  where s.batch_id is not null and not exists (select from rhythm.batch as b where b.id = s.batch_id and s.execution_id = any (b.ids))
  union all
  select s.execution_id, 'it is over and in a batch'
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and e.state > 0
  where s.batch_id is not null
  union all
  select e.id, 'it is a workflow without a state'
  from rhythm.execution as e
  where e.state not in (1, 4) and e.type = 'workflow'
    and not exists (select from rhythm.workflow_state as s where s.execution_id = e.id)
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
  union all
  select e.id, case e.type when 'task' then 'it is a task with the state of a workflow' else 'it is completed and its state is still there' end
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and (e.type = 'task' or e.state = 1)
  union all
  select e.id, 'it should be cancelled, is not running, and did not end'
  from rhythm.execution as e
  left join rhythm.workflow_state as s on s.execution_id = e.id
  left join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
  where e.state = 0 and e.cancel_reason is not null and b.worker is null
    and (e.type = 'task' or s.batch_id is null and not exists (select from rhythm.timer as t where t.execution_id = e.id and t.deadline and not t.fired))
  union all
  select e.id, case when b.paused then 'it is not paused, and its batch is' else 'it is paused, and not parked' end
  from rhythm.batch as b
  cross join lateral unnest(b.ids) as i (id)
  join rhythm.execution as e on e.id = i.id and e.state = 0
  left join rhythm.workflow_state as s on s.execution_id = e.id
  where coalesce(e.batch_id, s.batch_id) = b.id and b.worker is null and b.paused <> (e.paused_at is not null)
  union all
  select e.id, 'its worker is asked to stop, and it has none'
  from rhythm.execution as e
  left join rhythm.workflow_state as s on s.execution_id = e.id
  left join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
  where e.stopping and b.worker is null
  union all
  select e.id, case
    when e.state = 2 then 'it failed without an error'
    when e.state = 3 then 'it was cancelled without a reason'
    else 'it is completed, and has an error' end
  from rhythm.execution as e
  where e.state = 2 and e.error is null or e.state = 3 and e.cancel_reason is null or e.state = 1 and e.error is not null
  union all
  select e.id, 'it has an output, and did not complete'
  from rhythm.execution as e
  where e.state not in (1, 4) and e.output is not null
  union all
  select e.id, format('its tree is that of %s, and its parent''s another', e.root_id)
  from rhythm.execution as e
  join rhythm.execution as p on p.id = e.parent_id
  where e.root_id is distinct from coalesce(p.root_id, p.id)
  union all
  select e.id, 'it belongs to the tree of another, and has no parent'
  from rhythm.execution as e
  where e.parent_id is null and e.root_id is not null
  union all
  select e.id, format('it is active and does not have its unique key "%s"', e.unique_key)
  from rhythm.execution as e
  where e.state = 0 and e.unique_while = 'active' and e.cancel_reason is null
    and not exists (select from rhythm.key_waiter as w where w.execution_id = e.id)
    and not exists (
      select from rhythm.idempotency_key as k where k.key = format('%s:%s:%s', e.type, e.target, e.unique_key) and k.execution_id = e.id)
  union all
  select e.id, 'an idempotency key stands for it, and it does not say so'
  from rhythm.execution as e
  where not e.keyed and exists (select from rhythm.idempotency_key as k where k.execution_id = e.id);
$$;

comment on function rhythm.check_executions() is 'What is wrong with executions and their places. Part of check().';

create or replace function rhythm.check_batches()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with member as (
    select b.*, m.member, e.id as member_id, e.retry
    from rhythm.batch as b
    cross join lateral unnest(b.ids) as i (id)
    join rhythm.execution as e on e.id = i.id
    left join rhythm.workflow_state as s on s.execution_id = e.id
    cross join lateral (
      select jsonb_build_object('queue', e.queue, 'target', e.target, 'type', e.type, 'priority', e.priority, 'concurrency_key', e.concurrency_key,
        'timeout_ms', e.timeout_ms, 'max_attempts', rhythm.max_attempts(e.retry), 'metadata', e.metadata, 'traceparent', e.traceparent) as member
    ) as m
    where coalesce(e.batch_id, s.batch_id) = b.id
  )
  -- The next claim deletes a ready batch without members. The session that ended the last member left it if another had it.
  select b.first_id, format('batch %s has no members, and is leased', b.id)
  from rhythm.batch as b
  where b.worker is not null and not exists (select from member as m where m.id = b.id)
    -- Transactional tasks end in sessions of their own. If the last two of a batch end at once, the next heartbeat deletes the batch.
    and not (b.type = 'task' and b.size > 1 and exists (
      select from rhythm.worker as w left join rhythm.execution as e on e.id = any (b.ids)
      where w.id = b.worker and greatest(b.claimed_at, e.completed_at) > rhythm.now() - w.lease_ms * interval '1 millisecond'))
  union all
  select b.first_id, format('batch %s does not begin with it', b.id)
  from rhythm.batch as b
  where b.first_id is distinct from b.ids[1]
  union all
  select m.member_id, format('batch %s differs from its member in %s', m.id, string_agg(k.key, ', ' order by k.key))
  from member as m
  cross join lateral jsonb_each(m.member) as k
  where k.value is distinct from coalesce(case
    when k.key in ('max_attempts', 'metadata', 'traceparent') then m.common -> k.key
    when k.key = 'timeout_ms' and m.type = 'workflow' then k.value
    when k.key = 'timeout_ms' and m.common -> k.key is distinct from to_jsonb(m.timeout_ms) then '"two"'
    else to_jsonb(m) -> k.key end, 'null')
  group by m.id, m.member_id
  union all
  select b.first_id, format('it is leased to worker %s, which is not registered', b.worker)
  from rhythm.batch as b
  where b.worker is not null and not exists (select from rhythm.worker as w where w.id = b.worker)
  union all
  select b.first_id, format('it is leased to a call that worker %s has not made', b.worker)
  from rhythm.batch as b
  join rhythm.worker_call as c on c.worker_id = b.worker and c.odd = (b.call % 2 = 1) and c.call < b.call
  union all
  select b.first_id, 'it is leased, and no attempt was counted'
  from rhythm.batch as b
  where b.worker is not null and b.attempt = 0
  union all
  select b.first_id, 'it may expire, and its batch says something else'
  from rhythm.batch as b
  join member as m on m.id = b.id
  join rhythm.execution as e on e.id = m.member_id
  where b.attempt = 0 and b.expires_at is distinct from e.expires_at
  union all
  select m.member_id, format('it has no attempts left: %s of %s threw, %s were lost with their worker, %s may be',
    m.failures, rhythm.max_attempts(m.retry), m.crashes, rhythm.max_crashes(m.retry))
  from member as m
  where not rhythm.attempts_left(m.retry, m.failures, m.crashes);
$$;

comment on function rhythm.check_batches() is 'What is wrong with batches. Part of check().';

-- What foreign keys would report.
create or replace function rhythm.check_references()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select o.execution_id, format('%s belongs to an execution that is not there', o.what)
  from (
    select distinct s.execution_id, 'a state' as what from rhythm.workflow_state as s
    union all select distinct i.execution_id, 'an item in an inbox' from rhythm.inbox as i
    union all select distinct j.execution_id, 'a step in the journal' from rhythm.journal as j
    union all select distinct b.execution_id, 'a base' from rhythm.base as b
    union all select distinct n.execution_id, 'the end of a child that it took' from rhythm.taken_end as n
    union all select distinct t.execution_id, 'a timer' from rhythm.timer as t
    union all select distinct w.execution_id, 'a wait for a signal' from rhythm.signal_wait as w
    union all select distinct g.execution_id, 'a signal' from rhythm.signal as g
    union all select distinct s.execution_id, format('step "%s"', min(s.name)) from rhythm.step as s group by s.execution_id
    union all select distinct l.execution_id, 'a log line' from rhythm.log_line as l
    union all select k.execution_id, 'a wait for a key' from rhythm.key_waiter as k
  ) as o
  where not exists (select from rhythm.execution as e where e.id = o.execution_id)
  union all
  select s.execution_id, format('it uses program %s, which does not exist', s.program)
  from rhythm.workflow_state as s
  where not exists (select from rhythm.flow_version as v where v.program = s.program)
  union all
  select e.id, format('it is live and its parent %s is not there', e.parent_id)
  from rhythm.execution as e
  where e.state = 0 and e.parent_id is not null and not exists (select from rhythm.execution as p where p.id = e.parent_id);
$$;

comment on function rhythm.check_references() is 'Rows that refer to nothing. Part of check().';

-- Compiling such a wide query takes longer than running it.
create or replace function rhythm.check()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select c.* from rhythm.check_executions() as c
  union all
  select c.* from rhythm.check_batches() as c
  union all
  select c.* from rhythm.check_references() as c
  union all
  select c.* from rhythm.check_waits() as c
  union all
  select c.* from rhythm.check_inboxes() as c
  union all
  select c.* from rhythm.check_signals() as c
  union all
  select c.* from rhythm.check_steps() as c
  union all
  select c.* from rhythm.check_key_waiters() as c
  union all
  select c.* from rhythm.check_frozen() as c
  union all
  select c.* from rhythm.check_rest() as c;
$$;

comment on function rhythm.check() is
  'Lists everything that is wrong with the engine''s data: each execution that has not ended must have exactly one reason to continue (ready, a live lease, something to wait for), '
  'and its rows must agree. No rows: all is well. Reads all tables of the engine. Example: select * from rhythm.check();';
`,
  },
  {
    name: "check/key_waiters.sql",
    kind: "behaviour",
    checksum: "73df5ed4e83ac34c9754be39544e46e3a88976ffa8e8365becf951dc26c584d2",
    text: `-- The part of check() for key waiters.

create or replace function rhythm.check_key_waiters()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select e.id, format('it waits for execution %s by its key, and is in a batch', k.owner_id)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id and e.batch_id is not null
  union all
  select e.id, format('it waits for execution %s by its key, which is over or gone, and was not told', k.owner_id)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id and e.state = 0
  where not k.due and not exists (select from rhythm.execution as o where o.id = k.owner_id and o.state = 0)
  union all
  select e.id, format('it waits for execution %s by its key, which tells nobody of its end', k.owner_id)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id and e.state = 0
  join rhythm.execution as o on o.id = k.owner_id and o.state = 0 and not o.notify_on_end
  where not k.due
  union all
  select e.id, format('it waits for execution %s by its key, which waits for another', k.owner_id)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id and e.state = 0
  join rhythm.key_waiter as o on o.execution_id = k.owner_id
  union all
  select e.id, format('it waits for execution %s by its key, which waits for it', k.owner_id)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id and e.state = 0
  where not k.due and rhythm.waits_for_itself(k.owner_id, e.parent_id)
  union all
  select e.id, format('it waits for the key "%s", which is not of its kind', k.key)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id
  where not starts_with(k.key, format('%s:%s:', e.type, e.target))
  union all
  select e.id, 'it waits for another execution by its key, and has the state of a workflow'
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id
  join rhythm.workflow_state as s on s.execution_id = e.id;
$$;

comment on function rhythm.check_key_waiters() is 'What is wrong with key waiters. Part of check().';
`,
  },
  {
    name: "check/rest.sql",
    kind: "behaviour",
    checksum: "4fecfeac6d62074df0b2ed0da30303dbbcf6f551b4ab77a56ceab9451944f9fa",
    text: `-- The part of check() for signals, timers, keys, queues, schedules, flows and tasks.

create or replace function rhythm.check_signals()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select s.execution_id, 'a wait for a signal is open although the signal is there'
  from rhythm.signal_wait as s
  join rhythm.signal as g on g.execution_id = s.execution_id and g.name = s.name and g.taken_by is null
  join rhythm.execution as e on e.id = s.execution_id and e.state = 0
  where s.signal_id is null and not s.timed_out
  union all
  select g.execution_id, format('signal %s was taken by a wait that took another', g.id)
  from rhythm.signal as g
  join rhythm.signal_wait as w on w.id = g.taken_by
  where w.signal_id is distinct from g.id
  union all
  select w.execution_id, format('a wait took signal %s, which is not there or was taken by another', w.signal_id)
  from rhythm.signal_wait as w
  where w.signal_id is not null
    and not exists (select from rhythm.signal as g where g.id = w.signal_id and g.taken_by = w.id and g.execution_id = w.execution_id)
  union all
  select w.execution_id, 'it is completed and still waits for a signal'
  from rhythm.signal_wait as w
  join rhythm.execution as e on e.id = w.execution_id and e.state = 1
  where w.signal_id is null and not w.timed_out
  union all
  select e.id, 'it is a task and has a timer or a wait for a signal'
  from rhythm.execution as e
  where e.type = 'task'
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
    and (e.id in (select t.execution_id from rhythm.timer as t) or e.id in (select w.execution_id from rhythm.signal_wait as w));
$$;

comment on function rhythm.check_signals() is 'What is wrong with signals and waits for them. Part of check().';

create or replace function rhythm.schedule_problem(p_entry rhythm.schedule_entry)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.cron_after(rhythm.cron_parse(p_entry.cron), rhythm.check_timezone(p_entry.timezone), p_entry.next_slot - interval '1 microsecond')
    <> p_entry.next_slot then
    return format('its next time, %s, is none that "%s" names', p_entry.next_slot, p_entry.cron);
  end if;
  return case when p_entry.due_at < p_entry.next_slot and p_entry.queued_slots = '{}' and p_entry.last_error is null then
    format('it is due at %s, before its next time, %s', p_entry.due_at, p_entry.next_slot) end;
exception
  when sqlstate 'RH001' then
    return sqlerrm;
end;
$$;

comment on function rhythm.schedule_problem(rhythm.schedule_entry) is 'What is wrong with a stored schedule; null if nothing is. Part of check().';

create or replace function rhythm.check_rest()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select t.execution_id, 'it is over and a timer of it is still to fire'
  from rhythm.timer as t
  join rhythm.execution as e on e.id = t.execution_id and (e.state = 1 or e.state > 1 and t.deadline)
  where not t.fired
  union all
  select e.id, 'it has a timeout, and nothing that ends it'
  from rhythm.execution as e
  where e.state = 0 and e.type = 'workflow' and e.timeout_ms is not null
    and not exists (select from rhythm.timer as t where t.execution_id = e.id and t.deadline and not t.fired)
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
  union all
  select e.id, 'it is a workflow, and has no seed'
  from rhythm.execution as e
  join rhythm.workflow_state as s on s.execution_id = e.id
  where e.seed is null
  union all
  select k.execution_id, format('the key "%s" stands for it, and it is not there', k.key)
  from rhythm.idempotency_key as k
  where not exists (select from rhythm.execution as e where e.id = k.execution_id)
  union all
  select e.id, format('it has not begun, and does not have its unique key "%s"', e.unique_key)
  from rhythm.execution as e
  where e.state = 0 and e.unique_while = 'queued' and e.attempt = 0 and not rhythm.is_begun(e)
    and not exists (select from rhythm.idempotency_key as k where k.execution_id = e.id)
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
  union all
  select null, l.violation from rhythm.check_limits() as l (violation)
  union all
  select null, format('schedule "%s": %s', s.name, p.problem)
  from rhythm.schedule_entry as s
  cross join lateral rhythm.schedule_problem(s) as p (problem)
  where p.problem is not null
  union all
  select null, format('flow "%s" uses a version of flow "%s"', f.name, v.name)
  from rhythm.flow as f
  join rhythm.flow_version as v on v.program = f.program and v.name <> f.name
  union all
  select null, format('the function %s of task "%s" is not there', k.sql_function, k.name)
  from rhythm.task as k
  where k.sql_function is not null and to_regprocedure(k.sql_function) is null;
$$;

comment on function rhythm.check_rest() is 'What is wrong with timers, keys, queues, schedules, flows and tasks. Part of check().';
`,
  },
  {
    name: "check/steps.sql",
    kind: "behaviour",
    checksum: "5319db191d693f202946377e821e6ea2494d338d5597e1b5022f4ceadb382496",
    text: `-- The part of check() for workflows in TypeScript.

create or replace function rhythm.check_steps()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select s.execution_id, format('step "%s" belongs to no execution', min(s.name))
  from rhythm.step as s
  where not exists (select from rhythm.execution as e where e.id = s.execution_id)
  group by s.execution_id
  union all
  select e.id, format('it is a task and has a step "%s"', min(s.name))
  from rhythm.step as s join rhythm.execution as e on e.id = s.execution_id and e.type = 'task'
  group by e.id
  union all
  select d.execution_id, format('steps %s ended as number %s', d.names, d.seq)
  from (
    select s.execution_id, s.seq, string_agg(format('"%s"', s.name), ', ' order by s.name) as names
    from rhythm.step as s where s.seq is not null group by s.execution_id, s.seq having count(*) > 1
  ) as d
  union all
  select e.id, format('step "%s" waits for nothing that can still happen', s.name)
  from rhythm.step as s
  join rhythm.execution as e on e.id = s.execution_id and e.state = 0
  join rhythm.workflow_state as w on w.execution_id = e.id
  where s.status in ('waiting', 'retrying')
    and not exists (select from rhythm.inbox as i where i.execution_id = s.execution_id and i.item = s.wait_id)
    and coalesce(s.until > rhythm.now(), true)
    and not exists (select from rhythm.execution as c where c.id = s.wait_id and c.state = 0)
    and not exists (select from rhythm.timer as t where t.id = s.wait_id)
    and not exists (select from rhythm.signal_wait as g where g.id = s.wait_id);
$$;

comment on function rhythm.check_steps() is 'What is wrong with the steps of workflows in TypeScript. Part of check().';
`,
  },
  {
    name: "check/waits.sql",
    kind: "behaviour",
    checksum: "c8af1d361247ceeae1bc8ebbfe1e02b1d067fa5faa827d64438dd526287a440e",
    text: `-- The part of check() for what workflows wait for.

create or replace function rhythm.check_waits()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with suspended as (
    select s.* from rhythm.workflow_state as s
    join rhythm.execution as e on e.id = s.execution_id and e.state = 0
    where s.batch_id is null
  ),
  told as (
    select i.execution_id, i.item as id from rhythm.inbox as i
    union all
    select j.execution_id, x.id from rhythm.journal as j cross join lateral unnest(j.items) as x (id)
  ),
  ended as (
    select s.execution_id, c.id from suspended as s
    join rhythm.execution as c on c.parent_id = s.execution_id and c.state > 0 and c.wait_group = any (s.groups) and c.parent_step is null
    union all
    select s.execution_id, t.id from suspended as s
    join rhythm.timer as t on t.execution_id = s.execution_id and t.fired and not t.deadline and t.wait_group = any (s.groups)
    union all
    select s.execution_id, w.id from suspended as s
    join rhythm.signal_wait as w on w.execution_id = s.execution_id and (w.timed_out or w.signal_id is not null) and w.wait_group = any (s.groups)
  ),
  -- A flow took what its journal names. A workflow in TypeScript took what none of its steps waits for any more.
  untold as (
    select x.* from ended as x
    where not exists (select from told as i where i.execution_id = x.execution_id and i.id = x.id)
      and (not exists (select from rhythm.step as p where p.execution_id = x.execution_id)
        or exists (select from rhythm.step as p where p.execution_id = x.execution_id and p.wait_id = x.id and p.status in ('waiting', 'retrying')))
  )
  select s.execution_id, 'it is suspended and waits for nothing that can still happen'
  from suspended as s
  where not exists (select from rhythm.execution as c where c.parent_id = s.execution_id and c.state = 0 and c.wait_group = any (s.groups))
    and not exists (select from rhythm.timer as t where t.execution_id = s.execution_id and not t.fired and not t.deadline and t.wait_group = any (s.groups))
    and not exists (
      select from rhythm.signal_wait as w
      where w.execution_id = s.execution_id and w.signal_id is null and not w.timed_out and w.wait_group = any (s.groups))
  union all
  select s.execution_id, case
    when 0 >= any (s.need) then 'it is suspended although a group that it waits for is satisfied'
    else format('it still needs %s of its groups, and should need %s', s.need, x.expected) end
  from suspended as s
  cross join lateral (
    select rhythm.need_after(s.groups, s.sizes, array(
      select row(i.execution_id, i.item, i.failed, i.wait_group)::rhythm.settled_item from rhythm.inbox as i where i.execution_id = s.execution_id)) as expected
  ) as x
  where s.need <> x.expected or 0 >= any (s.need)
  union all
  select c.id, 'it ended and its waiting parent was not told'
  from untold as u join rhythm.execution as c on c.id = u.id
  union all
  select u.execution_id, format('timer %s fired and it was not told', t.id)
  from untold as u join rhythm.timer as t on t.id = u.id
  union all
  select u.execution_id, format('its wait %s for signal "%s" has ended and it was not told', w.id, w.name)
  from untold as u join rhythm.signal_wait as w on w.id = u.id;
$$;

comment on function rhythm.check_waits() is 'What is wrong with the waits of workflows. Part of check().';

create or replace function rhythm.check_inboxes()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with item as (
    select i.*, s.arrived,
      coalesce(c.state > 0, t.fired, w.timed_out or w.signal_id is not null) as has_ended, coalesce(c.state <> 1, w.timed_out, false) as has_failed
    from rhythm.inbox as i
    join rhythm.workflow_state as s on s.execution_id = i.execution_id
    left join rhythm.execution as c on c.id = i.item and c.parent_id = i.execution_id
    left join rhythm.timer as t on t.id = i.item and t.execution_id = i.execution_id
    left join rhythm.signal_wait as w on w.id = i.item and w.execution_id = i.execution_id
  )
  select i.execution_id, case
    when i.has_ended is null then format('its inbox holds %s, which is no child, timer or wait for a signal of it', i.item)
    when not i.has_ended then format('its inbox holds %s, which has not ended', i.item)
    else format('its inbox says of %s whether it failed, and that is not so', i.item) end
  from item as i
  where i.has_ended is not true or i.failed <> i.has_failed
  union all
  select i.execution_id, format('its inbox holds %s twice', i.item)
  from rhythm.inbox as i
  group by i.execution_id, i.item
  having count(*) > 1
  union all
  select i.execution_id, format('its inbox holds two items of number %s', i.nth)
  from rhythm.inbox as i
  group by i.execution_id, i.nth
  having count(*) > 1
  union all
  select i.execution_id, format('its inbox holds number %s, and only %s items arrived', i.nth, i.arrived)
  from item as i
  where i.nth > i.arrived
  union all
  select i.execution_id, 'it has an inbox, and no state'
  from rhythm.inbox as i
  where not exists (select from rhythm.workflow_state as s where s.execution_id = i.execution_id)
  union all
  select s.execution_id, format('it is suspended, and was given %s items', s.delivered)
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and e.state = 0
  where s.batch_id is null and s.delivered > 0
  union all
  select s.execution_id, 'it is suspended, and has no snapshot'
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and e.state = 0
  where s.batch_id is null and s.snapshot is null
  union all
  select s.execution_id, format('step %s of it is noted, and it stands at %s', j.step, s.seq)
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id
  -- The step in which it failed, or ended as cancelled, is recorded and not counted.
  join rhythm.journal as j on j.execution_id = s.execution_id and j.step > s.seq + case when e.state > 0 then 1 else 0 end
  union all
  select s.execution_id, format('%s belongs to group %s of it, and it has %s', g.id, g.wait_group, s.last_group)
  from rhythm.workflow_state as s
  join (
    select e.parent_id, e.id, e.wait_group from rhythm.execution as e where e.wait_group is not null
    union all select t.execution_id, t.id, t.wait_group from rhythm.timer as t
    union all select w.execution_id, w.id, w.wait_group from rhythm.signal_wait as w
    union all select i.execution_id, i.item, i.wait_group from rhythm.inbox as i
    union all select x.execution_id, x.execution_id, u.number from rhythm.workflow_state as x cross join lateral unnest(x.groups) as u (number)
  ) as g (execution_id, id, wait_group) on g.execution_id = s.execution_id and g.wait_group > s.last_group
  union all
  select e.id, format('it ended with step %s of its workflow, which stands at %s', e.parent_step, s.seq)
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.parent_id = s.execution_id and e.parent_step > s.seq;
$$;

comment on function rhythm.check_inboxes() is 'What is wrong with inboxes, groups and steps of workflows. Part of check().';
`,
  },
  {
    name: "claim/claim.sql",
    kind: "behaviour",
    checksum: "fbedfcbfe1e9bc7455aa422107dd3835493db8ec184dd75a979a2d6280cb9bfc",
    text: `-- Claiming: ready batches become leased. One row is written for each batch, and none for its members.

-- The members that a batch still has, among the ids of the hint. Locks nothing.
create or replace function rhythm.members(p_batch rhythm.batch)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_batch.type = 'workflow' then
    return array(
      select s.execution_id from rhythm.workflow_state as s
      where s.execution_id = any (p_batch.ids) and s.batch_id = p_batch.id order by s.execution_id);
  end if;
  return array(
    select e.id from rhythm.execution as e where e.id = any (p_batch.ids) and e.batch_id = p_batch.id order by e.id);
end;
$$;

comment on function rhythm.members(rhythm.batch) is 'The executions that are in a batch, in order. Internal.';

-- Members leave a batch for another one. The caller holds the batch, or the members.
create or replace function rhythm.move_members(p_type text, p_ids uuid[], p_from bigint, p_to bigint)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  if p_type = 'workflow' then
    with moved as (
      update rhythm.workflow_state as s set batch_id = p_to where s.execution_id = any (p_ids) and s.batch_id = p_from returning s.execution_id
    )
    select coalesce(array_agg(m.execution_id order by m.execution_id), '{}') into v_ids from moved as m;
  else
    with moved as (
      update rhythm.execution as e set batch_id = p_to where e.id = any (p_ids) and e.batch_id = p_from returning e.id
    )
    select coalesce(array_agg(m.id order by m.id), '{}') into v_ids from moved as m;
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.move_members(text, uuid[], bigint, bigint) is 'Puts members of one batch into another; returns those that moved. Internal.';

-- The first p_size members that are free become a new batch, which is returned; null if there are none.
-- The caller has locked the batch. Locks: members, skip locked: a locked member stays in its batch.
-- To cancel() the lock of a batch of one stands for its member. But a session that has locked the last of several members has
-- not locked the batch. So that this does not become a batch of one, the id of a member that has gone stays in it. Without
-- a lock, xmax shows whether another session may have locked a row.
create or replace function rhythm.split_batch(p_batch bigint, p_size integer)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
  v_members uuid[];
  v_ids uuid[];
  v_new constant bigint := nextval('rhythm.batch_id_seq');
begin
  select b.* into v_batch from rhythm.batch as b where b.id = p_batch;
  v_members := rhythm.members(v_batch);
  if v_batch.type = 'workflow' then
    v_ids := array(select s.execution_id from rhythm.workflow_state as s
      where s.execution_id = any (v_members) order by s.execution_id limit p_size for update skip locked);
  else
    v_ids := array(select e.id from rhythm.execution as e where e.id = any (v_members) order by e.id limit p_size for no key update skip locked);
  end if;
  v_ids := rhythm.move_members(v_batch.type, v_ids, p_batch, v_new);
  v_members := array(select m.id from unnest(v_members) as m (id) where m.id <> all (v_ids) order by m.id);
  if v_members = '{}' then
    delete from rhythm.batch as b where b.id = p_batch;
  elsif v_ids <> '{}' then
    if cardinality(v_members) = 1 and (
      exists (select from rhythm.execution as e where e.id = v_members[1] and e.xmax <> 0 and e.xmax <> e.xmin)
      or exists (select from rhythm.workflow_state as s where s.execution_id = v_members[1] and s.xmax <> 0 and s.xmax <> s.xmin)) then
      v_members := v_members || v_ids[1];
    end if;
    update rhythm.batch as b set ids = v_members, size = cardinality(v_members), first_id = v_members[1] where b.id = p_batch;
  end if;
  if v_ids = '{}' then
    return null;
  end if;
  insert into rhythm.batch (id, first_id, run_at, expires_at, timeout_ms, priority, size, attempt, failures, crashes, type, queue, target, concurrency_key, common, ids)
  values (v_new, v_ids[1], v_batch.run_at, v_batch.expires_at, v_batch.timeout_ms, v_batch.priority, cardinality(v_ids), v_batch.attempt, v_batch.failures,
    v_batch.crashes, v_batch.type, v_batch.queue, v_batch.target, v_batch.concurrency_key, v_batch.common, v_ids);
  return v_new;
end;
$$;

comment on function rhythm.split_batch(bigint, integer) is 'Moves the first free members of a ready batch into a new one, and returns that; null if none is free. Internal.';

-- The caller has locked the batches.
create or replace function rhythm.lease(p_worker uuid, p_call integer, p_batches bigint[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.batch as b
  set worker = p_worker, call = p_call, claimed_at = p_now, run_at = null,
    attempt = case when b.type = 'task' or b.attempt = 0 then b.attempt + 1 else b.attempt end
  where b.id = any (p_batches);
end;
$$;

comment on function rhythm.lease(uuid, integer, bigint[], timestamptz) is 'Leases batches. Internal.';

-- A queue without limits: nothing is counted. Guesses how many batches it needs from the size of the last ones.
-- Locks: batches, skip locked. Never waits.
create or replace function rhythm.claim_plain(p_worker uuid, p_call integer, p_queue text, p_room integer, p_targets text[], p_now timestamptz)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_targets constant bigint := rhythm.hash_of(p_targets);
  v_head rhythm.queue_head := rhythm.head_of(p_queue, v_targets, p_now);
  v_walked bigint := rhythm.walked();
  v_room integer := p_room;
  v_look integer := (p_room + 99) / 100;
  v_next bigint[];
  v_whole bigint[];
  v_result bigint[] := '{}';
  v_stuck bigint[] := '{}';
  v_paused constant text[] := rhythm.paused_targets();
  v_parked bigint[] := '{}';
  v_batch record;
begin
  while v_room > 0 loop
    v_next := rhythm.ready_batches(p_queue, v_look + cardinality(v_stuck), p_targets, v_head, p_now);
    exit when v_next <@ v_stuck and v_next <> '{}';
    if v_next = '{}' then
      exit when v_head.queue is null or v_result <> '{}';
      v_head := null;
      continue;
    end if;
    v_whole := '{}';
    if v_paused is not null then
      v_parked := v_parked || rhythm.park(v_next, v_paused);
    end if;
    for v_batch in
      select b.id, b.size from unnest(v_next) with ordinality as n (id, nth)
      cross join lateral (select x.id, x.size from rhythm.batch as x where x.id = n.id offset 0) as b order by n.nth
    loop
      exit when v_room <= 0;
      continue when v_batch.id = any (v_stuck) or v_batch.id = any (v_parked);
      if v_batch.size > v_room then
        -- The rest of it is locked: take the next one.
        v_stuck := v_stuck || v_batch.id;
        v_batch.id := rhythm.split_batch(v_batch.id, v_room);
        continue when v_batch.id is null;
        v_batch.size := v_room;
      end if;
      v_whole := v_whole || v_batch.id;
      v_room := v_room - v_batch.size;
    end loop;
    perform rhythm.lease(p_worker, p_call, v_whole, p_now);
    v_result := v_result || v_whole;
    exit when cardinality(v_next) < v_look + cardinality(v_stuck) or cardinality(v_parked) >= 5000;
    v_look := least(v_room, greatest(v_look, (v_room * cardinality(v_next)) / greatest(1, p_room - v_room) + 1));
  end loop;
  perform rhythm.note_head(v_head, p_queue, v_targets, v_result[cardinality(v_result)], rhythm.walked() - v_walked - cardinality(v_result), p_now);
  return v_result;
end;
$$;

comment on function rhythm.claim_plain(uuid, integer, text, integer, text[], timestamptz) is
  'Leases ready batches of a queue without limits, up to a number of members; returns them in order. Internal.';

-- Reads only indexes, without locks and without a transaction id, because idle workers ask this all day.
create or replace function rhythm.has_ready(p_queue text, p_targets text[])
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limited boolean := rhythm.limited_ready(p_queue, p_targets);
begin
  if v_limited is not null then
    return v_limited;
  elsif p_targets is null then
    return exists (select from rhythm.batch as b where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited);
  end if;
  return exists (
    select from rhythm.batch as b
    where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited and (b.type = 'workflow' or b.target = any (p_targets)));
end;
$$;

comment on function rhythm.has_ready(text, text[]) is 'Whether a queue has anything ready. Internal.';

-- The caller holds the worker's row. Takes from the first queue first.
create or replace function rhythm.claim_batches(p_worker uuid, p_call integer, p_queues text[], p_limit integer, p_targets text[], p_now timestamptz)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_room integer := p_limit;
  v_result bigint[] := '{}';
  v_batches bigint[];
  v_queue text;
begin
  foreach v_queue in array p_queues loop
    exit when v_room <= 0;
    v_batches := null;
    if exists (select from rhythm.queue as q where q.name = v_queue) then
      v_batches := rhythm.limited_claim(p_worker, p_call, v_queue, v_room, p_targets);
      v_room := v_room - coalesce(cardinality(v_batches), 0);
    end if;
    if v_batches is null then
      v_batches := rhythm.claim_plain(p_worker, p_call, v_queue, v_room, p_targets, p_now);
      v_room := v_room - coalesce((select sum(b.size) from rhythm.batch as b where b.id = any (v_batches)), 0)::integer;
    end if;
    v_result := v_result || v_batches;
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.claim_batches(uuid, integer, text[], integer, text[], timestamptz) is 'Leases ready batches of some queues to a worker; returns them. Internal.';
`,
  },
  {
    name: "claim/heads.sql",
    kind: "behaviour",
    checksum: "f4b7e9c452a0f51e5202e619fa0d79766fd01f41e28df40cf99875ec314d842d",
    text: `-- The head of a queue.
--
-- While an old transaction is open, consumed entries stay in the index, and every claim walks over them: 200,000 batches of one
-- take 50 ms. So a claim that walked far notes where it found the head. Later claims begin there, for 10 µs for each entry
-- that was walked over. Until then they do not see what enters the queue before that place (a retry, a workflow that continues,
-- a transaction that committed late). The first claim after that time walks from the beginning again, and so does every claim
-- that finds nothing after the head. So a worker falls asleep only over an empty queue. What is before the head waits 10 seconds
-- at most, and only while there is other work.

create or replace function rhythm.hash_of(p_targets text[])
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return hashtextextended(coalesce(array_to_string(p_targets, ' '), '*'), 0);
end;
$$;

comment on function rhythm.hash_of(text[]) is 'One number for the tasks that a claim asks for. Internal.';

-- Locks: batches, skip locked. Never waits. The bounds on priority keep the planner from preferring another index.
create or replace function rhythm.ready_batches(p_queue text, p_limit integer, p_targets text[], p_head rhythm.queue_head, p_now timestamptz)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids bigint[];
begin
  if p_head.queue is null then
    return array(
      select b.id from rhythm.batch as b
      where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited
        and (p_targets is null or b.type = 'workflow' or b.target = any (p_targets))
        and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)
      order by b.priority desc, b.first_id limit p_limit for update skip locked);
  end if;
  -- Two scans. Between them are the older entries of the same priority, which one scan of the index cannot skip.
  v_ids := array(
    select b.id from rhythm.batch as b
    where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited and b.priority > p_head.priority and b.first_id > p_head.made_after
      and (p_targets is null or b.type = 'workflow' or b.target = any (p_targets))
      and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)
    order by b.priority desc, b.first_id limit p_limit for update skip locked);
  return v_ids || array(
    select b.id from rhythm.batch as b
    where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited
      and b.priority = p_head.priority and b.priority between p_head.priority and p_head.priority and b.first_id > p_head.id
      and (p_targets is null or b.type = 'workflow' or b.target = any (p_targets))
      and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)
    order by b.priority desc, b.first_id limit p_limit - cardinality(v_ids) for update skip locked);
end;
$$;

comment on function rhythm.ready_batches(text, integer, text[], rhythm.queue_head, timestamptz) is
  'The next ready batches of a queue that have not expired, locked, highest priority and oldest first, starting at its head if one is noted. Internal.';

-- Locks: an advisory lock for each head, if it is free. Never waits.
create or replace function rhythm.may_move_head(p_queue text, p_targets bigint)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return pg_try_advisory_xact_lock(hashtextextended(:'schema' || ' head ' || p_queue, p_targets));
end;
$$;

comment on function rhythm.may_move_head(text, bigint) is 'Whether this transaction is the one that moves the head of a queue. Internal.';

create or replace function rhythm.walked()
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return pg_stat_get_xact_tuples_returned('rhythm.batch_ready'::regclass);
end;
$$;

comment on function rhythm.walked() is 'How many entries this transaction has read of the index of ready batches. Internal.';

-- Never beyond batches of the last quarter of a second: older ones may not be committed yet.
create or replace function rhythm.note_head(p_head rhythm.queue_head, p_queue text, p_targets bigint, p_last bigint, p_walked bigint, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_far constant integer := 5000;
  v_made_after uuid;
  v_last rhythm.batch;
begin
  if p_walked <= c_far or not rhythm.may_move_head(p_queue, p_targets) then
    return;
  end if;
  v_made_after := rhythm.uuid7_floor(p_now - interval '250 milliseconds');
  select b.* into v_last from rhythm.batch as b where b.id = p_last;
  if p_head.queue is not null then
    update rhythm.queue_head as h set id = least(v_last.first_id, v_made_after)
    where h.queue = p_queue and h.targets = p_targets and h.priority = p_head.priority and h.priority = v_last.priority
      and h.id < least(v_last.first_id, v_made_after);
    return;
  end if;
  insert into rhythm.queue_head as h (queue, targets, priority, id, made_after, until)
  values (p_queue, p_targets, coalesce(v_last.priority, 0), least(v_last.first_id, v_made_after), v_made_after,
    p_now + least(p_walked * interval '10 microseconds', interval '10 seconds'))
  on conflict (queue, targets) do update set
    priority = excluded.priority, id = excluded.id, made_after = excluded.made_after, until = excluded.until;
end;
$$;

comment on function rhythm.note_head(rhythm.queue_head, text, bigint, bigint, bigint, timestamptz) is 'Notes where the head of a queue is, if a claim walked far to find it. Internal.';

-- When the time is over, one session walks from the beginning again. The others continue from the head.
-- Locks: that of may_move_head().
create or replace function rhythm.head_of(p_queue text, p_targets bigint, p_now timestamptz)
returns rhythm.queue_head
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_head rhythm.queue_head;
begin
  select h.* into v_head from rhythm.queue_head as h where h.queue = p_queue and h.targets = p_targets;
  if v_head.until > p_now or v_head.until > p_now - interval '10 seconds' and not rhythm.may_move_head(p_queue, p_targets) then
    return v_head;
  end if;
  return null;
end;
$$;

comment on function rhythm.head_of(text, bigint, timestamptz) is 'Where claims of a queue begin; null: at the beginning. Internal.';

create or replace function rhythm.forget_heads(p_now timestamptz)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from rhythm.queue_head as h
  where h.until < p_now - interval '1 hour' and rhythm.may_move_head(h.queue, h.targets);
$$;

comment on function rhythm.forget_heads(timestamptz) is 'Removes heads of queues that no claim has used for a while. Part of chores().';
`,
  },
  {
    name: "claim/parcels.sql",
    kind: "behaviour",
    checksum: "90ba2f9ac8aeed8bb2b912ed197ab57fe4f01466732666929f09a616232297ac",
    text: `-- What a worker receives with a lease: parcels of {common, ids, inputs}.

create or replace function rhythm.settled_items(p_items uuid[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_agg(
      case
        when c.state = 1 then jsonb_build_object('id', i.id, 'status', 'completed', 'output', coalesce(c.output, 'null'))
        when c.id is not null then jsonb_build_object('id', i.id, 'status', 'failed', 'error',
          jsonb_build_object('type', 'Error', 'message', 'It failed')
          || case c.state when 3 then jsonb_build_object('type', 'CancelledError', 'message', coalesce(c.cancel_reason, 'It was cancelled'))
              || case when c.attempt = 0 and c.error ->> 'code' = 'EXPIRED' then '{"code": "EXPIRED"}'::jsonb else '{}' end
            else coalesce(c.error, '{}') end
          || jsonb_build_object('kind', c.type, 'executionId', c.id, 'target', c.target, 'attempt', c.attempt))
        when w.timed_out then jsonb_build_object('id', i.id, 'status', 'failed', 'error',
          jsonb_build_object('type', 'TimeoutError', 'message', format('No signal "%s" came in time', w.name)))
        when w.id is not null then jsonb_build_object('id', i.id, 'status', 'completed', 'output', g.payload)
        else jsonb_build_object('id', i.id, 'status', 'completed', 'output', null)
      end order by i.nth), '[]')
    from unnest(p_items) with ordinality as i (id, nth)
    left join rhythm.execution as c on c.id = i.id
    left join rhythm.signal_wait as w on w.id = i.id
    left join rhythm.signal as g on g.id = w.signal_id
  );
end;
$$;

comment on function rhythm.settled_items(uuid[]) is
  'Waits that have ended, in the form of the language: [{id, status: completed, output} | {id, status: failed, error}]. Internal.';

create or replace function rhythm.inbox_items(p_execution uuid, p_delivered integer)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_delivered = 0 then
    return '[]';
  end if;
  return rhythm.settled_items(array(
    select i.item from rhythm.inbox as i where i.execution_id = p_execution and i.nth <= p_delivered order by i.nth));
end;
$$;

comment on function rhythm.inbox_items(uuid, integer) is 'The first items of an inbox, as settled_items(). Internal.';

create or replace function rhythm.tries_of(p_batch rhythm.batch)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_batch.failures = 0 and p_batch.crashes = 0 then '{}'
    else jsonb_build_object('failures', p_batch.failures, 'crashes', p_batch.crashes) end;
end;
$$;

comment on function rhythm.tries_of(rhythm.batch) is 'For a worker: how many attempts threw, and how many were lost; empty if none. Internal.';

-- xmax shows whether another session has locked or changed a row, and a reader sees it at once: it is set, and it is not the
-- transaction that wrote the row.
create or replace function rhythm.task_parcel(p_batch rhythm.batch, p_inputs boolean, p_free boolean)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_inputs jsonb;
  v_parents jsonb;
  v_reason text;
  v_busy boolean;
  v_checkpoints jsonb;
begin
  if not p_inputs then
    v_ids := p_batch.ids;
  else
    select array_agg(e.id order by e.id), jsonb_agg(e.inputs order by e.id),
      case when count(e.parent_id) > 0 then jsonb_agg(e.parent_id order by e.id) end, max(e.cancel_reason), not p_free and bool_or(e.xmax <> 0 and e.xmax <> e.xmin)
    into v_ids, v_inputs, v_parents, v_reason, v_busy
    from rhythm.execution as e
    where e.id = any (p_batch.ids) and e.batch_id = p_batch.id;
  end if;
  if v_ids is null or v_busy then
    return null;
  end if;
  -- A first attempt has none.
  if p_batch.attempt > 1 then
    select jsonb_object_agg(e.id, e.checkpoint -> 'value') into v_checkpoints
    from rhythm.execution as e where e.id = any (v_ids) and e.checkpoint is not null;
  end if;
  return jsonb_build_object(
    'common', p_batch.common || jsonb_build_object('type', 'task', 'target', p_batch.target, 'queue', p_batch.queue, 'attempt', p_batch.attempt)
      || rhythm.tries_of(p_batch) || case when v_reason is null then '{}' else jsonb_build_object('cancel_reason', v_reason) end,
    'ids', v_ids, 'inputs', v_inputs
  ) || case when v_parents is null then '{}' else jsonb_build_object('parents', v_parents) end
    || case when v_checkpoints is null then '{}' else jsonb_build_object('checkpoints', v_checkpoints) end;
end;
$$;

comment on function rhythm.task_parcel(rhythm.batch, boolean, boolean) is 'A leased batch of tasks for its worker; null if it has no members left, or one of several members is locked. Internal.';

create or replace function rhythm.workflow_parcel(p_batch rhythm.batch, p_free boolean)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result jsonb;
begin
  select jsonb_build_object(
    'common', p_batch.common || rhythm.tries_of(p_batch) || jsonb_build_object('type', 'workflow', 'target', p_batch.target, 'queue', p_batch.queue, 'attempt', p_batch.attempt,
      'program', min(s.program), 'version', min(v.version), 'timeout_ms', min(e.timeout_ms)),
    'ids', array_agg(e.id order by e.id), 'inputs', jsonb_agg(e.inputs order by e.id), 'parents', jsonb_agg(e.parent_id order by e.id),
    'states', jsonb_agg(jsonb_build_object('seq', s.seq, 'snapshot', s.snapshot, 'settled', rhythm.inbox_items(e.id, s.delivered),
      'taken', s.delivered, 'seed', e.seed::text, 'epoch', coalesce(e.epoch, 0), 'cancel_reason', e.cancel_reason)
      || case when s.change is null then '{}' else rhythm.change_of(s.change, e.target) end order by e.id))
  into v_result
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id
  join rhythm.flow_version as v on v.program = s.program
  where s.execution_id = any (p_batch.ids) and s.batch_id = p_batch.id
  having count(*) > 0 and (p_free or not bool_or(e.xmax <> 0 and e.xmax <> e.xmin or s.xmax <> 0 and s.xmax <> s.xmin));
  return v_result;
end;
$$;

comment on function rhythm.workflow_parcel(rhythm.batch, boolean) is 'A leased batch of workflows for its worker; null if it has no members left, or one of several members is locked. Internal.';

-- What has arrived since a workflow became ready is delivered with it. If its state is locked, the rest waits for the next step.
create or replace function rhythm.deliver_rest(p_batches bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_late constant uuid[] := array(
    select s.execution_id
    from unnest(p_batches) as n (id)
    cross join lateral (select x.id, x.ids from rhythm.batch as x where x.id = n.id and x.type = 'workflow' offset 0) as b
    cross join lateral (
      select x.execution_id from rhythm.workflow_state as x
      where x.execution_id = any (b.ids) and x.batch_id = b.id and x.delivered < x.arrived offset 0
    ) as s);
begin
  if v_late <> '{}' then
    update rhythm.workflow_state as s set delivered = s.arrived where s.execution_id = any (rhythm.lock_free_states(v_late));
  end if;
end;
$$;

comment on function rhythm.deliver_rest(bigint[]) is 'Delivers to leased workflows what arrived since they became ready. Internal.';

-- A session that cancels a member of a larger batch locks the member, not the batch. That member stays in its place, and the
-- others are leased without it. Null: there are none. The caller has leased the batch in this transaction.
create or replace function rhythm.lease_free_members(p_batch rhythm.batch)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_free constant bigint := rhythm.split_batch(p_batch.id, p_batch.size);
begin
  if v_free is not null then
    update rhythm.batch as b
    set worker = p_batch.worker, call = p_batch.call, claimed_at = p_batch.claimed_at, attempt = p_batch.attempt, limited = p_batch.limited
    where b.id = v_free;
  end if;
  update rhythm.batch as b
  set worker = null, call = null, claimed_at = null, attempt = rhythm.unleased_attempt(b, exists (
    select from rhythm.workflow_state as s where s.execution_id = any (b.ids) and s.batch_id = b.id and (s.seq > 0 or s.attempt > 0)))
  where b.id = p_batch.id;
  if found then
    perform rhythm.wake(array[p_batch.queue]);
  end if;
  return v_free;
end;
$$;

comment on function rhythm.lease_free_members(rhythm.batch) is 'Gives back the members of a leased batch that others have locked; returns the batch of the rest. Internal.';

-- p_without: batches of tasks whose inputs the worker sent itself. p_free: no other session can have locked their members. A batch without members is deleted.
create or replace function rhythm.parcels(p_batches bigint[], p_without bigint[] default '{}', p_free boolean default false)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result jsonb := '[]';
  v_left bigint[];
  v_batch rhythm.batch;
begin
  if p_batches = '{}' then
    return '[]';
  end if;
  select coalesce(jsonb_agg(p.parcel order by p.nth) filter (where p.parcel is not null), '[]'), array_agg(p.id) filter (where p.parcel is null)
  into v_result, v_left
  from (
    select n.nth, n.id, case when (l.b).type = 'task' then rhythm.task_parcel(l.b, n.id <> all (p_without), p_free or (l.b).size = 1)
      else rhythm.workflow_parcel(l.b, p_free or (l.b).size = 1) end as parcel
    from unnest(p_batches) with ordinality as n (id, nth)
    cross join lateral (select x from rhythm.batch as x where x.id = n.id offset 0) as l (b)
    -- Otherwise the planner would call this once for each place that names the parcel.
    offset 0
  ) as p;
  if v_left is not null then
    for v_batch in select b.* from rhythm.batch as b where b.id = any (v_left) order by b.id loop
      if rhythm.members(v_batch) = '{}' then
        delete from rhythm.batch as b where b.id = v_batch.id;
      else
        v_result := v_result || rhythm.parcels(array_remove(array[rhythm.lease_free_members(v_batch)], null), '{}', true);
      end if;
    end loop;
  end if;
  return v_result;
end;
$$;

comment on function rhythm.parcels(bigint[], bigint[], boolean) is 'Leased batches in the form that their worker receives. Internal.';
`,
  },
  {
    name: "claim/unserved.sql",
    kind: "behaviour",
    checksum: "ec25b7a63fe573a68f1a2ff513e50b9264affb03c9e967a171c80482046f1dbd",
    text: `-- Tasks that no worker can run: the handler was never deployed, or the name is misspelt.

create or replace function rhythm.is_served(p_queue text, p_target text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from rhythm.task as k where k.name = p_target and k.sql_function is not null)
    or exists (
      select from rhythm.worker as w
      where p_queue = any (w.queues) and (w.info -> 'tasks' is null or w.info -> 'tasks' ? p_target));
end;
$$;

comment on function rhythm.is_served(text, text) is 'Whether a worker has a handler for a task of a queue. A worker whose info names no tasks may have all of them. Internal.';

-- Tasks that have been ready for a while in a worker's queues, and for which no worker of the queue has a handler. Each call
-- notes it on a thousand of them. Reads the next 20,000 batches of each queue: tasks that no worker takes collect there, and
-- tasks behind them wait for their turn anyway.
-- Locks: executions, skip locked. Never waits.
create or replace function rhythm.unserved(p_worker uuid, p_after interval default '30s')
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_after_ms constant bigint := rhythm.interval_ms(p_after);
  v_queues constant text[] := array(
    select q.name from rhythm.worker as w cross join lateral unnest(w.queues) as q (name)
    where w.id = p_worker and rhythm.has_ready(q.name, null)
      and not exists (select from rhythm.queue as x where x.name = q.name and x.paused_at is not null));
  v_old constant timestamptz := rhythm.now() - v_after_ms * interval '1 millisecond';
  v_late rhythm.batch[];
  v_notes uuid[];
begin
  if v_after_ms is null then
    perform rhythm.raise('RH001', 'p_after must be an interval of zero or more, such as 30 seconds');
  end if;
  if v_queues = '{}' then
    return '[]';
  end if;
  with waiting as materialized (
    select x.*
    from unnest(v_queues) as u (queue)
    cross join lateral (
      (
        select b.* from rhythm.batch as b
        where b.queue = u.queue and b.worker is null and b.run_at is null and not b.limited
        order by b.priority desc, b.first_id limit 20000
      )
      union all
      (
        select b.* from rhythm.batch as b
        where b.queue = u.queue and b.worker is null and b.run_at is null and b.limited
        limit 20000
      )
    ) as x
    where x.type = 'task' and rhythm.created_at(x.first_id) < v_old
  ),
  unknown as materialized (
    select t.queue, t.target from (select distinct w.queue, w.target from waiting as w) as t where not rhythm.is_served(t.queue, t.target)
  )
  select coalesce(array_agg(row(w.*)::rhythm.batch), '{}') into v_late
  from waiting as w join unknown as u on u.queue = w.queue and u.target = w.target;
  if v_late = '{}' then
    return '[]';
  end if;
  v_notes := array(
    select e.id from (select i.id, b.id as batch_id from unnest(v_late) as b cross join lateral unnest(b.ids) as i (id) limit 1000) as n
    join rhythm.execution as e on e.id = n.id and e.batch_id = n.batch_id and e.note is null
    order by e.id for no key update of e skip locked);
  update rhythm.execution as e set note = format('No worker of queue "%s" has a handler for task "%s"', e.queue, e.target) where e.id = any (v_notes);
  return (
    select coalesce(jsonb_agg(to_jsonb(t) order by t.queue, t.target), '[]')
    from (
      select b.queue, b.target, sum(b.size) as executions, floor(extract(epoch from rhythm.now() - rhythm.created_at(min(b.first_id::text)::uuid))) as seconds
      from unnest(v_late) as b group by b.queue, b.target
    ) as t);
end;
$$;

comment on function rhythm.unserved(uuid, interval) is
  'The tasks that have been ready for longer than p_after in the queues of a worker, and for which no worker has a handler: '
  '[{queue, target, executions, seconds}]. Notes it on up to a thousand of them in each call.';
`,
  },
  {
    name: "claim/workers.sql",
    kind: "behaviour",
    checksum: "247f5a7e66b490145e4ff549c97cc6d283b284e67401f2405290ecc0bedd9a76",
    text: `-- Workers: register, heartbeat, stop.

create or replace function rhythm.register_worker(
  p_worker uuid,
  p_queues text[] default array['default'],
  p_name text default null,
  p_lease interval default '15s',
  p_info jsonb default '{}',
  p_protocol integer default 1,
  p_environment text default null
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_worker constant uuid := coalesce(p_worker, rhythm.uuid7());
  v_lease_ms constant bigint := rhythm.interval_ms(p_lease);
  v_problem text;
begin
  perform rhythm.require_read_committed();
  select p.problem into v_problem from (
    select rhythm.name_problem('queue', q.name) as problem from unnest(p_queues) as q (name)
    union all select 'A worker needs at least one queue' where coalesce(cardinality(p_queues), 0) = 0
    union all select rhythm.name_problem('worker', p_name) where p_name is not null
    union all select rhythm.name_problem('environment', p_environment) where p_environment is not null
    union all select 'The info of a worker must be an object' where jsonb_typeof(p_info) <> 'object'
    union all select format('Protocol %s is not known here: this engine speaks protocol 1. Use a worker of a version that does', coalesce(p_protocol::text, 'null')) where p_protocol is distinct from 1
    union all select 'The lease must be an interval from 1s to 1h' where coalesce(v_lease_ms, 0) not between 1000 and 3600000
  ) as p where p.problem is not null limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.require_home(p_environment);
  insert into rhythm.worker (id, name, queues, started_at, beat_at, lease_ms, protocol, info)
  values (v_worker, coalesce(p_name, v_worker::text), p_queues, v_now, v_now, v_lease_ms, p_protocol, coalesce(p_info, '{}'))
  on conflict (id) do update set
    name = excluded.name, queues = excluded.queues, beat_at = excluded.beat_at, lease_ms = excluded.lease_ms, info = excluded.info, sleeping = false, spared = false;
  insert into rhythm.worker_call (worker_id, odd) values (v_worker, true), (v_worker, false) on conflict do nothing;
  return v_worker;
end;
$$;

comment on function rhythm.register_worker(uuid, text[], text, interval, jsonb, integer, text) is
  'Registers a worker and returns its id. p_worker null: it gets an id. p_protocol: the number of its protocol, 1. p_lease: how long it may be silent before others get its work. p_environment: the environment to which it belongs; another one than that of the installation is refused.';

-- A session that makes something due notifies the sleeping workers. If it died before that, a sleeping worker finds the work in
-- its turn: one of them looks about every second, and each of them after five seconds at the latest. SQL tasks notify nobody.
create or replace function rhythm.turn_ms()
returns integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from rhythm.task as k where k.sql_function is not null) then
    return 1000;
  end if;
  return (select 1000 * greatest(1, count(*)) from (select from rhythm.worker as w where w.sleeping limit 5) as s);
end;
$$;

comment on function rhythm.turn_ms() is 'How long a sleeping worker may wait between two calls of tick(): one second for each sleeping worker, five at most. Internal.';

-- What the engine leased and the worker does not name goes back to its queue: the answer with the lease was lost. Recent leases
-- stay, because their answer may still be on its way.
create or replace function rhythm.beat(p_worker uuid, p_info jsonb default null, p_holds jsonb default null, p_rates jsonb default null)
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
  v_now constant timestamptz := rhythm.now();
  v_problem constant text := rhythm.rates_problem(p_rates);
  v_lost jsonb := '[]';
begin
  perform rhythm.require_read_committed();
  if jsonb_typeof(p_info) <> 'object' then
    perform rhythm.raise('RH001', 'The info of a worker must be an object');
  elsif not rhythm.are_holds(p_holds) then
    perform rhythm.raise('RH001', 'p_holds must be an array: [{"call": 1, "ids": ["…"]}]');
  elsif v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.require_home();
  update rhythm.worker as w
  set beat_at = v_now, spared = false, info = coalesce(p_info, w.info)
  where w.id = p_worker;
  if not found then
    return '{"alive": false, "turn_ms": 1000, "stop": [], "lost": []}';
  end if;
  if p_rates <> '[]' then
    perform rhythm.note_rates(p_rates, v_now);
  end if;
  if p_holds is not null then
    v_lost := rhythm.lost_holds(p_worker, p_holds);
    perform rhythm.return_unnamed(p_worker, p_holds, v_now);
  end if;
  return jsonb_build_object(
    'alive', true,
    'turn_ms', rhythm.turn_ms(),
    'stop', (
      select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'reason', e.cancel_reason)), '[]')
      from rhythm.execution as e
      left join rhythm.workflow_state as s on s.execution_id = e.id
      join lateral (select x.id, x.worker, x.call from rhythm.batch as x where x.id = coalesce(e.batch_id, s.batch_id) offset 0) as b on b.worker = p_worker
      where e.stopping
    ),
    'lost', v_lost);
end;
$$;

comment on function rhythm.beat(uuid, jsonb, jsonb, jsonb) is
  'A heartbeat. Returns {alive, turn_ms, stop: [{id, reason}], lost: [id]}. alive false: the worker counts as dead and its leases are gone; register again. turn_ms: how long '
  'it may wait between two calls of tick() while it sleeps. stop: executions that were cancelled. p_holds, [{call, ids}]: what the worker believes it holds. lost: those of them that it does not hold. What it holds and does not name goes back to its queue. p_rates: what it ended since the last heartbeat, for the view rates.';

create or replace function rhythm.are_holds(p_holds jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_holds) <> 'array' or jsonb_path_exists(p_holds, '$[*] ? (!(@.call.type() == "number" && @.ids.type() == "array"))') then
    return false;
  end if;
  perform x.call, i.id::uuid from jsonb_to_recordset(p_holds) as x (call integer, ids jsonb) cross join lateral jsonb_array_elements_text(x.ids) as i (id);
  return true;
exception
  when data_exception then
    return false;
end;
$$;

comment on function rhythm.are_holds(jsonb) is 'Whether a value is a list of what a worker believes it holds. Internal.';

create or replace function rhythm.lost_holds(p_worker uuid, p_holds jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_agg(h.id), '[]')
    from (
      select i.id::uuid as id, x.call from jsonb_to_recordset(p_holds) as x (call integer, ids jsonb) cross join lateral jsonb_array_elements_text(x.ids) as i (id)
    ) as h
    left join rhythm.execution as e on e.id = h.id and e.state = 0
    left join rhythm.workflow_state as s on s.execution_id = e.id
    left join lateral (select x.id, x.worker, x.call from rhythm.batch as x where x.id = coalesce(e.batch_id, s.batch_id) offset 0) as b on b.worker = p_worker and b.call = h.call
    where b.id is null);
end;
$$;

comment on function rhythm.lost_holds(uuid, jsonb) is 'Executions that a worker believes it holds and does not. Internal.';

create or replace function rhythm.return_unnamed(p_worker uuid, p_holds jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_named constant uuid[] := array(
    select i.id::uuid from jsonb_to_recordset(p_holds) as x (ids jsonb) cross join lateral jsonb_array_elements_text(x.ids) as i (id) order by 1);
  v_batch rhythm.batch;
  v_ids uuid[];
begin
  for v_batch in
    select b.* from rhythm.batch as b join rhythm.worker as w on w.id = b.worker
    where b.worker = p_worker and b.claimed_at < p_now - w.lease_ms * interval '0.5 milliseconds'
    order by b.id for update of b skip locked
  loop
    v_ids := rhythm.members(v_batch);
    if v_ids = '{}' then
      delete from rhythm.batch as b where b.id = v_batch.id;
    elsif not exists (select from unnest(v_ids) as i (id) where v_named[width_bucket(i.id, v_named)] = i.id) then
      perform rhythm.take_back(array[v_batch.id], null, p_now);
    end if;
  end loop;
end;
$$;

comment on function rhythm.return_unnamed(uuid, jsonb, timestamptz) is 'Puts back batches that a worker holds and does not name. Internal.';

-- Gives leased batches back to their queues. p_crashed: their worker did not stop properly. A loss counts as a crash only
-- for an execution that was leased alone: one bad task must not fail the 99 others of its batch. These come back as batches
-- of one.
-- The workers of the batches are gone, or locked by the caller. Locks: states and executions that may end.
create or replace function rhythm.take_back(p_batches bigint[], p_crashed text, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
  v_member record;
  v_fate text;
  v_ended rhythm.transition[] := '{}';
  v_queues text[] := '{}';
begin
  for v_batch in select b.* from rhythm.batch as b where b.id = any (p_batches) order by b.id loop
    if p_crashed is null and not exists (select from rhythm.execution as e where e.id = any (v_batch.ids) and (e.cancel_reason is not null or e.paused_at is not null))
      and (v_batch.attempt > 1 or not exists (select from unnest(rhythm.members(v_batch)) as m (id) where rhythm.has_traces(m.id))) then
      update rhythm.batch as b
      set worker = null, call = null, claimed_at = null, limited = rhythm.has_limits(b.queue), attempt = rhythm.unleased_attempt(b, false)
      where b.id = v_batch.id;
      v_queues := v_queues || v_batch.queue;
      continue;
    end if;
    for v_member in
      select e.id, e.type, e.cancel_reason, e.retry from unnest(rhythm.members(v_batch)) as m (id)
      join rhythm.execution as e on e.id = m.id order by e.id
    loop
      v_fate := case
        when v_member.cancel_reason is not null and v_member.type = 'task' then 'cancelled'
        when p_crashed is not null and v_batch.size = 1
          and not rhythm.attempts_left(v_member.retry, 0, v_batch.crashes + 1) then 'failed'
        else 'released' end;
      if v_fate = 'released' then
        update rhythm.execution as e
        set stopping = false,
          error = case when p_crashed is null or rhythm.is_past_deadline(e) then e.error else jsonb_build_object('type', 'WorkerLostError', 'message', p_crashed) end
        where e.id = v_member.id and (p_crashed is not null or e.stopping);
        perform rhythm.put_back(v_member.id, v_batch.id,
          case when p_crashed is not null and v_member.type = 'task' and v_batch.size = 1 then rhythm.backoff_ms(v_member.retry, v_batch.crashes + 1) end,
          0, case when p_crashed is not null and v_batch.size = 1 then 1 else 0 end,
          p_crashed is null, p_now);
        v_queues := v_queues || v_batch.queue;
      else
        v_ended := v_ended || rhythm.write_ends(array[row(v_member.id, null, null, v_fate, null, jsonb_build_object('type', 'WorkerLostError', 'message',
          p_crashed || format('. It was lost %s times in all, and retry.crashes is %s', v_batch.crashes + 1, rhythm.max_crashes(v_member.retry))),
          null, null, null, null, null, null, null, null, null, null, null, null, v_fate, v_member.type, v_batch.id)::rhythm.outcome], p_now);
      end if;
    end loop;
    perform rhythm.drop_empty_batches(array[v_batch.id]);
  end loop;
  perform rhythm.follow_ends(v_ended, '{}', p_now);
  perform rhythm.wake(v_queues);
  perform rhythm.wake_clocks();
end;
$$;

comment on function rhythm.take_back(bigint[], text, timestamptz) is 'Returns leased batches to their queues, or ends executions that were lost too often. Internal.';

create or replace function rhythm.stop_worker(p_worker uuid)
returns void
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
  v_batches bigint[];
begin
  perform rhythm.require_read_committed();
  perform from rhythm.worker as w where w.id = p_worker for update;
  -- Its calls have ended then.
  perform from rhythm.worker_call as c where c.worker_id = p_worker order by c.odd for update;
  v_batches := array(select b.id from rhythm.batch as b where b.worker = p_worker order by b.id);
  perform rhythm.lock_around(rhythm.ids_in(v_batches));
  delete from rhythm.worker as w where w.id = p_worker;
  perform rhythm.take_back(v_batches, null, rhythm.now());
  -- Perhaps only this worker knew what it had made due.
  perform rhythm.wake_clocks();
end;
$$;

comment on function rhythm.stop_worker(uuid) is 'Ends a worker: what it still holds goes back to its queues at once, and no attempt is counted.';

create or replace function rhythm.ids_in(p_batches bigint[])
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select i.id from rhythm.batch as b cross join lateral unnest(b.ids) as i (id) where b.id = any (p_batches) order by i.id);
end;
$$;

comment on function rhythm.ids_in(bigint[]) is 'All executions that are or were in some batches. Internal.';
`,
  },
  {
    name: "create/change.sql",
    kind: "behaviour",
    checksum: "215dd1fc04b517f465f209e85aecdbda4c4d74ebe86b38a2f875a0575dca8f76",
    text: `-- Changing what waits: other options for an execution that has not begun.

create or replace function rhythm.change_to_problem(p_to jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := rhythm.option_names('change');
begin
  return case
    when jsonb_typeof(p_to) is distinct from 'object' then 'A change must be an object: {"queue": "mail", "priority": 5}'
    when p_to = '{}' then 'A change must name something: queue, priority, delay or run_at'
    when p_to - c_names <> '{}' then 'There is no ' || rhythm.unknown_option(p_to, c_names)
    else rhythm.request_problem(p_to || '{"type": "task", "target": "x"}')
  end;
end;
$$;

comment on function rhythm.change_to_problem(jsonb) is 'What is wrong with the new options of change(), as a sentence; null if nothing is.';

-- It gets a batch of its own, so that it is counted and ordered where it waits now. It keeps its place among those of its priority.
-- Locks: states, the execution, its batch. Waits for sessions that hold them.
create or replace function rhythm.change_waiting(p_execution uuid, p_to jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
  v_old rhythm.batch;
  v_batch rhythm.batch;
  v_at constant timestamptz := coalesce((p_to ->> 'run_at')::timestamptz, p_now + rhythm.duration_ms(p_to -> 'delay') * interval '1 millisecond');
begin
  perform rhythm.lock_around(array[p_execution]);
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution for no key update;
  if not found then
    perform rhythm.raise('RH002', format('Cannot change: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  v_old := rhythm.hold_batch(coalesce(v_execution.batch_id, (select s.batch_id from rhythm.workflow_state as s where s.execution_id = p_execution)));
  if v_old.id is null or rhythm.is_begun(v_execution) then
    perform rhythm.raise('RH003', format('Cannot change execution %s: it is %s, and has begun', p_execution, rhythm.status_of(p_execution)), 'Only what has not begun can be changed');
  end if;
  update rhythm.execution as e
  set queue = coalesce(p_to ->> 'queue', e.queue), priority = coalesce((p_to ->> 'priority')::smallint, e.priority),
    run_at = case when v_at is not null then v_at else coalesce(nullif(v_old.run_at, 'infinity'), e.run_at) end
  where e.id = p_execution
  returning e.* into v_execution;
  v_batch := rhythm.batch_of(v_execution, case when v_execution.run_at > p_now then v_execution.run_at end, 0, v_old.failures, v_old.crashes);
  if v_old.gate is not null then
    v_batch.gate := v_old.gate;
    v_batch.run_at := 'infinity';
  end if;
  insert into rhythm.batch select v_batch.*;
  perform rhythm.move_members(v_execution.type, array[p_execution], v_old.id, v_batch.id);
  -- Not locked: a batch in which others still wait.
  perform rhythm.drop_empty_batches(array(
    select b.id from rhythm.batch as b where b.id = v_old.id and rhythm.members(b) = '{}' for update skip locked));
  -- The timeout of a workflow counts from the moment from which it may run.
  if v_at is not null and v_execution.type = 'workflow' and v_execution.timeout_ms is not null then
    delete from rhythm.timer as t where t.execution_id = p_execution and t.deadline;
    perform rhythm.set_deadline(p_execution, greatest(v_at, p_now));
  end if;
  perform rhythm.wake_for(array[v_batch]);
end;
$$;

comment on function rhythm.change_waiting(uuid, jsonb, timestamptz) is 'Gives an execution that has not begun another queue, priority or time. Internal.';

create or replace function rhythm.change(p_execution uuid, p_to jsonb)
returns void
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
  v_problem constant text := rhythm.change_to_problem(p_to);
  v_before jsonb;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.refuse_frozen(array[p_execution], 'Cannot change');
  v_before := (select jsonb_build_object('queue', e.queue, 'priority', e.priority, 'run_at', e.run_at) from rhythm.executions as e where e.id = p_execution);
  perform rhythm.change_waiting(p_execution, p_to, rhythm.now());
  perform rhythm.record('change', 'execution', p_execution::text, p_before => v_before, p_after => p_to);
end;
$$;

comment on function rhythm.change(uuid, jsonb) is
  'Gives an execution that has not begun another queue, priority or time: {"queue", "priority", "delay" or "run_at"}. What it expires at stays. RH003: it has begun. '
  'For many: operate(''change'', …). Example: select rhythm.change(''0190…'', ''{"queue": "mail", "priority": 5}'');';
`,
  },
  {
    name: "create/check_inputs.sql",
    kind: "behaviour",
    checksum: "c1c0ef7d98d0e6f0b5f3943e9faae3a5fa268d75ec1d67048344d42246b62054",
    text: `-- check_inputs(): checks a whole value against a schema. input_check.sql has the rules for a single value.

-- The members of an object or array for which the schema has a schema.
create or replace function rhythm.inner_values(p_schema jsonb, p_value jsonb, p_path text)
returns setof rhythm.inner_value
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_path || rhythm.json_step(m.key), m.value, s.schema
  from jsonb_each(case when jsonb_typeof(p_value) = 'object' then p_value else '{}' end) as m
  cross join lateral (
    select coalesce(p_schema #> array['properties', m.key], p_schema -> 'additionalProperties')
  ) as s(schema)
  where jsonb_typeof(s.schema) = 'object'
  union all
  select p_path || '[' || (i.nth - 1) || ']', i.item, p_schema -> 'items'
  from jsonb_array_elements(case when jsonb_typeof(p_value) = 'array' and p_schema ? 'items' then p_value else '[]' end)
    with ordinality as i(item, nth);
$$;

comment on function rhythm.inner_values(jsonb, jsonb, text) is
  'The members of a value for which a schema has a schema, each with its path.';

-- The properties that an object lacks, or must not have; null if there are none.
create or replace function rhythm.key_problem(p_schema jsonb, p_value jsonb, p_path text)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.schema_problem(
    p_path || rhythm.json_step(k.key), k.rule, format('%s (%s)', rhythm.rule_sentence(p_schema, k.rule, null), k.rule))
  from (
    select r.key, 'required', 1, r.nth
    from jsonb_array_elements_text(p_schema -> 'required') with ordinality as r(key, nth)
    where not p_value ? r.key
    union all
    select o.key, 'additionalProperties', 2, o.nth
    from jsonb_object_keys(p_value) with ordinality as o(key, nth)
    where p_schema -> 'additionalProperties' = 'false' and not coalesce(p_schema -> 'properties' ? o.key, false)
  ) as k(key, rule, weight, nth)
  order by k.weight, k.nth
  limit 1;
$$;

comment on function rhythm.key_problem(jsonb, jsonb, text) is
  'The first missing or unknown property of an object under a schema, as {path, rule, message}; null if none.';

create or replace function rhythm.check_inputs(p_schema jsonb, p_value jsonb, p_path text default 'inputs')
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_value constant jsonb := coalesce(p_value, 'null');
  v_rule text;
  v_problem jsonb;
begin
  if p_schema is null or p_schema = '{}' then
    return null;
  end if;

  v_rule := rhythm.broken_rule(p_schema, v_value);
  if v_rule is null and p_schema ? 'anyOf' and not exists (
    select from jsonb_array_elements(p_schema -> 'anyOf') as a(alternative)
    where rhythm.check_inputs(a.alternative, v_value, p_path) is null
  ) then
    v_rule := 'anyOf';
  end if;
  if v_rule is not null then
    return rhythm.schema_problem(
      p_path, v_rule, format('%s (%s)', rhythm.rule_sentence(p_schema, v_rule, v_value), v_rule));
  end if;

  if jsonb_typeof(v_value) = 'object' then
    v_problem := rhythm.key_problem(p_schema, v_value, p_path);
  end if;
  if v_problem is null and jsonb_typeof(v_value) in ('object', 'array') then
    select c.problem
    into v_problem
    from rhythm.inner_values(p_schema, v_value, p_path) as i
    cross join lateral rhythm.check_inputs(i.schema, i.value, i.path) as c(problem)
    where c.problem is not null
    limit 1;
  end if;
  return v_problem;
end;
$$;

comment on function rhythm.check_inputs(jsonb, jsonb, text) is
  'Null if the value matches the schema; else {path, rule, message} of the first rule that it breaks. '
  'A schema of null accepts everything; a value of null is JSON null.';
`,
  },
  {
    name: "create/check_requests.sql",
    kind: "behaviour",
    checksum: "c416a728f55912d8e88744187bc3d80407aa8a37c60b2ccce44d9cd03c966609",
    text: `-- Checks requests: everything that starts an execution comes through here.

-- Validates the options that requests share once, and only the size of each input.
create or replace function rhythm.are_right(p_requests jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(bool_and(rhythm.request_problem(h.head) is null), true)
      and coalesce(max(h.bytes), 0) <= rhythm.setting('max_payload_bytes')::integer
    from (
      select case when jsonb_typeof(r.value) = 'object' then r.value - 'inputs' else r.value end as head,
        max(octet_length((r.value -> 'inputs')::text)) as bytes
      from jsonb_array_elements(p_requests) as r
      group by 1
    ) as h
  );
end;
$$;

comment on function rhythm.are_right(jsonb) is 'Whether an array for create_many() is right; if not, check_requests() says what is wrong. Internal.';

create or replace function rhythm.check_requests(p_requests jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_nth bigint;
  v_problem text;
begin
  if p_requests is null or jsonb_typeof(p_requests) <> 'array' then
    perform rhythm.raise('RH001', 'The argument of create_many() is not a JSON array', 'Expected [{"type": "task", "target": "send_email", "inputs": {}}, …]');
  end if;
  if rhythm.are_right(p_requests) then
    return;
  end if;
  select r.nth, rhythm.request_problem(r.value) into v_nth, v_problem
  from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
  where rhythm.request_problem(r.value) is not null
  order by r.nth
  limit 1;
  if v_problem is not null then
    perform rhythm.raise(
      case when v_problem like 'inputs take%' then 'RH006' else 'RH001' end,
      case when jsonb_array_length(p_requests) = 1 then v_problem else format('Request %s: %s', v_nth, v_problem) end
    );
  end if;
end;
$$;

comment on function rhythm.check_requests(jsonb) is 'Raises RH001 (RH006: too large) for the first thing that is wrong in an array for create_many().';

create or replace function rhythm.check_targets(p_requests jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flow text;
  v_problem jsonb;
begin
  select t.target into v_flow
  from (select distinct r.value ->> 'target' as target from jsonb_array_elements(p_requests) as r where r.value ->> 'type' = 'workflow') as t
  where not exists (select from rhythm.flow as f where f.name = t.target)
  limit 1;
  if v_flow is not null then
    perform rhythm.raise('RH004', format('There is no flow "%s"', v_flow), coalesce(
      rhythm.did_you_mean(v_flow, array(select f.name from rhythm.flow as f order by f.name)),
      'Register it with register_flow(), or start a worker that has it'));
  end if;

  select p.problem, p.target into v_problem, v_flow
  from (
    select r.value ->> 'target' as target, rhythm.check_inputs(v.input_schema, coalesce(r.value -> 'inputs', '{}')) as problem
    from jsonb_array_elements(p_requests) as r
    join rhythm.flow as f on f.name = r.value ->> 'target'
    join rhythm.flow_version as v on v.program = f.program and v.input_schema is not null
    where r.value ->> 'type' = 'workflow'
  ) as p
  where p.problem is not null
  limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH005', format('Cannot start flow "%s": %s', v_flow, coalesce(v_problem ->> 'message', v_problem ->> 'sentence', v_problem::text)), null, v_problem::text);
  end if;
end;
$$;

comment on function rhythm.check_targets(jsonb) is 'Raises RH004 for a flow that is not registered, RH005 for inputs that do not match its schema.';
`,
  },
  {
    name: "create/create_many.sql",
    kind: "behaviour",
    checksum: "2ea7b82309e464c116d760686519c0e7060ecea383d0fbd4fdfb3064918a3fb5",
    text: `-- Creating many executions at once, all or none.

create or replace function rhythm.key_of(p_request jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_request ? 'debounce' then format('debounce:%s:%s:%s', p_request ->> 'type', p_request ->> 'target', p_request #>> '{debounce,key}') else
    format('%s:%s:%s', p_request ->> 'type', p_request ->> 'target', coalesce(p_request ->> 'idempotency_key', p_request #>> '{unique,key}')) end;
end;
$$;

comment on function rhythm.key_of(jsonb) is 'The idempotency key or unique key of a request, with the name of its task or flow, as in the table idempotency_key. Internal.';

create or replace function rhythm.held_while(p_request jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_request ? 'debounce' then 'queued' when p_request ? 'unique' then (
    select w.held from (select coalesce(p_request #>> '{unique,while}', 'active')) as w (held) where w.held in ('queued', 'active')) end;
end;
$$;

comment on function rhythm.held_while(jsonb) is 'Whether the key of a request is held while it is queued, or active; null: neither. Internal.';

create or replace function rhythm.is_begun(p_execution rhythm.execution)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_execution.state > 0 or coalesce(case p_execution.type
    when 'task' then (select b.attempt > 0 from rhythm.batch as b where b.id = p_execution.batch_id)
    else (
      select s.seq > 0 or s.attempt > 0 or s.batch_id is null or coalesce((select b.attempt > 0 from rhythm.batch as b where b.id = s.batch_id), false)
      from rhythm.workflow_state as s where s.execution_id = p_execution.id)
    end, false);
end;
$$;

comment on function rhythm.is_begun(rhythm.execution) is 'Whether an execution has ended, or a worker has taken it. Internal.';

-- It is free if it has expired, if its execution was purged, or no longer is what the key is held for. So nothing is written when an
-- execution begins or ends. Volatile: after waiting for another session that claimed the key, this must see what that session wrote.
create or replace function rhythm.key_is_free(p_key rhythm.idempotency_key)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
begin
  select e.* into v_execution from rhythm.execution as e where e.id = p_key.execution_id;
  return not found or coalesce(p_key.expires_at <= rhythm.now(), false) or case p_key.held_while
    when 'active' then v_execution.state > 0
    when 'queued' then rhythm.is_begun(v_execution)
    else false end;
end;
$$;

comment on function rhythm.key_is_free(rhythm.idempotency_key) is 'Whether a key no longer belongs to an execution. Internal.';

-- Keys first, in their order, so that two sessions with the same keys wait for each other and cannot deadlock.
create or replace function rhythm.claim_keys(p_requests jsonb, p_now timestamptz)
returns table (nth bigint, execution_id uuid, is_new boolean)
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with keyed as (
    select distinct on (rhythm.key_of(r.value))
      rhythm.key_of(r.value) as key,
      coalesce((r.value ->> 'id')::uuid, rhythm.uuid7(p_now, (r.nth - 1)::integer)) as id,
      p_now + rhythm.duration_ms(coalesce(r.value -> 'idempotency_ttl', r.value #> '{unique,while}')) * interval '1 millisecond' as expires_at,
      rhythm.held_while(r.value) as held_while
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    where r.value ?| array['idempotency_key', 'unique', 'debounce']
    order by rhythm.key_of(r.value), r.nth
  ),
  before as (
    select k.key, k.execution_id from rhythm.idempotency_key as k where k.key in (select n.key from keyed as n)
  ),
  kept as (
    insert into rhythm.idempotency_key as k (key, execution_id, expires_at, held_while)
    select n.key, n.id, n.expires_at, n.held_while from keyed as n order by n.key
    on conflict (key) do update set
      (execution_id, expires_at, held_while) = (
        select case when f.is_free then excluded.execution_id else k.execution_id end,
          case when f.is_free then excluded.expires_at else k.expires_at end, case when f.is_free then excluded.held_while else k.held_while end
        -- Asked once: an execution may begin between two answers.
        from (select rhythm.key_is_free(k) offset 0) as f (is_free))
    returning k.key, k.execution_id, k.xmax = 0 as inserted
  )
  select r.nth, k.execution_id,
    -- A caller may give the same id of its own again, so the id in the row does not say which call inserted it.
    (k.inserted or coalesce(k.execution_id = n.id and b.execution_id <> n.id, false))
      and r.nth = min(r.nth) over (partition by k.key)
  from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
  join kept as k on k.key = rhythm.key_of(r.value)
  join keyed as n on n.key = k.key
  left join before as b on b.key = k.key
  where r.value ?| array['idempotency_key', 'unique', 'debounce'];
$$;

comment on function rhythm.claim_keys(jsonb, timestamptz) is
  'For each request with a key: the execution to which the key belongs, and whether it must still be created. Internal.';

-- The common head of alike requests; null if they are not alike, or if each of them must be checked.
create or replace function rhythm.one_head(p_requests jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_head jsonb;
  v_is_one boolean;
begin
  if jsonb_typeof(p_requests) is distinct from 'array' or jsonb_typeof(p_requests -> 0) is distinct from 'object' then
    return null;
  end if;
  v_head := (p_requests -> 0) - 'inputs';
  if v_head ->> 'type' is distinct from 'task' or v_head ?| array['id', 'idempotency_key', 'unique', 'debounce', 'throttle', 'parent'] or rhythm.request_problem(v_head) is not null then
    return null;
  end if;
  select bool_and(case when jsonb_typeof(r.value) = 'object' then r.value - 'inputs' = v_head else false end)
    and coalesce(max(octet_length((r.value -> 'inputs')::text)), 0) <= v_limit
  into v_is_one
  from jsonb_array_elements(p_requests) as r;
  return case when v_is_one then v_head end;
end;
$$;

comment on function rhythm.one_head(jsonb) is 'What requests for tasks have in common, if they differ only in their inputs and are right; else null. Internal.';

-- All keys are claimed before executions are created. A key that another request of this call has just claimed has no execution
-- yet, and would look free. So each key is claimed once, and requests of one call that share a key are one execution.
create or replace function rhythm.create_unlike(p_requests jsonb, p_now timestamptz)
returns rhythm.key_claim[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_claims rhythm.key_claim[];
  v_result rhythm.key_claim[];
  v_new jsonb;
begin
  perform rhythm.check_requests(p_requests);
  perform rhythm.check_targets(p_requests);
  perform rhythm.hold_parents(p_requests);
  v_ids := rhythm.new_ids(jsonb_array_length(p_requests), p_now);
  v_claims := case when jsonb_path_exists(p_requests, '$[*] ? (exists(@.unique) || exists(@.debounce))') then rhythm.claim_unique(p_requests, p_now)
    else array(select row(c.nth, c.execution_id, c.is_new)::rhythm.key_claim from rhythm.claim_keys(p_requests, p_now) as c) end;
  if jsonb_path_exists(p_requests, '$[*].throttle') then
    p_requests := rhythm.throttled(p_requests, v_ids, p_now);
  end if;
  with request as (
    select r.nth, coalesce((r.value ->> 'dropped_for')::uuid, k.execution_id, (r.value ->> 'id')::uuid, v_ids[r.nth]) as id,
      coalesce(k.is_new, not r.value ? 'dropped_for') as is_new,
      case r.value #>> '{debounce,inputs}' when 'all' then r.value || jsonb_build_object('inputs', jsonb_build_array(coalesce(r.value -> 'inputs', '{}'))) else r.value end as value
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    left join unnest(v_claims) as k on k.nth = r.nth
  )
  select array_agg(row(r.nth, r.id, r.is_new)::rhythm.key_claim order by r.nth),
    jsonb_agg((r.value - 'idempotency_ttl') || jsonb_build_object('id', r.id) order by r.nth) filter (where r.is_new)
  into v_result, v_new
  from request as r;
  perform rhythm.create_new(coalesce(v_new, '[]'), p_now);
  perform rhythm.record_named('start', array(select c.execution_id from unnest(v_result) as c order by c.nth));
  return v_result;
end;
$$;

comment on function rhythm.create_unlike(jsonb, timestamptz) is 'What create_many() does with requests that are not alike. Internal.';

create or replace function rhythm.create_many(p_requests jsonb)
returns setof uuid
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
  v_head constant jsonb := rhythm.one_head(p_requests);
  v_ids uuid[];
begin
  if v_head is not null then
    v_ids := rhythm.make_alike(v_head, p_requests, v_now);
    perform rhythm.record_named('start', v_ids);
    return query select i.id from unnest(v_ids) with ordinality as i (id, nth) order by i.nth;
    return;
  end if;
  return query select c.execution_id from unnest(rhythm.create_unlike(p_requests, v_now)) as c order by c.nth;
end;
$$;

comment on function rhythm.create_many(jsonb) is
  'Creates executions, all or none, and returns their ids in order. Each request: {"type": "task"|"workflow", "target", "inputs", '
  'and optionally "queue", "priority", "delay", "run_at", "expires", "timeout", "retry", "idempotency_key", "idempotency_ttl", "unique", "debounce", "throttle", "concurrency_key", '
  '"metadata", "parent", "on_parent_cancel", "traceparent", "notify_on_end" (as watch() does, but not for an execution that the key already has), "id"}.';

create or replace function rhythm.create_each(p_requests jsonb)
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
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', c.execution_id, 'created', c.is_new) order by c.nth), '[]')
    from unnest(rhythm.create_unlike(p_requests, rhythm.now())) as c);
end;
$$;

comment on function rhythm.create_each(jsonb) is
  'As create_many(), and says of each request whether it was created: [{"id", "created"}]. False: its key belongs to that execution, which was there before.';

create or replace function rhythm.create_new(p_requests jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sorted record;
  v_batches rhythm.batch[];
begin
  if p_requests = '[]' then
    return;
  end if;
  v_sorted := rhythm.sort_requests(p_requests, p_now);
  begin
    v_batches := rhythm.make_executions(v_sorted.kinds, v_sorted.newcomers, p_now);
  exception
    when unique_violation then
      perform rhythm.raise('RH001', 'An execution with this id exists already', 'Leave id out, or give each execution a UUID of its own');
  end;
  if jsonb_path_exists(p_requests, '$[*].parent') then
    perform rhythm.cancel_under(array(select (r.value ->> 'id')::uuid from jsonb_array_elements(p_requests) as r), p_now);
  end if;
  perform rhythm.wake_for(v_batches);
end;
$$;

comment on function rhythm.create_new(jsonb, timestamptz) is 'Creates the executions of requests that have ids, and wakes sleeping workers. Internal.';
`,
  },
  {
    name: "create/flows.sql",
    kind: "behaviour",
    checksum: "73b45b485bd1d5137a3419f1ea0470e9d6bb9ed687ee7dd76fe76c857ea7d119",
    text: `-- Registering flows and tasks.

create or replace function rhythm.options_problem(p_options jsonb)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    case when jsonb_typeof(p_options) is distinct from 'object' then 'options must be an object' end,
    case when p_options - rhythm.option_names('defaults') <> '{}' then
      'There is no ' || rhythm.unknown_option(p_options, rhythm.option_names('defaults')) end,
    rhythm.request_problem(p_options || '{"type": "task", "target": "x"}')
  );
$$;

comment on function rhythm.options_problem(jsonb) is 'What is wrong with the defaults of a flow or task; null if nothing is. Internal.';

-- The first program that names a deploy gives it its time, so that all programs of one deploy have the same.
create or replace function rhythm.deploy_time(p_deploy text)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_time timestamptz;
begin
  if p_deploy ~ '^\\d{4}-\\d\\d-\\d\\d' then
    begin
      v_time := p_deploy;
    exception when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
      perform rhythm.raise('RH001', format('deploy is "%s": expected an id, or a time such as 2026-01-31T12:00:00Z', left(p_deploy, 100)));
    end;
    if v_time > rhythm.now() + interval '1 day' then
      perform rhythm.raise('RH001', format('deploy is %s, which is in the future: expected the time when the deploy began', p_deploy),
  'A time in the future would block every deploy before it');
    end if;
    return v_time;
  end if;
  perform rhythm.check_name('deploy', p_deploy);
  insert into rhythm.deploy (id, first_seen_at) values (p_deploy, rhythm.now()) on conflict (id) do nothing;
  return (select d.first_seen_at from rhythm.deploy as d where d.id = p_deploy);
end;
$$;

comment on function rhythm.deploy_time(text) is 'When a deploy began: the time that it names, or when its id was first seen. Internal.';

create or replace function rhythm.current_version(p_flow text)
returns integer
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select v.version from rhythm.flow as f join rhythm.flow_version as v on v.program = f.program where f.name = p_flow;
$$;

comment on function rhythm.current_version(text) is 'The version of a flow that new executions start on. Internal.';

create or replace function rhythm.register_flow(
  p_name text,
  p_source text,
  p_program jsonb,
  input_schema jsonb default null,
  options jsonb default '{}',
  description text default null,
  deploy text default null
)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_program constant text := rhythm.program_hash(p_name, p_source);
  v_schema_problem constant jsonb := case when input_schema is not null then rhythm.check_schema(input_schema) end;
  v_problem constant text := coalesce(
    rhythm.name_problem('flow', p_name),
    case when p_source is null or octet_length(p_source) > 1048576 then 'The source of a flow must be a text of at most 1 MiB' end,
    case when jsonb_typeof(p_program) is distinct from 'object' then 'The program of a flow must be an object: what the compiler gave' end,
    rhythm.options_problem(options),
    v_schema_problem ->> 'message',
    case when length(description) > 10000 then 'The description of a flow must be a text of at most 10000 characters' end
  );
  v_deployed_at timestamptz;
  v_is_new boolean;
  v_old integer;
  v_new integer;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  v_deployed_at := case when deploy is not null then rhythm.deploy_time(deploy) end;
  perform pg_advisory_xact_lock(hashtextextended(:'schema' || ' flow ' || p_name, 0));
  v_old := rhythm.current_version(p_name);
  insert into rhythm.flow_version (program, name, version, source, code, input_schema, options, description, found_by, created_at)
  values (
    v_program, p_name,
    (select coalesce(max(v.version), 0) + 1 from rhythm.flow_version as v where v.name = p_name),
    p_source, p_program, register_flow.input_schema, register_flow.options, register_flow.description,
    rhythm.found_by(p_program), rhythm.now())
  on conflict (program) do nothing;
  v_is_new := found;
  insert into rhythm.flow as f (name, program, updated_at, deployed_at)
  values (p_name, v_program, rhythm.now(), coalesce(v_deployed_at, rhythm.now()))
  on conflict (name) do update set
    program = excluded.program,
    updated_at = case when f.program = excluded.program then f.updated_at else excluded.updated_at end,
    deployed_at = greatest(f.deployed_at, excluded.deployed_at)
  where (f.program <> excluded.program or f.deployed_at < v_deployed_at)
    and case when v_deployed_at is null then v_is_new else v_deployed_at >= f.deployed_at end;
  -- Applications register their flows at every start.
  v_new := rhythm.current_version(p_name);
  if v_new is distinct from v_old then
    perform rhythm.record('deploy', 'flow', p_name, deploy, jsonb_build_object('version', v_old), jsonb_build_object('version', v_new));
  end if;
  return (select v.version from rhythm.flow_version as v where v.program = v_program);
end;
$$;

comment on function rhythm.register_flow(text, text, jsonb, jsonb, jsonb, text, text) is
  'Stores a text as a version of a flow and returns its number. A new text becomes current. A text that was registered before becomes current only with a deploy '
  '(an id, or the time when it began) that is not older than that of the current version. Running executions stay on their version.';

create or replace function rhythm.set_flow_version(p_name text, p_version integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_program constant text := (select v.program from rhythm.flow_version as v where v.name = p_name and v.version = p_version);
  v_old integer;
begin
  if v_program is null then
    perform rhythm.raise('RH004', format('There is no version %s of flow "%s"', p_version, p_name), coalesce(
      case when not exists (select from rhythm.flow as f where f.name = p_name) then
        rhythm.did_you_mean(p_name, array(select f.name from rhythm.flow as f order by f.name)) end,
      'The view flow_versions lists all versions'));
  end if;
  perform pg_advisory_xact_lock(hashtextextended(:'schema' || ' flow ' || p_name, 0));
  v_old := rhythm.current_version(p_name);
  update rhythm.flow as f set program = v_program, updated_at = rhythm.now(), deployed_at = greatest(f.deployed_at, rhythm.now())
  where f.name = p_name and f.program <> v_program;
  if found then
    perform rhythm.record('deploy', 'flow', p_name, p_before => jsonb_build_object('version', v_old), p_after => jsonb_build_object('version', p_version));
  end if;
end;
$$;

comment on function rhythm.set_flow_version(text, integer) is
  'Makes a version of a flow current, so that new executions start on it, until a newer deploy or a new text is registered. Running executions stay on their version.';

create or replace function rhythm.get_program(p_program text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select v.code from rhythm.flow_version as v where v.program = p_program;
$$;

comment on function rhythm.get_program(text) is 'The compiled program that a claimed workflow names; null if there is none.';

create or replace function rhythm.register_tasks(p_tasks jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem text;
begin
  if p_tasks is null or jsonb_typeof(p_tasks) <> 'array' or jsonb_path_exists(p_tasks, 'strict $[*] ? (@.type() != "object")') then
    perform rhythm.raise('RH001', 'The argument of register_tasks() is not a JSON array of objects', 'Expected [{"name": "send_email", "queue": "mail"}, …]');
  end if;
  select p.problem into v_problem
  from jsonb_array_elements(p_tasks) with ordinality as t (value, nth)
  cross join lateral (
    select coalesce(rhythm.name_problem('task', t.value ->> 'name'), rhythm.options_problem(t.value - 'name')) as problem
  ) as p
  where p.problem is not null
  order by t.nth
  limit 1;
  v_problem := coalesce(v_problem, (
    select format('Task "%s" is given twice', t.value ->> 'name') from jsonb_array_elements(p_tasks) as t
    group by t.value ->> 'name' having count(*) > 1 limit 1), (
    select format('"%s" is a SQL task: define_sql_task() says what holds for it', k.name) from rhythm.task as k
    where k.sql_function is not null and k.name in (select t.value ->> 'name' from jsonb_array_elements(p_tasks) as t)
    order by k.name limit 1));
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  insert into rhythm.task as k (name, options, updated_at)
  select t.value ->> 'name', t.value - 'name', rhythm.now()
  from jsonb_array_elements(p_tasks) as t
  order by t.value ->> 'name'
  on conflict (name) do update set options = excluded.options, updated_at = excluded.updated_at
  where k.options <> excluded.options;
end;
$$;

comment on function rhythm.register_tasks(jsonb) is
  'Stores the defaults of tasks: [{name, queue, priority, timeout, retry}]. They apply to every start of the task, also from psql and from flows.';

create or replace function rhythm.unregistered(p_wanted jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_wanted is null or jsonb_typeof(p_wanted) <> 'array' or jsonb_path_exists(p_wanted, 'strict $[*] ? (@.type() != "object")') then
    perform rhythm.raise('RH001', 'The argument of unregistered() is not a JSON array of objects', 'Expected [{"kind": "task", "name": "send_email"}, …]');
  end if;
  return coalesce((
    select jsonb_agg(jsonb_build_object('kind', w.value ->> 'kind', 'name', w.value ->> 'name') order by w.nth)
    from jsonb_array_elements(p_wanted) with ordinality as w (value, nth)
    where not case w.value ->> 'kind'
      when 'task' then exists (select from rhythm.task as k where k.name = w.value ->> 'name')
      -- Any of its versions: during a rollout, workers of the version before start, too.
      when 'flow' then exists (
        select from rhythm.flow_version as v where v.program = rhythm.program_hash(w.value ->> 'name', w.value ->> 'source'))
      when 'workflow' then exists (
        select from rhythm.flow as f
        join rhythm.flow_version as v on v.program = f.program
        where f.name = w.value ->> 'name' and v.code = '{"language": "typescript"}')
      else false
    end
  ), '[]');
end;
$$;

comment on function rhythm.unregistered(jsonb) is
  'Those of some flows, tasks and workflows in TypeScript, [{kind: flow | task | workflow, name, source: of a flow}], that rhythm_deployer must still register: '
  '[{kind, name}]. A flow with another source counts as missing. For workers that may not register themselves.';

create or replace function rhythm.program_hash(p_name text, p_source text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select encode(sha256(convert_to(p_name || E'\\n' || p_source, 'UTF8')), 'hex');
$$;

comment on function rhythm.program_hash(text, text) is 'The key of a version of a flow: the same name and text are the same version.';
`,
  },
  {
    name: "create/ids.sql",
    kind: "behaviour",
    checksum: "93d4fe77983c4cc6a0230e9c9e0916489d2d2be4162a3cc7db24178d4b796b82",
    text: `-- Ids, channels, durations, settings.

-- p_nth keeps the order of ids that are made in the same instant, for a batch and for single calls of a session. It is in the
-- 12 bits after the version (rand_a of RFC 9562), as 4,096ths of a millisecond. The 10 bits after the variant are the
-- number of the cell, 0 as in cell_digits(). The last 52 are random.
create or replace function rhythm.uuid7(p_at timestamptz default null, p_nth integer default null)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select (
      overlay(lpad(to_hex(c.us / 1000 + coalesce(c.place / 4096, 0)), 12, '0') placing '-' from 9 for 0) || '-7'
      || case when p_nth is null then substr(c.r, 16, 3) else lpad(to_hex(c.place % 4096), 3, '0') end || '-800' || substr(c.r, 23)
    )::uuid
    from (
      select t.us, t.us % 1000 * 4096 / 1000 + p_nth as place, rhythm.secret()::text as r
      from (select round(extract(epoch from coalesce(p_at, rhythm.now())) * 1000000)::bigint as us) as t
    ) as c);
end;
$$;

comment on function rhythm.uuid7(timestamptz, integer) is
  'A UUID of version 7: ids of a later millisecond sort later. p_nth (0, 1, 2 …) orders the ids of one batch.';

-- Random bytes and a call for each row would cost as much as the row, so all come from one secret. Someone who knows some of
-- the ids cannot compute another one. Of 128 bits, 60 are the time and the order, 10 are the cell, 52 come from the hash.
create or replace function rhythm.new_ids(p_count integer, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_secret constant text := rhythm.secret()::text;
  v_us constant bigint := round(extract(epoch from p_now) * 1000000);
  -- In 4,096ths of a millisecond, so that ids that a session makes one by one sort in that order.
  v_first constant bigint := v_us % 1000 * 4096 / 1000;
  v_times constant text[] := array(
    select lpad(to_hex(v_us / 1000 + n.block), 12, '0') from generate_series(0, (v_first + p_count) / 4096) as n (block) order by n.block);
  v_random constant bytea := (
    select string_agg(sha512((v_secret || n.block)::bytea), '' order by n.block) from generate_series(0, (p_count - 1) / 8) as n (block));
begin
  return array(
    select (v_times[(v_first + i.nth - 1) / 4096 + 1] || to_hex(28672 + (v_first + i.nth - 1) % 4096)
      || rhythm.cell_digits() || substr(encode(substr(v_random, i.nth * 8 - 7, 8), 'hex'), 4))::uuid
    from generate_series(1, p_count) as i (nth) order by i.nth);
end;
$$;

comment on function rhythm.new_ids(integer, timestamptz) is 'A number of ids in ascending order. Internal: use new_id().';

create or replace function rhythm.new_id()
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (rhythm.new_ids(1, rhythm.now()))[1];
end;
$$;

comment on function rhythm.new_id() is 'An id for the option id of an execution: a UUIDv7 with the number of this cell.';

-- Variant 10, ten bits of the cell number, in three hexadecimal digits. There is one cell, number 0, today.
create or replace function rhythm.cell_digits()
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return '800';
end;
$$;

comment on function rhythm.cell_digits() is 'The digits of an id that name the cell that made it. Internal.';

create or replace function rhythm.created_at(p_id uuid)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return to_timestamp(('x' || translate(left(p_id::text, 13), '-', ''))::bit(48)::bigint / 1000.0);
end;
$$;

comment on function rhythm.created_at(uuid) is 'The time, in milliseconds, that an id of version 7 contains.';

-- Ids of callers. An id of a foreign cell could collide with ids of another installation. An id from the future would sort
-- behind everything that comes, so claims and purges, which walk in the order of ids, would skip it.
create or replace function rhythm.id_problem(p_id uuid)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- The ten bits after the variant. An installation has one cell; today only cell 0 exists.
  c_cell constant integer := 0;
  v_text constant text := p_id::text;
  v_bits constant integer := ('x' || substr(v_text, 20, 3))::bit(12)::integer;
  v_ms constant bigint := ('x' || substr(v_text, 1, 8) || substr(v_text, 10, 4))::bit(48)::bigint;
begin
  return case
    when substr(v_text, 15, 1) <> '7' or v_bits >> 10 <> 2 then
      format('%s cannot be an id: expected a UUID of version 7, as new_id() makes it', v_text)
    when v_bits & 1023 <> c_cell then
      format('%s cannot be an id: it belongs to cell %s, expected cell %s, as new_id() makes it', v_text, v_bits & 1023, c_cell)
    when v_ms > extract(epoch from rhythm.now()) * 1000 + 60000 then
      format('%s cannot be an id: it is more than a minute ahead of the clock of the database', v_text)
  end;
end;
$$;

comment on function rhythm.id_problem(uuid) is
  'Why a UUID cannot be the id of a new execution; null if it can: version 7, this installation''s cell, at most a minute ahead.';

create or replace function rhythm.channel(p_kind text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return :'schema' || '_' || p_kind;
end;
$$;

comment on function rhythm.channel(text) is
  'The NOTIFY channel of this installation for work (payload: a queue), done (an execution that somebody waits for) or stop (a worker that must cancel something).';

-- Postgres cannot prepare a transaction that has notified. "set rhythm.notify = off" is for transactions that will be prepared.
create or replace function rhythm.notify(p_kind text, p_payload text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(lower(current_setting('rhythm.notify', true)), 'on') not in ('off', 'false', 'no', '0') then
    perform pg_notify(:'schema' || '_' || p_kind, p_payload);
  end if;
end;
$$;

comment on function rhythm.notify(text, text) is
  'Notifies on a channel of this installation (see channel()), unless the session has set rhythm.notify = off. Internal.';

create or replace function rhythm.setting(p_name text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(
      (select s.value from rhythm.setting as s where s.name = p_name),
      case p_name
        when 'max_payload_bytes' then '1048576'
        when 'retention' then '30 days'
        when 'max_crashes' then '3'
        when 'cancel_grace' then '1 minute'
        when 'hook_interval' then '1 minute'
        when 'audit_retention' then '400 days'
      end
    )
  );
end;
$$;

comment on function rhythm.setting(text) is
  'A setting of this installation: max_payload_bytes (1048576), retention (30 days), max_crashes (3), cancel_grace (1 minute), hook_interval (1 minute), audit_retention (400 days).';

-- Owner only, because settings apply to everyone.
create or replace function rhythm.configure(p_name text, p_value text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.setting(p_name) is null then
    perform rhythm.raise('RH001', format('There is no setting "%s"', p_name), 'Settings are max_payload_bytes, retention, max_crashes, cancel_grace, hook_interval, audit_retention');
  end if;
  if p_value is null
    or (p_name in ('retention', 'cancel_grace', 'hook_interval', 'audit_retention') and coalesce(rhythm.interval_of(p_value) < '0', true))
    or (p_name not in ('retention', 'cancel_grace', 'hook_interval', 'audit_retention') and p_value !~ '^[1-9]\\d{0,8}$') then
    perform rhythm.raise('RH001', format('"%s" cannot be the value of %s', p_value, p_name), 'Expected a positive number, or an interval such as 30 days for retention, cancel_grace, hook_interval and audit_retention');
  end if;
  perform rhythm.record('set', 'setting', p_name, p_before => to_jsonb(rhythm.setting(p_name)), p_after => to_jsonb(p_value));
  insert into rhythm.setting (name, value) values (p_name, p_value)
  on conflict (name) do update set value = excluded.value;
end;
$$;

comment on function rhythm.configure(text, text) is 'Changes a setting of this installation; see setting().';

create or replace function rhythm.interval_of(p_text text)
returns interval
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_text::interval;
exception
  when invalid_datetime_format or datetime_field_overflow or interval_field_overflow then
    return null;
end;
$$;

comment on function rhythm.interval_of(text) is 'A text as an interval; null if it is not one.';
`,
  },
  {
    name: "create/input_check.sql",
    kind: "behaviour",
    checksum: "45510bcc0aa842ca52c6f3eebb0b1df034c62b19bd6f8d3e5e86ba88c141df80",
    text: `-- Does a value match a schema? Null means yes; else the path into the value and the rule that it breaks.
-- The schema has passed check_schema(), so its form is not checked again. The depth of the recursion is the depth of the
-- schema, not of the value.

create or replace function rhythm.has_type(p_value jsonb, p_type jsonb, p_nullable boolean)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_type is null then true
    when p_nullable and jsonb_typeof(p_value) = 'null' then true
    when jsonb_typeof(p_value) = 'number' and p_type ? 'integer' and rhythm.is_whole(p_value) then true
    else p_type ? jsonb_typeof(p_value)
  end;
$$;

comment on function rhythm.has_type(jsonb, jsonb, boolean) is
  'Whether a JSON value has a schema''s type: a name, or a list of names, one of which must fit.';

-- The rules for the value itself, without its members; the first that it breaks, as its keyword.
create or replace function rhythm.broken_rule(p_schema jsonb, p_value jsonb)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when not rhythm.has_type(p_value, p_schema -> 'type', p_schema -> 'nullable' = 'true') then 'type'
    when p_schema ? 'const' and p_value <> p_schema -> 'const' then 'const'
    when p_schema ? 'enum' and not exists (
      select from jsonb_array_elements(p_schema -> 'enum') as a(allowed) where a.allowed = p_value
    ) then 'enum'
    else case jsonb_typeof(p_value)
      when 'number' then case
        when p_value::numeric < (p_schema ->> 'minimum')::numeric then 'minimum'
        when p_value::numeric > (p_schema ->> 'maximum')::numeric then 'maximum'
      end
      when 'string' then case
        when length(p_value #>> '{}') < (p_schema ->> 'minLength')::numeric then 'minLength'
        when length(p_value #>> '{}') > (p_schema ->> 'maxLength')::numeric then 'maxLength'
      end
      when 'array' then case
        when jsonb_array_length(p_value) < (p_schema ->> 'minItems')::numeric then 'minItems'
        when jsonb_array_length(p_value) > (p_schema ->> 'maxItems')::numeric then 'maxItems'
      end
    end
  end;
$$;

comment on function rhythm.broken_rule(jsonb, jsonb) is
  'The keyword of the first rule of a schema that a value itself breaks, without its members; null if none.';

-- The message for a broken rule: what was expected, and what was given.
create or replace function rhythm.rule_sentence(p_schema jsonb, p_rule text, p_value jsonb)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case p_rule
    when 'type' then format(
      'expected %s, got %s',
      replace(trim(both '[]"' from (p_schema -> 'type')::text), '", "', ' or '),
      case when p_value is null then 'nothing' else jsonb_typeof(p_value) end)
    when 'const' then format('expected %s', left((p_schema -> 'const')::text, 200))
    when 'enum' then format('expected one of %s', left((p_schema -> 'enum')::text, 200))
    when 'minimum' then format('expected at least %s, got %s', p_schema -> 'minimum', p_value)
    when 'maximum' then format('expected at most %s, got %s', p_schema -> 'maximum', p_value)
    when 'minLength' then format('expected at least %s characters, got %s', p_schema -> 'minLength', length(p_value #>> '{}'))
    when 'maxLength' then format('expected at most %s characters, got %s', p_schema -> 'maxLength', length(p_value #>> '{}'))
    when 'minItems' then format('expected at least %s items, got %s', p_schema -> 'minItems', jsonb_array_length(p_value))
    when 'maxItems' then format('expected at most %s items, got %s', p_schema -> 'maxItems', jsonb_array_length(p_value))
    when 'required' then 'is required'
    when 'additionalProperties' then 'is not a known property'
    when 'anyOf' then format('fits none of the %s alternatives', jsonb_array_length(p_schema -> 'anyOf'))
  end;
$$;

comment on function rhythm.rule_sentence(jsonb, text, jsonb) is 'The message for a broken rule: what was expected, and what was given.';
`,
  },
  {
    name: "create/json.sql",
    kind: "behaviour",
    checksum: "450ee4d1757da0337d819a2c3e5785f584d194f4acc1137a537aa72983cd5c0d",
    text: `-- Small helpers for JSON, shared by the input check.

create or replace function rhythm.json_step(p_key text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_key ~ '^[A-Za-z_$][A-Za-z0-9_$]*$' then '.' || p_key else '[' || to_jsonb(p_key)::text || ']' end;
$$;

comment on function rhythm.json_step(text) is 'One step of a path into JSON, as JavaScript would write it: .key or ["any key"].';

create or replace function rhythm.is_whole(p_value jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_value::numeric = trunc(p_value::numeric);
end;
$$;

comment on function rhythm.is_whole(jsonb) is 'Whether a JSON number is an integer: 1 and 1.0 are.';
`,
  },
  {
    name: "create/key_waiters.sql",
    kind: "behaviour",
    checksum: "edf31d90756f132d56429be54bbb391b2af61e5655560f841b91df9be0d9372b",
    text: `-- Children whose idempotency key already belongs to another execution: they end as that one does.

-- Turns requests for children whose key is taken into key waiters, and returns their ids. The others must still be created.
-- Locks: the rows of the keys, in their order, after states and executions. Waits for sessions that claim the same key.
create or replace function rhythm.make_key_waiters(p_requests jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  if jsonb_path_exists(p_requests, '$[*].unique.on_conflict ? (@ == "replace" || @ == "cancel_existing")') then
    perform rhythm.raise('RH001', 'unique.on_conflict of a child must be existing or reject');
  end if;
  with known as materialized (
    select r.value as v, k.execution_id as owner_id, (r.value ->> 'id')::uuid as id
    from rhythm.claim_keys(p_requests, p_now) as k
    join jsonb_array_elements(p_requests) with ordinality as r (value, nth) on r.nth = k.nth
    where not k.is_new
  ),
  kind as materialized (
    select k.*, rhythm.kind_of(k.v - '{id,inputs,parent,traceparent,wait_group}'::text[], p_now) as x from known as k
  ),
  born as (
    insert into rhythm.execution (
      id, parent_id, root_id, wait_group, outlives, priority, timeout_ms, type, target, queue, concurrency_key, unique_key, unique_while, traceparent, retry, metadata, inputs, note
    )
    select k.id, p.id, coalesce(p.root_id, p.id), (k.v ->> 'wait_group')::integer, (k.x).outlives, (k.x).priority, (k.x).timeout_ms,
      (k.x).type, (k.x).target, (k.x).queue, (k.x).concurrency_key, (k.x).unique_key, (k.x).unique_while, k.v ->> 'traceparent', (k.x).retry, (k.x).metadata, coalesce(k.v -> 'inputs', '{}'),
      rhythm.key_waiter_note(k.owner_id)
    from kind as k
    join rhythm.execution as p on p.id = (k.v ->> 'parent')::uuid
  ),
  deadline as (
    insert into rhythm.timer (id, execution_id, fires_at, deadline)
    select rhythm.uuid7(p_now), k.id, p_now + (k.x).timeout_ms * interval '1 millisecond', true
    from kind as k where (k.x).timeout_ms is not null
  ),
  made as (
    insert into rhythm.key_waiter (execution_id, owner_id, rejects, key)
    select k.id, k.owner_id, coalesce(k.v #>> '{unique,on_conflict}' = 'reject', false), rhythm.key_of(k.v)
    from known as k
    returning execution_id
  )
  select coalesce(array_agg(m.execution_id), '{}') into v_ids from made as m;
  return v_ids;
end;
$$;

comment on function rhythm.make_key_waiters(jsonb, timestamptz) is
  'Claims the idempotency keys of children; turns those that come too late into key waiters, and returns their ids. Internal.';

create or replace function rhythm.key_waiter_note(p_owner uuid)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format('It ends as %s does, which came first with its idempotency key', p_owner);
end;
$$;

comment on function rhythm.key_waiter_note(uuid) is 'The note of a key waiter. Internal.';

-- Whether p_owner cannot end before p_execution does: it is the same execution, or started it, or waits for something that does.
-- If two workflows wait for each other's keyed children, the second one to wait finds this.
create or replace function rhythm.waits_for_itself(p_owner uuid, p_execution uuid)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive above as (
    select e.id, e.parent_id from rhythm.execution as e where e.id = p_execution
    union
    select p.id, p.parent_id from above as a join rhythm.execution as p on p.id = a.parent_id
  ),
  -- What the owner waits for: its live children that wait for keys, the owners of those keys, and so on.
  under as (
    select p_owner as id
    union
    select x.id from under as u
    cross join lateral (
      select c.id from rhythm.execution as c where c.parent_id = u.id and c.state = 0
      union all
      select k.owner_id from rhythm.key_waiter as k where k.execution_id = u.id
    ) as x
  )
  select exists (select from above as a join under as u on u.id = a.id);
$$;

comment on function rhythm.waits_for_itself(uuid, uuid) is 'Whether an execution would wait for its own end if it waited for the end of p_owner. Internal.';

-- Those of some key waiters whose owners have ended, or can never end. The caller has locked them.
create or replace function rhythm.end_with_owners(p_waiters uuid[], p_now timestamptz)
returns rhythm.transition[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result rhythm.transition[];
begin
  with fate as (
    select k.execution_id, o.id as owner_id, case when k.rejects then 2 else o.state end as state, case when not k.rejects then o.output end as output, o.cancel_reason, coalesce(o.attempt, 0) as attempt,
      coalesce(case when o.state > 0 and not k.rejects then o.error end, case
        when k.rejects then jsonb_build_object('type', 'Error', 'code', 'UNIQUE_KEY_TAKEN', 'executionId', k.owner_id,
          'message', format('Execution %s has its unique key', k.owner_id))
        when o.id is null then jsonb_build_object('type', 'Error', 'code', 'OWNER_GONE',
          'message', format('Execution %s, which came first with its idempotency key, is not there any more', k.owner_id))
        when o.state = 0 then jsonb_build_object('type', 'Error', 'code', 'WAITS_FOR_ITSELF',
          'message', format('It would wait for itself: its idempotency key stands for execution %s, which waits for it', k.owner_id))
      end) as error
    from unnest(p_waiters) as w (id)
    join rhythm.key_waiter as k on k.execution_id = w.id
    join rhythm.execution as e on e.id = w.id
    left join rhythm.execution as o on o.id = k.owner_id
    where o.id is null or o.state > 0 or k.rejects or rhythm.waits_for_itself(k.owner_id, e.parent_id)
  ),
  ended as (
    update rhythm.execution as e
    set state = case when f.state > 0 then f.state else 2 end, completed_at = p_now, output = f.output, error = f.error,
      fingerprint = case when coalesce(f.state, 0) in (0, 2) then rhythm.fingerprint_of(e.target, f.error) end,
      cancel_reason = case when f.state = 3 then f.cancel_reason else e.cancel_reason end, attempt = f.attempt
    from fate as f
    where e.id = f.execution_id and e.state = 0
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  ),
  deadline as (
    delete from rhythm.timer as t where t.execution_id = any (array(select f.execution_id from fate as f)) and t.deadline
  )
  select coalesce(array_agg(x::rhythm.transition order by x.id), '{}') into v_result from ended as x;
  return v_result;
end;
$$;

comment on function rhythm.end_with_owners(uuid[], timestamptz) is 'Ends key waiters as their owners ended; those of live owners stay as they are. Internal.';

-- Asks live owners to tell of their end, and ends the waiters of owners that have ended. What cannot be locked becomes due,
-- and due() tries again. An owner that is locked here cannot end before this commits, so no end is missed between the look
-- and the note.
-- Locks: states of the waiters' workflows, waiters, owners, skip locked; then the notes about the waiters.
create or replace function rhythm.join_owners(p_waiters uuid[], p_now timestamptz)
returns rhythm.transition[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_parents constant uuid[] := rhythm.try_lock_states(array(
    select distinct e.parent_id from rhythm.execution as e where e.id = any (p_waiters)));
  v_open constant uuid[] := array(
    select e.id from rhythm.execution as e
    where e.id = any (p_waiters) and e.state = 0
      and (e.parent_id = any (v_parents) or not exists (select from rhythm.workflow_state as s where s.execution_id = e.parent_id))
    order by e.id for no key update skip locked);
  v_live constant uuid[] := array(
    select e.id from rhythm.execution as e
    where e.id = any (array(select k.owner_id from rhythm.key_waiter as k where k.execution_id = any (p_waiters))) and e.state = 0
    order by e.id for no key update skip locked);
  v_notes uuid[];
  v_ended rhythm.transition[];
begin
  update rhythm.execution as e set notify_on_end = true where e.id = any (v_live) and not e.notify_on_end;
  v_ended := rhythm.end_with_owners(v_open, p_now);
  -- A session that holds one of them also holds its owner, or leaves it due.
  v_notes := array(
    select k.execution_id from rhythm.key_waiter as k where k.execution_id = any (p_waiters) order by k.execution_id for no key update skip locked);
  update rhythm.key_waiter as k set due = not k.due
  from rhythm.execution as e
  where k.execution_id = any (v_notes) and e.id = k.execution_id and k.due <> (e.state = 0 and k.owner_id <> all (v_live));
  if found and exists (select from rhythm.key_waiter as k where k.execution_id = any (p_waiters) and k.due) then
    perform rhythm.wake_clocks();
  end if;
  return v_ended;
end;
$$;

comment on function rhythm.join_owners(uuid[], timestamptz) is
  'Ends key waiters whose owners have ended, and asks the other owners to tell of their end; returns those that ended. Internal.';

create or replace function rhythm.end_waiters(p_owners uuid[], p_now timestamptz)
returns rhythm.transition[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(
    select k.execution_id from rhythm.key_waiter as k
    join rhythm.execution as e on e.id = k.execution_id and e.state = 0
    where k.owner_id = any (p_owners));
begin
  return case when v_ids = '{}' then '{}' else rhythm.join_owners(v_ids, p_now) end;
end;
$$;

comment on function rhythm.end_waiters(uuid[], timestamptz) is 'Ends the key waiters of executions that have ended; returns what ended. Internal.';

-- Part of due().
create or replace function rhythm.join_late(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(select k.execution_id from rhythm.key_waiter as k where k.due limit p_limit for update skip locked);
begin
  if v_ids <> '{}' then
    perform rhythm.follow_ends(rhythm.join_owners(v_ids, p_now), '{}', p_now);
  end if;
  return cardinality(v_ids);
end;
$$;

comment on function rhythm.join_late(integer, timestamptz) is 'Tries key waiters again that could not be locked before. Part of due().';
`,
  },
  {
    name: "create/make.sql",
    kind: "behaviour",
    checksum: "f3f3c377aceb2848a05823e267aae08e09e67d30cea7d6e7b5d90eca3f46a863",
    text: `-- Checked requests become executions and their batches.

create or replace function rhythm.kind_of(p_head jsonb, p_now timestamptz)
returns rhythm.kind
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind rhythm.kind;
  v_options jsonb;
  v_due timestamptz;
begin
  v_kind.head := p_head;
  v_kind.type := p_head ->> 'type';
  v_kind.target := p_head ->> 'target';
  if v_kind.type = 'workflow' then
    select v.program, v.options into v_kind.program, v_options
    from rhythm.flow as f join rhythm.flow_version as v on v.program = f.program where f.name = v_kind.target;
  else
    select t.options into v_options from rhythm.task as t where t.name = v_kind.target;
  end if;
  v_due := coalesce((p_head ->> 'run_at')::timestamptz, p_now + rhythm.duration_ms(coalesce(p_head -> 'delay', p_head #> '{debounce,delay}')) * interval '1 millisecond');
  v_kind.queue := coalesce(p_head ->> 'queue', v_options ->> 'queue', 'default');
  v_kind.priority := coalesce((p_head ->> 'priority')::smallint, (v_options ->> 'priority')::smallint, 0::smallint);
  v_kind.run_at := case when v_due > p_now then v_due end;
  v_kind.expires_at := rhythm.expiry_of(p_head -> 'expires', greatest(v_due, p_now));
  v_kind.timeout_ms := rhythm.duration_ms(case when p_head ? 'timeout' then p_head -> 'timeout' else v_options -> 'timeout' end);
  v_kind.retry := rhythm.retry_policy(v_options -> 'retry', p_head -> 'retry');
  v_kind.concurrency_key := p_head ->> 'concurrency_key';
  if p_head ? 'unique' and rhythm.held_while(p_head) is not null then
    v_kind.unique_key := p_head #>> '{unique,key}';
    v_kind.unique_while := rhythm.held_while(p_head);
  end if;
  v_kind.metadata := p_head -> 'metadata';
  v_kind.notify_on_end := coalesce((p_head ->> 'notify_on_end')::boolean, false);
  v_kind.outlives := case when p_head ->> 'on_parent_cancel' = 'abandon' then true end;
  return v_kind;
end;
$$;

comment on function rhythm.kind_of(jsonb, timestamptz) is 'The part of a request that others share, with the defaults of its task or flow. Internal.';

-- A duration counts from the moment from which it may begin.
create or replace function rhythm.expiry_of(p_expires jsonb, p_from timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_expires is null then
    return null;
  end if;
  return coalesce(p_from + rhythm.duration_ms(p_expires) * interval '1 millisecond', rhythm.timestamp_of(p_expires #>> '{}'));
end;
$$;

comment on function rhythm.expiry_of(jsonb, timestamptz) is 'When an execution expires that may begin at p_from: the option expires is a duration, or a moment. Internal.';

create or replace function rhythm.max_attempts(p_retry jsonb)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((p_retry ->> 'max_attempts')::integer, 1);
end;
$$;

comment on function rhythm.max_attempts(jsonb) is
  'How many attempts may throw, by a retry policy: the last of them ends the execution. Without a policy 1: an attempt that threw is not repeated.';

create or replace function rhythm.max_crashes(p_retry jsonb)
returns integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((p_retry ->> 'crashes')::integer, rhythm.setting('max_crashes')::integer);
end;
$$;

comment on function rhythm.max_crashes(jsonb) is
  'How often an execution is repeated after its attempt was lost with its worker, by a retry policy. Without a policy the setting max_crashes (3).';

-- The only place that decides this: for tasks and workflows, for attempts that threw and attempts that were lost.
create or replace function rhythm.attempts_left(p_retry jsonb, p_failures integer, p_crashes integer)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_failures < rhythm.max_attempts(p_retry) and p_crashes <= rhythm.max_crashes(p_retry);
end;
$$;

comment on function rhythm.attempts_left(jsonb, integer, integer) is
  'Whether another attempt is left, after a number of attempts that threw and that were lost with their worker. Internal.';

-- Without nulls, except inside metadata.
create or replace function rhythm.common_of(p_max_attempts integer, p_timeout_ms bigint, p_metadata jsonb, p_traceparent text, p_program text default null)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_strip_nulls(jsonb_build_object('max_attempts', p_max_attempts, 'timeout_ms', p_timeout_ms, 'traceparent', p_traceparent, 'program', p_program))
    || case when p_metadata is null then '{}' else jsonb_build_object('metadata', p_metadata) end;
end;
$$;

comment on function rhythm.common_of(integer, bigint, jsonb, text, text) is 'What a worker is told once for a whole batch. Internal.';

-- Alike tasks share a batch of up to a hundred, unless claims must look at each alone: in queues with limits, and with a key.
create or replace function rhythm.batch_room(p_kind rhythm.kind)
returns integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_kind.concurrency_key is not null
    or exists (select from rhythm.queue as q where q.name = p_kind.queue)
    or exists (select from rhythm.task as t where p_kind.type = 'task' and t.name = p_kind.target and t.sql_function is not null)
    then 1 else 100 end;
end;
$$;

comment on function rhythm.batch_room(rhythm.kind) is 'How many executions of a kind may share a batch. Internal.';

create or replace function rhythm.next_batch_ids(p_count bigint)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select nextval('rhythm.batch_id_seq') from generate_series(1, p_count));
end;
$$;

comment on function rhythm.next_batch_ids(bigint) is 'Ids for a number of new batches. Internal.';

-- The common case of create_many(): tasks that differ only in their inputs. Nothing is grouped or joined.
create or replace function rhythm.make_alike(p_head jsonb, p_requests jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count constant integer := jsonb_array_length(p_requests);
  v_kind constant rhythm.kind := rhythm.kind_of(p_head - 'traceparent', p_now);
  v_room constant integer := rhythm.batch_room(v_kind);
  v_limited constant boolean := rhythm.has_limits(v_kind.queue);
  v_common constant jsonb := rhythm.common_of(rhythm.max_attempts(v_kind.retry), v_kind.timeout_ms, v_kind.metadata, p_head ->> 'traceparent');
  v_batches constant bigint[] := rhythm.next_batch_ids((v_count + v_room - 1) / v_room);
  v_ids constant uuid[] := rhythm.new_ids(v_count, p_now);
begin
  insert into rhythm.execution (
    id, batch_id, run_at, expires_at, notify_on_end, priority, timeout_ms, type, target, queue, concurrency_key, traceparent, retry, metadata, inputs
  )
  select v_ids[r.nth], v_batches[(r.nth - 1) / v_room + 1], v_kind.run_at, v_kind.expires_at, v_kind.notify_on_end, v_kind.priority, v_kind.timeout_ms,
    'task', v_kind.target, v_kind.queue, v_kind.concurrency_key, p_head ->> 'traceparent', v_kind.retry, v_kind.metadata,
    coalesce(r.value -> 'inputs', '{}')
  from jsonb_array_elements(p_requests) with ordinality as r (value, nth);

  insert into rhythm.batch (id, first_id, run_at, expires_at, timeout_ms, priority, size, limited, type, queue, target, concurrency_key, common, ids)
  select b.id, v_ids[b.first], v_kind.run_at, v_kind.expires_at, v_kind.timeout_ms, v_kind.priority, least(v_room, v_count - b.first + 1), v_limited, 'task', v_kind.queue,
    v_kind.target, v_kind.concurrency_key, v_common, v_ids[b.first : b.first + v_room - 1]
  from (select u.id, (u.nth - 1) * v_room + 1 as first from unnest(v_batches) with ordinality as u (id, nth)) as b;

  if v_kind.run_at is not null or v_kind.expires_at is not null then
    perform rhythm.wake_clocks();
  end if;
  if v_kind.run_at is null then
    perform rhythm.wake(array[v_kind.queue]);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.make_alike(jsonb, jsonb, timestamptz) is 'Creates tasks that differ only in their inputs, wakes sleeping workers, and returns the ids in order. Internal.';

-- Requests with ids become kinds and newcomers. What many have in common is read once.
create or replace function rhythm.sort_requests(p_requests jsonb, p_now timestamptz, out kinds rhythm.kind[], out newcomers rhythm.newcomer[])
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with request as materialized (
    select r.nth, r.value as v, dense_rank() over (order by r.value - '{id,inputs,parent,traceparent,wait_group}'::text[]) as kind
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
  ),
  head as (
    select distinct on (r.kind) r.kind, r.v - '{id,inputs,parent,traceparent,wait_group}'::text[] as head from request as r order by r.kind
  )
  select
    (select array_agg(rhythm.kind_of(h.head, p_now) order by h.kind) from head as h),
    (select array_agg(row((r.v ->> 'id')::uuid, r.kind, (r.v ->> 'parent')::uuid, (r.v ->> 'wait_group')::integer, r.v ->> 'traceparent',
      r.v ?| array['idempotency_key', 'unique', 'debounce'], coalesce(r.v -> 'inputs', '{}'))::rhythm.newcomer order by r.nth) from request as r)
  into kinds, newcomers;
end;
$$;

comment on function rhythm.sort_requests(jsonb, timestamptz) is 'Requests as kinds and newcomers. Internal.';

-- Creates everything except what make_alike() creates. With p_worker, up to p_lease of what may begin at once is created leased
-- to that worker, without a notification. Joins only rows in memory, and parents by their key: so hashing is safe with any plan.
create or replace function rhythm.make_executions(
  p_kinds rhythm.kind[],
  p_newcomers rhythm.newcomer[],
  p_now timestamptz,
  p_worker uuid default null,
  p_call integer default null,
  p_lease integer default 0,
  p_targets text[] default null
)
returns rhythm.batch[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_hashjoin = on
as $$
declare
  v_queues text[];
  v_paused text[];
  v_gates constant rhythm.gate[] := rhythm.gates_before(p_kinds, p_newcomers);
  v_result rhythm.batch[];
begin
  if p_newcomers is null or p_newcomers = '{}' then
    return '{}';
  end if;
  if v_gates is not null then
    p_lease := 0;
  elsif p_lease > 0 then
    v_queues := array(select w.q from (select unnest(k.queues) as q from rhythm.worker as k where k.id = p_worker) as w
      where not exists (select from rhythm.queue as q where q.name = w.q));
    v_paused := rhythm.paused_targets();
  end if;

  with kind as materialized (
    select k.*, rhythm.batch_room(row(k.head, k.type, k.target, k.program, k.queue, k.priority, k.run_at, k.expires_at, k.timeout_ms, k.retry, k.concurrency_key, k.unique_key, k.unique_while, k.metadata, k.notify_on_end, k.outlives)::rhythm.kind) as room,
      rhythm.has_limits(k.queue) as limited, v.version, v.found_by,
      p_lease > 0 and k.run_at is null and (k.expires_at is null or k.expires_at > p_now) and k.queue = any (v_queues) and k.concurrency_key is null
        and (k.type = 'workflow' or p_targets is null or k.target = any (p_targets)) and (v_paused is null or not rhythm.is_paused(v_paused, k.type, k.target)) as may_lease
    from unnest(p_kinds) with ordinality as k (head, type, target, program, queue, priority, run_at, expires_at, timeout_ms, retry, concurrency_key, unique_key, unique_while, metadata, notify_on_end, outlives, nth)
    left join lateral (select x.version, x.found_by from rhythm.flow_version as x where x.program = k.program offset 0) as v on true
  ),
  tree as materialized (
    select p.parent_id, x.root_id
    from (select distinct n.parent_id from unnest(p_newcomers) as n where n.parent_id is not null) as p
    cross join lateral (select coalesce(e.root_id, e.id) as root_id from rhythm.execution as e where e.id = p.parent_id offset 0) as x
  ),
  placed as (
    select n.*, k.room, k.may_lease and row_number() over (partition by k.may_lease order by n.nth) <= p_lease as is_leased
    from unnest(p_newcomers) with ordinality as n (id, kind, parent_id, wait_group, traceparent, keyed, inputs, nth)
    join kind as k on k.nth = n.kind
  ),
  numbered as materialized (
    select p.*, (row_number() over (partition by p.kind, p.is_leased, p.traceparent order by p.id) - 1) / (case when p.is_leased then 100 else p.room end) as piece
    from placed as p
  ),
  grouped as materialized (
    select nextval('rhythm.batch_id_seq') as id, g.*
    from (
      select n.kind, n.is_leased, n.piece, n.traceparent, array_agg(n.id order by n.id) as ids
      from numbered as n group by n.kind, n.is_leased, n.piece, n.traceparent
    ) as g
  ),
  member as materialized (
    select g.id as batch_id, g.kind, i.id from grouped as g cross join lateral unnest(g.ids) as i (id)
  ),
  born as (
    insert into rhythm.execution (
      id, parent_id, root_id, batch_id, run_at, expires_at, wait_group, seed, version, outlives, notify_on_end, keyed, priority, timeout_ms,
      type, target, queue, concurrency_key, unique_key, unique_while, traceparent, tags, retry, metadata, inputs
    )
    select n.id, n.parent_id, t.root_id, case k.type when 'task' then m.batch_id end, k.run_at, k.expires_at, n.wait_group,
      case k.type when 'workflow' then hashtextextended(rhythm.secret()::text, 0) end, k.version,
      k.outlives, k.notify_on_end, coalesce(n.keyed, false), k.priority, k.timeout_ms, k.type, k.target, k.queue, k.concurrency_key, k.unique_key, k.unique_while,
      n.traceparent, case when k.found_by is not null then rhythm.first_tags(k.found_by, n.inputs) end, k.retry, k.metadata, coalesce(n.inputs, '{}')
    from numbered as n
    join kind as k on k.nth = n.kind
    join member as m on m.id = n.id
    left join tree as t on t.parent_id = n.parent_id
    order by n.nth
  ),
  state as (
    insert into rhythm.workflow_state (execution_id, program, batch_id)
    select m.id, k.program, m.batch_id from member as m join kind as k on k.nth = m.kind where k.type = 'workflow'
  ),
  deadline as (
    insert into rhythm.timer (id, execution_id, fires_at, deadline)
    select rhythm.uuid7(p_now), m.id, coalesce(k.run_at, p_now) + k.timeout_ms * interval '1 millisecond', true
    from member as m join kind as k on k.nth = m.kind
    where k.type = 'workflow' and k.timeout_ms is not null
  ),
  made as (
    insert into rhythm.batch (id, first_id, worker, run_at, claimed_at, expires_at, timeout_ms, call, priority, size, attempt, limited, type, queue, target, concurrency_key, common, ids)
    select g.id, g.ids[1], case when g.is_leased then p_worker end, k.run_at, case when g.is_leased then p_now end,
      k.expires_at, case k.type when 'task' then k.timeout_ms end, case when g.is_leased then p_call end, k.priority, cardinality(g.ids),
      case when g.is_leased then 1 else 0 end, not g.is_leased and k.limited, k.type, k.queue, k.target, k.concurrency_key,
      rhythm.common_of(rhythm.max_attempts(k.retry), k.timeout_ms, k.metadata, g.traceparent, k.program), g.ids
    from grouped as g join kind as k on k.nth = g.kind
    returning *
  )
  select coalesce(array_agg(m::rhythm.batch), '{}') from made as m into v_result;
  if v_gates is not null then
    perform rhythm.stop_before(v_gates, p_newcomers);
  end if;
  return v_result;
end;
$$;

comment on function rhythm.make_executions(rhythm.kind[], rhythm.newcomer[], timestamptz, uuid, integer, integer, text[]) is
  'Creates executions of checked kinds; returns their batches. Internal: called by create_many() and by settling.';

-- Wakes the workers that sleep for new batches.
create or replace function rhythm.wake_for(p_batches rhythm.batch[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.wake(array(select distinct b.queue from unnest(p_batches) as b where b.worker is null and b.run_at is null));
  if exists (select from unnest(p_batches) as b where b.run_at is not null or b.expires_at is not null) then
    perform rhythm.wake_clocks();
  end if;
end;
$$;

comment on function rhythm.wake_for(rhythm.batch[]) is 'Wakes workers that sleep for new batches. Internal.';
`,
  },
  {
    name: "create/names.sql",
    kind: "behaviour",
    checksum: "0f29a11df8e911d1ca771f5edac0716815e01b5ff30d6cb3c779437f79eaa942",
    text: `-- What may be a name. One rule for flows, tasks, queues, signals, schedules and workers: names travel through
-- URLs, metrics, file names and psql without quoting. Keys (idempotency, concurrency) are the caller's own text.

create or replace function rhythm.name_problem(p_kind text, p_name text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_name is null then format('A %s is missing: expected a text', p_kind)
    when p_kind like '%key' then case
      when length(p_name) not between 1 and 500 then
        format('The %s has %s characters: expected 1 to 500', p_kind, length(p_name))
      when p_name ~ '[[:cntrl:]]' then format('The %s contains a control character', p_kind)
    end
    when length(p_name) not between 1 and 200 then
      format('The %s name has %s characters: expected 1 to 200', p_kind, length(p_name))
    when p_name !~ '^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]*$' then
      format('"%s" cannot be a %s name: expected letters, digits and _ . : / @ + -, '
        'starting with a letter, a digit or _', left(p_name, 60), p_kind)
  end;
end;
$$;

comment on function rhythm.name_problem(text, text) is
  'Why a text cannot be a name of this kind (flow, task, queue, signal, schedule, worker, '
  'or a kind that ends in "key"); null if it can.';

create or replace function rhythm.check_name(p_kind text, p_name text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem constant text := rhythm.name_problem(p_kind, p_name);
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
end;
$$;

comment on function rhythm.check_name(text, text) is
  'An error if a text cannot be a name of this kind; see name_problem().';

create or replace function rhythm.check_limit(p_of text, p_limit integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(p_limit, 0) not between 1 and 100000 then
    perform rhythm.raise('RH001', format('%s cannot be the limit of %s: expected 1 to 100000', coalesce(p_limit::text, 'null'), p_of));
  end if;
end;
$$;

comment on function rhythm.check_limit(text, integer) is 'An error unless a limit is from 1 to 100000.';

-- For suggestions: a swap of neighbours counts as one change. Called for names that are unknown only.
create or replace function rhythm.nearest(p_word text, p_names text[])
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- max_attempts, max-attempts and maxAttempts are one word to a person.
  v_word constant text := left(lower(translate(p_word, '-_ ', '')), 100);
  v_name text;
  v_folded text;
  v_best text;
  v_least integer := greatest(1, length(p_word) / 3) + 1;
  v_cost integer;
  v_before integer[];
  v_last integer[];
  v_row integer[];
begin
  if p_word is null or p_names is null then
    return null;
  end if;
  foreach v_name in array p_names loop
    v_folded := lower(translate(v_name, '-_ ', ''));
    if v_folded = v_word or length(v_word) > 2 and starts_with(v_folded, v_word) then
      return v_name;
    end if;
    continue when abs(length(v_folded) - length(v_word)) >= v_least;
    -- Rows of the table of edit distances; an array begins with index 1, the table with 0.
    v_last := array(select generate_series(0, length(v_folded)));
    for i in 1 .. length(v_word) loop
      v_row := array[i];
      for j in 1 .. length(v_folded) loop
        v_cost := least(
          v_last[j + 1] + 1, v_row[j] + 1,
          v_last[j] + case when substr(v_word, i, 1) = substr(v_folded, j, 1) then 0 else 1 end);
        if i > 1 and j > 1 and substr(v_word, i, 1) = substr(v_folded, j - 1, 1) and substr(v_word, i - 1, 1) = substr(v_folded, j, 1) then
          v_cost := least(v_cost, v_before[j - 1] + 1);
        end if;
        v_row := v_row || v_cost;
      end loop;
      v_before := v_last;
      v_last := v_row;
    end loop;
    if v_last[length(v_folded) + 1] < v_least then
      v_best := v_name;
      v_least := v_last[length(v_folded) + 1];
    end if;
  end loop;
  return case when v_least < greatest(length(p_word), length(v_best)) then v_best end;
end;
$$;

comment on function rhythm.nearest(text, text[]) is
  'The name that was probably meant: at most a third of the letters differ; null if none is near. Internal.';
`,
  },
  {
    name: "create/odd_names.sql",
    kind: "behaviour",
    checksum: "8a8760ff378dc33ac7f66285b1a5cd68c69c7f6d9fcb855fc8ad1fcd773ca010",
    text: `-- Names that nothing else knows: they may be new, or misspelt. What was asked for is done, and a notice says what is odd.

create or replace function rhythm.did_you_mean(p_word text, p_names text[])
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return 'Did you mean "' || rhythm.nearest(p_word, p_names) || '"?';
end;
$$;

comment on function rhythm.did_you_mean(text, text[]) is 'A question with the nearest of some names; null if none is near. Internal.';

create or replace function rhythm.odd_queue(p_queue text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known text[];
begin
  if p_queue is null or p_queue = 'default'
    or exists (select from rhythm.worker as w where p_queue = any (w.queues))
    or exists (select from rhythm.queue as q where q.name = p_queue)
    or exists (select from rhythm.batch as b where b.queue = p_queue) then
    return null;
  end if;
  v_known := array(
    select 'default'
    union select q.queue from rhythm.queues as q
    union select k.options ->> 'queue' from rhythm.task as k where k.options ? 'queue'
    union select f.options ->> 'queue' from rhythm.flows as f where f.options ? 'queue'
    order by 1);
  if p_queue = any (v_known) then
    return null;
  end if;
  return concat_ws(' ', format('No execution, worker, task, flow or limit has a queue "%s".', p_queue), rhythm.did_you_mean(p_queue, v_known));
end;
$$;

comment on function rhythm.odd_queue(text) is 'What is odd about the name of a queue, as sentences: nothing has such a queue. Null: something has it.';

create or replace function rhythm.odd_key(p_queue text, p_key text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_key is null
    or exists (select from rhythm.queue_key as k where k.queue = p_queue and k.key = p_key)
    or exists (select from rhythm.batch as b where b.queue = p_queue and b.concurrency_key = p_key) then
    return null;
  end if;
  return concat_ws(' ', format('No execution of queue "%s" that is ready, delayed or running has the concurrency key "%s".', p_queue, p_key),
    rhythm.did_you_mean(p_key, array(
      select k.key from rhythm.queue_key as k where k.queue = p_queue
      union select b.concurrency_key from rhythm.batch as b where b.queue = p_queue and b.concurrency_key is not null
      order by 1 limit 1000)));
end;
$$;

comment on function rhythm.odd_key(text, text) is 'What is odd about a concurrency key of a queue, as sentences: nothing has it. Null: something has it. Reads all batches of the queue.';

create or replace function rhythm.odd_task(p_task text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_task is null
    or exists (select from rhythm.task as k where k.name = p_task)
    or exists (select from rhythm.worker as w where w.info -> 'tasks' ? p_task) then
    return null;
  end if;
  return concat_ws(' ', format('No worker that is alive has a task "%s", and none has registered it.', p_task),
    rhythm.did_you_mean(p_task, array(
      select k.name from rhythm.task as k
      union select t.name from rhythm.worker as w cross join lateral jsonb_array_elements_text(w.info -> 'tasks') as t (name)
      where jsonb_typeof(w.info -> 'tasks') = 'array'
      order by 1)));
end;
$$;

comment on function rhythm.odd_task(text) is 'What is odd about the name of a task, as sentences: no worker has it. Null: one has it, or has registered it.';

-- A notice reaches the person at psql, and not the log of the server.
create or replace function rhythm.tell_odd(p_oddities text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_oddity text;
begin
  foreach v_oddity in array p_oddities loop
    if v_oddity is not null then
      raise notice '%', v_oddity;
    end if;
  end loop;
end;
$$;

comment on function rhythm.tell_odd(text[]) is 'Raises a notice for each sentence that is not null. Internal.';
`,
  },
  {
    name: "create/parents.sql",
    kind: "behaviour",
    checksum: "fab1bc01acc96113b406cb26517d941e5fa89cfb2733680d4e09cc40eb350a38",
    text: `-- What is started under a parent is cancelled with it, whichever comes first, unless it says that it outlives its parent.

-- Keeps the parents that requests name from being cancelled until this commits. A cancellation that comes meanwhile waits, and
-- finds the new children. cancel_under() sees one that came before. For a workflow its state is locked, for a task its own
-- row.
-- Locks: states, then executions, for share.
create or replace function rhythm.hold_parents(p_requests jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(
    select distinct (r.value ->> 'parent')::uuid from jsonb_array_elements(p_requests) as r where r.value ->> 'parent' is not null);
  v_missing uuid;
begin
  if v_ids = '{}' then
    return;
  end if;
  select i.id into v_missing from unnest(v_ids) as i (id)
  where not exists (select from rhythm.execution as e where e.id = i.id)
  limit 1;
  if v_missing is not null then
    perform rhythm.raise('RH002', format('There is no execution %s to be the parent', v_missing));
  end if;
  perform rhythm.refuse_frozen(v_ids, 'Cannot start a child');
  perform rhythm.lock_states(array(
    select case e.type when 'workflow' then e.id else e.parent_id end
    from rhythm.execution as e
    where e.id = any (v_ids)));
  perform rhythm.require_fresh(v_ids);
  perform from rhythm.execution as e where e.id = any (v_ids) and e.type = 'task' and e.state = 0 order by e.id for share;
end;
$$;

comment on function rhythm.hold_parents(jsonb) is
  'Locks the parents of requests against cancellation; raises RH002 for one that does not exist. Internal.';

-- The error of a workflow that its deadline ended. It distinguishes that workflow from one that failed by itself.
create or replace function rhythm.deadline_error(p_timeout_ms bigint)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('type', 'TimeoutError', 'message', format('The workflow took longer than %s ms', p_timeout_ms));
end;
$$;

comment on function rhythm.deadline_error(bigint) is 'The error of a workflow that has passed its timeout. Internal.';

-- A workflow in TypeScript saves that it knows of its cancellation before it cleans up. What flows start comes with their steps.
create or replace function rhythm.is_cleaning_up(p_execution rhythm.execution)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select p_execution.state = 0 and exists (select from rhythm.step as s where s.execution_id = p_execution.id and s.name = '#cancelled');
$$;

comment on function rhythm.is_cleaning_up(rhythm.execution) is 'Whether a workflow in TypeScript knows that it is cancelled, and has not ended. Internal.';

create or replace function rhythm.cancel_under(p_ids uuid[], p_now timestamptz)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.cancel_trees(array_agg(e.id), p.reason, p_now)
  from rhythm.execution as e
  cross join lateral (
    select case
      when x.cancel_reason is not null and not rhythm.is_cleaning_up(x) then x.cancel_reason
      when x.state = 3 then 'Its workflow was cancelled'
      when x.state = 2 and rhythm.is_past_deadline(x) then 'Its workflow ran past its timeout'
    end as reason
    from rhythm.execution as x where x.id = e.parent_id
  ) as p
  where e.id = any (p_ids) and p.reason is not null and e.outlives is null
  group by p.reason;
$$;

comment on function rhythm.cancel_under(uuid[], timestamptz) is
  'Cancels those of some new executions whose parent is cancelled, was asked to stop, or has passed its timeout, but not those of a workflow that cleans up. Internal.';
`,
  },
  {
    name: "create/requests.sql",
    kind: "behaviour",
    checksum: "fcb437a54106fa351937df43a4df782527f17e263391746d72847215152801e7",
    text: `-- The requests of create_many(), and what can be wrong with them.

-- The options that are allowed in each place. A new option has its name here, its check in request_problem() or
-- retry_problem(), and, if a start takes it, a parameter of start() and queue(). tests/options compares them with the
-- table of TypeScript. An option that is not listed is refused.
create or replace function rhythm.option_names(p_in text)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case p_in
    when 'start' then array['queue', 'priority', 'delay', 'run_at', 'expires', 'timeout', 'retry', 'idempotency_key', 'idempotency_ttl', 'unique',
      'debounce', 'throttle', 'concurrency_key', 'metadata', 'parent', 'on_parent_cancel', 'id']
    -- A child of a workflow: the workflow decides its parent and its id.
    when 'child' then array['queue', 'priority', 'delay', 'run_at', 'expires', 'timeout', 'retry', 'idempotency_key', 'idempotency_ttl', 'unique',
      'concurrency_key', 'metadata', 'on_parent_cancel']
    -- A start by a schedule: the schedule decides when it runs, and its key.
    when 'schedule' then array['queue', 'priority', 'expires', 'timeout', 'retry', 'concurrency_key', 'metadata', 'parent', 'on_parent_cancel']
    when 'change' then array['queue', 'priority', 'delay', 'run_at']
    when 'defaults' then array['queue', 'priority', 'timeout', 'retry']
    when 'unique' then array['key', 'while', 'on_conflict']
    when 'debounce' then array['key', 'delay', 'max_delay', 'inputs']
    when 'throttle' then array['key', 'limit', 'per', 'else']
    when 'retry' then array['max_attempts', 'backoff', 'initial', 'max', 'factor', 'jitter', 'crashes']
  end;
end;
$$;

comment on function rhythm.option_names(text) is
  'The names of the options of a start. With an argument, those of: child, a child of a workflow; schedule, a start by a schedule; defaults, the defaults of a task or flow. And those inside retry, unique, debounce and throttle. Internal.';

create or replace function rhythm.unknown_option(p_options jsonb, p_known text[])
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_unknown constant text := (
    select k.name from jsonb_object_keys(p_options) as k (name) where k.name <> all (p_known) order by k.name limit 1);
begin
  return format('option "%s": expected %s%s', v_unknown, array_to_string(p_known, ', '),
    '. ' || rhythm.did_you_mean(v_unknown, p_known));
end;
$$;

comment on function rhythm.unknown_option(jsonb, text[]) is
  'The end of the message about the first unknown option: its name, the known ones, and the one that was probably meant. Internal.';

create or replace function rhythm.retry_problem(p_retry jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := rhythm.option_names('retry');
begin
  if p_retry is null or p_retry = 'null' then
    return null;
  end if;
  return case
    when jsonb_typeof(p_retry) = 'number' and p_retry::text ~ '^[1-9]\\d{0,3}$' then null
    when jsonb_typeof(p_retry) <> 'object' then 'retry must be a number of attempts from 1 to 9999, or an object'
    when p_retry - c_names <> '{}' then 'retry has no ' || rhythm.unknown_option(p_retry, c_names)
    when p_retry ? 'max_attempts' and not coalesce(p_retry ->> 'max_attempts' ~ '^[1-9]\\d{0,3}$', false) then
      'retry.max_attempts must be a whole number from 1 to 9999'
    when p_retry ? 'backoff' and not coalesce(p_retry ->> 'backoff' in ('exponential', 'linear', 'fixed'), false) then
      'retry.backoff must be exponential, linear or fixed'
    when p_retry ? 'initial' and rhythm.duration_ms(p_retry -> 'initial') is null then
      'retry.initial must be a duration: seconds, or text such as "1h30m"'
    when p_retry ? 'max' and rhythm.duration_ms(p_retry -> 'max') is null then
      'retry.max must be a duration: seconds, or text such as "1h30m"'
    when p_retry ? 'factor' and not coalesce(jsonb_typeof(p_retry -> 'factor') = 'number' and (p_retry ->> 'factor')::numeric between 1 and 100, false) then
      'retry.factor must be a number from 1 to 100'
    when p_retry ? 'jitter' and not coalesce(jsonb_typeof(p_retry -> 'jitter') = 'boolean'
      or jsonb_typeof(p_retry -> 'jitter') = 'number' and (p_retry ->> 'jitter')::numeric between 0 and 1, false) then
      'retry.jitter must be true, false or a number from 0 to 1'
    when p_retry ? 'crashes' and not coalesce(p_retry ->> 'crashes' ~ '^(0|[1-9]\\d{0,3})$', false) then
      'retry.crashes must be a whole number from 0 to 9999'
  end;
end;
$$;

comment on function rhythm.retry_problem(jsonb) is 'What is wrong with a retry policy, as a sentence; null if nothing is.';

-- The policy of a start overrides that of its task or flow, option by option.
create or replace function rhythm.retry_policy(p_default jsonb, p_given jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_default constant jsonb := case jsonb_typeof(p_default)
    when 'number' then jsonb_build_object('max_attempts', p_default) when 'object' then p_default end;
  v_given constant jsonb := case jsonb_typeof(p_given)
    when 'number' then jsonb_build_object('max_attempts', p_given) when 'object' then p_given end;
begin
  return coalesce(v_default || v_given, v_given, v_default);
end;
$$;

comment on function rhythm.retry_policy(jsonb, jsonb) is
  'A retry policy from that of a task or flow and that of a start, as an object; null if there is none. A number is max_attempts. Internal.';

create or replace function rhythm.timestamp_of(p_text text)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_text::timestamptz between '0001-01-01Z' and '9999-12-31Z' then p_text::timestamptz end;
exception
  when invalid_datetime_format or datetime_field_overflow or invalid_time_zone_displacement_value then
    return null;
end;
$$;

comment on function rhythm.timestamp_of(text) is 'A text as a time in the years 1 to 9999; null if it is not one.';

create or replace function rhythm.request_problem(p jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_keys constant text[] := array['type', 'target', 'inputs', 'traceparent', 'notify_on_end'] || rhythm.option_names('start');
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_bytes constant integer := octet_length((p -> 'inputs')::text);
begin
  if jsonb_typeof(p) <> 'object' then
    return format('It is of type %s: expected an object such as {"type": "task", "target": "send_email"}', jsonb_typeof(p));
  end if;
  if p - c_keys <> '{}' then
    return 'There is no ' || rhythm.unknown_option(p, c_keys);
  end if;
  if not coalesce(p ->> 'type' in ('task', 'workflow'), false) then
    return 'type must be task or workflow';
  end if;
  if v_bytes > v_limit then
    return format('inputs take %s bytes: at most %s are allowed (setting max_payload_bytes)', v_bytes, v_limit);
  end if;
  -- Most requests have only a type and a target.
  if p - '{type,target,inputs,notify_on_end}'::text[] = '{}' and coalesce(jsonb_typeof(p -> 'notify_on_end') = 'boolean', true) and jsonb_typeof(p -> 'target') = 'string' then
    return rhythm.name_problem(case p ->> 'type' when 'workflow' then 'flow' else 'task' end, p ->> 'target');
  end if;
  return coalesce(
    (select format('%s must be a text', k.name)
    from unnest(array['target', 'queue', 'idempotency_key', 'concurrency_key', 'traceparent']) as k (name)
    where jsonb_typeof(p -> k.name) <> 'string' limit 1),
    rhythm.name_problem(case p ->> 'type' when 'workflow' then 'flow' else 'task' end, p ->> 'target'),
    case when p ? 'queue' then rhythm.name_problem('queue', p ->> 'queue') end,
    case when p ? 'idempotency_key' then rhythm.name_problem('idempotency key', p ->> 'idempotency_key') end,
    case when p ? 'concurrency_key' then rhythm.name_problem('concurrency key', p ->> 'concurrency_key') end,
    case when p ? 'priority' and not coalesce(jsonb_typeof(p -> 'priority') in ('number', 'string') and p ->> 'priority' ~ '^-?\\d{1,5}$' and (p ->> 'priority')::integer between -32768 and 32767, false) then
      'priority must be a whole number from -32768 to 32767' end,
    case when p ? 'delay' and rhythm.duration_ms(p -> 'delay') is null then
      'delay must be a duration: seconds, or text such as "1h30m"' end,
    case when p ? 'expires' and (jsonb_typeof(p -> 'expires') not in ('number', 'string') or coalesce(rhythm.duration_ms(p -> 'expires'), 0) = 0
      and (jsonb_typeof(p -> 'expires') <> 'string' or p ->> 'expires' !~ '^\\s*\\d{4}-' or rhythm.timestamp_of(p ->> 'expires') is null)) then
      'expires must be a duration above zero, such as "10m", or a moment such as 2030-01-31T12:00:00Z' end,
    case when p ? 'timeout' and coalesce(rhythm.duration_ms(p -> 'timeout'), 0) = 0 then
      'timeout must be a duration above zero: seconds, or text such as "1h30m"' end,
    case when p ? 'idempotency_ttl' and coalesce(rhythm.duration_ms(p -> 'idempotency_ttl'), 0) = 0 then
      'idempotency_ttl must be a duration above zero: seconds, or text such as "1h30m"' end,
    case when p ? 'idempotency_ttl' and not p ? 'idempotency_key' then 'idempotency_ttl needs an idempotency_key' end,
    case when p ? 'unique' then rhythm.unique_problem(p -> 'unique') end,
    case when p ? 'debounce' then rhythm.debounce_problem(p -> 'debounce') end,
    case when p ? 'throttle' then rhythm.throttle_problem(p -> 'throttle') end,
    case when p ? 'unique' and p ? 'idempotency_key' then 'unique and idempotency_key exclude each other' end,
    (select format('%s and %s exclude each other', o.name, x.name)
    from unnest(array['debounce', 'throttle']) with ordinality as o (name, nth)
    cross join unnest(array['idempotency_key', 'unique', 'debounce', 'delay', 'run_at']) with ordinality as x (name, nth)
    where o.name <> x.name and p ? o.name and p ? x.name order by o.nth, x.nth limit 1),
    case when p ? 'run_at' and (jsonb_typeof(p -> 'run_at') <> 'string' or rhythm.timestamp_of(p ->> 'run_at') is null) then 'run_at must be a moment such as 2030-01-31T12:00:00Z' end,
    case when p ? 'run_at' and p ? 'delay' then 'run_at and delay exclude each other' end,
    case when p ? 'run_at' and p ? 'expires' and rhythm.duration_ms(p -> 'expires') is null and rhythm.timestamp_of(p ->> 'expires') <= rhythm.timestamp_of(p ->> 'run_at') then
      'expires must be later than run_at' end,
    case when length(p ->> 'traceparent') > 500 then 'traceparent must be a text of at most 500 characters' end,
    case when p ? 'notify_on_end' and jsonb_typeof(p -> 'notify_on_end') <> 'boolean' then 'notify_on_end must be true or false' end,
    case when p ? 'metadata' and jsonb_typeof(p -> 'metadata') <> 'object' then 'metadata must be an object' end,
    case when octet_length((p -> 'metadata')::text) > 65536 then 'metadata take more than 65536 bytes' end,
    case when p ? 'id' then case
      when coalesce(p ->> 'id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false) then rhythm.id_problem((p ->> 'id')::uuid)
      else 'id must be a UUID' end end,
    case when p ? 'parent' and not coalesce(p ->> 'parent' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false) then 'parent must be a UUID' end,
    case when p ? 'on_parent_cancel' and not coalesce(p ->> 'on_parent_cancel' in ('cancel', 'abandon'), false) then 'on_parent_cancel must be cancel or abandon' end,
    case when p ? 'retry' then rhythm.retry_problem(p -> 'retry') end
  );
end;
$$;

comment on function rhythm.request_problem(jsonb) is 'What is wrong with an element of create_many(), as a sentence; null if nothing is.';
`,
  },
  {
    name: "create/schema_check.sql",
    kind: "behaviour",
    checksum: "6ae5de410db2bc5a7212999b3f4d7bc2ad9bba8e6ae9e9c3266214a1eb9454ba",
    text: `-- Can check_inputs() enforce this schema? Checked once, when a flow is registered, so that no unknown or misspelt keyword is
-- ignored. Null means yes; else the first problem, with its path.

create or replace function rhythm.schema_problem(p_path text, p_rule text, p_sentence text)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'path', p_path,
    'rule', p_rule,
    'message', p_path || ': ' || p_sentence
  );
$$;

comment on function rhythm.schema_problem(text, text, text) is
  'The form in which check_schema() and check_inputs() report: {path, rule, message}.';

-- Checks the value of one keyword; null if it is well formed.
create or replace function rhythm.check_keyword(p_keyword text, p_value jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_types constant jsonb := '["string", "number", "integer", "boolean", "object", "array", "null"]';
  v_kind constant text := jsonb_typeof(p_value);
begin
  return case
    when p_keyword = 'type' and not (
      v_kind in ('string', 'array') and p_value <@ c_types and p_value <> '[]'
      and (v_kind = 'string' or jsonb_array_length(p_value) = (
        select count(distinct t.item) from jsonb_array_elements(p_value) as t(item)
      ))
    ) then 'must be one of string, number, integer, boolean, object, array, null, or a list of them'
    when p_keyword in ('minLength', 'maxLength', 'minItems', 'maxItems') and not (
      v_kind = 'number' and rhythm.is_whole(p_value) and p_value >= '0'
    ) then 'must be a whole number, zero or more'
    when p_keyword in ('minimum', 'maximum') and v_kind <> 'number' then 'must be a number'
    when p_keyword = 'nullable' and v_kind <> 'boolean' then 'must be true or false'
    when p_keyword = 'description' and v_kind <> 'string' then 'must be a string'
    when p_keyword = 'enum' and (v_kind <> 'array' or p_value = '[]') then 'must be a list of at least one value'
    when p_keyword = 'required' and not (
      v_kind = 'array' and not jsonb_path_exists(p_value, 'strict $[*] ? (@.type() <> "string")')
    ) then 'must be a list of property names'
    when p_keyword in ('properties', 'items') and v_kind <> 'object' then 'must be an object'
    when p_keyword = 'anyOf' and (v_kind <> 'array' or p_value = '[]') then 'must be a list of at least one schema'
    when p_keyword = 'additionalProperties' and v_kind not in ('boolean', 'object')
      then 'must be true, false or a schema'
    when p_keyword not in (
      'type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'const', 'minimum', 'maximum',
      'minLength', 'maxLength', 'minItems', 'maxItems', 'anyOf', 'nullable', 'description', 'default'
    ) then 'is not a supported keyword; supported are type, properties, required, additionalProperties, '
      'items, enum, const, minimum, maximum, minLength, maxLength, minItems, maxItems, anyOf, nullable, '
      'description and default'
  end;
end;
$$;

comment on function rhythm.check_keyword(text, jsonb) is
  'What is wrong with one keyword of an input schema, as a phrase; null if it is well formed.';

-- The schemas directly inside one schema, each with its path.
create or replace function rhythm.inner_schemas(p_schema jsonb, p_path text)
returns setof rhythm.inner_schema
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_path || '.properties' || rhythm.json_step(e.key), e.value
  from jsonb_each(p_schema -> 'properties') as e
  union all
  select p_path || '.anyOf[' || (a.nth - 1) || ']', a.schema
  from jsonb_array_elements(p_schema -> 'anyOf') with ordinality as a(schema, nth)
  union all
  select p_path || '.items', p_schema -> 'items'
  where p_schema ? 'items'
  union all
  select p_path || '.additionalProperties', p_schema -> 'additionalProperties'
  where jsonb_typeof(p_schema -> 'additionalProperties') = 'object';
$$;

comment on function rhythm.inner_schemas(jsonb, text) is
  'The schemas directly inside a schema (properties, anyOf, items, additionalProperties), each with its path.';

create or replace function rhythm.check_schema(p_schema jsonb, p_path text default 'input')
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_deepest constant integer := 64;
  v_todo rhythm.inner_schema[] := array[row(p_path, p_schema)::rhythm.inner_schema];
  v_next rhythm.inner_schema[];
  v_problem jsonb;
begin
  -- Level by level instead of recursion, so that a deep schema does not need a deep stack.
  for v_level in 1 .. c_deepest loop
    select rhythm.schema_problem(s.path, k.keyword, k.keyword || ' ' || k.expected)
    into v_problem
    from unnest(v_todo) with ordinality as s(path, schema, nth)
    cross join lateral (
      select 'schema', 'must be a JSON object'
      where jsonb_typeof(s.schema) is distinct from 'object'
      union all
      select e.key, rhythm.check_keyword(e.key, e.value)
      from jsonb_each(case when jsonb_typeof(s.schema) = 'object' then s.schema else '{}' end) as e
      union all
      select 'nullable', 'needs a "type" beside it'
      where s.schema ? 'nullable' and not s.schema ? 'type'
    ) as k(keyword, expected)
    where k.expected is not null
    order by s.nth, k.keyword
    limit 1;

    if v_problem is not null then
      return v_problem;
    end if;

    select array_agg(row(i.path, i.schema)::rhythm.inner_schema order by s.nth, i.path)
    into v_next
    from unnest(v_todo) with ordinality as s(path, schema, nth)
    cross join lateral rhythm.inner_schemas(s.schema, s.path) as i;

    exit when v_next is null;
    v_todo := v_next;
  end loop;

  if v_next is not null then
    return rhythm.schema_problem(v_todo[1].path, 'schema', format('nested deeper than %s levels', c_deepest));
  end if;
  return null;
end;
$$;

comment on function rhythm.check_schema(jsonb, text) is
  'Null if the schema uses only the supported subset of JSON Schema, correctly; else {path, rule, message} of the '
  'first problem. Called where flows are registered.';
`,
  },
  {
    name: "create/start.sql",
    kind: "behaviour",
    checksum: "ef3dea082d22423724074541e18f587bbb37b41de470fda849f5c065dee562de",
    text: `-- Starting: the functions that applications call.

create or replace function rhythm.start(
  p_flow text,
  p_inputs jsonb default '{}',
  queue text default null,
  priority integer default null,
  delay interval default null,
  run_at timestamptz default null,
  expires text default null,
  timeout interval default null,
  retry jsonb default null,
  idempotency_key text default null,
  idempotency_ttl interval default null,
  unique_by jsonb default null,
  debounce jsonb default null,
  throttle jsonb default null,
  concurrency_key text default null,
  metadata jsonb default null,
  parent uuid default null,
  on_parent_cancel text default null,
  id uuid default null
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_odd constant text[] := array[rhythm.odd_queue(queue)];
  v_id uuid;
begin
  select c.id into v_id from rhythm.create_many(jsonb_build_array(rhythm.request('workflow', p_flow, p_inputs, jsonb_build_object(
    'queue', queue, 'priority', priority, 'delay', extract(epoch from delay), 'run_at', run_at, 'expires', expires, 'timeout', extract(epoch from timeout), 'retry', retry,
    'idempotency_key', idempotency_key, 'idempotency_ttl', extract(epoch from idempotency_ttl), 'unique', unique_by, 'debounce', debounce, 'throttle', throttle, 'concurrency_key', concurrency_key,
    'metadata', metadata, 'parent', parent, 'on_parent_cancel', on_parent_cancel, 'id', id)))) as c (id);
  perform rhythm.tell_odd(v_odd);
  return v_id;
end;
$$;

comment on function rhythm.start(text, jsonb, text, integer, interval, timestamptz, text, interval, jsonb, text, interval, jsonb, jsonb, jsonb, text, jsonb, uuid, text, uuid) is
  'Starts a workflow on the current version of a flow; its inputs are checked against the flow''s schema. '
  'Example: select rhythm.start(''onboard_user'', ''{"userId": "123"}'', delay => interval ''1 hour'');';

create or replace function rhythm.queue(
  p_task text,
  p_inputs jsonb default '{}',
  queue text default null,
  priority integer default null,
  delay interval default null,
  run_at timestamptz default null,
  expires text default null,
  timeout interval default null,
  retry jsonb default null,
  idempotency_key text default null,
  idempotency_ttl interval default null,
  unique_by jsonb default null,
  debounce jsonb default null,
  throttle jsonb default null,
  concurrency_key text default null,
  metadata jsonb default null,
  parent uuid default null,
  on_parent_cancel text default null,
  id uuid default null
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_odd constant text[] := array[rhythm.odd_task(p_task), rhythm.odd_queue(queue)];
  v_id uuid;
begin
  select c.id into v_id from rhythm.create_many(jsonb_build_array(rhythm.request('task', p_task, p_inputs, jsonb_build_object(
    'queue', queue, 'priority', priority, 'delay', extract(epoch from delay), 'run_at', run_at, 'expires', expires, 'timeout', extract(epoch from timeout), 'retry', retry,
    'idempotency_key', idempotency_key, 'idempotency_ttl', extract(epoch from idempotency_ttl), 'unique', unique_by, 'debounce', debounce, 'throttle', throttle, 'concurrency_key', concurrency_key,
    'metadata', metadata, 'parent', parent, 'on_parent_cancel', on_parent_cancel, 'id', id)))) as c (id);
  perform rhythm.tell_odd(v_odd);
  return v_id;
end;
$$;

comment on function rhythm.queue(text, jsonb, text, integer, interval, timestamptz, text, interval, jsonb, text, interval, jsonb, jsonb, jsonb, text, jsonb, uuid, text, uuid) is
  'Queues a task. Example: select rhythm.queue(''send_email'', ''{"to": "ada@example.org"}'', queue => ''mail'', retry => ''{"max_attempts": 5}'');';

create or replace function rhythm.request(p_type text, p_target text, p_inputs jsonb, p_options jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select coalesce(jsonb_object_agg(o.key, o.value), '{}') from jsonb_each(p_options) as o where o.value <> 'null') || jsonb_build_object('type', p_type, 'target', p_target, 'inputs', coalesce(p_inputs, '{}'));
end;
$$;

comment on function rhythm.request(text, text, jsonb, jsonb) is 'An element of create_many(), without options that are null. Internal.';
`,
  },
  {
    name: "create/throttle.sql",
    kind: "behaviour",
    checksum: "66804898338eda10aba3bdc91a6c5cd8992ca161bbf3d818198c4d86392fccab",
    text: `-- Throttled starts: of one key, at most so many in any window.

create or replace function rhythm.throttle_problem(p_throttle jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := rhythm.option_names('throttle');
begin
  return case
    when jsonb_typeof(p_throttle) <> 'object' then 'throttle must be an object'
    when p_throttle - c_names <> '{}' then 'throttle has no ' || rhythm.unknown_option(p_throttle, c_names)
    when not p_throttle ? 'key' then 'throttle needs a key'
    when jsonb_typeof(p_throttle -> 'key') <> 'string' then 'throttle.key must be a text'
    when rhythm.name_problem('throttle key', p_throttle ->> 'key') is not null then rhythm.name_problem('throttle key', p_throttle ->> 'key')
    when not p_throttle ? 'limit' then 'throttle needs a limit'
    when not coalesce(jsonb_typeof(p_throttle -> 'limit') = 'number' and p_throttle ->> 'limit' ~ '^([1-9]\\d{0,2}|1000)$', false) then
      'throttle.limit must be a whole number from 1 to 1000'
    when not p_throttle ? 'per' then 'throttle needs a per'
    when coalesce(rhythm.duration_ms(p_throttle -> 'per'), 0) = 0 then 'throttle.per must be a duration above zero: seconds, or text such as "1h30m"'
    when p_throttle ? 'else' and not coalesce(p_throttle ->> 'else' in ('drop', 'delay'), false) then 'throttle.else must be drop or delay'
  end;
end;
$$;

comment on function rhythm.throttle_problem(jsonb) is 'What is wrong with the option throttle, as a sentence; null if nothing is.';

-- Requests that are throttled get a moment from which they may run (run_at), or the execution that is given instead (dropped_for).
-- The time that counts is taken after the lock, because the session that had it may have started later than this one asked.
-- Locks: the rows of the keys, in their order. Waits for sessions with the same keys, until their commit.
create or replace function rhythm.throttled(p_requests jsonb, p_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_request record;
  v_starts timestamptz[];
  v_last uuid;
  v_now timestamptz;
  v_at timestamptz;
  v_result jsonb := p_requests;
begin
  for v_request in
    select r.nth, r.value - 'throttle' as value, format('%s:%s:%s', r.value ->> 'type', r.value ->> 'target', r.value #>> '{throttle,key}') as key,
      coalesce((r.value ->> 'id')::uuid, p_ids[r.nth]) as id, (r.value #>> '{throttle,limit}')::integer as most,
      rhythm.duration_ms(r.value #> '{throttle,per}') * interval '1 millisecond' as per, r.value #>> '{throttle,else}' = 'delay' as is_delayed
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    where r.value ? 'throttle'
    order by key, r.nth
  loop
    insert into rhythm.throttle as t (key, free_at) values (v_request.key, p_now)
    on conflict (key) do update set key = excluded.key
    returning t.starts, t.last_id into v_starts, v_last;
    v_now := greatest(p_now, rhythm.now());
    -- The start that must no longer count.
    v_at := greatest(v_now, v_starts[cardinality(v_starts) - v_request.most + 1] + v_request.per);
    if v_at > v_now and v_request.is_delayed is not true then
      v_request.value := v_request.value || jsonb_build_object('dropped_for', v_last);
    else
      if v_at > v_now then
        v_request.value := v_request.value || jsonb_build_object('run_at', v_at);
      end if;
      v_starts := v_starts || v_at;
      update rhythm.throttle as t
      set last_id = v_request.id, free_at = v_at + v_request.per, starts = v_starts[greatest(cardinality(v_starts) - v_request.most + 1, 1) :]
      where t.key = v_request.key;
    end if;
    v_result := jsonb_set(v_result, array[(v_request.nth - 1)::text], v_request.value);
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.throttled(jsonb, uuid[], timestamptz) is 'Counts the starts of throttled requests; those above their limit are delayed or dropped. Internal.';

-- Part of chores().
create or replace function rhythm.forget_throttles(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys constant text[] := array(select t.key from rhythm.throttle as t where t.free_at <= p_now limit p_limit for update skip locked);
begin
  delete from rhythm.throttle as t where t.key = any (v_keys);
  return cardinality(v_keys);
end;
$$;

comment on function rhythm.forget_throttles(integer, timestamptz) is 'Deletes throttle keys whose last start no longer counts. Part of chores().';
`,
  },
  {
    name: "create/unique.sql",
    kind: "behaviour",
    checksum: "3000583ab2b1ded2c9f5c7762b03311f5f6c4d090e59b18002c64fd08f27d244",
    text: `-- Unique keys: what happens if another execution has the key of a start.

create or replace function rhythm.unique_problem(p_unique jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := rhythm.option_names('unique');
begin
  return case
    when jsonb_typeof(p_unique) <> 'object' then 'unique must be an object'
    when p_unique - c_names <> '{}' then 'unique has no ' || rhythm.unknown_option(p_unique, c_names)
    when not p_unique ? 'key' then 'unique needs a key'
    when jsonb_typeof(p_unique -> 'key') <> 'string' then 'unique.key must be a text'
    when rhythm.name_problem('unique key', p_unique ->> 'key') is not null then rhythm.name_problem('unique key', p_unique ->> 'key')
    when p_unique ? 'while' and not coalesce(p_unique ->> 'while' in ('queued', 'active', 'kept'), false) and coalesce(rhythm.duration_ms(p_unique -> 'while'), 0) = 0 then
      'unique.while must be queued, active or kept, or a duration above zero, such as "10m"'
    when p_unique ? 'on_conflict' and not coalesce(p_unique ->> 'on_conflict' in ('existing', 'reject', 'replace', 'cancel_existing'), false) then
      'unique.on_conflict must be existing, reject, replace or cancel_existing'
  end;
end;
$$;

comment on function rhythm.unique_problem(jsonb) is 'What is wrong with the option unique, as a sentence; null if nothing is.';

create or replace function rhythm.debounce_problem(p_debounce jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := rhythm.option_names('debounce');
begin
  return case
    when jsonb_typeof(p_debounce) <> 'object' then 'debounce must be an object'
    when p_debounce - c_names <> '{}' then 'debounce has no ' || rhythm.unknown_option(p_debounce, c_names)
    when not p_debounce ? 'key' then 'debounce needs a key'
    when jsonb_typeof(p_debounce -> 'key') <> 'string' then 'debounce.key must be a text'
    when rhythm.name_problem('debounce key', p_debounce ->> 'key') is not null then rhythm.name_problem('debounce key', p_debounce ->> 'key')
    when not p_debounce ? 'delay' then 'debounce needs a delay'
    when coalesce(rhythm.duration_ms(p_debounce -> 'delay'), 0) = 0 then 'debounce.delay must be a duration above zero: seconds, or text such as "1h30m"'
    when p_debounce ? 'max_delay' and coalesce(rhythm.duration_ms(p_debounce -> 'max_delay'), 0) = 0 then
      'debounce.max_delay must be a duration above zero: seconds, or text such as "1h30m"'
    when p_debounce ? 'inputs' and not coalesce(p_debounce ->> 'inputs' in ('last', 'first', 'all'), false) then 'debounce.inputs must be last, first or all'
    when rhythm.duration_ms(p_debounce -> 'max_delay') < rhythm.duration_ms(p_debounce -> 'delay') then 'debounce.max_delay must not be shorter than debounce.delay'
  end;
end;
$$;

comment on function rhythm.debounce_problem(jsonb) is 'What is wrong with the option debounce, as a sentence; null if nothing is.';

create or replace function rhythm.on_conflict_of(p_request jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_request ? 'debounce' then 'debounce' when p_request ? 'unique' then coalesce(p_request #>> '{unique,on_conflict}', 'existing') end;
end;
$$;

comment on function rhythm.on_conflict_of(jsonb) is 'What a request does if another execution has its key: as unique.on_conflict, or debounce. Null: it has no such key. Internal.';

-- The caller holds the waiting execution.
create or replace function rhythm.debounced(p_request jsonb, p_waiting uuid, p_now timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_before constant jsonb := (select e.inputs from rhythm.execution as e where e.id = p_waiting);
  v_inputs constant jsonb := case coalesce(p_request #>> '{debounce,inputs}', 'last')
    when 'first' then v_before
    when 'all' then v_before || jsonb_build_array(coalesce(p_request -> 'inputs', '{}'))
    else p_request -> 'inputs' end;
begin
  if octet_length(v_inputs::text) > v_limit then
    perform rhythm.raise('RH006', format('inputs take %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(v_inputs::text), v_limit));
  end if;
  return p_request - 'debounce' || jsonb_build_object('inputs', coalesce(v_inputs, '{}'), 'run_at', least(
    p_now + rhythm.duration_ms(p_request #> '{debounce,delay}') * interval '1 millisecond',
    rhythm.created_at(p_waiting) + rhythm.duration_ms(p_request #> '{debounce,max_delay}') * interval '1 millisecond'));
end;
$$;

comment on function rhythm.debounced(jsonb, uuid, timestamptz) is 'What a waiting execution becomes by another start with its debounce key, as a request. Internal.';

create or replace function rhythm.refuse_conflict(p_request jsonb, p_owner uuid, p_why text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.raise('RH012', format('Cannot start %s "%s": execution %s has the unique key "%s"%s', case p_request ->> 'type' when 'workflow' then 'flow' else 'task' end,
    p_request ->> 'target', p_owner, p_request #>> '{unique,key}', p_why), null, jsonb_build_object('executionId', p_owner)::text);
end;
$$;

comment on function rhythm.refuse_conflict(jsonb, uuid, text) is 'Raises RH012: another execution has the unique key of a request. Internal.';

-- A waiting execution gets what another start of its key says, and keeps its id, its place in the order and its parent.
-- The caller holds its row, its state and its batch.
create or replace function rhythm.replace_waiting(p_execution uuid, p_request jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind constant rhythm.kind := rhythm.kind_of(p_request - '{id,inputs,parent,traceparent,wait_group}'::text[], p_now);
  v_execution rhythm.execution;
  v_old rhythm.batch;
  v_batch rhythm.batch;
begin
  select b.* into v_old
  from rhythm.execution as e left join rhythm.workflow_state as s on s.execution_id = e.id join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
  where e.id = p_execution;
  update rhythm.execution as e
  set inputs = coalesce(p_request -> 'inputs', '{}'), queue = v_kind.queue, priority = v_kind.priority, run_at = v_kind.run_at, expires_at = v_kind.expires_at,
    timeout_ms = v_kind.timeout_ms, retry = v_kind.retry, concurrency_key = v_kind.concurrency_key, metadata = v_kind.metadata, traceparent = p_request ->> 'traceparent',
    notify_on_end = e.notify_on_end or v_kind.notify_on_end, note = null,
    version = case e.type when 'workflow' then (select v.version from rhythm.flow_version as v where v.program = v_kind.program) end,
    tags = case e.type when 'workflow' then (
      select rhythm.first_tags(v.found_by, coalesce(p_request -> 'inputs', '{}')) from rhythm.flow_version as v where v.program = v_kind.program and v.found_by is not null) end
  where e.id = p_execution
  returning e.* into v_execution;
  v_batch := rhythm.batch_of(v_execution, v_kind.run_at, 0, v_old.failures, v_old.crashes);
  v_batch.common := rhythm.common_of(rhythm.max_attempts(v_kind.retry), v_kind.timeout_ms, v_kind.metadata, v_execution.traceparent, v_kind.program);
  if v_old.gate is not null then
    v_batch.gate := v_old.gate;
    v_batch.run_at := 'infinity';
  end if;
  delete from rhythm.batch as b where b.id = v_old.id;
  insert into rhythm.batch select v_batch.*;
  if v_execution.type = 'workflow' then
    update rhythm.workflow_state as s set batch_id = v_batch.id, program = v_kind.program where s.execution_id = p_execution;
    delete from rhythm.timer as t where t.execution_id = p_execution and t.deadline;
    perform rhythm.set_deadline(p_execution, coalesce(v_kind.run_at, p_now));
  else
    update rhythm.execution as e set batch_id = v_batch.id where e.id = p_execution;
  end if;
  perform rhythm.wake_for(array[v_batch]);
end;
$$;

comment on function rhythm.replace_waiting(uuid, jsonb, timestamptz) is 'Gives an execution that has not begun the inputs and options of another request. Internal.';

-- The executions to lock before the keys are claimed: whole trees that may be cancelled, and executions that must not begin
-- meanwhile. A start that finds a queued execution must be seen by it: it begins after this transaction, or is not found.
create or replace function rhythm.lock_rivals(p_requests jsonb, p_owners uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_cancelled uuid[];
  v_waiting uuid[];
begin
  select coalesce(array_agg(k.execution_id) filter (where rhythm.on_conflict_of(r.value) = 'cancel_existing'), '{}'),
    coalesce(array_agg(k.execution_id) filter (where rhythm.on_conflict_of(r.value) in ('replace', 'debounce')
      or k.held_while = 'queued' and rhythm.on_conflict_of(r.value) = 'existing'), '{}')
  into v_cancelled, v_waiting
  from jsonb_array_elements(p_requests) as r
  join rhythm.idempotency_key as k on k.key = rhythm.key_of(r.value) and k.execution_id = any (p_owners)
  where rhythm.on_conflict_of(r.value) is not null;
  -- What has begun is not locked: its worker could not settle it meanwhile.
  v_waiting := array(select e.id from rhythm.execution as e where e.id = any (v_waiting) and not rhythm.is_begun(e));
  if v_cancelled <> '{}' or v_waiting <> '{}' then
    perform rhythm.lock_trees(v_cancelled, v_waiting);
    perform rhythm.hold_batch(b.id)
    from unnest(v_waiting) as i (id)
    join rhythm.execution as e on e.id = i.id and e.state = 0
    left join rhythm.workflow_state as s on s.execution_id = e.id
    join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id) and b.worker is null
    order by i.id;
  end if;
end;
$$;

comment on function rhythm.lock_rivals(jsonb, uuid[]) is 'Locks the executions that have unique keys of requests, as far as it matters to what happens. Internal.';

-- Claims the keys of requests. What was locked may no longer have the key when that is claimed: then all locks are
-- released, and it begins again. Only in this way are locks taken in the one order.
-- Locks: states, executions, batches, then keys. Waits for sessions with the same keys.
create or replace function rhythm.claim_unique(p_requests jsonb, p_now timestamptz)
returns rhythm.key_claim[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_twice text;
  v_owners uuid[];
  v_claims rhythm.key_claim[];
  v_claim rhythm.key_claim;
  v_request jsonb;
  v_how text;
  v_result rhythm.key_claim[] := '{}';
begin
  select min(coalesce(r.value #>> '{unique,key}', r.value #>> '{debounce,key}')) into v_twice from jsonb_array_elements(p_requests) as r
  where r.value ?| array['idempotency_key', 'unique', 'debounce']
  group by rhythm.key_of(r.value)
  having count(*) > 1 and bool_or(rhythm.on_conflict_of(r.value) <> 'existing')
  limit 1;
  if v_twice is not null then
    perform rhythm.raise('RH001', format('Two requests of one call have the unique or debounce key "%s"', v_twice), 'Only with on_conflict "existing" are they one execution');
  end if;
  loop
    begin
      v_owners := array(
        select k.execution_id from rhythm.idempotency_key as k
        where k.key = any (array(select rhythm.key_of(r.value) from jsonb_array_elements(p_requests) as r where rhythm.on_conflict_of(r.value) is not null)));
      perform rhythm.lock_rivals(p_requests, v_owners);
      v_claims := array(select row(c.nth, c.execution_id, c.is_new)::rhythm.key_claim from rhythm.claim_keys(p_requests, p_now) as c order by c.nth);
      if exists (
        select from unnest(v_claims) as c
        where not c.is_new and c.execution_id <> all (v_owners) and rhythm.on_conflict_of(p_requests -> (c.nth - 1)::integer) is not null
          and not exists (select from unnest(v_claims) as x where x.is_new and x.execution_id = c.execution_id)
      ) then
        raise sqlstate 'RHTRY';
      end if;
      exit;
    exception
      when sqlstate 'RHTRY' then
        null;
    end;
  end loop;

  foreach v_claim in array v_claims loop
    v_request := p_requests -> (v_claim.nth - 1)::integer;
    v_how := case when not v_claim.is_new then rhythm.on_conflict_of(v_request) end;
    if v_how = 'reject' then
      perform rhythm.refuse_conflict(v_request, v_claim.execution_id, '');
    elsif v_how = 'replace' then
      if (select rhythm.is_begun(e) from rhythm.execution as e where e.id = v_claim.execution_id) then
        perform rhythm.refuse_conflict(v_request, v_claim.execution_id, ' and has begun, so it cannot be replaced');
      end if;
      perform rhythm.replace_waiting(v_claim.execution_id, v_request, p_now);
    elsif v_how = 'debounce' then
      perform rhythm.replace_waiting(v_claim.execution_id, rhythm.debounced(v_request, v_claim.execution_id, p_now), p_now);
    elsif v_how = 'cancel_existing' then
      perform rhythm.cancel_trees(array[v_claim.execution_id], format('Another start with its unique key "%s" took its place', v_request #>> '{unique,key}'), p_now);
      v_claim.execution_id := coalesce((v_request ->> 'id')::uuid, rhythm.new_id());
      v_claim.is_new := true;
      update rhythm.idempotency_key as k
      set execution_id = v_claim.execution_id, held_while = rhythm.held_while(v_request), expires_at = p_now + rhythm.duration_ms(v_request #> '{unique,while}') * interval '1 millisecond'
      where k.key = rhythm.key_of(v_request);
    end if;
    v_result := v_result || v_claim;
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.claim_unique(jsonb, timestamptz) is
  'Claims the keys of requests, and does what they say where another execution has one: returns that, refuses, replaces it or cancels it. Internal.';

-- An execution that will run again holds its key again.
create or replace function rhythm.take_key_again(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
  v_owner uuid;
begin
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution;
  -- What has begun once is not queued in this sense.
  if v_execution.unique_key is null or v_execution.unique_while = 'queued' and v_execution.attempt > 0 then
    return;
  end if;
  insert into rhythm.idempotency_key as k (key, execution_id, held_while)
  values (format('%s:%s:%s', v_execution.type, v_execution.target, v_execution.unique_key), p_execution, v_execution.unique_while)
  on conflict (key) do update set
    execution_id = case when rhythm.key_is_free(k) then excluded.execution_id else k.execution_id end,
    held_while = case when rhythm.key_is_free(k) then excluded.held_while else k.held_while end,
    expires_at = case when rhythm.key_is_free(k) then null else k.expires_at end
  returning k.execution_id into v_owner;
  if v_owner <> p_execution then
    perform rhythm.raise('RH003', format('Cannot run execution %s again: execution %s has its unique key "%s" now', p_execution, v_owner, v_execution.unique_key),
      'Wait until that is over, or cancel it');
  end if;
end;
$$;

comment on function rhythm.take_key_again(uuid) is 'Takes the unique key of an execution that will run again; raises RH003 if another has it. Internal.';
`,
  },
  {
    name: "failures/count.sql",
    kind: "behaviour",
    checksum: "5d8c77bd60fa63e8049d8a20b1af81dab07f44d433aa4200de9ae2db82ba91c9",
    text: `-- Counting failures.

create or replace function rhythm.note_failures(p_ended rhythm.transition[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.failure_note (execution_id, fingerprint, at)
  select e.id, x.fingerprint, p_now
  from unnest(p_ended) as e
  cross join lateral (select y.fingerprint from rhythm.execution as y where y.id = e.id and y.fingerprint is not null offset 0) as x
  where e.state = 2;
end;
$$;

comment on function rhythm.note_failures(rhythm.transition[], timestamptz) is 'Notes those of some ends that are failures, for count_failures(). Internal.';

-- Only one session counts at a time: chores() holds a lock. A person who sets the state of a kind holds its row for a moment.
create or replace function rhythm.count_failures(p_limit integer)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_notes rhythm.failure_note[];
  v_new bigint[];
begin
  with taken as (
    delete from rhythm.failure_note as n
    where n.ctid = any (array(select x.ctid from rhythm.failure_note as x limit p_limit for update skip locked))
    returning n.*
  )
  select array_agg(t::rhythm.failure_note order by t.at, t.execution_id) into v_notes from taken as t;
  if v_notes is null then
    return false;
  end if;
  v_new := array(
    select distinct n.fingerprint from unnest(v_notes) as n
    left join rhythm.failure as f on f.fingerprint = n.fingerprint
    where f.state is null or f.state = 'resolved' and n.at > f.changed_at);
  insert into rhythm.failure_hour as h (fingerprint, hour, count)
  select n.fingerprint, date_trunc('hour', n.at at time zone 'UTC') at time zone 'UTC', count(*) from unnest(v_notes) as n group by 1, 2 order by 1, 2
  on conflict (fingerprint, hour) do update set count = h.count + excluded.count;
  insert into rhythm.failure as f (fingerprint, type, target, error_type, message, count, first_at, last_at, example_id, versions)
  select distinct on (n.fingerprint) n.fingerprint, e.type, e.target, left(e.error ->> 'type', 200), left(rhythm.message_kind(e.error), 500),
    count(*) over each_kind, min(n.at) over each_kind, max(n.at) over each_kind, n.execution_id,
    array(select distinct x.version from unnest(v_notes) as o
      cross join lateral (select y.version from rhythm.execution as y where y.id = o.execution_id offset 0) as x
      where o.fingerprint = n.fingerprint and x.version is not null order by x.version desc limit 10)
  from unnest(v_notes) as n
  cross join lateral (select x.type, x.target, x.error from rhythm.execution as x where x.id = n.execution_id offset 0) as e
  window each_kind as (partition by n.fingerprint)
  order by n.fingerprint, n.at desc, n.execution_id desc
  on conflict (fingerprint) do update
  set count = f.count + excluded.count, first_at = least(f.first_at, excluded.first_at), last_at = greatest(f.last_at, excluded.last_at),
    example_id = excluded.example_id, message = excluded.message,
    versions = array(select distinct v.version from unnest(f.versions || excluded.versions) as v (version) order by v.version desc limit 10),
    state = case when f.state = 'resolved' and excluded.last_at > f.changed_at then 'new' else f.state end;
  perform rhythm.call_hooks(v_notes, v_new);
  return cardinality(v_notes) = p_limit;
end;
$$;

comment on function rhythm.count_failures(integer) is
  'Counts noted failures by their kind, and calls hooks. A kind that was resolved and comes again is new. True: there is more. Part of chores().';

create or replace function rhythm.forget_failures(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant timestamptz := p_now - rhythm.setting('retention')::interval;
  v_old constant bigint[] := array(select f.fingerprint from rhythm.failure as f where f.last_at < v_before order by f.last_at limit p_limit for update skip locked);
  v_count integer;
begin
  delete from rhythm.failure as f where f.fingerprint = any (v_old);
  delete from rhythm.failure_hook_call as c where c.fingerprint = any (v_old);
  delete from rhythm.failure_hour as h
  where h.ctid = any (array(select x.ctid from rhythm.failure_hour as x where x.hour < p_now - interval '7 days' order by x.hour limit p_limit));
  get diagnostics v_count = row_count;
  return greatest(v_count, cardinality(v_old)) < p_limit;
end;
$$;

comment on function rhythm.forget_failures(integer, timestamptz) is
  'Forgets kinds of failures that have not come for the setting retention; false: there is more. Part of chores().';

create or replace function rhythm.set_failure(p_fingerprint bigint, p_state text, p_note text default null, p_by text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_note, p_by);
  v_before text;
begin
  if p_state is null or p_state not in ('new', 'known', 'resolved', 'ignored') then
    perform rhythm.raise('RH001', format('There is no state "%s" of failures: expected new, known, resolved or ignored', p_state));
  end if;
  select f.state into v_before from rhythm.failure as f where f.fingerprint = p_fingerprint for update;
  if not found then
    perform rhythm.raise('RH004', format('No failure has the fingerprint %s', coalesce(p_fingerprint::text, 'null')));
  end if;
  update rhythm.failure as f
  set state = p_state, changed_at = rhythm.now(), changed_by = v_names.by_whom, note = coalesce(v_names.reason, f.note)
  where f.fingerprint = p_fingerprint;
  perform rhythm.record('set', 'failure', p_fingerprint::text, p_note, jsonb_build_object('state', v_before), jsonb_build_object('state', p_state));
  return v_before <> p_state;
end;
$$;

comment on function rhythm.set_failure(bigint, text, text, text) is
  'Sets the state of a kind of failures: new, known, resolved (new again when it comes again) or ignored. p_note: a word about it, which is kept. False: it had this state. Example: '
  'select rhythm.set_failure(f.fingerprint, ''resolved'', ''fixed in 1.4'') from rhythm.failures as f where f.target = ''charge'';';
`,
  },
  {
    name: "failures/fingerprint.sql",
    kind: "behaviour",
    checksum: "17eb1a59f1912933814ce2a7f03d4ba2714b0ec6664e229232e37a2034cd5f64",
    text: `-- What failures of one kind have in common.

create or replace function rhythm.message_kind(p_error jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return regexp_replace(left(p_error ->> 'message', 1000), '"[^"]*"|(?<!\\w)''[^'']*''|\`[^\`]*\`|[[:alnum:]_-]*\\d[[:alnum:]_-]*', '#', 'g');
end;
$$;

comment on function rhythm.message_kind(jsonb) is 'The message of an error, with # for what differs between failures of one kind: numbers, ids, quoted parts. Internal.';

-- Without directories, because they differ between machines, and without the line, because it changes with every deploy.
create or replace function rhythm.user_frame(p_error jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_frame constant text := substring(left(p_error ->> 'stack', 4000) from '\\n\\s+at (?![^\\n]*(?:node_modules|node:|ext:|npm:|jsr:|https?://|\\(<anonymous>\\)))([^\\n]*)');
begin
  return regexp_replace(regexp_replace(v_frame, '(:\\d+){1,2}\\)?$', ''), '[^ (]*[/\\\\]', '', 'g');
end;
$$;

comment on function rhythm.user_frame(jsonb) is 'The first call of the user''s own code in the stack of an error: function and file. Internal.';

create or replace function rhythm.fingerprint_of(p_target text, p_error jsonb)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return hashtextextended(concat_ws(E'\\n', p_target, p_error ->> 'type', p_error ->> 'code', coalesce(p_error #>> '{at,line}', rhythm.user_frame(p_error)),
    rhythm.message_kind(p_error)), 0) & 9223372036854775807;
end;
$$;

comment on function rhythm.fingerprint_of(text, jsonb) is
  'What failures of one kind have in common, as a number from 0. It is made of the task or flow, the type of the error, its place, and its message without numbers, ids and quoted parts. Internal.';
`,
  },
  {
    name: "failures/hooks.sql",
    kind: "behaviour",
    checksum: "f0698310e9cc8f000e06c968edfce89ea29fb02c344a86ddfc62be400e18a64c",
    text: `-- Hooks: what to start when executions fail. A hook starts an execution as anybody could. So it survives crashes and is repeated like
-- any other, and a call of an HTTP address is a task that every worker has.

create or replace function rhythm.hook_problem(p_hook rhythm.failure_hook)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_fields constant text[] := '{type,target,version,queue,parent,fingerprint,line,variables,metadata}';
begin
  return coalesce(rhythm.name_problem('hook', p_hook.name), case
    when p_hook.event is null or p_hook.event not in ('new', 'failed') then format('There is no event "%s" of hooks: expected new or failed', p_hook.event)
    when p_hook.type is null or p_hook.type not in ('task', 'workflow') then format('"%s" cannot be the type of a hook: expected task or workflow', p_hook.type)
    when (p_hook.target is null) = (p_hook.url is null) then 'A hook needs either p_target or url'
    when length(p_hook.url) > 2000 or p_hook.url !~ '^https?://[^\\s/]+(/\\S*)?$' then 'url must be an address such as https://example.org/alerts'
    when length(p_hook.secret) > 500 then 'secret must have at most 500 characters'
    when p_hook.secret is not null and p_hook.url is null then 'secret needs url: it signs the calls'
    when jsonb_typeof(p_hook.filter) is distinct from 'object' then 'filter must be an object: {"target": "charge"}'
    when p_hook.filter - c_fields <> '{}' then 'There is no ' || rhythm.unknown_option(p_hook.filter, c_fields)
    when p_hook.filter <> '{}' then rhythm.filter_problem(p_hook.filter)
  end, case when p_hook.target is not null then rhythm.name_problem(p_hook.type, p_hook.target) end,
    case when p_hook.queue is not null then rhythm.name_problem('queue', p_hook.queue) end);
end;
$$;

comment on function rhythm.hook_problem(rhythm.failure_hook) is 'What is wrong with a hook; null if nothing is. Internal.';

-- Neither the stack nor the data of the error: an address may belong to somebody else. Who may read executions finds them by the id.
create or replace function rhythm.hook_request(p_hook rhythm.failure_hook, p_note rhythm.failure_note)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rhythm.request(p_hook.type, coalesce(p_hook.target, 'rhythm.call'), (
    select jsonb_build_object('hook', p_hook.name, 'event', p_hook.event, 'failedAt', p_note.at,
      'failure', jsonb_build_object('fingerprint', p_note.fingerprint::text, 'state', f.state, 'count', f.count, 'firstAt', f.first_at),
      'execution', jsonb_build_object('id', e.id, 'type', e.type, 'target', e.target, 'version', e.version, 'queue', e.queue, 'parentId', e.parent_id,
        'metadata', coalesce(e.metadata, '{}')),
      'error', jsonb_strip_nulls(jsonb_build_object('type', e.error -> 'type', 'message', left(e.error ->> 'message', 2000), 'code', e.error -> 'code', 'at', e.error -> 'at')))
    from (select p_note.execution_id as id) as i
    left join rhythm.execution as e on e.id = i.id
    left join rhythm.failure as f on f.fingerprint = p_note.fingerprint),
    jsonb_build_object('queue', p_hook.queue, 'metadata', jsonb_build_object('rhythm_hook', p_hook.name))
      || case when p_hook.url is null then '{}'::jsonb else '{"retry": {"max_attempts": 12, "initial": "2s", "max": "1h"}, "timeout": "30s"}' end);
end;
$$;

comment on function rhythm.hook_request(rhythm.failure_hook, rhythm.failure_note) is 'What a hook starts for a failure, in the form of create_many(). Internal.';

-- What a hook started, and all below it, calls no hook: a hook whose task fails does not start itself again.
create or replace function rhythm.hook_notes(p_hook rhythm.failure_hook, p_notes rhythm.failure_note[])
returns rhythm.failure_note[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select n from unnest(p_notes) as n
    cross join lateral (select x.root_id, x.metadata from rhythm.execution as x where x.id = n.execution_id offset 0) as e
    left join lateral (select x.metadata from rhythm.execution as x where x.id = e.root_id offset 0) as r on true
    where not coalesce(r.metadata, e.metadata, '{}') ? 'rhythm_hook'
      and (p_hook.filter = '{}' or rhythm.fitting(p_hook.filter, array[n.execution_id]) <> '{}')
    order by n.at, n.execution_id);
end;
$$;

comment on function rhythm.hook_notes(rhythm.failure_hook, rhythm.failure_note[]) is 'The failures for which a hook is called. Internal.';

-- An address is called once for each kind and interval. The next call says how many there were.
create or replace function rhythm.not_called_lately(p_hook rhythm.failure_hook, p_notes rhythm.failure_note[])
returns rhythm.failure_note[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_interval constant interval := rhythm.setting('hook_interval')::interval;
  v_notes rhythm.failure_note[];
begin
  if v_interval = '0' then
    return p_notes;
  end if;
  v_notes := array(
    select distinct on (n.fingerprint) n from unnest(p_notes) as n
    where not exists (
      select from rhythm.failure_hook_call as c where c.hook = p_hook.name and c.fingerprint = n.fingerprint and c.at > n.at - v_interval and c.at <= n.at)
    order by n.fingerprint, n.at, n.execution_id);
  insert into rhythm.failure_hook_call as c (hook, fingerprint, at)
  select p_hook.name, n.fingerprint, n.at from unnest(v_notes) as n
  on conflict (hook, fingerprint) do update set at = excluded.at;
  return array(select n from unnest(v_notes) as n order by n.at, n.execution_id);
end;
$$;

comment on function rhythm.not_called_lately(rhythm.failure_hook, rhythm.failure_note[]) is 'The failures for which a hook calls its address: the first of each kind and interval. Internal.';

-- An error is stored on the hook and not thrown, so that a flow that is missing does not stop the others.
create or replace function rhythm.call_hooks(p_notes rhythm.failure_note[], p_new bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_first constant rhythm.failure_note[] := array(
    select distinct on (n.fingerprint) n from unnest(p_notes) as n where n.fingerprint = any (p_new) order by n.fingerprint, n.at, n.execution_id);
  v_hook rhythm.failure_hook;
  v_notes rhythm.failure_note[];
  v_ids uuid[];
begin
  for v_hook in select h.* from rhythm.failure_hook as h order by h.name loop
    v_notes := rhythm.hook_notes(v_hook, case v_hook.event when 'new' then v_first else p_notes end);
    if v_hook.url is not null then
      v_notes := rhythm.not_called_lately(v_hook, v_notes);
    end if;
    continue when v_notes = '{}';
    begin
      v_ids := array(select c.id from rhythm.create_many((select jsonb_agg(rhythm.hook_request(v_hook, n)) from unnest(v_notes) as n)) as c (id));
      update rhythm.failure_hook as h
      set started = h.started + cardinality(v_ids), last_at = rhythm.now(), last_id = v_ids[cardinality(v_ids)], problem = null
      where h.name = v_hook.name;
    exception
      when others then
        if not rhythm.is_data_error(sqlstate) then
          raise;
        end if;
        update rhythm.failure_hook as h set problem = left(sqlerrm, 2000) where h.name = v_hook.name;
    end;
  end loop;
end;
$$;

comment on function rhythm.call_hooks(rhythm.failure_note[], bigint[]) is 'Starts what hooks start for failures; p_new: the kinds that are new. Part of chores().';

-- Neither the address nor the secret: an address may have a secret in it.
create or replace function rhythm.hook_said(p_name text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(to_jsonb(h)) from (
    select f.event, f.filter, f.type, f.target, f.host, f.queue, f.is_signed from rhythm.failure_hooks as f where f.name = p_name
  ) as h;
$$;

comment on function rhythm.hook_said(text) is 'What people said a hook does, for records of acts. Internal.';

create or replace function rhythm.set_failure_hook(
  p_name text,
  p_target text default null,
  p_type text default 'task',
  p_event text default 'new',
  url text default null,
  secret text default null,
  filter jsonb default '{}',
  queue text default null,
  p_by text default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(null, p_by);
  v_old constant jsonb := rhythm.hook_said(p_name);
  v_hook rhythm.failure_hook;
  v_problem text;
begin
  v_hook.name := p_name;
  v_hook.event := p_event;
  v_hook.filter := coalesce(set_failure_hook.filter, '{}');
  v_hook.type := p_type;
  v_hook.target := p_target;
  v_hook.url := set_failure_hook.url;
  v_hook.secret := nullif(set_failure_hook.secret, '');
  v_hook.queue := set_failure_hook.queue;
  v_problem := rhythm.hook_problem(v_hook);
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  elsif p_type = 'workflow' and not exists (select from rhythm.flow as f where f.name = p_target) then
    perform rhythm.raise('RH004', format('There is no flow "%s"', p_target), rhythm.did_you_mean(p_target, array(select f.name from rhythm.flow as f order by f.name)));
  end if;
  insert into rhythm.failure_hook as h (name, event, filter, type, target, url, secret, queue, created_at, created_by)
  values (p_name, p_event, v_hook.filter, p_type, coalesce(p_target, 'rhythm.call'), v_hook.url, v_hook.secret, v_hook.queue, rhythm.now(), v_names.by_whom)
  on conflict (name) do update
  set event = excluded.event, filter = excluded.filter, type = excluded.type, target = excluded.target, url = excluded.url, secret = excluded.secret,
    queue = excluded.queue, created_at = excluded.created_at, created_by = excluded.created_by, problem = null;
  perform rhythm.record('set', 'hook', p_name, p_before => v_old, p_after => rhythm.hook_said(p_name));
  if p_type = 'task' and p_target is not null then
    perform rhythm.tell_odd(array[rhythm.odd_task(p_target), rhythm.odd_queue(v_hook.queue)]);
  end if;
end;
$$;

comment on function rhythm.set_failure_hook(text, text, text, text, text, text, jsonb, text, text) is
  'Creates or replaces a hook: a task or flow (p_target, p_type) to start, or an HTTP address (url) to call, when executions fail. p_event: new, for each kind of failures that is new; failed, for each execution. '
  'filter: which executions, as in operate(). secret: calls of the address are signed with it. Example: select rhythm.set_failure_hook(''alerts'', url => ''https://example.org/alerts'', secret => ''…'');';

create or replace function rhythm.remove_failure_hook(p_name text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old constant jsonb := rhythm.hook_said(p_name);
begin
  delete from rhythm.failure_hook_call as c where c.hook = p_name;
  delete from rhythm.failure_hook as h where h.name = p_name;
  if not found then
    return false;
  end if;
  perform rhythm.record('remove', 'hook', p_name, p_before => v_old);
  return true;
end;
$$;

comment on function rhythm.remove_failure_hook(text) is 'Removes a hook; false if there is none of this name.';

create or replace function rhythm.hook_address(p_execution uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object('url', h.url, 'secret', h.secret)
    from rhythm.execution as e join rhythm.failure_hook as h on h.name = e.metadata ->> 'rhythm_hook'
    where e.id = p_execution and e.type = 'task' and e.target = 'rhythm.call' and e.state = 0 and h.url is not null);
end;
$$;

comment on function rhythm.hook_address(uuid) is
  'For workers: the address that a call of a hook is for, and the secret to sign it with. Null: the hook was removed, or the execution has ended.';
`,
  },
  {
    name: "history/changes.sql",
    kind: "behaviour",
    checksum: "d2992e95ea8815c41c004d2ee53b7b3e862ddcbe38e9be2792f4e5f7d4035c80",
    text: `-- What people change in a workflow: other variables, an earlier step. The language makes the new state, which is stored here. Each
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
    'snapshot', p_snapshot::jsonb, 'effects', p_effects, 'waits', p_waits, 'keep', (select coalesce(jsonb_agg(f.value -> 'id'), '[]') from jsonb_array_elements(p_effects) as f),
    'cleanup', coalesce(p_cleanup, false))), 1, 0, '{}', v_now);
  delete from rhythm.worker as w where w.id = v_worker;
  if v_answer -> 'refused' <> '[]' or v_answer -> 'declined' <> '[]' then
    perform rhythm.raise('RH003', format('Cannot fork execution %s: %s', p_execution, v_answer #>> '{refused,0,reason}'));
  end if;
  -- As text: jsonb would change the order of its keys.
  update rhythm.workflow_state as s set snapshot = p_snapshot where s.execution_id = p_id;
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
`,
  },
  {
    name: "history/delete.sql",
    kind: "behaviour",
    checksum: "8844a64f378ab7a403c3eb4280d9ad077f8a2d0a9cb901a04d2a6d83044e268b",
    text: `-- Deleting an execution for ever, with everything that belongs to it. Laws may require this.

-- Locks: the states, then the executions of the whole tree; waits for them.
create or replace function rhythm.delete_execution(p_execution uuid)
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
  v_ids uuid[];
  v_parent uuid;
  v_live uuid;
begin
  select e.parent_id into v_parent from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot delete: there is no execution %s', coalesce(p_execution::text, 'null')));
  elsif exists (select from rhythm.execution as e where e.id = v_parent) then
    perform rhythm.raise('RH003', format('Cannot delete execution %s: workflow %s started it', p_execution, v_parent), 'Delete that workflow, which deletes its children, too');
  end if;
  v_ids := array(
    with recursive tree as (
      select p_execution as id
      union all
      select e.id from tree as t join rhythm.execution as e on e.parent_id = t.id
    )
    select t.id from tree as t);
  perform rhythm.lock_around(v_ids);
  perform from rhythm.execution as e where e.id = any (v_ids) order by e.id for update;
  -- What has ended starts nothing more, so the tree is complete if none of it is live.
  select e.id into v_live from rhythm.execution as e where e.id = any (v_ids) and e.state = 0 order by e.id limit 1;
  if found then
    perform rhythm.raise('RH003', format('Cannot delete execution %s: %s is %s', p_execution,
      case v_live when p_execution then 'it' else 'its child ' || v_live end, rhythm.status_of(v_live)), 'Cancel it first, and delete it once it is over');
  end if;
  perform rhythm.record('delete', 'execution', p_execution::text, p_before => jsonb_build_object('executions', cardinality(v_ids)));
  return rhythm.remove_over(v_ids);
end;
$$;

comment on function rhythm.delete_execution(uuid) is
  'Deletes an execution that has ended and all that it started, with their inputs, outputs, errors, logs, signals, steps and keys; returns the number of executions. Backups and the WAL still contain them.';
`,
  },
  {
    name: "history/frozen.sql",
    kind: "behaviour",
    checksum: "b3a88d9cdcdca10fb904bc272eec8279c77b4862af64509490dc71ae019cbfb4",
    text: `-- An execution as a file, and as a frozen copy in another installation.

create or replace function rhythm.exported_programs(p_ids uuid[])
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('program', v.program, 'name', v.name, 'version', v.version, 'source', v.source, 'code', v.code,
    'input_schema', v.input_schema, 'options', v.options, 'description', v.description, 'created_at', v.created_at) order by v.name, v.version), '[]')
  from rhythm.flow_version as v
  where v.program in (
    select s.program from rhythm.workflow_state as s where s.execution_id = any (p_ids)
    union all
    select x.program from rhythm.base as b cross join lateral (values (b.program), (b.was)) as x (program) where b.execution_id = any (p_ids)
    union all
    select o.program from rhythm.execution as e join rhythm.flow_version as o on o.name = e.target and o.version = e.version
    where e.id = any (p_ids) and e.type = 'workflow');
$$;

comment on function rhythm.exported_programs(uuid[]) is 'The versions of flows that some executions run or ran, for export_execution(). Internal.';

-- The steps that committed with the end of a child are listed like all others, and the ends of children as the steps took them.
-- A snapshot is a text, because jsonb would change the order of its keys.
create or replace function rhythm.exported_workflow(p_execution uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'state', (
      select jsonb_build_object('program', s.program, 'seq', s.seq, 'cleanup', s.cleanup, 'snapshot', s.snapshot::text)
      from rhythm.workflow_state as s where s.execution_id = p_execution),
    'journal', (
      select coalesce(jsonb_agg(jsonb_build_object('step', s.step, 'moment', s.moment, 'items', to_jsonb(s.items)) order by s.step), '[]')
      from rhythm.steps_of(p_execution, 0, null) as s),
    'ends', (
      select coalesce(jsonb_agg(jsonb_build_object('item', x.item, 'step', x.step, 'settled', x.settled) order by x.step, x.item), '[]')
      from (
        select c.id as item, s.step, coalesce((select n.settled from rhythm.end_taken(p_execution, c.id, s.step) as n), rhythm.settled_items(array[c.id]) -> 0) as settled
        from rhythm.steps_of(p_execution, 0, null) as s
        cross join lateral unnest(s.items) as i (id)
        join rhythm.execution as c on c.id = i.id and c.parent_id = p_execution
      ) as x),
    'bases', (
      select coalesce(jsonb_agg(jsonb_build_object('step', b.step, 'epoch', b.epoch, 'at', b.at, 'act', b.act, 'by', b.by, 'note', b.note, 'program', b.program,
        'was', b.was, 'snapshot', b.snapshot::text) order by b.step), '[]')
      from rhythm.base as b where b.execution_id = p_execution),
    'timers', (
      select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'fires_at', t.fires_at) order by t.id), '[]')
      from rhythm.timer as t where t.execution_id = p_execution and not t.deadline),
    'waits', (
      select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name, 'timeout_at', w.timeout_at, 'timed_out', w.timed_out) order by w.id), '[]')
      from rhythm.signal_wait as w where w.execution_id = p_execution),
    'signals', (
      select coalesce(jsonb_agg(jsonb_build_object('name', g.name, 'payload', g.payload, 'taken_by', g.taken_by, 'sent_at', g.sent_at) order by g.id), '[]')
      from rhythm.signal as g where g.execution_id = p_execution),
    'named', (select coalesce(jsonb_agg(to_jsonb(p) - 'execution_id' order by p.seq, p.name), '[]') from rhythm.step as p where p.execution_id = p_execution));
end;
$$;

comment on function rhythm.exported_workflow(uuid) is 'What a workflow has besides its own row, for export_execution(). Internal.';

create or replace function rhythm.export_execution(p_execution uuid)
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
declare
  c_most constant integer := 10000;
  v_ids uuid[];
begin
  if not exists (select from rhythm.execution as e where e.id = p_execution) then
    perform rhythm.raise('RH002', format('Cannot export: there is no execution %s', coalesce(p_execution::text, 'null')));
  elsif exists (select from rhythm.execution as e where e.id = p_execution and e.state = 4) then
    perform rhythm.raise('RH003', format('Cannot export execution %s: it is a frozen copy', p_execution), 'Use the file that it was imported from');
  end if;
  v_ids := array(
    with recursive tree as (
      select p_execution as id
      union all
      select e.id from tree as t join rhythm.execution as e on e.parent_id = t.id
    )
    select t.id from tree as t limit c_most + 1);
  if cardinality(v_ids) > c_most then
    perform rhythm.raise('RH006', format('Cannot export execution %s: it and all that it started are more than %s executions', p_execution, c_most), 'Export one of its children');
  end if;
  return jsonb_build_object(
    'format', 'rhythm execution', 'version', 1, 'exported_at', rhythm.now(),
    'exported_from', current_database() || coalesce((select ', ' || h.environment from rhythm.home as h), ''),
    'root', p_execution,
    'programs', rhythm.exported_programs(v_ids),
    'executions', (
      select jsonb_agg(jsonb_build_object(
        'id', e.id, 'parent_id', case when e.id <> p_execution then e.parent_id end, 'type', e.type, 'target', e.target, 'status', v.status, 'queue', e.queue,
        'priority', e.priority, 'version', e.version, 'epoch', e.epoch, 'seed', e.seed::text, 'attempt', v.attempt, 'run_at', e.run_at, 'claimed_at', v.claimed_at,
        'completed_at', e.completed_at, 'timeout_ms', e.timeout_ms, 'concurrency_key', e.concurrency_key, 'retry', e.retry, 'tags', to_jsonb(e.tags),
        'traceparent', e.traceparent, 'metadata', e.metadata, 'progress', e.progress, 'checkpoint', e.checkpoint, 'note', e.note, 'cancel_reason', e.cancel_reason,
        'error', e.error, 'inputs', e.inputs, 'output', v.output,
        'reasons', rhythm.reasons_of(e.id, 1),
        'logs', (
          select coalesce(jsonb_agg(jsonb_build_object('at', l.at, 'level', l.level, 'message', l.message, 'data', l.data) order by l.id), '[]')
          from rhythm.log_line as l where l.execution_id = e.id))
        || case e.type when 'workflow' then rhythm.exported_workflow(e.id) else '{}' end order by e.id)
      from rhythm.execution as e
      cross join lateral (select x.status, x.attempt, x.claimed_at, x.output from rhythm.executions as x where x.id = e.id offset 0) as v
      where e.id = any (v_ids)));
end;
$$;

comment on function rhythm.export_execution(uuid) is
  'An execution with all that it started and its whole history, as one JSON object for import_execution() of another installation. It contains inputs, outputs, variables and the seed of the random numbers: keep it as safe as the database. '
  'Example: select rhythm.export_execution(''0190…'');';

-- Versions that are not here get the next number of their flow. None becomes the current one.
create or replace function rhythm.import_programs(p_programs jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_program record;
  v_problem text;
begin
  for v_program in
    select p.* from jsonb_to_recordset(p_programs) as p (program text, name text, version integer, source text, code jsonb, input_schema jsonb, options jsonb, description text, created_at timestamptz)
    order by p.name, p.version
  loop
    if v_program.program is distinct from rhythm.program_hash(v_program.name, v_program.source) and v_program.code is distinct from '{"language": "typescript"}' then
      perform rhythm.raise('RH001', format('Cannot import: the text of flow "%s", version %s, is not the one that was exported', v_program.name, v_program.version));
    end if;
    v_problem := coalesce(rhythm.name_problem('flow', v_program.name), rhythm.options_problem(v_program.options),
      case when v_program.input_schema is not null then rhythm.check_schema(v_program.input_schema) ->> 'message' end,
      case when jsonb_typeof(v_program.code) is distinct from 'object' then 'a program is no object' end);
    if v_problem is not null then
      perform rhythm.raise('RH001', 'Cannot import: the file is damaged: ' || v_problem);
    end if;
    perform pg_advisory_xact_lock(hashtextextended(:'schema' || ' flow ' || v_program.name, 0));
    insert into rhythm.flow_version (program, name, version, source, code, input_schema, options, description, found_by, created_at)
    values (v_program.program, v_program.name, (select coalesce(max(v.version), 0) + 1 from rhythm.flow_version as v where v.name = v_program.name),
      v_program.source, v_program.code, v_program.input_schema, v_program.options, v_program.description, rhythm.found_by(v_program.code), v_program.created_at)
    on conflict (program) do nothing;
  end loop;
end;
$$;

comment on function rhythm.import_programs(jsonb) is 'Stores the versions of flows that a file contains. Internal.';

-- Timers count as fired and waits as over, so that nothing is due. Ends of children are stored as their workflow took them.
create or replace function rhythm.import_workflow(p_execution uuid, p_file jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.workflow_state (execution_id, program, seq, cleanup, snapshot)
  select p_execution, s.program, s.seq, s.cleanup, s.snapshot::json
  from jsonb_to_record(nullif(p_file -> 'state', 'null')) as s (program text, seq integer, cleanup boolean, snapshot text)
  where s.program is not null;
  insert into rhythm.journal (execution_id, step, moment, items)
  select p_execution, j.step, j.moment, j.items from jsonb_to_recordset(p_file -> 'journal') as j (step integer, moment timestamptz, items uuid[]);
  insert into rhythm.taken_end (execution_id, item, step, settled)
  select p_execution, n.item, n.step, n.settled from jsonb_to_recordset(p_file -> 'ends') as n (item uuid, step integer, settled jsonb);
  insert into rhythm.base (execution_id, step, epoch, at, act, by, note, program, was, snapshot)
  select p_execution, b.step, b.epoch, b.at, b.act, b.by, b.note, b.program, b.was, b.snapshot::json
  from jsonb_to_recordset(p_file -> 'bases') as b (step integer, epoch integer, at timestamptz, act text, by text, note text, program text, was text, snapshot text);
  insert into rhythm.timer (id, execution_id, fires_at, fired)
  select t.id, p_execution, t.fires_at, true from jsonb_to_recordset(p_file -> 'timers') as t (id uuid, fires_at timestamptz);
  insert into rhythm.signal (execution_id, name, payload, taken_by, sent_at)
  select p_execution, g.name, coalesce(g.payload, 'null'), g.taken_by, g.sent_at
  from jsonb_array_elements(p_file -> 'signals') with ordinality as x (value, nth)
  cross join lateral jsonb_to_record(x.value) as g (name text, payload jsonb, taken_by uuid, sent_at timestamptz)
  order by x.nth;
  insert into rhythm.signal_wait (id, execution_id, name, timeout_at, signal_id, timed_out)
  select w.id, p_execution, w.name, w.timeout_at, g.id, g.id is null
  from jsonb_to_recordset(p_file -> 'waits') as w (id uuid, name text, timeout_at timestamptz)
  left join rhythm.signal as g on g.taken_by = w.id and g.execution_id = p_execution;
  insert into rhythm.step (execution_id, name, kind, status, seq, attempts, started_at, ended_at, until, wait_id, error, output)
  select p_execution, p.name, p.kind, p.status, p.seq, p.attempts, p.started_at, p.ended_at, p.until, p.wait_id, p.error, p.output
  from jsonb_to_recordset(p_file -> 'named') as p (name text, kind text, status text, seq integer, attempts smallint, started_at timestamptz, ended_at timestamptz,
    until timestamptz, wait_id uuid, error jsonb, output jsonb);
end;
$$;

comment on function rhythm.import_workflow(uuid, jsonb) is 'Stores what a workflow of a file has besides its own row. Internal.';

create or replace function rhythm.file_problem(p_file jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when jsonb_typeof(p_file) is distinct from 'object' or p_file ->> 'format' is distinct from 'rhythm execution' then 'Cannot import: this is not an exported execution'
    when jsonb_typeof(p_file -> 'version') is distinct from 'number' then 'Cannot import: the file is damaged: it has no version'
    when (p_file ->> 'version')::numeric > 1 then
      format('Cannot import: the file has version %s of its format, and this installation knows version 1. Upgrade it', p_file ->> 'version')
    when jsonb_typeof(p_file -> 'programs') is distinct from 'array' or jsonb_typeof(p_file -> 'executions') is distinct from 'array'
      or not p_file -> 'executions' @> jsonb_build_array(jsonb_build_object('id', p_file -> 'root')) then 'Cannot import: the file is damaged: its execution is not in it'
  end;
end;
$$;

comment on function rhythm.file_problem(jsonb) is 'What is wrong with an exported execution, as far as its head says. Internal.';

-- What constraints do not refuse.
create or replace function rhythm.imported_problem(p_ids uuid[], p_root uuid)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(rhythm.name_problem(e.type, e.target), rhythm.name_problem('queue', e.queue),
      case
        when e.id <> p_root and e.parent_id <> all (p_ids) is not false then format('nothing in it started execution %s', e.id)
        when s.execution_id is not null and e.seed is null then format('workflow %s has no seed', e.id)
        when s.execution_id is not null and not exists (select from rhythm.flow_version as v where v.program = s.program) then format('the program of workflow %s is not in it', e.id)
        when exists (select from rhythm.base as b where b.execution_id = e.id and not exists (select from rhythm.flow_version as v where v.program = b.program)) then
          format('a program of workflow %s is not in it', e.id)
        when exists (select from rhythm.signal as g where g.execution_id = e.id and g.taken_by is not null
          and not exists (select from rhythm.signal_wait as w where w.id = g.taken_by and w.execution_id = e.id and w.signal_id = g.id)) then format('a wait of workflow %s took no signal', e.id)
        when exists (select from rhythm.journal as j where j.execution_id = e.id and j.step > s.seq + 1) then format('workflow %s has not come to all of its steps', e.id)
      end)
    from rhythm.execution as e
    left join rhythm.workflow_state as s on s.execution_id = e.id
    where e.id = any (p_ids)
    order by 1 limit 1);
end;
$$;

comment on function rhythm.imported_problem(uuid[], uuid) is 'What is wrong with executions that were just imported; null if nothing is. Internal.';

create or replace function rhythm.import_execution(p_file jsonb, p_by text default null)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_by constant text := (rhythm.pause_names(null, p_by)).by_whom;
  v_problem constant text := rhythm.file_problem(p_file);
  v_root uuid;
  v_ids uuid[];
  v_known uuid;
  v_message text;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  begin
    v_root := (p_file ->> 'root')::uuid;
    v_ids := array(select (x.value ->> 'id')::uuid from jsonb_array_elements(p_file -> 'executions') as x);
    select e.id into v_known from rhythm.execution as e where e.id = any (v_ids) order by e.id limit 1;
    if found then
      perform rhythm.raise('RH003', format('Cannot import execution %s: there is an execution %s already', v_root, v_known),
        'An earlier copy can be deleted with delete_execution()');
    end if;
    perform rhythm.import_programs(p_file -> 'programs');
    insert into rhythm.execution (id, parent_id, root_id, claimed_at, completed_at, run_at, timeout_ms, seed, version, epoch, state, attempt, priority, type, target, queue,
      concurrency_key, cancel_reason, note, traceparent, tags, retry, metadata, progress, checkpoint, error, inputs, output)
    select e.id, case when e.id <> v_root then e.parent_id end, nullif(v_root, e.id), e.claimed_at, v_now, e.run_at, e.timeout_ms, e.seed, v.version, e.epoch, 4, e.attempt, e.priority,
      e.type, e.target, e.queue, e.concurrency_key, e.cancel_reason, e.note, e.traceparent, e.tags, e.retry, e.metadata, e.progress, e.checkpoint,
      e.error, coalesce(e.inputs, 'null'), e.output
    from jsonb_to_recordset(p_file -> 'executions') as e (id uuid, parent_id uuid, claimed_at timestamptz, run_at timestamptz, timeout_ms bigint, seed bigint, version integer,
      epoch integer, attempt smallint, priority smallint, type text, target text, queue text, concurrency_key text, cancel_reason text, note text, traceparent text, tags text[],
      retry jsonb, metadata jsonb, progress jsonb, checkpoint jsonb, error jsonb, inputs jsonb, output jsonb)
    left join jsonb_to_recordset(p_file -> 'programs') as p (program text, name text, version integer) on p.name = e.target and p.version = e.version
    left join rhythm.flow_version as v on v.program = p.program;
    insert into rhythm.frozen (execution_id, status, completed_at, exported_at, exported_from, frozen_at, frozen_by, reasons)
    select e.id, e.status, e.completed_at, (p_file ->> 'exported_at')::timestamptz, coalesce(p_file ->> 'exported_from', ''), v_now, v_by, coalesce(e.reasons, '[]')
    from jsonb_to_recordset(p_file -> 'executions') as e (id uuid, status text, completed_at timestamptz, reasons jsonb);
    perform rhythm.import_workflow((x.value ->> 'id')::uuid, x.value)
    from jsonb_array_elements(p_file -> 'executions') as x where x.value ->> 'type' = 'workflow';
    insert into rhythm.log_line (execution_id, at, level, message, data)
    select (x.value ->> 'id')::uuid, l.at, l.level, l.message, l.data
    from jsonb_array_elements(p_file -> 'executions') with ordinality as x (value, nth)
    cross join lateral jsonb_array_elements(x.value -> 'logs') with ordinality as y (value, nth)
    cross join lateral jsonb_to_record(y.value) as l (at timestamptz, level text, message text, data jsonb)
    order by x.nth, y.nth;
    v_message := rhythm.imported_problem(v_ids, v_root);
    if v_message is not null then
      perform rhythm.raise('RH001', 'Cannot import: the file is damaged: ' || v_message);
    end if;
  exception
    when data_exception or integrity_constraint_violation then
      get stacked diagnostics v_message = message_text;
      perform rhythm.raise('RH001', 'Cannot import: the file is damaged: ' || v_message);
  end;
  perform rhythm.record('import', 'execution', v_root::text, p_after => jsonb_build_object('executions', cardinality(v_ids), 'exported_from', p_file -> 'exported_from'));
  return v_root;
end;
$$;

comment on function rhythm.import_execution(jsonb, text) is
  'Stores what export_execution() of another installation gave as a frozen copy, with the same ids: to look at, to fork and to rebuild. Nothing runs, signals, retries or changes it; purge() deletes it once the retention has passed since the import. Returns its id.';

create or replace function rhythm.refuse_frozen(p_ids uuid[], p_what text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
begin
  select e.id into v_id from rhythm.execution as e where e.id = any (p_ids) and e.state = 4 order by e.id limit 1;
  if found then
    perform rhythm.raise('RH003', format('%s: execution %s is a frozen copy, which nothing runs or changes', p_what, v_id), 'Fork it: the new workflow runs here');
  end if;
end;
$$;

comment on function rhythm.refuse_frozen(uuid[], text) is 'Raises RH003 if one of these executions is a frozen copy. Internal.';

create or replace function rhythm.frozen_reason(p_execution uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_array(rhythm.reason('frozen', format('It is a copy of an execution in %s, where it was %s on %s. Nothing runs it here', f.exported_from, f.status, rhythm.moment_text(f.exported_at)),
      jsonb_build_object('at', f.exported_at, 'since', f.frozen_at, 'by', f.frozen_by, 'status', f.status, 'name', f.exported_from, 'because', f.reasons)))
    from rhythm.frozen as f where f.execution_id = p_execution);
end;
$$;

comment on function rhythm.frozen_reason(uuid) is 'That an execution is a frozen copy, and what was said of it where it comes from, for explain(). Internal.';

create or replace function rhythm.check_frozen()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(e.id, f.execution_id), case when f.execution_id is null then 'it is frozen, and nothing says where it comes from' else 'it is noted as frozen, and is not' end
  from (select x.id, x.state from rhythm.execution as x where x.state = 4) as e
  full join rhythm.frozen as f on f.execution_id = e.id
  where e.id is null or f.execution_id is null
  union all
  select e.id, 'it is frozen, and has something that would let it run'
  from rhythm.execution as e
  where e.state = 4
    and (e.batch_id is not null or e.stopping or e.keyed or e.notify_on_end
      or exists (select from rhythm.workflow_state as s where s.execution_id = e.id and (s.batch_id is not null or s.groups <> '{}' or s.change is not null))
      or exists (select from rhythm.inbox as i where i.execution_id = e.id)
      or exists (select from rhythm.timer as t where t.execution_id = e.id and not t.fired)
      or exists (select from rhythm.signal_wait as w where w.execution_id = e.id and w.signal_id is null and not w.timed_out));
$$;

comment on function rhythm.check_frozen() is 'What is wrong with frozen copies. Part of check().';
`,
  },
  {
    name: "history/history.sql",
    kind: "behaviour",
    checksum: "71cad11b3a48401f429cf84a6cd6fd36563aec2f33107eb8f7825e89d41fff49",
    text: `-- What workflows did, step by step. sql/settle writes it: a row of the journal, or the row of the child with whose end the step
-- committed.

create or replace function rhythm.steps_of(p_execution uuid, p_after integer, p_limit integer)
returns table (step integer, moment timestamptz, items uuid[])
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select s.step, s.moment, s.items from (
    select j.step, j.moment, j.items from rhythm.journal as j where j.execution_id = p_execution and j.step > p_after
    union all
    select c.parent_step, c.completed_at, array[c.id] from rhythm.execution as c where c.parent_id = p_execution and c.parent_step > p_after
  ) as s
  order by s.step
  limit p_limit;
end;
$$;

comment on function rhythm.steps_of(uuid, integer, integer) is 'The steps of a workflow after a number, in order. Internal.';

-- Raises for what has no history.
create or replace function rhythm.workflow_with_history(p_execution uuid, p_what text)
returns rhythm.execution
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
begin
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('%s: there is no execution %s', p_what, coalesce(p_execution::text, 'null')));
  elsif v_execution.type <> 'workflow' then
    perform rhythm.raise('RH003', format('%s: execution %s is a task, and only workflows have steps', p_what, p_execution));
  end if;
  return v_execution;
end;
$$;

comment on function rhythm.workflow_with_history(uuid, text) is 'The execution, if it is a workflow. Internal.';

-- The end of a child as a step took it, if the child has begun again since.
create or replace function rhythm.end_taken(p_execution uuid, p_item uuid, p_step integer)
returns table (settled jsonb)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select n.settled from rhythm.taken_end as n where n.execution_id = p_execution and n.item = p_item and n.step >= p_step order by n.step limit 1;
$$;

comment on function rhythm.end_taken(uuid, uuid, integer) is 'The end of a child that a step of its workflow took, if the child has begun again since. Internal.';

create or replace function rhythm.history(p_execution uuid, p_after integer default 0, p_limit integer default 1000)
returns table (step integer, moment timestamptz, act text, took jsonb, note text, by text)
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
  perform rhythm.workflow_with_history(p_execution, 'Cannot show the history');
  perform rhythm.check_limit('history()', p_limit);
  return query
  select x.step, x.moment, x.act, x.took, x.note, x.by
  from (
    select s.step, s.moment, 'step' as act, (
      select coalesce(jsonb_agg(case
        when i.id = p_execution then jsonb_build_object('kind', 'cancellation', 'id', i.id)
        when c.id is not null then jsonb_build_object('kind', c.type, 'id', i.id, 'name', c.target, 'status', coalesce(n.settled ->> 'status', rhythm.status_name(c.state, null, null)))
        when w.id is not null then jsonb_build_object('kind', 'signal', 'id', i.id, 'name', w.name, 'status', case when w.timed_out then 'timed out' else 'completed' end)
        else jsonb_build_object('kind', 'timer', 'id', i.id, 'status', 'completed') end order by i.nth), '[]')
      from unnest(s.items) with ordinality as i (id, nth)
      left join rhythm.execution as c on c.id = i.id
      left join rhythm.signal_wait as w on w.id = i.id
      left join lateral rhythm.end_taken(p_execution, i.id, s.step) as n on true
    ) as took, null as note, null as by
    from rhythm.steps_of(p_execution, coalesce(p_after, 0), p_limit) as s
    union all
    select b.step, b.at, b.act, '[]', b.note, b.by from rhythm.base as b where b.execution_id = p_execution and b.step > coalesce(p_after, 0)
    union all
    select p.seq, p.ended_at, 'step', jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('kind', p.kind, 'id', p.wait_id, 'name', p.name, 'status', p.status))), null, null
    from rhythm.step as p
    -- What a fork got from the other workflow is the past of that.
    where p.execution_id = p_execution and p.seq > greatest(p_after, 0, (
      select f.step from rhythm.base as f where f.execution_id = p_execution and f.act = 'forked' order by f.step limit 1))
  ) as x
  order by x.step
  limit p_limit;
end;
$$;

comment on function rhythm.history(uuid, integer, integer) is
  'What a workflow did, step by step: when, and what it took (tasks, workflows, timers, signals that had ended; its cancellation). act says what a person did instead of a step. p_after: the last step of the page before. Example: select * from rhythm.history(''0190…'');';

-- Contains the seed, with which anyone can compute the random numbers of the workflow.
create or replace function rhythm.replay_start(p_execution uuid, p_step integer default null)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution constant rhythm.execution := rhythm.workflow_with_history(p_execution, 'Cannot rebuild a state');
  v_state rhythm.workflow_state;
  v_version rhythm.flow_version;
  v_base rhythm.base;
begin
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_execution;
  select v.* into v_version from rhythm.flow_version as v where v.name = v_execution.target and v.version = v_execution.version;
  if not found then
    perform rhythm.raise('RH003', format('Cannot rebuild a state of execution %s: it has not begun, because it waits for the owner of its key', p_execution));
  elsif v_version.code = '{"language": "typescript"}' then
    perform rhythm.raise('RH003', format('Cannot rebuild a state of execution %s: it is a workflow in TypeScript', p_execution), 'Its history() names the steps, with their results');
  end if;
  select b.* into v_base from rhythm.base as b where b.execution_id = p_execution and b.step <= coalesce(p_step, b.step) order by b.step desc limit 1;
  if found then
    select v.* into v_version from rhythm.flow_version as v where v.program = v_base.program;
  else
    -- Before it was changed for the first time, it may have run another program.
    select v.* into v_version
    from rhythm.base as b
    join rhythm.flow_version as v on v.program = coalesce(b.was, b.program)
    where b.execution_id = p_execution and b.act <> 'forked' and b.step > p_step
    order by b.step limit 1;
    if not found then
      select v.* into v_version from rhythm.flow_version as v where v.name = v_execution.target and v.version = v_execution.version;
    end if;
  end if;
  return jsonb_build_object(
    'id', v_execution.id, 'flow', v_version.name, 'version', v_version.version, 'source', v_version.source, 'code', v_version.code,
    'seed', v_execution.seed::text, 'epoch', coalesce(v_base.epoch, 0), 'queue', v_execution.queue, 'parentId', v_execution.parent_id,
    'metadata', coalesce(v_execution.metadata, '{}'), 'inputs', v_execution.inputs,
    'status', (select coalesce(e.frozen_status, e.status) from rhythm.executions as e where e.id = p_execution), 'output', v_execution.output, 'cancelReason', v_execution.cancel_reason,
    'seq', v_state.seq, 'snapshot', v_state.snapshot,
    'base', case when v_base.step is not null then jsonb_build_object('step', v_base.step, 'at', v_base.at, 'snapshot', v_base.snapshot) end);
end;
$$;

comment on function rhythm.replay_start(uuid, integer) is
  'With what a state of a workflow is rebuilt: program, inputs, seed, the newest base up to a step, and the stored state. For tools: rhythm.executions.at() of TypeScript rebuilds it.';

create or replace function rhythm.replay_steps(p_execution uuid, p_after integer default 0, p_limit integer default 10000)
returns table (step integer, moment timestamptz, cancelled boolean, settled jsonb)
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
  perform rhythm.check_limit('replay_steps()', p_limit);
  return query
  select s.step, s.moment, p_execution = any (s.items), x.settled
  from rhythm.steps_of(p_execution, coalesce(p_after, 0), p_limit) as s
  cross join lateral (
    select case when exists (select from rhythm.taken_end as n where n.execution_id = p_execution and n.item = any (s.items)) then (
      select jsonb_agg(coalesce(n.settled, i.value) order by i.nth)
      from jsonb_array_elements(rhythm.settled_items(array_remove(s.items, p_execution))) with ordinality as i (value, nth)
      left join lateral rhythm.end_taken(p_execution, (i.value ->> 'id')::uuid, s.step) as n on true)
    else rhythm.settled_items(array_remove(s.items, p_execution)) end as settled
  ) as x
  order by s.step;
end;
$$;

comment on function rhythm.replay_steps(uuid, integer, integer) is
  'The steps of a workflow with what each took, as the language reads it. For tools: rhythm.executions.at() of TypeScript rebuilds states from them.';
`,
  },
  {
    name: "history/sweep.sql",
    kind: "behaviour",
    checksum: "a60cf39d3449a5a5d96d09d9c7152ad0cd9b50b7da25ced44a4f3777f3e197a9",
    text: `-- Removes what has expired, and what ended long ago.

-- Nobody waits for it, and it is the most expensive of the chores, because each session makes its own plan for it.
create or replace function rhythm.sweep(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last constant timestamptz := (select s.value::timestamptz from rhythm.setting as s where s.name = 'swept_at');
  v_is_swept boolean;
begin
  if v_last between p_now - interval '10 seconds' and p_now then
    return true;
  end if;
  perform rhythm.forget_heads(p_now);
  v_is_swept := rhythm.expire_keys(p_limit, p_now) < p_limit;
  v_is_swept := rhythm.forget_throttles(p_limit, p_now) < p_limit and v_is_swept;
  v_is_swept := rhythm.purge_on(p_limit, p_now) and v_is_swept;
  v_is_swept := rhythm.forget_operations(p_limit, p_now) and v_is_swept;
  v_is_swept := rhythm.forget_failures(p_limit, p_now) and v_is_swept;
  v_is_swept := rhythm.forget_rates(p_limit, p_now) and v_is_swept;
  v_is_swept := rhythm.forget_acts(p_limit, p_now) and v_is_swept;
  perform rhythm.forget_tokens(p_now);
  if v_is_swept then
    insert into rhythm.setting as s (name, value) values ('swept_at', p_now::text)
    on conflict (name) do update set value = excluded.value;
  end if;
  return v_is_swept;
end;
$$;

comment on function rhythm.sweep(integer, timestamptz) is
  'Removes what has expired or is older than the retention, every ten seconds; false: there is more than one call may remove or look at. Part of chores().';

create or replace function rhythm.expire_keys(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys constant text[] := array(select x.key from rhythm.idempotency_key as x where x.expires_at <= p_now limit p_limit for update skip locked);
begin
  delete from rhythm.idempotency_key as k where k.key = any (v_keys);
  return cardinality(v_keys);
end;
$$;

comment on function rhythm.expire_keys(integer, timestamptz) is 'Removes idempotency keys that have expired; returns how many. Part of chores().';

-- Deletes those of p_ids that may go now. An execution that is being retried, or whose key is being used again, stays for the
-- next time, because this waits for nothing. A parent with a live child stays, too. retry() of the child locks the parent, so
-- this looks once it has the lock. Besides log lines, only workflows and children have rows in other tables.
create or replace function rhythm.remove_over(p_ids uuid[])
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_free constant uuid[] := rhythm.try_lock_states(p_ids);
  v_ids uuid[];
  v_keyed uuid[];
  v_workflows uuid[];
  v_frozen uuid[];
begin
  select array_agg(g.id order by g.id), array_agg(g.id) filter (where g.keyed), array_agg(g.id) filter (where g.type = 'workflow' or g.parent_id is not null),
    array_agg(g.id) filter (where g.state = 4)
  into v_ids, v_keyed, v_workflows, v_frozen
  from (
    select e.id, e.keyed, e.type, e.parent_id, e.state from rhythm.execution as e
    where e.id = any (p_ids) and e.state > 0
      and (e.type = 'task' or e.id = any (v_free) or not exists (select from rhythm.workflow_state as s where s.execution_id = e.id))
    for update skip locked
  ) as g;
  if v_ids is null then
    return 0;
  elsif exists (select from rhythm.execution as c where c.parent_id = any (v_ids) and c.state = 0) then
    return rhythm.remove_over(array(
      select i.id from unnest(v_ids) as i (id) where not exists (select from rhythm.execution as c where c.parent_id = i.id and c.state = 0)));
  end if;
  if v_keyed is not null then
    delete from rhythm.idempotency_key as k
    where k.key = any (array(select x.key from rhythm.idempotency_key as x where x.execution_id = any (v_keyed) for update skip locked));
  end if;
  if v_workflows is not null then
    delete from rhythm.workflow_state as s where s.execution_id = any (v_workflows);
    delete from rhythm.inbox as i where i.execution_id = any (v_workflows);
    delete from rhythm.journal as j where j.execution_id = any (v_workflows);
    delete from rhythm.base as b where b.execution_id = any (v_workflows);
    delete from rhythm.taken_end as n where n.execution_id = any (v_workflows);
    delete from rhythm.timer as t where t.execution_id = any (v_workflows);
    delete from rhythm.signal_wait as w where w.execution_id = any (v_workflows);
    delete from rhythm.signal as g where g.execution_id = any (v_workflows);
    delete from rhythm.step as s where s.execution_id = any (v_workflows);
    delete from rhythm.key_waiter as k where k.execution_id = any (v_workflows);
  end if;
  if v_frozen is not null then
    delete from rhythm.frozen as f where f.execution_id = any (v_frozen);
  end if;
  delete from rhythm.log_line as l where l.execution_id = any (v_ids);
  delete from rhythm.execution as e where e.id = any (v_ids);
  return cardinality(v_ids);
end;
$$;

comment on function rhythm.remove_over(uuid[]) is 'Deletes executions that have ended, with what belongs to them; returns how many. Internal.';

-- Oldest first, by id, because ids contain the time of creation. A child is never deleted before its parent, and a parent not
-- while a child of it is live. With "offset 0" each parent's children are looked up in the index, also where there are no statistics.
create or replace function rhythm.purge(older_than interval default null, p_limit integer default 1000)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_age constant interval := coalesce(older_than, rhythm.setting('retention')::interval);
  v_before constant timestamptz := rhythm.now() - v_age;
begin
  if v_age < interval '0' then
    perform rhythm.raise('RH001', format('Cannot purge what is older than %s: expected an interval of zero or more', v_age));
  end if;
  perform rhythm.check_limit('purge()', p_limit);
  return rhythm.remove_over(array(
    select e.id from rhythm.execution as e
    where e.id < rhythm.uuid7_floor(v_before)
      and e.state > 0
      and e.completed_at < v_before
      and (e.parent_id is null or not exists (select from rhythm.execution as p where p.id = e.parent_id))
      and not exists (select from rhythm.execution as c where c.parent_id = e.id and c.state = 0 offset 0)
    order by e.id
    limit p_limit));
end;
$$;

comment on function rhythm.purge(interval, integer) is
  'Deletes up to p_limit executions that ended longer ago than older_than (by default the setting retention), oldest first, with their logs, signals and steps; returns how many.';

-- A million workflows that wait for a year are older than everything that can be deleted. So a call does not walk over them again:
-- it continues where the last one stopped, and looks at ten times its limit.
create or replace function rhythm.purge_on(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_beginning constant uuid := '00000000-0000-0000-0000-000000000000';
  c_looks constant integer := 10;
  v_before constant timestamptz := p_now - rhythm.setting('retention')::interval;
  v_after constant uuid := coalesce((select s.value::uuid from rhythm.setting as s where s.name = 'purged_to'), c_beginning);
  v_ids uuid[];
  v_last uuid;
begin
  select array_agg(l.id order by l.id) filter (where l.is_old), case when count(*) = p_limit * c_looks then max(l.id::text) end
  into v_ids, v_last
  from (
    select e.id,
      e.state > 0 and e.completed_at < v_before
        and (e.parent_id is null or not exists (select from rhythm.execution as p where p.id = e.parent_id))
        and not exists (select from rhythm.execution as c where c.parent_id = e.id and c.state = 0 offset 0) as is_old
    from rhythm.execution as e
    where e.id > v_after and e.id < rhythm.uuid7_floor(v_before)
    order by e.id
    limit p_limit * c_looks
  ) as l;
  if cardinality(v_ids) > p_limit then
    v_last := v_ids[p_limit];
  end if;
  if v_ids is not null then
    perform rhythm.remove_over(v_ids[:p_limit]);
  end if;
  if v_last is not null or v_after <> c_beginning then
    insert into rhythm.setting as s (name, value) values ('purged_to', coalesce(v_last, c_beginning)::text)
    on conflict (name) do update set value = excluded.value;
  end if;
  return v_last is null;
end;
$$;

comment on function rhythm.purge_on(integer, timestamptz) is 'Deletes what is older than the setting retention, within a limit; returns whether it came to the end. Part of chores().';

create or replace function rhythm.uuid7_floor(p_at timestamptz)
returns uuid
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select (lpad(to_hex(case
    when p_at < '1970-01-01Z' then 0
    when p_at > '9999-12-31Z' then 253402214400000
    else extract(epoch from p_at) * 1000
  end::bigint), 12, '0') || '70008000000000000000')::uuid;
$$;

comment on function rhythm.uuid7_floor(timestamptz) is 'The smallest UUIDv7 of a time: ranges of time are ranges of ids.';
`,
  },
  {
    name: "home/home.sql",
    kind: "behaviour",
    checksum: "62f238f5b311c6726e270505faa9e25fc7b39428b8a75a9d7f27c82d9b285b0c",
    text: `-- A copy of a database must not do again what the original does: send its mails, charge its customers. So an installation knows
-- where it belongs, and elsewhere its workers, SQL tasks, timers and schedules stand still until somebody adopts it.

create or replace function rhythm.find_home()
returns rhythm.home
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_home rhythm.home;
begin
  v_home.database_oid := (select d.oid from pg_catalog.pg_database as d where d.datname = current_database());
  v_home.database_name := current_database();
  v_home.timeline := nullif(current_setting('neon.timeline_id', true), '');
  -- The setting has this name whatever the schema's name is.
  v_home.environment := nullif(current_setting('rhythm' || '.environment', true), '');
  v_home.adopted_at := rhythm.now();
  v_home.adopted_by := rhythm.who();
  begin
    v_home.system_identifier := (select c.system_identifier::text from pg_catalog.pg_control_system() as c);
  exception
    when insufficient_privilege or feature_not_supported or undefined_file then
      null; -- Some providers hide it.
  end;
  return v_home;
end;
$$;

comment on function rhythm.find_home() is 'Where this database is now. Internal.';

create or replace function rhythm.home_problem(p_environment text default null)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_here constant rhythm.home := rhythm.find_home();
  v_environment constant text := coalesce(p_environment, v_here.environment);
begin
  return (
    select case
      when h.database_name <> v_here.database_name then
        format('This is a copy: it belongs to the database "%s", and is now in "%s"', h.database_name, v_here.database_name)
      when h.system_identifier <> v_here.system_identifier then
        format('This is a copy: it belongs to another server, with the system identifier %s, and this one has %s', h.system_identifier, v_here.system_identifier)
      when h.timeline <> v_here.timeline then format('This is a copy: it belongs to the branch %s, and is now on %s', h.timeline, v_here.timeline)
      when h.database_oid <> v_here.database_oid then 'This is a copy: it belongs to an earlier database of the same name'
      when h.environment <> v_environment then
        format('This installation belongs to the environment "%s", and %s', h.environment,
          case when p_environment is null then format('the setting %s says "%s"', 'rhythm' || '.environment', v_environment) else format('this worker to "%s"', v_environment) end)
    end
    from rhythm.home as h);
end;
$$;

comment on function rhythm.home_problem(text) is
  'Why nothing may run here: this is a copy of the database, or belongs to another environment than p_environment, or than the setting of the database. Null: it may.';

-- A connection does not leave its database, so each looks once, and again after an adopt().
create or replace function rhythm.require_home(p_environment text default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_nth constant integer := (select h.nth from rhythm.home as h);
  v_checked constant text := format('%s %s', v_nth, :'schema');
  v_here rhythm.home;
  v_problem text;
begin
  if p_environment is null and v_checked = current_setting('rhythm_home.checked', true) then
    return;
  end if;
  if v_nth is null then
    -- Another session that is noting it does not hold up this one.
    if not pg_try_advisory_xact_lock(hashtextextended(:'schema' || ' home', 0)) then
      return;
    end if;
    v_here := rhythm.find_home();
    insert into rhythm.home (nth, system_identifier, database_oid, database_name, timeline, environment, adopted_at, adopted_by)
    values (1, v_here.system_identifier, v_here.database_oid, v_here.database_name, v_here.timeline, coalesce(p_environment, v_here.environment), v_here.adopted_at, v_here.adopted_by)
    on conflict do nothing;
    return;
  end if;
  v_problem := rhythm.home_problem(p_environment);
  if v_problem is not null then
    perform rhythm.raise('RH011', v_problem,
      format('Nothing runs here until you say that it may: select %s.adopt(). What is unfinished goes on then: pause or cancel first what must not', quote_ident(:'schema')));
  end if;
  -- The first worker that brings a name gives it.
  if p_environment is not null then
    update rhythm.home as h set environment = p_environment where h.environment is null;
  end if;
  perform set_config('rhythm_home.checked', v_checked, false);
end;
$$;

comment on function rhythm.require_home(text) is
  'Refuses (RH011) a worker''s call in a copy of the database; the first call of an installation notes where it belongs. Internal.';

create or replace function rhythm.adopt(environment text default null, upgraded boolean default false)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old rhythm.home;
  v_here constant rhythm.home := rhythm.find_home();
  v_environment text;
begin
  perform rhythm.require_read_committed();
  if environment is not null then
    perform rhythm.check_name('environment', environment);
  end if;
  if environment <> v_here.environment then
    perform rhythm.raise('RH001', format('The setting %s of this database says "%s", not "%s"', 'rhythm' || '.environment', v_here.environment, environment),
      format('Change it: alter database %I set %s = %L', v_here.database_name, 'rhythm' || '.environment', environment));
  end if;
  lock table rhythm.home in share row exclusive mode;
  select * into v_old from rhythm.home;
  v_environment := coalesce(environment, v_here.environment, v_old.environment);
  if upgraded and (v_old.database_name <> v_here.database_name or v_old.timeline <> v_here.timeline or v_old.environment <> v_environment) then
    perform rhythm.raise('RH001', format('This is more than an upgrade: %s', coalesce(rhythm.home_problem(environment), 'the environment changes')),
      'If it is right that this copy runs, leave out "upgraded"');
  end if;
  if v_old.nth is not null and rhythm.home_problem() is null and v_old.environment is not distinct from v_environment then
    return format('Database "%s" is at home here already', v_here.database_name);
  end if;
  -- Workers of the original do not work here. What they held goes on at once, and no attempt is counted.
  if v_old.nth is not null and (v_old.database_name, v_old.database_oid) is distinct from (v_here.database_name, v_here.database_oid)
    or v_old.system_identifier <> v_here.system_identifier or v_old.timeline <> v_here.timeline then
    perform rhythm.stop_worker(w.id) from rhythm.worker as w order by w.id;
  end if;
  delete from rhythm.home;
  insert into rhythm.home (nth, system_identifier, database_oid, database_name, timeline, environment, adopted_at, adopted_by)
  values (coalesce(v_old.nth, 0) + 1, v_here.system_identifier, v_here.database_oid, v_here.database_name, v_here.timeline, v_environment, v_here.adopted_at, v_here.adopted_by);
  perform rhythm.record('adopt', 'installation', v_here.database_name, p_before => jsonb_build_object('database', v_old.database_name, 'environment', v_old.environment),
    p_after => jsonb_build_object('database', v_here.database_name, 'environment', v_environment));
  return format('Rhythm belongs to database "%s"%s now, and runs', v_here.database_name,
    case when v_environment is null then '' else format(' and environment "%s"', v_environment) end);
end;
$$;

comment on function rhythm.adopt(text, boolean) is
  'Lets an installation run where it is now: after a restore, in a copy that shall work, after pg_upgrade (upgraded => true, which refuses if more than the server changed). environment: the name of the environment, such as ''staging''. Returns what it did.';
`,
  },
  {
    name: "install/ground.sql",
    kind: "behaviour",
    checksum: "506a0c74e615c8bd9b15e0cb17db286ea3f70468d212a4ffd350548c146ea65b",
    text: `-- The base of all other functions: the clock, chance, and how errors are raised.

-- The only clock of the engine. Tests move it: they set rhythm_clock.at to a time, or rhythm_clock.shift to an interval, for a
-- session or a database. Anybody can set these, so they count only if the owner, a member of the owner or a superuser logged in.
-- Otherwise a client could reach a deadline earlier, or a worker could declare another one dead.
create or replace function rhythm.may_set_clock()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select pg_has_role(session_user, n.nspowner, 'member') from pg_catalog.pg_namespace as n where n.oid = :'schema'::regnamespace);
end;
$$;

comment on function rhythm.may_set_clock() is 'Whether the session may move the clock, because it belongs to the owner of this installation. Internal.';

create or replace function rhythm.now()
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Without a query: this is called several times by every call of a worker.
  if coalesce(current_setting('rhythm_clock.at', true), '') || coalesce(current_setting('rhythm_clock.shift', true), '') = ''
    or not rhythm.may_set_clock() then
    return clock_timestamp();
  end if;
  return coalesce(
    nullif(current_setting('rhythm_clock.at', true), '')::timestamptz,
    clock_timestamp() + nullif(current_setting('rhythm_clock.shift', true), '')::interval
  );
end;
$$;

comment on function rhythm.now() is
  'The engine''s clock: the real time, unless a test that logged in as the owner has set rhythm_clock.at (a time) or rhythm_clock.shift (an interval).';

-- All chance of the engine comes from here. A simulation decides it: set rhythm_clock.seed to any text, and what follows is
-- the same each time. As with the clock, that counts only where the owner logged in: nobody else can make ids or seeds that
-- he knows beforehand.
create or replace function rhythm.secret()
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('rhythm_clock.seed', true), '') = '' or not rhythm.may_set_clock() then
    return gen_random_uuid();
  end if;
  return set_config('rhythm_clock.seed', md5(current_setting('rhythm_clock.seed')), false)::uuid;
end;
$$;

comment on function rhythm.secret() is
  'Random bits that nobody can guess, unless a test that logged in as the owner set rhythm_clock.seed: then they follow from it. Internal.';

create or replace function rhythm.chance()
returns double precision
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return ('x' || left(rhythm.secret()::text, 8))::bit(32)::bigint / 4294967296.0;
end;
$$;

comment on function rhythm.chance() is 'A random number from 0 up to, but not including, 1; see secret(). Internal.';

-- Work that is done in pieces of some milliseconds asks this. A simulation cuts the pieces by chance instead.
create or replace function rhythm.time_is_up(p_until timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('rhythm_clock.seed', true), '') = '' or not rhythm.may_set_clock() then
    return clock_timestamp() > p_until;
  end if;
  return rhythm.chance() < 0.1;
end;
$$;

comment on function rhythm.time_is_up(timestamptz) is
  'Whether a time is over, by the real clock; by chance, where a test has set rhythm_clock.seed. Internal.';

create or replace function rhythm.raise(
  p_code text,
  p_message text,
  p_hint text default null,
  p_detail text default null
)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- An option of raise must not be null, and an empty one would be shown.
  if p_detail is not null then
    raise exception using errcode = p_code, message = p_message, hint = coalesce(p_hint, 'See the detail'), detail = p_detail;
  elsif p_hint is not null then
    raise exception using errcode = p_code, message = p_message, hint = p_hint;
  end if;
  raise exception using errcode = p_code, message = p_message;
end;
$$;

comment on function rhythm.raise(text, text, text, text) is
  'Raises an error of class RH: code, message, and what to do, if given. Never returns.';
`,
  },
  {
    name: "install/install_cron.sql",
    kind: "behaviour",
    checksum: "4409a195fe79dded43099e69654ce30cf27ba4b353f8b52dd3eb9d6612b40acb",
    text: `-- install_cron() and uninstall_cron(). pg_cron is in one database of a server, with its own table of jobs. Every statement
-- that uses it is dynamic, so that the engine can be installed without pg_cron.

create or replace function rhythm.cron_job_name()
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select format('rhythm %s %s', current_database(), :'schema');
$$;

comment on function rhythm.cron_job_name() is 'The name of this installation''s job in pg_cron.';

create or replace function rhythm.cron_home()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return current_setting('cron.database_name', true);
exception
  when insufficient_privilege then
    return current_database(); -- Not for our eyes; then the plain advice has to do.
end;
$$;

comment on function rhythm.cron_home() is
  'The database in which this server''s pg_cron is; null if it is not loaded; this database if the setting may not be read.';

-- The version of pg_cron in this database, or an error that says what is missing and what to do.
create or replace function rhythm.find_cron()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_version constant text := (select x.extversion from pg_catalog.pg_extension as x where x.extname = 'pg_cron');
  v_home constant text := case when v_version is null then rhythm.cron_home() end;
begin
  if v_version is not null then
    if not has_schema_privilege('cron', 'usage') then
      perform rhythm.raise('RH009', format('Role "%s" may not use pg_cron', current_user),
        format('As a superuser, run: grant usage on schema cron to %I', current_user));
    end if;
    return v_version;
  end if;

  if not exists (select from pg_catalog.pg_available_extensions as a where a.name = 'pg_cron') then
    perform rhythm.raise('RH009', 'pg_cron is not installed on this server',
      'Install it (Debian: postgresql-<version>-cron), or let a worker run: workers tick too.');
  elsif v_home is null then
    perform rhythm.raise('RH009', 'pg_cron is on this server, but not loaded',
      'Add pg_cron to shared_preload_libraries, restart the server, and run: create extension pg_cron');
  elsif v_home <> current_database() then
    perform rhythm.raise('RH009', format('pg_cron lives in the database "%s", not in "%s"', v_home, current_database()),
      format('In "%s", run: select cron.schedule_in_database(%L, ''* * * * *'', %L, %L)',
        v_home, rhythm.cron_job_name(), rhythm.cron_command('1.4'), current_database()));
  end if;
  perform rhythm.raise('RH009', format('pg_cron is not created in the database "%s"', current_database()),
    'As a superuser, run: create extension pg_cron');
end;
$$;

comment on function rhythm.find_cron() is
  'The version of pg_cron in this database; an error that says what to do if it is not there or may not be used.';

create or replace function rhythm.cron_knows_seconds(p_version text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select (string_to_array(split_part(p_version, '-', 1), '.')::integer[])[1:2] >= array[1, 5];
$$;

comment on function rhythm.cron_knows_seconds(text) is 'Whether a version of pg_cron can run a job every second: 1.5 and newer.';

create or replace function rhythm.cron_command(p_version text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case when rhythm.cron_knows_seconds(p_version)
    then format('select %s()', 'rhythm.cron_tick'::regproc)
    else format('call %s()', 'rhythm.tick_loop'::regproc)
  end;
$$;

comment on function rhythm.cron_command(text) is 'The command of this installation''s job, for a version of pg_cron.';

-- A job that runs every second writes 86,400 lines a day about itself. Keeps those of the last hour.
create or replace function rhythm.cron_tick()
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if extract(second from clock_timestamp()) < 1 and to_regclass('cron.job_run_details') is not null then
    execute 'delete from cron.job_run_details as d using cron.job as j
      where j.jobid = d.jobid and j.jobname = $1 and d.end_time < clock_timestamp() - interval ''1 hour'''
    using rhythm.cron_job_name();
  end if;
  return rhythm.tick();
end;
$$;

comment on function rhythm.cron_tick() is
  'tick() as pg_cron calls it every second; once a minute it also deletes pg_cron''s records of older calls.';

create or replace function rhythm.install_cron()
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_version constant text := rhythm.find_cron();
  v_every constant text := case when rhythm.cron_knows_seconds(v_version) then '1 second' else '* * * * *' end;
begin
  execute 'select cron.schedule($1, $2, $3)' using rhythm.cron_job_name(), v_every, rhythm.cron_command(v_version);
  return format('pg_cron %s runs "%s" (%s) as job "%s"', v_version, rhythm.cron_command(v_version), v_every, rhythm.cron_job_name());
exception
  when insufficient_privilege then
    perform rhythm.raise('RH009', format('Role "%s" may not schedule jobs of pg_cron', current_user),
      format('As a superuser, run: grant usage on schema cron to %I; grant execute on all functions in schema cron to %I',
        current_user, current_user));
end;
$$;

comment on function rhythm.install_cron() is
  'Lets pg_cron call tick(), so that timers, schedules, SQL tasks, recovery and retention work without any worker: every second '
  'with pg_cron 1.5 or newer, else with a job each minute that loops. Returns what it did; a second call changes nothing.';

create or replace function rhythm.uninstall_cron()
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_job bigint;
begin
  perform rhythm.find_cron();
  execute 'select j.jobid from cron.job as j where j.jobname = $1 and j.database = current_database()'
  into v_job
  using rhythm.cron_job_name();
  if v_job is null then
    return false;
  end if;
  execute 'select cron.unschedule($1)' using v_job;
  execute 'delete from cron.job_run_details as d where d.jobid = $1' using v_job;
  return true;
end;
$$;

comment on function rhythm.uninstall_cron() is
  'Removes the job of install_cron(), and pg_cron''s records of it. A running loop ends within a minute. False if '
  'there was no job.';
`,
  },
  {
    name: "install/sessions.sql",
    kind: "behaviour",
    checksum: "7a7d8f2331795ff7a7a8e4d40516da35baa11f53ceb3765136500e0b6ab61fab",
    text: `-- Which sessions are allowed, and what errors mean.

-- The same as isDataError() in TypeScript: values (22), constraints (23), several rows instead of one (21), limits of a value
-- (54), errors of a user's own function (P0), and refusals of this engine (RH).
create or replace function rhythm.is_data_error(p_code text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_code ~ '^(21|22|23|54|P0|RH)' and p_code not in ('RH010', 'RH011');
$$;

comment on function rhythm.is_data_error(text) is
  'Whether an error is the fault of the data, so that the same call would fail again. Only such an error fails an execution. Internal.';

create or replace function rhythm.is_frozen()
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select current_setting('transaction_isolation') in ('repeatable read', 'serializable');
$$;

comment on function rhythm.is_frozen() is 'Whether this transaction keeps one snapshot, so that it does not see later commits of others. Internal.';

-- Locks: executions in the order of their ids, until the end of the transaction, and only if the snapshot is frozen. The lock
-- itself raises 40001 for a row that has changed since.
create or replace function rhythm.require_fresh(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.is_frozen() then
    perform from rhythm.execution as e where e.id = any (p_ids) order by e.id for no key update;
  end if;
end;
$$;

comment on function rhythm.require_fresh(uuid[]) is
  'If the snapshot of the transaction is frozen: raises 40001 if one of these executions has changed since, so that no old state is used. Internal.';

-- A frozen snapshot can only see that an execution has changed, not how.
create or replace function rhythm.require_unchanged(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- The lock is released at once, because the session that ends the execution needs it.
  begin
    perform from rhythm.execution as e where e.id = p_execution for no key update skip locked;
    raise sqlstate 'RHTRY';
  exception
    when sqlstate 'RHTRY' then
      null;
  end;
exception
  when serialization_failure then
    perform rhythm.raise('40001', format('Execution %s has changed since this transaction began, which cannot see how', p_execution),
      'Roll back and wait again in a new transaction, or wait in one that is read committed');
  when read_only_sql_transaction then
    perform rhythm.raise('RH010', format('Cannot wait for execution %s in a transaction that is read only and %s: it would never see the end',
      p_execution, current_setting('transaction_isolation')), 'Wait in one that is read committed');
end;
$$;

comment on function rhythm.require_unchanged(uuid) is
  'If the snapshot of the transaction is frozen: raises 40001 if an execution has changed since. Keeps no lock. Internal.';

-- Workers lease, settle and count under locks, and must see what is committed once they hold one.
create or replace function rhythm.require_read_committed()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    perform rhythm.raise('RH010', format('A worker''s call needs the isolation level read committed, and this transaction has %s',
      current_setting('transaction_isolation')), 'Run: set default_transaction_isolation = ''read committed''');
  end if;
end;
$$;

comment on function rhythm.require_read_committed() is
  'Refuses (RH010) a worker''s call in a transaction that keeps one snapshot. Internal.';
`,
  },
  {
    name: "install/uninstall.sql",
    kind: "behaviour",
    checksum: "526f0ca2e7c33942ebf0e9fd823c342db470c25bbaccdd6da1955bb288aaee6f",
    text: `-- uninstall(): removes what install() made. For the owner.

-- Locks: every table of the installation, exclusively.
create or replace function rhythm.uninstall(p_schema text)
returns setof text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_roles constant text[] := rhythm.roles();
  v_database constant text := current_database();
  v_job constant text := rhythm.cron_job_name();
  v_cron_home constant text := rhythm.cron_home();
  v_role text;
  v_keys text[];
  v_names text[];
  v_fallen text;
  -- Objects that are not ours, by key and name: those that are missing afterwards were removed with the schema.
  c_outside constant text := $q$
    with relation as (
      select c.oid, c.relkind, n.nspname
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', $1)
    )
    select 'relation ' || r.oid as key, format('%s', r.oid::regclass) as name from relation as r where r.relkind <> 'i'
    union all
    select format('column %s %s', a.attrelid, a.attnum), format('%s.%I', a.attrelid::regclass, a.attname)
    from relation as r join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    where r.relkind in ('r', 'p', 'f')
    union all
    select 'constraint ' || c.oid, format('%I on %s', c.conname, c.conrelid::regclass)
    from relation as r join pg_catalog.pg_constraint as c on c.conrelid = r.oid
    union all
    select 'trigger ' || t.oid, format('%I on %s', t.tgname, t.tgrelid::regclass)
    from relation as r join pg_catalog.pg_trigger as t on t.tgrelid = r.oid and not t.tgisinternal
    union all
    select 'default ' || d.oid, format('the default of %s.%I', a.attrelid::regclass, a.attname)
    from relation as r join pg_catalog.pg_attrdef as d on d.adrelid = r.oid
    join pg_catalog.pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
    union all
    select 'routine ' || p.oid, p.oid::regprocedure::text
    from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', $1)
    union all
    select 'domain ' || t.oid, t.oid::regtype::text
    from pg_catalog.pg_type as t join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
    where t.typtype = 'd' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', $1)
  $q$;
begin
  if p_schema is distinct from :'schema' then
    perform rhythm.raise('RH001', format('uninstall() removes the schema "%s" and everything in it, not "%s"', :'schema', p_schema),
      format('If that is meant: select %s(%L)', 'rhythm.uninstall'::regproc, :'schema'));
  end if;

  if exists (select from pg_catalog.pg_extension as x where x.extname = 'pg_cron') then
    perform rhythm.uninstall_cron();
  elsif v_cron_home <> v_database then
    return next format('If pg_cron ticks this schema from the database "%s", take that back there: select cron.unschedule(%L)', v_cron_home, v_job);
  end if;

  execute format('select array_agg(o.key), array_agg(o.name) from (%s) as o', c_outside) into v_keys, v_names using :'schema';
  drop schema :"schema" cascade;
  -- Our schema is gone: from here on, every name is of Postgres.
  execute format(
    'select string_agg(w.name, '', '' order by w.name) from unnest($2, $3) as w(key, name) where w.key not in (select o.key from (%s) as o)', c_outside)
  into v_fallen using :'schema', v_keys, v_names;
  if v_fallen is not null then
    raise exception using errcode = '2BP01', message = format('Cannot remove the schema "%s": %s would go with it', :'schema', v_fallen),
      hint = 'First drop or change the objects that depend on the schema';
  end if;

  foreach v_role in array v_roles loop
    continue when not exists (select from pg_catalog.pg_roles as r where r.rolname = v_role);
    begin
      execute format('drop role %I', v_role);
    exception
      when dependent_objects_still_exist then
        return next format('The role %s has rights elsewhere on this server, and stays', v_role);
      when insufficient_privilege then
        return next format('"%s" may not drop the role %s. If no other installation needs it, run as a superuser: drop role %I', current_user, v_role, v_role);
      when undefined_object then
        null; -- Another database of this server is being cleared, too.
    end;
  end loop;
end;
$$;

comment on function rhythm.uninstall(text) is
  'Removes this installation: the schema with this name, with all executions, its job in pg_cron, and the roles that no other installation on the '
  'server needs. Returns what could not be removed, and why. If an object of yours depends on the schema, nothing is removed. For the owner.';
`,
  },
  {
    name: "limits/check_limits.sql",
    kind: "behaviour",
    checksum: "f65e7f0039c0eab0612897fba18f82c78b25f5840ecac9e4b8247475394f99c0",
    text: `-- Checks the lanes and counts of queues with limits.

-- While transactions that are older than a change of limits are open (queue_state.settled), leases may end without a note. Then
-- the counts are too high. They are made again when the last of these transactions has ended.

create or replace function rhythm.limit_drift()
returns table (queue text, key text, counted integer, leased integer)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with state as (
    select x.* from (
      select distinct on (s.queue) s.queue, s.running, s.keyed, s.counted, s.settled from rhythm.queue_state as s order by s.queue, s.nth desc
    ) as x
    join rhythm.queue as q on q.name = x.queue and q.changed = x.settled
  ),
  lease as (
    select b.queue, coalesce(b.concurrency_key, '') as key, sum(b.size)::integer as running
    from rhythm.batch as b where b.worker is not null and b.limited group by b.queue, coalesce(b.concurrency_key, '')
  ),
  note as (
    select n.queue, n.key, sum(n.ended)::integer as ended from rhythm.limit_note as n where n.ended > 0 group by n.queue, n.key
  )
  select s.queue, null, s.running - coalesce((select sum(n.ended) from note as n where n.queue = s.queue), 0)::integer,
    coalesce((select sum(l.running) from lease as l where l.queue = s.queue), 0)::integer
  from state as s
  where s.counted and s.running - coalesce((select sum(n.ended) from note as n where n.queue = s.queue), 0)
    <> coalesce((select sum(l.running) from lease as l where l.queue = s.queue), 0)
  union all
  select c.queue, c.key, c.running, c.leased
  from (
    select x.queue, x.key, coalesce(k.running, 0) - coalesce(n.ended, 0) as running, coalesce(l.running, 0) as leased
    from (
      select k.queue, k.key from rhythm.key_state as k
      union select l.queue, l.key from lease as l where l.key <> ''
    ) as x
    join state as s on s.queue = x.queue and s.keyed and s.counted
    left join rhythm.key_state as k on k.queue = x.queue and k.key = x.key
    left join lease as l on l.queue = x.queue and l.key = x.key
    left join note as n on n.queue = x.queue and n.key = x.key
  ) as c
  where c.running <> c.leased;
$$;

comment on function rhythm.limit_drift() is 'Queues with limits, and keys of them, whose count of leases is wrong. chores() counts them again. Internal.';

create or replace function rhythm.check_limits()
returns setof text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select format('queue "%s" counts %s leases%s, but %s are held', d.queue, d.counted, case when d.key is null then '' else format(' of key "%s"', d.key) end, d.leased)
  from rhythm.limit_drift() as d
  union all
  select format('%s ready executions of queue "%s" (key "%s") are in no lane', w.waiting, w.queue, w.key)
  from (
    select b.queue, case b.type when 'workflow' then '' else b.target end as target_group, coalesce(b.concurrency_key, '') as key,
      count(*) as waiting
    from rhythm.batch as b
    where b.limited and b.worker is null and b.run_at is null
      and not exists (
        select from rhythm.lane as l
        where l.queue = b.queue and l.target_group = case b.type when 'workflow' then '' else b.target end and l.key = coalesce(b.concurrency_key, '')
          and (l.rank, l.head) <= (- b.priority::integer, b.first_id))
      and not exists (
        select from rhythm.limit_note as n
        where n.queue = b.queue and n.target_group = case b.type when 'workflow' then '' else b.target end and n.key = coalesce(b.concurrency_key, '')
          and (n.rank, n.head) <= (- b.priority::integer, b.first_id))
    group by 1, 2, 3
  ) as w
  union all
  select format('queue "%s" has executions in lanes, but no limits', b.queue)
  from rhythm.batch as b
  where b.limited and b.worker is null and b.run_at is null and not exists (select from rhythm.queue as q where q.name = b.queue)
  group by b.queue
  union all
  select format('an open lane of queue "%s" (key "%s") is before the floor of its group', l.queue, l.key)
  from rhythm.lane as l
  left join rhythm.lane_group as g on g.queue = l.queue and g.target_group = l.target_group
  where l.open and (g.queue is null or (l.turn, l.rank, l.head) < (g.turn, g.rank, g.head))
  union all
  select format('%s has more than one row for queue "%s"', d.name, d.queue)
  from (
    select 'lane' as name, l.queue from rhythm.lane as l group by l.queue, l.target_group, l.key having count(*) > 1
    union all select 'queue_state', s.queue from rhythm.queue_state as s group by s.queue having count(*) > 1
    union all select 'key_state', k.queue from rhythm.key_state as k group by k.queue, k.key having count(*) > 1
    union all select 'lane_group', g.queue from rhythm.lane_group as g group by g.queue, g.target_group having count(*) > 1
  ) as d;
$$;

comment on function rhythm.check_limits() is 'What is wrong with lanes and counts of queues with limits. Part of check().';
`,
  },
  {
    name: "limits/chores.sql",
    kind: "behaviour",
    checksum: "dd47136b91b977291785e065183ae9137651935b1352c9e216d365892370a6e8",
    text: `-- Maintenance of queues with limits. Never waits: a gate that is taken is skipped.

create or replace function rhythm.limited_chores(p_limit integer, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_queue rhythm.queue;
  v_state rhythm.queue_state;
  v_caught record;
  v_stray boolean;
  v_drifted constant text[] := array(select distinct d.queue from rhythm.limit_drift() as d);
begin
  perform rhythm.adopt_strays();
  for v_queue in select q.* from rhythm.queue as q where q.limited_since is not null order by q.name loop
    v_state := rhythm.state_of(v_queue.name);
    v_stray := v_state.listed = v_queue.limited_since and rhythm.has_stray(v_queue);
    continue when not (v_queue.name = any (v_drifted)
        or v_stray
        or v_state.listed is distinct from v_queue.limited_since
        or not v_queue.limited
        or v_state.settled is distinct from v_queue.changed and rhythm.is_settled(v_queue.changed)
        or rhythm.has_notes(v_state)
        or exists (select from rhythm.lane as l where l.queue = v_queue.name and l.idle_since < p_now - interval '1 minute')
        or exists (select from rhythm.key_state as k where k.queue = v_queue.name and k.idle_since < p_now - interval '1 minute'));
    continue when not rhythm.try_gate(v_queue.name);
    select q.* into v_queue from rhythm.queue as q where q.name = v_queue.name;
    continue when not found;
    v_state := rhythm.state_of(v_queue.name);
    if v_stray then
      v_state.listed := null;
    end if;
    v_caught := rhythm.catch_up(v_queue, v_state, p_limit, p_now);
    v_state := v_caught.p_state;
    if v_queue.name = any (v_drifted) then
      v_state := rhythm.recount(v_queue, v_state);
    end if;
    perform rhythm.forget_idle(v_queue, v_state, p_limit, p_now);
    if v_state.listed = v_queue.limited_since and not v_queue.limited and v_queue.paused_at is null then
      perform rhythm.forget_limits(v_queue);
    else
      perform rhythm.keep_state(v_state);
    end if;
  end loop;
end;
$$;

comment on function rhythm.limited_chores(integer, timestamptz) is
  'For queues with limits: takes notes, puts a backlog into lanes, removes idle keys, corrects counts. At most p_limit for each queue. Part of chores().';

-- A session whose snapshot is older than a change of limits still uses the old limits.
create or replace function rhythm.has_stray(p_queue rhythm.queue)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_queue.limited then
    return exists (
      select from rhythm.batch as b where b.queue = p_queue.name and b.worker is null and b.run_at is null and not b.limited);
  end if;
  return exists (
    select from rhythm.batch as b where b.queue = p_queue.name and b.worker is null and b.run_at is null and b.limited);
end;
$$;

comment on function rhythm.has_stray(rhythm.queue) is 'Whether something is ready outside the lanes of a queue with limits, or in lanes of one without. Internal.';

-- If the row of the queue is gone, this makes a new one, so that the next chores() can put its lanes back.
create or replace function rhythm.adopt_strays()
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with recursive lanes as (
    (select b.queue from rhythm.batch as b where b.limited and b.worker is null and b.run_at is null order by b.queue limit 1)
    union all
    select (
      select b.queue from rhythm.batch as b
      where b.limited and b.worker is null and b.run_at is null and b.queue > l.queue order by b.queue limit 1)
    from lanes as l where l.queue is not null
  )
  insert into rhythm.queue (name, changed, limited_since)
  select l.queue, pg_current_xact_id(), pg_current_xact_id() from lanes as l
  where l.queue is not null and not exists (select from rhythm.queue as q where q.name = l.queue)
  on conflict (name) do nothing;
$$;

comment on function rhythm.adopt_strays() is 'Makes a row for queues that have none and have something in lanes. Internal.';

-- A lane that is ahead of the others keeps its turn, so that a key that comes and goes gets no more turns than one that stays.
create or replace function rhythm.forget_idle(p_queue rhythm.queue, p_state rhythm.queue_state, p_limit integer, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.lane as l
  where l.ctid = any (array(
    select x.ctid from rhythm.lane as x
    where x.queue = p_queue.name and x.idle_since < p_now - interval '1 minute'
      -- One that had more turns than others waits for them, if there are any.
      and (x.turn <= p_state.turn or not exists (select from rhythm.lane as o where o.queue = p_queue.name and o.idle_since is null))
    limit p_limit));
  delete from rhythm.key_state as k
  where k.ctid = any (array(
    select x.ctid from rhythm.key_state as x
    left join rhythm.queue_key as c on c.queue = x.queue and c.key = x.key
    where x.queue = p_queue.name and x.idle_since < p_now - interval '1 minute'
      and rhythm.begun_lately(x.begun_at, x.begun, coalesce(c.per_ms, p_queue.per_key_per_ms, 0), p_now) = 0
    limit p_limit));
  delete from rhythm.lane_group as g
  where g.queue = p_queue.name and not exists (select from rhythm.lane as l where l.queue = g.queue and l.target_group = g.target_group);
end;
$$;

comment on function rhythm.forget_idle(rhythm.queue, rhythm.queue_state, integer, timestamptz) is 'Removes lanes and keys that had nothing to do for a minute. The caller holds the gate of the queue. Internal.';

create or replace function rhythm.forget_limits(p_queue rhythm.queue)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Another session may be configuring it now.
  perform from rhythm.queue as q where q.name = p_queue.name and q.version = p_queue.version for update skip locked;
  if not found then
    return;
  end if;
  delete from rhythm.lane as l where l.queue = p_queue.name;
  delete from rhythm.lane_group as g where g.queue = p_queue.name;
  delete from rhythm.key_state as k where k.queue = p_queue.name;
  delete from rhythm.limit_note as n where n.queue = p_queue.name;
  perform set_config('rhythm_gate.lane', '', true);
  delete from rhythm.queue_state as s where s.queue = p_queue.name;
  if not exists (select from rhythm.queue_key as k where k.queue = p_queue.name) then
    delete from rhythm.queue as q where q.name = p_queue.name;
  end if;
end;
$$;

comment on function rhythm.forget_limits(rhythm.queue) is 'Removes what is left of the limits of a queue. The caller holds its gate. Internal.';

-- When a rate allows more, no notification comes. So due() is called at that time, and wakes the sleeping workers.
create or replace function rhythm.rates_due(p_now timestamptz)
returns table (queue text, at timestamptz)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select q.name, x.at
  from rhythm.queue as q
  cross join lateral (
    select (rhythm.state_of(q.name)).full_until as at
    union all
    (select k.ready_at from rhythm.key_state as k where k.queue = q.name and k.ready_at > p_now - interval '2 seconds' order by k.ready_at limit 1)
  ) as x
  where q.limited and q.paused_at is null and x.at > p_now - interval '2 seconds'
    and (q.rate is not null or q.per_key_rate is not null or exists (select from rhythm.queue_key as c where c.queue = q.name and c.rate is not null));
end;
$$;

comment on function rhythm.rates_due(timestamptz) is 'When queues whose rate (or that of a key) is used up may continue; also those of the last two seconds. Internal.';
`,
  },
  {
    name: "limits/claim.sql",
    kind: "behaviour",
    checksum: "2d19a2a872824f3219747fa7d75e813e2a364f0e18fc33b7d032de7147064d3c",
    text: `-- Claiming from queues with limits.

-- Takes no locks and no transaction number, because an idle worker asks often.
create or replace function rhythm.may_claim(p_queue rhythm.queue, p_state rhythm.queue_state, p_targets text[], p_types text[], p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_state.queue is null or p_state.version <> p_queue.version or p_state.listed is distinct from p_queue.limited_since
    or p_state.settled is distinct from p_queue.changed then
    return true;
  elsif rhythm.has_notes(p_state) then
    return true;
  elsif p_state.running >= p_queue.concurrency or rhythm.begun_lately(p_state.begun_at, p_state.begun, p_queue.per_ms, p_now) >= p_queue.rate then
    return false;
  elsif p_state.keyed and exists (
    select from rhythm.key_state as k where k.queue = p_queue.name and k.ready_at > p_state.looked_at and k.ready_at <= p_now) then
    return true;
  end if;
  return exists (
    select from unnest(rhythm.lane_groups(p_queue.name, p_targets, p_types)) as g
    cross join lateral (
      select from rhythm.lane as l
      where l.queue = p_queue.name and l.target_group = g.target_group and l.open and (l.turn, l.rank, l.head) >= (g.turn, g.rank, g.head)
      order by l.turn, l.rank, l.head
      limit 1
    ) as l);
end;
$$;

comment on function rhythm.may_claim(rhythm.queue, rhythm.queue_state, text[], text[], timestamptz) is
  'Whether a claim from a queue with limits could find something. False is certain. Internal.';

create or replace function rhythm.limited_ready(p_queue text, p_targets text[], p_types text[] default '{task,workflow}')
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_queue rhythm.queue;
  v_state rhythm.queue_state;
begin
  select q.* into v_queue from rhythm.queue as q where q.name = p_queue;
  if not found then
    return null;
  elsif v_queue.paused_at is not null then
    return false;
  end if;
  v_state := rhythm.state_of(p_queue);
  if v_queue.limited then
    return rhythm.may_claim(v_queue, v_state, p_targets, p_types, rhythm.now());
  end if;
  return case when v_state.listed is distinct from v_queue.limited_since then true end;
end;
$$;

comment on function rhythm.limited_ready(text, text[], text[]) is 'Whether a claim from a queue that has limits or is paused could find something; null: it has no limits, so ask as for any other queue. Internal.';

-- A snapshot ends at the last transaction that has ended. One that is still open may have a higher number. After a restore to
-- another server, transactions have new numbers. So a noted number may be in the future here, and its transaction has long ended.
create or replace function rhythm.is_settled(p_xid xid8)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_xid <= pg_snapshot_xmax(pg_current_snapshot()) then
    return p_xid < pg_snapshot_xmin(pg_current_snapshot());
  end if;
  begin
    perform pg_xact_status(p_xid);
    return false;
  exception
    when invalid_parameter_value then
      return true;
  end;
end;
$$;

comment on function rhythm.is_settled(xid8) is 'Whether a transaction and all older ones have ended. Internal.';

-- What happened since the last claim: a new configuration, more of the backlog, notes, keys that may continue.
create or replace function rhythm.catch_up(p_queue rhythm.queue, inout p_state rhythm.queue_state, p_limit integer, p_now timestamptz, out changed boolean)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_notes record;
  v_keys text[];
begin
  changed := false;
  if p_state.queue is null then
    p_state := row(p_queue.name, 0, 0, 0, 0, p_queue.fair, false, false, '0', '0', null, null, p_now, null, '{}', '{}')::rhythm.queue_state;
  end if;
  p_state.nth := p_state.nth + 1;
  if p_state.version <> p_queue.version then
    p_state := rhythm.adopt_limits(p_queue, p_state);
    changed := true;
  end if;
  if p_state.listed is distinct from p_queue.limited_since then
    p_state := rhythm.list_backlog(p_queue, p_state, least(p_limit, 1000));
    changed := true;
  end if;
  v_notes := rhythm.take_notes(p_state, p_limit);
  if v_notes.taken > 0 then
    p_state := v_notes.p_state;
    if v_notes.entered <> '{}' then
      perform rhythm.fill_lanes(p_state, v_notes.entered);
    end if;
    if v_notes.ended <> '{}' then
      p_state.running := greatest(p_state.running - (select sum(n.ended) from unnest(v_notes.ended) as n), 0);
      if p_state.keyed then
        update rhythm.key_state as k set nth = p_state.nth, running = greatest(k.running - n.ended, 0), idle_since = case when k.running <= n.ended then p_now end
        from unnest(v_notes.ended) as n
        cross join lateral (
          select x.ctid as place from rhythm.key_state as x where x.queue = p_state.queue and x.key = n.key order by x.nth desc limit 1
        ) as x
        where k.ctid = x.place;
        v_keys := array(select n.key from unnest(v_notes.ended) as n where n.key <> '');
      end if;
    end if;
    changed := true;
  end if;
  if p_state.keyed then
    with due as (
      update rhythm.key_state as k set nth = p_state.nth, ready_at = null
      where k.queue = p_state.queue and k.ready_at > p_state.looked_at and k.ready_at <= p_now
      returning k.key
    )
    select v_keys || array_agg(d.key) into v_keys from due as d;
    p_state.looked_at := p_now;
  end if;
  if v_keys <> '{}' then
    perform rhythm.open_lanes(p_state, v_keys);
    changed := true;
  end if;
  -- A session that did not see the change may have ended a lease without a note.
  if p_state.settled is distinct from p_queue.changed and rhythm.is_settled(p_queue.changed) then
    p_state.settled := p_queue.changed;
    p_state := rhythm.recount(p_queue, p_state);
    changed := true;
  end if;
end;
$$;

comment on function rhythm.catch_up(rhythm.queue, rhythm.queue_state, integer, timestamptz) is 'Brings the lanes and counts of a queue up to date. The caller holds its gate, and stores the state. Internal.';

-- Opens closed lanes. Whether their keys have room is checked when their turn comes.
create or replace function rhythm.adopt_limits(p_queue rhythm.queue, p_state rhythm.queue_state)
returns rhythm.queue_state
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keyed constant boolean := p_queue.per_key_concurrency is not null or p_queue.per_key_rate is not null
    or exists (select from rhythm.queue_key as k where k.queue = p_queue.name and (k.concurrency is not null or k.rate is not null));
begin
  p_state.version := p_queue.version;
  if (v_keyed, p_queue.counted) <> (p_state.keyed, p_state.counted) then
    p_state.keyed := v_keyed;
    p_state.counted := p_queue.counted;
    p_state := rhythm.recount(p_queue, p_state);
  end if;
  if p_state.fair <> p_queue.fair then
    p_state.fair := p_queue.fair;
    p_state.turn := 0;
    update rhythm.lane as l set turn = 0, nth = p_state.nth, open = l.head is not null where l.queue = p_queue.name;
  else
    update rhythm.lane as l set open = true, nth = p_state.nth, turn = greatest(l.turn, p_state.turn)
    where l.queue = p_queue.name and not l.open and l.head is not null;
  end if;
  update rhythm.lane_group as g
  set nth = p_state.nth, turn = f.turn, rank = f.rank, head = f.head
  from (
    select distinct on (l.target_group) l.target_group, l.turn, l.rank, l.head
    from rhythm.lane as l where l.queue = p_queue.name and l.open
    order by l.target_group, l.turn, l.rank, l.head
  ) as f
  where g.queue = p_queue.name and g.target_group = f.target_group;
  return p_state;
end;
$$;

comment on function rhythm.adopt_limits(rhythm.queue, rhythm.queue_state) is 'Changes lanes and counts after a change of a queue''s configuration. The caller holds its gate. Internal.';

-- Batches of one, up to p_limit, that may begin now. Empty: none may. Null: the queue has no limits any more, and what is left
-- in it is claimed as from any other queue.
-- Locks: the gate of the queue (waits for other claims of it, until their commit; but skips the queue if it already holds
-- another gate); batches, skip locked.
create or replace function rhythm.limited_claim(
  p_worker uuid,
  p_call integer,
  p_queue text,
  p_limit integer,
  p_targets text[],
  p_types text[] default '{task,workflow}'
)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_queue rhythm.queue;
  v_state rhythm.queue_state;
  v_caught record;
  v_now timestamptz;
  v_room integer;
  v_look integer;
  v_began integer := 0;
  v_wrote boolean;
  v_groups rhythm.lane_group[];
  v_plain jsonb;
  v_pick record;
  v_paused constant text[] := rhythm.paused_targets();
  v_parked integer := 0;
  v_result bigint[] := '{}';
begin
  select q.* into v_queue from rhythm.queue as q where q.name = p_queue;
  if not found then
    return null;
  elsif v_queue.paused_at is not null then
    return '{}';
  end if;
  v_state := rhythm.state_of(p_queue);
  if not v_queue.limited and v_state.listed is not distinct from v_queue.limited_since then
    return null;
  elsif v_queue.limited and not rhythm.may_claim(v_queue, v_state, p_targets, p_types, rhythm.now()) or not rhythm.enter_gate(p_queue) then
    return '{}';
  end if;
  -- While this waited, everything may have changed, including the time.
  v_now := rhythm.now();
  select q.* into v_queue from rhythm.queue as q where q.name = p_queue;
  if not found then
    return null;
  elsif v_queue.paused_at is not null then
    return '{}';
  end if;
  v_caught := rhythm.catch_up(v_queue, rhythm.state_of(p_queue), greatest(5000, p_limit), v_now);
  v_state := v_caught.p_state;
  v_wrote := v_caught.changed;
  if not v_queue.limited then
    perform rhythm.keep_state(v_state);
    return null;
  end if;

  if v_state.listed is distinct from v_queue.limited_since then
    v_plain := rhythm.plain_leases(p_queue);
  end if;
  v_room := least(p_limit, v_queue.concurrency - v_state.running
      - case when v_plain is null then 0 else (select sum(x.value::integer) from jsonb_each_text(v_plain) as x) end,
    v_queue.rate - rhythm.begun_lately(v_state.begun_at, v_state.begun, v_queue.per_ms, v_now));
  v_groups := rhythm.lane_groups(p_queue, p_targets, p_types);
  -- Without turns, one lane may have everything that comes next.
  v_look := least(v_room, case when v_queue.fair then 1000 else 8 end);
  while v_room > 0 and v_groups <> '{}' loop
    v_pick := rhythm.pick_lanes(v_queue, v_state, v_groups, v_plain, v_room, v_look, v_now);
    if v_paused is not null and rhythm.park(v_pick.ids, v_paused) <> '{}' then
      v_parked := v_parked + 1;
      exit when v_parked >= 1000;
      continue;
    end if;
    if v_pick.lanes <> '{}' then
      if v_pick.ids <> '{}' then
        perform rhythm.lease(p_worker, p_call, v_pick.ids, v_now);
        v_result := v_result || v_pick.ids;
        v_room := v_room - cardinality(v_pick.ids);
        v_began := v_began + cardinality(v_pick.ids);
        if v_queue.fair then
          v_state.turn := greatest(v_state.turn, v_pick.turn);
        end if;
      end if;
      perform rhythm.move_lanes(v_state, v_pick.lanes, v_now);
      if v_state.keyed then
        perform rhythm.count_keys(v_queue, v_state, v_pick.lanes, v_now);
      end if;
      v_wrote := true;
    end if;
    exit when not v_pick.more and v_pick.ids = '{}';
    v_look := least(v_look * 4, case when v_pick.ids = '{}' then 100000 else v_room end);
  end loop;

  if v_wrote then
    if v_began > 0 then
      v_state.running := case when v_state.counted then v_state.running + v_began else 0 end;
      if v_queue.rate is not null then
        select n.p_begun_at, n.p_begun into v_state.begun_at, v_state.begun
        from rhythm.note_begun(v_state.begun_at, v_state.begun, v_began, v_queue.per_ms, v_now) as n;
      end if;
      v_state.full_until := case when v_queue.rate <= rhythm.begun_lately(v_state.begun_at, v_state.begun, v_queue.per_ms, v_now)
        then rhythm.rate_ends(v_state.begun_at, v_queue.per_ms, v_now) end;
      perform rhythm.raise_floors(v_state, v_groups);
    end if;
    perform rhythm.keep_state(v_state);
  end if;
  return v_result;
end;
$$;

comment on function rhythm.limited_claim(uuid, integer, text, integer, text[], text[]) is
  'Leases what may begin now in a queue with limits; null: it has no limits any more. Internal: called by claims and exchange().';

-- Where the open lanes begin. This is a lower bound, so that not every claim must raise it.
create or replace function rhythm.raise_floors(p_state rhythm.queue_state, p_groups rhythm.lane_group[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_state.nth % 16 <> 0 then
    return;
  end if;
  update rhythm.lane_group as g
  set nth = p_state.nth,
    turn = case when f.turn <= p_state.turn then f.turn else p_state.turn end,
    rank = case when f.turn <= p_state.turn then f.rank when p_state.fair then - 2147483648 else 2147483647 end,
    head = case when f.turn <= p_state.turn then f.head when p_state.fair then '00000000-0000-0000-0000-000000000000'
      else 'ffffffff-ffff-ffff-ffff-ffffffffffff' end
  from unnest(p_groups) as o
  left join lateral (
    select x.turn, x.rank, x.head from rhythm.lane as x
    where x.queue = p_state.queue and x.target_group = o.target_group and x.open and (x.turn, x.rank, x.head) >= (o.turn, o.rank, o.head)
    order by x.turn, x.rank, x.head
    limit 1
  ) as f on true
  where g.queue = p_state.queue and g.target_group = o.target_group and g.nth = o.nth;
end;
$$;

comment on function rhythm.raise_floors(rhythm.queue_state, rhythm.lane_group[]) is 'Notes from time to time where the open lanes of a queue begin. The caller holds its gate. Internal.';
`,
  },
  {
    name: "limits/gate.sql",
    kind: "behaviour",
    checksum: "62e6b760c80d84c14d32dfc451824c9774796ee68f937b32fd3575b7298f26aa",
    text: `-- Only one session at a time claims from a queue with limits, until it commits. So no claim misses an uncommitted lease.

-- A session that holds a gate never waits for anything, so the gate is soon free. A worker that its system has frozen delays the
-- others by half a second at a time. A transaction waits only for its first gate: two workers that claim from the same queues
-- in different orders would wait for each other.
-- Locks: an advisory lock for each queue with limits.
create or replace function rhythm.enter_gate(p_queue text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
begin
  if rhythm.try_gate(p_queue) then
    return true;
  elsif coalesce(current_setting('rhythm_gate.held', true), '') <> '' then
    return false;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(:'schema' || ' gate ' || p_queue, 0));
  perform set_config('rhythm_gate.held', 'yes', true);
  return true;
exception
  when lock_not_available then
    return false;
end;
$$;

comment on function rhythm.enter_gate(text) is 'Takes the gate of a queue until the end of the transaction. False: the gate is not free now. Internal.';

create or replace function rhythm.try_gate(p_queue text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended(:'schema' || ' gate ' || p_queue, 0)) then
    return false;
  end if;
  perform set_config('rhythm_gate.held', 'yes', true);
  return true;
end;
$$;

comment on function rhythm.try_gate(text) is 'Takes the gate of a queue until the end of the transaction, if it is free. Internal.';

-- After a restore to another server, transactions have new numbers. Then every note is read.
create or replace function rhythm.state_of(p_queue text)
returns rhythm.queue_state
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_state rhythm.queue_state;
begin
  select s.* into v_state from rhythm.queue_state as s where s.queue = p_queue order by s.nth desc limit 1;
  if greatest(v_state.noted, v_state.ends_noted) > pg_snapshot_xmax(pg_current_snapshot()) then
    v_state.noted := '0';
    v_state.ends_noted := '0';
  end if;
  return v_state;
end;
$$;

comment on function rhythm.state_of(text) is 'The state of a queue with limits; null: no session has claimed from it yet. Internal.';

create or replace function rhythm.keep_state(p_state rhythm.queue_state)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.queue_state as s
  set nth = p_state.nth, version = p_state.version, turn = p_state.turn, running = p_state.running, fair = p_state.fair, keyed = p_state.keyed, counted = p_state.counted,
    settled = p_state.settled, noted = p_state.noted, ends_noted = p_state.ends_noted, listed = p_state.listed, looked_at = p_state.looked_at, full_until = p_state.full_until,
    begun_at = p_state.begun_at, begun = p_state.begun
  where s.queue = p_state.queue and s.nth = p_state.nth - 1;
  if not found then
    insert into rhythm.queue_state values (p_state.*);
  end if;
end;
$$;

comment on function rhythm.keep_state(rhythm.queue_state) is 'Stores the state of a queue with limits, as the next version. The caller holds its gate. Internal.';

-- What a claim may take: all groups of targets, or those for which a worker has handlers.
create or replace function rhythm.lane_groups(p_queue text, p_targets text[], p_types text[])
returns rhythm.lane_group[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_targets is null then
    return array(
      with recursive g as (
        (select l.target_group from rhythm.lane_group as l where l.queue = p_queue order by l.target_group limit 1)
        union all
        select (select l.target_group from rhythm.lane_group as l where l.queue = p_queue and l.target_group > g.target_group order by l.target_group limit 1)
        from g where g.target_group is not null
      )
      select n from g
      cross join lateral (
        select l.* from rhythm.lane_group as l
        where l.queue = p_queue and l.target_group = g.target_group order by l.nth desc limit 1
      ) as n
      where (g.target_group = '' and 'workflow' = any (p_types)) or (g.target_group <> '' and 'task' = any (p_types)));
  end if;
  return array(
    select n from (
      select distinct t.name from unnest(p_targets) as t (name) where 'task' = any (p_types)
      union all select '' where 'workflow' = any (p_types)
    ) as g (name)
    cross join lateral (
      select l.* from rhythm.lane_group as l
      where l.queue = p_queue and l.target_group = g.name order by l.nth desc limit 1
    ) as n);
end;
$$;

comment on function rhythm.lane_groups(text, text[], text[]) is 'Those of the requested groups of targets that have lanes in a queue. Internal.';
`,
  },
  {
    name: "limits/keys.sql",
    kind: "behaviour",
    checksum: "129fc7764c1e09be70949afbb548e77d21f214c39757030626be42bb8d037c69",
    text: `-- Concurrency keys of a queue that have their own limits, weights and pauses.

-- Locks: the row of the key, then that of the queue. Claims only read them.
create or replace function rhythm.configure_key(
  p_queue text,
  p_key text,
  concurrency integer default null,
  rate integer default null,
  per interval default null,
  weight integer default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_per_ms constant bigint := rhythm.interval_ms(coalesce(per, '1s'));
  v_problem constant text := coalesce(
    rhythm.name_problem('queue', p_queue),
    rhythm.name_problem('concurrency key', p_key),
    rhythm.limit_problem('concurrency', concurrency),
    rhythm.limit_problem('rate', rate),
    rhythm.period_problem('per', per, 'rate', rate),
    case when weight not between 1 and 1000 then 'weight must be from 1 to 1000' end
  );
  v_old jsonb;
  v_changed boolean;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue), rhythm.odd_key(p_queue, p_key)]);
  select jsonb_strip_nulls(jsonb_build_object('concurrency', k.concurrency, 'rate', k.rate, 'per_ms', k.per_ms, 'weight', k.weight)) into v_old
  from rhythm.queue_key as k where k.queue = p_queue and k.key = p_key;
  insert into rhythm.queue_key as k (queue, key, concurrency, rate, per_ms, weight)
  values (p_queue, p_key, configure_key.concurrency, configure_key.rate, case when configure_key.rate is not null then v_per_ms end, configure_key.weight)
  on conflict (queue, key) do update set
    concurrency = excluded.concurrency, rate = excluded.rate, per_ms = excluded.per_ms, weight = excluded.weight
  where (k.concurrency, k.rate, k.per_ms, k.weight) is distinct from (excluded.concurrency, excluded.rate, excluded.per_ms, excluded.weight);
  v_changed := found;
  if v_changed then
    perform rhythm.record('limit', 'key', p_queue || ' ' || p_key, p_before => v_old, p_after => jsonb_strip_nulls(jsonb_build_object('concurrency', configure_key.concurrency,
      'rate', configure_key.rate, 'per_ms', case when configure_key.rate is not null then v_per_ms end, 'weight', configure_key.weight)));
    perform rhythm.change_key(p_queue, p_key);
  end if;
end;
$$;

comment on function rhythm.configure_key(text, text, integer, integer, interval, integer) is
  'Sets the limits of one concurrency key of a queue, instead of those for all keys (how many run at once, how many begin in each period), and its weight in a fair queue. '
  'Null: as for all keys. Example: select rhythm.configure_key(''mail'', ''gold'', concurrency => 20, weight => 3);';

create or replace function rhythm.change_key(p_queue text, p_key text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.queue_key as k
  where k.queue = p_queue and k.key = p_key and k.weight is null and k.concurrency is null and k.rate is null and k.paused_at is null;
  insert into rhythm.queue (name) values (p_queue) on conflict do nothing;
  perform rhythm.change_queue(p_queue);
end;
$$;

comment on function rhythm.change_key(text, text) is 'Tells claims that the configuration of a key has changed. Internal.';

create or replace function rhythm.pause_key(p_queue text, p_key text, p_reason text default null, p_by text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_reason, p_by);
  v_found boolean;
begin
  perform rhythm.check_name('queue', p_queue);
  perform rhythm.check_name('concurrency key', p_key);
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue), rhythm.odd_key(p_queue, p_key)]);
  insert into rhythm.queue_key as k (queue, key, paused_at, paused_by, pause_reason) values (p_queue, p_key, rhythm.now(), v_names.by_whom, v_names.reason)
  on conflict (queue, key) do update set paused_at = excluded.paused_at, paused_by = excluded.paused_by, pause_reason = excluded.pause_reason where k.paused_at is null;
  v_found := found;
  if v_found then
    perform rhythm.record('pause', 'key', p_queue || ' ' || p_key, p_reason);
    perform rhythm.change_key(p_queue, p_key);
  end if;
  return v_found;
end;
$$;

comment on function rhythm.pause_key(text, text, text, text) is
  'Executions with this concurrency key do not start in this queue until resume_key(); running ones continue. p_by: who paused it; else the role. False: it was already paused.';

create or replace function rhythm.resume_key(p_queue text, p_key text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found boolean;
begin
  perform rhythm.check_name('queue', p_queue);
  perform rhythm.check_name('concurrency key', p_key);
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue), rhythm.odd_key(p_queue, p_key)]);
  update rhythm.queue_key as k set paused_at = null, paused_by = null, pause_reason = null where k.queue = p_queue and k.key = p_key and k.paused_at is not null;
  v_found := found;
  if v_found then
    perform rhythm.record('resume', 'key', p_queue || ' ' || p_key);
    perform rhythm.change_key(p_queue, p_key);
  end if;
  return v_found;
end;
$$;

comment on function rhythm.resume_key(text, text) is 'Ends the pause of a concurrency key of a queue. False: it was not paused.';
`,
  },
  {
    name: "limits/listing.sql",
    kind: "behaviour",
    checksum: "fba6b08477c92dd4325a5a5ec514bb1324774eb890da37f5eeeb8c1f1f24f343",
    text: `-- Claims and chores put what was ready before a queue got its limits into lanes, piece by piece. So configuring a queue with a
-- million tasks changes one row. When the limits are removed, they do the reverse.

-- All members of a leased batch count until the last one has ended.
create or replace function rhythm.plain_leases(p_queue text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_object_agg(x.key, x.running)
    from (
      select coalesce(b.concurrency_key, '') as key, sum(b.size) as running
      from rhythm.batch as b where b.worker is not null and b.queue = p_queue and not b.limited
      group by coalesce(b.concurrency_key, '')
    ) as x);
end;
$$;

comment on function rhythm.plain_leases(text) is 'For each key of a queue, how many executions were leased before it had limits; null: none. Reads all leases. Internal.';

-- Batches that are older than the limits of their queue become batches of one. Locks: batches and members, skip locked.
create or replace function rhythm.list_batches(p_queue text, p_limit integer default 100)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
  v_ids uuid[];
  v_listed integer := 0;
begin
  for v_batch in
    select b.* from rhythm.batch as b
    where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited and b.size > 1
    order by b.priority desc, b.first_id limit (p_limit + 99) / 100 for update skip locked
  loop
    v_ids := array(
      select e.id from rhythm.execution as e where e.id = any (v_batch.ids) and e.batch_id = v_batch.id and v_batch.type = 'task' for no key update skip locked);
    v_ids := v_ids || array(
      select s.execution_id from rhythm.workflow_state as s where s.execution_id = any (v_batch.ids) and s.batch_id = v_batch.id for update skip locked);
    with alone as (
      insert into rhythm.batch
      select (rhythm.batch_of(e, null, v_batch.attempt, v_batch.failures, v_batch.crashes)).* from rhythm.execution as e where e.id = any (v_ids)
      returning id, first_id
    ),
    tasks as (
      update rhythm.execution as e set batch_id = a.id from alone as a where e.id = a.first_id and e.type = 'task'
    )
    update rhythm.workflow_state as s set batch_id = a.id from alone as a where s.execution_id = a.first_id;
    perform rhythm.drop_empty_batches(array[v_batch.id]);
    v_listed := v_listed + cardinality(v_ids);
  end loop;
  return v_listed;
end;
$$;

comment on function rhythm.list_batches(text, integer) is 'Splits the first batches of a queue into batches of one; returns the number of executions. Internal.';

-- Locks: batches, skip locked. The caller holds the gate of the queue.
create or replace function rhythm.list_backlog(p_queue rhythm.queue, p_state rhythm.queue_state, p_limit integer)
returns rhythm.queue_state
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids bigint[];
  v_moved rhythm.batch[];
begin
  if p_queue.limited then
    perform rhythm.list_batches(p_queue.name, p_limit);
    v_ids := array(
      select b.id from rhythm.batch as b
      where b.queue = p_queue.name and b.worker is null and b.run_at is null and not b.limited and b.size = 1
      order by b.priority desc, b.first_id limit p_limit
      for no key update skip locked);
  else
    v_ids := array(
      select b.id from rhythm.batch as b
      where b.queue = p_queue.name and b.limited and b.worker is null and b.run_at is null
      limit p_limit
      for no key update skip locked);
  end if;
  if v_ids <> '{}' then
    with moved as (
      update rhythm.batch as b set limited = p_queue.limited where b.id = any (v_ids) returning b.*
    )
    select array_agg(m::rhythm.batch) into v_moved from moved as m;
    if p_queue.limited then
      perform rhythm.fill_lanes(p_state, array(
        select row(b.queue, '0', b.target_group, b.key, b.rank, b.head, 0)::rhythm.limit_note
        from (
          select distinct on (2, 3) u.queue, case u.type when 'workflow' then '' else u.target end as target_group, coalesce(u.concurrency_key, '') as key,
            - u.priority::integer as rank, u.first_id as head
          from unnest(v_moved) as u order by 2, 3, 4, 5
        ) as b));
    end if;
  -- A session that did not see the change may still create or lease something in the old way.
  elsif rhythm.is_settled(p_queue.limited_since)
    and (case when p_queue.limited
      then not exists (select from rhythm.batch as b where b.queue = p_queue.name and b.worker is null and b.run_at is null and not b.limited)
        and rhythm.plain_leases(p_queue.name) is null
      else not exists (select from rhythm.batch as b where b.queue = p_queue.name and b.worker is null and b.run_at is null and b.limited)
      end) then
    p_state.listed := p_queue.limited_since;
  end if;
  return p_state;
end;
$$;

comment on function rhythm.list_backlog(rhythm.queue, rhythm.queue_state, integer) is 'Puts the next p_limit of what was ready before a queue got its limits into lanes, or back. The caller holds the gate. Internal.';
`,
  },
  {
    name: "limits/notes.sql",
    kind: "behaviour",
    checksum: "0843f6ee96f9f4c20d7654c9c3d5c27042243da50fd990d0b58989beba270051",
    text: `-- Notes: they tell queues with limits what becomes ready, and which leases end.

-- Only appends: it waits for nobody, and nobody waits for it. What begins needs no note, because claims count that.
create or replace function rhythm.note_limited()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_group text;
  v_lane text;
  v_first text;
begin
  if tg_op <> 'INSERT' and old.limited and old.worker is not null
    and exists (select from rhythm.queue as q where q.name = old.queue and q.counted) then
    insert into rhythm.limit_note (queue, xid, target_group, key, ended)
    values (old.queue, pg_current_xact_id(), '', coalesce(old.concurrency_key, ''), old.size);
    -- There is room for others, and sleeping workers do not know. Usually once in a transaction.
    if current_setting('rhythm_gate.woken', true) is distinct from old.queue then
      perform rhythm.wake(array[old.queue]);
      perform set_config('rhythm_gate.woken', old.queue, true);
    end if;
  end if;
  if tg_op <> 'DELETE' and new.limited and new.worker is null and new.run_at is null then
    -- A lane is known by its first one. What the transaction puts behind that needs no note.
    v_group := case new.type when 'workflow' then '' else new.target end;
    v_lane := jsonb_build_array(new.queue, v_group, new.concurrency_key)::text;
    if current_setting('rhythm_gate.lane', true) = v_lane then
      v_first := current_setting('rhythm_gate.first');
      if (- new.priority::integer, new.first_id) > (split_part(v_first, ' ', 1)::integer, split_part(v_first, ' ', 2)::uuid) then
        return null;
      end if;
    end if;
    perform set_config('rhythm_gate.lane', v_lane, true), set_config('rhythm_gate.first', format('%s %s', - new.priority::integer, new.first_id), true);
    insert into rhythm.limit_note (queue, xid, target_group, key, rank, head, ended)
    values (new.queue, pg_current_xact_id(), v_group, coalesce(new.concurrency_key, ''), - new.priority::integer, new.first_id, 0);
  end if;
  return null;
end;
$$;

comment on function rhythm.note_limited() is 'Notes batches that become ready in queues with limits, and leases that end there. Internal.';

-- Notes that are not visible yet belong to open transactions. The next look begins with the oldest of these.
create or replace function rhythm.take_notes(
  inout p_state rhythm.queue_state,
  p_limit integer,
  out entered rhythm.limit_note[],
  out ended rhythm.limit_note[],
  out taken integer
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_oldest constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
  v_ready integer;
  v_ended integer;
  v_last_ready xid8;
  v_last_ended xid8;
begin
  with gone as (
    delete from rhythm.limit_note as n
    where n.ctid = any (array(
        select x.ctid from rhythm.limit_note as x
        where x.queue = p_state.queue and x.ended = 0 and x.xid >= p_state.noted
        order by x.xid limit p_limit)
      || array(
        select x.ctid from rhythm.limit_note as x
        where x.queue = p_state.queue and x.ended > 0 and x.xid >= p_state.ends_noted
        order by x.xid limit p_limit))
    returning n.*
  ),
  first as (
    select distinct on (g.target_group, g.key) g from gone as g where g.head is not null
    order by g.target_group, g.key, g.rank, g.head
  ),
  summed as (
    select g.key, sum(g.ended)::integer as ended from gone as g where g.ended > 0 group by g.key
  )
  select (select count(*) from gone as g where g.ended = 0), (select g.xid from gone as g where g.ended = 0 order by g.xid desc limit 1),
    (select count(*) from gone as g where g.ended > 0), (select g.xid from gone as g where g.ended > 0 order by g.xid desc limit 1),
    coalesce((select array_agg(f.g) from first as f), '{}'),
    coalesce((select array_agg(row(p_state.queue, '0', '', s.key, null, null, s.ended)::rhythm.limit_note) from summed as s), '{}')
  into v_ready, v_last_ready, v_ended, v_last_ended, entered, ended;
  taken := v_ready + v_ended;
  if v_ready > 0 then
    p_state.noted := case when v_ready < p_limit or v_last_ready > v_oldest then v_oldest else v_last_ready end;
    -- What this transaction adds to a lane from now on is not behind a note.
    perform set_config('rhythm_gate.lane', '', true);
  end if;
  if v_ended > 0 then
    p_state.ends_noted := case when v_ended < p_limit or v_last_ended > v_oldest then v_oldest else v_last_ended end;
  end if;
end;
$$;

comment on function rhythm.take_notes(rhythm.queue_state, integer) is
  'Deletes notes of a queue, oldest first, and adds them up: the first that became ready in each lane, and how many leases of each key ended. The caller holds its gate. Internal.';

create or replace function rhythm.has_notes(p_state rhythm.queue_state)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from rhythm.limit_note as n where n.queue = p_state.queue and n.ended > 0 and n.xid >= p_state.ends_noted)
    or exists (select from rhythm.limit_note as n where n.queue = p_state.queue and n.ended = 0 and n.xid >= p_state.noted);
end;
$$;

comment on function rhythm.has_notes(rhythm.queue_state) is 'Whether there are notes of a queue that nobody has taken. Internal.';

-- Rows are found by their place (ctid), which no other session changes. A join by their key would depend on the planner.

-- Puts what became ready into lanes. A key that was idle gets the current turn, and none of those that it missed.
create or replace function rhythm.fill_lanes(p_state rhythm.queue_state, p_entered rhythm.limit_note[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with entry as materialized (
    select e.target_group, e.key, e.rank, e.head, l.place, l.idle_since
    from unnest(p_entered) as e
    left join lateral (
      select x.ctid as place, x.idle_since from rhythm.lane as x
      where x.queue = p_state.queue and x.target_group = e.target_group and x.key = e.key
      order by x.nth desc limit 1
    ) as l on true
  ),
  changed as (
    update rhythm.lane as l
    set nth = p_state.nth, rank = e.rank, head = e.head, idle_since = null, open = l.open or l.idle_since is not null,
      turn = case when l.idle_since is not null then greatest(l.turn, p_state.turn) else l.turn end
    from entry as e
    where l.ctid = e.place and (l.idle_since is not null or (e.rank, e.head) < (l.rank, l.head))
    returning l.target_group, l.turn, l.rank, l.head
  ),
  made as (
    insert into rhythm.lane (queue, target_group, key, nth, turn, rank, head, open)
    select p_state.queue, e.target_group, e.key, p_state.nth, p_state.turn, e.rank, e.head, true
    from entry as e where e.place is null
    returning target_group, turn, rank, head
  ),
  first as materialized (
    select distinct on (x.target_group) x.* from (select c.* from changed as c union all select m.* from made as m) as x
    order by x.target_group, x.turn, x.rank, x.head
  ),
  lowered as (
    update rhythm.lane_group as g
    set nth = p_state.nth, turn = f.turn, rank = f.rank, head = f.head
    from first as f
    where g.queue = p_state.queue and g.target_group = f.target_group
      and g.nth = (select max(x.nth) from rhythm.lane_group as x where x.queue = p_state.queue and x.target_group = f.target_group)
      and (f.turn, f.rank, f.head) < (g.turn, g.rank, g.head)
  )
  insert into rhythm.lane_group (queue, target_group, nth, turn, rank, head)
  select p_state.queue, f.target_group, p_state.nth, f.turn, f.rank, f.head
  from first as f
  where not exists (select from rhythm.lane_group as g where g.queue = p_state.queue and g.target_group = f.target_group);
end;
$$;

comment on function rhythm.fill_lanes(rhythm.queue_state, rhythm.limit_note[]) is 'Puts what became ready into lanes. The caller holds the gate of the queue. Internal.';

-- Whether a key really has room is checked when its turn comes. Here it is enough that it may have room.
create or replace function rhythm.open_lanes(p_state rhythm.queue_state, p_keys text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with closed as materialized (
    select l.place
    from unnest(rhythm.lane_groups(p_state.queue, null, '{task,workflow}')) as g
    cross join unnest(p_keys) as k (key)
    cross join lateral (
      select x.ctid as place, x.open, x.head from rhythm.lane as x
      where x.queue = p_state.queue and x.target_group = g.target_group and x.key = k.key
      order by x.nth desc limit 1
    ) as l
    where not l.open and l.head is not null
  ),
  opened as (
    update rhythm.lane as l set nth = p_state.nth, open = true, turn = greatest(l.turn, p_state.turn)
    from closed as c
    where l.ctid = c.place
    returning l.target_group, l.turn, l.rank, l.head
  ),
  first as materialized (
    select distinct on (o.target_group) o.* from opened as o order by o.target_group, o.turn, o.rank, o.head
  )
  update rhythm.lane_group as g
  set nth = p_state.nth, turn = f.turn, rank = f.rank, head = f.head
  from first as f
  where g.queue = p_state.queue and g.target_group = f.target_group
    and g.nth = (select max(x.nth) from rhythm.lane_group as x where x.queue = p_state.queue and x.target_group = f.target_group)
    and (f.turn, f.rank, f.head) < (g.turn, g.rank, g.head);
end;
$$;

comment on function rhythm.open_lanes(rhythm.queue_state, text[]) is 'Opens lanes of keys that may have room again. The caller holds the gate of the queue. Internal.';
`,
  },
  {
    name: "limits/pick.sql",
    kind: "behaviour",
    checksum: "9bebf770b145018845042bd7de79e0cdd4f9da306459ea2825a08de1b932ea4a",
    text: `-- Decides whose turn it is. Each row of a lane has a place: (turn, rank, id). A fair queue gives the next row of a key a turn
-- that is 1/weight later. Any other queue gives all rows turn 0, so that priority and age decide. A claim takes the first
-- rows of all lanes by place, and reads only as many lanes as it may need.

-- Chooses among the first p_look lanes, and returns which lanes these were; "more": there are others after them. Rows that
-- others have locked are skipped. p_plain: leases by key that no state counts.
-- Locks: batches, skip locked. The caller holds the gate of the queue.
create or replace function rhythm.pick_lanes(
  p_queue rhythm.queue,
  p_state rhythm.queue_state,
  p_groups rhythm.lane_group[],
  p_plain jsonb,
  p_limit integer,
  p_look integer,
  p_now timestamptz,
  out ids bigint[],
  out lanes rhythm.lane_pick[],
  out turn bigint,
  out more boolean
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with shown as materialized (
    select s.* from (
      select l.*, greatest(l.turn, p_state.turn) as tag,
        row_number() over (order by greatest(l.turn, p_state.turn), l.rank, l.head) as nth
      from unnest(p_groups) as g
      cross join lateral (
        select x.ctid as place, x.target_group, x.key, x.turn, x.rank, x.head from rhythm.lane as x
        where x.queue = p_queue.name and x.target_group = g.target_group and x.open and (x.turn, x.rank, x.head) >= (g.turn, g.rank, g.head)
        order by x.turn, x.rank, x.head
        limit p_look + 1
      ) as l
    ) as s
    where s.nth <= p_look + 1
  ),
  bound as materialized (
    select s.tag, s.rank, s.head from shown as s where s.nth = p_look + 1
  ),
  lane as materialized (
    select s.*,
      coalesce(c.weight, 1) as weight,
      case when p_queue.fair then 720720 / coalesce(c.weight, 1) else 0 end as step,
      case when c.paused_at is not null then 0
        else least(2147483647,
          case when s.key <> '' then coalesce(c.concurrency, p_queue.per_key_concurrency) - coalesce(k.running, 0) - coalesce((p_plain ->> s.key)::integer, 0) end,
          case when s.key <> '' and c.rate is not null then c.rate - case when k.begun <> '{}' then rhythm.begun_lately(k.begun_at, k.begun, c.per_ms, p_now) else 0 end
            when s.key <> '' and p_queue.per_key_rate is not null
              then p_queue.per_key_rate - case when k.begun <> '{}' then rhythm.begun_lately(k.begun_at, k.begun, p_queue.per_key_per_ms, p_now) else 0 end end)
        end as room
    from shown as s
    left join rhythm.queue_key as c on c.queue = p_queue.name and c.key = s.key
    left join lateral (
      select x.running, x.begun_at, x.begun from rhythm.key_state as x
      where p_state.keyed and x.queue = p_queue.name and x.key = s.key order by x.nth desc limit 1
    ) as k on true
    where s.nth <= p_look
  ),
  -- Up to the first lane that was not read; or up to a share of what is wanted, because what follows is not known.
  asked as materialized (
    select l.*, least(l.room, p_limit, l.wanted)::integer as asked, l.is_share and l.wanted < least(l.room, p_limit) as is_cut
    from (
      select x.*, count(*) over () > 1 and (b.tag is null or not p_queue.fair) as is_share,
        case
          when count(*) over () = 1 and not p_queue.fair then p_limit
          when b.tag is not null and p_queue.fair then (b.tag - x.tag) / x.step + 1
          when p_queue.fair then p_limit::bigint * x.weight / sum(x.weight) over () + 2
          else p_limit::bigint * 2 / count(*) over () + 2
        end as wanted,
        b.tag as bound_tag, b.rank as bound_rank, b.head as bound_head
      from lane as x left join bound as b on true
    ) as l
  ),
  found as materialized (
    select a.*, f.id, f.rank as row_rank, f.first_id, a.tag + a.step * (f.nth - 1) as row_tag, a.is_cut and f.nth = a.asked as is_last
    from asked as a
    left join lateral (
      select r.id, r.rank, r.first_id, row_number() over (order by r.rank, r.first_id) as nth
      from (
        select b.id, - b.priority::integer as rank, b.first_id from rhythm.batch as b
        where b.limited and b.worker is null and b.run_at is null and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)
          and b.queue = p_queue.name
          and case b.type when 'workflow' then '' else b.target end = a.target_group
          and coalesce(b.concurrency_key, '') = a.key
          and (- b.priority::integer, b.first_id) >= (a.rank, a.head)
          and (a.bound_tag is null or p_queue.fair or (- b.priority::integer, b.first_id) < (a.bound_rank, a.bound_head))
        order by - b.priority::integer, b.first_id
        limit greatest(a.asked, 0)
        for no key update skip locked
      ) as r
    ) as f on true
  ),
  cut as materialized (
    select f.row_tag as tag, f.row_rank as rank, f.first_id from found as f where f.is_last order by 1, 2, 3 limit 1
  ),
  allowed as (
    select f.*, f.id is not null
      and (u.tag is null or (f.row_tag, f.row_rank, f.first_id) <= (u.tag, u.rank, u.first_id))
      and (f.bound_tag is null or (f.row_tag, f.row_rank, f.first_id) <= (f.bound_tag, f.bound_rank, f.bound_head))
      and row_number() over (partition by f.key order by f.row_tag, f.row_rank, f.first_id) <= f.room as is_allowed
    from found as f left join cut as u on true
  ),
  placed as materialized (
    select a.*, a.is_allowed and row_number() over (order by not a.is_allowed, a.row_tag, a.row_rank, a.first_id) <= p_limit as is_chosen
    from allowed as a
  ),
  moved as (
    select p.target_group, p.key, p.place, p.rank, p.head, p.room,
      coalesce(max(p.row_tag) filter (where p.is_chosen) + p.step, p.turn) as turn, count(*) filter (where p.is_chosen)::integer as taken
    from placed as p
    group by p.target_group, p.key, p.place, p.rank, p.head, p.room, p.step, p.turn
    having p.room <= 0 or bool_or(p.is_chosen) or bool_or(p.id is null)
  )
  select coalesce((select array_agg(p.id order by p.row_tag, p.row_rank, p.first_id) from placed as p where p.is_chosen), '{}'),
    coalesce((select array_agg(row(m.target_group, m.key, m.place, m.turn, m.rank, m.head, m.taken, m.room)::rhythm.lane_pick) from moved as m), '{}'),
    (select max(p.row_tag) from placed as p where p.is_chosen),
    exists (select from bound)
  into ids, lanes, turn, more;
end;
$$;

comment on function rhythm.pick_lanes(rhythm.queue, rhythm.queue_state, rhythm.lane_group[], jsonb, integer, integer, timestamptz) is
  'Locks the next batches of a queue with limits, among its first lanes; returns the lanes that must change. Internal.';

-- Moves lanes that were read to their next row and turn.
create or replace function rhythm.move_lanes(p_state rhythm.queue_state, p_lanes rhythm.lane_pick[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.lane as l
  set nth = p_state.nth, turn = p.turn, rank = p.next_rank, head = p.next_head,
    open = p.next_head is not null and p.taken < p.room,
    idle_since = case when p.next_head is null then p_now end
  from (
    select u.*, n.rank as next_rank, n.first_id as next_head
    from unnest(p_lanes) as u
    left join lateral (
      select - b.priority::integer as rank, b.first_id from rhythm.batch as b
      where b.limited and b.worker is null and b.run_at is null and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)
        and b.queue = p_state.queue
        and case b.type when 'workflow' then '' else b.target end = u.target_group
        and coalesce(b.concurrency_key, '') = u.key
        and (- b.priority::integer, b.first_id) >= (u.rank, u.head)
      order by - b.priority::integer, b.first_id
      limit 1
    ) as n on true
  ) as p
  where l.ctid = p.place and (p.taken > 0 or p.room <= 0 or p.next_head is distinct from p.head);
end;
$$;

comment on function rhythm.move_lanes(rhythm.queue_state, rhythm.lane_pick[], timestamptz) is 'Moves lanes forward after a claim; closes those that are empty, or whose key is full. Internal.';

-- Counts what began, by key.
create or replace function rhythm.count_keys(p_queue rhythm.queue, p_state rhythm.queue_state, p_lanes rhythm.lane_pick[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with begun as materialized (
    select u.key, u.taken, coalesce(c.rate, p_queue.per_key_rate) as rate,
      case when c.rate is not null then c.per_ms else p_queue.per_key_per_ms end as per_ms,
      k.place, k.running, k.begun_at, k.begun
    from (
      select p.key, sum(p.taken)::integer as taken from unnest(p_lanes) as p
      where p.key <> '' group by p.key having sum(p.taken) > 0
        or exists (select from rhythm.key_state as x where x.queue = p_state.queue and x.key = p.key)
    ) as u
    left join rhythm.queue_key as c on c.queue = p_state.queue and c.key = u.key
    left join lateral (
      select x.ctid as place, x.running, x.begun_at, x.begun from rhythm.key_state as x where x.queue = p_state.queue and x.key = u.key order by x.nth desc limit 1
    ) as k on true
  ),
  counted as materialized (
    select b.key, b.place, coalesce(b.running, 0) + b.taken as running, n.p_begun_at as begun_at, n.p_begun as begun,
      case when b.rate <= rhythm.begun_lately(n.p_begun_at, n.p_begun, b.per_ms, p_now) then rhythm.rate_ends(n.p_begun_at, b.per_ms, p_now) end as ready_at
    from begun as b
    cross join lateral (
      select r.* from rhythm.note_begun(coalesce(b.begun_at, '{}'), coalesce(b.begun, '{}'), b.taken, b.per_ms, p_now) as r where b.rate is not null and b.taken > 0
      union all select coalesce(b.begun_at, '{}'), coalesce(b.begun, '{}') where b.rate is null or b.taken = 0
    ) as n
  ),
  changed as (
    update rhythm.key_state as k
    set nth = p_state.nth, running = c.running, idle_since = case when c.running = 0 then p_now end, ready_at = c.ready_at, begun_at = c.begun_at, begun = c.begun
    from counted as c
    where k.ctid = c.place
  )
  insert into rhythm.key_state (queue, key, nth, running, ready_at, begun_at, begun)
  select p_state.queue, c.key, p_state.nth, c.running, c.ready_at, c.begun_at, c.begun
  from counted as c where c.place is null;
end;
$$;

comment on function rhythm.count_keys(rhythm.queue, rhythm.queue_state, rhythm.lane_pick[], timestamptz) is 'Counts what a claim began of each key, and notes when a key that used up its rate may continue. Internal.';
`,
  },
  {
    name: "limits/queues.sql",
    kind: "behaviour",
    checksum: "7adc5de0a92bd46962b8cbfc9004918baf43fa3be21df460a3a2b555d8d7482f",
    text: `-- Queues: limits, turns and pauses.

create or replace function rhythm.has_limits(p_queue text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from rhythm.queue as q where q.name = p_queue and q.limited);
end;
$$;

comment on function rhythm.has_limits(text) is 'Whether what becomes ready in a queue goes into lanes. Internal.';

-- A queue gets or loses limits or turns. From this transaction on, what becomes ready goes into lanes, or no longer does.
create or replace function rhythm.change_queue(p_queue text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.queue as q
  set version = q.version + 1, changed = pg_current_xact_id(), limited = n.limited, counted = n.counted,
    limited_since = case when q.limited = n.limited then q.limited_since else pg_current_xact_id() end
  from (
    select q.name,
      q.concurrency is not null or q.per_key_concurrency is not null or q.rate is not null or q.per_key_rate is not null or q.fair
      or exists (
        select from rhythm.queue_key as k
        where k.queue = p_queue and (k.concurrency is not null or k.rate is not null or k.paused_at is not null)) as limited,
      q.concurrency is not null or q.per_key_concurrency is not null
      or exists (select from rhythm.queue_key as k where k.queue = p_queue and k.concurrency is not null) as counted
    from rhythm.queue as q where q.name = p_queue
  ) as n
  where q.name = p_queue;
  perform rhythm.forget_plain_queue(p_queue);
  perform rhythm.wake(array[p_queue]);
end;
$$;

comment on function rhythm.change_queue(text) is 'Tells claims that the configuration of a queue or one of its keys has changed. Internal.';

-- A queue without limits that is not paused needs no row, so that claims of it cost nothing extra. If a queue once had limits,
-- only chores() removes it, because sessions that do not see the change yet may still put something into its lanes.
create or replace function rhythm.forget_plain_queue(p_queue text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from rhythm.queue as q
  where q.name = p_queue and q.paused_at is null and q.limited_since is null
    and not exists (select from rhythm.queue_key as k where k.queue = p_queue);
$$;

comment on function rhythm.forget_plain_queue(text) is 'Removes the row of a queue that never had limits and is not paused. Internal.';

create or replace function rhythm.limit_problem(p_name text, p_value integer)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_value < 1 then format('%s must be 1 or more', p_name) end;
$$;

comment on function rhythm.limit_problem(text, integer) is 'Why a number cannot be a limit, as a sentence; null if it can. Internal.';

create or replace function rhythm.period_problem(p_name text, p_period interval, p_rate_name text, p_rate integer)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_period is null then null
    when coalesce(rhythm.interval_ms(p_period), 0) < 1 then format('%s must be an interval above zero, such as 1 minute', p_name)
    -- A period without a rate would limit nothing.
    when p_rate is null then format('%s needs %s', p_name, p_rate_name)
  end;
$$;

comment on function rhythm.period_problem(text, interval, text, integer) is
  'Why an interval cannot be the period of a rate, as a sentence; null if it can, or is not given. Internal.';

create or replace function rhythm.weights_problem(p_weights jsonb, p_fair text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_weights is null then
    return null;
  elsif jsonb_typeof(p_weights) <> 'object' then
    return 'weights must be an object: {"key": 3, …}';
  elsif p_fair is null and p_weights <> '{}' then
    return 'weights have a meaning only with fair => ''key''';
  end if;
  return (
    select coalesce(rhythm.name_problem('concurrency key', w.key),
      case when w.value::text !~ '^[0-9]{1,4}$' or w.value::text::integer not between 1 and 1000
        then format('The weight of key "%s" must be a whole number from 1 to 1000', w.key) end) as problem
    from jsonb_each(p_weights) as w (key, value)
    order by problem limit 1);
end;
$$;

comment on function rhythm.weights_problem(jsonb, text) is 'Why an object cannot be the weights of keys, as a sentence; null if it can. Internal.';

create or replace function rhythm.limits_of(p_queue text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(to_jsonb(l)) from (
    select q.concurrency, q.per_key_concurrency, q.rate, q.per_ms, q.per_key_rate, q.per_key_per_ms, nullif(q.fair, false) as fair,
      (select jsonb_object_agg(k.key, k.weight) from rhythm.queue_key as k where k.queue = p_queue and k.weight is not null) as weights
    from rhythm.queue as q where q.name = p_queue
  ) as l;
$$;

comment on function rhythm.limits_of(text) is 'The limits of a queue, for records of acts. Internal.';

-- Locks: the row of the queue, which claims only read.
create or replace function rhythm.configure_queue(
  p_queue text,
  concurrency integer default null,
  per_key_concurrency integer default null,
  rate integer default null,
  per interval default null,
  per_key_rate integer default null,
  per_key_per interval default null,
  fair text default null,
  weights jsonb default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_per_ms constant bigint := rhythm.interval_ms(coalesce(per, '1s'));
  v_per_key_ms constant bigint := rhythm.interval_ms(coalesce(per_key_per, '1s'));
  v_problem constant text := coalesce(
    rhythm.name_problem('queue', p_queue),
    rhythm.limit_problem('concurrency', concurrency),
    rhythm.limit_problem('per_key_concurrency', per_key_concurrency),
    rhythm.limit_problem('rate', rate),
    rhythm.period_problem('per', per, 'rate', rate),
    rhythm.limit_problem('per_key_rate', per_key_rate),
    rhythm.period_problem('per_key_per', per_key_per, 'per_key_rate', per_key_rate),
    case when fair <> 'key' then 'fair must be ''key'', or null: no turns' end,
    rhythm.weights_problem(weights, fair)
  );
  v_old constant jsonb := rhythm.limits_of(p_queue);
  v_new rhythm.queue;
  v_changed boolean;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue)]);
  v_new.concurrency := concurrency;
  v_new.per_key_concurrency := per_key_concurrency;
  v_new.rate := rate;
  v_new.per_ms := case when rate is not null then v_per_ms end;
  v_new.per_key_rate := per_key_rate;
  v_new.per_key_per_ms := case when per_key_rate is not null then v_per_key_ms end;
  v_new.fair := fair is not null;
  insert into rhythm.queue as q (name, concurrency, per_key_concurrency, rate, per_ms, per_key_rate, per_key_per_ms, fair)
  values (p_queue, v_new.concurrency, v_new.per_key_concurrency, v_new.rate, v_new.per_ms, v_new.per_key_rate, v_new.per_key_per_ms, v_new.fair)
  on conflict (name) do update set
    concurrency = excluded.concurrency, per_key_concurrency = excluded.per_key_concurrency, rate = excluded.rate, per_ms = excluded.per_ms,
    per_key_rate = excluded.per_key_rate, per_key_per_ms = excluded.per_key_per_ms, fair = excluded.fair
  where (q.concurrency, q.per_key_concurrency, q.rate, q.per_ms, q.per_key_rate, q.per_key_per_ms, q.fair)
    is distinct from (excluded.concurrency, excluded.per_key_concurrency, excluded.rate, excluded.per_ms, excluded.per_key_rate, excluded.per_key_per_ms, excluded.fair);
  v_changed := found;
  if weights is not null then
    v_changed := rhythm.set_weights(p_queue, weights) or v_changed;
  end if;
  if v_changed then
    perform rhythm.record('limit', 'queue', p_queue, p_before => v_old, p_after => rhythm.limits_of(p_queue));
    perform rhythm.change_queue(p_queue);
  end if;
end;
$$;

comment on function rhythm.configure_queue(text, integer, integer, integer, interval, integer, interval, text, jsonb) is
  'Sets the limits of a queue, for all workers together: how many run at once, in all and for each concurrency key, and how many begin in each period, in all and for each key. '
  'With fair => ''key'', concurrency keys take turns. weights says how many turns each has, {"gold": 3}; null changes none. Any other null means that there is no such limit. '
  'Example: select rhythm.configure_queue(''mail'', concurrency => 10, rate => 100, per => interval ''1 minute'');';

create or replace function rhythm.set_weights(p_queue text, p_weights jsonb)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_given boolean;
  v_taken boolean;
begin
  insert into rhythm.queue_key as k (queue, key, weight)
  select p_queue, w.key, w.value::integer from jsonb_each_text(p_weights) as w order by w.key
  on conflict (queue, key) do update set weight = excluded.weight where k.weight is distinct from excluded.weight;
  v_given := found;
  update rhythm.queue_key as k set weight = null
  where k.queue = p_queue and k.weight is not null and not p_weights ? k.key;
  v_taken := found;
  delete from rhythm.queue_key as k
  where k.queue = p_queue and k.weight is null and k.concurrency is null and k.rate is null and k.paused_at is null;
  return v_given or v_taken;
end;
$$;

comment on function rhythm.set_weights(text, jsonb) is 'Sets the weights of concurrency keys of a queue; false: nothing changed. Internal.';

create or replace function rhythm.pause_queue(p_queue text, p_reason text default null, p_by text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_reason, p_by);
begin
  perform rhythm.check_name('queue', p_queue);
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue)]);
  insert into rhythm.queue as q (name, paused_at, paused_by, pause_reason) values (p_queue, rhythm.now(), v_names.by_whom, v_names.reason)
  on conflict (name) do update set paused_at = excluded.paused_at, paused_by = excluded.paused_by, pause_reason = excluded.pause_reason where q.paused_at is null;
  if not found then
    return false;
  end if;
  perform rhythm.record('pause', 'queue', p_queue, p_reason);
  return true;
end;
$$;

comment on function rhythm.pause_queue(text, text, text) is
  'Executions of this queue do not start until resume_queue(); running ones continue. p_by: who paused it; else the role. False: it was already paused.';

create or replace function rhythm.resume_queue(p_queue text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found boolean;
begin
  perform rhythm.check_name('queue', p_queue);
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue)]);
  update rhythm.queue as q set paused_at = null, paused_by = null, pause_reason = null where q.name = p_queue and q.paused_at is not null;
  v_found := found;
  if v_found then
    perform rhythm.record('resume', 'queue', p_queue);
  end if;
  perform rhythm.forget_plain_queue(p_queue);
  perform rhythm.wake(array[p_queue]);
  return v_found;
end;
$$;

comment on function rhythm.resume_queue(text) is 'Ends the pause of a queue. False: it was not paused.';
`,
  },
  {
    name: "limits/rates.sql",
    kind: "behaviour",
    checksum: "ca9fa2af7ae2d0ed47e3b8b1fe6881368a13e9bee9a7584b184679f0e802ad6d",
    text: `-- Rates: a limited number of executions begins in any period. What began is counted until it is a period old. Times are rounded
-- up to a hundredth of the period, so that there are few counts and the rate is never exceeded. A time that is more than a
-- period ahead was written before the clock was set back, so it is ignored.

create or replace function rhythm.begun_lately(p_begun_at timestamptz[], p_begun integer[], p_per_ms bigint, p_now timestamptz)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(sum(b.begun), 0)::integer
    from unnest(p_begun_at, p_begun) as b (at, begun)
    where b.at > p_now - p_per_ms * interval '1 millisecond' and b.at <= p_now + p_per_ms * interval '1 millisecond');
end;
$$;

comment on function rhythm.begun_lately(timestamptz[], integer[], bigint, timestamptz) is 'How many began within the last period. Internal.';

create or replace function rhythm.note_begun(
  inout p_begun_at timestamptz[],
  inout p_begun integer[],
  p_count integer,
  p_per_ms bigint,
  p_now timestamptz
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_moment constant timestamptz := to_timestamp(ceil(extract(epoch from p_now) * 100000 / p_per_ms) * p_per_ms / 100000);
begin
  if p_begun = '{}' then
    p_begun_at := array[v_moment];
    p_begun := array[p_count];
    return;
  end if;
  with moment as (
    select b.at, b.begun
    from unnest(p_begun_at, p_begun) as b (at, begun)
    where b.at > p_now - p_per_ms * interval '1 millisecond' and b.at <= p_now + p_per_ms * interval '1 millisecond'
    union all
    select v_moment, p_count
  ),
  summed as (
    select m.at, sum(m.begun)::integer as begun from moment as m group by m.at
  )
  select array_agg(s.at order by s.at), array_agg(s.begun order by s.at) into p_begun_at, p_begun from summed as s;
end;
$$;

comment on function rhythm.note_begun(timestamptz[], integer[], integer, bigint, timestamptz) is 'Adds some that began; removes what is more than a period old. Internal.';

create or replace function rhythm.rate_ends(p_begun_at timestamptz[], p_per_ms bigint, p_now timestamptz)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select min(b.at) + p_per_ms * interval '1 millisecond'
    from unnest(p_begun_at) as b (at)
    where b.at > p_now - p_per_ms * interval '1 millisecond' and b.at <= p_now + p_per_ms * interval '1 millisecond');
end;
$$;

comment on function rhythm.rate_ends(timestamptz[], bigint, timestamptz) is 'When the first that began within the last period is a period old. Internal.';
`,
  },
  {
    name: "limits/recount.sql",
    kind: "behaviour",
    checksum: "b07066bcb2195ba9c21f40fd5c9c4bd3eabec3aa597610af8a8bf2c1dc1de5af",
    text: `-- Counts leases from the leases themselves.

-- One statement, so that the count and the notes that it deletes belong to the same moment. A lease whose end is not committed
-- still counts here, and its note comes later. The caller holds the gate of the queue, so nothing of it begins meanwhile.
create or replace function rhythm.recount(p_queue rhythm.queue, p_state rhythm.queue_state)
returns rhythm.queue_state
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys text[];
  v_counts integer[];
begin
  with gone as (
    delete from rhythm.limit_note as n where n.queue = p_queue.name and n.ended > 0
  ),
  counted as (
    select coalesce(b.concurrency_key, '') as key, sum(b.size)::integer as running
    from rhythm.batch as b where b.worker is not null and b.limited and b.queue = p_queue.name
    group by coalesce(b.concurrency_key, '')
  )
  select coalesce(array_agg(c.key), '{}'), coalesce(array_agg(c.running), '{}') into v_keys, v_counts from counted as c;
  if not p_state.counted then
    v_keys := '{}';
    v_counts := '{}';
  end if;
  p_state.running := (select coalesce(sum(c.n), 0) from unnest(v_counts) as c (n));
  if not p_state.keyed then
    delete from rhythm.key_state as k where k.queue = p_queue.name;
    return p_state;
  end if;
  update rhythm.key_state as k
  set nth = p_state.nth, running = coalesce(c.running, 0), idle_since = case when c.running is null then rhythm.now() end
  from rhythm.key_state as o
  left join unnest(v_keys, v_counts) as c (key, running) on c.key = o.key
  where o.queue = p_queue.name and k.queue = o.queue and k.key = o.key and k.nth = o.nth and k.running <> coalesce(c.running, 0);
  insert into rhythm.key_state (queue, key, nth, running)
  select p_queue.name, c.key, p_state.nth, c.running from unnest(v_keys, v_counts) as c (key, running)
  where c.key <> '' and not exists (select from rhythm.key_state as k where k.queue = p_queue.name and k.key = c.key);
  return p_state;
end;
$$;

comment on function rhythm.recount(rhythm.queue, rhythm.queue_state) is 'Counts the leases of a queue again. The caller holds its gate, and stores the state. Internal.';
`,
  },
  {
    name: "operations/migrate.sql",
    kind: "behaviour",
    checksum: "e77fd43a5f64ef1ccbe8adb27263c4ed5b66c5c8c5c966e27769d386ba2b22fb",
    text: `-- Operations that change the states of workflows: migrate and repair. The operation only marks the states. The worker
-- that opens a state next applies it: the language makes the new state.

-- p_pairs: what pairPrograms() of the language gives.
create or replace function rhythm.register_pairing(p_flow text, p_from integer, p_to integer, p_pairs jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from constant text := rhythm.program_of(p_flow, p_from);
  v_to constant text := rhythm.program_of(p_flow, p_to);
begin
  if jsonb_typeof(p_pairs) is distinct from 'object' or jsonb_path_exists(p_pairs, '$.* ? (@.type() != "object")') then
    perform rhythm.raise('RH001', 'p_pairs must be an object of objects: what the language gave');
  end if;
  insert into rhythm.pairing (from_program, to_program, pairs) values (v_from, v_to, p_pairs)
  on conflict (from_program, to_program) do update set pairs = excluded.pairs;
end;
$$;

comment on function rhythm.register_pairing(text, integer, integer, jsonb) is
  'Stores where workflows of one version of a flow go on in another version. For tools: registering a flow does it.';

-- Where the caller has yet to pair, newest first.
create or replace function rhythm.unpaired_versions(p_flow text, p_to integer, p_limit integer default 50)
returns table (version integer, code jsonb, to_code jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_to constant text := rhythm.program_of(p_flow, p_to);
begin
  perform rhythm.check_limit('unpaired_versions()', p_limit);
  return query
  select v.version, v.code, t.code
  from rhythm.flow_version as v
  join rhythm.flow_version as t on t.program = v_to
  where v.name = p_flow and v.program <> v_to and v.code <> '{"language": "typescript"}' and t.code <> '{"language": "typescript"}'
    and not exists (select from rhythm.pairing as p where p.from_program = v.program and p.to_program = v_to)
  order by v.version desc
  limit p_limit;
end;
$$;

comment on function rhythm.unpaired_versions(text, integer, integer) is
  'The versions of a flow whose workflows nobody knows yet where to go on in version p_to, with both programs. For tools: they call register_pairing() then.';

create or replace function rhythm.program_of(p_flow text, p_version integer)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_program constant text := (select v.program from rhythm.flow_version as v where v.name = p_flow and v.version = p_version);
begin
  if v_program is null then
    perform rhythm.raise('RH004', format('There is no version %s of flow "%s"', coalesce(p_version::text, 'null'), coalesce(p_flow, 'null')), 'The view flow_versions lists all versions');
  end if;
  return v_program;
end;
$$;

comment on function rhythm.program_of(text, integer) is 'The key of a version of a flow; raises RH004 if there is none. Internal.';

-- What is wrong with the arguments of migrate and repair.
create or replace function rhythm.change_problem(p_action text, p_filter jsonb, p_args jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_args ? 'map' and (jsonb_typeof(p_args -> 'map') <> 'object' or p_args -> 'map' <> '{}' and jsonb_path_exists(p_args, '$.map.* ? (@.type() != "number")')) then
      'map must be an object of line numbers: {"12": 14}'
    when p_args ? 'accept' and not p_args -> 'accept' <@ '["sure", "likely"]' then 'accept must be sure or likely'
    when p_args ? 'set' and jsonb_typeof(p_args -> 'set') <> 'object' then 'set must be an object of variables and their values: {"amount": 40}'
    when p_args ? 'fibre' and coalesce(p_args ->> 'fibre' !~ '^\\d{1,9}$', true) then 'fibre must be a number, counted from 0'
    when p_args ? 'note' and jsonb_typeof(p_args -> 'note') <> 'string' then 'note must be a text'
    when p_args ? 'then' and not p_args -> 'then' <@ '["retry", "resume"]' then 'then must be retry or resume'
    when p_args ? 'to' and coalesce(p_args ->> 'to' !~ '^[1-9]\\d{0,8}$', true) then 'to must be the number of a version'
    when (p_action = 'migrate' or p_args ? 'to') and jsonb_typeof(p_filter -> 'target') is distinct from 'string' then
      'The filter must name a target: versions belong to a flow'
    when p_action = 'repair' and not (p_args ? 'to' or p_args ? 'set') then 'repair needs "set", "to", or both'
  end;
end;
$$;

comment on function rhythm.change_problem(text, jsonb, jsonb) is 'What is wrong with the arguments of migrate or repair; null if nothing is. Internal.';

-- Without a version, it is the current one. Without a status, migrate takes what has not ended.
create or replace function rhythm.complete_change(p_action text, inout p_filter jsonb, inout p_args jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flow constant text := p_filter ->> 'target';
begin
  if p_action = 'migrate' and not p_args ? 'to' then
    p_args := p_args || jsonb_build_object('to', (
      select v.version from rhythm.flow as f join rhythm.flow_version as v on v.program = f.program where f.name = v_flow));
  end if;
  if p_args ? 'to' then
    perform rhythm.program_of(v_flow, (p_args ->> 'to')::integer);
  end if;
  p_filter := case when p_action = 'migrate' and not p_filter ? 'status' then '{"status": ["pending", "running", "suspended"]}' else '{}'::jsonb end
    || '{"type": "workflow"}' || p_filter;
end;
$$;

comment on function rhythm.complete_change(text, jsonb, jsonb) is 'The filter and the arguments of migrate or repair with their defaults. Internal.';

-- Where a state stands, and where it would go on: {lines, to, how, why}; null: the programs are not paired yet.
create or replace function rhythm.place_of(p_snapshot json, p_from text, p_to text, p_args jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_heap constant jsonb := (p_snapshot -> 'h')::jsonb;
  v_pairs constant jsonb := (select p.pairs from rhythm.pairing as p where p.from_program = p_from and p.to_program = p_to);
begin
  if p_snapshot is null or p_from = p_to then
    return '{"lines": [], "to": [], "how": "sure"}';
  elsif v_pairs is null then
    return null;
  end if;
  return (
    select jsonb_strip_nulls(jsonb_build_object(
      'lines', coalesce(jsonb_agg(x.line order by x.nth), '[]'), 'to', coalesce(jsonb_agg(x.to_line order by x.nth), '[]'),
      'how', (array['sure', 'likely', 'none'])[coalesce(max(x.grade), 1)],
      'why', (array_agg(x.why order by x.grade desc, x.nth) filter (where x.grade > 1))[1]))
    from (
      select s.nth, coalesce(s.pair -> 'line', '0') as line, coalesce(p_args -> 'map' -> (s.pair ->> 'line'), s.pair -> 'toLine', 'null') as to_line,
        case
          when p_args -> 'map' ? (s.pair ->> 'line') then 1
          when s.pair is null or s.pair ->> 'how' = 'none' then 3
          when s.pair ->> 'how' = 'likely' or l.name is not null then 2
          else 1
        end as grade,
        coalesce(case when l.name is not null then format('"%s" has no value there', l.name) end, s.pair ->> 'why', 'it stands at no await') as why
      from (
        select f.nth, v_pairs -> concat(v_heap -> (f.entry ->> 1)::integer ->> 1, ':', f.entry ->> 3) as pair
        from jsonb_array_elements(v_heap) with ordinality as f (entry, nth)
        where f.entry ->> 0 = '15' and f.entry ->> 4 <> '-1'
      ) as s
      left join lateral (
        select n.name from jsonb_array_elements_text(s.pair -> 'lacks') as n (name) where not coalesce(p_args -> 'set' ? n.name, false) limit 1
      ) as l on true
    ) as x);
end;
$$;

comment on function rhythm.place_of(json, text, text, jsonb) is 'Where a workflow stands, and where it would go on in another version. Internal.';

-- Marks a state for the worker that opens it next. Raises if the workflow cannot go on there.
create or replace function rhythm.mark_change(p_operation rhythm.operation, p_id uuid, p_now timestamptz, out is_done boolean, out place jsonb, out problem text)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_args constant jsonb := p_operation.args;
  v_execution rhythm.execution;
  v_state rhythm.workflow_state;
  v_from rhythm.flow_version;
  v_to rhythm.flow_version;
begin
  if not p_operation.dry_run then
    -- retry() locks more than this state, and all in one order.
    perform rhythm.lock_states(case when p_operation.action = 'repair' then rhythm.retry_reach(p_id) else array[p_id] end);
  end if;
  select e.* into v_execution from rhythm.execution as e where e.id = p_id;
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_id;
  select v.* into v_from from rhythm.flow_version as v where v.program = v_state.program;
  select v.* into v_to from rhythm.flow_version as v
  where v.name = v_execution.target and v.version = coalesce((v_args ->> 'to')::integer, v_from.version);
  is_done := true;
  place := jsonb_build_object('version', v_from.version);
  if v_execution.state = 4 then
    problem := 'it is a frozen copy';
  elsif v_state.execution_id is null or v_execution.state not in (0, 2) then
    problem := format('it is %s', rhythm.status_of(p_id));
  elsif v_from.code = '{"language": "typescript"}' or v_to.code = '{"language": "typescript"}' then
    problem := 'it is a workflow in TypeScript, whose steps need its own program';
  elsif v_state.snapshot is null and v_args ? 'set' then
    problem := 'it has not come to its first wait, so it has no variables';
  elsif p_operation.action = 'migrate' and v_state.program = v_to.program and v_state.change is null then
    is_done := false;
  else
    place := place || coalesce(rhythm.place_of(v_state.snapshot, v_state.program, v_to.program, v_args), '{}');
    if place ->> 'how' <> 'sure' and (place ->> 'how' = 'none' or v_args ->> 'accept' is distinct from 'likely') then
      problem := format('line %s to line %s is %s: %s', place -> 'lines' ->> 0, coalesce(place -> 'to' ->> 0, '?'), place ->> 'how', place ->> 'why');
    end if;
  end if;
  if p_operation.dry_run or not is_done or problem is not null then
    return;
  end if;
  update rhythm.workflow_state as s set change = p_operation.id where s.execution_id = p_id;
  if p_operation.action <> 'repair' then
    return;
  elsif v_execution.state = 2 then
    perform rhythm.retry_again(p_id);
  elsif v_args ->> 'then' = 'resume' then
    perform rhythm.resume_these(array[p_id], p_now);
  end if;
end;
$$;

comment on function rhythm.mark_change(rhythm.operation, uuid, timestamptz) is
  'Marks the state of a workflow for migrate or repair; problem: why it stays as it is. Internal.';

create or replace function rhythm.change_of(p_operation uuid, p_flow text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object('change', jsonb_strip_nulls(jsonb_build_object('action', o.action, 'args', o.args, 'program', v.program, 'version', v.version)))
    from rhythm.operation as o
    left join rhythm.flow_version as v on v.name = p_flow and v.version = (o.args ->> 'to')::integer
    where o.id = p_operation);
end;
$$;

comment on function rhythm.change_of(uuid, text) is 'What the worker that opens a state must apply to it. Internal.';

-- The worker holds the lease. p_snapshot: the new state; null: it has not begun. p_problem: why it cannot be changed; it goes on as it is.
-- Returns the number and the epoch with which it goes on; null: the lease is lost.
create or replace function rhythm.apply_change(
  p_worker uuid, p_execution uuid, p_call integer, p_seq integer, p_snapshot json default null, p_problem text default null
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
  v_state rhythm.workflow_state;
  v_execution rhythm.execution;
  v_operation rhythm.operation;
  v_to rhythm.flow_version;
begin
  perform rhythm.require_read_committed();
  perform rhythm.lock_states(array[p_execution]);
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution for no key update;
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_execution;
  perform from rhythm.batch as b where b.id = v_state.batch_id and b.worker = p_worker and b.call = p_call for update;
  if not found or v_state.seq is distinct from p_seq or v_execution.state <> 0 then
    return null;
  end if;
  select o.* into v_operation from rhythm.operation as o where o.id = v_state.change;
  if v_operation.id is null then
    return null;
  elsif p_problem is null and v_state.snapshot is not null and json_typeof(p_snapshot) is distinct from 'object' then
    perform rhythm.raise('RH001', 'p_snapshot must be a JSON object: a state that the language gave');
  end if;
  update rhythm.workflow_state as s set change = null where s.execution_id = p_execution;
  if p_problem is not null then
    update rhythm.operation_act as a set result = 'refused', detail = left(p_problem, 2000), at = rhythm.now()
    where a.operation_id = v_operation.id and a.execution_id = p_execution and a.result = 'done';
    if found then
      update rhythm.operation as o set done = o.done - 1, refused = o.refused + 1 where o.id = v_operation.id;
    end if;
    return jsonb_build_object('seq', v_state.seq, 'epoch', coalesce(v_execution.epoch, 0));
  end if;
  select v.* into v_to from rhythm.flow_version as v where v.name = v_execution.target and v.version = (v_operation.args ->> 'to')::integer;
  if v_state.snapshot is null then
    update rhythm.workflow_state as s set program = coalesce(v_to.program, s.program) where s.execution_id = p_execution;
  else
    perform rhythm.store_change(v_state, p_snapshot, case v_operation.action when 'migrate' then 'migrated' else 'repaired' end,
      concat_ws(': ', 'operation ' || v_operation.id, v_operation.args ->> 'note'), v_to.program, v_operation.started_by);
  end if;
  update rhythm.execution as e set version = coalesce(v_to.version, e.version) where e.id = p_execution;
  return (
    select jsonb_build_object('seq', s.seq, 'epoch', coalesce(e.epoch, 0))
    from rhythm.workflow_state as s join rhythm.execution as e on e.id = s.execution_id where s.execution_id = p_execution);
end;
$$;

comment on function rhythm.apply_change(uuid, uuid, integer, integer, json, text) is
  'For a worker: stores the state of a workflow that an operation migrates or repairs, before its next step; returns {seq, epoch}. Null: the lease is lost.';

create or replace function rhythm.migrate(
  p_flow text, p_to integer default null, p_filter jsonb default '{}', p_args jsonb default '{}', dry_run boolean default false, p_by text default null
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    perform rhythm.raise('RH001', 'A filter must be an object: {"status": "suspended"}');
  elsif jsonb_typeof(p_args) is distinct from 'object' then
    perform rhythm.raise('RH001', 'The arguments of an action must be an object');
  end if;
  return rhythm.operate('migrate', p_filter || jsonb_build_object('target', p_flow), p_args || jsonb_strip_nulls(jsonb_build_object('to', p_to)), migrate.dry_run, p_by);
end;
$$;

comment on function rhythm.migrate(text, integer, jsonb, jsonb, boolean, text) is
  'Moves the running workflows of a flow to another version (default: the current one), each when it is opened next; returns the id of the operation. '
  'p_args: {map: lines of the old version and those of the new one where to go on, accept: "likely", set: variables that are new}. '
  'Call it in the transaction that registers the version. Example: select rhythm.migrate(''order'');';

create or replace function rhythm.operation_places(p_operation uuid)
returns table (version integer, lines integer[], sources text[], to_lines integer[], to_sources text[], how text, why text, result text, executions bigint, example uuid)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_operation rhythm.operation;
begin
  perform rhythm.require_operation(p_operation, 'look at it');
  select o.* into v_operation from rhythm.operation as o where o.id = p_operation;
  return query
  select (g.place ->> 'version')::integer, f.lines, f.sources, t.lines, t.sources, g.place ->> 'how', g.place ->> 'why', g.result, g.executions, g.example
  from (
    select a.place, a.result, count(*) as executions, min(a.execution_id::text)::uuid as example
    from rhythm.operation_act as a
    where a.operation_id = p_operation and a.place is not null
    group by a.place, a.result
  ) as g
  cross join lateral rhythm.source_lines(v_operation.filter ->> 'target', (g.place ->> 'version')::integer, g.place -> 'lines') as f
  cross join lateral rhythm.source_lines(v_operation.filter ->> 'target', (v_operation.args ->> 'to')::integer, g.place -> 'to') as t
  order by 1, 2, 4, 8;
end;
$$;

comment on function rhythm.operation_places(uuid) is
  'Where the workflows of an operation (migrate, repair) stood and where they go on, in groups: lines with their source, how sure it is, and how many there are. For a dry run, too.';

create or replace function rhythm.source_lines(p_flow text, p_version integer, p_lines jsonb, out lines integer[], out sources text[])
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source constant text[] := (select string_to_array(v.source, E'\\n') from rhythm.flow_version as v where v.name = p_flow and v.version = p_version);
begin
  lines := array(select l.line::integer from jsonb_array_elements_text(p_lines) with ordinality as l (line, nth) order by l.nth);
  sources := array(select btrim(v_source[l.line::integer], E' \\t\\r') from jsonb_array_elements_text(p_lines) with ordinality as l (line, nth) order by l.nth);
end;
$$;

comment on function rhythm.source_lines(text, integer, jsonb) is 'Lines of a version of a flow with their text. Internal.';
`,
  },
  {
    name: "operations/operate.sql",
    kind: "behaviour",
    checksum: "19c2193b04961e7f21f98a8239edd4eeb74f0e2d1f04f56d61f9575e21d29341",
    text: `-- Operations: start, stop, continue.

create or replace function rhythm.filter_problem(p_filter jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_known constant text[] := '{ids,type,target,version,status,queue,parent,fingerprint,line,variables,metadata,paused,created_after,created_before}';
  c_statuses constant text[] := '{pending,running,suspended,completed,failed,cancelled}';
  v_wrong text;
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    return 'A filter must be an object: {"status": "failed", "target": "charge"}';
  elsif p_filter = '{}' then
    return 'A filter must name something, such as {"status": "failed"}. For all executions: {"created_before": "now"}';
  elsif p_filter - c_known <> '{}' then
    return 'There is no ' || rhythm.unknown_option(p_filter, c_known);
  end if;
  select s.value #>> '{}' into v_wrong
  from jsonb_array_elements(case jsonb_typeof(p_filter -> 'status') when 'array' then p_filter -> 'status' else jsonb_build_array(p_filter -> 'status') end) as s (value)
  where p_filter ? 'status' and coalesce(s.value #>> '{}' <> all (c_statuses), true) limit 1;
  return case
    when found then format('There is no status "%s": expected %s', v_wrong, array_to_string(c_statuses, ', '))
    when p_filter ? 'ids' and case when jsonb_typeof(p_filter -> 'ids') <> 'array' then true else jsonb_array_length(p_filter -> 'ids') not between 1 and 1000
      or exists (select from jsonb_array_elements_text(p_filter -> 'ids') as i (id) where rhythm.as_uuid(i.id) is null) end then 'ids must be 1 to 1000 ids of executions'
    when p_filter ? 'type' and not p_filter -> 'type' <@ '["task", "workflow"]' then 'type must be task or workflow'
    when p_filter ? 'version' and jsonb_typeof(p_filter -> 'version') <> 'number' then 'version must be a number'
    when p_filter ? 'metadata' and jsonb_typeof(p_filter -> 'metadata') <> 'object' then 'metadata must be an object'
    when p_filter ? 'paused' and jsonb_typeof(p_filter -> 'paused') <> 'boolean' then 'paused must be true or false'
    when p_filter ? 'fingerprint' and case when p_filter ->> 'fingerprint' ~ '^\\d{1,19}$' then (p_filter ->> 'fingerprint')::numeric > 9223372036854775807 else true end then 'fingerprint must be a number'
    when p_filter ? 'line' and (jsonb_typeof(p_filter -> 'line') <> 'number' or p_filter ->> 'line' !~ '^\\d{1,9}$') then 'line must be a number'
    when p_filter ? 'variables' and rhythm.variables_problem(p_filter -> 'variables') then 'variables must be an object: {"orderId": "1042"}'
    when p_filter ? 'parent' and rhythm.as_uuid(p_filter ->> 'parent') is null then 'parent must be the id of an execution'
  end;
end;
$$;

comment on function rhythm.filter_problem(jsonb) is 'What is wrong with the filter of an operation; null if nothing is. Internal.';

create or replace function rhythm.action_problem(p_action text, p_args jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known constant text[] := case p_action when 'cancel' then '{reason}' when 'pause' then '{reason}' when 'change' then rhythm.option_names('change') when 'signal' then '{name,payload}'
    when 'migrate' then '{to,map,accept,set,fibre,note}' when 'repair' then '{set,fibre,to,map,accept,then,note}' else '{}' end;
begin
  return case
    when p_action is null or p_action not in ('cancel', 'retry', 'signal', 'pause', 'resume', 'change', 'migrate', 'repair') then
      format('There is no action "%s": expected cancel, retry, signal, pause, resume, change, migrate or repair', p_action)
    when jsonb_typeof(p_args) is distinct from 'object' then 'The arguments of an action must be an object'
    when p_args - v_known <> '{}' and v_known = '{}' then format('%s takes no arguments', p_action)
    when p_args - v_known <> '{}' then 'There is no ' || rhythm.unknown_option(p_args, v_known)
    when p_action = 'change' then rhythm.change_to_problem(p_args)
    when p_action = 'signal' then rhythm.name_problem('signal', p_args ->> 'name')
  end;
end;
$$;

comment on function rhythm.action_problem(text, jsonb) is 'What is wrong with the action of an operation; null if nothing is. Internal.';

create or replace function rhythm.operate(p_action text, p_filter jsonb, p_args jsonb default '{}', dry_run boolean default false, p_by text default null)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_problem text := coalesce(rhythm.action_problem(p_action, p_args), rhythm.filter_problem(p_filter));
  v_change record;
  v_from uuid := '00000000-0000-0000-0000-000000000000';
  v_until uuid := rhythm.first_id(v_now + interval '1 millisecond');
  v_names constant record := rhythm.pause_names(null, p_by);
  v_id constant uuid := rhythm.uuid7(v_now);
begin
  if p_action in ('migrate', 'repair') then
    v_problem := coalesce(v_problem, rhythm.change_problem(p_action, p_filter, p_args));
  end if;
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  if p_action in ('migrate', 'repair') then
    v_change := rhythm.complete_change(p_action, p_filter, p_args);
    p_filter := v_change.p_filter;
    p_args := v_change.p_args;
  end if;
  begin
    if p_filter ? 'created_after' then
      v_from := rhythm.first_id((p_filter ->> 'created_after')::timestamptz);
    end if;
    if p_filter ? 'created_before' then
      v_until := least(v_until, rhythm.first_id((p_filter ->> 'created_before')::timestamptz));
    end if;
  exception
    when data_exception then
      perform rhythm.raise('RH001', 'created_after and created_before must be moments such as 2030-01-31T12:00:00Z');
  end;
  insert into rhythm.operation (id, action, dry_run, filter, args, started_by, created_at, from_id, until_id, place)
  values (v_id, p_action, coalesce(operate.dry_run, false), p_filter, p_args, v_names.by_whom, v_now, v_from, v_until, v_from);
  -- What people send and set is deleted with the operation, and not kept for longer.
  perform rhythm.record('start', 'operation', v_id::text, coalesce(p_args ->> 'reason', p_args ->> 'note'),
    p_after => jsonb_build_object('action', p_action, 'filter', p_filter, 'args', p_args - 'payload' - 'set', 'dry_run', coalesce(operate.dry_run, false)));
  perform rhythm.wake_clocks();
  return v_id;
end;
$$;

comment on function rhythm.operate(text, jsonb, jsonb, boolean, text) is
  'Does something to all executions that fit a filter, in the background and in bounded pieces; returns the id of the operation. p_action: cancel, retry, signal, pause, resume, migrate or repair. '
  'p_filter: {ids, type, target, version, status, queue, parent, fingerprint, line (of the error, or where it waits), variables, metadata, paused, created_after, created_before}. p_args: {reason} of cancel and pause, {name, payload} of signal, '
  '{to, map, accept, set, fibre, note} of migrate, and besides {then} of repair. '
  'dry_run: only record what it would change. Example: select rhythm.operate(''retry'', ''{"status": "failed", "target": "charge"}'');';

create or replace function rhythm.stop_operation(p_operation uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.operation as o set state = 'stopped' where o.id = p_operation and o.state = 'running';
  if not found then
    perform rhythm.require_operation(p_operation, 'stop');
    return false;
  end if;
  perform rhythm.record('stop', 'operation', p_operation::text);
  return true;
end;
$$;

comment on function rhythm.stop_operation(uuid) is 'Stops an operation. What it has done stays; resume_operation() continues it. False: it was not running.';

create or replace function rhythm.resume_operation(p_operation uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.operation as o set state = 'running' where o.id = p_operation and o.state = 'stopped';
  if not found then
    perform rhythm.require_operation(p_operation, 'resume');
    return false;
  end if;
  perform rhythm.record('resume', 'operation', p_operation::text);
  perform rhythm.wake_clocks();
  return true;
end;
$$;

comment on function rhythm.resume_operation(uuid) is 'Continues an operation that was stopped. False: it was not stopped.';

create or replace function rhythm.require_operation(p_operation uuid, p_verb text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from rhythm.operation as o where o.id = p_operation;
  if not found then
    perform rhythm.raise('RH002', format('Cannot %s: there is no operation %s', p_verb, coalesce(p_operation::text, 'null')));
  end if;
end;
$$;

comment on function rhythm.require_operation(uuid, text) is 'Raises RH002 if there is no such operation. Internal.';
`,
  },
  {
    name: "operations/work.sql",
    kind: "behaviour",
    checksum: "194c1e257e37637ab5080fe66a1603ddae9735e122bf3d691f9e84e6a60eeedc",
    text: `-- Working on operations, piece by piece.

create or replace function rhythm.fitting(p_filter jsonb, p_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select e.id
    from unnest(p_ids) as i (id)
    cross join lateral (select x.* from rhythm.executions as x where x.id = i.id offset 0) as e
    where (not p_filter ? 'type' or e.type = p_filter ->> 'type')
      and (not p_filter ? 'target' or e.target = p_filter ->> 'target')
      and (not p_filter ? 'status' or p_filter -> 'status' ? e.status)
      and (not p_filter ? 'queue' or e.queue = p_filter ->> 'queue')
      and (not p_filter ? 'parent' or e.parent_id = (p_filter ->> 'parent')::uuid)
      and (not p_filter ? 'fingerprint' or e.fingerprint::text = p_filter ->> 'fingerprint')
      and (not p_filter ? 'line' or case when e.completed_at is null then (p_filter ->> 'line')::integer = any (rhythm.lines_of(e.id)) else e.error #>> '{at,line}' = p_filter ->> 'line' end)
      and (not p_filter ? 'variables' or e.tags @> rhythm.variable_tags(p_filter -> 'variables'))
      and (not p_filter ? 'metadata' or e.metadata @> (p_filter -> 'metadata'))
      and (not p_filter ? 'paused' or (e.paused_at is not null or e.gate is not null) = (p_filter ->> 'paused')::boolean)
      and (not p_filter ? 'version' or exists (
        select from rhythm.workflow_state as s join rhythm.flow_version as v on v.program = s.program
        where s.execution_id = e.id and to_jsonb(v.version) = p_filter -> 'version'))
    order by e.id);
end;
$$;

comment on function rhythm.fitting(jsonb, uuid[]) is 'Those of some executions that fit the filter of an operation, in order. Internal.';

-- The next executions to look at. If only failures can fit, the indexes of failures have them.
create or replace function rhythm.next_to_look(p_operation rhythm.operation, p_limit integer)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_operation.filter ? 'ids' then
    return array(
      select distinct i.id::uuid from jsonb_array_elements_text(p_operation.filter -> 'ids') as i (id)
      where i.id::uuid > p_operation.place and i.id::uuid < p_operation.until_id order by 1 limit p_limit);
  elsif p_operation.filter ? 'fingerprint' then
    return array(
      select e.id from rhythm.execution as e
      where e.fingerprint = (p_operation.filter ->> 'fingerprint')::bigint and e.id > p_operation.place and e.id < p_operation.until_id order by e.id limit p_limit);
  elsif p_operation.filter ? 'variables' then
    return array(
      select f.id from rhythm.find(p_operation.filter -> 'variables') as f (id)
      where f.id > p_operation.place and f.id < p_operation.until_id order by f.id limit p_limit);
  elsif p_operation.filter -> 'status' <@ '["failed"]' then
    return array(
      select e.id from rhythm.execution as e
      where e.fingerprint is not null and e.id > p_operation.place and e.id < p_operation.until_id order by e.id limit p_limit);
  end if;
  return array(
    select e.id from rhythm.execution as e
    where e.id > p_operation.place and e.id < p_operation.until_id order by e.id limit p_limit);
end;
$$;

comment on function rhythm.next_to_look(rhythm.operation, integer) is 'The next executions that an operation looks at, in order. Internal.';

-- Never waits long: an execution that another session has locked is tried again later. result null: it was locked.
create or replace function rhythm.act(p_operation rhythm.operation, p_id uuid, p_now timestamptz, out result text, out detail text, out place jsonb)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_is_done boolean := true;
begin
  if p_operation.action in ('migrate', 'repair') then
    set local lock_timeout = '10ms';
    select m.is_done, m.place, m.problem into v_is_done, place, detail from rhythm.mark_change(p_operation, p_id, p_now) as m;
    result := case when detail is not null then 'refused' when not v_is_done then 'unchanged' when p_operation.dry_run then 'would' else 'done' end;
    return;
  elsif p_operation.dry_run then
    result := 'would';
    return;
  end if;
  set local lock_timeout = '10ms';
  case p_operation.action
    when 'cancel' then
      v_is_done := p_id = any (rhythm.cancel_trees(array[p_id], left(coalesce(p_operation.args ->> 'reason', 'no reason was given'), 2000), p_now));
    when 'retry' then
      perform rhythm.retry_again(p_id);
    when 'signal' then
      perform rhythm.signal(p_id, p_operation.args ->> 'name', p_operation.args -> 'payload', idempotency_key => 'operation ' || p_operation.id);
    when 'change' then
      perform rhythm.change_waiting(p_id, p_operation.args, p_now);
    when 'pause' then
      v_is_done := rhythm.pause_these(array[p_id], p_operation.args ->> 'reason', p_operation.started_by, p_now) <> '{}';
    else
      v_is_done := rhythm.resume_these(array[p_id], p_now) <> '{}';
  end case;
  result := case when v_is_done then 'done' else 'unchanged' end;
exception
  when lock_not_available or deadlock_detected then
    result := null;
  when others then
    if not rhythm.is_data_error(sqlstate) then
      raise;
    end if;
    result := 'refused';
    detail := sqlerrm;
end;
$$;

comment on function rhythm.act(rhythm.operation, uuid, timestamptz) is 'Does to one execution what an operation does. Internal.';

create or replace function rhythm.act_on(inout p_operation rhythm.operation, p_id uuid, p_now timestamptz)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_act constant record := rhythm.act(p_operation, p_id, p_now);
begin
  insert into rhythm.operation_act (operation_id, execution_id, at, result, detail, place)
  values (p_operation.id, p_id, p_now, v_act.result, v_act.detail, v_act.place)
  on conflict (operation_id, execution_id) do update set at = excluded.at, result = excluded.result, detail = excluded.detail, place = excluded.place;
  p_operation.done := p_operation.done + case when v_act.result in ('done', 'would') then 1 else 0 end;
  p_operation.unchanged := p_operation.unchanged + case when v_act.result = 'unchanged' then 1 else 0 end;
  p_operation.refused := p_operation.refused + case when v_act.result = 'refused' then 1 else 0 end;
end;
$$;

comment on function rhythm.act_on(rhythm.operation, uuid, timestamptz) is 'Does to one execution what an operation does, records and counts it. Internal.';

-- A look that took long makes the next one half as large, a short one makes it slowly larger. What was looked at and then not
-- done is looked at again, so the next look is not larger than what this one did.
create or replace function rhythm.next_pace(p_pace integer, p_done integer, p_took interval)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_took > interval '100 milliseconds' then greatest(least(p_pace, p_done) / 2, 1)
    when p_done < p_pace then greatest(p_done, 1)
    when p_took < interval '50 milliseconds' then least(p_pace + p_pace / 8 + 1, 500)
    else p_pace
  end;
end;
$$;

comment on function rhythm.next_pace(integer, integer, interval) is 'At how many executions an operation looks next, after it did so many of the last ones in such a time. Internal.';

-- One piece: works until p_until, and on one execution at least. True: there is more.
-- Locks: the operation, skip locked; then as its action does, for a hundredth of a second at most.
create or replace function rhythm.work_piece(p_id uuid, p_until timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- A line is found in the state of a workflow, which may be large: it is looked for in one workflow at a time.
  c_dear constant text := 'line';
  v_now constant timestamptz := rhythm.now();
  v_operation rhythm.operation;
  v_begun timestamptz;
  v_ids uuid[];
  v_fit uuid[];
  v_id uuid;
  v_left boolean := false;
begin
  select o.* into v_operation from rhythm.operation as o where o.id = p_id and o.state = 'running' for update skip locked;
  if not found then
    return false;
  end if;
  while not v_operation.is_looked and not v_left loop
    v_begun := clock_timestamp();
    v_ids := rhythm.next_to_look(v_operation, v_operation.pace);
    v_fit := rhythm.fitting(v_operation.filter - c_dear, v_ids);
    foreach v_id in array v_fit loop
      if not v_operation.filter ? c_dear or rhythm.fitting(v_operation.filter, array[v_id]) <> '{}' then
        v_operation := rhythm.act_on(v_operation, v_id, v_now);
      end if;
      v_left := rhythm.time_is_up(p_until);
      exit when v_left;
    end loop;
    v_operation.is_looked := not v_left and cardinality(v_ids) < v_operation.pace;
    if v_left then
      v_ids := array(select i.id from unnest(v_ids) as i (id) where i.id <= v_id order by i.id);
    end if;
    v_operation.looked := v_operation.looked + cardinality(v_ids);
    v_operation.place := coalesce(v_ids[cardinality(v_ids)], v_operation.place);
    v_operation.pace := rhythm.next_pace(v_operation.pace, cardinality(v_ids), clock_timestamp() - v_begun);
    v_left := v_left or rhythm.time_is_up(p_until);
  end loop;
  -- What was locked, if it still fits.
  if v_operation.is_looked and not v_left then
    for v_id in select a.execution_id from rhythm.operation_act as a where a.operation_id = p_id and a.result is null order by a.execution_id limit 50 loop
      if rhythm.fitting(v_operation.filter, array[v_id]) = '{}' then
        update rhythm.operation_act as a set result = 'unchanged', at = v_now where a.operation_id = p_id and a.execution_id = v_id;
        v_operation.unchanged := v_operation.unchanged + 1;
      else
        v_operation := rhythm.act_on(v_operation, v_id, v_now);
      end if;
      exit when rhythm.time_is_up(p_until);
    end loop;
  end if;
  if v_operation.is_looked and not exists (select from rhythm.operation_act as a where a.operation_id = p_id and a.result is null) then
    v_operation.state := 'completed';
    v_operation.ended_at := v_now;
  end if;
  update rhythm.operation as o
  set state = v_operation.state, is_looked = v_operation.is_looked, ended_at = v_operation.ended_at, place = v_operation.place, looked = v_operation.looked,
    done = v_operation.done, unchanged = v_operation.unchanged, refused = v_operation.refused, pace = v_operation.pace
  where o.id = p_id;
  return v_operation.state = 'running';
end;
$$;

comment on function rhythm.work_piece(uuid, timestamptz) is 'Does the next piece of an operation; true: there is more. Internal.';

create or replace function rhythm.work_operation(p_operation uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
set lock_timeout = '100ms'
as $$
begin
  perform rhythm.require_read_committed();
  perform rhythm.require_operation(p_operation, 'work');
  return rhythm.work_piece(p_operation, clock_timestamp() + interval '50 milliseconds');
end;
$$;

comment on function rhythm.work_operation(uuid) is
  'Does the next piece of an operation, for 50 milliseconds, beside chores(), which does one ten times a second. For a program that waits for its end. Commit after each call. False: it has ended, was stopped, or another session works on it.';

create or replace function rhythm.work_operations()
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_until constant timestamptz := clock_timestamp() + interval '50 milliseconds';
  v_id uuid;
  v_more boolean := false;
begin
  for v_id in select o.id from rhythm.operation as o where o.state = 'running' order by o.id limit 10 loop
    v_more := rhythm.work_piece(v_id, v_until) or v_more;
    exit when rhythm.time_is_up(v_until);
  end loop;
  return v_more;
end;
$$;

comment on function rhythm.work_operations() is 'Does the next pieces of operations; true: there is more. Part of chores().';

create or replace function rhythm.forget_operations(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant timestamptz := p_now - rhythm.setting('retention')::interval;
  v_old uuid;
begin
  -- What is still to be applied to workflows that wait stays.
  select o.id into v_old from rhythm.operation as o
  where o.ended_at < v_before and not exists (select from rhythm.workflow_state as s where s.change = o.id)
  order by o.ended_at limit 1;
  if not found then
    return true;
  end if;
  delete from rhythm.operation_act as a
  where a.operation_id = v_old and a.execution_id = any (array(
    select x.execution_id from rhythm.operation_act as x where x.operation_id = v_old order by x.execution_id limit p_limit));
  if not exists (select from rhythm.operation_act as a where a.operation_id = v_old) then
    delete from rhythm.operation as o where o.id = v_old;
  end if;
  return false;
end;
$$;

comment on function rhythm.forget_operations(integer, timestamptz) is 'Deletes operations that ended before the retention, with their records; false: there is more. Part of chores().';
`,
  },
  {
    name: "pause/executions.sql",
    kind: "behaviour",
    checksum: "2142a96ef900d567bc08db7a969c95edeb442fb50b8aab4f3be7f8d381097beb",
    text: `-- Pausing executions. A paused execution that is not leased is parked: it has a batch of its own that is delayed without an end.
-- So claims do not read it, and cost the same whatever is paused. If it is leased or suspended, it is parked when it would
-- become ready again.

create or replace function rhythm.pause_names(p_reason text, p_by text, out reason text, out by_whom text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  reason := left(nullif(p_reason, ''), 2000);
  by_whom := left(coalesce(nullif(p_by, ''), rhythm.who()), 200);
end;
$$;

comment on function rhythm.pause_names(text, text) is 'Why and by whom something is paused, as it is stored. Internal.';

-- Locks: states, executions, batches of one. Waits for them.
create or replace function rhythm.pause_these(p_ids uuid[], p_reason text, p_by text, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_reason, p_by);
  v_row record;
  v_batch rhythm.batch;
  v_new bigint;
  v_result uuid[] := '{}';
begin
  perform rhythm.lock_states(p_ids);
  perform from rhythm.execution as e where e.id = any (p_ids) order by e.id for no key update;
  for v_row in
    select e.id, e.type, coalesce(e.batch_id, s.batch_id) as batch_id
    from unnest(p_ids) as i (id)
    join rhythm.execution as e on e.id = i.id and e.state = 0 and e.paused_at is null and e.cancel_reason is null
    left join rhythm.workflow_state as s on s.execution_id = e.id
    where not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
    order by e.id
  loop
    v_result := v_result || v_row.id;
    v_batch := rhythm.hold_batch(v_row.batch_id);
    update rhythm.execution as e
    set paused_at = p_now, paused_by = v_names.by_whom, pause_reason = v_names.reason, run_at = coalesce(nullif(v_batch.run_at, 'infinity'), e.run_at)
    where e.id = v_row.id;
    continue when v_batch.id is null or v_batch.worker is not null;
    if v_batch.size = 1 then
      update rhythm.batch as b set run_at = 'infinity', paused = true where b.id = v_batch.id;
    else
      insert into rhythm.batch
      select (rhythm.batch_of(e, null, v_batch.attempt, v_batch.failures, v_batch.crashes)).* from rhythm.execution as e where e.id = v_row.id
      returning id into v_new;
      perform rhythm.move_members(v_row.type, array[v_row.id], v_batch.id, v_new);
      -- Not locked: a batch in which others still wait.
      perform rhythm.drop_empty_batches(array(
        select b.id from rhythm.batch as b where b.id = v_batch.id and rhythm.members(b) = '{}' for update skip locked));
    end if;
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.pause_these(uuid[], text, text, timestamptz) is 'Pauses executions; returns those that were not paused, cancelled or over. Internal.';

-- Locks: states, executions, their batches of one. Waits for them.
create or replace function rhythm.resume_these(p_ids uuid[], p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[];
  v_batches rhythm.batch[];
begin
  perform rhythm.lock_states(p_ids);
  perform from rhythm.execution as e where e.id = any (p_ids) order by e.id for no key update;
  with resumed as (
    update rhythm.execution as e set paused_at = null, paused_by = null, pause_reason = null
    where e.id = any (p_ids) and e.state = 0 and e.paused_at is not null
    returning e.id
  ),
  stopped as (
    select i.id from unnest(p_ids) as i (id)
    cross join lateral (select x.batch_id from rhythm.execution as x where x.id = i.id offset 0) as e
    left join rhythm.workflow_state as s on s.execution_id = i.id
    cross join lateral (select from rhythm.batch as x where x.id = coalesce(e.batch_id, s.batch_id) and x.gate is not null offset 0) as b
  )
  select coalesce(array_agg(r.id order by r.id), '{}') into v_result from (select r.id from resumed as r union select s.id from stopped as s) as r;
  with freed as (
    update rhythm.batch as b
    set paused = false, gate = null, run_at = case when x.run_at > p_now then x.run_at end, limited = rhythm.has_limits(b.queue)
    from (
      select coalesce(e.batch_id, s.batch_id) as batch_id, e.run_at
      from unnest(v_result) as i (id)
      join rhythm.execution as e on e.id = i.id
      left join rhythm.workflow_state as s on s.execution_id = e.id
    ) as x
    where b.id = x.batch_id and (b.paused or b.gate is not null)
    returning b.*
  )
  select array_agg(f::rhythm.batch) into v_batches from freed as f;
  if v_batches is not null then
    perform rhythm.wake_for(v_batches);
  end if;
  return v_result;
end;
$$;

comment on function rhythm.resume_these(uuid[], timestamptz) is 'Ends the pauses of executions, and lets them on from their gates; returns those that were stopped. Internal.';

create or replace function rhythm.pause_execution(p_execution uuid, p_reason text default null, p_by text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.require_fresh(array[p_execution]);
  perform from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot pause: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  perform rhythm.refuse_frozen(array[p_execution], 'Cannot pause');
  if rhythm.pause_these(array[p_execution], p_reason, p_by, rhythm.now()) = '{}' then
    return false;
  end if;
  perform rhythm.record('pause', 'execution', p_execution::text, p_reason);
  return true;
end;
$$;

comment on function rhythm.pause_execution(uuid, text, text) is
  'An execution does not continue until resume_execution(). If it runs, its attempt or step ends first; a timeout of a workflow does not stop. What it started continues. p_by: who paused it; else the role. '
  'False: it has ended, is being cancelled, is paused already, or waits for the owner of its idempotency key.';

create or replace function rhythm.resume_execution(p_execution uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.require_fresh(array[p_execution]);
  perform from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot resume: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  perform rhythm.refuse_frozen(array[p_execution], 'Cannot resume');
  if rhythm.resume_these(array[p_execution], rhythm.now()) = '{}' then
    return false;
  end if;
  perform rhythm.record('resume', 'execution', p_execution::text);
  return true;
end;
$$;

comment on function rhythm.resume_execution(uuid) is 'Ends the pause of an execution, and lets it on from a gate. A delay that is not over goes on. False: it was neither paused nor at a gate.';
`,
  },
  {
    name: "pause/targets.sql",
    kind: "behaviour",
    checksum: "f24b7d6809eca5dc8e5056171ec75cae9bd9e81dde0a24c113f1dd8f0272f1ed",
    text: `-- Pausing tasks, flows and everything. A claim that meets something of a paused task or flow parks it: it is delayed
-- without an end. So no claim reads it twice. chores() makes what is parked ready again once nothing pauses it. While everything is
-- paused, claims return nothing.

-- The where clause keeps Postgres from reading an index: a table without pages costs no page.
create or replace function rhythm.paused_targets()
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select array_agg(p.type || ':' || p.target) from rhythm.pause as p where p.paused_at is not null);
end;
$$;

comment on function rhythm.paused_targets() is 'What is paused, except executions, queues and keys: task:…, workflow:…, or everything:. Null: nothing. Internal.';

create or replace function rhythm.is_paused(p_paused text[], p_type text, p_target text)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_paused && array['everything:', p_type || ':' || p_target], false);
end;
$$;

comment on function rhythm.is_paused(text[], text, text) is 'Whether what paused_targets() returned stops a task or a flow. Internal.';

-- The caller has locked the batches.
create or replace function rhythm.park(p_batches bigint[], p_paused text[])
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result bigint[];
begin
  with parked as (
    update rhythm.batch as b set run_at = 'infinity' where b.id = any (p_batches) and b.type || ':' || b.target = any (p_paused) returning b.id
  )
  select coalesce(array_agg(p.id), '{}') into v_result from parked as p;
  return v_result;
end;
$$;

comment on function rhythm.park(bigint[], text[]) is 'Parks ready batches whose task or flow is paused; returns those. Internal.';

-- Locks: batches, skip locked. Never waits.
create or replace function rhythm.unpark(p_limit integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_paused constant text[] := rhythm.paused_targets();
  v_target record;
  v_queues text[];
begin
  for v_target in
    with recursive t as (
      (select b.type, b.target from rhythm.batch as b where b.run_at = 'infinity' and not b.paused and b.gate is null order by b.type, b.target limit 1)
      union all
      select n.type, n.target
      from t
      cross join lateral (
        select b.type, b.target from rhythm.batch as b
        where b.run_at = 'infinity' and not b.paused and b.gate is null and (b.type, b.target) > (t.type, t.target) order by b.type, b.target limit 1
      ) as n
    )
    select t.type, t.target from t where v_paused is null or t.type || ':' || t.target <> all (v_paused)
  loop
    with ready as (
      update rhythm.batch as b set run_at = null, limited = b.size = 1 and rhythm.has_limits(b.queue)
      where b.id = any (array(
        select x.id from rhythm.batch as x
        where x.run_at = 'infinity' and not x.paused and x.gate is null and x.type = v_target.type and x.target = v_target.target limit p_limit for update skip locked))
      returning b.queue
    )
    select array_agg(distinct r.queue) into v_queues from ready as r;
    perform rhythm.wake(v_queues);
  end loop;
end;
$$;

comment on function rhythm.unpark(integer) is 'Makes up to p_limit parked batches of each task and flow ready that is not paused any more. Part of chores().';

create or replace function rhythm.pause_target(p_type text, p_target text, p_reason text, p_by text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_reason, p_by);
begin
  if p_type <> 'everything' then
    perform rhythm.check_name(case p_type when 'workflow' then 'flow' else p_type end, p_target);
  end if;
  insert into rhythm.pause (type, target, paused_at, paused_by, reason) values (p_type, p_target, rhythm.now(), v_names.by_whom, v_names.reason)
  on conflict (type, target) do nothing;
  if not found then
    return false;
  end if;
  perform rhythm.record('pause', case p_type when 'workflow' then 'flow' else p_type end, nullif(p_target, ''), p_reason);
  return true;
end;
$$;

comment on function rhythm.pause_target(text, text, text, text) is 'Pauses a task, a flow or everything; false: it was paused already. Internal.';

create or replace function rhythm.resume_target(p_type text, p_target text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_type <> 'everything' then
    perform rhythm.check_name(case p_type when 'workflow' then 'flow' else p_type end, p_target);
  end if;
  delete from rhythm.pause as p where p.type = p_type and p.target = p_target;
  if not found then
    return false;
  end if;
  perform rhythm.record('resume', case p_type when 'workflow' then 'flow' else p_type end, nullif(p_target, ''));
  -- The first of them begin at once.
  perform rhythm.unpark(100);
  perform rhythm.wake(array(select distinct q.name from rhythm.worker as w cross join lateral unnest(w.queues) as q (name) where w.sleeping));
  return true;
end;
$$;

comment on function rhythm.resume_target(text, text) is 'Ends a pause of pause_target(); false: there was none. Internal.';

create or replace function rhythm.pause_task(p_task text, p_reason text default null, p_by text default null)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.pause_target('task', p_task, p_reason, p_by);
$$;

comment on function rhythm.pause_task(text, text, text) is
  'Nothing of a task begins, in any queue, until resume_task(); what runs continues. p_by: who paused it; else the role. False: it was paused already.';

create or replace function rhythm.resume_task(p_task text)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.resume_target('task', p_task);
$$;

comment on function rhythm.resume_task(text) is 'Ends the pause of a task. False: it was not paused.';

create or replace function rhythm.pause_flow(p_flow text, p_reason text default null, p_by text default null)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.pause_target('workflow', p_flow, p_reason, p_by);
$$;

comment on function rhythm.pause_flow(text, text, text) is
  'No workflow of a flow begins or continues, in any queue, until resume_flow(). A step that runs ends first; what it started continues. p_by: who paused it; else the role. False: it was paused already.';

create or replace function rhythm.resume_flow(p_flow text)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.resume_target('workflow', p_flow);
$$;

comment on function rhythm.resume_flow(text) is 'Ends the pause of a flow. False: it was not paused.';

create or replace function rhythm.pause_everything(p_reason text default null, p_by text default null)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.pause_target('everything', '', p_reason, p_by);
$$;

comment on function rhythm.pause_everything(text, text) is
  'Nothing begins or continues until resume_everything(); what runs ends first. Starts, signals, schedules and timers are accepted and wait. p_by: who paused it; else the role. False: it was paused already.';

create or replace function rhythm.resume_everything()
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.resume_target('everything', '');
$$;

comment on function rhythm.resume_everything() is 'Ends the pause of everything. Other pauses stay. False: it was not paused.';
`,
  },
  {
    name: "schedules/control.sql",
    kind: "behaviour",
    checksum: "784ef12fe2828d01e349590f1693bed54f9ca6a3313d2ee36279fb9a4195bace",
    text: `-- Pause, resume, trigger, back-fill.

create or replace function rhythm.pause_schedule(p_name text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry constant rhythm.schedule_entry := rhythm.schedule_named(p_name);
begin
  update rhythm.schedule_entry as s
  set paused_at = rhythm.now()
  where s.name = v_entry.name
    and s.paused_at is null;
  if not found then
    return false;
  end if;
  perform rhythm.record('pause', 'schedule', p_name);
  return true;
end;
$$;

comment on function rhythm.pause_schedule(text) is
  'Stops a schedule until resume_schedule(); false if it was already paused.';

create or replace function rhythm.resume_schedule(p_name text)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry rhythm.schedule_entry := rhythm.schedule_named(p_name);
begin
  if v_entry.paused_at is not null then
    v_entry.next_slot := rhythm.cron_after(rhythm.cron_parse(v_entry.cron), v_entry.timezone, rhythm.now());
    update rhythm.schedule_entry as s
    set (paused_at, next_slot, due_at) = (null, v_entry.next_slot, rhythm.slot_due(v_entry, v_entry.next_slot))
    where s.name = v_entry.name;
    perform rhythm.record('resume', 'schedule', p_name);
    perform rhythm.wake_clocks();
  end if;
  return v_entry.next_slot;
end;
$$;

comment on function rhythm.resume_schedule(text) is
  'Lets a paused schedule fire again from now on; times during the pause do not count as missed. Returns the next time.';

create or replace function rhythm.trigger_schedule(p_name text)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry constant rhythm.schedule_entry := rhythm.schedule_named(p_name);
  v_id uuid;
begin
  select c.id
  into v_id
  from rhythm.create_many(jsonb_build_array(rhythm.slot_request(v_entry, null))) as c(id);

  update rhythm.schedule_entry as s
  set (active, last_execution_id, last_fired_at, fired) = (s.active || v_id, v_id, rhythm.now(), s.fired + 1)
  where s.name = v_entry.name;
  perform rhythm.record('trigger', 'schedule', p_name, p_after => jsonb_build_object('execution', v_id));
  return v_id;
end;
$$;

comment on function rhythm.trigger_schedule(text) is
  'Starts an execution of a schedule now, paused or not, in addition to its times; overlap counts it as a run.';

create or replace function rhythm.backfill_schedule(p_name text, p_from timestamptz, p_to timestamptz, p_limit integer default 1000)
returns setof uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry constant rhythm.schedule_entry := rhythm.schedule_named(p_name);
  v_times constant rhythm.cron_times := rhythm.cron_parse(v_entry.cron);
  v_slot timestamptz := p_from - interval '1 microsecond';
  v_requests jsonb[] := '{}';
begin
  if p_from is null or p_to is null or p_from > p_to or p_to > rhythm.now() or p_from < '0001-01-01Z' then
    perform rhythm.raise('RH001', format('Cannot back-fill from %s to %s: expected a time, and a later one that is not in the future',
      p_from, p_to));
  end if;
  if p_limit is null or p_limit not between 1 and 10000 then
    perform rhythm.raise('RH001', format('"%s" cannot be the limit of a back-fill: expected 1 to 10000', p_limit));
  end if;
  loop
    v_slot := rhythm.cron_after(v_times, v_entry.timezone, v_slot);
    exit when v_slot > p_to;
    if cardinality(v_requests) = p_limit then
      perform rhythm.raise('RH001', format('"%s" fires more than %s times from %s to %s', p_name, p_limit, p_from, p_to),
        'Take a shorter time, or a higher p_limit.');
    end if;
    v_requests := v_requests || rhythm.slot_request(v_entry, v_slot);
  end loop;
  if cardinality(v_requests) > 0 then
    perform rhythm.record('back-fill', 'schedule', p_name, p_after => jsonb_build_object('from', p_from, 'to', p_to, 'executions', cardinality(v_requests)));
    return query select c.id from rhythm.create_many(to_jsonb(v_requests)) as c(id);
  end if;
end;
$$;

comment on function rhythm.backfill_schedule(text, timestamptz, timestamptz, integer) is
  'Starts an execution for every time of a schedule between two times, both included, whatever its overlap; '
  'for a time that ran already, returns the execution of then. All or nothing.';
`,
  },
  {
    name: "schedules/cron.sql",
    kind: "behaviour",
    checksum: "214e1b9b9eb15bf24e8404c8c79dad6ee61ef2d26a59389641798d318f07f33b",
    text: `-- The functions of cron that psql, schedules and tests call.

create or replace function rhythm.check_timezone(p_timezone text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  perform statement_timestamp() at time zone p_timezone;
  -- Postgres also reads "Foo3" as a time zone. Only zones that have a name are accepted.
  if p_timezone is null or p_timezone ~ '\\d' and not exists (select from pg_catalog.pg_timezone_names as n where lower(n.name) = lower(p_timezone)) then
    raise invalid_parameter_value;
  end if;
  return p_timezone;
exception
  when invalid_parameter_value then
    perform rhythm.raise('RH001', format('"%s" is not a time zone: expected a name such as Europe/Berlin or UTC', p_timezone));
end;
$$;

comment on function rhythm.check_timezone(text) is 'The time zone, if Postgres has one with this name; else an error.';

create or replace function rhythm.cron_upcoming(
  p_cron text,
  p_timezone text default 'UTC',
  p_after timestamptz default null,
  p_count integer default 5
)
returns setof timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_times constant rhythm.cron_times := rhythm.cron_parse(p_cron);
  v_zone constant text := rhythm.check_timezone(p_timezone);
  v_at timestamptz := coalesce(p_after, rhythm.now());
begin
  if not isfinite(v_at) or v_at not between '0001-01-01Z' and '9999-12-31Z' then
    perform rhythm.raise('RH001', format('%s cannot be p_after: expected a moment from the year 1 to the year 9999', v_at));
  end if;
  if coalesce(p_count, 0) not between 1 and 10000 then
    perform rhythm.raise('RH001', format('%s cannot be p_count: expected 1 to 10000', coalesce(p_count::text, 'null')));
  end if;
  for v_nth in 1 .. p_count loop
    v_at := rhythm.cron_after(v_times, v_zone, v_at);
    return next v_at;
  end loop;
end;
$$;

comment on function rhythm.cron_upcoming(text, text, timestamptz, integer) is
  'The next few instants at which a cron expression fires in a time zone, after an instant (default: now).';

create or replace function rhythm.cron_next(p_cron text, p_timezone text default 'UTC', p_after timestamptz default null)
returns timestamptz
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select n.at from rhythm.cron_upcoming(p_cron, p_timezone, p_after, 1) as n(at);
$$;

comment on function rhythm.cron_next(text, text, timestamptz) is
  'The next instant at which a cron expression fires in a time zone, after an instant (default: now). '
  'Try: select rhythm.cron_next(''0 9 * * mon-fri'', ''Europe/Berlin'')';
`,
  },
  {
    name: "schedules/cron_calendar.sql",
    kind: "behaviour",
    checksum: "e013c51d82155850145634e5ec92d3e4048bc6d7d5c592de6aa3ca72c6e3780a",
    text: `-- The calendar part of cron, without time zones and changes of clocks. Pure.

-- The first day on or after p_from that an expression names; null if the next 60 years have none.
-- Sixty years, because a fifth Tuesday in February can be 40 years away: 2100 is not a leap year.
create or replace function rhythm.cron_day(p_times rhythm.cron_times, p_from date)
returns date
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from date := p_from;
  v_month_end date;
  v_day date;
begin
  while v_from < p_from + interval '60 years' loop
    v_month_end := (date_trunc('month', v_from::timestamp) + interval '1 month')::date - 1;
    if extract(month from v_from)::integer = any(p_times.months) then
      select min(d.day)
      into v_day
      from generate_series(0, v_month_end - v_from) as n(offset_days)
      cross join lateral (select v_from + n.offset_days) as d(day)
      where rhythm.cron_names_day(p_times, d.day, v_month_end);
      if v_day is not null then
        return v_day;
      end if;
    end if;
    v_from := v_month_end + 1;
  end loop;
  return null;
end;
$$;

comment on function rhythm.cron_day(rhythm.cron_times, date) is
  'The first day on or after a date that a cron expression names; null if none of the next 60 years has one.';

-- The OR rule of cron: if a day and a weekday are both given, either is enough.
create or replace function rhythm.cron_names_day(p_times rhythm.cron_times, p_day date, p_month_end date)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_times.any_day and p_times.any_weekday then true
    when p_times.any_day then w.named
    when p_times.any_weekday then m.named
    else w.named or m.named
  end
  from (select extract(day from p_day)::integer, extract(dow from p_day)::integer) as d(day, weekday)
  cross join lateral (
    select d.day = any(p_times.days) or (p_times.last_day and p_day = p_month_end)
  ) as m(named)
  cross join lateral (
    select d.weekday = any(p_times.weekdays)
      or d.weekday * 10 + (d.day + 6) / 7 = any(p_times.nth_weekdays)
      or (p_day > p_month_end - 7 and d.weekday * 10 + 6 = any(p_times.nth_weekdays))
  ) as w(named);
$$;

comment on function rhythm.cron_names_day(rhythm.cron_times, date, date) is
  'Whether a cron expression names a day, given the last day of its month; ignores hours and months.';

-- The first time of day at or after p_from; null if the day has none left.
create or replace function rhythm.cron_time(p_times rhythm.cron_times, p_from time)
returns time
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select make_time(h.value, m.value, s.value)
  from (select extract(hour from p_from)::integer, extract(minute from p_from)::integer, ceil(extract(second from p_from))::integer)
    as f(hour, minute, second)
  cross join lateral unnest(p_times.hours) as h(value)
  cross join lateral (
    select min(u.value) from unnest(p_times.seconds) as u(value) where u.value >= f.second
  ) as same_minute(second)
  cross join lateral (
    select min(u.value) from unnest(p_times.minutes) as u(value)
    where h.value > f.hour or u.value > f.minute or (u.value = f.minute and same_minute.second is not null)
  ) as m(value)
  cross join lateral (
    select case when h.value = f.hour and m.value = f.minute then same_minute.second else p_times.seconds[1] end
  ) as s(value)
  where h.value >= f.hour and m.value is not null
  order by h.value
  limit 1;
$$;

comment on function rhythm.cron_time(rhythm.cron_times, time) is
  'The first time of day, at or after one, that a cron expression names; null if that day has none left.';

create or replace function rhythm.cron_local(p_times rhythm.cron_times, p_from timestamp)
returns timestamp
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_day date := rhythm.cron_day(p_times, p_from::date);
  v_time time := '00:00';
begin
  if v_day = p_from::date then
    v_time := rhythm.cron_time(p_times, p_from::time);
    if v_time is not null then
      return v_day + v_time;
    end if;
    v_day := rhythm.cron_day(p_times, v_day + 1);
  end if;
  return v_day + rhythm.cron_time(p_times, '00:00');
end;
$$;

comment on function rhythm.cron_local(rhythm.cron_times, timestamp) is
  'The first local time, at or after one, that a cron expression names; null if none of the next 60 years has one.';
`,
  },
  {
    name: "schedules/cron_next.sql",
    kind: "behaviour",
    checksum: "63093f9ffe38b0d8c2bc0304f940eb59f10e2d486a7780d3260599ab9b5149a8",
    text: `-- Cron with changes of clocks. As in Vixie cron, there are two kinds of expression:
--   by_clock (0 30 2 * * *: second, minute and hour are all fixed): a time that spring skips runs once, right after the
--     gap; a time that autumn repeats runs once, the first time.
--   by interval (a * in second, minute or hour): a time that does not exist does not run, and a time that comes twice runs twice.

create or replace function rhythm.zone_offset(p_timezone text, p_at timestamptz)
returns interval
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select (p_at at time zone p_timezone) - (p_at at time zone 'UTC');
$$;

comment on function rhythm.zone_offset(text, timestamptz) is 'How far a time zone is ahead of UTC at an instant.';

-- The instant in (p_from, p_to] at which the clocks of a zone change, to the second. There is exactly one change in it.
create or replace function rhythm.zone_change(p_timezone text, p_from timestamptz, p_to timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before timestamptz := date_trunc('second', p_from);
  v_after timestamptz := date_trunc('second', p_to);
  v_middle timestamptz;
begin
  while v_after - v_before > interval '1 second' loop
    v_middle := date_trunc('second', v_before + (v_after - v_before) / 2);
    if rhythm.zone_offset(p_timezone, v_middle) = rhythm.zone_offset(p_timezone, p_to) then
      v_after := v_middle;
    else
      v_before := v_middle;
    end if;
  end loop;
  return v_after;
end;
$$;

comment on function rhythm.zone_change(text, timestamptz, timestamptz) is
  'The instant between two at which the clocks of a zone change.';

-- The first instant after p_after whose local time is p_local; null if p_local is skipped, or was before.
create or replace function rhythm.zone_instant(p_timezone text, p_local timestamp, p_after timestamptz, p_first_only boolean)
returns timestamptz
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case when e.at > p_after then e.at when l.at > p_after and not p_first_only then l.at end
  -- Postgres reads a repeated time as the later of its two instants.
  from (select p_local at time zone p_timezone) as l(at)
  cross join lateral (select l.at - (rhythm.zone_offset(p_timezone, l.at - interval '1 day') - rhythm.zone_offset(p_timezone, l.at)))
    as s(at)
  cross join lateral (
    select case when s.at < l.at and s.at at time zone p_timezone = p_local then s.at else l.at end
  ) as e(at)
  where l.at at time zone p_timezone = p_local;
$$;

comment on function rhythm.zone_instant(text, timestamp, timestamptz, boolean) is
  'The first instant after one at which the clocks of a zone show a time; null if they skip it or showed it before.';

-- The runs in the hour that is repeated, when the clocks go back between p_after and p_before.
create or replace function rhythm.cron_repeated(p_times rhythm.cron_times, p_timezone text, p_after timestamptz, p_before timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_to constant timestamptz := least(p_before, p_after + interval '1 day');
  v_change timestamptz;
  v_local timestamp;
  v_at timestamptz;
begin
  if p_times.by_clock or rhythm.zone_offset(p_timezone, v_to) >= rhythm.zone_offset(p_timezone, p_after) then
    return null;
  end if;
  v_change := rhythm.zone_change(p_timezone, p_after, v_to);
  v_local := v_change at time zone p_timezone;
  v_at := v_change + (rhythm.cron_local(p_times, v_local) - v_local);
  return case when v_at < p_before then v_at end;
end;
$$;

comment on function rhythm.cron_repeated(rhythm.cron_times, text, timestamptz, timestamptz) is
  'The first run within a repeated hour that lies between two instants; null if there is none.';

create or replace function rhythm.cron_after(p_times rhythm.cron_times, p_timezone text, p_after timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_local timestamp := date_trunc('second', p_after at time zone p_timezone) + interval '1 second';
  v_shown timestamp;
  v_at timestamptz;
begin
  loop
    v_local := rhythm.cron_local(p_times, v_local);
    v_at := rhythm.zone_instant(p_timezone, v_local, p_after, p_times.by_clock);
    if v_at is not null then
      return coalesce(rhythm.cron_repeated(p_times, p_timezone, p_after, v_at), v_at);
    end if;

    -- Postgres reads a skipped time with the offset from before the gap, so it is as far after the gap as it was inside.
    v_at := v_local at time zone p_timezone;
    v_shown := v_at at time zone p_timezone;
    if v_shown = v_local then
      v_local := v_local + interval '1 second';
    else
      v_at := rhythm.zone_change(p_timezone, v_at - (v_shown - v_local), v_at);
      if p_times.by_clock then
        return v_at;
      end if;
      v_local := v_at at time zone p_timezone;
    end if;
  end loop;
end;
$$;

comment on function rhythm.cron_after(rhythm.cron_times, text, timestamptz) is
  'The first instant after one at which a parsed cron expression fires in a time zone.';
`,
  },
  {
    name: "schedules/cron_parse.sql",
    kind: "behaviour",
    checksum: "e53b775b104bb567bb8606a8d5f16183bf69d5a63df503474fae885e79a07ea5",
    text: `-- Parses a cron expression into rhythm.cron_times. Every error names the field and what it may contain.

create or replace function rhythm.cron_refuse(p_field text, p_text text, p_expected text)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.raise('RH001', format('"%s" cannot be the %s of a cron expression: expected %s', p_text, p_field, p_expected));
  return null;
end;
$$;

comment on function rhythm.cron_refuse(text, text, text) is 'Refuses one field of a cron expression, by name.';

-- A number, or a name such as jan or MON, within the bounds of its field.
create or replace function rhythm.cron_value(p_text text, p_field text, p_low integer, p_high integer, p_names text[])
returns integer
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    case when p_text ~ '^\\d{1,4}$' and p_text::integer between p_low and p_high then p_text::integer end,
    array_position(p_names, lower(p_text)) - 1 + p_low,
    rhythm.cron_refuse(p_field, p_text, format('%s to %s%s', p_low, p_high,
      case when p_names is not null then format(' or %s to %s', p_names[1], p_names[cardinality(p_names)]) else '' end))
  );
$$;

comment on function rhythm.cron_value(text, text, integer, integer, text[]) is
  'One value of a cron field: a number within its bounds or one of its names.';

-- One comma-separated element: * · 5 · 1-5 · */10 · 1-30/5 · 5/15 (from 5 on, every 15).
create or replace function rhythm.cron_element(p_text text, p_field text, p_low integer, p_high integer, p_names text[])
returns integer[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_parts constant text[] := regexp_match(p_text, '^(\\*|[A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?(?:/(\\d{1,4}))?$');
  v_from integer;
  v_to integer;
  v_step constant integer := v_parts[3]::integer;
begin
  if v_parts is null or (v_parts[1] = '*' and v_parts[2] is not null) then
    perform rhythm.cron_refuse(p_field, p_text, 'a value, a range (1-5), a step (*/10) or a list of these');
  end if;
  if v_step not between 1 and p_high then
    perform rhythm.cron_refuse(p_field, p_text, format('a step from 1 to %s', p_high));
  end if;

  if v_parts[1] = '*' then
    v_from := p_low;
    v_to := p_high;
  else
    v_from := rhythm.cron_value(v_parts[1], p_field, p_low, p_high, p_names);
    v_to := case
      when v_parts[2] is not null then rhythm.cron_value(v_parts[2], p_field, p_low, p_high, p_names)
      when v_step is not null then p_high
      else v_from
    end;
  end if;
  -- Sunday may end a range by its name as well as by 7.
  if p_field = 'weekday' and v_to = 0 and v_from > 0 then
    v_to := 7;
  end if;
  if v_from > v_to then
    perform rhythm.cron_refuse(p_field, p_text, 'a range that goes up; write two ranges to go past the end');
  end if;
  return array(select generate_series(v_from, v_to, coalesce(v_step, 1)));
end;
$$;

comment on function rhythm.cron_element(text, text, integer, integer, text[]) is
  'The values of one element of a cron field.';

create or replace function rhythm.cron_field(p_text text, p_field text, p_low integer, p_high integer, p_names text[] default null)
returns integer[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select distinct u.value
    from unnest(string_to_array(p_text, ',')) as e(element)
    cross join lateral unnest(rhythm.cron_element(e.element, p_field, p_low, p_high, p_names)) as u(value)
    order by u.value
  );
$$;

comment on function rhythm.cron_field(text, text, integer, integer, text[]) is
  'The values of one cron field, ascending.';

-- The five or six fields of an expression, with @forms expanded and the seconds first.
create or replace function rhythm.cron_split(p_cron text)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text constant text := case lower(btrim(p_cron))
    when '@yearly' then '0 0 1 1 *'
    when '@annually' then '0 0 1 1 *'
    when '@monthly' then '0 0 1 * *'
    when '@weekly' then '0 0 * * 0'
    when '@daily' then '0 0 * * *'
    when '@midnight' then '0 0 * * *'
    when '@hourly' then '0 * * * *'
    else btrim(p_cron, E' \\t\\n\\r')
  end;
  v_fields constant text[] := regexp_split_to_array(v_text, '\\s+');
begin
  if cardinality(v_fields) = 6 then
    return v_fields;
  elsif cardinality(v_fields) = 5 then
    return array['0'] || v_fields;
  end if;
  return array[rhythm.raise('RH001', format(
    '"%s" is not a cron expression: expected five fields (minute hour day month weekday), six with the second first, '
    'or one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually', left(p_cron, 100)))::text];
end;
$$;

comment on function rhythm.cron_split(text) is
  'The six fields of a cron expression: second, minute, hour, day, month, weekday.';
`,
  },
  {
    name: "schedules/cron_times.sql",
    kind: "behaviour",
    checksum: "7ec0e9acb1ccd3350e1e13ff42a917b211e69a3afdffce166a2fc7f90db8685d",
    text: `-- cron_parse(): the fields that contain more than numbers (days of the month, weekdays), and the whole expression.

-- Weekdays of the form 2#1 (the first Tuesday) and 5L (the last Friday), as weekday * 10 + n, n = 6 for the last.
create or replace function rhythm.cron_nth_weekdays(p_text text)
returns integer[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select distinct rhythm.cron_value(m.parts[1], 'weekday', 0, 7, array['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']) % 7 * 10
      + coalesce(m.parts[2]::integer, 6) as code
    from unnest(string_to_array(p_text, ',')) as e(element)
    cross join lateral regexp_match(e.element, '^([A-Za-z]{3}|\\d)(?:#([1-5])|[lL])$') as m(parts)
    where m.parts is not null
    order by code
  );
$$;

comment on function rhythm.cron_nth_weekdays(text) is
  'The elements of a weekday field that name one week of the month: 2#1, friL.';

create or replace function rhythm.cron_weekdays(p_text text)
returns integer[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select distinct u.value % 7 as weekday
    from unnest(string_to_array(p_text, ',')) as e(element)
    cross join lateral unnest(rhythm.cron_element(
      e.element, 'weekday', 0, case when e.element ~ '^(\\*|[^-]+/)' then 6 else 7 end,
      array['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
    )) as u(value)
    where e.element !~ '^([A-Za-z]{3}|\\d)(#[1-5]|[lL])$'
    order by weekday
  );
$$;

comment on function rhythm.cron_weekdays(text) is
  'The plain weekdays of a weekday field, 0 for Sunday (7 is also Sunday).';

create or replace function rhythm.cron_parse(p_cron text)
returns rhythm.cron_times
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fields constant text[] := rhythm.cron_split(p_cron);
  v_days constant text := replace(v_fields[4], '?', '*');
  v_weekdays constant text := replace(v_fields[6], '?', '*');
  v_times rhythm.cron_times;
begin
  v_times.seconds := rhythm.cron_field(v_fields[1], 'second', 0, 59);
  v_times.minutes := rhythm.cron_field(v_fields[2], 'minute', 0, 59);
  v_times.hours := rhythm.cron_field(v_fields[3], 'hour', 0, 23);
  v_times.last_day := 'L' = any(string_to_array(upper(v_days), ','));
  v_times.days := rhythm.cron_field(
    array_to_string(array_remove(string_to_array(upper(v_days), ','), 'L'), ','), 'day', 1, 31);
  v_times.months := rhythm.cron_field(v_fields[5], 'month', 1, 12, array[
    'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']);
  v_times.weekdays := rhythm.cron_weekdays(v_weekdays);
  v_times.nth_weekdays := rhythm.cron_nth_weekdays(v_weekdays);
  v_times.any_day := v_days = '*';
  v_times.any_weekday := v_weekdays = '*';
  v_times.by_clock := position('*' in v_fields[1] || v_fields[2] || v_fields[3]) = 0;

  if rhythm.cron_day(v_times, '2000-01-01') is null then
    perform rhythm.raise('RH001', format('The cron expression "%s" never fires: no month has such a day', p_cron));
  end if;
  return v_times;
end;
$$;

comment on function rhythm.cron_parse(text) is
  'Parses a cron expression into its times; raises an error that names a malformed field, or says that the expression never '
  'fires. Five fields, or six with the second first; lists, ranges, steps, names; L (last day), 5L (last Friday), '
  '2#1 (first Tuesday); @hourly to @yearly. If a day and a weekday are both given, either is enough, as in cron.';
`,
  },
  {
    name: "schedules/fire.sql",
    kind: "behaviour",
    checksum: "18bcea4d9ae00da6ecb6d8bb7a3f342b645a9522738d14979fb3f16c5a616320",
    text: `-- Firing schedules. tick() calls this, in any number of sessions at once.
-- Locks: schedule rows, skip locked; then what create_many() and cancel() lock.

create or replace function rhythm.not_over(p_ids uuid[])
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select e.id
    from rhythm.execution as e
    where e.id = any(p_ids)
      and e.state = 0
  );
$$;

comment on function rhythm.not_over(uuid[]) is 'Those of some executions that have not ended.';

-- The schedule after its overlap policy has handled some slots.
create or replace function rhythm.overlap_slots(p_entry rhythm.schedule_entry, p_slots timestamptz[])
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_queue_limit constant integer := 1000;
  v_entry rhythm.schedule_entry := p_entry;
  v_slots constant timestamptz[] := p_entry.queued_slots || p_slots;
  v_start timestamptz[] := v_slots;
begin
  case v_entry.overlap
    when 'skip' then
      v_start := case when v_entry.active = '{}' then v_slots[1:1] else '{}' end;
    when 'queue' then
      v_start := case when v_entry.active = '{}' then v_slots[1:1] else '{}' end;
      v_entry.queued_slots := v_slots[1 + cardinality(v_start):cardinality(v_start) + c_queue_limit];
    when 'cancel' then
      v_start := v_slots[cardinality(v_slots):];
      if v_start <> '{}' then
        perform rhythm.cancel_trees(v_entry.active, format('The next run of schedule "%s" is due', v_entry.name), rhythm.now());
        v_entry.active := '{}';
      end if;
    else
      v_entry.active := '{}'; -- Nobody asks who runs beside whom.
  end case;

  if v_entry.overlap <> 'queue' then
    v_entry.queued_slots := '{}';
  end if;
  v_entry.skipped := v_entry.skipped + cardinality(v_slots) - cardinality(v_start) - cardinality(v_entry.queued_slots);
  return rhythm.start_slots(v_entry, v_start);
end;
$$;

comment on function rhythm.overlap_slots(rhythm.schedule_entry, timestamptz[]) is
  'Starts, queues or skips the due slots of a schedule by its overlap policy; returns the schedule after that.';

create or replace function rhythm.fire_schedule(p_entry rhythm.schedule_entry, p_now timestamptz, p_limit integer)
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '20ms'
as $$
declare
  c_late constant interval := '1 minute';
  v_entry rhythm.schedule_entry := p_entry;
  v_times rhythm.cron_times;
  v_slots timestamptz[];
  v_code text;
  v_message text;
begin
  v_times := rhythm.cron_parse(p_entry.cron);
  v_slots := rhythm.due_slots(p_entry, v_times, p_now, p_limit);
  if v_slots <> '{}' then
    v_entry.next_slot := rhythm.cron_after(v_times, v_entry.timezone, v_slots[cardinality(v_slots)]);
    if v_entry.catch_up = 'none' and v_slots[1] + v_entry.jitter + c_late < p_now then
      v_slots := '{}';
    end if;
  end if;

  v_entry.active := rhythm.not_over(v_entry.active);
  v_entry := rhythm.overlap_slots(v_entry, v_slots);
  v_entry.due_at := least(
    rhythm.slot_due(v_entry, v_entry.next_slot),
    case when v_entry.queued_slots <> '{}' then p_now + interval '1 second' end
  );
  return v_entry;
exception
  when lock_not_available then
    -- An execution to cancel may be locked by a settle. tick() already holds other locks, so it does not wait and tries again later.
    v_entry := p_entry;
    v_entry.due_at := p_now + interval '1 second';
    return v_entry;
  when others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
    if v_code ~ '^(40|53|55|57)' then
      raise;
    end if;
    -- The server may no longer have its time zone. It is tried again in a minute, and the other schedules continue.
    v_entry := p_entry;
    v_entry.last_error := jsonb_build_object('code', v_code, 'message', v_message, 'slot', p_entry.next_slot);
    v_entry.due_at := p_now + interval '1 minute';
    return v_entry;
end;
$$;

comment on function rhythm.fire_schedule(rhythm.schedule_entry, timestamptz, integer) is
  'Handles one schedule that is due: its slots and its cursor; returns it after that.';

create or replace function rhythm.fire_schedules(p_limit integer default 100)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_entry rhythm.schedule_entry;
  v_fired bigint;
  v_left integer := p_limit;
begin
  for v_entry in
    select s.*
    from rhythm.schedule_entry as s
    where s.paused_at is null
      and s.due_at <= v_now
    order by s.due_at
    limit p_limit
    for update skip locked
  loop
    exit when v_left <= 0;
    v_fired := v_entry.fired;
    v_entry := rhythm.fire_schedule(v_entry, v_now, v_left);
    v_left := v_left - greatest(1, v_entry.fired - v_fired)::integer;

    update rhythm.schedule_entry as s
    set (next_slot, due_at, queued_slots, active, last_slot, last_fired_at, last_execution_id, last_error, fired, skipped) = (
      v_entry.next_slot, v_entry.due_at, v_entry.queued_slots, v_entry.active, v_entry.last_slot, v_entry.last_fired_at,
      v_entry.last_execution_id, v_entry.last_error, v_entry.fired, v_entry.skipped
    )
    where s.name = v_entry.name;
  end loop;

  -- Another session is firing what is still due: look again in a second.
  return (
    select min(case when s.due_at > v_now or v_left <= 0 then s.due_at else v_now + interval '1 second' end)
    from rhythm.schedule_entry as s
    where s.paused_at is null
  );
end;
$$;

comment on function rhythm.fire_schedules(integer) is
  'Fires the schedules that are due, creating about p_limit executions at most; returns when to call again (null: no '
  'schedule). Part of tick(); any number of sessions may call it at once.';
`,
  },
  {
    name: "schedules/schedule.sql",
    kind: "behaviour",
    checksum: "4512d37826f18ed021e237f7179f650adc8bd1f8f648ed49cf79ba623642d01e",
    text: `-- schedule() and unschedule().

create or replace function rhythm.schedule_named(p_name text)
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry rhythm.schedule_entry;
begin
  select s.*
  into v_entry
  from rhythm.schedule_entry as s
  where s.name = p_name
  for update;

  if v_entry.name is null then
    perform rhythm.raise('RH004', format('There is no schedule "%s"', p_name), coalesce(
      rhythm.did_you_mean(p_name, array(select s.name from rhythm.schedule_entry as s order by s.name)), 'The view schedules lists them.'));
  end if;
  return v_entry;
end;
$$;

comment on function rhythm.schedule_named(text) is 'The schedule with this name, locked; an error if it does not exist.';

create or replace function rhythm.check_schedule(p_entry rhythm.schedule_entry)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem constant text := case
    when p_entry.type is null or p_entry.type not in ('workflow', 'task') then
      format('"%s" cannot be the type of a schedule: expected workflow or task', p_entry.type)
    when p_entry.overlap is null or p_entry.overlap not in ('skip', 'queue', 'allow', 'cancel') then
      format('"%s" cannot be the overlap of a schedule: expected skip, queue, allow or cancel', p_entry.overlap)
    when p_entry.catch_up is null or p_entry.catch_up not in ('none', 'one', 'all') then
      format('"%s" cannot be the catch-up of a schedule: expected none, one or all', p_entry.catch_up)
    when p_entry.jitter is null or p_entry.jitter < '0' or p_entry.jitter > '1 day' then
      format('"%s" cannot be the jitter of a schedule: expected zero to one day', p_entry.jitter)
    when jsonb_typeof(p_entry.options) is distinct from 'object' then
      'The options of a schedule are not a JSON object: expected the options of create_many()'
    when p_entry.options ?| array['type', 'target', 'inputs', 'traceparent', 'notify_on_end', 'id', 'delay', 'run_at', 'idempotency_key', 'idempotency_ttl'] then
      'The options of a schedule cannot hold type, target, inputs, traceparent, notify_on_end, id, delay, run_at, idempotency_key or '
      'idempotency_ttl: those follow from the schedule'
    when p_entry.options ->> 'expires' ~ '^\\s*\\d{4}-' then
      'The option expires of a schedule must be a duration, because a moment would hold for all of its times'
    when p_entry.options - rhythm.option_names('schedule') <> '{}' then
      'There is no ' || rhythm.unknown_option(p_entry.options, rhythm.option_names('schedule'))
  end;
begin
  perform rhythm.check_name('schedule', p_entry.name);
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.check_schedule_start(p_entry);
end;
$$;

comment on function rhythm.check_schedule(rhythm.schedule_entry) is
  'Refuses a schedule with a wrong argument, and one whose executions would be refused.';

create or replace function rhythm.said_of(p_entry rhythm.schedule_entry)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('cron', p_entry.cron, 'timezone', p_entry.timezone, 'type', p_entry.type, 'target', p_entry.target, 'inputs', p_entry.inputs,
    'options', p_entry.options, 'overlap', p_entry.overlap, 'catch_up', p_entry.catch_up, 'jitter', p_entry.jitter);
$$;

comment on function rhythm.said_of(rhythm.schedule_entry) is 'What people said a schedule does, for records of acts. Internal.';

create or replace function rhythm.schedule(
  p_name text,
  p_cron text,
  p_target text,
  p_inputs jsonb default '{}',
  type text default 'workflow',
  timezone text default 'UTC',
  overlap text default 'skip',
  catch_up text default 'one',
  jitter interval default '0',
  options jsonb default '{}'
)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_new rhythm.schedule_entry;
  v_old rhythm.schedule_entry;
begin
  v_new.name := p_name;
  v_new.cron := btrim(p_cron);
  v_new.timezone := rhythm.check_timezone(timezone);
  v_new.type := type;
  v_new.target := p_target;
  v_new.inputs := coalesce(p_inputs, '{}');
  v_new.options := options;
  v_new.overlap := overlap;
  v_new.catch_up := catch_up;
  v_new.jitter := jitter;
  v_new.next_slot := rhythm.cron_after(rhythm.cron_parse(p_cron), timezone, v_now);
  perform rhythm.check_schedule(v_new);
  perform rhythm.tell_odd(array[case type when 'task' then rhythm.odd_task(p_target) end, rhythm.odd_queue(options ->> 'queue')]);

  insert into rhythm.schedule_entry as s (
    name, cron, timezone, type, target, inputs, options, overlap, catch_up, jitter, next_slot, due_at, created_at, updated_at
  )
  values (
    v_new.name, v_new.cron, v_new.timezone, v_new.type, v_new.target, v_new.inputs, v_new.options, v_new.overlap,
    v_new.catch_up, v_new.jitter, v_new.next_slot, rhythm.slot_due(v_new, v_new.next_slot), v_now, v_now
  )
  on conflict (name) do nothing;

  if not found then
    v_old := rhythm.schedule_named(p_name);
    -- If the times are the same, as at every start of an application, what is due stays due.
    if (v_old.cron, v_old.timezone) = (v_new.cron, v_new.timezone) then
      v_new.next_slot := v_old.next_slot;
    end if;
    update rhythm.schedule_entry as s
    set (cron, timezone, type, target, inputs, options, overlap, catch_up, jitter, next_slot, due_at, updated_at) = (
      v_new.cron, v_new.timezone, v_new.type, v_new.target, v_new.inputs, v_new.options, v_new.overlap, v_new.catch_up,
      v_new.jitter, v_new.next_slot, rhythm.slot_due(v_new, v_new.next_slot), v_now
    )
    where s.name = p_name;
  end if;
  -- Applications set their schedules at every start.
  if v_old.name is null or rhythm.said_of(v_old) <> rhythm.said_of(v_new) then
    perform rhythm.record('set', 'schedule', p_name, p_before => case when v_old.name is not null then rhythm.said_of(v_old) end, p_after => rhythm.said_of(v_new));
  end if;
  perform rhythm.wake_clocks();
  return v_new.next_slot;
end;
$$;

comment on function rhythm.schedule(text, text, text, jsonb, text, text, text, text, interval, jsonb) is
  'Starts p_target at every time that p_cron names in timezone; returns the next time. The same name again changes the '
  'schedule. If an execution of it has not ended, overlap skips the next one, queues it, allows it, or cancels the '
  'earlier one. If times were missed because nothing ticked, catch_up runs none, one (the latest), or all. jitter delays each time by '
  'up to an interval. options: as for create_many() (queue, priority, timeout, retry, metadata …).';

create or replace function rhythm.unschedule(p_name text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old rhythm.schedule_entry;
begin
  delete from rhythm.schedule_entry as s
  where s.name = p_name
  returning s.* into v_old;
  if v_old.name is null then
    return false;
  end if;
  perform rhythm.record('remove', 'schedule', p_name, p_before => rhythm.said_of(v_old));
  return true;
end;
$$;

comment on function rhythm.unschedule(text) is
  'Removes a schedule; what it started continues. False if there is no schedule with this name.';
`,
  },
  {
    name: "schedules/slots.sql",
    kind: "behaviour",
    checksum: "c881ba866c4e3d7a5ceb8ad959387a78ab88113cb21867f07882a0aeb0224672",
    text: `-- The slots of a schedule: the times that its cron expression names. These functions only compute, before any execution is
-- created.

-- The same slot always has the same jitter, so that all sessions compute the same time.
create or replace function rhythm.slot_due(p_entry rhythm.schedule_entry, p_slot timestamptz)
returns timestamptz
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_slot + p_entry.jitter * ((hashtextextended(p_entry.name, extract(epoch from p_slot)::bigint) & 65535) / 65536.0);
$$;

comment on function rhythm.slot_due(rhythm.schedule_entry, timestamptz) is
  'When a slot of a schedule fires: its time plus its share of the jitter.';

-- The last slot at or before p_until, given an earlier one (p_slot). Halves the time instead of walking: for a schedule that fires
-- every second, a week takes twenty steps.
create or replace function rhythm.latest_slot(p_times rhythm.cron_times, p_timezone text, p_slot timestamptz, p_until timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_latest timestamptz := p_slot;
  v_past timestamptz := p_until;
  v_middle timestamptz;
  v_next timestamptz;
begin
  while v_past > v_latest loop
    v_middle := date_trunc('second', v_latest + (v_past - v_latest) / 2);
    v_next := rhythm.cron_after(p_times, p_timezone, v_middle);
    if v_next <= p_until then
      v_latest := v_next;
    elsif v_middle > v_latest then
      v_past := v_middle;
    else
      exit;
    end if;
  end loop;
  return v_latest;
end;
$$;

comment on function rhythm.latest_slot(rhythm.cron_times, text, timestamptz, timestamptz) is
  'The last slot up to an instant, given an earlier one.';

-- The slots to handle now, by the schedule's catch_up; at most p_limit, the rest next time.
create or replace function rhythm.due_slots(p_entry rhythm.schedule_entry, p_times rhythm.cron_times, p_now timestamptz, p_limit integer)
returns timestamptz[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_until constant timestamptz := greatest(p_entry.next_slot, p_now - p_entry.jitter);
  v_slot timestamptz := p_entry.next_slot;
  v_slots timestamptz[] := '{}';
begin
  if rhythm.slot_due(p_entry, v_slot) > p_now then
    return v_slots;
  end if;
  if p_entry.catch_up <> 'all' then
    return array[rhythm.latest_slot(p_times, p_entry.timezone, v_slot, v_until)];
  end if;
  while v_slot <= v_until and cardinality(v_slots) < p_limit loop
    v_slots := v_slots || v_slot;
    v_slot := rhythm.cron_after(p_times, p_entry.timezone, v_slot);
  end loop;
  return v_slots;
end;
$$;

comment on function rhythm.due_slots(rhythm.schedule_entry, rhythm.cron_times, timestamptz, integer) is
  'The slots of a schedule that are due: with catch_up all each of them, else only the latest.';
`,
  },
  {
    name: "schedules/start.sql",
    kind: "behaviour",
    checksum: "8d22dea17f73701548c27b14c877d35d743a3db09d7cd00a2bbb1593d9abe3dd",
    text: `-- From a slot to an execution.

-- The request for create_many() for one slot. Its key makes a slot one execution, however often it is requested: by the regular
-- run, by a back-fill of the same time, by a second back-fill.
create or replace function rhythm.slot_request(p_entry rhythm.schedule_entry, p_slot timestamptz)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select p_entry.options
    || jsonb_build_object(
      'type', p_entry.type,
      'target', p_entry.target,
      'inputs', p_entry.inputs,
      'metadata', coalesce(p_entry.options -> 'metadata', '{}') || jsonb_build_object(
        'schedule', p_entry.name,
        'scheduled_for', to_char(coalesce(p_slot, rhythm.now()) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
      )
    )
    || case when p_slot is null then '{}' else jsonb_build_object(
      'idempotency_key', format('schedule %s %s', p_entry.name, extract(epoch from p_slot)::bigint)
    ) end;
$$;

comment on function rhythm.slot_request(rhythm.schedule_entry, timestamptz) is
  'The execution for a slot of a schedule, in the form of create_many(); without a slot, one that a person triggered.';

-- Errors are stored on the schedule and not thrown, so that one missing flow does not stop all other schedules.
create or replace function rhythm.start_slots(p_entry rhythm.schedule_entry, p_slots timestamptz[])
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry rhythm.schedule_entry := p_entry;
  v_ids uuid[];
  v_code text;
  v_message text;
begin
  if p_slots = '{}' then
    return v_entry;
  end if;
  -- In one call, because only within one call do ids keep the order of the slots.
  v_ids := array(
    select c.id
    from rhythm.create_many((
      select jsonb_agg(rhythm.slot_request(p_entry, s.slot) order by s.slot) from unnest(p_slots) as s(slot)
    )) with ordinality as c(id, nth)
    order by c.nth
  );
  v_entry.active := v_entry.active || v_ids;
  v_entry.fired := v_entry.fired + cardinality(v_ids);
  v_entry.last_execution_id := v_ids[cardinality(v_ids)];
  v_entry.last_slot := p_slots[cardinality(p_slots)];
  v_entry.last_fired_at := rhythm.now();
  v_entry.last_error := null;
  return v_entry;
exception
  when others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
    -- Deadlocks, timeouts and missing resources pass by themselves: the slot stays due, and is tried again.
    if v_code ~ '^(40|53|55|57)' then
      raise;
    end if;
    v_entry := p_entry;
    v_entry.last_error := jsonb_build_object('code', v_code, 'message', v_message, 'slot', p_slots[1]);
    return v_entry;
end;
$$;

comment on function rhythm.start_slots(rhythm.schedule_entry, timestamptz[]) is
  'Creates the executions of some slots, all or none, and returns the schedule after that; with last_error if none.';

create or replace function rhythm.check_schedule_start(p_entry rhythm.schedule_entry)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.create_many(jsonb_build_array(rhythm.slot_request(p_entry, null)));
  raise sqlstate 'RHTRY';
exception
  when sqlstate 'RHTRY' then
    return;
end;
$$;

comment on function rhythm.check_schedule_start(rhythm.schedule_entry) is
  'Creates the execution of a schedule and rolls it back, so that what would be refused at night is refused now.';
`,
  },
  {
    name: "settle/checkpoint.sql",
    kind: "behaviour",
    checksum: "57bc79c9d388e68573a00d3a049547e7b50fef90e9e9a0534f2d63f9093672ef",
    text: `-- What a handler stores for the next attempt.

-- A call can arrive late, after the next one of the same attempt: then its value is older, and changes nothing.
-- Locks: the execution, then its batch, so that nobody takes the lease back before the value is stored. Waits for them.
create or replace function rhythm.checkpoint(p_worker uuid, p_execution uuid, p_call integer, p_value jsonb, p_nth integer default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_lease constant text := format('%s %s', p_worker, p_call);
  v_batch bigint;
begin
  perform rhythm.require_read_committed();
  if p_value is null then
    perform rhythm.raise('RH001', 'p_value must be JSON, not null: the JSON value null is ''null''');
  elsif octet_length(p_value::text) > v_limit then
    perform rhythm.raise('RH006', format('The checkpoint takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_value::text), v_limit));
  end if;
  select e.batch_id into v_batch from rhythm.execution as e where e.id = p_execution and e.state = 0 for no key update;
  perform from rhythm.batch as b where b.id = v_batch and b.worker = p_worker and b.call = p_call for share;
  if not found then
    return false;
  end if;
  update rhythm.execution as e set checkpoint = jsonb_build_object('lease', v_lease, 'nth', p_nth, 'value', p_value)
  where e.id = p_execution and coalesce(e.checkpoint ->> 'lease' <> v_lease or (e.checkpoint ->> 'nth')::integer < p_nth, true);
  return true;
end;
$$;

comment on function rhythm.checkpoint(uuid, uuid, integer, jsonb, integer) is
  'Stores a value for the next attempt of a task that the worker holds: the parcel of that attempt has it under checkpoints. p_call: the call that leased the task. p_nth: which value of the attempt this is; an older one than is stored changes nothing. False: the lease is lost, and nothing changed.';
`,
  },
  {
    name: "settle/continue.sql",
    kind: "behaviour",
    checksum: "ae92c50f7f67e404472c464641a8f6851cad1ac9b8d71024f6ce4d9c766adb0d",
    text: `-- Workflows that start over under the same id: Workflow.continueAs().

-- The inputs must match the schema of the version that is current now, with which it goes on.
create or replace function rhythm.check_continuation(p_outcome rhythm.outcome)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flow text;
  v_problem jsonb;
begin
  select e.target, rhythm.check_inputs(v.input_schema, coalesce(p_outcome.output, '{}')) into v_flow, v_problem
  from rhythm.execution as e
  join rhythm.flow as f on f.name = e.target
  join rhythm.flow_version as v on v.program = f.program and v.input_schema is not null
  where e.id = p_outcome.id;
  if v_problem is not null then
    perform rhythm.raise('RH005', format('Cannot continue flow "%s" with these inputs: %s', v_flow, v_problem ->> 'message'), null, v_problem::text);
  end if;
end;
$$;

comment on function rhythm.check_continuation(rhythm.outcome) is 'Raises RH005 if a workflow may not start over with some inputs. Internal.';

-- What ended under a workflow, and all under that which has ended, too: at most a thousand, the rest the next time.
create or replace function rhythm.ended_under(p_ids uuid[])
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive node as (
    select c.id from unnest(p_ids) as i (id) join rhythm.execution as c on c.parent_id = i.id and c.state > 0
    union all
    select c.id from node as n join rhythm.execution as c on c.parent_id = n.id and c.state > 0
  )
  select array(select n.id from node as n limit 1000);
$$;

comment on function rhythm.ended_under(uuid[]) is 'What workflows started that has ended, at most a thousand. Internal.';

-- A signal that a wait took, and that the workflow has not seen, waits again in its old place. Signals that nobody took stay.
create or replace function rhythm.forget_past(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.signal as g set taken_by = null
  from rhythm.workflow_state as s join rhythm.inbox as i on i.execution_id = s.execution_id and i.nth > s.delivered
  where s.execution_id = any (p_ids) and g.execution_id = s.execution_id and g.taken_by = i.item;
  delete from rhythm.signal as g where g.execution_id = any (p_ids) and g.taken_by is not null;
  delete from rhythm.signal_wait as w where w.execution_id = any (p_ids);
  delete from rhythm.timer as t where t.execution_id = any (p_ids) and not t.deadline;
  delete from rhythm.inbox as i where i.execution_id = any (p_ids);
  delete from rhythm.journal as j where j.execution_id = any (p_ids);
  delete from rhythm.base as b where b.execution_id = any (p_ids);
  delete from rhythm.taken_end as n where n.execution_id = any (p_ids);
  delete from rhythm.step as s where s.execution_id = any (p_ids);
  delete from rhythm.log_line as l
  using unnest(p_ids) as i (id)
  where l.execution_id = i.id
    and l.id <= (select x.id from rhythm.log_line as x where x.execution_id = i.id order by x.id desc offset 1000 limit 1);
  perform rhythm.remove_over(rhythm.ended_under(p_ids));
end;
$$;

comment on function rhythm.forget_past(uuid[]) is 'Deletes the history of workflows that start over, with the children that have ended. Internal.';

-- Its number of steps goes on, so that a worker that has the old state in memory is refused. Its epoch is raised, so that no id is
-- given twice. The caller has locked states and executions. Returns the workflows: they are in no batch, and can continue at once.
create or replace function rhythm.continue_flows(p_outcomes rhythm.outcome[], p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(select o.id from unnest(p_outcomes) as o where o.fate = 'continued');
begin
  if v_ids = '{}' then
    return '{}';
  end if;
  perform rhythm.check_continuation(o) from unnest(p_outcomes) as o where o.fate = 'continued';
  perform rhythm.forget_past(v_ids);
  update rhythm.workflow_state as s
  set seq = s.seq + 1, program = coalesce((select f.program from rhythm.flow as f where f.name = e.target), s.program), snapshot = null, stack = null, cleanup = false,
    groups = '{}', sizes = '{}', need = '{}', delivered = 0, arrived = 0, attempt = 0, failures = 0, batch_id = null
  from rhythm.execution as e
  where s.execution_id = any (v_ids) and e.id = s.execution_id;
  update rhythm.execution as e
  set inputs = coalesce(o.output, '{}'), epoch = coalesce(e.epoch, 0) + 1, version = v.version, expires_at = null, error = null, note = null, stopping = false,
    tags = case when v.found_by is not null then rhythm.first_tags(v.found_by, coalesce(o.output, '{}')) end
  from unnest(p_outcomes) as o
  join rhythm.workflow_state as s on s.execution_id = o.id
  join rhythm.flow_version as v on v.program = s.program
  where o.fate = 'continued' and e.id = o.id;
  -- Rebuilding begins here: with the inputs.
  insert into rhythm.base (execution_id, step, epoch, at, act, by, program, snapshot)
  select s.execution_id, s.seq, e.epoch, p_now, 'continued', 'the workflow', s.program, 'null'
  from rhythm.workflow_state as s join rhythm.execution as e on e.id = s.execution_id
  where s.execution_id = any (v_ids);
  return v_ids;
end;
$$;

comment on function rhythm.continue_flows(rhythm.outcome[], timestamptz) is 'Lets workflows start over with other inputs; returns them. Internal.';
`,
  },
  {
    name: "settle/effects.sql",
    kind: "behaviour",
    checksum: "b6fcf1f569749c41d68ced449d63a1c2a90ea6ae0cdfa81e3e1feab99258f19a",
    text: `-- What a workflow asked for becomes rows.

-- The tasks and workflows that outcomes start, as requests. A person wrote the options, so they are checked. A worker made
-- the ids, and its clock may be ahead.
create or replace function rhythm.child_requests(p_outcomes rhythm.outcome[], p_groups rhythm.grouping[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_requests jsonb;
  v_problem text;
begin
  select jsonb_agg(
    coalesce(nullif(f.value -> 'options', 'null'), '{}') || jsonb_strip_nulls(jsonb_build_object(
      'id', f.value -> 'id',
      'type', case f.value ->> 'type' when 'run_task' then 'task' else 'workflow' end,
      'target', f.value -> 'target',
      'parent', o.id,
      'traceparent', coalesce(f.value -> 'traceparent', to_jsonb(e.traceparent)),
      'wait_group', (p_groups[o.ordinality]).numbers[array_position((p_groups[o.ordinality]).items, (f.value ->> 'id')::uuid)]
    )) || jsonb_build_object('inputs', coalesce(f.value -> 'inputs', '{}'))
    order by o.id, f.nth)
  into v_requests
  from unnest(p_outcomes) with ordinality as o
  cross join lateral (select x.traceparent from rhythm.execution as x where x.id = o.id offset 0) as e
  cross join lateral jsonb_array_elements(o.effects) with ordinality as f (value, nth)
  where f.value ->> 'type' in ('run_task', 'run_workflow');

  if v_requests is null then
    return '[]';
  end if;
  -- Otherwise options that follow from the workflow (parent, id) would be overwritten silently.
  select 'There is no ' || rhythm.unknown_option(f.value -> 'options', rhythm.option_names('child')) into v_problem
  from unnest(p_outcomes) as o
  cross join lateral jsonb_array_elements(o.effects) as f (value)
  where jsonb_typeof(f.value -> 'options') = 'object' and (f.value -> 'options') - rhythm.option_names('child') <> '{}'
  limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  select rhythm.request_problem(r.value - '{wait_group,id}'::text[]) into v_problem
  from jsonb_array_elements(v_requests) as r
  where (r.value - '{id,type,target,parent,inputs,traceparent,wait_group}'::text[] <> '{}'
      or not r.value ->> 'target' ~ '^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]{0,199}$' or pg_column_size(r.value) > 20000)
    and rhythm.request_problem(r.value - '{wait_group,id}'::text[]) is not null
  limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.check_targets(v_requests);
  return v_requests;
end;
$$;

comment on function rhythm.child_requests(rhythm.outcome[], rhythm.grouping[]) is 'The children that outcomes start, in the form of create_many(). Internal.';

-- due() leaves a timer to the worker that keeps it for longer than it takes to settle two thousand due timers. If that worker
-- dies, its timers are late by this time.
create or replace function rhythm.insert_timers(p_outcomes rhythm.outcome[], p_groups rhythm.grouping[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.timer (id, execution_id, fires_at, wait_group, kept_until)
  select (f.value ->> 'id')::uuid, o.id, (f.value ->> 'at')::timestamptz, (p_groups[o.ordinality]).numbers[array_position((p_groups[o.ordinality]).items, (f.value ->> 'id')::uuid)],
    case when f.value -> 'kept' = 'true' then (f.value ->> 'at')::timestamptz + rhythm.kept_grace() end
  from unnest(p_outcomes) with ordinality as o
  cross join lateral jsonb_array_elements(o.effects) as f
  where f.value ->> 'type' = 'start_timer' and o.status = 'suspended';

  insert into rhythm.signal_wait (id, execution_id, name, timeout_at, wait_group)
  select (f.value ->> 'id')::uuid, o.id, f.value ->> 'name', (f.value ->> 'timeoutAt')::timestamptz, (p_groups[o.ordinality]).numbers[array_position((p_groups[o.ordinality]).items, (f.value ->> 'id')::uuid)]
  from unnest(p_outcomes) with ordinality as o
  cross join lateral jsonb_array_elements(o.effects) as f
  where f.value ->> 'type' = 'await_signal' and o.status = 'suspended';
end;
$$;

comment on function rhythm.insert_timers(rhythm.outcome[], rhythm.grouping[]) is 'The timers and waits for signals that outcomes start. Internal.';

create or replace function rhythm.insert_logs(p_outcomes rhythm.outcome[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.log_line (execution_id, at, level, message, data)
  select o.id, p_now,
    case when f.value ->> 'level' in ('debug', 'info', 'warn', 'error') then f.value ->> 'level' else 'info' end,
    f.value ->> 'message', f.value -> 'at'
  from unnest(p_outcomes) as o
  cross join lateral jsonb_array_elements(o.effects) with ordinality as f (value, nth)
  where f.value ->> 'type' = 'log'
  order by o.id, f.nth;
end;
$$;

comment on function rhythm.insert_logs(rhythm.outcome[], timestamptz) is 'The log lines of outcomes. Internal.';

create or replace function rhythm.as_uuid(p_text text)
returns uuid
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_text ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then p_text::uuid end;
end;
$$;

comment on function rhythm.as_uuid(text) is 'A text as an id; null if it is not a UUID. Internal.';

-- Signals from one workflow to another. If the receiver has ended or never existed, nothing is sent: the sender cannot know.
-- Each receiver is looked up by its id, so an old plan cannot scan the table.
create or replace function rhythm.send_signals(p_outcomes rhythm.outcome[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.signal (execution_id, name, payload, sent_at)
  select g.receiver, g.value ->> 'name', coalesce(g.value -> 'payload', 'null'), p_now
  from (
    select o.id, f.nth, f.value, rhythm.as_uuid(f.value ->> 'executionId') as receiver
    from unnest(p_outcomes) as o
    cross join lateral jsonb_array_elements(o.effects) with ordinality as f (value, nth)
    where f.value ->> 'type' = 'send_signal'
  ) as g
  cross join lateral (
    select from rhythm.workflow_state as s
    join rhythm.execution as e on e.id = s.execution_id and e.state = 0
    where s.execution_id = g.receiver
    offset 0
  ) as r
  order by g.id, g.nth;
end;
$$;

comment on function rhythm.send_signals(rhythm.outcome[], timestamptz) is 'The signals that outcomes send to other workflows. Internal.';

-- Matches signals with waits: the oldest signal of a name goes to the oldest wait for it. The caller holds the states' locks.
create or replace function rhythm.match_signals(p_executions uuid[])
returns rhythm.settled_item[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result rhythm.settled_item[];
begin
  with open_wait as (
    select w.id, w.execution_id, w.name, w.wait_group, row_number() over (partition by w.execution_id, w.name order by w.id) as nth
    from rhythm.signal_wait as w
    where w.execution_id = any (p_executions) and w.signal_id is null and not w.timed_out
  ),
  kept as (
    select g.id, g.execution_id, g.name, row_number() over (partition by g.execution_id, g.name order by g.id) as nth
    from rhythm.signal as g
    where g.execution_id = any (p_executions) and g.taken_by is null
  ),
  pair as (
    select w.id as wait_id, w.execution_id, w.wait_group, k.id as signal_id
    from open_wait as w
    join kept as k on k.execution_id = w.execution_id and k.name = w.name and k.nth = w.nth
  ),
  taken as (
    update rhythm.signal as g set taken_by = p.wait_id from pair as p where g.id = p.signal_id
  ),
  given as (
    update rhythm.signal_wait as w set signal_id = p.signal_id from pair as p where w.id = p.wait_id
  )
  select coalesce(array_agg(row(p.execution_id, p.wait_id, false, p.wait_group)::rhythm.settled_item order by p.signal_id), '{}')
  from pair as p
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.match_signals(uuid[]) is 'Gives kept signals to the waits of some workflows, in order; returns the waits that took one. Internal.';

create or replace function rhythm.stored_tags(p_tags text[])
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select nullif(array(select left(t.tag, 400) from unnest(p_tags) with ordinality as t (tag, nth) where t.tag is not null order by t.nth limit 100), '{}');
$$;

comment on function rhythm.stored_tags(text[]) is 'Tags as an execution has them: at most a hundred, null if there are none. Internal.';

-- The caller has locked the executions.
create or replace function rhythm.write_tags(p_outcomes rhythm.outcome[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.execution as e set tags = t.tags
  from unnest(p_outcomes) as o
  cross join lateral (
    select rhythm.stored_tags(array(select x.value from jsonb_array_elements_text(f.value -> 'tags') as x (value) limit 100)) as tags
    from jsonb_array_elements(o.effects) as f (value)
    where f.value ->> 'type' = 'tag' and jsonb_typeof(f.value -> 'tags') = 'array'
    limit 1
  ) as t
  where e.id = o.id and e.tags is distinct from t.tags;
end;
$$;

comment on function rhythm.write_tags(rhythm.outcome[]) is 'The values that workflows are found by. Internal.';
`,
  },
  {
    name: "settle/ends.sql",
    kind: "behaviour",
    checksum: "03e3941db6f36f4acca6eab32abced1e1f04f4c5d33f7d503f9fdd0dbc46719b",
    text: `-- How executions leave a batch: they end, or they run again later.

-- Deletes batches that have no members left. Starts at the end of a batch, because its tasks begin in order, so the members
-- that remain are mostly the last ones.
create or replace function rhythm.drop_empty_batches(p_batches bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.batch as b
  where b.id = any (p_batches)
    and case b.type
      when 'task' then not exists (
        select from generate_subscripts(b.ids, 1, true) as n
        cross join lateral (select from rhythm.execution as e where e.id = b.ids[n] and e.batch_id = b.id offset 0) as m)
      else not exists (
        select from generate_subscripts(b.ids, 1, true) as n
        cross join lateral (select from rhythm.workflow_state as s where s.execution_id = b.ids[n] and s.batch_id = b.id offset 0) as m) end;
end;
$$;

comment on function rhythm.drop_empty_batches(bigint[]) is 'Deletes those of some batches that have no members. Internal.';

-- Completes tasks that no workflow started, in one statement, in the order of ids. This is not a join: a plan that was made
-- on an empty table would compare every row with every output. A search among the sorted ids finds the output of a row,
-- with any plan. Returns the tasks whose lease was still held.
create or replace function rhythm.complete_tasks(p_worker uuid, p_call integer, p_ids uuid[], p_outputs jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batches bigint[];
  v_attempts integer[];
  v_size integer;
  v_claimed_at timestamptz;
  v_ids uuid[];
  v_watched rhythm.transition[];
begin
  select array_agg(b.id order by b.id), array_agg(b.attempt order by b.id), sum(b.size), min(b.claimed_at)
  into v_batches, v_attempts, v_size, v_claimed_at
  from rhythm.batch as b
  where b.worker = p_worker and b.call = p_call and b.type = 'task';
  if v_batches is null then
    return '{}';
  end if;
  with done as (
    update rhythm.execution as e
    set state = 1, batch_id = null, completed_at = p_now, claimed_at = v_claimed_at, error = null, note = null,
      attempt = v_attempts[width_bucket(e.batch_id, v_batches)],
      output = nullif(p_outputs -> (width_bucket(e.id, p_ids) - 1), 'null')
    where e.id = any (p_ids) and e.id = p_ids[width_bucket(e.id, p_ids)] and e.batch_id = any (v_batches)
      and e.parent_id is null and e.cancel_reason is null
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  )
  select coalesce(array_agg(d.id), '{}'), array_agg(d::rhythm.transition) filter (where d.notify_on_end) into v_ids, v_watched from done as d;
  if cardinality(v_ids) = v_size then
    delete from rhythm.batch as b where b.id = any (v_batches);
  else
    perform rhythm.drop_empty_batches(v_batches);
  end if;
  if v_watched is not null then
    perform rhythm.follow_ends(v_watched, '{}', p_now);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.complete_tasks(uuid, integer, uuid[], jsonb, timestamptz) is
  'Completes tasks without parents, given in ascending order of their ids; returns those whose lease was still held. Internal.';

-- The ends of outcomes. The caller has locked the executions.
create or replace function rhythm.write_ends(p_outcomes rhythm.outcome[], p_now timestamptz)
returns rhythm.transition[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result rhythm.transition[];
begin
  with ended as (
    update rhythm.execution as e
    set state = case o.fate when 'completed' then 1 when 'failed' then 2 else 3 end, batch_id = null, stopping = false, completed_at = p_now,
      claimed_at = b.claimed_at, attempt = b.attempt, note = null,
      output = case when o.fate = 'completed' then nullif(o.output, 'null') end,
      error = case when o.fate = 'completed' then null when o.status = 'failed' and not rhythm.is_past_deadline(e) then o.error else e.error end,
      fingerprint = case when o.fate = 'failed' then rhythm.fingerprint_of(e.target, case when rhythm.is_past_deadline(e) then e.error else o.error end) end
    -- From each outcome to its rows, with any plan. The rows do not move: they are locked.
    from unnest(p_outcomes) as o
    cross join lateral (select x.ctid as place from rhythm.execution as x where x.id = o.id offset 0) as p
    cross join lateral (select x.claimed_at, x.attempt from rhythm.batch as x where x.id = o.batch_id offset 0) as b
    where e.ctid = p.place and o.fate in ('completed', 'failed', 'cancelled')
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type, o.batch_id
  ),
  state as (
    update rhythm.workflow_state as s set batch_id = null, attempt = b.attempt
    from ended as x cross join lateral (select y.attempt from rhythm.batch as y where y.id = x.batch_id offset 0) as b
    where s.execution_id = x.id and x.type = 'workflow'
  )
  select coalesce(array_agg(row(x.id, x.parent_id, x.wait_group, x.state, x.notify_on_end, x.type)::rhythm.transition order by x.id), '{}')
  into v_result
  from ended as x;
  return v_result;
end;
$$;

comment on function rhythm.write_ends(rhythm.outcome[], timestamptz) is 'Writes the ends of executions; returns them. Their batches are still there. Internal.';

-- Members run again later, each by itself: in its own batch if it was alone, else in a new one. p_delay_ms null: at once.
create or replace function rhythm.put_back(p_id uuid, p_batch bigint, p_delay_ms bigint, p_failures integer, p_crashes integer, p_uncounted boolean, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
  v_is_paused constant boolean := exists (select from rhythm.execution as e where e.id = p_id and e.paused_at is not null);
  v_run_at constant timestamptz := case when v_is_paused then 'infinity' when p_delay_ms > 0 then p_now + p_delay_ms * interval '1 millisecond' end;
  v_attempt integer;
begin
  select b.* into v_batch from rhythm.batch as b where b.id = p_batch;
  v_attempt := case when p_uncounted then rhythm.unleased_attempt(v_batch, rhythm.has_traces(p_id)) else v_batch.attempt end;
  if v_batch.size = 1 then
    update rhythm.batch as b
    set worker = null, call = null, claimed_at = null, run_at = v_run_at, paused = v_is_paused, limited = rhythm.has_limits(b.queue), attempt = v_attempt,
      failures = b.failures + p_failures, crashes = b.crashes + p_crashes
    where b.id = p_batch;
  else
    insert into rhythm.batch
    select (rhythm.batch_of(e, v_run_at, v_attempt, v_batch.failures + p_failures, v_batch.crashes + p_crashes)).*
    from rhythm.execution as e where e.id = p_id
    returning id into v_batch.id;
    perform rhythm.move_members(v_batch.type, array[p_id], p_batch, v_batch.id);
  end if;
end;
$$;

comment on function rhythm.put_back(uuid, bigint, bigint, integer, integer, boolean, timestamptz) is
  'Puts a leased execution back into its queue, at once or later, and adds to its failures and crashes. p_uncounted: its attempt does not count. Internal.';

-- What a worker hands back without running it has not begun, as before. But it has begun if it left something behind: a step or a checkpoint. It
-- also has if another start has its key by now: that start saw it as begun. Where such a start is under way, its key row is locked.
-- Locks: key rows for share, skip locked.
create or replace function rhythm.has_traces(p_id uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
begin
  select e.* into v_execution from rhythm.execution as e where e.id = p_id;
  if v_execution.checkpoint is not null
    or v_execution.type = 'workflow' and (
      exists (select from rhythm.workflow_state as s where s.execution_id = p_id and (s.seq > 0 or s.attempt > 0))
      or exists (select from rhythm.step as s where s.execution_id = p_id)) then
    return true;
  end if;
  if not v_execution.keyed then
    return false;
  end if;
  perform from rhythm.idempotency_key as k where k.execution_id = p_id for share skip locked;
  return not found;
end;
$$;

comment on function rhythm.has_traces(uuid) is 'Whether an execution whose first attempt is handed back counts as begun. Internal.';

-- The number of its attempt is what it was before the lease.
create or replace function rhythm.unleased_attempt(p_batch rhythm.batch, p_has_traces boolean)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_batch.attempt = 1 and p_batch.failures = 0 and p_batch.crashes = 0 then case when p_has_traces then 1 else 0 end
    when p_batch.type = 'task' then greatest(p_batch.attempt - 1, 0)
    else p_batch.attempt end;
end;
$$;

comment on function rhythm.unleased_attempt(rhythm.batch, boolean) is 'The number of the attempt of what a worker hands back without running it. Internal.';

-- Puts back failed attempts that will be repeated, and what a worker did not run. Returns the queues that now have ready
-- work, and in how many milliseconds each failed attempt is repeated: {id: ms}, or null if there is none.
create or replace function rhythm.write_returns(p_outcomes rhythm.outcome[], p_now timestamptz, out queues text[], out retried jsonb)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from unnest(p_outcomes) as o where o.fate in ('retry', 'released')) then
    queues := '{}';
    return;
  end if;
  select jsonb_object_agg(o.id, rhythm.backoff_ms(e.retry, b.failures + 1)) into retried
  from unnest(p_outcomes) as o
  cross join lateral (select x.retry from rhythm.execution as x where x.id = o.id offset 0) as e
  cross join lateral (select x.failures from rhythm.batch as x where x.id = o.batch_id offset 0) as b
  where o.fate = 'retry';
  update rhythm.execution as e
  set stopping = false, error = case when o.fate = 'retry' then o.error else e.error end, note = case when o.fate = 'released' then o.reason end
  from unnest(p_outcomes) as o
  cross join lateral (select x.ctid as place from rhythm.execution as x where x.id = o.id offset 0) as p
  where e.ctid = p.place and (o.fate = 'retry' or o.fate = 'released' and (o.reason is distinct from e.note or e.stopping));
  perform rhythm.put_back(o.id, o.batch_id, case o.fate when 'retry' then (retried ->> o.id::text)::bigint else o.delay_ms end,
    case o.fate when 'retry' then 1 else 0 end, 0, o.fate = 'released', p_now)
  from unnest(p_outcomes) as o
  where o.fate = 'released' or o.fate = 'retry' and o.type = 'task';
  if found then
    perform rhythm.wake_clocks();
  end if;
  perform rhythm.repeat_workflow(o.id, o.batch_id, (retried ->> o.id::text)::bigint, p_now)
  from unnest(p_outcomes) as o
  where o.fate = 'retry' and o.type = 'workflow';
  queues := array(
    select distinct e.queue from unnest(p_outcomes) as o
    cross join lateral (select x.queue from rhythm.execution as x where x.id = o.id offset 0) as e
    where o.fate = 'released' and coalesce(o.delay_ms, 0) <= 0);
end;
$$;

comment on function rhythm.write_returns(rhythm.outcome[], timestamptz) is 'Puts back executions that failed and will be repeated, or that a worker returned. Internal.';
`,
  },
  {
    name: "settle/exchange.sql",
    kind: "behaviour",
    checksum: "c48bebfa2647013b94cf65b00768cbe03c2a170910c75e0e7e6f50ebbfb807d2",
    text: `-- exchange(): settles what a worker did and leases its next work, in one call and one commit.

create or replace function rhythm.exchange_problem(p_call integer, p_ends jsonb, p_want jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when coalesce(p_call, 0) < 1 then 'p_call must be a number from 1 that grows with each call'
    when jsonb_typeof(p_ends) is distinct from 'array' or jsonb_path_exists(p_ends, 'strict $[*] ? (@.type() != "object")') then
      'p_ends must be a JSON array of objects: [{"kind": "done", "call": 1, "ids": ["…"], "outputs": [null]}, …]'
    when jsonb_path_exists(p_ends, '$[*] ? (!(@.kind == "done" || @.kind == "outcome" || @.kind == "steps" || @.kind == "fire" || @.kind == "leave") || @.kind.type() != "string")') then
      format('%s cannot be the kind of an end: expected done, outcome, steps, fire or leave', coalesce(
        (select e.value -> 'kind' from jsonb_array_elements(p_ends) as e (value)
        where not coalesce(e.value ->> 'kind' in ('done', 'outcome', 'steps', 'fire', 'leave'), false) limit 1)::text, 'null'))
    when p_want is not null and jsonb_typeof(p_want) <> 'object' then 'p_want must be an object: {"limit": 10}'
    when p_want - '{queues,limit,targets,lease,sleeps}'::text[] <> '{}' then
      format('p_want has no "%s": expected queues, limit, targets, lease, sleeps',
        (select k.name from jsonb_object_keys(p_want) as k (name) where k.name <> all ('{queues,limit,targets,lease,sleeps}') limit 1))
    when p_want ? 'limit' and not coalesce(jsonb_typeof(p_want -> 'limit') = 'number' and p_want ->> 'limit' ~ '^\\d{1,6}$' and (p_want ->> 'limit')::integer <= 100000, false) then
      format('Cannot claim %s executions: expected 0 to 100000', p_want -> 'limit')
    when p_want ? 'lease' and not coalesce(jsonb_typeof(p_want -> 'lease') = 'number' and p_want ->> 'lease' ~ '^\\d{1,6}$', false) then 'lease must be a whole number'
    when p_want ? 'queues' and jsonb_typeof(p_want -> 'queues') <> 'array' then 'queues must be an array of names'
    when p_want ? 'targets' and jsonb_typeof(p_want -> 'targets') <> 'array' then 'targets must be an array of names'
    when p_want ? 'sleeps' and jsonb_typeof(p_want -> 'sleeps') <> 'boolean' then 'sleeps must be true or false'
  end;
end;
$$;

comment on function rhythm.exchange_problem(integer, jsonb, jsonb) is 'What is wrong with the arguments of exchange(); null if nothing is. Internal.';

create or replace function rhythm.texts_of(p_array jsonb)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_array is not null then array(select t.value from jsonb_array_elements_text(p_array) with ordinality as t (value, nth) order by t.nth) end;
end;
$$;

comment on function rhythm.texts_of(jsonb) is 'A JSON array of texts as an array. Internal.';

create or replace function rhythm.ids_of(p_array jsonb, p_what text)
returns uuid[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  if jsonb_typeof(p_array) is distinct from 'array' then
    perform rhythm.raise('RH001', format('%s must be an array of UUIDs', p_what));
  end if;
  v_ids := rhythm.texts_of(p_array);
  return v_ids;
exception
  when invalid_text_representation then
    perform rhythm.raise('RH001', format('%s must be an array of UUIDs', p_what));
end;
$$;

comment on function rhythm.ids_of(jsonb, text) is 'A JSON array of ids as an array. Internal.';

-- Completes tasks that no workflow started. Tasks that are locked or cancelled are returned as outcomes.
create or replace function rhythm.settle_done(p_worker uuid, p_item jsonb, p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_call integer;
  v_outputs jsonb := p_item -> 'outputs';
  v_ids uuid[];
  v_done uuid[];
begin
  if jsonb_typeof(p_item -> 'ids') is distinct from 'array' or jsonb_typeof(v_outputs) is distinct from 'array'
    or jsonb_array_length(p_item -> 'ids') <> jsonb_array_length(v_outputs) then
    perform rhythm.raise('RH001', 'ids and outputs must be arrays of one length');
  elsif not coalesce(jsonb_typeof(p_item -> 'call') = 'number' and p_item ->> 'call' ~ '^\\d{1,9}$', false) then
    perform rhythm.raise('RH001', 'A done needs the number of the call that leased its tasks');
  end if;
  v_call := (p_item ->> 'call')::integer;
  v_ids := rhythm.ids_of(p_item -> 'ids', 'ids');
  if exists (select from generate_subscripts(v_ids, 1) as n where v_ids[n] < v_ids[n - 1]) then
    select array_agg(i.id order by i.id), jsonb_agg(v_outputs -> (i.nth - 1)::integer order by i.id) into v_ids, v_outputs
    from unnest(v_ids) with ordinality as i (id, nth);
  end if;
  if pg_column_size(v_outputs) <= v_limit or (select max(octet_length(o.value::text)) <= v_limit from jsonb_array_elements(v_outputs) as o (value)) then
    begin
      v_done := rhythm.complete_tasks(p_worker, v_call, v_ids, v_outputs, p_now);
    exception
      when lock_not_available then
        v_done := '{}';
    end;
  end if;
  if cardinality(v_done) = cardinality(v_ids) then
    return null;
  end if;
  return (
    select jsonb_agg(jsonb_build_object('kind', 'outcome', 'id', i.id, 'call', v_call, 'status', 'completed', 'output', v_outputs -> (i.nth - 1)::integer))
    from unnest(v_ids) with ordinality as i (id, nth) where i.id <> all (coalesce(v_done, '{}')));
end;
$$;

comment on function rhythm.settle_done(uuid, jsonb, timestamptz) is 'Settles plain ends of tasks; returns the others as outcomes. Internal.';

-- Timers whose worker cannot advance their workflows in memory after all. Does what due() does, for these ids.
create or replace function rhythm.fire_timers_of(p_ids uuid[], p_now timestamptz, p_worker uuid, p_call integer, p_lease integer)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_free constant uuid[] := rhythm.lock_free_states(array(select distinct t.execution_id from rhythm.timer as t where t.id = any (p_ids)));
  v_items rhythm.settled_item[];
begin
  with fired as (
    update rhythm.timer as t set fired = true
    where t.id = any (p_ids) and t.execution_id = any (v_free) and t.fires_at <= p_now and not t.fired and not t.deadline
    returning t.execution_id, t.id, t.fires_at, t.wait_group
  )
  select coalesce(array_agg(row(f.execution_id, f.id, false, f.wait_group)::rhythm.settled_item order by f.fires_at, f.id), '{}') into v_items from fired as f;
  return rhythm.resume(rhythm.deliver(v_items), p_now, p_worker, p_call, p_lease);
end;
$$;

comment on function rhythm.fire_timers_of(uuid[], timestamptz, uuid, integer, integer) is 'Fires the due ones of some timers; returns the batches of workflows that were leased to the worker. Internal.';

create or replace function rhythm.leave_timers(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.timer as t set kept_until = null
  where t.id = any (array(select x.id from rhythm.timer as x where x.id = any (p_ids) and x.kept_until is not null and not x.fired for update skip locked));
  if found then
    perform rhythm.wake_clocks();
  end if;
end;
$$;

comment on function rhythm.leave_timers(uuid[]) is 'Lets due() fire timers that a worker kept. Internal.';

-- Looks before it takes the array apart: most calls have ends of one or two kinds.
create or replace function rhythm.ends_of(p_ends jsonb, p_kind text)
returns setof jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_ends @> jsonb_build_array(jsonb_build_object('kind', p_kind)) then
    return query select e.value from jsonb_array_elements(p_ends) with ordinality as e (value, nth) where e.value ->> 'kind' = p_kind order by e.nth;
  end if;
end;
$$;

comment on function rhythm.ends_of(jsonb, text) is 'Those of some ends that are of one kind, in order. Internal.';

-- Settles all ends of a call. Steps and outcomes first, because they lock states, which come before executions.
create or replace function rhythm.settle_ends(p_worker uuid, p_ends jsonb, p_call integer, p_lease integer, p_targets text[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb := '{"refused": [], "declined": [], "leased": [], "born": [], "early": {}}';
  v_outcomes jsonb := jsonb_path_query_array(p_ends, '$[*] ? (@.kind == "outcome")');
  v_lease integer := p_lease;
  v_item jsonb;
begin
  for v_item in select e.value from rhythm.ends_of(p_ends, 'steps') as e (value) loop
    begin
      v_answer := rhythm.both_answers(v_answer, rhythm.settle_steps(p_worker, v_item, p_call, v_lease, p_targets, p_now));
    exception
      -- Then each is settled alone, and the one that caused the error fails with the reason.
      when others then
        if not rhythm.is_data_error(sqlstate) and sqlstate <> '55P03' then
          raise;
        end if;
        v_answer := rhythm.both_answers(v_answer, jsonb_build_object('refused', '[]'::jsonb, 'leased', '[]'::jsonb, 'born', '[]'::jsonb,
          'declined', jsonb_path_query_array(v_item, '$.ends[*].id'))) || jsonb_build_object(
          'problem', case when sqlstate ~ '^22' then 'The ends, timers or children of steps cannot be read: ' else '' end || sqlerrm);
    end;
    v_lease := p_lease - coalesce((select sum(b.size) from rhythm.batch as b where b.worker = p_worker and b.call = p_call), 0)::integer;
  end loop;
  for v_item in select e.value from rhythm.ends_of(p_ends, 'done') as e (value) loop
    v_outcomes := coalesce(rhythm.settle_done(p_worker, v_item, p_now), '[]') || v_outcomes;
  end loop;
  if v_outcomes <> '[]' then
    v_answer := rhythm.both_answers(v_answer, rhythm.settle_outcomes(p_worker, v_outcomes, p_call, v_lease, p_targets, p_now));
    v_lease := p_lease - coalesce((select sum(b.size) from rhythm.batch as b where b.worker = p_worker and b.call = p_call), 0)::integer;
  end if;
  for v_item in select e.value from rhythm.ends_of(p_ends, 'fire') as e (value) loop
    v_answer := jsonb_set(v_answer, '{leased}', (v_answer -> 'leased')
      || to_jsonb(rhythm.fire_timers_of(rhythm.ids_of(v_item -> 'timers', 'timers'), p_now, p_worker, p_call, v_lease)));
  end loop;
  for v_item in select e.value from rhythm.ends_of(p_ends, 'leave') as e (value) loop
    perform rhythm.leave_timers(rhythm.ids_of(v_item -> 'timers', 'timers'));
  end loop;
  return v_answer;
end;
$$;

comment on function rhythm.settle_ends(uuid, jsonb, integer, integer, text[], timestamptz) is 'Settles all ends of a worker''s call. Internal.';

-- Calls with odd numbers run one after another, and so do those with even numbers.
create or replace function rhythm.last_call(p_worker uuid, p_call integer)
returns rhythm.worker_call
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last rhythm.worker_call;
begin
  select c.* into v_last from rhythm.worker_call as c where c.worker_id = p_worker and c.odd = (p_call % 2 = 1);
  if not found then
    perform rhythm.raise('RH008', format('Worker %s is not registered, or counts as dead', coalesce(p_worker::text, 'null')), 'Call register_worker() with a new id');
  elsif p_call < v_last.call then
    perform rhythm.raise('RH008', format('Worker %s has made call %s already: call %s is too late', p_worker, v_last.call, p_call),
      'A worker counts its calls. It sends those with odd numbers one at a time, and those with even numbers, too');
  end if;
  return v_last;
end;
$$;

comment on function rhythm.last_call(uuid, integer) is
  'The last call of a registered worker before this one, among those with odd or with even numbers; raises RH008 if it is not registered or the call is an old one. Internal.';

-- Takes no locks and no transaction number, because an idle worker asks often.
create or replace function rhythm.ready_queues(p_queues text[], p_targets text[])
returns text[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if 'everything:' = any (rhythm.paused_targets()) then
    return '{}';
  end if;
  return array(
    select q.name from unnest(p_queues) with ordinality as q (name, nth)
    where rhythm.has_ready(q.name, p_targets) and not exists (select from rhythm.queue as x where x.name = q.name and x.paused_at is not null)
    order by q.nth);
end;
$$;

comment on function rhythm.ready_queues(text[], text[]) is 'Those of some queues in which a claim could find something, in order. Internal.';

-- Locks: the worker, if it wakes; the row of its odd or even calls; then as settling and claiming do. A worker falls asleep with a call that settles nothing. Never waits for a row that an
-- application has locked. Without ends and without ready work it writes nothing and locks nothing.
create or replace function rhythm.exchange(p_worker uuid, p_call integer, p_ends jsonb default '[]', p_want jsonb default null)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
set jit = off
set lock_timeout = '100ms'
as $$
declare
  v_now timestamptz := rhythm.now();
  v_problem constant text := rhythm.exchange_problem(p_call, p_ends, p_want);
  v_limit integer;
  v_targets text[];
  v_last rhythm.worker_call;
  v_worker rhythm.worker;
  v_queues text[];
  v_answer jsonb := '{"refused": [], "declined": [], "early": {}}';
  v_parcels jsonb := '[]';
  v_claimed bigint[];
begin
  perform rhythm.require_read_committed();
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.require_home();
  v_limit := coalesce((p_want ->> 'limit')::integer, 0);
  v_targets := rhythm.texts_of(p_want -> 'targets');
  v_last := rhythm.last_call(p_worker, p_call);
  if p_call = v_last.call then
    return rhythm.same_answer(v_last);
  end if;
  select w.* into v_worker from rhythm.worker as w where w.id = p_worker;
  v_queues := coalesce(rhythm.texts_of(p_want -> 'queues'), v_worker.queues);
  if v_limit > 0 and p_ends = '[]' then
    v_queues := rhythm.ready_queues(v_queues, v_targets);
  end if;
  if v_limit > 0 and v_worker.sleeping and v_queues <> '{}' then
    update rhythm.worker as w set sleeping = false where w.id = p_worker;
    v_worker.sleeping := false;
  end if;
  if p_ends <> '[]' or v_limit > 0 and v_queues <> '{}' then
    -- From here to the commit, nobody can declare it dead.
    update rhythm.worker_call as c set call = p_call, refused = null where c.worker_id = p_worker and c.odd = v_last.odd and c.call < p_call;
    if not found then
      return rhythm.same_answer(rhythm.last_call(p_worker, p_call));
    end if;
    v_now := rhythm.now();
    if p_ends <> '[]' then
      v_answer := rhythm.settle_ends(p_worker, p_ends, p_call, coalesce((p_want ->> 'lease')::integer, 0), v_targets, v_now);
      v_parcels := rhythm.parcels(rhythm.texts_of((v_answer -> 'leased') || (v_answer -> 'born'))::bigint[], rhythm.texts_of(v_answer -> 'born')::bigint[]);
      -- Only now: the ends may have made room in a queue with limits, or made something ready.
      if v_limit > 0 then
        v_queues := rhythm.ready_queues(v_queues, v_targets);
      end if;
    end if;
    if v_limit > 0 and v_queues <> '{}' then
      v_claimed := rhythm.claim_batches(p_worker, p_call, v_queues, v_limit, v_targets, v_now);
      perform rhythm.deliver_rest(v_claimed);
      v_parcels := v_parcels || rhythm.parcels(v_claimed);
    end if;
    if (v_answer - '{leased,born}'::text[]) <> '{"refused": [], "declined": [], "early": {}}' then
      update rhythm.worker_call as c set refused = v_answer - '{leased,born}'::text[] where c.worker_id = p_worker and c.odd = v_last.odd;
    end if;
  end if;
  if v_limit > 0 and p_ends = '[]' and v_parcels = '[]' and v_worker.sleeping <> coalesce((p_want ->> 'sleeps')::boolean, false) then
    update rhythm.worker as w set sleeping = not v_worker.sleeping where w.id = p_worker;
  end if;
  return v_answer - '{leased,born}'::text[] || jsonb_build_object('call', p_call, 'now', round(extract(epoch from v_now) * 1000), 'parcels', v_parcels);
end;
$$;

comment on function rhythm.exchange(uuid, integer, jsonb, jsonb) is
  'Settles what a worker did and returns its next work, in one commit. p_ends: [{kind: done|outcome|steps|fire|leave, …}]. p_want: {queues, limit, targets, lease, sleeps}. '
  'Returns {call, now, refused: [{id, reason}], declined: [id], early: {id: ms}, retried: {id: ms}, parcels: [{common, ids, inputs, …}]}. refused: the lease is lost, nothing changed. '
  'declined: a row is locked, or the workflow is at another step; send it again, alone. retried: failed attempts that are repeated, and in how many milliseconds. now: the engine''s clock, in milliseconds since 1970, by which steps have their moments. The worker numbers its calls from 1; the same call again returns the same answer. See docs/reference/worker-protocol.md.';

-- What the call leased and the worker still holds is returned again, with its inputs.
create or replace function rhythm.same_answer(p_last rhythm.worker_call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_last.refused, '{"refused": [], "declined": [], "early": {}}') || jsonb_build_object('call', p_last.call, 'now', round(extract(epoch from rhythm.now()) * 1000), 'again', true,
    'parcels', rhythm.parcels(array(select b.id from rhythm.batch as b where b.worker = p_last.worker_id and b.call = p_last.call order by b.priority desc, b.first_id), '{}', true));
end;
$$;

comment on function rhythm.same_answer(rhythm.worker_call) is 'The answer to the last call of a worker, once more. Internal.';

-- A transactional task settles in the transaction of its handler.
create or replace function rhythm.settle_one(p_worker uuid, p_outcome jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_concerned uuid[];
begin
  perform rhythm.require_read_committed();
  if jsonb_typeof(p_outcome) is distinct from 'object' then
    perform rhythm.raise('RH001', 'p_outcome must be an object: {"id": "…", "call": 1, "status": "completed", "output": null}');
  end if;
  perform rhythm.check_items(jsonb_build_array(p_outcome));
  -- It waits for its parent: after the handler's writes, the worker cannot send it again.
  v_concerned := array(select distinct c.concerns from rhythm.concerned(jsonb_build_array(p_outcome)) as c);
  perform rhythm.lock_states(v_concerned);
  perform from rhythm.execution as e where e.id = (p_outcome ->> 'id')::uuid for no key update;
  return rhythm.settle_all(p_worker, jsonb_build_array(p_outcome), 0, 0, null, v_now) - '{leased,born}'::text[];
end;
$$;

comment on function rhythm.settle_one(uuid, jsonb) is
  'Commits the outcome of one leased task in the transaction of its handler: {id, call, status, output, error}. Returns {refused, declined}; raises what is wrong instead of failing the task.';
`,
  },
  {
    name: "settle/outcomes.sql",
    kind: "behaviour",
    checksum: "99ebbaed5fe320e3706434b0525c47a4dba4d5d2c44942db488977b1f32cd80a",
    text: `-- Outcomes: what a worker reports of executions, before anything is settled.

create or replace function rhythm.are_waits(p_waits jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_typeof(p_waits) = 'array' and p_waits <> '[]'
      and not jsonb_path_exists(p_waits, 'strict $[*] ? (!(@.mode == "any" || @.mode == "all") || !(@.ids.type() == "array" && @.ids.size() > 0))'), false)
  );
end;
$$;

comment on function rhythm.are_waits(jsonb) is 'Whether a value is a list of groups that a workflow can wait for. Internal.';

create or replace function rhythm.outcome_problem(p_outcome rhythm.outcome, p_limit integer)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_outcome.status is null then 'An outcome has no status'
    when p_outcome.status not in ('completed', 'failed', 'suspended', 'continued', 'cancelled', 'released') then
      format('"%s" cannot be the status of an outcome: expected completed, failed, suspended, continued, cancelled or released', p_outcome.status)
    when p_outcome.status = 'failed' and jsonb_typeof(p_outcome.error) is distinct from 'object' then 'A failed outcome needs an error: {"type", "message"}'
    when p_outcome.status = 'suspended' and p_outcome.snapshot is null then 'A suspended outcome needs a snapshot'
    when p_outcome.status = 'suspended' and not rhythm.are_waits(p_outcome.waits) then
      'A suspended outcome needs waits: [{"mode": "any" or "all", "ids": [at least one UUID]}, …]'
    when p_outcome.status = 'continued' and p_outcome.type = 'task' then 'A task cannot be continued: only workflows start over'
    when p_outcome.status = 'suspended' and p_outcome.type = 'task' then 'A task cannot be suspended: only workflows wait'
    when pg_column_size(p_outcome.error) > p_limit / 2 and octet_length(p_outcome.error::text) > p_limit then
      format('The error takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_outcome.error::text), p_limit)
    when pg_column_size(p_outcome.output) > p_limit / 2 and octet_length(p_outcome.output::text) > p_limit then
      format('The output takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_outcome.output::text), p_limit)
    when pg_column_size(p_outcome.snapshot) > p_limit / 2 and octet_length(p_outcome.snapshot::text) > p_limit then
      format('The snapshot takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_outcome.snapshot::text), p_limit)
  end;
end;
$$;

comment on function rhythm.outcome_problem(rhythm.outcome, integer) is 'What is wrong with an outcome, whose values may take p_limit bytes; null if nothing is. Internal.';

-- The workflows whose states an outcome changes: the workflow itself, its parent, and the receivers of its signals. If the
-- workflow fails and will be repeated, also the workflows that failed under it.
create or replace function rhythm.concerned(p_items jsonb)
returns table (id uuid, concerns uuid)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select e.id, x.id
  from jsonb_array_elements(p_items) as o (value)
  cross join lateral (select y.id, y.type, y.parent_id from rhythm.execution as y where y.id = (o.value ->> 'id')::uuid offset 0) as e
  cross join lateral (values (case when e.type = 'workflow' then e.id end), (e.parent_id)) as x (id)
  where x.id is not null;
  if jsonb_path_exists(p_items, '$[*] ? (@.status == "failed")') then
    return query
    select e.id, r.id
    from jsonb_array_elements(p_items) as o (value)
    join rhythm.execution as e on e.id = (o.value ->> 'id')::uuid and e.type = 'workflow' and rhythm.max_attempts(e.retry) > 1
    cross join lateral unnest(rhythm.retry_reach(e.id)) as r (id)
    where o.value ->> 'status' = 'failed';
  end if;
  if jsonb_path_exists(p_items, '$[*].effects[*] ? (@.type == "send_signal")') then
    return query
    select (o.value ->> 'id')::uuid, rhythm.as_uuid(f.value ->> 'executionId')
    from jsonb_array_elements(p_items) as o (value)
    cross join lateral jsonb_array_elements(case jsonb_typeof(o.value -> 'effects') when 'array' then o.value -> 'effects' else '[]' end) as f (value)
    where f.value ->> 'type' = 'send_signal' and rhythm.as_uuid(f.value ->> 'executionId') is not null;
  end if;
end;
$$;

comment on function rhythm.concerned(jsonb) is 'For each outcome, the workflows whose states it may change. Internal.';

create or replace function rhythm.check_items(p_items jsonb)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select from jsonb_array_elements(p_items) as o (value)
    where not coalesce(o.value ->> 'id' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', false)
      or not coalesce(jsonb_typeof(o.value -> 'call') = 'number' and o.value ->> 'call' ~ '^\\d{1,9}$', false)
  ) then
    perform rhythm.raise('RH001', 'Every outcome needs its id (a UUID) and the call that leased it');
  elsif exists (
    select from jsonb_array_elements(p_items) as o (value)
    where coalesce(o.value ->> 'seq' !~ '^\\d{1,9}$', false)
      or jsonb_typeof(o.value -> 'finished') not in ('boolean', 'null')
      or jsonb_typeof(o.value -> 'retryable') not in ('boolean', 'null')
  ) then
    perform rhythm.raise('RH001', 'The seq of an outcome must be a whole number, its finished and retryable true or false');
  end if;
end;
$$;

comment on function rhythm.check_items(jsonb) is 'Raises RH001 unless every outcome has an id and a call, and what else it has can be read. Internal.';

-- How an execution continues. A cancellation wins, unless the handler had ended before the worker was told.
create or replace function rhythm.fate_of(p_outcome rhythm.outcome, p_execution rhythm.execution, p_failures integer)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_outcome.status = 'suspended' then 'suspended'
    when p_outcome.status <> 'released' and rhythm.is_past_deadline(p_execution) then 'failed'
    when p_outcome.status = 'cancelled' then 'cancelled'
    when p_execution.cancel_reason is not null and p_outcome.status = 'completed' then
      case when p_outcome.finished then 'completed' else 'cancelled' end
    when p_execution.cancel_reason is not null and (p_outcome.status in ('failed', 'continued') or p_execution.type = 'task') then 'cancelled'
    when p_outcome.status = 'failed' and coalesce(p_outcome.retryable, true)
      and rhythm.attempts_left(p_execution.retry, p_failures + 1, 0) then 'retry'
    else p_outcome.status
  end;
end;
$$;

comment on function rhythm.fate_of(rhythm.outcome, rhythm.execution, integer) is 'How an execution continues: completed, failed, cancelled, suspended, released or retry. Internal.';

-- The step in which a workflow failed runs again, and starts everything again. Its log lines stay.
create or replace function rhythm.log_effects(p_effects jsonb)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_path_query_array(p_effects, '$[*] ? (@.type == "log")');
$$;

comment on function rhythm.log_effects(jsonb) is 'The log lines among the effects of a step. Internal.';

-- A step with an impossible moment is refused: its workflow goes back to its queue and repeats the step.
-- Locks what the worker still holds and nobody else has locked. The number of steps tells a repeated call from a new lease.
create or replace function rhythm.held_outcomes(p_worker uuid, p_items jsonb, p_now timestamptz)
returns rhythm.outcome[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_slack constant interval := rhythm.moment_slack(p_worker);
  v_result rhythm.outcome[];
begin
  -- The lock inside and offset 0 make the planner go from each outcome to its rows. Otherwise it would read
  -- everything that the worker holds.
  select coalesce(array_agg(h.o order by (h.o).id), '{}')
  into v_result
  from (
    select row(g.id, g.call, g.seq, g.status, g.output, g.error, g.retryable, g.finished,
      case when m.is_right then g.reason else format('A step was taken at %s, too far from the clock of the database', g.moment) end,
      g.delay_ms, g.moment, g.snapshot, case f.fate when 'released' then null when 'retry' then rhythm.log_effects(g.effects) else g.effects end,
      g.waits, g.keep, g.released, g.stack, g.cleanup, f.fate, (e.row).type, b.id)::rhythm.outcome as o
    from (select o.* from jsonb_populate_recordset(null::rhythm.outcome, p_items) as o order by o.id) as g
    cross join lateral (select x as row from rhythm.execution as x where x.id = g.id and x.state = 0 for no key update skip locked) as e
    left join rhythm.workflow_state as s on s.execution_id = g.id
    join lateral (select x.id, x.worker, x.call, x.failures from rhythm.batch as x where x.id = coalesce((e.row).batch_id, s.batch_id) offset 0) as b
      on b.worker = p_worker and b.call = g.call
    cross join lateral (select coalesce(g.moment between p_now - v_slack and p_now + v_slack, true) as is_right) as m
    cross join lateral (select case when m.is_right then rhythm.fate_of(g, e.row, b.failures) else 'released' end as fate offset 0) as f
    where g.seq is null or s.seq = g.seq
  ) as h;
  return v_result;
end;
$$;

comment on function rhythm.held_outcomes(uuid, jsonb, timestamptz) is 'The outcomes whose lease the worker still holds, their executions locked. Internal.';

-- Outcomes that were not held: if the worker still has the lease, another session locked the row, so it is declined. Otherwise refused.
create or replace function rhythm.not_held(p_worker uuid, p_items jsonb, p_held uuid[])
returns table (id uuid, declined boolean, reason text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select x.id, b.id is not null,
    case when e.id is null then 'unknown execution' when e.state > 0 then 'it is ' || rhythm.status_name(e.state, null, null) else 'its lease is lost' end
  from (select (o.value ->> 'id')::uuid as id, (o.value ->> 'call')::integer as call, (o.value ->> 'seq')::integer as seq from jsonb_array_elements(p_items) as o (value)) as x
  left join rhythm.execution as e on e.id = x.id
  left join rhythm.workflow_state as s on s.execution_id = x.id
  left join lateral (select y.id, y.worker, y.call from rhythm.batch as y where y.id = coalesce(e.batch_id, s.batch_id) offset 0) as b
    on b.worker = p_worker and b.call = x.call and (x.seq is null or s.seq = x.seq)
  where x.id <> all (p_held);
end;
$$;

comment on function rhythm.not_held(uuid, jsonb, uuid[]) is 'Outcomes that changed nothing: declined, or refused with the reason. Internal.';
`,
  },
  {
    name: "settle/report.sql",
    kind: "behaviour",
    checksum: "d0f58dd9819fd447a8d3c1dbeb4f7ae710ef09586ccd791acad529dfd2a42858",
    text: `-- What a worker reports of executions while they run.

create or replace function rhythm.report_problem(p_lines jsonb, p_progress jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_uuid constant text := '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
begin
  if jsonb_typeof(p_lines) is distinct from 'array' then
    return 'p_lines must be a JSON array: [{"id", "at", "level", "message", "data"}, …]';
  elsif jsonb_typeof(p_progress) is distinct from 'object' then
    return 'p_progress must be a JSON object: {"<id>": <value>, …}';
  end if;
  return coalesce(
    (select 'Every log line needs an id (a UUID), a level (debug, info, warn or error) and a message (a text)'
    from jsonb_array_elements(p_lines) as l (value)
    where jsonb_typeof(l.value) <> 'object'
      or not coalesce(l.value ->> 'id' ~ c_uuid and l.value ->> 'level' in ('debug', 'info', 'warn', 'error')
        and jsonb_typeof(l.value -> 'message') = 'string', false)
    limit 1),
    (select format('A log line takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(l.value::text), v_limit)
    from jsonb_array_elements(p_lines) as l (value) where octet_length(l.value::text) > v_limit limit 1),
    (select format('"%s" in p_progress is not a UUID', left(p.key, 60)) from jsonb_each(p_progress) as p where p.key !~ c_uuid limit 1),
    (select format('The progress of %s takes %s bytes: at most %s are allowed (setting max_payload_bytes)', p.key, octet_length(p.value::text), v_limit)
    from jsonb_each(p_progress) as p where octet_length(p.value::text) > v_limit limit 1)
  );
end;
$$;

comment on function rhythm.report_problem(jsonb, jsonb) is 'What is wrong with the arguments of report(); null if nothing is. Internal.';

create or replace function rhythm.report(p_worker uuid, p_lines jsonb default '[]', p_progress jsonb default '{}')
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem constant text := rhythm.report_problem(p_lines, p_progress);
  v_held uuid[];
  v_free uuid[];
begin
  perform rhythm.require_read_committed();
  if v_problem is not null then
    perform rhythm.raise(case when v_problem like '%at most%' then 'RH006' else 'RH001' end, v_problem);
  end if;
  v_held := array(
    select e.id
    from (
      select (l.value ->> 'id')::uuid as id from jsonb_array_elements(p_lines) as l (value)
      union
      select k.id::uuid from jsonb_object_keys(p_progress) as k (id)
    ) as r
    join rhythm.execution as e on e.id = r.id and e.state = 0
    left join rhythm.workflow_state as s on s.execution_id = e.id
    join lateral (select x.id, x.worker from rhythm.batch as x where x.id = coalesce(e.batch_id, s.batch_id) offset 0) as b on b.worker = p_worker);
  insert into rhythm.log_line (execution_id, at, level, message, data)
  select (l.value ->> 'id')::uuid, coalesce(rhythm.timestamp_of(l.value ->> 'at'), rhythm.now()), l.value ->> 'level', l.value ->> 'message', l.value -> 'data'
  from jsonb_array_elements(p_lines) with ordinality as l (value, nth)
  where (l.value ->> 'id')::uuid = any (v_held)
  order by l.nth;
  -- In the order in which ends lock them. A locked one is skipped, and notified the next time.
  v_free := array(
    select e.id from rhythm.execution as e
    where e.id = any (array(select k.id::uuid from jsonb_object_keys(p_progress) as k (id))) and e.id = any (v_held)
    order by e.id
    for no key update skip locked);
  update rhythm.execution as e set progress = p.value
  from jsonb_each(p_progress) as p
  where e.id = p.key::uuid and e.id = any (v_free);
  perform rhythm.notify('progress', e.id::text)
  from rhythm.execution as e
  where e.id = any (v_free) and e.notify_on_end;
end;
$$;

comment on function rhythm.report(uuid, jsonb, jsonb) is
  'Stores log lines [{id, at, level, message, data}] and progress {id: value} of executions that the worker holds. Notifies those who watch them (channel progress).';
`,
  },
  {
    name: "settle/settle.sql",
    kind: "behaviour",
    checksum: "cb07977890ed2c8fab769d941df250f87247a67337916c5d95be924aa744fca8",
    text: `-- Settling outcomes.

-- One transaction. Never waits for a row: what it cannot lock at once, it declines.
-- Locks: states, executions, batches.
create or replace function rhythm.settle_all(p_worker uuid, p_items jsonb, p_call integer, p_lease integer, p_targets text[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_free uuid[];
  v_stuck uuid[] := '{}';
  v_held rhythm.outcome[];
  v_flows rhythm.outcome[];
  v_groups rhythm.grouping[];
  v_at_once uuid[] := '{}';
  v_born rhythm.batch[] := '{}';
  v_waiters uuid[] := '{}';
  v_requests jsonb;
  v_ended rhythm.transition[];
  v_items rhythm.settled_item[] := '{}';
  v_returned record;
  v_leased bigint[];
  v_problem text;
  v_sorted record;
begin
  perform rhythm.check_items(p_items);
  v_stuck := array(select distinct c.concerns from rhythm.concerned(p_items) as c);
  if v_stuck <> '{}' then
    v_free := rhythm.lock_free_states(v_stuck);
    v_stuck := array(select s.execution_id from rhythm.workflow_state as s where s.execution_id = any (v_stuck) and s.execution_id <> all (v_free));
    if v_stuck <> '{}' then
      v_stuck := array(select distinct c.id from rhythm.concerned(p_items) as c where c.concerns = any (v_stuck));
    end if;
  end if;
  v_held := rhythm.held_outcomes(p_worker, case when v_stuck = '{}' then p_items else
    (select coalesce(jsonb_agg(o.value), '[]') from jsonb_array_elements(p_items) as o (value) where (o.value ->> 'id')::uuid <> all (v_stuck)) end, p_now);
  select rhythm.outcome_problem(o, v_limit) into v_problem from unnest(v_held) as o where rhythm.outcome_problem(o, v_limit) is not null limit 1;
  if v_problem is not null then
    perform rhythm.raise(case when v_problem like '% bytes: at most %' then 'RH006' else 'RH001' end, v_problem);
  end if;

  if exists (select from unnest(v_held) as o where o.moment is not null) then
    perform rhythm.note_steps(v_held);
  end if;
  v_flows := array(select o from unnest(v_held) as o where o.fate in ('suspended', 'continued') or jsonb_array_length(o.effects) > 0);
  if v_flows <> '{}' then
    v_groups := array(
      select case o.fate when 'suspended' then rhythm.group_waits(o.id, o.waits, array(
        select (f.value ->> 'id')::uuid from jsonb_array_elements(o.effects) as f (value) where f.value ? 'id' order by 1)) end
      from unnest(v_flows) as o);
    v_requests := rhythm.child_requests(v_flows, v_groups);
    if jsonb_path_exists(v_requests, '$[*] ? (exists(@.idempotency_key) || exists(@.unique))') then
      v_waiters := rhythm.make_key_waiters(v_requests, p_now);
      v_requests := (select coalesce(jsonb_agg(r.value order by r.nth), '[]') from jsonb_array_elements(v_requests) with ordinality as r (value, nth)
        where (r.value ->> 'id')::uuid <> all (v_waiters));
    end if;
    if v_requests <> '[]' then
      v_sorted := rhythm.sort_requests(v_requests, p_now);
      v_born := rhythm.make_executions(v_sorted.kinds, v_sorted.newcomers, p_now, p_worker, p_call, p_lease, p_targets);
    end if;
    perform rhythm.insert_timers(v_flows, v_groups);
    perform rhythm.insert_logs(v_flows, p_now);
    if jsonb_path_exists(p_items, '$[*].effects[*] ? (@.type == "tag")') then
      perform rhythm.write_tags(v_flows);
    end if;
    perform rhythm.release_waits(v_flows);
    v_at_once := rhythm.store_states(v_flows, v_groups);
    v_at_once := v_at_once || array(
      select o.id from unnest(v_flows) as o
      where o.fate = 'suspended' and exists (select from rhythm.execution as x where x.id = o.id and x.stopping offset 0));
    v_at_once := v_at_once || rhythm.continue_flows(v_flows, p_now);
    update rhythm.execution as e set stopping = false
    where e.stopping and e.id = any (array(select o.id from unnest(v_flows) as o where o.fate = 'suspended'));
  end if;

  v_ended := rhythm.write_ends(v_held, p_now);
  v_returned := rhythm.write_returns(v_held, p_now);
  perform rhythm.drop_empty_batches(array(select distinct o.batch_id from unnest(v_held) as o));
  if v_flows <> '{}' then
    perform rhythm.cancel_started(v_flows, v_at_once, p_now);
    if v_waiters <> '{}' then
      v_ended := v_ended || rhythm.join_owners(v_waiters, p_now);
    end if;
    v_items := rhythm.settle_signals(v_flows, p_now);
  end if;
  v_leased := rhythm.resume(v_at_once, p_now, p_worker, p_call,
    p_lease - coalesce((select sum(b.size) from unnest(v_born) as b where b.worker is not null), 0)::integer);
  v_leased := v_leased || rhythm.follow_ends(v_ended, v_items, p_now, p_worker, p_call,
    p_lease - coalesce((select sum(b.size) from unnest(v_born) as b where b.worker is not null), 0)::integer - cardinality(v_leased));
  perform rhythm.wake_for(v_born);
  perform rhythm.wake(v_returned.queues);
  return rhythm.settled_answer(p_worker, p_items, array(select o.id from unnest(v_held) as o where o.status = 'released' or o.fate <> 'released'),
    v_leased || array(select b.id from unnest(v_born) as b where b.worker is not null and b.type = 'workflow'),
    array(select b.id from unnest(v_born) as b where b.worker is not null and b.type = 'task'))
    || case when v_returned.retried is null then '{}' else jsonb_build_object('retried', v_returned.retried) end;
end;
$$;

comment on function rhythm.settle_all(uuid, jsonb, integer, integer, text[], timestamptz) is 'Settles all outcomes; if there is an error, none of them. Internal.';

-- {refused, declined, leased: batches to hand over, born: batches whose inputs the worker knows}. settle_all() adds
-- retried if there are failed attempts that will be repeated: {id: milliseconds until then}.
create or replace function rhythm.settled_answer(p_worker uuid, p_items jsonb, p_held uuid[], p_leased bigint[], p_born bigint[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refused jsonb := '[]';
  v_declined jsonb := '[]';
begin
  if cardinality(p_held) < jsonb_array_length(p_items) then
    select coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'reason', n.reason)) filter (where not n.declined), '[]'),
      coalesce(jsonb_agg(n.id) filter (where n.declined), '[]')
    into v_refused, v_declined
    from rhythm.not_held(p_worker, p_items, p_held) as n;
  end if;
  return jsonb_build_object('refused', v_refused, 'declined', v_declined, 'leased', p_leased, 'born', p_born);
end;
$$;

comment on function rhythm.settled_answer(uuid, jsonb, uuid[], bigint[], bigint[]) is 'What happened to outcomes, and what was leased with them. Internal.';

create or replace function rhythm.lock_free_states(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[];
begin
  with held as (
    select s.execution_id from rhythm.workflow_state as s
    where s.execution_id = any (p_ids)
    order by s.execution_id
    for update skip locked
  )
  select coalesce(array_agg(h.execution_id), '{}') from held as h
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.lock_free_states(uuid[]) is 'Locks the states of workflows that no other session has locked, and returns those. Never waits. Internal.';

-- Signals that workflows sent, and signals that they began to wait for.
create or replace function rhythm.settle_signals(p_flows rhythm.outcome[], p_now timestamptz)
returns rhythm.settled_item[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_receivers uuid[];
begin
  perform rhythm.send_signals(p_flows, p_now);
  v_receivers := array(
    select o.id from unnest(p_flows) as o
    where o.fate = 'suspended' and exists (select from rhythm.signal_wait as w where w.execution_id = o.id)
    union
    select rhythm.as_uuid(f.value ->> 'executionId')
    from unnest(p_flows) as o cross join lateral jsonb_array_elements(o.effects) as f
    where f.value ->> 'type' = 'send_signal' and rhythm.as_uuid(f.value ->> 'executionId') is not null);
  return case when v_receivers = '{}' then '{}' else rhythm.match_signals(v_receivers) end;
end;
$$;

comment on function rhythm.settle_signals(rhythm.outcome[], timestamptz) is 'Sends the signals of outcomes and matches what their workflows wait for; returns the waits that took one. Internal.';

-- A workflow that was cancelled while it ran did not know, and started these. No other session sees them yet, so their locks are free.
create or replace function rhythm.cancel_started(p_flows rhythm.outcome[], p_stopping uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.cancel_trees(array_agg((f.value ->> 'id')::uuid), min(e.cancel_reason), p_now)
  from unnest(p_flows) as o
  cross join lateral (select x.cancel_reason from rhythm.execution as x where x.id = o.id and x.cancel_reason is not null offset 0) as e
  cross join lateral jsonb_array_elements(o.effects) as f
  where o.id = any (p_stopping) and f.value ->> 'type' in ('run_task', 'run_workflow') and f.value #>> '{options,on_parent_cancel}' is distinct from 'abandon'
  group by o.id;
end;
$$;

comment on function rhythm.cancel_started(rhythm.outcome[], uuid[], timestamptz) is 'Cancels what workflows started after they were cancelled. Internal.';

-- If the data of an outcome causes an error, the outcomes are split until the bad one is alone. It fails its execution with
-- the reason, and the others are settled.
create or replace function rhythm.settle_outcomes(p_worker uuid, p_items jsonb, p_call integer, p_lease integer, p_targets text[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count constant integer := jsonb_array_length(p_items);
  v_first jsonb;
  v_second jsonb;
  v_code text;
  v_message text;
begin
  return rhythm.settle_all(p_worker, p_items, p_call, p_lease, p_targets, p_now);
exception
  when others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
    -- The outcome is not the cause of deadlocks, cancelled statements, missing resources, an upgrade, or a server that stops.
    if not rhythm.is_data_error(v_code) and v_code <> '55P03' then
      raise;
    end if;
    if v_count > 1 then
      v_first := rhythm.settle_outcomes(p_worker, jsonb_path_query_array(p_items, format('$[0 to %s]', v_count / 2 - 1)::jsonpath), p_call, p_lease, p_targets, p_now);
      v_second := rhythm.settle_outcomes(p_worker, jsonb_path_query_array(p_items, format('$[%s to last]', v_count / 2)::jsonpath), p_call, 0, p_targets, p_now);
      return rhythm.both_answers(v_first, v_second);
    elsif v_code = '55P03' then
      return jsonb_build_object('refused', '[]'::jsonb, 'declined', jsonb_build_array(p_items -> 0 -> 'id'), 'leased', '[]'::jsonb, 'born', '[]'::jsonb);
    elsif not coalesce(p_items #>> '{0,id}' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', false) or jsonb_typeof(p_items #> '{0,call}') is distinct from 'number' then
      raise;
    end if;
    return rhythm.settle_all(p_worker, jsonb_build_array(jsonb_build_object(
      'id', p_items -> 0 -> 'id', 'call', p_items -> 0 -> 'call', 'seq', p_items -> 0 -> 'seq', 'status', 'failed', 'retryable', false,
      'error', jsonb_build_object('type', 'SettleError', 'message', v_message, 'code', v_code))), p_call, 0, p_targets, p_now);
end;
$$;

comment on function rhythm.settle_outcomes(uuid, jsonb, integer, integer, text[], timestamptz) is
  'Settles outcomes; an outcome that the database cannot store fails its execution with the reason. Internal.';

create or replace function rhythm.both_answers(p_first jsonb, p_second jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('refused', (p_first -> 'refused') || (p_second -> 'refused'), 'declined', (p_first -> 'declined') || (p_second -> 'declined'),
    'leased', (p_first -> 'leased') || (p_second -> 'leased'), 'born', (p_first -> 'born') || (p_second -> 'born'),
    'early', coalesce(p_first -> 'early', '{}') || coalesce(p_second -> 'early', '{}'))
    || case when p_first ? 'problem' then jsonb_build_object('problem', p_first -> 'problem') else '{}' end
    || case when p_first ? 'retried' or p_second ? 'retried'
      then jsonb_build_object('retried', coalesce(p_first -> 'retried', '{}') || coalesce(p_second -> 'retried', '{}')) else '{}' end;
end;
$$;

comment on function rhythm.both_answers(jsonb, jsonb) is 'Joins two answers. Internal.';
`,
  },
  {
    name: "settle/states.sql",
    kind: "behaviour",
    checksum: "0f14ff32c7bdb7af36ca7c2b47767110f69b7606e362b7c6ae0778e0d3d716c7",
    text: `-- The states of workflows after a step.

-- The groups that a workflow waits for. If the first old item of a group belongs to a group of the last step, the group keeps
-- that number, so that a fan-in over many steps is not written again in each step. A group that needs all of its members
-- keeps it only if it still has all of them, otherwise members that nobody waits for would be counted. If an item belongs
-- to two groups, its end lets the workflow continue at once, as group 0.
-- p_new: what this step starts, in ascending order. Raises RH001 for anything that is not a child, timer or wait for a signal of it.
create or replace function rhythm.group_waits(p_execution uuid, p_waits jsonb, p_new uuid[])
returns rhythm.grouping
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result rhythm.grouping;
  v_state rhythm.workflow_state;
  v_group jsonb;
  v_ids uuid[];
  v_old uuid[];
  v_number integer;
  v_unknown uuid;
begin
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_execution;
  v_result.last_group := v_state.last_group;
  v_result.execution_id := p_execution;
  v_result.groups := '{}';
  v_result.need := '{}';
  v_result.items := '{}';
  v_result.numbers := '{}';
  v_result.old := '{}';
  for v_group in select g.value from jsonb_array_elements(p_waits) with ordinality as g (value, nth) order by g.nth loop
    v_ids := array(select i.id::uuid from jsonb_array_elements_text(v_group -> 'ids') as i (id));
    v_old := array(select i.id from unnest(v_ids) as i (id) where p_new[width_bucket(i.id, p_new)] is distinct from i.id);
    v_number := null;
    if v_old <> '{}' then
      v_result.old := v_result.old || v_old;
      v_number := coalesce(
        (select e.wait_group from rhythm.execution as e where e.id = v_old[1]), (select t.wait_group from rhythm.timer as t where t.id = v_old[1]),
        (select w.wait_group from rhythm.signal_wait as w where w.id = v_old[1]));
      if v_number <> all (v_state.groups) or v_number = any (v_result.groups) or v_group ->> 'mode' = 'all'
        and cardinality(v_old) <> v_state.need[array_position(v_state.groups, v_number)] + (
          select count(*) from rhythm.inbox as i where i.execution_id = p_execution and i.nth > v_state.delivered and i.wait_group = v_number) then
        v_number := null;
      end if;
    end if;
    if v_number is null then
      v_result.last_group := v_result.last_group + 1;
      v_number := v_result.last_group;
    end if;
    v_result.groups := v_result.groups || v_number;
    v_result.need := v_result.need || case v_group ->> 'mode' when 'all' then cardinality(v_ids) else 1 end;
    v_result.items := v_result.items || v_ids;
    v_result.numbers := v_result.numbers || array_fill(v_number, array[cardinality(v_ids)]);
  end loop;
  if cardinality(v_result.groups) > 1 and (select count(*) > count(distinct i.id) from unnest(v_result.items) as i (id)) then
    v_result.groups := v_result.groups || 0;
    v_result.need := v_result.need || 1;
    v_result.numbers := array(
      select case when count(*) over (partition by i.id) > 1 then 0 else i.number end from unnest(v_result.items, v_result.numbers) with ordinality as i (id, number, nth) order by i.nth);
  end if;
  if v_result.old = '{}' then
    return v_result;
  end if;
  select i.id into v_unknown from unnest(v_result.old) as i (id)
  where not exists (select from rhythm.execution as e where e.id = i.id and e.parent_id = p_execution)
    and not exists (select from rhythm.timer as t where t.id = i.id and t.execution_id = p_execution)
    and not exists (select from rhythm.signal_wait as w where w.id = i.id and w.execution_id = p_execution)
  limit 1;
  if v_unknown is not null then
    perform rhythm.raise('RH001', format('Workflow %s cannot wait for %s: it is not a child, timer or wait for a signal of this workflow', p_execution, v_unknown));
  end if;
  return v_result;
end;
$$;

comment on function rhythm.group_waits(uuid, jsonb, uuid[]) is 'The groups of waits of a workflow after a step. Internal.';

-- What an earlier step started now belongs to its group of this step.
create or replace function rhythm.renumber_waits(p_grouping rhythm.grouping)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_grouping.old = '{}' then
    return;
  end if;
  update rhythm.execution as e set wait_group = i.number
  from unnest(p_grouping.items, p_grouping.numbers) as i (id, number)
  where i.id = any (p_grouping.old) and e.id = i.id and e.state = 0 and e.wait_group is distinct from i.number;
  update rhythm.timer as t set wait_group = i.number
  from unnest(p_grouping.items, p_grouping.numbers) as i (id, number)
  where i.id = any (p_grouping.old) and t.id = i.id and t.wait_group is distinct from i.number;
  update rhythm.signal_wait as w set wait_group = i.number
  from unnest(p_grouping.items, p_grouping.numbers) as i (id, number)
  where i.id = any (p_grouping.old) and w.id = i.id and w.wait_group is distinct from i.number;
end;
$$;

comment on function rhythm.renumber_waits(rhythm.grouping) is 'Puts what a workflow started earlier into its groups of this step. Internal.';

-- Drops what workflows can no longer observe: what is in released, or, if keep is given, what is not in keep. If a dropped wait
-- had taken a signal, the signal is kept for the next wait, in its old place.
create or replace function rhythm.release_waits(p_flows rhythm.outcome[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_dropped uuid[];
begin
  v_dropped := array(
    select x.id
    from unnest(p_flows) as o
    cross join lateral (
      select w.id from rhythm.signal_wait as w
      where w.execution_id = o.id and (w.id <> all (o.keep) or w.id = any (coalesce(o.released, '{}')))
        and (w.signal_id is null and not w.timed_out
          or exists (
            select from rhythm.workflow_state as s join rhythm.inbox as i on i.execution_id = s.execution_id and i.nth > s.delivered
            where s.execution_id = o.id and i.item = w.id))
      offset 0
    ) as x);
  if v_dropped <> '{}' then
    update rhythm.signal as g set taken_by = null from rhythm.signal_wait as w where w.id = any (v_dropped) and g.id = w.signal_id;
    delete from rhythm.inbox as i using unnest(p_flows) as o where i.execution_id = o.id and i.item = any (v_dropped);
    delete from rhythm.signal_wait as w where w.id = any (v_dropped);
  end if;
  v_dropped := array(
    select x.id
    from unnest(p_flows) as o
    cross join lateral (
      select t.id from rhythm.timer as t
      where t.execution_id = o.id and (t.id <> all (o.keep) or t.id = any (coalesce(o.released, '{}'))) and not t.deadline and not t.fired
      offset 0
    ) as x);
  if v_dropped <> '{}' then
    delete from rhythm.timer as t where t.id = any (v_dropped);
  end if;
end;
$$;

comment on function rhythm.release_waits(rhythm.outcome[]) is 'Drops timers and waits for signals that workflows no longer hold. Internal.';

-- Workers choose the moments. One that is far from this clock would give the workflow a wrong time, and its timers and ids
-- too.
create or replace function rhythm.moment_slack(p_worker uuid)
returns interval
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select w.lease_ms * interval '0.5 milliseconds' from rhythm.worker as w where w.id = p_worker);
end;
$$;

comment on function rhythm.moment_slack(uuid) is 'How far the moment of a step may be from the clock of the database. Internal.';

-- What a step took goes into the journal, in order, before the inbox is cleared. A cancellation has the workflow's own id.
-- Workflows in TypeScript have no moments: their steps have rows of their own.
create or replace function rhythm.note_steps(p_outcomes rhythm.outcome[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.journal (execution_id, step, moment, items)
  select o.id, s.seq + 1, o.moment, case when o.reason is null then '{}' else array[o.id] end
    || case when s.delivered = 0 then '{}'
      else array(select i.item from rhythm.inbox as i where i.execution_id = o.id and i.nth <= s.delivered order by i.nth) end
  from unnest(p_outcomes) as o
  cross join lateral (select x.seq, x.delivered from rhythm.workflow_state as x where x.execution_id = o.id offset 0) as s
  where o.moment is not null and o.type = 'workflow' and o.fate in ('suspended', 'completed', 'failed', 'cancelled');
end;
$$;

comment on function rhythm.note_steps(rhythm.outcome[]) is 'Writes the steps of workflows into their journals. Internal.';

-- Stores the states of workflows that suspend. p_groups: the groups of each, null for the others.
-- Returns those that can continue at once, because what they wait for has already ended.
create or replace function rhythm.store_states(p_flows rhythm.outcome[], p_groups rhythm.grouping[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_taken tid[];
  v_late uuid[];
  v_result uuid[] := '{}';
  v_grouping rhythm.grouping;
  v_need integer[];
begin
  v_taken := array(
    select i.ctid
    from unnest(p_flows) as o
    cross join lateral (select x.delivered from rhythm.workflow_state as x where x.execution_id = o.id and x.delivered > 0 offset 0) as s
    cross join lateral (select x.ctid from rhythm.inbox as x where x.execution_id = o.id and x.nth <= s.delivered offset 0) as i
    where o.fate = 'suspended');
  if v_taken <> '{}' then
    delete from rhythm.inbox as i where i.ctid = any (v_taken);
  end if;
  with stored as (
    update rhythm.workflow_state as s
    set seq = s.seq + 1, snapshot = o.snapshot, stack = o.stack, cleanup = coalesce(o.cleanup, false), last_group = g.last_group, groups = g.groups,
      sizes = g.need, need = g.need, delivered = 0, arrived = case when s.arrived > s.delivered then s.arrived else 0 end, batch_id = null,
      attempt = b.attempt, failures = b.failures
    from unnest(p_flows) with ordinality as o
    cross join lateral (select (p_groups[o.ordinality]).*) as g
    cross join lateral (select x.attempt, x.failures from rhythm.batch as x where x.id = o.batch_id offset 0) as b
    where s.execution_id = o.id and o.fate = 'suspended'
    returning s.execution_id, s.arrived
  )
  select array_agg(s.execution_id) filter (where s.arrived > 0) into v_late from stored as s;
  foreach v_grouping in array p_groups loop
    continue when v_grouping.old is null or v_grouping.old = '{}' and v_grouping.execution_id <> all (coalesce(v_late, '{}'));
    perform rhythm.renumber_waits(v_grouping);
    continue when v_grouping.execution_id <> all (coalesce(v_late, '{}'));
    update rhythm.inbox as i set wait_group = v_grouping.numbers[array_position(v_grouping.items, i.item)] where i.execution_id = v_grouping.execution_id;
    v_need := rhythm.need_after(v_grouping.groups, v_grouping.need, array(
      select row(i.execution_id, i.item, i.failed, i.wait_group)::rhythm.settled_item from rhythm.inbox as i where i.execution_id = v_grouping.execution_id));
    update rhythm.workflow_state as s set need = v_need where s.execution_id = v_grouping.execution_id;
    if 0 >= any (v_need) then
      v_result := v_result || v_grouping.execution_id;
    end if;
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.store_states(rhythm.outcome[], rhythm.grouping[]) is 'Stores the states of workflows that suspend; returns those that can continue at once. Internal.';
`,
  },
  {
    name: "settle/steps.sql",
    kind: "behaviour",
    checksum: "f5068818bae8e9237450ead6872e99b9e276e11ab595b48808b2e52ac9e81671",
    text: `-- Steps of workflows that their worker has in memory: the end of a task or a due timer, the workflow's next state, and the
-- tasks and timers that it started. They share one transaction, without a lease of the workflow and without reading it back.

-- Is an id in an array in ascending order? p_ids[width_bucket(id, p_ids)] = id, which calls no function of ours.
create or replace function rhythm.steps_problem(p_ends rhythm.step_end[], p_timers jsonb, p_children jsonb, p_kinds jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_problem text;
begin
  select case
    when bool_or(not coalesce(e.id is not null and e.flow is not null and (e.timer or e.call > 0) and e.seq >= 0, false)) then
      'Every end needs id, call, flow and seq; that of a timer no call'
    when bool_or(not coalesce(e.next = 'completed' or e.next = 'suspended' and jsonb_typeof(e.snapshot) = 'object', false)) then
      'An end is followed by a workflow that is suspended, with its snapshot, or completed'
    when bool_or(e.next = 'suspended' and not coalesce(e.mode in ('any', 'all') and cardinality(e.ids) > 0, false)) then
      'A suspended workflow waits: mode any or all, and ids'
    -- Nobody would be told of the second of two ends.
    when count(*) > count(distinct e.flow) then 'Two ends let the same workflow go on: settle one of them alone'
    when bool_or(e.next <> 'suspended' and e.timers is not null) then 'A workflow that is over starts no timers'
    when max(greatest(pg_column_size(e.output), pg_column_size(e.result), pg_column_size(e.snapshot))) > v_limit / 2
      and max(greatest(octet_length(e.output::text), octet_length(e.result::text), octet_length(e.snapshot::text))) > v_limit then
      format('An output, a result or a snapshot takes more than %s bytes', v_limit)
  end
  into v_problem
  from unnest(p_ends) as e;
  if v_problem is null and jsonb_path_exists(p_timers, '$[*] ? (!exists(@.id) || !exists(@.at))') then
    return 'Every timer needs id and at';
  end if;
  if v_problem is null and p_children <> '[]' then
    select case
      when jsonb_path_exists(p_kinds, '$[*] ? (exists(@.idempotency_key) || exists(@.unique))') then 'A child with an idempotency key or a unique key is started with an outcome'
      when bool_or(not coalesce(c.id is not null and c.flow is not null and c.kind >= 0, false)) then 'Every child needs id, flow and kind'
      when max(c.kind) >= jsonb_array_length(p_kinds) then format('There is no kind %s: %s were given, counted from 0', max(c.kind), jsonb_array_length(p_kinds))
      when max(length(c.traceparent)) > 500 then 'traceparent must be a text of at most 500 characters'
      when max(pg_column_size(c.inputs)) > v_limit / 2 and max(octet_length(c.inputs::text)) > v_limit then
        format('The inputs of a child take more than %s bytes', v_limit)
    end
    into v_problem
    from jsonb_to_recordset(p_children) as c (id uuid, flow uuid, kind integer, inputs jsonb, traceparent text);
    if v_problem is null then
      select 'There is no ' || rhythm.unknown_option(k.value - 'target', rhythm.option_names('child')) into v_problem
      from jsonb_array_elements(p_kinds) as k (value)
      where jsonb_typeof(k.value) = 'object' and k.value - 'target' - rhythm.option_names('child') <> '{}' limit 1;
    end if;
  end if;
  return v_problem;
end;
$$;

comment on function rhythm.steps_problem(rhythm.step_end[], jsonb, jsonb, jsonb) is 'What is wrong with steps; null if nothing is. Internal.';

-- A step counts only if its workflow is where the worker thinks. Otherwise another session was first: the state is further,
-- something is in its inbox, or it is not suspended any more. What is paused does not continue, and what may come to a gate continues after a claim only. In a queue that has limits or is
-- paused, workflows continue only after a claim. Returns one row for each end that was written, with the group of waits of the next step, or the end
-- of the workflow. is_old: it waits for something that an earlier step started.
-- The moment of the step is that of the end, so the row of the task has all that a row of the journal would have.
-- p_free: the workflows whose states the caller has locked. p_new: what these steps start, in ascending order.
create or replace function rhythm.write_step_ends(p_worker uuid, p_ends rhythm.step_end[], p_new uuid[], p_free uuid[], p_now timestamptz)
returns table (end_id uuid, flow_id uuid, wait_group integer, is_old boolean, is_over boolean, notify_task boolean, notify_flow boolean, batch_id bigint)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limited constant text[] := array(select q.name from rhythm.queue as q);
  v_paused constant text[] := rhythm.paused_targets();
  v_gated constant text[] := rhythm.gated_flows();
  v_slack constant interval := rhythm.moment_slack(p_worker);
begin
  return query
  -- From each end to its rows: offset 0 keeps the planner from reading everything that the worker holds.
  with fitting as materialized (
    select g.*, coalesce(g.timer, false) as is_timer, f.batch_id as from_batch, f.claimed_at, f.attempt
    from unnest(p_ends) as g
    cross join lateral (
      select t.batch_id, b.claimed_at, b.attempt
      from rhythm.workflow_state as s
      join rhythm.execution as p on p.id = g.flow and p.state = 0 and p.cancel_reason is null and p.paused_at is null
        and p.queue <> all (v_limited) and (v_paused is null or not rhythm.is_paused(v_paused, 'workflow', p.target)) and (v_gated is null or p.target <> all (v_gated)) and (g.next = 'suspended' or p.parent_id is null)
      left join rhythm.execution as t on t.id = g.id and t.parent_id = g.flow and t.state = 0 and t.cancel_reason is null
      left join lateral (select x.id, x.worker, x.call, x.claimed_at, x.attempt from rhythm.batch as x where x.id = t.batch_id offset 0) as b
        on b.worker = p_worker and b.call = g.call
      where s.execution_id = g.flow and s.seq = g.seq and s.batch_id is null and s.arrived = 0 and s.change is null
        and case when g.timer then exists (
            select from rhythm.timer as x where x.id = g.id and x.execution_id = g.flow and x.fires_at <= p_now and not x.fired and not x.deadline)
          else b.id is not null end
      offset 0
    ) as f
    where p_free[width_bucket(g.flow, p_free)] = g.flow and coalesce(g.moment between p_now - v_slack and p_now + v_slack, true)
  ),
  done as (
    update rhythm.execution as t
    set state = 1, batch_id = null, stopping = false, completed_at = coalesce(g.moment, p_now), claimed_at = g.claimed_at, attempt = g.attempt, error = null, note = null,
      parent_step = g.seq + 1, output = nullif(g.output, 'null')
    from fitting as g
    where t.id = g.id and coalesce(t.batch_id = g.from_batch and not g.is_timer, false)
    returning g.id, g.flow, g.seq, g.next, g.result, g.snapshot, g.cleanup, g.mode, g.ids, g.from_batch, t.notify_on_end
  ),
  rung as (
    update rhythm.timer as t set fired = true
    from fitting as g
    where g.is_timer and t.id = g.id
    returning g.id, g.flow, g.seq, g.next, g.result, g.snapshot, g.cleanup, g.mode, g.ids, g.from_batch, false as notify_on_end, g.moment
  ),
  noted as (
    insert into rhythm.journal (execution_id, step, moment, items)
    select r.flow, r.seq + 1, r.moment, array[r.id] from rung as r where r.moment is not null
  ),
  went as (
    select d.* from done as d
    union all
    select r.id, r.flow, r.seq, r.next, r.result, r.snapshot, r.cleanup, r.mode, r.ids, r.from_batch, r.notify_on_end from rung as r
  ),
  stored as (
    update rhythm.workflow_state as s
    set seq = s.seq + 1, snapshot = w.snapshot, stack = null, cleanup = coalesce(w.cleanup, false), last_group = s.last_group + 1,
      groups = array[s.last_group + 1], sizes = array[case w.mode when 'all' then cardinality(w.ids) else 1 end],
      need = array[case w.mode when 'all' then cardinality(w.ids) else 1 end]
    from went as w
    where s.execution_id = w.flow and w.next = 'suspended'
    returning w.id, w.flow, s.last_group, w.ids, w.notify_on_end, w.from_batch
  ),
  over as (
    update rhythm.execution as p
    set state = 1, completed_at = p_now, error = null, note = null, output = nullif(w.result, 'null'),
      attempt = (select s.attempt from rhythm.workflow_state as s where s.execution_id = p.id)
    from went as w
    where p.id = w.flow and w.next = 'completed'
    returning w.id, w.flow, w.notify_on_end, p.notify_on_end as notify_flow, w.from_batch
  )
  select s.id, s.flow, s.last_group, exists (select from unnest(s.ids) as i (id) where p_new[width_bucket(i.id, p_new)] is distinct from i.id), false, s.notify_on_end, false, s.from_batch
  from stored as s
  union all
  select o.id, o.flow, null, false, true, o.notify_on_end, o.notify_flow, o.from_batch from over as o;
end;
$$;

comment on function rhythm.write_step_ends(uuid, rhythm.step_end[], uuid[], uuid[], timestamptz) is 'Writes the ends of tasks and timers, and the states of their workflows after that. Internal.';

-- Timers that workflows started, and timers and waits for signals that they dropped.
create or replace function rhythm.change_waits(p_ends rhythm.step_end[], p_flows uuid[], p_groups integer[], p_waited uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_released uuid[];
begin
  insert into rhythm.timer (id, execution_id, fires_at, kept_until, wait_group)
  select t.id, e.flow, t.at, case when t.kept then t.at + rhythm.kept_grace() end,
    case when p_waited[width_bucket(t.id, p_waited)] = t.id then p_groups[width_bucket(e.flow, p_flows)] end
  from unnest(p_ends) as e
  cross join lateral jsonb_to_recordset(e.timers) as t (id uuid, at timestamptz, kept boolean)
  where p_flows[width_bucket(e.flow, p_flows)] = e.flow;
  v_released := array(
    select x.id
    from unnest(p_ends) as e
    cross join lateral unnest(e.released) as r (id)
    cross join lateral (
      select t.id from rhythm.timer as t where t.id = r.id and t.execution_id = e.flow and not t.deadline and not t.fired
      union all
      select w.id from rhythm.signal_wait as w where w.id = r.id and w.execution_id = e.flow and w.signal_id is null and not w.timed_out
    ) as x
    where p_flows[width_bucket(e.flow, p_flows)] = e.flow);
  if v_released <> '{}' then
    delete from rhythm.timer as t where t.id = any (v_released);
    delete from rhythm.signal_wait as w where w.id = any (v_released);
  end if;
end;
$$;

comment on function rhythm.change_waits(rhythm.step_end[], uuid[], integer[], uuid[]) is 'Starts and drops the waits of workflows after a step, except tasks. Internal.';

-- Steps that wait for something that an earlier step started: all their waits get the group with which the step was stored.
create or replace function rhythm.group_old_waits(p_ends rhythm.step_end[], p_flows uuid[], p_new uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_grouping rhythm.grouping;
  v_end rhythm.step_end;
begin
  foreach v_end in array p_ends loop
    continue when v_end.flow <> all (p_flows);
    v_grouping := rhythm.group_waits(v_end.flow, jsonb_build_array(jsonb_build_object('mode', v_end.mode, 'ids', v_end.ids)), p_new);
    v_grouping.numbers := array_fill((select s.last_group from rhythm.workflow_state as s where s.execution_id = v_end.flow), array[cardinality(v_grouping.items)]);
    perform rhythm.renumber_waits(v_grouping);
  end loop;
end;
$$;

comment on function rhythm.group_old_waits(rhythm.step_end[], uuid[], uuid[]) is 'Puts waits that earlier steps started into the groups of these steps. Internal.';

-- Timers of a worker whose clock is ahead of that of the server.
create or replace function rhythm.early_timers(p_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_object_agg(t.id, ceil(extract(epoch from t.fires_at - p_now) * 1000)), '{}')
    from rhythm.timer as t
    where t.id = any (p_ids) and t.fires_at > p_now and not t.fired and not t.deadline
  );
end;
$$;

comment on function rhythm.early_timers(uuid[], timestamptz) is 'Which of some timers are not due yet, and in how many milliseconds they are. Internal.';

create or replace function rhythm.start_children(
  p_children jsonb, p_kinds jsonb, p_flows uuid[], p_groups integer[], p_waited uuid[],
  p_now timestamptz, p_worker uuid, p_call integer, p_lease integer, p_targets text[]
)
returns rhythm.batch[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kinds jsonb;
  v_typed rhythm.kind[];
  v_newcomers rhythm.newcomer[];
begin
  v_kinds := (select jsonb_agg(k.value || '{"type": "task"}' order by k.nth) from jsonb_array_elements(p_kinds) with ordinality as k (value, nth));
  perform rhythm.check_requests(v_kinds);
  v_typed := array(select rhythm.kind_of(k.value, p_now) from jsonb_array_elements(v_kinds) with ordinality as k (value, nth) order by k.nth);
  v_newcomers := array(
    select row(c.id, c.kind + 1, c.flow, case when p_waited[width_bucket(c.id, p_waited)] = c.id then p_groups[width_bucket(c.flow, p_flows)] end,
      c.traceparent, false, c.inputs)::rhythm.newcomer
    from jsonb_to_recordset(p_children) as c (id uuid, flow uuid, kind integer, inputs jsonb, traceparent text)
    where p_flows[width_bucket(c.flow, p_flows)] = c.flow);
  return rhythm.make_executions(v_typed, v_newcomers, p_now, p_worker, p_call, p_lease, p_targets);
end;
$$;

comment on function rhythm.start_children(jsonb, jsonb, uuid[], integer[], uuid[], timestamptz, uuid, integer, integer, text[]) is 'Creates the children of steps. Internal.';

-- Locks: states, skip locked; executions. Answers as settle_outcomes() does.
create or replace function rhythm.settle_steps(p_worker uuid, p_item jsonb, p_call integer, p_lease integer, p_targets text[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_children constant jsonb := coalesce(p_item -> 'children', '[]');
  v_kinds constant jsonb := coalesce(p_item -> 'kinds', '[]');
  v_ends rhythm.step_end[];
  v_timers jsonb := '[]';
  v_problem text;
  v_new uuid[];
  v_waited uuid[];
  v_done uuid[];
  v_flows uuid[];
  v_groups integer[];
  v_old uuid[];
  v_over uuid[];
  v_notify rhythm.transition[];
  v_batches bigint[];
  v_born rhythm.batch[] := '{}';
  v_declined uuid[] := '{}';
begin
  if jsonb_typeof(p_item -> 'ends') is distinct from 'array' or jsonb_typeof(v_children) <> 'array' or jsonb_typeof(v_kinds) <> 'array' then
    perform rhythm.raise('RH001', 'ends, children and kinds of steps must be JSON arrays', 'Expected {"kind": "steps", "ends": [{"id": "…", "call": 1, "output": null, "flow": "…", "seq": 1, "next": "completed"}, …]}');
  end if;
  select array_agg(e::rhythm.step_end order by e.id), array_agg(e.flow order by e.flow) into v_ends, v_flows
  from jsonb_populate_recordset(null::rhythm.step_end, p_item -> 'ends') as e;
  if exists (select from unnest(v_ends) as e where e.timers is not null) then
    v_timers := (select jsonb_agg(t.value) from unnest(v_ends) as e cross join lateral jsonb_array_elements(e.timers) as t (value));
  end if;
  v_problem := rhythm.steps_problem(v_ends, coalesce(v_timers, '[]'), v_children, v_kinds);
  if v_problem is not null then
    perform rhythm.raise(case when v_problem like '% bytes' then 'RH006' else 'RH001' end, v_problem);
  end if;
  v_new := array(
    select (c.value ->> 'id')::uuid from jsonb_array_elements(v_children) as c (value)
    union all select (t.value ->> 'id')::uuid from jsonb_array_elements(v_timers) as t (value)
    order by 1);
  v_waited := array(select i.id from unnest(v_ends) as e cross join lateral unnest(e.ids) as i (id) order by 1);
  select coalesce(array_agg(w.end_id), '{}'),
    coalesce(array_agg(w.flow_id order by w.flow_id) filter (where not w.is_over), '{}'),
    coalesce(array_agg(w.wait_group order by w.flow_id) filter (where not w.is_over), '{}'),
    coalesce(array_agg(w.flow_id) filter (where w.is_old), '{}'), coalesce(array_agg(w.flow_id) filter (where w.is_over), '{}'),
    -- Their parents have already continued: only people and key waiters must be told.
    coalesce(array_agg(row(w.end_id, null, null, 1, true, 'task')::rhythm.transition) filter (where w.notify_task), '{}')
      || coalesce(array_agg(row(w.flow_id, null, null, 1, true, 'task')::rhythm.transition) filter (where w.notify_flow), '{}'),
    array_agg(distinct w.batch_id)
  into v_done, v_flows, v_groups, v_old, v_over, v_notify, v_batches
  from rhythm.write_step_ends(p_worker, v_ends, v_new,
    rhythm.lock_free_states(v_flows), p_now) as w;
  -- Two calls may end the last members of a batch at the same time: the later one waits here, so that it sees what the earlier one did.
  perform from rhythm.batch as b where b.id = any (v_batches) and b.size > 1 order by b.id for update;
  perform rhythm.drop_empty_batches(v_batches);
  if v_timers <> '[]' or jsonb_path_exists(p_item, '$.ends[*].released[*]') then
    perform rhythm.change_waits(v_ends, v_flows, v_groups, v_waited);
  end if;
  if v_flows <> '{}' and v_children <> '[]' then
    v_born := rhythm.start_children(v_children, v_kinds, v_flows, v_groups, v_waited, p_now, p_worker, p_call, p_lease, p_targets);
    perform rhythm.wake_for(v_born);
  end if;
  if v_old <> '{}' then
    perform rhythm.group_old_waits(v_ends, v_old, v_new);
  end if;
  if v_over <> '{}' then
    perform rhythm.clear_workflows(v_over);
  end if;
  if v_notify <> '{}' then
    perform rhythm.follow_ends(v_notify, '{}', p_now);
  end if;
  if cardinality(v_done) < cardinality(v_ends) then
    v_declined := array(select e.id from unnest(v_ends) as e where e.id <> all (v_done));
  end if;
  return jsonb_build_object(
    'refused', '[]'::jsonb, 'declined', v_declined, 'early', case when v_declined = '{}' then '{}' else rhythm.early_timers(v_declined, p_now) end,
    'leased', '[]'::jsonb, 'born', array(select b.id from unnest(v_born) as b where b.worker is not null));
end;
$$;

comment on function rhythm.settle_steps(uuid, jsonb, integer, integer, text[], timestamptz) is 'Settles steps of workflows that a worker has open in memory. Internal.';
`,
  },
  {
    name: "steps/step_children.sql",
    kind: "behaviour",
    checksum: "a3fb48ca7568308a4694f7db8bc0dba1942981cfcedc99daebdbedc9329c54f6",
    text: `-- The children of workflows in TypeScript.

-- A child whose idempotency key already belongs to an execution waits for that.
create or replace function rhythm.begin_children(p_requests jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_waiters uuid[];
begin
  if not jsonb_path_exists(p_requests, '$[*] ? (exists(@.idempotency_key) || exists(@.unique))') then
    perform from rhythm.create_many(p_requests);
    return;
  end if;
  perform rhythm.check_requests(p_requests);
  perform rhythm.check_targets(p_requests);
  perform rhythm.hold_parents(p_requests);
  v_waiters := rhythm.make_key_waiters(p_requests, p_now);
  -- Claims the keys of the others, for their ids.
  perform rhythm.create_new((
    select coalesce(jsonb_agg(r.value - 'idempotency_ttl' order by r.nth), '[]')
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    where (r.value ->> 'id')::uuid <> all (v_waiters)), p_now);
  perform rhythm.follow_ends(rhythm.join_owners(v_waiters, p_now), '{}', p_now);
  perform rhythm.cancel_under(v_waiters, p_now);
end;
$$;

comment on function rhythm.begin_children(jsonb, timestamptz) is 'Creates the children of saved steps. Internal.';
`,
  },
  {
    name: "steps/steps.sql",
    kind: "behaviour",
    checksum: "4c0aac0f8e18e2c03d7e4fee9d3f05052b35f9f9374157f4a09ff44b9854089e",
    text: `-- Workflows in TypeScript: their steps are saved when they end. When the code runs again, the saved results answer them.

-- Looked at before every save, without a call of ours. Types are checked first: comparing a
-- text with a number gives null, and null would pass.
create or replace function rhythm.are_plain_steps(p_steps jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(jsonb_typeof(p_steps) = 'array' and not jsonb_path_exists(p_steps, 'strict $[*] ? (@.type() != "object")')
    and not jsonb_path_exists(p_steps, '$[*] ? (!(@.kind.type() == "string" && @.kind == "step"
    && @.status.type() == "string" && @.status == "completed" && @.attempts.type() == "number" && @.attempts == 1
    && @.execution_id.type() == "string" && @.execution_id like_regex "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
    && (!exists(@.call) || @.call.type() == "number" && @.call >= 0 && @.call < 2147483648 && @.call.floor() == @.call)
    && @.name.type() == "string" && @.seq.type() == "number" && @.seq >= 0 && @.seq < 2147483648 && @.seq.floor() == @.seq
    && (!exists(@.took_ms) || @.took_ms.type() == "number" && @.took_ms >= 0 && @.took_ms < 3162240000000 && @.took_ms.floor() == @.took_ms)
    && (!exists(@.is_undefined) || @.is_undefined.type() == "boolean")
    && !exists(@.variables) && !exists(@.wait_id) && !exists(@.until) && !exists(@.delay_ms) && !exists(@.error)))'), false);
end;
$$;

comment on function rhythm.are_plain_steps(jsonb) is 'Whether these are steps that ended well at their first attempt, with nothing else to say. Internal.';

create or replace function rhythm.step_problem(p_step jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_example constant text := '{"execution_id": "…", "name": "…", "kind": "step", "status": "completed", "seq": 1, "attempts": 1, "output": null}';
  v_over constant boolean := p_step ->> 'status' in ('completed', 'failed');
  v_number text;
begin
  if jsonb_typeof(p_step) is distinct from 'object' then
    return 'p_steps must be a JSON array of objects such as ' || c_example;
  elsif rhythm.as_uuid(p_step ->> 'execution_id') is null then
    return 'execution_id of a step must be a UUID';
  elsif jsonb_typeof(p_step -> 'name') is distinct from 'string' or octet_length(p_step ->> 'name') > 2000 then
    return 'name of a step must be a text of at most 2000 bytes';
  elsif not coalesce(p_step ->> 'kind' in ('step', 'sleep', 'signal', 'task', 'workflow'), false) then
    return format('%s cannot be the kind of a step: expected step, sleep, signal, task or workflow', coalesce(p_step -> 'kind', 'null'));
  elsif not coalesce(p_step ->> 'status' in ('waiting', 'retrying', 'completed', 'failed'), false) then
    return format('%s cannot be the status of a step: expected waiting, retrying, completed or failed', coalesce(p_step -> 'status', 'null'));
  end if;
  foreach v_number in array array['call', 'seq', 'attempts', 'delay_ms', 'took_ms'] loop
    if p_step -> v_number <> 'null' and (jsonb_typeof(p_step -> v_number) <> 'number' or p_step ->> v_number !~ '^\\d{1,13}$'
        or (p_step ->> v_number)::bigint > case when v_number = 'attempts' then 32767 when v_number in ('seq', 'call') then 2147483647 else 3162240000000 end) then
      return format('%s of a step must be a whole number from 0 to %s', v_number,
        case when v_number = 'attempts' then 32767 when v_number in ('seq', 'call') then 2147483647 else 3162240000000 end);
    end if;
  end loop;
  return case
    when (p_step ->> 'seq' is not null) <> v_over then 'A step needs seq if it is completed or failed, and has none before'
    when (p_step ->> 'error' is not null) <> (p_step ->> 'status' in ('retrying', 'failed')) then
      'A step needs an error if it is retrying or failed, and has none otherwise'
    when p_step ->> 'wait_id' is not null and rhythm.as_uuid(p_step ->> 'wait_id') is null then 'wait_id of a step must be a UUID'
    when not v_over and p_step ->> 'wait_id' is null then 'A step that is waiting or retrying needs a wait_id (a UUID)'
    when p_step ->> 'until' is not null and (jsonb_typeof(p_step -> 'until') <> 'string' or rhythm.timestamp_of(p_step ->> 'until') is null) then
      'until of a step must be a moment such as 2030-01-31T12:00:00Z'
    when not v_over and (p_step ->> 'kind' = 'sleep' or p_step ->> 'status' = 'retrying') and coalesce(p_step ->> 'until', p_step ->> 'delay_ms') is null then
      'A sleep, and a step that is retrying, needs delay_ms or until'
    when p_step -> 'is_undefined' <> 'null' and jsonb_typeof(p_step -> 'is_undefined') <> 'boolean' then 'is_undefined of a step must be true or false'
    when not v_over and p_step ->> 'kind' = 'signal' then rhythm.name_problem('signal', p_step ->> 'signal')
    when p_step -> 'child' <> 'null' and jsonb_typeof(p_step -> 'child') <> 'object' then
      'child of a step must be an object, as create_many() takes it'
    when p_step ? 'variables' then rhythm.tag_problem(p_step -> 'variables')
  end;
end;
$$;

comment on function rhythm.step_problem(jsonb) is 'What is wrong with a step to be saved, as a sentence; null if nothing is. Internal.';

create or replace function rhythm.refuse_bad_steps(p_steps jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem constant text := case
    when jsonb_typeof(p_steps) is distinct from 'array' then rhythm.step_problem(null)
    else (
      select x.problem
      from jsonb_array_elements(p_steps) as p (value)
      cross join lateral (select rhythm.step_problem(p.value) as problem) as x
      where x.problem is not null limit 1)
  end;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
end;
$$;

comment on function rhythm.refuse_bad_steps(jsonb) is 'Raises RH001 for the first step that cannot be saved as it is. Internal.';

-- Most steps end in the run that began them, in one attempt, so they have no row yet. An insert that need not check for a row
-- is cheaper, and writes a sixth less WAL. What it cannot write, write_steps() writes.
create or replace function rhythm.write_new_steps(p_worker uuid, p_steps jsonb, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_written integer;
begin
  insert into rhythm.step (execution_id, started_at, ended_at, seq, attempts, kind, status, name, output)
  select
    n.execution_id, p_now - coalesce(n.took_ms, 0) * interval '1 millisecond', p_now, n.seq, 1, 'step', 'completed', n.name,
    case when n.is_undefined is not true then coalesce(n.output, 'null') end
  from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
  join rhythm.workflow_state as x on x.execution_id = n.execution_id
  join lateral (select y.worker, y.call from rhythm.batch as y where y.id = x.batch_id offset 0) as b on b.worker = p_worker and b.call = coalesce(n.call, b.call)
  where octet_length(n.name) <= 2000;
  get diagnostics v_written = row_count;
  if v_written < jsonb_array_length(p_steps) then
    raise unique_violation;
  end if;
  return true;
exception
  when unique_violation then
    return false;
end;
$$;

comment on function rhythm.write_new_steps(uuid, jsonb, timestamptz) is
  'Writes plain steps, all of them or none. False: none, because some have a row or belong to another worker. Internal.';

create or replace function rhythm.write_steps(p_worker uuid, p_steps jsonb, p_now timestamptz)
returns setof rhythm.step
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into rhythm.step as s (
    execution_id, started_at, ended_at, until, wait_id, seq, attempts, kind, status, name, error, output
  )
  select
    n.execution_id, p_now - coalesce(n.took_ms, 0) * interval '1 millisecond', p_now,
    coalesce(n.until, p_now + n.delay_ms * interval '1 millisecond'),
    n.wait_id, n.seq, coalesce(n.attempts, 0), n.kind, n.status, n.name, n.error,
    case when n.status = 'completed' and n.is_undefined is not true then coalesce(n.output, 'null') end
  from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
  join rhythm.workflow_state as x on x.execution_id = n.execution_id
  join lateral (select y.worker, y.call from rhythm.batch as y where y.id = x.batch_id offset 0) as b on b.worker = p_worker and b.call = coalesce(n.call, b.call)
  on conflict (execution_id, name) do update set
    ended_at = excluded.ended_at, until = excluded.until, seq = excluded.seq, attempts = excluded.attempts,
    wait_id = coalesce(excluded.wait_id, s.wait_id), status = excluded.status, error = excluded.error, output = excluded.output
  where s.status in ('waiting', 'retrying')
  returning s.*;
$$;

comment on function rhythm.write_steps(uuid, jsonb, timestamptz) is
  'Writes the steps of workflows that the worker holds; returns those that changed. A step that has ended does not change. Internal.';

-- Starts what saved steps wait for: pauses and sleeps, signals, children.
create or replace function rhythm.begin_waits(p_news rhythm.step_news[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_children jsonb;
  v_listening uuid[];
begin
  insert into rhythm.timer (id, execution_id, fires_at)
  select n.wait_id, n.execution_id, coalesce(n.until, p_now + n.delay_ms * interval '1 millisecond')
  from unnest(p_news) as n where n.kind = 'sleep' or n.status = 'retrying';

  insert into rhythm.signal_wait (id, execution_id, name, timeout_at)
  select n.wait_id, n.execution_id, n.signal, coalesce(n.until, p_now + n.delay_ms * interval '1 millisecond')
  from unnest(p_news) as n where n.kind = 'signal';

  select jsonb_agg(n.child || jsonb_build_object('id', n.wait_id, 'parent', n.execution_id)) into v_children
  from unnest(p_news) as n where n.child is not null;
  if v_children is not null then
    perform rhythm.begin_children(v_children, p_now);
  end if;
  v_listening := array(select distinct n.execution_id from unnest(p_news) as n where n.kind = 'signal');
  if v_listening <> '{}' then
    perform rhythm.deliver(rhythm.match_signals(v_listening));
  end if;
  perform rhythm.wake_clocks();
end;
$$;

comment on function rhythm.begin_waits(rhythm.step_news[], timestamptz) is 'Creates the timers, waits for signals and children of saved steps. Internal.';

create or replace function rhythm.has_begun(p_news rhythm.step_news)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_news.kind = 'sleep' or p_news.status = 'retrying' then exists (select from rhythm.timer as t where t.id = p_news.wait_id)
    when p_news.kind = 'signal' then exists (select from rhythm.signal_wait as w where w.id = p_news.wait_id)
    else exists (select from rhythm.execution as e where e.id = p_news.wait_id and e.parent_id = p_news.execution_id) end;
end;
$$;

comment on function rhythm.has_begun(rhythm.step_news) is 'Whether what a step waits for is there. Internal.';

create or replace function rhythm.save_steps(p_worker uuid, p_steps jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_plain constant boolean := rhythm.are_plain_steps(p_steps);
  v_begins constant boolean := not v_plain and jsonb_path_exists(p_steps, '$[*] ? (@.status == "waiting" || @.status == "retrying")');
  v_written text[];
begin
  perform rhythm.require_read_committed();
  if not v_plain then
    perform rhythm.refuse_bad_steps(p_steps);
  end if;
  perform rhythm.check_step_sizes(p_steps);
  if v_begins then
    perform rhythm.lock_states(array(
      select (p.value ->> 'execution_id')::uuid from jsonb_array_elements(p_steps) as p where p.value ->> 'kind' = 'signal'));
  end if;
  -- The lock keeps the worker's leases from being given to others before the commit. So no other worker runs these
  -- workflows.
  perform from rhythm.worker as w where w.id = p_worker for key share;
  if found then
    if v_plain then
      if rhythm.write_new_steps(p_worker, p_steps, v_now) then
        return '[]';
      end if;
      perform rhythm.refuse_bad_steps(p_steps);
    end if;
    v_written := array(select s.execution_id || s.name from rhythm.write_steps(p_worker, p_steps, v_now) as s);
  end if;
  if not v_plain and jsonb_path_exists(p_steps, '$[*].variables') then
    perform rhythm.tag_these(array(
      select n::rhythm.step_news from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
      where n.variables is not null and n.execution_id || n.name = any (v_written)));
  end if;
  if v_begins then
    -- A save whose answer was lost comes again: what it began is there already.
    perform rhythm.begin_waits(array(
      select n::rhythm.step_news from jsonb_populate_recordset(null::rhythm.step_news, p_steps) as n
      where n.status in ('waiting', 'retrying') and n.execution_id || n.name = any (v_written) and not rhythm.has_begun(n)), v_now);
  end if;
  if cardinality(v_written) = jsonb_array_length(p_steps) then
    return '[]';
  end if;
  return (
    select jsonb_agg(jsonb_build_object('id', p.value -> 'execution_id', 'name', p.value -> 'name'))
    from jsonb_array_elements(p_steps) as p
    where ((p.value ->> 'execution_id') || (p.value ->> 'name') = any (v_written)) is not true);
end;
$$;

comment on function rhythm.save_steps(uuid, jsonb) is
  'Stores how steps of leased workflows in TypeScript ended or what they wait for: [{execution_id, call, name, kind, status, seq, attempts, …}], all in one transaction. call: the one that leased the workflow; missing: any. '
  'Returns those that changed nothing, [{id, name}]: the lease was lost, or the step had already ended.';

create or replace function rhythm.check_step_sizes(p_steps jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_name text;
begin
  if pg_column_size(p_steps) <= v_limit / 2 then
    return;
  end if;
  select p.value ->> 'name' into v_name from jsonb_array_elements(p_steps) as p
  where octet_length((p.value -> 'output')::text) > v_limit limit 1;
  if v_name is not null then
    perform rhythm.raise('RH006', format('The result of step "%s" takes more than %s bytes (setting max_payload_bytes)', v_name, v_limit),
      'Store it elsewhere, and return where it is');
  end if;
end;
$$;

comment on function rhythm.check_step_sizes(jsonb) is 'Raises RH006 if a result is too large. Internal.';

create or replace function rhythm.load_steps(p_executions uuid[])
returns table (
  execution_id uuid, name text, kind text, status text, seq integer, attempts integer, wait_id uuid, is_due boolean, error jsonb, output jsonb
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select s.execution_id, s.name, s.kind, s.status, s.seq, s.attempts::integer, s.wait_id,
    coalesce(s.kind in ('step', 'sleep') and s.until <= clock.now, false), s.error, s.output
  from rhythm.step as s
  cross join (select rhythm.now() as now) as clock
  where s.execution_id = any (p_executions)
  order by s.execution_id, s.seq nulls last;
$$;

comment on function rhythm.load_steps(uuid[]) is
  'The steps of workflows in TypeScript, in the order in which they ended; steps that have not ended come last. is_due: its sleep or pause is over.';
`,
  },
  {
    name: "steps/tag.sql",
    kind: "behaviour",
    checksum: "c07d5554e629f8ec384722aa043b07c7087fb2e9c1aef542c6f02fb29a3a9ce1",
    text: `-- What executions are found by, said by themselves. For flows, their front matter says it.

create or replace function rhythm.tag_problem(p_variables jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when jsonb_typeof(p_variables) is distinct from 'object' or p_variables = '{}' or exists (
      select from jsonb_each(p_variables) as v (key, value)
      cross join lateral jsonb_array_elements(case jsonb_typeof(v.value) when 'array' then v.value else jsonb_build_array(v.value) end) as i (value)
      where jsonb_typeof(i.value) not in ('string', 'number', 'boolean') and (jsonb_typeof(i.value) <> 'null' or jsonb_typeof(v.value) = 'array')) then
      'p_variables must be an object of texts, numbers, booleans, arrays of them, and null for what must go: {"orderId": "1042"}'
    when exists (select from jsonb_object_keys(p_variables) as k (name) where k.name !~ '^[^=]{1,100}$') then
      'The name of a variable must have 1 to 100 characters, and no ='
  end;
end;
$$;

comment on function rhythm.tag_problem(jsonb) is 'Why these cannot be variables that an execution is found by; null if they can. Internal.';

-- A number is written as first_tags() writes it, and the language.
create or replace function rhythm.changed_tags(p_tags text[], p_variables jsonb)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rhythm.stored_tags(
    array(select t.tag from unnest(p_tags) with ordinality as t (tag, nth) where not p_variables ? split_part(t.tag, '=', 1) order by t.nth)
    || array(
      select distinct v.key || '=' || left(case jsonb_typeof(i.value) when 'number' then trim_scale((i.value #>> '{}')::numeric)::text else i.value #>> '{}' end, 200)
      from jsonb_each(p_variables) as v (key, value)
      cross join lateral jsonb_array_elements(case jsonb_typeof(v.value)
        when 'array' then jsonb_path_query_array(v.value, '$[0 to 19]') else jsonb_build_array(v.value) end) as i (value)
      where jsonb_typeof(i.value) <> 'null'
      order by 1));
end;
$$;

comment on function rhythm.changed_tags(text[], jsonb) is 'Tags with other values of these variables. Internal.';

-- Locks: executions, in order.
create or replace function rhythm.tag_these(p_tags rhythm.step_news[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_news rhythm.step_news;
begin
  for v_news in select n.* from unnest(p_tags) as n order by n.execution_id, n.seq loop
    update rhythm.execution as e set tags = rhythm.changed_tags(e.tags, v_news.variables) where e.id = v_news.execution_id;
  end loop;
end;
$$;

comment on function rhythm.tag_these(rhythm.step_news[]) is 'Changes what the workflows of saved steps are found by. Internal.';

create or replace function rhythm.tag(p_execution uuid, p_variables jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem constant text := rhythm.tag_problem(p_variables);
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.refuse_frozen(array[p_execution], 'Cannot tag');
  perform from rhythm.execution as e
  join rhythm.flow_version as v on v.name = e.target and v.version = e.version
  where e.id = p_execution and e.type = 'workflow' and v.code <> '{"language": "typescript"}';
  if found then
    perform rhythm.raise('RH003', format('Cannot tag execution %s: it is a flow', p_execution), 'Name the variables that it is found by in its front matter: index: [orderId]');
  end if;
  update rhythm.execution as e set tags = rhythm.changed_tags(e.tags, p_variables) where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot tag: there is no execution %s', coalesce(p_execution::text, 'null')));
  end if;
  perform rhythm.record_named('tag', array[p_execution], p_after => p_variables);
end;
$$;

comment on function rhythm.tag(uuid, jsonb) is
  'Sets variables that a workflow in TypeScript or a task is found by, as find(), lists and operations use them. Other variables stay; null removes one. Of flows, the front matter says it. '
  'Example: select rhythm.tag(''…'', ''{"orderId": "1042"}'');';
`,
  },
  {
    name: "time/chores.sql",
    kind: "behaviour",
    checksum: "8cbe9d804bc351b2391a062228eb00d1c33048dc4388742932d7dc80e33f489b",
    text: `-- Work that need not be exact to the millisecond: dead workers, timeouts, retention. One session does it, once a second.

-- A workflow that has clean-up to do (finally) is first asked to stop, as if it were cancelled. It fails when it has ended, or
-- when the time for that is over, too. This waits for nothing: a tree of which another session has locked a part stays due.
create or replace function rhythm.end_late_workflows(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[] := array(
    select t.execution_id from rhythm.timer as t
    where not t.fired and t.deadline and t.fires_at <= p_now
    order by t.fires_at limit p_limit);
  v_waiting uuid[];
  v_cleaning uuid[];
  v_ended rhythm.transition[];
begin
  v_ids := rhythm.lock_free_trees(v_ids);
  if v_ids = '{}' then
    return 0;
  end if;
  -- If a workflow must clean up and no worker has taken it yet, because its queue is long or paused, its time begins then.
  v_waiting := array(
    select s.execution_id from rhythm.workflow_state as s
    join rhythm.execution as e on e.id = s.execution_id and e.state = 0 and e.cancel_reason is not null
    join rhythm.batch as b on b.id = s.batch_id and b.worker is null
    where s.execution_id = any (v_ids) and s.cleanup);
  if v_waiting <> '{}' then
    update rhythm.timer as t set fires_at = p_now + rhythm.setting('cancel_grace')::interval
    where t.execution_id = any (v_waiting) and t.deadline and not t.fired;
    v_ids := array(select i.id from unnest(v_ids) as i (id) where i.id <> all (v_waiting));
  end if;
  update rhythm.timer as t set fired = true where t.execution_id = any (v_ids) and t.deadline and not t.fired;
  v_cleaning := array(
    select s.execution_id from rhythm.workflow_state as s
    join rhythm.execution as e on e.id = s.execution_id and e.state = 0 and e.cancel_reason is null
    where s.execution_id = any (v_ids) and s.cleanup);
  if v_cleaning <> '{}' then
    update rhythm.execution as e set error = rhythm.deadline_error(e.timeout_ms) where e.id = any (v_cleaning);
    perform rhythm.cancel_trees(v_cleaning, 'It ran past its timeout', p_now);
    v_ids := array(select i.id from unnest(v_ids) as i (id) where i.id <> all (v_cleaning));
  end if;
  perform rhythm.cancel_trees(array_agg(c.id), coalesce(e.cancel_reason, 'Its workflow ran past its timeout'), p_now)
  from rhythm.execution as c
  join rhythm.execution as e on e.id = c.parent_id
  where c.parent_id = any (v_ids) and c.state = 0 and c.outlives is null
  group by e.cancel_reason;
  with ended as (
    update rhythm.execution as e
    set state = f.state, stopping = false, completed_at = p_now, batch_id = null,
      error = case f.state when 2 then rhythm.deadline_error(e.timeout_ms) else e.error end,
      fingerprint = case f.state when 2 then rhythm.fingerprint_of(e.target, rhythm.deadline_error(e.timeout_ms)) end
    from (
      select x.id, case when x.cancel_reason is null or rhythm.is_past_deadline(x) then 2 else 3 end as state
      from rhythm.execution as x where x.id = any (v_ids) and x.state = 0
    ) as f
    where e.id = f.id
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  )
  select coalesce(array_agg(x::rhythm.transition order by x.id), '{}') into v_ended from ended as x;
  perform rhythm.leave_batches(v_ids);
  perform rhythm.follow_ends(v_ended, '{}', p_now);
  return cardinality(v_ended) + cardinality(v_cleaning);
end;
$$;

comment on function rhythm.end_late_workflows(integer, timestamptz) is 'Ends workflows that have passed their timeout (failed) or the time to clean up (cancelled), and cancels what they started. Part of chores().';

create or replace function rhythm.is_past_deadline(p_execution rhythm.execution)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_execution.type = 'workflow' and coalesce(p_execution.error = rhythm.deadline_error(p_execution.timeout_ms), false);
end;
$$;

comment on function rhythm.is_past_deadline(rhythm.execution) is 'Whether a workflow has passed its timeout, and is cleaning up or has ended. Internal.';

-- A workflow that has ended is in no batch.
create or replace function rhythm.leave_batches(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batches bigint[] := array(select s.batch_id from rhythm.workflow_state as s where s.execution_id = any (p_ids) and s.batch_id is not null);
begin
  update rhythm.workflow_state as s set batch_id = null where s.execution_id = any (p_ids) and s.batch_id is not null;
  perform rhythm.drop_empty_batches(v_batches);
end;
$$;

comment on function rhythm.leave_batches(uuid[]) is 'Takes workflows out of their batches. Internal.';

-- Those of some executions whose whole trees, with the states of their parents, are now locked. Never waits.
create or replace function rhythm.lock_free_trees(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[] := '{}';
  v_id uuid;
begin
  foreach v_id in array p_ids loop
    begin
      set local lock_timeout = '1ms';
      perform rhythm.lock_trees(array[v_id]);
      v_result := v_result || v_id;
    exception
      when lock_not_available or deadlock_detected then
        null;
    end;
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.lock_free_trees(uuid[]) is 'Locks those of some trees that no other session has locked; returns their roots. Internal.';

-- Silence means nothing while nobody could hear: the server was away, or its clock was set back. Once for each silence.
-- Locks: workers, skip locked.
create or replace function rhythm.spare_workers(p_last timestamptz, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.worker as w set beat_at = p_now, spared = true
  where w.id = any (array(
    select x.id from rhythm.worker as x
    where not x.spared and (x.beat_at > p_now + interval '1 second'
      or x.beat_at < p_now - x.lease_ms * interval '1 millisecond' and p_last < p_now - x.lease_ms * interval '0.5 milliseconds')
    for update skip locked));
end;
$$;

comment on function rhythm.spare_workers(timestamptz, timestamptz) is
  'Gives one more lease to workers that were silent since p_last, if chores() did not run either, and to workers whose last heartbeat is in the future. Part of chores().';

create or replace function rhythm.bury_workers(p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_dead uuid[];
  v_batches bigint[];
  v_free uuid[];
  v_locked uuid[];
  v_concerned uuid[];
begin
  v_dead := array(
    select w.id from rhythm.worker as w
    where w.beat_at < p_now - w.lease_ms * interval '1 millisecond'
    for update skip locked);
  -- A worker with a call under way is alive.
  v_dead := array(
    select c.worker_id from (
      select x.worker_id from rhythm.worker_call as x where x.worker_id = any (v_dead) for update skip locked
    ) as c group by c.worker_id having count(*) = 2);
  -- And leases of workers that do not exist, for any reason.
  v_batches := array(
    select b.id from rhythm.batch as b
    where b.worker = any (v_dead) or b.worker is not null and not exists (select from rhythm.worker as w where w.id = b.worker)
    order by b.id limit 10000);
  if v_batches <> '{}' then
    -- A locked execution keeps its batch, and the batch stays here until the next time.
    v_concerned := rhythm.ids_in(v_batches);
    v_concerned := array(
      select e.id from rhythm.execution as e where e.id = any (v_concerned) and e.type = 'workflow'
      union select e.parent_id from rhythm.execution as e where e.id = any (v_concerned) and e.parent_id is not null);
    v_free := rhythm.lock_free_states(v_concerned);
    v_concerned := rhythm.ids_in(v_batches);
    v_locked := array(select e.id from rhythm.execution as e where e.id = any (v_concerned) order by e.id for no key update skip locked);
    v_batches := array(
      select b.id from rhythm.batch as b
      where b.id = any (v_batches) and not exists (
        select from unnest(b.ids) as i (id)
        cross join lateral (select x.id, x.parent_id from rhythm.execution as x where x.id = i.id offset 0) as e
        left join rhythm.workflow_state as s on s.execution_id = e.id
        left join rhythm.workflow_state as p on p.execution_id = e.parent_id
        where e.id <> all (v_locked) or s.execution_id is not null and s.execution_id <> all (v_free)
          or p.execution_id is not null and p.execution_id <> all (v_free))
      order by b.id);
    perform rhythm.take_back(v_batches, 'The worker that ran it was lost: its heartbeats stopped', p_now);
  end if;
  -- A worker with a locked batch is removed the next time.
  delete from rhythm.worker as w where w.id = any (v_dead) and not exists (select from rhythm.batch as b where b.worker = w.id);
  return cardinality(v_dead);
end;
$$;

comment on function rhythm.bury_workers(timestamptz) is 'Gives back the work of workers whose heartbeats have stopped. Part of chores().';

-- Attempts of tasks that have passed their timeout, a little later than their worker should have ended them.
create or replace function rhythm.end_overdue(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_late jsonb;
begin
  select jsonb_agg(jsonb_build_object('id', i.id, 'call', b.call, 'worker', b.worker, 'status', 'failed', 'error', jsonb_build_object(
    'type', 'TimeoutError', 'message', format('Attempt %s took longer than %s ms', b.attempt, b.timeout_ms))))
  into v_late
  from (
    select x.* from rhythm.batch as x
    where x.worker is not null and x.timeout_ms is not null and x.claimed_at < p_now - interval '1 second'
      and x.claimed_at + x.timeout_ms * interval '1 millisecond' + interval '1 second' < p_now
    limit p_limit
  ) as b
  cross join lateral unnest(rhythm.members(b)) as i (id);
  if v_late is null then
    return 0;
  end if;
  perform rhythm.settle_outcomes(w.worker, w.items, 0, 0, null, p_now)
  from (
    select (l.value ->> 'worker')::uuid as worker, jsonb_agg(l.value - 'worker') as items
    from jsonb_array_elements(v_late) as l (value) group by l.value ->> 'worker'
  ) as w;
  return jsonb_array_length(v_late);
end;
$$;

comment on function rhythm.end_overdue(integer, timestamptz) is 'Ends attempts that have passed their timeout. Part of chores().';

-- Ten workers call this ten times a second. For nine of them it ends after a check that locks and writes nothing.
-- Locks: an advisory lock, if it is free. Never waits.
create or replace function rhythm.chore_is_due(p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select s.value::timestamptz from rhythm.setting as s where s.name = 'chored_at') between p_now - interval '1 second' and p_now
    or not pg_try_advisory_xact_lock(hashtextextended(:'schema' || ' chores', 0)) then
    return false;
  end if;
  -- A session that had the lock a moment ago may have done it.
  insert into rhythm.setting as s (name, value) values ('chored_at', p_now::text)
  on conflict (name) do update set value = excluded.value
  where s.value::timestamptz not between p_now - interval '1 second' and p_now;
  return found;
end;
$$;

comment on function rhythm.chore_is_due(timestamptz) is 'Whether this call is the one that cleans up: once a second over all sessions. Part of chores().';

-- Locks: as settling, skip locked. Never waits for rows that an application has locked.
create or replace function rhythm.chores(p_limit integer default 1000)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
set lock_timeout = '100ms'
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_last constant timestamptz := (select s.value::timestamptz from rhythm.setting as s where s.name = 'chored_at');
  v_more boolean;
begin
  perform rhythm.check_limit('chores()', p_limit);
  perform rhythm.require_home();
  if not rhythm.chore_is_due(v_now) then
    return null;
  end if;
  perform rhythm.spare_workers(v_last, v_now);
  perform rhythm.bury_workers(v_now);
  perform rhythm.end_overdue(p_limit, v_now);
  begin
    perform rhythm.end_late_workflows(p_limit, v_now);
  exception
    when lock_not_available or deadlock_detected then
      -- Another session is claiming a part of a tree: try again next time.
      null;
  end;
  perform rhythm.unpark(p_limit);
  perform rhythm.open_gates(p_limit);
  perform rhythm.limited_chores(p_limit, v_now);
  v_more := rhythm.work_operations();
  v_more := rhythm.count_rates(p_limit) or v_more;
  begin
    v_more := rhythm.count_failures(p_limit) or v_more;
  exception
    when lock_not_available then
      -- Somebody sets the state of a kind: try again next time.
      null;
  end;
  if rhythm.sweep(p_limit, v_now) and not v_more then
    return null;
  end if;
  -- A thousand a second would not be enough if more than that are created.
  update rhythm.setting as s set value = (v_now - interval '900 milliseconds')::text where s.name = 'chored_at';
  return v_now + interval '100 milliseconds';
end;
$$;

comment on function rhythm.chores(integer) is
  'Gives back the work of dead workers, ends what has passed its timeout, deletes what is old: once a second over all sessions. Returns when to continue, if it did not come to the end. Part of tick().';
`,
  },
  {
    name: "time/due.sql",
    kind: "behaviour",
    checksum: "6bae9cf04cedccfe0aed08f90162a13936659eb5e40bef5278e4c95ee73c3f6f",
    text: `-- What becomes due. Each part has a limit, and skips what another session has locked.

create or replace function rhythm.fire_timers(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due uuid[];
  v_mine uuid[];
  v_items rhythm.settled_item[];
begin
  v_due := array(select t.id from rhythm.timer as t
    where not t.fired and not t.deadline and coalesce(t.kept_until, t.fires_at) <= p_now
    order by coalesce(t.kept_until, t.fires_at) limit p_limit);
  if v_due = '{}' then
    return 0;
  end if;
  -- What another session has locked stays due.
  v_mine := rhythm.try_lock_states(array(select t.execution_id from rhythm.timer as t where t.id = any (v_due)));
  with fired as (
    update rhythm.timer as t set fired = true
    where t.id = any (v_due) and t.execution_id = any (v_mine) and not t.fired
    returning t.execution_id, t.id, t.fires_at, t.wait_group
  )
  select coalesce(array_agg(row(f.execution_id, f.id, false, f.wait_group)::rhythm.settled_item order by f.fires_at, f.id), '{}') into v_items from fired as f;
  perform rhythm.resume(rhythm.deliver(v_items), p_now);
  return cardinality(v_items);
end;
$$;

comment on function rhythm.fire_timers(integer, timestamptz) is 'Fires the timers that are due. Part of due().';

create or replace function rhythm.end_signal_waits(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due uuid[];
  v_mine uuid[];
  v_items rhythm.settled_item[];
begin
  v_due := array(select w.id from rhythm.signal_wait as w
    where w.timeout_at <= p_now and w.signal_id is null and not w.timed_out order by w.timeout_at limit p_limit);
  if v_due = '{}' then
    return 0;
  end if;
  v_mine := rhythm.try_lock_states(array(select w.execution_id from rhythm.signal_wait as w where w.id = any (v_due)));
  with ended as (
    update rhythm.signal_wait as w set timed_out = true
    where w.id = any (v_due) and w.execution_id = any (v_mine) and w.signal_id is null and not w.timed_out
    returning w.execution_id, w.id, w.timeout_at, w.wait_group
  )
  select coalesce(array_agg(row(x.execution_id, x.id, true, x.wait_group)::rhythm.settled_item order by x.timeout_at, x.id), '{}') into v_items from ended as x;
  perform rhythm.resume(rhythm.deliver(v_items), p_now);
  return cardinality(v_items);
end;
$$;

comment on function rhythm.end_signal_waits(integer, timestamptz) is 'Ends waits for signals that have timed out. Part of due().';

create or replace function rhythm.ready_delayed(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
  v_queues text[];
begin
  with due as (
    select b.id from rhythm.batch as b
    where b.run_at is not null and b.run_at <= p_now
    order by b.run_at limit p_limit for update skip locked
  ),
  ready as (
    update rhythm.batch as b set run_at = null, limited = rhythm.has_limits(b.queue) from due as d where b.id = d.id returning b.queue
  )
  select count(*), array_agg(distinct r.queue) into v_count, v_queues from ready as r;
  perform rhythm.wake(v_queues);
  return v_count;
end;
$$;

comment on function rhythm.ready_delayed(integer, timestamptz) is 'Makes delayed batches ready when they are due. Part of due().';

create or replace function rhythm.next_due(p_now timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return least(
    (select min(coalesce(t.kept_until, t.fires_at)) from rhythm.timer as t where not t.fired and not t.deadline),
    (select greatest(t.fires_at, p_now + interval '1 second') from rhythm.timer as t where not t.fired and t.deadline order by t.fires_at limit 1),
    (select min(b.expires_at) from rhythm.batch as b where b.expires_at is not null and b.worker is null and b.attempt = 0),
    (select min(w.timeout_at) from rhythm.signal_wait as w where w.timeout_at is not null and w.signal_id is null and not w.timed_out),
    (select min(b.run_at) from rhythm.batch as b where b.run_at < 'infinity'),
    (select min(r.at) from rhythm.rates_due(p_now) as r where r.at > p_now),
    (select p_now + interval '50 milliseconds' from rhythm.key_waiter as k where k.due limit 1),
    -- Who is silent for longer than that is given up by chores(), once a second. Until then, calls in between would do nothing.
    (select greatest(min(w.beat_at + w.lease_ms * interval '1 millisecond'), p_now + interval '1 second') from rhythm.worker as w having count(*) > 0)
  );
end;
$$;

comment on function rhythm.next_due(timestamptz) is 'When the next timer, delay, wait or lease runs out. Part of due().';

-- Locks: states, executions, batches, skip locked. Never waits.
create or replace function rhythm.due(p_limit integer default 1000)
returns timestamptz
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
  v_due timestamptz;
begin
  perform rhythm.check_limit('due()', p_limit);
  perform rhythm.require_home();
  perform rhythm.join_late(p_limit, v_now);
  v_due := rhythm.next_due(v_now);
  if v_due <= v_now then
    perform rhythm.expire(p_limit, v_now);
    perform rhythm.ready_delayed(p_limit, v_now);
    perform rhythm.fire_timers(p_limit, v_now);
    perform rhythm.end_signal_waits(p_limit, v_now);
    v_due := rhythm.next_due(v_now);
  end if;
  perform rhythm.wake(array(select distinct r.queue from rhythm.rates_due(v_now) as r where r.at <= v_now));
  return least(v_due, rhythm.fire_schedules(100));
end;
$$;

comment on function rhythm.due(integer) is
  'Does what is due: delayed work, what expires, timers, timeouts of waits, schedules. At most p_limit of each; any number of sessions may call it at once; never waits. '
  'Returns when the next thing is due: a past time means call again at once, null means nothing is due. Part of tick().';
`,
  },
  {
    name: "time/durations.sql",
    kind: "behaviour",
    checksum: "af5ca633cb469f46ea994b1a3af14835b302671997d3cc0040decc9f2a150a68",
    text: `-- Durations: seconds as a number, or text such as 90s, 1h30m, 250ms, 2d.

-- The grammar of durationMs() in TypeScript: ASCII digits and spaces, so that no locale reads them differently.
-- PL/pgSQL, because other functions call it for each row: it keeps its plan, while a SQL function would be planned again.
create or replace function rhythm.duration_ms(p_duration jsonb)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text constant text := p_duration #>> '{}';
begin
  if p_duration is null then
    return null;
  end if;
  return (select case
    when v.ms between 0 and 3162240000000 then ceil(v.ms)::bigint
  end
  from (
    select case jsonb_typeof(p_duration)
      when 'number' then v_text::numeric * 1000
      when 'string' then case
        when v_text ~ '^[ \\t\\n\\r]*[0-9]{1,15}(\\.[0-9]{1,9})?[ \\t\\n\\r]*$' then btrim(v_text, E' \\t\\n\\r')::numeric * 1000
        -- The parts, from the largest unit down, each at most once.
        when v_text ~ ('^[ \\t\\n\\r]*([0-9]{1,15}(\\.[0-9]{1,9})?[ \\t\\n\\r]*[wW][ \\t\\n\\r]*)?'
          '([0-9]{1,15}(\\.[0-9]{1,9})?[ \\t\\n\\r]*[dD][ \\t\\n\\r]*)?([0-9]{1,15}(\\.[0-9]{1,9})?[ \\t\\n\\r]*[hH][ \\t\\n\\r]*)?'
          '([0-9]{1,15}(\\.[0-9]{1,9})?[ \\t\\n\\r]*[mM][ \\t\\n\\r]*)?([0-9]{1,15}(\\.[0-9]{1,9})?[ \\t\\n\\r]*[sS][ \\t\\n\\r]*)?'
          '([0-9]{1,15}(\\.[0-9]{1,9})?[ \\t\\n\\r]*[mM][sS][ \\t\\n\\r]*)?$') then (
            select sum(m.part[1]::numeric * case lower(m.part[2])
              when 'w' then 604800000 when 'd' then 86400000 when 'h' then 3600000 when 'm' then 60000 when 's' then 1000 else 1 end)
            from regexp_matches(v_text, '([0-9.]+)[ \\t\\n\\r]*([mM][sS]|[wWdDhHmMsS])', 'g') as m(part)
          )
      end
    end as ms
  ) as v);
end;
$$;

comment on function rhythm.duration_ms(jsonb) is
  'The milliseconds of a duration: seconds as a number, or text such as "90s", "1h30m", "250ms", "2d"; null if it is not a duration, negative, or longer than a hundred years.';

-- A day has 24 hours and a month 30 days, because a length is stored, not a date.
create or replace function rhythm.interval_ms(p_interval interval)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rhythm.duration_ms(to_jsonb(extract(epoch from p_interval)));
end;
$$;

comment on function rhythm.interval_ms(interval) is
  'The milliseconds of an interval, rounded up; null if it is negative, or longer than a hundred years. Internal.';

-- PL/pgSQL and immutable, so that the planner inserts the value.
create or replace function rhythm.kept_grace()
returns interval
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return interval '250 milliseconds';
end;
$$;

comment on function rhythm.kept_grace() is
  'For how long after it is due a timer is left to the worker that keeps it. Internal.';

-- A random share of the delay, so that executions that failed together do not run again together.
create or replace function rhythm.backoff_ms(p_retry jsonb, p_attempt integer)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select (d.delay * (1 - d.jitter * rhythm.chance()))::bigint
    from (
      select
        least(
          coalesce(rhythm.duration_ms(p_retry -> 'max'), 3600000),
          i.initial * case coalesce(p_retry ->> 'backoff', 'exponential')
            when 'exponential' then power(coalesce((p_retry ->> 'factor')::numeric, 2), least(p_attempt - 1, 60))
            when 'linear' then p_attempt
            else 1
          end
        ) as delay,
        case p_retry -> 'jitter'
          when 'true' then 0.5
          when 'false' then 0
          else coalesce((p_retry ->> 'jitter')::numeric, 0.1)
        end as jitter
      from (select coalesce(rhythm.duration_ms(p_retry -> 'initial'), 1000) as initial) as i
    ) as d);
end;
$$;

comment on function rhythm.backoff_ms(jsonb, integer) is
  'How long to wait before the attempt after this one: {backoff: exponential|linear|fixed, initial, factor, max, jitter}; by default 1 s, 2 s, 4 s … up to an hour, shortened at random by up to a tenth.';
`,
  },
  {
    name: "time/expire.sql",
    kind: "behaviour",
    checksum: "4eb63739ec72838351f5ed2348eaa0f09f1dd6a17123765c3bb8fd9adb59a227",
    text: `-- What has not begun by its time.

create or replace function rhythm.expired_error(p_expires_at timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('type', 'CancelledError', 'code', 'EXPIRED', 'message', format('It had not begun by %s, when it expired', rhythm.moment_text(p_expires_at)));
end;
$$;

comment on function rhythm.expired_error(timestamptz) is 'The error of an execution that expired. Internal.';

-- Cancels executions that expired, and what was started under them. A batch that a session is claiming, and what a session has
-- locked, stays due. A claim that was first wins: it has counted an attempt.
-- Locks: states, executions, batches, skip locked. Never waits.
create or replace function rhythm.expire(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
declare
  v_batches bigint[] := array(
    select x.id from (
      select b.id, sum(b.size) over (order by b.expires_at, b.id) - b.size as before
      from (
        select y.id, y.size, y.expires_at from rhythm.batch as y
        where y.expires_at is not null and y.worker is null and y.attempt = 0 and y.expires_at <= p_now
        order by y.expires_at limit p_limit
      ) as b
    ) as x where x.before < p_limit);
  v_ids uuid[];
  v_free uuid[];
  v_above uuid[];
  v_ended rhythm.transition[];
begin
  if v_batches = '{}' then
    return 0;
  end if;
  v_ids := rhythm.ids_in(v_batches);
  v_free := rhythm.lock_free_states(array(
    select i.id from unnest(v_ids) as i (id)
    union
    select e.parent_id from rhythm.execution as e where e.id = any (v_ids) and e.parent_id is not null));
  v_ids := array(
    select e.id from rhythm.execution as e
    where e.id = any (v_ids) and e.state = 0 and e.cancel_reason is null and (e.type = 'task' or e.id = any (v_free))
      and (e.parent_id is null or e.parent_id = any (v_free) or not exists (select from rhythm.workflow_state as s where s.execution_id = e.parent_id))
    order by e.id for no key update skip locked);
  v_batches := array(
    select b.id from rhythm.batch as b
    where b.id = any (v_batches) and b.worker is null and b.attempt = 0
    order by b.id for update skip locked);
  v_ids := array(
    select e.id from rhythm.execution as e where e.id = any (v_ids) and e.batch_id = any (v_batches)
    union all
    select s.execution_id from rhythm.workflow_state as s where s.execution_id = any (v_ids) and s.batch_id = any (v_batches));
  -- Somebody put others under these: the whole tree is cancelled, if no session has locked a part of it.
  v_above := array(select distinct c.parent_id from rhythm.execution as c where c.parent_id = any (v_ids) and c.state = 0 and c.outlives is null);
  if v_above <> '{}' then
    v_ids := array(select i.id from unnest(v_ids) as i (id) where i.id <> all (v_above));
    v_above := rhythm.lock_free_trees(v_above);
    perform rhythm.cancel_trees(array[e.id], rhythm.expired_error(e.expires_at) ->> 'message', p_now) from rhythm.execution as e where e.id = any (v_above);
    update rhythm.execution as e set error = rhythm.expired_error(e.expires_at) where e.id = any (v_above);
  end if;
  update rhythm.workflow_state as s set batch_id = null where s.execution_id = any (v_ids) and s.batch_id is not null;
  with over as (
    update rhythm.execution as e
    set state = 3, batch_id = null, completed_at = p_now, error = rhythm.expired_error(e.expires_at), cancel_reason = rhythm.expired_error(e.expires_at) ->> 'message',
      note = null, paused_at = null, paused_by = null, pause_reason = null
    where e.id = any (v_ids)
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  )
  select coalesce(array_agg(o::rhythm.transition order by o.id), '{}') into v_ended from over as o;
  delete from rhythm.timer as t where t.execution_id = any (v_ids) and t.deadline;
  perform rhythm.drop_empty_batches(v_batches);
  perform rhythm.follow_ends(v_ended, '{}', p_now);
  return cardinality(v_ended) + cardinality(v_above);
end;
$$;

comment on function rhythm.expire(integer, timestamptz) is 'Cancels what has not begun by its time (the option expires). Part of due().';
`,
  },
  {
    name: "time/run_sql_tasks.sql",
    kind: "behaviour",
    checksum: "270105e89db17b3c77bbefbea4c28ca7af00e16455863f72ffe6b882b20d96f4",
    text: `-- Running SQL tasks, within tick(). A temporary worker holds their leases. It exists only in this transaction, so no other
-- session ever sees it, and a crash leaves the tasks as they were.

create or replace function rhythm.sql_queues()
returns text[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select distinct coalesce(k.options ->> 'queue', 'default') as queue
    from rhythm.task as k
    where k.sql_function is not null
    order by queue
  );
$$;

comment on function rhythm.sql_queues() is 'The queues in which tick() looks for SQL tasks.';

create or replace function rhythm.sql_task_is_ready(p_queues text[], p_targets text[])
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
      select from rhythm.batch as b
      where b.queue = any (p_queues) and b.worker is null and b.run_at is null and not b.limited and b.type = 'task' and b.target = any (p_targets))
    or exists (select from unnest(p_queues) as q (name) where rhythm.limited_ready(q.name, p_targets, '{task}'));
end;
$$;

comment on function rhythm.sql_task_is_ready(text[], text[]) is 'Whether one of some tasks is ready in one of some queues.';

-- As exchange() does, but only for tasks: workflows in the same queue are not claimed.
create or replace function rhythm.claim_sql_tasks(p_worker uuid, p_queue text, p_limit integer, p_targets text[])
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_paused constant text[] := rhythm.paused_targets();
  v_ids bigint[];
begin
  if exists (select from rhythm.queue as q where q.name = p_queue) then
    v_ids := rhythm.limited_claim(p_worker, 1, p_queue, p_limit, p_targets, '{task}');
    if v_ids is not null then
      return v_ids;
    end if;
  end if;
  for v_nth in 1 .. 1000 loop
    v_ids := array(
      select b.id from rhythm.batch as b
      where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited and b.type = 'task' and b.target = any (p_targets)
        and (b.expires_at is null or b.expires_at > rhythm.now() or b.attempt > 0)
      order by b.priority desc, b.first_id limit 1 for update skip locked);
    exit when v_paused is null;
    v_ids := array(select i.id from unnest(v_ids) as i (id) where i.id <> all (rhythm.park(v_ids, v_paused)));
    exit when v_ids <> '{}';
  end loop;
  v_ids := array(
    select case when b.size > p_limit then rhythm.split_batch(b.id, p_limit) else b.id end from rhythm.batch as b where b.id = any (v_ids));
  v_ids := array_remove(v_ids, null);
  perform rhythm.lease(p_worker, 1, v_ids, rhythm.now());
  return v_ids;
end;
$$;

comment on function rhythm.claim_sql_tasks(uuid, text, integer, text[]) is
  'Leases ready SQL tasks of a queue, within its limits, to the temporary worker.';

-- Locks: what exchange() locks. A slow function delays only its caller, because due() and chores() are separate calls. Takes no
-- more after a quarter of a second, but always some: on a busy machine the time may be over before the first. Each call begins
-- with another queue, so that one that is always full does not keep the others waiting.
create or replace function rhythm.sql_tasks(p_limit integer default 100)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_at_once constant integer := 10;
  v_until constant timestamptz := rhythm.now() + interval '250 milliseconds';
  v_targets constant text[] := array(select k.name from rhythm.task as k where k.sql_function is not null);
  v_queues constant text[] := case when v_targets = '{}' then '{}' else rhythm.sql_queues() end;
  v_first constant integer := floor(rhythm.chance() * cardinality(v_queues))::integer;
  v_left integer := p_limit;
  v_worker uuid;
  v_queue text;
  v_batches bigint[];
  v_outcomes jsonb;
begin
  perform rhythm.check_limit('sql_tasks()', p_limit);
  if v_targets = '{}' or 'everything:' = any (rhythm.paused_targets()) or not rhythm.sql_task_is_ready(v_queues, v_targets) then
    return null;
  end if;

  v_worker := rhythm.register_worker(null, v_queues, 'sql-tasks');
  foreach v_queue in array v_queues[v_first + 1 :] || v_queues[: v_first] loop
    while v_left > 0 and (v_left = p_limit or rhythm.now() < v_until) loop
      v_batches := rhythm.claim_sql_tasks(v_worker, v_queue, least(v_left, c_at_once), v_targets);
      exit when v_batches = '{}';
      v_outcomes := rhythm.run_claimed(rhythm.ids_in(v_batches));
      v_left := v_left - coalesce(jsonb_array_length(v_outcomes), 0);
      exit when v_outcomes is null;
      perform rhythm.settle_outcomes(v_worker, v_outcomes, 0, 0, null, rhythm.now());
    end loop;
  end loop;
  delete from rhythm.worker as w where w.id = v_worker;
  perform rhythm.take_back(array(select b.id from rhythm.batch as b where b.worker = v_worker), null, rhythm.now());
  return case when v_left < p_limit and rhythm.sql_task_is_ready(v_queues, v_targets) then rhythm.now() end;
end;
$$;

comment on function rhythm.sql_tasks(integer) is
  'Runs ready SQL tasks, up to p_limit and for a quarter of a second; returns now if there are more, else null. Part of '
  'tick(); any number of sessions may call it at once.';

create or replace function rhythm.run_claimed(p_ids uuid[])
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task record;
  v_outcomes jsonb;
begin
  for v_task in
    select e.id, e.inputs, e.parent_id, k.sql_function
    from rhythm.execution as e
    join rhythm.batch as b on b.id = e.batch_id
    join rhythm.task as k on k.name = e.target
    where e.id = any (p_ids)
      and e.type = 'task'
    order by e.priority desc, e.id
  loop
    -- Its parent is told of its end. If another session has locked the parent, the task runs later: nothing waits here.
    continue when v_task.parent_id is not null and rhythm.lock_free_states(array[v_task.parent_id]) = '{}'
      and exists (select from rhythm.workflow_state as s where s.execution_id = v_task.parent_id);
    v_outcomes := coalesce(v_outcomes, '[]') || (
      jsonb_build_object('id', v_task.id, 'call', 1)
      || rhythm.call_sql_task(v_task.sql_function, v_task.inputs)
    );
  end loop;
  return v_outcomes;
end;
$$;

comment on function rhythm.run_claimed(uuid[]) is 'Runs leased SQL tasks, first in claim order; returns their outcomes, null if none.';
`,
  },
  {
    name: "time/sql_tasks.sql",
    kind: "behaviour",
    checksum: "1b845adde54225d6255bae7d32a5ecb77b3eafbd9c4af97cca197043cff8b25b",
    text: `-- SQL tasks: the handler is a function of this database. It runs inside tick() with the rights of the installation's owner, or of
-- the function's own owner if it is "security definer". Nobody gains rights by it: the owner of the function is checked at each run.

create or replace function rhythm.sql_task_problem(p_function regprocedure)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when not p.prosecdef then format(
      '%s belongs to "%s", not to "%s", who owns this installation', p_function, p.proowner::regrole, n.nspowner::regrole)
    -- to_jsonb() calls casts of types that are not of Postgres itself, with the rights of the owner.
    when t.typnamespace <> 'pg_catalog'::regnamespace or (t.typtype not in ('b', 'r') and t.oid <> 'void'::regtype) then format(
      '%s returns %s: a function of another owner returns void, jsonb or another plain type of Postgres', p_function, t.oid::regtype)
  end
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_type as t on t.oid = p.prorettype
  join pg_catalog.pg_namespace as n on n.oid = :'schema'::regnamespace
  where p.oid = p_function
    and p.proowner <> n.nspowner
    and p.pronamespace <> 'pg_catalog'::regnamespace;
$$;

comment on function rhythm.sql_task_problem(regprocedure) is
  'Why a function may not run as a SQL task: it belongs to another role and is not "security definer", or returns a type that is not of Postgres; null if it may.';

-- The role that calls, also inside a function that runs with its owner's rights.
create or replace function rhythm.caller()
returns name
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(nullif(current_setting('role'), 'none'), session_user)::name;
$$;

comment on function rhythm.caller() is 'The calling role: the one of "set role", else the one that logged in. Internal.';

create or replace function rhythm.define_sql_task(p_name text, p_function regprocedure, options jsonb default '{}')
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind constant text := (select p.prokind from pg_catalog.pg_proc as p where p.oid = p_function);
  v_problem constant text := coalesce(
    rhythm.name_problem('task', p_name),
    case when v_kind is null then 'There is no such function' end,
    case when v_kind <> 'f' then format('%s is not a function', p_function) end,
    case when (select p.proargtypes::text from pg_catalog.pg_proc as p where p.oid = p_function) <> 'jsonb'::regtype::oid::text then
      format('%s cannot handle a task: expected a function of one jsonb, the inputs', p_function) end,
    case when (select p.proretset from pg_catalog.pg_proc as p where p.oid = p_function) then
      format('%s cannot handle a task: it returns a set, expected one value', p_function) end,
    case when options is null then 'options must be an object' end,
    rhythm.options_problem(options)
  );
  v_refusal text;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  v_refusal := coalesce(rhythm.sql_task_problem(p_function), (
    select case
      when not p.prosecdef and p.pronamespace <> 'pg_catalog'::regnamespace then
        format('%s would run with the rights of "%s", which "%s" does not have', p_function, n.nspowner::regrole, rhythm.caller())
      when not has_function_privilege(rhythm.caller(), p.oid, 'execute') then format('"%s" may not call %s', rhythm.caller(), p_function)
    end
    from pg_catalog.pg_proc as p
    join pg_catalog.pg_namespace as n on n.oid = :'schema'::regnamespace
    where p.oid = p_function
      and not pg_has_role(rhythm.caller(), n.nspowner, 'member')
  ));
  if v_refusal is not null then
    perform rhythm.raise('42501', format('Cannot make a SQL task of a function: %s', v_refusal),
      'Let the owner of the installation own the function and define the task, or make the function "security definer" with a search_path of its own');
  end if;
  -- As text, which is qualified under an empty search_path, so that a restored dump finds the function by name.
  insert into rhythm.task as k (name, options, sql_function, updated_at)
  values (p_name, '{"queue": "sql"}' || options, p_function::text, rhythm.now())
  on conflict (name) do update
  set options = excluded.options, sql_function = excluded.sql_function, updated_at = excluded.updated_at;
  perform rhythm.record('define', 'task', p_name, p_after => jsonb_build_object('function', p_function::text, 'options', options));
end;
$$;

comment on function rhythm.define_sql_task(text, regprocedure, jsonb) is
  'Makes a SQL function with one jsonb argument, the inputs, the handler of a task. tick() runs it, without a worker, and its return value '
  'is the output. Its writes and the task''s completion commit together. It runs with the rights of the installation''s owner, who must '
  'own the function. If it is "security definer", it runs with those of its own owner. Its search_path is pg_catalog, pg_temp, '
  'unless it sets another. Options: queue (default sql), priority, timeout, retry; tick() looks only into that queue. Example: select rhythm.define_sql_task(''archive'', ''app.archive(jsonb)'');';

create or replace function rhythm.undefine_sql_task(p_name text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rhythm.task as k
  where k.name = p_name
    and k.sql_function is not null;
  if not found then
    return false;
  end if;
  perform rhythm.record('undefine', 'task', p_name);
  return true;
end;
$$;

comment on function rhythm.undefine_sql_task(text) is
  'Reverses define_sql_task(); queued executions then wait for a worker that has a handler. False if there was no such task.';

-- Each handler has a subtransaction: its writes stay if it returns, and are undone if it raises. Deferred constraints are checked
-- here: at the end of tick() they would undo all other work, too.
create or replace function rhythm.call_sql_task(p_function text, p_inputs jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_function constant regprocedure := to_regprocedure(p_function);
  v_problem constant text := rhythm.sql_task_problem(v_function);
  v_output jsonb;
  v_code text;
  v_message text;
  v_detail text;
  v_context text;
begin
  if v_function is null then
    perform rhythm.raise('RH004', format('The function %s of this task does not exist any more', p_function));
  elsif v_problem is not null then
    perform rhythm.raise('42501', format('Cannot run the function of this task: %s', v_problem),
      'Let the owner of the installation own it, or make it "security definer" with a search_path of its own');
  end if;
  if (select p.prorettype from pg_catalog.pg_proc as p where p.oid = v_function) = 'void'::regtype then
    execute format('select %s($1)', v_function::regproc) using p_inputs;
  else
    execute format('select to_jsonb(%s($1))', v_function::regproc) into v_output using p_inputs;
  end if;
  -- What the function has set for the session must not affect us. The search_path may be changed, so every name here is qualified.
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  perform rhythm.refuse_deferred(v_function);
  set constraints all immediate;
  return jsonb_build_object('status', 'completed', 'output', coalesce(v_output, 'null'));
exception
  when query_canceled or assert_failure or others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail,
      v_context = pg_exception_context;
    return jsonb_build_object('status', 'failed', 'error', jsonb_build_object(
      'type', 'SqlError', 'message', v_message, 'code', v_code, 'stack', v_context
    ) || case when v_detail <> '' then jsonb_build_object('data', jsonb_build_object('detail', v_detail)) else '{}' end);
end;
$$;

comment on function rhythm.call_sql_task(text, jsonb) is
  'Runs the handler of a SQL task in a subtransaction; returns its outcome, or its error with SQLSTATE and message.';

-- Before Postgres 18, a deferred trigger runs with the rights of the role that ends the transaction, not of the function's owner.
create or replace function rhythm.refuse_deferred(p_function regprocedure)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_trigger text;
begin
  if current_setting('server_version_num')::integer < 180000 then
    select format('%I on %s', t.tgname, t.tgrelid::regclass) into v_trigger
    from pg_catalog.pg_proc as f
    join pg_catalog.pg_namespace as n on n.oid = :'schema'::regnamespace
    join pg_catalog.pg_trigger as t on t.tgdeferrable and not t.tgisinternal
    join pg_catalog.pg_proc as p on p.oid = t.tgfoid
    join pg_catalog.pg_roles as r on r.oid = p.proowner
    where f.oid = p_function
      and f.proowner <> n.nspowner
      and f.pronamespace <> 'pg_catalog'::regnamespace
      and p.proowner <> n.nspowner
      and not r.rolsuper
    limit 1;
  end if;
  if v_trigger is not null then
    perform rhythm.raise('42501', format('Cannot run the function of this task: it is not the owner''s, and neither is the deferrable trigger %s', v_trigger),
      'Let the owner of the installation own the function of the trigger, or make the trigger "not deferrable"');
  end if;
end;
$$;

comment on function rhythm.refuse_deferred(regprocedure) is
  'Refuses a SQL task of another owner if other roles have deferrable triggers: before Postgres 18 these could run with the rights of this installation''s owner. Internal.';
`,
  },
  {
    name: "time/tick.sql",
    kind: "behaviour",
    checksum: "3449a3bd93b48dac9c6f4623212e461c75f2cfc8417564d603c8924ed142cc04",
    text: `-- tick(): does everything that is due.

-- Each of its parts can also be called alone, so that a slow one does not delay the others.
create or replace function rhythm.tick(p_limit integer default 1000)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return least(rhythm.chores(p_limit), rhythm.due(p_limit), rhythm.sql_tasks(100));
end;
$$;

comment on function rhythm.tick(integer) is
  'Does what is due: delayed work, timers, timeouts, schedules, SQL tasks, work of dead workers, retention. At most p_limit of each; any number of sessions may call it at once. '
  'Returns when the next thing is due: a past time means call again at once, null means nothing is due. due(), chores() and sql_tasks() are its parts.';
`,
  },
  {
    name: "time/tick_loop.sql",
    kind: "behaviour",
    checksum: "524e115fbf1ec3dc16da4c8fac91d5472773c14e3e2116c816a2464577f6ca80",
    text: `-- The procedure for pg_cron: ticks for a while, each time in its own transaction.
-- A procedure that commits cannot fix its search_path, so every type, function and operator here is qualified, including those
-- of pg_catalog. This is also necessary after tick(), because a SQL task may have changed the search_path of the session.
-- Locks: one session-level advisory lock for each schema. If another loop runs, it ends at once. The end of the session frees the lock.

create or replace procedure rhythm.tick_loop(p_for interval default '59 seconds')
language plpgsql
as $$
declare
  c_lock constant bigint := pg_catalog.hashtextextended(pg_catalog.concat('rhythm tick loop ', :'schema'), 0);
  v_end constant pg_catalog.timestamptz := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) p_for;
  v_due pg_catalog.timestamptz;
  v_wake pg_catalog.timestamptz;
begin
  if not pg_catalog.pg_try_advisory_lock(c_lock) then
    return;
  end if;
  loop
    v_due := rhythm.tick();
    commit;
    -- At most a second, because v_due does not contain what others create meanwhile.
    v_wake := least(v_due, rhythm.now() OPERATOR(pg_catalog.+) interval '1 second');
    exit when pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) (v_wake OPERATOR(pg_catalog.-) rhythm.now())
      OPERATOR(pg_catalog.>=) v_end;
    perform pg_catalog.pg_sleep(greatest(0.01, extract(epoch from v_wake OPERATOR(pg_catalog.-) rhythm.now())));
  end loop;
  perform pg_catalog.pg_advisory_unlock(c_lock);
end;
$$;

comment on procedure rhythm.tick_loop(interval) is
  'Ticks for just under a minute, when something is due and at least every second, committing after each tick. '
  'Returns at once if another loop runs. Made for a job of pg_cron that runs every minute; works from psql, too.';
`,
  },
  {
    name: "tokens/tokens.sql",
    kind: "behaviour",
    checksum: "bb62c3e97774ae8233ff99f69268c864661c07f926db1ed265391ff63f4c2a7d",
    text: `-- Making, listing, revoking and looking up tokens. Only the owner may make one: its holder acts with the rights of the process
-- that serves HTTP.

create or replace function rhythm.token_problem(p_name text, p_role text, p_expires_at timestamptz, p_now timestamptz)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(rhythm.name_problem('token', p_name), case
    when p_role is null or p_role not in ('viewer', 'operator', 'deployer', 'admin') then
      format('There is no role "%s" of tokens: expected viewer, operator, deployer or admin', p_role)
    when p_expires_at <= p_now or not isfinite(p_expires_at) then 'expires_at must be in the future; null: it does not expire'
  end);
$$;

comment on function rhythm.token_problem(text, text, timestamptz, timestamptz) is 'Why there cannot be such a token, as a sentence; null if there can. Internal.';

create or replace function rhythm.create_token(p_name text, p_role text, expires_at timestamptz default null, metadata_only boolean default false)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_problem constant text := rhythm.token_problem(p_name, p_role, create_token.expires_at, v_now);
  -- Both are of the server's strong random numbers.
  v_token constant text := 'rhythm_' || replace(rhythm.secret()::text || rhythm.secret()::text, '-', '');
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  insert into rhythm.token as t (name, role, metadata_only, hash, created_at, created_by, expires_at)
  values (p_name, p_role, coalesce(create_token.metadata_only, false), sha256(v_token::bytea), v_now, rhythm.who(), create_token.expires_at)
  on conflict (name) where revoked_at is null do nothing;
  if not found then
    perform rhythm.raise('RH003', format('There is a token "%s" already', p_name), 'Take another name, or revoke that one first');
  end if;
  perform rhythm.record('create', 'token', p_name, p_after => jsonb_build_object('role', p_role, 'metadata_only', coalesce(create_token.metadata_only, false), 'expires_at', create_token.expires_at));
  return v_token;
end;
$$;

comment on function rhythm.create_token(text, text, timestamptz, boolean) is
  'Makes a token for the HTTP interface and the dashboard, and returns it. It is not stored and cannot be shown again. p_role: viewer, operator, deployer or admin. metadata_only: it sees no inputs, outputs, variables, logs or messages. '
  'Example: select rhythm.create_token(''support'', ''operator'', expires_at => now() + interval ''90 days'');';

create or replace function rhythm.revoke_token(p_name text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.token as t set revoked_at = rhythm.now() where t.name = p_name and t.revoked_at is null;
  if not found then
    return false;
  end if;
  perform rhythm.record('revoke', 'token', p_name);
  return true;
end;
$$;

comment on function rhythm.revoke_token(text) is
  'Revokes a token. Processes refuse it within five seconds, and end the sessions that began with it. False: there is no such token that is not revoked.';

create or replace function rhythm.list_tokens()
returns table (
  id integer, name text, role text, metadata_only boolean, created_at timestamptz, created_by text, expires_at timestamptz, revoked_at timestamptz, used_at timestamptz
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select t.id, t.name, t.role, t.metadata_only, t.created_at, t.created_by, t.expires_at, t.revoked_at, t.used_at from rhythm.token as t order by t.id;
$$;

comment on function rhythm.list_tokens() is 'All tokens, without what one logs in with. What was revoked or has expired is kept for the setting retention.';

-- Callers remember the answer for a few seconds. It writes once an hour, and not where nothing can be written.
create or replace function rhythm.find_token(p_hash text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_token rhythm.token;
begin
  if p_hash !~ '^[0-9a-f]{64}$' then
    return null;
  end if;
  select t.* into v_token from rhythm.token as t
  where t.hash = decode(p_hash, 'hex') and t.revoked_at is null and (t.expires_at is null or t.expires_at > v_now);
  if not found then
    return null;
  end if;
  if current_setting('transaction_read_only') = 'off' and coalesce(v_token.used_at not between v_now - interval '1 hour' and v_now, true) then
    update rhythm.token as t set used_at = v_now where t.id = v_token.id;
  end if;
  return jsonb_build_object('name', v_token.name, 'role', v_token.role, 'metadataOnly', v_token.metadata_only);
end;
$$;

comment on function rhythm.find_token(text) is
  'The token with a SHA-256 hash (64 hexadecimal digits): {name, role, metadataOnly}. Null: there is none, it has expired, or it was revoked. For those who serve HTTP.';

create or replace function rhythm.forget_tokens(p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant timestamptz := p_now - rhythm.setting('retention')::interval;
begin
  delete from rhythm.token as t where t.revoked_at < v_before or t.expires_at < v_before;
end;
$$;

comment on function rhythm.forget_tokens(timestamptz) is 'Deletes tokens that were revoked or expired before the retention. Part of chores().';
`,
  },
  {
    name: "views/bounded.sql",
    kind: "behaviour",
    checksum: "647f9d7738aaef12bc5e12f57963a589bfd052bcb256af9dbd8f9fce3b26fdc6",
    text: `-- What the dashboard reads beside millions of rows: each call looks at a bounded number of them, and says what it has left out.

-- Up to so many pages all batches are counted. Above them, a sample; and exactly what an index shows within its first rows.
create or replace function rhythm.queue_counts()
returns table (queue text, ready bigint, delayed bigint, running bigint, suspended bigint, oldest_at timestamptz, is_estimate boolean)
language plpgsql
stable
rows 100
set search_path = pg_catalog, pg_temp
as $$
declare
  c_pages constant integer := 500;
  c_batches constant integer := 1000;
  v_share constant double precision := greatest(1, pg_relation_size('rhythm.batch') / 8192 / c_pages::double precision);
begin
  if v_share = 1 then
    return query
    select x.queue, coalesce(sum(x.n) filter (where x.state = 'ready'), 0)::bigint, coalesce(sum(x.n) filter (where x.state = 'delayed'), 0)::bigint,
      coalesce(sum(x.n) filter (where x.state = 'running'), 0)::bigint, coalesce(sum(x.n) filter (where x.state = 'suspended'), 0)::bigint, min(x.oldest), false
    from (
      select b.queue, case when b.run_at is not null then 'delayed' when b.worker is null then 'ready' else 'running' end as state,
        sum(b.size) as n, min(case when b.worker is null and b.run_at is null then rhythm.created_at(b.first_id) end) as oldest
      from rhythm.batch as b group by 1, 2
      union all
      select c.queue, 'suspended', c.executions, null from rhythm.count_suspended() as c
    ) as x
    group by x.queue;
    return;
  end if;
  return query
  -- The first of each priority of each queue, by one look at the index for each.
  with recursive head (queue, priority, first_id, nth) as (
    (select b.queue, b.priority, b.first_id, 1 from rhythm.batch as b
    where b.worker is null and b.run_at is null and not b.limited
    order by b.queue, b.priority desc, b.first_id limit 1)
    union all
    select n.queue, n.priority, n.first_id, h.nth + 1
    from head as h cross join lateral (
      (select b.queue, b.priority, b.first_id from rhythm.batch as b
      where b.worker is null and b.run_at is null and not b.limited and b.queue = h.queue and b.priority < h.priority
      order by b.priority desc, b.first_id limit 1)
      union all
      (select b.queue, b.priority, b.first_id from rhythm.batch as b
      where b.worker is null and b.run_at is null and not b.limited and b.queue > h.queue
      order by b.queue, b.priority desc, b.first_id limit 1)
      limit 1
    ) as n
    where h.nth < 500
  ),
  sampled as materialized (
    select b.queue, case when b.run_at is not null then 'delayed' when b.limited then 'limited' else 'ready' end as state,
      round(sum(b.size) * v_share)::bigint as n
    from rhythm.batch as b tablesample system (100 / v_share) repeatable (0)
    where b.worker is null group by 1, 2
  ),
  plain as (
    select h.queue, 'ready' as state, min(rhythm.created_at(h.first_id)) as oldest, r.n, r.is_all
    from head as h
    cross join lateral (
      select coalesce(sum(x.size), 0)::bigint as n, count(*) < c_batches as is_all
      from (
        select b.size from rhythm.batch as b
        where b.queue = h.queue and b.worker is null and b.run_at is null and not b.limited
        order by b.priority desc, b.first_id limit c_batches
      ) as x
    ) as r
    group by h.queue, r.n, r.is_all
  ),
  limited as (
    select q.name as queue, 'limited' as state, r.oldest, r.n, r.is_all
    from rhythm.queue as q
    cross join lateral (
      select coalesce(sum(x.size), 0)::bigint as n, count(*) < c_batches as is_all, min(rhythm.created_at(x.first_id)) as oldest
      from (
        select b.size, b.first_id from rhythm.batch as b
        where b.queue = q.name and b.limited and b.worker is null and b.run_at is null limit c_batches
      ) as x
    ) as r
    where r.n > 0
  ),
  later as materialized (
    select x.queue, sum(x.size)::bigint as n, sum(count(*)) over () < 5 * c_batches as is_all
    from (select b.queue, b.size from rhythm.batch as b where b.run_at is not null order by b.run_at limit 5 * c_batches) as x
    group by x.queue
  ),
  counted as (
    select p.queue, 'ready' as state, case when p.is_all then p.n else greatest(p.n, s.n) end as n, p.oldest, not p.is_all as is_estimate
    from (select * from plain union all select * from limited) as p
    left join sampled as s on s.queue = p.queue and s.state = p.state
    union all
    select coalesce(l.queue, s.queue), 'delayed', case when l.is_all then l.n else greatest(l.n, s.n) end, null, l.is_all is not true
    from later as l
    full join (select x.queue, x.n from sampled as x where x.state = 'delayed' and not exists (select from later as y where y.is_all)) as s on s.queue = l.queue
    union all
    select x.queue, 'running', sum(x.size), null, count(*) = 20 * c_batches
    from (select b.queue, b.size from rhythm.batch as b where b.worker is not null limit 20 * c_batches) as x group by x.queue
    union all
    select c.queue, 'suspended', c.executions, null, false from rhythm.count_suspended() as c
  )
  select c.queue, coalesce(sum(c.n) filter (where c.state = 'ready'), 0)::bigint, coalesce(sum(c.n) filter (where c.state = 'delayed'), 0)::bigint,
    coalesce(sum(c.n) filter (where c.state = 'running'), 0)::bigint, coalesce(sum(c.n) filter (where c.state = 'suspended'), 0)::bigint,
    min(c.oldest), bool_or(c.is_estimate)
  from counted as c
  group by c.queue;
end;
$$;

comment on function rhythm.queue_counts() is
  'How many executions of each queue are ready, delayed, running and suspended, and when the oldest ready one was created, at a bounded cost. Internal.';

create or replace function rhythm.count_queues()
returns table (
  queue text, ready bigint, delayed bigint, running bigint, suspended bigint, oldest_at timestamptz, oldest_seconds double precision,
  workers bigint, paused boolean, concurrency integer, per_key_concurrency integer, rate integer, per interval,
  per_key_rate integer, per_key_per interval, fair boolean, is_estimate boolean
)
language sql
stable
rows 100
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
  with counted as materialized (
    select c.* from rhythm.queue_counts() as c
  ),
  served as (
    select u.queue, count(distinct w.id) as workers
    from rhythm.worker as w cross join lateral unnest(w.queues) as u(queue) group by u.queue
  ),
  named as (
    select c.queue from counted as c
    union
    select q.name from rhythm.queue as q
    union
    select s.queue from served as s
  )
  select
    n.queue, coalesce(c.ready, 0), coalesce(c.delayed, 0), coalesce(c.running, 0), coalesce(c.suspended, 0), c.oldest_at,
    greatest(0, extract(epoch from rhythm.now() - c.oldest_at))::double precision,
    coalesce(s.workers, 0), q.paused_at is not null, q.concurrency, q.per_key_concurrency, q.rate, q.per_ms * interval '1 millisecond',
    q.per_key_rate, q.per_key_per_ms * interval '1 millisecond', coalesce(q.fair, false), coalesce(c.is_estimate, false)
  from named as n
  left join counted as c on c.queue = n.queue
  left join rhythm.queue as q on q.name = n.queue
  left join served as s on s.queue = n.queue;
$$;

comment on function rhythm.count_queues() is
  'The view queues at a bounded cost. is_estimate: there are so many batches that ready or delayed are estimated from a sample.';

-- Walks an index in the order of ids, newest first, and looks at so many rows at most. What is live is found by its place: what is
-- suspended by its state, the rest by its batch, unless there are too many batches to read.
create or replace function rhythm.search_executions(p_filter jsonb, p_before uuid default null, p_limit integer default 50)
returns table (ids uuid[], searched_to uuid)
language plpgsql
stable
rows 1
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
declare
  c_look constant integer := 40000;
  c_look_live constant integer := 2000;
  c_look_line constant integer := 250;
  c_piece constant integer := 200;
  c_most constant integer := 5000;
  v_problem constant text := rhythm.search_problem(p_filter);
  v_limit constant integer := least(greatest(coalesce(p_limit, 50), 1), c_most);
  v_statuses text[];
  v_states smallint[];
  v_is_live boolean;
  v_before uuid := coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_look integer := c_look;
  v_index text;
  v_where text;
  v_lists uuid[];
  v_end uuid;
  v_floor uuid;
  v_ids uuid[];
  v_nth integer;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  v_before := least(v_before, (p_filter ->> 'before')::uuid);
  if p_filter ? 'statuses' then
    v_statuses := array(select jsonb_array_elements_text(p_filter -> 'statuses'));
    v_states := array(select distinct case s when 'completed' then 1 when 'failed' then 2 when 'cancelled' then 3 when 'frozen' then 4 else 0 end from unnest(v_statuses) as s);
    v_is_live := v_states = '{0}';
  end if;
  v_where := concat_ws(' and ',
    'true',
    case when p_filter ? 'since' then 'e.id >= ($1 ->> ''since'')::uuid' end,
    case when p_filter ? 'type' then 'e.type = $1 ->> ''type''' end,
    case when p_filter ? 'target' then 'e.target = $1 ->> ''target''' end,
    case when p_filter ? 'queue' then 'e.queue = $1 ->> ''queue''' end,
    case when p_filter ? 'version' then 'e.version = ($1 ->> ''version'')::integer' end,
    case when p_filter ? 'parent' then 'e.parent_id = ($1 ->> ''parent'')::uuid' end,
    case when p_filter ? 'fingerprint' then 'e.fingerprint = ($1 ->> ''fingerprint'')::bigint' end,
    case when p_filter ? 'metadata' then 'e.metadata @> ($1 -> ''metadata'')' end,
    case when p_filter ? 'variables' then 'e.tags @> rhythm.variable_tags($1 -> ''variables'')' end,
    case when v_states is not null then 'e.state = any ($2)' end,
    case when 0 = any (v_states) and not v_statuses @> array['pending', 'running', 'suspended'] then '(e.state > 0 or (
      select rhythm.status_name(e.state, b.id, b.worker)
      from (select coalesce(e.batch_id, (select s.batch_id from rhythm.workflow_state as s where s.execution_id = e.id)) as batch_id) as p
      left join rhythm.batch as b on b.id = p.batch_id) = any ($3))' end,
    case when p_filter ? 'line' then 'e.type = ''workflow'' and case when e.completed_at is null then ($1 ->> ''line'')::integer = any (rhythm.lines_of(e.id)) else e.error #>> ''{at,line}'' = $1 ->> ''line'' end' end);

  if p_filter ? 'parent' then v_index := 'x.parent_id = ($1 ->> ''parent'')::uuid';
  elsif p_filter ? 'fingerprint' then v_index := 'x.fingerprint is not null and x.fingerprint = ($1 ->> ''fingerprint'')::bigint';
  elsif v_states = '{2}' then v_index := 'x.fingerprint is not null';
  elsif p_filter ? 'variables' then
    v_lists := array(
      select x.id from rhythm.execution as x
      where x.tags is not null and x.tags @> rhythm.variable_tags(p_filter -> 'variables') and x.id < v_before limit c_look_live + 1);
    -- Many have them: the newest rows have, too.
    if cardinality(v_lists) > c_look_live then v_lists := null; end if;
  end if;
  if v_index is null and v_lists is null and (v_is_live or p_filter ? 'line') then
    v_look := case when p_filter ? 'line' then c_look_line else c_look_live end;
    select l.ids, l.ended into v_lists, v_end from rhythm.live_ids(p_filter, v_statuses, v_before, v_look) as l;
    if v_lists is not null and not coalesce(v_is_live, false) then
      v_ids := array(select x.id from rhythm.execution as x where x.fingerprint is not null and x.id < v_before order by x.id desc limit v_look + 1);
      v_end := greatest(v_end, v_ids[v_look + 1]);
      v_lists := v_lists || v_ids;
    end if;
  end if;
  if p_filter ? 'line' then v_look := c_look_line; end if;

  if v_lists is not null then
    v_lists := array(select distinct i.id from unnest(v_lists) as i (id) where v_end is null or i.id >= v_end order by i.id desc);
    v_ids := '{}';
    v_nth := 1;
    -- In pieces, so that nothing is looked at for which there is no room.
    while v_nth <= cardinality(v_lists) and cardinality(v_ids) <= v_limit loop
      execute format('select $6 || array(select e.id from unnest($4) as i (id) cross join lateral (select x.* from rhythm.execution as x where x.id = i.id offset 0) as e where %s order by e.id desc limit $5)', v_where)
      into v_ids using p_filter, v_states, v_statuses, v_lists[v_nth:v_nth + c_piece - 1], v_limit + 1 - cardinality(v_ids), v_ids;
      v_nth := v_nth + c_piece;
    end loop;
  else
    execute format('select array(select e.id from (select x.* from rhythm.execution as x where x.id < $4 and %s order by x.id desc limit $6) as e where %s order by e.id desc limit $5)',
      coalesce(v_index, 'true'), v_where)
    into v_ids using p_filter, v_states, v_statuses, v_before, v_limit + 1, v_look;
    if cardinality(v_ids) <= v_limit then
      execute format('select x.id from rhythm.execution as x where x.id < $2 and %s order by x.id desc offset $3 limit 1', coalesce(v_index, 'true'))
      into v_end using p_filter, v_before, v_look - 1;
    end if;
  end if;
  if cardinality(v_ids) > v_limit then
    ids := v_ids[1:v_limit];
    searched_to := ids[v_limit];
  else
    ids := v_ids;
    v_floor := (p_filter ->> 'since')::uuid;
    searched_to := case when v_floor is null or v_end > v_floor then v_end end;
  end if;
  return next;
end;
$$;

comment on function rhythm.search_executions(jsonb, uuid, integer) is
  'The newest executions that fit, older than p_before: it looks at some 40,000 at most, so that it costs the same beside millions. ids: the newest first. '
  'searched_to: call again with this as p_before to go on; null: there are no more. p_filter may have type, target, queue, version, line, statuses, parent, fingerprint, '
  'variables, metadata, since (the first id) and before (an id).';

create or replace function rhythm.search_problem(p_filter jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_value jsonb;
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    return 'p_filter must be an object: {"target": "order", "statuses": ["failed"]}';
  end if;
  for v_name, v_value in select f.key, f.value from jsonb_each(p_filter) as f loop
    if not (case
      when v_name in ('type', 'target', 'queue') then jsonb_typeof(v_value) = 'string'
      when v_name in ('version', 'line') then case when v_value #>> '{}' ~ '^\\d{1,10}$' then (v_value #>> '{}')::bigint < 2147483648 else false end
      when v_name = 'fingerprint' then case when v_value #>> '{}' ~ '^-?\\d{1,19}$' then abs((v_value #>> '{}')::numeric) < 9223372036854775808 else false end
      when v_name in ('parent', 'since', 'before') then v_value #>> '{}' ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
      when v_name = 'metadata' then jsonb_typeof(v_value) = 'object'
      when v_name = 'variables' then not rhythm.variables_problem(v_value)
      when v_name = 'statuses' then jsonb_typeof(v_value) = 'array'
        and v_value <@ '["pending", "running", "suspended", "completed", "failed", "cancelled", "frozen"]'
      else false end)
    then
      return format('p_filter cannot have %s: %s', to_jsonb(v_name), left(v_value::text, 100));
    end if;
  end loop;
  return null;
end;
$$;

comment on function rhythm.search_problem(jsonb) is 'What is wrong with a filter of search_executions(); null: nothing. Internal.';

-- ended: what is older was not looked at. ids is null if that cannot be told without reading too many batches.
create or replace function rhythm.live_ids(p_filter jsonb, p_statuses text[], p_before uuid, p_look integer)
returns table (ids uuid[], ended uuid)
language plpgsql
stable
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  c_batch_pages constant integer := 6000;
  v_flows uuid[] := '{}';
  v_members uuid[] := '{}';
  v_waiters uuid[] := '{}';
  -- Of 100,000 batches, the newest few are found sooner.
  v_look constant integer := least(p_look, 500);
  v_batches bigint[];
  v_last uuid;
  v_type constant text := p_filter ->> 'type';
  v_target constant text := p_filter ->> 'target';
  v_queue constant text := p_filter ->> 'queue';
  v_running constant boolean := 'running' = any (p_statuses);
  v_pending constant boolean := 'pending' = any (p_statuses);
begin
  if p_filter ->> 'type' is distinct from 'task' and (p_filter ? 'line' or 'suspended' = any (p_statuses)) then
    v_flows := array(select s.execution_id from rhythm.workflow_state as s where s.execution_id < p_before order by s.execution_id desc limit p_look + 1);
  end if;
  if not p_filter ? 'line' and (v_running or v_pending) then
    if v_pending and pg_relation_size('rhythm.batch') / 8192 > c_batch_pages then
      return;
    end if;
    -- The members of a batch are in the order of their ids, and were created together.
    v_batches := array(
      select b.id
      from rhythm.batch as b
      where (v_pending or b.worker is not null) and (v_running or b.worker is null)
        and (v_type is null or b.type = v_type) and (v_target is null or b.target = v_target) and (v_queue is null or b.queue = v_queue)
        and b.first_id < p_before
      order by b.ids[b.size] desc limit v_look + 1);
    v_members := array(
      select m.id
      from unnest(v_batches) as i (id)
      cross join lateral (select x.ids from rhythm.batch as x where x.id = i.id offset 0) as b
      cross join lateral unnest(b.ids) as m (id)
      where m.id < p_before
      order by m.id desc limit v_look + 1);
    v_last := (select b.ids[b.size] from rhythm.batch as b where b.id = v_batches[v_look + 1]);
  end if;
  if 'suspended' = any (p_statuses) then
    v_waiters := array(select k.execution_id from rhythm.key_waiter as k where k.execution_id < p_before order by k.execution_id desc limit p_look + 1);
  end if;
  ids := v_flows || v_members || v_waiters;
  ended := greatest(v_flows[p_look + 1], v_members[v_look + 1], v_last, v_waiters[p_look + 1]);
  return next;
end;
$$;

comment on function rhythm.live_ids(jsonb, text[], uuid, integer) is
  'The newest executions that may be live, older than p_before; ended: what is older was not looked at. Internal.';
`,
  },
  {
    name: "views/explain.sql",
    kind: "behaviour",
    checksum: "b3813d49bb549325f368d042cc5c4d174454a53d09dc6c8041e36f57edbee725",
    text: `-- Why an execution does not continue, in sentences and facts.

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
    if not exists (select from rhythm.worker as w where p_batch.queue = any (w.queues) and w.beat_at + w.lease_ms * interval '1 millisecond' > p_now) then
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
`,
  },
  {
    name: "views/find.sql",
    kind: "behaviour",
    checksum: "d82debf84c4a753d5801e17fbfa6f2246ed4fdfd17756524a3ffe7dab44cbca0",
    text: `-- Finding executions by variables.

create or replace function rhythm.variables_problem(p_variables jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_typeof(p_variables) is distinct from 'object' or p_variables = '{}'
    or exists (select from jsonb_each(p_variables) as v (key, value) where jsonb_typeof(v.value) not in ('string', 'number', 'boolean'));
end;
$$;

comment on function rhythm.variables_problem(jsonb) is 'Whether this is no object of variables and their values. Internal.';

create or replace function rhythm.variable_tags(p_variables jsonb)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select v.key || '=' || left(v.value, 200) from jsonb_each_text(p_variables) as v (key, value) order by v.key);
end;
$$;

comment on function rhythm.variable_tags(jsonb) is 'What the tags of an execution contain that has these variables. Internal.';

create or replace function rhythm.found_by(p_program jsonb)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(i.value #>> '{}' order by i.nth)
  from jsonb_array_elements(case jsonb_typeof(p_program -> 'index') when 'array' then p_program -> 'index' else '[]' end) with ordinality as i (value, nth)
  where jsonb_typeof(i.value) = 'string';
$$;

comment on function rhythm.found_by(jsonb) is 'The variables that workflows of a program are found by; null: none. Internal.';

-- What has not begun has its inputs only. As tagsOf() of the language does it.
create or replace function rhythm.first_tags(p_names text[], p_inputs jsonb)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.stored_tags(array_agg(distinct n.name || '=' || left(case jsonb_typeof(v.value) when 'number' then trim_scale((v.value #>> '{}')::numeric)::text else v.value #>> '{}' end, 200)))
  from unnest(p_names) as n (name)
  cross join lateral (select p_inputs #> string_to_array(n.name, '.') as value) as f
  cross join lateral jsonb_array_elements(case jsonb_typeof(f.value) when 'array' then jsonb_path_query_array(f.value, '$[0 to 19]') else jsonb_build_array(f.value) end) as v (value)
  where jsonb_typeof(v.value) in ('string', 'number', 'boolean');
$$;

comment on function rhythm.first_tags(text[], jsonb) is 'What a workflow is found by before it begins. Internal.';

create or replace function rhythm.find(p_variables jsonb)
returns setof uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.variables_problem(p_variables) then
    perform rhythm.raise('RH001', 'p_variables must be an object of texts, numbers and booleans: {"orderId": "1042"}');
  end if;
  return query
  with found as materialized (
    select e.id from rhythm.execution as e where e.tags is not null and e.tags @> rhythm.variable_tags(p_variables)
  )
  select f.id from found as f order by f.id desc;
end;
$$;

comment on function rhythm.find(jsonb) is
  'The executions that have these variables now, or had them last, the newest first. Flows name the variables in the front matter (index: [orderId, customer.id]), others set them with tag(). '
  'Example: select e.* from rhythm.find(''{"orderId": "1042"}'') as f (id) join rhythm.executions as e on e.id = f.id;';
`,
  },
  {
    name: "views/read.sql",
    kind: "behaviour",
    checksum: "df1d01ef64317eb680d0cb2b8d258827fc7d3401f6005dc03ca487abe0701470",
    text: `-- Reading and waiting.

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
`,
  },
  {
    name: "views/read_functions.sql",
    kind: "behaviour",
    checksum: "963f9f885857c851167f8dba7df1ec6cc3472b712a6224ff2216de6098277119",
    text: `-- Functions for tools, beside the views.

create or replace function rhythm.first_id(p_at timestamptz)
returns uuid
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.uuid7_floor(p_at);
$$;

comment on function rhythm.first_id(timestamptz) is
  'The smallest id that an execution created at an instant can have: where id >= first_id(…) reads a range of the primary key.';

-- People type the end of an id, because its beginning is a time that all executions of the same minute share. Reads only the primary
-- key, for about half a second at most.
create or replace function rhythm.ids_ending(p_end text)
returns setof uuid
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select n.id
  from (select e.id from rhythm.execution as e order by e.id desc limit 1000000) as n
  where right(n.id::text, 8) = lower(p_end)
  limit 10;
$$;

comment on function rhythm.ids_ending(text) is
  'Executions among the newest million whose ids end with these 8 digits, newest first, 10 at most: for short ids that a person types.';

create or replace function rhythm.flow_state(p_execution uuid)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'name', v.name,
    'version', v.version,
    'source', v.source,
    'code', v.code,
    'snapshot', case when v.code <> '{"language": "typescript"}' then s.snapshot end,
    'waits', (select coalesce(jsonb_agg(jsonb_build_object('kind', w.kind, 'id', w.id)), '[]') from rhythm.waits as w where w.execution_id = s.execution_id)
  )
  from rhythm.workflow_state as s
  join rhythm.flow_version as v on v.program = s.program
  where s.execution_id = p_execution;
$$;

comment on function rhythm.flow_state(uuid) is
  'The state of a workflow that is not completed: {name, version, source, code, snapshot, waits}; null if it has none. A workflow in TypeScript has no snapshot: its steps are in the view steps.';
`,
  },
  {
    name: "views/status.sql",
    kind: "behaviour",
    checksum: "d81ecf7f0c7cf26d6676a5a78f2405b3ebea853fcad84dafe5c656945cd944c9",
    text: `-- The status of an execution: the one place that decides it.

-- Has no setting, so that views can inline it. Operators are qualified instead.
create or replace function rhythm.status_name(p_state smallint, p_batch bigint, p_worker uuid)
returns text
language plpgsql
immutable
as $$
begin
  return case
    when p_state OPERATOR(pg_catalog.>) 0 then
      case when p_state OPERATOR(pg_catalog.=) 1 then 'completed' when p_state OPERATOR(pg_catalog.=) 2 then 'failed' when p_state OPERATOR(pg_catalog.=) 3 then 'cancelled' else 'frozen' end
    when p_batch is null then 'suspended'
    when p_worker is null then 'pending'
    else 'running' end;
end;
$$;

comment on function rhythm.status_name(smallint, bigint, uuid) is 'The status of an execution, from its state and its batch.';

create or replace function rhythm.status_of(p_execution uuid)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select rhythm.status_name(e.state, b.id, b.worker)
    from rhythm.execution as e
    left join rhythm.workflow_state as s on s.execution_id = e.id
    left join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
    where e.id = p_execution);
end;
$$;

comment on function rhythm.status_of(uuid) is 'The status of an execution; null if it does not exist.';
`,
  },
  {
    name: "wake/follow.sql",
    kind: "behaviour",
    checksum: "6aa609926bcdc66535825b5c5693f74c1ecc563ee48c72cb999af10ecc386f6f",
    text: `-- When executions end: tells parents and key waiters, and notifies people.

create or replace function rhythm.follow_ends(
  p_ended rhythm.transition[],
  p_items rhythm.settled_item[],
  p_now timestamptz,
  p_worker uuid default null,
  p_call integer default null,
  p_lease integer default 0
)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ended rhythm.transition[] := p_ended;
  v_items rhythm.settled_item[];
  v_workflows uuid[];
  v_leased bigint[] := '{}';
  v_is_watched boolean;
  v_has_failed boolean;
begin
  select bool_or(e.notify_on_end), bool_or(e.state = 2) into v_is_watched, v_has_failed from unnest(p_ended) as e;
  if v_is_watched then
    v_ended := p_ended || rhythm.end_waiters(array(select e.id from unnest(p_ended) as e where e.notify_on_end), p_now);
    perform rhythm.notify('done', e.id::text) from unnest(v_ended) as e where e.notify_on_end;
  end if;
  if v_has_failed then
    perform rhythm.note_failures(v_ended, p_now);
  end if;
  v_items := p_items || array(
    select row(e.parent_id, e.id, e.state <> 1, e.wait_group)::rhythm.settled_item
    from unnest(v_ended) with ordinality as e (id, parent_id, wait_group, state, notify_on_end, type, nth)
    where e.parent_id is not null order by e.nth);
  if v_items <> '{}' then
    v_leased := rhythm.resume(rhythm.deliver(v_items), p_now, p_worker, p_call, p_lease);
  end if;
  v_workflows := array(select e.id from unnest(v_ended) as e where e.type = 'workflow');
  if v_workflows <> '{}' then
    perform rhythm.clear_workflows(v_workflows);
  end if;
  if coalesce(p_call, 0) = 0 and exists (select from unnest(v_ended) as e where e.state = 2) then
    perform rhythm.tell_failed(array(select e.id from unnest(v_ended) as e where e.state = 2));
  end if;
  return v_leased;
end;
$$;

comment on function rhythm.follow_ends(rhythm.transition[], rhythm.settled_item[], timestamptz, uuid, integer, integer) is
  'Tells parents, key waiters and people of ends; returns the batches of parents that were leased to the worker. Internal.';

-- No worker reported these ends, so none would log them. The worker whose call of due(), chores() or sql_tasks() this is reads the
-- setting at the end of its statement.
create or replace function rhythm.tell_failed(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('rhythm.failed', (
    coalesce(nullif(current_setting('rhythm.failed', true), ''), '[]')::jsonb || coalesce(jsonb_agg(jsonb_build_object(
      'id', e.id, 'kind', e.type, 'target', e.target, 'queue', e.queue, 'attempt', e.attempt, 'traceparent', e.traceparent,
      'error', e.error - 'data') order by e.id), '[]'))::text, true)
  from rhythm.execution as e
  where e.id = any (p_ids) and e.state = 2;
end;
$$;

comment on function rhythm.tell_failed(uuid[]) is
  'Adds executions that failed without a report of a worker to the setting rhythm.failed of this transaction. Internal.';

-- A workflow that has ended waits for nothing. The snapshot of a failed one stays, because retry() continues from it. What it took
-- stays for its history.
create or replace function rhythm.clear_workflows(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_completed constant uuid[] := array(select e.id from rhythm.execution as e where e.id = any (p_ids) and e.state = 1);
begin
  delete from rhythm.timer as t where t.execution_id = any (p_ids) and t.deadline;
  delete from rhythm.workflow_state as s where s.execution_id = any (v_completed);
  delete from rhythm.inbox as i where i.execution_id = any (v_completed);
  delete from rhythm.timer as t where t.execution_id = any (v_completed) and not t.fired;
  delete from rhythm.signal_wait as w where w.execution_id = any (v_completed) and w.signal_id is null and not w.timed_out;
end;
$$;

comment on function rhythm.clear_workflows(uuid[]) is 'Removes what workflows that have ended were still waiting for. Internal.';
`,
  },
  {
    name: "wake/locks.sql",
    kind: "behaviour",
    checksum: "bcd3c60ec14590a2ad583d9c5cacd46134b99220fdf046978d817fdb0a6f4bbc",
    text: `-- Locks that several functions take.

-- The one order of locks: states by id, then executions by id. A session that changes a workflow, or tells a parent of an end, takes
-- these locks first.
create or replace function rhythm.lock_states(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[];
begin
  with held as (
    select s.execution_id from rhythm.workflow_state as s
    where s.execution_id = any (p_ids)
    order by s.execution_id
    for update
  )
  select coalesce(array_agg(h.execution_id), '{}') from held as h
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.lock_states(uuid[]) is 'Locks the states of workflows in the order of their ids; returns those that have one. Internal.';

-- For workers and due(), which already hold many locks: they never wait, and come back for what others have locked.
create or replace function rhythm.try_lock_states(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[];
begin
  with held as (
    select s.execution_id from rhythm.workflow_state as s
    where s.execution_id = any (p_ids)
    order by s.execution_id
    for update skip locked
  ),
  own as (
    select e.id from rhythm.execution as e
    where e.id = any (array(select h.execution_id from held as h))
    order by e.id
    for no key update skip locked
  )
  select coalesce(array_agg(o.id), '{}') from own as o
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.try_lock_states(uuid[]) is 'Locks workflows that no other session has locked, their states and themselves; returns those. Never waits. Internal.';

-- The states that a change of some executions affects: their own, and those of their parents.
create or replace function rhythm.lock_around(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.lock_states(array(
    select e.id from rhythm.execution as e where e.id = any (p_ids) and e.type = 'workflow'
    union
    select e.parent_id from rhythm.execution as e where e.id = any (p_ids) and e.parent_id is not null));
end;
$$;

comment on function rhythm.lock_around(uuid[]) is 'Locks the states of executions and of their parents. Internal.';
`,
  },
  {
    name: "wake/signal.sql",
    kind: "behaviour",
    checksum: "cf4a410476a58dd4c7702165b8b4678948e9be7960f969ebe435140de2bc614e",
    text: `-- Signals.

create or replace function rhythm.signal(p_execution uuid, p_name text, p_payload jsonb default 'null', idempotency_key text default null)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_execution rhythm.execution;
  v_problem constant text := coalesce(rhythm.name_problem('signal', p_name),
    case when idempotency_key is not null then rhythm.name_problem('idempotency key', idempotency_key) end);
  v_locked uuid[];
  v_id bigint;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  if octet_length(p_payload::text) > v_limit then
    perform rhythm.raise('RH006', format('The payload of signal "%s" takes %s bytes: at most %s are allowed', p_name, octet_length(p_payload::text), v_limit));
  end if;
  -- Until the commit, this lock keeps the workflow from ending, and from suspending without seeing the signal.
  v_locked := rhythm.lock_states(array[p_execution]);
  perform rhythm.require_fresh(array[p_execution]);
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot send signal "%s": there is no execution %s', p_name, coalesce(p_execution::text, 'null')));
  elsif v_execution.type = 'task' then
    perform rhythm.raise('RH003', format('Cannot send signal "%s": execution %s is a task, only workflows take signals', p_name, p_execution));
  elsif v_execution.state = 4 then
    perform rhythm.refuse_frozen(array[p_execution], format('Cannot send signal "%s"', p_name));
  elsif v_execution.state > 0 then
    perform rhythm.raise('RH003', format('Cannot send signal "%s": execution %s is %s', p_name, p_execution, rhythm.status_of(p_execution)));
  elsif v_locked = '{}' then
    perform rhythm.raise('RH003', format('Cannot send signal "%s": execution %s waits for another execution', p_name, p_execution), v_execution.note);
  end if;

  insert into rhythm.signal as g (execution_id, name, payload, idempotency_key, sent_at)
  values (p_execution, p_name, coalesce(p_payload, 'null'), signal.idempotency_key, v_now)
  on conflict on constraint signal_once do nothing
  returning g.id into v_id;
  if v_id is null then
    return (select g.id from rhythm.signal as g where g.execution_id = p_execution and g.idempotency_key = signal.idempotency_key);
  end if;
  perform rhythm.record_named('signal', array[p_execution], p_after => jsonb_build_object('name', p_name));
  perform rhythm.resume(rhythm.deliver(rhythm.match_signals(array[p_execution])), v_now);
  return v_id;
end;
$$;

comment on function rhythm.signal(uuid, text, jsonb, text) is
  'Sends a signal to a workflow and returns its number. Signals of one name are taken in order, each once; they are kept until a wait takes '
  'them. With an idempotency key, sending again changes nothing. Example: select rhythm.signal(''0190…'', ''approval'', ''{"ok": true}'');';
`,
  },
  {
    name: "wake/wake.sql",
    kind: "behaviour",
    checksum: "fe3f9f2c2d80e191e2ae7eddd461f642958885b901d3ff8bda229b650e482902",
    text: `-- Waking: sleeping workers, suspended workflows, people who wait.

-- Only if a worker sleeps, and once for each queue and transaction. A worker that falls asleep while this transaction is open
-- polls after 2, 5, 10, 15, 25, 50, 100 ms, because this check cannot see it.
create or replace function rhythm.wake(p_queues text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.notify('work', q.name)
  from unnest(p_queues) as q (name)
  where exists (select from rhythm.worker as w where w.sleeping and q.name = any (w.queues));
end;
$$;

comment on function rhythm.wake(text[]) is 'Notifies sleeping workers of work in some queues. Internal.';

-- Something is due earlier than sleeping workers know.
create or replace function rhythm.wake_clocks()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.notify('work', '')
  where exists (select from rhythm.worker as w where w.sleeping);
end;
$$;

comment on function rhythm.wake_clocks() is 'Tells sleeping workers (channel work, no payload) to call tick(), which returns when the next thing is due. Internal.';

-- A failure satisfies a group at once. An item of a group that nobody waits for changes nothing.
create or replace function rhythm.need_after(p_groups integer[], p_need integer[], p_items rhythm.settled_item[])
returns integer[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_nth integer;
begin
  if cardinality(p_items) = 1 then
    v_nth := array_position(p_groups, (p_items[1]).wait_group);
    if v_nth is not null then
      p_need[v_nth] := case when (p_items[1]).failed then 0 else p_need[v_nth] - 1 end;
    end if;
    return p_need;
  end if;
  return (
    select coalesce(array_agg(g.need - coalesce(i.ended, 0) order by g.nth), '{}')
    from unnest(p_groups, p_need) with ordinality as g (number, need, nth)
    left join (
      select x.wait_group, sum(case when x.failed then 1000000 else 1 end)::integer as ended from unnest(p_items) as x group by x.wait_group
    ) as i on i.wait_group = g.number
  );
end;
$$;

comment on function rhythm.need_after(integer[], integer[], rhythm.settled_item[]) is
  'How many members each group of waits still needs after some have ended. Internal.';

-- Puts what has ended into the inboxes of the workflows that started it; returns those that can now continue. The cost of an end
-- does not depend on the number of siblings. The caller holds the locks of their states.
create or replace function rhythm.deliver(p_items rhythm.settled_item[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[];
begin
  with item as (
    select i.execution_id, i.id, i.failed, i.wait_group, row_number() over (partition by i.execution_id order by i.nth) as nth
    from unnest(p_items) with ordinality as i (execution_id, id, failed, wait_group, nth)
  ),
  parcel as (
    select i.execution_id, count(*)::integer as size, array_agg(row(i.execution_id, i.id, i.failed, i.wait_group)::rhythm.settled_item) as items
    from item as i group by i.execution_id
  ),
  counted as (
    update rhythm.workflow_state as s
    set arrived = s.arrived + p.size, need = rhythm.need_after(s.groups, s.need, p.items)
    from parcel as p
    where s.execution_id = p.execution_id
    returning s.execution_id, s.arrived - p.size as before, 0 >= any (s.need) as goes_on
  ),
  put as (
    insert into rhythm.inbox (execution_id, nth, item, wait_group, failed)
    select c.execution_id, c.before + i.nth, i.id, i.wait_group, i.failed from counted as c join item as i on i.execution_id = c.execution_id
  )
  select coalesce(array_agg(c.execution_id), '{}') from counted as c where c.goes_on
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.deliver(rhythm.settled_item[]) is
  'Puts ended children, timers and waits for signals into the inboxes of their workflows; returns the workflows that can continue. Internal.';

-- A batch of one, for an execution that becomes ready or delayed by itself.
create or replace function rhythm.batch_of(p_execution rhythm.execution, p_run_at timestamptz, p_attempt integer, p_failures integer, p_crashes integer)
returns rhythm.batch
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch rhythm.batch;
begin
  v_batch.id := nextval('rhythm.batch_id_seq');
  v_batch.first_id := p_execution.id;
  v_batch.run_at := case when p_execution.paused_at is null then p_run_at else 'infinity' end;
  v_batch.paused := p_execution.paused_at is not null;
  v_batch.expires_at := case p_attempt when 0 then p_execution.expires_at end;
  v_batch.timeout_ms := case p_execution.type when 'task' then p_execution.timeout_ms end;
  v_batch.priority := p_execution.priority;
  v_batch.size := 1;
  v_batch.attempt := p_attempt;
  v_batch.failures := p_failures;
  v_batch.crashes := p_crashes;
  v_batch.type := p_execution.type;
  v_batch.queue := p_execution.queue;
  v_batch.target := p_execution.target;
  v_batch.limited := rhythm.has_limits(p_execution.queue);
  v_batch.concurrency_key := p_execution.concurrency_key;
  v_batch.common := rhythm.common_of(rhythm.max_attempts(p_execution.retry), p_execution.timeout_ms, p_execution.metadata,
    p_execution.traceparent);
  v_batch.ids := array[p_execution.id];
  return v_batch;
end;
$$;

comment on function rhythm.batch_of(rhythm.execution, timestamptz, integer, integer, integer) is 'The row of a batch that holds one execution. Internal.';

-- Suspended workflows that can continue become ready. If a worker has room, they are leased to it at once, and returned. The
-- caller holds the locks of their states.
create or replace function rhythm.resume(p_ids uuid[], p_now timestamptz, p_worker uuid default null, p_call integer default null, p_lease integer default 0)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_paused constant text[] := case when p_lease > 0 then rhythm.paused_targets() end;
  v_batches rhythm.batch[];
  v_stopped uuid[];
  v_gates integer[];
begin
  if p_ids = '{}' then
    return '{}';
  elsif rhythm.gated_flows() is not null then
    select array_agg(g.execution_id), array_agg(g.gate) into v_stopped, v_gates from rhythm.gates_at(p_ids) as g;
  end if;
  with going as (
    select rhythm.batch_of(l.e, null, s.attempt, s.failures, 0) as b,
      p_lease > 0 and (l.e).paused_at is null and (v_stopped is null or i.id <> all (v_stopped)) and (v_paused is null or not rhythm.is_paused(v_paused, 'workflow', (l.e).target))
        and (l.e).queue = any (k.queues) and not exists (select from rhythm.queue as q where q.name = (l.e).queue) as may_lease
    from unnest(p_ids) as i (id)
    cross join lateral (select x.attempt, x.failures from rhythm.workflow_state as x where x.execution_id = i.id and x.batch_id is null offset 0) as s
    cross join lateral (select x from rhythm.execution as x where x.id = i.id and x.state = 0 offset 0) as l (e)
    left join rhythm.worker as k on k.id = p_worker
    order by i.id
  ),
  numbered as materialized (
    select g.b, g.may_lease and row_number() over (partition by g.may_lease order by (g.b).id) <= p_lease as is_leased from going as g
  ),
  pointed as (
    update rhythm.workflow_state as s set batch_id = (n.b).id, delivered = s.arrived
    from numbered as n where s.execution_id = (n.b).first_id
  ),
  made as (
    insert into rhythm.batch (id, first_id, worker, run_at, paused, gate, claimed_at, expires_at, call, priority, size, attempt, failures, limited, type, queue, target, concurrency_key, common, ids)
    select (n.b).id, (n.b).first_id, case when n.is_leased then p_worker end, case when (n.b).first_id = any (v_stopped) then 'infinity' else (n.b).run_at end, (n.b).paused,
      v_gates[array_position(v_stopped, (n.b).first_id)], case when n.is_leased then p_now end, (n.b).expires_at, case when n.is_leased then p_call end,
      (n.b).priority, 1, greatest((n.b).attempt, case when n.is_leased then 1 else 0 end), (n.b).failures, not n.is_leased and (n.b).limited, 'workflow', (n.b).queue, (n.b).target, (n.b).concurrency_key,
      (n.b).common, (n.b).ids
    from numbered as n
    returning *
  )
  select coalesce(array_agg(m::rhythm.batch), '{}') into v_batches from made as m;
  perform rhythm.wake(array(select distinct b.queue from unnest(v_batches) as b where b.worker is null and b.run_at is null));
  return array(select b.id from unnest(v_batches) as b where b.worker is not null order by b.id);
end;
$$;

comment on function rhythm.resume(uuid[], timestamptz, uuid, integer, integer) is
  'Makes suspended workflows ready, or leases them to a worker that has room; returns the batches that were leased. Internal.';
`,
  },
  {
    name: "failures/views.sql",
    kind: "behaviour",
    checksum: "40795cfbb374ad683436d4303505595aef2175c86763929ac52ba59b792883c5",
    text: `-- Kinds of failures, for people.

drop view if exists rhythm.failures;

create view rhythm.failures as
select
  f.fingerprint, f.state, f.type, f.target, f.error_type, f.message, f.count,
  (select count(*) from rhythm.execution as e where e.fingerprint = f.fingerprint) as failed,
  f.first_at, f.last_at,
  array(
    select coalesce(h.count, 0) from generate_series(23, 0, -1) as n (ago)
    left join rhythm.failure_hour as h on h.fingerprint = f.fingerprint and h.hour = (select date_trunc('hour', rhythm.now() at time zone 'UTC') at time zone 'UTC') - n.ago * interval '1 hour'
    order by n.ago desc) as trend,
  f.versions, f.example_id, f.changed_at, f.changed_by, f.note
from rhythm.failure as f;

comment on view rhythm.failures is
  'Failures by their kind: how often each came, when first and last, in which versions of a flow, and how many executions are failed now. chores() counts them once a second. For what came last: order by last_at desc.';

drop view if exists rhythm.failure_hooks;

create view rhythm.failure_hooks as
select
  h.name, h.event, h.filter, h.type, h.target, substring(h.url from '^https?://(?:[^/@]*@)?([^/?#]*)') as host, h.secret is not null as is_signed, h.queue,
  h.created_at, h.created_by, h.started, h.last_at, h.last_id, h.problem
from rhythm.failure_hook as h;

comment on view rhythm.failure_hooks is 'What is started when executions fail: see set_failure_hook(). Of an address only the host is shown, because the rest of it may be a secret.';
`,
  },
  {
    name: "gates/gates.sql",
    kind: "behaviour",
    checksum: "a8967b90ff0250d74767f06d173c29906ac6b676b1bf362f5de107073f24e888",
    text: `-- Gates stop executions at a place: a workflow that would go on from a line, a task that a flow has started. They are parked, as what
-- is paused is, with the number of the gate. \`resume_execution()\` lets one on. If a gate goes, chores() lets on what stands there.

-- The where clause keeps Postgres from reading an index: a table without pages costs no page.
create or replace function rhythm.gated_flows()
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select array_agg(distinct g.flow) from rhythm.gate as g where g.set_at is not null and g.line is not null);
end;
$$;

comment on function rhythm.gated_flows() is 'The flows that have a gate at a line; null: none. Internal.';

-- Offsets count as JavaScript does: a character outside the basic plane is two.
create or replace function rhythm.line_at(p_code jsonb, p_function integer, p_pc integer)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_offset integer;
  v_text text;
begin
  select o.at into v_offset
  from (
    select p.nth, sum(p.pc) over (order by p.nth) as pc, sum(p.moved) over (order by p.nth) as at
    from (
      select (x.nth - 1) / 2 as nth, max(x.value::integer) filter (where x.nth % 2 = 1) as pc, max(x.value::integer) filter (where x.nth % 2 = 0) as moved
      from jsonb_array_elements_text(p_code -> 'functions' -> p_function -> 'positions') with ordinality as x (value, nth) group by 1
    ) as p
  ) as o
  where o.pc <= p_pc
  order by o.nth desc limit 1;
  v_text := left(regexp_replace(p_code ->> 'source', '[^\\x01-\\uffff]', 'xx', 'g'), v_offset);
  return 1 + length(v_text) - length(replace(v_text, E'\\n', ''));
end;
$$;

comment on function rhythm.line_at(jsonb, integer, integer) is 'The line of an instruction of a program. Internal.';

-- The heap of a snapshot: see src/flow/snapshot/format.ts. 15 is an activation, whose fourth member is the promise that it awaits.
create or replace function rhythm.lines_of(p_execution uuid)
returns integer[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_heap jsonb;
  v_code jsonb;
begin
  select (s.snapshot -> 'h')::jsonb, v.code into v_heap, v_code
  from rhythm.workflow_state as s join rhythm.flow_version as v on v.program = s.program where s.execution_id = p_execution;
  if jsonb_typeof(v_heap) is distinct from 'array' or not v_code ? 'functions' then
    return '{}';
  end if;
  return array(
    select distinct rhythm.line_at(v_code, (v_heap -> (f.value ->> 1)::integer ->> 1)::integer, (f.value ->> 3)::integer)
    from jsonb_array_elements(v_heap) as f (value)
    where f.value ->> 0 = '15' and f.value ->> 4 <> '-1' order by 1);
end;
$$;

comment on function rhythm.lines_of(uuid) is 'The lines in which the branches of a workflow stand; empty: it is not in the flow language, or has not begun.';

-- From what has ended (14, a promise with its operation), over promises and combinators (16), to the activations that await it.
create or replace function rhythm.lines_going_on(p_execution uuid)
returns integer[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_items constant text[] := array(select i.item::text from rhythm.inbox as i where i.execution_id = p_execution);
  v_heap jsonb;
  v_code jsonb;
begin
  select (s.snapshot -> 'h')::jsonb, v.code into v_heap, v_code
  from rhythm.workflow_state as s join rhythm.flow_version as v on v.program = s.program where s.execution_id = p_execution;
  if jsonb_typeof(v_heap) is distinct from 'array' or not v_code ? 'functions' then
    return '{}';
  end if;
  return array(
    with recursive reached as (
      select h.value as entry
      from jsonb_array_elements(v_heap) as h (value)
      where h.value ->> 0 = '14' and case jsonb_typeof(h.value -> 4) when 'array' then h.value #>> '{4,0}' else h.value ->> 4 end = any (v_items)
      union
      select v_heap -> case x.value ->> 0
        when '5' then (v_heap -> (x.value ->> 1)::integer ->> 2)::integer
        when '1' then (x.value ->> 3)::integer
        when '2' then (x.value ->> 2)::integer
        else (x.value ->> 1)::integer end
      from reached as r
      cross join lateral jsonb_array_elements(r.entry) with ordinality as x (value, nth)
      where x.nth > 5 and x.value ->> 0 <> '0'
    )
    select distinct rhythm.line_at(v_code, (v_heap -> (f.entry ->> 1)::integer ->> 1)::integer, (f.entry ->> 3)::integer)
    from reached as r
    cross join lateral jsonb_array_elements(r.entry) with ordinality as x (value, nth)
    cross join lateral (select v_heap -> (x.value ->> 1)::integer as entry) as f
    where x.nth > 5 and x.value ->> 0 = '0'
    order by 1);
end;
$$;

comment on function rhythm.lines_going_on(uuid) is 'The lines from which a workflow goes on with what is in its inbox. Internal.';

create or replace function rhythm.fits_gate(p_gate rhythm.gate, p_execution uuid)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_gate.condition = '{}' or rhythm.fitting(p_gate.condition, array[p_execution]) <> '{}';
end;
$$;

comment on function rhythm.fits_gate(rhythm.gate, uuid) is 'Whether an execution of its flow fits the condition of a gate. Internal.';

-- Called only while there are gates. What is being cancelled cleans up, and does not stop.
create or replace function rhythm.gates_at(p_ids uuid[])
returns table (execution_id uuid, gate integer)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select distinct on (e.id) e.id, g.id
  from unnest(p_ids) as i (id)
  cross join lateral (select x.id, x.target from rhythm.execution as x where x.id = i.id and x.type = 'workflow' and x.cancel_reason is null offset 0) as e
  join rhythm.gate as g on g.flow = e.target and g.line is not null
  join rhythm.flow_version as v on v.name = g.flow and v.version = g.version
  cross join lateral (select s.program from rhythm.workflow_state as s where s.execution_id = e.id and s.program = v.program offset 0) as s
  where g.line = any (rhythm.lines_going_on(e.id)) and rhythm.fits_gate(g, e.id)
  order by e.id, g.id;
end;
$$;

comment on function rhythm.gates_at(uuid[]) is 'Which of some workflows have come to a gate, and to which. Internal.';

create or replace function rhythm.gates_before(p_kinds rhythm.kind[], p_newcomers rhythm.newcomer[])
returns rhythm.gate[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select array_agg(g order by g.id) from rhythm.gate as g
    where g.set_at is not null and g.before is not null and exists (select from unnest(p_kinds) as k where k.type = 'task' and k.target = g.before)
      and exists (select from unnest(p_newcomers) as n where n.parent_id is not null));
end;
$$;

comment on function rhythm.gates_before(rhythm.kind[], rhythm.newcomer[]) is 'The gates at which some of these new executions may stop; null: none. Internal.';

-- Each gets a batch of its own, which is parked.
create or replace function rhythm.stop_before(p_gates rhythm.gate[], p_newcomers rhythm.newcomer[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row record;
  v_batch rhythm.batch;
begin
  for v_row in
    select distinct on (c.id) c.id, c.batch_id, g.id as gate
    from unnest(p_newcomers) as n
    join rhythm.execution as c on c.id = n.id and c.type = 'task'
    join rhythm.execution as p on p.id = n.parent_id and p.cancel_reason is null
    join unnest(p_gates) as g on g.before = c.target and g.flow = p.target and rhythm.fits_gate(g, p.id)
    order by c.id, g.id
  loop
    select (rhythm.batch_of(e, null, b.attempt, b.failures, b.crashes)).* into v_batch
    from rhythm.execution as e join rhythm.batch as b on b.id = v_row.batch_id where e.id = v_row.id;
    v_batch.run_at := 'infinity';
    v_batch.gate := v_row.gate;
    insert into rhythm.batch select v_batch.*;
    perform rhythm.move_members('task', array[v_row.id], v_row.batch_id, v_batch.id);
    perform rhythm.drop_empty_batches(array[v_row.batch_id]);
  end loop;
end;
$$;

comment on function rhythm.stop_before(rhythm.gate[], rhythm.newcomer[]) is 'Parks those of some new tasks that have come to a gate. Internal.';

-- Locks: batches, skip locked. Never waits.
create or replace function rhythm.open_gates(p_limit integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batches rhythm.batch[];
begin
  with freed as (
    update rhythm.batch as b set gate = null, run_at = case when b.paused then 'infinity' else x.run_at end, limited = rhythm.has_limits(b.queue)
    from (
      select y.id, (select case when e.run_at > rhythm.now() then e.run_at end from rhythm.execution as e where e.id = y.first_id) as run_at
      from rhythm.batch as y
      where y.gate is not null and not exists (select from rhythm.gate as g where g.id = y.gate)
      order by y.id limit p_limit for update skip locked
    ) as x
    where b.id = x.id
    returning b.*
  )
  select array_agg(f::rhythm.batch) into v_batches from freed as f;
  if v_batches is not null then
    perform rhythm.wake_for(v_batches);
  end if;
end;
$$;

comment on function rhythm.open_gates(integer) is 'Lets on up to p_limit of what stands at gates that are gone. Part of chores().';

create or replace function rhythm.pass_gate(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select from rhythm.workflow_state as s join rhythm.batch as b on b.id = s.batch_id
    where s.execution_id = p_execution and b.gate is not null and not b.paused
  ) then
    perform rhythm.resume_these(array[p_execution], rhythm.now());
  end if;
end;
$$;

comment on function rhythm.pass_gate(uuid) is 'Lets a workflow on that stands at a gate and is not paused. Internal.';

create or replace function rhythm.gate_problem(p_flow text, p_line integer, p_before text, p_condition jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_known constant text[] := '{variables,metadata,queue,parent}';
begin
  return case
    when (p_line is null) = (p_before is null) then 'A gate stands in a line or before a task: give one of "line" and "before"'
    when p_line < 1 then format('%s cannot be a line: lines are counted from 1', p_line)
    when p_before is not null and rhythm.name_problem('task', p_before) is not null then rhythm.name_problem('task', p_before)
    when jsonb_typeof(p_condition) is distinct from 'object' then 'The condition of a gate must be an object: {"variables": {"orderId": "1042"}}'
    when p_condition - c_known <> '{}' then 'There is no ' || rhythm.unknown_option(p_condition, c_known)
    when p_condition <> '{}' then rhythm.filter_problem(p_condition)
  end;
end;
$$;

comment on function rhythm.gate_problem(text, integer, text, jsonb) is 'What is wrong with a gate; null if nothing is. Internal.';

create or replace function rhythm.set_gate(
  p_flow text, p_line integer default null, p_before text default null, p_condition jsonb default '{}', p_version integer default null, p_note text default null, p_by text default null
)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_note, p_by);
  v_problem constant text := rhythm.gate_problem(p_flow, p_line, p_before, p_condition);
  v_version rhythm.flow_version;
  v_id integer;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  select v.* into v_version from rhythm.flow_version as v
  where v.name = p_flow and case when p_version is null then exists (select from rhythm.flow as f where f.program = v.program) else v.version = p_version end;
  if not found then
    perform rhythm.raise('RH004', case when p_version is null then format('There is no flow "%s"', coalesce(p_flow, 'null')) else format('There is no version %s of flow "%s"', p_version, coalesce(p_flow, 'null')) end,
      'The view flow_versions lists all versions');
  elsif p_line is not null and v_version.code = '{"language": "typescript"}' then
    perform rhythm.raise('RH003', format('Cannot set a gate in line %s: "%s" is a workflow in TypeScript', p_line, p_flow), 'It can stop before a task');
  elsif p_line > 1 + length(v_version.source) - length(replace(v_version.source, E'\\n', '')) then
    perform rhythm.raise('RH001', format('Cannot set a gate in line %s: version %s of flow "%s" has fewer lines', p_line, v_version.version, p_flow));
  end if;
  insert into rhythm.gate (flow, version, line, before, condition, set_at, set_by, note)
  values (p_flow, case when p_line is not null then v_version.version end, p_line, p_before, p_condition, rhythm.now(), v_names.by_whom, v_names.reason)
  returning id into v_id;
  perform rhythm.record('set', 'gate', v_id::text, p_note, p_after => jsonb_strip_nulls(jsonb_build_object('flow', p_flow, 'line', p_line, 'before', p_before, 'condition', p_condition)));
  return v_id;
end;
$$;

comment on function rhythm.set_gate(text, integer, text, jsonb, integer, text, text) is
  'Executions of a flow stop here until resume_execution(), edit_state(), or until the gate is removed; returns its number. p_line: they do not go on from that line of p_version (default: the current one), once what they wait for there has ended. '
  'p_before: what they start of that task does not begin. p_condition: {variables, metadata, queue, parent}. Example: select rhythm.set_gate(''order'', p_before => ''charge'');';

create or replace function rhythm.remove_gate(p_gate integer)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old rhythm.gate;
begin
  delete from rhythm.gate as g where g.id = p_gate returning g.* into v_old;
  if v_old.id is null then
    return false;
  end if;
  perform rhythm.record('remove', 'gate', p_gate::text, p_before => jsonb_strip_nulls(jsonb_build_object('flow', v_old.flow, 'line', v_old.line, 'before', v_old.before, 'condition', v_old.condition)));
  -- The first of them go on at once.
  perform rhythm.open_gates(100);
  return true;
end;
$$;

comment on function rhythm.remove_gate(integer) is 'Removes a gate. What stands there goes on. False: there is none of this number.';

drop view if exists rhythm.gates;

create view rhythm.gates as
select g.id, g.flow, g.version, g.line, g.before, g.condition, g.set_at, g.set_by, g.note,
  case when g.line is not null then (
    select btrim(split_part(v.source, E'\\n', g.line), E' \\t\\r') from rhythm.flow_version as v where v.name = g.flow and v.version = g.version) end as source_line,
  (select count(*) from rhythm.batch as b where b.gate = g.id) as executions
from rhythm.gate as g;

comment on view rhythm.gates is 'Where executions stop until somebody lets them on, and how many stand there. Which ones: the column gate of the view executions.';

create or replace function rhythm.gate_reason(p_gate integer)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((
    select rhythm.reason('gate', format('It stands at gate %s, %s, which %s set at %s%s', g.id,
        case when g.line is null then format('before task "%s"', g.before) else format('in line %s', g.line) end, g.set_by, rhythm.moment_text(g.set_at), ': ' || g.note),
      jsonb_build_object('gate', g.id, 'line', g.line, 'target', g.before, 'since', g.set_at, 'by', g.set_by, 'why', g.note))
    from rhythm.gate as g where g.id = p_gate), '[]');
end;
$$;

comment on function rhythm.gate_reason(integer) is 'At which gate an execution stands, for explain(). Internal.';
`,
  },
  {
    name: "operations/views.sql",
    kind: "behaviour",
    checksum: "75f7c0bb9bb6361c72520fdd23a712326d1a5b613cf937f4781b52760b9540f8",
    text: `-- Operations, for people.

drop view if exists rhythm.operations;

create view rhythm.operations as
select
  o.id, o.action, o.state, o.dry_run, o.filter, o.args, o.started_by, o.created_at, o.ended_at, o.looked, o.done, o.unchanged, o.refused,
  (select count(*) from rhythm.operation_act as a where a.operation_id = o.id and a.result is null) as locked
from rhythm.operation as o;

comment on view rhythm.operations is
  'What is done to many executions by operate(): how many were looked at, changed (done), had nothing to change, refused it, or are still locked by others. For the newest first: order by id desc.';

drop view if exists rhythm.operation_acts;

create view rhythm.operation_acts as
select a.operation_id, o.action, o.started_by, a.execution_id, a.at, a.result, a.detail, a.place
from rhythm.operation_act as a
join rhythm.operation as o on o.id = a.operation_id;

comment on view rhythm.operation_acts is 'What operations did to each execution: who, when, what, to whom, with which result. Kept for the setting retention.';
`,
  },
  {
    name: "pause/pauses.sql",
    kind: "behaviour",
    checksum: "2f40be26ab40bb52f2812b1e02b55a6c74fd4f80aa5bfc737aa464cd95ad5692",
    text: `-- Everything that is paused, except executions.

drop view if exists rhythm.pauses;

create view rhythm.pauses as
select p.type as kind, nullif(p.target, '') as name, null::text as key, p.paused_at, p.paused_by, p.reason
from rhythm.pause as p
union all
select 'queue', q.name, null, q.paused_at, q.paused_by, q.pause_reason
from rhythm.queue as q
where q.paused_at is not null
union all
select 'key', k.queue, k.key, k.paused_at, k.paused_by, k.pause_reason
from rhythm.queue_key as k
where k.paused_at is not null;

comment on view rhythm.pauses is
  'What is paused: everything, tasks, flows (workflow), queues, concurrency keys (name: their queue). Paused executions are in the view executions: paused_at.';
`,
  },
  {
    name: "rates/rates.sql",
    kind: "behaviour",
    checksum: "baee75826b803d9f5d22f0fd5c9c960491d2948451e7d918dfa69c444722ab21",
    text: `-- Rates: what ended, how, and how long it took.

create or replace function rhythm.took_bounds()
returns bigint[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000, 300000, 1800000, 3600000, 21600000, 86400000];
$$;

comment on function rhythm.took_bounds() is 'The upper bounds, in milliseconds, by which durations are counted. Internal.';

-- Within a bound the values count as spread evenly.
create or replace function rhythm.took_at(p_took bigint[], p_share double precision)
returns double precision
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bounds constant bigint[] := rhythm.took_bounds();
  v_wanted constant double precision := least(p_share, 1) * (select sum(t.n) from unnest(p_took) as t (n));
  v_below double precision := 0;
  v_from bigint := 0;
begin
  if not coalesce(v_wanted > 0, false) then
    return null;
  end if;
  for i in 1 .. cardinality(p_took) loop
    if v_below + p_took[i] >= v_wanted then
      return case when i > cardinality(v_bounds) then v_from
        else v_from + (v_bounds[i] - v_from) * (v_wanted - v_below) / nullif(p_took[i], 0) end;
    end if;
    v_below := v_below + p_took[i];
    v_from := v_bounds[i];
  end loop;
  return v_from;
end;
$$;

comment on function rhythm.took_at(bigint[], double precision) is 'Up to how many milliseconds a share of some counted durations took, by the bounds that the view rates counts with. Null: none was counted.';

create or replace function rhythm.add_took(p_one bigint[], p_other bigint[])
returns bigint[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select coalesce(t.a, 0) + coalesce(t.b, 0) from unnest(p_one, p_other) with ordinality as t (a, b, nth) order by t.nth);
end;
$$;

comment on function rhythm.add_took(bigint[], bigint[]) is 'Adds counts bound by bound. Internal.';

create or replace function rhythm.rates_problem(p_rates jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_shape constant text := 'p_rates must be an array: [{"type": "task", "target": "a", "queue": "default", "completed": 1, "failed": 0, "cancelled": 0, "retried": 0, "total_ms": 5, "took": [0, 0, 1]}]';
begin
  if jsonb_typeof(p_rates) <> 'array' then
    return c_shape;
  elsif jsonb_array_length(p_rates) > 1000 then
    return 'p_rates must have at most 1000 entries';
  end if;
  return (
    select case when coalesce(r.value ->> 'type', '') not in ('task', 'workflow', 'line') then c_shape
      when r.value ->> 'type' = 'line' and coalesce(r.value ->> 'queue' !~ '^\\d{1,9}:\\d{1,9}$', true) then 'The queue of a line must be its version and line: "3:12"'
      else coalesce(rhythm.name_problem(r.value ->> 'type', r.value ->> 'target'), rhythm.name_problem('queue', r.value ->> 'queue'), c_shape) end
    from jsonb_array_elements(p_rates) as r (value)
    where jsonb_typeof(r.value) <> 'object'
      or coalesce(r.value ->> 'type', '') not in ('task', 'workflow', 'line')
      or r.value ->> 'type' = 'line' and coalesce(r.value ->> 'queue' !~ '^\\d{1,9}:\\d{1,9}$', true)
      or rhythm.name_problem(r.value ->> 'type', r.value ->> 'target') is not null
      or rhythm.name_problem('queue', r.value ->> 'queue') is not null
      or exists (
        select from unnest('{completed,failed,cancelled,retried,total_ms}'::text[]) as k (name)
        where not coalesce(jsonb_typeof(r.value -> k.name) = 'number' and r.value ->> k.name ~ '^\\d{1,15}$', false))
      or case when jsonb_typeof(r.value -> 'took') = 'array' then
          jsonb_array_length(r.value -> 'took') > cardinality(rhythm.took_bounds()) + 1
          or exists (select from jsonb_array_elements(r.value -> 'took') as t (n) where jsonb_typeof(t.n) <> 'number' or t.n #>> '{}' !~ '^\\d{1,15}$')
        else true end
    limit 1);
end;
$$;

comment on function rhythm.rates_problem(jsonb) is 'What is wrong with the counts of a heartbeat; null if nothing is. Internal.';

create or replace function rhythm.note_rates(p_rates jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.rate_note (at, type, target, queue, completed, failed, cancelled, retried, total_ms, took)
  select p_now, r.type, r.target, r.queue, r.completed, r.failed, r.cancelled, r.retried, r.total_ms, r.took
  from jsonb_to_recordset(p_rates) as r (type text, target text, queue text, completed bigint, failed bigint, cancelled bigint, retried bigint, total_ms bigint, took bigint[]);
end;
$$;

comment on function rhythm.note_rates(jsonb, timestamptz) is 'Notes the counts of a heartbeat, for count_rates(). Internal.';

-- Only one session counts at a time: chores() holds a lock.
create or replace function rhythm.count_rates(p_limit integer)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_notes rhythm.rate_note[];
  v_note record;
begin
  with taken as (
    delete from rhythm.rate_note as n
    where n.ctid = any (array(select x.ctid from rhythm.rate_note as x limit p_limit for update skip locked))
    returning n.*
  )
  select array_agg(t::rhythm.rate_note) into v_notes from taken as t;
  if v_notes is null then
    return false;
  end if;
  for v_note in
    select s.span, date_trunc(s.span, n.at at time zone 'UTC') at time zone 'UTC' as since, n.*
    from unnest(v_notes) as n cross join unnest('{minute,hour}'::text[]) as s (span)
    order by 1, 2, n.type, n.target, n.queue
  loop
    insert into rhythm.rate as r (span, at, type, target, queue, completed, failed, cancelled, retried, total_ms, took)
    values (v_note.span, v_note.since, v_note.type, v_note.target, v_note.queue, v_note.completed, v_note.failed, v_note.cancelled, v_note.retried, v_note.total_ms, v_note.took)
    on conflict (span, at, type, target, queue) do update
    set completed = r.completed + excluded.completed, failed = r.failed + excluded.failed, cancelled = r.cancelled + excluded.cancelled,
      retried = r.retried + excluded.retried, total_ms = r.total_ms + excluded.total_ms, took = rhythm.add_took(r.took, excluded.took);
  end loop;
  return cardinality(v_notes) = p_limit;
end;
$$;

comment on function rhythm.count_rates(integer) is 'Adds the counts of heartbeats to minutes and hours; true: there is more. Part of chores().';

create or replace function rhythm.forget_rates(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old constant tid[] := array(
    (select r.ctid from rhythm.rate as r where r.span = 'minute' and r.at < p_now - interval '1 day' order by r.at limit p_limit)
    union all
    (select r.ctid from rhythm.rate as r where r.span = 'hour' and r.at < p_now - interval '90 days' order by r.at limit p_limit));
begin
  delete from rhythm.rate as r where r.ctid = any (v_old);
  return cardinality(v_old) < p_limit;
end;
$$;

comment on function rhythm.forget_rates(integer, timestamptz) is 'Deletes minutes after a day and hours after 90 days; false: there is more. Part of chores().';

drop view if exists rhythm.rates;

create view rhythm.rates as
select
  r.span, r.at, r.type, r.target, r.queue, r.completed, r.failed, r.cancelled, r.retried, r.total_ms,
  round(r.total_ms::numeric / nullif((select sum(t.n) from unnest(r.took) as t (n)), 0), 1) as mean_ms,
  round(rhythm.took_at(r.took, 0.5)::numeric, 1) as p50_ms, round(rhythm.took_at(r.took, 0.95)::numeric, 1) as p95_ms, round(rhythm.took_at(r.took, 0.99)::numeric, 1) as p99_ms,
  r.took
from rhythm.rate as r
where r.type <> 'line';

comment on view rhythm.rates is
  'What workers ended in each minute of the last day and each hour of the last 90 days, by target and queue. The times are of a task''s attempts, and of a workflow''s life. Workers send their counts with their heartbeats.';

drop view if exists rhythm.heat;

create view rhythm.heat as
select
  r.span, r.at, r.target as flow, split_part(r.queue, ':', 1)::integer as version, split_part(r.queue, ':', 2)::integer as line,
  r.completed as came, r.failed, r.retried, r.total_ms,
  round(rhythm.took_at(r.took, 0.5)::numeric, 1) as p50_ms, round(rhythm.took_at(r.took, 0.95)::numeric, 1) as p95_ms, round(rhythm.took_at(r.took, 0.99)::numeric, 1) as p99_ms,
  r.took
from rhythm.rate as r
where r.type = 'line';

comment on view rhythm.heat is
  'How often each line of a flow was waited at, in each minute of the last day and each hour of the last 90 days, for how long, and how often it failed there. Workers send their counts with their heartbeats.';
`,
  },
  {
    name: "views/executions.sql",
    kind: "behaviour",
    checksum: "3144b6840ce91e0d0c3d88d9c6157739c1f3715748f98b3539601a807f5505aa",
    text: `-- Executions, for people. Views belong to the owner, so that a role that may read one needs no right on a table.

drop view if exists rhythm.executions;

create view rhythm.executions as
select
  e.id,
  e.type,
  e.target,
  rhythm.status_name(e.state, b.id, b.worker) as status,
  e.queue,
  e.priority,
  e.version,
  coalesce(b.attempt, s.attempt, e.attempt)::integer as attempt,
  rhythm.max_attempts(e.retry) as max_attempts,
  e.inputs,
  case when e.state in (1, 4) then coalesce(e.output, 'null') end as output,
  e.error,
  coalesce(e.metadata, '{}') as metadata,
  e.progress,
  e.checkpoint -> 'value' as checkpoint,
  e.note,
  e.cancel_reason,
  e.parent_id,
  case when e.parent_id is not null then case when e.outlives then 'abandon' else 'cancel' end end as on_parent_cancel,
  coalesce(e.root_id, e.id) as root_id,
  b.worker,
  e.concurrency_key,
  e.unique_key,
  e.unique_while,
  e.timeout_ms,
  case when e.state = 0 then coalesce(b.failures, s.failures, 0) else 0 end::integer as failures,
  coalesce(b.crashes, 0)::integer as crashes,
  rhythm.max_crashes(e.retry) as max_crashes,
  e.tags,
  e.fingerprint,
  e.traceparent,
  rhythm.created_at(e.id) as created_at,
  coalesce(nullif(b.run_at, 'infinity'), e.run_at) as run_at,
  e.expires_at,
  coalesce(b.claimed_at, e.claimed_at) as claimed_at,
  case when e.state = 4 then coalesce((select f.completed_at from rhythm.frozen as f where f.execution_id = e.id), e.completed_at) else e.completed_at end as completed_at,
  case when e.state = 4 then (select f.status from rhythm.frozen as f where f.execution_id = e.id) end as frozen_status,
  b.gate,
  case when e.state = 0 then e.paused_at end as paused_at,
  case when e.state = 0 then e.paused_by end as paused_by,
  case when e.state = 0 then e.pause_reason end as pause_reason
from rhythm.execution as e
left join rhythm.workflow_state as s on s.execution_id = e.id and e.type = 'workflow'
left join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id);

comment on view rhythm.executions is
  'Every workflow and task. For the newest first: order by id desc, because ids contain the time. note says why one does not continue, if '
  'that is known.';

drop view if exists rhythm.logs;

create view rhythm.logs as
select
  l.id,
  l.execution_id,
  l.at,
  l.level,
  l.message,
  l.data
from rhythm.log_line as l;

comment on view rhythm.logs is 'What executions logged, in the order of id: console.log in a flow, ctx.log in a task.';

drop view if exists rhythm.waits;

create view rhythm.waits as
select w.execution_id, e.target, w.kind, w.id, w.name, w.until
from (
  select s.execution_id, c.type, c.id, c.target, null::timestamptz
  from rhythm.workflow_state as s
  join rhythm.execution as c on c.parent_id = s.execution_id and c.state = 0 and c.wait_group = any (s.groups)
  union all
  select t.execution_id, 'timer', t.id, null, t.fires_at
  from rhythm.timer as t
  where not t.fired
    and not t.deadline
  union all
  select s.execution_id, 'signal', s.id, s.name, s.timeout_at
  from rhythm.signal_wait as s
  where s.signal_id is null
    and not s.timed_out
  union all
  select k.execution_id, o.type, o.id, o.target, null
  from rhythm.key_waiter as k
  join rhythm.execution as o on o.id = k.owner_id and o.state = 0
) as w(execution_id, kind, id, name, until)
join rhythm.execution as e on e.id = w.execution_id and e.state = 0;

comment on view rhythm.waits is
  'What each workflow waits for: a task or workflow (name: its target), a timer, a signal (name: the signal''s); until: '
  'when the timer fires or the wait for the signal times out.';

drop view if exists rhythm.stacks;

create view rhythm.stacks as
select
  s.execution_id,
  e.target,
  v.version,
  rhythm.status_name(e.state, b.id, b.worker) as status,
  f.nth as fibre,
  f.fibre ->> 'function' as function,
  (f.fibre ->> 'line')::integer as line,
  (f.fibre ->> 'column')::integer as "column",
  split_part(v.source, E'\\n', (f.fibre ->> 'line')::integer) as source_line,
  f.fibre -> 'variables' as variables,
  f.fibre -> 'waitsFor' as waits_for
from rhythm.workflow_state as s
join rhythm.execution as e on e.id = s.execution_id
join rhythm.flow_version as v on v.program = s.program
left join rhythm.batch as b on b.id = s.batch_id
cross join lateral jsonb_array_elements(
  case jsonb_typeof(s.stack) when 'array' then s.stack when 'object' then s.stack -> 'fibres' else '[]' end
) with ordinality as f(fibre, nth);

comment on view rhythm.stacks is
  'The line at which each suspended workflow waits, with its variables: one row for each of its branches, with the innermost '
  'source line, the variables in scope, and the ids that it waits for. As of its last suspension.';
`,
  },
  {
    name: "views/schedules.sql",
    kind: "behaviour",
    checksum: "6a557abd5cb8147f6fd2995b77bd9b4b2a1d7f5d7362d6f5e917390a4aea56b8",
    text: `-- Schedules, for people.

drop view if exists rhythm.schedules;

create view rhythm.schedules as
select
  s.name,
  s.cron,
  s.timezone,
  s.type,
  s.target,
  case when s.paused_at is null then s.due_at end as next_run_at,
  s.last_fired_at as last_run_at,
  s.last_slot,
  s.last_execution_id,
  s.last_error,
  s.paused_at is not null as paused,
  s.overlap,
  s.catch_up,
  s.jitter,
  s.inputs,
  s.options,
  cardinality(s.queued_slots) as queued,
  s.fired,
  s.skipped,
  s.created_at,
  s.updated_at
from rhythm.schedule_entry as s;

comment on view rhythm.schedules is
  'Every schedule: its next run, its last run, why its last run could not start (last_error), what overlap '
  'queued and skipped.';

drop view if exists rhythm.schedule_runs;

-- The key makes a slot one execution: see slot_request(). A look by key reads one row.
create view rhythm.schedule_runs as
select
  k.key,
  e.metadata ->> 'schedule' as schedule,
  e.metadata ->> 'scheduled_for' as slot,
  e.id as execution_id
from rhythm.idempotency_key as k
join rhythm.execution as e on e.id = k.execution_id
where e.metadata ? 'schedule';

comment on view rhythm.schedule_runs is
  'What schedules have started at their times. Look by key: the type, the target and the words schedule, name and second of the slot, as in workflow:report:schedule nightly 1893456000.';
`,
  },
  {
    name: "views/services.sql",
    kind: "behaviour",
    checksum: "1022493751517544e7ec741472e341ab9133663cc83107a21c979be74ab251df",
    text: `-- Queues, workers and flows, for people.

drop view if exists rhythm.queues;

-- There is no index of suspended workflows, because every suspension would pay for it. Above some 4,000 pages of states, a sample is
-- counted. Of each program at least 50, of all together some 1,000 are looked up, spread evenly: their shares are those of all. offset 0: one look by
-- key for each, instead of a join that reads all executions.
create or replace function rhythm.count_suspended()
returns table (queue text, flow text, version integer, executions bigint)
language sql
stable
rows 100
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with chosen as materialized (
    select s.execution_id, s.program, row_number() over () as nth
    from rhythm.workflow_state as s
      tablesample system (least(100, 100 * 4000 / (1 + pg_relation_size('rhythm.workflow_state') / 8192.0))) repeatable (0)
    where s.batch_id is null
  ),
  kind as materialized (
    select c.program, count(*) as size,
      -- Every how many of them is looked up: of few all, of all together some 1,000.
      greatest(1, least(count(*) / 50, sum(count(*)) over () / 1000))::bigint as each
    from chosen as c group by c.program
  ),
  looked as materialized (
    select c.program, k.size, e.queue, e.target, e.version
    from chosen as c
    join kind as k on k.program = c.program
    left join lateral (
      select x.queue, x.target, x.version from rhythm.execution as x where x.id = c.execution_id and x.state = 0 offset 0
    ) as e on true
    where c.nth % k.each = 0
  )
  select g.queue, g.target, g.version,
    round(sum(g.executions * g.weight) * greatest(1, pg_relation_size('rhythm.workflow_state') / 8192 / 4000.0))::bigint
  from (
    select l.queue, l.target, l.version, count(*) as executions,
      l.size::numeric / (select count(*) from looked as o where o.program = l.program) as weight
    from looked as l where l.queue is not null
    group by l.program, l.size, l.queue, l.target, l.version
  ) as g
  group by g.queue, g.target, g.version;
$$;

comment on function rhythm.count_suspended() is
  'How many workflows of each queue, flow and version are suspended: exactly, or, if there are some thousands, an estimate from a sample.';

create view rhythm.queues as
with counted as (
  select b.queue, case when b.run_at is not null then 'delayed' when b.worker is null then 'ready' else 'running' end as state,
    sum(b.size) as executions, min(case when b.worker is null and b.run_at is null then rhythm.created_at(b.first_id) end) as oldest
  from rhythm.batch as b group by 1, 2
  union all
  select c.queue, 'suspended', c.executions, null from rhythm.count_suspended() as c
),
served as (
  select u.queue, count(distinct w.id) as workers
  from rhythm.worker as w cross join lateral unnest(w.queues) as u(queue) group by u.queue
),
named as (
  select c.queue from counted as c
  union
  select q.name from rhythm.queue as q
  union
  select s.queue from served as s
)
select
  n.queue,
  coalesce(sum(c.executions) filter (where c.state = 'ready'), 0)::bigint as ready,
  coalesce(sum(c.executions) filter (where c.state = 'delayed'), 0)::bigint as delayed,
  coalesce(sum(c.executions) filter (where c.state = 'running'), 0)::bigint as running,
  coalesce(sum(c.executions) filter (where c.state = 'suspended'), 0)::bigint as suspended,
  min(c.oldest) as oldest_at,
  greatest(0, extract(epoch from rhythm.now() - min(c.oldest)))::double precision as oldest_seconds,
  coalesce(s.workers, 0)::bigint as workers,
  q.paused_at is not null as paused,
  q.concurrency,
  q.per_key_concurrency,
  q.rate,
  q.per_ms * interval '1 millisecond' as per,
  q.per_key_rate,
  q.per_key_per_ms * interval '1 millisecond' as per_key_per,
  coalesce(q.fair, false) as fair
from named as n
left join counted as c on c.queue = n.queue
left join rhythm.queue as q on q.name = n.queue
left join served as s on s.queue = n.queue
group by n.queue, q.name, s.workers;

comment on view rhythm.queues is
  'Every queue that has work, a worker or a limit: how many executions are ready (its depth), delayed, running and suspended. '
  'Also since when the oldest ready one has waited, how many workers take from it, pause and limits. suspended is an estimate '
  'if there are many thousands, or if members of batches were cancelled.';

drop view if exists rhythm.targets;

create view rhythm.targets as
select b.type, b.target,
  coalesce(sum(b.size) filter (where b.run_at is null and b.worker is null), 0)::bigint as ready,
  coalesce(sum(b.size) filter (where b.run_at is not null), 0)::bigint as delayed,
  coalesce(sum(b.size) filter (where b.run_at is null and b.worker is not null), 0)::bigint as running
from rhythm.batch as b
group by b.type, b.target;

comment on view rhythm.targets is
  'Every task and flow of which something is ready, delayed or running, and how many: as in the view queues.';

drop view if exists rhythm.queue_keys;

create view rhythm.queue_keys as
select
  x.queue,
  x.key,
  coalesce(sum(x.size) filter (where x.worker is null and x.run_at is null), 0)::bigint as ready,
  coalesce(sum(x.size) filter (where x.worker is not null), 0)::bigint as running,
  max(x.concurrency) as concurrency,
  max(x.rate) as rate,
  max(x.per_ms) * interval '1 millisecond' as per,
  max(x.weight) as weight,
  bool_or(x.paused) as paused
from (
  select b.queue, b.concurrency_key, b.size, b.worker, b.run_at, null::integer, null::integer, null::bigint, null::integer, false
  from rhythm.batch as b
  where b.concurrency_key is not null
  union all
  select k.queue, k.key, null, null, null, k.concurrency, k.rate, k.per_ms, k.weight, k.paused_at is not null
  from rhythm.queue_key as k
) as x (queue, key, size, worker, run_at, concurrency, rate, per_ms, weight, paused)
group by x.queue, x.key;

comment on view rhythm.queue_keys is
  'Every concurrency key of a queue that has something to do, or limits, a weight or a pause of its own.';

drop view if exists rhythm.workers;

create view rhythm.workers as
select
  w.id,
  w.name,
  w.queues,
  w.started_at,
  w.beat_at,
  w.beat_at + w.lease_ms * interval '1 millisecond' as lease_until,
  w.lease_ms * interval '1 millisecond' as lease,
  w.sleeping,
  coalesce(r.running, 0)::bigint as running,
  w.info
from rhythm.worker as w
left join (
  select b.worker, sum(b.size) as running from rhythm.batch as b where b.worker is not null group by b.worker
) as r on r.worker = w.id;

comment on view rhythm.workers is
  'Workers that are or recently were alive: their queues, last heartbeat, end of their leases, and how much '
  'each has in flight.';

drop view if exists rhythm.flows;

create view rhythm.flows as
select
  f.name,
  v.version,
  v.program,
  v.description,
  v.options,
  v.input_schema,
  v.source,
  v.created_at,
  f.updated_at
from rhythm.flow as f
join rhythm.flow_version as v on v.program = f.program;

drop view if exists rhythm.flow_versions;
create view rhythm.flow_versions as
select
  v.name,
  v.version,
  f.program = v.program as is_current,
  v.program,
  v.description,
  v.options,
  v.input_schema,
  v.source,
  v.created_at
from rhythm.flow_version as v
join rhythm.flow as f on f.name = v.name;

comment on view rhythm.flow_versions is 'Every version of every flow that was registered.';

comment on view rhythm.flows is 'Every flow with its current version, on which new executions start.';
`,
  },
  {
    name: "views/standing.sql",
    kind: "behaviour",
    checksum: "f5dc1d8c7d0ef74eda834d87e5d3c34404a5325f055db542569fdc9da16d8257",
    text: `-- Where workflows stand, for people. As in count_suspended(), above some 4,000 pages a sample is counted, and of many only some are opened.

drop function if exists rhythm.count_standing(text);
create or replace function rhythm.count_standing(p_flow text)
returns table (version integer, line integer, executions bigint)
language sql
stable
rows 100
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with chosen as materialized (
    select s.execution_id, s.program, row_number() over () as nth
    from rhythm.workflow_state as s
      tablesample system (least(100, 100 * 4000 / (1 + pg_relation_size('rhythm.workflow_state') / 8192.0))) repeatable (0)
    where s.program in (select v.program from rhythm.flow_version as v where v.name = p_flow and v.code ? 'functions')
  ),
  size as materialized (
    select count(*) as chosen, greatest(1, count(*) / 500) as each from chosen as c
  ),
  -- Opening a snapshot costs more than finding it: some 500 of them are opened, spread evenly.
  opened as materialized (
    select c.execution_id, c.program, (o.snapshot -> 'h')::jsonb as heap
    from chosen as c cross join size as z
    left join lateral (
      select s.snapshot from rhythm.workflow_state as s
      where s.execution_id = c.execution_id and s.snapshot is not null
        and exists (select from rhythm.execution as x where x.id = s.execution_id and x.state = 0 offset 0)
      offset 0
    ) as o on true
    where c.nth % z.each = 0
  ),
  -- As in lines_of().
  place as materialized (
    select o.program, (o.heap -> (f.value ->> 1)::integer ->> 1)::integer as function, (f.value ->> 3)::integer as pc, count(distinct o.execution_id) as executions
    from opened as o cross join lateral jsonb_array_elements(case jsonb_typeof(o.heap) when 'array' then o.heap else '[]' end) as f (value)
    where f.value ->> 0 = '15' and f.value ->> 4 <> '-1'
    group by 1, 2, 3
  ),
  lined as (
    select v.version, rhythm.line_at(v.code, p.function, p.pc) as line, p.executions
    from place as p join rhythm.flow_version as v on v.program = p.program
  )
  select l.version, l.line,
    round(sum(l.executions) * greatest(1, pg_relation_size('rhythm.workflow_state') / 8192 / 4000.0) * (select z.chosen from size as z) / (select count(*) from opened as o))::bigint
  from lined as l group by l.version, l.line;
$$;

comment on function rhythm.count_standing(text) is
  'How many workflows of a flow stand in each line of each of its versions: exactly, or, if there are many hundreds, an estimate from a sample. A workflow with branches in several lines counts in each of them.';

drop function if exists rhythm.count_signal_waits();
create or replace function rhythm.count_signal_waits()
returns table (name text, flow text, version integer, executions bigint, lines integer[], oldest uuid, until timestamptz)
language sql
stable
rows 100
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with chosen as materialized (
    select w.execution_id, w.name, w.timeout_at, row_number() over () as nth
    from rhythm.signal_wait as w
      tablesample system (least(100, 100 * 4000 / (1 + pg_relation_size('rhythm.signal_wait') / 8192.0))) repeatable (0)
    where w.signal_id is null and not w.timed_out
  ),
  kind as materialized (
    select c.name, count(*) as size, greatest(1, least(count(*) / 50, sum(count(*)) over () / 1000))::bigint as each
    from chosen as c group by c.name
    order by 2 desc, 1 limit 200
  ),
  looked as materialized (
    select c.name, c.execution_id, c.timeout_at, k.size, e.target, e.version
    from chosen as c
    join kind as k on k.name = c.name
    left join lateral (select x.target, x.version from rhythm.execution as x where x.id = c.execution_id and x.state = 0 offset 0) as e on true
    where c.nth % k.each = 0
  )
  select g.name, g.target, g.version, g.executions, rhythm.lines_of(g.oldest), g.oldest, g.until
  from (
    select l.name, l.target, l.version, (array_agg(l.execution_id order by l.execution_id))[1] as oldest, min(l.timeout_at) as until,
      round(count(*) * l.size::numeric / (select count(*) from looked as o where o.name = l.name)
        * greatest(1, pg_relation_size('rhythm.signal_wait') / 8192 / 4000.0))::bigint as executions
    from looked as l where l.target is not null
    group by l.name, l.size, l.target, l.version
    order by 6 desc, 1, 2, 3 limit 200
  ) as g;
$$;

comment on function rhythm.count_signal_waits() is
  'How many workflows wait for a signal, by its name, flow and version, the 200 largest groups: exactly, or, if there are some thousands, an estimate from a sample. '
  'oldest: the one of those that was created first; lines: where it stands; until: when the first of these waits times out.';

drop view if exists rhythm.signals;

create view rhythm.signals as
select s.id, s.execution_id, e.target, s.name, s.payload, s.sent_at, s.taken_by is not null as taken
from rhythm.signal as s
join rhythm.execution as e on e.id = s.execution_id;

comment on view rhythm.signals is
  'The signals that were sent to workflows. taken: the workflow has it; otherwise it is kept until the workflow waits for one of that name. For the newest first: order by id desc.';
`,
  },
  {
    name: "views/steps.sql",
    kind: "behaviour",
    checksum: "f1799df40df78568fe0bc7a8879ba64b0fd3278e3ba12e1d45ff9a604b1ff7ac",
    text: `-- Workflows in TypeScript as executions: registered like flows, run by workers or by the process that calls them.

create or replace function rhythm.register_workflow(p_name text, p_options jsonb default null, deploy text default null)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_version rhythm.flow_version;
begin
  select v.* into v_version from rhythm.flow as f join rhythm.flow_version as v on v.program = f.program where f.name = p_name;
  if found and v_version.code <> '{"language": "typescript"}' then
    perform rhythm.raise('RH001', format('"%s" is a flow already: a name stands for a flow or for a workflow in TypeScript', p_name), 'Give the workflow another name');
  end if;
  p_options := coalesce(p_options, v_version.options, '{}');
  -- Registered already. Only a new deploy must be written.
  if deploy is null and p_options = v_version.options then
    return v_version.version;
  end if;
  return rhythm.register_flow(p_name, format(E'// Its steps are in TypeScript, under this name.\\n// %s', p_options),
    '{"language": "typescript"}', options => p_options, deploy => deploy);
end;
$$;

comment on function rhythm.register_workflow(text, jsonb, text) is
  'Registers a workflow in TypeScript, with the defaults of its executions (queue, priority, timeout, retry; null: no change). From then on start() starts it like a flow.';

create or replace function rhythm.claim_execution(p_worker uuid, p_execution uuid, p_call integer)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last rhythm.worker_call;
  v_batch rhythm.batch;
begin
  perform rhythm.require_read_committed();
  if coalesce(p_call, 0) < 1 then
    perform rhythm.raise('RH001', rhythm.exchange_problem(p_call, '[]', null));
  end if;
  perform from rhythm.worker_call as c where c.worker_id = p_worker and c.odd = (p_call % 2 = 1) for no key update;
  v_last := rhythm.last_call(p_worker, p_call);
  if p_call = v_last.call then
    return rhythm.same_answer(v_last);
  end if;
  select b.* into v_batch
  from rhythm.workflow_state as s join rhythm.batch as b on b.id = s.batch_id
  where s.execution_id = p_execution and b.worker is null and b.run_at is distinct from 'infinity'
    and not rhythm.is_paused(rhythm.paused_targets(), 'workflow', b.target)
  for update of b;
  if found then
    if v_batch.size > 1 then
      insert into rhythm.batch
      select (rhythm.batch_of(e, null, v_batch.attempt, v_batch.failures, v_batch.crashes)).* from rhythm.execution as e where e.id = p_execution
      returning * into v_batch;
      perform rhythm.move_members('workflow', array[p_execution], s.batch_id, v_batch.id) from rhythm.workflow_state as s where s.execution_id = p_execution;
    end if;
    -- Not in the turn of its queue, so the limits of the queue do not count it.
    update rhythm.batch as b set limited = false where b.id = v_batch.id and b.limited;
    perform rhythm.lease(p_worker, p_call, array[v_batch.id], rhythm.now());
    perform rhythm.deliver_rest(array[v_batch.id]);
    update rhythm.worker_call as c set call = p_call, refused = null where c.worker_id = p_worker and c.odd = v_last.odd;
    return jsonb_build_object('call', p_call, 'parcels', rhythm.parcels(array[v_batch.id]));
  elsif not exists (select from rhythm.execution as e where e.id = p_execution and e.type = 'workflow') then
    perform rhythm.raise('RH002', format('There is no workflow %s', coalesce(p_execution::text, 'null')));
  end if;
  return jsonb_build_object('call', p_call, 'parcels', '[]'::jsonb);
end;
$$;

comment on function rhythm.claim_execution(uuid, uuid, integer) is
  'Leases one workflow to a worker, whatever its queue; answers as exchange(), without parcels if it runs elsewhere, is suspended, or has ended.';

-- The step that made the workflow fail runs again. p_restarted: failed children that retry() itself runs again.
create or replace function rhythm.reopen_steps(p_execution uuid, p_restarted uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.step as s
  set status = 'waiting', seq = null, error = null
  where s.execution_id = p_execution and s.status = 'failed' and s.wait_id = any (p_restarted);
  -- Steps after it was told of its cancellation were clean-up.
  delete from rhythm.step as s
  using rhythm.step as c
  where c.execution_id = p_execution and c.name = '#cancelled' and s.execution_id = p_execution and s.seq >= c.seq;
  delete from rhythm.step as s
  using rhythm.execution as e
  where e.id = p_execution and s.execution_id = p_execution and s.status = 'failed'
    and s.name = coalesce(e.error ->> 'step', s.name);
end;
$$;

comment on function rhythm.reopen_steps(uuid, uuid[]) is
  'Lets the failed step that ended a workflow run again; all failed steps, if the error names none. Internal to retry().';

drop view if exists rhythm.steps;

create view rhythm.steps as
select s.execution_id, s.seq, s.name, s.kind, s.status, s.attempts, s.started_at, s.ended_at, s.until, s.wait_id, s.output, s.error
from rhythm.step as s;

comment on view rhythm.steps is
  'What workflows in TypeScript did, step by step: order by execution_id, seq. Without seq: it waits (until this time), or pauses before another attempt.';
`,
  },
  {
    name: "install/comments.sql",
    kind: "behaviour",
    checksum: "8350d218be7c6b3c6c2eec9e11b7bd8de1c6ae353c6cfa77e9e8b7141359e7c8",
    text: `-- Comments on what has no file of its own: the schema, the sequences, and the columns of the views, which psql shows
-- with \\d+.

-- A schema that existed before may have a comment of its owner.
do $$
declare
  c_comment constant text := 'Durable execution. \\df+ on its functions and \\d+ on its views are the manual.';
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
comment on column rhythm.queues.workers is 'How many workers take from it.';
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
`,
  },
  {
    name: "install/comments_constraints.sql",
    kind: "behaviour",
    checksum: "c32402becda918d948e542c0387e717c58cf5f9fb7ed2171c7452fb70d3a1660",
    text: `-- Comments on constraints: what each of them prevents.

comment on constraint installation_pkey on rhythm.installation is 'Each file has one row, also after it was applied again.';
comment on constraint kind_known on rhythm.installation is 'A file is structure, online or behaviour.';

comment on constraint installed_object_pkey on rhythm.installed_object is 'An object is made by one file.';
comment on constraint kind_known on rhythm.installed_object is 'Behaviour files make functions, procedures and views.';

comment on constraint installation_note_pkey on rhythm.installation_note is 'Each note is there once.';

comment on constraint flow_version_number on rhythm.flow_version is 'Each number is one version of a flow.';
comment on constraint flow_version_pkey on rhythm.flow_version is 'The same text is the same version.';
comment on constraint options_is_object on rhythm.flow_version is '{queue, priority, timeout, retry}.';
comment on constraint version_positive on rhythm.flow_version is 'Counted from 1.';

comment on constraint deploy_pkey on rhythm.deploy is 'A deploy begins once.';
comment on constraint flow_pkey on rhythm.flow is 'A flow has one current version.';
comment on constraint flow_program on rhythm.flow is 'The current version exists, and cannot be deleted.';

comment on constraint options_is_object on rhythm.task is '{queue, priority, timeout, retry}.';
comment on constraint task_pkey on rhythm.task is 'A task has one set of defaults.';

comment on constraint idempotency_key_pkey on rhythm.idempotency_key is 'A key belongs to one execution. Two sessions that claim it wait for each other here.';
comment on constraint timer_pkey on rhythm.timer is 'A timer fires once.';

comment on constraint settled_one_way on rhythm.signal_wait is 'It took a signal or timed out, never both.';
comment on constraint signal_wait_pkey on rhythm.signal_wait is 'A wait takes one signal.';
comment on constraint signal_once on rhythm.signal is 'A signal that is sent twice under one key is stored once.';
comment on constraint signal_pkey on rhythm.signal is 'Numbered in the order of sending.';

comment on constraint level_known on rhythm.log_line is 'There are four levels.';
comment on constraint log_line_pkey on rhythm.log_line is 'Numbered in the order of writing.';

comment on constraint worker_pkey on rhythm.worker is 'A worker has one row, for its heartbeats.';
comment on constraint worker_call_pkey on rhythm.worker_call is 'A worker has two rows: for its calls with odd and with even numbers.';
comment on constraint worker_call_worker_fkey on rhythm.worker_call is 'They leave with their worker.';

comment on constraint concurrency_positive on rhythm.queue is 'To run none, pause the queue.';
comment on constraint per_key_concurrency_positive on rhythm.queue is 'To run none, pause the queue.';
comment on constraint queue_pkey on rhythm.queue is 'A queue has one set of limits.';
comment on constraint rate_has_period on rhythm.queue is 'A rate needs a period.';
comment on constraint rate_positive on rhythm.queue is 'To begin none, pause the queue.';
comment on constraint per_key_rate_has_period on rhythm.queue is 'A rate needs a period.';
comment on constraint per_key_rate_positive on rhythm.queue is 'To begin none, pause the queue.';
comment on constraint queue_key_pkey on rhythm.queue_key is 'A key has one set of limits.';
comment on constraint key_weight_known on rhythm.queue_key is 'A weight of 0 would be a pause.';
comment on constraint key_concurrency_positive on rhythm.queue_key is 'To run none, pause the key.';
comment on constraint key_rate_has_period on rhythm.queue_key is 'A rate needs a period.';
comment on constraint key_rate_positive on rhythm.queue_key is 'To begin none, pause the key.';
comment on constraint queue_state_pkey on rhythm.queue_state is 'The newest version is found first.';
comment on constraint running_counts on rhythm.queue_state is 'A count is not negative.';
comment on constraint one_count_a_moment on rhythm.queue_state is 'Each moment has one count.';
comment on constraint key_state_pkey on rhythm.key_state is 'The newest version is found first.';
comment on constraint key_running_counts on rhythm.key_state is 'A count is not negative.';
comment on constraint key_one_count_a_moment on rhythm.key_state is 'Each moment has one count.';
comment on constraint lane_pkey on rhythm.lane is 'The newest version is found first.';
comment on constraint head_has_rank on rhythm.lane is 'Head and rank together are its place among the lanes.';
comment on constraint open_lanes_have_a_head on rhythm.lane is 'An empty lane has no turn.';
comment on constraint idle_lanes_have_none on rhythm.lane is 'A lane is idle if it has nothing ready.';
comment on constraint lane_group_pkey on rhythm.lane_group is 'The newest version is found first.';
comment on constraint note_says_one_thing on rhythm.limit_note is 'Something became ready, or leases ended.';

comment on constraint setting_pkey on rhythm.setting is 'A setting has one value.';

comment on constraint catch_up_known on rhythm.schedule_entry is 'There are three policies.';
comment on constraint jitter_within_a_day on rhythm.schedule_entry is 'A longer jitter would be another schedule.';
comment on constraint options_is_object on rhythm.schedule_entry is 'As for create_many().';
comment on constraint overlap_known on rhythm.schedule_entry is 'There are four policies.';
comment on constraint schedule_entry_pkey on rhythm.schedule_entry is 'The session that fires a schedule locks this row.';
comment on constraint type_known on rhythm.schedule_entry is 'There are two types.';

comment on constraint error_iff_failed on rhythm.step is 'A failed step has an error, and no other step has one.';
comment on constraint kind_known on rhythm.step is 'There are five kinds.';
comment on constraint seq_iff_over on rhythm.step is 'A step that has ended has its number in the order of ends.';
comment on constraint status_known on rhythm.step is 'There are four statuses.';
comment on constraint step_pkey on rhythm.step is 'Two calls under one name are one step.';
comment on constraint waits_for_something on rhythm.step is 'A step that waits or pauses names what ends the wait.';

comment on constraint queue_head_pkey on rhythm.queue_head is 'One head for each set of tasks that workers of a queue ask for.';

comment on constraint execution_pkey on rhythm.execution is 'An id belongs to one execution.';
comment on constraint type_known on rhythm.execution is 'There are workflows and tasks.';
comment on constraint state_known on rhythm.execution is 'It is live, or it has ended in one of three ways.';
comment on constraint completed_at_iff_over on rhythm.execution is 'An execution that has ended has a time of its end.';
comment on constraint fingerprint_iff_failed on rhythm.execution is 'Only failures have one, and are found by it.';
comment on constraint unique_key_is_held on rhythm.execution is 'A key is held while the execution is queued or active; null: neither, so that a retry need not take it again.';
comment on constraint held_while_known on rhythm.idempotency_key is 'Those two, or null.';
comment on constraint over_is_in_no_batch on rhythm.execution is 'An execution that has ended does not run again.';

comment on constraint batch_pkey on rhythm.batch is 'A batch is one row.';
comment on constraint leased_by_a_call on rhythm.batch is 'A lease has a worker, a call and a time.';
comment on constraint delayed_is_not_leased on rhythm.batch is 'Nothing runs before its time.';
comment on constraint size_is_of_ids on rhythm.batch is 'A batch has at least one member.';

comment on constraint workflow_state_pkey on rhythm.workflow_state is 'A workflow has one state.';
comment on constraint one_need_a_group on rhythm.workflow_state is 'Each group has a size and a need.';
comment on constraint delivered_arrived on rhythm.workflow_state is 'Only items that have arrived can be delivered.';
comment on constraint key_waiter_pkey on rhythm.key_waiter is 'It waits for one key.';
comment on constraint pause_pkey on rhythm.pause is 'One pause for each task, flow, and everything.';
comment on constraint type_known on rhythm.pause is 'Tasks, flows (workflow), or everything.';
comment on constraint operation_pkey on rhythm.operation is 'Each operation has one row.';
comment on constraint action_known on rhythm.operation is 'These actions exist.';
comment on constraint state_known on rhythm.operation is 'It runs, was stopped, or has ended.';
comment on constraint ended_at_iff_completed on rhythm.operation is 'Only what has ended has an end.';
comment on constraint operation_act_pkey on rhythm.operation_act is 'An operation changes an execution once.';
comment on constraint result_known on rhythm.operation_act is 'These results exist.';

comment on constraint failure_pkey on rhythm.failure is 'Each kind of failures has one row.';
comment on constraint state_known on rhythm.failure is 'People know four states of a kind.';
comment on constraint failure_hour_pkey on rhythm.failure_hour is 'Each kind has one number for each hour.';
comment on constraint failure_hook_pkey on rhythm.failure_hook is 'Each hook has a name of its own.';
comment on constraint event_known on rhythm.failure_hook is 'There are two events.';
comment on constraint type_known on rhythm.failure_hook is 'It starts a task or a workflow.';
`,
  },
  {
    name: "install/comments_tables.sql",
    kind: "behaviour",
    checksum: "17c55ff6ddad9a0e357ef6d678f4b0fce1a35f542e79a61acc063ba75ace87db",
    text: `-- Comments on columns of tables that are not next to the table. psql shows them with \\d+.

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
comment on constraint paused_is_parked on rhythm.batch is 'What is paused is delayed without an end, so that no claim reads it.';
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
`,
  },
  {
    name: "install/comments_types.sql",
    kind: "behaviour",
    checksum: "9d9cd980b16087a694e1639f704548f190fbfdec47629d376fa0ba4c0b1d8f7d",
    text: `
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
comment on column rhythm.step_news.call is 'The call that leased the workflow; null: any.';
comment on column rhythm.step_news.name is 'The name of the step.';
comment on column rhythm.step_news.kind is 'As in step.';
comment on column rhythm.step_news.status is 'As in step.';
comment on column rhythm.step_news.seq is 'As in step.';
comment on column rhythm.step_news.attempts is 'As in step.';
comment on column rhythm.step_news.wait_id is 'As in step.';
comment on column rhythm.step_news.delay_ms is 'How long its sleep or pause takes, …';
comment on column rhythm.step_news.until is '… or when that is over.';
comment on column rhythm.step_news.took_ms is 'How long it took, from which its beginning is computed.';
comment on column rhythm.step_news.signal is 'The name of the signal that it waits for.';
comment on column rhythm.step_news.child is 'The child that it starts, as for create_many().';
comment on column rhythm.step_news.variables is 'What its workflow is found by from then on, as for tag().';
comment on column rhythm.step_news.error is 'Why it failed.';
comment on column rhythm.step_news.output is 'Its result.';
comment on column rhythm.step_news.is_undefined is 'Its result is undefined, which JSON does not have.';

comment on column rhythm.kind.head is 'The part of the request that others share.';
comment on column rhythm.kind.type is 'workflow or task.';
comment on column rhythm.kind.target is 'The name of the flow or task.';
comment on column rhythm.kind.program is 'The current version of the flow.';
comment on column rhythm.kind.queue is 'The queue, with the default of the flow or task.';
comment on column rhythm.kind.priority is 'The priority, with the default.';
comment on column rhythm.kind.run_at is 'When it may begin; null: at once.';
comment on column rhythm.kind.expires_at is 'When it is cancelled if it has not begun; null: never.';
comment on column rhythm.kind.timeout_ms is 'The timeout, with the default.';
comment on column rhythm.kind.retry is 'The retry policy, with the default.';
comment on column rhythm.kind.concurrency_key is 'As in execution.';
comment on column rhythm.kind.unique_key is 'As in execution.';
comment on column rhythm.kind.unique_while is 'As in execution.';
comment on column rhythm.kind.metadata is 'As in execution.';
comment on column rhythm.kind.notify_on_end is 'As in execution.';
comment on column rhythm.kind.outlives is 'As in execution.';

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
comment on column rhythm.outcome.output is 'Its result.';
comment on column rhythm.outcome.error is 'Why it failed.';
comment on column rhythm.outcome.retryable is 'Whether another attempt may help.';
comment on column rhythm.outcome.finished is 'It had finished before its worker was told of a cancellation.';
comment on column rhythm.outcome.reason is 'Why the worker gave it back.';
comment on column rhythm.outcome.delay_ms is 'For how long it must not run again.';
comment on column rhythm.outcome.moment is 'The time of the step, by the clock of its worker.';
comment on column rhythm.outcome.snapshot is 'The state of its program.';
comment on column rhythm.outcome.effects is 'What it started and logged.';
comment on column rhythm.outcome.waits is 'The groups that it waits for.';
comment on column rhythm.outcome.keep is 'The timers and waits that it still needs; null: all.';
comment on column rhythm.outcome.released is 'Those that it no longer needs.';
comment on column rhythm.outcome.stack is 'Its place in its source.';
comment on column rhythm.outcome.cleanup is 'It has a finally block to run if it is cancelled.';
comment on column rhythm.outcome.fate is 'How it continues: see fate_of().';
comment on column rhythm.outcome.type is 'workflow or task.';
comment on column rhythm.outcome.batch_id is 'The batch that holds it.';

comment on column rhythm.newcomer.id is 'Its id.';
comment on column rhythm.newcomer.kind is 'The number of its kind.';
comment on column rhythm.newcomer.parent_id is 'The execution that starts it.';
comment on column rhythm.newcomer.wait_group is 'As in execution.';
comment on column rhythm.newcomer.traceparent is 'The trace that it belongs to.';
comment on column rhythm.newcomer.keyed is 'As in execution.';
comment on column rhythm.newcomer.inputs is 'What it is started with.';

comment on column rhythm.step_end.id is 'The task that ended, or the timer that is due.';
comment on column rhythm.step_end.timer is 'It is a timer.';
comment on column rhythm.step_end.call is 'The call that leased the task.';
comment on column rhythm.step_end.output is 'The result of the task.';
comment on column rhythm.step_end.flow is 'The workflow.';
comment on column rhythm.step_end.seq is 'The number of steps of the workflow before this one.';
comment on column rhythm.step_end.next is 'suspended or completed.';
comment on column rhythm.step_end.result is 'The result of the workflow.';
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
comment on column rhythm.lane_pick.target_group is 'The group of targets of the lane.';
comment on column rhythm.lane_pick.key is 'Its concurrency key.';
comment on column rhythm.lane_pick.place is 'The place of its row (ctid), which no other session changes.';
comment on column rhythm.lane_pick.turn is 'Its next turn.';
comment on column rhythm.lane_pick.rank is 'Where its head was.';
comment on column rhythm.lane_pick.head is 'Its head before.';
comment on column rhythm.lane_pick.taken is 'How many were taken.';
comment on column rhythm.lane_pick.room is 'How many its key had room for before.';

comment on column rhythm.key_claim.nth is 'The number of the request, from 1.';
comment on column rhythm.key_claim.execution_id is 'The execution to which its key belongs.';
comment on column rhythm.key_claim.is_new is 'The execution must still be created.';
`,
  },
  {
    name: "roles/roles.sql",
    kind: "behaviour",
    checksum: "46263647eb764e54d3b5a4965b112edeb906c0d10e6a44657323a10c117ea6e7",
    text: `-- Who may call what. This is the last of all files, because it names everything before it. A function that was made again
-- gets its rights here.
--   rhythm_viewer    reads.
--   rhythm_client    also starts, signals and cancels.
--   rhythm_worker    a client that also runs work.
--   rhythm_operator  a client that also retries, deletes, pauses and resumes.
--   rhythm_deployer  a client that also decides what code runs: flows, tasks, schedules, limits.
-- Only the owner has rights on tables. A function that a role may call runs with the owner's rights and a fixed search_path.
-- Any other function runs with the caller's rights.

create or replace function rhythm.roles()
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array['rhythm_viewer', 'rhythm_client', 'rhythm_worker', 'rhythm_operator', 'rhythm_deployer'];
$$;

comment on function rhythm.roles() is 'The roles to which this engine gives rights. They belong to the server, and so to all installations on it.';

create or replace function rhythm.surface(p_role text default null)
returns setof text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select distinct s.name
  from (values
    ('rhythm_viewer', array[
      'now', 'new_id', 'get', 'explain', 'find', 'status_name', 'created_at', 'max_attempts', 'max_crashes', 'wait_for', 'first_id', 'ids_ending', 'flow_state', 'history', 'check', 'count_suspended', 'count_standing', 'count_signal_waits', 'count_queues', 'search_executions', 'lines_of', 'channel', 'cron_next', 'cron_upcoming',
      'unregistered', 'home_problem', 'find_token', 'took_at', 'odd_queue', 'odd_key', 'odd_task'
    ]),
    ('rhythm_client', array[
      'start', 'queue', 'create_many', 'create_each', 'signal', 'cancel', 'cancel_many', 'tag', 'watch'
    ]),
    ('rhythm_worker', array[
      'register_worker', 'beat', 'exchange', 'settle_one', 'claim_execution', 'unserved', 'load_steps', 'save_steps', 'report', 'checkpoint', 'replay_start', 'replay_steps', 'get_program', 'apply_change', 'hook_address', 'stop_worker', 'tick', 'due', 'chores', 'sql_tasks'    ]),
    ('rhythm_operator', array[
      'retry', 'change', 'audit', 'adopt', 'delete_execution', 'export_execution', 'replay_start', 'replay_steps', 'edit_state', 'rewind_state', 'fork_state', 'fork_steps', 'pending_effects', 'get_program', 'operate', 'migrate', 'register_pairing', 'unpaired_versions', 'operation_places', 'stop_operation', 'resume_operation', 'work_operation', 'set_failure', 'pause_queue', 'resume_queue', 'set_gate', 'remove_gate', 'pause_execution', 'resume_execution', 'pause_task', 'resume_task', 'pause_flow', 'resume_flow', 'pause_everything', 'resume_everything', 'pause_key', 'resume_key', 'pause_schedule', 'resume_schedule', 'trigger_schedule', 'backfill_schedule'
    ]),
    ('rhythm_deployer', array[
      'register_flow', 'register_pairing', 'unpaired_versions', 'migrate', 'set_flow_version', 'register_workflow', 'register_tasks', 'set_failure_hook', 'remove_failure_hook', 'import_execution', 'define_sql_task', 'undefine_sql_task', 'configure_queue', 'configure_key',
      'schedule', 'unschedule', 'pause_schedule', 'resume_schedule', 'trigger_schedule', 'backfill_schedule'
    ])
  ) as r(role, names)
  cross join lateral unnest(r.names) as s(name)
  where p_role is null
    or (p_role = any (rhythm.roles())
      and (r.role in (p_role, 'rhythm_viewer') or (r.role = 'rhythm_client' and p_role <> 'rhythm_viewer')));
$$;

comment on function rhythm.surface(text) is
  'The functions that a role may call, or all roles together if none is given. rhythm_viewer may read. rhythm_client may also start, signal and '
  'cancel. The other roles are clients. rhythm_worker may also run work, rhythm_operator control it, and rhythm_deployer decide what code runs. '
  'All other functions are for the owner.';

-- Rights that are already right are left alone: each grant writes a new version of a row that all sessions read.
create or replace function rhythm.close_to_public()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_open text;
begin
  for v_open in
    select format('schema %I', n.nspname)
    from pg_catalog.pg_namespace as n
    where n.oid = :'schema'::regnamespace and exists (select from aclexplode(n.nspacl) as a where a.grantee = 0)
    union all
    select format('%s %s', case c.relkind when 'S' then 'sequence' else 'table' end, c.oid::regclass)
    from pg_catalog.pg_class as c
    where c.relnamespace = :'schema'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
      and exists (select from aclexplode(c.relacl) as a where a.grantee = 0)
    union all
    select format('routine %s', p.oid::regprocedure)
    from pg_catalog.pg_proc as p
    where p.pronamespace = :'schema'::regnamespace
      and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a where a.grantee = 0)
    union all
    select format('type %s', t.oid::regtype)
    from pg_catalog.pg_type as t
    left join pg_catalog.pg_class as c on c.oid = t.typrelid
    where t.typnamespace = :'schema'::regnamespace
      and t.typelem = 0
      and (t.typtype in ('d', 'e') or c.relkind = 'c')
      and exists (select from aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) as a where a.grantee = 0)
  loop
    execute format('revoke all on %s from public', v_open);
  end loop;
end;
$$;

comment on function rhythm.close_to_public() is 'Revokes all rights on this schema from PUBLIC.';

create or replace function rhythm.grant_to_roles()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_change text;
begin
  for v_change in
    with role as materialized (
      select r.oid, r.rolname as name, array(select s.name from rhythm.surface(r.rolname) as s (name)) as surface
      from pg_catalog.pg_roles as r
      where r.rolname = any (rhythm.roles())
    ),
    routine as (
      select p.oid, p.prosecdef, p.proacl, r.oid as role, r.name as role_name,
        p.proname = any (r.surface) as may,
        exists (select from aclexplode(p.proacl) as a where a.grantee = r.oid) as has
      from role as r
      join pg_catalog.pg_proc as p on p.pronamespace = :'schema'::regnamespace
    ),
    relation as (
      select c.oid, case c.relkind when 'S' then 'sequence' else 'table' end as kind, r.name as role_name, c.relkind = 'v' as may,
        array(select a.privilege_type from aclexplode(c.relacl) as a where a.grantee = r.oid) as has
      from role as r
      join pg_catalog.pg_class as c on c.relnamespace = :'schema'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
    ),
    space as (
      select n.oid, r.name as role_name, array(select a.privilege_type from aclexplode(n.nspacl) as a where a.grantee = r.oid) as has
      from role as r
      join pg_catalog.pg_namespace as n on n.oid = :'schema'::regnamespace
    )
    select c.change
    from (
      select 1 as nth, format('revoke all on schema %s from %I', s.oid::regnamespace, s.role_name) as change from space as s where s.has && array['CREATE']
      union all
      select 2, format('grant usage on schema %s to %I', s.oid::regnamespace, s.role_name) from space as s where s.has <> array['USAGE']
      union all
      select 3, format('revoke all on %s %s from %I', l.kind, l.oid::regclass, l.role_name) from relation as l
      where l.has <> case when l.may then array['SELECT'] else array[]::text[] end and l.has <> '{}'
      union all
      select 4, format('grant select on %s to %I', l.oid::regclass, l.role_name) from relation as l where l.may and l.has <> array['SELECT']
      union all
      select 5, format('revoke all on routine %s from %I', p.oid::regprocedure, p.role_name) from routine as p where p.has and not p.may
      union all
      select distinct 6, format('alter function %s security definer', p.oid::regprocedure) from routine as p where p.may and not p.prosecdef
      union all
      select 7, format('grant execute on function %s to %I', p.oid::regprocedure, p.role_name) from routine as p where p.may and not p.has
    ) as c
    order by c.nth
  loop
    execute v_change;
  end loop;
end;
$$;

comment on function rhythm.grant_to_roles() is
  'Gives each role the rights on this schema that surface() lists, and no others.';

create or replace function rhythm.create_roles()
returns setof text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role text;
begin
  foreach v_role in array rhythm.roles() loop
    continue when exists (select from pg_catalog.pg_roles as r where r.rolname = v_role);
    begin
      execute format('create role %I nologin', v_role);
    exception
      when insufficient_privilege then
        return next v_role;
      when duplicate_object or unique_violation then
        null; -- Another database of this server is being installed too.
    end;
  end loop;
end;
$$;

comment on function rhythm.create_roles() is
  'Creates the roles that do not exist yet; returns those that the caller may not create.';

do $$
declare
  v_missing constant text[] := array(select c.role from rhythm.create_roles() as c(role));
begin
  delete from rhythm.installation_note as n
  where n.note like 'Roles %';

  if v_missing <> '{}' then
    insert into rhythm.installation_note as n (note)
    values (format(
      'Roles %s were not created: "%s" may not create roles. If you want them, run as a superuser: %s; then install again, '
      'or run as the owner: select %s()',
      array_to_string(v_missing, ', '),
      current_user,
      (select string_agg(format('create role %I nologin', m.role), '; ') from unnest(v_missing) as m(role)),
      'rhythm.grant_to_roles'::regproc
    ));
  end if;
  perform rhythm.close_to_public();
  perform rhythm.grant_to_roles();
end;
$$;
`,
  },
];
