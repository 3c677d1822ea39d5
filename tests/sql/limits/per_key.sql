-- With a limit per key, each key has its own room, and what has no key has no limit.
do $$
declare
  w constant uuid := test.worker(array['q']);
  v constant uuid := test.worker(array['q']);
  v_a uuid[];
begin
  perform rhythm.configure_queue('q', per_key_concurrency => 2);
  perform rhythm.queue('a', queue => 'q', priority => 1, concurrency_key => 'busy') from generate_series(1, 5);
  perform rhythm.queue('a', queue => 'q', priority => 1, concurrency_key => 'calm');
  perform rhythm.queue('a', queue => 'q') from generate_series(1, 4);
  v_a := test.claim(w, 3);
  perform test.eq((select count(*) from rhythm.execution as e where e.id = any (v_a) and e.concurrency_key = 'busy'), 2::bigint, 'two of the busy key');
  perform test.eq((select count(*) from rhythm.execution as e where e.id = any (v_a) and e.concurrency_key = 'calm'), 1::bigint, 'the calm one is not behind them');
  perform test.eq(cardinality(test.claim(v, 10)), 4, 'then what has no key');
  perform test.complete(w, v_a[1]);
  perform test.eq(cardinality(test.claim(v, 10)), 1, 'one more of the busy key');
end;
$$;
