-- Schedules, one row each. The session that fires a schedule locks its row: the cursor (next_slot) moves in the same
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
