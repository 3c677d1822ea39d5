-- The slots of a schedule: the times that its cron expression names. These functions only compute, before any execution is
-- created.

-- The same slot always has the same jitter, so that all sessions compute the same time.
create or replace function rhythm.slot_due(p_entry rhythm.schedule_entry, p_slot timestamptz)
returns timestamptz
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_slot + p_entry.jitter * ((hashtextextended(p_entry.name, extract(epoch from p_slot)::bigint) & 65535) / 65536.0);
$$;

comment on function rhythm.slot_due(rhythm.schedule_entry, timestamptz) is
  'When a slot of a schedule fires: its time plus its share of the jitter.';

-- The last slot at or before p_until, given an earlier one (p_slot). Halves the time instead of walking: for a schedule that fires
-- every second, a week takes twenty steps.
create or replace function rhythm.latest_slot(p_times rhythm.cron_times, p_timezone text, p_slot timestamptz, p_until timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_latest timestamptz := p_slot;
  v_past timestamptz := p_until;
  v_middle timestamptz;
  v_next timestamptz;
begin
  while v_past > v_latest loop
    v_middle := date_trunc('second', v_latest + (v_past - v_latest) / 2);
    v_next := rhythm.cron_after(p_times, p_timezone, v_middle);
    if v_next <= p_until then
      v_latest := v_next;
    elsif v_middle > v_latest then
      v_past := v_middle;
    else
      exit;
    end if;
  end loop;
  return v_latest;
end;
$$;

comment on function rhythm.latest_slot(rhythm.cron_times, text, timestamptz, timestamptz) is
  'The last slot up to an instant, given an earlier one.';

-- The slots to handle now, by the schedule's catch_up; at most p_limit, the rest next time.
create or replace function rhythm.due_slots(p_entry rhythm.schedule_entry, p_times rhythm.cron_times, p_now timestamptz, p_limit integer)
returns timestamptz[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_until constant timestamptz := greatest(p_entry.next_slot, p_now - p_entry.jitter);
  v_slot timestamptz := p_entry.next_slot;
  v_slots timestamptz[] := '{}';
begin
  if rhythm.slot_due(p_entry, v_slot) > p_now then
    return v_slots;
  end if;
  if p_entry.catch_up <> 'all' then
    return array[rhythm.latest_slot(p_times, p_entry.timezone, v_slot, v_until)];
  end if;
  while v_slot <= v_until and cardinality(v_slots) < p_limit loop
    v_slots := v_slots || v_slot;
    v_slot := rhythm.cron_after(p_times, p_entry.timezone, v_slot);
  end loop;
  return v_slots;
end;
$$;

comment on function rhythm.due_slots(rhythm.schedule_entry, rhythm.cron_times, timestamptz, integer) is
  'The slots of a schedule that are due: with catch_up all each of them, else only the latest.';
