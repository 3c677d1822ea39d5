-- No more begin in any period than the rate, also when a deployment configures the queue again with the same values.
do $$
declare
  w constant uuid := test.worker(array['q']);
  v constant uuid := test.worker(array['q']);
begin
  perform rhythm.configure_queue('q', rate => 4, per => '10s');
  perform rhythm.queue('a', queue => 'q') from generate_series(1, 20);
  perform set_config('rhythm_clock.at', '2030-01-01T00:00:00Z', true);
  perform test.eq(cardinality(test.claim(w, 3)), 3, 'three');
  perform set_config('rhythm_clock.at', '2030-01-01T00:00:06Z', true);
  perform test.eq(cardinality(test.claim(v, 10)), 1, 'the fourth, to another worker');
  perform test.eq(cardinality(test.claim(w, 10)), 0, 'no more');
  perform rhythm.configure_queue('q', rate => 4, per => '10s');
  perform test.eq(cardinality(test.claim(w, 10)), 0, 'nor after it is configured again');
  perform set_config('rhythm_clock.at', '2030-01-01T00:00:09.9Z', true);
  perform test.eq(cardinality(test.claim(w, 10)), 0, 'not before the period is over');
  perform set_config('rhythm_clock.at', '2030-01-01T00:00:10.2Z', true);
  perform test.eq(cardinality(test.claim(w, 10)), 3, 'then as many as are a period old');
  perform set_config('rhythm_clock.at', '2030-01-01T00:00:16.2Z', true);
  perform test.eq(cardinality(test.claim(w, 10)), 1, 'and so on');
end;
$$;
