-- Claiming from queues with limits.

-- After a clock of the server has gone back, all that waits for a rate is looked at: its time may be hours away, and it counts again.
create or replace function rhythm.due_span(p_state rhythm.queue_state, p_now timestamptz, out since timestamptz, out until timestamptz)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_is_back constant boolean := p_state.looked_at > p_now + interval '1 second';
begin
  since := case when v_is_back then '-infinity' else p_state.looked_at end;
  until := case when v_is_back then 'infinity' else p_now end;
end;
$$;

comment on function rhythm.due_span(rhythm.queue_state, timestamptz) is 'Keys of a queue whose rate was used up are looked at again if they may continue in this span: after since, at until or before. Internal.';

-- Takes no locks and no transaction number, because an idle worker asks often.
create or replace function rhythm.may_claim(p_queue rhythm.queue, p_state rhythm.queue_state, p_targets text[], p_types text[], p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_state.queue is null or p_state.version <> p_queue.version or p_state.listed is distinct from p_queue.limited_since
    or p_state.settled is distinct from p_queue.changed then
    return true;
  elsif rhythm.has_notes(p_state) then
    return true;
  elsif p_state.running >= p_queue.concurrency or rhythm.begun_lately(p_state.begun_at, p_state.begun, p_queue.per_ms, p_now) >= p_queue.rate then
    return false;
  elsif p_state.keyed and exists (
    select from rhythm.key_state as k, rhythm.due_span(p_state, p_now) as s where k.queue = p_queue.name and k.ready_at > s.since and k.ready_at <= s.until) then
    return true;
  end if;
  return exists (
    select from unnest(rhythm.lane_groups(p_queue.name, p_targets, p_types)) as g
    cross join lateral (
      select from rhythm.lane as l
      where l.queue = p_queue.name and l.target_group = g.target_group and l.open and (l.turn, l.rank, l.head) >= (g.turn, g.rank, g.head)
      order by l.turn, l.rank, l.head
      limit 1
    ) as l);
end;
$$;

comment on function rhythm.may_claim(rhythm.queue, rhythm.queue_state, text[], text[], timestamptz) is
  'Whether a claim from a queue with limits could find something. False is certain. Internal.';

create or replace function rhythm.limited_ready(p_queue text, p_targets text[], p_types text[] default '{task,workflow}')
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_queue rhythm.queue;
  v_state rhythm.queue_state;
begin
  select q.* into v_queue from rhythm.queue as q where q.name = p_queue;
  if not found then
    return null;
  elsif v_queue.paused_at is not null then
    return false;
  end if;
  v_state := rhythm.state_of(p_queue);
  if v_queue.limited then
    return rhythm.may_claim(v_queue, v_state, p_targets, p_types, rhythm.now());
  end if;
  return case when v_state.listed is distinct from v_queue.limited_since then true end;
end;
$$;

comment on function rhythm.limited_ready(text, text[], text[]) is 'Whether a claim from a queue that has limits or is paused could find something; null: it has no limits, so ask as for any other queue. Internal.';

-- A snapshot ends at the last transaction that has ended. One that is still open may have a higher number. After a restore to
-- another server, transactions have new numbers. So a noted number may be in the future here, and its transaction has long ended.
create or replace function rhythm.is_settled(p_xid xid8)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_xid <= pg_snapshot_xmax(pg_current_snapshot()) then
    return p_xid < pg_snapshot_xmin(pg_current_snapshot());
  end if;
  begin
    perform pg_xact_status(p_xid);
    return false;
  exception
    when invalid_parameter_value then
      return true;
  end;
end;
$$;

comment on function rhythm.is_settled(xid8) is 'Whether a transaction and all older ones have ended. Internal.';

-- What happened since the last claim: a new configuration, more of the backlog, notes, keys that may continue.
create or replace function rhythm.catch_up(p_queue rhythm.queue, inout p_state rhythm.queue_state, p_limit integer, p_now timestamptz, out changed boolean)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_notes record;
  v_keys text[];
begin
  changed := false;
  if p_state.queue is null then
    p_state := row(p_queue.name, 0, 0, 0, 0, p_queue.fair, false, false, '0', '0', null, null, p_now, null, '{}', '{}')::rhythm.queue_state;
  end if;
  p_state.nth := p_state.nth + 1;
  if p_state.version <> p_queue.version then
    p_state := rhythm.adopt_limits(p_queue, p_state);
    changed := true;
  end if;
  if p_state.listed is distinct from p_queue.limited_since then
    p_state := rhythm.list_backlog(p_queue, p_state, least(p_limit, 1000));
    changed := true;
  end if;
  v_notes := rhythm.take_notes(p_state, p_limit);
  if v_notes.taken > 0 then
    p_state := v_notes.p_state;
    if v_notes.entered <> '{}' then
      perform rhythm.fill_lanes(p_state, v_notes.entered);
    end if;
    if v_notes.ended <> '{}' then
      p_state.running := greatest(p_state.running - (select sum(n.ended) from unnest(v_notes.ended) as n), 0);
      if p_state.keyed then
        update rhythm.key_state as k set nth = p_state.nth, running = greatest(k.running - n.ended, 0), idle_since = case when k.running <= n.ended then p_now end
        from unnest(v_notes.ended) as n
        cross join lateral (
          select x.ctid as place from rhythm.key_state as x where x.queue = p_state.queue and x.key = n.key order by x.nth desc limit 1
        ) as x
        where k.ctid = x.place;
        v_keys := array(select n.key from unnest(v_notes.ended) as n where n.key <> '');
      end if;
    end if;
    changed := true;
  end if;
  if p_state.keyed then
    with due as (
      update rhythm.key_state as k set nth = p_state.nth, ready_at = null
      from rhythm.due_span(p_state, p_now) as s
      where k.queue = p_state.queue and k.ready_at > s.since and k.ready_at <= s.until
      returning k.key
    )
    select v_keys || array_agg(d.key) into v_keys from due as d;
    p_state.looked_at := p_now;
  end if;
  if v_keys <> '{}' then
    perform rhythm.open_lanes(p_state, v_keys);
    changed := true;
  end if;
  -- A session that did not see the change may have ended a lease without a note.
  if p_state.settled is distinct from p_queue.changed and rhythm.is_settled(p_queue.changed) then
    p_state.settled := p_queue.changed;
    p_state := rhythm.recount(p_queue, p_state);
    changed := true;
  end if;
end;
$$;

comment on function rhythm.catch_up(rhythm.queue, rhythm.queue_state, integer, timestamptz) is 'Brings the lanes and counts of a queue up to date. The caller holds its gate, and stores the state. Internal.';

-- Opens closed lanes. Whether their keys have room is checked when their turn comes.
create or replace function rhythm.adopt_limits(p_queue rhythm.queue, p_state rhythm.queue_state)
returns rhythm.queue_state
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keyed constant boolean := p_queue.per_key_concurrency is not null or p_queue.per_key_rate is not null
    or exists (select from rhythm.queue_key as k where k.queue = p_queue.name and (k.concurrency is not null or k.rate is not null));
begin
  p_state.version := p_queue.version;
  if (v_keyed, p_queue.counted) <> (p_state.keyed, p_state.counted) then
    p_state.keyed := v_keyed;
    p_state.counted := p_queue.counted;
    p_state := rhythm.recount(p_queue, p_state);
  end if;
  if p_state.fair <> p_queue.fair then
    p_state.fair := p_queue.fair;
    p_state.turn := 0;
    update rhythm.lane as l set turn = 0, nth = p_state.nth, open = l.head is not null where l.queue = p_queue.name;
  else
    update rhythm.lane as l set open = true, nth = p_state.nth, turn = greatest(l.turn, p_state.turn)
    where l.queue = p_queue.name and not l.open and l.head is not null;
  end if;
  update rhythm.lane_group as g
  set nth = p_state.nth, turn = f.turn, rank = f.rank, head = f.head
  from (
    select distinct on (l.target_group) l.target_group, l.turn, l.rank, l.head
    from rhythm.lane as l where l.queue = p_queue.name and l.open
    order by l.target_group, l.turn, l.rank, l.head
  ) as f
  where g.queue = p_queue.name and g.target_group = f.target_group;
  return p_state;
end;
$$;

comment on function rhythm.adopt_limits(rhythm.queue, rhythm.queue_state) is 'Changes lanes and counts after a change of a queue''s configuration. The caller holds its gate. Internal.';

-- Batches of one, up to p_limit, that may begin now. Empty: none may. Null: the queue has no limits any more, and what is left
-- in it is claimed as from any other queue.
-- Locks: the gate of the queue (waits for other claims of it, until their commit; but skips the queue if it already holds
-- another gate); batches, skip locked.
create or replace function rhythm.limited_claim(
  p_worker uuid,
  p_call integer,
  p_queue text,
  p_limit integer,
  p_targets text[],
  p_types text[] default '{task,workflow}'
)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_queue rhythm.queue;
  v_state rhythm.queue_state;
  v_caught record;
  v_now timestamptz;
  v_room integer;
  v_look integer;
  v_began integer := 0;
  v_wrote boolean;
  v_groups rhythm.lane_group[];
  v_plain jsonb;
  v_pick record;
  v_paused constant text[] := rhythm.paused_targets();
  v_parked integer := 0;
  v_result bigint[] := '{}';
begin
  select q.* into v_queue from rhythm.queue as q where q.name = p_queue;
  if not found then
    return null;
  elsif v_queue.paused_at is not null then
    return '{}';
  end if;
  v_state := rhythm.state_of(p_queue);
  if not v_queue.limited and v_state.listed is not distinct from v_queue.limited_since then
    return null;
  elsif v_queue.limited and not rhythm.may_claim(v_queue, v_state, p_targets, p_types, rhythm.now()) or not rhythm.enter_gate(p_queue) then
    return '{}';
  end if;
  -- While this waited, everything may have changed, including the time.
  v_now := rhythm.now();
  select q.* into v_queue from rhythm.queue as q where q.name = p_queue;
  if not found then
    return null;
  elsif v_queue.paused_at is not null then
    return '{}';
  end if;
  v_caught := rhythm.catch_up(v_queue, rhythm.state_of(p_queue), greatest(5000, p_limit), v_now);
  v_state := v_caught.p_state;
  v_wrote := v_caught.changed;
  if not v_queue.limited then
    perform rhythm.keep_state(v_state);
    return null;
  end if;

  if v_state.listed is distinct from v_queue.limited_since then
    v_plain := rhythm.plain_leases(p_queue);
  end if;
  v_room := least(p_limit, v_queue.concurrency - v_state.running
      - case when v_plain is null then 0 else (select sum(x.value::integer) from jsonb_each_text(v_plain) as x) end,
    v_queue.rate - rhythm.begun_lately(v_state.begun_at, v_state.begun, v_queue.per_ms, v_now));
  v_groups := rhythm.lane_groups(p_queue, p_targets, p_types);
  -- Without turns, one lane may have everything that comes next.
  v_look := least(v_room, case when v_queue.fair then 1000 else 8 end);
  while v_room > 0 and v_groups <> '{}' loop
    v_pick := rhythm.pick_lanes(v_queue, v_state, v_groups, v_plain, v_room, v_look, v_now);
    if v_paused is not null and rhythm.park(v_pick.ids, v_paused) <> '{}' then
      v_parked := v_parked + 1;
      exit when v_parked >= 1000;
      continue;
    end if;
    if v_pick.lanes <> '{}' then
      if v_pick.ids <> '{}' then
        perform rhythm.lease(p_worker, p_call, v_pick.ids, v_now);
        v_result := v_result || v_pick.ids;
        v_room := v_room - cardinality(v_pick.ids);
        v_began := v_began + cardinality(v_pick.ids);
        if v_queue.fair then
          v_state.turn := greatest(v_state.turn, v_pick.turn);
        end if;
      end if;
      perform rhythm.move_lanes(v_state, v_pick.lanes, v_now);
      if v_state.keyed then
        perform rhythm.count_keys(v_queue, v_state, v_pick.lanes, v_now);
      end if;
      v_wrote := true;
    end if;
    exit when not v_pick.more and v_pick.ids = '{}';
    v_look := least(v_look * 4, case when v_pick.ids = '{}' then 100000 else v_room end);
  end loop;

  if v_wrote then
    if v_began > 0 then
      v_state.running := case when v_state.counted then v_state.running + v_began else 0 end;
      if v_queue.rate is not null then
        select n.p_begun_at, n.p_begun into v_state.begun_at, v_state.begun
        from rhythm.note_begun(v_state.begun_at, v_state.begun, v_began, v_queue.per_ms, v_now) as n;
      end if;
      v_state.full_until := case when v_queue.rate <= rhythm.begun_lately(v_state.begun_at, v_state.begun, v_queue.per_ms, v_now)
        then rhythm.rate_ends(v_state.begun_at, v_queue.per_ms, v_now) end;
      perform rhythm.raise_floors(v_state, v_groups);
    end if;
    perform rhythm.keep_state(v_state);
  end if;
  return v_result;
end;
$$;

comment on function rhythm.limited_claim(uuid, integer, text, integer, text[], text[]) is
  'Leases what may begin now in a queue with limits; null: it has no limits any more. Internal: called by claims and exchange().';

-- Where the open lanes begin. This is a lower bound, so that not every claim must raise it.
create or replace function rhythm.raise_floors(p_state rhythm.queue_state, p_groups rhythm.lane_group[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_state.nth % 16 <> 0 then
    return;
  end if;
  update rhythm.lane_group as g
  set nth = p_state.nth,
    turn = case when f.turn <= p_state.turn then f.turn else p_state.turn end,
    rank = case when f.turn <= p_state.turn then f.rank when p_state.fair then - 2147483648 else 2147483647 end,
    head = case when f.turn <= p_state.turn then f.head when p_state.fair then '00000000-0000-0000-0000-000000000000'
      else 'ffffffff-ffff-ffff-ffff-ffffffffffff' end
  from unnest(p_groups) as o
  left join lateral (
    select x.turn, x.rank, x.head from rhythm.lane as x
    where x.queue = p_state.queue and x.target_group = o.target_group and x.open and (x.turn, x.rank, x.head) >= (o.turn, o.rank, o.head)
    order by x.turn, x.rank, x.head
    limit 1
  ) as f on true
  where g.queue = p_state.queue and g.target_group = o.target_group and g.nth = o.nth;
end;
$$;

comment on function rhythm.raise_floors(rhythm.queue_state, rhythm.lane_group[]) is 'Notes from time to time where the open lanes of a queue begin. The caller holds its gate. Internal.';
