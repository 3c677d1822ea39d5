-- Where workflows stand after a step.

-- The groups that a workflow waits for. A group whose first old item belongs to a group of the last step goes on under
-- its number, so that a fan-in that lasts over many steps is not written anew at each; one that needs all of its members
-- only if it still has them all, so that none that nobody waits for any more is counted. An item of two groups lets the
-- workflow go on at once, as group 0.
-- p_new: what it starts in this very step. Raises RH001 for what is no child, timer or wait for a signal of it.
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
    v_old := array(select i.id from unnest(v_ids) as i (id) where i.id <> all (p_new));
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
  select i.id into v_unknown from unnest(v_result.old) as i (id)
  where not exists (select from rhythm.execution as e where e.id = i.id and e.parent_id = p_execution)
    and not exists (select from rhythm.timer as t where t.id = i.id and t.execution_id = p_execution)
    and not exists (select from rhythm.signal_wait as w where w.id = i.id and w.execution_id = p_execution)
  limit 1;
  if v_unknown is not null then
    perform rhythm.raise('RH001', format('Workflow %s cannot wait for %s: it is no child, timer or wait for a signal of it', p_execution, v_unknown));
  end if;
  return v_result;
end;
$$;

comment on function rhythm.group_waits(uuid, jsonb, uuid[]) is 'The groups of waits of a workflow after a step. Internal.';

create or replace function rhythm.group_of(p_groups rhythm.grouping[], p_execution uuid, p_item uuid)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_grouping rhythm.grouping;
begin
  foreach v_grouping in array p_groups loop
    if v_grouping.execution_id = p_execution then
      return v_grouping.numbers[array_position(v_grouping.items, p_item)];
    end if;
  end loop;
  return null;
end;
$$;

comment on function rhythm.group_of(rhythm.grouping[], uuid, uuid) is 'The number of the group that an item belongs to; null: none. Internal.';

-- What was started in an earlier step belongs to its group of today from now on.
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

comment on function rhythm.renumber_waits(rhythm.grouping) is 'Puts what a workflow started earlier into its groups of today. Internal.';

-- Drops what the workflow can no longer observe: what is in p_released, or not in p_keep, if that is given. A signal that a dropped wait took meanwhile is given back, in its place.
create or replace function rhythm.release_waits(p_execution uuid, p_delivered integer, p_keep uuid[], p_released uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_dropped uuid[];
begin
  v_dropped := array(
    select w.id from rhythm.signal_wait as w
    where w.execution_id = p_execution and (w.id <> all (p_keep) or w.id = any (p_released))
      and (w.signal_id is null and not w.timed_out
        or exists (select from rhythm.inbox as i where i.execution_id = p_execution and i.nth > p_delivered and i.item = w.id)));
  if v_dropped <> '{}' then
    update rhythm.signal as g set taken_by = null from rhythm.signal_wait as w where w.id = any (v_dropped) and g.id = w.signal_id;
    delete from rhythm.inbox as i where i.execution_id = p_execution and i.nth > p_delivered and i.item = any (v_dropped);
    delete from rhythm.signal_wait as w where w.id = any (v_dropped);
  end if;
  delete from rhythm.timer as t
  where t.execution_id = p_execution and (t.id <> all (p_keep) or t.id = any (p_released)) and not t.deadline and not t.fired;
end;
$$;

comment on function rhythm.release_waits(uuid, integer, uuid[], uuid[]) is 'Drops timers and waits for signals that a workflow no longer holds. Internal.';

-- Moments come from workers. One that is far from this clock would put the workflow's time, its timers and its ids where
-- they do not belong.
create or replace function rhythm.is_moment(p_moment timestamptz, p_lease_ms bigint, p_now timestamptz)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_moment is null
    or p_moment between p_now - p_lease_ms * interval '0.5 milliseconds' and p_now + p_lease_ms * interval '0.5 milliseconds';
$$;

comment on function rhythm.is_moment(timestamptz, bigint, timestamptz) is
  'Whether a step can have been taken at a moment: it is at most half a lease away from the clock of the database. Internal.';

-- What the step took goes into the journal, in order. A cancellation is told by the workflow's own id. Of workflows in
-- TypeScript there is no moment: their steps have rows of their own.
create or replace function rhythm.note_step(p_outcome rhythm.outcome, p_seq integer, p_delivered integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rhythm.journal (execution_id, step, moment, items)
  select p_outcome.id, p_seq + 1, p_outcome.moment, case when p_outcome.reason is null then '{}' else array[p_outcome.id] end
    || array(select i.item from rhythm.inbox as i where i.execution_id = p_outcome.id and i.nth <= p_delivered order by i.nth)
  where p_outcome.moment is not null;
end;
$$;

comment on function rhythm.note_step(rhythm.outcome, integer, integer) is 'Writes a step of a workflow into its journal. Internal.';

-- The last steps of workflows that are over; before anybody clears their inboxes.
create or replace function rhythm.note_last_steps(p_outcomes rhythm.outcome[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.note_step(o, s.seq, s.delivered)
  from unnest(p_outcomes) as o
  join rhythm.workflow_state as s on s.execution_id = o.id
  where o.type = 'workflow' and o.fate in ('completed', 'failed', 'cancelled');
end;
$$;

comment on function rhythm.note_last_steps(rhythm.outcome[]) is 'Writes the last steps of workflows that are over into their journals. Internal.';

-- Stores where a workflow stands that suspends. Returns whether it can go on at once: what it waits for came meanwhile.
create or replace function rhythm.store_state(p_outcome rhythm.outcome, p_grouping rhythm.grouping)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_state rhythm.workflow_state;
  v_need integer[] := p_grouping.need;
begin
  select s.* into v_state from rhythm.workflow_state as s where s.execution_id = p_outcome.id;
  perform rhythm.note_step(p_outcome, v_state.seq, v_state.delivered);
  if v_state.delivered > 0 then
    delete from rhythm.inbox as i where i.execution_id = p_outcome.id and i.nth <= v_state.delivered;
  end if;
  perform rhythm.renumber_waits(p_grouping);
  if v_state.arrived > v_state.delivered then
    update rhythm.inbox as i set wait_group = p_grouping.numbers[array_position(p_grouping.items, i.item)] where i.execution_id = p_outcome.id;
    v_need := rhythm.need_after(p_grouping.groups, v_need, array(
      select row(i.execution_id, i.item, i.failed, i.wait_group)::rhythm.settled_item from rhythm.inbox as i where i.execution_id = p_outcome.id));
  end if;
  update rhythm.workflow_state as s
  set seq = s.seq + 1, snapshot = p_outcome.snapshot, stack = p_outcome.stack, cleanup = coalesce(p_outcome.cleanup, false),
    last_group = p_grouping.last_group, groups = p_grouping.groups, sizes = p_grouping.need, need = v_need, delivered = 0,
    arrived = case when v_state.arrived > v_state.delivered then s.arrived else 0 end
  where s.execution_id = p_outcome.id;
  return 0 >= any (v_need);
end;
$$;

comment on function rhythm.store_state(rhythm.outcome, rhythm.grouping) is 'Stores where a workflow stands that suspends; true: it can go on at once. Internal.';
