-- The database's own fsck.

create or replace function rhythm.check()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = ''
as $$
  select e.id, format('it is leased to worker %s, which is not registered', e.worker)
  from rhythm.execution as e
  where e.stage in (1, 2) and e.worker is not null
    and not exists (select from rhythm.worker as w where w.id = e.worker)
  union all
  select e.id, 'it is a workflow without a state'
  from rhythm.execution as e
  where e.stage < 4 and e.type = 'workflow'
    and not exists (select from rhythm.workflow_state as s where s.execution_id = e.id)
  union all
  select e.id, 'it is suspended and waits for nothing that can still happen'
  from rhythm.execution as e
  join rhythm.workflow_state as s on s.execution_id = e.id
  where e.stage = 3
    and not exists (
      select from jsonb_array_elements(s.waits) as g
      cross join lateral jsonb_array_elements_text(g.value -> 'ids') as i (id)
      where exists (select from rhythm.execution as c where c.id = i.id::uuid and c.stage < 4)
        or exists (select from rhythm.timer as t where t.id = i.id::uuid and not t.fired)
        or exists (select from rhythm.signal_wait as w where w.id = i.id::uuid and w.signal_id is null and not w.timed_out))
  union all
  select e.id, 'it is suspended although a group that it waits for is satisfied'
  from rhythm.execution as e
  join rhythm.workflow_state as s on s.execution_id = e.id
  where e.stage = 3 and 0 >= any (s.need)
  union all
  select c.id, 'it ended and its waiting parent was not told'
  from rhythm.execution as c
  join rhythm.execution as e on e.id = c.parent_id and e.stage = 3
  join rhythm.workflow_state as s on s.execution_id = e.id
  where c.stage >= 4 and c.id <> all (s.inbox)
    and exists (select from jsonb_array_elements(s.waits) as g where g.value -> 'ids' ? c.id::text)
  union all
  select s.execution_id, 'a wait for a signal is open although the signal is there'
  from rhythm.signal_wait as s
  join rhythm.signal as g on g.execution_id = s.execution_id and g.name = s.name and g.taken_by is null
  where s.signal_id is null and not s.timed_out
  union all
  select g.execution_id, format('signal %s was taken by a wait that took another', g.id)
  from rhythm.signal as g
  join rhythm.signal_wait as w on w.id = g.taken_by
  where w.signal_id is distinct from g.id
  union all
  select e.id, 'it is to be cancelled, is not running, and did not end'
  from rhythm.execution as e
  where e.cancel_reason is not null
    and (e.stage = 0 and e.type = 'task'
      or e.stage = 3 and not exists (select from rhythm.timer as t where t.execution_id = e.id and t.deadline and not t.fired))
  union all
  select t.execution_id, 'it is over and a timer of it is still to fire'
  from rhythm.timer as t
  join rhythm.execution as e on e.id = t.execution_id and e.stage = 4
  where not t.fired
  union all
  select s.execution_id, s.violation from rhythm.check_steps() as s;
$$;

comment on function rhythm.check() is
  'Everything that is wrong: each execution that is not over must have exactly one reason to move on (ready, a live lease, something to wait for). Empty means sound.';
