-- Limits and fair turns. queue and queue_key have what people configure; the other tables have what is computed from it.
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
