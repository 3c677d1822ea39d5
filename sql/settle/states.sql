-- Where workflows stand after an outcome.

-- Drops what the workflow can no longer observe. A signal that a dropped wait took meanwhile is given back, in its place.
-- From the outcomes to what each holds: planned on an empty table, a join began with the table, and compared each timer with
-- each outcome.
create or replace function rhythm.release_waits(p_outcomes rhythm.outcome[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_dropped uuid[];
begin
  v_dropped := array(
    select w.id
    from unnest(p_outcomes) as o
    cross join lateral (
      select x.id from rhythm.signal_wait as x
      where x.execution_id = o.id and (x.id <> all (o.keep) or x.id = any (o.released)) offset 0
    ) as w);
  if v_dropped <> '{}' then
    update rhythm.signal as g set taken_by = null
    from rhythm.signal_wait as w
    join rhythm.workflow_state as s on s.execution_id = w.execution_id
    join rhythm.execution as e on e.id = w.execution_id
    where w.id = any (v_dropped) and g.id = w.signal_id
      and w.id = any (s.inbox[e.delivered + 1:]);
    update rhythm.workflow_state as s
    set inbox = array(select i.id from unnest(s.inbox) with ordinality as i (id, nth)
      where i.nth <= e.delivered or i.id <> all (v_dropped) order by i.nth)
    from rhythm.execution as e
    where e.id = s.execution_id
      and s.execution_id in (select w.execution_id from rhythm.signal_wait as w where w.id = any (v_dropped));
    delete from rhythm.signal_wait as w where w.id = any (v_dropped);
  end if;
  v_dropped := array(
    select t.id
    from unnest(p_outcomes) as o
    cross join lateral (
      select x.id from rhythm.timer as x
      where x.execution_id = o.id and (x.id <> all (o.keep) or x.id = any (o.released)) and not x.deadline offset 0
    ) as t);
  if v_dropped <> '{}' then
    delete from rhythm.timer as t where t.id = any (v_dropped);
  end if;
end;
$$;

comment on function rhythm.release_waits(rhythm.outcome[]) is 'Drops timers and waits for signals that a workflow no longer holds. Internal.';

-- A workflow that waits for what never was would wait for ever. Most wait for the one thing that they just asked for,
-- which a look at both says.
create or replace function rhythm.unknown_wait(p_outcomes rhythm.outcome[])
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
  return (
    select format('Workflow %s cannot wait for %s: it is no child, timer or wait for a signal of it', o.id, i.id)
    from unnest(p_outcomes) as o
    cross join lateral (
      select w.id
      from jsonb_array_elements(o.waits) as g (value)
      cross join lateral jsonb_array_elements_text(g.value -> 'ids') as w (id)
      left join jsonb_array_elements(o.effects) as f (value) on f.value ->> 'id' = w.id
      where f.value is null
    ) as i
    where o.status = 'suspended'
      and not coalesce(jsonb_array_length(o.waits) = 1 and jsonb_array_length(o.waits -> 0 -> 'ids') = 1
        and o.waits #>> '{0,ids,0}' = o.effects #>> '{0,id}', false)
      and not exists (select from rhythm.execution as c where c.id = i.id::uuid and c.parent_id = o.id)
      and not exists (select from rhythm.timer as t where t.id = i.id::uuid and t.execution_id = o.id)
      and not exists (select from rhythm.signal_wait as s where s.id = i.id::uuid and s.execution_id = o.id)
    limit 1
  );
end;
$$;

comment on function rhythm.unknown_wait(rhythm.outcome[]) is
  'The sentence that says which workflow waits for something that is not there; null if none does. Internal.';

-- Stores the snapshots. Returns the workflows that need not suspend: what they wait for came meanwhile.
create or replace function rhythm.store_states(p_outcomes rhythm.outcome[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_limit constant integer := rhythm.setting('max_payload_bytes')::integer;
  v_bytes integer;
begin
  select octet_length(o.snapshot::text) into v_bytes
  from unnest(p_outcomes) as o
  where pg_column_size(o.snapshot) > v_limit / 2 and octet_length(o.snapshot::text) > v_limit
  limit 1;
  if v_bytes is not null then
    perform rhythm.raise('RH006', format('The snapshot takes %s bytes: at most %s are allowed', v_bytes, v_limit));
  end if;

  delete from rhythm.timer as t
  using unnest(p_outcomes) as o, rhythm.workflow_state as s, rhythm.execution as e
  where s.execution_id = o.id and e.id = o.id and e.delivered > 0 and t.execution_id = o.id and t.id = any (s.inbox[:e.delivered]);
  delete from rhythm.signal_wait as w
  using unnest(p_outcomes) as o, rhythm.workflow_state as s, rhythm.execution as e
  where s.execution_id = o.id and e.id = o.id and e.delivered > 0 and w.execution_id = o.id and w.id = any (s.inbox[:e.delivered]);

  update rhythm.workflow_state as s
  set seq = s.seq + 1,
    snapshot = o.snapshot,
    waits = o.waits,
    stack = o.stack,
    cleanup = coalesce(o.cleanup, false),
    inbox = s.inbox[e.delivered + 1:],
    need = rhythm.needs(o.waits)
  from unnest(p_outcomes) as o
  join rhythm.execution as e on e.id = o.id
  where s.execution_id = o.id and o.status = 'suspended';
  return rhythm.satisfied_already(array(select o.id from unnest(p_outcomes) as o where o.status = 'suspended'));
end;
$$;

comment on function rhythm.store_states(rhythm.outcome[]) is
  'Stores where suspended workflows stand; returns those whose waits were satisfied while they ran. Internal.';

create or replace function rhythm.satisfied_already(p_ids uuid[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_result uuid[];
begin
  with early as (
    select s.execution_id, array_agg(row(s.execution_id, i.id,
      coalesce(c.stage in (5, 6), false) or coalesce(w.timed_out, false))::rhythm.settled_item) as items
    from rhythm.workflow_state as s
    cross join lateral unnest(s.inbox) as i (id)
    left join rhythm.execution as c on c.id = i.id
    left join rhythm.signal_wait as w on w.id = i.id
    where s.execution_id = any (p_ids) and s.inbox <> '{}'
    group by s.execution_id
  ),
  counted as (
    update rhythm.workflow_state as s
    set need = rhythm.need_after(s.need, s.waits, e.items)
    from early as e
    where s.execution_id = e.execution_id and s.need <> '{}'
    returning s.execution_id, 0 >= any (s.need) as goes_on
  )
  select coalesce(array_agg(c.execution_id), '{}') from counted as c where c.goes_on
  into v_result;
  return v_result;
end;
$$;

comment on function rhythm.satisfied_already(uuid[]) is 'Counts what is in the inboxes of workflows that suspend; returns those that can go on. Internal.';
