-- Deleting an execution for ever, with everything that belongs to it. Laws may require this.

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
    perform rhythm.raise('RH003', format('Cannot delete execution %s: workflow %s started it', p_execution, v_parent), 'Delete that workflow, which deletes its children, too');
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
  -- What has ended starts nothing more, so the tree is complete if none of it is live.
  select e.id into v_live from rhythm.execution as e where e.id = any (v_ids) and e.state = 0 order by e.id limit 1;
  if found then
    perform rhythm.raise('RH003', format('Cannot delete execution %s: %s is %s', p_execution,
      case v_live when p_execution then 'it' else 'its child ' || v_live end, rhythm.status_of(v_live)), 'Cancel it first, and delete it once it is over');
  end if;
  perform rhythm.record('delete', 'execution', p_execution::text, p_before => jsonb_build_object('executions', cardinality(v_ids)));
  return rhythm.remove_over(v_ids);
end;
$$;

comment on function rhythm.delete_execution(uuid) is
  'Deletes an execution that has ended and all that it started, with their inputs, outputs, errors, logs, signals, steps and keys; returns the number of executions. Backups and the WAL still contain them.';
