-- check_inputs(): checks a whole value against a schema. input_check.sql has the rules for a single value.

-- The members of an object or array for which the schema has a schema.
create or replace function rhythm.inner_values(p_schema jsonb, p_value jsonb, p_path text)
returns setof rhythm.inner_value
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_path || rhythm.json_step(m.key), m.value, s.schema
  from jsonb_each(case when jsonb_typeof(p_value) = 'object' then p_value else '{}' end) as m
  cross join lateral (
    select coalesce(p_schema #> array['properties', m.key], p_schema -> 'additionalProperties')
  ) as s(schema)
  where jsonb_typeof(s.schema) = 'object'
  union all
  select p_path || '[' || (i.nth - 1) || ']', i.item, p_schema -> 'items'
  from jsonb_array_elements(case when jsonb_typeof(p_value) = 'array' and p_schema ? 'items' then p_value else '[]' end)
    with ordinality as i(item, nth);
$$;

comment on function rhythm.inner_values(jsonb, jsonb, text) is
  'The members of a value for which a schema has a schema, each with its path.';

-- The properties that an object lacks, or must not have; null if there are none.
create or replace function rhythm.key_problem(p_schema jsonb, p_value jsonb, p_path text)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.schema_problem(
    p_path || rhythm.json_step(k.key), k.rule, format('%s (%s)', rhythm.rule_sentence(p_schema, k.rule, null), k.rule))
  from (
    select r.key, 'required', 1, r.nth
    from jsonb_array_elements_text(p_schema -> 'required') with ordinality as r(key, nth)
    where not p_value ? r.key
    union all
    select o.key, 'additionalProperties', 2, o.nth
    from jsonb_object_keys(p_value) with ordinality as o(key, nth)
    where p_schema -> 'additionalProperties' = 'false' and not coalesce(p_schema -> 'properties' ? o.key, false)
  ) as k(key, rule, weight, nth)
  order by k.weight, k.nth
  limit 1;
$$;

comment on function rhythm.key_problem(jsonb, jsonb, text) is
  'The first missing or unknown property of an object under a schema, as {path, rule, message}; null if none.';

create or replace function rhythm.check_inputs(p_schema jsonb, p_value jsonb, p_path text default 'inputs')
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_value constant jsonb := coalesce(p_value, 'null');
  v_rule text;
  v_problem jsonb;
begin
  if p_schema is null or p_schema = '{}' then
    return null;
  end if;

  v_rule := rhythm.broken_rule(p_schema, v_value);
  if v_rule is null and p_schema ? 'anyOf' and not exists (
    select from jsonb_array_elements(p_schema -> 'anyOf') as a(alternative)
    where rhythm.check_inputs(a.alternative, v_value, p_path) is null
  ) then
    v_rule := 'anyOf';
  end if;
  if v_rule is not null then
    return rhythm.schema_problem(
      p_path, v_rule, format('%s (%s)', rhythm.rule_sentence(p_schema, v_rule, v_value), v_rule));
  end if;

  if jsonb_typeof(v_value) = 'object' then
    v_problem := rhythm.key_problem(p_schema, v_value, p_path);
  end if;
  if v_problem is null and jsonb_typeof(v_value) in ('object', 'array') then
    select c.problem
    into v_problem
    from rhythm.inner_values(p_schema, v_value, p_path) as i
    cross join lateral rhythm.check_inputs(i.schema, i.value, i.path) as c(problem)
    where c.problem is not null
    limit 1;
  end if;
  return v_problem;
end;
$$;

comment on function rhythm.check_inputs(jsonb, jsonb, text) is
  'Null if the value matches the schema; else {path, rule, message} of the first rule that it breaks. '
  'A schema of null accepts everything; a value of null is JSON null.';
