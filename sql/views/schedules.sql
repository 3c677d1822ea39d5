-- Schedules, for people.

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
