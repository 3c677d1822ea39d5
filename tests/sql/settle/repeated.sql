-- A settle that is repeated because its answer was lost changes nothing, though it leased the workflow anew to the same
-- worker; and the worker hears, with a sign of life, what it does not hold.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
  v_outcome jsonb;
  v_call integer;
begin
  perform test.claim(w);
  perform rhythm.signal(f, 's', '1');
  v_outcome := jsonb_build_array(jsonb_build_object('id', f, 'seq', 0, 'status', 'suspended', 'snapshot', '{}'::jsonb,
    'effects', jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', array[s]))));
  v_call := test.call_of(f);
  v_outcome := jsonb_build_array(v_outcome -> 0 || jsonb_build_object('call', v_call));
  perform test.eq(test.settle_many(w, v_outcome, 10) -> 'claimed' -> 0 ->> 'seq', '1', 'the signal is there: leased anew at once');
  perform test.eq(test.call_of(f) > v_call, true, 'by this call');
  perform test.eq(test.settle_many(w, v_outcome, 10) -> 'refused' -> 0 ->> 'reason', 'its lease is lost', 'again');
  perform test.eq(test.lost(w, v_call, f), jsonb_build_array(f), 'the first lease is gone');
  perform test.eq(test.lost(w, test.call_of(f), f), '[]', 'what it holds');
  -- The lease is named by its call: the number of steps is not needed to tell them apart.
  perform test.eq(test.settle_many(w, jsonb_build_array((v_outcome -> 0) - 'seq'), 10) -> 'refused' -> 0 ->> 'reason', 'its lease is lost', 'and again');
  perform test.eq(test.settle_many(w, jsonb_build_array(v_outcome -> 0 || jsonb_build_object('call', test.call_of(f))), 10) -> 'refused' -> 0 ->> 'reason', 'its lease is lost', 'of an older step');
  perform test.settle(w, f, '{"seq": 1, "status": "completed", "output": 2}');
  perform test.eq(rhythm.get(f) -> 'output', '2'::jsonb, 'it went on from the first settle');
  perform test.eq((select count(*) from rhythm.batch), 0::bigint, 'nothing is left');
end;
$$;
