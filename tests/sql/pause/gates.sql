-- A gate stops what goes on from a line, and what starts before a task, until it is let on, edited, or the gate goes.
do $$
declare
  w constant uuid := test.worker();
  c_source constant text := E'const a = 1\n\nawait Promise.all([…])\nreturn await Signal.next("go")';
  f uuid;
  f2 uuid;
  f3 uuid;
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
  s uuid;
  c uuid;
  v_line integer;
  v_task integer;
  v_snapshot jsonb;
begin
  perform rhythm.register_flow('g', c_source, jsonb_build_object('source', c_source, 'functions', jsonb_build_array(jsonb_build_object('positions', '[0, 0, 3, 13, 6, 33]'::jsonb))));
  perform test.raises('select rhythm.set_gate(''g'', 5)', 'RH001', 'has fewer lines');
  perform test.raises('select rhythm.set_gate(''g'')', 'RH001', 'give one of');
  perform test.raises('select rhythm.set_gate(''h'', 1)', 'RH004', 'no flow');
  perform test.raises('select rhythm.set_gate(''g'', 1, p_condition => ''{"status": "failed"}'')', 'RH001', 'There is no');
  f := rhythm.start('g', metadata => '{"vip": true}');
  f2 := rhythm.start('g');
  perform test.claim(w);
  -- The body awaits Promise.all([a, b]): 0 the activation, 3 and 4 the operations, 5 the combinator.
  v_snapshot := jsonb_build_object('h', jsonb_build_array('[15, 1, 2, 3, 6]'::jsonb, '[3, 0]'::jsonb, '[14, 0, [], 0]'::jsonb,
    jsonb_build_array(14, 0, '[]'::jsonb, 0, a, '[5, 5, 0]'::jsonb), jsonb_build_array(14, 0, '[]'::jsonb, 0, jsonb_build_array(b, 'x'), '[5, 5, 1]'::jsonb),
    '[16, 0, 6, [], 2]'::jsonb, '[14, 0, [], 0, null, [0, 0]]'::jsonb));
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'moment', rhythm.now(), 'snapshot', v_snapshot, 'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', array[a, b])),
    'keep', array[a, b], 'effects', jsonb_build_array(jsonb_build_object('type', 'run_task', 'id', a, 'target', 'a', 'inputs', '{}'::jsonb), jsonb_build_object('type', 'run_task', 'id', b, 'target', 'b', 'inputs', '{}'::jsonb))));
  perform test.eq(rhythm.lines_of(f), '{3}'::integer[], 'where it stands');
  perform test.eq(rhythm.fitting('{"target": "g", "line": 3}', array[f, f2]), array[f], 'found by its line');
  -- Set without a worker, while it waits there already.
  v_line := rhythm.set_gate('g', 3, p_condition => '{"metadata": {"vip": true}}', p_note => 'look', p_by => 'ada');
  perform test.claim(w);
  perform test.complete(w, a, '1');
  perform test.eq(test.status(f), 'suspended', 'it still waits for the other');
  perform test.complete(w, b, '2');
  perform test.eq(test.status(f), 'pending', 'both have ended');
  perform test.eq(test.claim(w), '{}'::uuid[], 'and it stands at the gate');
  perform test.eq(test.sentences(f), array[format('It stands at gate %s, in line 3, which ada set at <time>: look', v_line)], 'explain() says it');
  perform test.eq((select row(g.executions, g.source_line)::text from rhythm.gates as g), '(1,"await Promise.all([…])")', 'the view shows it');
  perform rhythm.tick();
  perform test.eq(test.claim(w), '{}'::uuid[], 'time does not let it on');

  perform test.eq(rhythm.pause_execution(f), true, 'it can be paused, too');
  perform test.eq(rhythm.remove_gate(v_line), true, 'the gate goes');
  perform test.eq(test.claim(w), '{}'::uuid[], 'paused is paused');
  perform test.eq(rhythm.resume_execution(f), true, 'resume');
  perform test.eq(test.claim(w), array[f], 'then it goes on');
  perform test.eq(rhythm.remove_gate(v_line), false, 'the gate is gone');

  -- Before a task: the workflow waits, the task does not begin. A batch of several is split.
  v_task := rhythm.set_gate('g', p_before => 'c');
  c := rhythm.uuid7();
  s := rhythm.uuid7();
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'moment', rhythm.now(), 'snapshot', v_snapshot, 'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[c])),
    'keep', array[c, s], 'effects', jsonb_build_array(jsonb_build_object('type', 'run_task', 'id', c, 'target', 'c', 'inputs', '{}'::jsonb), jsonb_build_object('type', 'run_task', 'id', s, 'target', 'd', 'inputs', '{}'::jsonb))), 10);
  perform test.eq(test.claim(w), array[s], 'the other task begins');
  perform test.eq((rhythm.explain(f) #>> '{0,because,0,reason}'), 'gate', 'the workflow waits for a task at a gate');
  perform test.eq(rhythm.resume_execution(c), true, 'let on');
  perform test.eq(rhythm.resume_execution(c), false, 'once');
  perform test.eq(test.claim(w), array[c], 'it begins');
  perform test.eq(rhythm.remove_gate(v_task), true, 'gone');

  -- Edited: it goes on. Cancelled: it ends.
  v_line := rhythm.set_gate('g', 3);
  f3 := rhythm.start('g');
  perform test.claim(w);
  for f in select unnest(array[f2, f3]) loop
    s := rhythm.uuid7();
    perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'moment', rhythm.now(), 'snapshot', jsonb_build_object('h', jsonb_build_array('[15, 1, 2, 4, 3]'::jsonb, '[3, 0]'::jsonb, '[14, 0, [], 0]'::jsonb,
      jsonb_build_array(14, 0, '[]'::jsonb, 0, s, '[0, 0]'::jsonb))), 'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[s])),
      'keep', array[s], 'effects', jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'go'))));
    perform rhythm.signal(f, 'go');
  end loop;
  perform test.eq(test.claim(w), '{}'::uuid[], 'both stand there');
  perform test.eq((select g.executions from rhythm.gates as g), 2::bigint, 'and are counted');
  perform test.eq(test.work(rhythm.operate('retry', '{"paused": true}')), 'completed: 7 looked, 0 done, 0 unchanged, 2 refused', 'they count as paused');
  perform rhythm.edit_state(f2, 1, '{}');
  perform test.eq(test.claim(w), array[f2], 'the one that was edited goes on');
  perform rhythm.cancel(f3);
  perform test.eq(test.status(f3), 'cancelled', 'the other one is cancelled there');
end;
$$;
