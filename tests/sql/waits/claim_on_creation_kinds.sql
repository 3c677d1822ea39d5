-- Children that are born leased come back once a kind, of highest priority first; a child workflow as claim() gives it.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  v_ids constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 4) as n);
  v_result jsonb;
begin
  perform test.claim(w);
  v_result := test.settle_many(w, jsonb_build_array(jsonb_build_object('id', f, 'status', 'suspended', 'snapshot', '{}'::jsonb,
    'effects', jsonb_build_array(
      test.run_task(v_ids[1]), test.run_task(v_ids[2]) || '{"options": {"priority": 5, "metadata": {"a": 1}, "timeout": 7}}',
      test.run_task(v_ids[3]), test.run_task(v_ids[4]) || '{"traceparent": "00-1-2-3"}',
      test.run_task(v_ids[5], 'f') || '{"type": "run_workflow"}'),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', to_jsonb(v_ids))))), 10);
  perform test.eq(jsonb_path_query_array(v_result, '$.born[*].ids'),
    jsonb_build_array(jsonb_build_array(v_ids[2]), jsonb_build_array(v_ids[1], v_ids[3]), jsonb_build_array(v_ids[4])), 'each kind once');
  perform test.eq((v_result #> '{born,0}') - '{ids,created_at}'::text[], jsonb_build_object(
    'target', 'a', 'queue', 'default', 'max_attempts', 3, 'timeout_ms', 7000, 'metadata', '{"a": 1}'::jsonb, 'traceparent', null, 'parent_id', f), 'all that is said of it');
  perform test.eq(v_result #>> '{born,2,traceparent}', '00-1-2-3', 'the trace of the child');
  perform test.eq(jsonb_path_query_array(v_result, '$.claimed[*].id'), jsonb_build_array(v_ids[5]), 'the workflow');
  perform test.eq((select count(*) from rhythm.execution as e where e.worker = w and e.stage = 2), 5::bigint, 'all are leased');
end;
$$;
