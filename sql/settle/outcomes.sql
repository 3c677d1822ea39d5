-- Outcomes: what a worker says of executions, before anything is done about it.

-- Locks what the worker still holds. The number of suspensions tells a repeated call, whose answer was lost, from a new
-- lease of the same workflow to the same worker.
create or replace function rhythm.held_outcomes(p_worker uuid, p_outcomes jsonb)
returns rhythm.outcome[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_result rhythm.outcome[];
begin
  -- From the outcomes to their rows, whatever the planner makes of an empty table: the lock in it keeps the inner query whole.
  with given as (
    select o.* from jsonb_populate_recordset(null::rhythm.outcome, p_outcomes) as o order by o.id
  )
  select coalesce(array_agg(g::rhythm.outcome), '{}')
  into v_result
  from given as g
  cross join lateral (
    select from rhythm.execution as e
    where e.id = g.id and e.attempt = g.attempt and e.worker = p_worker
      and (g.seq is null or exists (select from rhythm.workflow_state as s where s.execution_id = g.id and s.seq = g.seq))
    for no key update of e
  ) as held;
  return v_result;
end;
$$;

comment on function rhythm.held_outcomes(uuid, jsonb) is 'The outcomes whose lease the worker still holds, their executions locked. Internal.';

create or replace function rhythm.outcome_problem(p_outcome rhythm.outcome)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
begin
  return case
    when p_outcome.status is null then 'An outcome has no status'
    when p_outcome.status not in ('completed', 'failed', 'suspended', 'cancelled', 'released') then
      format('"%s" cannot be the status of an outcome: expected completed, failed, suspended, cancelled or released', p_outcome.status)
    when p_outcome.status = 'failed' and jsonb_typeof(p_outcome.error) is distinct from 'object' then 'A failed outcome needs an error: {"type", "message"}'
    when p_outcome.status = 'suspended' and p_outcome.snapshot is null then 'A suspended outcome needs a snapshot'
    when p_outcome.status = 'suspended' and not rhythm.are_waits(p_outcome.waits) then
      'A suspended outcome needs waits: [{"mode": "any" or "all", "ids": [at least one UUID]}, …]'
    when p_outcome.status = 'suspended' and exists (select from rhythm.execution as e where e.id = p_outcome.id and e.type = 'task') then
      'A task cannot be suspended: only workflows wait'
    when pg_column_size(p_outcome.error) > v_limit / 2 and octet_length(p_outcome.error::text) > v_limit then
      format('The error takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_outcome.error::text), v_limit)
    when pg_column_size(p_outcome.output) > v_limit / 2 and octet_length(p_outcome.output::text) > v_limit then
      format('The output takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(p_outcome.output::text), v_limit)
  end;
end;
$$;

comment on function rhythm.outcome_problem(rhythm.outcome) is 'What is wrong with an outcome; null if nothing is. Internal.';

-- For every row of every batch, so that outcome_problem(), which costs as much as storing it, is asked about few.
create or replace function rhythm.is_fine(p_outcome rhythm.outcome)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(case p_outcome.status
    when 'completed' then coalesce(pg_column_size(p_outcome.output), 0) < 20000
    when 'suspended' then p_outcome.snapshot is not null and p_outcome.error is null and p_outcome.output is null
      and p_outcome.seq is not null and p_outcome.waits <> '[]' and rhythm.are_waits(p_outcome.waits)
  end, false);
end;
$$;

comment on function rhythm.is_fine(rhythm.outcome) is 'Whether an outcome is plainly right, without a look at its execution. Internal.';

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

comment on function rhythm.are_waits(jsonb) is 'Whether something is a list of groups that a workflow can wait for. Internal.';

-- The workflows that a batch concerns: its own, those that its children report to, those that it sends signals to.
create or replace function rhythm.concerned(p_outcomes jsonb)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_ids uuid[];
begin
  select array_agg(x.id) into v_ids
  from jsonb_array_elements(p_outcomes) as o (value)
  join rhythm.execution as e on e.id = (o.value ->> 'id')::uuid and (e.type = 'workflow' or e.parent_id is not null)
  cross join lateral (values (case when e.type = 'workflow' then e.id end), (e.parent_id)) as x (id)
  where x.id is not null;
  if jsonb_path_exists(p_outcomes, '$[*].effects[*] ? (@.type == "send_signal")') then
    v_ids := v_ids || array(
      select r.execution_id
      from (
        select distinct rhythm.as_uuid(f ->> 'executionId') as id
        from jsonb_path_query(p_outcomes, '$[*].effects[*] ? (@.type == "send_signal")') as f
      ) as g
      cross join lateral (select s.execution_id from rhythm.workflow_state as s where s.execution_id = g.id offset 0) as r);
  end if;
  return coalesce(v_ids, '{}');
end;
$$;

comment on function rhythm.concerned(jsonb) is 'The workflows whose states a batch of outcomes changes. Internal.';

create or replace function rhythm.check_outcomes(p_outcomes jsonb)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_outcomes is null or jsonb_typeof(p_outcomes) <> 'array' then
    perform rhythm.raise('RH001', 'Outcomes must be a JSON array', 'Expected [{"id": "…", "attempt": 1, "status": "completed", "output": null}, …]');
  end if;
  if exists (
    select from jsonb_array_elements(p_outcomes) as o (value)
    where jsonb_typeof(o.value) <> 'object'
      or not coalesce(o.value ->> 'id' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', false)
      or not coalesce(jsonb_typeof(o.value -> 'attempt') = 'number' and o.value ->> 'attempt' ~ '^\d{1,5}$', false)
  ) then
    perform rhythm.raise('RH001', 'Every outcome needs the id (a UUID) and the attempt that were claimed');
  end if;
end;
$$;

comment on function rhythm.check_outcomes(jsonb) is 'Raises RH001 unless outcomes are an array of objects with id and attempt. Internal.';

create or replace function rhythm.refusals(p_outcomes jsonb, p_held uuid[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(p_held) = jsonb_array_length(p_outcomes) then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', x.value ->> 'id', 'reason', coalesce('it is ' || e.status, 'unknown execution'))), '[]')
    from jsonb_array_elements(p_outcomes) as x
    left join rhythm.execution as e on e.id = (x.value ->> 'id')::uuid
    where (x.value ->> 'id')::uuid <> all (p_held)
  );
end;
$$;

comment on function rhythm.refusals(jsonb, uuid[]) is 'Which outcomes changed nothing, and why. Internal.';
