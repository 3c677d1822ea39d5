-- Settling the common case: tasks that nobody started but an application, all of them completed.

create or replace function rhythm.is_plain(p_ids uuid[])
returns boolean
language plpgsql
stable
set search_path = ''
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
-- that was empty when the plan was made, it compares every row with every outcome. No state is concerned, none is locked.
create or replace function rhythm.complete_plain(p_worker uuid, p_outcomes jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = ''
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_ids uuid[];
  v_outcomes jsonb;
  v_is_plain boolean;
  v_watched uuid[];
begin
  select
    array_agg(o.id::uuid), jsonb_object_agg(coalesce(lower(o.id), ''), jsonb_build_array(o.attempt, o.output)),
    bool_and(length(o.id) = 36 and jsonb_typeof(o.attempt) = 'number' and o.status is not distinct from 'completed'
      and o.snapshot is null and o.effects is null and coalesce(pg_column_size(o.output), 0) < 20000)
  into v_ids, v_outcomes, v_is_plain
  from jsonb_to_recordset(p_outcomes) as o (id text, attempt jsonb, status text, output jsonb, snapshot jsonb, effects jsonb);
  if not coalesce(v_is_plain, false) or not rhythm.is_plain(v_ids) then
    return null;
  end if;
  with done as (
    update rhythm.execution as e
    set worker = null, stopping = false, stage = 4, status = 'completed', completed_at = p_now, error = null, note = null,
      output = v_outcomes -> e.id::text -> 1
    where e.id = any (v_ids) and e.worker = p_worker and e.attempt = (v_outcomes -> e.id::text -> 0)::integer
    returning e.id, e.watched
  )
  select coalesce(array_agg(d.id), '{}'), array_agg(d.id) filter (where d.watched) into v_ids, v_watched from done as d;
  if v_watched is not null then
    perform rhythm.tell_watchers(v_watched, p_now);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.complete_plain(uuid, jsonb, timestamptz) is
  'Settles outcomes that are all completed tasks without parents; returns those whose lease held, or null, and nothing is done, if they are not all such. Internal.';
