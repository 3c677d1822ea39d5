-- exchange(): settles what a worker did and leases its next work, in one call and one commit.

create or replace function rhythm.exchange_problem(p_call integer, p_ends jsonb, p_want jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when coalesce(p_call, 0) < 1 then 'p_call must be a number from 1 that grows with each call'
    when jsonb_typeof(p_ends) is distinct from 'array' or jsonb_path_exists(p_ends, 'strict $[*] ? (@.type() != "object")') then
      'p_ends must be a JSON array of objects: [{"kind": "done", "call": 1, "ids": ["…"], "outputs": [null]}, …]'
    when jsonb_path_exists(p_ends, '$[*] ? (!(@.kind == "done" || @.kind == "outcome" || @.kind == "steps" || @.kind == "fire" || @.kind == "leave") || @.kind.type() != "string")') then
      format('%s cannot be the kind of an end: expected done, outcome, steps, fire or leave', coalesce(
        (select e.value -> 'kind' from jsonb_array_elements(p_ends) as e (value)
        where not coalesce(e.value ->> 'kind' in ('done', 'outcome', 'steps', 'fire', 'leave'), false) limit 1)::text, 'null'))
    when p_want is not null and jsonb_typeof(p_want) <> 'object' then 'p_want must be an object: {"limit": 10}'
    when p_want - '{queues,limit,targets,lease,sleeps}'::text[] <> '{}' then
      format('p_want has no "%s": expected queues, limit, targets, lease, sleeps',
        (select k.name from jsonb_object_keys(p_want) as k (name) where k.name <> all ('{queues,limit,targets,lease,sleeps}') limit 1))
    when p_want ? 'limit' and not coalesce(jsonb_typeof(p_want -> 'limit') = 'number' and p_want ->> 'limit' ~ '^\d{1,6}$' and (p_want ->> 'limit')::integer <= 100000, false) then
      format('Cannot claim %s executions: expected 0 to 100000', p_want -> 'limit')
    when p_want ? 'lease' and not coalesce(jsonb_typeof(p_want -> 'lease') = 'number' and p_want ->> 'lease' ~ '^\d{1,6}$', false) then 'lease must be a whole number'
    when p_want ? 'queues' and jsonb_typeof(p_want -> 'queues') <> 'array' then 'queues must be an array of names'
    when p_want ? 'targets' and jsonb_typeof(p_want -> 'targets') <> 'array' then 'targets must be an array of names'
    when p_want ? 'sleeps' and jsonb_typeof(p_want -> 'sleeps') <> 'boolean' then 'sleeps must be true or false'
  end;
end;
$$;

comment on function rhythm.exchange_problem(integer, jsonb, jsonb) is 'What is wrong with the arguments of exchange(); null if nothing is. Internal.';

create or replace function rhythm.texts_of(p_array jsonb)
returns text[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_array is not null then array(select t.value from jsonb_array_elements_text(p_array) with ordinality as t (value, nth) order by t.nth) end;
end;
$$;

comment on function rhythm.texts_of(jsonb) is 'A JSON array of texts as an array. Internal.';

create or replace function rhythm.ids_of(p_array jsonb, p_what text)
returns uuid[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  if jsonb_typeof(p_array) is distinct from 'array' then
    perform rhythm.raise('RH001', format('%s must be an array of UUIDs', p_what));
  end if;
  v_ids := rhythm.texts_of(p_array);
  return v_ids;
exception
  when invalid_text_representation then
    perform rhythm.raise('RH001', format('%s must be an array of UUIDs', p_what));
end;
$$;

comment on function rhythm.ids_of(jsonb, text) is 'A JSON array of ids as an array. Internal.';

-- Completes tasks that no workflow started. Tasks that are locked or cancelled are returned as outcomes.
create or replace function rhythm.settle_done(p_worker uuid, p_item jsonb, p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_call integer;
  v_outputs jsonb := p_item -> 'outputs';
  v_ids uuid[];
  v_done uuid[];
begin
  if jsonb_typeof(p_item -> 'ids') is distinct from 'array' or jsonb_typeof(v_outputs) is distinct from 'array'
    or jsonb_array_length(p_item -> 'ids') <> jsonb_array_length(v_outputs) then
    perform rhythm.raise('RH001', 'ids and outputs must be arrays of one length');
  elsif not coalesce(jsonb_typeof(p_item -> 'call') = 'number' and p_item ->> 'call' ~ '^\d{1,9}$', false) then
    perform rhythm.raise('RH001', 'A done needs the number of the call that leased its tasks');
  end if;
  v_call := (p_item ->> 'call')::integer;
  v_ids := rhythm.ids_of(p_item -> 'ids', 'ids');
  if exists (select from generate_subscripts(v_ids, 1) as n where v_ids[n] < v_ids[n - 1]) then
    select array_agg(i.id order by i.id), jsonb_agg(v_outputs -> (i.nth - 1)::integer order by i.id) into v_ids, v_outputs
    from unnest(v_ids) with ordinality as i (id, nth);
  end if;
  if pg_column_size(v_outputs) <= v_limit or (select max(octet_length(o.value::text)) <= v_limit from jsonb_array_elements(v_outputs) as o (value)) then
    begin
      v_done := rhythm.complete_tasks(p_worker, v_call, v_ids, v_outputs, p_now);
    exception
      when lock_not_available then
        v_done := '{}';
    end;
  end if;
  if cardinality(v_done) = cardinality(v_ids) then
    return null;
  end if;
  return (
    select jsonb_agg(jsonb_build_object('kind', 'outcome', 'id', i.id, 'call', v_call, 'status', 'completed', 'output', v_outputs -> (i.nth - 1)::integer))
    from unnest(v_ids) with ordinality as i (id, nth) where i.id <> all (coalesce(v_done, '{}')));
end;
$$;

comment on function rhythm.settle_done(uuid, jsonb, timestamptz) is 'Settles plain ends of tasks; returns the others as outcomes. Internal.';

-- Timers whose worker cannot advance their workflows in memory after all. Does what due() does, for these ids.
create or replace function rhythm.fire_timers_of(p_ids uuid[], p_now timestamptz, p_worker uuid, p_call integer, p_lease integer)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_free constant uuid[] := rhythm.lock_free_states(array(select distinct t.execution_id from rhythm.timer as t where t.id = any (p_ids)));
  v_items rhythm.settled_item[];
begin
  with fired as (
    update rhythm.timer as t set fired = true
    where t.id = any (p_ids) and t.execution_id = any (v_free) and t.fires_at <= p_now and not t.fired and not t.deadline
    returning t.execution_id, t.id, t.fires_at, t.wait_group
  )
  select coalesce(array_agg(row(f.execution_id, f.id, false, f.wait_group)::rhythm.settled_item order by f.fires_at, f.id), '{}') into v_items from fired as f;
  return rhythm.resume(rhythm.deliver(v_items), p_now, p_worker, p_call, p_lease);
end;
$$;

comment on function rhythm.fire_timers_of(uuid[], timestamptz, uuid, integer, integer) is 'Fires the due ones of some timers; returns the batches of workflows that were leased to the worker. Internal.';

create or replace function rhythm.leave_timers(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.timer as t set kept_until = null
  where t.id = any (array(select x.id from rhythm.timer as x where x.id = any (p_ids) and x.kept_until is not null and not x.fired for update skip locked));
  if found then
    perform rhythm.wake_clocks();
  end if;
end;
$$;

comment on function rhythm.leave_timers(uuid[]) is 'Lets due() fire timers that a worker kept. Internal.';

-- Looks before it takes the array apart: most calls have ends of one or two kinds.
create or replace function rhythm.ends_of(p_ends jsonb, p_kind text)
returns setof jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_ends @> jsonb_build_array(jsonb_build_object('kind', p_kind)) then
    return query select e.value from jsonb_array_elements(p_ends) with ordinality as e (value, nth) where e.value ->> 'kind' = p_kind order by e.nth;
  end if;
end;
$$;

comment on function rhythm.ends_of(jsonb, text) is 'Those of some ends that are of one kind, in order. Internal.';

-- Settles all ends of a call. Steps and outcomes first, because they lock states, which come before executions.
create or replace function rhythm.settle_ends(p_worker uuid, p_ends jsonb, p_call integer, p_lease integer, p_targets text[], p_now timestamptz)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb := '{"refused": [], "declined": [], "leased": [], "born": [], "early": {}}';
  v_outcomes jsonb := jsonb_path_query_array(p_ends, '$[*] ? (@.kind == "outcome")');
  v_lease integer := p_lease;
  v_item jsonb;
begin
  for v_item in select e.value from rhythm.ends_of(p_ends, 'steps') as e (value) loop
    begin
      v_answer := rhythm.both_answers(v_answer, rhythm.settle_steps(p_worker, v_item, p_call, v_lease, p_targets, p_now));
    exception
      -- Then each is settled alone, and the one that caused the error fails with the reason.
      when others then
        if not rhythm.is_data_error(sqlstate) and sqlstate <> '55P03' then
          raise;
        end if;
        v_answer := rhythm.both_answers(v_answer, jsonb_build_object('refused', '[]'::jsonb, 'leased', '[]'::jsonb, 'born', '[]'::jsonb,
          'declined', jsonb_path_query_array(v_item, '$.ends[*].id'))) || jsonb_build_object(
          'problem', case when sqlstate ~ '^22' then 'The ends, timers or children of steps cannot be read: ' else '' end || sqlerrm);
    end;
    v_lease := p_lease - coalesce((select sum(b.size) from rhythm.batch as b where b.worker = p_worker and b.call = p_call), 0)::integer;
  end loop;
  for v_item in select e.value from rhythm.ends_of(p_ends, 'done') as e (value) loop
    v_outcomes := coalesce(rhythm.settle_done(p_worker, v_item, p_now), '[]') || v_outcomes;
  end loop;
  if v_outcomes <> '[]' then
    v_answer := rhythm.both_answers(v_answer, rhythm.settle_outcomes(p_worker, v_outcomes, p_call, v_lease, p_targets, p_now));
    v_lease := p_lease - coalesce((select sum(b.size) from rhythm.batch as b where b.worker = p_worker and b.call = p_call), 0)::integer;
  end if;
  for v_item in select e.value from rhythm.ends_of(p_ends, 'fire') as e (value) loop
    v_answer := jsonb_set(v_answer, '{leased}', (v_answer -> 'leased')
      || to_jsonb(rhythm.fire_timers_of(rhythm.ids_of(v_item -> 'timers', 'timers'), p_now, p_worker, p_call, v_lease)));
  end loop;
  for v_item in select e.value from rhythm.ends_of(p_ends, 'leave') as e (value) loop
    perform rhythm.leave_timers(rhythm.ids_of(v_item -> 'timers', 'timers'));
  end loop;
  return v_answer;
end;
$$;

comment on function rhythm.settle_ends(uuid, jsonb, integer, integer, text[], timestamptz) is 'Settles all ends of a worker''s call. Internal.';

-- Calls with odd numbers run one after another, and so do those with even numbers.
create or replace function rhythm.last_call(p_worker uuid, p_call integer)
returns rhythm.worker_call
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last rhythm.worker_call;
begin
  select c.* into v_last from rhythm.worker_call as c where c.worker_id = p_worker and c.odd = (p_call % 2 = 1);
  if not found then
    perform rhythm.raise('RH008', format('Worker %s is not registered, or counts as dead', coalesce(p_worker::text, 'null')), 'Call register_worker() with a new id');
  elsif p_call < v_last.call then
    perform rhythm.raise('RH008', format('Worker %s has made call %s already: call %s is too late', p_worker, v_last.call, p_call),
      'A worker counts its calls. It sends those with odd numbers one at a time, and those with even numbers, too');
  end if;
  return v_last;
end;
$$;

comment on function rhythm.last_call(uuid, integer) is
  'The last call of a registered worker before this one, among those with odd or with even numbers; raises RH008 if it is not registered or the call is an old one. Internal.';

-- Takes no locks and no transaction number, because an idle worker asks often.
create or replace function rhythm.ready_queues(p_queues text[], p_targets text[])
returns text[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if 'everything:' = any (rhythm.paused_targets()) then
    return '{}';
  end if;
  return array(
    select q.name from unnest(p_queues) with ordinality as q (name, nth)
    where rhythm.has_ready(q.name, p_targets) and not exists (select from rhythm.queue as x where x.name = q.name and x.paused_at is not null)
    order by q.nth);
end;
$$;

comment on function rhythm.ready_queues(text[], text[]) is 'Those of some queues in which a claim could find something, in order. Internal.';

-- Locks: the worker, if it wakes; the row of its odd or even calls; then as settling and claiming do. A worker falls asleep with a call that settles nothing. Never waits for a row that an
-- application has locked. Without ends and without ready work it writes nothing and locks nothing.
create or replace function rhythm.exchange(p_worker uuid, p_call integer, p_ends jsonb default '[]', p_want jsonb default null)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
set jit = off
set lock_timeout = '100ms'
as $$
declare
  v_now timestamptz := rhythm.now();
  v_problem constant text := rhythm.exchange_problem(p_call, p_ends, p_want);
  v_limit integer;
  v_lease integer;
  v_targets text[];
  v_last rhythm.worker_call;
  v_worker rhythm.worker;
  v_queues text[];
  v_answer jsonb := '{"refused": [], "declined": [], "early": {}}';
  v_parcels jsonb := '[]';
  v_claimed bigint[];
begin
  perform rhythm.require_read_committed();
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.require_home();
  v_limit := coalesce((p_want ->> 'limit')::integer, 0);
  v_lease := coalesce((p_want ->> 'lease')::integer, 0);
  v_targets := rhythm.texts_of(p_want -> 'targets');
  v_last := rhythm.last_call(p_worker, p_call);
  if p_call = v_last.call then
    return rhythm.same_answer(v_last);
  end if;
  select w.* into v_worker from rhythm.worker as w where w.id = p_worker;
  if v_worker.draining_since is not null then
    v_limit := 0;
    v_lease := 0;
  end if;
  v_queues := coalesce(rhythm.texts_of(p_want -> 'queues'), v_worker.queues);
  if v_limit > 0 and p_ends = '[]' then
    v_queues := rhythm.ready_queues(v_queues, v_targets);
  end if;
  if v_limit > 0 and v_worker.sleeping and v_queues <> '{}' then
    update rhythm.worker as w set sleeping = false where w.id = p_worker;
    v_worker.sleeping := false;
  end if;
  if p_ends <> '[]' or v_limit > 0 and v_queues <> '{}' then
    -- From here to the commit, nobody can declare it dead.
    update rhythm.worker_call as c set call = p_call, refused = null where c.worker_id = p_worker and c.odd = v_last.odd and c.call < p_call;
    if not found then
      return rhythm.same_answer(rhythm.last_call(p_worker, p_call));
    end if;
    v_now := rhythm.now();
    if p_ends <> '[]' then
      v_answer := rhythm.settle_ends(p_worker, p_ends, p_call, v_lease, v_targets, v_now);
      v_parcels := rhythm.parcels(rhythm.texts_of((v_answer -> 'leased') || (v_answer -> 'born'))::bigint[], rhythm.texts_of(v_answer -> 'born')::bigint[]);
      -- Only now: the ends may have made room in a queue with limits, or made something ready.
      if v_limit > 0 then
        v_queues := rhythm.ready_queues(v_queues, v_targets);
      end if;
    end if;
    if v_limit > 0 and v_queues <> '{}' then
      v_claimed := rhythm.claim_batches(p_worker, p_call, v_queues, v_limit, v_targets, v_now);
      perform rhythm.deliver_rest(v_claimed);
      v_parcels := v_parcels || rhythm.parcels(v_claimed);
    end if;
    if (v_answer - '{leased,born}'::text[]) <> '{"refused": [], "declined": [], "early": {}}' then
      update rhythm.worker_call as c set refused = v_answer - '{leased,born}'::text[] where c.worker_id = p_worker and c.odd = v_last.odd;
    end if;
  end if;
  if v_limit > 0 and p_ends = '[]' and v_parcels = '[]' and v_worker.sleeping <> coalesce((p_want ->> 'sleeps')::boolean, false) then
    update rhythm.worker as w set sleeping = not v_worker.sleeping where w.id = p_worker;
  end if;
  return v_answer - '{leased,born}'::text[] || jsonb_build_object('call', p_call, 'now', round(extract(epoch from v_now) * 1000), 'parcels', v_parcels);
end;
$$;

comment on function rhythm.exchange(uuid, integer, jsonb, jsonb) is
  'Settles what a worker did and returns its next work, in one commit. p_ends: [{kind: done|outcome|steps|fire|leave, …}]. p_want: {queues, limit, targets, lease, sleeps}. '
  'Returns {call, now, refused: [{id, reason}], declined: [id], early: {id: ms}, retried: {id: ms}, parcels: [{common, ids, inputs, …}]}. refused: the lease is lost, nothing changed. '
  'declined: a row is locked, or the workflow is at another step; send it again, alone. retried: failed attempts that are repeated, and in how many milliseconds. now: the engine''s clock, in milliseconds since 1970, by which steps have their moments. The worker numbers its calls from 1; the same call again returns the same answer. See docs/reference/worker-protocol.md.';

-- What the call leased and the worker still holds is returned again, with its inputs.
create or replace function rhythm.same_answer(p_last rhythm.worker_call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_last.refused, '{"refused": [], "declined": [], "early": {}}') || jsonb_build_object('call', p_last.call, 'now', round(extract(epoch from rhythm.now()) * 1000), 'again', true,
    'parcels', rhythm.parcels(array(select b.id from rhythm.batch as b where b.worker = p_last.worker_id and b.call = p_last.call order by b.priority desc, b.first_id), '{}', true));
end;
$$;

comment on function rhythm.same_answer(rhythm.worker_call) is 'The answer to the last call of a worker, once more. Internal.';

-- A transactional task settles in the transaction of its handler.
create or replace function rhythm.settle_one(p_worker uuid, p_outcome jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_concerned uuid[];
begin
  perform rhythm.require_read_committed();
  if jsonb_typeof(p_outcome) is distinct from 'object' then
    perform rhythm.raise('RH001', 'p_outcome must be an object: {"id": "…", "call": 1, "status": "completed", "output": null}');
  end if;
  perform rhythm.check_items(jsonb_build_array(p_outcome));
  -- It waits for its parent: after the handler's writes, the worker cannot send it again.
  v_concerned := array(select distinct c.concerns from rhythm.concerned(jsonb_build_array(p_outcome)) as c);
  perform rhythm.lock_states(v_concerned);
  perform from rhythm.execution as e where e.id = (p_outcome ->> 'id')::uuid for no key update;
  return rhythm.settle_all(p_worker, jsonb_build_array(p_outcome), 0, 0, null, v_now) - '{leased,born}'::text[];
end;
$$;

comment on function rhythm.settle_one(uuid, jsonb) is
  'Commits the outcome of one leased task in the transaction of its handler: {id, call, status, output, error}. Returns {refused, declined}; raises what is wrong instead of failing the task.';
