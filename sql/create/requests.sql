-- The requests of create_many(), and what can be wrong with them.

-- The options that are allowed in each place. A new option has its name here, its check in request_problem() or
-- retry_problem(), and, if a start takes it, a parameter of start() and queue(). tests/options compares them with the
-- table of TypeScript. An option that is not listed is refused.
create or replace function rhythm.option_names(p_in text)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case p_in
    when 'start' then array['queue', 'priority', 'delay', 'run_at', 'expires', 'timeout', 'retry', 'idempotency_key', 'idempotency_ttl', 'unique',
      'debounce', 'throttle', 'concurrency_key', 'metadata', 'parent', 'on_parent_cancel', 'id']
    -- A child of a workflow: the workflow decides its parent and its id.
    when 'child' then array['queue', 'priority', 'delay', 'run_at', 'expires', 'timeout', 'retry', 'idempotency_key', 'idempotency_ttl', 'unique',
      'concurrency_key', 'metadata', 'on_parent_cancel']
    -- A start by a schedule: the schedule decides when it runs, and its key.
    when 'schedule' then array['queue', 'priority', 'expires', 'timeout', 'retry', 'concurrency_key', 'metadata', 'parent', 'on_parent_cancel']
    when 'change' then array['queue', 'priority', 'delay', 'run_at']
    when 'defaults' then array['queue', 'priority', 'timeout', 'retry']
    when 'unique' then array['key', 'while', 'on_conflict']
    when 'debounce' then array['key', 'delay', 'max_delay', 'inputs']
    when 'throttle' then array['key', 'limit', 'per', 'else']
    when 'retry' then array['max_attempts', 'backoff', 'initial', 'max', 'factor', 'jitter', 'crashes']
  end;
end;
$$;

comment on function rhythm.option_names(text) is
  'The names of the options of a start. With an argument, those of: child, a child of a workflow; schedule, a start by a schedule; defaults, the defaults of a task or flow. And those inside retry, unique, debounce and throttle. Internal.';

create or replace function rhythm.unknown_option(p_options jsonb, p_known text[])
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_unknown constant text := (
    select k.name from jsonb_object_keys(p_options) as k (name) where k.name <> all (p_known) order by k.name limit 1);
begin
  return format('option "%s": expected %s%s', v_unknown, array_to_string(p_known, ', '),
    '. ' || rhythm.did_you_mean(v_unknown, p_known));
end;
$$;

comment on function rhythm.unknown_option(jsonb, text[]) is
  'The end of the message about the first unknown option: its name, the known ones, and the one that was probably meant. Internal.';

create or replace function rhythm.retry_problem(p_retry jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := rhythm.option_names('retry');
begin
  if p_retry is null or p_retry = 'null' then
    return null;
  end if;
  return case
    when jsonb_typeof(p_retry) = 'number' and p_retry::text ~ '^[1-9]\d{0,3}$' then null
    when jsonb_typeof(p_retry) <> 'object' then 'retry must be a number of attempts from 1 to 9999, or an object'
    when p_retry - c_names <> '{}' then 'retry has no ' || rhythm.unknown_option(p_retry, c_names)
    when p_retry ? 'max_attempts' and not coalesce(p_retry ->> 'max_attempts' ~ '^[1-9]\d{0,3}$', false) then
      'retry.max_attempts must be a whole number from 1 to 9999'
    when p_retry ? 'backoff' and not coalesce(p_retry ->> 'backoff' in ('exponential', 'linear', 'fixed'), false) then
      'retry.backoff must be exponential, linear or fixed'
    when p_retry ? 'initial' and rhythm.duration_ms(p_retry -> 'initial') is null then
      'retry.initial must be a duration: seconds, or text such as "1h30m"'
    when p_retry ? 'max' and rhythm.duration_ms(p_retry -> 'max') is null then
      'retry.max must be a duration: seconds, or text such as "1h30m"'
    when p_retry ? 'factor' and not coalesce(jsonb_typeof(p_retry -> 'factor') = 'number' and (p_retry ->> 'factor')::numeric between 1 and 100, false) then
      'retry.factor must be a number from 1 to 100'
    when p_retry ? 'jitter' and not coalesce(jsonb_typeof(p_retry -> 'jitter') = 'boolean'
      or jsonb_typeof(p_retry -> 'jitter') = 'number' and (p_retry ->> 'jitter')::numeric between 0 and 1, false) then
      'retry.jitter must be true, false or a number from 0 to 1'
    when p_retry ? 'crashes' and not coalesce(p_retry ->> 'crashes' ~ '^(0|[1-9]\d{0,3})$', false) then
      'retry.crashes must be a whole number from 0 to 9999'
  end;
end;
$$;

comment on function rhythm.retry_problem(jsonb) is 'What is wrong with a retry policy, as a sentence; null if nothing is.';

-- The policy of a start overrides that of its task or flow, option by option.
create or replace function rhythm.retry_policy(p_default jsonb, p_given jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_default constant jsonb := case jsonb_typeof(p_default)
    when 'number' then jsonb_build_object('max_attempts', p_default) when 'object' then p_default end;
  v_given constant jsonb := case jsonb_typeof(p_given)
    when 'number' then jsonb_build_object('max_attempts', p_given) when 'object' then p_given end;
begin
  return coalesce(v_default || v_given, v_given, v_default);
end;
$$;

comment on function rhythm.retry_policy(jsonb, jsonb) is
  'A retry policy from that of a task or flow and that of a start, as an object; null if there is none. A number is max_attempts. Internal.';

create or replace function rhythm.timestamp_of(p_text text)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_text::timestamptz between '0001-01-01Z' and '9999-12-31Z' then p_text::timestamptz end;
exception
  when invalid_datetime_format or datetime_field_overflow or invalid_time_zone_displacement_value then
    return null;
end;
$$;

comment on function rhythm.timestamp_of(text) is 'A text as a time in the years 1 to 9999; null if it is not one.';

create or replace function rhythm.request_problem(p jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_keys constant text[] := array['type', 'target', 'inputs', 'traceparent', 'notify_on_end'] || rhythm.option_names('start');
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_bytes constant integer := octet_length((p -> 'inputs')::text);
begin
  if jsonb_typeof(p) <> 'object' then
    return format('It is of type %s: expected an object such as {"type": "task", "target": "send_email"}', jsonb_typeof(p));
  end if;
  if p - c_keys <> '{}' then
    return 'There is no ' || rhythm.unknown_option(p, c_keys);
  end if;
  if not coalesce(p ->> 'type' in ('task', 'workflow'), false) then
    return 'type must be task or workflow';
  end if;
  if v_bytes > v_limit then
    return format('inputs take %s bytes: at most %s are allowed (setting max_payload_bytes)', v_bytes, v_limit);
  end if;
  -- Most requests have only a type and a target.
  if p - '{type,target,inputs,notify_on_end}'::text[] = '{}' and coalesce(jsonb_typeof(p -> 'notify_on_end') = 'boolean', true) and jsonb_typeof(p -> 'target') = 'string' then
    return rhythm.name_problem(case p ->> 'type' when 'workflow' then 'flow' else 'task' end, p ->> 'target');
  end if;
  return coalesce(
    (select format('%s must be a text', k.name)
    from unnest(array['target', 'queue', 'idempotency_key', 'concurrency_key', 'traceparent']) as k (name)
    where jsonb_typeof(p -> k.name) <> 'string' limit 1),
    rhythm.name_problem(case p ->> 'type' when 'workflow' then 'flow' else 'task' end, p ->> 'target'),
    case when p ? 'queue' then rhythm.name_problem('queue', p ->> 'queue') end,
    case when p ? 'idempotency_key' then rhythm.name_problem('idempotency key', p ->> 'idempotency_key') end,
    case when p ? 'concurrency_key' then rhythm.name_problem('concurrency key', p ->> 'concurrency_key') end,
    case when p ? 'priority' and not coalesce(jsonb_typeof(p -> 'priority') in ('number', 'string') and p ->> 'priority' ~ '^-?\d{1,5}$' and (p ->> 'priority')::integer between -32768 and 32767, false) then
      'priority must be a whole number from -32768 to 32767' end,
    case when p ? 'delay' and rhythm.duration_ms(p -> 'delay') is null then
      'delay must be a duration: seconds, or text such as "1h30m"' end,
    case when p ? 'expires' and (jsonb_typeof(p -> 'expires') not in ('number', 'string') or coalesce(rhythm.duration_ms(p -> 'expires'), 0) = 0
      and (jsonb_typeof(p -> 'expires') <> 'string' or p ->> 'expires' !~ '^\s*\d{4}-' or rhythm.timestamp_of(p ->> 'expires') is null)) then
      'expires must be a duration above zero, such as "10m", or a moment such as 2030-01-31T12:00:00Z' end,
    case when p ? 'timeout' and coalesce(rhythm.duration_ms(p -> 'timeout'), 0) = 0 then
      'timeout must be a duration above zero: seconds, or text such as "1h30m"' end,
    case when p ? 'idempotency_ttl' and coalesce(rhythm.duration_ms(p -> 'idempotency_ttl'), 0) = 0 then
      'idempotency_ttl must be a duration above zero: seconds, or text such as "1h30m"' end,
    case when p ? 'idempotency_ttl' and not p ? 'idempotency_key' then 'idempotency_ttl needs an idempotency_key' end,
    case when p ? 'unique' then rhythm.unique_problem(p -> 'unique') end,
    case when p ? 'debounce' then rhythm.debounce_problem(p -> 'debounce') end,
    case when p ? 'throttle' then rhythm.throttle_problem(p -> 'throttle') end,
    case when p ? 'unique' and p ? 'idempotency_key' then 'unique and idempotency_key exclude each other' end,
    (select format('%s and %s exclude each other', o.name, x.name)
    from unnest(array['debounce', 'throttle']) with ordinality as o (name, nth)
    cross join unnest(array['idempotency_key', 'unique', 'debounce', 'delay', 'run_at']) with ordinality as x (name, nth)
    where o.name <> x.name and p ? o.name and p ? x.name order by o.nth, x.nth limit 1),
    case when p ? 'run_at' and (jsonb_typeof(p -> 'run_at') <> 'string' or rhythm.timestamp_of(p ->> 'run_at') is null) then 'run_at must be a moment such as 2030-01-31T12:00:00Z' end,
    case when p ? 'run_at' and p ? 'delay' then 'run_at and delay exclude each other' end,
    case when p ? 'run_at' and p ? 'expires' and rhythm.duration_ms(p -> 'expires') is null and rhythm.timestamp_of(p ->> 'expires') <= rhythm.timestamp_of(p ->> 'run_at') then
      'expires must be later than run_at' end,
    case when length(p ->> 'traceparent') > 500 then 'traceparent must be a text of at most 500 characters' end,
    case when p ? 'notify_on_end' and jsonb_typeof(p -> 'notify_on_end') <> 'boolean' then 'notify_on_end must be true or false' end,
    case when p ? 'metadata' and jsonb_typeof(p -> 'metadata') <> 'object' then 'metadata must be an object' end,
    case when octet_length((p -> 'metadata')::text) > 65536 then 'metadata take more than 65536 bytes' end,
    case when p ? 'id' then case
      when coalesce(p ->> 'id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false) then rhythm.id_problem((p ->> 'id')::uuid)
      else 'id must be a UUID' end end,
    case when p ? 'parent' and not coalesce(p ->> 'parent' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false) then 'parent must be a UUID' end,
    case when p ? 'on_parent_cancel' and not coalesce(p ->> 'on_parent_cancel' in ('cancel', 'abandon'), false) then 'on_parent_cancel must be cancel or abandon' end,
    case when p ? 'retry' then rhythm.retry_problem(p -> 'retry') end
  );
end;
$$;

comment on function rhythm.request_problem(jsonb) is 'What is wrong with an element of create_many(), as a sentence; null if nothing is.';
