-- An attempt that runs past its timeout is ended and tried again; the last one fails.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', timeout => '10s', retry => '{"max_attempts": 2, "initial": 1, "jitter": 0}');
begin
  for i in 1..2 loop
    perform test.eq(test.claim(w), array[a], format('attempt %s', i));
    perform test.pass('9 s');
    perform rhythm.tick();
    perform test.eq(test.status(a), 'running', 'it has its time');
    for j in 1..3 loop
      perform test.pass('2 s');
      perform rhythm.tick();
    end loop;
    perform test.eq(rhythm.get(a) #>> '{error,type}', 'TimeoutError', 'it took too long');
  end loop;
  perform test.eq(test.status(a), 'failed', 'no attempts left');
  perform test.eq(rhythm.get(a) #>> '{error,message}', 'Attempt 2 took longer than 10000 ms', 'and says so');
  perform test.eq(jsonb_array_length(test.complete(w, a) -> 'refused'), 1, 'its worker comes too late');
end;
$$;
