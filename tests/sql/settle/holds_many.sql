-- What an outcome costs does not depend on how much its worker holds: its lease is found by id, not among all of the worker's.
do $$
declare
  w constant uuid := test.worker();
  v_ids uuid[];
  v_before bigint;
begin
  -- Not all alike: a batch each. As long as nothing is leased, the index of what workers hold looks like the shorter way.
  perform rhythm.create_many((
    select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'queue', 'other', 'metadata', jsonb_build_object('n', n))) from generate_series(1, 3000) as n));
  analyze rhythm.batch;
  perform rhythm.create_many((
    select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'metadata', jsonb_build_object('n', n))) from generate_series(1, 1500) as n));
  v_ids := test.claim(w, 1500);
  perform test.eq(cardinality(v_ids), 1500, 'all of them');
  v_before := pg_stat_get_xact_tuples_returned('rhythm.batch_leased'::regclass);
  perform test.settle_many(w, (
    select jsonb_agg(jsonb_build_object('id', i.id, 'status', 'failed', 'error', '{"type": "Error", "message": "no"}'::jsonb)) from unnest(v_ids[:300]) as i (id)));
  perform test.eq(pg_stat_get_xact_tuples_returned('rhythm.batch_leased'::regclass) - v_before < 15000, true, 'three hundred outcomes');
  v_before := pg_stat_get_xact_tuples_returned('rhythm.batch_leased'::regclass);
  perform rhythm.beat(w, null, jsonb_build_array(jsonb_build_object('call', 1, 'ids', v_ids[301:])));
  perform test.eq(pg_stat_get_xact_tuples_returned('rhythm.batch_leased'::regclass) - v_before < 15000, true, 'a beat that names 1,200');
end;
$$;
