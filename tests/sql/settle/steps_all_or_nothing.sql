-- A child or a kind that cannot be stored takes all of its item with it: the task runs on, the workflow waits for it. And
-- limits, keys, priorities and delays of children are those of create_many().
create function pg_temp.step(p_worker uuid, p_task uuid, p_flow uuid, p_kind jsonb, p_child uuid) returns jsonb language sql as $$
  select test.steps(p_worker,
    jsonb_build_array(jsonb_build_object('id', p_task, 'flow', p_flow, 'seq', 1, 'next', 'suspended', 'snapshot', '{}'::jsonb, 'mode', 'any', 'ids', array[p_child])),
    jsonb_build_array(jsonb_build_object('id', p_child, 'flow', p_flow, 'kind', 0)), jsonb_build_array(p_kind), 10);
$$;

create function pg_temp.flow(p_worker uuid, p_task uuid) returns uuid language plpgsql as $$
declare
  f constant uuid := test.flow();
begin
  perform test.claim(p_worker);
  perform test.suspend(p_worker, f, jsonb_build_array(test.run_task(p_task)), 'any', array[p_task], 10);
  return f;
end;
$$;

do $$
declare
  w constant uuid := test.worker();
  c constant uuid[] := array(select rhythm.uuid7() from generate_series(1, 20));
  f constant uuid := pg_temp.flow(w, c[1]);
  g uuid;
  v_case record;
  v_answer jsonb;
begin
  for v_case in select * from (values
    ('{"target": "a", "tries": 1}'::jsonb, c[2], 'There is no option "tries"'), ('{"target": "a b"}', c[2], 'cannot be a task name'),
    ('5', c[2], 'expected an object'), ('{"target": "a"}', c[1], 'duplicate key')) as v (kind, child, words) loop
    v_answer := pg_temp.step(w, c[1], f, v_case.kind, v_case.child);
    perform test.eq(v_answer ->> 'problem' like '%' || v_case.words || '%', true, format('%s: %s', v_case.words, v_answer ->> 'problem'));
    perform test.eq(v_answer -> 'declined', to_jsonb(array[c[1]]), 'declined');
  end loop;
  perform test.eq(array[test.status(c[1]), test.status(f), test.status(c[2])], array['running', 'suspended', null], 'nothing changed');
  update rhythm.workflow_state as s set cleanup = true where s.execution_id = f;
  perform test.eq(pg_temp.step(w, c[1], f, '{"target": "a", "delay": "1h"}', c[2]) -> 'born', '[]', 'not before its time');
  perform test.eq((select s.cleanup from rhythm.workflow_state as s where s.execution_id = f), false, 'it has nothing to clean up any more: it says so, or not, each time');
  perform test.eq(rhythm.get(c[2]) ->> 'status', 'pending', 'it is delayed');
  g := pg_temp.flow(w, c[3]);
  perform test.eq(pg_temp.step(w, c[3], g, '{"target": "a", "concurrency_key": "k", "priority": 7}', c[4]) -> 'born', '[]', 'what has a key goes by claims');
  perform test.eq((rhythm.get(c[4]) ->> 'priority')::integer, 7, 'its priority');
  g := pg_temp.flow(w, c[5]);
  perform test.eq(pg_temp.step(w, c[5], g, '{"target": "a", "queue": "other"}', c[6]) -> 'born', '[]', 'nothing of a queue that the worker does not serve');
  perform rhythm.configure_queue('tight', 1);
  perform rhythm.register_worker(w, array['default', 'tight'], p_lease => '1h');
  g := pg_temp.flow(w, c[7]);
  perform test.eq(pg_temp.step(w, c[7], g, '{"target": "a", "queue": "tight"}', c[8]) -> 'born', '[]', 'nothing of a queue with limits');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;
