-- A workflow that starts a flow that is not registered fails with the reason, and what else it started in that step never was.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7(rhythm.now(), 0);
  b constant uuid := rhythm.uuid7(rhythm.now(), 1);
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a), jsonb_build_object('type', 'run_workflow', 'id', b, 'target', 'nobody', 'inputs', '{}'::jsonb)), 'all', array[a, b]);
  perform test.eq(rhythm.get(f) -> 'error', '{"type": "SettleError", "message": "There is no flow \"nobody\"", "code": "RH004"}'::jsonb, 'the reason');
  perform test.eq(test.status(f), 'failed', 'not tried again');
  perform test.eq((select count(*) from rhythm.execution), 1::bigint, 'it started nothing');
end;
$$;
