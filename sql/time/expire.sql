-- What has not begun by its time.

create or replace function rhythm.expired_error(p_expires_at timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('type', 'CancelledError', 'code', 'EXPIRED', 'message', format('It had not begun by %s, when it expired', rhythm.moment_text(p_expires_at)));
end;
$$;

comment on function rhythm.expired_error(timestamptz) is 'The error of an execution that expired. Internal.';

-- Cancels executions that expired, and what was started under them. A batch that a session is claiming, and what a session has
-- locked, stays due. A claim that was first wins: it has counted an attempt.
-- Locks: states, executions, batches, skip locked. Never waits.
create or replace function rhythm.expire(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
declare
  v_batches bigint[] := array(
    select x.id from (
      select b.id, sum(b.size) over (order by b.expires_at, b.id) - b.size as before
      from (
        select y.id, y.size, y.expires_at from rhythm.batch as y
        where y.expires_at is not null and y.worker is null and y.attempt = 0 and y.expires_at <= p_now
        order by y.expires_at limit p_limit
      ) as b
    ) as x where x.before < p_limit);
  v_ids uuid[];
  v_free uuid[];
  v_above uuid[];
  v_ended rhythm.transition[];
begin
  if v_batches = '{}' then
    return 0;
  end if;
  v_ids := rhythm.ids_in(v_batches);
  v_free := rhythm.lock_free_states(array(
    select i.id from unnest(v_ids) as i (id)
    union
    select e.parent_id from rhythm.execution as e where e.id = any (v_ids) and e.parent_id is not null));
  v_ids := array(
    select e.id from rhythm.execution as e
    where e.id = any (v_ids) and e.state = 0 and e.cancel_reason is null and (e.type = 'task' or e.id = any (v_free))
      and (e.parent_id is null or e.parent_id = any (v_free) or not exists (select from rhythm.workflow_state as s where s.execution_id = e.parent_id))
    order by e.id for no key update skip locked);
  v_batches := array(
    select b.id from rhythm.batch as b
    where b.id = any (v_batches) and b.worker is null and b.attempt = 0
    order by b.id for update skip locked);
  v_ids := array(
    select e.id from rhythm.execution as e where e.id = any (v_ids) and e.batch_id = any (v_batches)
    union all
    select s.execution_id from rhythm.workflow_state as s where s.execution_id = any (v_ids) and s.batch_id = any (v_batches));
  -- Somebody put others under these: the whole tree is cancelled, if no session has locked a part of it.
  v_above := array(select distinct c.parent_id from rhythm.execution as c where c.parent_id = any (v_ids) and c.state = 0 and c.outlives is null);
  if v_above <> '{}' then
    v_ids := array(select i.id from unnest(v_ids) as i (id) where i.id <> all (v_above));
    v_above := rhythm.lock_free_trees(v_above);
    perform rhythm.cancel_trees(array[e.id], rhythm.expired_error(e.expires_at) ->> 'message', p_now) from rhythm.execution as e where e.id = any (v_above);
    update rhythm.execution as e set error = rhythm.expired_error(e.expires_at) where e.id = any (v_above);
  end if;
  update rhythm.workflow_state as s set batch_id = null where s.execution_id = any (v_ids) and s.batch_id is not null;
  with over as (
    update rhythm.execution as e
    set state = 3, batch_id = null, completed_at = p_now, error = rhythm.expired_error(e.expires_at), cancel_reason = rhythm.expired_error(e.expires_at) ->> 'message',
      note = null, paused_at = null, paused_by = null, pause_reason = null
    where e.id = any (v_ids)
    returning e.id, e.parent_id, e.wait_group, e.state, e.notify_on_end, e.type
  )
  select coalesce(array_agg(o::rhythm.transition order by o.id), '{}') into v_ended from over as o;
  delete from rhythm.timer as t where t.execution_id = any (v_ids) and t.deadline;
  perform rhythm.drop_empty_batches(v_batches);
  perform rhythm.follow_ends(v_ended, '{}', p_now);
  return cardinality(v_ended) + cardinality(v_above);
end;
$$;

comment on function rhythm.expire(integer, timestamptz) is 'Cancels what has not begun by its time (the option expires). Part of due().';
