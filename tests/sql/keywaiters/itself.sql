-- A child whose key stands for what it is started under would wait for itself: it fails, and its workflow is told why.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := (select rhythm.start('f', idempotency_key => 'k') from test.flow());
  g constant uuid := rhythm.uuid7();
  h constant uuid := rhythm.uuid7();
begin
  perform rhythm.cancel((test.claim(w, 1))[1]);
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(g) || '{"type": "run_workflow", "target": "f"}'), 'any', array[g], 1);
  perform test.suspend(w, g, jsonb_build_array(test.keyed(h, 'run_workflow', 'f')), 'any', array[h]);
  perform test.eq(array[test.status(g), test.status(h)], '{pending,failed}'::text[], 'told at once');
  perform test.eq(rhythm.get(h) -> 'error', jsonb_build_object('type', 'Error', 'code', 'WAITS_FOR_ITSELF', 'message',
    format('It would wait for itself: its idempotency key stands for execution %s, which waits for it', f)), 'why');
  perform rhythm.cancel(f);
end;
$$;
