-- One call that hands back ends and asks for more gets what these ends made room for.
do $$
declare
  w constant uuid := test.worker(array['q']);
  v_ids uuid[];
  v_answer jsonb;
begin
  perform rhythm.configure_queue('q', per_key_concurrency => 2);
  perform rhythm.queue('a', queue => 'q', concurrency_key => 'k') from generate_series(1, 4);
  v_ids := test.claim(w, 10);
  perform test.eq(cardinality(v_ids), 2, 'the key is full');
  v_answer := test.exchange(
    w,
    (select jsonb_agg(jsonb_build_object('kind', 'outcome', 'call', test.call_of(i.id), 'id', i.id, 'status', 'completed')) from unnest(v_ids) as i (id)),
    '{"limit": 10}'
  );
  perform test.eq((select sum(jsonb_array_length(p.value -> 'ids')) from jsonb_array_elements(v_answer -> 'parcels') as p), 2::bigint, 'the next two');
end;
$$;
