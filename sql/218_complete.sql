-- Settling the common case: tasks that nobody started but an application, all of them completed.

create or replace function rhythm.is_plain(p_ids uuid[])
returns boolean
language sql
stable
set search_path = ''
set enable_seqscan = off
as $$
  select not exists (
    select from rhythm.execution as e
    where e.id = any (p_ids) and (e.parent_id is not null or e.type = 'workflow'));
$$;

comment on function rhythm.is_plain(uuid[]) is 'Whether executions are all tasks without a parent: their ends concern nobody else. Internal.';

-- One statement locks and writes, in the order of ids. The settings hold the plan that keeps it: a loop over the sorted
-- outcomes. No state is concerned, so none is locked.
create or replace function rhythm.complete_plain(p_worker uuid, p_outcomes jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = ''
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_ids uuid[];
  v_attempts integer[];
  v_outputs jsonb[];
  v_is_plain boolean;
  v_watched uuid[];
begin
  select
    array_agg(o.id::uuid order by o.id), array_agg(o.attempt::integer order by o.id), array_agg(coalesce(o.output, 'null') order by o.id),
    bool_and(length(o.id) = 36 and jsonb_typeof(o.attempt) = 'number' and o.status is not distinct from 'completed'
      and o.snapshot is null and o.effects is null and coalesce(pg_column_size(o.output), 0) < 20000)
  into v_ids, v_attempts, v_outputs, v_is_plain
  from jsonb_to_recordset(p_outcomes) as o (id text, attempt jsonb, status text, output jsonb, snapshot jsonb, effects jsonb);
  if not coalesce(v_is_plain, false) or not rhythm.is_plain(v_ids) then
    return null;
  end if;
  with done as (
    update rhythm.execution as e
    set worker = null, stage = 4, status = 'completed', completed_at = p_now, output = o.output, error = null, note = null
    from unnest(v_ids, v_attempts, v_outputs) as o (id, attempt, output)
    where e.id = o.id and e.attempt = o.attempt and e.worker = p_worker
    returning e.id, e.watched
  )
  select coalesce(array_agg(d.id), '{}'), array_agg(d.id) filter (where d.watched) into v_ids, v_watched from done as d;
  perform pg_notify(rhythm.channel('done'), w.id::text) from unnest(v_watched) as w (id);
  return v_ids;
end;
$$;

comment on function rhythm.complete_plain(uuid, jsonb, timestamptz) is
  'Settles outcomes that are all completed tasks without parents; returns those whose lease held, or null, and nothing is done, if they are not all such. Internal.';
