-- Tasks that no worker can run: the handler was never deployed, or the name is misspelt.

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
      where p_queue = any (w.queues) and w.draining_since is null and (w.info -> 'tasks' is null or w.info -> 'tasks' ? p_target));
end;
$$;

comment on function rhythm.is_served(text, text) is 'Whether a worker has a handler for a task of a queue. A worker whose info names no tasks may have all of them. Internal.';

-- Tasks that have been ready for a while in a worker's queues, and for which no worker of the queue has a handler. Each call
-- notes it on a thousand of them. Reads the next 20,000 batches of each queue: tasks that no worker takes collect there, and
-- tasks behind them wait for their turn anyway.
-- Locks: executions, skip locked. Never waits.
create or replace function rhythm.unserved(p_worker uuid, p_after interval default '30s')
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_after_ms constant bigint := rhythm.interval_ms(p_after);
  v_queues constant text[] := array(
    select q.name from rhythm.worker as w cross join lateral unnest(w.queues) as q (name)
    where w.id = p_worker and rhythm.has_ready(q.name, null)
      and not exists (select from rhythm.queue as x where x.name = q.name and x.paused_at is not null));
  v_old constant timestamptz := rhythm.now() - v_after_ms * interval '1 millisecond';
  v_late rhythm.batch[];
  v_notes uuid[];
begin
  if v_after_ms is null then
    perform rhythm.raise('RH001', 'p_after must be an interval of zero or more, such as 30 seconds');
  end if;
  if v_queues = '{}' then
    return '[]';
  end if;
  with waiting as materialized (
    select x.*
    from unnest(v_queues) as u (queue)
    cross join lateral (
      (
        select b.* from rhythm.batch as b
        where b.queue = u.queue and b.worker is null and b.run_at is null and not b.limited
        order by b.priority desc, b.first_id limit 20000
      )
      union all
      (
        select b.* from rhythm.batch as b
        where b.queue = u.queue and b.worker is null and b.run_at is null and b.limited
        limit 20000
      )
    ) as x
    where x.type = 'task' and rhythm.created_at(x.first_id) < v_old
  ),
  unknown as materialized (
    select t.queue, t.target from (select distinct w.queue, w.target from waiting as w) as t where not rhythm.is_served(t.queue, t.target)
  )
  select coalesce(array_agg(row(w.*)::rhythm.batch), '{}') into v_late
  from waiting as w join unknown as u on u.queue = w.queue and u.target = w.target;
  if v_late = '{}' then
    return '[]';
  end if;
  v_notes := array(
    select e.id from (select i.id, b.id as batch_id from unnest(v_late) as b cross join lateral unnest(b.ids) as i (id) limit 1000) as n
    join rhythm.execution as e on e.id = n.id and e.batch_id = n.batch_id and e.note is null
    order by e.id for no key update of e skip locked);
  update rhythm.execution as e set note = format('No worker of queue "%s" has a handler for task "%s"', e.queue, e.target) where e.id = any (v_notes);
  return (
    select coalesce(jsonb_agg(to_jsonb(t) order by t.queue, t.target), '[]')
    from (
      select b.queue, b.target, sum(b.size) as executions, floor(extract(epoch from rhythm.now() - rhythm.created_at(min(b.first_id::text)::uuid))) as seconds
      from unnest(v_late) as b group by b.queue, b.target
    ) as t);
end;
$$;

comment on function rhythm.unserved(uuid, interval) is
  'The tasks that have been ready for longer than p_after in the queues of a worker, and for which no worker has a handler: '
  '[{queue, target, executions, seconds}]. Notes it on up to a thousand of them in each call.';
