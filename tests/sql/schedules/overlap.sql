-- schedule() overlap: skip leaves out, queue waits for the end, allow runs beside, cancel ends the one before

create function pg_temp.at(p_time text) returns void language sql as $$
  select set_config('rhythm_clock.at', '2026-01-01 ' || p_time || 'Z', true);
  select rhythm.fire_schedules();
$$;

create function pg_temp.slots(p_name text) returns text language sql as $$
  select string_agg(right(e.metadata ->> 'scheduled_for', 9) || ' ' || e.status, ', ' order by e.metadata ->> 'scheduled_for')
  from rhythm.executions as e
  where e.metadata ->> 'schedule' = p_name;
$$;

do $$
declare
  v_overlap text;
  v_expected text;
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:30Z', true);
  foreach v_overlap in array array['skip', 'queue', 'allow', 'cancel'] loop
    perform rhythm.schedule(v_overlap, '* * * * *', 'report', type => 'task', overlap => v_overlap);
  end loop;
  perform pg_temp.at('00:01:00');
  perform pg_temp.at('00:02:00');
  perform pg_temp.at('00:03:00');

  for v_overlap, v_expected in
    select *
    from (values
      ('skip', '00:01:00Z pending'),
      ('queue', '00:01:00Z pending'),
      ('allow', '00:01:00Z pending, 00:02:00Z pending, 00:03:00Z pending'),
      ('cancel', '00:01:00Z cancelled, 00:02:00Z cancelled, 00:03:00Z pending')
    ) as t(overlap, expected)
  loop
    assert pg_temp.slots(v_overlap) = v_expected, format('%s: expected %s, got %s', v_overlap, v_expected, pg_temp.slots(v_overlap));
  end loop;
  assert (select (s.skipped, s.queued) = (2::bigint, 0) from rhythm.schedules as s where s.name = 'skip');
  assert (select (s.skipped, s.queued) = (0::bigint, 2) from rhythm.schedules as s where s.name = 'queue');

  -- The end of what ran lets the next of the queue start, one after the other, in order.
  perform rhythm.cancel(e.id) from rhythm.executions as e where e.metadata ->> 'schedule' in ('queue', 'skip');
  perform pg_temp.at('00:03:02');
  perform pg_temp.at('00:03:04');
  assert pg_temp.slots('queue') = '00:01:00Z cancelled, 00:02:00Z pending', pg_temp.slots('queue');
  perform rhythm.cancel(s.last_execution_id) from rhythm.schedules as s where s.name = 'queue';
  perform pg_temp.at('00:03:06');
  assert pg_temp.slots('queue') = '00:01:00Z cancelled, 00:02:00Z cancelled, 00:03:00Z pending', pg_temp.slots('queue');

  -- What was skipped stays skipped.
  assert pg_temp.slots('skip') = '00:01:00Z cancelled', pg_temp.slots('skip');
  perform pg_temp.at('00:04:00');
  assert pg_temp.slots('skip') = '00:01:00Z cancelled, 00:04:00Z pending', pg_temp.slots('skip');
end;
$$;
