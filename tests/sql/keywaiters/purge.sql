-- purge() removes key waiters with their workflows, and the owner of their key before them: each by its own time.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid := rhythm.queue('a', idempotency_key => 'k');
  f uuid;
  b uuid;
begin
  perform test.claim(w);
  perform test.complete(w, a, '1');
  perform test.pass('10 days');
  f := test.flow();
  b := rhythm.uuid7(rhythm.now());
  perform rhythm.beat(w), test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.keyed(b)), 'any', array[b]);
  perform test.claim(w);
  perform test.complete(w, f);
  perform test.pass('25 days');
  perform test.eq(rhythm.purge('30 days'), 1, 'the owner');
  perform test.eq(test.status(b), 'completed', 'what waited for it is kept with its workflow');
  perform test.pass('25 days');
  perform test.eq(rhythm.purge('30 days') + rhythm.purge('30 days'), 2, 'the workflow, then its child');
  perform test.eq((select count(*) from rhythm.key_waiter), 0::bigint, 'nothing is left');
end;
$$;
