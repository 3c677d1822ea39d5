-- No more of a queue run at once than its concurrency, over all workers; what ends makes room.
do $$
declare
  w constant uuid := test.worker(array['q']);
  v constant uuid := test.worker(array['q']);
  v_first uuid[];
begin
  perform rhythm.configure_queue('q', concurrency => 3);
  perform rhythm.queue('a', queue => 'q') from generate_series(1, 10);
  v_first := test.claim(w, 2);
  perform test.eq(cardinality(v_first), 2, 'two here');
  perform test.eq(cardinality(test.claim(v, 10)), 1, 'one there');
  perform test.eq(cardinality(test.claim(w, 10)), 0, 'then none');
  perform test.complete(w, v_first[1]);
  perform test.fail(w, v_first[2]);
  perform test.eq(cardinality(test.claim(v, 10)), 2, 'completed or failed makes room');
  perform rhythm.configure_queue('q');
  perform test.eq((select count(*) from rhythm.queue as q where q.limited), 0::bigint, 'it has no limits');
  perform test.eq(cardinality(test.claim(w, 10)), 5, 'and no limit');
end;
$$;
