-- Everything that is paused, except executions.

drop view if exists rhythm.pauses;

create view rhythm.pauses as
select p.type as kind, nullif(p.target, '') as name, null::text as key, p.paused_at, p.paused_by, p.reason
from rhythm.pause as p
union all
select 'queue', q.name, null, q.paused_at, q.paused_by, q.pause_reason
from rhythm.queue as q
where q.paused_at is not null
union all
select 'key', k.queue, k.key, k.paused_at, k.paused_by, k.pause_reason
from rhythm.queue_key as k
where k.paused_at is not null;

comment on view rhythm.pauses is
  'What is paused: everything, tasks, flows (workflow), queues, concurrency keys (name: their queue). Paused executions are in the view executions: paused_at.';
