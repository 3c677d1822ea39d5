-- Locks that several functions take.

-- The one order of locks: states by id, then executions by id. A session that changes a workflow, or tells a parent of an end, takes
-- these locks first.
create or replace function rhythm.lock_states(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[];
begin
  with held as (
    select s.execution_id from rhythm.workflow_state as s
    where s.execution_id = any (p_ids)
    order by s.execution_id
    for update
  )
  select coalesce(array_agg(h.execution_id), '{}') from held as h
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.lock_states(uuid[]) is 'Locks the states of workflows in the order of their ids; returns those that have one. Internal.';

-- For workers and due(), which already hold many locks: they never wait, and come back for what others have locked.
create or replace function rhythm.try_lock_states(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result uuid[];
begin
  with held as (
    select s.execution_id from rhythm.workflow_state as s
    where s.execution_id = any (p_ids)
    order by s.execution_id
    for update skip locked
  ),
  own as (
    select e.id from rhythm.execution as e
    where e.id = any (array(select h.execution_id from held as h))
    order by e.id
    for no key update skip locked
  )
  select coalesce(array_agg(o.id), '{}') from own as o
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.try_lock_states(uuid[]) is 'Locks workflows that no other session has locked, their states and themselves; returns those. Never waits. Internal.';

-- The states that a change of some executions affects: their own, and those of their parents.
create or replace function rhythm.lock_around(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.lock_states(array(
    select e.id from rhythm.execution as e where e.id = any (p_ids) and e.type = 'workflow'
    union
    select e.parent_id from rhythm.execution as e where e.id = any (p_ids) and e.parent_id is not null));
end;
$$;

comment on function rhythm.lock_around(uuid[]) is 'Locks the states of executions and of their parents. Internal.';
