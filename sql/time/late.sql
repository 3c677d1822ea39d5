-- What is late or lost: workers that fell silent, leases that last, what ran past its timeout.

create or replace function rhythm.end_late_workflows(p_ids uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows rhythm.moved[];
begin
  if p_ids = '{}' then
    return;
  end if;
  -- All at once: what follows finds every state locked already, and waits for none.
  perform rhythm.lock_trees(p_ids);
  perform rhythm.cancel_trees(array_agg(c.id), coalesce(e.cancel_reason, 'Its workflow ran past its timeout'), p_now)
  from rhythm.execution as c
  join rhythm.execution as e on e.id = c.parent_id
  where c.parent_id = any (p_ids) and c.stage < 4
  group by e.cancel_reason;
  update rhythm.timer as t set fired = true where t.execution_id = any (p_ids) and t.deadline;
  with moved as (
    update rhythm.execution as e
    set stage = case when e.cancel_reason is null then 5 else 6 end,
      status = case when e.cancel_reason is null then 'failed' else 'cancelled' end,
      worker = null, stopping = false, completed_at = p_now,
      error = case when e.cancel_reason is not null then e.error
        else rhythm.deadline_error(e.timeout_ms) end
    where e.id = any (p_ids) and e.stage < 4
    returning e.id, e.parent_id, e.worker, e.stage, e.watched, e.type, e.queue
  )
  select coalesce(array_agg(row(m.*)::rhythm.moved), '{}') into v_rows from moved as m;
  perform rhythm.follow_ends(v_rows, '{}', null, 0, p_now);
end;
$$;

comment on function rhythm.end_late_workflows(uuid[], timestamptz) is 'Ends workflows that outlived their timeout (failed) or the time to clean up (cancelled), and cancels what they started. Part of tick().';

-- Leases that last are moved out of the way of claims.
create or replace function rhythm.move_aside(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Leased rows were ready first: they stand at the head of their queue. One that is being settled may stay.
  update rhythm.execution as e
  set stage = 2, newborn = false
  where e.id = any (array(
    select y.id from rhythm.execution as y
    where y.place = 1 and y.worker is not null and y.id = any (array(
    select x.id
    from (select distinct unnest(w.queues) as queue from rhythm.worker as w) as q
    cross join lateral (
      select h.id, h.worker, h.claimed_at from rhythm.execution as h
      where h.place = 1 and h.queue = q.queue
      order by h.priority desc, h.id
      limit p_limit * 2
    ) as x
    where x.worker is not null and x.claimed_at < p_now - interval '2 seconds'))
    for no key update skip locked
  ));
  return 0;
end;
$$;

comment on function rhythm.move_aside(integer, timestamptz) is 'Takes old leases out of the index of what is ready. Part of tick().';

create or replace function rhythm.bury_workers(p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_dead uuid[];
begin
  with dead as (
    select w.id from rhythm.worker as w
    where w.beat_at < p_now - w.lease_ms * interval '1 millisecond'
    for update skip locked
  ),
  gone as (
    delete from rhythm.worker as w using dead as d where w.id = d.id returning w.id
  )
  select coalesce(array_agg(g.id), '{}') into v_dead from gone as g;
  -- And leases of workers that are no more, however that came.
  v_dead := v_dead || array(
    select distinct e.worker from rhythm.execution as e
    where e.place = 2 and not exists (select from rhythm.worker as w where w.id = e.worker)
    union
    select l.worker from rhythm.newborn_lease as l where not exists (select from rhythm.worker as w where w.id = l.worker));
  if v_dead <> '{}' then
    perform rhythm.take_back(v_dead, 'The worker that ran it was lost: it gave no sign of life');
  end if;
  return cardinality(v_dead);
end;
$$;

comment on function rhythm.bury_workers(timestamptz) is 'Gives back the work of workers that gave no sign of life. Part of tick().';

-- Attempts of tasks that ran past their timeout, a little later than their worker should have ended them; workflows
-- that did not end in time.
create or replace function rhythm.end_overdue(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows rhythm.moved[];
  v_late uuid[];
begin
  v_late := array(
    select e.id from rhythm.execution as e
    where e.place = 2 and e.type = 'task'
      and e.timeout_ms is not null and e.claimed_at + e.timeout_ms * interval '1 millisecond' + interval '1 second' < p_now
    limit p_limit);
  if v_late = '{}' then
    return 0;
  end if;
  perform rhythm.lock_around(v_late);
  with late as (
    select e.id, case when e.cancel_reason is not null then 6 when e.attempt < e.max_attempts then 0 else 5 end as stage
    from rhythm.execution as e
    where e.place = 2 and e.type = 'task'
      and e.timeout_ms is not null and e.claimed_at + e.timeout_ms * interval '1 millisecond' + interval '1 second' < p_now
      and e.id = any (v_late)
    order by e.id
    for no key update skip locked
  ),
  moved as (
    update rhythm.execution as e
    set worker = null,
      stopping = false,
      stage = l.stage,
      status = case l.stage when 0 then 'pending' when 5 then 'failed' else 'cancelled' end,
      run_at = case when l.stage = 0 then p_now + rhythm.backoff_ms(e.retry, e.attempt) * interval '1 millisecond' else e.run_at end,
      completed_at = case when l.stage > 0 then p_now end,
      error = jsonb_build_object('type', 'TimeoutError', 'message', format('Attempt %s took longer than %s ms', e.attempt, e.timeout_ms))
    from late as l
    where e.id = l.id
    returning e.id, e.parent_id, e.worker, e.stage, e.watched, e.type, e.queue
  )
  select coalesce(array_agg(row(m.*)::rhythm.moved), '{}') into v_rows from moved as m;
  perform rhythm.follow_ends(v_rows, '{}', null, 0, p_now);
  return cardinality(v_rows);
end;
$$;

comment on function rhythm.end_overdue(integer, timestamptz) is 'Ends what ran past its timeout. Part of tick().';
