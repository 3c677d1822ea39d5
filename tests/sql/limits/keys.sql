-- Single keys have limits of their own, and pauses; both, and limits of all keys, change while they run.
do $$
declare
  w constant uuid := test.worker(array['q']);
  v_ids uuid[];
begin
  perform rhythm.configure_queue('q', per_key_concurrency => 2);
  perform rhythm.configure_key('q', 'one', concurrency => 1);
  perform rhythm.queue('a', queue => 'q', concurrency_key => k.key) from (values ('one'), ('two')) as k (key), generate_series(1, 6);
  v_ids := test.claim(w, 20);
  perform test.eq(cardinality(v_ids), 3, 'one and two');
  perform rhythm.configure_key('q', 'one', concurrency => 3);
  perform test.eq(cardinality(test.claim(w, 20)), 2, 'two more of the one');
  perform rhythm.configure_key('q', 'one');
  perform test.eq(cardinality(test.claim(w, 20)), 0, 'as all keys: none');
  perform rhythm.configure_queue('q', per_key_concurrency => 4);
  perform test.eq(cardinality(test.claim(w, 20)), 3, 'one and two more');
  perform test.eq(rhythm.pause_key('q', 'two'), true, 'paused');
  perform test.eq(rhythm.pause_key('q', 'two'), false, 'paused already');
  perform test.complete(w, i.id) from unnest(v_ids) as i (id);
  v_ids := test.claim(w, 20);
  perform test.eq(
    (select array_agg(distinct e.concurrency_key) from rhythm.execution as e where e.id = any (v_ids)), '{one}', 'what is paused does not begin');
  perform test.eq(rhythm.resume_key('q', 'two'), true, 'resumed');
  perform test.eq(rhythm.resume_key('q', 'two'), false, 'resumed already');
  perform test.eq(cardinality(test.claim(w, 20)), 2, 'it goes on');
  perform test.raises($x$select rhythm.configure_key('q', 'k', weight => 0)$x$, 'RH001', 'weight must be from 1 to 1000');
  perform test.raises($x$select rhythm.configure_queue('q', weights => '{"k": 2}')$x$, 'RH001', 'only with fair');
  perform test.raises($x$select rhythm.configure_queue('q', fair => 'size')$x$, 'RH001', 'fair must be');
end;
$$;
