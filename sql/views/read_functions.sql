-- Functions for tools, beside the views.

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

-- People type the end of an id, because its beginning is a time that all executions of the same minute share. Reads only the primary
-- key, for about half a second at most.
create or replace function rhythm.ids_ending(p_end text)
returns setof uuid
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select n.id
  from (select e.id from rhythm.execution as e order by e.id desc limit 1000000) as n
  where right(n.id::text, 8) = lower(p_end)
  limit 10;
$$;

comment on function rhythm.ids_ending(text) is
  'Executions among the newest million whose ids end with these 8 digits, newest first, 10 at most: for short ids that a person types.';

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
  'The state of a workflow that is not completed: {name, version, source, code, snapshot, waits}; null if it has none. A workflow in TypeScript has no snapshot: its steps are in the view steps.';

-- A throttle key is kept by its name alone: only the first thousand are looked through.
create or replace function rhythm.keys_of(p_execution uuid)
returns table (kind text, key text, holder uuid, until timestamptz)
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select x.kind, substr(x.key, length(e.type) + length(e.target) + 3), x.holder, x.until
  from rhythm.execution as e
  cross join lateral (
    select coalesce(k.held_while, 'kept') as kind, k.key, k.execution_id as holder, k.expires_at as until
    from rhythm.idempotency_key as k
    where k.execution_id = e.id and not rhythm.key_is_free(k)
    union
    select k.held_while, k.key, k.execution_id, k.expires_at
    from rhythm.idempotency_key as k
    where e.unique_key is not null and k.key = format('%s:%s:%s', e.type, e.target, e.unique_key) and not rhythm.key_is_free(k)
    union all
    select 'throttle', t.key, t.last_id, t.free_at
    from (select h.* from rhythm.throttle as h where h.free_at > rhythm.now() order by h.free_at limit 1000) as t
    where t.last_id = e.id
  ) as x
  where e.id = p_execution;
$$;

comment on function rhythm.keys_of(uuid) is
  'The keys that an execution was started with and that still mean something: kept (an idempotency key), queued or active (unique and debounce), or throttle. '
  'holder: whose key it is now, or, of a throttle key, the last that was started; until: when it ends by itself.';
