-- Of one throttle key, never more than the limit start in any window. The others are dropped, or run later.
do $$
declare
  w constant uuid := test.worker();
  v_drop constant jsonb := '{"key": "k", "limit": 2, "per": "10s"}';
  v_delay constant jsonb := '{"key": "k", "limit": 2, "per": "10s", "else": "delay"}';
  a uuid;
  b uuid;
  ids uuid[];
begin
  a := rhythm.queue('a', throttle => v_drop);
  perform test.pass('4 s');
  b := rhythm.queue('a', throttle => v_drop);
  perform test.eq(rhythm.queue('a', throttle => v_drop), b, 'dropped: the last one is given');
  perform test.eq(rhythm.create_each(jsonb_build_array(jsonb_build_object('type', 'task', 'target', 'a', 'throttle', v_drop))),
    jsonb_build_array(jsonb_build_object('id', b, 'created', false)), 'create_each() says so');
  perform test.pass('6.1 s');
  perform test.eq(rhythm.queue('a', throttle => v_drop) <> all (array[a, b]), true, 'the window has moved beyond the first');
  perform test.eq((select count(*) from rhythm.execution as e where e.target = 'a'), 3::bigint, 'three of them');
  ids := array(select rhythm.queue('d', throttle => v_delay) from generate_series(1, 5));
  perform test.eq((select array_agg(round(extract(epoch from coalesce(e.run_at, rhythm.now()) - rhythm.now()))::integer order by e.id) from rhythm.execution as e where e.id = any (ids)),
    array[0, 0, 10, 10, 20], 'delayed: two in each ten seconds');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'check()');
  perform test.eq((select cardinality(t.starts) from rhythm.throttle as t where t.key = 'task:d:k'), 2, 'only as many as the limit are kept');
  perform test.pass('31 s');
  perform rhythm.tick();
  perform test.pass('31 s');
  perform rhythm.tick();
  perform test.eq((select count(*) from rhythm.throttle), 0::bigint, 'and nothing when they no longer count');
end;
$$;

-- Several in one call count one by one.
do $$
begin
  perform test.eq((select jsonb_agg(x -> 'created') from jsonb_array_elements(rhythm.create_each(
    (select jsonb_agg('{"type": "task", "target": "many", "throttle": {"key": "k", "limit": 3, "per": "1h"}}'::jsonb) from generate_series(1, 5)))) as x),
    '[true, true, true, false, false]', 'three of five');
end;
$$;
