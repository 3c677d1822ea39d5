-- A timer that the workflow no longer keeps never fires.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7();
  t constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a), jsonb_build_object('type', 'start_timer', 'id', t, 'at', rhythm.now() + interval '5 s')), 'any', array[a, t]);
  perform test.eq((select count(*) from rhythm.timer), 1::bigint, 'there is a timer');
  perform test.claim(w);
  perform test.complete(w, a);
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'keep', '[]'::jsonb,
    'effects', jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', '0190a000-0000-7000-8000-000000000001', 'name', 's')),
    'waits', '[{"mode": "any", "ids": ["0190a000-0000-7000-8000-000000000001"]}]'::jsonb) || '{"keep": ["0190a000-0000-7000-8000-000000000001"]}');
  perform test.eq((select count(*) from rhythm.timer), 0::bigint, 'it is gone');
  perform test.eq((select count(*) from rhythm.signal_wait), 1::bigint, 'what is kept stays');
end;
$$;
