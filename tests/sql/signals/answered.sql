-- A person answers a question in place of its workflow. The first answer counts.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7(rhythm.now(), 0);
  v_ask bigint;
  v_other bigint;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'quote')), 'any', array[s]);
  v_ask := rhythm.ask(f, 'quote');
  v_other := rhythm.ask(f, 'quote');
  perform rhythm.signal(f, 'plain');
  perform test.eq(rhythm.answer_ask(v_ask, '{"price": 40}'), true, 'answered');
  perform test.eq(rhythm.answer_ask(v_ask, '1'), false, 'once');
  perform test.eq((select row(a.status, a.answer, a.error)::text from rhythm.asks as a where a.id = v_ask), '(answered,"{""price"": 40}",)', 'the answer');
  perform test.eq(rhythm.answer_ask(v_other, p_error => 'out of stock'), true, 'rejected');
  perform test.eq((select row(a.status, a.answer, a.error ->> 'message')::text from rhythm.asks as a where a.id = v_other), '(rejected,,"out of stock")', 'why');
  perform test.eq((select array_agg(format('%s %s %s', a.act, a.kind, a.after ->> 'name') order by a.id) from rhythm.audit_entry as a where a.target = f::text),
    array['answer execution quote', 'answer execution quote'], 'audit');

  -- The workflow goes on, and its own answer changes nothing.
  perform test.eq((select x.id from test.claim_rows(w) as x), f, 'it has the question');
  v_other := rhythm.ask(f, 'quote');
  perform test.raises(format('select rhythm.answer_ask(%s, to_jsonb(repeat(''x'', 1100000)))', v_other), 'RH006', 'takes more than');
  perform test.raises(format('select rhythm.answer_ask(%s, p_error => repeat(''x'', 1100000))', v_other), 'RH006', 'takes more than');
  perform test.settle(w, f, jsonb_build_object('status', 'completed', 'effects', jsonb_build_array(jsonb_build_object('type', 'answer', 'wait', s, 'value', 2))));
  perform test.eq((select a.answer from rhythm.asks as a where a.id = v_ask), '{"price": 40}'::jsonb, 'the first answer counts');
  perform test.raises(format('select rhythm.answer_ask(%s)', v_other), 'RH003', 'has ended without an answer');
  perform test.raises(format('select rhythm.answer_ask(%s)', (select g.id from rhythm.signal as g where g.name = 'plain')), 'RH004', 'There is no question');
end;
$$;

select * from rhythm.check();
