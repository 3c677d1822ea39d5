-- A copy of a database must not do again what the original does: send its mails, charge its customers. So an installation knows
-- where it belongs, and elsewhere its workers, SQL tasks, timers and schedules stand still until somebody adopts it.

create or replace function rhythm.find_home()
returns rhythm.home
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_home rhythm.home;
begin
  v_home.database_oid := (select d.oid from pg_catalog.pg_database as d where d.datname = current_database());
  v_home.database_name := current_database();
  v_home.timeline := nullif(current_setting('neon.timeline_id', true), '');
  -- The setting has this name whatever the schema's name is.
  v_home.environment := nullif(current_setting('rhythm' || '.environment', true), '');
  v_home.adopted_at := rhythm.now();
  v_home.adopted_by := rhythm.who();
  begin
    v_home.system_identifier := (select c.system_identifier::text from pg_catalog.pg_control_system() as c);
  exception
    when insufficient_privilege or feature_not_supported or undefined_file then
      null; -- Some providers hide it.
  end;
  return v_home;
end;
$$;

comment on function rhythm.find_home() is 'Where this database is now. Internal.';

create or replace function rhythm.home_problem(p_environment text default null)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_here constant rhythm.home := rhythm.find_home();
  v_environment constant text := coalesce(p_environment, v_here.environment);
begin
  return (
    select case
      when h.database_name <> v_here.database_name then
        format('This is a copy: it belongs to the database "%s", and is now in "%s"', h.database_name, v_here.database_name)
      when h.system_identifier <> v_here.system_identifier then
        format('This is a copy: it belongs to another server, with the system identifier %s, and this one has %s', h.system_identifier, v_here.system_identifier)
      when h.timeline <> v_here.timeline then format('This is a copy: it belongs to the branch %s, and is now on %s', h.timeline, v_here.timeline)
      when h.database_oid <> v_here.database_oid then 'This is a copy: it belongs to an earlier database of the same name'
      when h.environment <> v_environment then
        format('This installation belongs to the environment "%s", and %s', h.environment,
          case when p_environment is null then format('the setting %s says "%s"', 'rhythm' || '.environment', v_environment) else format('this worker to "%s"', v_environment) end)
    end
    from rhythm.home as h);
end;
$$;

comment on function rhythm.home_problem(text) is
  'Why nothing may run here: this is a copy of the database, or belongs to another environment than p_environment, or than the setting of the database. Null: it may.';

-- A connection does not leave its database, so each looks once, and again after an adopt().
create or replace function rhythm.require_home(p_environment text default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_nth constant integer := (select h.nth from rhythm.home as h);
  v_checked constant text := format('%s %s', v_nth, :'schema');
  v_here rhythm.home;
  v_problem text;
begin
  if p_environment is null and v_checked = current_setting('rhythm_home.checked', true) then
    return;
  end if;
  if v_nth is null then
    -- Another session that is noting it does not hold up this one.
    if not pg_try_advisory_xact_lock(hashtextextended(:'schema' || ' home', 0)) then
      return;
    end if;
    v_here := rhythm.find_home();
    insert into rhythm.home (nth, system_identifier, database_oid, database_name, timeline, environment, adopted_at, adopted_by)
    values (1, v_here.system_identifier, v_here.database_oid, v_here.database_name, v_here.timeline, coalesce(p_environment, v_here.environment), v_here.adopted_at, v_here.adopted_by)
    on conflict do nothing;
    return;
  end if;
  v_problem := rhythm.home_problem(p_environment);
  if v_problem is not null then
    perform rhythm.raise('RH011', v_problem,
      format('Nothing runs here until you say that it may: select %s.adopt(). What is unfinished goes on then: pause or cancel first what must not', quote_ident(:'schema')));
  end if;
  -- The first worker that brings a name gives it.
  if p_environment is not null then
    update rhythm.home as h set environment = p_environment where h.environment is null;
  end if;
  perform set_config('rhythm_home.checked', v_checked, false);
end;
$$;

comment on function rhythm.require_home(text) is
  'Refuses (RH011) a worker''s call in a copy of the database; the first call of an installation notes where it belongs. Internal.';

create or replace function rhythm.adopt(environment text default null, upgraded boolean default false)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old rhythm.home;
  v_here constant rhythm.home := rhythm.find_home();
  v_environment text;
begin
  perform rhythm.require_read_committed();
  if environment is not null then
    perform rhythm.check_name('environment', environment);
  end if;
  if environment <> v_here.environment then
    perform rhythm.raise('RH001', format('The setting %s of this database says "%s", not "%s"', 'rhythm' || '.environment', v_here.environment, environment),
      format('Change it: alter database %I set %s = %L', v_here.database_name, 'rhythm' || '.environment', environment));
  end if;
  lock table rhythm.home in share row exclusive mode;
  select * into v_old from rhythm.home;
  v_environment := coalesce(environment, v_here.environment, v_old.environment);
  if upgraded and (v_old.database_name <> v_here.database_name or v_old.timeline <> v_here.timeline or v_old.environment <> v_environment) then
    perform rhythm.raise('RH001', format('This is more than an upgrade: %s', coalesce(rhythm.home_problem(environment), 'the environment changes')),
      'If it is right that this copy runs, leave out "upgraded"');
  end if;
  if v_old.nth is not null and rhythm.home_problem() is null and v_old.environment is not distinct from v_environment then
    return format('Database "%s" is at home here already', v_here.database_name);
  end if;
  -- Workers of the original do not work here. What they held goes on at once, and no attempt is counted.
  if v_old.nth is not null and (v_old.database_name, v_old.database_oid) is distinct from (v_here.database_name, v_here.database_oid)
    or v_old.system_identifier <> v_here.system_identifier or v_old.timeline <> v_here.timeline then
    perform rhythm.stop_worker(w.id) from rhythm.worker as w order by w.id;
  end if;
  delete from rhythm.home;
  insert into rhythm.home (nth, system_identifier, database_oid, database_name, timeline, environment, adopted_at, adopted_by)
  values (coalesce(v_old.nth, 0) + 1, v_here.system_identifier, v_here.database_oid, v_here.database_name, v_here.timeline, v_environment, v_here.adopted_at, v_here.adopted_by);
  perform rhythm.record('adopt', 'installation', v_here.database_name, p_before => jsonb_build_object('database', v_old.database_name, 'environment', v_old.environment),
    p_after => jsonb_build_object('database', v_here.database_name, 'environment', v_environment));
  return format('Rhythm belongs to database "%s"%s now, and runs', v_here.database_name,
    case when v_environment is null then '' else format(' and environment "%s"', v_environment) end);
end;
$$;

comment on function rhythm.adopt(text, boolean) is
  'Lets an installation run where it is now: after a restore, in a copy that shall work, after pg_upgrade (upgraded => true, which refuses if more than the server changed). environment: the name of the environment, such as ''staging''. Returns what it did.';
