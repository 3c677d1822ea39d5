-- Queues, workers and flows, for people.

drop view if exists rhythm.queues;

-- There is no index of suspended workflows, because every suspension would pay for it. Above some 4,000 pages of states, a sample is
-- counted. Of each program at least 50 are looked up, of all together some 1,000. They are spread evenly, so that their
-- shares are those of all. offset 0: one look by key for each, instead of a join that reads all executions.
create or replace function rhythm.count_suspended()
returns table (queue text, flow text, version integer, executions bigint)
language sql
stable
rows 100
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with chosen as materialized (
    -- A number is compared faster than the name of a program. Two that have the same are one kind.
    select s.execution_id, hashtext(s.program) as kind, row_number() over () as nth
    from rhythm.workflow_state as s
      tablesample system (least(100, 100 * 4000 / (1 + pg_relation_size('rhythm.workflow_state') / 8192.0))) repeatable (0)
    where s.batch_id is null
  ),
  kind as materialized (
    select c.kind, count(*) as size,
      -- Every how many of them is looked up: of few all, of all together some 1,000.
      greatest(1, least(count(*) / 50, sum(count(*)) over () / 1000))::bigint as each
    from chosen as c group by c.kind
  ),
  looked as materialized (
    select c.kind, k.size, e.queue, e.target, e.version
    from chosen as c
    join kind as k on k.kind = c.kind
    left join lateral (
      select x.queue, x.target, x.version from rhythm.execution as x where x.id = c.execution_id and x.state = 0 offset 0
    ) as e on true
    where c.nth % k.each = 0
  )
  select g.queue, g.target, g.version,
    round(sum(g.executions * g.weight) * greatest(1, pg_relation_size('rhythm.workflow_state') / 8192 / 4000.0))::bigint
  from (
    select l.queue, l.target, l.version, count(*) as executions,
      l.size::numeric / (select count(*) from looked as o where o.kind = l.kind) as weight
    from looked as l where l.queue is not null
    group by l.kind, l.size, l.queue, l.target, l.version
  ) as g
  group by g.queue, g.target, g.version;
$$;

comment on function rhythm.count_suspended() is
  'How many workflows of each queue, flow and version are suspended: exactly, or, if there are some thousands, an estimate from a sample.';

create view rhythm.queues as
with counted as (
  select b.queue, case when b.run_at is not null then 'delayed' when b.worker is null then 'ready' else 'running' end as state,
    sum(b.size) as executions, min(case when b.worker is null and b.run_at is null then rhythm.created_at(b.first_id) end) as oldest
  from rhythm.batch as b group by 1, 2
  union all
  select c.queue, 'suspended', c.executions, null from rhythm.count_suspended() as c
),
served as (
  select u.queue, count(distinct w.id) as workers
  from rhythm.worker as w cross join lateral unnest(w.queues) as u(queue) where w.draining_since is null group by u.queue
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
  q.per_ms * interval '1 millisecond' as per,
  q.per_key_rate,
  q.per_key_per_ms * interval '1 millisecond' as per_key_per,
  coalesce(q.fair, false) as fair
from named as n
left join counted as c on c.queue = n.queue
left join rhythm.queue as q on q.name = n.queue
left join served as s on s.queue = n.queue
group by n.queue, q.name, s.workers;

comment on view rhythm.queues is
  'Every queue that has work, a worker or a limit: how many executions are ready (its depth), delayed, running and suspended. '
  'Also since when the oldest ready one has waited, how many workers take from it, pause and limits. suspended is an estimate '
  'if there are many thousands, or if members of batches were cancelled.';

drop view if exists rhythm.targets;

create view rhythm.targets as
select b.type, b.target,
  coalesce(sum(b.size) filter (where b.run_at is null and b.worker is null), 0)::bigint as ready,
  coalesce(sum(b.size) filter (where b.run_at is not null), 0)::bigint as delayed,
  coalesce(sum(b.size) filter (where b.run_at is null and b.worker is not null), 0)::bigint as running
from rhythm.batch as b
group by b.type, b.target;

comment on view rhythm.targets is
  'Every task and flow of which something is ready, delayed or running, and how many: as in the view queues.';

drop view if exists rhythm.queue_keys;

create view rhythm.queue_keys as
select
  x.queue,
  x.key,
  coalesce(sum(x.size) filter (where x.worker is null and x.run_at is null), 0)::bigint as ready,
  coalesce(sum(x.size) filter (where x.worker is not null), 0)::bigint as running,
  max(x.concurrency) as concurrency,
  max(x.rate) as rate,
  max(x.per_ms) * interval '1 millisecond' as per,
  max(x.weight) as weight,
  bool_or(x.paused) as paused
from (
  select b.queue, b.concurrency_key, b.size, b.worker, b.run_at, null::integer, null::integer, null::bigint, null::integer, false
  from rhythm.batch as b
  where b.concurrency_key is not null
  union all
  select k.queue, k.key, null, null, null, k.concurrency, k.rate, k.per_ms, k.weight, k.paused_at is not null
  from rhythm.queue_key as k
) as x (queue, key, size, worker, run_at, concurrency, rate, per_ms, weight, paused)
group by x.queue, x.key;

comment on view rhythm.queue_keys is
  'Every concurrency key of a queue that has something to do, or limits, a weight or a pause of its own.';

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
  w.sleeping,
  coalesce(r.running, 0)::bigint as running,
  w.info,
  w.draining_since
from rhythm.worker as w
left join (
  select b.worker, sum(b.size) as running from rhythm.batch as b where b.worker is not null group by b.worker
) as r on r.worker = w.id;

comment on view rhythm.workers is
  'Workers that are or recently were alive: their queues, last heartbeat, end of their leases, and how much '
  'each has in flight.';

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

drop view if exists rhythm.flow_versions;
create view rhythm.flow_versions as
select
  v.name,
  v.version,
  f.program = v.program as is_current,
  v.program,
  v.description,
  v.options,
  v.input_schema,
  v.source,
  v.created_at
from rhythm.flow_version as v
join rhythm.flow as f on f.name = v.name;

comment on view rhythm.flow_versions is 'Every version of every flow that was registered.';

comment on view rhythm.flows is 'Every flow with its current version, on which new executions start.';
