-- When executions end: tells parents and key waiters, and notifies people.

create or replace function rhythm.follow_ends(
  p_ended rhythm.transition[],
  p_items rhythm.settled_item[],
  p_now timestamptz,
  p_worker uuid default null,
  p_call integer default null,
  p_lease integer default 0
)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ended rhythm.transition[] := p_ended;
  v_items rhythm.settled_item[];
  v_workflows uuid[];
  v_leased bigint[] := '{}';
  v_is_watched boolean;
  v_has_failed boolean;
begin
  select bool_or(e.notify_on_end), bool_or(e.state = 2) into v_is_watched, v_has_failed from unnest(p_ended) as e;
  if v_is_watched then
    v_ended := p_ended || rhythm.end_waiters(array(select e.id from unnest(p_ended) as e where e.notify_on_end), p_now);
    perform rhythm.notify('done', e.id::text) from unnest(v_ended) as e where e.notify_on_end;
  end if;
  if v_has_failed then
    perform rhythm.note_failures(v_ended, p_now);
  end if;
  v_items := p_items || array(
    select row(e.parent_id, e.id, e.state <> 1, e.wait_group)::rhythm.settled_item
    from unnest(v_ended) with ordinality as e (id, parent_id, wait_group, state, notify_on_end, type, nth)
    where e.parent_id is not null order by e.nth);
  if v_items <> '{}' then
    v_leased := rhythm.resume(rhythm.deliver(v_items), p_now, p_worker, p_call, p_lease);
  end if;
  v_workflows := array(select e.id from unnest(v_ended) as e where e.type = 'workflow');
  if v_workflows <> '{}' then
    perform rhythm.clear_workflows(v_workflows);
  end if;
  if coalesce(p_call, 0) = 0 and exists (select from unnest(v_ended) as e where e.state = 2) then
    perform rhythm.tell_failed(array(select e.id from unnest(v_ended) as e where e.state = 2));
  end if;
  return v_leased;
end;
$$;

comment on function rhythm.follow_ends(rhythm.transition[], rhythm.settled_item[], timestamptz, uuid, integer, integer) is
  'Tells parents, key waiters and people of ends; returns the batches of parents that were leased to the worker. Internal.';

-- No worker reported these ends, so none would log them. The worker whose call of due(), chores() or sql_tasks() this is reads the
-- setting at the end of its statement.
create or replace function rhythm.tell_failed(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('rhythm.failed', (
    coalesce(nullif(current_setting('rhythm.failed', true), ''), '[]')::jsonb || coalesce(jsonb_agg(jsonb_build_object(
      'id', e.id, 'kind', e.type, 'target', e.target, 'queue', e.queue, 'attempt', e.attempt, 'traceparent', e.traceparent,
      'error', e.error - 'data') order by e.id), '[]'))::text, true)
  from rhythm.execution as e
  where e.id = any (p_ids) and e.state = 2;
end;
$$;

comment on function rhythm.tell_failed(uuid[]) is
  'Adds executions that failed without a report of a worker to the setting rhythm.failed of this transaction. Internal.';

-- A workflow that has ended waits for nothing. The snapshot of a failed one stays, because retry() continues from it. What it took
-- stays for its history.
create or replace function rhythm.clear_workflows(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_completed constant uuid[] := array(select e.id from rhythm.execution as e where e.id = any (p_ids) and e.state = 1);
begin
  delete from rhythm.timer as t where t.execution_id = any (p_ids) and t.deadline;
  delete from rhythm.workflow_state as s where s.execution_id = any (v_completed);
  delete from rhythm.inbox as i where i.execution_id = any (v_completed);
  delete from rhythm.timer as t where t.execution_id = any (v_completed) and not t.fired;
  delete from rhythm.signal_wait as w where w.execution_id = any (v_completed) and w.signal_id is null and not w.timed_out;
end;
$$;

comment on function rhythm.clear_workflows(uuid[]) is 'Removes what workflows that have ended were still waiting for. Internal.';
