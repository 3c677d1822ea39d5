-- Unique keys: what happens if another execution has the key of a start.

create or replace function rhythm.unique_problem(p_unique jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := rhythm.option_names('unique');
begin
  return case
    when jsonb_typeof(p_unique) <> 'object' then 'unique must be an object'
    when p_unique - c_names <> '{}' then 'unique has no ' || rhythm.unknown_option(p_unique, c_names)
    when not p_unique ? 'key' then 'unique needs a key'
    when jsonb_typeof(p_unique -> 'key') <> 'string' then 'unique.key must be a text'
    when rhythm.name_problem('unique key', p_unique ->> 'key') is not null then rhythm.name_problem('unique key', p_unique ->> 'key')
    when p_unique ? 'while' and not coalesce(p_unique ->> 'while' in ('queued', 'active', 'kept'), false) and coalesce(rhythm.duration_ms(p_unique -> 'while'), 0) = 0 then
      'unique.while must be queued, active or kept, or a duration above zero, such as "10m"'
    when p_unique ? 'on_conflict' and not coalesce(p_unique ->> 'on_conflict' in ('existing', 'reject', 'replace', 'cancel_existing'), false) then
      'unique.on_conflict must be existing, reject, replace or cancel_existing'
  end;
end;
$$;

comment on function rhythm.unique_problem(jsonb) is 'What is wrong with the option unique, as a sentence; null if nothing is.';

create or replace function rhythm.debounce_problem(p_debounce jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_names constant text[] := rhythm.option_names('debounce');
begin
  return case
    when jsonb_typeof(p_debounce) <> 'object' then 'debounce must be an object'
    when p_debounce - c_names <> '{}' then 'debounce has no ' || rhythm.unknown_option(p_debounce, c_names)
    when not p_debounce ? 'key' then 'debounce needs a key'
    when jsonb_typeof(p_debounce -> 'key') <> 'string' then 'debounce.key must be a text'
    when rhythm.name_problem('debounce key', p_debounce ->> 'key') is not null then rhythm.name_problem('debounce key', p_debounce ->> 'key')
    when not p_debounce ? 'delay' then 'debounce needs a delay'
    when coalesce(rhythm.duration_ms(p_debounce -> 'delay'), 0) = 0 then 'debounce.delay must be a duration above zero: seconds, or text such as "1h30m"'
    when p_debounce ? 'max_delay' and coalesce(rhythm.duration_ms(p_debounce -> 'max_delay'), 0) = 0 then
      'debounce.max_delay must be a duration above zero: seconds, or text such as "1h30m"'
    when p_debounce ? 'inputs' and not coalesce(p_debounce ->> 'inputs' in ('last', 'first', 'all'), false) then 'debounce.inputs must be last, first or all'
    when rhythm.duration_ms(p_debounce -> 'max_delay') < rhythm.duration_ms(p_debounce -> 'delay') then 'debounce.max_delay must not be shorter than debounce.delay'
  end;
end;
$$;

comment on function rhythm.debounce_problem(jsonb) is 'What is wrong with the option debounce, as a sentence; null if nothing is.';

create or replace function rhythm.on_conflict_of(p_request jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_request ? 'debounce' then 'debounce' when p_request ? 'unique' then coalesce(p_request #>> '{unique,on_conflict}', 'existing') end;
end;
$$;

comment on function rhythm.on_conflict_of(jsonb) is 'What a request does if another execution has its key: as unique.on_conflict, or debounce. Null: it has no such key. Internal.';

-- The caller holds the waiting execution.
create or replace function rhythm.debounced(p_request jsonb, p_waiting uuid, p_now timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_before constant jsonb := (select e.inputs from rhythm.execution as e where e.id = p_waiting);
  v_inputs constant jsonb := case coalesce(p_request #>> '{debounce,inputs}', 'last')
    when 'first' then v_before
    when 'all' then v_before || jsonb_build_array(coalesce(p_request -> 'inputs', '{}'))
    else p_request -> 'inputs' end;
begin
  if octet_length(v_inputs::text) > v_limit then
    perform rhythm.raise('RH006', format('inputs take %s bytes: at most %s are allowed (setting max_payload_bytes)', octet_length(v_inputs::text), v_limit));
  end if;
  return p_request - 'debounce' || jsonb_build_object('inputs', coalesce(v_inputs, '{}'), 'run_at', least(
    p_now + rhythm.duration_ms(p_request #> '{debounce,delay}') * interval '1 millisecond',
    rhythm.created_at(p_waiting) + rhythm.duration_ms(p_request #> '{debounce,max_delay}') * interval '1 millisecond'));
end;
$$;

comment on function rhythm.debounced(jsonb, uuid, timestamptz) is 'What a waiting execution becomes by another start with its debounce key, as a request. Internal.';

create or replace function rhythm.refuse_conflict(p_request jsonb, p_owner uuid, p_why text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.raise('RH012', format('Cannot start %s "%s": execution %s has the unique key "%s"%s', case p_request ->> 'type' when 'workflow' then 'flow' else 'task' end,
    p_request ->> 'target', p_owner, p_request #>> '{unique,key}', p_why), null, jsonb_build_object('executionId', p_owner)::text);
end;
$$;

comment on function rhythm.refuse_conflict(jsonb, uuid, text) is 'Raises RH012: another execution has the unique key of a request. Internal.';

-- A waiting execution gets what another start of its key says, and keeps its id, its place in the order and its parent.
-- The caller holds its row, its state and its batch.
create or replace function rhythm.replace_waiting(p_execution uuid, p_request jsonb, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kind constant rhythm.kind := rhythm.kind_of(p_request - '{id,inputs,parent,traceparent,wait_group}'::text[], p_now);
  v_execution rhythm.execution;
  v_old rhythm.batch;
  v_batch rhythm.batch;
begin
  select b.* into v_old
  from rhythm.execution as e left join rhythm.workflow_state as s on s.execution_id = e.id join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
  where e.id = p_execution;
  update rhythm.execution as e
  set inputs = coalesce(p_request -> 'inputs', '{}'), queue = v_kind.queue, priority = v_kind.priority, run_at = v_kind.run_at, expires_at = v_kind.expires_at,
    timeout_ms = v_kind.timeout_ms, retry = v_kind.retry, concurrency_key = v_kind.concurrency_key, metadata = v_kind.metadata, traceparent = p_request ->> 'traceparent',
    notify_on_end = e.notify_on_end or v_kind.notify_on_end, note = null,
    version = case e.type when 'workflow' then (select v.version from rhythm.flow_version as v where v.program = v_kind.program) end,
    tags = case e.type when 'workflow' then (
      select rhythm.first_tags(v.found_by, coalesce(p_request -> 'inputs', '{}')) from rhythm.flow_version as v where v.program = v_kind.program and v.found_by is not null) end
  where e.id = p_execution
  returning e.* into v_execution;
  v_batch := rhythm.batch_of(v_execution, v_kind.run_at, 0, v_old.failures, v_old.crashes);
  v_batch.common := rhythm.common_of(rhythm.max_attempts(v_kind.retry), v_kind.timeout_ms, v_kind.metadata, v_execution.traceparent, v_kind.program);
  if v_old.gate is not null then
    v_batch.gate := v_old.gate;
    v_batch.run_at := 'infinity';
  end if;
  delete from rhythm.batch as b where b.id = v_old.id;
  insert into rhythm.batch select v_batch.*;
  if v_execution.type = 'workflow' then
    update rhythm.workflow_state as s set batch_id = v_batch.id, program = v_kind.program where s.execution_id = p_execution;
    delete from rhythm.timer as t where t.execution_id = p_execution and t.deadline;
    perform rhythm.set_deadline(p_execution, coalesce(v_kind.run_at, p_now));
  else
    update rhythm.execution as e set batch_id = v_batch.id where e.id = p_execution;
  end if;
  perform rhythm.wake_for(array[v_batch]);
end;
$$;

comment on function rhythm.replace_waiting(uuid, jsonb, timestamptz) is 'Gives an execution that has not begun the inputs and options of another request. Internal.';

-- The executions to lock before the keys are claimed: whole trees that may be cancelled, and executions that must not begin
-- meanwhile. A start that finds a queued execution must be seen by it: it begins after this transaction, or is not found.
create or replace function rhythm.lock_rivals(p_requests jsonb, p_owners uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_cancelled uuid[];
  v_waiting uuid[];
begin
  select coalesce(array_agg(k.execution_id) filter (where rhythm.on_conflict_of(r.value) = 'cancel_existing'), '{}'),
    coalesce(array_agg(k.execution_id) filter (where rhythm.on_conflict_of(r.value) in ('replace', 'debounce')
      or k.held_while = 'queued' and rhythm.on_conflict_of(r.value) = 'existing'), '{}')
  into v_cancelled, v_waiting
  from jsonb_array_elements(p_requests) as r
  join rhythm.idempotency_key as k on k.key = rhythm.key_of(r.value) and k.execution_id = any (p_owners)
  where rhythm.on_conflict_of(r.value) is not null;
  -- What has begun is not locked: its worker could not settle it meanwhile.
  v_waiting := array(select e.id from rhythm.execution as e where e.id = any (v_waiting) and not rhythm.is_begun(e));
  if v_cancelled <> '{}' or v_waiting <> '{}' then
    perform rhythm.lock_trees(v_cancelled, v_waiting);
    perform rhythm.hold_batch(b.id)
    from unnest(v_waiting) as i (id)
    join rhythm.execution as e on e.id = i.id and e.state = 0
    left join rhythm.workflow_state as s on s.execution_id = e.id
    join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id) and b.worker is null
    order by i.id;
  end if;
end;
$$;

comment on function rhythm.lock_rivals(jsonb, uuid[]) is 'Locks the executions that have unique keys of requests, as far as it matters to what happens. Internal.';

-- Claims the keys of requests. What was locked may no longer have the key when that is claimed: then all locks are
-- released, and it begins again. Only in this way are locks taken in the one order.
-- Locks: states, executions, batches, then keys. Waits for sessions with the same keys.
create or replace function rhythm.claim_unique(p_requests jsonb, p_now timestamptz)
returns rhythm.key_claim[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_twice text;
  v_owners uuid[];
  v_claims rhythm.key_claim[];
  v_claim rhythm.key_claim;
  v_request jsonb;
  v_how text;
  v_result rhythm.key_claim[] := '{}';
begin
  select min(coalesce(r.value #>> '{unique,key}', r.value #>> '{debounce,key}')) into v_twice from jsonb_array_elements(p_requests) as r
  where r.value ?| array['idempotency_key', 'unique', 'debounce']
  group by rhythm.key_of(r.value)
  having count(*) > 1 and bool_or(rhythm.on_conflict_of(r.value) <> 'existing')
  limit 1;
  if v_twice is not null then
    perform rhythm.raise('RH001', format('Two requests of one call have the unique or debounce key "%s"', v_twice), 'Only with on_conflict "existing" are they one execution');
  end if;
  loop
    begin
      v_owners := array(
        select k.execution_id from rhythm.idempotency_key as k
        where k.key = any (array(select rhythm.key_of(r.value) from jsonb_array_elements(p_requests) as r where rhythm.on_conflict_of(r.value) is not null)));
      perform rhythm.lock_rivals(p_requests, v_owners);
      v_claims := array(select row(c.nth, c.execution_id, c.is_new)::rhythm.key_claim from rhythm.claim_keys(p_requests, p_now) as c order by c.nth);
      if exists (
        select from unnest(v_claims) as c
        where not c.is_new and c.execution_id <> all (v_owners) and rhythm.on_conflict_of(p_requests -> (c.nth - 1)::integer) is not null
          and not exists (select from unnest(v_claims) as x where x.is_new and x.execution_id = c.execution_id)
      ) then
        raise sqlstate 'RHTRY';
      end if;
      exit;
    exception
      when sqlstate 'RHTRY' then
        null;
    end;
  end loop;

  foreach v_claim in array v_claims loop
    v_request := p_requests -> (v_claim.nth - 1)::integer;
    v_how := case when not v_claim.is_new then rhythm.on_conflict_of(v_request) end;
    if v_how = 'reject' then
      perform rhythm.refuse_conflict(v_request, v_claim.execution_id, '');
    elsif v_how = 'replace' then
      if (select rhythm.is_begun(e) from rhythm.execution as e where e.id = v_claim.execution_id) then
        perform rhythm.refuse_conflict(v_request, v_claim.execution_id, ' and has begun, so it cannot be replaced');
      end if;
      perform rhythm.replace_waiting(v_claim.execution_id, v_request, p_now);
    elsif v_how = 'debounce' then
      perform rhythm.replace_waiting(v_claim.execution_id, rhythm.debounced(v_request, v_claim.execution_id, p_now), p_now);
    elsif v_how = 'cancel_existing' then
      perform rhythm.cancel_trees(array[v_claim.execution_id], format('Another start with its unique key "%s" took its place', v_request #>> '{unique,key}'), p_now);
      v_claim.execution_id := coalesce((v_request ->> 'id')::uuid, rhythm.new_id());
      v_claim.is_new := true;
      update rhythm.idempotency_key as k
      set execution_id = v_claim.execution_id, held_while = rhythm.held_while(v_request), expires_at = p_now + rhythm.duration_ms(v_request #> '{unique,while}') * interval '1 millisecond'
      where k.key = rhythm.key_of(v_request);
    end if;
    v_result := v_result || v_claim;
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.claim_unique(jsonb, timestamptz) is
  'Claims the keys of requests, and does what they say where another execution has one: returns that, refuses, replaces it or cancels it. Internal.';

-- An execution that will run again holds its key again.
create or replace function rhythm.take_key_again(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution rhythm.execution;
  v_owner uuid;
begin
  select e.* into v_execution from rhythm.execution as e where e.id = p_execution;
  -- What has begun once is not queued in this sense.
  if v_execution.unique_key is null or v_execution.unique_while = 'queued' and v_execution.attempt > 0 then
    return;
  end if;
  insert into rhythm.idempotency_key as k (key, execution_id, held_while)
  values (format('%s:%s:%s', v_execution.type, v_execution.target, v_execution.unique_key), p_execution, v_execution.unique_while)
  on conflict (key) do update set
    execution_id = case when rhythm.key_is_free(k) then excluded.execution_id else k.execution_id end,
    held_while = case when rhythm.key_is_free(k) then excluded.held_while else k.held_while end,
    expires_at = case when rhythm.key_is_free(k) then null else k.expires_at end
  returning k.execution_id into v_owner;
  if v_owner <> p_execution then
    perform rhythm.raise('RH003', format('Cannot run execution %s again: execution %s has its unique key "%s" now', p_execution, v_owner, v_execution.unique_key),
      'Wait until that is over, or cancel it');
  end if;
end;
$$;

comment on function rhythm.take_key_again(uuid) is 'Takes the unique key of an execution that will run again; raises RH003 if another has it. Internal.';
