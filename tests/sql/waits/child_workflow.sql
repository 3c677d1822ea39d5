-- A workflow waits for another workflow as for a task.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  child constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'run_workflow', 'id', child, 'target', 'f', 'inputs', '{}'::jsonb)), 'any', array[child]);
  perform test.eq(test.claim(w), array[child], 'the child is a workflow');
  perform test.eq(rhythm.get(child) ->> 'parent_id', f::text, 'of this parent');
  perform test.complete(w, child, '7');
  perform test.eq((select x.settled #>> '{0,output}' from test.claim_rows(w) as x), '7', 'its output');
  perform test.complete(w, f);
end;
$$;
