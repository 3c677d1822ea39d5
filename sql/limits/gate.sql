-- Only one session at a time claims from a queue with limits, until it commits. So no claim misses an uncommitted lease.

-- A session that holds a gate never waits for anything, so the gate is soon free. A worker that its system has frozen delays the
-- others by half a second at a time. A transaction waits only for its first gate: two workers that claim from the same queues
-- in different orders would wait for each other.
-- Locks: an advisory lock for each queue with limits.
create or replace function rhythm.enter_gate(p_queue text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
begin
  if rhythm.try_gate(p_queue) then
    return true;
  elsif coalesce(current_setting('rhythm_gate.held', true), '') <> '' then
    return false;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(:'schema' || ' gate ' || p_queue, 0));
  perform set_config('rhythm_gate.held', 'yes', true);
  return true;
exception
  when lock_not_available then
    return false;
end;
$$;

comment on function rhythm.enter_gate(text) is 'Takes the gate of a queue until the end of the transaction. False: the gate is not free now. Internal.';

create or replace function rhythm.try_gate(p_queue text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended(:'schema' || ' gate ' || p_queue, 0)) then
    return false;
  end if;
  perform set_config('rhythm_gate.held', 'yes', true);
  return true;
end;
$$;

comment on function rhythm.try_gate(text) is 'Takes the gate of a queue until the end of the transaction, if it is free. Internal.';

-- After a restore to another server, transactions have new numbers. Then every note is read.
create or replace function rhythm.state_of(p_queue text)
returns rhythm.queue_state
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_state rhythm.queue_state;
begin
  select s.* into v_state from rhythm.queue_state as s where s.queue = p_queue order by s.nth desc limit 1;
  if greatest(v_state.noted, v_state.ends_noted) > pg_snapshot_xmax(pg_current_snapshot()) then
    v_state.noted := '0';
    v_state.ends_noted := '0';
  end if;
  return v_state;
end;
$$;

comment on function rhythm.state_of(text) is 'The state of a queue with limits; null: no session has claimed from it yet. Internal.';

create or replace function rhythm.keep_state(p_state rhythm.queue_state)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.queue_state as s
  set nth = p_state.nth, version = p_state.version, turn = p_state.turn, running = p_state.running, fair = p_state.fair, keyed = p_state.keyed, counted = p_state.counted,
    settled = p_state.settled, noted = p_state.noted, ends_noted = p_state.ends_noted, listed = p_state.listed, looked_at = p_state.looked_at, full_until = p_state.full_until,
    begun_at = p_state.begun_at, begun = p_state.begun
  where s.queue = p_state.queue and s.nth = p_state.nth - 1;
  if not found then
    insert into rhythm.queue_state values (p_state.*);
  end if;
end;
$$;

comment on function rhythm.keep_state(rhythm.queue_state) is 'Stores the state of a queue with limits, as the next version. The caller holds its gate. Internal.';

-- What a claim may take: all groups of targets, or those for which a worker has handlers.
create or replace function rhythm.lane_groups(p_queue text, p_targets text[], p_types text[])
returns rhythm.lane_group[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_targets is null then
    return array(
      with recursive g as (
        (select l.target_group from rhythm.lane_group as l where l.queue = p_queue order by l.target_group limit 1)
        union all
        select (select l.target_group from rhythm.lane_group as l where l.queue = p_queue and l.target_group > g.target_group order by l.target_group limit 1)
        from g where g.target_group is not null
      )
      select n from g
      cross join lateral (
        select l.* from rhythm.lane_group as l
        where l.queue = p_queue and l.target_group = g.target_group order by l.nth desc limit 1
      ) as n
      where (g.target_group = '' and 'workflow' = any (p_types)) or (g.target_group <> '' and 'task' = any (p_types)));
  end if;
  return array(
    select n from (
      select distinct t.name from unnest(p_targets) as t (name) where 'task' = any (p_types)
      union all select '' where 'workflow' = any (p_types)
    ) as g (name)
    cross join lateral (
      select l.* from rhythm.lane_group as l
      where l.queue = p_queue and l.target_group = g.name order by l.nth desc limit 1
    ) as n);
end;
$$;

comment on function rhythm.lane_groups(text, text[], text[]) is 'Those of the requested groups of targets that have lanes in a queue. Internal.';
