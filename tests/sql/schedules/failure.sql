-- fire_schedules() keeps the reason when a slot cannot start, and goes on with the others and the next. It leaves damage.

do $$
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:30Z', true);
  perform rhythm.register_flow('order', 'return 1', '{}', '{"type": "object"}');
  perform rhythm.schedule('a', '* * * * *', 'order');
  perform rhythm.schedule('b', '* * * * *', 'report', type => 'task', overlap => 'allow');
  perform rhythm.register_flow('order', 'return 2', '{}', '{"type": "object", "required": ["id"]}');

  perform set_config('rhythm_clock.at', '2026-01-01 00:01:00Z', true);
  assert rhythm.fire_schedules() = '2026-01-01 00:02Z';
  assert (select array_agg(e.target) from rhythm.executions as e) = array['report'], 'the other one ran';
  assert (select s.last_error = jsonb_build_object(
      'code', 'RH005', 'message', 'Cannot start flow "order": inputs.id: is required (required)', 'slot', '2026-01-01 00:01Z'::timestamptz)
    from rhythm.schedules as s where s.name = 'a'), (select s.last_error::text from rhythm.schedules as s where s.name = 'a');

  perform rhythm.set_flow_version('order', 1);
  perform set_config('rhythm_clock.at', '2026-01-01 00:02:00Z', true);
  perform rhythm.fire_schedules();
  assert (select s.last_error is null and s.fired = 1 from rhythm.schedules as s where s.name = 'a'), 'it started again';

  -- A time zone that a server's upgrade took away.
  update rhythm.schedule_entry as s set timezone = 'Mars/Olympus' where s.name = 'a';
  perform set_config('rhythm_clock.at', '2026-01-01 00:03:00Z', true);
  perform rhythm.fire_schedules();
  assert (select (s.last_error ->> 'code', s.next_run_at) = ('22023', '2026-01-01 00:04Z'::timestamptz)
    from rhythm.schedules as s where s.name = 'a'), (select s.last_error::text from rhythm.schedules as s where s.name = 'a');
  assert (select s.fired = 3 from rhythm.schedules as s where s.name = 'b'), 'the other one goes on';
end;
$$;
