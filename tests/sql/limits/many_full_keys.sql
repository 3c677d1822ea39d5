-- A key with thousands waiting does not keep other keys from beginning.
do $$
declare
  w constant uuid := test.worker(array['q']);
  v_calm uuid;
begin
  perform rhythm.configure_queue('q', per_key_concurrency => 1);
  perform rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'queue', 'q', 'concurrency_key', 'busy')) from generate_series(1, 3000)));
  v_calm := rhythm.queue('a', queue => 'q', concurrency_key => 'calm');
  perform test.eq(cardinality(test.claim(w, 1)), 1, 'one of the busy key');
  perform test.eq(test.claim(w, 10), array[v_calm], 'the calm key begins');
  perform test.eq(test.claim(w, 10), '{}'::uuid[], 'nothing else may');
end;
$$;
