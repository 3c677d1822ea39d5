-- uninstall(): removes what install() made. For the owner.

-- Locks: every table of the installation, exclusively.
create or replace function rhythm.uninstall(p_schema text)
returns setof text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_roles constant text[] := rhythm.roles();
  v_database constant text := current_database();
  v_job constant text := rhythm.cron_job_name();
  v_cron_home constant text := rhythm.cron_home();
  v_role text;
  v_keys text[];
  v_names text[];
  v_fallen text;
  -- Objects that are not ours, by key and name: those that are missing afterwards were removed with the schema.
  c_outside constant text := $q$
    with relation as (
      select c.oid, c.relkind, n.nspname
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', $1)
    )
    select 'relation ' || r.oid as key, format('%s', r.oid::regclass) as name from relation as r where r.relkind <> 'i'
    union all
    select format('column %s %s', a.attrelid, a.attnum), format('%s.%I', a.attrelid::regclass, a.attname)
    from relation as r join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    where r.relkind in ('r', 'p', 'f')
    union all
    select 'constraint ' || c.oid, format('%I on %s', c.conname, c.conrelid::regclass)
    from relation as r join pg_catalog.pg_constraint as c on c.conrelid = r.oid
    union all
    select 'trigger ' || t.oid, format('%I on %s', t.tgname, t.tgrelid::regclass)
    from relation as r join pg_catalog.pg_trigger as t on t.tgrelid = r.oid and not t.tgisinternal
    union all
    select 'default ' || d.oid, format('the default of %s.%I', a.attrelid::regclass, a.attname)
    from relation as r join pg_catalog.pg_attrdef as d on d.adrelid = r.oid
    join pg_catalog.pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
    union all
    select 'routine ' || p.oid, p.oid::regprocedure::text
    from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', $1)
    union all
    select 'domain ' || t.oid, t.oid::regtype::text
    from pg_catalog.pg_type as t join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
    where t.typtype = 'd' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', $1)
  $q$;
begin
  if p_schema is distinct from :'schema' then
    perform rhythm.raise('RH001', format('uninstall() removes the schema "%s" and everything in it, not "%s"', :'schema', p_schema),
      format('If that is meant: select %s(%L)', 'rhythm.uninstall'::regproc, :'schema'));
  end if;

  if exists (select from pg_catalog.pg_extension as x where x.extname = 'pg_cron') then
    perform rhythm.uninstall_cron();
  elsif v_cron_home <> v_database then
    return next format('If pg_cron ticks this schema from the database "%s", take that back there: select cron.unschedule(%L)', v_cron_home, v_job);
  end if;

  execute format('select array_agg(o.key), array_agg(o.name) from (%s) as o', c_outside) into v_keys, v_names using :'schema';
  drop schema :"schema" cascade;
  -- Our schema is gone: from here on, every name is of Postgres.
  execute format(
    'select string_agg(w.name, '', '' order by w.name) from unnest($2, $3) as w(key, name) where w.key not in (select o.key from (%s) as o)', c_outside)
  into v_fallen using :'schema', v_keys, v_names;
  if v_fallen is not null then
    raise exception using errcode = '2BP01', message = format('Cannot remove the schema "%s": %s would go with it', :'schema', v_fallen),
      hint = 'First drop or change the objects that depend on the schema';
  end if;

  foreach v_role in array v_roles loop
    continue when not exists (select from pg_catalog.pg_roles as r where r.rolname = v_role);
    begin
      execute format('drop role %I', v_role);
    exception
      when dependent_objects_still_exist then
        return next format('The role %s has rights elsewhere on this server, and stays', v_role);
      when insufficient_privilege then
        return next format('"%s" may not drop the role %s. If no other installation needs it, run as a superuser: drop role %I', current_user, v_role, v_role);
      when undefined_object then
        null; -- Another database of this server is being cleared, too.
    end;
  end loop;
end;
$$;

comment on function rhythm.uninstall(text) is
  'Removes this installation: the schema with this name, with all executions, its job in pg_cron, and the roles that no other installation on the '
  'server needs. Returns what could not be removed, and why. If an object of yours depends on the schema, nothing is removed. For the owner.';
