-- Resuming a queue keeps its limits.
do $$
declare
  w constant uuid := test.worker(array['q']);
begin
  perform rhythm.configure_queue('q', concurrency => 1);
  perform rhythm.pause_queue('q');
  perform rhythm.queue('a', queue => 'q') from generate_series(1, 3);
  perform test.eq(cardinality(test.claim(w)), 0, 'paused');
  perform rhythm.resume_queue('q');
  perform test.eq(cardinality(test.claim(w)), 1, 'limited');
end;
$$;
