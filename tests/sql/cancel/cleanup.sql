-- A workflow that has cleaning up to do goes on once more for it, then ends cancelled.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
  u constant uuid := rhythm.uuid7();
  v_reason text;
begin
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'cleanup', true,
    'effects', jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(s)))));
  perform test.eq(rhythm.cancel(f, 'enough'), true, 'asked');
  perform test.eq(test.status(f), 'pending', 'it goes on');
  select x.cancel_reason into v_reason from test.claim_rows(w) as x;
  perform test.eq(v_reason, 'enough', 'and is told why');
  perform test.suspend(w, f, jsonb_build_array(test.run_task(u, 'undo')), 'any', array[u]);
  perform test.eq(test.status(f), 'suspended', 'its cleaning up may wait for a task');
  perform test.claim(w);
  perform test.complete(w, u);
  perform test.eq(test.claim(w), array[f], 'it goes on');
  perform test.settle(w, f, '{"status": "cancelled"}');
  perform test.eq(test.status(f), 'cancelled', 'it ends');
end;
$$;
