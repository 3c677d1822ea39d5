-- The part of check() that looks at what ends as another execution does.

create or replace function rhythm.check_followers()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select e.id, format('it follows execution %s, and is %s', f.leader_id, e.status)
  from rhythm.follower as f
  join rhythm.execution as e on e.id = f.execution_id and e.stage < 3
  union all
  select e.id, format('it follows execution %s, which is over or gone, and was not told', f.leader_id)
  from rhythm.follower as f
  join rhythm.execution as e on e.id = f.execution_id and e.stage = 3
  where not f.due and not exists (select from rhythm.execution as l where l.id = f.leader_id and l.stage < 4)
  union all
  select e.id, format('it follows execution %s, which tells nobody of its end', f.leader_id)
  from rhythm.follower as f
  join rhythm.execution as e on e.id = f.execution_id and e.stage = 3
  join rhythm.execution as l on l.id = f.leader_id and l.stage < 4 and not l.watched
  where not f.due
  union all
  select e.id, format('it follows execution %s, which follows another', f.leader_id)
  from rhythm.follower as f
  join rhythm.execution as e on e.id = f.execution_id and e.stage = 3
  join rhythm.follower as l on l.execution_id = f.leader_id
  union all
  select e.id, 'it follows another execution, and has the state of a workflow'
  from rhythm.follower as f
  join rhythm.execution as e on e.id = f.execution_id
  join rhythm.workflow_state as s on s.execution_id = e.id;
$$;

comment on function rhythm.check_followers() is 'What is wrong with children that end as another execution does. Part of check().';
