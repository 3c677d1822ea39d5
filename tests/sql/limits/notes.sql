-- Queues with limits: a transaction notes the first of a lane only, and nothing is lost when claims come in between.
do $$
declare
  w constant uuid := test.worker();
  ids uuid[];
  v_first uuid;
  v_second uuid;
begin
  perform rhythm.configure_queue('default', concurrency => 100);
  ids := array(select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 500))));
  perform test.eq((select count(*) from rhythm.limit_note), 1::bigint, 'one note for all');
  perform test.eq(test.claim(w, 3), ids[1:3], 'in their order');

  -- The lane is empty again; what comes next in the same transaction is noted.
  perform rhythm.cancel(id) from unnest(ids[4:]) as id;
  perform test.eq(test.claim(w, 3), '{}'::uuid[], 'nothing is left');
  v_first := rhythm.queue('a');
  perform test.eq(test.claim(w, 3), array[v_first], 'the next');
  v_second := rhythm.queue('a');
  perform test.eq(test.claim(w, 3), array[v_second], 'and the next');

  -- What comes before the first of a lane is noted, too.
  v_first := rhythm.queue('a');
  v_second := rhythm.queue('a', priority => 1::smallint);
  perform test.eq((select count(*) from rhythm.limit_note as n where n.ended = 0), 2::bigint, 'a higher priority');
  perform test.eq(test.claim(w, 3), array[v_second, v_first], 'first');

  -- A lane is a queue, a target and a key.
  perform rhythm.queue('a'), rhythm.queue('b'), rhythm.queue('a'), rhythm.queue('a', concurrency_key => 'x y'), rhythm.queue('a', concurrency_key => 'x y');
  perform test.eq(cardinality(test.claim(w, 10)), 5, 'all of them');

  -- What a rolled back part noted does not count.
  begin
    perform rhythm.queue('a', concurrency_key => 'k');
    raise division_by_zero;
  exception
    when division_by_zero then
      null;
  end;
  v_first := rhythm.queue('a', concurrency_key => 'k');
  perform test.eq(test.claim(w, 10), array[v_first], 'found');
  perform test.eq(array(select c.violation from rhythm.check() as c), '{}'::text[], 'all is well');
end;
$$;
