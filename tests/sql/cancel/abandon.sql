-- A child with on_parent_cancel: abandon goes on when its parent is cancelled, and so does what it started.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a uuid;
  b uuid;
  g uuid;
  s uuid;
begin
  perform test.claim(w);
  a := rhythm.new_id();
  b := rhythm.new_id();
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a) || '{"options": {"on_parent_cancel": "abandon"}}', test.run_task(b) || '{"options": {"on_parent_cancel": "cancel"}}'), 'all', array[a, b]);
  g := rhythm.queue('g', parent => a);
  s := rhythm.queue('s', parent => f, on_parent_cancel => 'abandon', delay => '1h');
  perform test.eq(jsonb_build_array(rhythm.get(a) -> 'on_parent_cancel', rhythm.get(b) -> 'on_parent_cancel', rhythm.get(f) -> 'on_parent_cancel'), '["abandon", "cancel", null]', 'it says so');
  perform test.eq(rhythm.cancel(f, 'enough'), true, 'cancelled');
  perform test.eq(array[test.status(f), test.status(a), test.status(b), test.status(g), test.status(s)], array['cancelled', 'pending', 'cancelled', 'pending', 'pending'], 'what is abandoned goes on, with all under it');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
  s := rhythm.queue('late', parent => f, on_parent_cancel => 'abandon');
  perform test.eq(test.status(s), 'pending', 'also if the parent is over already');
  perform test.eq(rhythm.cancel(a), true, 'it can be cancelled itself');
  perform test.eq(array[test.status(a), test.status(g)], array['cancelled', 'cancelled'], 'with what it started');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
end;
$$;

-- The parent that was cancelled can be retried: it waits for the child, or takes its end.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  h constant uuid := rhythm.start('f');
  a uuid;
  b uuid;
begin
  perform test.claim(w);
  a := rhythm.new_id();
  b := rhythm.new_id();
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a, 'x') || '{"options": {"on_parent_cancel": "abandon"}}'), 'all', array[a]);
  perform test.suspend(w, h, jsonb_build_array(test.run_task(b, 'x') || '{"options": {"on_parent_cancel": "abandon"}}'), 'all', array[b]);
  perform rhythm.cancel(f);
  perform rhythm.cancel(h);
  perform rhythm.retry(f);
  perform test.eq(array[test.status(f), test.status(a)], array['suspended', 'pending'], 'it waits again');
  perform test.claim(w);
  perform test.complete(w, a, '1');
  perform test.complete(w, b, '2');
  perform test.eq(array[test.status(f), test.status(h)], array['pending', 'cancelled'], 'the one continues, the other is over');
  perform rhythm.retry(h);
  perform test.eq((select jsonb_agg(c.settled -> 0 -> 'output' order by c.id) from test.claim_rows(w, p_limit => 5) as c), '[1, 2]', 'both take the end');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
end;
$$;

-- A workflow that ran while it was cancelled, one that passes its timeout, and one that is put back to an earlier step.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  t constant uuid := rhythm.start('f', timeout => '10s');
  a uuid;
  b uuid;
  c uuid;
begin
  perform test.claim(w);
  a := rhythm.new_id();
  b := rhythm.new_id();
  c := rhythm.new_id();
  perform rhythm.cancel(f);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a) || '{"options": {"on_parent_cancel": "abandon"}}', test.run_task(b)), 'all', array[a, b]);
  perform test.eq(array[test.status(a), test.status(b)], array['pending', 'cancelled'], 'what it started before it knew');
  perform test.suspend(w, t, jsonb_build_array(test.run_task(c) || '{"options": {"on_parent_cancel": "abandon"}}'), 'all', array[c]);
  perform test.pass('11 s');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform rhythm.tick();
  perform test.eq(array[test.status(t), test.status(c)], array['failed', 'pending'], 'the timeout of its parent');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
  perform test.pass('40 days');
  perform rhythm.register_worker(w, p_lease => '1h');
  perform test.eq(rhythm.purge('1 day'), 0, 'its parent stays as long as it runs');
  perform rhythm.cancel(c);
  perform rhythm.cancel(a);
  perform test.pass('2 days');
  perform test.eq(rhythm.purge('1 day') > 0, true, 'and is deleted first');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
end;
$$;
