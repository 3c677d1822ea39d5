-- Two questions of tools that no view answers.

create or replace function rhythm.first_id(p_at timestamptz)
returns uuid
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.uuid7_floor(p_at);
$$;

comment on function rhythm.first_id(timestamptz) is
  'The smallest id that an execution created at an instant can have: where id >= first_id(…) reads a range of the primary key.';

create or replace function rhythm.flow_state(p_execution uuid)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'name', v.name,
    'version', v.version,
    'source', v.source,
    'code', v.code,
    'snapshot', case when v.code <> '{"language": "typescript"}' then s.snapshot end,
    'waits', (select coalesce(jsonb_agg(jsonb_build_object('kind', w.kind, 'id', w.id)), '[]') from rhythm.waits as w where w.execution_id = s.execution_id)
  )
  from rhythm.workflow_state as s
  join rhythm.flow_version as v on v.program = s.program
  where s.execution_id = p_execution;
$$;

comment on function rhythm.flow_state(uuid) is
  'Where a workflow that is not completed stands: {name, version, source, code, snapshot, waits}; null if there is none. A code-first workflow has no snapshot: its steps are in the view steps.';
