-- fire_schedules() does bounded work a call: a week of missed seconds comes in portions, or as one

do $$
declare
  v_begin timestamptz;
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:00Z', true);
  perform rhythm.schedule('all', '* * * * * *', 'report', type => 'task', overlap => 'allow', catch_up => 'all');
  perform set_config('rhythm_clock.at', '2026-01-08 00:00:00Z', true);
  assert rhythm.fire_schedules(50) <= '2026-01-08 00:00:00Z', 'more is due: call again';
  assert (select count(*) from rhythm.executions) = 50;
  perform rhythm.fire_schedules(50);
  assert (select count(*) from rhythm.executions) = 100;
  assert (select s.last_slot from rhythm.schedules as s) = '2026-01-01 00:01:40Z', 'in order, none twice';

  perform rhythm.schedule('all', '* * * * * *', 'report', type => 'task', overlap => 'allow', catch_up => 'one');
  v_begin := clock_timestamp();
  assert rhythm.fire_schedules(50) = '2026-01-08 00:00:01Z';
  assert (select count(*) from rhythm.executions) = 101;
  assert (select s.last_slot from rhythm.schedules as s) = '2026-01-08 00:00:00Z';
  assert clock_timestamp() - v_begin < interval '15 seconds', 'it walked over every second of the week';
end;
$$;
