-- Executions: one row each, for its whole life. The hot table: a primary key, one index of what is ready, and small
-- partial ones for what is not. Claiming changes no indexed column (a heap-only update).

create table rhythm.execution (
  id uuid not null,
  parent_id uuid,
  worker uuid,
  created_at timestamptz not null,
  claimed_at timestamptz,
  completed_at timestamptz,
  run_at timestamptz,
  stage smallint not null,
  attempt smallint not null default 0,
  max_attempts smallint not null,
  crashes smallint not null default 0,
  priority smallint not null default 0,
  timeout_ms bigint,
  watched boolean not null default false,
  stopping boolean not null default false,
  newborn boolean not null default false,
  batched boolean not null default false,
  delivered integer not null default 0,
  place smallint generated always as (case when stage in (0, 5) or stage = 1 and not batched or stage = 2 and not newborn then stage end) stored,
  type text not null,
  status text not null,
  target text not null,
  queue text not null,
  concurrency_key text,
  cancel_reason text,
  note text,
  traceparent text,
  retry jsonb,
  metadata jsonb,
  progress jsonb,
  error jsonb,
  inputs jsonb not null,
  output jsonb,
  constraint execution_pkey primary key (id),
  constraint type_known check (type in ('workflow', 'task')),
  constraint status_is_stage check (
    case status
      when 'pending' then stage in (0, 1) and worker is null
      when 'running' then stage in (1, 2) and worker is not null
      when 'suspended' then stage = 3 and worker is null
      when 'completed' then stage = 4 and worker is null
      when 'failed' then stage = 5 and worker is null
      when 'cancelled' then stage = 6 and worker is null
      else false
    end
  ),
  constraint over_has_time check ((completed_at is not null) = (stage >= 4)),
  constraint delayed_has_time check (stage <> 0 or run_at is not null)
)
with (
  fillfactor = 40,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.2,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 0,
  toast_tuple_target = 256
);

-- Compressing costs the server more than it saves the disk, and a value out of line is not copied by later updates.
alter table rhythm.execution alter column inputs set storage external;
alter table rhythm.execution alter column output set storage external;

create index execution_ready on rhythm.execution (queue, priority desc, id) where place = 1;
create index execution_delayed on rhythm.execution (run_at) where place = 0;
create index execution_aside on rhythm.execution (queue) where place = 2;
create index execution_children on rhythm.execution (parent_id, id) where parent_id is not null;
create index execution_stopping on rhythm.execution (id) where stopping;
create index execution_failed on rhythm.execution (id) where place = 5;

comment on table rhythm.execution is 'Every workflow and task, waiting, running or over. Read it through the view executions or get().';
comment on column rhythm.execution.stage is '0 delayed, 1 ready (leased or not), 2 leased and out of the way of claims, 3 suspended, 4 completed, 5 failed, 6 cancelled.';
comment on column rhythm.execution.place is 'The stage, where an index lists it; else null. What goes from one stage without to another is updated in place (heap-only).';
comment on column rhythm.execution.newborn is 'With stage 2: it was leased lately, and is found by newborn_lease.';
comment on column rhythm.execution.batched is 'With stage 1: it is ready with others, and found by ready_batch.';
comment on column rhythm.execution.worker is 'Who holds the lease. A lease is as alive as its worker.';
comment on column rhythm.execution.attempt is 'How often it was begun: 1 is the first attempt. A workflow that goes on after a wait is still in its attempt.';
comment on column rhythm.execution.crashes is 'How many workers died while they held it.';
comment on column rhythm.execution.delivered is 'How much of a workflow''s inbox the worker that holds the lease was given; taken out of it when it settles.';
comment on column rhythm.execution.watched is 'Somebody sleeps until it ends, and is notified.';
comment on column rhythm.execution.stopping is 'It was cancelled while a worker held it: what the worker says next, it may say without knowing.';
comment on column rhythm.execution.cancel_reason is 'It is to stop: its worker is told at the next sign of life.';
comment on column rhythm.execution.note is 'Why it does not go on, where somebody knows: no worker has its handler, …';
comment on column rhythm.execution.error is 'The error of the last attempt; with status failed, the one that ended it.';
comment on index rhythm.execution_ready is 'The order of claims. Leased rows stay until tick() moves them aside: claiming must not touch an index.';
comment on index rhythm.execution_delayed is 'What becomes ready by itself, by time: delays and retries.';
comment on index rhythm.execution_aside is 'Leases that are old, were made with the execution, or count against a limit. Without the worker: it changes with every claim.';
comment on index rhythm.execution_children is 'The tree: cancellation and lists.';
comment on index rhythm.execution_stopping is 'What beat() tells workers: few, and gone as soon as they settle.';
comment on index rhythm.execution_failed is 'The list that people look at most.';

-- A task that is born leased is over in a moment, mostly: an index that lists it would cost an entry more, and its end
-- new ones in all others.
create table rhythm.newborn_lease (
  id bigint generated always as identity,
  made_at timestamptz not null,
  worker uuid not null,
  queue text not null,
  ids uuid[] not null,
  constraint newborn_lease_pkey primary key (id)
)
with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

alter table rhythm.newborn_lease alter column ids set storage plain;

comment on table rhythm.newborn_lease is 'Tasks that were made leased, or leased from a batch, in the last seconds. tick() lists in an index those that go on for longer, and forgets the others.';

create table rhythm.workflow_state (
  execution_id uuid not null,
  program text not null,
  cleanup boolean not null default false,
  inbox uuid[] not null default '{}',
  need integer[] not null default '{}',
  seq integer not null default 0,
  waits jsonb,
  stack jsonb,
  snapshot json,
  constraint workflow_state_pkey primary key (execution_id),
  constraint workflow_state_execution foreign key (execution_id) references rhythm.execution (id) on delete cascade,
  constraint workflow_state_program foreign key (program) references rhythm.flow_version (program)
)
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0, toast_tuple_target = 1024);

-- As text it takes half of what jsonb does: it is mostly small numbers. What changes at each step stands together at the
-- end, so that WAL has no more than that.
alter table rhythm.workflow_state alter column snapshot set storage external;

comment on table rhythm.workflow_state is 'Where each workflow that is not completed stands. Rewritten at every suspension, in place.';
comment on column rhythm.workflow_state.seq is 'Suspensions so far.';
comment on column rhythm.workflow_state.inbox is 'What it waited for and is settled, in the order of settling: children, timers, signals.';
comment on column rhythm.workflow_state.need is 'For each group of waits, how many of its members have yet to settle; at 0 the workflow goes on.';
comment on column rhythm.workflow_state.waits is 'The groups of waits as the language gave them: [{mode, ids}].';
comment on column rhythm.workflow_state.cleanup is 'It has a finally block to run if it is cancelled.';
comment on column rhythm.workflow_state.stack is 'Where each fibre stands in the source, with its variables; for people.';

create table rhythm.idempotency_key (
  key text not null,
  execution_id uuid not null,
  expires_at timestamptz,
  constraint idempotency_key_pkey primary key (key)
);

create index idempotency_key_expiry on rhythm.idempotency_key (expires_at) where expires_at is not null;
create index idempotency_key_execution on rhythm.idempotency_key (execution_id);

comment on table rhythm.idempotency_key is 'Which execution a key stands for; without expiry, as long as the execution is kept.';
comment on index rhythm.idempotency_key_expiry is 'What tick() forgets.';
comment on index rhythm.idempotency_key_execution is 'What purge() removes with an execution.';
