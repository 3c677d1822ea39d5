-- Who may call what. This is the last of all files, because it names everything before it. A function that was made again
-- gets its rights here.
--   rhythm_viewer    reads.
--   rhythm_client    also starts, signals and cancels.
--   rhythm_worker    a client that also runs work.
--   rhythm_operator  a client that also retries, deletes, pauses and resumes.
--   rhythm_deployer  a client that also decides what code runs: flows, tasks, schedules, limits.
-- Only the owner has rights on tables. A function that a role may call runs with the owner's rights and a fixed search_path.
-- Any other function runs with the caller's rights.

create or replace function rhythm.roles()
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array['rhythm_viewer', 'rhythm_client', 'rhythm_worker', 'rhythm_operator', 'rhythm_deployer'];
$$;

comment on function rhythm.roles() is 'The roles to which this engine gives rights. They belong to the server, and so to all installations on it.';

create or replace function rhythm.surface(p_role text default null)
returns setof text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select distinct s.name
  from (values
    ('rhythm_viewer', array[
      'now', 'new_id', 'get', 'explain', 'find', 'status_name', 'created_at', 'max_attempts', 'max_crashes', 'wait_for', 'first_id', 'ids_ending', 'flow_state', 'history', 'check', 'count_suspended', 'count_standing', 'count_signal_waits', 'count_queues', 'search_executions', 'keys_of', 'lines_of', 'channel', 'cron_next', 'cron_upcoming',
      'unregistered', 'home_problem', 'find_token', 'took_at', 'odd_queue', 'odd_key', 'odd_task'
    ]),
    ('rhythm_client', array[
      'start', 'queue', 'create_many', 'create_each', 'signal', 'ask', 'signal_token', 'read_address', 'use_address', 'cancel', 'cancel_many', 'tag', 'watch'
    ]),
    ('rhythm_worker', array[
      'register_worker', 'beat', 'exchange', 'settle_one', 'claim_execution', 'unserved', 'load_steps', 'save_steps', 'report', 'checkpoint', 'replay_start', 'replay_steps', 'get_program', 'apply_change', 'hook_address', 'stop_worker', 'tick', 'due', 'chores', 'sql_tasks'    ]),
    ('rhythm_operator', array[
      'retry', 'change', 'audit', 'adopt', 'delete_execution', 'export_execution', 'replay_start', 'replay_steps', 'edit_state', 'rewind_state', 'fork_state', 'fork_steps', 'pending_effects', 'get_program', 'operate', 'migrate', 'register_pairing', 'unpaired_versions', 'operation_places', 'stop_operation', 'resume_operation', 'work_operation', 'set_failure', 'pause_queue', 'resume_queue', 'set_gate', 'remove_gate', 'pause_execution', 'resume_execution', 'pause_task', 'resume_task', 'pause_flow', 'resume_flow', 'pause_everything', 'resume_everything', 'drain_worker', 'resume_worker', 'answer_ask', 'pause_key', 'resume_key', 'pause_schedule', 'resume_schedule', 'trigger_schedule', 'backfill_schedule'
    ]),
    ('rhythm_deployer', array[
      'register_flow', 'register_pairing', 'unpaired_versions', 'migrate', 'set_flow_version', 'register_workflow', 'register_tasks', 'set_failure_hook', 'remove_failure_hook', 'import_execution', 'define_sql_task', 'undefine_sql_task', 'configure_queue', 'configure_key',
      'schedule', 'unschedule', 'pause_schedule', 'resume_schedule', 'trigger_schedule', 'backfill_schedule'
    ])
  ) as r(role, names)
  cross join lateral unnest(r.names) as s(name)
  where p_role is null
    or (p_role = any (rhythm.roles())
      and (r.role in (p_role, 'rhythm_viewer') or (r.role = 'rhythm_client' and p_role <> 'rhythm_viewer')));
$$;

comment on function rhythm.surface(text) is
  'The functions that a role may call, or all roles together if none is given. rhythm_viewer may read. rhythm_client may also start, signal and '
  'cancel. The other roles are clients. rhythm_worker may also run work, rhythm_operator control it, and rhythm_deployer decide what code runs. '
  'All other functions are for the owner.';

-- Rights that are already right are left alone: each grant writes a new version of a row that all sessions read.
create or replace function rhythm.close_to_public()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_open text;
begin
  for v_open in
    select format('schema %I', n.nspname)
    from pg_catalog.pg_namespace as n
    where n.oid = :'schema'::regnamespace and exists (select from aclexplode(n.nspacl) as a where a.grantee = 0)
    union all
    select format('%s %s', case c.relkind when 'S' then 'sequence' else 'table' end, c.oid::regclass)
    from pg_catalog.pg_class as c
    where c.relnamespace = :'schema'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
      and exists (select from aclexplode(c.relacl) as a where a.grantee = 0)
    union all
    select format('routine %s', p.oid::regprocedure)
    from pg_catalog.pg_proc as p
    where p.pronamespace = :'schema'::regnamespace
      and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a where a.grantee = 0)
    union all
    select format('type %s', t.oid::regtype)
    from pg_catalog.pg_type as t
    left join pg_catalog.pg_class as c on c.oid = t.typrelid
    where t.typnamespace = :'schema'::regnamespace
      and t.typelem = 0
      and (t.typtype in ('d', 'e') or c.relkind = 'c')
      and exists (select from aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) as a where a.grantee = 0)
  loop
    execute format('revoke all on %s from public', v_open);
  end loop;
end;
$$;

comment on function rhythm.close_to_public() is 'Revokes all rights on this schema from PUBLIC.';

create or replace function rhythm.grant_to_roles()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_change text;
begin
  for v_change in
    with role as materialized (
      select r.oid, r.rolname as name, array(select s.name from rhythm.surface(r.rolname) as s (name)) as surface
      from pg_catalog.pg_roles as r
      where r.rolname = any (rhythm.roles())
    ),
    routine as (
      select p.oid, p.prosecdef, p.proacl, r.oid as role, r.name as role_name,
        p.proname = any (r.surface) as may,
        exists (select from aclexplode(p.proacl) as a where a.grantee = r.oid) as has
      from role as r
      join pg_catalog.pg_proc as p on p.pronamespace = :'schema'::regnamespace
    ),
    relation as (
      select c.oid, case c.relkind when 'S' then 'sequence' else 'table' end as kind, r.name as role_name, c.relkind = 'v' as may,
        array(select a.privilege_type from aclexplode(c.relacl) as a where a.grantee = r.oid) as has
      from role as r
      join pg_catalog.pg_class as c on c.relnamespace = :'schema'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
    ),
    space as (
      select n.oid, r.name as role_name, array(select a.privilege_type from aclexplode(n.nspacl) as a where a.grantee = r.oid) as has
      from role as r
      join pg_catalog.pg_namespace as n on n.oid = :'schema'::regnamespace
    )
    select c.change
    from (
      select 1 as nth, format('revoke all on schema %s from %I', s.oid::regnamespace, s.role_name) as change from space as s where s.has && array['CREATE']
      union all
      select 2, format('grant usage on schema %s to %I', s.oid::regnamespace, s.role_name) from space as s where s.has <> array['USAGE']
      union all
      select 3, format('revoke all on %s %s from %I', l.kind, l.oid::regclass, l.role_name) from relation as l
      where l.has <> case when l.may then array['SELECT'] else array[]::text[] end and l.has <> '{}'
      union all
      select 4, format('grant select on %s to %I', l.oid::regclass, l.role_name) from relation as l where l.may and l.has <> array['SELECT']
      union all
      select 5, format('revoke all on routine %s from %I', p.oid::regprocedure, p.role_name) from routine as p where p.has and not p.may
      union all
      select distinct 6, format('alter function %s security definer', p.oid::regprocedure) from routine as p where p.may and not p.prosecdef
      union all
      select 7, format('grant execute on function %s to %I', p.oid::regprocedure, p.role_name) from routine as p where p.may and not p.has
    ) as c
    order by c.nth
  loop
    execute v_change;
  end loop;
end;
$$;

comment on function rhythm.grant_to_roles() is
  'Gives each role the rights on this schema that surface() lists, and no others.';

create or replace function rhythm.create_roles()
returns setof text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role text;
begin
  foreach v_role in array rhythm.roles() loop
    continue when exists (select from pg_catalog.pg_roles as r where r.rolname = v_role);
    begin
      execute format('create role %I nologin', v_role);
    exception
      when insufficient_privilege then
        return next v_role;
      when duplicate_object or unique_violation then
        null; -- Another database of this server is being installed too.
    end;
  end loop;
end;
$$;

comment on function rhythm.create_roles() is
  'Creates the roles that do not exist yet; returns those that the caller may not create.';

do $$
declare
  v_missing constant text[] := array(select c.role from rhythm.create_roles() as c(role));
begin
  delete from rhythm.installation_note as n
  where n.note like 'Roles %';

  if v_missing <> '{}' then
    insert into rhythm.installation_note as n (note)
    values (format(
      'Roles %s were not created: "%s" may not create roles. If you want them, run as a superuser: %s; then install again, '
      'or run as the owner: select %s()',
      array_to_string(v_missing, ', '),
      current_user,
      (select string_agg(format('create role %I nologin', m.role), '; ') from unnest(v_missing) as m(role)),
      'rhythm.grant_to_roles'::regproc
    ));
  end if;
  perform rhythm.close_to_public();
  perform rhythm.grant_to_roles();
end;
$$;
