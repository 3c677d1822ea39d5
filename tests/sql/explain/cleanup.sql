-- explain() says that a cancelled workflow cleans up, and what a released execution was told.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7();
  u constant uuid := rhythm.uuid7();
  a uuid;
begin
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'cleanup', true,
    'effects', jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(s)))));
  perform rhythm.cancel(f, 'enough');
  perform test.eq(test.reasons(f), array['cleans_up', 'ready'], 'before it is claimed');
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(u, 'undo')), 'any', array[u]);
  perform test.eq(test.sentences(f), array['It was cancelled (enough) and cleans up, until <time> at the latest',
    'It waits for task "undo", which is pending, since <time>'], 'while it cleans up');
  perform test.claim(w);
  perform test.complete(w, u);
  perform test.claim(w);
  perform test.settle(w, f, '{"status": "cancelled"}');
  a := rhythm.queue('a');
  perform test.claim(w);
  perform test.settle(w, a, '{"status": "released", "reason": "this worker has another version of it"}');
  perform test.eq(test.sentences(a), array['It is ready, and the next in queue "default"', 'this worker has another version of it'], 'what its worker said');
  perform test.eq(test.reasons(a), array['ready', 'note'], 'note');
end;
$$;
