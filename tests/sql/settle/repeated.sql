-- A settle that is repeated because its answer was lost changes nothing, though it leased the workflow anew to the same
-- worker; and the worker can ask what it holds.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
  v_outcome jsonb;
begin
  perform test.claim(w);
  perform rhythm.signal(f, 's', '1');
  v_outcome := jsonb_build_array(jsonb_build_object('id', f, 'seq', 0, 'status', 'suspended', 'snapshot', '{}'::jsonb,
    'effects', jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[s]))));
  perform test.eq(test.settle_many(w, v_outcome, 10) -> 'claimed' -> 0 ->> 'seq', '1', 'the signal is there: leased anew at once');
  perform test.eq(test.settle_many(w, v_outcome, 10) -> 'refused' -> 0 ->> 'reason', 'it is running', 'again');
  perform test.eq(rhythm.held(w), jsonb_build_array(jsonb_build_object('id', f, 'seq', 1)), 'what it holds');
  perform test.settle(w, f, '{"seq": 1, "status": "completed", "output": 2}');
  perform test.eq(rhythm.get(f) -> 'output', '2'::jsonb, 'it went on from the first settle');
  perform test.eq(rhythm.held(w), '[]', 'nothing is left');
end;
$$;
