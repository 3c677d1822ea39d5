-- What a workflow in TypeScript starts to clean up runs. What it started before it knew that it is cancelled does not.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  v_ids constant uuid[] := array[rhythm.new_id(), rhythm.new_id(), rhythm.new_id()];
  v_child jsonb;
begin
  perform rhythm.register_workflow('code');
  f := rhythm.start('code');
  perform rhythm.claim_execution(w, f, 1);
  v_child := jsonb_build_object('execution_id', f, 'kind', 'task', 'status', 'waiting');
  perform rhythm.cancel(f, 'enough');
  perform rhythm.save_steps(w, jsonb_build_array(v_child || jsonb_build_object('name', 'pay', 'wait_id', v_ids[1], 'child', '{"type": "task", "target": "pay"}'::jsonb)));
  perform test.eq(test.status(v_ids[1]), 'cancelled', 'it does not know yet');
  perform rhythm.save_steps(w, jsonb_build_array(jsonb_build_object('execution_id', f, 'name', '#cancelled', 'kind', 'signal', 'status', 'completed', 'seq', 1, 'output', 'enough')));
  perform rhythm.save_steps(w, jsonb_build_array(
    v_child || jsonb_build_object('name', 'undo', 'wait_id', v_ids[2], 'child', '{"type": "task", "target": "undo"}'::jsonb),
    v_child || jsonb_build_object('name', 'keyed', 'wait_id', v_ids[3], 'child', '{"type": "task", "target": "undo", "idempotency_key": "k"}'::jsonb)));
  perform test.eq(array[test.status(v_ids[2]), test.status(v_ids[3])], array['pending', 'pending'], 'it cleans up');
  perform test.eq(rhythm.cancel(f), false, 'it was cancelled before');
  perform test.eq(test.status(v_ids[2]), 'pending', 'and cleans up all the same');
end;
$$;
