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

drop view if exists rhythm.schedule_runs;

-- The key makes a slot one execution: see slot_request(). A look by key reads one row.
create view rhythm.schedule_runs as
select
  k.key,
  e.metadata ->> 'schedule' as schedule,
  e.metadata ->> 'scheduled_for' as slot,
  e.id as execution_id
from rhythm.idempotency_key as k
join rhythm.execution as e on e.id = k.execution_id
where e.metadata ? 'schedule';

comment on view rhythm.schedule_runs is
  'What schedules have started at their times. Look by key: the type, the target and the words schedule, name and second of the slot, as in workflow:report:schedule nightly 1893456000.';
