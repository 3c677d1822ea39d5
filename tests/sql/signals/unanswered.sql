-- A workflow that ends without an answer leaves its questions unanswered, in words. One that fails and is retried may still answer.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := test.flow();
  s constant uuid := rhythm.uuid7(rhythm.now(), 0);
  v_ask bigint;
  v_late bigint;
  v_cancelled bigint;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'quote')), 'any', array[s]);
  v_ask := rhythm.ask(f, 'quote');
  v_late := rhythm.ask(f, 'quote');
  v_cancelled := rhythm.ask(g, 'quote');
  perform test.claim(w);
  perform test.settle(w, f, '{"status": "failed", "retryable": false, "error": {"type": "Error", "message": "no"}}');
  perform test.eq((select row(a.status, a.taken, a.error ->> 'type', a.error ->> 'message')::text from rhythm.asks as a where a.id = v_ask),
    format('(unanswered,t,UnansweredError,"Workflow ""f"" (%s) has failed and has not answered ""quote""")', f), 'it failed');
  perform rhythm.retry(f);
  perform test.eq((select a.status from rhythm.asks as a where a.id = v_ask), 'open', 'retried, it may answer');
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'completed', 'effects', jsonb_build_array(jsonb_build_object('type', 'answer', 'wait', s, 'value', null))));
  perform test.eq((select row(a.status, a.answer, a.error)::text from rhythm.asks as a where a.id = v_ask), '(answered,null,)', 'null is an answer');
  perform test.eq((select row(a.status, a.taken, a.error ->> 'message')::text from rhythm.asks as a where a.id = v_late),
    format('(unanswered,f,"Workflow ""f"" (%s) is completed and has not answered ""quote""")', f), 'it was never taken');
  perform rhythm.cancel(g, 'enough');
  perform rhythm.chores();
  perform test.settle(w, g, '{"status": "cancelled"}');
  perform test.eq((select a.error ->> 'message' from rhythm.asks as a where a.id = v_cancelled),
    format('Workflow "f" (%s) was cancelled and has not answered "quote"', g), 'it was cancelled');
  perform test.eq(rhythm.delete_execution(f), 1, 'deleted');
  perform test.eq((select count(*) from rhythm.asks as a where a.execution_id = f), 0::bigint, 'with its questions');
end;
$$;
