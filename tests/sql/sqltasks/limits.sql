-- tick() obeys the limits and the pause of a queue with SQL tasks, and does not spin on them

create function pg_temp.answer(jsonb) returns integer language sql as $$ select 42 $$;

do $$
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:00Z', true);
  perform rhythm.define_sql_task('answer', 'pg_temp.answer(jsonb)'::regprocedure);
  perform rhythm.enqueue('answer') from generate_series(1, 30);
  perform rhythm.pause_queue('sql');
  assert rhythm.run_sql_tasks() is null, 'paused: nothing to come back for';
  assert (select count(*) from rhythm.executions as e where e.status = 'completed') = 0;
  perform rhythm.resume_queue('sql');
  perform rhythm.configure_queue('sql', rate => 5, per => '1m');
  perform rhythm.run_sql_tasks();
  perform rhythm.run_sql_tasks();
  assert (select count(*) from rhythm.executions as e where e.status = 'completed') = 5, 'five a minute';
  perform rhythm.configure_queue('sql');
  assert rhythm.run_sql_tasks(10) = rhythm.now(), 'more are ready: come back at once';
  assert (select count(*) from rhythm.executions as e where e.status = 'completed') = 15;
end;
$$;
