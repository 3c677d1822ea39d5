-- From a slot to an execution.

-- The request for create_many() for one slot. Its key makes a slot one execution, however often it is requested: by the regular
-- run, by a back-fill of the same time, by a second back-fill.
create or replace function rhythm.slot_request(p_entry rhythm.schedule_entry, p_slot timestamptz)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select p_entry.options
    || jsonb_build_object(
      'type', p_entry.type,
      'target', p_entry.target,
      'inputs', p_entry.inputs,
      'metadata', coalesce(p_entry.options -> 'metadata', '{}') || jsonb_build_object(
        'schedule', p_entry.name,
        'scheduled_for', to_char(coalesce(p_slot, rhythm.now()) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
      )
    )
    || case when p_slot is null then '{}' else jsonb_build_object(
      'idempotency_key', format('schedule %s %s', p_entry.name, extract(epoch from p_slot)::bigint)
    ) end;
$$;

comment on function rhythm.slot_request(rhythm.schedule_entry, timestamptz) is
  'The execution for a slot of a schedule, in the form of create_many(); without a slot, one that a person triggered.';

-- Errors are stored on the schedule and not thrown, so that one missing flow does not stop all other schedules.
create or replace function rhythm.start_slots(p_entry rhythm.schedule_entry, p_slots timestamptz[])
returns rhythm.schedule_entry
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry rhythm.schedule_entry := p_entry;
  v_ids uuid[];
  v_code text;
  v_message text;
begin
  if p_slots = '{}' then
    return v_entry;
  end if;
  -- In one call, because only within one call do ids keep the order of the slots.
  v_ids := array(
    select c.id
    from rhythm.create_many((
      select jsonb_agg(rhythm.slot_request(p_entry, s.slot) order by s.slot) from unnest(p_slots) as s(slot)
    )) with ordinality as c(id, nth)
    order by c.nth
  );
  v_entry.active := v_entry.active || v_ids;
  v_entry.fired := v_entry.fired + cardinality(v_ids);
  v_entry.last_execution_id := v_ids[cardinality(v_ids)];
  v_entry.last_slot := p_slots[cardinality(p_slots)];
  v_entry.last_fired_at := rhythm.now();
  v_entry.last_error := null;
  return v_entry;
exception
  when others then
    get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
    -- Deadlocks, timeouts and missing resources pass by themselves: the slot stays due, and is tried again.
    if v_code ~ '^(40|53|55|57)' then
      raise;
    end if;
    v_entry := p_entry;
    v_entry.last_error := jsonb_build_object('code', v_code, 'message', v_message, 'slot', p_slots[1]);
    return v_entry;
end;
$$;

comment on function rhythm.start_slots(rhythm.schedule_entry, timestamptz[]) is
  'Creates the executions of some slots, all or none, and returns the schedule after that; with last_error if none.';

create or replace function rhythm.check_schedule_start(p_entry rhythm.schedule_entry)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rhythm.create_many(jsonb_build_array(rhythm.slot_request(p_entry, null)));
  raise sqlstate 'RHTRY';
exception
  when sqlstate 'RHTRY' then
    return;
end;
$$;

comment on function rhythm.check_schedule_start(rhythm.schedule_entry) is
  'Creates the execution of a schedule and rolls it back, so that what would be refused at night is refused now.';
