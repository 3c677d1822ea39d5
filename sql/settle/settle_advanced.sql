-- The way in: settle_advanced().

create or replace function rhythm.advance_batch(p_worker uuid, p_ends jsonb, p_children jsonb, p_kinds jsonb, p_lease integer, p_targets text[])
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_lease integer := greatest(p_lease, 0);
  v_problem text;
  v_done uuid[];
  v_flows uuid[];
  v_over uuid[];
  v_watched uuid[];
  v_leased uuid[] := '{}';
  v_queues text[];
  v_delayed boolean;
  v_declined uuid[];
begin
  v_problem := rhythm.advanced_problem(p_ends, p_children, p_kinds);
  if v_problem is not null then
    perform rhythm.raise(case when v_problem like '% bytes' then 'RH006' else 'RH001' end, v_problem);
  end if;
  perform rhythm.lock_states(array(select (e.value ->> 'flow')::uuid from jsonb_array_elements(p_ends) as e (value)));
  if v_lease > 0 then
    -- As in settle_batch().
    perform from rhythm.worker as w where w.id = p_worker for key share skip locked;
    v_lease := case when found then v_lease else 0 end;
  end if;
  select array_agg(c.end_id) filter (where not c.is_over), array_agg(c.flow_id) filter (where not c.is_over),
    array_agg(c.flow_id) filter (where c.is_over), array_agg(coalesce(c.end_id, c.flow_id)) filter (where c.is_watched)
  into v_done, v_flows, v_over, v_watched
  from rhythm.complete_advanced(p_worker, p_ends, v_now) as c;
  if v_flows is not null and jsonb_path_exists(p_ends, '$[*] ? (exists (@.timers) || exists (@.released))') then
    perform rhythm.change_waits(p_ends, v_flows);
  end if;
  if v_flows is not null and p_children <> '[]' then
    perform rhythm.check_requests((select jsonb_agg(k.value || '{"type": "task"}') from jsonb_array_elements(p_kinds) as k));
    select coalesce(array_agg(m.id) filter (where m.stage = 2), '{}'), array_agg(distinct m.queue) filter (where m.stage = 1), bool_or(m.stage = 0)
    into v_leased, v_queues, v_delayed
    from rhythm.make_children(p_children, p_kinds, v_flows, v_now, p_worker, v_lease, p_targets) as m;
    perform rhythm.wake(v_queues);
    if v_delayed then
      perform rhythm.wake_clocks();
    end if;
  end if;
  if v_over is not null then
    perform rhythm.clear_workflows(v_over);
  end if;
  if v_watched is not null then
    perform rhythm.tell_watchers(v_watched, v_now);
  end if;
  if coalesce(cardinality(v_done), 0) < jsonb_array_length(p_ends) then
    v_declined := array(select e.id from jsonb_to_recordset(p_ends) as e (id uuid) where e.id <> all (coalesce(v_done, '{}')));
  end if;
  return jsonb_build_object(
    'declined', coalesce(to_jsonb(v_declined), '[]'),
    'early', case when v_declined is null then '{}' else rhythm.early_timers(v_declined, v_now) end,
    'leased', to_jsonb(v_leased),
    'kinds', case when v_leased = '{}' then '[]' else (
      select jsonb_agg(jsonb_build_array(x.queue, x.max_attempts, x.timeout_ms) order by k.nth)
      from jsonb_array_elements(p_kinds) with ordinality as k (value, nth)
      cross join lateral rhythm.kind_of(k.value || '{"type": "task"}', v_now) as x) end);
end;
$$;

comment on function rhythm.advance_batch(uuid, jsonb, jsonb, jsonb, integer, text[]) is 'One transaction''s worth of settle_advanced(). Internal.';

-- A worker whose clock is ahead of the server's learns by how much.
create or replace function rhythm.early_timers(p_ids uuid[], p_now timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  return (
    select coalesce(jsonb_object_agg(t.id, ceil(extract(epoch from t.fires_at - p_now) * 1000)), '{}')
    from rhythm.timer as t
    where t.id = any (p_ids) and t.fires_at > p_now and not t.fired and not t.deadline
  );
end;
$$;

comment on function rhythm.early_timers(uuid[], timestamptz) is 'Which of some timers are not due yet: the milliseconds that are missing. Internal.';

create or replace function rhythm.settle_advanced(
  p_worker uuid,
  p_ends jsonb,
  p_children jsonb default '[]',
  p_kinds jsonb default '[]',
  p_lease integer default 0,
  p_targets text[] default null
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
  perform rhythm.require_read_committed();
  if jsonb_typeof(p_ends) is distinct from 'array' or jsonb_typeof(p_children) is distinct from 'array' or jsonb_typeof(p_kinds) is distinct from 'array' then
    perform rhythm.raise('RH001', 'Ends, children and kinds must be JSON arrays', 'Expected p_ends => [{"id": "…", "attempt": 1, "output": null, "flow": "…", "seq": 1, "next": "completed"}, …]');
  end if;
  return rhythm.advance_batch(p_worker, p_ends, p_children, p_kinds, p_lease, p_targets);
exception
  when unique_violation then
    perform rhythm.raise('RH001', 'An execution with the id of a child, or a timer with the id of a new one, exists already', 'Give each a UUID of its own');
  when invalid_text_representation or numeric_value_out_of_range or invalid_datetime_format or datetime_field_overflow or invalid_parameter_value or datatype_mismatch or cannot_coerce then
    perform rhythm.raise('RH001', format('An end, a child, a kind or a timer is not well formed: %s', sqlerrm));
end;
$$;

comment on function rhythm.settle_advanced(uuid, jsonb, jsonb, jsonb, integer, text[]) is
  'Commits ends of tasks, and timers that are due, together with how far their workflows, which the worker has in memory, went on with them. p_ends: [{id, attempt, output | timer: true, flow, seq, '
  'next: suspended|completed, result | snapshot, cleanup, mode: any|all, ids, timers: [{id, at, kept}], released: [id]}]; p_children, the tasks that they started: [{id, flow, kind, inputs, traceparent}]; '
  'p_kinds: [{target, and as wanted queue, priority, … as for create_many()}], by number from 0. Returns {declined: [id], early: {id: ms}, leased: [id], kinds: [[queue, max_attempts, timeout_ms]]}. '
  'Declined: nothing changed, as the lease is lost or the workflow is not where the worker thinks: settle() the task alone, fire_kept() the timer; a timer that is early is due in so many milliseconds. '
  'With p_lease, children are leased at once.';
