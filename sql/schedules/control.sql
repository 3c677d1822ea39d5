-- Pause, resume, trigger, back-fill.

create or replace function rhythm.pause_schedule(p_name text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry constant rhythm.schedule_entry := rhythm.schedule_named(p_name);
begin
  update rhythm.schedule_entry as s
  set paused_at = rhythm.now()
  where s.name = v_entry.name
    and s.paused_at is null;
  if not found then
    return false;
  end if;
  perform rhythm.record('pause', 'schedule', p_name);
  return true;
end;
$$;

comment on function rhythm.pause_schedule(text) is
  'Stops a schedule until resume_schedule(); false if it was already paused.';

create or replace function rhythm.resume_schedule(p_name text)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry rhythm.schedule_entry := rhythm.schedule_named(p_name);
begin
  if v_entry.paused_at is not null then
    v_entry.next_slot := rhythm.cron_after(rhythm.cron_parse(v_entry.cron), v_entry.timezone, rhythm.now());
    update rhythm.schedule_entry as s
    set (paused_at, next_slot, due_at) = (null, v_entry.next_slot, rhythm.slot_due(v_entry, v_entry.next_slot))
    where s.name = v_entry.name;
    perform rhythm.record('resume', 'schedule', p_name);
    perform rhythm.wake_clocks();
  end if;
  return v_entry.next_slot;
end;
$$;

comment on function rhythm.resume_schedule(text) is
  'Lets a paused schedule fire again from now on; times during the pause do not count as missed. Returns the next time.';

create or replace function rhythm.trigger_schedule(p_name text)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry constant rhythm.schedule_entry := rhythm.schedule_named(p_name);
  v_id uuid;
begin
  select c.id
  into v_id
  from rhythm.create_many(jsonb_build_array(rhythm.slot_request(v_entry, null))) as c(id);

  update rhythm.schedule_entry as s
  set (active, last_execution_id, last_fired_at, fired) = (s.active || v_id, v_id, rhythm.now(), s.fired + 1)
  where s.name = v_entry.name;
  perform rhythm.record('trigger', 'schedule', p_name, p_after => jsonb_build_object('execution', v_id));
  return v_id;
end;
$$;

comment on function rhythm.trigger_schedule(text) is
  'Starts an execution of a schedule now, paused or not, in addition to its times; overlap counts it as a run.';

create or replace function rhythm.backfill_schedule(p_name text, p_from timestamptz, p_to timestamptz, p_limit integer default 1000)
returns setof uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry constant rhythm.schedule_entry := rhythm.schedule_named(p_name);
  v_times constant rhythm.cron_times := rhythm.cron_parse(v_entry.cron);
  v_slot timestamptz := p_from - interval '1 microsecond';
  v_requests jsonb[] := '{}';
begin
  if p_from is null or p_to is null or p_from > p_to or p_to > rhythm.now() or p_from < '0001-01-01Z' then
    perform rhythm.raise('RH001', format('Cannot back-fill from %s to %s: expected a time, and a later one that is not in the future',
      p_from, p_to));
  end if;
  if p_limit is null or p_limit not between 1 and 10000 then
    perform rhythm.raise('RH001', format('"%s" cannot be the limit of a back-fill: expected 1 to 10000', p_limit));
  end if;
  loop
    v_slot := rhythm.cron_after(v_times, v_entry.timezone, v_slot);
    exit when v_slot > p_to;
    if cardinality(v_requests) = p_limit then
      perform rhythm.raise('RH001', format('"%s" fires more than %s times from %s to %s', p_name, p_limit, p_from, p_to),
        'Take a shorter time, or a higher p_limit.');
    end if;
    v_requests := v_requests || rhythm.slot_request(v_entry, v_slot);
  end loop;
  if cardinality(v_requests) > 0 then
    perform rhythm.record('back-fill', 'schedule', p_name, p_after => jsonb_build_object('from', p_from, 'to', p_to, 'executions', cardinality(v_requests)));
    return query select c.id from rhythm.create_many(to_jsonb(v_requests)) as c(id);
  end if;
end;
$$;

comment on function rhythm.backfill_schedule(text, timestamptz, timestamptz, integer) is
  'Starts an execution for every time of a schedule between two times, both included, whatever its overlap; '
  'for a time that ran already, returns the execution of then. All or nothing.';
