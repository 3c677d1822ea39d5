-- The head of a queue without limits.
--
-- As long as an old transaction is open somewhere, what was consumed stays in the index, and every claim walks over it:
-- 200,000 rows take 50 ms. So whoever walked far notes where it found the head, and claims begin there for 10 µs for
-- each row that was walked over. What enters the queue behind that place (a retry, a workflow that goes on, a
-- transaction that was long in committing) is not seen meanwhile, but never for longer: the first claim after it walks
-- from the beginning, as does every claim that finds nothing after the head. So a worker falls asleep over an empty
-- queue only, and what is behind waits 10 seconds at most, and only while there is other work.

create or replace function rhythm.hash_of(p_targets text[])
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return hashtextextended(coalesce(array_to_string(p_targets, ' '), '*'), 0);
end;
$$;

comment on function rhythm.hash_of(text[]) is 'One number for the tasks that a claim asks for. Internal.';

-- Locks: execution rows, skip locked. Never waits.
create or replace function rhythm.take_from_beginning(p_queue text, p_limit integer, p_targets text[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_targets is null then
    return array(
      select e.id from rhythm.execution as e
      where e.place = 1 and e.queue = p_queue and e.worker is null
      order by e.priority desc, e.id limit p_limit for update skip locked);
  end if;
  return array(
    select e.id from rhythm.execution as e
    where e.place = 1 and e.queue = p_queue and e.worker is null
      and (e.type = 'workflow' or e.target = any (p_targets))
    order by e.priority desc, e.id limit p_limit for update skip locked);
end;
$$;

comment on function rhythm.take_from_beginning(text, integer, text[]) is 'The next ready executions of a queue, locked. Internal.';

-- Two scans: between them lies what the index cannot pass over, the older rows of the same priority. "between" changes
-- nothing but the estimate: where all there is was ready when the plan was made, the primary key, with all that is over,
-- seemed as good.
-- Locks: execution rows, skip locked. Never waits.
create or replace function rhythm.take_after(p_head rhythm.queue_head, p_limit integer, p_targets text[])
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[];
begin
  v_ids := array(
    select e.id from rhythm.execution as e
    where e.place = 1 and e.queue = p_head.queue and e.worker is null
      and e.priority > p_head.priority and e.id > p_head.made_after
      and (p_targets is null or e.type = 'workflow' or e.target = any (p_targets))
    order by e.priority desc, e.id limit p_limit for update skip locked);
  if cardinality(v_ids) = p_limit then
    return v_ids;
  end if;
  return v_ids || array(
    select e.id from rhythm.execution as e
    where e.place = 1 and e.queue = p_head.queue and e.worker is null
      and e.priority = p_head.priority and e.priority between p_head.priority and p_head.priority and e.id > p_head.id
      and (p_targets is null or e.type = 'workflow' or e.target = any (p_targets))
    order by e.priority desc, e.id limit p_limit - cardinality(v_ids) for update skip locked);
end;
$$;

comment on function rhythm.take_after(rhythm.queue_head, integer, text[]) is 'The next ready executions after the head of a queue, locked. Internal.';

-- Locks: an advisory lock for each head, if it is free. Never waits.
create or replace function rhythm.may_move_head(p_queue text, p_targets bigint)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return pg_try_advisory_xact_lock(hashtextextended(:'schema' || ' head ' || p_queue, p_targets));
end;
$$;

comment on function rhythm.may_move_head(text, bigint) is 'Whether this transaction is the one that moves the head of a queue. Internal.';

-- Entries that this transaction walked over are counted by Postgres.
create or replace function rhythm.walked()
returns bigint
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select pg_stat_get_xact_tuples_returned('rhythm.execution_ready'::regclass);
$$;

comment on function rhythm.walked() is 'How many entries of the index of what is ready this transaction walked over. Internal.';

-- Whoever walked far. Never past what was made in the last quarter of a second: its neighbours may not be committed yet.
create or replace function rhythm.note_head(p_queue text, p_targets bigint, p_priority smallint, p_last uuid, p_walked bigint, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_far constant integer := 5000;
  v_made_after constant uuid := rhythm.uuid7_floor(p_now - interval '250 milliseconds');
begin
  if p_walked <= c_far or not rhythm.may_move_head(p_queue, p_targets) then
    return;
  end if;
  insert into rhythm.queue_head as h (queue, targets, priority, id, made_after, until)
  values (p_queue, p_targets, coalesce(p_priority, 0), least(p_last, v_made_after), v_made_after,
    p_now + least(p_walked * interval '10 microseconds', interval '10 seconds'))
  on conflict (queue, targets) do update set
    priority = excluded.priority, id = excluded.id, made_after = excluded.made_after, until = excluded.until;
end;
$$;

comment on function rhythm.note_head(text, bigint, smallint, uuid, bigint, timestamptz) is 'Notes the head of a queue that was walked from its beginning, if that was far. Internal.';

create or replace function rhythm.push_head(p_head rhythm.queue_head, p_priority smallint, p_last uuid, p_walked bigint, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_far constant integer := 5000;
  v_id constant uuid := least(p_last, rhythm.uuid7_floor(p_now - interval '250 milliseconds'));
begin
  if p_walked > c_far and rhythm.may_move_head(p_head.queue, p_head.targets) then
    update rhythm.queue_head as h set id = v_id
    where h.queue = p_head.queue and h.targets = p_head.targets and h.priority = p_head.priority and h.priority = p_priority and h.id < v_id;
  end if;
end;
$$;

comment on function rhythm.push_head(rhythm.queue_head, smallint, uuid, bigint, timestamptz) is 'Moves the head of a queue to what was found after it, if that was far. Internal.';

-- One looks again from the beginning when it is time, the others go on meanwhile.
-- Locks: that of may_move_head().
create or replace function rhythm.head_of(p_queue text, p_targets bigint, p_now timestamptz)
returns rhythm.queue_head
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_head rhythm.queue_head;
begin
  select h.* into v_head from rhythm.queue_head as h where h.queue = p_queue and h.targets = p_targets;
  if v_head.until > p_now or v_head.until > p_now - interval '10 seconds' and not rhythm.may_move_head(p_queue, p_targets) then
    return v_head;
  end if;
  return null;
end;
$$;

comment on function rhythm.head_of(text, bigint, timestamptz) is 'Where claims of a queue begin; null: at the beginning. Internal.';

create or replace function rhythm.take_ready(p_queue text, p_limit integer, p_targets text[], p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_targets constant bigint := rhythm.hash_of(p_targets);
  v_head constant rhythm.queue_head := rhythm.head_of(p_queue, v_targets, p_now);
  v_walked bigint := rhythm.walked();
  v_ids uuid[] := '{}';
begin
  if v_head.queue is not null then
    v_ids := rhythm.take_after(v_head, p_limit, p_targets);
    if v_ids <> '{}' then
      perform rhythm.push_head(v_head, e.priority, e.id, rhythm.walked() - v_walked - cardinality(v_ids), p_now)
      from rhythm.execution as e where e.id = v_ids[cardinality(v_ids)];
      return v_ids;
    end if;
  end if;
  v_ids := rhythm.take_from_beginning(p_queue, p_limit, p_targets);
  perform rhythm.note_head(p_queue, v_targets, e.priority, e.id, rhythm.walked() - v_walked - cardinality(v_ids), p_now)
  from (select v_ids[cardinality(v_ids)] as id) as l left join rhythm.execution as e on e.id = l.id;
  return v_ids;
end;
$$;

comment on function rhythm.take_ready(text, integer, text[], timestamptz) is
  'The next ready executions of a queue without limits, locked: highest priority and oldest first, from its head. Internal.';

create or replace function rhythm.forget_heads(p_now timestamptz)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from rhythm.queue_head as h
  where h.until < p_now - interval '1 hour' and rhythm.may_move_head(h.queue, h.targets);
$$;

comment on function rhythm.forget_heads(timestamptz) is 'Removes heads of queues that nobody asks for any more. Part of tick().';
