-- A child that cannot be created fails the workflow with the reason, and nothing of the outcome stays.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a),
    jsonb_build_object('type', 'run_workflow', 'id', b, 'target', 'nowhere', 'inputs', '{}'::jsonb)), 'all', array[a, b]);
  perform test.eq(test.status(f), 'failed', 'it fails');
  perform test.eq(rhythm.get(f) #>> '{error,code}', 'RH004', 'with the code');
  perform test.eq(rhythm.get(f) #>> '{error,message}', 'There is no flow "nowhere"', 'and the sentence');
  perform test.eq(rhythm.get(a), null::jsonb, 'the other child was not created');
end;
$$;
