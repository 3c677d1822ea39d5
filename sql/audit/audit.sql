-- Recording what people do. The functions of acts call record(). What does an act for a person says who that is in the setting
-- rhythm.by of its transaction, as the HTTP interface does. The role is recorded, too, because anybody can set that.

create or replace function rhythm.said_by()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- The setting has this name whatever the schema's name is.
  return left(nullif(current_setting('rhythm' || '.by', true), ''), 200);
end;
$$;

comment on function rhythm.said_by() is 'For whom this transaction acts: the setting by. Null: that was not said. Internal.';

create or replace function rhythm.who()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(rhythm.said_by(), rhythm.caller());
end;
$$;

comment on function rhythm.who() is 'Who acts: the person that was named, else the role. Internal.';

create or replace function rhythm.record(p_act text, p_kind text, p_target text, p_why text default null, p_before jsonb default null, p_after jsonb default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.audit_entry (at, by, role, act, kind, target, why, before, after)
  values (rhythm.now(), rhythm.said_by(), rhythm.caller(), p_act, p_kind, p_target, left(nullif(p_why, ''), 2000), p_before, p_after);
end;
$$;

comment on function rhythm.record(text, text, text, text, jsonb, jsonb) is 'Records an act, in the transaction that does it. Internal.';

-- Any client starts, signals and cancels, and programs do so all day.
create or replace function rhythm.record_named(p_act text, p_ids uuid[], p_why text default null, p_after jsonb default null)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.said_by() is not null then
    perform rhythm.record(p_act, 'execution', i.id::text, p_why, p_after => p_after) from unnest(p_ids) as i (id);
  end if;
end;
$$;

comment on function rhythm.record_named(text, uuid[], text, jsonb) is 'Records what any client may do with executions, if somebody is named who does it. Internal.';

create or replace function rhythm.audit(p_filter jsonb default '{}', p_cursor bigint default null, p_limit integer default 100)
returns table (id bigint, at timestamptz, by text, role text, act text, kind text, target text, why text, before jsonb, after jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_known constant text[] := '{by,act,kind,target}';
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    perform rhythm.raise('RH001', 'A filter must be an object: {"kind": "queue", "target": "mail"}');
  elsif p_filter - c_known <> '{}' then
    perform rhythm.raise('RH001', 'There is no ' || rhythm.unknown_option(p_filter, c_known));
  elsif jsonb_path_exists(p_filter, '$.* ? (@.type() != "string")') then
    perform rhythm.raise('RH001', 'by, act, kind and target must be texts');
  elsif p_limit is null or p_limit not between 1 and 1000 then
    perform rhythm.raise('RH001', format('"%s" cannot be the limit: expected 1 to 1000', p_limit));
  end if;
  return query
  select a.id, a.at, a.by, a.role, a.act, a.kind, a.target, a.why, a.before, a.after
  from rhythm.audit_entry as a
  where (p_cursor is null or a.id < p_cursor)
    and (not p_filter ? 'by' or coalesce(a.by, a.role) = p_filter ->> 'by')
    and (not p_filter ? 'act' or a.act = p_filter ->> 'act')
    and (not p_filter ? 'kind' or a.kind = p_filter ->> 'kind')
    and (not p_filter ? 'target' or a.target = p_filter ->> 'target')
  order by a.id desc
  limit p_limit;
end;
$$;

comment on function rhythm.audit(jsonb, bigint, integer) is
  'What people did, the latest first: who (by: the name of a token, if one was used; role: the database role), what, to what, why, and what changed. p_filter: {by, act, kind, target}; p_cursor: the number of the last entry of the page before. '
  'Example: select * from rhythm.audit(''{"kind": "queue"}'');';

create or replace function rhythm.forget_acts(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant timestamptz := p_now - rhythm.setting('audit_retention')::interval;
  v_old constant bigint[] := array(
    select x.id from (select e.id, e.at from rhythm.audit_entry as e order by e.id limit p_limit) as x where x.at < v_before);
begin
  delete from rhythm.audit_entry as e where e.id = any (v_old);
  return cardinality(v_old) < p_limit;
end;
$$;

comment on function rhythm.forget_acts(integer, timestamptz) is 'Deletes records of acts that are older than the setting audit_retention; false: there is more. Part of chores().';
