-- An operation does its action to all executions that fit, records each, and leaves alone what was created after it.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
  a uuid[];
  o uuid;
  late uuid;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'go')), 'any', array[s]);
  a := array(select c.id from rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'charge', 'metadata', jsonb_build_object('n', n))) from generate_series(1, 5) as n)) as c (id));
  perform test.claim(w, 100);
  perform test.fail(w, a[1], 'card 1 refused');
  perform test.fail(w, a[2], 'card 2 refused');
  perform test.fail(w, a[3], 'no such customer');
  perform test.complete(w, a[4]);

  o := rhythm.operate('retry', jsonb_build_object('fingerprint', (select e.fingerprint::text from rhythm.executions as e where e.id = a[1])), dry_run => true, p_by => 'ada');
  perform test.eq(test.work(o), 'completed: 2 looked, 2 done, 0 unchanged, 0 refused', 'a dry run');
  perform test.eq(array(select x.execution_id from rhythm.operation_acts as x where x.operation_id = o and x.result = 'would' and x.started_by = 'ada' order by 1), a[1:2], 'what it would change');
  perform test.eq(test.status(a[1]), 'failed', 'and has not');

  o := rhythm.operate('retry', '{"status": "failed", "target": "charge"}');
  late := rhythm.queue('charge');
  perform test.eq(test.work(o), 'completed: 3 looked, 3 done, 0 unchanged, 0 refused', 'retry');
  perform test.eq(array(select test.status(i.id) from unnest(a) as i (id)), '{pending,pending,pending,completed,running}'::text[], 'what failed runs again');

  perform test.eq(test.work(rhythm.operate('pause', jsonb_build_object('ids', array[a[2], a[1], a[2]], 'target', 'charge'))),
    'completed: 2 looked, 2 done, 0 unchanged, 0 refused', 'these alone, each once');
  perform test.eq(test.work(rhythm.operate('resume', jsonb_build_object('ids', a[1:2]))), 'completed: 2 looked, 2 done, 0 unchanged, 0 refused', 'and back');

  perform test.eq(test.work(rhythm.operate('pause', '{"type": "task", "metadata": {"n": 1}}', '{"reason": "look first"}')), 'completed: 7 looked, 1 done, 0 unchanged, 0 refused', 'pause');
  perform test.eq((select e.pause_reason from rhythm.executions as e where e.id = a[1]), 'look first', 'with its reason');
  perform test.eq(test.work(rhythm.operate('resume', '{"paused": true}')), 'completed: 7 looked, 1 done, 0 unchanged, 0 refused', 'resume');
  perform test.eq(test.work(rhythm.operate('signal', '{"type": "workflow", "version": 1, "status": ["suspended", "pending"]}', '{"name": "go", "payload": 7}')),
    'completed: 7 looked, 1 done, 0 unchanged, 0 refused', 'signal');
  perform test.eq((select g.payload from rhythm.signal as g where g.execution_id = f), '7'::jsonb, 'with its payload');
  o := rhythm.operate('signal', '{"target": "charge"}', '{"name": "go"}');
  perform test.eq(test.work(o), 'completed: 7 looked, 0 done, 0 unchanged, 6 refused', 'a task refuses signals');
  perform test.eq((select x.detail from rhythm.operation_acts as x where x.operation_id = o and x.execution_id = a[1]),
    format('Cannot send signal "go": execution %s is a task, only workflows take signals', a[1]), 'and says why');
  perform test.eq(test.work(rhythm.operate('cancel', '{"queue": "default", "target": "charge"}', '{"reason": "enough"}')), 'completed: 7 looked, 5 done, 1 unchanged, 0 refused', 'cancel');
  perform test.eq(test.status(late), 'cancelled', 'all of them');
end;
$$;
