-- What a worker holds, for one that is in doubt: the answer to a claim or a settle was lost on its way.

create or replace function rhythm.held(p_worker uuid)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'attempt', e.attempt, 'seq', s.seq) order by e.id), '[]')
  from rhythm.execution as e
  left join rhythm.workflow_state as s on s.execution_id = e.id
  where e.id = any (rhythm.leased_to(array[p_worker]));
$$;

comment on function rhythm.held(uuid) is
  'What is leased to a worker: [{id, attempt, seq}]. After a call whose answer was lost: release what you do not know of.';
