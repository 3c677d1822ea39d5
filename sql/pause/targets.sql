-- Pausing tasks, flows and everything. A claim that meets something of a paused task or flow parks it: it is delayed
-- without an end. So no claim reads it twice. chores() makes what is parked ready again once nothing pauses it. While everything is
-- paused, claims return nothing.

-- The where clause keeps Postgres from reading an index: a table without pages costs no page.
create or replace function rhythm.paused_targets()
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select array_agg(p.type || ':' || p.target) from rhythm.pause as p where p.paused_at is not null);
end;
$$;

comment on function rhythm.paused_targets() is 'What is paused, except executions, queues and keys: task:…, workflow:…, or everything:. Null: nothing. Internal.';

create or replace function rhythm.is_paused(p_paused text[], p_type text, p_target text)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_paused && array['everything:', p_type || ':' || p_target], false);
end;
$$;

comment on function rhythm.is_paused(text[], text, text) is 'Whether what paused_targets() returned stops a task or a flow. Internal.';

-- The caller has locked the batches.
create or replace function rhythm.park(p_batches bigint[], p_paused text[])
returns bigint[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result bigint[];
begin
  with parked as (
    update rhythm.batch as b set run_at = 'infinity' where b.id = any (p_batches) and b.type || ':' || b.target = any (p_paused) returning b.id
  )
  select coalesce(array_agg(p.id), '{}') into v_result from parked as p;
  return v_result;
end;
$$;

comment on function rhythm.park(bigint[], text[]) is 'Parks ready batches whose task or flow is paused; returns those. Internal.';

-- Locks: batches, skip locked. Never waits.
create or replace function rhythm.unpark(p_limit integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_paused constant text[] := rhythm.paused_targets();
  v_target record;
  v_queues text[];
begin
  for v_target in
    with recursive t as (
      (select b.type, b.target from rhythm.batch as b where b.run_at = 'infinity' and not b.paused and b.gate is null order by b.type, b.target limit 1)
      union all
      select n.type, n.target
      from t
      cross join lateral (
        select b.type, b.target from rhythm.batch as b
        where b.run_at = 'infinity' and not b.paused and b.gate is null and (b.type, b.target) > (t.type, t.target) order by b.type, b.target limit 1
      ) as n
    )
    select t.type, t.target from t where v_paused is null or t.type || ':' || t.target <> all (v_paused)
  loop
    with ready as (
      update rhythm.batch as b set run_at = null, limited = b.size = 1 and rhythm.has_limits(b.queue)
      where b.id = any (array(
        select x.id from rhythm.batch as x
        where x.run_at = 'infinity' and not x.paused and x.gate is null and x.type = v_target.type and x.target = v_target.target limit p_limit for update skip locked))
      returning b.queue
    )
    select array_agg(distinct r.queue) into v_queues from ready as r;
    perform rhythm.wake(v_queues);
  end loop;
end;
$$;

comment on function rhythm.unpark(integer) is 'Makes up to p_limit parked batches of each task and flow ready that is not paused any more. Part of chores().';

create or replace function rhythm.pause_target(p_type text, p_target text, p_reason text, p_by text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names constant record := rhythm.pause_names(p_reason, p_by);
begin
  if p_type <> 'everything' then
    perform rhythm.check_name(case p_type when 'workflow' then 'flow' else p_type end, p_target);
  end if;
  insert into rhythm.pause (type, target, paused_at, paused_by, reason) values (p_type, p_target, rhythm.now(), v_names.by_whom, v_names.reason)
  on conflict (type, target) do nothing;
  if not found then
    return false;
  end if;
  perform rhythm.record('pause', case p_type when 'workflow' then 'flow' else p_type end, nullif(p_target, ''), p_reason);
  return true;
end;
$$;

comment on function rhythm.pause_target(text, text, text, text) is 'Pauses a task, a flow or everything; false: it was paused already. Internal.';

create or replace function rhythm.resume_target(p_type text, p_target text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_type <> 'everything' then
    perform rhythm.check_name(case p_type when 'workflow' then 'flow' else p_type end, p_target);
  end if;
  delete from rhythm.pause as p where p.type = p_type and p.target = p_target;
  if not found then
    return false;
  end if;
  perform rhythm.record('resume', case p_type when 'workflow' then 'flow' else p_type end, nullif(p_target, ''));
  -- The first of them begin at once.
  perform rhythm.unpark(100);
  perform rhythm.wake(array(select distinct q.name from rhythm.worker as w cross join lateral unnest(w.queues) as q (name) where w.sleeping));
  return true;
end;
$$;

comment on function rhythm.resume_target(text, text) is 'Ends a pause of pause_target(); false: there was none. Internal.';

create or replace function rhythm.pause_task(p_task text, p_reason text default null, p_by text default null)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.pause_target('task', p_task, p_reason, p_by);
$$;

comment on function rhythm.pause_task(text, text, text) is
  'Nothing of a task begins, in any queue, until resume_task(); what runs continues. p_by: who paused it; else the role. False: it was paused already.';

create or replace function rhythm.resume_task(p_task text)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.resume_target('task', p_task);
$$;

comment on function rhythm.resume_task(text) is 'Ends the pause of a task. False: it was not paused.';

create or replace function rhythm.pause_flow(p_flow text, p_reason text default null, p_by text default null)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.pause_target('workflow', p_flow, p_reason, p_by);
$$;

comment on function rhythm.pause_flow(text, text, text) is
  'No workflow of a flow begins or continues, in any queue, until resume_flow(). A step that runs ends first; what it started continues. p_by: who paused it; else the role. False: it was paused already.';

create or replace function rhythm.resume_flow(p_flow text)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.resume_target('workflow', p_flow);
$$;

comment on function rhythm.resume_flow(text) is 'Ends the pause of a flow. False: it was not paused.';

create or replace function rhythm.pause_everything(p_reason text default null, p_by text default null)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.pause_target('everything', '', p_reason, p_by);
$$;

comment on function rhythm.pause_everything(text, text) is
  'Nothing begins or continues until resume_everything(); what runs ends first. Starts, signals, schedules and timers are accepted and wait. p_by: who paused it; else the role. False: it was paused already.';

create or replace function rhythm.resume_everything()
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select rhythm.resume_target('everything', '');
$$;

comment on function rhythm.resume_everything() is 'Ends the pause of everything. Other pauses stay. False: it was not paused.';
