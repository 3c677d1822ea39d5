-- No more of a key begin in any period than its rate; the same configuration again leaves what was counted.
do $$
declare
  w constant uuid := test.worker(array['q']);
begin
  perform set_config('rhythm_clock.at', '2030-01-01T00:00:00Z', true);
  perform rhythm.configure_queue('q', rate => 7, per => '10s', per_key_rate => 2, per_key_per => '10s', fair => 'key');
  perform rhythm.configure_key('q', 'quick', rate => 4, per => '10s');
  perform rhythm.queue('a', queue => 'q', concurrency_key => k.key) from (values ('quick'), ('slow'), ('last')) as k (key), generate_series(1, 6);
  perform test.eq(cardinality(test.claim(w, 6)), 6, 'two of each');
  perform test.eq(cardinality(test.claim(w, 6)), 1, 'the rate of the queue');
  perform rhythm.configure_queue('q', rate => 7, per => '10s', per_key_rate => 2, per_key_per => '10s', fair => 'key');
  perform rhythm.configure_key('q', 'quick', rate => 4, per => '10s');
  perform test.eq(cardinality(test.claim(w, 6)), 0, 'the same again changes nothing');
  perform rhythm.configure_queue('q', rate => 20, per => '10s', per_key_rate => 2, per_key_per => '10s', fair => 'key');
  perform test.eq(cardinality(test.claim(w, 10)), 1, 'another rate does not forget what began');
  perform test.eq(cardinality(test.claim(w, 10)), 0, 'all keys used up theirs');
  perform test.eq((select min(r.at) from rhythm.rates_due(rhythm.now()) as r), '2030-01-01T00:00:10Z', 'somebody looks then');
  perform set_config('rhythm_clock.at', '2030-01-01T00:00:09.9Z', true);
  perform test.eq(cardinality(test.claim(w, 10)), 0, 'not before the period is over');
  perform set_config('rhythm_clock.at', '2030-01-01T00:00:10.2Z', true);
  perform test.eq(cardinality(test.claim(w, 6)), 6, 'two of each, four of one');
end;
$$;
