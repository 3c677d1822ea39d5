-- Queues: limits, turns and pauses.

create or replace function rhythm.has_limits(p_queue text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from rhythm.queue as q where q.name = p_queue and q.limited);
end;
$$;

comment on function rhythm.has_limits(text) is 'Whether what becomes ready in a queue goes into lanes. Internal.';

-- A queue gets or loses limits or turns. From this transaction on, what becomes ready goes into lanes, or no longer does.
create or replace function rhythm.change_queue(p_queue text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.queue as q
  set version = q.version + 1, changed = pg_current_xact_id(), limited = n.limited, counted = n.counted,
    limited_since = case when q.limited = n.limited then q.limited_since else pg_current_xact_id() end
  from (
    select q.name,
      q.concurrency is not null or q.per_key_concurrency is not null or q.rate is not null or q.per_key_rate is not null or q.fair
      or exists (
        select from rhythm.queue_key as k
        where k.queue = p_queue and (k.concurrency is not null or k.rate is not null or k.paused_at is not null)) as limited,
      q.concurrency is not null or q.per_key_concurrency is not null
      or exists (select from rhythm.queue_key as k where k.queue = p_queue and k.concurrency is not null) as counted
    from rhythm.queue as q where q.name = p_queue
  ) as n
  where q.name = p_queue;
  perform rhythm.forget_plain_queue(p_queue);
  perform rhythm.wake(array[p_queue]);
end;
$$;

comment on function rhythm.change_queue(text) is 'Tells claims that the configuration of a queue or one of its keys has changed. Internal.';

-- A queue without limits that is not paused needs no row, so that claims of it cost nothing extra. If a queue once had limits,
-- only chores() removes it, because sessions that do not see the change yet may still put something into its lanes.
create or replace function rhythm.forget_plain_queue(p_queue text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from rhythm.queue as q
  where q.name = p_queue and q.paused_at is null and q.limited_since is null
    and not exists (select from rhythm.queue_key as k where k.queue = p_queue);
$$;

comment on function rhythm.forget_plain_queue(text) is 'Removes the row of a queue that never had limits and is not paused. Internal.';

create or replace function rhythm.limit_problem(p_name text, p_value integer)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_value < 1 then format('%s must be 1 or more', p_name) end;
$$;

comment on function rhythm.limit_problem(text, integer) is 'Why a number cannot be a limit, as a sentence; null if it can. Internal.';

create or replace function rhythm.period_problem(p_name text, p_period interval, p_rate_name text, p_rate integer)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_period is null then null
    when coalesce(rhythm.interval_ms(p_period), 0) < 1 then format('%s must be an interval above zero, such as 1 minute', p_name)
    -- A period without a rate would limit nothing.
    when p_rate is null then format('%s needs %s', p_name, p_rate_name)
  end;
$$;

comment on function rhythm.period_problem(text, interval, text, integer) is
  'Why an interval cannot be the period of a rate, as a sentence; null if it can, or is not given. Internal.';

create or replace function rhythm.weights_problem(p_weights jsonb, p_fair text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_weights is null then
    return null;
  elsif jsonb_typeof(p_weights) <> 'object' then
    return 'weights must be an object: {"key": 3, …}';
  elsif p_fair is null and p_weights <> '{}' then
    return 'weights have a meaning only with fair => ''key''';
  end if;
  return (
    select coalesce(rhythm.name_problem('concurrency key', w.key),
      case when w.value::text !~ '^[0-9]{1,4}$' or w.value::text::integer not between 1 and 1000
        then format('The weight of key "%s" must be a whole number from 1 to 1000', w.key) end) as problem
    from jsonb_each(p_weights) as w (key, value)
    order by problem limit 1);
end;
$$;

comment on function rhythm.weights_problem(jsonb, text) is 'Why an object cannot be the weights of keys, as a sentence; null if it can. Internal.';

create or replace function rhythm.limits_of(p_queue text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(to_jsonb(l)) from (
    select q.concurrency, q.per_key_concurrency, q.rate, q.per_ms, q.per_key_rate, q.per_key_per_ms, nullif(q.fair, false) as fair,
      (select jsonb_object_agg(k.key, k.weight) from rhythm.queue_key as k where k.queue = p_queue and k.weight is not null) as weights
    from rhythm.queue as q where q.name = p_queue
  ) as l;
$$;

comment on function rhythm.limits_of(text) is 'The limits of a queue, for records of acts. Internal.';

-- Locks: the row of the queue, which claims only read.
create or replace function rhythm.configure_queue(
  p_queue text,
  concurrency integer default null,
  per_key_concurrency integer default null,
  rate integer default null,
  per interval default null,
  per_key_rate integer default null,
  per_key_per interval default null,
  fair text default null,
  weights jsonb default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_per_ms constant bigint := rhythm.interval_ms(coalesce(per, '1s'));
  v_per_key_ms constant bigint := rhythm.interval_ms(coalesce(per_key_per, '1s'));
  v_problem constant text := coalesce(
    rhythm.name_problem('queue', p_queue),
    rhythm.limit_problem('concurrency', concurrency),
    rhythm.limit_problem('per_key_concurrency', per_key_concurrency),
    rhythm.limit_problem('rate', rate),
    rhythm.period_problem('per', per, 'rate', rate),
    rhythm.limit_problem('per_key_rate', per_key_rate),
    rhythm.period_problem('per_key_per', per_key_per, 'per_key_rate', per_key_rate),
    case when fair <> 'key' then 'fair must be ''key'', or null: no turns' end,
    rhythm.weights_problem(weights, fair)
  );
  v_old constant jsonb := rhythm.limits_of(p_queue);
  v_new rhythm.queue;
  v_changed boolean;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue)]);
  v_new.concurrency := concurrency;
  v_new.per_key_concurrency := per_key_concurrency;
  v_new.rate := rate;
  v_new.per_ms := case when rate is not null then v_per_ms end;
  v_new.per_key_rate := per_key_rate;
  v_new.per_key_per_ms := case when per_key_rate is not null then v_per_key_ms end;
  v_new.fair := fair is not null;
  insert into rhythm.queue as q (name, concurrency, per_key_concurrency, rate, per_ms, per_key_rate, per_key_per_ms, fair)
  values (p_queue, v_new.concurrency, v_new.per_key_concurrency, v_new.rate, v_new.per_ms, v_new.per_key_rate, v_new.per_key_per_ms, v_new.fair)
  on conflict (name) do update set
    concurrency = excluded.concurrency, per_key_concurrency = excluded.per_key_concurrency, rate = excluded.rate, per_ms = excluded.per_ms,
    per_key_rate = excluded.per_key_rate, per_key_per_ms = excluded.per_key_per_ms, fair = excluded.fair
  where (q.concurrency, q.per_key_concurrency, q.rate, q.per_ms, q.per_key_rate, q.per_key_per_ms, q.fair)
    is distinct from (excluded.concurrency, excluded.per_key_concurrency, excluded.rate, excluded.per_ms, excluded.per_key_rate, excluded.per_key_per_ms, excluded.fair);
  v_changed := found;
  if weights is not null then
    v_changed := rhythm.set_weights(p_queue, weights) or v_changed;
  end if;
  if v_changed then
    perform rhythm.record('limit', 'queue', p_queue, p_before => v_old, p_after => rhythm.limits_of(p_queue));
    perform rhythm.change_queue(p_queue);
  end if;
end;
$$;

comment on function rhythm.configure_queue(text, integer, integer, integer, interval, integer, interval, text, jsonb) is
  'Sets the limits of a queue, for all workers together: how many run at once, in all and for each concurrency key, and how many begin in each period, in all and for each key. '
  'With fair => ''key'', concurrency keys take turns. weights says how many turns each has, {"gold": 3}; null changes none. Any other null means that there is no such limit. '
  'Example: select rhythm.configure_queue(''mail'', concurrency => 10, rate => 100, per => interval ''1 minute'');';

create or replace function rhythm.set_weights(p_queue text, p_weights jsonb)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_given boolean;
  v_taken boolean;
begin
  insert into rhythm.queue_key as k (queue, key, weight)
  select p_queue, w.key, w.value::integer from jsonb_each_text(p_weights) as w order by w.key
  on conflict (queue, key) do update set weight = excluded.weight where k.weight is distinct from excluded.weight;
  v_given := found;
  update rhythm.queue_key as k set weight = null
  where k.queue = p_queue and k.weight is not null and not p_weights ? k.key;
  v_taken := found;
  delete from rhythm.queue_key as k
  where k.queue = p_queue and k.weight is null and k.concurrency is null and k.rate is null and k.paused_at is null;
  return v_given or v_taken;
end;
$$;

comment on function rhythm.set_weights(text, jsonb) is 'Sets the weights of concurrency keys of a queue; false: nothing changed. Internal.';

create or replace function rhythm.pause_queue(p_queue text, p_reason text default null, p_by text default null)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_reason, p_by);
begin
  perform rhythm.check_name('queue', p_queue);
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue)]);
  insert into rhythm.queue as q (name, paused_at, paused_by, pause_reason) values (p_queue, rhythm.now(), v_names.by_whom, v_names.reason)
  on conflict (name) do update set paused_at = excluded.paused_at, paused_by = excluded.paused_by, pause_reason = excluded.pause_reason where q.paused_at is null;
  if not found then
    return false;
  end if;
  perform rhythm.record('pause', 'queue', p_queue, p_reason);
  return true;
end;
$$;

comment on function rhythm.pause_queue(text, text, text) is
  'Executions of this queue do not start until resume_queue(); running ones continue. p_by: who paused it; else the role. False: it was already paused.';

create or replace function rhythm.resume_queue(p_queue text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found boolean;
begin
  perform rhythm.check_name('queue', p_queue);
  perform rhythm.tell_odd(array[rhythm.odd_queue(p_queue)]);
  update rhythm.queue as q set paused_at = null, paused_by = null, pause_reason = null where q.name = p_queue and q.paused_at is not null;
  v_found := found;
  if v_found then
    perform rhythm.record('resume', 'queue', p_queue);
  end if;
  perform rhythm.forget_plain_queue(p_queue);
  perform rhythm.wake(array[p_queue]);
  return v_found;
end;
$$;

comment on function rhythm.resume_queue(text) is 'Ends the pause of a queue. False: it was not paused.';
