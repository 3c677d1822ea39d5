-- A workflow with cleaning up to do (finally) does it, whatever the moment: every state that it can be in, against every way to end it.
set local statement_timeout = '300s';
create function pg_temp.suspends(p_worker uuid, p_flow uuid, p_effect jsonb, p_cleanup boolean default true) returns jsonb language sql as $$
  select test.settle(p_worker, p_flow, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb, 'cleanup', p_cleanup, 'effects', jsonb_build_array(p_effect),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(p_effect -> 'id'))), 'keep', jsonb_build_array(p_effect -> 'id')));
$$;

-- Brings a workflow that is inside of try … finally into a state.
create function pg_temp.reach(p_worker uuid, p_flow uuid, p_state text) returns void language plpgsql as $$
declare
  c constant uuid := rhythm.uuid7();
begin
  case p_state
    when 'waits for a task' then perform pg_temp.suspends(p_worker, p_flow, test.run_task(c));
    when 'waits for a task that runs' then
      perform pg_temp.suspends(p_worker, p_flow, test.run_task(c));
      perform test.claim(p_worker);
    when 'waits for a workflow' then perform pg_temp.suspends(p_worker, p_flow, test.run_task(c, 'f') || '{"type": "run_workflow", "options": {"delay": "1h"}}');
    when 'waits for a timer' then perform pg_temp.suspends(p_worker, p_flow, jsonb_build_object('type', 'start_timer', 'id', c, 'at', rhythm.now() + interval '1 day'));
    when 'waits for a signal' then perform pg_temp.suspends(p_worker, p_flow, jsonb_build_object('type', 'await_signal', 'id', c, 'name', 's'));
    when 'waits for a key' then
      perform rhythm.queue('keyed', idempotency_key => c::text, delay => '24h');
      perform pg_temp.suspends(p_worker, p_flow, test.keyed(c, p_target => 'keyed', p_key => c::text));
    when 'is ready' then
      perform pg_temp.suspends(p_worker, p_flow, jsonb_build_object('type', 'start_timer', 'id', c, 'at', rhythm.now()));
      perform rhythm.due();
    when 'runs' then
      perform pg_temp.reach(p_worker, p_flow, 'is ready');
      perform test.claim(p_worker);
    when 'was handed back for later' then
      perform pg_temp.reach(p_worker, p_flow, 'runs');
      perform test.settle(p_worker, p_flow, '{"status": "released", "delay_ms": 3600000}');
    when 'lost its worker' then
      perform pg_temp.reach(p_worker, p_flow, 'runs');
      update rhythm.worker as w set beat_at = w.beat_at - interval '2 hours' where w.id = p_worker;
      perform rhythm.bury_workers(rhythm.now());
      perform rhythm.register_worker(p_worker, array['default'], p_lease => '1h');
  end case;
end;
$$;

do $$
declare
  w constant uuid := test.worker();
  v_case record;
  p uuid;
  f uuid;
  u uuid;
begin
  perform rhythm.register_flow('f', 'return 1', '{}');
  for v_case in
    select s.state, e.ender from
      unnest('{waits for a task,waits for a task that runs,waits for a workflow,waits for a timer,waits for a signal,waits for a key,is ready,runs,was handed back for later,lost its worker}'::text[]) as s (state)
      cross join unnest('{cancel,cancel_many,parent,timeout,timeout of its parent}'::text[]) as e (ender)
  loop
    p := rhythm.start('f', timeout => case v_case.ender when 'timeout of its parent' then interval '50m' end);
    f := rhythm.uuid7(rhythm.now(), 1);
    u := rhythm.uuid7(rhythm.now(), 2);
    perform test.claim(w);
    perform pg_temp.suspends(w, p, test.run_task(f, 'f') || jsonb_build_object('type', 'run_workflow', 'options',
      case v_case.ender when 'timeout' then '{"timeout": "50m"}'::jsonb else '{}' end), false);
    perform test.claim(w);
    perform pg_temp.reach(w, f, v_case.state);
    case v_case.ender
      when 'cancel' then perform rhythm.cancel(f, 'enough');
      when 'cancel_many' then perform rhythm.cancel_many(array[f], 'enough');
      when 'parent' then perform rhythm.cancel(p, 'enough');
      else
        perform test.pass('51 min');
        perform rhythm.beat(w), rhythm.chores();
    end case;
    perform test.eq((select e.state::integer from rhythm.execution as e where e.id = f), 0, format('%s, %s: it is not over', v_case.state, v_case.ender));
    if v_case.state = 'runs' then
      perform test.eq(rhythm.beat(w) #>> '{stop,0,id}', f::text, 'its worker is told');
      perform pg_temp.suspends(w, f, jsonb_build_object('type', 'await_signal', 'id', rhythm.uuid7(), 'name', 's'));
    end if;
    perform test.eq((select count(*) from test.claim_rows(w, p_limit => 10) as c where c.id = f and c.cancel_reason is not null), 1::bigint,
      format('%s, %s: it goes on, and is told', v_case.state, v_case.ender));
    perform pg_temp.suspends(w, f, test.run_task(u, 'undo'));
    perform test.eq(array[test.status(f), test.status(u)], '{suspended,pending}'::text[], format('%s, %s: it cleans up', v_case.state, v_case.ender));
    perform test.claim(w);
    perform test.complete(w, u);
    perform test.eq(test.claim(w), array[f], 'it goes on from there');
    perform test.settle(w, f, '{"status": "cancelled"}');
    perform test.eq(test.status(f), case v_case.ender when 'timeout' then 'failed' else 'cancelled' end, format('%s, %s: it has ended', v_case.state, v_case.ender));
    perform test.eq((select string_agg(c.violation, '; ') from rhythm.check() as c), null, format('%s, %s: all is well', v_case.state, v_case.ender));
    -- What it left behind.
    if v_case.state = 'waits for a task that runs' then
      perform test.settle(w, e.id, '{"status": "cancelled"}') from rhythm.executions as e where e.worker = w;
    end if;
    perform rhythm.cancel_many(array(select e.id from rhythm.execution as e where e.state = 0));
    perform test.claim(w);
    perform test.settle(w, e.id, '{"status": "cancelled"}') from rhythm.executions as e where e.worker = w;
    perform test.eq((select count(*) from rhythm.execution as e where e.state = 0), 0::bigint, format('%s, %s: nothing is left', v_case.state, v_case.ender));
  end loop;
end;
$$;

-- One that has not begun, or has nothing to clean up, ends at once.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid[] := array[test.flow(), rhythm.start('f'), rhythm.start('f', delay => '1h')];
begin
  perform test.claim(w, 1);
  perform pg_temp.suspends(w, f[1], test.run_task(rhythm.uuid7()), false);
  perform rhythm.cancel(i) from unnest(f) as i;
  perform test.eq(array(select test.status(i) from unnest(f) as i), '{cancelled,cancelled,cancelled}'::text[], 'at once');
end;
$$;

-- Nor does it help to be slow: where no worker takes it, as the queue is paused, its time for that has not begun.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := rhythm.start('f', timeout => '30m');
  u constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform pg_temp.suspends(w, f, test.run_task(rhythm.uuid7(), 'elsewhere') || '{"options": {"queue": "elsewhere"}}');
  perform pg_temp.suspends(w, g, test.run_task(rhythm.uuid7(), 'elsewhere') || '{"options": {"queue": "elsewhere"}}');
  perform rhythm.pause_queue('default');
  perform rhythm.cancel(f, 'enough');
  for i in 1..20 loop
    perform test.pass('3 min');
    perform rhythm.beat(w), rhythm.chores();
  end loop;
  perform test.eq(array[test.status(f), test.status(g)], '{pending,pending}'::text[], 'they wait for a worker');
  perform rhythm.resume_queue('default');
  perform test.eq((select array_agg(c.cancel_reason order by c.id) from test.claim_rows(w, p_limit => 10) as c), '{enough,It ran past its timeout}'::text[], 'and are told');
  perform pg_temp.suspends(w, f, test.run_task(u, 'undo'));
  perform test.claim(w);
  perform test.complete(w, u);
  perform test.claim(w);
  perform test.settle(w, f, '{"status": "cancelled"}');
  perform test.eq(test.status(f), 'cancelled', 'it has cleaned up');
  -- From then on it has its time, and no more.
  perform test.pass('6 min');
  perform rhythm.beat(w), rhythm.chores();
  perform test.eq(test.status(g), 'failed', 'the other took too long');
end;
$$;
