-- schedule() jitter moves each slot by less than itself, by another amount each, the same whoever computes it

do $$
declare
  v_entry rhythm.schedule_entry;
  v_due timestamptz[];
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:30Z', true);
  perform rhythm.schedule('s', '* * * * *', 'report', type => 'task', overlap => 'allow', jitter => '20 seconds');
  select s.* into v_entry from rhythm.schedule_entry as s;

  v_due := array(
    select rhythm.slot_due(v_entry, u.at) - u.at + '2000-01-01Z'::timestamptz
    from rhythm.cron_upcoming('* * * * *', 'UTC', '2026-01-01Z', 200) as u(at)
  );
  assert (select min(d) >= '2000-01-01Z' and max(d) < '2000-01-01 00:00:20Z' from unnest(v_due) as d), 'within the jitter';
  assert (select count(distinct d) > 150 and max(d) - min(d) > '15 seconds' from unnest(v_due) as d), 'spread over it';

  assert v_entry.due_at = rhythm.slot_due(v_entry, '2026-01-01 00:01Z');
  perform set_config('rhythm_clock.at', (v_entry.due_at - interval '1 millisecond')::text, true);
  perform rhythm.fire_schedules();
  assert not exists (select from rhythm.executions), 'not before its jitter';
  perform set_config('rhythm_clock.at', v_entry.due_at::text, true);
  perform rhythm.fire_schedules();
  assert (select e.metadata ->> 'scheduled_for' from rhythm.executions as e) = '2026-01-01T00:01:00Z', 'named by its slot';
end;
$$;
