-- The journal has every step that does not commit with the end of one child: its moment as the worker told it, and what it took, in order.
create function pg_temp.items(p_flow uuid, p_step integer, p_moment timestamptz) returns uuid[] language sql as $$
  select j.items from rhythm.journal as j where j.execution_id = p_flow and j.step = p_step and j.moment = p_moment;
$$;

create function pg_temp.suspended(p_moment timestamptz, p_effects jsonb, p_mode text, p_ids uuid[]) returns jsonb language sql as $$
  select jsonb_build_object('status', 'suspended', 'moment', p_moment, 'snapshot', '{"at": 1}'::jsonb, 'effects', p_effects,
    'waits', jsonb_build_array(jsonb_build_object('mode', p_mode, 'ids', p_ids)), 'keep', p_ids);
$$;

do $$
declare
  w constant uuid := test.worker();
  c constant uuid[] := array(select rhythm.uuid7() as id from generate_series(1, 4) order by id);
  t constant uuid := rhythm.uuid7();
  f constant uuid := test.flow();
  m constant timestamptz := date_trunc('milliseconds', rhythm.now()) - interval '2 seconds';
  v_answer jsonb;
begin
  perform test.claim(w);
  perform test.settle(w, f, pg_temp.suspended(m, jsonb_build_array(test.run_task(c[1]), test.run_task(c[2]), test.run_task(c[3])), 'all', c[1:3]));
  perform test.eq(pg_temp.items(f, 1, m), '{}'::uuid[], 'the first step took nothing');

  perform test.claim(w);
  perform test.complete(w, c[i]) from unnest(array[3, 1, 2]) as i;
  perform test.claim(w);
  perform test.settle(w, f, pg_temp.suspended(m + interval '1ms', jsonb_build_array(test.run_task(c[4])), 'any', array[c[4]]));
  perform test.eq(pg_temp.items(f, 2, m + interval '1ms'), array[c[3], c[1], c[2]], 'children in the order in which they ended');

  -- With the end of one child: its row tells all.
  perform test.claim(w);
  v_answer := test.steps(w, jsonb_build_array(jsonb_build_object('id', c[4], 'output', 1, 'flow', f, 'seq', 2, 'next', 'suspended', 'moment', m + interval '2ms',
    'snapshot', '{"at": 3}'::jsonb, 'mode', 'any', 'ids', array[t], 'timers', jsonb_build_array(jsonb_build_object('id', t, 'at', rhythm.now(), 'kept', true)))));
  perform test.eq(v_answer -> 'declined', '[]', 'settled');
  perform test.eq((select count(*) from rhythm.journal as j where j.execution_id = f), 2::bigint, 'no row of the journal');
  perform test.eq((select array[e.parent_step::text, (e.completed_at = m + interval '2ms')::text] from rhythm.execution as e where e.id = c[4]), array['3', 'true'],
    'step and moment stand with the child');

  -- With a timer.
  v_answer := test.steps(w, jsonb_build_array(jsonb_build_object('id', t, 'timer', true, 'flow', f, 'seq', 3, 'next', 'completed', 'moment', m + interval '3ms')));
  perform test.eq(v_answer -> 'declined', '[]', 'settled');
  perform test.eq(pg_temp.items(f, 4, m + interval '3ms'), array[t], 'the timer, and the last step');
  perform test.eq(test.status(f), 'completed', 'over');
  perform test.eq((select count(*) from rhythm.journal as j where j.execution_id = f), 3::bigint, 'as many as there are to be');
end;
$$;

-- The last step has its row however it ends; cancellation is told by the workflow's own id. A step that failed is taken anew
-- under another number.
do $$
declare
  w constant uuid := test.worker();
  c constant uuid := rhythm.uuid7();
  f constant uuid := test.flow();
  m constant timestamptz := date_trunc('milliseconds', rhythm.now());
begin
  perform test.claim(w);
  perform test.settle(w, f, pg_temp.suspended(m, jsonb_build_array(test.run_task(c)), 'any', array[c]));
  perform test.claim(w);
  perform test.complete(w, c);
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'failed', 'moment', m, 'error', jsonb_build_object('type', 'Error', 'message', 'no')));
  perform test.eq(pg_temp.items(f, 2, m), array[c], 'it failed with what it took');
  perform rhythm.retry(f);
  perform test.eq((select array_agg(j.step) from rhythm.journal as j where j.execution_id = f), array[1], 'that step is undone');
  perform test.eq((select s.seq from rhythm.workflow_state as s where s.execution_id = f), 2, 'and its number is not given again');
  perform test.claim(w);
  perform rhythm.cancel(f, 'enough');
  perform test.settle(w, f, jsonb_build_object('status', 'cancelled', 'reason', 'enough', 'moment', m));
  perform test.eq(test.status(f), 'cancelled', 'over');
  perform test.eq(pg_temp.items(f, 3, m), array[f, c], 'its cancellation, then what it took with it');
end;
$$;

-- A moment too far from this clock is not believed.
do $$
declare
  w constant uuid := rhythm.register_worker(null, p_lease => '30s');
  c constant uuid := rhythm.uuid7();
  f constant uuid := test.flow();
  m constant timestamptz := date_trunc('milliseconds', rhythm.now());
  v_answer jsonb;
  v_far text;
begin
  foreach v_far in array array['-16s', '16s'] loop
    perform test.claim(w);
    v_answer := test.settle(w, f, pg_temp.suspended(m + v_far::interval, jsonb_build_array(test.run_task(c)), 'any', array[c]));
    perform test.eq(v_answer #>> '{refused,0,id}', f::text, 'refused ' || v_far);
    perform test.eq(test.status(f), 'pending', 'and back in its queue, to be taken anew');
    perform test.eq((select e.note like 'A step was taken at %, too far from the clock of the database' from rhythm.execution as e where e.id = f), true, 'with the reason');
  end loop;
  perform test.eq((select count(*) from rhythm.journal as j where j.execution_id = f), 0::bigint, 'nothing of it is kept');
  perform test.eq(exists (select from rhythm.execution as e where e.id = c), false, 'and nothing was started');
  perform test.claim(w);
  perform test.settle(w, f, pg_temp.suspended(m - interval '14s', jsonb_build_array(test.run_task(c)), 'any', array[c]));
  perform test.eq(pg_temp.items(f, 1, m - interval '14s'), '{}'::uuid[], 'near enough is believed');
  perform test.claim(w);
  v_answer := test.steps(w, jsonb_build_array(jsonb_build_object('id', c, 'output', 1, 'flow', f, 'seq', 1, 'next', 'completed', 'moment', m + interval '16s')));
  perform test.eq(v_answer -> 'declined', to_jsonb(array[c]), 'a step in memory is declined: the end of the task is brought alone');
end;
$$;
