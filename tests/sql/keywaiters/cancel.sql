-- Cancelling a follower, or its workflow, leaves its leader alone; what follows a leader that is cancelled is cancelled.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid[] := array[test.flow(), rhythm.start('f'), rhythm.start('f'), rhythm.start('f')];
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 3) as n);
begin
  perform test.claim(w);
  for i in 1..4 loop
    perform test.suspend(w, f[i], jsonb_build_array(test.keyed(c[i])), 'any', array[c[i]]);
  end loop;

  perform test.eq(rhythm.cancel(f[2], 'changed my mind'), true, 'the workflow of a follower');
  perform test.eq(array[test.status(c[2]), test.status(c[1]), test.status(c[3])], array['cancelled', 'pending', 'suspended'], 'no other is concerned');
  perform test.eq(rhythm.cancel(c[3]), true, 'a follower itself');
  perform test.eq(array[test.status(c[3]), test.status(c[1]), test.status(f[3])], array['cancelled', 'pending', 'pending'], 'its workflow is told');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');

  perform test.eq(rhythm.cancel(f[1], 'enough'), true, 'the workflow of the leader');
  perform test.eq(array[test.status(c[1]), test.status(c[4]), test.status(f[4])], array['cancelled', 'cancelled', 'pending'], 'what waited for it is told');
  perform test.eq(rhythm.get(c[4]) ->> 'cancel_reason', 'enough', 'with the reason');
  perform test.complete(w, (test.claim(w, 1))[1]);
  perform test.complete(w, (test.claim(w, 1))[1]);
end;
$$;

-- A leader that runs is asked to stop; its follower ends as it does then.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.queue('a', idempotency_key => 'asked');
  b constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.keyed(b, p_key => 'asked')), 'any', array[b]);
  perform rhythm.cancel(a);
  perform test.eq(test.status(b), 'suspended', 'it is not over');
  perform test.settle(w, a, '{"status": "completed", "output": 1, "finished": true}');
  perform test.eq(array[test.status(a), test.status(b)], array['completed', 'completed'], 'it was as good as done');
end;
$$;

-- A workflow that is cancelled while it starts a follower cancels the follower alone.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.queue('a', idempotency_key => 'late');
  b constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform rhythm.cancel(f, 'enough');
  perform test.suspend(w, f, jsonb_build_array(test.keyed(b, p_key => 'late')), 'any', array[b]);
  perform test.eq(array[test.status(a), test.status(b)], array['running', 'cancelled'], 'the leader goes on');
  perform test.complete(w, a);
end;
$$;
