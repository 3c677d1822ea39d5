-- The views queues, workers, waits, signals, stacks, flows and schedules say what is going on, column by column.
do $$
declare
  w constant uuid := test.worker(array['default', 'mail']);
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  t constant uuid := rhythm.uuid7();
  g constant uuid := rhythm.uuid7();
  v_due constant timestamptz := date_trunc('milliseconds', rhythm.now()) + interval '1 hour';
  v_before timestamptz;
begin
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{"at": 1}'::jsonb,
    'stack', '[{"function": "main", "line": 1, "column": 8, "variables": {"n": 1}, "waitsFor": ["x"]}]'::jsonb,
    'effects', jsonb_build_array(test.run_task(a), jsonb_build_object('type', 'start_timer', 'id', t, 'at', v_due),
      jsonb_build_object('type', 'await_signal', 'id', g, 'name', 'go', 'timeoutAt', v_due)),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(a, t, g))), 'keep', jsonb_build_array(t, g)));
  perform rhythm.queue('b', queue => 'mail'), rhythm.queue('b', queue => 'mail', delay => '1h');
  perform rhythm.configure_queue('mail', concurrency => 3, per_key_concurrency => 2, rate => 10, per => '1m');
  perform rhythm.pause_queue('mail');
  perform test.claim(w);
  perform test.pass('5 s');

  perform test.eq((select row(q.ready, q.delayed, q.running, q.suspended, q.workers, q.paused, q.concurrency, q.per_key_concurrency, q.rate, q.per)::text
    from rhythm.queues as q where q.queue = 'mail'), '(1,1,0,0,1,t,3,2,10,00:01:00)', 'a queue with limits');
  perform test.eq((select round(q.oldest_seconds) between 5 and 6 from rhythm.queues as q where q.queue = 'mail'), true, 'its oldest');
  perform test.eq((select row(q.ready, q.running, q.suspended, q.oldest_at, q.paused, q.concurrency)::text
    from rhythm.queues as q where q.queue = 'default'), '(0,1,1,,f,)', 'a queue without');
  perform test.eq((select array_agg(format('%s %s %s %s %s', t.type, t.target, t.ready, t.delayed, t.running) order by t.target) from rhythm.targets as t),
    array['task a 0 0 1', 'task b 1 1 0'], 'tasks and flows');
  perform test.eq((select row(x.queues, x.lease, x.running, x.lease_until = x.beat_at + x.lease, x.sleeping)::text from rhythm.workers as x where x.id = w),
    '("{default,mail}",01:00:00,1,t,f)', 'a worker');
  perform test.eq((select array_agg(format('%s %s %s %s', x.kind, x.name, x.target, x.until = v_due) order by x.kind) from rhythm.waits as x where x.execution_id = f),
    array['signal go f t', 'task a f ', 'timer  f t'], 'what a workflow waits for');
  perform test.eq((select row(c.name, c.flow, c.version, c.executions, c.lines, c.oldest = f, c.until = v_due)::text from rhythm.count_signal_waits() as c),
    '(go,f,1,1,{},t,t)', 'who waits for which signal');
  perform rhythm.signal(f, 'other', '7');
  perform test.eq((select row(s.target, s.name, s.payload, s.taken)::text from rhythm.signals as s where s.execution_id = f), '(f,other,7,f)', 'a signal that is kept');
  perform test.eq((select count(*) from rhythm.count_standing('f')), 0::bigint, 'what is not in the flow language stands in no line');
  perform test.eq((select row(s.target, s.version, s.status, s.fibre, s.function, s.line, s."column", s.source_line, s.variables, s.waits_for)::text
    from rhythm.stacks as s where s.execution_id = f), '(f,1,suspended,1,main,1,8,"return 1","{""n"": 1}","[""x""]")', 'where it stands');
  perform test.eq((select row(x.version, x.source)::text from rhythm.flows as x where x.name = 'f'), '(1,"return 1")', 'its flow');

  v_before := rhythm.now();
  perform rhythm.schedule('s', '* * * * *', 'b', type => 'task');
  perform test.eq((select row(s.last_run_at, s.paused, s.fired, s.next_run_at > v_before)::text from rhythm.schedules as s), '(,f,0,t)', 'a schedule that has not run');
  perform test.pass('61 s');
  v_before := rhythm.now();
  perform rhythm.tick();
  perform test.eq((select row(s.last_run_at = rhythm.now(), s.fired, s.next_run_at > v_before, s.last_execution_id is not null)::text from rhythm.schedules as s) like '(%,1,t,t)',
    true, 'one that has');
  perform rhythm.pause_schedule('s');
  perform test.eq((select row(s.paused, s.next_run_at)::text from rhythm.schedules as s), '(t,)', 'and one that is paused');
  -- The last 8 digits name an execution, in upper case, too; fewer do not, nor does the beginning, which is a time.
  perform test.eq(array(select rhythm.ids_ending(right(f::text, 8))), array[f], 'an id by its end');
  perform test.eq(array(select rhythm.ids_ending(upper(right(f::text, 8)))), array[f], 'in upper case');
  perform test.eq(array(select rhythm.ids_ending(right(f::text, 7))), array[]::uuid[], 'too short');
  perform test.eq(array(select rhythm.ids_ending(left(f::text, 8))), array[]::uuid[], 'its beginning');
end;
$$;
