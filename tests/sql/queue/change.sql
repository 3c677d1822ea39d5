-- change(): another queue, priority or time for what has not begun, alone or in a batch with others.
do $$
declare
  w constant uuid := test.worker();
  o constant uuid := test.worker(array['other']);
  ids uuid[];
  f uuid;
begin
  select array_agg(c order by c) into ids from rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 5))) as c;
  perform rhythm.change(ids[3], '{"priority": 5}');
  perform rhythm.change(ids[4], '{"queue": "other"}');
  perform rhythm.change(ids[5], '{"delay": "10s"}');
  perform test.eq(test.claim(w), array[ids[3], ids[1], ids[2]], 'the highest priority first, without those that left');
  perform test.eq(test.claim(o), array[ids[4]], 'in its new queue');
  perform test.raises(format('select rhythm.change(%L, %L)', ids[1], '{"priority": 1}'), 'RH003', 'it is running, and has begun');
  perform test.pass('11 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[ids[5]], 'when its time has come');
  perform test.fail(w, ids[5]);
  perform test.raises(format('select rhythm.change(%L, %L)', ids[5], '{"priority": 1}'), 'RH003', 'it is failed, and has begun');

  -- A delayed one begins at once. A workflow keeps its timeout, which counts from the new moment. What is paused stays paused.
  perform rhythm.register_flow('f', 'return 1', '{}');
  f := rhythm.start('f', delay => '1h', timeout => '1m', expires => '1m');
  perform rhythm.change(f, '{"delay": 0}');
  perform test.eq((select t.fires_at - rhythm.now() <= interval '1 m' from rhythm.timer as t where t.execution_id = f), true, 'its timeout counts from now');
  perform rhythm.pause_execution(f);
  perform rhythm.change(f, '{"queue": "other"}');
  perform test.eq(test.claim(o), '{}'::uuid[], 'it is paused');
  perform rhythm.resume_execution(f);
  perform test.eq(test.claim(o), array[f], 'and begins in its new queue');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
end;
$$;

-- In a queue with limits it takes part from then on. Many at once: an operation.
do $$
declare
  w constant uuid := test.worker(array['q']);
  ids uuid[];
  op uuid;
begin
  perform rhythm.configure_queue('q', concurrency => 2);
  select array_agg(c order by c) into ids from rhythm.create_many((select jsonb_agg('{"type": "task", "target": "many"}'::jsonb) from generate_series(1, 5))) as c;
  op := rhythm.operate('change', '{"target": "many", "status": "pending"}', '{"queue": "q", "priority": 2}');
  perform test.eq(test.work(op) like 'completed: % looked, 5 done, 0 unchanged, 0 refused', true, 'all of them');
  perform test.eq(cardinality(test.claim(w)), 2, 'two at once');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
  op := rhythm.operate('change', '{"target": "many"}', '{"priority": 9}');
  perform test.eq(test.work(op) like 'completed: % looked, 3 done, 0 unchanged, 2 refused', true, 'what has begun is refused');
  perform test.raises($q$ select rhythm.operate('change', '{"target": "many"}', '{}') $q$, 'RH001', 'A change must name something');
end;
$$;
