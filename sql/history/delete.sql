-- Removing an execution for good, with all that it left: what a person may ask for by law.

-- Locks: the states, then the executions of the whole tree; waits for them.
create or replace function rhythm.delete_execution(p_execution uuid)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_ids uuid[];
  v_parent uuid;
  v_live uuid;
begin
  select e.parent_id into v_parent from rhythm.execution as e where e.id = p_execution;
  if not found then
    perform rhythm.raise('RH002', format('Cannot delete: there is no execution %s', coalesce(p_execution::text, 'null')));
  elsif exists (select from rhythm.execution as e where e.id = v_parent) then
    perform rhythm.raise('RH003', format('Cannot delete execution %s: workflow %s started it', p_execution, v_parent), 'Delete that workflow: what it started goes with it');
  end if;
  v_ids := array(
    with recursive tree as (
      select p_execution as id
      union all
      select e.id from tree as t join rhythm.execution as e on e.parent_id = t.id
    )
    select t.id from tree as t);
  perform rhythm.lock_around(v_ids);
  perform from rhythm.execution as e where e.id = any (v_ids) order by e.id for update;
  -- What is over starts nothing more: the tree is whole if nothing of it is live.
  select e.id into v_live from rhythm.execution as e where e.id = any (v_ids) and e.state = 0 order by e.id limit 1;
  if found then
    perform rhythm.raise('RH003', format('Cannot delete execution %s: %s is %s', p_execution,
      case v_live when p_execution then 'it' else 'its child ' || v_live end, rhythm.status_of(v_live)), 'Cancel it first, and delete it once it is over');
  end if;
  return rhythm.remove_over(v_ids);
end;
$$;

comment on function rhythm.delete_execution(uuid) is
  'Deletes an execution that is over and all that it started, with their inputs, outputs, errors, logs, signals, steps and keys; returns how many executions. Backups and the WAL still have them.';
