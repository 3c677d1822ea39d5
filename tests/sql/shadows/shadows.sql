-- Makes, in a schema, a type, a relation, a function and an operator under each name that the engine uses. Each says so when the
-- installation's owner runs into it.
create schema mine;
grant usage, create on schema mine to public;

create function public.tell(p_name pg_catalog.text) returns pg_catalog.bool language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_user = (select n.nspowner::regrole::text from pg_catalog.pg_namespace as n where n.nspname = 'rhythm') then
    raise notice 'found by the owner: %', p_name;
  end if;
  return true;
end;
$$;

-- Every word of the engine's code, and every sign.
create table public.word as
select distinct w.word[1]::pg_catalog.name as name
from pg_catalog.pg_proc as p
cross join lateral regexp_matches(p.prosrc, '[a-z_][a-z_0-9]*', 'g') as w(word)
where p.pronamespace = 'rhythm'::pg_catalog.regnamespace;
create unique index on public.word (name);
grant select on public.word to public;

create function public.cast_shadows(p_schema pg_catalog.text) returns pg_catalog.void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_statement text;
begin
  for v_statement in
    -- Types; "any" stands for those that can be the base of a domain.
    select format('create domain %s.%I as %I.%I check (public.tell(%L))', p_schema, t.typname, n.nspname, t.typname, 'type ' || t.typname)
    from pg_catalog.pg_type as t
    join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
    where n.nspname = 'pg_catalog' and t.typtype in ('b', 'r') and t.typelem = 0 and t.typname in (select w.name from public.word as w)
    union all
    -- Relations, with the columns of those that they hide.
    select format('create view %s.%I as select %s from (select 1) as one where public.tell(%L)', p_schema, c.relname,
      string_agg(format('null::%s as %I', a.atttypid::regtype, a.attname), ', ' order by a.attnum), 'relation ' || c.relname)
    from pg_catalog.pg_class as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'v')
      and (c.relnamespace = 'rhythm'::regnamespace
        or (c.relnamespace = 'pg_catalog'::regnamespace and c.relname in (select w.name from public.word as w)))
      and not exists (select from pg_catalog.pg_attribute as o where o.attrelid = c.oid and o.atttypid::regtype::text like 'any%')
    group by c.oid, c.relname
  loop
    execute v_statement;
  end loop;
  for v_statement in
    -- Functions, of Postgres and our own.
    select distinct on (p.proname, p.proargtypes) format(
      'create function %s.%I(%s) returns %s language plpgsql as $f$ begin perform public.tell(%L); return null; end $f$', p_schema, p.proname,
      (select string_agg(format('%s', t.type::regtype), ', ' order by t.nth) from unnest(p.proargtypes::oid[]) with ordinality as t(type, nth)),
      case when p.prorettype in ('record'::regtype, 'void'::regtype) then 'text'::regtype else p.prorettype::regtype end,
      'function ' || p.proname)
    from pg_catalog.pg_proc as p
    where (p.pronamespace = 'rhythm'::regnamespace
        or (p.pronamespace = 'pg_catalog'::regnamespace and p.proname in (select w.name from public.word as w)))
      and p.prokind = 'f'
      and p.provariadic = 0
      and not exists (
        select from unnest(p.proargtypes::oid[] || p.prorettype) as u(type)
        join pg_catalog.pg_type as t on t.oid = u.type
        where (t.typtype = 'p' and t.typname not in ('record', 'void', 'anyelement', 'anyarray', 'anycompatible', 'anycompatiblearray'))
          or (t.typnamespace = 'rhythm'::regnamespace)
      )
      and not (p.prorettype in ('anyelement'::regtype, 'anyarray'::regtype)
        and not p.proargtypes::oid[] && array['anyelement'::regtype::oid, 'anyarray'::regtype])
  loop
    execute v_statement;
  end loop;
  for v_statement in
    select format(
      'create function %1$s.%2$I(%3$s, %4$s) returns %5$s language plpgsql as $f$ begin perform public.tell(%6$L); return null; end $f$; '
      'create operator %1$s.%7$s (leftarg = %3$s, rightarg = %4$s, function = %1$s.%2$I)',
      p_schema, 'operator_' || o.oid, o.oprleft::regtype, o.oprright::regtype, o.oprresult::regtype, 'operator ' || o.oprname, o.oprname)
    from pg_catalog.pg_operator as o
    join pg_catalog.pg_type as l on l.oid = o.oprleft
    join pg_catalog.pg_type as r on r.oid = o.oprright
    join pg_catalog.pg_type as e on e.oid = o.oprresult
    where o.oprnamespace = 'pg_catalog'::regnamespace
      and l.typtype = 'b' and r.typtype = 'b' and e.typtype = 'b'
      and l.typname in (select w.name from public.word as w union select '_' || w.name from public.word as w)
      and r.typname in (select w.name from public.word as w union select '_' || w.name from public.word as w)
  loop
    execute v_statement;
  end loop;
end;
$$;
