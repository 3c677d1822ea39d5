-- A timer that a worker keeps is left to it for a moment after it is due: then tick() fires it as any other, whoever the
-- worker was. A "fire" item is for what the worker cannot settle with a step: by name, when due, once.
create function pg_temp.fire(p_worker uuid, p_timers uuid[], p_lease integer) returns setof record language sql as $$
  select u.id, u.settled from test.unpack(test.exchange(p_worker, jsonb_build_array(jsonb_build_object('kind', 'fire', 'timers', p_timers)), jsonb_build_object('lease', p_lease))) as u;
$$;

create function pg_temp.leave(p_worker uuid, p_timers uuid[]) returns integer language sql as $$
  select test.exchange(p_worker, jsonb_build_array(jsonb_build_object('kind', 'leave', 'timers', p_timers)));
  select count(*)::integer from rhythm.timer as t where t.id = any (p_timers) and t.kept_until is null;
$$;

create function pg_temp.sleeper(p_worker uuid, p_timer uuid, p_kept boolean) returns uuid language plpgsql as $$
declare
  f constant uuid := test.flow();
begin
  perform test.claim(p_worker);
  perform test.suspend(p_worker, f, jsonb_build_array(jsonb_build_object('type', 'start_timer', 'id', p_timer, 'at', rhythm.now() + interval '3s', 'kept', p_kept)), 'any', array[p_timer]);
  return f;
end;
$$;

do $$
declare
  w uuid;
  t constant uuid[] := array(select rhythm.uuid7() from generate_series(1, 4));
  f uuid;
  g uuid;
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:00Z', true);
  w := test.worker();
  f := pg_temp.sleeper(w, t[1], true);
  g := pg_temp.sleeper(w, t[2], false);
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:03Z', true);
  perform test.eq(rhythm.tick(), '2026-01-01 00:00:03.25Z'::timestamptz, 'the next look is when the moment is over');
  perform test.eq(array[test.status(f), test.status(g)], array['suspended', 'pending'], 'one is left to its worker, the other fired');
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:03.249Z', true);
  perform rhythm.tick();
  perform test.eq(test.status(f), 'suspended', 'still');
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:03.25Z', true);
  perform rhythm.tick();
  perform test.eq(test.status(f), 'pending', 'and then not any more');
  perform test.eq((select array_agg(c.settled) from test.claim_rows(w, p_limit => 10) as c where c.id = f),
    array[jsonb_build_array(jsonb_build_object('id', t[1], 'status', 'completed', 'output', null))], 'told once');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;

do $$
declare
  w uuid;
  t constant uuid[] := array(select rhythm.uuid7() from generate_series(1, 4));
  v_row record;
  f uuid;
  g uuid;
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:10Z', true);
  w := test.worker();
  f := pg_temp.sleeper(w, t[1], true);
  g := pg_temp.sleeper(w, t[2], true);
  perform test.eq((select count(*) from pg_temp.fire(w, t, 10) as (id uuid, settled jsonb)), 0::bigint, 'not before they are due');
  perform test.eq(test.status(f), 'suspended', 'nothing is changed');
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:13Z', true);
  select * into v_row from pg_temp.fire(w, array[t[1], t[2]], 1) as (id uuid, settled jsonb);
  perform test.eq(v_row.settled, jsonb_build_array(jsonb_build_object('id', case v_row.id when f then t[1] else t[2] end, 'status', 'completed', 'output', null)), 'leased, with what it waited for');
  perform test.eq((select array_agg(e.status order by e.status) from rhythm.executions as e where e.id in (f, g)), array['pending', 'running'], 'one for the place that there was, the other is ready');
  perform test.eq((select count(*) from pg_temp.fire(w, t, 10) as (id uuid, settled jsonb)), 0::bigint, 'each once');
  perform rhythm.tick();
  perform test.eq((select array_agg(s.arrived) from rhythm.workflow_state as s where s.execution_id in (f, g)), array[1, 1], 'and not by tick(), either');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;

-- A worker that leaves hands its timers on: tick() fires them in their moment.
do $$
declare
  w uuid;
  t constant uuid[] := array(select rhythm.uuid7() from generate_series(1, 3));
  f uuid;
  g uuid;
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:20Z', true);
  w := test.worker();
  f := pg_temp.sleeper(w, t[1], true);
  g := pg_temp.sleeper(w, t[2], true);
  perform test.eq(pg_temp.leave(w, array[t[1], t[3]]), 1, 'those that there are');
  perform test.eq(pg_temp.leave(w, array[t[1]]), 1, 'or were');
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:23Z', true);
  perform rhythm.tick();
  perform test.eq(array[test.status(f), test.status(g)], array['pending', 'suspended'], 'in its moment; the other is still kept');
  perform pg_temp.leave(w, array[t[1]]);
  perform test.eq((select array_agg(x.fired order by x.fired) from rhythm.timer as x where x.execution_id in (f, g)), '{f,t}'::boolean[], 'not one that fired');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;
