-- What is leased with its creation is found as any lease is: by views, limits, its worker and who buries that.
do $$
declare
  w uuid := test.worker();
  f uuid;
  c uuid[] := array(select rhythm.uuid7(null, n) from generate_series(1, 3) as n);
  v_effects constant jsonb := (select jsonb_agg(jsonb_build_object('type', 'run_task', 'id', i, 'target', case when i = c[3] then 'timed' else 'a' end,
    'options', case when i = c[3] then '{"timeout": 60}'::jsonb else '{}' end)) from unnest(c) as i);
begin
  perform rhythm.register_flow('f', 'x', '{}');
  f := rhythm.start('f');
  perform test.claim(w);
  perform test.suspend(w, f, v_effects, 'all', c, 10);

  perform test.eq((select array_agg(b.size || coalesce(' ' || b.timeout_ms, '') order by b.size desc) from rhythm.batch as b where b.worker = w and b.attempt = 1), '{2,1 60000}'::text[], 'alike ones share a batch');
  perform test.eq((select q.running from rhythm.queues as q), 3::bigint, 'the view queues');
  perform test.eq((select x.running from rhythm.workers as x), 3::bigint, 'the view workers');
  perform test.eq(test.lost(w, test.call_of(c[1]), variadic c), '[]', 'its worker holds them');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');

  perform test.complete(w, c[1]);
  perform test.pass('3 seconds');
  perform rhythm.tick();
  perform test.eq(array(select test.status(i) from unnest(c) as i), '{completed,running,running}'::text[], 'it may last');
  perform test.complete(w, c[2]);
  perform test.eq((select x.running from rhythm.workers as x), 1::bigint, 'a batch goes with its last member');
  perform test.complete(w, c[3]);
  perform test.eq(test.status(f), 'pending', 'its workflow');
  perform test.eq((select count(*) from rhythm.batch), 1::bigint, 'nothing else is left');

  -- Its worker leaves, and it is claimed, fails and runs past its timeout like any other.
  c := array[rhythm.uuid7()];
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(c[1]) || '{"options": {"timeout": 5, "retry": 2}}'), 'any', c, 10);
  perform test.eq(rhythm.get(c[1]) ->> 'worker', w::text, 'leased with its creation');
  perform rhythm.stop_worker(w);
  perform test.eq(test.status(c[1]), 'pending', 'taken back');
  w := test.worker();
  perform test.eq(test.claim(w), c, 'claimed again');
  perform test.eq((rhythm.get(c[1]) ->> 'attempt')::integer, 1, 'nothing was counted');
  perform test.pass('7 seconds');
  perform rhythm.beat(w), rhythm.tick();
  perform test.eq(rhythm.get(c[1]) #>> '{error,type}', 'TimeoutError', 'its timeout');
  perform test.pass('1 minute');
  perform rhythm.beat(w), rhythm.tick();
  perform test.eq(test.claim(w), c, 'and again');
  perform test.complete(w, c[1]);
end;
$$;
