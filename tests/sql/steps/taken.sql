-- A workflow in TypeScript that waits for several things takes one and waits for the rest: nothing is wrong with what it took
do $$
declare
  w constant uuid := test.worker();
  v_child constant uuid := rhythm.new_id();
  v_nap constant uuid := rhythm.new_id();
  v_longer constant uuid := rhythm.new_id();
  f uuid;
begin
  perform rhythm.register_workflow('code');
  f := rhythm.start('code');
  perform test.eq(test.claim(w), array[f], 'claimed');
  perform rhythm.save_steps(w, jsonb_build_array(
    jsonb_build_object('execution_id', f, 'name', 'child', 'kind', 'task', 'status', 'waiting', 'wait_id', v_child, 'child', '{"type": "task", "target": "a"}'::jsonb),
    jsonb_build_object('execution_id', f, 'name', 'nap', 'kind', 'sleep', 'status', 'waiting', 'wait_id', v_nap, 'delay_ms', 1000)));
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb,
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(v_child, v_nap)))));
  perform test.pass('2 s');
  perform rhythm.tick();
  perform test.claim(w, 10);
  perform test.eq(test.status(f), 'running', 'the nap is over');
  perform rhythm.save_steps(w, jsonb_build_array(
    jsonb_build_object('execution_id', f, 'name', 'nap', 'kind', 'sleep', 'status', 'completed', 'seq', 1, 'is_undefined', true),
    jsonb_build_object('execution_id', f, 'name', 'longer', 'kind', 'sleep', 'status', 'waiting', 'wait_id', v_longer, 'delay_ms', 1000)));
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb,
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(v_child, v_longer)))));
  perform test.eq(array(select c.violation from rhythm.check() as c), '{}'::text[], 'all is well');
  -- What a step waits for still has to be told.
  update rhythm.timer as t set fired = true where t.id = v_longer;
  perform test.eq(array(select c.violation from rhythm.check() as c where c.violation like 'timer %'), array[format('timer %s fired and it was not told', v_longer)], 'found');
  update rhythm.timer as t set fired = false where t.id = v_longer;
end;
$$;
