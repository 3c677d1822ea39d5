-- Kinds of failures, for people.

drop view if exists rhythm.failures;

create view rhythm.failures as
select
  f.fingerprint, f.state, f.type, f.target, f.error_type, f.message, f.count,
  (select count(*) from rhythm.execution as e where e.fingerprint = f.fingerprint) as failed,
  f.first_at, f.last_at,
  array(
    select coalesce(h.count, 0) from generate_series(23, 0, -1) as n (ago)
    left join rhythm.failure_hour as h on h.fingerprint = f.fingerprint and h.hour = date_trunc('hour', rhythm.now() at time zone 'UTC') at time zone 'UTC' - n.ago * interval '1 hour'
    order by n.ago desc) as trend,
  f.versions, f.example_id, f.changed_at, f.changed_by, f.note
from rhythm.failure as f;

comment on view rhythm.failures is
  'Failures by their kind: how often each came, when first and last, in which versions of a flow, and how many executions are failed now. chores() counts them once a second. For what came last: order by last_at desc.';
