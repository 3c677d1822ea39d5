-- The common case of creating many: one task, differing in nothing but its inputs.

-- The random halves of ids, eight bytes each, all from one secret: random bytes and a call for each row would cost as
-- much as the row. Who knows some of them can tell no other.
create or replace function rhythm.random_halves(p_count integer)
returns bytea
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_secret constant text := gen_random_uuid()::text;
begin
  return (select string_agg(sha512((v_secret || n.block)::bytea), '') from generate_series(0, (p_count - 1) / 8) as n (block));
end;
$$;

comment on function rhythm.random_halves(integer) is 'Eight unpredictable bytes for each of so many ids. Internal.';

-- The first halves, as text: 12 digits of milliseconds for each 4,096 ids from p_first, which counts 4,096ths of one.
create or replace function rhythm.id_times(p_us bigint, p_first bigint, p_count integer)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select lpad(to_hex(p_us / 1000 + n.block), 12, '0')
    from generate_series(0, (p_first + p_count) / 4096) as n (block) order by n.block);
end;
$$;

comment on function rhythm.id_times(bigint, bigint, integer) is 'The milliseconds of the ids of a batch, one text for each 4,096. Internal.';

-- The one head of requests that are alike; null if they are not, or if anything has to be looked at in each of them.
create or replace function rhythm.one_head(p_requests jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_head jsonb;
  v_is_one boolean;
begin
  if jsonb_typeof(p_requests) is distinct from 'array' or jsonb_typeof(p_requests -> 0) is distinct from 'object' then
    return null;
  end if;
  v_head := (p_requests -> 0) - 'inputs';
  if v_head ->> 'type' is distinct from 'task' or v_head ?| array['id', 'idempotency_key', 'parent'] or rhythm.request_problem(v_head) is not null then
    return null;
  end if;
  select bool_and(case when jsonb_typeof(r.value) = 'object' then r.value - 'inputs' = v_head else false end)
    and coalesce(max(octet_length((r.value -> 'inputs')::text)), 0) <= v_limit
  into v_is_one
  from jsonb_array_elements(p_requests) as r;
  return case when v_is_one then v_head end;
end;
$$;

comment on function rhythm.one_head(jsonb) is 'What tasks to be created have in common, if they differ in nothing but their inputs and nothing is wrong; else null. Internal.';

-- As make_executions(), which takes half as long again: nothing is grouped, joined or kept for later.
create or replace function rhythm.make_alike(p_head jsonb, p_requests jsonb, p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count constant integer := jsonb_array_length(p_requests);
  v_us constant bigint := round(extract(epoch from p_now) * 1000000);
  -- As in make_executions().
  v_first constant bigint := v_us % 1000 * 4096 / 1000;
  v_times constant text[] := rhythm.id_times(v_us, v_first, v_count);
  v_random constant bytea := rhythm.random_halves(v_count);
  v_kind record;
  v_stage smallint;
  v_batched boolean;
  v_ids uuid[];
begin
  select k.* into v_kind from rhythm.kind_of(p_head, p_now) as k;
  v_stage := case when v_kind.run_at is null then 1 else 0 end;
  -- Few are listed one by one, and what claims look at one by one.
  v_batched := v_stage = 1 and v_count >= 20 and v_kind.concurrency_key is null
    and not exists (select from rhythm.queue as q where q.name = v_kind.queue)
    and not exists (select from rhythm.task as k where k.name = v_kind.target and k.sql_function is not null);
  with born as (
    insert into rhythm.execution (
      id, created_at, run_at, stage, batched, watched, max_attempts, priority, timeout_ms,
      type, status, target, queue, concurrency_key, traceparent, retry, metadata, inputs
    )
    select
      (v_times[r.nth / 4096 + 1] || to_hex(28672 + r.nth % 4096)
        || substr('89ab', get_byte(r.half, 0) / 64 + 1, 1) || substr(encode(r.half, 'hex'), 2))::uuid,
      p_now, v_kind.run_at, v_stage, v_batched, coalesce((p_head ->> 'watched')::boolean, false), v_kind.max_attempts, v_kind.priority, v_kind.timeout_ms,
      'task', 'pending', v_kind.target, v_kind.queue, v_kind.concurrency_key, p_head ->> 'traceparent', v_kind.retry, v_kind.metadata, r.inputs
    from (
      select v_first + x.nth - 1 as nth, substr(v_random, x.nth::integer * 8 - 7, 8) as half, coalesce(x.value -> 'inputs', '{}') as inputs
      from jsonb_array_elements(p_requests) with ordinality as x (value, nth)
    ) as r
    returning id
  )
  select array_agg(b.id order by b.id) into v_ids from born as b;
  if v_batched then
    perform rhythm.note_ready(row(null, p_now, v_kind.priority, v_kind.queue, v_kind.target, jsonb_build_object('max_attempts', v_kind.max_attempts,
      'timeout_ms', v_kind.timeout_ms, 'metadata', coalesce(v_kind.metadata, '{}'), 'traceparent', p_head -> 'traceparent'), v_ids));
  end if;
  if v_stage = 0 then
    perform rhythm.wake_clocks();
  else
    perform rhythm.wake(array[v_kind.queue]);
  end if;
  return v_ids;
end;
$$;

comment on function rhythm.make_alike(jsonb, jsonb, timestamptz) is 'Creates tasks that differ in nothing but their inputs, wakes who sleeps for them, and gives their ids in order. Internal.';
