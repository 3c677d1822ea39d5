-- purge() keeps who ended while a child of it still runs. retry() refuses a child whose parent was removed.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  v_live constant uuid := rhythm.uuid7();
  v_failed constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(
    test.run_task(v_failed), test.run_task(v_live) || '{"options": {"queue": "nobody"}}'), 'any', array[v_failed]);
  perform test.claim(w);
  perform test.fail(w, v_failed);
  perform test.claim(w);
  perform test.complete(w, f);
  perform test.pass('100 days');
  perform rhythm.beat(w);
  perform rhythm.tick();
  perform test.eq(rhythm.purge('1 day'), 0, 'a child of it still runs');
  perform test.eq(rhythm.get(f) ->> 'status', 'completed', 'it is there');
  perform test.eq(rhythm.remove_over(array[f]), 0, 'not even when its child began again in the meantime');
  perform rhythm.cancel(v_live);
  perform test.eq(rhythm.purge('1 day'), 1, 'it goes when no child runs any more');
  perform test.raises(format('select rhythm.retry(%L)', v_failed), 'RH003', format('execution %s, which started it, was removed', f));
  perform test.eq(rhythm.get(v_failed) ->> 'status', 'failed', 'it is as it was');
  perform test.pass('2 days');
  perform test.eq(rhythm.purge('1 day'), 2, 'then its children');
end;
$$;
