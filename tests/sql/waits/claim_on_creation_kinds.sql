-- Children that are leased with their creation come back in a parcel a kind; a child workflow as a claim gives it.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  v_ids constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 4) as n);
  v_result jsonb;
begin
  perform test.claim(w);
  v_result := test.exchange(w, jsonb_build_array(jsonb_build_object('kind', 'outcome', 'id', f, 'call', test.call_of(f), 'status', 'suspended', 'snapshot', '{}'::jsonb,
    'effects', jsonb_build_array(
      test.run_task(v_ids[1]), test.run_task(v_ids[2]) || '{"options": {"priority": 5, "metadata": {"a": 1}, "timeout": 7}}',
      test.run_task(v_ids[3]), test.run_task(v_ids[4]) || '{"traceparent": "00-1-2-3"}',
      test.run_task(v_ids[5], 'f') || '{"type": "run_workflow"}'),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', to_jsonb(v_ids))))), '{"lease": 10}');
  perform test.eq(
    array(select (p.value ->> 'ids') || ' ' || (p.value -> 'common')::text from jsonb_array_elements(v_result -> 'parcels') as p where p.value #>> '{common,type}' = 'task' order by p.value #>> '{ids,0}'),
    array[
      jsonb_build_array(v_ids[1], v_ids[3])::text || ' {"type": "task", "queue": "default", "target": "a", "attempt": 1, "max_attempts": 1}',
      jsonb_build_array(v_ids[2])::text || ' {"type": "task", "queue": "default", "target": "a", "attempt": 1, "metadata": {"a": 1}, "timeout_ms": 7000, "max_attempts": 1}',
      jsonb_build_array(v_ids[4])::text || ' {"type": "task", "queue": "default", "target": "a", "attempt": 1, "traceparent": "00-1-2-3", "max_attempts": 1}'], 'each kind once, with all that is said of it');
  perform test.eq((select row(u.id, u.inputs, u.seq, u.parent_id)::text from test.unpack(v_result) as u where u.type = 'workflow'), row(v_ids[5], '{}'::jsonb, 0, f)::text, 'the workflow');
  perform test.eq((select count(*) from rhythm.executions as e where e.worker = w and e.status = 'running'), 5::bigint, 'all are leased');
end;
$$;
