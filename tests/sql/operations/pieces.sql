-- An operation is worked off by chores(), can be stopped and continued, and is forgotten after the retention, with its records.
do $$
declare
  o uuid;
begin
  perform from rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 600)));
  o := rhythm.operate('cancel', '{"target": "a"}');
  perform test.eq(rhythm.work_piece(o, clock_timestamp() - interval '1 second'), true, 'a piece without time');
  perform test.eq((select row(x.state, x.looked, x.done)::text from rhythm.operations as x where x.id = o), '(running,1,1)', 'does one');
  perform test.eq(rhythm.stop_operation(o), true, 'stopped');
  perform test.eq(rhythm.stop_operation(o), false, 'stopped already');
  perform test.eq(rhythm.work_operation(o), false, 'nothing is done');
  perform test.eq((select count(*) from rhythm.executions as e where e.status = 'cancelled'), 1::bigint, 'one was cancelled');
  perform test.eq(rhythm.resume_operation(o), true, 'resumed');
  perform test.eq(rhythm.resume_operation(o), false, 'resumed already');
  for i in 1 .. 700 loop
    perform test.pass('2 s');
    perform rhythm.chores();
    exit when (select x.state from rhythm.operations as x where x.id = o) = 'completed';
  end loop;
  perform test.eq((select row(x.state, x.looked, x.done)::text from rhythm.operations as x where x.id = o), '(completed,600,600)', 'chores() came to the end');
  perform test.eq((select count(*) from rhythm.operation_acts as x where x.result = 'done'), 600::bigint, 'each once');
  perform test.pass('31 days');
  for i in 1 .. 30 loop
    perform test.pass('11 s');
    perform rhythm.chores();
  end loop;
  perform test.eq((select count(*) from rhythm.operations) + (select count(*) from rhythm.operation_acts), 0::bigint, 'forgotten');
end;
$$;
