-- Outcomes: what a worker reports of executions, before anything is settled.

create or replace function rhythm.are_waits(p_waits jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_typeof(p_waits) = 'array' and p_waits <> '[]'
      and not jsonb_path_exists(p_waits, 'strict $[*] ? (!(@.mode == "any" || @.mode == "all") || !(@.ids.type() == "array" && @.ids.size() > 0))'), false)
  );
end;
$$;

comment on function rhythm.are_waits(jsonb) is 'Whether a value is a list of groups that a workflow can wait for. Internal.';

-- Workers send snapshots as text, which is stored as it is: parsing one takes as long as writing it. Only what may hold
-- characters that Postgres cannot store is parsed.
create or replace function rhythm.is_snapshot(p_snapshot text)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_snapshot like '%\\u%' then jsonb_typeof(p_snapshot::jsonb) = 'object' else p_snapshot like '{%' end;
end;
$$;

comment on function rhythm.is_snapshot(text) is 'Whether a text can be the snapshot of a workflow; null for null. Internal.';

create or replace function rhythm.outcome_problem(p_outcome rhythm.outcome, p_limit integer)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_outcome.status is null then 'An outcome has no status'
    when p_outcome.status not in ('completed', 'failed', 'suspended', 'continued', 'cancelled', 'released') then
      format('"%s" cannot be the status of an outcome: expected completed, failed, suspended, continued, cancelled or released', p_outcome.status)
    when p_outcome.status = 'failed' and jsonb_typeof(p_outcome.error) is distinct from 'object' then 'A failed outcome needs an error: {"type", "message"}'
    when p_outcome.status = 'suspended' and not coalesce(rhythm.is_snapshot(p_outcome.snapshot), false) then 'A suspended outcome needs a snapshot: an object, or its JSON text'
    when p_outcome.status = 'suspended' and not rhythm.are_waits(p_outcome.waits) then
      'A suspended outcome needs waits: [{"mode": "any" or "all", "ids": [at least one UUID]}, …]'
    when p_outcome.status = 'continued' and p_outcome.type = 'task' then 'A task cannot be continued: only workflows start over'
    when p_outcome.status = 'suspended' and p_outcome.type = 'task' then 'A task cannot be suspended: only workflows wait'
    when pg_column_size(p_outcome.error) > p_limit / 2 and octet_length(p_outcome.error::text) > p_limit then
      format('The error takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_outcome.error::text), p_limit)
    when pg_column_size(p_outcome.output) > p_limit / 2 and octet_length(p_outcome.output::text) > p_limit then
      format('The output takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_outcome.output::text), p_limit)
    when octet_length(p_outcome.snapshot) > p_limit then
      format('The snapshot takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_outcome.snapshot), p_limit)
  end;
end;
$$;

comment on function rhythm.outcome_problem(rhythm.outcome, integer) is 'What is wrong with an outcome, whose values may take p_limit bytes; null if nothing is. Internal.';

-- The workflows whose states an outcome changes: the workflow itself, its parent, and the receivers of its signals. If the
-- workflow fails and will be repeated, also the workflows that failed under it.
create or replace function rhythm.concerned(p_items jsonb)
returns table (id uuid, concerns uuid)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select e.id, x.id
  from jsonb_array_elements(p_items) as o (value)
  cross join lateral (select y.id, y.type, y.parent_id from rhythm.execution as y where y.id = (o.value ->> 'id')::uuid offset 0) as e
  cross join lateral (values (case when e.type = 'workflow' then e.id end), (e.parent_id)) as x (id)
  where x.id is not null;
  if jsonb_path_exists(p_items, '$[*] ? (@.status == "failed")') then
    return query
    select e.id, r.id
    from jsonb_array_elements(p_items) as o (value)
    join rhythm.execution as e on e.id = (o.value ->> 'id')::uuid and e.type = 'workflow' and rhythm.max_attempts(e.retry) > 1
    cross join lateral unnest(rhythm.retry_reach(e.id)) as r (id)
    where o.value ->> 'status' = 'failed';
  end if;
  if jsonb_path_exists(p_items, '$[*].effects[*] ? (@.type == "send_signal")') then
    return query
    select (o.value ->> 'id')::uuid, rhythm.as_uuid(f.value ->> 'executionId')
    from jsonb_array_elements(p_items) as o (value)
    cross join lateral jsonb_array_elements(case jsonb_typeof(o.value -> 'effects') when 'array' then o.value -> 'effects' else '[]' end) as f (value)
    where f.value ->> 'type' = 'send_signal' and rhythm.as_uuid(f.value ->> 'executionId') is not null;
  end if;
end;
$$;

comment on function rhythm.concerned(jsonb) is 'For each outcome, the workflows whose states it may change. Internal.';

create or replace function rhythm.check_items(p_items jsonb)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select from jsonb_array_elements(p_items) as o (value)
    where not coalesce(o.value ->> 'id' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', false)
      or not coalesce(jsonb_typeof(o.value -> 'call') = 'number' and o.value ->> 'call' ~ '^\d{1,9}$', false)
  ) then
    perform rhythm.raise('RH001', 'Every outcome needs its id (a UUID) and the call that leased it');
  elsif exists (
    select from jsonb_array_elements(p_items) as o (value)
    where coalesce(o.value ->> 'seq' !~ '^\d{1,9}$', false)
      or jsonb_typeof(o.value -> 'finished') not in ('boolean', 'null')
      or jsonb_typeof(o.value -> 'retryable') not in ('boolean', 'null')
  ) then
    perform rhythm.raise('RH001', 'The seq of an outcome must be a whole number, its finished and retryable true or false');
  end if;
end;
$$;

comment on function rhythm.check_items(jsonb) is 'Raises RH001 unless every outcome has an id and a call, and what else it has can be read. Internal.';

-- How an execution continues. A cancellation wins, unless the handler had ended before the worker was told.
create or replace function rhythm.fate_of(p_outcome rhythm.outcome, p_execution rhythm.execution, p_failures integer)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_outcome.status = 'suspended' then 'suspended'
    when p_outcome.status <> 'released' and rhythm.is_past_deadline(p_execution) then 'failed'
    when p_outcome.status = 'cancelled' then 'cancelled'
    when p_execution.cancel_reason is not null and p_outcome.status = 'completed' then
      case when p_outcome.finished then 'completed' else 'cancelled' end
    when p_execution.cancel_reason is not null and (p_outcome.status in ('failed', 'continued') or p_execution.type = 'task') then 'cancelled'
    when p_outcome.status = 'failed' and coalesce(p_outcome.retryable, true)
      and rhythm.attempts_left(p_execution.retry, p_failures + 1, 0) then 'retry'
    else p_outcome.status
  end;
end;
$$;

comment on function rhythm.fate_of(rhythm.outcome, rhythm.execution, integer) is 'How an execution continues: completed, failed, cancelled, suspended, released or retry. Internal.';

-- The step in which a workflow failed runs again, and starts everything again. Its log lines stay.
create or replace function rhythm.log_effects(p_effects jsonb)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_path_query_array(p_effects, '$[*] ? (@.type == "log")');
$$;

comment on function rhythm.log_effects(jsonb) is 'The log lines among the effects of a step. Internal.';

-- A step with an impossible moment is refused: its workflow goes back to its queue and repeats the step.
-- Locks what the worker still holds and nobody else has locked. The number of steps tells a repeated call from a new lease.
create or replace function rhythm.held_outcomes(p_worker uuid, p_items jsonb, p_now timestamptz)
returns rhythm.outcome[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_slack constant interval := rhythm.moment_slack(p_worker);
  v_result rhythm.outcome[];
begin
  -- The lock inside and offset 0 make the planner go from each outcome to its rows. Otherwise it would read
  -- everything that the worker holds.
  select coalesce(array_agg(h.o order by (h.o).id), '{}')
  into v_result
  from (
    select row(g.id, g.call, g.seq, g.status, g.output, g.error, g.retryable, g.finished,
      case when m.is_right then g.reason else format('A step was taken at %s, too far from the clock of the database', g.moment) end,
      g.delay_ms, g.moment, g.snapshot, case f.fate when 'released' then null when 'retry' then rhythm.log_effects(g.effects) else g.effects end,
      g.waits, g.keep, g.released, g.stack, g.cleanup, f.fate, (e.row).type, b.id)::rhythm.outcome as o
    from (select o.* from jsonb_populate_recordset(null::rhythm.outcome, p_items) as o order by o.id) as g
    cross join lateral (select x as row from rhythm.execution as x where x.id = g.id and x.state = 0 for no key update skip locked) as e
    left join rhythm.workflow_state as s on s.execution_id = g.id
    join lateral (select x.id, x.worker, x.call, x.failures from rhythm.batch as x where x.id = coalesce((e.row).batch_id, s.batch_id) offset 0) as b
      on b.worker = p_worker and b.call = g.call
    cross join lateral (select coalesce(g.moment between p_now - v_slack and p_now + v_slack, true) as is_right) as m
    cross join lateral (select case when m.is_right then rhythm.fate_of(g, e.row, b.failures) else 'released' end as fate offset 0) as f
    where g.seq is null or s.seq = g.seq
  ) as h;
  return v_result;
end;
$$;

comment on function rhythm.held_outcomes(uuid, jsonb, timestamptz) is 'The outcomes whose lease the worker still holds, their executions locked. Internal.';

-- Outcomes that were not held: if the worker still has the lease, another session locked the row, so it is declined. Otherwise refused.
create or replace function rhythm.not_held(p_worker uuid, p_items jsonb, p_held uuid[])
returns table (id uuid, declined boolean, reason text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select x.id, b.id is not null,
    case when e.id is null then 'unknown execution' when e.state > 0 then 'it is ' || rhythm.status_name(e.state, null, null) else 'its lease is lost' end
  from (select (o.value ->> 'id')::uuid as id, (o.value ->> 'call')::integer as call, (o.value ->> 'seq')::integer as seq from jsonb_array_elements(p_items) as o (value)) as x
  left join rhythm.execution as e on e.id = x.id
  left join rhythm.workflow_state as s on s.execution_id = x.id
  left join lateral (select y.id, y.worker, y.call from rhythm.batch as y where y.id = coalesce(e.batch_id, s.batch_id) offset 0) as b
    on b.worker = p_worker and b.call = x.call and (x.seq is null or s.seq = x.seq)
  where x.id <> all (p_held);
end;
$$;

comment on function rhythm.not_held(uuid, jsonb, uuid[]) is 'Outcomes that changed nothing: declined, or refused with the reason. Internal.';
