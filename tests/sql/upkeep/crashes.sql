-- A workflow that takes its workers down with it is given up after max_crashes.
do $$
declare
  f constant uuid := test.flow();
begin
  perform rhythm.configure('max_crashes', '3');
  for i in 1..3 loop
    perform test.eq(test.status(f), 'pending', format('before crash %s', i));
    perform test.eq(test.claim(test.worker()), array[f], 'it runs');
    perform test.pass('61 min');
    perform rhythm.tick();
  end loop;
  perform test.eq(test.status(f), 'failed', 'it is given up');
  perform test.eq(rhythm.get(f) #>> '{error,type}', 'WorkerLostError', 'with the reason');
end;
$$;
