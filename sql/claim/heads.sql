-- The head of a queue.
--
-- While an old transaction is open, consumed entries stay in the index, and every claim walks over them: 200,000 batches of one
-- take 50 ms. So a claim that walked far notes where it found the head. Later claims begin there, for 10 µs for each entry
-- that was walked over. Until then they do not see what enters the queue before that place (a retry, a workflow that continues,
-- a transaction that committed late). The first claim after that time walks from the beginning again, and so does every claim
-- that finds nothing after the head. So a worker falls asleep only over an empty queue. What is before the head waits 10 seconds
-- at most, and only while there is other work.

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

-- Locks: batches, skip locked. Never waits. The bounds on priority keep the planner from preferring another index.
create or replace function rhythm.ready_batches(p_queue text, p_limit integer, p_targets text[], p_head rhythm.queue_head, p_now timestamptz)
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids bigint[];
begin
  if p_head.queue is null then
    return array(
      select b.id from rhythm.batch as b
      where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited
        and (p_targets is null or b.type = 'workflow' or b.target = any (p_targets))
        and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)
      order by b.priority desc, b.first_id limit p_limit for update skip locked);
  end if;
  -- Two scans. Between them are the older entries of the same priority, which one scan of the index cannot skip.
  v_ids := array(
    select b.id from rhythm.batch as b
    where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited and b.priority > p_head.priority and b.first_id > p_head.made_after
      and (p_targets is null or b.type = 'workflow' or b.target = any (p_targets))
      and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)
    order by b.priority desc, b.first_id limit p_limit for update skip locked);
  return v_ids || array(
    select b.id from rhythm.batch as b
    where b.queue = p_queue and b.worker is null and b.run_at is null and not b.limited
      and b.priority = p_head.priority and b.priority between p_head.priority and p_head.priority and b.first_id > p_head.id
      and (p_targets is null or b.type = 'workflow' or b.target = any (p_targets))
      and (b.expires_at is null or b.expires_at > p_now or b.attempt > 0)
    order by b.priority desc, b.first_id limit p_limit - cardinality(v_ids) for update skip locked);
end;
$$;

comment on function rhythm.ready_batches(text, integer, text[], rhythm.queue_head, timestamptz) is
  'The next ready batches of a queue that have not expired, locked, highest priority and oldest first, starting at its head if one is noted. Internal.';

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

create or replace function rhythm.walked()
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return pg_stat_get_xact_tuples_returned('rhythm.batch_ready'::regclass);
end;
$$;

comment on function rhythm.walked() is 'How many entries this transaction has read of the index of ready batches. Internal.';

-- Never beyond batches of the last quarter of a second: older ones may not be committed yet.
create or replace function rhythm.note_head(p_head rhythm.queue_head, p_queue text, p_targets bigint, p_last bigint, p_walked bigint, p_now timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_far constant integer := 5000;
  v_made_after uuid;
  v_last rhythm.batch;
begin
  if p_walked <= c_far or not rhythm.may_move_head(p_queue, p_targets) then
    return;
  end if;
  v_made_after := rhythm.uuid7_floor(p_now - interval '250 milliseconds');
  select b.* into v_last from rhythm.batch as b where b.id = p_last;
  if p_head.queue is not null then
    update rhythm.queue_head as h set id = least(v_last.first_id, v_made_after)
    where h.queue = p_queue and h.targets = p_targets and h.priority = p_head.priority and h.priority = v_last.priority
      and h.id < least(v_last.first_id, v_made_after);
    return;
  end if;
  insert into rhythm.queue_head as h (queue, targets, priority, id, made_after, until)
  values (p_queue, p_targets, coalesce(v_last.priority, 0), least(v_last.first_id, v_made_after), v_made_after,
    p_now + least(p_walked * interval '10 microseconds', interval '10 seconds'))
  on conflict (queue, targets) do update set
    priority = excluded.priority, id = excluded.id, made_after = excluded.made_after, until = excluded.until;
end;
$$;

comment on function rhythm.note_head(rhythm.queue_head, text, bigint, bigint, bigint, timestamptz) is 'Notes where the head of a queue is, if a claim walked far to find it. Internal.';

-- When the time is over, one session walks from the beginning again. The others continue from the head.
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

create or replace function rhythm.forget_heads(p_now timestamptz)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from rhythm.queue_head as h
  where h.until < p_now - interval '1 hour' and rhythm.may_move_head(h.queue, h.targets);
$$;

comment on function rhythm.forget_heads(timestamptz) is 'Removes heads of queues that no claim has used for a while. Part of chores().';
