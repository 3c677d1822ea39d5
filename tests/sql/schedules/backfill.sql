-- backfill_schedule() starts each slot of a time once, whoever asked before

do $$
declare
  v_first uuid[];
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:30Z', true);
  perform rhythm.schedule('s', '* * * * *', 'report', type => 'task');
  perform set_config('rhythm_clock.at', '2026-01-01 00:02:00Z', true);
  perform rhythm.fire_schedules();
  assert (select count(*) from rhythm.executions) = 1, 'the latest of two, that of 00:02';

  perform set_config('rhythm_clock.at', '2026-01-01 01:00:00Z', true);
  v_first := array(select b.id from rhythm.backfill_schedule('s', '2026-01-01 00:00Z', '2026-01-01 00:10Z') as b(id));
  assert cardinality(v_first) = 11, 'both ends included';
  assert (select count(*) from rhythm.executions) = 11, '00:02 had run';
  assert v_first = array(select b.id from rhythm.backfill_schedule('s', '2026-01-01 00:00Z', '2026-01-01 00:10Z') as b(id)), 'again: the same';
  assert (select count(*) from rhythm.executions) = 11;
  assert not exists (select from rhythm.backfill_schedule('s', '2026-01-01 00:00:01Z', '2026-01-01 00:00:59Z')), 'no slot in it';
end;
$$;
