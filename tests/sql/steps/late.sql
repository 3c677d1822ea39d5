-- A step counts only for the lease under which it ran: one that ends after its run was suspended changes nothing in the next run.
do $$
declare
  w constant uuid := test.worker();
  v_nap constant uuid := rhythm.new_id();
  v_first integer;
  v_second integer;
  f uuid;
  v_late jsonb;
begin
  perform rhythm.register_workflow('code');
  f := rhythm.start('code');
  perform test.claim(w);
  v_first := test.call_of(f);
  v_late := jsonb_build_object('execution_id', f, 'call', v_first, 'name', 'late', 'kind', 'step', 'status', 'completed', 'seq', 1, 'attempts', 1, 'output', 1);
  perform rhythm.save_steps(w, jsonb_build_array(
    jsonb_build_object('execution_id', f, 'call', v_first, 'name', 'nap', 'kind', 'sleep', 'status', 'waiting', 'wait_id', v_nap, 'delay_ms', 1000)));
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb,
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(v_nap)))));
  perform test.pass('2 s');
  perform rhythm.tick();
  perform test.claim(w);
  v_second := test.call_of(f);
  perform test.eq(v_second > v_first, true, 'another lease of the same worker');
  perform test.eq(rhythm.save_steps(w, jsonb_build_array(v_late)), jsonb_build_array(jsonb_build_object('id', f, 'name', 'late')), 'too late, plain');
  perform test.eq(rhythm.save_steps(w, jsonb_build_array(v_late || '{"attempts": 2}')), jsonb_build_array(jsonb_build_object('id', f, 'name', 'late')), 'too late, retried');
  perform test.eq(rhythm.save_steps(w, jsonb_build_array(v_late || jsonb_build_object('call', v_second))), '[]', 'in time');
  perform test.raises(format('select rhythm.save_steps(%L, %L)', w, jsonb_build_array(v_late || '{"call": "x"}')), 'RH001', 'call of a step');
end;
$$;
