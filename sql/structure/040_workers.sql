-- Who works, on what, within which limits.

create table rhythm.worker (
  id uuid not null,
  name text not null,
  queues text[] not null,
  started_at timestamptz not null,
  beat_at timestamptz not null,
  lease_ms integer not null,
  dozing boolean not null default false,
  info jsonb not null default '{}',
  constraint worker_pkey primary key (id)
)
with (fillfactor = 50);

comment on table rhythm.worker is 'Workers that are alive or were until lately. One sign of life stands for all their leases.';
comment on column rhythm.worker.lease_ms is 'How long after its last sign of life it is given up.';
comment on column rhythm.worker.dozing is 'It sleeps and wants to be notified of work.';

create table rhythm.queue (
  name text not null,
  paused_at timestamptz,
  concurrency integer,
  per_key_concurrency integer,
  rate integer,
  per_ms bigint,
  begun_at timestamptz[] not null default '{}',
  begun integer[] not null default '{}',
  constraint queue_pkey primary key (name),
  constraint concurrency_positive check (concurrency > 0),
  constraint per_key_concurrency_positive check (per_key_concurrency > 0),
  constraint rate_has_period check ((rate is null) = (per_ms is null)),
  constraint rate_positive check (rate > 0 and per_ms > 0)
)
with (fillfactor = 50);

comment on table rhythm.queue is 'Queues with a limit or paused. A queue that is not here has no limits and costs nothing.';
comment on column rhythm.queue.rate is 'At most so many begin in any per_ms.';
comment on column rhythm.queue.begun is 'With a rate: how many began, by the moments in begun_at, over the last period.';

create table rhythm.setting (
  name text not null,
  value text not null,
  constraint setting_pkey primary key (name)
);

comment on table rhythm.setting is 'Settings of this installation; what is not here has its default. See configure().';

-- What claim() hands to a worker: everything it needs to run the execution.
create type rhythm.claimed as (
  id uuid,
  type text,
  target text,
  queue text,
  attempt integer,
  max_attempts integer,
  inputs jsonb,
  metadata jsonb,
  traceparent text,
  parent_id uuid,
  created_at timestamptz,
  timeout_ms bigint,
  cancel_reason text,
  program text,
  version integer,
  seq integer,
  snapshot jsonb,
  settled jsonb
);

comment on type rhythm.claimed is 'A leased execution, with what a worker needs to run it. For a workflow: its program, its snapshot (null: at its beginning) and what settled since.';

-- Something that a workflow asked for is settled.
create type rhythm.settled_item as (
  execution_id uuid,
  id uuid,
  failed boolean
);

comment on type rhythm.settled_item is 'A child, timer or signal that is settled, for the workflow that asked for it.';

-- What happened to an execution, as far as others need to know.
create type rhythm.moved as (
  id uuid,
  parent_id uuid,
  worker uuid,
  stage smallint,
  watched boolean,
  type text,
  queue text
);

comment on type rhythm.moved is 'An execution that changed its stage, for those who are to be told.';

-- What settle() is given for each execution.
create type rhythm.outcome as (
  id uuid,
  attempt integer,
  seq integer,
  status text,
  output jsonb,
  error jsonb,
  retryable boolean,
  reason text,
  delay_ms bigint,
  snapshot jsonb,
  effects jsonb,
  waits jsonb,
  keep uuid[],
  released uuid[],
  stack jsonb,
  cleanup boolean
);

comment on type rhythm.outcome is 'How an execution left a worker''s hands: completed, failed, suspended, cancelled or released, with what its workflow asked for.';
