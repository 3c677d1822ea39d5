-- Waking: sleeping workers, suspended workflows, people who wait.

-- Only when somebody sleeps, and once a queue and transaction. A worker that falls asleep while this transaction is
-- open looks again after 2, 5, 10, 15, 25, 50, 100 ms: that bounds what this check cannot see.
create or replace function rhythm.wake(p_queues text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.notify('work', q.name)
  from unnest(p_queues) as q (name)
  where exists (select from rhythm.worker as w where w.dozing and q.name = any (w.queues));
end;
$$;

comment on function rhythm.wake(text[]) is 'Notifies sleeping workers of work in some queues. Internal.';

-- Something is due at another time than sleeping workers know of.
create or replace function rhythm.wake_clocks()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.notify('work', '')
  where exists (select from rhythm.worker as w where w.dozing);
end;
$$;

comment on function rhythm.wake_clocks() is 'Tells sleeping workers (channel work, no payload) to tick and learn anew when the next thing is due. Internal.';

-- What is left of a workflow's needs when members of its groups settle. A failure satisfies a group at once. A join, and
-- hashed: a thousand ends that each look through a group of a thousand would take longer than all the rest.
create or replace function rhythm.need_after(p_need integer[], p_waits jsonb, p_items rhythm.settled_item[])
returns integer[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
set enable_hashjoin = on
as $$
begin
  if cardinality(p_items) = 1 then
    return (
      select coalesce(array_agg(
        n.need - case when p_waits -> (n.nth - 1)::integer -> 'ids' ? p_items[1].id::text then case when p_items[1].failed then 1000000 else 1 end else 0 end
        order by n.nth), '{}')
      from unnest(p_need) with ordinality as n (need, nth)
    );
  end if;
  return (
    select coalesce(array_agg(
      n.need - (
        select coalesce(sum(case when i.failed then 1000000 else 1 end), 0)::integer
        from jsonb_array_elements_text(p_waits -> (n.nth - 1)::integer -> 'ids') as w (id)
        join unnest(p_items) as i on i.id = w.id::uuid
      ) order by n.nth), '{}')
    from unnest(p_need) with ordinality as n (need, nth)
  );
end;
$$;

comment on function rhythm.need_after(integer[], jsonb, rhythm.settled_item[]) is
  'How many members each group of waits still needs after some settled. Internal.';

-- Puts what is settled into the inboxes of the workflows that asked for it; returns those that can go on now.
-- The caller holds the locks of their states.
create or replace function rhythm.deliver(p_items rhythm.settled_item[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_result uuid[];
begin
  with parcel as (
    select i.execution_id, array_agg(i.id) as ids, array_agg(i) as items
    from unnest(p_items) as i
    group by i.execution_id
  ),
  put as (
    update rhythm.workflow_state as s
    set inbox = s.inbox || p.ids,
      need = case when s.need = '{}' then s.need else rhythm.need_after(s.need, s.waits, p.items) end
    from parcel as p
    where s.execution_id = p.execution_id
    returning s.execution_id, 0 >= any (s.need) as goes_on
  )
  select coalesce(array_agg(p.execution_id), '{}') from put as p where p.goes_on
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.deliver(rhythm.settled_item[]) is
  'Puts settled children, timers and signals into the inboxes of their workflows; returns the workflows that can go on. Internal.';

-- Suspended workflows that can go on become ready; with a worker that has room, leased to it at once.
create or replace function rhythm.resume(p_ids uuid[], p_now timestamptz, p_worker uuid default null, p_lease integer default 0)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_leased uuid[] := '{}';
  v_queues text[];
begin
  if p_ids = '{}' then
    return v_leased;
  end if;
  with held as (
    select e.id,
      p_worker is not null and e.queue = any (k.queues)
        and not exists (select from rhythm.queue as q where q.name = e.queue) as may_lease,
      row_number() over (order by e.id) as nth
    from (
      select x.id, x.queue from rhythm.execution as x
      where x.id = any (p_ids) and x.stage = 3 order by x.id for no key update
    ) as e
    left join rhythm.worker as k on k.id = p_worker
  ),
  moved as (
    update rhythm.execution as e
    set stage = case when h.may_lease and h.nth <= p_lease then 2 else 1 end,
      worker = case when h.may_lease and h.nth <= p_lease then p_worker end,
      status = case when h.may_lease and h.nth <= p_lease then 'running' else 'pending' end,
      claimed_at = case when h.may_lease and h.nth <= p_lease then p_now else e.claimed_at end,
      delivered = (select cardinality(s.inbox) from rhythm.workflow_state as s where s.execution_id = e.id)
    from held as h
    where e.id = h.id
    returning e.id, e.stage, e.queue
  )
  select coalesce(array_agg(m.id) filter (where m.stage = 2), '{}'), array_agg(distinct m.queue) filter (where m.stage = 1)
  into v_leased, v_queues
  from moved as m;
  perform rhythm.wake(v_queues);
  return v_leased;
end;
$$;

comment on function rhythm.resume(uuid[], timestamptz, uuid, integer) is
  'Makes suspended workflows ready, or leases them to a worker that has room; returns the leased ones. Internal.';
