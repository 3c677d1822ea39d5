-- How many attempts end, and how long they take. Workers count in memory and send the counts with their heartbeats, each in a row of
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
