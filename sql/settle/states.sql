-- The states of workflows after a step.

-- The groups that a workflow waits for. If the first old item of a group belongs to a group of the last step, the group keeps
-- that number, so that a fan-in over many steps is not written again in each step. A group that needs all of its members
-- keeps it only if it still has all of them, otherwise members that nobody waits for would be counted. If an item belongs
-- to two groups, its end lets the workflow continue at once, as group 0.
-- p_new: what this step starts, in ascending order. Raises RH001 for anything that is not a child, timer or wait for a signal of it.
create or replace function rhythm.group_waits(p_execution uuid, p_waits jsonb, p_new uuid[])
returns rhythm.grouping
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result rhythm.grouping;
  v_state rhythm.workflow_state;
  v_group jsonb;
  v_ids uuid[];
  v_old uuid[];
  v_number integer;
  v_unknown uuid;
begin
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_execution;
  v_result.last_group := v_state.last_group;
  v_result.execution_id := p_execution;
  v_result.groups := '{}';
  v_result.need := '{}';
  v_result.items := '{}';
  v_result.numbers := '{}';
  v_result.old := '{}';
  for v_group in select g.value from jsonb_array_elements(p_waits) with ordinality as g (value, nth) order by g.nth loop
    v_ids := array(select i.id::uuid from jsonb_array_elements_text(v_group -> 'ids') as i (id));
    v_old := array(select i.id from unnest(v_ids) as i (id) where p_new[width_bucket(i.id, p_new)] is distinct from i.id);
    v_number := null;
    if v_old <> '{}' then
      v_result.old := v_result.old || v_old;
      v_number := coalesce(
        (select e.wait_group from rhythm.execution as e where e.id = v_old[1]), (select t.wait_group from rhythm.timer as t where t.id = v_old[1]),
        (select w.wait_group from rhythm.signal_wait as w where w.id = v_old[1]));
      if v_number <> all (v_state.groups) or v_number = any (v_result.groups) or v_group ->> 'mode' = 'all'
        and cardinality(v_old) <> v_state.need[array_position(v_state.groups, v_number)] + (
          select count(*) from rhythm.inbox as i where i.execution_id = p_execution and i.nth > v_state.delivered and i.wait_group = v_number) then
        v_number := null;
      end if;
    end if;
    if v_number is null then
      v_result.last_group := v_result.last_group + 1;
      v_number := v_result.last_group;
    end if;
    v_result.groups := v_result.groups || v_number;
    v_result.need := v_result.need || case v_group ->> 'mode' when 'all' then cardinality(v_ids) else 1 end;
    v_result.items := v_result.items || v_ids;
    v_result.numbers := v_result.numbers || array_fill(v_number, array[cardinality(v_ids)]);
  end loop;
  if cardinality(v_result.groups) > 1 and (select count(*) > count(distinct i.id) from unnest(v_result.items) as i (id)) then
    v_result.groups := v_result.groups || 0;
    v_result.need := v_result.need || 1;
    v_result.numbers := array(
      select case when count(*) over (partition by i.id) > 1 then 0 else i.number end from unnest(v_result.items, v_result.numbers) with ordinality as i (id, number, nth) order by i.nth);
  end if;
  if v_result.old = '{}' then
    return v_result;
  end if;
  select i.id into v_unknown from unnest(v_result.old) as i (id)
  where not exists (select from rhythm.execution as e where e.id = i.id and e.parent_id = p_execution)
    and not exists (select from rhythm.timer as t where t.id = i.id and t.execution_id = p_execution)
    and not exists (select from rhythm.signal_wait as w where w.id = i.id and w.execution_id = p_execution)
  limit 1;
  if v_unknown is not null then
    perform rhythm.raise('RH001', format('Workflow %s cannot wait for %s: it is not a child, timer or wait for a signal of this workflow', p_execution, v_unknown));
  end if;
  return v_result;
end;
$$;

comment on function rhythm.group_waits(uuid, jsonb, uuid[]) is 'The groups of waits of a workflow after a step. Internal.';

-- What an earlier step started now belongs to its group of this step.
create or replace function rhythm.renumber_waits(p_grouping rhythm.grouping)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_grouping.old = '{}' then
    return;
  end if;
  update rhythm.execution as e set wait_group = i.number
  from unnest(p_grouping.items, p_grouping.numbers) as i (id, number)
  where i.id = any (p_grouping.old) and e.id = i.id and e.state = 0 and e.wait_group is distinct from i.number;
  update rhythm.timer as t set wait_group = i.number
  from unnest(p_grouping.items, p_grouping.numbers) as i (id, number)
  where i.id = any (p_grouping.old) and t.id = i.id and t.wait_group is distinct from i.number;
  update rhythm.signal_wait as w set wait_group = i.number
  from unnest(p_grouping.items, p_grouping.numbers) as i (id, number)
  where i.id = any (p_grouping.old) and w.id = i.id and w.wait_group is distinct from i.number;
end;
$$;

comment on function rhythm.renumber_waits(rhythm.grouping) is 'Puts what a workflow started earlier into its groups of this step. Internal.';

-- Drops what workflows can no longer observe: what is in released, or, if keep is given, what is not in keep. If a dropped wait
-- had taken a signal, the signal is kept for the next wait, in its old place.
create or replace function rhythm.release_waits(p_flows rhythm.outcome[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_dropped uuid[];
begin
  v_dropped := array(
    select x.id
    from unnest(p_flows) as o
    cross join lateral (
      select w.id from rhythm.signal_wait as w
      where w.execution_id = o.id and (w.id <> all (o.keep) or w.id = any (coalesce(o.released, '{}')))
        and (w.signal_id is null and not w.timed_out
          or exists (
            select from rhythm.workflow_state as s join rhythm.inbox as i on i.execution_id = s.execution_id and i.nth > s.delivered
            where s.execution_id = o.id and i.item = w.id))
      offset 0
    ) as x);
  if v_dropped <> '{}' then
    update rhythm.signal as g set taken_by = null from rhythm.signal_wait as w where w.id = any (v_dropped) and g.id = w.signal_id;
    delete from rhythm.inbox as i using unnest(p_flows) as o where i.execution_id = o.id and i.item = any (v_dropped);
    delete from rhythm.signal_wait as w where w.id = any (v_dropped);
  end if;
  v_dropped := array(
    select x.id
    from unnest(p_flows) as o
    cross join lateral (
      select t.id from rhythm.timer as t
      where t.execution_id = o.id and (t.id <> all (o.keep) or t.id = any (coalesce(o.released, '{}'))) and not t.deadline and not t.fired
      offset 0
    ) as x);
  if v_dropped <> '{}' then
    delete from rhythm.timer as t where t.id = any (v_dropped);
  end if;
end;
$$;

comment on function rhythm.release_waits(rhythm.outcome[]) is 'Drops timers and waits for signals that workflows no longer hold. Internal.';

-- Workers choose the moments. One that is far from this clock would give the workflow a wrong time, and its timers and ids
-- too.
create or replace function rhythm.moment_slack(p_worker uuid)
returns interval
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select w.lease_ms * interval '0.5 milliseconds' from rhythm.worker as w where w.id = p_worker);
end;
$$;

comment on function rhythm.moment_slack(uuid) is 'How far the moment of a step may be from the clock of the database. Internal.';

-- What a step took goes into the journal, in order, before the inbox is cleared. A cancellation has the workflow's own id.
-- Workflows in TypeScript have no moments: their steps have rows of their own.
create or replace function rhythm.note_steps(p_outcomes rhythm.outcome[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.journal (execution_id, step, moment, items)
  select o.id, s.seq + 1, o.moment, case when o.reason is null then '{}' else array[o.id] end
    || case when s.delivered = 0 then '{}'
      else array(select i.item from rhythm.inbox as i where i.execution_id = o.id and i.nth <= s.delivered order by i.nth) end
  from unnest(p_outcomes) as o
  cross join lateral (select x.seq, x.delivered from rhythm.workflow_state as x where x.execution_id = o.id offset 0) as s
  where o.moment is not null and o.type = 'workflow' and o.fate in ('suspended', 'completed', 'failed', 'cancelled');
end;
$$;

comment on function rhythm.note_steps(rhythm.outcome[]) is 'Writes the steps of workflows into their journals. Internal.';

-- Stores the states of workflows that suspend. p_groups: the groups of each, null for the others.
-- Returns those that can continue at once, because what they wait for has already ended.
create or replace function rhythm.store_states(p_flows rhythm.outcome[], p_groups rhythm.grouping[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_taken tid[];
  v_late uuid[];
  v_result uuid[] := '{}';
  v_grouping rhythm.grouping;
  v_need integer[];
begin
  v_taken := array(
    select i.ctid
    from unnest(p_flows) as o
    cross join lateral (select x.delivered from rhythm.workflow_state as x where x.execution_id = o.id and x.delivered > 0 offset 0) as s
    cross join lateral (select x.ctid from rhythm.inbox as x where x.execution_id = o.id and x.nth <= s.delivered offset 0) as i
    where o.fate = 'suspended');
  if v_taken <> '{}' then
    delete from rhythm.inbox as i where i.ctid = any (v_taken);
  end if;
  with stored as (
    update rhythm.workflow_state as s
    set seq = s.seq + 1, snapshot = o.snapshot::json, stack = o.stack, cleanup = coalesce(o.cleanup, false), last_group = g.last_group, groups = g.groups,
      sizes = g.need, need = g.need, delivered = 0, arrived = case when s.arrived > s.delivered then s.arrived else 0 end, batch_id = null,
      attempt = b.attempt, failures = b.failures
    from unnest(p_flows) with ordinality as o
    cross join lateral (select (p_groups[o.ordinality]).*) as g
    cross join lateral (select x.attempt, x.failures from rhythm.batch as x where x.id = o.batch_id offset 0) as b
    where s.execution_id = o.id and o.fate = 'suspended'
    returning s.execution_id, s.arrived
  )
  select array_agg(s.execution_id) filter (where s.arrived > 0) into v_late from stored as s;
  foreach v_grouping in array p_groups loop
    continue when v_grouping.old is null or v_grouping.old = '{}' and v_grouping.execution_id <> all (coalesce(v_late, '{}'));
    perform rhythm.renumber_waits(v_grouping);
    continue when v_grouping.execution_id <> all (coalesce(v_late, '{}'));
    update rhythm.inbox as i set wait_group = v_grouping.numbers[array_position(v_grouping.items, i.item)] where i.execution_id = v_grouping.execution_id;
    v_need := rhythm.need_after(v_grouping.groups, v_grouping.need, array(
      select row(i.execution_id, i.item, i.failed, i.wait_group)::rhythm.settled_item from rhythm.inbox as i where i.execution_id = v_grouping.execution_id));
    update rhythm.workflow_state as s set need = v_need where s.execution_id = v_grouping.execution_id;
    if 0 >= any (v_need) then
      v_result := v_result || v_grouping.execution_id;
    end if;
  end loop;
  return v_result;
end;
$$;

comment on function rhythm.store_states(rhythm.outcome[], rhythm.grouping[]) is 'Stores the states of workflows that suspend; returns those that can continue at once. Internal.';
