-- Steps of workflows in TypeScript, with their results.

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
