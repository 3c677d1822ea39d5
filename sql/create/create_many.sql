-- Creating many executions at once, all or none.

create or replace function rhythm.key_of(p_request jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_request ? 'debounce' then format('debounce:%s:%s:%s', p_request ->> 'type', p_request ->> 'target', p_request #>> '{debounce,key}') else
    format('%s:%s:%s', p_request ->> 'type', p_request ->> 'target', coalesce(p_request ->> 'idempotency_key', p_request #>> '{unique,key}')) end;
end;
$$;

comment on function rhythm.key_of(jsonb) is 'The idempotency key or unique key of a request, with the name of its task or flow, as in the table idempotency_key. Internal.';

create or replace function rhythm.held_while(p_request jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_request ? 'debounce' then 'queued' when p_request ? 'unique' then (
    select w.held from (select coalesce(p_request #>> '{unique,while}', 'active')) as w (held) where w.held in ('queued', 'active')) end;
end;
$$;

comment on function rhythm.held_while(jsonb) is 'Whether the key of a request is held while it is queued, or active; null: neither. Internal.';

create or replace function rhythm.is_begun(p_execution rhythm.execution)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- In one look: the end of a task deletes its batch, and a row that was read before that end says that it has none yet.
  return coalesce((
    select e.state > 0 or case e.type when 'task' then coalesce(b.attempt > 0, false)
      else coalesce(s.seq > 0 or s.attempt > 0 or s.batch_id is null or coalesce(b.attempt > 0, false), false) end
    from rhythm.execution as e
    left join rhythm.workflow_state as s on e.type = 'workflow' and s.execution_id = e.id
    left join rhythm.batch as b on b.id = case e.type when 'task' then e.batch_id else s.batch_id end
    where e.id = p_execution.id), true);
end;
$$;

comment on function rhythm.is_begun(rhythm.execution) is 'Whether an execution has ended, or a worker has taken it. Internal.';

-- It is free if it has expired, if its execution was purged, or no longer is what the key is held for. So nothing is written when an
-- execution begins or ends. Volatile: after waiting for another session that claimed the key, this must see what that session wrote.
create or replace function rhythm.key_is_free(p_key rhythm.idempotency_key)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
begin
  select e.* into v_execution from rhythm.execution as e where e.id = p_key.execution_id;
  return not found or coalesce(p_key.expires_at <= rhythm.now(), false) or case p_key.held_while
    when 'active' then v_execution.state > 0
    when 'queued' then rhythm.is_begun(v_execution)
    else false end;
end;
$$;

comment on function rhythm.key_is_free(rhythm.idempotency_key) is 'Whether a key no longer belongs to an execution. Internal.';

-- Keys first, in their order, so that two sessions with the same keys wait for each other and cannot deadlock.
create or replace function rhythm.claim_keys(p_requests jsonb, p_now timestamptz)
returns table (nth bigint, execution_id uuid, is_new boolean)
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with keyed as (
    select distinct on (rhythm.key_of(r.value))
      rhythm.key_of(r.value) as key,
      coalesce((r.value ->> 'id')::uuid, rhythm.uuid7(p_now, (r.nth - 1)::integer)) as id,
      p_now + rhythm.duration_ms(coalesce(r.value -> 'idempotency_ttl', r.value #> '{unique,while}')) * interval '1 millisecond' as expires_at,
      rhythm.held_while(r.value) as held_while
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    where r.value ?| array['idempotency_key', 'unique', 'debounce']
    order by rhythm.key_of(r.value), r.nth
  ),
  before as (
    select k.key, k.execution_id from rhythm.idempotency_key as k where k.key in (select n.key from keyed as n)
  ),
  kept as (
    insert into rhythm.idempotency_key as k (key, execution_id, expires_at, held_while)
    select n.key, n.id, n.expires_at, n.held_while from keyed as n order by n.key
    on conflict (key) do update set
      (execution_id, expires_at, held_while) = (
        select case when f.is_free then excluded.execution_id else k.execution_id end,
          case when f.is_free then excluded.expires_at else k.expires_at end, case when f.is_free then excluded.held_while else k.held_while end
        -- Asked once: an execution may begin between two answers.
        from (select rhythm.key_is_free(k) offset 0) as f (is_free))
    returning k.key, k.execution_id, k.xmax = 0 as inserted
  )
  select r.nth, k.execution_id,
    -- A caller may give the same id of its own again, so the id in the row does not say which call inserted it.
    (k.inserted or coalesce(k.execution_id = n.id and b.execution_id <> n.id, false))
      and r.nth = min(r.nth) over (partition by k.key)
  from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
  join kept as k on k.key = rhythm.key_of(r.value)
  join keyed as n on n.key = k.key
  left join before as b on b.key = k.key
  where r.value ?| array['idempotency_key', 'unique', 'debounce'];
$$;

comment on function rhythm.claim_keys(jsonb, timestamptz) is
  'For each request with a key: the execution to which the key belongs, and whether it must still be created. Internal.';

-- Requests with "each" become one request for each of its inputs.
create or replace function rhythm.spread(p_requests jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_requests) is distinct from 'array' or not jsonb_path_exists(p_requests, '$[*].each') then
    return p_requests;
  elsif jsonb_path_exists(p_requests, 'strict $[*] ? (@.type() == "object" && exists(@.each) && (@.each.type() != "array" || exists(@.inputs) || exists(@.id)))') then
    perform rhythm.raise('RH001', '"each" must be an array of inputs, without "inputs" and "id" beside it', 'Expected [{"type": "task", "target": "send_email", "each": [{"to": "a@example.com"}, …]}, …]');
  end if;
  return (
    select coalesce(jsonb_agg(case when e.value is null then r.value else (r.value - 'each') || jsonb_build_object('inputs', e.value) end order by r.nth, e.nth), '[]')
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    left join lateral jsonb_array_elements(case when jsonb_typeof(r.value) = 'object' then r.value -> 'each' end) with ordinality as e (value, nth) on true
    where e.nth is not null or jsonb_typeof(r.value) <> 'object' or not r.value ? 'each');
end;
$$;

comment on function rhythm.spread(jsonb) is 'Requests for create_many() that each start one execution. Internal.';

-- What all requests have in common, and a list with the inputs of each: its elements are the inputs, or have them as a member. No head
-- if they are not alike, or if each of them must be checked.
create or replace function rhythm.one_head(p_requests jsonb, out head jsonb, out list jsonb, out member text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_first jsonb;
  v_is_one boolean;
begin
  if jsonb_typeof(p_requests) is distinct from 'array' or jsonb_typeof(p_requests -> 0) is distinct from 'object' then
    return;
  end if;
  v_first := (p_requests -> 0) - 'inputs' - 'each';
  if v_first ->> 'type' is distinct from 'task' or v_first ?| array['id', 'idempotency_key', 'unique', 'debounce', 'throttle', 'parent'] or rhythm.request_problem(v_first) is not null then
    return;
  end if;
  if p_requests -> 0 ? 'each' then
    list := p_requests -> 0 -> 'each';
    v_is_one := jsonb_array_length(p_requests) = 1 and jsonb_typeof(list) = 'array' and not p_requests -> 0 ? 'inputs' and (pg_column_size(list) <= v_limit / 2
      or (select coalesce(max(octet_length(i.value::text)), 0) <= v_limit from jsonb_array_elements(list) as i));
  else
    list := p_requests;
    member := 'inputs';
    select bool_and(case when jsonb_typeof(r.value) = 'object' then r.value - 'inputs' = v_first else false end)
      and coalesce(max(octet_length((r.value -> 'inputs')::text)), 0) <= v_limit
    into v_is_one
    from jsonb_array_elements(p_requests) as r;
  end if;
  if v_is_one then
    head := v_first;
  end if;
end;
$$;

comment on function rhythm.one_head(jsonb) is 'What requests for tasks have in common, and where their inputs are, if they differ only in these and are right; else no head. Internal.';

-- All keys are claimed before executions are created. A key that another request of this call has just claimed has no execution
-- yet, and would look free. So each key is claimed once, and requests of one call that share a key are one execution.
create or replace function rhythm.create_unlike(p_requests jsonb, p_now timestamptz)
returns rhythm.key_claim[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
  v_claims rhythm.key_claim[];
  v_result rhythm.key_claim[];
  v_new jsonb;
begin
  p_requests := rhythm.spread(p_requests);
  perform rhythm.check_requests(p_requests);
  perform rhythm.check_targets(p_requests);
  perform rhythm.hold_parents(p_requests);
  v_ids := rhythm.new_ids(jsonb_array_length(p_requests), p_now);
  v_claims := case when jsonb_path_exists(p_requests, '$[*] ? (exists(@.unique) || exists(@.debounce))') then rhythm.claim_unique(p_requests, p_now)
    else array(select row(c.nth, c.execution_id, c.is_new)::rhythm.key_claim from rhythm.claim_keys(p_requests, p_now) as c) end;
  if jsonb_path_exists(p_requests, '$[*].throttle') then
    p_requests := rhythm.throttled(p_requests, v_ids, p_now);
  end if;
  with request as (
    select r.nth, coalesce((r.value ->> 'dropped_for')::uuid, k.execution_id, (r.value ->> 'id')::uuid, v_ids[r.nth]) as id,
      coalesce(k.is_new, not r.value ? 'dropped_for') as is_new,
      case r.value #>> '{debounce,inputs}' when 'all' then r.value || jsonb_build_object('inputs', jsonb_build_array(coalesce(r.value -> 'inputs', '{}'))) else r.value end as value
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    left join unnest(v_claims) as k on k.nth = r.nth
  )
  select array_agg(row(r.nth, r.id, r.is_new)::rhythm.key_claim order by r.nth),
    jsonb_agg((r.value - 'idempotency_ttl') || jsonb_build_object('id', r.id) order by r.nth) filter (where r.is_new)
  into v_result, v_new
  from request as r;
  perform rhythm.create_new(coalesce(v_new, '[]'), p_now);
  perform rhythm.record_named('start', array(select c.execution_id from unnest(v_result) as c order by c.nth));
  return v_result;
end;
$$;

comment on function rhythm.create_unlike(jsonb, timestamptz) is 'What create_many() does with requests that are not alike. Internal.';

create or replace function rhythm.create_many(p_requests jsonb)
returns setof uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_alike record;
  v_ids uuid[];
begin
  v_alike := rhythm.one_head(p_requests);
  if v_alike.head is not null then
    v_ids := rhythm.make_alike(v_alike.head, v_alike.list, v_alike.member, v_now);
    perform rhythm.record_named('start', v_ids);
    return query select i.id from unnest(v_ids) with ordinality as i (id, nth) order by i.nth;
    return;
  end if;
  return query select c.execution_id from unnest(rhythm.create_unlike(p_requests, v_now)) as c order by c.nth;
end;
$$;

comment on function rhythm.create_many(jsonb) is
  'Creates executions, all or none, and returns their ids in order. Each request: {"type": "task"|"workflow", "target", "inputs", '
  'and optionally "queue", "priority", "delay", "run_at", "expires", "timeout", "retry", "idempotency_key", "idempotency_ttl", "unique", "debounce", "throttle", "concurrency_key", '
  '"metadata", "parent", "on_parent_cancel", "traceparent", "notify_on_end" (as watch() does, but not for an execution that the key already has), "id"}. "each": [inputs, …] instead of "inputs" starts one for each.';

create or replace function rhythm.create_each(p_requests jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', c.execution_id, 'created', c.is_new) order by c.nth), '[]')
    from unnest(rhythm.create_unlike(p_requests, rhythm.now())) as c);
end;
$$;

comment on function rhythm.create_each(jsonb) is
  'As create_many(), and says of each request whether it was created: [{"id", "created"}]. False: its key belongs to that execution, which was there before.';

create or replace function rhythm.create_new(p_requests jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sorted record;
  v_batches rhythm.batch[];
begin
  if p_requests = '[]' then
    return;
  end if;
  v_sorted := rhythm.sort_requests(p_requests, p_now);
  begin
    v_batches := rhythm.make_executions(v_sorted.kinds, v_sorted.newcomers, p_now);
  exception
    when unique_violation then
      perform rhythm.raise('RH001', 'An execution with this id exists already', 'Leave id out, or give each execution a UUID of its own');
  end;
  if jsonb_path_exists(p_requests, '$[*].parent') then
    perform rhythm.cancel_under(array(select (r.value ->> 'id')::uuid from jsonb_array_elements(p_requests) as r), p_now);
  end if;
  perform rhythm.wake_for(v_batches);
end;
$$;

comment on function rhythm.create_new(jsonb, timestamptz) is 'Creates the executions of requests that have ids, and wakes sleeping workers. Internal.';
