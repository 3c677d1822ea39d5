-- The database's own fsck. No foreign key stands between the hot tables: what a key would say is said here.

create or replace function rhythm.check_executions()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select e.id, 'it is a live task and in no batch'
  from rhythm.execution as e
  where e.type = 'task' and e.state = 0
    and not exists (select from rhythm.batch as b where b.id = e.batch_id and e.id = any (b.ids))
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
  union all
  select e.id, 'it is a workflow, and names a batch that only its state may name'
  from rhythm.execution as e
  where e.type = 'workflow' and e.batch_id is not null
  union all
  select s.execution_id, 'its state names a batch that does not hold it'
  from rhythm.workflow_state as s
  where s.batch_id is not null and not exists (select from rhythm.batch as b where b.id = s.batch_id and s.execution_id = any (b.ids))
  union all
  select s.execution_id, 'it is over and in a batch'
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and e.state > 0
  where s.batch_id is not null
  union all
  select b.first_id, format('batch %s has no members', b.id)
  from rhythm.batch as b
  where not exists (select from rhythm.execution as e where e.id = any (b.ids) and e.batch_id = b.id)
    and not exists (select from rhythm.workflow_state as s where s.execution_id = any (b.ids) and s.batch_id = b.id)
  union all
  select b.first_id, format('batch %s differs from its member in queue, target or type', b.id)
  from rhythm.batch as b
  join rhythm.execution as e on e.id = any (b.ids) and e.batch_id = b.id
  where (e.queue, e.target, e.type, e.priority) is distinct from (b.queue, b.target, b.type, b.priority)
  union all
  select b.first_id, format('it is leased to worker %s, which is not registered', b.worker)
  from rhythm.batch as b
  where b.worker is not null and not exists (select from rhythm.worker as w where w.id = b.worker)
  union all
  select b.first_id, format('it is leased to a call that worker %s has not made', b.worker)
  from rhythm.batch as b
  join rhythm.worker as w on w.id = b.worker and w.call < b.call
  union all
  select b.first_id, format('%s attempts threw, of %s', b.failures, rhythm.max_attempts(e.type, e.retry))
  from rhythm.batch as b
  join rhythm.execution as e on e.id = b.first_id
  where b.failures >= rhythm.max_attempts(e.type, e.retry)
  union all
  select e.id, 'it is a workflow without a state'
  from rhythm.execution as e
  where e.state <> 1 and e.type = 'workflow'
    and not exists (select from rhythm.workflow_state as s where s.execution_id = e.id)
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
  union all
  select e.id, case e.type when 'task' then 'it is a task with the state of a workflow' else 'it is completed and its state is still there' end
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and (e.type = 'task' or e.state = 1)
  union all
  select e.id, 'it is to be cancelled, is not running, and did not end'
  from rhythm.execution as e
  left join rhythm.workflow_state as s on s.execution_id = e.id
  left join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
  where e.state = 0 and e.cancel_reason is not null and b.worker is null
    and (e.type = 'task' or s.batch_id is null and not exists (select from rhythm.timer as t where t.execution_id = e.id and t.deadline and not t.fired))
  union all
  select e.id, 'its worker is asked to stop, and it has none'
  from rhythm.execution as e
  left join rhythm.workflow_state as s on s.execution_id = e.id
  left join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
  where e.stopping and b.worker is null
  union all
  select e.id, 'it failed without an error'
  from rhythm.execution as e
  where e.state = 2 and e.error is null
  union all
  select e.id, 'an idempotency key stands for it, and it does not say so'
  from rhythm.execution as e
  where not e.keyed and exists (select from rhythm.idempotency_key as k where k.execution_id = e.id);
$$;

comment on function rhythm.check_executions() is 'What is wrong with executions and their batches. Part of check().';

-- What foreign keys would say.
create or replace function rhythm.check_references()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select o.execution_id, format('%s belongs to an execution that is not there', o.what)
  from (
    select distinct s.execution_id, 'a state' as what from rhythm.workflow_state as s
    union all select distinct i.execution_id, 'an item in an inbox' from rhythm.inbox as i
    union all select distinct j.execution_id, 'a step in the journal' from rhythm.journal as j
    union all select distinct t.execution_id, 'a timer' from rhythm.timer as t
    union all select distinct w.execution_id, 'a wait for a signal' from rhythm.signal_wait as w
    union all select distinct g.execution_id, 'a signal' from rhythm.signal as g
    union all select distinct s.execution_id, format('step "%s"', min(s.name)) from rhythm.step as s group by s.execution_id
    union all select distinct l.execution_id, 'a log line' from rhythm.log_line as l
    union all select k.execution_id, 'a wait for a key' from rhythm.key_waiter as k
  ) as o
  where not exists (select from rhythm.execution as e where e.id = o.execution_id)
  union all
  select s.execution_id, format('it stands on program %s, which is not there', s.program)
  from rhythm.workflow_state as s
  where not exists (select from rhythm.flow_version as v where v.program = s.program)
  union all
  select e.id, format('it is live and its parent %s is not there', e.parent_id)
  from rhythm.execution as e
  where e.state = 0 and e.parent_id is not null and not exists (select from rhythm.execution as p where p.id = e.parent_id);
$$;

comment on function rhythm.check_references() is 'Rows that belong to nothing. Part of check().';

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
  select c.* from rhythm.check_references() as c
  union all
  select c.* from rhythm.check_waits() as c
  union all
  select c.* from rhythm.check_signals() as c
  union all
  select c.* from rhythm.check_steps() as c
  union all
  select c.* from rhythm.check_key_waiters() as c
  union all
  select c.* from rhythm.check_rest() as c;
$$;

comment on function rhythm.check() is
  'Everything that is wrong: each execution that is not over must have exactly one reason to move on (ready, a live lease, something to wait for), '
  'and what tells of it must agree. Empty means sound. Reads all of the engine''s tables. Example: select * from rhythm.check();';
