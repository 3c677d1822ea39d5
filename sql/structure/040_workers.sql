-- Workers, queues and their limits.

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
  snapshot text,
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
  snapshot text,
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
