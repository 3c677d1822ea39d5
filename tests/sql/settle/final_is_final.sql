-- What is over never changes, and a late answer to an earlier attempt changes nothing.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', retry => '{"max_attempts": 2, "initial": 0}');
  v_call integer;
begin
  perform test.claim(w);
  v_call := test.call_of(a);
  perform test.fail(w, a);
  perform test.pass('1 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[a], 'the second attempt');
  perform test.eq(test.settle_many(w, jsonb_build_array(jsonb_build_object('id', a, 'call', v_call, 'status', 'completed', 'output', 1))) -> 'refused' -> 0 ->> 'reason',
    'its lease is lost', 'the first attempt answers late');
  perform test.complete(w, a, '2');
  perform test.eq(jsonb_array_length(test.complete(w, a, '3') -> 'refused'), 1, 'again');
  perform test.eq(rhythm.cancel(a), false, 'cancelled too late');
  perform test.eq(rhythm.get(a) -> 'output', '2'::jsonb, 'the output stays');
end;
$$;
