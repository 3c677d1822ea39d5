-- configure_queue() while unlimited claims are in flight: they count against the limit, and the next begins only as one ends.
do $$
declare
  w constant uuid := test.worker();
  ids uuid[];
  first uuid[];
begin
  ids := array(select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a", "concurrency_key": "k"}'::jsonb) from generate_series(1, 6))));
  first := test.claim(w, 3);
  perform rhythm.configure_queue('default', concurrency => 2);
  perform test.eq(test.claim(w), '{}'::uuid[], 'three run, two may');
  perform test.complete(w, first[1]);
  perform test.eq(test.claim(w), '{}'::uuid[], 'two run, two may');
  perform test.complete(w, first[2]);
  perform test.eq(cardinality(test.claim(w)), 1, 'one more');
  perform rhythm.configure_queue('default', per_key_concurrency => 3);
  perform test.eq(cardinality(test.claim(w)), 1, 'of one key too');
  perform rhythm.configure_queue('default');
  perform test.eq(cardinality(test.claim(w)), 1, 'no limit any more');
end;
$$;
