-- The part of check() for what workflows wait for.

create or replace function rhythm.check_waits()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with suspended as (
    select s.* from rhythm.workflow_state as s
    join rhythm.execution as e on e.id = s.execution_id and e.state = 0
    where s.batch_id is null
  ),
  told as (
    select i.execution_id, i.item as id from rhythm.inbox as i
    union all
    select j.execution_id, x.id from rhythm.journal as j cross join lateral unnest(j.items) as x (id)
  ),
  ended as (
    select s.execution_id, c.id from suspended as s
    join rhythm.execution as c on c.parent_id = s.execution_id and c.state > 0 and c.wait_group = any (s.groups) and c.parent_step is null
    union all
    select s.execution_id, t.id from suspended as s
    join rhythm.timer as t on t.execution_id = s.execution_id and t.fired and not t.deadline and t.wait_group = any (s.groups)
    union all
    select s.execution_id, w.id from suspended as s
    join rhythm.signal_wait as w on w.execution_id = s.execution_id and (w.timed_out or w.signal_id is not null) and w.wait_group = any (s.groups)
  ),
  -- A flow took what its journal names. A workflow in TypeScript took what none of its steps waits for any more.
  untold as (
    select x.* from ended as x
    where not exists (select from told as i where i.execution_id = x.execution_id and i.id = x.id)
      and (not exists (select from rhythm.step as p where p.execution_id = x.execution_id)
        or exists (select from rhythm.step as p where p.execution_id = x.execution_id and p.wait_id = x.id and p.status in ('waiting', 'retrying')))
  )
  select s.execution_id, 'it is suspended and waits for nothing that can still happen'
  from suspended as s
  where not exists (select from rhythm.execution as c where c.parent_id = s.execution_id and c.state = 0 and c.wait_group = any (s.groups))
    and not exists (select from rhythm.timer as t where t.execution_id = s.execution_id and not t.fired and not t.deadline and t.wait_group = any (s.groups))
    and not exists (
      select from rhythm.signal_wait as w
      where w.execution_id = s.execution_id and w.signal_id is null and not w.timed_out and w.wait_group = any (s.groups))
  union all
  select s.execution_id, case
    when 0 >= any (s.need) then 'it is suspended although a group that it waits for is satisfied'
    else format('it still needs %s of its groups, and should need %s', s.need, x.expected) end
  from suspended as s
  cross join lateral (
    select rhythm.need_after(s.groups, s.sizes, array(
      select row(i.execution_id, i.item, i.failed, i.wait_group)::rhythm.settled_item from rhythm.inbox as i where i.execution_id = s.execution_id)) as expected
  ) as x
  where s.need <> x.expected or 0 >= any (s.need)
  union all
  select c.id, 'it ended and its waiting parent was not told'
  from untold as u join rhythm.execution as c on c.id = u.id
  union all
  select u.execution_id, format('timer %s fired and it was not told', t.id)
  from untold as u join rhythm.timer as t on t.id = u.id
  union all
  select u.execution_id, format('its wait %s for signal "%s" has ended and it was not told', w.id, w.name)
  from untold as u join rhythm.signal_wait as w on w.id = u.id;
$$;

comment on function rhythm.check_waits() is 'What is wrong with the waits of workflows. Part of check().';

create or replace function rhythm.check_inboxes()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with item as (
    select i.*, s.arrived,
      coalesce(c.state > 0, t.fired, w.timed_out or w.signal_id is not null) as has_ended, coalesce(c.state <> 1, w.timed_out, false) as has_failed
    from rhythm.inbox as i
    join rhythm.workflow_state as s on s.execution_id = i.execution_id
    left join rhythm.execution as c on c.id = i.item and c.parent_id = i.execution_id
    left join rhythm.timer as t on t.id = i.item and t.execution_id = i.execution_id
    left join rhythm.signal_wait as w on w.id = i.item and w.execution_id = i.execution_id
  )
  select i.execution_id, case
    when i.has_ended is null then format('its inbox holds %s, which is no child, timer or wait for a signal of it', i.item)
    when not i.has_ended then format('its inbox holds %s, which has not ended', i.item)
    else format('its inbox says of %s whether it failed, and that is not so', i.item) end
  from item as i
  where i.has_ended is not true or i.failed <> i.has_failed
  union all
  select i.execution_id, format('its inbox holds %s twice', i.item)
  from rhythm.inbox as i
  group by i.execution_id, i.item
  having count(*) > 1
  union all
  select i.execution_id, format('its inbox holds two items of number %s', i.nth)
  from rhythm.inbox as i
  group by i.execution_id, i.nth
  having count(*) > 1
  union all
  select i.execution_id, format('its inbox holds number %s, and only %s items arrived', i.nth, i.arrived)
  from item as i
  where i.nth > i.arrived
  union all
  select i.execution_id, 'it has an inbox, and no state'
  from rhythm.inbox as i
  where not exists (select from rhythm.workflow_state as s where s.execution_id = i.execution_id)
  union all
  select s.execution_id, format('it is suspended, and was given %s items', s.delivered)
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and e.state = 0
  where s.batch_id is null and s.delivered > 0
  union all
  select s.execution_id, 'it is suspended, and has no snapshot'
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and e.state = 0
  where s.batch_id is null and s.snapshot is null
  union all
  select s.execution_id, format('step %s of it is noted, and it stands at %s', j.step, s.seq)
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id
  -- The step in which it failed, or ended as cancelled, is recorded and not counted.
  join rhythm.journal as j on j.execution_id = s.execution_id and j.step > s.seq + case when e.state > 0 then 1 else 0 end
  union all
  select s.execution_id, format('%s belongs to group %s of it, and it has %s', g.id, g.wait_group, s.last_group)
  from rhythm.workflow_state as s
  join (
    select e.parent_id, e.id, e.wait_group from rhythm.execution as e where e.wait_group is not null
    union all select t.execution_id, t.id, t.wait_group from rhythm.timer as t
    union all select w.execution_id, w.id, w.wait_group from rhythm.signal_wait as w
    union all select i.execution_id, i.item, i.wait_group from rhythm.inbox as i
    union all select x.execution_id, x.execution_id, u.number from rhythm.workflow_state as x cross join lateral unnest(x.groups) as u (number)
  ) as g (execution_id, id, wait_group) on g.execution_id = s.execution_id and g.wait_group > s.last_group
  union all
  select e.id, format('it ended with step %s of its workflow, which stands at %s', e.parent_step, s.seq)
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.parent_id = s.execution_id and e.parent_step > s.seq;
$$;

comment on function rhythm.check_inboxes() is 'What is wrong with inboxes, groups and steps of workflows. Part of check().';
