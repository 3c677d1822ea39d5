-- A frozen copy has the whole history of what was exported, and nothing runs or changes it.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
  t constant uuid := rhythm.uuid7();
  c constant uuid := rhythm.uuid7();
  v_file jsonb;
  v_history text[];
  v_start jsonb;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(
    jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'go'),
    jsonb_build_object('type', 'start_timer', 'id', t, 'at', rhythm.now() + interval '1 hour'),
    jsonb_build_object('type', 'run_task', 'id', c, 'target', 'a', 'inputs', '{}'::jsonb)), 'any', array[s, t, c]);
  perform test.claim(w);
  perform test.fail(w, c, 'broken');
  perform test.claim(w);
  perform test.suspend(w, f, '[]', 'any', array[s]);
  v_history := array(select row(h.step, h.moment, h.took)::text from rhythm.history(f) as h);
  perform test.eq(cardinality(v_history), 2, 'two steps');
  v_start := rhythm.replay_start(f) - 'version';
  v_file := rhythm.export_execution(f);
  perform test.raises(format('select rhythm.import_execution(%L)', v_file), 'RH003', 'there is an execution');
  perform rhythm.cancel(f);
  perform rhythm.delete_execution(f);
  delete from rhythm.flow;
  delete from rhythm.flow_version;
  delete from rhythm.failure_note;

  perform test.eq(rhythm.import_execution(v_file, 'ada'), f, 'the same id');
  perform test.eq(test.status(f), 'frozen', 'its status');
  perform test.eq(rhythm.get(f) ->> 'frozen_status', 'suspended', 'and what it was');
  perform test.eq(array(select row(h.step, h.moment, h.took)::text from rhythm.history(f) as h), v_history, 'the same history');
  perform test.eq(rhythm.replay_start(f) - 'version', v_start, 'what it is rebuilt from');
  perform test.eq(test.reasons(f), '{frozen}'::text[], 'explain() says it');
  perform test.eq((rhythm.explain(f) #>> '{0,because,0,reason}'), 'signal', 'and what it waited for');
  perform test.eq((select count(*) from rhythm.flow), 0::bigint, 'no version becomes current');

  perform test.raises(format('select rhythm.signal(%L, %L)', f, 'go'), 'RH003', 'frozen copy');
  perform test.raises(format('select rhythm.cancel(%L)', f), 'RH003', 'frozen copy');
  perform test.raises(format('select rhythm.cancel_many(array[%L]::uuid[])', f), 'RH003', 'frozen copy');
  perform test.raises(format('select rhythm.retry(%L)', c), 'RH003', 'frozen copy');
  perform test.raises(format('select rhythm.tag(%L, %L)', f, '{"a": 1}'), 'RH003', 'frozen copy');
  perform test.raises(format('select rhythm.pause_execution(%L)', f), 'RH003', 'frozen copy');
  perform test.raises(format('select rhythm.resume_execution(%L)', f), 'RH003', 'frozen copy');
  perform test.raises(format('select rhythm.edit_state(%L, 2, %L)', f, '{}'), 'RH003', 'frozen copy');
  perform test.raises(format('select rhythm.rewind_state(%L, 2, %L, %L, %L)', f, '{}', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[s])), '{}'), 'RH003', 'frozen copy');
  perform test.raises(format('select rhythm.queue(%L, parent => %L)', 'a', f), 'RH003', 'frozen copy');
  perform test.raises(format('select rhythm.export_execution(%L)', f), 'RH003', 'frozen copy');
  perform test.eq(test.work(rhythm.operate('repair', '{"target": "f"}', '{"set": {"a": 1}}')), 'completed: 2 looked, 0 done, 0 unchanged, 1 refused', 'repair');
  perform test.eq(test.work(rhythm.operate('retry', '{"created_before": "2100-01-01T00:00:00Z"}')), 'completed: 2 looked, 0 done, 0 unchanged, 2 refused', 'retry in bulk');
  perform test.eq(test.work(rhythm.operate('cancel', '{"created_before": "2100-01-01T00:00:00Z"}')), 'completed: 2 looked, 0 done, 2 unchanged, 0 refused', 'cancel in bulk');

  -- Its timer is due, and nothing happens.
  perform test.pass('2 hours');
  perform rhythm.tick();
  perform test.eq(test.claim(test.worker()), '{}'::uuid[], 'nothing to claim');
  perform test.eq(test.status(f), 'frozen', 'nothing runs it');
  perform test.eq((select count(*) from rhythm.failure), 0::bigint, 'its failure is not counted');
  perform test.eq(rhythm.purge('3 hours'), 0, 'the retention counts from the import');
  perform test.pass('2 hours');
  perform test.eq(rhythm.purge('3 hours') + rhythm.purge('3 hours'), 2, 'then it goes');
  perform test.eq((select count(*) from rhythm.frozen), 0::bigint, 'with its note');
end;
$$;

do $$
declare
  f constant uuid := rhythm.queue('a');
  v_file constant jsonb := rhythm.export_execution(f);
begin
  perform rhythm.cancel(f);
  perform rhythm.delete_execution(f);
  perform test.raises('select rhythm.import_execution(null)', 'RH001', 'not an exported execution');
  perform test.raises(format('select rhythm.import_execution(%L)', v_file || '{"version": 2}'), 'RH001', 'the file has version 2');
  perform test.raises(format('select rhythm.import_execution(%L)', v_file - 'executions'), 'RH001', 'damaged');
  perform test.raises(format('select rhythm.import_execution(%L)', jsonb_set(v_file, '{executions,0,status}', '"odd"')), 'RH001', 'damaged');
  perform test.raises(format('select rhythm.import_execution(%L)', jsonb_set(v_file, '{executions,0,attempt}', '"x"')), 'RH001', 'damaged');
  perform test.raises(format('select rhythm.import_execution(%L)', jsonb_set(v_file, '{executions,0,logs}', '{}')), 'RH001', 'damaged');
  perform test.eq((select count(*) from rhythm.execution), 0::bigint, 'nothing is stored');
end;
$$;
