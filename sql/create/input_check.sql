-- Does a value match a schema? Null means yes; else the path into the value and the rule that it breaks.
-- The schema has passed check_schema(), so its form is not checked again. The depth of the recursion is the depth of the
-- schema, not of the value.

create or replace function rhythm.has_type(p_value jsonb, p_type jsonb, p_nullable boolean)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_type is null then true
    when p_nullable and jsonb_typeof(p_value) = 'null' then true
    when jsonb_typeof(p_value) = 'number' and p_type ? 'integer' and rhythm.is_whole(p_value) then true
    else p_type ? jsonb_typeof(p_value)
  end;
$$;

comment on function rhythm.has_type(jsonb, jsonb, boolean) is
  'Whether a JSON value has a schema''s type: a name, or a list of names, one of which must fit.';

-- The rules for the value itself, without its members; the first that it breaks, as its keyword.
create or replace function rhythm.broken_rule(p_schema jsonb, p_value jsonb)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when not rhythm.has_type(p_value, p_schema -> 'type', p_schema -> 'nullable' = 'true') then 'type'
    when p_schema ? 'const' and p_value <> p_schema -> 'const' then 'const'
    when p_schema ? 'enum' and not exists (
      select from jsonb_array_elements(p_schema -> 'enum') as a(allowed) where a.allowed = p_value
    ) then 'enum'
    else case jsonb_typeof(p_value)
      when 'number' then case
        when p_value::numeric < (p_schema ->> 'minimum')::numeric then 'minimum'
        when p_value::numeric > (p_schema ->> 'maximum')::numeric then 'maximum'
      end
      when 'string' then case
        when length(p_value #>> '{}') < (p_schema ->> 'minLength')::numeric then 'minLength'
        when length(p_value #>> '{}') > (p_schema ->> 'maxLength')::numeric then 'maxLength'
      end
      when 'array' then case
        when jsonb_array_length(p_value) < (p_schema ->> 'minItems')::numeric then 'minItems'
        when jsonb_array_length(p_value) > (p_schema ->> 'maxItems')::numeric then 'maxItems'
      end
    end
  end;
$$;

comment on function rhythm.broken_rule(jsonb, jsonb) is
  'The keyword of the first rule of a schema that a value itself breaks, without its members; null if none.';

-- The message for a broken rule: what was expected, and what was given.
create or replace function rhythm.rule_sentence(p_schema jsonb, p_rule text, p_value jsonb)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case p_rule
    when 'type' then format(
      'expected %s, got %s',
      replace(trim(both '[]"' from (p_schema -> 'type')::text), '", "', ' or '),
      case when p_value is null then 'nothing' else jsonb_typeof(p_value) end)
    when 'const' then format('expected %s', left((p_schema -> 'const')::text, 200))
    when 'enum' then format('expected one of %s', left((p_schema -> 'enum')::text, 200))
    when 'minimum' then format('expected at least %s, got %s', p_schema -> 'minimum', p_value)
    when 'maximum' then format('expected at most %s, got %s', p_schema -> 'maximum', p_value)
    when 'minLength' then format('expected at least %s characters, got %s', p_schema -> 'minLength', length(p_value #>> '{}'))
    when 'maxLength' then format('expected at most %s characters, got %s', p_schema -> 'maxLength', length(p_value #>> '{}'))
    when 'minItems' then format('expected at least %s items, got %s', p_schema -> 'minItems', jsonb_array_length(p_value))
    when 'maxItems' then format('expected at most %s items, got %s', p_schema -> 'maxItems', jsonb_array_length(p_value))
    when 'required' then 'is required'
    when 'additionalProperties' then 'is not a known property'
    when 'anyOf' then format('fits none of the %s alternatives', jsonb_array_length(p_schema -> 'anyOf'))
  end;
$$;

comment on function rhythm.rule_sentence(jsonb, text, jsonb) is 'The message for a broken rule: what was expected, and what was given.';
