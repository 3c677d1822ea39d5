-- Limits that come to a backlog, and go again: nothing is lost, order holds, and what is delayed or handed back meanwhile follows.
do $$
declare
  w constant uuid := test.worker(array['q']);
  v_ids uuid[];
  v_later uuid;
begin
  v_ids := array(select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a", "queue": "q"}'::jsonb) from generate_series(1, 250))));
  v_later := rhythm.queue('a', queue => 'q', delay => '1m');
  perform rhythm.configure_queue('q', concurrency => 20);
  perform test.eq(test.claim(w, 5), v_ids[1:5], 'the first, one by one');
  perform test.eq(cardinality(test.claim(w, 100)), 15, 'up to the limit');
  perform test.settle(w, v_ids[1], '{"status": "released"}');
  perform test.eq(test.claim(w, 100), v_ids[1:1], 'what is handed back is first again');
  perform test.eq((select count(*) from rhythm.batch as b where b.size > 1 and not b.limited), 0::bigint, 'no batch is left');
  perform rhythm.configure_queue('q');
  perform test.pass('2m');
  perform rhythm.due();
  perform test.settle(w, v_ids[2], '{"status": "released"}');
  perform test.eq(cardinality(test.claim(w, 1000)), 232, 'all others, and both of these');
  perform test.eq((select b.worker from rhythm.batch as b join rhythm.execution as e on e.batch_id = b.id where e.id = v_later), w, 'the late one, too');
end;
$$;
