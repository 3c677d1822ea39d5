-- Where workflows stand after an outcome.

-- Drops what the workflow can no longer observe. A signal that a dropped wait took meanwhile is given back, in its place.
create or replace function rhythm.release_waits(p_outcomes rhythm.outcome[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_dropped uuid[];
begin
  v_dropped := array(
    select w.id
    from unnest(p_outcomes) as o
    join rhythm.signal_wait as w on w.execution_id = o.id and w.id <> all (o.keep)
    where o.keep is not null);
  if v_dropped <> '{}' then
    update rhythm.signal as g set taken_by = null
    from rhythm.signal_wait as w
    join rhythm.workflow_state as s on s.execution_id = w.execution_id
    where w.id = any (v_dropped) and g.id = w.signal_id
      and w.id = any (s.inbox[s.delivered + 1:]);
    delete from rhythm.signal_wait as w where w.id = any (v_dropped);
  end if;
  delete from rhythm.timer as t
  using unnest(p_outcomes) as o
  where o.keep is not null and t.execution_id = o.id and t.id <> all (o.keep) and t.wait_group is distinct from -1;
end;
$$;

comment on function rhythm.release_waits(rhythm.outcome[]) is 'Drops timers and waits for signals that a workflow no longer holds. Internal.';

-- Children, timers and waits that were there before may count for another group now, or for none.
create or replace function rhythm.regroup(p_outcomes rhythm.outcome[], p_members rhythm.settled_item[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_moved rhythm.settled_item[];
begin
  select array_agg(row(coalesce(m.execution_id, b.execution_id), coalesce(m.id, b.id), m.wait_group, false)::rhythm.settled_item)
  into v_moved
  from (
    select o.id as execution_id, i.id::uuid as id
    from unnest(p_outcomes) as o
    join rhythm.workflow_state as s on s.execution_id = o.id
    cross join lateral jsonb_array_elements(s.waits) as g
    cross join lateral jsonb_array_elements_text(g.value -> 'ids') as i (id)
    where o.status = 'suspended' and s.waits is not null
      and i.id::uuid <> all (s.inbox[:s.delivered])
  ) as b
  full join (
    select m.* from unnest(p_members) as m
    where not exists (
      select from unnest(p_outcomes) as o
      cross join lateral jsonb_array_elements(o.effects) as f
      where o.id = m.execution_id and f.value ->> 'id' = m.id::text)
  ) as m on m.id = b.id;
  if v_moved is null then
    return;
  end if;
  update rhythm.execution as e set wait_group = m.wait_group
  from unnest(v_moved) as m
  where e.id = m.id and e.parent_id = m.execution_id and e.wait_group is distinct from m.wait_group;
  update rhythm.timer as t set wait_group = m.wait_group
  from unnest(v_moved) as m
  where t.id = m.id and t.wait_group is distinct from m.wait_group;
  update rhythm.signal_wait as w set wait_group = m.wait_group
  from unnest(v_moved) as m
  where w.id = m.id and w.wait_group is distinct from m.wait_group;
end;
$$;

comment on function rhythm.regroup(rhythm.outcome[], rhythm.settled_item[]) is 'Moves what was there before to the groups that workflows wait for now. Internal.';

-- Stores the snapshots. Returns the workflows that need not suspend: what they wait for came meanwhile.
create or replace function rhythm.store_states(p_outcomes rhythm.outcome[], p_members rhythm.settled_item[])
returns uuid[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_ready uuid[];
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
  using unnest(p_outcomes) as o, rhythm.workflow_state as s
  where s.execution_id = o.id and s.delivered > 0 and t.execution_id = o.id and t.id = any (s.inbox[:s.delivered]);
  delete from rhythm.signal_wait as w
  using unnest(p_outcomes) as o, rhythm.workflow_state as s
  where s.execution_id = o.id and s.delivered > 0 and w.execution_id = o.id and w.id = any (s.inbox[:s.delivered]);

  with stored as (
    update rhythm.workflow_state as s
    set seq = s.seq + 1,
      snapshot = o.snapshot,
      waits = o.waits,
      stack = o.stack,
      cleanup = coalesce(o.cleanup, false),
      inbox = s.inbox[s.delivered + 1:],
      delivered = 0,
      need = rhythm.needs(o.waits)
    from unnest(p_outcomes) as o
    where s.execution_id = o.id and o.status = 'suspended'
    returning s.execution_id, s.inbox, s.need
  ),
  late as (
    select s.execution_id, rhythm.need_after(s.need, array_agg(row(s.execution_id, m.id, m.wait_group,
        coalesce(c.stage in (5, 6), false) or coalesce(w.timed_out, false))::rhythm.settled_item)) as need,
      bool_or(m.wait_group = 0) as at_once
    from stored as s
    join unnest(p_members) as m on m.execution_id = s.execution_id and m.id = any (s.inbox)
    left join rhythm.execution as c on c.id = m.id
    left join rhythm.signal_wait as w on w.id = m.id
    where s.inbox <> '{}'
    group by s.execution_id, s.need
  )
  select array_agg(l.execution_id) filter (where l.at_once or 0 >= any (l.need)) into v_ready
  from late as l;
  return coalesce(v_ready, '{}');
end;
$$;

comment on function rhythm.store_states(rhythm.outcome[], rhythm.settled_item[]) is
  'Stores where suspended workflows stand; returns those whose waits were satisfied while they ran. Internal.';
