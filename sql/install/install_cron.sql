-- install_cron() and uninstall_cron(). pg_cron is in one database of a server, with its own table of jobs. Every statement
-- that uses it is dynamic, so that the engine can be installed without pg_cron.

create or replace function rhythm.cron_job_name()
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select format('rhythm %s %s', current_database(), :'schema');
$$;

comment on function rhythm.cron_job_name() is 'The name of this installation''s job in pg_cron.';

create or replace function rhythm.cron_home()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return current_setting('cron.database_name', true);
exception
  when insufficient_privilege then
    return current_database(); -- Not for our eyes; then the plain advice has to do.
end;
$$;

comment on function rhythm.cron_home() is
  'The database in which this server''s pg_cron is; null if it is not loaded; this database if the setting may not be read.';

-- The version of pg_cron in this database, or an error that says what is missing and what to do.
create or replace function rhythm.find_cron()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_version constant text := (select x.extversion from pg_catalog.pg_extension as x where x.extname = 'pg_cron');
  v_home constant text := case when v_version is null then rhythm.cron_home() end;
begin
  if v_version is not null then
    if not has_schema_privilege('cron', 'usage') then
      perform rhythm.raise('RH009', format('Role "%s" may not use pg_cron', current_user),
        format('As a superuser, run: grant usage on schema cron to %I', current_user));
    end if;
    return v_version;
  end if;

  if not exists (select from pg_catalog.pg_available_extensions as a where a.name = 'pg_cron') then
    perform rhythm.raise('RH009', 'pg_cron is not installed on this server',
      'Install it (Debian: postgresql-<version>-cron), or let a worker run: workers tick too.');
  elsif v_home is null then
    perform rhythm.raise('RH009', 'pg_cron is on this server, but not loaded',
      'Add pg_cron to shared_preload_libraries, restart the server, and run: create extension pg_cron');
  elsif v_home <> current_database() then
    perform rhythm.raise('RH009', format('pg_cron lives in the database "%s", not in "%s"', v_home, current_database()),
      format('In "%s", run: select cron.schedule_in_database(%L, ''* * * * *'', %L, %L)',
        v_home, rhythm.cron_job_name(), rhythm.cron_command('1.4'), current_database()));
  end if;
  perform rhythm.raise('RH009', format('pg_cron is not created in the database "%s"', current_database()),
    'As a superuser, run: create extension pg_cron');
end;
$$;

comment on function rhythm.find_cron() is
  'The version of pg_cron in this database; an error that says what to do if it is not there or may not be used.';

create or replace function rhythm.cron_knows_seconds(p_version text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select (string_to_array(split_part(p_version, '-', 1), '.')::integer[])[1:2] >= array[1, 5];
$$;

comment on function rhythm.cron_knows_seconds(text) is 'Whether a version of pg_cron can run a job every second: 1.5 and newer.';

create or replace function rhythm.cron_command(p_version text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case when rhythm.cron_knows_seconds(p_version)
    then format('select %s()', 'rhythm.cron_tick'::regproc)
    else format('call %s()', 'rhythm.tick_loop'::regproc)
  end;
$$;

comment on function rhythm.cron_command(text) is 'The command of this installation''s job, for a version of pg_cron.';

-- A job that runs every second writes 86,400 lines a day about itself. Keeps those of the last hour.
create or replace function rhythm.cron_tick()
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if extract(second from clock_timestamp()) < 1 and to_regclass('cron.job_run_details') is not null then
    execute 'delete from cron.job_run_details as d using cron.job as j
      where j.jobid = d.jobid and j.jobname = $1 and d.end_time < clock_timestamp() - interval ''1 hour'''
    using rhythm.cron_job_name();
  end if;
  return rhythm.tick();
end;
$$;

comment on function rhythm.cron_tick() is
  'tick() as pg_cron calls it every second; once a minute it also deletes pg_cron''s records of older calls.';

create or replace function rhythm.install_cron()
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_version constant text := rhythm.find_cron();
  v_every constant text := case when rhythm.cron_knows_seconds(v_version) then '1 second' else '* * * * *' end;
begin
  execute 'select cron.schedule($1, $2, $3)' using rhythm.cron_job_name(), v_every, rhythm.cron_command(v_version);
  return format('pg_cron %s runs "%s" (%s) as job "%s"', v_version, rhythm.cron_command(v_version), v_every, rhythm.cron_job_name());
exception
  when insufficient_privilege then
    perform rhythm.raise('RH009', format('Role "%s" may not schedule jobs of pg_cron', current_user),
      format('As a superuser, run: grant usage on schema cron to %I; grant execute on all functions in schema cron to %I',
        current_user, current_user));
end;
$$;

comment on function rhythm.install_cron() is
  'Lets pg_cron call tick(), so that timers, schedules, SQL tasks, recovery and retention work without any worker: every second '
  'with pg_cron 1.5 or newer, else with a job each minute that loops. Returns what it did; a second call changes nothing.';

create or replace function rhythm.uninstall_cron()
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_job bigint;
begin
  perform rhythm.find_cron();
  execute 'select j.jobid from cron.job as j where j.jobname = $1 and j.database = current_database()'
  into v_job
  using rhythm.cron_job_name();
  if v_job is null then
    return false;
  end if;
  execute 'select cron.unschedule($1)' using v_job;
  execute 'delete from cron.job_run_details as d where d.jobid = $1' using v_job;
  return true;
end;
$$;

comment on function rhythm.uninstall_cron() is
  'Removes the job of install_cron(), and pg_cron''s records of it. A running loop ends within a minute. False if '
  'there was no job.';
