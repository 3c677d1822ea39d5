-- What a worker is given with a lease.

create or replace function rhythm.inbox_items(p_inbox uuid[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
  return (
    select coalesce(jsonb_agg(
      case
        when c.stage = 4 then jsonb_build_object('id', i.id, 'status', 'completed', 'output', coalesce(c.output, 'null'))
        when c.id is not null then jsonb_build_object('id', i.id, 'status', 'failed', 'error',
          jsonb_build_object('type', 'Error', 'message', 'It failed')
          || coalesce(c.error, jsonb_build_object('type', 'CancelledError', 'message', coalesce(c.cancel_reason, 'It was cancelled')))
          || jsonb_build_object('executionId', c.id, 'target', c.target, 'attempt', c.attempt))
        when w.timed_out then jsonb_build_object('id', i.id, 'status', 'failed', 'error',
          jsonb_build_object('type', 'TimeoutError', 'message', format('No signal "%s" came in time', w.name)))
        when w.id is not null then jsonb_build_object('id', i.id, 'status', 'completed', 'output', g.payload)
        else jsonb_build_object('id', i.id, 'status', 'completed', 'output', null)
      end order by i.nth), '[]')
    from unnest(p_inbox) with ordinality as i (id, nth)
    left join rhythm.execution as c on c.id = i.id
    left join rhythm.signal_wait as w on w.id = i.id
    left join rhythm.signal as g on g.id = w.signal_id
  );
end;
$$;

comment on function rhythm.inbox_items(uuid[]) is
  'What settled, as the language takes it: [{id, status: completed, output} | {id, status: failed, error}]. Internal.';

-- The rows for executions that were leased just now, in the order of claims. Of an inbox, what the lease noted.
create or replace function rhythm.hand_over(p_ids uuid[])
returns setof rhythm.claimed
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
  return query
  select e.id, e.type, e.target, e.queue, e.attempt::integer, e.max_attempts::integer, e.inputs,
    coalesce(e.metadata, '{}'), e.traceparent, e.parent_id, e.created_at, e.timeout_ms, e.cancel_reason,
    s.program, v.version, s.seq, s.snapshot::jsonb,
    case when s.execution_id is not null then case when e.delivered = 0 then '[]' else rhythm.inbox_items(s.inbox[:e.delivered]) end end
  from rhythm.execution as e
  left join rhythm.workflow_state as s on s.execution_id = e.id
  left join rhythm.flow_version as v on v.program = s.program
  where e.id = any (p_ids)
  order by e.priority desc, e.id;
end;
$$;

comment on function rhythm.hand_over(uuid[]) is 'What a worker needs to run executions that were leased to it. Internal.';

-- A thousand children of one workflow differ in nothing else that is not known to the worker that started them: as rows
-- of hand_over() they take three times as long, and ten times the bytes.
create or replace function rhythm.hand_over_born(p_ids uuid[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  if p_ids = '{}' then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(to_jsonb(k)), '[]')
    from (
      select e.target, e.queue, e.max_attempts, e.timeout_ms, coalesce(e.metadata, '{}') as metadata, e.traceparent, e.parent_id, e.created_at,
        jsonb_agg(e.id order by e.id) as ids
      from rhythm.execution as e
      where e.id = any (p_ids)
      group by e.target, e.queue, e.max_attempts, e.timeout_ms, e.metadata, e.traceparent, e.parent_id, e.created_at, e.priority
      order by e.priority desc, min(e.id::text)
    ) as k
  );
end;
$$;

comment on function rhythm.hand_over_born(uuid[]) is 'What a worker needs to run tasks that its own outcomes started, and were leased to it: each kind once, with its ids. Internal.';
