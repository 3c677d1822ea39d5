-- The end of a task and the next step of its workflow are one settle: the task over, the workflow one further, the next
-- task leased to the same worker. Once: again, or where the workflow is not as the worker thinks, nothing changes.
create function pg_temp.step(p_worker uuid, p_task uuid, p_flow uuid, p_seq integer, p_next jsonb, p_child uuid default null) returns jsonb language sql as $$
  select test.steps(p_worker,
    jsonb_build_array(jsonb_build_object('id', p_task, 'output', 7, 'flow', p_flow, 'seq', p_seq) || p_next),
    case when p_child is null then '[]' else jsonb_build_array(jsonb_build_object('id', p_child, 'flow', p_flow, 'kind', 0, 'inputs', '{"n": 2}'::jsonb)) end,
    '[{"target": "a", "retry": {"max_attempts": 5}, "timeout": "2s"}]', 10);
$$;

do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := test.flow();
  c constant uuid[] := array(select rhythm.uuid7() from generate_series(1, 4));
  v_waits jsonb;
  v_case record;
  v_answer jsonb;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(c[1])), 'any', array[c[1]], 10);
  perform test.suspend(w, g, jsonb_build_array(test.run_task(c[4])), 'any', array[c[4]], 10);

  v_waits := jsonb_build_object('next', 'suspended', 'snapshot', '{"at": 2}'::jsonb, 'mode', 'any', 'ids', array[c[2]]);
  perform test.eq(pg_temp.step(test.worker(), c[1], f, 1, v_waits, c[2]) -> 'declined', to_jsonb(array[c[1]]), 'not by another worker');
  perform test.eq(pg_temp.step(w, c[1], f, 0, v_waits, c[2]) -> 'declined', to_jsonb(array[c[1]]), 'not from an older step');
  perform test.eq(pg_temp.step(w, c[1], g, 1, v_waits, c[2]) -> 'declined', to_jsonb(array[c[1]]), 'not with another workflow');
  perform test.eq(test.status(c[2]), null, 'what is declined starts nothing');

  v_answer := pg_temp.step(w, c[1], f, 1, v_waits, c[2]);
  perform test.eq(v_answer, jsonb_build_object('declined', '[]'::jsonb, 'early', '{}'::jsonb, 'born', jsonb_build_array(jsonb_build_object('ids', array[c[2]], 'inputs', null,
    'common', jsonb_build_object('type', 'task', 'target', 'a', 'queue', 'default', 'attempt', 1, 'max_attempts', 5, 'timeout_ms', 2000)))), 'leased');
  perform test.eq(rhythm.get(c[1]) ->> 'output', '7', 'the end of the task');
  perform test.eq(test.status(f), 'suspended', 'the workflow waits again');
  perform test.eq((select array[s.seq::text, s.snapshot::text, s.need::text] from rhythm.workflow_state as s where s.execution_id = f), array['2', '{"at": 2}', '{1}'], 'one further');
  perform test.eq((select array[e.status, e.parent_id::text, e.worker::text, e.attempt::text, e.inputs::text] from rhythm.executions as e where e.id = c[2]),
    array['running', f::text, w::text, '1', '{"n": 2}'], 'leased with its creation');
  perform test.eq(pg_temp.step(w, c[1], f, 1, v_waits, c[2]) -> 'declined', to_jsonb(array[c[1]]), 'a repeated call');

  -- Somebody else was first: a signal that the workflow did not wait for changes nothing, but an end in its inbox does.
  perform test.complete(w, c[2]);
  perform test.eq(test.status(f), 'pending', 'woken by the end that was settled alone');
  perform test.eq(pg_temp.step(w, c[2], f, 2, '{"next": "completed", "result": 1}') -> 'declined', to_jsonb(array[c[2]]), 'it is not where the worker thinks');

  perform rhythm.pause_queue('default');
  perform test.eq(pg_temp.step(w, c[4], g, 1, '{"next": "completed", "result": 1}') -> 'declined', to_jsonb(array[c[4]]), 'not in a queue that is paused, or has limits');
  perform rhythm.resume_queue('default');

  perform rhythm.watch(array[g]);
  perform test.eq(pg_temp.step(w, c[4], g, 1, '{"next": "completed", "result": {"ok": true}}') -> 'declined', '[]', 'the last step');
  perform test.eq(rhythm.get(g) -> 'output', '{"ok": true}'::jsonb, 'the result');
  perform test.eq(exists (select from rhythm.workflow_state as s where s.execution_id = g), false, 'a workflow that is over stands nowhere');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');

  -- What is not well formed changes nothing, and says why.
  for v_case in select * from (values
    ('{"next": "suspended"}'::jsonb, 'suspended, with its snapshot'), ('{"next": "completed", "call": 1.5}', 'invalid input syntax'),
    ('{"next": "completed", "call": null}', 'needs id, call, flow'), ('{"next": "completed", "flow": "-----"}', 'invalid input syntax'), ('{"next": "completed", "seq": -1}', 'needs id, call, flow'),
    (jsonb_build_object('next', 'completed', 'result', repeat('x', 1100000)), 'more than')) as v (next, words) loop
    v_answer := pg_temp.step(w, c[4], g, 1, v_case.next);
    perform test.eq(v_answer ->> 'problem' like '%' || v_case.words || '%', true, format('%s: %s', v_case.words, v_answer ->> 'problem'));
    perform test.eq(v_answer -> 'declined', to_jsonb(array[c[4]]), 'declined');
  end loop;
  perform test.eq(test.steps(w, null) ->> 'problem' like '%JSON arrays%', true, 'no ends');
end;
$$;
