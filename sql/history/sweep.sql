-- Removes what has expired, and what ended long ago.

-- Nobody waits for it, and it is the most expensive of the chores, because each session makes its own plan for it.
create or replace function rhythm.sweep(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last constant timestamptz := (select s.value::timestamptz from rhythm.setting as s where s.name = 'swept_at');
  v_is_swept boolean;
begin
  if v_last between p_now - interval '10 seconds' and p_now then
    return true;
  end if;
  perform rhythm.forget_heads(p_now);
  v_is_swept := rhythm.expire_keys(p_limit, p_now) < p_limit;
  v_is_swept := rhythm.forget_throttles(p_limit, p_now) < p_limit and v_is_swept;
  v_is_swept := rhythm.purge_on(p_limit, p_now) and v_is_swept;
  v_is_swept := rhythm.forget_operations(p_limit, p_now) and v_is_swept;
  v_is_swept := rhythm.forget_failures(p_limit, p_now) and v_is_swept;
  v_is_swept := rhythm.forget_rates(p_limit, p_now) and v_is_swept;
  v_is_swept := rhythm.forget_acts(p_limit, p_now) and v_is_swept;
  perform rhythm.forget_tokens(p_now);
  perform rhythm.forget_addresses(p_now);
  if v_is_swept then
    insert into rhythm.setting as s (name, value) values ('swept_at', p_now::text)
    on conflict (name) do update set value = excluded.value;
  end if;
  return v_is_swept;
end;
$$;

comment on function rhythm.sweep(integer, timestamptz) is
  'Removes what has expired or is older than the retention, every ten seconds; false: there is more than one call may remove or look at. Part of chores().';

create or replace function rhythm.expire_keys(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys constant text[] := array(select x.key from rhythm.idempotency_key as x where x.expires_at <= p_now limit p_limit for update skip locked);
begin
  delete from rhythm.idempotency_key as k where k.key = any (v_keys);
  return cardinality(v_keys);
end;
$$;

comment on function rhythm.expire_keys(integer, timestamptz) is 'Removes idempotency keys that have expired; returns how many. Part of chores().';

-- Deletes those of p_ids that may go now. An execution that is being retried, or whose key is being used again, stays for the
-- next time, because this waits for nothing. A parent with a live child stays, too. retry() of the child locks the parent, so
-- this looks once it has the lock. Besides log lines, only workflows and children have rows in other tables.
create or replace function rhythm.remove_over(p_ids uuid[])
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_free constant uuid[] := rhythm.try_lock_states(p_ids);
  v_ids uuid[];
  v_keyed uuid[];
  v_workflows uuid[];
  v_frozen uuid[];
begin
  select array_agg(g.id order by g.id), array_agg(g.id) filter (where g.keyed), array_agg(g.id) filter (where g.type = 'workflow' or g.parent_id is not null),
    array_agg(g.id) filter (where g.state = 4)
  into v_ids, v_keyed, v_workflows, v_frozen
  from (
    select e.id, e.keyed, e.type, e.parent_id, e.state from rhythm.execution as e
    where e.id = any (p_ids) and e.state > 0
      and (e.type = 'task' or e.id = any (v_free) or not exists (select from rhythm.workflow_state as s where s.execution_id = e.id))
    for update skip locked
  ) as g;
  if v_ids is null then
    return 0;
  elsif exists (select from rhythm.execution as c where c.parent_id = any (v_ids) and c.state = 0) then
    return rhythm.remove_over(array(
      select i.id from unnest(v_ids) as i (id) where not exists (select from rhythm.execution as c where c.parent_id = i.id and c.state = 0)));
  end if;
  if v_keyed is not null then
    delete from rhythm.idempotency_key as k
    where k.key = any (array(select x.key from rhythm.idempotency_key as x where x.execution_id = any (v_keyed) for update skip locked));
  end if;
  if v_workflows is not null then
    delete from rhythm.workflow_state as s where s.execution_id = any (v_workflows);
    delete from rhythm.inbox as i where i.execution_id = any (v_workflows);
    delete from rhythm.journal as j where j.execution_id = any (v_workflows);
    delete from rhythm.base as b where b.execution_id = any (v_workflows);
    delete from rhythm.taken_end as n where n.execution_id = any (v_workflows);
    delete from rhythm.timer as t where t.execution_id = any (v_workflows);
    delete from rhythm.signal_wait as w where w.execution_id = any (v_workflows);
    delete from rhythm.signal as g where g.execution_id = any (v_workflows);
    delete from rhythm.step as s where s.execution_id = any (v_workflows);
    delete from rhythm.key_waiter as k where k.execution_id = any (v_workflows);
  end if;
  if v_frozen is not null then
    delete from rhythm.frozen as f where f.execution_id = any (v_frozen);
  end if;
  delete from rhythm.log_line as l where l.execution_id = any (v_ids);
  delete from rhythm.execution as e where e.id = any (v_ids);
  return cardinality(v_ids);
end;
$$;

comment on function rhythm.remove_over(uuid[]) is 'Deletes executions that have ended, with what belongs to them; returns how many. Internal.';

-- Oldest first, by id, because ids contain the time of creation. A child is never deleted before its parent, and a parent not
-- while a child of it is live. With "offset 0" each parent's children are looked up in the index, also where there are no statistics.
create or replace function rhythm.purge(older_than interval default null, p_limit integer default 1000)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_age constant interval := coalesce(older_than, rhythm.setting('retention')::interval);
  v_before constant timestamptz := rhythm.now() - v_age;
begin
  if v_age < interval '0' then
    perform rhythm.raise('RH001', format('Cannot purge what is older than %s: expected an interval of zero or more', v_age));
  end if;
  perform rhythm.check_limit('purge()', p_limit);
  return rhythm.remove_over(array(
    select e.id from rhythm.execution as e
    where e.id < rhythm.uuid7_floor(v_before)
      and e.state > 0
      and e.completed_at < v_before
      and (e.parent_id is null or not exists (select from rhythm.execution as p where p.id = e.parent_id))
      and not exists (select from rhythm.execution as c where c.parent_id = e.id and c.state = 0 offset 0)
    order by e.id
    limit p_limit));
end;
$$;

comment on function rhythm.purge(interval, integer) is
  'Deletes up to p_limit executions that ended longer ago than older_than (by default the setting retention), oldest first, with their logs, signals and steps; returns how many.';

-- A million workflows that wait for a year are older than everything that can be deleted. So a call does not walk over them again:
-- it continues where the last one stopped, and looks at ten times its limit.
create or replace function rhythm.purge_on(p_limit integer, p_now timestamptz)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_beginning constant uuid := '00000000-0000-0000-0000-000000000000';
  c_looks constant integer := 10;
  v_before constant timestamptz := p_now - rhythm.setting('retention')::interval;
  v_after constant uuid := coalesce((select s.value::uuid from rhythm.setting as s where s.name = 'purged_to'), c_beginning);
  v_ids uuid[];
  v_last uuid;
begin
  select array_agg(l.id order by l.id) filter (where l.is_old), case when count(*) = p_limit * c_looks then max(l.id::text) end
  into v_ids, v_last
  from (
    select e.id,
      e.state > 0 and e.completed_at < v_before
        and (e.parent_id is null or not exists (select from rhythm.execution as p where p.id = e.parent_id))
        and not exists (select from rhythm.execution as c where c.parent_id = e.id and c.state = 0 offset 0) as is_old
    from rhythm.execution as e
    where e.id > v_after and e.id < rhythm.uuid7_floor(v_before)
    order by e.id
    limit p_limit * c_looks
  ) as l;
  if cardinality(v_ids) > p_limit then
    v_last := v_ids[p_limit];
  end if;
  if v_ids is not null then
    perform rhythm.remove_over(v_ids[:p_limit]);
  end if;
  if v_last is not null or v_after <> c_beginning then
    insert into rhythm.setting as s (name, value) values ('purged_to', coalesce(v_last, c_beginning)::text)
    on conflict (name) do update set value = excluded.value;
  end if;
  return v_last is null;
end;
$$;

comment on function rhythm.purge_on(integer, timestamptz) is 'Deletes what is older than the setting retention, within a limit; returns whether it came to the end. Part of chores().';

create or replace function rhythm.uuid7_floor(p_at timestamptz)
returns uuid
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select (lpad(to_hex(case
    when p_at < '1970-01-01Z' then 0
    when p_at > '9999-12-31Z' then 253402214400000
    else extract(epoch from p_at) * 1000
  end::bigint), 12, '0') || '70008000000000000000')::uuid;
$$;

comment on function rhythm.uuid7_floor(timestamptz) is 'The smallest UUIDv7 of a time: ranges of time are ranges of ids.';
