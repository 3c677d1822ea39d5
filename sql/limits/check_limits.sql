-- Checks the lanes and counts of queues with limits.

-- While transactions that are older than a change of limits are open (queue_state.settled), leases may end without a note. Then
-- the counts are too high. They are made again when the last of these transactions has ended.

create or replace function rhythm.limit_drift()
returns table (queue text, key text, counted integer, leased integer)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with state as (
    select x.* from (
      select distinct on (s.queue) s.queue, s.running, s.keyed, s.counted, s.settled from rhythm.queue_state as s order by s.queue, s.nth desc
    ) as x
    join rhythm.queue as q on q.name = x.queue and q.changed = x.settled
  ),
  lease as (
    select b.queue, coalesce(b.concurrency_key, '') as key, sum(b.size)::integer as running
    from rhythm.batch as b where b.worker is not null and b.limited group by b.queue, coalesce(b.concurrency_key, '')
  ),
  note as (
    select n.queue, n.key, sum(n.ended)::integer as ended from rhythm.limit_note as n where n.ended > 0 group by n.queue, n.key
  )
  select s.queue, null, s.running - coalesce((select sum(n.ended) from note as n where n.queue = s.queue), 0)::integer,
    coalesce((select sum(l.running) from lease as l where l.queue = s.queue), 0)::integer
  from state as s
  where s.counted and s.running - coalesce((select sum(n.ended) from note as n where n.queue = s.queue), 0)
    <> coalesce((select sum(l.running) from lease as l where l.queue = s.queue), 0)
  union all
  select c.queue, c.key, c.running, c.leased
  from (
    select x.queue, x.key, coalesce(k.running, 0) - coalesce(n.ended, 0) as running, coalesce(l.running, 0) as leased
    from (
      select k.queue, k.key from rhythm.key_state as k
      union select l.queue, l.key from lease as l where l.key <> ''
    ) as x
    join state as s on s.queue = x.queue and s.keyed and s.counted
    left join rhythm.key_state as k on k.queue = x.queue and k.key = x.key
    left join lease as l on l.queue = x.queue and l.key = x.key
    left join note as n on n.queue = x.queue and n.key = x.key
  ) as c
  where c.running <> c.leased;
$$;

comment on function rhythm.limit_drift() is 'Queues with limits, and keys of them, whose count of leases is wrong. chores() counts them again. Internal.';

create or replace function rhythm.check_limits()
returns setof text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select format('queue "%s" counts %s leases%s, but %s are held', d.queue, d.counted, case when d.key is null then '' else format(' of key "%s"', d.key) end, d.leased)
  from rhythm.limit_drift() as d
  union all
  select format('%s ready executions of queue "%s" (key "%s") are in no lane', w.waiting, w.queue, w.key)
  from (
    select b.queue, case b.type when 'workflow' then '' else b.target end as target_group, coalesce(b.concurrency_key, '') as key,
      count(*) as waiting
    from rhythm.batch as b
    where b.limited and b.worker is null and b.run_at is null
      and not exists (
        select from rhythm.lane as l
        where l.queue = b.queue and l.target_group = case b.type when 'workflow' then '' else b.target end and l.key = coalesce(b.concurrency_key, '')
          and (l.rank, l.head) <= (- b.priority::integer, b.first_id))
      and not exists (
        select from rhythm.limit_note as n
        where n.queue = b.queue and n.target_group = case b.type when 'workflow' then '' else b.target end and n.key = coalesce(b.concurrency_key, '')
          and (n.rank, n.head) <= (- b.priority::integer, b.first_id))
    group by 1, 2, 3
  ) as w
  union all
  select format('queue "%s" has executions in lanes, but no limits', b.queue)
  from rhythm.batch as b
  where b.limited and b.worker is null and b.run_at is null and not exists (select from rhythm.queue as q where q.name = b.queue)
  group by b.queue
  union all
  select format('an open lane of queue "%s" (key "%s") is before the floor of its group', l.queue, l.key)
  from rhythm.lane as l
  left join rhythm.lane_group as g on g.queue = l.queue and g.target_group = l.target_group
  where l.open and (g.queue is null or (l.turn, l.rank, l.head) < (g.turn, g.rank, g.head))
  union all
  select format('%s has more than one row for queue "%s"', d.name, d.queue)
  from (
    select 'lane' as name, l.queue from rhythm.lane as l group by l.queue, l.target_group, l.key having count(*) > 1
    union all select 'queue_state', s.queue from rhythm.queue_state as s group by s.queue having count(*) > 1
    union all select 'key_state', k.queue from rhythm.key_state as k group by k.queue, k.key having count(*) > 1
    union all select 'lane_group', g.queue from rhythm.lane_group as g group by g.queue, g.target_group having count(*) > 1
  ) as d;
$$;

comment on function rhythm.check_limits() is 'What is wrong with lanes and counts of queues with limits. Part of check().';
