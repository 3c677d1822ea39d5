-- Counts leases from the leases themselves.

-- One statement, so that the count and the notes that it deletes belong to the same moment. A lease whose end is not committed
-- still counts here, and its note comes later. The caller holds the gate of the queue, so nothing of it begins meanwhile.
create or replace function rhythm.recount(p_queue rhythm.queue, p_state rhythm.queue_state)
returns rhythm.queue_state
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys text[];
  v_counts integer[];
begin
  with gone as (
    delete from rhythm.limit_note as n where n.queue = p_queue.name and n.ended > 0
  ),
  counted as (
    select coalesce(b.concurrency_key, '') as key, sum(b.size)::integer as running
    from rhythm.batch as b where b.worker is not null and b.limited and b.queue = p_queue.name
    group by coalesce(b.concurrency_key, '')
  )
  select coalesce(array_agg(c.key), '{}'), coalesce(array_agg(c.running), '{}') into v_keys, v_counts from counted as c;
  if not p_state.counted then
    v_keys := '{}';
    v_counts := '{}';
  end if;
  p_state.running := (select coalesce(sum(c.n), 0) from unnest(v_counts) as c (n));
  if not p_state.keyed then
    delete from rhythm.key_state as k where k.queue = p_queue.name;
    return p_state;
  end if;
  update rhythm.key_state as k
  set nth = p_state.nth, running = coalesce(c.running, 0), idle_since = case when c.running is null then rhythm.now() end
  from rhythm.key_state as o
  left join unnest(v_keys, v_counts) as c (key, running) on c.key = o.key
  where o.queue = p_queue.name and k.queue = o.queue and k.key = o.key and k.nth = o.nth and k.running <> coalesce(c.running, 0);
  insert into rhythm.key_state (queue, key, nth, running)
  select p_queue.name, c.key, p_state.nth, c.running from unnest(v_keys, v_counts) as c (key, running)
  where c.key <> '' and not exists (select from rhythm.key_state as k where k.queue = p_queue.name and k.key = c.key);
  return p_state;
end;
$$;

comment on function rhythm.recount(rhythm.queue, rhythm.queue_state) is 'Counts the leases of a queue again. The caller holds its gate, and stores the state. Internal.';
