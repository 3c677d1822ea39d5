-- A workflow sends a signal to another with its own outcome; one to a workflow that is over is dropped.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := test.flow();
  h constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.complete(w, h);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'hello')), 'any', array[s]);
  perform test.settle(w, g, jsonb_build_object('status', 'completed', 'effects', jsonb_build_array(
    jsonb_build_object('type', 'send_signal', 'executionId', f, 'name', 'hello', 'payload', 'there'),
    jsonb_build_object('type', 'send_signal', 'executionId', h, 'name', 'hello', 'payload', 'nobody'),
    jsonb_build_object('type', 'send_signal', 'executionId', 'not an id', 'name', 'hello'))));
  perform test.eq(test.status(g), 'completed', 'the sender ends');
  perform test.eq((select x.settled #>> '{0,output}' from test.claim_rows(w) as x), 'there', 'the payload arrives');
  perform test.eq((select count(*) from rhythm.signal), 1::bigint, 'nothing else is kept');
  perform test.complete(w, f);
end;
$$;
