-- Tasks that nobody can run: a handler that was never deployed, a name that was misspelt.

create or replace function rhythm.is_served(p_queue text, p_target text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from rhythm.task as k where k.name = p_target and k.sql_function is not null)
    or exists (
      select from rhythm.worker as w
      where p_queue = any (w.queues) and (w.info -> 'tasks' is null or w.info -> 'tasks' ? p_target));
end;
$$;

comment on function rhythm.is_served(text, text) is 'Whether anybody has a handler for a task of a queue. A worker whose info names no tasks may have them all. Internal.';

-- What has been ready for a while in a worker's queues, and no worker of its queue has a handler for; a thousand
-- of them at a time say so themselves. Looks at the 20,000 that are next in each
-- queue: what nobody takes gathers there, what waits behind more than that waits for its turn.
-- Locks: rows of batches, execution rows, skip locked. Never waits.
create or replace function rhythm.unserved(p_worker uuid, p_after text default '30s')
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_after_ms constant bigint := rhythm.duration_ms(to_jsonb(p_after));
  v_queues constant text[] := rhythm.worth_a_look((select w.queues from rhythm.worker as w where w.id = p_worker));
  v_old constant timestamptz := rhythm.now() - v_after_ms * interval '1 millisecond';
  v_told jsonb;
begin
  if v_after_ms is null then
    perform rhythm.raise('RH001', 'p_after must be a duration: seconds, or text such as "30s"');
  end if;
  if coalesce(v_queues, '{}') = '{}' then
    return '[]';
  end if;
  perform rhythm.list_ready(array(
    select b from rhythm.ready_batch as b
    where b.queue = any (v_queues) and b.made_at < v_old and not rhythm.is_served(b.queue, b.target)
    order by b.first_id limit 10 for update skip locked));
  with waiting as materialized (
    select e.id, e.queue, e.target, e.since, e.note
    from (
      select u.queue from unnest(v_queues) as u (queue)
      where not exists (select from rhythm.queue as q where q.name = u.queue and q.paused_at is not null)
    ) as mine
    cross join lateral (
      select h.id, h.queue, h.target, h.type, greatest(h.created_at, h.run_at) as since, h.note
      from rhythm.execution as h
      where h.place = 1 and h.queue = mine.queue and h.worker is null
      order by h.priority desc, h.id
      limit 20000
    ) as e
    where e.type = 'task'
      and e.since < v_old
  ),
  unknown as (
    select t.queue, t.target from (select distinct x.queue, x.target from waiting as x) as t
    where not rhythm.is_served(t.queue, t.target)
  ),
  late as materialized (
    select x.* from waiting as x join unknown as u on u.queue = x.queue and u.target = x.target
  ),
  locked as (
    select e.id from rhythm.execution as e
    where e.id = any (array(select l.id from late as l where l.note is null order by l.id limit 1000)) and e.note is null
    order by e.id
    for no key update skip locked
  ),
  noted as (
    update rhythm.execution as e
    set note = format('No worker of queue "%s" has a handler for task "%s"', e.queue, e.target)
    from locked as l
    where e.id = l.id and e.stage = 1 and e.worker is null
  ),
  told as (
    select x.queue, x.target, sum(x.executions) as executions, floor(extract(epoch from rhythm.now() - min(x.since))) as seconds
    from (
      select l.queue, l.target, count(*) as executions, min(l.since) as since from late as l group by l.queue, l.target
      union all
      select b.queue, b.target, sum(cardinality(b.ids)), min(b.made_at)
      from rhythm.ready_batch as b join unknown as u on u.queue = b.queue and u.target = b.target
      group by b.queue, b.target
    ) as x
    group by x.queue, x.target
  )
  select coalesce(jsonb_agg(to_jsonb(t) order by t.queue, t.target), '[]') into v_told from told as t;
  return v_told;
end;
$$;

comment on function rhythm.unserved(uuid, text) is
  'What has been ready for longer than p_after in the queues of a worker without any worker that has a handler for it: '
  '[{queue, target, executions, seconds}]. Notes it on them, a thousand a call.';
