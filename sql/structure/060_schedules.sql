-- Schedules. One row each, locked by whoever fires it: the cursor (next_slot) moves in the same transaction in
-- which its execution is created, so that no time fires twice.

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
  'What runs when. Read it through the view schedules; change it with schedule() and its sisters.';
comment on column rhythm.schedule_entry.next_slot is 'The first time of the cron expression that is not dealt with yet.';
comment on column rhythm.schedule_entry.due_at is 'When to look at this schedule: next_slot and its jitter, or sooner while slots are queued.';
comment on column rhythm.schedule_entry.queued_slots is 'With overlap queue: slots that wait for the execution before them to end.';
comment on column rhythm.schedule_entry.active is 'Executions of this schedule that were not over when it last fired.';
comment on column rhythm.schedule_entry.options is 'Options of every execution, in the form of create_many().';
comment on column rhythm.schedule_entry.last_error is 'Why the last slot could not be started: {code, message, slot}; null once one starts again.';
comment on column rhythm.schedule_entry.skipped is 'Slots that overlap left out.';
comment on index rhythm.schedule_entry_due is 'What fire_schedules() asks: which schedules are due, and when the next one is.';
