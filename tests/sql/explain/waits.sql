-- explain() says what a workflow waits for, in which line, and why its child does not continue.
do $$
declare
  w constant uuid := rhythm.register_worker(null, p_info => '{"tasks": []}', p_lease => '1h');
  f constant uuid := test.flow();
  t constant uuid := rhythm.uuid7(rhythm.now() + interval '0 ms', 0);
  s constant uuid := rhythm.uuid7(rhythm.now() + interval '1 ms', 1);
  x constant uuid := rhythm.uuid7(rhythm.now() + interval '2 ms', 2);
  y constant uuid := rhythm.uuid7(rhythm.now() + interval '3 ms', 3);
begin
  perform test.claim(w);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'moment', rhythm.now(), 'snapshot', '{"at": 1}'::jsonb,
    'effects', jsonb_build_array(
      test.run_task(t), test.run_task(y, 'b'),
      jsonb_build_object('type', 'await_signal', 'id', s, 'name', 'approved'),
      jsonb_build_object('type', 'start_timer', 'id', x, 'at', rhythm.now() + interval '1 hour')),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(t, y, s, x))),
    'keep', jsonb_build_array(t, y, s, x),
    'stack', jsonb_build_array(jsonb_build_object('line', 7, 'column', 3, 'variables', '{}'::jsonb, 'waitsFor', jsonb_build_array(t, s)))));
  perform test.eq(test.sentences(f), array[
    'It waits in line 7 for task "a", which is pending, since <time>',
    'It waits in line 7 for signal "approved" since <time>',
    'It waits for a timer until <time>',
    'It waits for task "b", which is pending, since <time>'], 'sentences');
  perform test.eq(test.reasons(f), array['task', 'signal', 'timer', 'task'], 'reasons');
  perform test.eq(rhythm.explain(f) #>> '{0,because,0,sentence}', 'No worker of queue "default" has a handler for task "a"', 'why its child does not continue');
  perform test.eq(rhythm.explain(f) -> 3 ? 'because', false, 'for the first child only');
  perform test.eq((test.reason(f, 'timer') ->> 'expected_at')::timestamptz, (test.reason(f, 'timer') ->> 'until')::timestamptz, 'a timer fires then');
end;
$$;
