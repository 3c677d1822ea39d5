-- A workflow with a retry policy goes on after an attempt that threw: from its last step, after a pause, with what failed under it run anew.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  a constant uuid[] := array(select rhythm.uuid7(null, n) from generate_series(1, 3) as n);
  v_failed constant jsonb := '{"status": "failed", "error": {"type": "Error", "message": "broken"}}';
  v_claimed record;
begin
  perform rhythm.register_flow('f', 'return 1', '{}');
  f := rhythm.start('f', timeout => '1h', retry => '{"max_attempts": 3, "initial": 10, "backoff": "fixed", "jitter": 0}');

  -- At its beginning.
  perform test.claim(w);
  perform test.settle(w, f, v_failed || jsonb_build_object('effects', jsonb_build_array(test.run_task(a[1]),
    jsonb_build_object('type', 'log', 'level', 'info', 'message', 'here'))));
  perform test.eq(test.status(f), 'pending', 'it is repeated');
  perform test.eq(rhythm.get(f) #>> '{error,message}', 'broken', 'and says why');
  perform test.eq((select count(*) from rhythm.execution as e where e.parent_id = f), 0::bigint, 'what the failed attempt asked for in its last step is not started');
  perform test.eq((select count(*) from rhythm.logs as l where l.execution_id = f), 1::bigint, 'what it logged is kept');
  perform test.eq(test.claim(w), '{}'::uuid[], 'not at once');
  perform test.eq((select count(*) from rhythm.timer as t where t.deadline), 1::bigint, 'its timeout is that of all attempts together');
  perform test.pass('10 s');
  perform rhythm.tick();
  select * into v_claimed from test.claim_rows(w);
  perform test.eq(v_claimed.id, f, 'after its pause');
  perform test.eq(v_claimed.attempt, 2, 'the second attempt');

  -- Where a child brought it down.
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a[2]), test.run_task(a[3])), 'all', a[2:3]);
  perform test.claim(w);
  perform test.complete(w, a[2], '1');
  perform test.fail(w, a[3], 'no luck');
  perform test.claim(w);
  perform test.settle(w, f, v_failed);
  perform test.eq(test.status(f), 'suspended', 'it waits as it did');
  perform test.eq((select e.failures from rhythm.executions as e where e.id = f), 2, 'two attempts threw');
  perform test.eq(rhythm.get(f) ->> 'attempt', '3', 'the third attempt');
  perform test.eq(test.claim(w), '{}'::uuid[], 'its child, too, waits for the pause');
  perform test.pass('10 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), a[3:3], 'only the child that failed runs again');
  perform test.fail(w, a[3], 'no luck');
  perform test.claim(w);
  perform test.settle(w, f, v_failed);
  perform test.eq(test.status(f), 'failed', 'no attempts left');
  perform test.eq(rhythm.get(f) ->> 'attempt', '3', 'attempts never exceed the limit');

  -- A person may give it one more.
  perform rhythm.retry(f);
  perform test.claim(w);
  perform test.fail(w, a[3], 'no luck');
  perform test.claim(w);
  perform test.settle(w, f, v_failed);
  perform test.eq(test.status(f), 'failed', 'one, and no more');

  -- What says that it cannot help is believed.
  f := rhythm.start('f', retry => '3');
  perform test.claim(w);
  perform test.settle(w, f, v_failed || '{"retryable": false}');
  perform test.eq(test.status(f), 'failed', 'at once');
end;
$$;
