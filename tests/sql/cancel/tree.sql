-- Cancelling a workflow cancels what it started, and what that started.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  child constant uuid := rhythm.uuid7(rhythm.now(), 0);
  grandchild constant uuid := rhythm.uuid7();
  other constant uuid := rhythm.uuid7(rhythm.now() + interval '1 ms', 0);
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'run_workflow', 'id', child, 'target', 'f', 'inputs', '{}'::jsonb),
    test.run_task(other)), 'all', array[child, other]);
  perform test.claim(w, 1);
  perform test.suspend(w, child, jsonb_build_array(test.run_task(grandchild)), 'any', array[grandchild]);
  perform test.eq(rhythm.cancel(f, 'enough'), true, 'cancelled');
  perform test.eq(test.status(f), 'cancelled', 'the workflow');
  perform test.eq(test.status(child), 'cancelled', 'its child');
  perform test.eq(test.status(other), 'cancelled', 'the other child');
  perform test.eq(test.status(grandchild), 'cancelled', 'and its child''s child');
  perform test.eq(rhythm.get(grandchild) ->> 'cancel_reason', 'enough', 'with the reason');
  perform test.eq(test.claim(w), '{}'::uuid[], 'nothing goes on');
end;
$$;
