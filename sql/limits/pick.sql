-- Decides whose turn it is. Each row of a lane has a place: (turn, rank, id). A fair queue gives the next row of a key a turn
-- that is 1/weight later. Any other queue gives all rows turn 0, so that priority and age decide. A claim takes the first
-- rows of all lanes by place, and reads only as many lanes as it may need.

-- Chooses among the first p_look lanes, and returns which lanes these were; "more": there are others after them. Rows that
-- others have locked are skipped. p_plain: leases by key that no state counts.
-- Locks: batches, skip locked. The caller holds the gate of the queue.
create or replace function rhythm.pick_lanes(
  p_queue rhythm.queue,
  p_state rhythm.queue_state,
  p_groups rhythm.lane_group[],
  p_plain jsonb,
  p_limit integer,
  p_look integer,
  p_now timestamptz,
  out ids bigint[],
  out lanes rhythm.lane_pick[],
  out turn bigint,
  out more boolean
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with shown as materialized (
    select s.* from (
      select l.*, greatest(l.turn, p_state.turn) as tag,
        row_number() over (order by greatest(l.turn, p_state.turn), l.rank, l.head) as nth
      from unnest(p_groups) as g
      cross join lateral (
        select x.ctid as place, x.target_group, x.key, x.turn, x.rank, x.head from rhythm.lane as x
        where x.queue = p_queue.name and x.target_group = g.target_group and x.open and (x.turn, x.rank, x.head) >= (g.turn, g.rank, g.head)
        order by x.turn, x.rank, x.head
        limit p_look + 1
      ) as l
    ) as s
    where s.nth <= p_look + 1
  ),
  bound as materialized (
    select s.tag, s.rank, s.head from shown as s where s.nth = p_look + 1
  ),
  lane as materialized (
    select s.*,
      coalesce(c.weight, 1) as weight,
      case when p_queue.fair then 720720 / coalesce(c.weight, 1) else 0 end as step,
      case when c.paused_at is not null then 0
        else least(2147483647,
          case when s.key <> '' then coalesce(c.concurrency, p_queue.per_key_concurrency) - coalesce(k.running, 0) - coalesce((p_plain ->> s.key)::integer, 0) end,
          case when s.key <> '' and c.rate is not null then c.rate - case when k.begun <> '{}' then rhythm.begun_lately(k.begun_at, k.begun, c.per_ms, p_now) else 0 end
            when s.key <> '' and p_queue.per_key_rate is not null
              then p_queue.per_key_rate - case when k.begun <> '{}' then rhythm.begun_lately(k.begun_at, k.begun, p_queue.per_key_per_ms, p_now) else 0 end end)
        end as room
    from shown as s
    left join rhythm.queue_key as c on c.queue = p_queue.name and c.key = s.key
    left join lateral (
      select x.running, x.begun_at, x.begun from rhythm.key_state as x
      where p_state.keyed and x.queue = p_queue.name and x.key = s.key order by x.nth desc limit 1
    ) as k on true
    where s.nth <= p_look
  ),
  -- Up to the first lane that was not read; or up to a share of what is wanted, because what follows is not known.
  asked as materialized (
    select l.*, least(l.room, p_limit, l.wanted)::integer as asked, l.is_share and l.wanted < least(l.room, p_limit) as is_cut
    from (
      select x.*, count(*) over () > 1 and (b.tag is null or not p_queue.fair) as is_share,
        case
          when count(*) over () = 1 and not p_queue.fair then p_limit
          when b.tag is not null and p_queue.fair then (b.tag - x.tag) / x.step + 1
          when p_queue.fair then p_limit::bigint * x.weight / sum(x.weight) over () + 2
          else p_limit::bigint * 2 / count(*) over () + 2
        end as wanted,
        b.tag as bound_tag, b.rank as bound_rank, b.head as bound_head
      from lane as x left join bound as b on true
    ) as l
  ),
  found as materialized (
    select a.*, f.id, f.rank as row_rank, f.first_id, a.tag + a.step * (f.nth - 1) as row_tag, a.is_cut and f.nth = a.asked as is_last
    from asked as a
    left join lateral (
      select r.id, r.rank, r.first_id, row_number() over (order by r.rank, r.first_id) as nth
      from (
        select b.id, - b.priority::integer as rank, b.first_id from rhythm.batch as b
        where b.limited and b.worker is null and b.run_at is null and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)
          and b.queue = p_queue.name
          and case b.type when 'workflow' then '' else b.target end = a.target_group
          and coalesce(b.concurrency_key, '') = a.key
          and (- b.priority::integer, b.first_id) >= (a.rank, a.head)
          and (a.bound_tag is null or p_queue.fair or (- b.priority::integer, b.first_id) < (a.bound_rank, a.bound_head))
        order by - b.priority::integer, b.first_id
        limit greatest(a.asked, 0)
        for no key update skip locked
      ) as r
    ) as f on true
  ),
  cut as materialized (
    select f.row_tag as tag, f.row_rank as rank, f.first_id from found as f where f.is_last order by 1, 2, 3 limit 1
  ),
  allowed as (
    select f.*, f.id is not null
      and (u.tag is null or (f.row_tag, f.row_rank, f.first_id) <= (u.tag, u.rank, u.first_id))
      and (f.bound_tag is null or (f.row_tag, f.row_rank, f.first_id) <= (f.bound_tag, f.bound_rank, f.bound_head))
      and row_number() over (partition by f.key order by f.row_tag, f.row_rank, f.first_id) <= f.room as is_allowed
    from found as f left join cut as u on true
  ),
  placed as materialized (
    select a.*, a.is_allowed and row_number() over (order by not a.is_allowed, a.row_tag, a.row_rank, a.first_id) <= p_limit as is_chosen
    from allowed as a
  ),
  moved as (
    select p.target_group, p.key, p.place, p.rank, p.head, p.room,
      coalesce(max(p.row_tag) filter (where p.is_chosen) + p.step, p.turn) as turn, count(*) filter (where p.is_chosen)::integer as taken
    from placed as p
    group by p.target_group, p.key, p.place, p.rank, p.head, p.room, p.step, p.turn
    having p.room <= 0 or bool_or(p.is_chosen) or bool_or(p.id is null)
  )
  select coalesce((select array_agg(p.id order by p.row_tag, p.row_rank, p.first_id) from placed as p where p.is_chosen), '{}'),
    coalesce((select array_agg(row(m.target_group, m.key, m.place, m.turn, m.rank, m.head, m.taken, m.room)::rhythm.lane_pick) from moved as m), '{}'),
    (select max(p.row_tag) from placed as p where p.is_chosen),
    exists (select from bound)
  into ids, lanes, turn, more;
end;
$$;

comment on function rhythm.pick_lanes(rhythm.queue, rhythm.queue_state, rhythm.lane_group[], jsonb, integer, integer, timestamptz) is
  'Locks the next batches of a queue with limits, among its first lanes; returns the lanes that must change. Internal.';

-- Moves lanes that were read to their next row and turn.
create or replace function rhythm.move_lanes(p_state rhythm.queue_state, p_lanes rhythm.lane_pick[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rhythm.lane as l
  set nth = p_state.nth, turn = p.turn, rank = p.next_rank, head = p.next_head,
    open = p.next_head is not null and p.taken < p.room,
    idle_since = case when p.next_head is null then p_now end
  from (
    select u.*, n.rank as next_rank, n.first_id as next_head
    from unnest(p_lanes) as u
    left join lateral (
      select - b.priority::integer as rank, b.first_id from rhythm.batch as b
      where b.limited and b.worker is null and b.run_at is null and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)
        and b.queue = p_state.queue
        and case b.type when 'workflow' then '' else b.target end = u.target_group
        and coalesce(b.concurrency_key, '') = u.key
        and (- b.priority::integer, b.first_id) >= (u.rank, u.head)
      order by - b.priority::integer, b.first_id
      limit 1
    ) as n on true
  ) as p
  where l.ctid = p.place and (p.taken > 0 or p.room <= 0 or p.next_head is distinct from p.head);
end;
$$;

comment on function rhythm.move_lanes(rhythm.queue_state, rhythm.lane_pick[], timestamptz) is 'Moves lanes forward after a claim; closes those that are empty, or whose key is full. Internal.';

-- Counts what began, by key.
create or replace function rhythm.count_keys(p_queue rhythm.queue, p_state rhythm.queue_state, p_lanes rhythm.lane_pick[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with begun as materialized (
    select u.key, u.taken, coalesce(c.rate, p_queue.per_key_rate) as rate,
      case when c.rate is not null then c.per_ms else p_queue.per_key_per_ms end as per_ms,
      k.place, k.running, k.begun_at, k.begun
    from (
      select p.key, sum(p.taken)::integer as taken from unnest(p_lanes) as p
      where p.key <> '' group by p.key having sum(p.taken) > 0
        or exists (select from rhythm.key_state as x where x.queue = p_state.queue and x.key = p.key)
    ) as u
    left join rhythm.queue_key as c on c.queue = p_state.queue and c.key = u.key
    left join lateral (
      select x.ctid as place, x.running, x.begun_at, x.begun from rhythm.key_state as x where x.queue = p_state.queue and x.key = u.key order by x.nth desc limit 1
    ) as k on true
  ),
  counted as materialized (
    select b.key, b.place, coalesce(b.running, 0) + b.taken as running, n.p_begun_at as begun_at, n.p_begun as begun,
      case when b.rate <= rhythm.begun_lately(n.p_begun_at, n.p_begun, b.per_ms, p_now) then rhythm.rate_ends(n.p_begun_at, b.per_ms, p_now) end as ready_at
    from begun as b
    cross join lateral (
      select r.* from rhythm.note_begun(coalesce(b.begun_at, '{}'), coalesce(b.begun, '{}'), b.taken, b.per_ms, p_now) as r where b.rate is not null and b.taken > 0
      union all select coalesce(b.begun_at, '{}'), coalesce(b.begun, '{}') where b.rate is null or b.taken = 0
    ) as n
  ),
  changed as (
    update rhythm.key_state as k
    set nth = p_state.nth, running = c.running, idle_since = case when c.running = 0 then p_now end, ready_at = c.ready_at, begun_at = c.begun_at, begun = c.begun
    from counted as c
    where k.ctid = c.place
  )
  insert into rhythm.key_state (queue, key, nth, running, ready_at, begun_at, begun)
  select p_state.queue, c.key, p_state.nth, c.running, c.ready_at, c.begun_at, c.begun
  from counted as c where c.place is null;
end;
$$;

comment on function rhythm.count_keys(rhythm.queue, rhythm.queue_state, rhythm.lane_pick[], timestamptz) is 'Counts what a claim began of each key, and notes when a key that used up its rate may continue. Internal.';
