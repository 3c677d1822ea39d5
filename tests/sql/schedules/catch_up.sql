-- schedule() catch_up: of the slots that nobody ticked for, none, the latest, or all run; the next is a regular one

do $$
declare
  v_catch_up text;
  v_late integer;
  v_expected text;
  v_slots text;
begin
  for v_catch_up, v_late, v_expected in
    select *
    from (values
      ('none', 30, '00:05'), -- half a minute late is in time
      ('none', 150, null),
      ('one', 150, '00:05'),
      ('all', 150, '00:01 00:02 00:03 00:04 00:05')
    ) as t(catch_up, late, expected)
  loop
    perform set_config('rhythm_clock.at', '2026-01-01 00:00:30Z', true);
    perform rhythm.schedule('s', '1-5 * * * *', v_catch_up || v_late, type => 'task', overlap => 'allow', catch_up => v_catch_up);
    perform set_config('rhythm_clock.at', ('2026-01-01 00:05Z'::timestamptz + v_late * interval '1 second')::text, true);
    assert rhythm.fire_schedules() = '2026-01-01 01:01Z';
    perform rhythm.fire_schedules();

    select string_agg(substr(e.metadata ->> 'scheduled_for', 12, 5), ' ' order by e.id)
    into v_slots
    from rhythm.executions as e
    where e.target = v_catch_up || v_late;
    assert v_slots is not distinct from v_expected, format('%s, %s s late: expected %s, got %s', v_catch_up, v_late, v_expected, v_slots);
    perform rhythm.unschedule('s');
  end loop;
end;
$$;
