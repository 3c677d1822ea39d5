-- Finding executions by variables.

create or replace function rhythm.variables_problem(p_variables jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_typeof(p_variables) is distinct from 'object' or p_variables = '{}'
    or exists (select from jsonb_each(p_variables) as v (key, value) where jsonb_typeof(v.value) not in ('string', 'number', 'boolean'));
end;
$$;

comment on function rhythm.variables_problem(jsonb) is 'Whether this is no object of variables and their values. Internal.';

create or replace function rhythm.variable_tags(p_variables jsonb)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select v.key || '=' || left(v.value, 200) from jsonb_each_text(p_variables) as v (key, value) order by v.key);
end;
$$;

comment on function rhythm.variable_tags(jsonb) is 'What the tags of an execution contain that has these variables. Internal.';

create or replace function rhythm.found_by(p_program jsonb)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(i.value #>> '{}' order by i.nth)
  from jsonb_array_elements(case jsonb_typeof(p_program -> 'index') when 'array' then p_program -> 'index' else '[]' end) with ordinality as i (value, nth)
  where jsonb_typeof(i.value) = 'string';
$$;

comment on function rhythm.found_by(jsonb) is 'The variables that workflows of a program are found by; null: none. Internal.';

-- What has not begun has its inputs only. As tagsOf() of the language does it.
create or replace function rhythm.first_tags(p_names text[], p_inputs jsonb)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.stored_tags(array_agg(distinct n.name || '=' || left(case jsonb_typeof(v.value) when 'number' then trim_scale((v.value #>> '{}')::numeric)::text else v.value #>> '{}' end, 200)))
  from unnest(p_names) as n (name)
  cross join lateral (select p_inputs #> string_to_array(n.name, '.') as value) as f
  cross join lateral jsonb_array_elements(case jsonb_typeof(f.value) when 'array' then jsonb_path_query_array(f.value, '$[0 to 19]') else jsonb_build_array(f.value) end) as v (value)
  where jsonb_typeof(v.value) in ('string', 'number', 'boolean');
$$;

comment on function rhythm.first_tags(text[], jsonb) is 'What a workflow is found by before it begins. Internal.';

create or replace function rhythm.find(p_variables jsonb)
returns setof uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.variables_problem(p_variables) then
    perform rhythm.raise('RH001', 'p_variables must be an object of texts, numbers and booleans: {"orderId": "1042"}');
  end if;
  return query
  with found as materialized (
    select e.id from rhythm.execution as e where e.tags is not null and e.tags @> rhythm.variable_tags(p_variables)
  )
  select f.id from found as f order by f.id desc;
end;
$$;

comment on function rhythm.find(jsonb) is
  'The executions that have these variables now, or had them last, the newest first. Flows name the variables in the front matter (index: [orderId, customer.id]), others set them with tag(). '
  'Example: select e.* from rhythm.find(''{"orderId": "1042"}'') as f (id) join rhythm.executions as e on e.id = f.id;';
