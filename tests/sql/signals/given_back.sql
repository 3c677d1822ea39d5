-- A wait that is dropped swallows nothing: a signal that it took unseen goes to the next wait.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  s constant uuid := rhythm.uuid7(rhythm.now(), 0);
  t constant uuid := rhythm.uuid7(rhythm.now(), 1);
  n constant uuid := rhythm.uuid7(rhythm.now(), 2);
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', s, 'name', 's'),
    jsonb_build_object('type', 'start_timer', 'id', t, 'at', rhythm.now() + interval '5 s')), 'any', array[s, t]);
  perform test.pass('5 s');
  perform rhythm.tick();
  perform test.eq(test.claim(w), array[f], 'the timer won');
  perform rhythm.signal(f, 's', '"mine"');
  perform rhythm.signal(f, 's', '"next"');
  perform test.eq((select g.taken_by from rhythm.signal as g order by g.id limit 1), s, 'taken while it ran, unseen');
  perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', n, 'name', 's')), 'any', array[n]);
  perform test.eq(test.status(f), 'pending', 'the new wait has it');
  perform test.eq((select x.settled from test.claim_rows(w) as x),
    jsonb_build_array(jsonb_build_object('id', n, 'status', 'completed', 'output', 'mine')), 'in its place in the order');
end;
$$;
