-- The part of check() that looks at what workflows wait for.

create or replace function rhythm.check_waits()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with waiting as (
    select s.execution_id, e.stage, s.inbox, s.need, s.waits, i.id::uuid as id
    from rhythm.workflow_state as s
    join rhythm.execution as e on e.id = s.execution_id and e.stage < 4
    cross join lateral jsonb_array_elements(s.waits) as g (wait)
    cross join lateral jsonb_array_elements_text(g.wait -> 'ids') as i (id)
  )
  select e.id, 'it is suspended and waits for nothing that can still happen'
  from rhythm.execution as e
  where e.stage = 3
    and not exists (select from rhythm.follower as f where f.execution_id = e.id)
    and not exists (
      select from waiting as w
      where w.execution_id = e.id
        and (exists (select from rhythm.execution as c where c.id = w.id and c.stage < 4)
          or exists (select from rhythm.timer as t where t.id = w.id and not t.fired)
          or exists (select from rhythm.signal_wait as g where g.id = w.id and g.signal_id is null and not g.timed_out)))
  union all
  select c.id, 'it ended and its waiting parent was not told'
  from waiting as w
  join rhythm.execution as c on c.id = w.id and c.stage >= 4
  where c.id <> all (w.inbox)
  union all
  select w.execution_id, format('timer %s fired and it was not told', t.id)
  from waiting as w
  join rhythm.timer as t on t.id = w.id and t.fired
  where t.id <> all (w.inbox)
  union all
  select w.execution_id, format('its wait %s for signal "%s" is settled and it was not told', g.id, g.name)
  from waiting as w
  join rhythm.signal_wait as g on g.id = w.id and (g.timed_out or g.signal_id is not null)
  where g.id <> all (w.inbox)
  union all
  select s.execution_id, format('its inbox holds %s, which has not settled', i.id)
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and e.stage < 4
  cross join lateral unnest(s.inbox) as i (id)
  where exists (select from rhythm.execution as c where c.id = i.id and c.stage < 4)
    or exists (select from rhythm.timer as t where t.id = i.id and not t.fired)
    or exists (select from rhythm.signal_wait as g where g.id = i.id and g.signal_id is null and not g.timed_out)
  union all
  select s.execution_id, format('its inbox holds %s twice', i.id)
  from rhythm.workflow_state as s
  cross join lateral unnest(s.inbox) as i (id)
  group by s.execution_id, i.id
  having count(*) > 1
  union all
  select e.id, format('it was given %s settled things, and has %s', e.delivered, cardinality(s.inbox))
  from rhythm.execution as e
  join rhythm.workflow_state as s on s.execution_id = e.id
  where e.stage in (1, 2) and e.worker is not null and e.delivered > cardinality(s.inbox);
$$;

comment on function rhythm.check_waits() is 'What is wrong with what workflows wait for. Part of check().';

-- The counts of a fan-in, counted again.
create or replace function rhythm.check_needs()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select c.id, case
    when 0 >= any (c.need) then 'it is suspended although a group that it waits for is satisfied'
    else format('it still needs %s of its groups, and should need %s', c.need, c.expected) end
  from (
    select e.id, s.need, rhythm.need_after(rhythm.needs(s.waits), s.waits, array(
      select row(s.execution_id, i.id, coalesce(x.stage in (5, 6), false) or coalesce(w.timed_out, false))::rhythm.settled_item
      from unnest(s.inbox) as i (id)
      left join rhythm.execution as x on x.id = i.id
      left join rhythm.signal_wait as w on w.id = i.id)) as expected
    from rhythm.execution as e
    join rhythm.workflow_state as s on s.execution_id = e.id
    where e.stage = 3
  ) as c
  where c.need <> c.expected or 0 >= any (c.need);
$$;

comment on function rhythm.check_needs() is 'Suspended workflows whose counts of what they still need are wrong. Part of check().';
