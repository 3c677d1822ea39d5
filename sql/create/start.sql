-- Starting: the functions that applications call.

create or replace function rhythm.start(
  p_flow text,
  p_inputs jsonb default '{}',
  queue text default null,
  priority integer default null,
  delay interval default null,
  run_at timestamptz default null,
  expires text default null,
  timeout interval default null,
  retry jsonb default null,
  idempotency_key text default null,
  idempotency_ttl interval default null,
  unique_by jsonb default null,
  debounce jsonb default null,
  throttle jsonb default null,
  concurrency_key text default null,
  metadata jsonb default null,
  parent uuid default null,
  on_parent_cancel text default null,
  id uuid default null
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_odd constant text[] := array[rhythm.odd_queue(queue)];
  v_id uuid;
begin
  select c.id into v_id from rhythm.create_many(jsonb_build_array(rhythm.request('workflow', p_flow, p_inputs, jsonb_build_object(
    'queue', queue, 'priority', priority, 'delay', extract(epoch from delay), 'run_at', run_at, 'expires', expires, 'timeout', extract(epoch from timeout), 'retry', retry,
    'idempotency_key', idempotency_key, 'idempotency_ttl', extract(epoch from idempotency_ttl), 'unique', unique_by, 'debounce', debounce, 'throttle', throttle, 'concurrency_key', concurrency_key,
    'metadata', metadata, 'parent', parent, 'on_parent_cancel', on_parent_cancel, 'id', id)))) as c (id);
  perform rhythm.tell_odd(v_odd);
  return v_id;
end;
$$;

comment on function rhythm.start(text, jsonb, text, integer, interval, timestamptz, text, interval, jsonb, text, interval, jsonb, jsonb, jsonb, text, jsonb, uuid, text, uuid) is
  'Starts a workflow on the current version of a flow; its inputs are checked against the flow''s schema. '
  'Example: select rhythm.start(''onboard_user'', ''{"userId": "123"}'', delay => interval ''1 hour'');';

create or replace function rhythm.queue(
  p_task text,
  p_inputs jsonb default '{}',
  queue text default null,
  priority integer default null,
  delay interval default null,
  run_at timestamptz default null,
  expires text default null,
  timeout interval default null,
  retry jsonb default null,
  idempotency_key text default null,
  idempotency_ttl interval default null,
  unique_by jsonb default null,
  debounce jsonb default null,
  throttle jsonb default null,
  concurrency_key text default null,
  metadata jsonb default null,
  parent uuid default null,
  on_parent_cancel text default null,
  id uuid default null
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_odd constant text[] := array[rhythm.odd_task(p_task), rhythm.odd_queue(queue)];
  v_id uuid;
begin
  select c.id into v_id from rhythm.create_many(jsonb_build_array(rhythm.request('task', p_task, p_inputs, jsonb_build_object(
    'queue', queue, 'priority', priority, 'delay', extract(epoch from delay), 'run_at', run_at, 'expires', expires, 'timeout', extract(epoch from timeout), 'retry', retry,
    'idempotency_key', idempotency_key, 'idempotency_ttl', extract(epoch from idempotency_ttl), 'unique', unique_by, 'debounce', debounce, 'throttle', throttle, 'concurrency_key', concurrency_key,
    'metadata', metadata, 'parent', parent, 'on_parent_cancel', on_parent_cancel, 'id', id)))) as c (id);
  perform rhythm.tell_odd(v_odd);
  return v_id;
end;
$$;

comment on function rhythm.queue(text, jsonb, text, integer, interval, timestamptz, text, interval, jsonb, text, interval, jsonb, jsonb, jsonb, text, jsonb, uuid, text, uuid) is
  'Queues a task. Example: select rhythm.queue(''send_email'', ''{"to": "ada@example.org"}'', queue => ''mail'', retry => ''{"max_attempts": 5}'');';

create or replace function rhythm.request(p_type text, p_target text, p_inputs jsonb, p_options jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select coalesce(jsonb_object_agg(o.key, o.value), '{}') from jsonb_each(p_options) as o where o.value <> 'null') || jsonb_build_object('type', p_type, 'target', p_target, 'inputs', coalesce(p_inputs, '{}'));
end;
$$;

comment on function rhythm.request(text, text, jsonb, jsonb) is 'An element of create_many(), without options that are null. Internal.';
