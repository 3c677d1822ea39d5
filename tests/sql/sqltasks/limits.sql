-- tick() obeys the limits and the pause of a queue with SQL tasks, and does not spin on them

create function pg_temp.answer(jsonb) returns integer language sql as $$ select 42 $$;

do $$
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:00Z', true);
  perform rhythm.define_sql_task('answer', 'pg_temp.answer(jsonb)'::regprocedure);
  perform rhythm.queue('answer') from generate_series(1, 30);
  perform rhythm.pause_queue('sql');
  assert rhythm.sql_tasks() is null, 'paused: nothing to come back for';
  assert (select count(*) from rhythm.executions as e where e.status = 'completed') = 0;
  perform rhythm.resume_queue('sql');
  perform rhythm.configure_queue('sql', rate => 5, per => '1m');
  perform test.run_sql_tasks();
  assert (select count(*) from rhythm.executions as e where e.status = 'completed') = 5, 'five a minute';
  perform rhythm.configure_queue('sql');
  assert rhythm.sql_tasks(10) = rhythm.now(), 'more are ready: come back at once';
  assert (select count(*) from rhythm.executions as e where e.status = 'completed') = 15;
end;
$$;

-- A queue with limits may have workflows before its SQL tasks: those are a worker's business, and nobody's obstacle.
do $$
declare
  v_task uuid;
begin
  perform rhythm.tick();
  perform rhythm.register_flow('f', 'return 1', '{}');
  perform rhythm.start('f', queue => 'sql', priority => 5) from generate_series(1, 20);
  v_task := rhythm.queue('answer');
  perform rhythm.configure_queue('sql', concurrency => 2);
  perform test.run_sql_tasks();
  assert rhythm.get(v_task) ->> 'status' = 'completed', 'behind more workflows than may run at once';
  v_task := rhythm.queue('answer', concurrency_key => 'k');
  perform rhythm.configure_queue('sql', concurrency => 2, per_key_concurrency => 1);
  perform test.run_sql_tasks();
  assert rhythm.get(v_task) ->> 'status' = 'completed', 'and where keys are counted';
  assert (select count(*) from rhythm.executions as e where e.type = 'workflow' and e.status = 'pending' and e.attempt = 0) = 20,
    'the workflows were not begun';
end;
$$;
