-- Queues, workers and flows, for people.

drop view if exists rhythm.queues;

-- They have no index of their own, which every suspension would pay for. Past some 4,000 pages of states a sample is
-- counted. offset 0: one look by key for each, instead of a join that reads every execution there is.
create or replace function rhythm.count_suspended()
returns table (queue text, executions bigint)
language sql
stable
rows 10
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select e.queue, round(count(*) * greatest(1, pg_relation_size('rhythm.workflow_state') / 8192 / 4000.0))::bigint
  from rhythm.workflow_state as s
    tablesample system (least(100, 100 * 4000 / (1 + pg_relation_size('rhythm.workflow_state') / 8192.0))) repeatable (0)
  cross join lateral (
    select x.queue from rhythm.execution as x where x.id = s.execution_id and x.stage = 3 offset 0
  ) as e
  group by e.queue;
$$;

comment on function rhythm.count_suspended() is
  'How many workflows of each queue are suspended: exactly, or, where there are many thousands, by a sample.';

-- One branch for each place: each is answered by the index of that place, never by reading what is over.
create view rhythm.queues as
with counted as (
  select e.queue, 'ready' as state, count(*) as executions, min(e.created_at) as oldest
  from rhythm.execution as e where e.place = 1 and e.worker is null group by e.queue
  union all
  select b.queue, 'ready', b.executions, b.oldest from rhythm.count_batched() as b
  union all
  select e.queue, 'running', count(*), null
  from rhythm.execution as e where e.place = 1 and e.worker is not null group by e.queue
  union all
  select e.queue, 'running', count(*), null
  from rhythm.execution as e where e.place = 2 group by e.queue
  union all
  select n.queue, 'running', count(*), null from rhythm.newborn() as n group by n.queue
  union all
  select e.queue, 'delayed', count(*), null
  from rhythm.execution as e where e.place = 0 group by e.queue
  union all
  select c.queue, 'suspended', c.executions, null from rhythm.count_suspended() as c
),
served as (
  select u.queue, count(distinct w.id) as workers
  from rhythm.worker as w cross join lateral unnest(w.queues) as u(queue) group by u.queue
),
named as (
  select c.queue from counted as c
  union
  select q.name from rhythm.queue as q
  union
  select s.queue from served as s
)
select
  n.queue,
  coalesce(sum(c.executions) filter (where c.state = 'ready'), 0)::bigint as ready,
  coalesce(sum(c.executions) filter (where c.state = 'delayed'), 0)::bigint as delayed,
  coalesce(sum(c.executions) filter (where c.state = 'running'), 0)::bigint as running,
  coalesce(sum(c.executions) filter (where c.state = 'suspended'), 0)::bigint as suspended,
  min(c.oldest) as oldest_at,
  greatest(0, extract(epoch from rhythm.now() - min(c.oldest)))::double precision as oldest_seconds,
  coalesce(s.workers, 0)::bigint as workers,
  q.paused_at is not null as paused,
  q.concurrency,
  q.per_key_concurrency,
  q.rate,
  q.per_ms * interval '1 millisecond' as per
from named as n
left join counted as c on c.queue = n.queue
left join rhythm.queue as q on q.name = n.queue
left join served as s on s.queue = n.queue
group by n.queue, q.name, s.workers;

comment on view rhythm.queues is
  'Every queue that has something to do, a worker or a limit: how much is ready (its depth), delayed, running and '
  'suspended (with many thousands: an estimate); since when the oldest ready one waits; how many workers take from it; pause and limits.';

drop view if exists rhythm.workers;

create view rhythm.workers as
select
  w.id,
  w.name,
  w.queues,
  w.started_at,
  w.beat_at,
  w.beat_at + w.lease_ms * interval '1 millisecond' as lease_until,
  w.lease_ms * interval '1 millisecond' as lease,
  w.dozing,
  coalesce(r.running, 0)::bigint as running,
  w.info
from rhythm.worker as w
left join (
  select l.worker, count(*) as running
  from (
    select e.worker from rhythm.execution as e where e.place = 1 and e.worker is not null
    union all
    select e.worker from rhythm.execution as e where e.place = 2
    union all
    select n.worker from rhythm.newborn() as n
  ) as l
  group by l.worker
) as r on r.worker = w.id;

comment on view rhythm.workers is
  'Workers that are alive or were until lately: what they take from, when they last said so, until when that holds, how '
  'much each has in flight.';

drop view if exists rhythm.flows;

create view rhythm.flows as
select
  f.name,
  v.version,
  v.program,
  v.description,
  v.options,
  v.input_schema,
  v.source,
  v.created_at,
  f.updated_at
from rhythm.flow as f
join rhythm.flow_version as v on v.program = f.program;

comment on view rhythm.flows is 'Every flow with its current version: what new executions start on.';
