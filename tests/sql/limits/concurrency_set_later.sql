-- A limit set while work runs counts what runs already.
do $$
declare
  w constant uuid := test.worker(array['q']);
begin
  perform rhythm.queue('a', queue => 'q') from generate_series(1, 6);
  perform test.eq(cardinality(test.claim(w, 3)), 3, 'before');
  perform rhythm.configure_queue('q', concurrency => 4);
  perform test.eq(cardinality(test.claim(w, 10)), 1, 'room for one');
end;
$$;
