-- Firing schedules. tick() calls this, in any number of sessions at once.
-- Locks: schedule rows, skip locked; then what create_many() and cancel() lock.

create or replace function rhythm.not_over(p_ids uuid[])
returns uuid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select e.id
    from rhythm.execution as e
    where e.id = any(p_ids)
      and e.state = 0
  );
$$;

comment on function rhythm.not_over(uuid[]) is 'Those of some executions that have not ended.';

-- The schedule after its overlap policy has handled some slots.
create or replace function rhythm.overlap_slots(p_entry rhythm.schedule_entry, p_slots timestamptz[])
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_queue_limit constant integer := 1000;
  v_entry rhythm.schedule_entry := p_entry;
  v_slots constant timestamptz[] := p_entry.queued_slots || p_slots;
  v_start timestamptz[] := v_slots;
begin
  case v_entry.overlap
    when 'skip' then
      v_start := case when v_entry.active = '{}' then v_slots[1:1] else '{}' end;
    when 'queue' then
      v_start := case when v_entry.active = '{}' then v_slots[1:1] else '{}' end;
      v_entry.queued_slots := v_slots[1 + cardinality(v_start):cardinality(v_start) + c_queue_limit];
    when 'cancel' then
      v_start := v_slots[cardinality(v_slots):];
      if v_start <> '{}' then
        perform rhythm.cancel_trees(v_entry.active, format('The next run of schedule "%s" is due', v_entry.name), rhythm.now());
        v_entry.active := '{}';
      end if;
    else
      v_entry.active := '{}'; -- Nobody asks who runs beside whom.
  end case;

  if v_entry.overlap <> 'queue' then
    v_entry.queued_slots := '{}';
  end if;
  v_entry.skipped := v_entry.skipped + cardinality(v_slots) - cardinality(v_start) - cardinality(v_entry.queued_slots);
  return rhythm.start_slots(v_entry, v_start);
end;
$$;

comment on function rhythm.overlap_slots(rhythm.schedule_entry, timestamptz[]) is
  'Starts, queues or skips the due slots of a schedule by its overlap policy; returns the schedule after that.';

create or replace function rhythm.fire_schedule(p_entry rhythm.schedule_entry, p_now timestamptz, p_limit integer)
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '20ms'
as $$
declare
  c_late constant interval := '1 minute';
  v_entry rhythm.schedule_entry := p_entry;
  v_times rhythm.cron_times;
  v_slots timestamptz[];
  v_code text;
  v_message text;
begin
  v_times := rhythm.cron_parse(p_entry.cron);
  v_slots := rhythm.due_slots(p_entry, v_times, p_now, p_limit);
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
exception
  when lock_not_available then
    -- An execution to cancel may be locked by a settle. tick() already holds other locks, so it does not wait and tries again later.
    v_entry := p_entry;
    v_entry.due_at := p_now + interval '1 second';
    return v_entry;
  when others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
    if v_code ~ '^(40|53|55|57)' then
      raise;
    end if;
    -- The server may no longer have its time zone. It is tried again in a minute, and the other schedules continue.
    v_entry := p_entry;
    v_entry.last_error := jsonb_build_object('code', v_code, 'message', v_message, 'slot', p_entry.next_slot);
    v_entry.due_at := p_now + interval '1 minute';
    return v_entry;
end;
$$;

comment on function rhythm.fire_schedule(rhythm.schedule_entry, timestamptz, integer) is
  'Handles one schedule that is due: its slots and its cursor; returns it after that.';

create or replace function rhythm.fire_schedules(p_limit integer default 100)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
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

  -- Another session is firing what is still due: look again in a second.
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
