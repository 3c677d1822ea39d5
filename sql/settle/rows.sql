-- The rows of settled executions.

-- The rows themselves. What is completed is the common case, and needs no look at what the row was.
create or replace function rhythm.write_completed(p_outcomes rhythm.outcome[], p_now timestamptz)
returns setof rhythm.moved
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
  return query
  update rhythm.execution as e
  set worker = null, stopping = false, stage = 4, status = 'completed', completed_at = p_now, output = coalesce(o.output, 'null'), error = null, note = null
  from unnest(p_outcomes) as o
  where e.id = o.id and o.status = 'completed'
  returning e.id, e.parent_id, e.worker, e.stage, e.watched, e.type, e.queue;
end;
$$;

comment on function rhythm.write_completed(rhythm.outcome[], timestamptz) is 'Writes the rows of executions that completed. Internal.';

-- Over, to be tried again, suspended, or handed back.
create or replace function rhythm.write_others(p_outcomes rhythm.outcome[], p_ready uuid[], p_now timestamptz)
returns setof rhythm.moved
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
  return query
  update rhythm.execution as e
  set worker = null,
    stopping = false,
    stage = n.stage,
    status = case n.stage when 0 then 'pending' when 1 then 'pending' when 3 then 'suspended' when 5 then 'failed' else 'cancelled' end,
    attempt = case when o.status = 'released' and e.type = 'task' then greatest(e.attempt - 1, 0) else e.attempt end,
    run_at = case when n.stage = 0 then p_now + n.delay_ms * interval '1 millisecond' else e.run_at end,
    completed_at = case when n.stage >= 4 then p_now end,
    error = case when o.status = 'failed' then o.error else e.error end,
    note = case when o.status = 'released' then o.reason end
  from unnest(p_outcomes) as o
  join rhythm.execution as x on x.id = o.id
  cross join lateral (
    select case
      when o.status = 'cancelled' then 6
      when o.status = 'suspended' then case when o.id = any (p_ready) then 1 else 3 end
      when x.cancel_reason is not null and (o.status = 'failed' or x.type = 'task') then 6
      when o.status = 'released' then case when coalesce(o.delay_ms, 0) > 0 then 0 else 1 end
      when coalesce(o.retryable, true) and x.attempt < x.max_attempts and x.type = 'task' then 0
      else 5
    end as stage,
    case o.status when 'released' then o.delay_ms when 'failed' then rhythm.backoff_ms(x.retry, x.attempt) end as delay_ms
  ) as n
  where e.id = o.id and o.status <> 'completed'
  returning e.id, e.parent_id, e.worker, e.stage, e.watched, e.type, e.queue;
end;
$$;

comment on function rhythm.write_others(rhythm.outcome[], uuid[], timestamptz) is 'Writes the rows of executions that left a worker''s hands otherwise than completed. Internal.';
