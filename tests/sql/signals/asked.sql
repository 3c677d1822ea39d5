-- A question is a signal that its workflow answers: once, and the caller reads it, whatever becomes of the workflow.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := test.flow();
  h constant uuid := test.flow();
  s constant uuid := rhythm.uuid7(rhythm.now(), 0);
  t constant uuid := rhythm.uuid7(rhythm.now(), 1);
  u constant uuid := rhythm.uuid7(rhythm.now(), 2);
  v_ask bigint;
  v_other bigint;
  v_plain bigint;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'quote')), 'any', array[s]);
  v_ask := rhythm.ask(f, 'quote', '{"item": "desk"}', idempotency_key => 'k');
  perform test.eq(rhythm.ask(f, 'quote', '{"item": "pen"}', idempotency_key => 'k'), v_ask, 'asked again, it is the same question');
  perform test.eq((select a.status from rhythm.asks as a where a.id = v_ask), 'open', 'nobody has answered');
  perform test.eq((select x.settled from test.claim_rows(w) as x),
    jsonb_build_array(jsonb_build_object('id', s, 'status', 'completed', 'output', '{"item": "desk"}'::jsonb, 'ask', true)), 'the workflow is told that it is a question');
  -- The answer of another workflow is none.
  perform test.suspend(w, g, jsonb_build_array(jsonb_build_object('type', 'answer', 'wait', s, 'value', 'stolen'),
    jsonb_build_object('type', 'await_signal', 'id', u, 'name', 'never')), 'any', array[u]);
  perform test.eq((select a.status from rhythm.asks as a where a.id = v_ask), 'open', 'only the workflow that was asked answers');
  perform test.suspend(w, f, jsonb_build_array(
    jsonb_build_object('type', 'answer', 'wait', s, 'value', 250), jsonb_build_object('type', 'answer', 'wait', s, 'value', 1),
    jsonb_build_object('type', 'answer', 'wait', 'nothing', 'value', 1), jsonb_build_object('type', 'answer', 'wait', u, 'value', 1),
    jsonb_build_object('type', 'await_signal', 'id', t, 'name', 'quote')), 'any', array[t]);
  perform test.eq((select row(a.status, a.answer, a.error, a.answered_at is null)::text from rhythm.asks as a where a.id = v_ask), '(answered,250,,f)', 'the first answer counts');
  v_other := rhythm.ask(f, 'quote');
  v_plain := rhythm.signal(f, 'quote', '"plain"', idempotency_key => 'plain');
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'completed', 'effects', jsonb_build_array(
    jsonb_build_object('type', 'answer', 'wait', s, 'value', 2),
    jsonb_build_object('type', 'answer', 'wait', t, 'error', '{"type": "RangeError", "message": "no"}'::jsonb))));
  perform test.eq((select a.answer from rhythm.asks as a where a.id = v_ask), '250'::jsonb, 'a later answer changes nothing');
  perform test.eq((select row(a.status, a.answer, a.error ->> 'message')::text from rhythm.asks as a where a.id = v_other), '(rejected,,no)', 'rejected with the last step');
  perform test.eq(rhythm.ask(f, 'quote', null, idempotency_key => 'k'), v_ask, 'asked again after the end');
  perform test.raises(format('select rhythm.ask(%L, ''quote'', null, ''new'')', f), 'RH003', 'is completed');
  perform test.raises(format('select rhythm.ask(%L, ''other'', null, ''k'')', f), 'RH003', 'belongs to the question "quote"');
  perform test.raises(format('select rhythm.ask(%L, ''quote'', null, ''plain'')', f), 'RH003', 'belongs to a signal that nobody waits to be answered');
  perform test.raises(format('select rhythm.ask(%L, ''quote'', null, ''k'')', s), 'RH002', 'there is no execution');
  perform test.eq((select count(*) from rhythm.asks), 2::bigint, 'a signal is no question');
end;
$$;
