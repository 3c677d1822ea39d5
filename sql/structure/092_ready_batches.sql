-- Tasks that were made together and are all alike are ready together, too: one row lists a hundred of them, in place of an
-- entry each in the index of what is ready. Their claims and ends are heap-only updates then.

create table rhythm.ready_batch (
  first_id uuid not null,
  made_at timestamptz not null,
  priority smallint not null,
  queue text not null,
  target text not null,
  kind jsonb not null,
  ids uuid[] not null,
  constraint ready_batch_pkey primary key (first_id)
)
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

alter table rhythm.ready_batch alter column ids set storage plain;

create index ready_batch_order on rhythm.ready_batch (queue, priority desc, first_id);
create index ready_batch_target on rhythm.ready_batch (target);

comment on table rhythm.ready_batch is 'Tasks that are ready and in no index, by the batch. What is cancelled meanwhile stays listed until a claim passes over it.';
comment on column rhythm.ready_batch.first_id is 'The first task that was listed: its place among all that is ready.';
comment on column rhythm.ready_batch.ids is 'Those that no claim has taken yet.';
comment on column rhythm.ready_batch.kind is 'What else they have in common, and a claim tells once: {max_attempts, timeout_ms, metadata, traceparent}.';
comment on index rhythm.ready_batch_order is 'The order of claims.';
comment on index rhythm.ready_batch_target is 'What is to be listed one by one when its handler becomes a SQL function.';
