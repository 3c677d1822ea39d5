-- The part of check() that looks at what workflows wait for.

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
  from suspended as s
  join rhythm.execution as c on c.parent_id = s.execution_id and c.state > 0 and c.wait_group = any (s.groups) and c.parent_step is null
  where not exists (select from told as i where i.execution_id = s.execution_id and i.id = c.id)
  union all
  select s.execution_id, format('timer %s fired and it was not told', t.id)
  from suspended as s
  join rhythm.timer as t on t.execution_id = s.execution_id and t.fired and not t.deadline and t.wait_group = any (s.groups)
  where not exists (select from told as i where i.execution_id = s.execution_id and i.id = t.id)
  union all
  select s.execution_id, format('its wait %s for signal "%s" has ended and it was not told', w.id, w.name)
  from suspended as s
  join rhythm.signal_wait as w on w.execution_id = s.execution_id and (w.timed_out or w.signal_id is not null) and w.wait_group = any (s.groups)
  where not exists (select from told as i where i.execution_id = s.execution_id and i.id = w.id)
  union all
  select i.execution_id, format('its inbox holds %s, which has not ended', i.item)
  from rhythm.inbox as i
  join rhythm.execution as e on e.id = i.execution_id and e.state = 0
  where exists (select from rhythm.execution as c where c.id = i.item and c.state = 0)
    or exists (select from rhythm.timer as t where t.id = i.item and not t.fired)
    or exists (select from rhythm.signal_wait as w where w.id = i.item and w.signal_id is null and not w.timed_out)
  union all
  select i.execution_id, format('its inbox holds %s twice', i.item)
  from rhythm.inbox as i
  group by i.execution_id, i.item
  having count(*) > 1
  union all
  select s.execution_id, format('its inbox holds number %s, and only %s items arrived', i.nth, s.arrived)
  from rhythm.inbox as i
  join rhythm.workflow_state as s on s.execution_id = i.execution_id
  where i.nth > s.arrived;
$$;

comment on function rhythm.check_waits() is 'What is wrong with what workflows wait for. Part of check().';
