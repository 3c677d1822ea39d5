-- A clock of the server that goes back by an hour holds up a queue with a rate for a period at most, and so with a rate of keys.
do $$
declare
  w constant uuid := test.worker(array['q', 'k']);
begin
  perform rhythm.configure_queue('q', rate => 4, per => '10s');
  perform rhythm.configure_queue('k', per_key_rate => 2, per_key_per => '10s');
  perform rhythm.queue('a', queue => 'q') from generate_series(1, 20);
  perform rhythm.queue('a', queue => 'k', concurrency_key => 'x') from generate_series(1, 20);
  perform set_config('rhythm_clock.at', '2030-01-01T12:00:00Z', true);
  perform test.eq(cardinality(test.claim(w, 20)), 6, 'four, and two of the key');
  perform set_config('rhythm_clock.at', '2030-01-01T11:00:01Z', true);
  perform test.eq(cardinality(test.claim(w, 20)) <= 6, true, 'at most once more');
  perform set_config('rhythm_clock.at', '2030-01-01T11:00:11.3Z', true);
  perform test.eq(cardinality(test.claim(w, 20)) >= 6, true, 'a period later it goes on');
  perform set_config('rhythm_clock.at', '2030-01-01T11:00:12Z', true);
  perform test.eq(cardinality(test.claim(w, 20)), 0, 'with its rate');
end;
$$;
