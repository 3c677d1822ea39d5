-- A worker that leaves gives back what it holds at once, and no attempt is counted.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', retry => '{"max_attempts": 1}');
begin
  perform test.claim(w);
  perform rhythm.stop_worker(w);
  perform test.eq(test.status(a), 'pending', 'it waits');
  perform test.eq(rhythm.get(a) ->> 'attempt', '0', 'no attempt');
  perform rhythm.stop_worker(w);
  perform test.eq(test.claim(test.worker()), array[a], 'another takes it');
  perform test.raises(format('select test.claim_rows(%L)', w), 'RH008', 'is not registered');
end;
$$;
