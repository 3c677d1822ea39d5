-- Without a policy an attempt that threw is the last one, and one that was lost with its worker is repeated 3 times: tasks and workflows alike.
do $$
declare
  w uuid := test.worker();
  v_ids uuid[] := array[rhythm.queue('a'), test.flow(), rhythm.queue('a', retry => '{"initial": 0.001}'), rhythm.start('f', retry => '{"crashes": 3}')];
  v_id uuid;
begin
  foreach v_id in array v_ids loop
    perform test.eq((select e.max_attempts from rhythm.executions as e where e.id = v_id), 1, 'one attempt');
    perform test.eq((select e.max_crashes from rhythm.executions as e where e.id = v_id), 3, 'may be lost three times');
    perform test.eq(rhythm.get(v_id) ->> 'max_crashes', '3', 'and get() says so');
  end loop;
  perform test.claim(w);
  foreach v_id in array v_ids loop
    perform test.eq(test.fail(w, v_id) ? 'retried', false, 'it is not repeated');
    perform test.eq(test.status(v_id), 'failed', 'the attempt that threw was the only one');
  end loop;

  v_ids := array(select unnest(array[rhythm.queue('a'), rhythm.start('f')]) order by 1);
  for i in 1..4 loop
    perform test.eq(array(select unnest(test.claim(test.worker())) order by 1), v_ids, format('attempt %s', i));
    perform test.silence('61 min');
    perform test.pass('10 s');
    perform rhythm.tick();
    perform test.eq((select array_agg(distinct e.failures) from rhythm.executions as e where e.id = any (v_ids)), '{0}'::integer[], 'what was lost did not throw');
  end loop;
  foreach v_id in array v_ids loop
    perform test.eq(test.status(v_id), 'failed', 'given up');
    perform test.eq(rhythm.get(v_id) #>> '{error,type}', 'WorkerLostError', 'with the reason');
  end loop;

  -- What threw and what was lost are counted apart: neither uses up the other's.
  v_id := rhythm.queue('a', retry => '{"max_attempts": 2, "crashes": 1, "initial": 0.001, "jitter": 0}');
  w := test.worker();
  perform test.claim(w);
  perform test.silence('61 min');
  perform test.pass('1 s');
  perform rhythm.tick();
  w := test.worker();
  perform test.claim(w);
  perform test.eq(test.status(v_id), 'running', 'it goes on');
  perform test.eq(test.fail(w, v_id) #>> array['retried', v_id::text], '1', 'repeated, and its worker is told when');
  perform test.pass('1 s');
  perform rhythm.tick();
  perform test.claim(w);
  perform test.eq((select row(e.attempt, e.failures, e.crashes)::text from rhythm.executions as e where e.id = v_id), '(3,1,1)', 'the third try: one threw, one was lost');
  perform test.fail(w, v_id);
  perform test.eq(test.status(v_id), 'failed', 'two threw');
end;
$$;
