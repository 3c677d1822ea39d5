-- Notes: they tell queues with limits what becomes ready, and which leases end.

-- Only appends: it waits for nobody, and nobody waits for it. What begins needs no note, because claims count that.
create or replace function rhythm.note_limited()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_group text;
  v_lane text;
  v_first text;
begin
  if tg_op <> 'INSERT' and old.limited and old.worker is not null
    and exists (select from rhythm.queue as q where q.name = old.queue and q.counted) then
    insert into rhythm.limit_note (queue, xid, target_group, key, ended)
    values (old.queue, pg_current_xact_id(), '', coalesce(old.concurrency_key, ''), old.size);
    -- There is room for others, and sleeping workers do not know. Usually once in a transaction.
    if current_setting('rhythm_gate.woken', true) is distinct from old.queue then
      perform rhythm.wake(array[old.queue]);
      perform set_config('rhythm_gate.woken', old.queue, true);
    end if;
  end if;
  if tg_op <> 'DELETE' and new.limited and new.worker is null and new.run_at is null then
    -- A lane is known by its first one. What the transaction puts behind that needs no note.
    v_group := case new.type when 'workflow' then '' else new.target end;
    v_lane := jsonb_build_array(new.queue, v_group, new.concurrency_key)::text;
    if current_setting('rhythm_gate.lane', true) = v_lane then
      v_first := current_setting('rhythm_gate.first');
      if (- new.priority::integer, new.first_id) > (split_part(v_first, ' ', 1)::integer, split_part(v_first, ' ', 2)::uuid) then
        return null;
      end if;
    end if;
    perform set_config('rhythm_gate.lane', v_lane, true), set_config('rhythm_gate.first', format('%s %s', - new.priority::integer, new.first_id), true);
    insert into rhythm.limit_note (queue, xid, target_group, key, rank, head, ended)
    values (new.queue, pg_current_xact_id(), v_group, coalesce(new.concurrency_key, ''), - new.priority::integer, new.first_id, 0);
  end if;
  return null;
end;
$$;

comment on function rhythm.note_limited() is 'Notes batches that become ready in queues with limits, and leases that end there. Internal.';

-- Notes that are not visible yet belong to open transactions. The next look begins with the oldest of these.
create or replace function rhythm.take_notes(
  inout p_state rhythm.queue_state,
  p_limit integer,
  out entered rhythm.limit_note[],
  out ended rhythm.limit_note[],
  out taken integer
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_oldest constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
  v_ready integer;
  v_ended integer;
  v_last_ready xid8;
  v_last_ended xid8;
begin
  with gone as (
    delete from rhythm.limit_note as n
    where n.ctid = any (array(
        select x.ctid from rhythm.limit_note as x
        where x.queue = p_state.queue and x.ended = 0 and x.xid >= p_state.noted
        order by x.xid limit p_limit)
      || array(
        select x.ctid from rhythm.limit_note as x
        where x.queue = p_state.queue and x.ended > 0 and x.xid >= p_state.ends_noted
        order by x.xid limit p_limit))
    returning n.*
  ),
  first as (
    select distinct on (g.target_group, g.key) g from gone as g where g.head is not null
    order by g.target_group, g.key, g.rank, g.head
  ),
  summed as (
    select g.key, sum(g.ended)::integer as ended from gone as g where g.ended > 0 group by g.key
  )
  select (select count(*) from gone as g where g.ended = 0), (select g.xid from gone as g where g.ended = 0 order by g.xid desc limit 1),
    (select count(*) from gone as g where g.ended > 0), (select g.xid from gone as g where g.ended > 0 order by g.xid desc limit 1),
    coalesce((select array_agg(f.g) from first as f), '{}'),
    coalesce((select array_agg(row(p_state.queue, '0', '', s.key, null, null, s.ended)::rhythm.limit_note) from summed as s), '{}')
  into v_ready, v_last_ready, v_ended, v_last_ended, entered, ended;
  taken := v_ready + v_ended;
  if v_ready > 0 then
    p_state.noted := case when v_ready < p_limit or v_last_ready > v_oldest then v_oldest else v_last_ready end;
    -- What this transaction adds to a lane from now on is not behind a note.
    perform set_config('rhythm_gate.lane', '', true);
  end if;
  if v_ended > 0 then
    p_state.ends_noted := case when v_ended < p_limit or v_last_ended > v_oldest then v_oldest else v_last_ended end;
  end if;
end;
$$;

comment on function rhythm.take_notes(rhythm.queue_state, integer) is
  'Deletes notes of a queue, oldest first, and adds them up: the first that became ready in each lane, and how many leases of each key ended. The caller holds its gate. Internal.';

create or replace function rhythm.has_notes(p_state rhythm.queue_state)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from rhythm.limit_note as n where n.queue = p_state.queue and n.ended > 0 and n.xid >= p_state.ends_noted)
    or exists (select from rhythm.limit_note as n where n.queue = p_state.queue and n.ended = 0 and n.xid >= p_state.noted);
end;
$$;

comment on function rhythm.has_notes(rhythm.queue_state) is 'Whether there are notes of a queue that nobody has taken. Internal.';

-- Rows are found by their place (ctid), which no other session changes. A join by their key would depend on the planner.

-- Puts what became ready into lanes. A key that was idle gets the current turn, and none of those that it missed.
create or replace function rhythm.fill_lanes(p_state rhythm.queue_state, p_entered rhythm.limit_note[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with entry as materialized (
    select e.target_group, e.key, e.rank, e.head, l.place, l.idle_since
    from unnest(p_entered) as e
    left join lateral (
      select x.ctid as place, x.idle_since from rhythm.lane as x
      where x.queue = p_state.queue and x.target_group = e.target_group and x.key = e.key
      order by x.nth desc limit 1
    ) as l on true
  ),
  changed as (
    update rhythm.lane as l
    set nth = p_state.nth, rank = e.rank, head = e.head, idle_since = null, open = l.open or l.idle_since is not null,
      turn = case when l.idle_since is not null then greatest(l.turn, p_state.turn) else l.turn end
    from entry as e
    where l.ctid = e.place and (l.idle_since is not null or (e.rank, e.head) < (l.rank, l.head))
    returning l.target_group, l.turn, l.rank, l.head
  ),
  made as (
    insert into rhythm.lane (queue, target_group, key, nth, turn, rank, head, open)
    select p_state.queue, e.target_group, e.key, p_state.nth, p_state.turn, e.rank, e.head, true
    from entry as e where e.place is null
    returning target_group, turn, rank, head
  ),
  first as materialized (
    select distinct on (x.target_group) x.* from (select c.* from changed as c union all select m.* from made as m) as x
    order by x.target_group, x.turn, x.rank, x.head
  ),
  lowered as (
    update rhythm.lane_group as g
    set nth = p_state.nth, turn = f.turn, rank = f.rank, head = f.head
    from first as f
    where g.queue = p_state.queue and g.target_group = f.target_group
      and g.nth = (select max(x.nth) from rhythm.lane_group as x where x.queue = p_state.queue and x.target_group = f.target_group)
      and (f.turn, f.rank, f.head) < (g.turn, g.rank, g.head)
  )
  insert into rhythm.lane_group (queue, target_group, nth, turn, rank, head)
  select p_state.queue, f.target_group, p_state.nth, f.turn, f.rank, f.head
  from first as f
  where not exists (select from rhythm.lane_group as g where g.queue = p_state.queue and g.target_group = f.target_group);
end;
$$;

comment on function rhythm.fill_lanes(rhythm.queue_state, rhythm.limit_note[]) is 'Puts what became ready into lanes. The caller holds the gate of the queue. Internal.';

-- Whether a key really has room is checked when its turn comes. Here it is enough that it may have room.
create or replace function rhythm.open_lanes(p_state rhythm.queue_state, p_keys text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with closed as materialized (
    select l.place
    from unnest(rhythm.lane_groups(p_state.queue, null, '{task,workflow}')) as g
    cross join unnest(p_keys) as k (key)
    cross join lateral (
      select x.ctid as place, x.open, x.head from rhythm.lane as x
      where x.queue = p_state.queue and x.target_group = g.target_group and x.key = k.key
      order by x.nth desc limit 1
    ) as l
    where not l.open and l.head is not null
  ),
  opened as (
    update rhythm.lane as l set nth = p_state.nth, open = true, turn = greatest(l.turn, p_state.turn)
    from closed as c
    where l.ctid = c.place
    returning l.target_group, l.turn, l.rank, l.head
  ),
  first as materialized (
    select distinct on (o.target_group) o.* from opened as o order by o.target_group, o.turn, o.rank, o.head
  )
  update rhythm.lane_group as g
  set nth = p_state.nth, turn = f.turn, rank = f.rank, head = f.head
  from first as f
  where g.queue = p_state.queue and g.target_group = f.target_group
    and g.nth = (select max(x.nth) from rhythm.lane_group as x where x.queue = p_state.queue and x.target_group = f.target_group)
    and (f.turn, f.rank, f.head) < (g.turn, g.rank, g.head);
end;
$$;

comment on function rhythm.open_lanes(rhythm.queue_state, text[]) is 'Opens lanes of keys that may have room again. The caller holds the gate of the queue. Internal.';
