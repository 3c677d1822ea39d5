-- Registering flows and tasks.

create or replace function rhythm.options_problem(p_options jsonb)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    case when jsonb_typeof(p_options) is distinct from 'object' then 'options must be an object' end,
    case when p_options - rhythm.option_names('defaults') <> '{}' then
      'There is no ' || rhythm.unknown_option(p_options, rhythm.option_names('defaults')) end,
    rhythm.request_problem(p_options || '{"type": "task", "target": "x"}')
  );
$$;

comment on function rhythm.options_problem(jsonb) is 'What is wrong with the defaults of a flow or task; null if nothing is. Internal.';

-- The first program that names a deploy gives it its time, so that all programs of one deploy have the same.
create or replace function rhythm.deploy_time(p_deploy text)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_time timestamptz;
begin
  if p_deploy ~ '^\d{4}-\d\d-\d\d' then
    begin
      v_time := p_deploy;
    exception when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
      perform rhythm.raise('RH001', format('deploy is "%s": expected an id, or a time such as 2026-01-31T12:00:00Z', left(p_deploy, 100)));
    end;
    if v_time > rhythm.now() + interval '1 day' then
      perform rhythm.raise('RH001', format('deploy is %s, which is in the future: expected the time when the deploy began', p_deploy),
  'A time in the future would block every deploy before it');
    end if;
    return v_time;
  end if;
  perform rhythm.check_name('deploy', p_deploy);
  insert into rhythm.deploy (id, first_seen_at) values (p_deploy, rhythm.now()) on conflict (id) do nothing;
  return (select d.first_seen_at from rhythm.deploy as d where d.id = p_deploy);
end;
$$;

comment on function rhythm.deploy_time(text) is 'When a deploy began: the time that it names, or when its id was first seen. Internal.';

create or replace function rhythm.current_version(p_flow text)
returns integer
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select v.version from rhythm.flow as f join rhythm.flow_version as v on v.program = f.program where f.name = p_flow;
$$;

comment on function rhythm.current_version(text) is 'The version of a flow that new executions start on. Internal.';

create or replace function rhythm.register_flow(
  p_name text,
  p_source text,
  p_program jsonb,
  input_schema jsonb default null,
  options jsonb default '{}',
  description text default null,
  deploy text default null
)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_program constant text := rhythm.program_hash(p_name, p_source);
  v_schema_problem constant jsonb := case when input_schema is not null then rhythm.check_schema(input_schema) end;
  v_problem constant text := coalesce(
    rhythm.name_problem('flow', p_name),
    case when p_source is null or octet_length(p_source) > 1048576 then 'The source of a flow must be a text of at most 1 MiB' end,
    case when jsonb_typeof(p_program) is distinct from 'object' then 'The program of a flow must be an object: what the compiler gave' end,
    rhythm.options_problem(options),
    v_schema_problem ->> 'message',
    case when length(description) > 10000 then 'The description of a flow must be a text of at most 10000 characters' end
  );
  v_deployed_at timestamptz;
  v_is_new boolean;
  v_old integer;
  v_new integer;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  v_deployed_at := case when deploy is not null then rhythm.deploy_time(deploy) end;
  perform pg_advisory_xact_lock(hashtextextended(:'schema' || ' flow ' || p_name, 0));
  v_old := rhythm.current_version(p_name);
  insert into rhythm.flow_version (program, name, version, source, code, input_schema, options, description, found_by, created_at)
  values (
    v_program, p_name,
    (select coalesce(max(v.version), 0) + 1 from rhythm.flow_version as v where v.name = p_name),
    p_source, p_program, register_flow.input_schema, register_flow.options, register_flow.description,
    rhythm.found_by(p_program), rhythm.now())
  on conflict (program) do nothing;
  v_is_new := found;
  insert into rhythm.flow as f (name, program, updated_at, deployed_at)
  values (p_name, v_program, rhythm.now(), coalesce(v_deployed_at, rhythm.now()))
  on conflict (name) do update set
    program = excluded.program,
    updated_at = case when f.program = excluded.program then f.updated_at else excluded.updated_at end,
    deployed_at = greatest(f.deployed_at, excluded.deployed_at)
  where (f.program <> excluded.program or f.deployed_at < v_deployed_at)
    and case when v_deployed_at is null then v_is_new else v_deployed_at >= f.deployed_at end;
  -- Applications register their flows at every start.
  v_new := rhythm.current_version(p_name);
  if v_new is distinct from v_old then
    perform rhythm.record('deploy', 'flow', p_name, deploy, jsonb_build_object('version', v_old), jsonb_build_object('version', v_new));
  end if;
  return (select v.version from rhythm.flow_version as v where v.program = v_program);
end;
$$;

comment on function rhythm.register_flow(text, text, jsonb, jsonb, jsonb, text, text) is
  'Stores a text as a version of a flow and returns its number. A new text becomes current. A text that was registered before becomes current only with a deploy '
  '(an id, or the time when it began) that is not older than that of the current version. Running executions stay on their version.';

create or replace function rhythm.set_flow_version(p_name text, p_version integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_program constant text := (select v.program from rhythm.flow_version as v where v.name = p_name and v.version = p_version);
  v_old integer;
begin
  if v_program is null then
    perform rhythm.raise('RH004', format('There is no version %s of flow "%s"', p_version, p_name), coalesce(
      case when not exists (select from rhythm.flow as f where f.name = p_name) then
        rhythm.did_you_mean(p_name, array(select f.name from rhythm.flow as f order by f.name)) end,
      'The view flow_versions lists all versions'));
  end if;
  perform pg_advisory_xact_lock(hashtextextended(:'schema' || ' flow ' || p_name, 0));
  v_old := rhythm.current_version(p_name);
  update rhythm.flow as f set program = v_program, updated_at = rhythm.now(), deployed_at = greatest(f.deployed_at, rhythm.now())
  where f.name = p_name and f.program <> v_program;
  if found then
    perform rhythm.record('deploy', 'flow', p_name, p_before => jsonb_build_object('version', v_old), p_after => jsonb_build_object('version', p_version));
  end if;
end;
$$;

comment on function rhythm.set_flow_version(text, integer) is
  'Makes a version of a flow current, so that new executions start on it, until a newer deploy or a new text is registered. Running executions stay on their version.';

create or replace function rhythm.get_program(p_program text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select v.code from rhythm.flow_version as v where v.program = p_program;
$$;

comment on function rhythm.get_program(text) is 'The compiled program that a claimed workflow names; null if there is none.';

create or replace function rhythm.register_tasks(p_tasks jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem text;
begin
  if p_tasks is null or jsonb_typeof(p_tasks) <> 'array' or jsonb_path_exists(p_tasks, 'strict $[*] ? (@.type() != "object")') then
    perform rhythm.raise('RH001', 'The argument of register_tasks() is not a JSON array of objects', 'Expected [{"name": "send_email", "queue": "mail"}, …]');
  end if;
  select p.problem into v_problem
  from jsonb_array_elements(p_tasks) with ordinality as t (value, nth)
  cross join lateral (
    select coalesce(rhythm.name_problem('task', t.value ->> 'name'), rhythm.options_problem(t.value - 'name')) as problem
  ) as p
  where p.problem is not null
  order by t.nth
  limit 1;
  v_problem := coalesce(v_problem, (
    select format('Task "%s" is given twice', t.value ->> 'name') from jsonb_array_elements(p_tasks) as t
    group by t.value ->> 'name' having count(*) > 1 limit 1), (
    select format('"%s" is a SQL task: define_sql_task() says what holds for it', k.name) from rhythm.task as k
    where k.sql_function is not null and k.name in (select t.value ->> 'name' from jsonb_array_elements(p_tasks) as t)
    order by k.name limit 1));
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  insert into rhythm.task as k (name, options, updated_at)
  select t.value ->> 'name', t.value - 'name', rhythm.now()
  from jsonb_array_elements(p_tasks) as t
  order by t.value ->> 'name'
  on conflict (name) do update set options = excluded.options, updated_at = excluded.updated_at
  where k.options <> excluded.options;
end;
$$;

comment on function rhythm.register_tasks(jsonb) is
  'Stores the defaults of tasks: [{name, queue, priority, timeout, retry}]. They apply to every start of the task, also from psql and from flows.';

create or replace function rhythm.unregistered(p_wanted jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_wanted is null or jsonb_typeof(p_wanted) <> 'array' or jsonb_path_exists(p_wanted, 'strict $[*] ? (@.type() != "object")') then
    perform rhythm.raise('RH001', 'The argument of unregistered() is not a JSON array of objects', 'Expected [{"kind": "task", "name": "send_email"}, …]');
  end if;
  return coalesce((
    select jsonb_agg(jsonb_build_object('kind', w.value ->> 'kind', 'name', w.value ->> 'name') order by w.nth)
    from jsonb_array_elements(p_wanted) with ordinality as w (value, nth)
    where not case w.value ->> 'kind'
      when 'task' then exists (select from rhythm.task as k where k.name = w.value ->> 'name')
      -- Any of its versions: during a rollout, workers of the version before start, too.
      when 'flow' then exists (
        select from rhythm.flow_version as v where v.program = rhythm.program_hash(w.value ->> 'name', w.value ->> 'source'))
      when 'workflow' then exists (
        select from rhythm.flow as f
        join rhythm.flow_version as v on v.program = f.program
        where f.name = w.value ->> 'name' and v.code = '{"language": "typescript"}')
      else false
    end
  ), '[]');
end;
$$;

comment on function rhythm.unregistered(jsonb) is
  'Those of some flows, tasks and workflows in TypeScript, [{kind: flow | task | workflow, name, source: of a flow}], that rhythm_deployer must still register: '
  '[{kind, name}]. A flow with another source counts as missing. For workers that may not register themselves.';

create or replace function rhythm.program_hash(p_name text, p_source text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select encode(sha256(convert_to(p_name || E'\n' || p_source, 'UTF8')), 'hex');
$$;

comment on function rhythm.program_hash(text, text) is 'The key of a version of a flow: the same name and text are the same version.';
