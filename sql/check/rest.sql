-- The part of check() for signals, timers, keys, queues, schedules, flows and tasks.

create or replace function rhythm.check_signals()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select s.execution_id, 'a wait for a signal is open although the signal is there'
  from rhythm.signal_wait as s
  join rhythm.signal as g on g.execution_id = s.execution_id and g.name = s.name and g.taken_by is null
  join rhythm.execution as e on e.id = s.execution_id and e.state = 0
  where s.signal_id is null and not s.timed_out
  union all
  select g.execution_id, format('signal %s was taken by a wait that took another', g.id)
  from rhythm.signal as g
  join rhythm.signal_wait as w on w.id = g.taken_by
  where w.signal_id is distinct from g.id
  union all
  select w.execution_id, format('a wait took signal %s, which is not there or was taken by another', w.signal_id)
  from rhythm.signal_wait as w
  where w.signal_id is not null
    and not exists (select from rhythm.signal as g where g.id = w.signal_id and g.taken_by = w.id and g.execution_id = w.execution_id)
  union all
  select g.execution_id, format('signal %s has an answer that nobody asked for, or no time of it', g.id)
  from rhythm.signal as g
  where g.answer is not null and g.asked is null or (g.answer is null) <> (g.answered_at is null)
  union all
  select w.execution_id, 'it is completed and still waits for a signal'
  from rhythm.signal_wait as w
  join rhythm.execution as e on e.id = w.execution_id and e.state = 1
  where w.signal_id is null and not w.timed_out
  union all
  select e.id, 'it is a task and has a timer or a wait for a signal'
  from rhythm.execution as e
  where e.type = 'task'
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
    and (e.id in (select t.execution_id from rhythm.timer as t) or e.id in (select w.execution_id from rhythm.signal_wait as w));
$$;

comment on function rhythm.check_signals() is 'What is wrong with signals and waits for them. Part of check().';

create or replace function rhythm.schedule_problem(p_entry rhythm.schedule_entry)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.cron_after(rhythm.cron_parse(p_entry.cron), rhythm.check_timezone(p_entry.timezone), p_entry.next_slot - interval '1 microsecond')
    <> p_entry.next_slot then
    return format('its next time, %s, is none that "%s" names', p_entry.next_slot, p_entry.cron);
  end if;
  return case when p_entry.due_at < p_entry.next_slot and p_entry.queued_slots = '{}' and p_entry.last_error is null then
    format('it is due at %s, before its next time, %s', p_entry.due_at, p_entry.next_slot) end;
exception
  when sqlstate 'RH001' then
    return sqlerrm;
end;
$$;

comment on function rhythm.schedule_problem(rhythm.schedule_entry) is 'What is wrong with a stored schedule; null if nothing is. Part of check().';

create or replace function rhythm.check_rest()
returns table (execution_id uuid, violation text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select t.execution_id, 'it is over and a timer of it is still to fire'
  from rhythm.timer as t
  join rhythm.execution as e on e.id = t.execution_id and (e.state = 1 or e.state > 1 and t.deadline)
  where not t.fired
  union all
  select e.id, 'it has a timeout, and nothing that ends it'
  from rhythm.execution as e
  where e.state = 0 and e.type = 'workflow' and e.timeout_ms is not null
    and not exists (select from rhythm.timer as t where t.execution_id = e.id and t.deadline and not t.fired)
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
  union all
  select e.id, 'it is a workflow, and has no seed'
  from rhythm.execution as e
  join rhythm.workflow_state as s on s.execution_id = e.id
  where e.seed is null
  union all
  select k.execution_id, format('the key "%s" stands for it, and it is not there', k.key)
  from rhythm.idempotency_key as k
  where not exists (select from rhythm.execution as e where e.id = k.execution_id)
  union all
  select e.id, format('it has not begun, and does not have its unique key "%s"', e.unique_key)
  from rhythm.execution as e
  where e.state = 0 and e.unique_while = 'queued' and e.attempt = 0 and not rhythm.is_begun(e)
    and not exists (select from rhythm.idempotency_key as k where k.execution_id = e.id)
    and not exists (select from rhythm.key_waiter as k where k.execution_id = e.id)
  union all
  select null, l.violation from rhythm.check_limits() as l (violation)
  union all
  select null, format('schedule "%s": %s', s.name, p.problem)
  from rhythm.schedule_entry as s
  cross join lateral rhythm.schedule_problem(s) as p (problem)
  where p.problem is not null
  union all
  select null, format('flow "%s" uses a version of flow "%s"', f.name, v.name)
  from rhythm.flow as f
  join rhythm.flow_version as v on v.program = f.program and v.name <> f.name
  union all
  select null, format('the function %s of task "%s" is not there', k.sql_function, k.name)
  from rhythm.task as k
  where k.sql_function is not null and to_regprocedure(k.sql_function) is null;
$$;

comment on function rhythm.check_rest() is 'What is wrong with timers, keys, queues, schedules, flows and tasks. Part of check().';
