-- Creating many executions at once, all or none.

-- Keys first, in their order, so that two sessions with the same keys wait for each other and cannot deadlock.
create or replace function rhythm.claim_keys(p_requests jsonb, p_now timestamptz)
returns table (nth bigint, execution_id uuid, is_new boolean)
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with keyed as (
    select distinct on (r.value ->> 'type', r.value ->> 'target', r.value ->> 'idempotency_key')
      format('%s:%s:%s', r.value ->> 'type', r.value ->> 'target', r.value ->> 'idempotency_key') as key,
      coalesce((r.value ->> 'id')::uuid, rhythm.uuid7(p_now, (r.nth - 1)::integer)) as id,
      p_now + rhythm.duration_ms(r.value -> 'idempotency_ttl') * interval '1 millisecond' as expires_at
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    where r.value ? 'idempotency_key'
    order by r.value ->> 'type', r.value ->> 'target', r.value ->> 'idempotency_key', r.nth
  ),
  before as (
    select k.key, k.execution_id from rhythm.idempotency_key as k where k.key in (select n.key from keyed as n)
  ),
  kept as (
    insert into rhythm.idempotency_key as k (key, execution_id, expires_at)
    select n.key, n.id, n.expires_at from keyed as n order by n.key
    on conflict (key) do update set
      execution_id = case when k.expires_at <= p_now then excluded.execution_id else k.execution_id end,
      expires_at = case when k.expires_at <= p_now then excluded.expires_at else k.expires_at end
    returning k.key, k.execution_id, k.xmax = 0 as inserted
  )
  select r.nth, k.execution_id,
    -- A caller that gives its own ids gives the same one again: that it is in the row does not say who put it there.
    (k.inserted or coalesce(k.execution_id = n.id and b.execution_id <> n.id, false))
      and r.nth = min(r.nth) over (partition by k.key)
  from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
  join kept as k on k.key = format('%s:%s:%s', r.value ->> 'type', r.value ->> 'target', r.value ->> 'idempotency_key')
  join keyed as n on n.key = k.key
  left join before as b on b.key = k.key
  where r.value ? 'idempotency_key';
$$;

comment on function rhythm.claim_keys(jsonb, timestamptz) is
  'For each request with an idempotency key: the execution that the key stands for, and whether it has yet to be made. Internal.';

create or replace function rhythm.create_many(p_requests jsonb)
returns setof uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_head constant jsonb := rhythm.one_head(p_requests);
  v_requests jsonb := p_requests;
begin
  if v_head is not null then
    return query select i.id from unnest(rhythm.make_alike(v_head, p_requests, v_now)) as i (id);
    return;
  end if;
  perform rhythm.check_requests(v_requests);
  perform rhythm.check_targets(v_requests);
  perform rhythm.hold_parents(v_requests);

  if exists (select from jsonb_array_elements(v_requests) as r where r.value ? 'idempotency_key') then
    v_requests := (
      select jsonb_agg(
        r.value || jsonb_build_object(
          'id', coalesce(k.execution_id::text, r.value ->> 'id', rhythm.uuid7(v_now, (r.nth - 1)::integer)::text),
          'known', coalesce(not k.is_new, false))
        order by r.nth)
      from jsonb_array_elements(v_requests) with ordinality as r (value, nth)
      left join rhythm.claim_keys(v_requests, v_now) as k on k.nth = r.nth
    );
    perform from rhythm.create_new(v_requests, v_now);
    return query
      select (r.value ->> 'id')::uuid from jsonb_array_elements(v_requests) with ordinality as r (value, nth) order by r.nth;
    return;
  end if;

  return query select e.id from rhythm.create_new(v_requests, v_now) as e (id);
end;
$$;

comment on function rhythm.create_many(jsonb) is
  'Creates executions, all or none, and returns their ids in order. Each request: {"type": "task"|"workflow", "target", "inputs", '
  'and as wanted "queue", "priority", "delay", "run_at", "timeout", "retry", "idempotency_key", "idempotency_ttl", "concurrency_key", '
  '"metadata", "parent", "traceparent", "watched" (as by watch(), but for what a key stands for already), "id"}.';

-- Inserts what is not known yet and wakes who sleeps for it. Every request without an id is given one in order.
create or replace function rhythm.create_new(p_requests jsonb, p_now timestamptz)
returns setof uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_queues text[];
  v_ids uuid[];
  v_delayed boolean;
begin
  if jsonb_path_exists(p_requests, '$[*] ? (exists(@.known) || exists(@.id))') then
    p_requests := coalesce((
      select jsonb_agg(case when r.value ? 'id' then r.value - 'known' else r.value || jsonb_build_object('id', rhythm.uuid7(p_now, (r.nth - 1)::integer)) end order by r.nth)
      from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
      where not coalesce((r.value ->> 'known')::boolean, false)
    ), '[]');
  end if;
  begin
    select array_agg(b.id order by b.id), array_agg(distinct b.queue) filter (where b.stage = 1), bool_or(b.stage = 0)
    into v_ids, v_queues, v_delayed
    from rhythm.make_executions(p_requests, p_now) as b;
  exception
    when unique_violation then
      perform rhythm.raise('RH001', 'An execution with this id exists already', 'Leave id out, or give each execution a UUID of its own');
  end;
  if jsonb_path_exists(p_requests, '$[*].parent') then
    perform rhythm.cancel_under(v_ids, p_now);
  end if;
  perform rhythm.wake(v_queues);
  if v_delayed then
    perform rhythm.wake_clocks();
  end if;
  return query
    select coalesce((r.value ->> 'id')::uuid, v_ids[r.nth])
    from jsonb_array_elements(p_requests) with ordinality as r (value, nth)
    order by r.nth;
end;
$$;

comment on function rhythm.create_new(jsonb, timestamptz) is 'Inserts the requests that are not known and wakes sleeping workers. Internal.';
