// Generated from sql/ by `deno task gen`. Do not edit.
// deno-fmt-ignore-file

/** One file of the engine. */
export interface SchemaFile {
  /** Its name in sql/: the number is the order. */
  readonly name: string;
  /** Structure is applied once, behaviour again whenever it changed. */
  readonly kind: "structure" | "behaviour";
  /** The SHA-256 of its text, in hexadecimal. */
  readonly checksum: string;
  /** The file itself. */
  readonly text: string;
}

/** The version of the library that these files belong to. */
export const libraryVersion = "0.1.0";

/** The engine, in the order of installation. */
export const schemaFiles: readonly SchemaFile[] = [
  {
    name: "000_installation.sql",
    kind: "structure",
    checksum: "b69d4dcfdebbeeb42fa818dd9998e5c5f289caad60adf44a202768625c2edf70",
    text: `-- What is installed here: one row a file of the library. The installer reads it to know what is left to do.

create table rhythm.installation (
  file text primary key,
  kind text not null constraint kind_known check (kind in ('structure', 'behaviour')),
  checksum text not null,
  library_version text not null,
  installed_at timestamptz not null default clock_timestamp()
);

comment on table rhythm.installation is
  'The files of the library that were applied here. Structure is applied once and never changes; behaviour is applied again whenever it changed.';

create table rhythm.installed_object (
  identity text primary key,
  kind text not null constraint kind_known check (kind in ('function', 'procedure', 'view'))
);

comment on table rhythm.installed_object is
  'The functions and views that behaviour files made. One that a newer library no longer makes is dropped by its installer.';

create table rhythm.installation_note (
  note text primary key
);

comment on table rhythm.installation_note is
  'What the last installation had to leave out for want of a right, and how to make up for it. Empty: nothing.';
`,
  },
  {
    name: "050_schema_types.sql",
    kind: "structure",
    checksum: "bec57fec671ace964342b8d1ccfcfff98234c080d2ef2f68c01b7a991bd6412b",
    text: `-- Row shapes inside the input check (410, 425).

create type rhythm.inner_schema as (path text, schema jsonb);
comment on type rhythm.inner_schema is 'A schema inside a schema, with its path.';

create type rhythm.inner_value as (path text, value jsonb, schema jsonb);
comment on type rhythm.inner_value is 'A member of a value, with its path and the schema it must satisfy.';
`,
  },
  {
    name: "055_cron_types.sql",
    kind: "structure",
    checksum: "115c366a3847f5d6986c5fc7c792515587207decfa4a0cb0eb3c28de0ae20941",
    text: `-- A cron expression, parsed (500).

create type rhythm.cron_times as (
  seconds integer[],
  minutes integer[],
  hours integer[],
  days integer[],
  months integer[],
  weekdays integer[],
  nth_weekdays integer[],
  last_day boolean,
  any_day boolean,
  any_weekday boolean,
  by_clock boolean
);

comment on type rhythm.cron_times is
  'A parsed cron expression. Weekdays run from 0, Sunday; nth_weekdays holds weekday * 10 + n with n = 6 for the last '
  'of the month; by_clock says that seconds, minutes and hours are all fixed, so that a change of clocks may neither '
  'lose nor repeat a run.';
`,
  },
  {
    name: "060_schedules.sql",
    kind: "structure",
    checksum: "c57cae7c27ad00b3b365e224fc23e24de8eb869a49e865d4edccbc645f8be48a",
    text: `-- Schedules. One row each, locked by whoever fires it: the cursor (next_slot) moves in the same transaction in
-- which its execution is created, so that no time fires twice.

create table rhythm.schedule_entry (
  name text not null,
  cron text not null,
  timezone text not null,
  type text not null,
  target text not null,
  inputs jsonb not null,
  options jsonb not null,
  overlap text not null,
  catch_up text not null,
  jitter interval not null,
  next_slot timestamptz not null,
  due_at timestamptz not null,
  queued_slots timestamptz[] not null default '{}',
  active uuid[] not null default '{}',
  paused_at timestamptz,
  last_slot timestamptz,
  last_fired_at timestamptz,
  last_execution_id uuid,
  last_error jsonb,
  fired bigint not null default 0,
  skipped bigint not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint schedule_entry_pkey primary key (name),
  constraint type_known check (type in ('workflow', 'task')),
  constraint overlap_known check (overlap in ('skip', 'queue', 'allow', 'cancel')),
  constraint catch_up_known check (catch_up in ('none', 'one', 'all')),
  constraint options_is_object check (jsonb_typeof(options) = 'object'),
  constraint jitter_within_a_day check (jitter between interval '0' and interval '1 day')
);

create index schedule_entry_due on rhythm.schedule_entry (due_at) where paused_at is null;

comment on table rhythm.schedule_entry is
  'What runs when. Read it through the view schedules; change it with schedule() and its sisters.';
comment on column rhythm.schedule_entry.next_slot is 'The first time of the cron expression that is not dealt with yet.';
comment on column rhythm.schedule_entry.due_at is 'When to look at this schedule: next_slot and its jitter, or sooner while slots are queued.';
comment on column rhythm.schedule_entry.queued_slots is 'With overlap queue: slots that wait for the execution before them to end.';
comment on column rhythm.schedule_entry.active is 'Executions of this schedule that were not over when it last fired.';
comment on column rhythm.schedule_entry.options is 'Options of every execution, in the form of create_many().';
comment on column rhythm.schedule_entry.last_error is 'Why the last slot could not be started: {code, message, slot}; null once one starts again.';
comment on column rhythm.schedule_entry.skipped is 'Slots that overlap left out.';
comment on index rhythm.schedule_entry_due is 'What fire_schedules() asks: which schedules are due, and when the next one is.';
`,
  },
  {
    name: "100_ground.sql",
    kind: "behaviour",
    checksum: "d8eee7c6f374262db84a0c7d391a2218f303af62536b186e521fe707e9ae608b",
    text: `-- What every other function stands on: the clock and the way errors are raised.

-- The only clock of the engine. Tests move it: set rhythm_clock.at to a moment, or rhythm_clock.offset to an
-- interval, for a session or a database.
create or replace function rhythm.now()
returns timestamptz
language sql
volatile
set search_path = ''
as $$
  select coalesce(
    nullif(current_setting('rhythm_clock.at', true), '')::timestamptz,
    clock_timestamp() + coalesce(nullif(current_setting('rhythm_clock.offset', true), ''), '0')::interval
  );
$$;

comment on function rhythm.now() is
  'The engine''s clock: the time of day, unless a test set rhythm_clock.at (a moment) or rhythm_clock.offset (an interval).';

create or replace function rhythm.raise(
  p_code text,
  p_message text,
  p_hint text default null,
  p_detail text default null
)
returns text
language plpgsql
volatile
set search_path = ''
as $$
begin
  raise exception using
    errcode = p_code,
    message = p_message,
    hint = coalesce(p_hint, ''),
    detail = coalesce(p_detail, '');
end;
$$;

comment on function rhythm.raise(text, text, text, text) is
  'Raises an error of class RH: code, sentence, and where there is one, what to do. Never returns.';
`,
  },
  {
    name: "400_names.sql",
    kind: "behaviour",
    checksum: "98bfaf22d1a4c7d74da85ffa55a77eaa1380d57b25339892d4187d515239b6c7",
    text: `-- What may be a name. One rule for flows, tasks, queues, signals, schedules and workers: names travel through
-- URLs, metrics, file names and psql without quoting. Keys (idempotency, concurrency) are the caller's own text.

create or replace function rhythm.name_problem(p_kind text, p_name text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when p_name is null then format('A %s is missing: expected a text', p_kind)
    when p_kind like '%key' then case
      when length(p_name) not between 1 and 500 then
        format('The %s has %s characters: expected 1 to 500', p_kind, length(p_name))
      when p_name ~ '[[:cntrl:]]' then format('The %s contains a control character', p_kind)
    end
    when length(p_name) not between 1 and 200 then
      format('The %s name has %s characters: expected 1 to 200', p_kind, length(p_name))
    when p_name !~ '^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]*$' then
      format('"%s" cannot be a %s name: expected letters, digits and _ . : / @ + -, '
        'starting with a letter, a digit or _', left(p_name, 60), p_kind)
  end;
$$;

comment on function rhythm.name_problem(text, text) is
  'The sentence that says why a text cannot be a name of this kind (flow, task, queue, signal, schedule, worker, '
  'or a kind that ends in "key"); null if it can.';

create or replace function rhythm.check_name(p_kind text, p_name text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_problem constant text := rhythm.name_problem(p_kind, p_name);
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
end;
$$;

comment on function rhythm.check_name(text, text) is
  'An error if a text cannot be a name of this kind; see name_problem().';
`,
  },
  {
    name: "405_json.sql",
    kind: "behaviour",
    checksum: "5adbe13d176ae2d71c43b27f7d3602451333c09390ffdf060a18f8e0657762bd",
    text: `-- Small questions about JSON, shared by the input check.

create or replace function rhythm.json_step(p_key text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when p_key ~ '^[A-Za-z_$][A-Za-z0-9_$]*$' then '.' || p_key else '[' || to_jsonb(p_key)::text || ']' end;
$$;

comment on function rhythm.json_step(text) is 'One step of a path into JSON, as JavaScript would write it: .key or ["any key"].';

create or replace function rhythm.is_whole(p_value jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select p_value::numeric = trunc(p_value::numeric);
$$;

comment on function rhythm.is_whole(jsonb) is 'Whether a JSON number is an integer: 1 and 1.0 are.';
`,
  },
  {
    name: "410_schema_check.sql",
    kind: "behaviour",
    checksum: "bdffe979c6c0b5652f05e2f9c9d97b3511861cb494955f709b01d454ebb6bf76",
    text: `-- Is this a schema that check_inputs() can enforce? Asked once, when a flow is registered, so that no
-- unknown or misspelt keyword ever passes silently. Null means yes; else the first problem, with its path.

create or replace function rhythm.schema_problem(p_path text, p_rule text, p_sentence text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'path', p_path,
    'rule', p_rule,
    'message', p_path || ': ' || p_sentence
  );
$$;

comment on function rhythm.schema_problem(text, text, text) is
  'The shape in which check_schema() and check_inputs() report: {path, rule, message}.';

-- One keyword against the form its value must have; null when it is well formed.
create or replace function rhythm.check_keyword(p_keyword text, p_value jsonb)
returns text
language plpgsql
immutable
set search_path = ''
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
  'What is wrong with one keyword of an input schema, as a phrase; null when it is well formed.';

-- The schemas directly inside one schema, each with its path.
create or replace function rhythm.inner_schemas(p_schema jsonb, p_path text)
returns setof rhythm.inner_schema
language sql
immutable
set search_path = ''
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
set search_path = ''
as $$
declare
  c_deepest constant integer := 64;
  v_todo rhythm.inner_schema[] := array[row(p_path, p_schema)::rhythm.inner_schema];
  v_next rhythm.inner_schema[];
  v_problem jsonb;
begin
  -- Level by level instead of recursion: the depth of a schema must not be the depth of our stack.
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
`,
  },
  {
    name: "420_input_check.sql",
    kind: "behaviour",
    checksum: "aaa412409d39c44426b135ee60eb56484006c4ebc4b11d82c0ee36d3f6b30748",
    text: `-- Do these inputs satisfy this schema? Null means yes; else the path into the value and the rule that broke.
-- The schema has passed check_schema(): what is malformed here is not looked for again. The depth of the
-- recursion is the depth of the schema, never that of the value.

create or replace function rhythm.has_type(p_value jsonb, p_type jsonb, p_nullable boolean)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case
    when p_type is null then true
    when p_nullable and jsonb_typeof(p_value) = 'null' then true
    when jsonb_typeof(p_value) = 'number' and p_type ? 'integer' and rhythm.is_whole(p_value) then true
    else p_type ? jsonb_typeof(p_value)
  end;
$$;

comment on function rhythm.has_type(jsonb, jsonb, boolean) is
  'Whether a JSON value has a schema''s type: a name, or a list of names of which one must fit.';

-- The rules that need no look inside the value; the first that breaks, as its keyword.
create or replace function rhythm.broken_rule(p_schema jsonb, p_value jsonb)
returns text
language sql
immutable
set search_path = ''
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
  'The keyword of the first rule of a schema that a value breaks by itself, its members aside; null if none.';

-- The sentence for a broken rule: what was expected, what came.
create or replace function rhythm.rule_sentence(p_schema jsonb, p_rule text, p_value jsonb)
returns text
language sql
immutable
set search_path = ''
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

comment on function rhythm.rule_sentence(jsonb, text, jsonb) is 'What a broken rule expected and what came, for people.';
`,
  },
  {
    name: "425_check_inputs.sql",
    kind: "behaviour",
    checksum: "a40ff617cf83e6020f2c743575f8be9128433262a630e3f85c314b71b5626dda",
    text: `-- check_inputs(): a value against a schema, whole. See 420 for the rules of a single value.

-- The members of an object or array that have a schema of their own to satisfy.
create or replace function rhythm.inner_values(p_schema jsonb, p_value jsonb, p_path text)
returns setof rhythm.inner_value
language sql
immutable
set search_path = ''
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

-- The names an object lacks, or has too many of; null if none.
create or replace function rhythm.key_problem(p_schema jsonb, p_value jsonb, p_path text)
returns jsonb
language sql
immutable
set search_path = ''
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
set search_path = ''
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
  'Null if the value satisfies the schema; else {path, rule, message} of the first rule that broke. '
  'A schema of null accepts everything; a value of null is JSON null.';
`,
  },
  {
    name: "500_cron_parse.sql",
    kind: "behaviour",
    checksum: "09c40df7be1c10556aedc03a3f525da5c1747941c62cda9585c081a263c3033d",
    text: `-- From the text of a cron expression to rhythm.cron_times. Every refusal names the field and what it may hold.

create or replace function rhythm.cron_refuse(p_field text, p_text text, p_expected text)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  perform rhythm.raise('RH001', format('"%s" cannot be the %s of a cron expression: expected %s', p_text, p_field, p_expected));
  return null;
end;
$$;

comment on function rhythm.cron_refuse(text, text, text) is 'Refuses one field of a cron expression, by name.';

-- A number, or a name such as jan or MON, within the bounds of its field.
create or replace function rhythm.cron_value(p_text text, p_field text, p_low integer, p_high integer, p_names text[])
returns integer
language sql
immutable
set search_path = ''
as $$
  select coalesce(
    case when p_text ~ '^\\d{1,4}$' and p_text::integer between p_low and p_high then p_text::integer end,
    array_position(p_names, lower(p_text)) - 1 + p_low,
    rhythm.cron_refuse(p_field, p_text, format('%s to %s%s', p_low, p_high,
      case when p_names is not null then format(' or %s to %s', p_names[1], p_names[cardinality(p_names)]) else '' end))
  );
$$;

comment on function rhythm.cron_value(text, text, integer, integer, text[]) is
  'One value of a cron field: a number within its bounds or one of its names.';

-- One comma-separated element: * · 5 · 1-5 · */10 · 1-30/5 · 5/15 (from 5 on, every 15).
create or replace function rhythm.cron_element(p_text text, p_field text, p_low integer, p_high integer, p_names text[])
returns integer[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_parts constant text[] := regexp_match(p_text, '^(\\*|[A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?(?:/(\\d{1,4}))?$');
  v_from integer;
  v_to integer;
  v_step constant integer := v_parts[3]::integer;
begin
  if v_parts is null or (v_parts[1] = '*' and v_parts[2] is not null) then
    perform rhythm.cron_refuse(p_field, p_text, 'a value, a range (1-5), a step (*/10) or a list of these');
  end if;
  if v_step not between 1 and p_high then
    perform rhythm.cron_refuse(p_field, p_text, format('a step from 1 to %s', p_high));
  end if;

  if v_parts[1] = '*' then
    v_from := p_low;
    v_to := p_high;
  else
    v_from := rhythm.cron_value(v_parts[1], p_field, p_low, p_high, p_names);
    v_to := case
      when v_parts[2] is not null then rhythm.cron_value(v_parts[2], p_field, p_low, p_high, p_names)
      when v_step is not null then p_high
      else v_from
    end;
  end if;
  -- Sunday may close a range by its name as well as by 7.
  if p_field = 'weekday' and v_to = 0 and v_from > 0 then
    v_to := 7;
  end if;
  if v_from > v_to then
    perform rhythm.cron_refuse(p_field, p_text, 'a range that goes up; write two ranges to go past the end');
  end if;
  return array(select generate_series(v_from, v_to, coalesce(v_step, 1)));
end;
$$;

comment on function rhythm.cron_element(text, text, integer, integer, text[]) is
  'The values of one element of a cron field.';

create or replace function rhythm.cron_field(p_text text, p_field text, p_low integer, p_high integer, p_names text[] default null)
returns integer[]
language sql
immutable
set search_path = ''
as $$
  select array(
    select distinct u.value
    from unnest(string_to_array(p_text, ',')) as e(element)
    cross join lateral unnest(rhythm.cron_element(e.element, p_field, p_low, p_high, p_names)) as u(value)
    order by u.value
  );
$$;

comment on function rhythm.cron_field(text, text, integer, integer, text[]) is
  'The values of one cron field, ascending.';

-- The five or six fields of an expression, its @form spelt out, with the seconds first.
create or replace function rhythm.cron_split(p_cron text)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_text constant text := case lower(btrim(p_cron))
    when '@yearly' then '0 0 1 1 *'
    when '@annually' then '0 0 1 1 *'
    when '@monthly' then '0 0 1 * *'
    when '@weekly' then '0 0 * * 0'
    when '@daily' then '0 0 * * *'
    when '@midnight' then '0 0 * * *'
    when '@hourly' then '0 * * * *'
    else btrim(p_cron, E' \\t\\n\\r')
  end;
  v_fields constant text[] := regexp_split_to_array(v_text, '\\s+');
begin
  if cardinality(v_fields) = 6 then
    return v_fields;
  elsif cardinality(v_fields) = 5 then
    return array['0'] || v_fields;
  end if;
  return array[rhythm.raise('RH001', format(
    '"%s" is not a cron expression: expected five fields (minute hour day month weekday), six with the second first, '
    'or one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually', left(p_cron, 100)))::text];
end;
$$;

comment on function rhythm.cron_split(text) is
  'The six fields of a cron expression: second, minute, hour, day, month, weekday.';
`,
  },
  {
    name: "505_cron_times.sql",
    kind: "behaviour",
    checksum: "b2e8d467ef8249ab87ee97eaf8ec49a041bd6b8cccb1c374b1063a4755ef6e61",
    text: `-- cron_parse(): the fields that need more than numbers (days of the month, weekdays), and the whole.

-- Weekdays of the form 2#1 (the first Tuesday) and 5L (the last Friday), as weekday * 10 + n, n = 6 for the last.
create or replace function rhythm.cron_nth_weekdays(p_text text)
returns integer[]
language sql
immutable
set search_path = ''
as $$
  select array(
    select distinct rhythm.cron_value(m.parts[1], 'weekday', 0, 7, array['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']) % 7 * 10
      + coalesce(m.parts[2]::integer, 6) as code
    from unnest(string_to_array(p_text, ',')) as e(element)
    cross join lateral regexp_match(e.element, '^([A-Za-z]{3}|\\d)(?:#([1-5])|[lL])$') as m(parts)
    where m.parts is not null
    order by code
  );
$$;

comment on function rhythm.cron_nth_weekdays(text) is
  'The elements of a weekday field that name one week of the month: 2#1, friL.';

create or replace function rhythm.cron_weekdays(p_text text)
returns integer[]
language sql
immutable
set search_path = ''
as $$
  select array(
    select distinct u.value % 7 as weekday
    from unnest(string_to_array(p_text, ',')) as e(element)
    cross join lateral unnest(rhythm.cron_element(
      e.element, 'weekday', 0, case when e.element ~ '^(\\*|[^-]+/)' then 6 else 7 end,
      array['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
    )) as u(value)
    where e.element !~ '^([A-Za-z]{3}|\\d)(#[1-5]|[lL])$'
    order by weekday
  );
$$;

comment on function rhythm.cron_weekdays(text) is
  'The plain weekdays of a weekday field, 0 for Sunday (7 is Sunday too).';

create or replace function rhythm.cron_parse(p_cron text)
returns rhythm.cron_times
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_fields constant text[] := rhythm.cron_split(p_cron);
  v_days constant text := replace(v_fields[4], '?', '*');
  v_weekdays constant text := replace(v_fields[6], '?', '*');
  v_times rhythm.cron_times;
begin
  v_times.seconds := rhythm.cron_field(v_fields[1], 'second', 0, 59);
  v_times.minutes := rhythm.cron_field(v_fields[2], 'minute', 0, 59);
  v_times.hours := rhythm.cron_field(v_fields[3], 'hour', 0, 23);
  v_times.last_day := 'L' = any(string_to_array(upper(v_days), ','));
  v_times.days := rhythm.cron_field(
    array_to_string(array_remove(string_to_array(upper(v_days), ','), 'L'), ','), 'day', 1, 31);
  v_times.months := rhythm.cron_field(v_fields[5], 'month', 1, 12, array[
    'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']);
  v_times.weekdays := rhythm.cron_weekdays(v_weekdays);
  v_times.nth_weekdays := rhythm.cron_nth_weekdays(v_weekdays);
  v_times.any_day := v_days = '*';
  v_times.any_weekday := v_weekdays = '*';
  v_times.by_clock := position('*' in v_fields[1] || v_fields[2] || v_fields[3]) = 0;

  if rhythm.cron_day(v_times, '2000-01-01') is null then
    perform rhythm.raise('RH001', format('The cron expression "%s" never fires: no month has such a day', p_cron));
  end if;
  return v_times;
end;
$$;

comment on function rhythm.cron_parse(text) is
  'A cron expression as the times it names; an error that names the field if it is malformed, or says that it never '
  'fires. Five fields, or six with the second first; lists, ranges, steps, names; L (last day), 5L (last Friday), '
  '2#1 (first Tuesday); @hourly to @yearly. A day and a weekday that are both given are alternatives, as in cron.';
`,
  },
  {
    name: "510_cron_calendar.sql",
    kind: "behaviour",
    checksum: "3ecbdb46a8e44df1d0c41cdc76c96b2620b35ff3a7c6e4fbd1e95677c87b4028",
    text: `-- The calendar part of cron, on wall clocks: no time zone here, and no clock that jumps. Pure.

-- The first day on or after p_from that an expression names; null if the next 60 years have none.
-- Sixty years: a fifth Tuesday in February, across a year 2100 that is no leap year, is 40 years away.
create or replace function rhythm.cron_day(p_times rhythm.cron_times, p_from date)
returns date
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_from date := p_from;
  v_month_end date;
  v_day date;
begin
  while v_from < p_from + interval '60 years' loop
    v_month_end := (date_trunc('month', v_from::timestamp) + interval '1 month')::date - 1;
    if extract(month from v_from)::integer = any(p_times.months) then
      select min(d.day)
      into v_day
      from generate_series(0, v_month_end - v_from) as n(offset_days)
      cross join lateral (select v_from + n.offset_days) as d(day)
      where rhythm.cron_names_day(p_times, d.day, v_month_end);
      if v_day is not null then
        return v_day;
      end if;
    end if;
    v_from := v_month_end + 1;
  end loop;
  return null;
end;
$$;

comment on function rhythm.cron_day(rhythm.cron_times, date) is
  'The first day on or after a date that a cron expression names; null if there is none for 60 years.';

-- The OR rule of cron: with both a day and a weekday given, either is enough.
create or replace function rhythm.cron_names_day(p_times rhythm.cron_times, p_day date, p_month_end date)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case
    when p_times.any_day and p_times.any_weekday then true
    when p_times.any_day then w.named
    when p_times.any_weekday then m.named
    else w.named or m.named
  end
  from (select extract(day from p_day)::integer, extract(dow from p_day)::integer) as d(day, weekday)
  cross join lateral (
    select d.day = any(p_times.days) or (p_times.last_day and p_day = p_month_end)
  ) as m(named)
  cross join lateral (
    select d.weekday = any(p_times.weekdays)
      or d.weekday * 10 + (d.day + 6) / 7 = any(p_times.nth_weekdays)
      or (p_day > p_month_end - 7 and d.weekday * 10 + 6 = any(p_times.nth_weekdays))
  ) as w(named);
$$;

comment on function rhythm.cron_names_day(rhythm.cron_times, date, date) is
  'Whether a cron expression names a day, given the last day of its month; hours and months aside.';

-- The first time of day at or after p_from; null if the day has no more.
create or replace function rhythm.cron_time(p_times rhythm.cron_times, p_from time)
returns time
language sql
immutable
set search_path = ''
as $$
  select make_time(h.value, m.value, s.value)
  from (select extract(hour from p_from)::integer, extract(minute from p_from)::integer, ceil(extract(second from p_from))::integer)
    as f(hour, minute, second)
  cross join lateral unnest(p_times.hours) as h(value)
  cross join lateral (
    select min(u.value) from unnest(p_times.seconds) as u(value) where u.value >= f.second
  ) as same_minute(second)
  cross join lateral (
    select min(u.value) from unnest(p_times.minutes) as u(value)
    where h.value > f.hour or u.value > f.minute or (u.value = f.minute and same_minute.second is not null)
  ) as m(value)
  cross join lateral (
    select case when h.value = f.hour and m.value = f.minute then same_minute.second else p_times.seconds[1] end
  ) as s(value)
  where h.value >= f.hour and m.value is not null
  order by h.value
  limit 1;
$$;

comment on function rhythm.cron_time(rhythm.cron_times, time) is
  'The first time of day, at or after one, that a cron expression names; null if that day has no more.';

create or replace function rhythm.cron_local(p_times rhythm.cron_times, p_from timestamp)
returns timestamp
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_day date := rhythm.cron_day(p_times, p_from::date);
  v_time time := '00:00';
begin
  if v_day = p_from::date then
    v_time := rhythm.cron_time(p_times, p_from::time);
    if v_time is not null then
      return v_day + v_time;
    end if;
    v_day := rhythm.cron_day(p_times, v_day + 1);
  end if;
  return v_day + rhythm.cron_time(p_times, '00:00');
end;
$$;

comment on function rhythm.cron_local(rhythm.cron_times, timestamp) is
  'The first wall-clock time at or after one that a cron expression names; null if there is none for 60 years.';
`,
  },
  {
    name: "515_cron_next.sql",
    kind: "behaviour",
    checksum: "df2937cbc14026a898398f161028a9d31478398d74a1292b831de1bd30a4ce41",
    text: `-- Cron on real clocks. Two kinds of expression, as in Vixie cron, decide what a change of clocks does:
--   by_clock (0 30 2 * * *: second, minute and hour all given): a time that spring skips runs once, right after the
--     gap; a time that autumn repeats runs once, the first time round.
--   by interval (a * in second, minute or hour): real time; what never was does not run, what comes twice runs twice.

create or replace function rhythm.zone_offset(p_timezone text, p_at timestamptz)
returns interval
language sql
stable
set search_path = ''
as $$
  select (p_at at time zone p_timezone) - (p_at at time zone 'UTC');
$$;

comment on function rhythm.zone_offset(text, timestamptz) is 'How far a time zone is ahead of UTC at an instant.';

-- The instant in (p_from, p_to] at which the clocks of a zone change, to the second; they change once in it.
create or replace function rhythm.zone_change(p_timezone text, p_from timestamptz, p_to timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
  v_before timestamptz := date_trunc('second', p_from);
  v_after timestamptz := date_trunc('second', p_to);
  v_middle timestamptz;
begin
  while v_after - v_before > interval '1 second' loop
    v_middle := date_trunc('second', v_before + (v_after - v_before) / 2);
    if rhythm.zone_offset(p_timezone, v_middle) = rhythm.zone_offset(p_timezone, p_to) then
      v_after := v_middle;
    else
      v_before := v_middle;
    end if;
  end loop;
  return v_after;
end;
$$;

comment on function rhythm.zone_change(text, timestamptz, timestamptz) is
  'The instant between two at which the clocks of a zone change.';

-- The first instant after p_after whose wall-clock time is p_local, or null: p_local is skipped, or was before.
create or replace function rhythm.zone_instant(p_timezone text, p_local timestamp, p_after timestamptz, p_first_only boolean)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select case when e.at > p_after then e.at when l.at > p_after and not p_first_only then l.at end
  -- Postgres reads a repeated time as the later of its two instants.
  from (select p_local at time zone p_timezone) as l(at)
  cross join lateral (select l.at - (rhythm.zone_offset(p_timezone, l.at - interval '1 day') - rhythm.zone_offset(p_timezone, l.at)))
    as s(at)
  cross join lateral (
    select case when s.at < l.at and s.at at time zone p_timezone = p_local then s.at else l.at end
  ) as e(at)
  where l.at at time zone p_timezone = p_local;
$$;

comment on function rhythm.zone_instant(text, timestamp, timestamptz, boolean) is
  'The first instant after one at which the clocks of a zone show a time; null if they skip it or showed it before.';

-- What falls in the hour that is repeated, when the clocks go back between p_after and p_before.
create or replace function rhythm.cron_repeated(p_times rhythm.cron_times, p_timezone text, p_after timestamptz, p_before timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
  v_to constant timestamptz := least(p_before, p_after + interval '1 day');
  v_change timestamptz;
  v_local timestamp;
  v_at timestamptz;
begin
  if p_times.by_clock or rhythm.zone_offset(p_timezone, v_to) >= rhythm.zone_offset(p_timezone, p_after) then
    return null;
  end if;
  v_change := rhythm.zone_change(p_timezone, p_after, v_to);
  v_local := v_change at time zone p_timezone;
  v_at := v_change + (rhythm.cron_local(p_times, v_local) - v_local);
  return case when v_at < p_before then v_at end;
end;
$$;

comment on function rhythm.cron_repeated(rhythm.cron_times, text, timestamptz, timestamptz) is
  'The first run within a repeated hour that lies between two instants; null if there is none.';

create or replace function rhythm.cron_after(p_times rhythm.cron_times, p_timezone text, p_after timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
  v_local timestamp := date_trunc('second', p_after at time zone p_timezone) + interval '1 second';
  v_shown timestamp;
  v_at timestamptz;
begin
  loop
    v_local := rhythm.cron_local(p_times, v_local);
    v_at := rhythm.zone_instant(p_timezone, v_local, p_after, p_times.by_clock);
    if v_at is not null then
      return coalesce(rhythm.cron_repeated(p_times, p_timezone, p_after, v_at), v_at);
    end if;

    -- Postgres reads a skipped time with the offset from before the gap: as much after the gap as it was in it.
    v_at := v_local at time zone p_timezone;
    v_shown := v_at at time zone p_timezone;
    if v_shown = v_local then
      v_local := v_local + interval '1 second';
    else
      v_at := rhythm.zone_change(p_timezone, v_at - (v_shown - v_local), v_at);
      if p_times.by_clock then
        return v_at;
      end if;
      v_local := v_at at time zone p_timezone;
    end if;
  end loop;
end;
$$;

comment on function rhythm.cron_after(rhythm.cron_times, text, timestamptz) is
  'The first instant after one at which a parsed cron expression fires in a time zone.';
`,
  },
  {
    name: "520_cron.sql",
    kind: "behaviour",
    checksum: "cba3b86b5f5e06522bd8abbb9388740e7a82624379f12d4c36c1a2026c64bf35",
    text: `-- The face of cron: what psql, schedules and tests call.

create or replace function rhythm.check_timezone(p_timezone text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  perform statement_timestamp() at time zone p_timezone;
  -- Postgres also reads "Foo3" as a zone of its own making: only what has a name is meant.
  if p_timezone is null or p_timezone ~ '\\d' and not exists (select from pg_catalog.pg_timezone_names as n where lower(n.name) = lower(p_timezone)) then
    raise invalid_parameter_value;
  end if;
  return p_timezone;
exception
  when invalid_parameter_value then
    perform rhythm.raise('RH001', format('"%s" is not a time zone: expected a name such as Europe/Berlin or UTC', p_timezone));
end;
$$;

comment on function rhythm.check_timezone(text) is 'The time zone, if Postgres knows it by that name; else an error.';

create or replace function rhythm.cron_upcoming(
  p_cron text,
  p_timezone text default 'UTC',
  p_after timestamptz default null,
  p_count integer default 5
)
returns setof timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
  v_times constant rhythm.cron_times := rhythm.cron_parse(p_cron);
  v_zone constant text := rhythm.check_timezone(p_timezone);
  v_at timestamptz := coalesce(p_after, rhythm.now());
begin
  for v_nth in 1 .. p_count loop
    v_at := rhythm.cron_after(v_times, v_zone, v_at);
    return next v_at;
  end loop;
end;
$$;

comment on function rhythm.cron_upcoming(text, text, timestamptz, integer) is
  'The next few instants at which a cron expression fires in a time zone, after an instant (default: now).';

create or replace function rhythm.cron_next(p_cron text, p_timezone text default 'UTC', p_after timestamptz default null)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select n.at from rhythm.cron_upcoming(p_cron, p_timezone, p_after, 1) as n(at);
$$;

comment on function rhythm.cron_next(text, text, timestamptz) is
  'The next instant at which a cron expression fires in a time zone, after an instant (default: now). '
  'Try: select rhythm.cron_next(''0 9 * * mon-fri'', ''Europe/Berlin'')';
`,
  },
  {
    name: "600_schedule_slots.sql",
    kind: "behaviour",
    checksum: "d2c8ed38d535b5ad67960c7055c3a3e2cea94d9bf70ed496b419b760a34bcc8f",
    text: `-- The slots of a schedule: the times its cron expression names. What follows from them alone, before any
-- execution is created.

-- The same slot always has the same jitter, so that whoever computes it agrees.
create or replace function rhythm.slot_due(p_entry rhythm.schedule_entry, p_slot timestamptz)
returns timestamptz
language sql
immutable
set search_path = ''
as $$
  select p_slot + p_entry.jitter * ((hashtextextended(p_entry.name, extract(epoch from p_slot)::bigint) & 65535) / 65536.0);
$$;

comment on function rhythm.slot_due(rhythm.schedule_entry, timestamptz) is
  'When a slot of a schedule fires: the slot, moved by its share of the jitter.';

-- The last slot at or before p_until, given one (p_slot) that is. Halves the time instead of walking: an outage of
-- a week of a schedule that fires every second is twenty questions.
create or replace function rhythm.latest_slot(p_times rhythm.cron_times, p_timezone text, p_slot timestamptz, p_until timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
  v_latest timestamptz := p_slot;
  v_past timestamptz := p_until;
  v_middle timestamptz;
  v_next timestamptz;
begin
  while v_past > v_latest loop
    v_middle := date_trunc('second', v_latest + (v_past - v_latest) / 2);
    v_next := rhythm.cron_after(p_times, p_timezone, v_middle);
    if v_next <= p_until then
      v_latest := v_next;
    elsif v_middle > v_latest then
      v_past := v_middle;
    else
      exit;
    end if;
  end loop;
  return v_latest;
end;
$$;

comment on function rhythm.latest_slot(rhythm.cron_times, text, timestamptz, timestamptz) is
  'The last slot up to an instant, given an earlier one.';

-- The slots to act on now, by the schedule's way with missed ones; p_limit at most, the rest at the next look.
create or replace function rhythm.due_slots(p_entry rhythm.schedule_entry, p_times rhythm.cron_times, p_now timestamptz, p_limit integer)
returns timestamptz[]
language plpgsql
stable
set search_path = ''
as $$
declare
  v_until constant timestamptz := greatest(p_entry.next_slot, p_now - p_entry.jitter);
  v_slot timestamptz := p_entry.next_slot;
  v_slots timestamptz[] := '{}';
begin
  if rhythm.slot_due(p_entry, v_slot) > p_now then
    return v_slots;
  end if;
  if p_entry.catch_up <> 'all' then
    return array[rhythm.latest_slot(p_times, p_entry.timezone, v_slot, v_until)];
  end if;
  while v_slot <= v_until and cardinality(v_slots) < p_limit loop
    v_slots := v_slots || v_slot;
    v_slot := rhythm.cron_after(p_times, p_entry.timezone, v_slot);
  end loop;
  return v_slots;
end;
$$;

comment on function rhythm.due_slots(rhythm.schedule_entry, rhythm.cron_times, timestamptz, integer) is
  'The slots of a schedule that are due: with catch_up all each of them, else the latest alone.';
`,
  },
  {
    name: "610_schedule_start.sql",
    kind: "behaviour",
    checksum: "72b2a7d5786c7f10918d921599fab6a069a3f754fd8541af75e380bda547d813",
    text: `-- From a slot to an execution.

-- What create_many() is given for one slot. The key makes a slot one execution, whoever asks for it and how often:
-- the regular run, a back-fill of the same time, a second back-fill.
create or replace function rhythm.slot_request(p_entry rhythm.schedule_entry, p_slot timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select p_entry.options
    || jsonb_build_object(
      'type', p_entry.type,
      'target', p_entry.target,
      'inputs', p_entry.inputs,
      'metadata', coalesce(p_entry.options -> 'metadata', '{}') || jsonb_build_object(
        'schedule', p_entry.name,
        'scheduled_for', to_char(coalesce(p_slot, rhythm.now()) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
      )
    )
    || case when p_slot is null then '{}' else jsonb_build_object(
      'idempotency_key', format('schedule %s %s', p_entry.name, extract(epoch from p_slot)::bigint)
    ) end;
$$;

comment on function rhythm.slot_request(rhythm.schedule_entry, timestamptz) is
  'The execution that a slot of a schedule asks for, in the form of create_many(); without a slot, one by hand.';

-- Errors are kept on the schedule, not thrown: one flow that is gone must not stop all the other schedules.
create or replace function rhythm.start_slot(p_entry rhythm.schedule_entry, p_slot timestamptz)
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_entry rhythm.schedule_entry := p_entry;
  v_code text;
  v_message text;
begin
  v_entry.last_execution_id := (
    select c.id from rhythm.create_many(jsonb_build_array(rhythm.slot_request(p_entry, p_slot))) as c(id)
  );
  v_entry.active := v_entry.active || v_entry.last_execution_id;
  v_entry.fired := v_entry.fired + 1;
  v_entry.last_slot := p_slot;
  v_entry.last_fired_at := rhythm.now();
  v_entry.last_error := null;
  return v_entry;
exception
  when others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
    -- Deadlocks, time-outs and want of resources pass: the slot stays due, and the next look tries again.
    if v_code ~ '^(40|53|55|57)' then
      raise;
    end if;
    v_entry := p_entry;
    v_entry.last_error := jsonb_build_object('code', v_code, 'message', v_message, 'slot', p_slot);
    return v_entry;
end;
$$;

comment on function rhythm.start_slot(rhythm.schedule_entry, timestamptz) is
  'Creates the execution of a slot and returns the schedule as it is then; with last_error if it could not.';

create or replace function rhythm.check_schedule_start(p_entry rhythm.schedule_entry)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform rhythm.create_many(jsonb_build_array(rhythm.slot_request(p_entry, null)));
  raise sqlstate 'RHTRY';
exception
  when sqlstate 'RHTRY' then
    return;
end;
$$;

comment on function rhythm.check_schedule_start(rhythm.schedule_entry) is
  'Creates the execution that a schedule asks for and takes it back: what would be refused at night is refused now.';
`,
  },
  {
    name: "620_schedule.sql",
    kind: "behaviour",
    checksum: "27b21bf07625449c858b0f45cbbb486320df925b36d1fbab1e45674470c5a3c0",
    text: `-- schedule() and unschedule().

create or replace function rhythm.schedule_named(p_name text)
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_entry rhythm.schedule_entry;
begin
  select s.*
  into v_entry
  from rhythm.schedule_entry as s
  where s.name = p_name
  for update;

  if v_entry.name is null then
    perform rhythm.raise('RH404', format('There is no schedule "%s"', p_name), 'The view schedules lists them.');
  end if;
  return v_entry;
end;
$$;

comment on function rhythm.schedule_named(text) is 'The schedule of that name, locked; an error if there is none.';

create or replace function rhythm.check_schedule(p_entry rhythm.schedule_entry)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_problem constant text := case
    when p_entry.type is null or p_entry.type not in ('workflow', 'task') then
      format('"%s" cannot be the type of a schedule: expected workflow or task', p_entry.type)
    when p_entry.overlap is null or p_entry.overlap not in ('skip', 'queue', 'allow', 'cancel') then
      format('"%s" cannot be the overlap of a schedule: expected skip, queue, allow or cancel', p_entry.overlap)
    when p_entry.catch_up is null or p_entry.catch_up not in ('none', 'one', 'all') then
      format('"%s" cannot be the catch-up of a schedule: expected none, one or all', p_entry.catch_up)
    when p_entry.jitter is null or p_entry.jitter < '0' or p_entry.jitter > '1 day' then
      format('"%s" cannot be the jitter of a schedule: expected zero to one day', p_entry.jitter)
    when jsonb_typeof(p_entry.options) is distinct from 'object' then
      'The options of a schedule are not a JSON object: expected the options of create_many()'
    when p_entry.options ?| array['type', 'target', 'inputs', 'idempotency_key', 'idempotency_ttl'] then
      'The options of a schedule cannot hold type, target, inputs, idempotency_key or idempotency_ttl: '
      'those follow from the schedule'
  end;
begin
  perform rhythm.check_name('schedule', p_entry.name);
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.check_schedule_start(p_entry);
end;
$$;

comment on function rhythm.check_schedule(rhythm.schedule_entry) is
  'Refuses a schedule with a bad argument, and one whose executions would be refused.';

create or replace function rhythm.schedule(
  p_name text,
  p_cron text,
  p_target text,
  p_inputs jsonb default '{}',
  p_type text default 'workflow',
  p_timezone text default 'UTC',
  p_overlap text default 'skip',
  p_catch_up text default 'one',
  p_jitter interval default '0',
  p_options jsonb default '{}'
)
returns timestamptz
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_new rhythm.schedule_entry;
  v_old rhythm.schedule_entry;
begin
  v_new.name := p_name;
  v_new.cron := btrim(p_cron);
  v_new.timezone := rhythm.check_timezone(p_timezone);
  v_new.type := p_type;
  v_new.target := p_target;
  v_new.inputs := coalesce(p_inputs, '{}');
  v_new.options := p_options;
  v_new.overlap := p_overlap;
  v_new.catch_up := p_catch_up;
  v_new.jitter := p_jitter;
  v_new.next_slot := rhythm.cron_after(rhythm.cron_parse(p_cron), p_timezone, v_now);
  perform rhythm.check_schedule(v_new);

  insert into rhythm.schedule_entry as s (
    name, cron, timezone, type, target, inputs, options, overlap, catch_up, jitter, next_slot, due_at, created_at, updated_at
  )
  values (
    v_new.name, v_new.cron, v_new.timezone, v_new.type, v_new.target, v_new.inputs, v_new.options, v_new.overlap,
    v_new.catch_up, v_new.jitter, v_new.next_slot, rhythm.slot_due(v_new, v_new.next_slot), v_now, v_now
  )
  on conflict (name) do nothing;

  if not found then
    v_old := rhythm.schedule_named(p_name);
    -- The same times again, as at every start of an application: what is due stays due.
    if (v_old.cron, v_old.timezone) = (v_new.cron, v_new.timezone) then
      v_new.next_slot := v_old.next_slot;
    end if;
    update rhythm.schedule_entry as s
    set (cron, timezone, type, target, inputs, options, overlap, catch_up, jitter, next_slot, due_at, updated_at) = (
      v_new.cron, v_new.timezone, v_new.type, v_new.target, v_new.inputs, v_new.options, v_new.overlap, v_new.catch_up,
      v_new.jitter, v_new.next_slot, rhythm.slot_due(v_new, v_new.next_slot), v_now
    )
    where s.name = p_name;
  end if;
  return v_new.next_slot;
end;
$$;

comment on function rhythm.schedule(text, text, text, jsonb, text, text, text, text, interval, jsonb) is
  'Starts p_target at every time that p_cron names in p_timezone; returns the next. The same name again changes the '
  'schedule. While an execution of it is not over, overlap skips the next, queues it, allows it, or cancels the one '
  'before; of the times missed while nobody ticked, catch_up runs none, one (the latest), or all; jitter moves each by '
  'up to an interval. p_options: as for create_many() (queue, priority, timeout, retry, metadata …).';

create or replace function rhythm.unschedule(p_name text)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
  delete from rhythm.schedule_entry as s
  where s.name = p_name;
  return found;
end;
$$;

comment on function rhythm.unschedule(text) is
  'Forgets a schedule; what it started goes on. False if there was none of that name.';
`,
  },
  {
    name: "630_schedule_control.sql",
    kind: "behaviour",
    checksum: "fd022abbabe7e9fd592779cd8470bb4938654047925d1779ffd662e46e5f7254",
    text: `-- Pause, resume, trigger, back-fill.

create or replace function rhythm.pause_schedule(p_name text)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_entry constant rhythm.schedule_entry := rhythm.schedule_named(p_name);
begin
  update rhythm.schedule_entry as s
  set paused_at = rhythm.now()
  where s.name = v_entry.name
    and s.paused_at is null;
  return found;
end;
$$;

comment on function rhythm.pause_schedule(text) is
  'Stops a schedule from firing until resume_schedule(); false if it was paused already.';

create or replace function rhythm.resume_schedule(p_name text)
returns timestamptz
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_entry rhythm.schedule_entry := rhythm.schedule_named(p_name);
begin
  if v_entry.paused_at is not null then
    v_entry.next_slot := rhythm.cron_after(rhythm.cron_parse(v_entry.cron), v_entry.timezone, rhythm.now());
    update rhythm.schedule_entry as s
    set (paused_at, next_slot, due_at) = (null, v_entry.next_slot, rhythm.slot_due(v_entry, v_entry.next_slot))
    where s.name = v_entry.name;
  end if;
  return v_entry.next_slot;
end;
$$;

comment on function rhythm.resume_schedule(text) is
  'Lets a paused schedule fire again, from now on: the times of the pause are not missed runs. Returns the next time.';

create or replace function rhythm.trigger_schedule(p_name text)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_entry constant rhythm.schedule_entry := rhythm.schedule_named(p_name);
  v_id uuid;
begin
  select c.id
  into v_id
  from rhythm.create_many(jsonb_build_array(rhythm.slot_request(v_entry, null))) as c(id);

  update rhythm.schedule_entry as s
  set (active, last_execution_id, last_fired_at, fired) = (s.active || v_id, v_id, rhythm.now(), s.fired + 1)
  where s.name = v_entry.name;
  return v_id;
end;
$$;

comment on function rhythm.trigger_schedule(text) is
  'Starts an execution of a schedule now, paused or not, beside its times; the next regular one sees it as running.';

create or replace function rhythm.backfill_schedule(p_name text, p_from timestamptz, p_to timestamptz, p_limit integer default 1000)
returns setof uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_entry constant rhythm.schedule_entry := rhythm.schedule_named(p_name);
  v_times constant rhythm.cron_times := rhythm.cron_parse(v_entry.cron);
  v_slot timestamptz := p_from - interval '1 microsecond';
  v_requests jsonb[] := '{}';
begin
  if p_from is null or p_to is null or p_from > p_to or p_to > rhythm.now() then
    perform rhythm.raise('RH001', format('Cannot back-fill from %s to %s: expected a time, and a later one that is not in the future',
      p_from, p_to));
  end if;
  if p_limit is null or p_limit not between 1 and 10000 then
    perform rhythm.raise('RH001', format('"%s" cannot be the limit of a back-fill: expected 1 to 10000', p_limit));
  end if;
  loop
    v_slot := rhythm.cron_after(v_times, v_entry.timezone, v_slot);
    exit when v_slot > p_to;
    if cardinality(v_requests) = p_limit then
      perform rhythm.raise('RH001', format('"%s" fires more than %s times from %s to %s', p_name, p_limit, p_from, p_to),
        'Take a shorter time, or a higher p_limit.');
    end if;
    v_requests := v_requests || rhythm.slot_request(v_entry, v_slot);
  end loop;
  if cardinality(v_requests) > 0 then
    return query select c.id from rhythm.create_many(to_jsonb(v_requests)) as c(id);
  end if;
end;
$$;

comment on function rhythm.backfill_schedule(text, timestamptz, timestamptz, integer) is
  'Starts an execution for every time that a schedule names between two instants, both included, whatever its overlap; '
  'a time that ran already gives the execution of then. All or nothing.';
`,
  },
  {
    name: "640_fire_schedules.sql",
    kind: "behaviour",
    checksum: "0807629eb1b175f892c905798067385c203d0fe87ef680f253479ac667a808e9",
    text: `-- Firing. Called by tick(), from everywhere at once.
-- Locks: schedule rows, skip locked; then what create_many() and cancel() lock.

create or replace function rhythm.not_over(p_ids uuid[])
returns uuid[]
language sql
stable
set search_path = ''
as $$
  select array(
    select e.id
    from rhythm.execution as e
    where e.id = any(p_ids)
      and e.status not in ('completed', 'failed', 'cancelled')
  );
$$;

comment on function rhythm.not_over(uuid[]) is 'Those of some executions that have not ended.';

-- The schedule after acting on some slots by its overlap policy.
create or replace function rhythm.overlap_slots(p_entry rhythm.schedule_entry, p_slots timestamptz[])
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = ''
as $$
declare
  c_queue_limit constant integer := 1000;
  v_entry rhythm.schedule_entry := p_entry;
  v_slots timestamptz[] := p_slots;
  v_slot timestamptz;
  v_running uuid;
begin
  if v_entry.overlap <> 'queue' then
    v_slots := v_entry.queued_slots || v_slots;
    v_entry.queued_slots := '{}';
  else
    v_entry.queued_slots := (v_entry.queued_slots || v_slots)[1:c_queue_limit];
    v_entry.skipped := v_entry.skipped + cardinality(p_entry.queued_slots) + cardinality(v_slots) - cardinality(v_entry.queued_slots);
    v_slots := case when v_entry.active = '{}' then v_entry.queued_slots[1:1] else '{}' end;
    v_entry.queued_slots := v_entry.queued_slots[1 + cardinality(v_slots):];
  end if;

  if v_entry.overlap = 'cancel' and v_slots <> '{}' then
    foreach v_running in array v_entry.active loop
      perform rhythm.cancel(v_running, format('The next run of schedule "%s" is due', v_entry.name));
    end loop;
    v_entry.active := '{}';
    v_entry.skipped := v_entry.skipped + cardinality(v_slots) - 1;
    v_slots := v_slots[cardinality(v_slots):];
  end if;

  foreach v_slot in array v_slots loop
    if v_entry.overlap = 'skip' and v_entry.active <> '{}' then
      v_entry.skipped := v_entry.skipped + 1;
    else
      v_entry := rhythm.start_slot(v_entry, v_slot);
    end if;
  end loop;
  return v_entry;
end;
$$;

comment on function rhythm.overlap_slots(rhythm.schedule_entry, timestamptz[]) is
  'Starts, queues or skips the due slots of a schedule by its overlap policy; returns the schedule as it is then.';

create or replace function rhythm.fire_schedule(p_entry rhythm.schedule_entry, p_now timestamptz, p_limit integer)
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = ''
as $$
declare
  c_late constant interval := '1 minute';
  v_entry rhythm.schedule_entry := p_entry;
  v_times constant rhythm.cron_times := rhythm.cron_parse(p_entry.cron);
  v_slots timestamptz[] := rhythm.due_slots(p_entry, v_times, p_now, p_limit);
begin
  if v_slots <> '{}' then
    v_entry.next_slot := rhythm.cron_after(v_times, v_entry.timezone, v_slots[cardinality(v_slots)]);
    if v_entry.catch_up = 'none' and v_slots[1] + v_entry.jitter + c_late < p_now then
      v_slots := '{}';
    end if;
  end if;

  v_entry.active := rhythm.not_over(v_entry.active);
  v_entry := rhythm.overlap_slots(v_entry, v_slots);
  v_entry.due_at := least(
    rhythm.slot_due(v_entry, v_entry.next_slot),
    case when v_entry.queued_slots <> '{}' then p_now + interval '1 second' end
  );
  return v_entry;
end;
$$;

comment on function rhythm.fire_schedule(rhythm.schedule_entry, timestamptz, integer) is
  'One schedule that is due: acts on its slots, moves its cursor; returns it as it is then.';

create or replace function rhythm.fire_schedules(p_limit integer default 100)
returns timestamptz
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_entry rhythm.schedule_entry;
  v_fired bigint;
  v_left integer := p_limit;
begin
  for v_entry in
    select s.*
    from rhythm.schedule_entry as s
    where s.paused_at is null
      and s.due_at <= v_now
    order by s.due_at
    limit p_limit
    for update skip locked
  loop
    exit when v_left <= 0;
    v_fired := v_entry.fired;
    v_entry := rhythm.fire_schedule(v_entry, v_now, v_left);
    v_left := v_left - greatest(1, v_entry.fired - v_fired)::integer;

    update rhythm.schedule_entry as s
    set (next_slot, due_at, queued_slots, active, last_slot, last_fired_at, last_execution_id, last_error, fired, skipped) = (
      v_entry.next_slot, v_entry.due_at, v_entry.queued_slots, v_entry.active, v_entry.last_slot, v_entry.last_fired_at,
      v_entry.last_execution_id, v_entry.last_error, v_entry.fired, v_entry.skipped
    )
    where s.name = v_entry.name;
  end loop;

  -- What is due and not ours is being fired by another session: look again in a second, do not spin.
  return (
    select min(case when s.due_at > v_now or v_left <= 0 then s.due_at else v_now + interval '1 second' end)
    from rhythm.schedule_entry as s
    where s.paused_at is null
  );
end;
$$;

comment on function rhythm.fire_schedules(integer) is
  'Fires the schedules that are due, creating about p_limit executions at most; returns when to call again (null: no '
  'schedule). Part of tick(); any number of sessions may call it at once.';
`,
  },
];
