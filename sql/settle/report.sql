-- What a worker reports of executions while they run.

create or replace function rhythm.report_problem(p_lines jsonb, p_progress jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_uuid constant text := '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
begin
  if jsonb_typeof(p_lines) is distinct from 'array' then
    return 'p_lines must be a JSON array: [{"id", "at", "level", "message", "data"}, …]';
  elsif jsonb_typeof(p_progress) is distinct from 'object' then
    return 'p_progress must be a JSON object: {"<id>": <value>, …}';
  end if;
  return coalesce(
    (select 'Every log line needs an id (a UUID), a level (debug, info, warn or error) and a message (a text)'
    from jsonb_array_elements(p_lines) as l (value)
    where jsonb_typeof(l.value) <> 'object'
      or not coalesce(l.value ->> 'id' ~ c_uuid and l.value ->> 'level' in ('debug', 'info', 'warn', 'error')
        and jsonb_typeof(l.value -> 'message') = 'string', false)
    limit 1),
    (select format('A log line takes %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(l.value::text), v_limit)
    from jsonb_array_elements(p_lines) as l (value) where octet_length(l.value::text) > v_limit limit 1),
    (select format('"%s" in p_progress is not a UUID', left(p.key, 60)) from jsonb_each(p_progress) as p where p.key !~ c_uuid limit 1),
    (select format('The progress of %s takes %s bytes: at most %s are allowed (setting max_payload_bytes)', p.key, octet_length(p.value::text), v_limit)
    from jsonb_each(p_progress) as p where octet_length(p.value::text) > v_limit limit 1)
  );
end;
$$;

comment on function rhythm.report_problem(jsonb, jsonb) is 'What is wrong with the arguments of report(); null if nothing is. Internal.';

create or replace function rhythm.report(p_worker uuid, p_lines jsonb default '[]', p_progress jsonb default '{}')
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem constant text := rhythm.report_problem(p_lines, p_progress);
  v_held uuid[];
  v_free uuid[];
begin
  perform rhythm.require_read_committed();
  if v_problem is not null then
    perform rhythm.raise(case when v_problem like '%at most%' then 'RH006' else 'RH001' end, v_problem);
  end if;
  v_held := array(
    select e.id
    from (
      select (l.value ->> 'id')::uuid as id from jsonb_array_elements(p_lines) as l (value)
      union
      select k.id::uuid from jsonb_object_keys(p_progress) as k (id)
    ) as r
    join rhythm.execution as e on e.id = r.id and e.state = 0
    left join rhythm.workflow_state as s on s.execution_id = e.id
    join lateral (select x.id, x.worker from rhythm.batch as x where x.id = coalesce(e.batch_id, s.batch_id) offset 0) as b on b.worker = p_worker);
  insert into rhythm.log_line (execution_id, at, level, message, data)
  select (l.value ->> 'id')::uuid, coalesce(rhythm.timestamp_of(l.value ->> 'at'), rhythm.now()), l.value ->> 'level', l.value ->> 'message', l.value -> 'data'
  from jsonb_array_elements(p_lines) with ordinality as l (value, nth)
  where (l.value ->> 'id')::uuid = any (v_held)
  order by l.nth;
  -- In the order in which ends lock them. A locked one is skipped: the worker brings its progress again.
  v_free := array(
    select e.id from rhythm.execution as e
    where e.id = any (array(select k.id::uuid from jsonb_object_keys(p_progress) as k (id))) and e.id = any (v_held)
    order by e.id
    for no key update skip locked);
  update rhythm.execution as e set progress = p.value
  from jsonb_each(p_progress) as p
  where e.id = p.key::uuid and e.id = any (v_free);
  perform rhythm.notify('progress', e.id::text)
  from rhythm.execution as e
  where e.id = any (v_free) and e.notify_on_end;
  return jsonb_build_object('skipped', to_jsonb(array(
    select k.id from jsonb_object_keys(p_progress) as k (id) where k.id::uuid = any (v_held) and k.id::uuid <> all (v_free) order by k.id)));
end;
$$;

comment on function rhythm.report(uuid, jsonb, jsonb) is
  'Stores log lines [{id, at, level, message, data}] and progress {id: value} of executions that the worker holds. Notifies those who watch them (channel progress). Returns {skipped: [id]}: their rows are locked, and their progress is not stored; send it again.';
