-- tick() settles a SQL task for the workflow that waits for it, and leaves workflows of the same queue alone

create function pg_temp.answer(jsonb) returns jsonb language sql as $$ select '{"answer": 42}'::jsonb $$;

do $$
declare
  v_worker uuid;
  v_flow uuid;
  v_child constant uuid := rhythm.uuid7();
  v_claimed record;
begin
  perform rhythm.define_sql_task('answer', 'pg_temp.answer(jsonb)'::regprocedure);
  perform rhythm.register_flow('ask', 'return await Task.run("answer")', '{}', options => '{"queue": "sql"}');
  v_flow := rhythm.start('ask');
  perform rhythm.tick(), test.run_sql_tasks();
  assert rhythm.get(v_flow) ->> 'status' = 'pending', 'tick() ran no workflow';

  v_worker := rhythm.register_worker(null, array['sql']);
  select c.* into v_claimed from test.claim_rows(v_worker) as c;
  perform test.settle_many(v_worker, jsonb_build_array(jsonb_build_object(
    'id', v_flow, 'status', 'suspended', 'snapshot', '{}'::jsonb,
    'effects', jsonb_build_array(jsonb_build_object('type', 'run_task', 'id', v_child, 'target', 'answer', 'inputs', '{}'::jsonb)),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(v_child)))
  )));
  assert (select (w.kind, w.name) = ('task', 'answer') from rhythm.waits as w where w.execution_id = v_flow), 'the view waits shows it';
  perform rhythm.tick(), test.run_sql_tasks();
  assert rhythm.get(v_child) ->> 'status' = 'completed', rhythm.get(v_child)::text;
  select c.* into v_claimed from test.claim_rows(v_worker) as c;
  assert v_claimed.settled = jsonb_build_array(jsonb_build_object('id', v_child, 'status', 'completed', 'output', '{"answer": 42}'::jsonb)),
    v_claimed.settled::text;
end;
$$;
