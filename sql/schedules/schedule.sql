-- schedule() and unschedule().

create or replace function rhythm.schedule_named(p_name text)
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry rhythm.schedule_entry;
begin
  select s.*
  into v_entry
  from rhythm.schedule_entry as s
  where s.name = p_name
  for update;

  if v_entry.name is null then
    perform rhythm.raise('RH004', format('There is no schedule "%s"', p_name), coalesce(
      rhythm.did_you_mean(p_name, array(select s.name from rhythm.schedule_entry as s order by s.name)), 'The view schedules lists them.'));
  end if;
  return v_entry;
end;
$$;

comment on function rhythm.schedule_named(text) is 'The schedule with this name, locked; an error if it does not exist.';

create or replace function rhythm.check_schedule(p_entry rhythm.schedule_entry)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_problem constant text := case
    when p_entry.type is null or p_entry.type not in ('workflow', 'task') then
      format('"%s" cannot be the type of a schedule: expected workflow or task', p_entry.type)
    when p_entry.overlap is null or p_entry.overlap not in ('skip', 'queue', 'allow', 'cancel') then
      format('"%s" cannot be the overlap of a schedule: expected skip, queue, allow or cancel', p_entry.overlap)
    when p_entry.catch_up is null or p_entry.catch_up not in ('none', 'one', 'all') then
      format('"%s" cannot be the catch-up of a schedule: expected none, one or all', p_entry.catch_up)
    when p_entry.jitter is null or p_entry.jitter < '0' or p_entry.jitter > '1 day' then
      format('"%s" cannot be the jitter of a schedule: expected zero to one day', p_entry.jitter)
    when jsonb_typeof(p_entry.options) is distinct from 'object' then
      'The options of a schedule are not a JSON object: expected the options of create_many()'
    when p_entry.options ?| array['type', 'target', 'inputs', 'traceparent', 'notify_on_end', 'id', 'delay', 'run_at', 'idempotency_key', 'idempotency_ttl'] then
      'The options of a schedule cannot hold type, target, inputs, traceparent, notify_on_end, id, delay, run_at, idempotency_key or '
      'idempotency_ttl: those follow from the schedule'
    when p_entry.options ->> 'expires' ~ '^\s*\d{4}-' then
      'The option expires of a schedule must be a duration, because a moment would hold for all of its times'
    when p_entry.options - rhythm.option_names('schedule') <> '{}' then
      'There is no ' || rhythm.unknown_option(p_entry.options, rhythm.option_names('schedule'))
  end;
begin
  perform rhythm.check_name('schedule', p_entry.name);
  if v_problem is not null then
    perform rhythm.raise('RH001', v_problem);
  end if;
  perform rhythm.check_schedule_start(p_entry);
end;
$$;

comment on function rhythm.check_schedule(rhythm.schedule_entry) is
  'Refuses a schedule with a wrong argument, and one whose executions would be refused.';

create or replace function rhythm.said_of(p_entry rhythm.schedule_entry)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('cron', p_entry.cron, 'timezone', p_entry.timezone, 'type', p_entry.type, 'target', p_entry.target, 'inputs', p_entry.inputs,
    'options', p_entry.options, 'overlap', p_entry.overlap, 'catch_up', p_entry.catch_up, 'jitter', p_entry.jitter);
$$;

comment on function rhythm.said_of(rhythm.schedule_entry) is 'What people said a schedule does, for records of acts. Internal.';

create or replace function rhythm.schedule(
  p_name text,
  p_cron text,
  p_target text,
  p_inputs jsonb default '{}',
  type text default 'workflow',
  timezone text default 'UTC',
  overlap text default 'skip',
  catch_up text default 'one',
  jitter interval default '0',
  options jsonb default '{}'
)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rhythm.now();
  v_new rhythm.schedule_entry;
  v_old rhythm.schedule_entry;
begin
  v_new.name := p_name;
  v_new.cron := btrim(p_cron);
  v_new.timezone := rhythm.check_timezone(timezone);
  v_new.type := type;
  v_new.target := p_target;
  v_new.inputs := coalesce(p_inputs, '{}');
  v_new.options := options;
  v_new.overlap := overlap;
  v_new.catch_up := catch_up;
  v_new.jitter := jitter;
  v_new.next_slot := rhythm.cron_after(rhythm.cron_parse(p_cron), timezone, v_now);
  perform rhythm.check_schedule(v_new);
  perform rhythm.tell_odd(array[case type when 'task' then rhythm.odd_task(p_target) end, rhythm.odd_queue(options ->> 'queue')]);

  insert into rhythm.schedule_entry as s (
    name, cron, timezone, type, target, inputs, options, overlap, catch_up, jitter, next_slot, due_at, created_at, updated_at
  )
  values (
    v_new.name, v_new.cron, v_new.timezone, v_new.type, v_new.target, v_new.inputs, v_new.options, v_new.overlap,
    v_new.catch_up, v_new.jitter, v_new.next_slot, rhythm.slot_due(v_new, v_new.next_slot), v_now, v_now
  )
  on conflict (name) do nothing;

  if not found then
    v_old := rhythm.schedule_named(p_name);
    -- If the times are the same, as at every start of an application, what is due stays due.
    if (v_old.cron, v_old.timezone) = (v_new.cron, v_new.timezone) then
      v_new.next_slot := v_old.next_slot;
    end if;
    update rhythm.schedule_entry as s
    set (cron, timezone, type, target, inputs, options, overlap, catch_up, jitter, next_slot, due_at, updated_at) = (
      v_new.cron, v_new.timezone, v_new.type, v_new.target, v_new.inputs, v_new.options, v_new.overlap, v_new.catch_up,
      v_new.jitter, v_new.next_slot, rhythm.slot_due(v_new, v_new.next_slot), v_now
    )
    where s.name = p_name;
  end if;
  -- Applications set their schedules at every start.
  if v_old.name is null or rhythm.said_of(v_old) <> rhythm.said_of(v_new) then
    perform rhythm.record('set', 'schedule', p_name, p_before => case when v_old.name is not null then rhythm.said_of(v_old) end, p_after => rhythm.said_of(v_new));
  end if;
  perform rhythm.wake_clocks();
  return v_new.next_slot;
end;
$$;

comment on function rhythm.schedule(text, text, text, jsonb, text, text, text, text, interval, jsonb) is
  'Starts p_target at every time that p_cron names in timezone; returns the next time. The same name again changes the '
  'schedule. If an execution of it has not ended, overlap skips the next one, queues it, allows it, or cancels the '
  'earlier one. If times were missed because nothing ticked, catch_up runs none, one (the latest), or all. jitter delays each time by '
  'up to an interval. options: as for create_many() (queue, priority, timeout, retry, metadata …).';

create or replace function rhythm.unschedule(p_name text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old rhythm.schedule_entry;
begin
  delete from rhythm.schedule_entry as s
  where s.name = p_name
  returning s.* into v_old;
  if v_old.name is null then
    return false;
  end if;
  perform rhythm.record('remove', 'schedule', p_name, p_before => rhythm.said_of(v_old));
  return true;
end;
$$;

comment on function rhythm.unschedule(text) is
  'Removes a schedule; what it started continues. False if there is no schedule with this name.';
