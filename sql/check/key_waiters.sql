-- The part of check() for key waiters.

create or replace function rhythm.check_key_waiters()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select e.id, format('it waits for execution %s by its key, and is in a batch', k.owner_id)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id and e.batch_id is not null
  union all
  select e.id, format('it waits for execution %s by its key, which is over or gone, and was not told', k.owner_id)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id and e.state = 0
  where not k.due and not exists (select from rhythm.execution as o where o.id = k.owner_id and o.state = 0)
  union all
  select e.id, format('it waits for execution %s by its key, which tells nobody of its end', k.owner_id)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id and e.state = 0
  join rhythm.execution as o on o.id = k.owner_id and o.state = 0 and not o.notify_on_end
  where not k.due
  union all
  select e.id, format('it waits for execution %s by its key, which waits for another', k.owner_id)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id and e.state = 0
  join rhythm.key_waiter as o on o.execution_id = k.owner_id
  union all
  select e.id, format('it waits for execution %s by its key, which waits for it', k.owner_id)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id and e.state = 0
  where not k.due and rhythm.waits_for_itself(k.owner_id, e.parent_id)
  union all
  select e.id, format('it waits for the key "%s", which is not of its kind', k.key)
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id
  where not starts_with(k.key, format('%s:%s:', e.type, e.target))
  union all
  select e.id, 'it waits for another execution by its key, and has the state of a workflow'
  from rhythm.key_waiter as k
  join rhythm.execution as e on e.id = k.execution_id
  join rhythm.workflow_state as s on s.execution_id = e.id;
$$;

comment on function rhythm.check_key_waiters() is 'What is wrong with key waiters. Part of check().';
