-- What a workflow asked for becomes rows.

-- The tasks and workflows that outcomes start, as requests. A person wrote the options, so they are checked. A worker made
-- the ids, and its clock may be ahead.
create or replace function rhythm.child_requests(p_outcomes rhythm.outcome[], p_groups rhythm.grouping[])
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_requests jsonb;
  v_problem text;
begin
  select jsonb_agg(
    coalesce(nullif(f.value -> 'options', 'null'), '{}') || jsonb_strip_nulls(jsonb_build_object(
      'id', f.value -> 'id',
      'type', case f.value ->> 'type' when 'run_task' then 'task' else 'workflow' end,
      'target', f.value -> 'target',
      'parent', o.id,
      'traceparent', coalesce(f.value -> 'traceparent', to_jsonb(e.traceparent)),
      'wait_group', (p_groups[o.ordinality]).numbers[array_position((p_groups[o.ordinality]).items, (f.value ->> 'id')::uuid)]
    )) || jsonb_build_object('inputs', coalesce(f.value -> 'inputs', '{}'))
    order by o.id, f.nth)
  into v_requests
  from unnest(p_outcomes) with ordinality as o
  cross join lateral (select x.traceparent from rhythm.execution as x where x.id = o.id offset 0) as e
  cross join lateral jsonb_array_elements(o.effects) with ordinality as f (value, nth)
  where f.value ->> 'type' in ('run_task', 'run_workflow');

  if v_requests is null then
    return '[]';
  end if;
  -- Otherwise options that follow from the workflow (parent, id) would be overwritten silently.
  select 'There is no ' || rhythm.unknown_option(f.value -> 'options', rhythm.option_names('child')) into v_problem
  from unnest(p_outcomes) as o
  cross join lateral jsonb_array_elements(o.effects) as f (value)
  where jsonb_typeof(f.value -> 'options') = 'object' and (f.value -> 'options') - rhythm.option_names('child') <> '{}'
  limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  select rhythm.request_problem(r.value - '{wait_group,id}'::text[]) into v_problem
  from jsonb_array_elements(v_requests) as r
  where (r.value - '{id,type,target,parent,inputs,traceparent,wait_group}'::text[] <> '{}'
      or not r.value ->> 'target' ~ '^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]{0,199}$' or pg_column_size(r.value) > 20000)
    and rhythm.request_problem(r.value - '{wait_group,id}'::text[]) is not null
  limit 1;
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.check_targets(v_requests);
  return v_requests;
end;
$$;

comment on function rhythm.child_requests(rhythm.outcome[], rhythm.grouping[]) is 'The children that outcomes start, in the form of create_many(). Internal.';

-- due() leaves a timer to the worker that keeps it for longer than it takes to settle two thousand due timers. If that worker
-- dies, its timers are late by this time.
create or replace function rhythm.insert_timers(p_outcomes rhythm.outcome[], p_groups rhythm.grouping[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.timer (id, execution_id, fires_at, wait_group, kept_until)
  select (f.value ->> 'id')::uuid, o.id, (f.value ->> 'at')::timestamptz, (p_groups[o.ordinality]).numbers[array_position((p_groups[o.ordinality]).items, (f.value ->> 'id')::uuid)],
    case when f.value -> 'kept' = 'true' then (f.value ->> 'at')::timestamptz + rhythm.kept_grace() end
  from unnest(p_outcomes) with ordinality as o
  cross join lateral jsonb_array_elements(o.effects) as f
  where f.value ->> 'type' = 'start_timer' and o.status = 'suspended';

  insert into rhythm.signal_wait (id, execution_id, name, timeout_at, wait_group)
  select (f.value ->> 'id')::uuid, o.id, f.value ->> 'name', (f.value ->> 'timeoutAt')::timestamptz, (p_groups[o.ordinality]).numbers[array_position((p_groups[o.ordinality]).items, (f.value ->> 'id')::uuid)]
  from unnest(p_outcomes) with ordinality as o
  cross join lateral jsonb_array_elements(o.effects) as f
  where f.value ->> 'type' = 'await_signal' and o.status = 'suspended';
end;
$$;

comment on function rhythm.insert_timers(rhythm.outcome[], rhythm.grouping[]) is 'The timers and waits for signals that outcomes start. Internal.';

create or replace function rhythm.insert_logs(p_outcomes rhythm.outcome[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.log_line (execution_id, at, level, message, data)
  select o.id, p_now,
    case when f.value ->> 'level' in ('debug', 'info', 'warn', 'error') then f.value ->> 'level' else 'info' end,
    f.value ->> 'message', f.value -> 'at'
  from unnest(p_outcomes) as o
  cross join lateral jsonb_array_elements(o.effects) with ordinality as f (value, nth)
  where f.value ->> 'type' = 'log'
  order by o.id, f.nth;
end;
$$;

comment on function rhythm.insert_logs(rhythm.outcome[], timestamptz) is 'The log lines of outcomes. Internal.';

create or replace function rhythm.as_uuid(p_text text)
returns uuid
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case when p_text ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then p_text::uuid end;
end;
$$;

comment on function rhythm.as_uuid(text) is 'A text as an id; null if it is not a UUID. Internal.';

-- Signals from one workflow to another. If the receiver has ended or never existed, nothing is sent: the sender cannot know.
-- Each receiver is looked up by its id, so an old plan cannot scan the table.
create or replace function rhythm.send_signals(p_outcomes rhythm.outcome[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.signal (execution_id, name, payload, sent_at)
  select g.receiver, g.value ->> 'name', coalesce(g.value -> 'payload', 'null'), p_now
  from (
    select o.id, f.nth, f.value, rhythm.as_uuid(f.value ->> 'executionId') as receiver
    from unnest(p_outcomes) as o
    cross join lateral jsonb_array_elements(o.effects) with ordinality as f (value, nth)
    where f.value ->> 'type' = 'send_signal'
  ) as g
  cross join lateral (
    select from rhythm.workflow_state as s
    join rhythm.execution as e on e.id = s.execution_id and e.state = 0
    where s.execution_id = g.receiver
    offset 0
  ) as r
  order by g.id, g.nth;
end;
$$;

comment on function rhythm.send_signals(rhythm.outcome[], timestamptz) is 'The signals that outcomes send to other workflows. Internal.';

-- Matches signals with waits: the oldest signal of a name goes to the oldest wait for it. The caller holds the states' locks.
create or replace function rhythm.match_signals(p_executions uuid[])
returns rhythm.settled_item[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result rhythm.settled_item[];
begin
  with open_wait as (
    select w.id, w.execution_id, w.name, w.wait_group, row_number() over (partition by w.execution_id, w.name order by w.id) as nth
    from rhythm.signal_wait as w
    where w.execution_id = any (p_executions) and w.signal_id is null and not w.timed_out
  ),
  kept as (
    select g.id, g.execution_id, g.name, row_number() over (partition by g.execution_id, g.name order by g.id) as nth
    from rhythm.signal as g
    where g.execution_id = any (p_executions) and g.taken_by is null
  ),
  pair as (
    select w.id as wait_id, w.execution_id, w.wait_group, k.id as signal_id
    from open_wait as w
    join kept as k on k.execution_id = w.execution_id and k.name = w.name and k.nth = w.nth
  ),
  taken as (
    update rhythm.signal as g set taken_by = p.wait_id from pair as p where g.id = p.signal_id
  ),
  given as (
    update rhythm.signal_wait as w set signal_id = p.signal_id from pair as p where w.id = p.wait_id
  )
  select coalesce(array_agg(row(p.execution_id, p.wait_id, false, p.wait_group)::rhythm.settled_item order by p.signal_id), '{}')
  from pair as p
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.match_signals(uuid[]) is 'Gives kept signals to the waits of some workflows, in order; returns the waits that took one. Internal.';

create or replace function rhythm.stored_tags(p_tags text[])
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select nullif(array(select left(t.tag, 400) from unnest(p_tags) with ordinality as t (tag, nth) where t.tag is not null order by t.nth limit 100), '{}');
$$;

comment on function rhythm.stored_tags(text[]) is 'Tags as an execution has them: at most a hundred, null if there are none. Internal.';

-- The caller has locked the executions.
create or replace function rhythm.write_tags(p_outcomes rhythm.outcome[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.execution as e set tags = t.tags
  from unnest(p_outcomes) as o
  cross join lateral (
    select rhythm.stored_tags(array(select x.value from jsonb_array_elements_text(f.value -> 'tags') as x (value) limit 100)) as tags
    from jsonb_array_elements(o.effects) as f (value)
    where f.value ->> 'type' = 'tag' and jsonb_typeof(f.value -> 'tags') = 'array'
    limit 1
  ) as t
  where e.id = o.id and e.tags is distinct from t.tags;
end;
$$;

comment on function rhythm.write_tags(rhythm.outcome[]) is 'The values that workflows are found by. Internal.';
