-- Firing. Called by tick(), from everywhere at once.
-- Locks: schedule rows, skip locked; then what create_many() and cancel() lock.

create or replace function rhythm.not_over(p_ids uuid[])
returns uuid[]
language sql
stable
set search_path = ''
as $$
  select array(
    select e.id
    from rhythm.execution as e
    where e.id = any(p_ids)
      and e.status not in ('completed', 'failed', 'cancelled')
  );
$$;

comment on function rhythm.not_over(uuid[]) is 'Those of some executions that have not ended.';

-- The schedule after acting on some slots by its overlap policy.
create or replace function rhythm.overlap_slots(p_entry rhythm.schedule_entry, p_slots timestamptz[])
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = ''
as $$
declare
  c_queue_limit constant integer := 1000;
  v_entry rhythm.schedule_entry := p_entry;
  v_slots timestamptz[] := p_slots;
  v_slot timestamptz;
  v_running uuid;
begin
  if v_entry.overlap <> 'queue' then
    v_slots := v_entry.queued_slots || v_slots;
    v_entry.queued_slots := '{}';
  else
    v_entry.queued_slots := (v_entry.queued_slots || v_slots)[1:c_queue_limit];
    v_entry.skipped := v_entry.skipped + cardinality(p_entry.queued_slots) + cardinality(v_slots) - cardinality(v_entry.queued_slots);
    v_slots := case when v_entry.active = '{}' then v_entry.queued_slots[1:1] else '{}' end;
    v_entry.queued_slots := v_entry.queued_slots[1 + cardinality(v_slots):];
  end if;

  if v_entry.overlap = 'cancel' and v_slots <> '{}' then
    foreach v_running in array v_entry.active loop
      perform rhythm.cancel(v_running, format('The next run of schedule "%s" is due', v_entry.name));
    end loop;
    v_entry.active := '{}';
    v_entry.skipped := v_entry.skipped + cardinality(v_slots) - 1;
    v_slots := v_slots[cardinality(v_slots):];
  end if;

  foreach v_slot in array v_slots loop
    if v_entry.overlap = 'skip' and v_entry.active <> '{}' then
      v_entry.skipped := v_entry.skipped + 1;
    else
      v_entry := rhythm.start_slot(v_entry, v_slot);
    end if;
  end loop;
  return v_entry;
end;
$$;

comment on function rhythm.overlap_slots(rhythm.schedule_entry, timestamptz[]) is
  'Starts, queues or skips the due slots of a schedule by its overlap policy; returns the schedule as it is then.';

create or replace function rhythm.fire_schedule(p_entry rhythm.schedule_entry, p_now timestamptz, p_limit integer)
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = ''
as $$
declare
  c_late constant interval := '1 minute';
  v_entry rhythm.schedule_entry := p_entry;
  v_times constant rhythm.cron_times := rhythm.cron_parse(p_entry.cron);
  v_slots timestamptz[] := rhythm.due_slots(p_entry, v_times, p_now, p_limit);
begin
  if v_slots <> '{}' then
    v_entry.next_slot := rhythm.cron_after(v_times, v_entry.timezone, v_slots[cardinality(v_slots)]);
    if v_entry.catch_up = 'none' and v_slots[1] + v_entry.jitter + c_late < p_now then
      v_slots := '{}';
    end if;
  end if;

  v_entry.active := rhythm.not_over(v_entry.active);
  v_entry := rhythm.overlap_slots(v_entry, v_slots);
  v_entry.due_at := least(
    rhythm.slot_due(v_entry, v_entry.next_slot),
    case when v_entry.queued_slots <> '{}' then p_now + interval '1 second' end
  );
  return v_entry;
end;
$$;

comment on function rhythm.fire_schedule(rhythm.schedule_entry, timestamptz, integer) is
  'One schedule that is due: acts on its slots, moves its cursor; returns it as it is then.';

create or replace function rhythm.fire_schedules(p_limit integer default 100)
returns timestamptz
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_entry rhythm.schedule_entry;
  v_fired bigint;
  v_left integer := p_limit;
begin
  for v_entry in
    select s.*
    from rhythm.schedule_entry as s
    where s.paused_at is null
      and s.due_at <= v_now
    order by s.due_at
    limit p_limit
    for update skip locked
  loop
    exit when v_left <= 0;
    v_fired := v_entry.fired;
    v_entry := rhythm.fire_schedule(v_entry, v_now, v_left);
    v_left := v_left - greatest(1, v_entry.fired - v_fired)::integer;

    update rhythm.schedule_entry as s
    set (next_slot, due_at, queued_slots, active, last_slot, last_fired_at, last_execution_id, last_error, fired, skipped) = (
      v_entry.next_slot, v_entry.due_at, v_entry.queued_slots, v_entry.active, v_entry.last_slot, v_entry.last_fired_at,
      v_entry.last_execution_id, v_entry.last_error, v_entry.fired, v_entry.skipped
    )
    where s.name = v_entry.name;
  end loop;

  -- What is due and not ours is being fired by another session: look again in a second, do not spin.
  return (
    select min(case when s.due_at > v_now or v_left <= 0 then s.due_at else v_now + interval '1 second' end)
    from rhythm.schedule_entry as s
    where s.paused_at is null
  );
end;
$$;

comment on function rhythm.fire_schedules(integer) is
  'Fires the schedules that are due, creating about p_limit executions at most; returns when to call again (null: no '
  'schedule). Part of tick(); any number of sessions may call it at once.';
