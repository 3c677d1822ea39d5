-- Kinds of failures, for people.

drop view if exists rhythm.failures;

create view rhythm.failures as
select
  f.fingerprint, f.state, f.type, f.target, f.error_type, f.message, f.count,
  (select count(*) from rhythm.execution as e where e.fingerprint = f.fingerprint) as failed,
  f.first_at, f.last_at,
  array(
    select coalesce(h.count, 0) from generate_series(23, 0, -1) as n (ago)
    left join rhythm.failure_hour as h on h.fingerprint = f.fingerprint and h.hour = (select date_trunc('hour', rhythm.now() at time zone 'UTC') at time zone 'UTC') - n.ago * interval '1 hour'
    order by n.ago desc) as trend,
  f.versions, f.example_id, f.changed_at, f.changed_by, f.note
from rhythm.failure as f;

comment on view rhythm.failures is
  'Failures by their kind: how often each came, when first and last, in which versions of a flow, and how many executions are failed now. chores() counts them once a second. For what came last: order by last_at desc.';

drop view if exists rhythm.failure_hooks;

create view rhythm.failure_hooks as
select
  h.name, h.event, h.filter, h.type, h.target, substring(h.url from '^https?://(?:[^/@]*@)?([^/?#]*)') as host, h.secret is not null as is_signed, h.queue,
  h.created_at, h.created_by, h.started, h.last_at, h.last_id, h.problem
from rhythm.failure_hook as h;

comment on view rhythm.failure_hooks is 'What is started when executions fail: see set_failure_hook(). Of an address only the host is shown, because the rest of it may be a secret.';
