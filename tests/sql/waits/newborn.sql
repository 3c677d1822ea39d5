-- What was born leased is found as any lease is, though no index lists it: by views, limits, its worker and who buries that; tick() lists what goes on for longer.
do $$
declare
  v_worker uuid := test.worker();
  v_flow uuid;
  v_ids uuid[] := array(select rhythm.uuid7(null, n) from generate_series(1, 3) as n);
  v_effects constant jsonb := (select jsonb_agg(jsonb_build_object('type', 'run_task', 'id', i, 'target', case when i = v_ids[3] then 'timed' else 'a' end,
    'options', case when i = v_ids[3] then '{"timeout": 60}'::jsonb else '{}' end)) from unnest(v_ids) as i);
begin
  perform rhythm.register_flow('f', 'x', '{}');
  v_flow := rhythm.start('f');
  perform test.claim(v_worker);
  perform test.suspend(v_worker, v_flow, v_effects, 'all', v_ids, 10);

  perform test.eq((select array_agg(e.newborn order by e.id) from rhythm.execution as e where e.parent_id = v_flow), '{t,t,f}'::boolean[], 'newborn, but for the timed one');
  perform test.eq((select array_agg(e.place order by e.id) from rhythm.execution as e where e.parent_id = v_flow), '{NULL,NULL,2}'::smallint[], 'place in an index');
  perform test.eq((select q.running from rhythm.queues as q), 3::bigint, 'the view queues');
  perform test.eq((select w.running from rhythm.workers as w), 3::bigint, 'the view workers');
  perform test.eq(jsonb_array_length(rhythm.held(v_worker)), 3, 'held()');
  perform test.eq(rhythm.running_in('default'), 3, 'limits count it');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');

  perform rhythm.tick();
  perform test.eq((select count(*) from rhythm.execution as e where e.newborn and e.stage = 2), 2::bigint, 'nothing is listed at once');
  perform test.complete(v_worker, v_ids[1]);
  perform test.pass('3 seconds');
  perform rhythm.tick();
  perform test.eq((select array_agg(e.place order by e.id) from rhythm.execution as e where e.parent_id = v_flow), '{NULL,2,2}'::smallint[], 'listed when it lasts');
  perform test.eq((select count(*) from rhythm.newborn_lease), 0::bigint, 'and forgotten');
  perform test.eq((select w.running from rhythm.workers as w), 2::bigint, 'the view workers, after');
  perform test.complete(v_worker, v_ids[2]);
  perform test.complete(v_worker, v_ids[3]);
  perform test.eq(test.status(v_flow), 'pending', 'its workflow');

  -- Its worker dies, and it is claimed, fails and is moved aside like any other.
  v_ids := array[rhythm.uuid7()];
  perform test.claim(v_worker);
  perform test.suspend(v_worker, v_flow, jsonb_build_array(jsonb_build_object('type', 'run_task', 'id', v_ids[1], 'target', 'a')), 'any', v_ids, 10);
  perform test.eq((select e.newborn and e.worker = v_worker from rhythm.execution as e where e.id = v_ids[1]), true, 'born to a worker');
  perform rhythm.stop_worker(v_worker);
  perform test.eq(test.status(v_ids[1]), 'pending', 'taken back');
  perform test.eq((select count(*) from rhythm.newborn_lease), 0::bigint, 'nothing is left of a worker that is gone');
  v_worker := test.worker();
  perform test.eq(test.claim(v_worker), v_ids, 'claimed again');
  perform test.pass('3 seconds');
  perform rhythm.tick();
  perform test.eq((select e.place from rhythm.execution as e where e.id = v_ids[1]), 2::smallint, 'moved aside');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check() again');
  perform test.complete(v_worker, v_ids[1]);
end;
$$;
