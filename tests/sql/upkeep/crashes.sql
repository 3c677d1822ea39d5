-- A workflow that takes its workers down with it is given up after max_crashes: repeated so often, and no more.
do $$
declare
  f uuid := test.flow();
  w uuid;
  t constant uuid[] := array(select rhythm.uuid7(null, n) from generate_series(1, 2) as n);
begin
  perform rhythm.configure('max_crashes', '3');
  for i in 1..4 loop
    perform test.eq(test.status(f), 'pending', format('before crash %s', i));
    perform test.eq(test.claim(test.worker()), array[f], 'it runs');
    perform test.silence('61 min');
  end loop;
  perform test.eq(test.status(f), 'failed', 'it is given up');
  perform test.eq(rhythm.get(f) #>> '{error,type}', 'WorkerLostError', 'with the reason');
  perform test.eq(rhythm.get(f) #>> '{error,message}',
    'The worker that ran it was lost: its heartbeats stopped. It was lost 4 times in all, and retry.crashes is 3', 'in the words of the policy');
  perform test.eq((select array_agg(x - 'error' - 'traceparent') from jsonb_array_elements(current_setting('rhythm.failed')::jsonb) as x),
    array[jsonb_build_object('id', f, 'kind', 'workflow', 'target', 'f', 'queue', 'default', 'attempt', 1)], 'the worker that looks after it hears of it, once');
  perform test.eq(rhythm.setting('max_crashes'), '3', 'as by default');

  perform rhythm.configure('max_crashes', '1');
  f := rhythm.queue('a', retry => '{"crashes": 2, "max_attempts": 1, "initial": 0.001, "jitter": 0}');
  for i in 1..3 loop
    perform test.eq(rhythm.get(f) ->> 'attempt', (i - 1)::text, 'what was lost did not throw');
    perform test.eq(test.claim(test.worker()), array[f], 'a policy of its own');
    perform test.silence('61 min');
    perform test.pass('1 s');
    perform rhythm.tick();
  end loop;
  perform test.eq(test.status(f), 'failed', 'it is given up, too');

  -- A step that was settled begins the count anew; what a worker hands back is no crash.
  f := test.flow();
  for i in 1..2 loop
    w := test.worker();
    perform test.eq(test.claim(w), array[f], 'it runs');
    perform rhythm.stop_worker(w);
    perform test.eq(test.claim(test.worker()), array[f], 'nothing was counted');
    perform test.silence('61 min');
    perform test.eq((select b.crashes from rhythm.batch as b), 1::smallint, 'one crash');
    w := test.worker();
    perform test.eq(test.claim(w), array[f], 'it goes on');
    perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'start_timer', 'id', t[i], 'at', rhythm.now())), 'any', t[i:i]);
    perform rhythm.tick();
    perform test.eq((select b.crashes from rhythm.batch as b), 0::smallint, 'and is done with it');
    perform test.claim(w), rhythm.stop_worker(w);
  end loop;
end;
$$;
