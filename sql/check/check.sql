-- The database's own fsck.

create or replace function rhythm.check_executions()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select e.id, format('it is leased to worker %s, which is not registered', e.worker)
  from rhythm.execution as e
  where e.stage in (1, 2) and e.worker is not null
    and not exists (select from rhythm.worker as w where w.id = e.worker)
  union all
  select e.id, 'it is leased, and nothing leads from its worker to it'
  from rhythm.execution as e
  where e.stage = 2 and e.newborn
    and not exists (select from rhythm.newborn_lease as l where e.id = any (l.ids) and l.worker = e.worker)
  union all
  select e.id, 'it is ready, and no batch lists it'
  from rhythm.execution as e
  where e.stage = 1 and e.batched
    and not exists (
      select from rhythm.ready_batch as b cross join lateral unnest(b.ids) as i (id)
      where b.queue = e.queue and b.priority = e.priority and b.target = e.target and i.id = e.id)
  union all
  select e.id, 'it is ready by a batch, and leased'
  from rhythm.execution as e
  where e.batched and e.worker is not null
  union all
  select e.id, 'it is leased, and nobody knows since when'
  from rhythm.execution as e
  where e.stage in (1, 2) and e.worker is not null and e.claimed_at is null
  union all
  select e.id, format('it is in attempt %s of %s', e.attempt, e.max_attempts)
  from rhythm.execution as e
  where e.type = 'task' and e.attempt > e.max_attempts
  union all
  select e.id, 'it is a workflow without a state'
  from rhythm.execution as e
  where e.stage <> 4 and e.type = 'workflow'
    and not exists (select from rhythm.workflow_state as s where s.execution_id = e.id)
    and not exists (select from rhythm.follower as f where f.execution_id = e.id)
  union all
  select e.id, case e.type when 'task' then 'it is a task with the state of a workflow' else 'it is completed and its state is still there' end
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and (e.type = 'task' or e.stage = 4)
  union all
  select e.id, 'it is a task and suspended'
  from rhythm.execution as e
  where e.stage = 3 and e.type = 'task'
    and not exists (select from rhythm.follower as f where f.execution_id = e.id)
  union all
  select e.id, 'it is to be cancelled, is not running, and did not end'
  from rhythm.execution as e
  where e.cancel_reason is not null
    and (e.stage = 0 and e.type = 'task'
      or e.stage = 3 and not exists (select from rhythm.timer as t where t.execution_id = e.id and t.deadline and not t.fired))
  union all
  select e.id, 'its worker is asked to stop, and it has none'
  from rhythm.execution as e
  where e.stopping and e.worker is null
  union all
  select e.id, format('it is %s without %s', e.status, case e.stage when 4 then 'an output' else 'an error' end)
  from rhythm.execution as e
  where e.stage = 4 and e.output is null or e.stage = 5 and e.error is null;
$$;

comment on function rhythm.check_executions() is 'What is wrong with executions by themselves. Part of check().';

-- Compiling a query this wide takes longer than the query.
create or replace function rhythm.check()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select c.* from rhythm.check_executions() as c
  union all
  select c.* from rhythm.check_waits() as c
  union all
  select c.* from rhythm.check_needs() as c
  union all
  select c.* from rhythm.check_signals() as c
  union all
  select c.* from rhythm.check_steps() as c
  union all
  select c.* from rhythm.check_followers() as c
  union all
  select c.* from rhythm.check_rest() as c;
$$;

comment on function rhythm.check() is
  'Everything that is wrong: each execution that is not over must have exactly one reason to move on (ready, a live lease, something to wait for), '
  'and what tells of it must agree. Empty means sound. Reads all of the engine''s tables. Example: select * from rhythm.check();';
