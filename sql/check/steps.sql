-- The part of check() for workflows in TypeScript.

create or replace function rhythm.check_steps()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select s.execution_id, format('step "%s" belongs to no execution', min(s.name))
  from rhythm.step as s
  where not exists (select from rhythm.execution as e where e.id = s.execution_id)
  group by s.execution_id
  union all
  select e.id, format('it is a task and has a step "%s"', min(s.name))
  from rhythm.step as s join rhythm.execution as e on e.id = s.execution_id and e.type = 'task'
  group by e.id
  union all
  select d.execution_id, format('steps %s ended as number %s', d.names, d.seq)
  from (
    select s.execution_id, s.seq, string_agg(format('"%s"', s.name), ', ' order by s.name) as names
    from rhythm.step as s where s.seq is not null group by s.execution_id, s.seq having count(*) > 1
  ) as d
  union all
  select e.id, format('step "%s" waits for nothing that can still happen', s.name)
  from rhythm.step as s
  join rhythm.execution as e on e.id = s.execution_id and e.state = 0
  join rhythm.workflow_state as w on w.execution_id = e.id
  where s.status in ('waiting', 'retrying')
    and not exists (select from rhythm.inbox as i where i.execution_id = s.execution_id and i.item = s.wait_id)
    and coalesce(s.until > rhythm.now(), true)
    and not exists (select from rhythm.execution as c where c.id = s.wait_id and c.state = 0)
    and not exists (select from rhythm.timer as t where t.id = s.wait_id)
    and not exists (select from rhythm.signal_wait as g where g.id = s.wait_id);
$$;

comment on function rhythm.check_steps() is 'What is wrong with the steps of workflows in TypeScript. Part of check().';
