-- A workflow in TypeScript that was cancelled is forked at the step that says so, which history() lists. The fork has what was
-- there before, and is not cancelled.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  v_fork jsonb;
  v_id uuid;
begin
  perform rhythm.register_workflow('code');
  f := rhythm.start('code');
  perform rhythm.claim_execution(w, f, 1);
  perform rhythm.save_steps(w, jsonb_build_array(jsonb_build_object('execution_id', f, 'name', 'one', 'kind', 'step', 'status', 'completed', 'seq', 1, 'output', 7)));
  perform rhythm.cancel(f, 'enough');
  perform rhythm.save_steps(w, jsonb_build_array(jsonb_build_object('execution_id', f, 'name', '#cancelled', 'kind', 'signal', 'status', 'completed', 'seq', 2, 'output', 'enough')));
  v_fork := rhythm.fork_steps(f, 2, p_dry_run => true);
  perform test.eq(v_fork, '{"id": null, "starts": []}'::jsonb, 'nothing is to be done again');
  v_id := (rhythm.fork_steps(f, 2) ->> 'id')::uuid;
  perform test.eq(array(select s.name from rhythm.step as s where s.execution_id = v_id), array['one'], 'what it had done');
  perform test.eq((select b.step from rhythm.base as b where b.execution_id = v_id), 1, 'up to there');
  perform test.eq(test.status(v_id), 'pending', 'and it goes on');
  perform test.raises(format('select rhythm.fork_steps(%L, 3)', f), 'RH001', 'has no step 3');
end;
$$;
