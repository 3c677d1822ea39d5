-- schedule() with a name that exists changes the schedule; the same times again lose nothing that is due

do $$
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:30Z', true);
  perform rhythm.schedule('s', '* * * * *', 'report', type => 'task');
  perform set_config('rhythm_clock.at', '2026-01-01 00:05:30Z', true);
  assert rhythm.schedule('s', '* * * * *', 'other', type => 'task') = '2026-01-01 00:01Z', 'an application that starts again';
  perform rhythm.fire_schedules();
  assert (select array_agg(e.target) from rhythm.executions as e) = array['other'];
  assert rhythm.schedule('s', '*/10 * * * *', 'other', type => 'task') = '2026-01-01 00:10Z', 'other times count from now';
  assert rhythm.schedule('s', '*/10 * * * *', 'other', type => 'task', timezone => 'Asia/Kathmandu') = '2026-01-01 00:15Z';
  assert (select count(*) from rhythm.schedules) = 1;
  assert (select s.fired from rhythm.schedules as s) = 1, 'its history stays';
end;
$$;
