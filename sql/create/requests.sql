-- What create_many() is asked for, and what can be wrong with it.

create or replace function rhythm.retry_problem(p_retry jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_retry is null or p_retry = 'null' then
    return null;
  end if;
  return case
    when jsonb_typeof(p_retry) <> 'object' then 'retry must be an object such as {"max_attempts": 5}'
    when p_retry - array['max_attempts', 'backoff', 'initial', 'max', 'factor', 'jitter', 'crashes'] <> '{}' then
      format('retry has no option "%s": expected max_attempts, backoff, initial, max, factor, jitter, crashes', (
        select k.name from jsonb_object_keys(p_retry) as k(name)
        where k.name <> all (array['max_attempts', 'backoff', 'initial', 'max', 'factor', 'jitter', 'crashes']) limit 1))
    when p_retry ? 'max_attempts' and not coalesce(p_retry ->> 'max_attempts' ~ '^[1-9]\d{0,3}$', false) then
      'retry.max_attempts must be a whole number from 1 to 9999'
    when p_retry ? 'crashes' and not coalesce(p_retry ->> 'crashes' ~ '^(0|[1-9]\d{0,3})$', false) then
      'retry.crashes must be a whole number from 0 to 9999'
    when p_retry ? 'backoff' and not coalesce(p_retry ->> 'backoff' in ('exponential', 'linear', 'fixed'), false) then
      'retry.backoff must be exponential, linear or fixed'
    when p_retry ? 'initial' and rhythm.duration_ms(p_retry -> 'initial') is null then
      'retry.initial must be a duration: seconds, or text such as "1m30s"'
    when p_retry ? 'max' and rhythm.duration_ms(p_retry -> 'max') is null then
      'retry.max must be a duration: seconds, or text such as "1m30s"'
    when p_retry ? 'factor' and not coalesce(jsonb_typeof(p_retry -> 'factor') = 'number' and (p_retry ->> 'factor')::numeric between 1 and 100, false) then
      'retry.factor must be a number from 1 to 100'
    when p_retry ? 'jitter' and not coalesce(jsonb_typeof(p_retry -> 'jitter') = 'boolean'
      or jsonb_typeof(p_retry -> 'jitter') = 'number' and (p_retry ->> 'jitter')::numeric between 0 and 1, false) then
      'retry.jitter must be true, false or a number from 0 to 1'
  end;
end;
$$;

comment on function rhythm.retry_problem(jsonb) is 'The sentence that says what is wrong with a retry policy; null if nothing is.';

create or replace function rhythm.timestamp_of(p_text text)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_text::timestamptz between '0001-01-01Z' and '9999-12-31Z' then p_text::timestamptz end;
exception
  when invalid_datetime_format or datetime_field_overflow then
    return null;
end;
$$;

comment on function rhythm.timestamp_of(text) is 'A text as a moment of the years 1 to 9999; null if it is none.';

create or replace function rhythm.request_problem(p jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_keys constant text[] := array['id', 'type', 'target', 'inputs', 'queue', 'priority', 'delay', 'run_at', 'timeout', 'retry',
    'idempotency_key', 'idempotency_ttl', 'concurrency_key', 'metadata', 'parent', 'traceparent', 'notify_on_end'];
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_bytes constant integer := octet_length((p -> 'inputs')::text);
begin
  if jsonb_typeof(p) <> 'object' then
    return format('It is of type %s: expected an object such as {"type": "task", "target": "send_email"}', jsonb_typeof(p));
  end if;
  if p - c_keys <> '{}' then
    return format('There is no option "%s": expected one of %s',
      (select k.name from jsonb_object_keys(p) as k(name) where k.name <> all (c_keys) order by 1 limit 1), array_to_string(c_keys, ', '));
  end if;
  if not coalesce(p ->> 'type' in ('task', 'workflow'), false) then
    return 'type must be task or workflow';
  end if;
  if v_bytes > v_limit then
    return format('inputs take %s bytes: at most %s are allowed (setting max_payload_bytes)', v_bytes, v_limit);
  end if;
  -- Most say no more than what is to run.
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
    case when p ? 'priority' and not coalesce(p ->> 'priority' ~ '^-?\d{1,5}$' and (p ->> 'priority')::integer between -32768 and 32767, false) then
      'priority must be a whole number from -32768 to 32767' end,
    case when p ? 'delay' and rhythm.duration_ms(p -> 'delay') is null then
      'delay must be a duration: seconds, or text such as "1h30m"' end,
    case when p ? 'timeout' and coalesce(rhythm.duration_ms(p -> 'timeout'), 0) = 0 then
      'timeout must be a duration above zero: seconds, or text such as "1h30m"' end,
    case when p ? 'idempotency_ttl' and coalesce(rhythm.duration_ms(p -> 'idempotency_ttl'), 0) = 0 then
      'idempotency_ttl must be a duration above zero: seconds, or text such as "1d"' end,
    case when p ? 'idempotency_ttl' and not p ? 'idempotency_key' then 'idempotency_ttl needs an idempotency_key' end,
    case when p ? 'run_at' and rhythm.timestamp_of(p ->> 'run_at') is null then 'run_at must be a moment such as 2030-01-31T12:00:00Z' end,
    case when p ? 'run_at' and p ? 'delay' then 'run_at and delay exclude each other' end,
    case when length(p ->> 'traceparent') > 500 then 'traceparent must be a text of at most 500 characters' end,
    case when p ? 'notify_on_end' and jsonb_typeof(p -> 'notify_on_end') <> 'boolean' then 'notify_on_end must be true or false' end,
    case when p ? 'metadata' and jsonb_typeof(p -> 'metadata') <> 'object' then 'metadata must be an object' end,
    case when octet_length((p -> 'metadata')::text) > 65536 then 'metadata take more than 65536 bytes' end,
    case when p ? 'id' then case
      when coalesce(p ->> 'id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false) then rhythm.id_problem((p ->> 'id')::uuid)
      else 'id must be a UUID' end end,
    case when p ? 'parent' and not coalesce(p ->> 'parent' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false) then 'parent must be a UUID' end,
    case when p ? 'retry' then rhythm.retry_problem(p -> 'retry') end
  );
end;
$$;

comment on function rhythm.request_problem(jsonb) is 'The sentence that says what is wrong with an element of create_many(); null if nothing is.';
