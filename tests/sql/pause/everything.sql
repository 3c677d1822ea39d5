-- While everything is paused, nothing begins, also in memory and in SQL; ends, signals and starts are taken.
create function test.in_sql(jsonb) returns jsonb language sql as 'select $1';
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  t constant uuid := rhythm.uuid7();
  n constant uuid := rhythm.uuid7();
  s uuid;
  a uuid;
begin
  perform rhythm.define_sql_task('s', 'test.in_sql(jsonb)');
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(t)), 'any', array[t], p_lease => 1);
  perform test.eq(rhythm.pause_everything('maintenance', 'ada'), true, 'paused');
  perform test.eq(rhythm.pause_everything(), false, 'paused already');
  a := rhythm.queue('a');
  s := rhythm.queue('s');
  perform test.eq(test.steps(w, jsonb_build_array(jsonb_build_object('id', t, 'output', 1, 'flow', f, 'seq', 1, 'next', 'completed', 'result', 1)), p_lease => 5) -> 'declined',
    jsonb_build_array(t), 'a step in memory is declined');
  perform test.settle(w, t, '{"status": "completed", "output": 1}', p_lease => 5);
  perform test.eq(test.status(f), 'pending', 'the end is taken');
  perform rhythm.tick();
  perform test.eq(test.claim(w), '{}'::uuid[], 'nothing is claimed');
  perform test.eq(test.status(s), 'pending', 'no SQL task runs');
  perform test.eq((test.sentences(a))[1], 'Everything is paused since <time> by ada: maintenance', 'explained');
  perform test.eq(test.reasons(f), array['everything_paused', 'ready'], 'the reason');
  perform test.eq(rhythm.resume_everything(), true, 'resumed');
  perform test.run_sql_tasks();
  perform test.eq(test.status(s), 'completed', 'the SQL task runs');
  perform test.eq(test.claim(w), array[f, a], 'the rest is claimed');

  -- A paused SQL task, and a child of a paused task.
  perform rhythm.pause_task('s');
  perform rhythm.pause_task('c');
  s := rhythm.queue('s');
  perform test.run_sql_tasks();
  perform test.eq(test.status(s), 'pending', 'it does not run');
  perform test.suspend(w, f, jsonb_build_array(test.run_task(n, 'c')), 'any', array[n], p_lease => 5);
  perform test.eq(test.status(n), 'pending', 'a child is not leased when it is created');
  perform test.eq(test.claim(w), '{}'::uuid[], 'nor claimed');
  perform rhythm.resume_task('s');
  perform test.run_sql_tasks();
  perform test.eq(test.status(s), 'completed', 'resumed, it runs');
end;
$$;
