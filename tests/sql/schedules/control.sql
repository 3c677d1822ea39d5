-- pause_schedule(), resume_schedule(), trigger_schedule(), unschedule() do what they say, once

do $$
declare
  v_id uuid;
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:30Z', true);
  perform rhythm.schedule('s', '* * * * *', 'report', type => 'task', catch_up => 'all', overlap => 'allow');
  assert rhythm.pause_schedule('s');
  assert not rhythm.pause_schedule('s'), 'paused already';
  assert (select s.paused and s.next_run_at is null from rhythm.schedules as s);

  perform set_config('rhythm_clock.at', '2026-01-01 00:10:30Z', true);
  assert rhythm.fire_schedules() is null, 'a paused schedule is never due';
  assert rhythm.resume_schedule('s') = '2026-01-01 00:11Z';
  assert rhythm.resume_schedule('s') = '2026-01-01 00:11Z', 'resuming twice changes nothing';
  perform rhythm.fire_schedules();
  assert not exists (select from rhythm.executions), 'the times of a pause are not missed runs';

  v_id := rhythm.trigger_schedule('s');
  assert (select e.metadata ->> 'schedule' = 's' from rhythm.executions as e where e.id = v_id);
  perform rhythm.trigger_schedule('s');
  assert (select count(*) from rhythm.executions) = 2, 'every trigger is an execution';
  assert (select s.next_run_at from rhythm.schedules as s) = '2026-01-01 00:11Z', 'beside the regular times';

  assert rhythm.unschedule('s');
  assert not rhythm.unschedule('s');
  assert (select count(*) from rhythm.executions) = 2, 'what it started stays';
  assert rhythm.fire_schedules() is null;
end;
$$;
