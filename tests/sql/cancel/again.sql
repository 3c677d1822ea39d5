-- What a workflow starts to clean up runs, also if somebody cancels the workflow again, or its parent.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  c constant uuid := rhythm.uuid7();
  u constant uuid := rhythm.uuid7();
  v constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'cleanup', true,
    'effects', jsonb_build_array(jsonb_build_object('type', 'run_workflow', 'id', c, 'target', 'f', 'inputs', '{}'::jsonb)),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(c)))));
  perform test.claim(w);
  perform test.settle(w, c, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'cleanup', true,
    'effects', jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', v, 'name', 's')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(v)))));
  perform test.eq(rhythm.cancel(c), true, 'the child is cancelled');
  perform test.eq(test.claim(w), array[c], 'it goes on to clean up');
  perform test.suspend(w, c, jsonb_build_array(test.run_task(u, 'undo')), 'any', array[u]);
  perform test.eq(rhythm.cancel(c), false, 'it was cancelled before');
  perform test.eq(test.status(u), 'pending', 'what it started to clean up goes on');
  perform test.eq(rhythm.cancel(f), true, 'the parent is cancelled');
  perform test.eq(test.status(u), 'pending', 'what its child started to clean up still goes on');
  perform rhythm.cancel(u);
  perform test.eq(test.status(u), 'cancelled', 'somebody may cancel that itself');
end;
$$;
