-- Can check_inputs() enforce this schema? Checked once, when a flow is registered, so that no unknown or misspelt keyword is
-- ignored. Null means yes; else the first problem, with its path.

create or replace function rhythm.schema_problem(p_path text, p_rule text, p_sentence text)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'path', p_path,
    'rule', p_rule,
    'message', p_path || ': ' || p_sentence
  );
$$;

comment on function rhythm.schema_problem(text, text, text) is
  'The form in which check_schema() and check_inputs() report: {path, rule, message}.';

-- Checks the value of one keyword; null if it is well formed.
create or replace function rhythm.check_keyword(p_keyword text, p_value jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_types constant jsonb := '["string", "number", "integer", "boolean", "object", "array", "null"]';
  v_kind constant text := jsonb_typeof(p_value);
begin
  return case
    when p_keyword = 'type' and not (
      v_kind in ('string', 'array') and p_value <@ c_types and p_value <> '[]'
      and (v_kind = 'string' or jsonb_array_length(p_value) = (
        select count(distinct t.item) from jsonb_array_elements(p_value) as t(item)
      ))
    ) then 'must be one of string, number, integer, boolean, object, array, null, or a list of them'
    when p_keyword in ('minLength', 'maxLength', 'minItems', 'maxItems') and not (
      v_kind = 'number' and rhythm.is_whole(p_value) and p_value >= '0'
    ) then 'must be a whole number, zero or more'
    when p_keyword in ('minimum', 'maximum') and v_kind <> 'number' then 'must be a number'
    when p_keyword = 'nullable' and v_kind <> 'boolean' then 'must be true or false'
    when p_keyword = 'description' and v_kind <> 'string' then 'must be a string'
    when p_keyword = 'enum' and (v_kind <> 'array' or p_value = '[]') then 'must be a list of at least one value'
    when p_keyword = 'required' and not (
      v_kind = 'array' and not jsonb_path_exists(p_value, 'strict $[*] ? (@.type() <> "string")')
    ) then 'must be a list of property names'
    when p_keyword in ('properties', 'items') and v_kind <> 'object' then 'must be an object'
    when p_keyword = 'anyOf' and (v_kind <> 'array' or p_value = '[]') then 'must be a list of at least one schema'
    when p_keyword = 'additionalProperties' and v_kind not in ('boolean', 'object')
      then 'must be true, false or a schema'
    when p_keyword not in (
      'type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'const', 'minimum', 'maximum',
      'minLength', 'maxLength', 'minItems', 'maxItems', 'anyOf', 'nullable', 'description', 'default'
    ) then 'is not a supported keyword; supported are type, properties, required, additionalProperties, '
      'items, enum, const, minimum, maximum, minLength, maxLength, minItems, maxItems, anyOf, nullable, '
      'description and default'
  end;
end;
$$;

comment on function rhythm.check_keyword(text, jsonb) is
  'What is wrong with one keyword of an input schema, as a phrase; null if it is well formed.';

-- The schemas directly inside one schema, each with its path.
create or replace function rhythm.inner_schemas(p_schema jsonb, p_path text)
returns setof rhythm.inner_schema
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_path || '.properties' || rhythm.json_step(e.key), e.value
  from jsonb_each(p_schema -> 'properties') as e
  union all
  select p_path || '.anyOf[' || (a.nth - 1) || ']', a.schema
  from jsonb_array_elements(p_schema -> 'anyOf') with ordinality as a(schema, nth)
  union all
  select p_path || '.items', p_schema -> 'items'
  where p_schema ? 'items'
  union all
  select p_path || '.additionalProperties', p_schema -> 'additionalProperties'
  where jsonb_typeof(p_schema -> 'additionalProperties') = 'object';
$$;

comment on function rhythm.inner_schemas(jsonb, text) is
  'The schemas directly inside a schema (properties, anyOf, items, additionalProperties), each with its path.';

create or replace function rhythm.check_schema(p_schema jsonb, p_path text default 'input')
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_deepest constant integer := 64;
  v_todo rhythm.inner_schema[] := array[row(p_path, p_schema)::rhythm.inner_schema];
  v_next rhythm.inner_schema[];
  v_problem jsonb;
begin
  -- Level by level instead of recursion, so that a deep schema does not need a deep stack.
  for v_level in 1 .. c_deepest loop
    select rhythm.schema_problem(s.path, k.keyword, k.keyword || ' ' || k.expected)
    into v_problem
    from unnest(v_todo) with ordinality as s(path, schema, nth)
    cross join lateral (
      select 'schema', 'must be a JSON object'
      where jsonb_typeof(s.schema) is distinct from 'object'
      union all
      select e.key, rhythm.check_keyword(e.key, e.value)
      from jsonb_each(case when jsonb_typeof(s.schema) = 'object' then s.schema else '{}' end) as e
      union all
      select 'nullable', 'needs a "type" beside it'
      where s.schema ? 'nullable' and not s.schema ? 'type'
    ) as k(keyword, expected)
    where k.expected is not null
    order by s.nth, k.keyword
    limit 1;

    if v_problem is not null then
      return v_problem;
    end if;

    select array_agg(row(i.path, i.schema)::rhythm.inner_schema order by s.nth, i.path)
    into v_next
    from unnest(v_todo) with ordinality as s(path, schema, nth)
    cross join lateral rhythm.inner_schemas(s.schema, s.path) as i;

    exit when v_next is null;
    v_todo := v_next;
  end loop;

  if v_next is not null then
    return rhythm.schema_problem(v_todo[1].path, 'schema', format('nested deeper than %s levels', c_deepest));
  end if;
  return null;
end;
$$;

comment on function rhythm.check_schema(jsonb, text) is
  'Null if the schema uses only the supported subset of JSON Schema, correctly; else {path, rule, message} of the '
  'first problem. Called where flows are registered.';
