-- Settling the common case: tasks that nobody started but an application, all of them completed.

create or replace function rhythm.is_plain(p_ids uuid[])
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
begin
  return (
    select not exists (
      select from rhythm.execution as e
      where e.id = any (p_ids) and (e.parent_id is not null or e.type = 'workflow'))
  );
end;
$$;

comment on function rhythm.is_plain(uuid[]) is 'Whether executions are all tasks without a parent: their ends concern nobody else. Internal.';

-- One statement locks and writes, in the order of ids: that of a scan of the index for an array. Not a join: on a table
-- that was empty when the plan was made, it compares every row with every outcome. Where a row's attempt and output stand
-- is a search among ids in ascending order. No state is concerned, none is locked.
create or replace function rhythm.complete_tasks(p_worker uuid, p_ids uuid[], p_attempts integer[], p_outputs jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  v_ids uuid[];
  v_watched uuid[];
begin
  with done as (
    update rhythm.execution as e
    set worker = null, stopping = false, stage = 4, status = 'completed', completed_at = p_now, error = null, note = null,
      output = coalesce(p_outputs -> (width_bucket(e.id, p_ids) - 1), 'null')
    where e.id = any (p_ids) and e.id = p_ids[width_bucket(e.id, p_ids)] and e.attempt = p_attempts[width_bucket(e.id, p_ids)]
      and e.worker = p_worker and e.parent_id is null and e.type = 'task'
    returning e.id, e.watched
  )
  select coalesce(array_agg(d.id), '{}'), array_agg(d.id) filter (where d.watched) into v_ids, v_watched from done as d;
  if v_watched is not null then
    perform rhythm.tell_watchers(v_watched, p_now);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.complete_tasks(uuid, uuid[], integer[], jsonb, timestamptz) is
  'Completes tasks without parents, given in ascending order of their ids; returns those whose lease held. Internal.';

create or replace function rhythm.complete_plain(p_worker uuid, p_outcomes jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_attempts integer[];
  v_outputs jsonb;
  v_is_plain boolean;
begin
  select
    array_agg(o.id::uuid order by o.id::uuid), jsonb_agg(o.output order by o.id::uuid),
    array_agg((case jsonb_typeof(o.attempt) when 'number' then o.attempt end)::integer order by o.id::uuid),
    bool_and(length(o.id) = 36 and jsonb_typeof(o.attempt) = 'number' and o.status is not distinct from 'completed'
      and o.snapshot is null and o.effects is null and coalesce(pg_column_size(o.output), 0) < 20000)
  into v_ids, v_outputs, v_attempts, v_is_plain
  from jsonb_to_recordset(p_outcomes) as o (id text, attempt jsonb, status text, output jsonb, snapshot jsonb, effects jsonb);
  if not coalesce(v_is_plain, false) or not rhythm.is_plain(v_ids) then
    return null;
  end if;
  return rhythm.complete_tasks(p_worker, v_ids, v_attempts, v_outputs, p_now);
end;
$$;

comment on function rhythm.complete_plain(uuid, jsonb, timestamptz) is
  'Settles outcomes that are all completed tasks without parents; returns those whose lease held, or null, and nothing is done, if they are not all such. Internal.';

-- What most calls of settle() are about, with nothing to be read that is the same for all.
create or replace function rhythm.settle_tasks(p_worker uuid, p_ids uuid[], p_attempts integer[], p_outputs jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_done uuid[];
begin
  perform rhythm.require_read_committed();
  if cardinality(p_ids) is distinct from cardinality(p_attempts) or jsonb_typeof(p_outputs) is distinct from 'array'
    or jsonb_array_length(p_outputs) <> cardinality(p_ids) or array_position(p_ids, null) is not null or array_position(p_attempts, null) is not null then
    perform rhythm.raise('RH001', 'p_ids, p_attempts and p_outputs must be of one length, without nulls in p_ids and p_attempts');
  elsif pg_column_size(p_outputs) > v_limit and (select max(octet_length(o.value::text)) > v_limit from jsonb_array_elements(p_outputs) as o (value)) then
    perform rhythm.raise('RH006', format('An output takes more than %s bytes', v_limit));
  end if;
  v_done := rhythm.complete_tasks(p_worker, p_ids, p_attempts, p_outputs, rhythm.now());
  if cardinality(v_done) = cardinality(p_ids) then
    return '[]';
  elsif exists (select from generate_subscripts(p_ids, 1) as n where p_ids[n] < p_ids[n - 1]) then
    perform rhythm.raise('RH001', 'p_ids must be in ascending order');
  elsif not rhythm.is_plain(p_ids) then
    perform rhythm.raise('RH001', 'A workflow, or a task that one started, is settled with settle()');
  end if;
  return rhythm.refusals(
    (select jsonb_agg(jsonb_build_object('id', i.id, 'attempt', p_attempts[i.nth])) from unnest(p_ids) with ordinality as i (id, nth)), v_done);
end;
$$;

comment on function rhythm.settle_tasks(uuid, uuid[], integer[], jsonb) is
  'settle() for tasks that no workflow started and that completed, all in one transaction: ids in ascending order, their attempts, their outputs as a JSON array. '
  'Returns the refused, [{id, reason}]. Raises, with nothing done, if something is not fit to be stored: settle() then says of which.';
