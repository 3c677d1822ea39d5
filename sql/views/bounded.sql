-- What the dashboard reads beside millions of rows: each call looks at a bounded number of them, and says what it has left out.

-- Up to so many pages all batches are counted. Above them, a sample; and exactly what an index shows within its first rows.
create or replace function rhythm.queue_counts()
returns table (queue text, ready bigint, delayed bigint, running bigint, suspended bigint, oldest_at timestamptz, is_estimate boolean)
language plpgsql
stable
rows 100
set search_path = pg_catalog, pg_temp
as $$
declare
  c_pages constant integer := 500;
  c_batches constant integer := 1000;
  v_share constant double precision := greatest(1, pg_relation_size('rhythm.batch') / 8192 / c_pages::double precision);
begin
  if v_share = 1 then
    return query
    select x.queue, coalesce(sum(x.n) filter (where x.state = 'ready'), 0)::bigint, coalesce(sum(x.n) filter (where x.state = 'delayed'), 0)::bigint,
      coalesce(sum(x.n) filter (where x.state = 'running'), 0)::bigint, coalesce(sum(x.n) filter (where x.state = 'suspended'), 0)::bigint, min(x.oldest), false
    from (
      select b.queue, case when b.run_at is not null then 'delayed' when b.worker is null then 'ready' else 'running' end as state,
        sum(b.size) as n, min(case when b.worker is null and b.run_at is null then rhythm.created_at(b.first_id) end) as oldest
      from rhythm.batch as b group by 1, 2
      union all
      select c.queue, 'suspended', c.executions, null from rhythm.count_suspended() as c
    ) as x
    group by x.queue;
    return;
  end if;
  return query
  -- The first of each priority of each queue, by one look at the index for each.
  with recursive head (queue, priority, first_id, nth) as (
    (select b.queue, b.priority, b.first_id, 1 from rhythm.batch as b
    where b.worker is null and b.run_at is null and not b.limited
    order by b.queue, b.priority desc, b.first_id limit 1)
    union all
    select n.queue, n.priority, n.first_id, h.nth + 1
    from head as h cross join lateral (
      (select b.queue, b.priority, b.first_id from rhythm.batch as b
      where b.worker is null and b.run_at is null and not b.limited and b.queue = h.queue and b.priority < h.priority
      order by b.priority desc, b.first_id limit 1)
      union all
      (select b.queue, b.priority, b.first_id from rhythm.batch as b
      where b.worker is null and b.run_at is null and not b.limited and b.queue > h.queue
      order by b.queue, b.priority desc, b.first_id limit 1)
      limit 1
    ) as n
    where h.nth < 500
  ),
  sampled as materialized (
    select b.queue, case when b.run_at is not null then 'delayed' when b.limited then 'limited' else 'ready' end as state,
      round(sum(b.size) * v_share)::bigint as n
    from rhythm.batch as b tablesample system (100 / v_share) repeatable (0)
    where b.worker is null group by 1, 2
  ),
  plain as (
    select h.queue, 'ready' as state, min(rhythm.created_at(h.first_id)) as oldest, r.n, r.is_all
    from head as h
    cross join lateral (
      select coalesce(sum(x.size), 0)::bigint as n, count(*) < c_batches as is_all
      from (
        select b.size from rhythm.batch as b
        where b.queue = h.queue and b.worker is null and b.run_at is null and not b.limited
        order by b.priority desc, b.first_id limit c_batches
      ) as x
    ) as r
    group by h.queue, r.n, r.is_all
  ),
  limited as (
    select q.name as queue, 'limited' as state, r.oldest, r.n, r.is_all
    from rhythm.queue as q
    cross join lateral (
      select coalesce(sum(x.size), 0)::bigint as n, count(*) < c_batches as is_all, min(rhythm.created_at(x.first_id)) as oldest
      from (
        select b.size, b.first_id from rhythm.batch as b
        where b.queue = q.name and b.limited and b.worker is null and b.run_at is null limit c_batches
      ) as x
    ) as r
    where r.n > 0
  ),
  later as materialized (
    select x.queue, sum(x.size)::bigint as n, sum(count(*)) over () < 5 * c_batches as is_all
    from (select b.queue, b.size from rhythm.batch as b where b.run_at is not null order by b.run_at limit 5 * c_batches) as x
    group by x.queue
  ),
  counted as (
    select p.queue, 'ready' as state, case when p.is_all then p.n else greatest(p.n, s.n) end as n, p.oldest, not p.is_all as is_estimate
    from (select * from plain union all select * from limited) as p
    left join sampled as s on s.queue = p.queue and s.state = p.state
    union all
    select coalesce(l.queue, s.queue), 'delayed', case when l.is_all then l.n else greatest(l.n, s.n) end, null, l.is_all is not true
    from later as l
    full join (select x.queue, x.n from sampled as x where x.state = 'delayed' and not exists (select from later as y where y.is_all)) as s on s.queue = l.queue
    union all
    select x.queue, 'running', sum(x.size), null, count(*) = 20 * c_batches
    from (select b.queue, b.size from rhythm.batch as b where b.worker is not null limit 20 * c_batches) as x group by x.queue
    union all
    select c.queue, 'suspended', c.executions, null, false from rhythm.count_suspended() as c
  )
  select c.queue, coalesce(sum(c.n) filter (where c.state = 'ready'), 0)::bigint, coalesce(sum(c.n) filter (where c.state = 'delayed'), 0)::bigint,
    coalesce(sum(c.n) filter (where c.state = 'running'), 0)::bigint, coalesce(sum(c.n) filter (where c.state = 'suspended'), 0)::bigint,
    min(c.oldest), bool_or(c.is_estimate)
  from counted as c
  group by c.queue;
end;
$$;

comment on function rhythm.queue_counts() is
  'How many executions of each queue are ready, delayed, running and suspended, and when the oldest ready one was created, at a bounded cost. Internal.';

create or replace function rhythm.count_queues()
returns table (
  queue text, ready bigint, delayed bigint, running bigint, suspended bigint, oldest_at timestamptz, oldest_seconds double precision,
  workers bigint, paused boolean, concurrency integer, per_key_concurrency integer, rate integer, per interval,
  per_key_rate integer, per_key_per interval, fair boolean, is_estimate boolean
)
language sql
stable
rows 100
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
  with counted as materialized (
    select c.* from rhythm.queue_counts() as c
  ),
  served as (
    select u.queue, count(distinct w.id) as workers
    from rhythm.worker as w cross join lateral unnest(w.queues) as u(queue) where w.draining_since is null group by u.queue
  ),
  named as (
    select c.queue from counted as c
    union
    select q.name from rhythm.queue as q
    union
    select s.queue from served as s
  )
  select
    n.queue, coalesce(c.ready, 0), coalesce(c.delayed, 0), coalesce(c.running, 0), coalesce(c.suspended, 0), c.oldest_at,
    greatest(0, extract(epoch from rhythm.now() - c.oldest_at))::double precision,
    coalesce(s.workers, 0), q.paused_at is not null, q.concurrency, q.per_key_concurrency, q.rate, q.per_ms * interval '1 millisecond',
    q.per_key_rate, q.per_key_per_ms * interval '1 millisecond', coalesce(q.fair, false), coalesce(c.is_estimate, false)
  from named as n
  left join counted as c on c.queue = n.queue
  left join rhythm.queue as q on q.name = n.queue
  left join served as s on s.queue = n.queue;
$$;

comment on function rhythm.count_queues() is
  'The view queues at a bounded cost. is_estimate: there are so many batches that ready or delayed are estimated from a sample.';

-- Walks an index in the order of ids, newest first, and looks at so many rows at most. What is live is found by its place: what is
-- suspended by its state, the rest by its batch, unless there are too many batches to read.
create or replace function rhythm.search_executions(p_filter jsonb, p_before uuid default null, p_limit integer default 50)
returns table (ids uuid[], searched_to uuid)
language plpgsql
stable
rows 1
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
declare
  c_look constant integer := 40000;
  c_look_live constant integer := 2000;
  c_look_line constant integer := 250;
  c_piece constant integer := 200;
  c_most constant integer := 5000;
  v_problem constant text := rhythm.search_problem(p_filter);
  v_limit constant integer := least(greatest(coalesce(p_limit, 50), 1), c_most);
  v_statuses text[];
  v_states smallint[];
  v_is_live boolean;
  v_before uuid := coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_look integer := c_look;
  v_index text;
  v_where text;
  v_lists uuid[];
  v_end uuid;
  v_floor uuid;
  v_ids uuid[];
  v_nth integer;
begin
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  v_before := least(v_before, (p_filter ->> 'before')::uuid);
  if p_filter ? 'statuses' then
    v_statuses := array(select jsonb_array_elements_text(p_filter -> 'statuses'));
    v_states := array(select distinct case s when 'completed' then 1 when 'failed' then 2 when 'cancelled' then 3 when 'frozen' then 4 else 0 end from unnest(v_statuses) as s);
    v_is_live := v_states = '{0}';
  end if;
  v_where := concat_ws(' and ',
    'true',
    case when p_filter ? 'since' then 'e.id >= ($1 ->> ''since'')::uuid' end,
    case when p_filter ? 'type' then 'e.type = $1 ->> ''type''' end,
    case when p_filter ? 'target' then 'e.target = $1 ->> ''target''' end,
    case when p_filter ? 'queue' then 'e.queue = $1 ->> ''queue''' end,
    case when p_filter ? 'version' then 'e.version = ($1 ->> ''version'')::integer' end,
    case when p_filter ? 'parent' then 'e.parent_id = ($1 ->> ''parent'')::uuid' end,
    case when p_filter ? 'fingerprint' then 'e.fingerprint = ($1 ->> ''fingerprint'')::bigint' end,
    case when p_filter ? 'metadata' then 'e.metadata @> ($1 -> ''metadata'')' end,
    case when p_filter ? 'variables' then 'e.tags @> rhythm.variable_tags($1 -> ''variables'')' end,
    case when v_states is not null then 'e.state = any ($2)' end,
    case when 0 = any (v_states) and not v_statuses @> array['pending', 'running', 'suspended'] then '(e.state > 0 or (
      select rhythm.status_name(e.state, b.id, b.worker)
      from (select coalesce(e.batch_id, (select s.batch_id from rhythm.workflow_state as s where s.execution_id = e.id)) as batch_id) as p
      left join rhythm.batch as b on b.id = p.batch_id) = any ($3))' end,
    case when p_filter ? 'line' then 'e.type = ''workflow'' and case when e.completed_at is null then ($1 ->> ''line'')::integer = any (rhythm.lines_of(e.id)) else e.error #>> ''{at,line}'' = $1 ->> ''line'' end' end);

  if p_filter ? 'parent' then v_index := 'x.parent_id = ($1 ->> ''parent'')::uuid';
  elsif p_filter ? 'fingerprint' then v_index := 'x.fingerprint is not null and x.fingerprint = ($1 ->> ''fingerprint'')::bigint';
  elsif v_states = '{2}' then v_index := 'x.fingerprint is not null';
  elsif p_filter ? 'variables' then
    v_lists := array(
      select x.id from rhythm.execution as x
      where x.tags is not null and x.tags @> rhythm.variable_tags(p_filter -> 'variables') and x.id < v_before limit c_look_live + 1);
    -- Many have them: the newest rows have, too.
    if cardinality(v_lists) > c_look_live then v_lists := null; end if;
  end if;
  if v_index is null and v_lists is null and (v_is_live or p_filter ? 'line') then
    v_look := case when p_filter ? 'line' then c_look_line else c_look_live end;
    select l.ids, l.ended into v_lists, v_end from rhythm.live_ids(p_filter, v_statuses, v_before, v_look) as l;
    if v_lists is not null and not coalesce(v_is_live, false) then
      v_ids := array(select x.id from rhythm.execution as x where x.fingerprint is not null and x.id < v_before order by x.id desc limit v_look + 1);
      v_end := greatest(v_end, v_ids[v_look + 1]);
      v_lists := v_lists || v_ids;
    end if;
  end if;
  if p_filter ? 'line' then v_look := c_look_line; end if;

  if v_lists is not null then
    v_lists := array(select distinct i.id from unnest(v_lists) as i (id) where v_end is null or i.id >= v_end order by i.id desc);
    v_ids := '{}';
    v_nth := 1;
    -- In pieces, so that nothing is looked at for which there is no room.
    while v_nth <= cardinality(v_lists) and cardinality(v_ids) <= v_limit loop
      execute format('select $6 || array(select e.id from unnest($4) as i (id) cross join lateral (select x.* from rhythm.execution as x where x.id = i.id offset 0) as e where %s order by e.id desc limit $5)', v_where)
      into v_ids using p_filter, v_states, v_statuses, v_lists[v_nth:v_nth + c_piece - 1], v_limit + 1 - cardinality(v_ids), v_ids;
      v_nth := v_nth + c_piece;
    end loop;
  else
    execute format('select array(select e.id from (select x.* from rhythm.execution as x where x.id < $4 and %s order by x.id desc limit $6) as e where %s order by e.id desc limit $5)',
      coalesce(v_index, 'true'), v_where)
    into v_ids using p_filter, v_states, v_statuses, v_before, v_limit + 1, v_look;
    if cardinality(v_ids) <= v_limit then
      execute format('select x.id from rhythm.execution as x where x.id < $2 and %s order by x.id desc offset $3 limit 1', coalesce(v_index, 'true'))
      into v_end using p_filter, v_before, v_look - 1;
    end if;
  end if;
  if cardinality(v_ids) > v_limit then
    ids := v_ids[1:v_limit];
    searched_to := ids[v_limit];
  else
    ids := v_ids;
    v_floor := (p_filter ->> 'since')::uuid;
    searched_to := case when v_floor is null or v_end > v_floor then v_end end;
  end if;
  return next;
end;
$$;

comment on function rhythm.search_executions(jsonb, uuid, integer) is
  'The newest executions that fit, older than p_before: it looks at some 40,000 at most, so that it costs the same beside millions. ids: the newest first. '
  'searched_to: call again with this as p_before to go on; null: there are no more. '
  'p_filter may have type, target, queue, version, line, statuses, parent, fingerprint, variables and metadata. Ids are at least since, and less than before.';

create or replace function rhythm.search_problem(p_filter jsonb)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_value jsonb;
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    return 'p_filter must be an object: {"target": "order", "statuses": ["failed"]}';
  end if;
  for v_name, v_value in select f.key, f.value from jsonb_each(p_filter) as f loop
    if not (case
      when v_name in ('type', 'target', 'queue') then jsonb_typeof(v_value) = 'string'
      when v_name in ('version', 'line') then case when v_value #>> '{}' ~ '^\d{1,10}$' then (v_value #>> '{}')::bigint < 2147483648 else false end
      when v_name = 'fingerprint' then case when v_value #>> '{}' ~ '^-?\d{1,19}$' then abs((v_value #>> '{}')::numeric) < 9223372036854775808 else false end
      when v_name in ('parent', 'since', 'before') then v_value #>> '{}' ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
      when v_name = 'metadata' then jsonb_typeof(v_value) = 'object'
      when v_name = 'variables' then not rhythm.variables_problem(v_value)
      when v_name = 'statuses' then jsonb_typeof(v_value) = 'array'
        and v_value <@ '["pending", "running", "suspended", "completed", "failed", "cancelled", "frozen"]'
      else false end)
    then
      return format('p_filter cannot have %s: %s', to_jsonb(v_name), left(v_value::text, 100));
    end if;
  end loop;
  return null;
end;
$$;

comment on function rhythm.search_problem(jsonb) is 'What is wrong with a filter of search_executions(); null: nothing. Internal.';

-- ended: what is older was not looked at. ids is null if that cannot be told without reading too many batches.
create or replace function rhythm.live_ids(p_filter jsonb, p_statuses text[], p_before uuid, p_look integer)
returns table (ids uuid[], ended uuid)
language plpgsql
stable
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  c_batch_pages constant integer := 6000;
  v_flows uuid[] := '{}';
  v_members uuid[] := '{}';
  v_waiters uuid[] := '{}';
  -- Of 100,000 batches, the newest few are found sooner.
  v_look constant integer := least(p_look, 500);
  v_batches bigint[];
  v_last uuid;
  v_type constant text := p_filter ->> 'type';
  v_target constant text := p_filter ->> 'target';
  v_queue constant text := p_filter ->> 'queue';
  v_running constant boolean := 'running' = any (p_statuses);
  v_pending constant boolean := 'pending' = any (p_statuses);
begin
  if p_filter ->> 'type' is distinct from 'task' and (p_filter ? 'line' or 'suspended' = any (p_statuses)) then
    v_flows := array(select s.execution_id from rhythm.workflow_state as s where s.execution_id < p_before order by s.execution_id desc limit p_look + 1);
  end if;
  if not p_filter ? 'line' and (v_running or v_pending) then
    if v_pending and pg_relation_size('rhythm.batch') / 8192 > c_batch_pages then
      return;
    end if;
    -- The members of a batch are in the order of their ids, and were created together.
    v_batches := array(
      select b.id
      from rhythm.batch as b
      where (v_pending or b.worker is not null) and (v_running or b.worker is null)
        and (v_type is null or b.type = v_type) and (v_target is null or b.target = v_target) and (v_queue is null or b.queue = v_queue)
        and b.first_id < p_before
      order by b.ids[b.size] desc limit v_look + 1);
    v_members := array(
      select m.id
      from unnest(v_batches) as i (id)
      cross join lateral (select x.ids from rhythm.batch as x where x.id = i.id offset 0) as b
      cross join lateral unnest(b.ids) as m (id)
      where m.id < p_before
      order by m.id desc limit v_look + 1);
    v_last := (select b.ids[b.size] from rhythm.batch as b where b.id = v_batches[v_look + 1]);
  end if;
  if 'suspended' = any (p_statuses) then
    v_waiters := array(select k.execution_id from rhythm.key_waiter as k where k.execution_id < p_before order by k.execution_id desc limit p_look + 1);
  end if;
  ids := v_flows || v_members || v_waiters;
  ended := greatest(v_flows[p_look + 1], v_members[v_look + 1], v_last, v_waiters[p_look + 1]);
  return next;
end;
$$;

comment on function rhythm.live_ids(jsonb, text[], uuid, integer) is
  'The newest executions that may be live, older than p_before; ended: what is older was not looked at. Internal.';
