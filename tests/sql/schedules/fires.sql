-- fire_schedules() starts one execution a slot, in its time and not before, and says when the next is due

do $$
declare
  v_next timestamptz;
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:30Z', true);
  v_next := rhythm.schedule('report', '* * * * *', 'report', '{"n": 1}', type => 'task', options => '{"queue": "q", "priority": 7, "metadata": {"team": "a"}}');
  assert v_next = '2026-01-01 00:01Z', format('schedule() said %s', v_next);
  assert rhythm.fire_schedules() = '2026-01-01 00:01Z';
  assert not exists (select from rhythm.executions), 'it fired early';

  perform set_config('rhythm_clock.at', '2026-01-01 00:01:00.25Z', true);
  assert rhythm.tick() = '2026-01-01 00:02Z', 'tick() fires, and knows the next';
  assert rhythm.fire_schedules() = '2026-01-01 00:02Z';
  assert (select count(*) from rhythm.executions) = 1;
  assert (
    select (e.type, e.target, e.inputs, e.queue, e.priority, e.metadata) = (
      'task', 'report', '{"n": 1}'::jsonb, 'q', 7::smallint,
      '{"team": "a", "schedule": "report", "scheduled_for": "2026-01-01T00:01:00Z"}'::jsonb)
    from rhythm.executions as e
  ), (select row_to_json(e)::text from rhythm.executions as e);
  assert (
    select (s.next_run_at, s.last_slot, s.fired, s.last_execution_id) = (
      '2026-01-01 00:02Z'::timestamptz, '2026-01-01 00:01Z'::timestamptz, 1::bigint, (select e.id from rhythm.executions as e))
    from rhythm.schedules as s
  ), (select row_to_json(s)::text from rhythm.schedules as s);
end;
$$;
