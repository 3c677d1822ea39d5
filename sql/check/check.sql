-- The fsck of the database. The hot tables have no foreign keys, so these functions check what the keys would.

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
  select e.id, 'it is a workflow without a state'
  from rhythm.execution as e
  where e.state not in (1, 4) and e.type = 'workflow'
    and not exists (select from rhythm.workflow_state as s where s.execution_id = e.id)
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
  union all
  select e.id, case e.type when 'task' then 'it is a task with the state of a workflow' else 'it is completed and its state is still there' end
  from rhythm.workflow_state as s
  join rhythm.execution as e on e.id = s.execution_id and (e.type = 'task' or e.state = 1)
  union all
  select e.id, 'it should be cancelled, is not running, and did not end'
  from rhythm.execution as e
  left join rhythm.workflow_state as s on s.execution_id = e.id
  left join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
  where e.state = 0 and e.cancel_reason is not null and b.worker is null
    and (e.type = 'task' or s.batch_id is null and not exists (select from rhythm.timer as t where t.execution_id = e.id and t.deadline and not t.fired))
  union all
  select e.id, case when b.paused then 'it is not paused, and its batch is' else 'it is paused, and not parked' end
  from rhythm.batch as b
  cross join lateral unnest(b.ids) as i (id)
  join rhythm.execution as e on e.id = i.id and e.state = 0
  left join rhythm.workflow_state as s on s.execution_id = e.id
  where coalesce(e.batch_id, s.batch_id) = b.id and b.worker is null and b.paused <> (e.paused_at is not null)
  union all
  select e.id, 'its worker is asked to stop, and it has none'
  from rhythm.execution as e
  left join rhythm.workflow_state as s on s.execution_id = e.id
  left join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
  where e.stopping and b.worker is null
  union all
  select e.id, case
    when e.state = 2 then 'it failed without an error'
    when e.state = 3 then 'it was cancelled without a reason'
    else 'it is completed, and has an error' end
  from rhythm.execution as e
  where e.state = 2 and e.error is null or e.state = 3 and e.cancel_reason is null or e.state = 1 and e.error is not null
  union all
  select e.id, 'it has an output, and did not complete'
  from rhythm.execution as e
  where e.state not in (1, 4) and e.output is not null
  union all
  select e.id, format('its tree is that of %s, and its parent''s another', e.root_id)
  from rhythm.execution as e
  join rhythm.execution as p on p.id = e.parent_id
  where e.root_id is distinct from coalesce(p.root_id, p.id)
  union all
  select e.id, 'it belongs to the tree of another, and has no parent'
  from rhythm.execution as e
  where e.parent_id is null and e.root_id is not null
  union all
  select e.id, format('it is active and does not have its unique key "%s"', e.unique_key)
  from rhythm.execution as e
  where e.state = 0 and e.unique_while = 'active' and e.cancel_reason is null
    and not exists (select from rhythm.key_waiter as w where w.execution_id = e.id)
    and not exists (
      select from rhythm.idempotency_key as k where k.key = format('%s:%s:%s', e.type, e.target, e.unique_key) and k.execution_id = e.id)
  union all
  select e.id, 'an idempotency key stands for it, and it does not say so'
  from rhythm.execution as e
  where not e.keyed and exists (select from rhythm.idempotency_key as k where k.execution_id = e.id);
$$;

comment on function rhythm.check_executions() is 'What is wrong with executions and their places. Part of check().';

create or replace function rhythm.check_batches()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with member as (
    select b.*, m.member, e.id as member_id, e.retry
    from rhythm.batch as b
    cross join lateral unnest(b.ids) as i (id)
    join rhythm.execution as e on e.id = i.id
    left join rhythm.workflow_state as s on s.execution_id = e.id
    cross join lateral (
      select jsonb_build_object('queue', e.queue, 'target', e.target, 'type', e.type, 'priority', e.priority, 'concurrency_key', e.concurrency_key,
        'timeout_ms', e.timeout_ms, 'max_attempts', rhythm.max_attempts(e.retry), 'metadata', e.metadata, 'traceparent', e.traceparent) as member
    ) as m
    where coalesce(e.batch_id, s.batch_id) = b.id
  )
  -- The next claim deletes a ready batch without members. The session that ended the last member left it if another had it.
  select b.first_id, format('batch %s has no members, and is leased', b.id)
  from rhythm.batch as b
  where b.worker is not null and not exists (select from member as m where m.id = b.id)
    -- Transactional tasks end in sessions of their own. If the last two of a batch end at once, the next heartbeat deletes the batch.
    and not (b.type = 'task' and b.size > 1 and exists (
      select from rhythm.worker as w left join rhythm.execution as e on e.id = any (b.ids)
      where w.id = b.worker and greatest(b.claimed_at, e.completed_at) > rhythm.now() - w.lease_ms * interval '1 millisecond'))
  union all
  select b.first_id, format('batch %s does not begin with it', b.id)
  from rhythm.batch as b
  where b.first_id is distinct from b.ids[1]
  union all
  select m.member_id, format('batch %s differs from its member in %s', m.id, string_agg(k.key, ', ' order by k.key))
  from member as m
  cross join lateral jsonb_each(m.member) as k
  where k.value is distinct from coalesce(case
    when k.key in ('max_attempts', 'metadata', 'traceparent') then m.common -> k.key
    when k.key = 'timeout_ms' and m.type = 'workflow' then k.value
    when k.key = 'timeout_ms' and m.common -> k.key is distinct from to_jsonb(m.timeout_ms) then '"two"'
    else to_jsonb(m) -> k.key end, 'null')
  group by m.id, m.member_id
  union all
  select b.first_id, format('it is leased to worker %s, which is not registered', b.worker)
  from rhythm.batch as b
  where b.worker is not null and not exists (select from rhythm.worker as w where w.id = b.worker)
  union all
  select b.first_id, format('it is leased to a call that worker %s has not made', b.worker)
  from rhythm.batch as b
  join rhythm.worker_call as c on c.worker_id = b.worker and c.odd = (b.call % 2 = 1) and c.call < b.call
  union all
  select b.first_id, 'it is leased, and no attempt was counted'
  from rhythm.batch as b
  where b.worker is not null and b.attempt = 0
  union all
  select b.first_id, 'it may expire, and its batch says something else'
  from rhythm.batch as b
  join member as m on m.id = b.id
  join rhythm.execution as e on e.id = m.member_id
  where b.attempt = 0 and b.expires_at is distinct from e.expires_at
  union all
  select m.member_id, format('it has no attempts left: %s of %s threw, %s were lost with their worker, %s may be',
    m.failures, rhythm.max_attempts(m.retry), m.crashes, rhythm.max_crashes(m.retry))
  from member as m
  where not rhythm.attempts_left(m.retry, m.failures, m.crashes);
$$;

comment on function rhythm.check_batches() is 'What is wrong with batches. Part of check().';

-- What foreign keys would report.
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
    union all select distinct b.execution_id, 'a base' from rhythm.base as b
    union all select distinct n.execution_id, 'the end of a child that it took' from rhythm.taken_end as n
    union all select distinct t.execution_id, 'a timer' from rhythm.timer as t
    union all select distinct w.execution_id, 'a wait for a signal' from rhythm.signal_wait as w
    union all select distinct g.execution_id, 'a signal' from rhythm.signal as g
    union all select distinct s.execution_id, format('step "%s"', min(s.name)) from rhythm.step as s group by s.execution_id
    union all select distinct l.execution_id, 'a log line' from rhythm.log_line as l
    union all select k.execution_id, 'a wait for a key' from rhythm.key_waiter as k
  ) as o
  where not exists (select from rhythm.execution as e where e.id = o.execution_id)
  union all
  select s.execution_id, format('it uses program %s, which does not exist', s.program)
  from rhythm.workflow_state as s
  where not exists (select from rhythm.flow_version as v where v.program = s.program)
  union all
  select e.id, format('it is live and its parent %s is not there', e.parent_id)
  from rhythm.execution as e
  where e.state = 0 and e.parent_id is not null and not exists (select from rhythm.execution as p where p.id = e.parent_id);
$$;

comment on function rhythm.check_references() is 'Rows that refer to nothing. Part of check().';

-- Compiling such a wide query takes longer than running it.
create or replace function rhythm.check()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select c.* from rhythm.check_rows() as c
  union all
  select c.* from rhythm.check_executions() as c
  union all
  select c.* from rhythm.check_batches() as c
  union all
  select c.* from rhythm.check_references() as c
  union all
  select c.* from rhythm.check_waits() as c
  union all
  select c.* from rhythm.check_inboxes() as c
  union all
  select c.* from rhythm.check_signals() as c
  union all
  select c.* from rhythm.check_steps() as c
  union all
  select c.* from rhythm.check_key_waiters() as c
  union all
  select c.* from rhythm.check_frozen() as c
  union all
  select c.* from rhythm.check_rest() as c;
$$;

comment on function rhythm.check() is
  'Lists everything that is wrong with the engine''s data: each execution that has not ended must have exactly one reason to continue (ready, a live lease, something to wait for), '
  'and its rows must agree. No rows: all is well. Reads all tables of the engine. Example: select * from rhythm.check();';
