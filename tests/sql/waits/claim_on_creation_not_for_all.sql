-- Nothing is leased with its creation in a paused or limited queue, a queue of others, later, or without a handler here.
do $$
declare
  w constant uuid := test.worker(array['default', 'paused', 'limited']);
  f constant uuid := test.flow();
  v_ids constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 4) as n);
  v_result jsonb;
begin
  perform rhythm.pause_queue('paused');
  perform rhythm.configure_queue('limited', concurrency => 1);
  perform test.claim(w);
  v_result := test.settle_many(w, jsonb_build_array(jsonb_build_object('id', f, 'status', 'suspended', 'snapshot', '{}'::jsonb,
    'effects', jsonb_build_array(
      test.run_task(v_ids[1]) || '{"options": {"queue": "paused"}}', test.run_task(v_ids[2]) || '{"options": {"queue": "limited"}}',
      test.run_task(v_ids[3]) || '{"options": {"queue": "elsewhere"}}', test.run_task(v_ids[4]) || '{"options": {"delay": 5}}',
      test.run_task(v_ids[5], 'unknown')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', to_jsonb(v_ids))))), 10, array['a']);
  perform test.eq(v_result, '{"refused": [], "claimed": [], "declined": []}'::jsonb, 'nothing is leased');
  perform test.eq((select count(*) from unnest(v_ids) as i (id) where test.status(i.id) = 'pending'), 5::bigint, 'all wait');
end;
$$;
