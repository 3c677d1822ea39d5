-- fire_schedules() runs a nightly job once in the night in which its hour is skipped, and once in that which has it twice

do $$
declare
  v_minute timestamptz;
begin
  for v_minute in select * from unnest(array['2026-03-28 12:00Z', '2026-10-24 12:00Z']::timestamptz[]) loop
    perform set_config('rhythm_clock.at', v_minute::text, true);
    perform rhythm.schedule('nightly', '30 2 * * *', v_minute::date::text, type => 'task', timezone => 'Europe/Berlin', overlap => 'allow');
    for v_step in 1 .. 96 loop
      perform set_config('rhythm_clock.at', (v_minute + v_step * interval '15 minutes')::text, true);
      perform rhythm.fire_schedules();
    end loop;
    assert (select count(*) = 1 from rhythm.executions as e where e.target = v_minute::date::text), v_minute::text;
    perform rhythm.unschedule('nightly');
  end loop;
end;
$$;
