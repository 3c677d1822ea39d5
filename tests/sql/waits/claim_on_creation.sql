-- Children that an exchange may lease are leased with their creation; their end hands the parent over in the same call.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  b constant uuid := rhythm.uuid7();
  v_result jsonb;
begin
  perform test.claim(w);
  v_result := test.suspend(w, f, jsonb_build_array(test.run_task(a), test.run_task(b)), 'all', array[a, b], 1);
  perform test.eq(jsonb_path_query_array(v_result, '$.claimed[*].id'), jsonb_build_array(a), 'as many as asked for, the first, and nothing else');
  perform test.eq(v_result #> '{claimed,0,inputs}', 'null', 'its worker knows its inputs');
  perform test.eq(test.call_of(a), (select max(x.call) from rhythm.worker_call as x where x.worker_id = w), 'by this very call');
  perform test.eq(rhythm.get(a) ->> 'worker', w::text, 'it is leased');
  perform test.eq(rhythm.get(a) ->> 'attempt', '1', 'in its first attempt');
  perform test.eq(test.status(b), 'pending', 'the second waits for a claim');
  perform test.claim(w);
  perform test.complete(w, b);
  v_result := test.settle(w, a, '{"status": "completed", "output": 5}', 1);
  perform test.eq(v_result #>> '{claimed,0,id}', f::text, 'the parent comes with the settle of its last child');
  perform test.eq(jsonb_array_length(v_result #> '{claimed,0,settled}'), 2, 'and with what settled');
  perform test.eq(test.status(f), 'running', 'it is leased');
  perform test.complete(w, f);
end;
$$;
