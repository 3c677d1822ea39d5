-- What is started under a parent is cancelled with it, whichever comes first, unless it says that it outlives its parent.

-- Keeps the parents that requests name from being cancelled until this commits. A cancellation that comes meanwhile waits, and
-- finds the new children. cancel_under() sees one that came before. For a workflow its state is locked, for a task its own
-- row.
-- Locks: states, then executions, for share.
create or replace function rhythm.hold_parents(p_requests jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids constant uuid[] := array(
    select distinct (r.value ->> 'parent')::uuid from jsonb_array_elements(p_requests) as r where r.value ->> 'parent' is not null);
  v_missing uuid;
begin
  if v_ids = '{}' then
    return;
  end if;
  select i.id into v_missing from unnest(v_ids) as i (id)
  where not exists (select from rhythm.execution as e where e.id = i.id)
  limit 1;
  if v_missing is not null then
    perform rhythm.raise('RH002', format('There is no execution %s to be the parent', v_missing));
  end if;
  perform rhythm.refuse_frozen(v_ids, 'Cannot start a child');
  perform rhythm.lock_states(array(
    select case e.type when 'workflow' then e.id else e.parent_id end
    from rhythm.execution as e
    where e.id = any (v_ids)));
  perform rhythm.require_fresh(v_ids);
  perform from rhythm.execution as e where e.id = any (v_ids) and e.type = 'task' and e.state = 0 order by e.id for share;
end;
$$;

comment on function rhythm.hold_parents(jsonb) is
  'Locks the parents of requests against cancellation; raises RH002 for one that does not exist. Internal.';

-- The error of a workflow that its deadline ended. It distinguishes that workflow from one that failed by itself.
create or replace function rhythm.deadline_error(p_timeout_ms bigint)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('type', 'TimeoutError', 'message', format('The workflow took longer than %s ms', p_timeout_ms));
end;
$$;

comment on function rhythm.deadline_error(bigint) is 'The error of a workflow that has passed its timeout. Internal.';

-- A workflow in TypeScript saves that it knows of its cancellation before it cleans up. What flows start comes with their steps.
create or replace function rhythm.is_cleaning_up(p_execution rhythm.execution)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select p_execution.state = 0 and exists (select from rhythm.step as s where s.execution_id = p_execution.id and s.name = '#cancelled');
$$;

comment on function rhythm.is_cleaning_up(rhythm.execution) is 'Whether a workflow in TypeScript knows that it is cancelled, and has not ended. Internal.';

create or replace function rhythm.cancel_under(p_ids uuid[], p_now timestamptz)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.cancel_trees(array_agg(e.id), p.reason, p_now)
  from rhythm.execution as e
  cross join lateral (
    select case
      when x.cancel_reason is not null and not rhythm.is_cleaning_up(x) then x.cancel_reason
      when x.state = 3 then 'Its workflow was cancelled'
      when x.state = 2 and rhythm.is_past_deadline(x) then 'Its workflow ran past its timeout'
    end as reason
    from rhythm.execution as x where x.id = e.parent_id
  ) as p
  where e.id = any (p_ids) and p.reason is not null and e.outlives is null
  group by p.reason;
$$;

comment on function rhythm.cancel_under(uuid[], timestamptz) is
  'Cancels those of some new executions whose parent is cancelled, was asked to stop, or has passed its timeout, but not those of a workflow that cleans up. Internal.';
