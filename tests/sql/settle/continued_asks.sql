-- A workflow that starts over leaves nobody without an answer: what it answers with the same step arrives, what it does not answer is rejected.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7(rhythm.now(), 0);
  t constant uuid := rhythm.uuid7(rhythm.now(), 1);
  v_first bigint;
  v_second bigint;
  v_third bigint;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'quote'), jsonb_build_object('type', 'await_signal', 'id', t, 'name', 'quote')), 'all', array[s, t]);
  v_first := rhythm.ask(f, 'quote', '1');
  v_second := rhythm.ask(f, 'quote', '2');
  v_third := rhythm.ask(f, 'quote', '3');
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'continued', 'effects', jsonb_build_array(jsonb_build_object('type', 'answer', 'wait', s, 'value', 250))), 5);
  perform test.eq((select row(a.status, a.answer)::text from rhythm.asks as a where a.id = v_first), '(answered,250)', 'answered with the step with which it started over');
  perform test.eq((select a.status || ': ' || (a.error ->> 'message') from rhythm.asks as a where a.id = v_second),
    format('rejected: Workflow "f" (%s) has started over and has not answered "quote"', f), 'taken and not answered');
  perform test.eq((select a.status from rhythm.asks as a where a.id = v_third), 'open', 'what it did not take waits for the next round');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');

  -- A thousand stay, whatever the number of rounds.
  update rhythm.signal as g set taken_by = s where g.id = v_third;
  insert into rhythm.signal (execution_id, name, payload, sent_at, asked, taken_by, answer, answered_at)
  select f, 'quote', '0', rhythm.now(), true, s, '{"value": 0}', rhythm.now() from generate_series(1, 1500);
  perform test.settle(w, f, '{"status": "continued"}', 5);
  perform test.eq((select count(*) from rhythm.signal as g where g.execution_id = f), 1000::bigint, 'the newest');
end;
$$;
