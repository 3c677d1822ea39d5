-- A child that runs again ends twice, and its workflow takes both ends, each in its step.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a, 'a'), test.run_task(b, 'b')), 'all', array[a, b]);
  perform test.claim(w);
  perform test.settle_many(w, jsonb_build_array(
    jsonb_build_object('id', a, 'status', 'failed', 'error', '{"type": "Error", "message": "first"}'::jsonb),
    jsonb_build_object('id', b, 'status', 'completed', 'output', 1)));
  for i in 2..3 loop
    perform test.eq(test.claim(w), array[f], 'it goes on');
    perform test.settle(w, f, jsonb_build_object('status', 'failed', 'moment', rhythm.now(), 'error', '{"type": "Error", "message": "no"}'::jsonb));
    -- With the change, its failed step stays in the journal.
    perform rhythm.edit_state(f, (select s.seq from rhythm.workflow_state as s where s.execution_id = f), '{"at": 2}');
    perform rhythm.retry(f);
    perform test.eq(a = any (test.claim(w)), true, 'its failed child runs again');
    perform test.fail(w, a, format('end %s', i));
  end loop;
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'failed', 'moment', rhythm.now(), 'error', '{"type": "Error", "message": "no"}'::jsonb));
  perform test.eq(
    array(select i.value #>> '{error,message}' from rhythm.replay_steps(f) as s cross join jsonb_array_elements(s.settled) as i (value) where i.value ->> 'id' = a::text order by s.step),
    array['first', 'end 2', 'end 3'], 'each step has the end that it took');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;
