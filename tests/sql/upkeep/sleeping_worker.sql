-- A worker that slept past its lease goes on if nobody missed it; once somebody did, all that it says is refused.
do $$
declare
  w constant uuid := test.worker();
  v uuid;
  a uuid;
  v_call integer;
begin
  a := rhythm.queue('a', retry => '{"max_attempts": 3, "initial": 0.001, "backoff": "fixed", "jitter": 0}');
  perform test.eq(test.claim(w), array[a], 'leased for an hour at a time');
  perform test.pass('2 h');
  perform test.eq(rhythm.beat(w), '{"alive": true, "turn_ms": 1000, "stop": [], "lost": []}'::jsonb, 'the whole machine slept: nobody ticked, nothing was given away');
  perform rhythm.tick();
  perform test.eq(test.status(a), 'running', 'and its lease is good again');

  perform test.silence('61 min');
  perform test.eq(test.status(a), 'pending', 'somebody ticked: at most its lease and one second after its last sign of life');
  v := test.worker();
  perform test.pass('2 s');
  perform rhythm.tick();
  perform test.eq(test.claim(v), array[a], 'another one has it');

  perform test.eq(rhythm.beat(w), '{"alive": false, "turn_ms": 1000, "stop": [], "lost": []}'::jsonb, 'it is told at its next sign of life');
  perform test.raises(format('select test.claim_rows(%L)', w), 'RH008', 'counts as dead');
  perform rhythm.register_worker(w, array['default'], p_lease => '1h');
  for v_call in 1..3 loop
    perform test.eq(test.lost(w, v_call, a), jsonb_build_array(a), 'registered again, it holds nothing');
    perform test.eq(test.settle_many(w, jsonb_build_array(jsonb_build_object('id', a, 'call', v_call, 'status', 'completed', 'output', 'late')))
      -> 'refused' -> 0 ->> 'id', a::text, 'its result is refused, whichever call it names');
  end loop;
  perform test.eq(test.complete(v, a, '"right"') -> 'refused', '[]'::jsonb, 'the one that has it ends it');
  perform test.eq(rhythm.get(a) ->> 'output', 'right', 'with its own result');
  perform test.eq(rhythm.get(a) ->> 'attempt', '2', 'the lost attempt counted');
end;
$$;
