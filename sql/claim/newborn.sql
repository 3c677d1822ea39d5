-- Leases of tasks that no index listed before: made leased, or taken from a batch.

-- Those that are still held, by a look at each. Few are looked at: what is older than two seconds is listed in an index.
create or replace function rhythm.newborn(p_queue text default null)
returns table (id uuid, worker uuid, queue text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
  return query
  select e.id, e.worker, e.queue
  from rhythm.newborn_lease as l
  cross join lateral unnest(l.ids) as i (id)
  join rhythm.execution as e on e.id = i.id and e.stage = 2 and e.newborn
  where p_queue is null or l.queue = p_queue;
end;
$$;

comment on function rhythm.newborn(text) is 'Leases of the last seconds that no index lists yet, of tasks that were made leased or were ready in a batch: {id, worker, queue}, of one queue or of all. The views queues and workers count them.';

-- In pieces that fit into a page.
create or replace function rhythm.note_newborn(p_worker uuid, p_queue text, p_ids uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_piece constant integer := 250;
begin
  insert into rhythm.newborn_lease (made_at, worker, queue, ids)
  select p_now, p_worker, p_queue, p_ids[n.first : n.first + c_piece - 1]
  from generate_series(1, cardinality(p_ids), c_piece) as n (first);
end;
$$;

comment on function rhythm.note_newborn(uuid, text, uuid[], timestamptz) is 'Notes leases that no index lists. Internal.';

-- What goes on for longer takes its place in the index. A row that is being settled is passed over, and so is not
-- forgotten yet: whether that commits is not known.
create or replace function rhythm.list_newborn(p_limit integer, p_now timestamptz)
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
  -- A look at a task costs little, and most are over: more are forgotten in a second than workers make.
  c_looks constant integer := 20;
  v_next constant bigint[] := array(
    select o.id
    from (
      select l.id, sum(cardinality(l.ids)) over (order by l.id) - cardinality(l.ids) as before
      from rhythm.newborn_lease as l where l.made_at < p_now - interval '2 seconds'
      order by l.id limit p_limit * c_looks
    ) as o
    where o.before < p_limit * c_looks);
  v_old constant bigint[] := array(
    select l.id from rhythm.newborn_lease as l where l.id = any (v_next) order by l.id for update skip locked);
begin
  if v_old = '{}' then
    return;
  end if;
  update rhythm.execution as e
  set newborn = false
  where e.id = any (array(
    select x.id from rhythm.newborn_lease as l
    cross join lateral unnest(l.ids) as i (id)
    join rhythm.execution as x on x.id = i.id and x.stage = 2 and x.newborn
    where l.id = any (v_old)
    for no key update of x skip locked));
  delete from rhythm.newborn_lease as l
  where l.id = any (v_old) and not exists (
    select from unnest(l.ids) as i (id) join rhythm.execution as e on e.id = i.id and e.stage = 2 and e.newborn);
end;
$$;

comment on function rhythm.list_newborn(integer, timestamptz) is 'Lists leases that last in an index, and forgets those that ended. Part of tick().';
