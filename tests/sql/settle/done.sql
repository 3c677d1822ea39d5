-- "done" completes many tasks at once, each with its own output, and refuses what an outcome would be refused for.
do $$
declare
  w constant uuid := test.worker();
  other constant uuid := test.worker();
  ids uuid[];
  v_lost uuid[];
  v_child constant uuid := rhythm.uuid7();
  v_call integer;
  f uuid;
begin
  ids := array(select rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'inputs', jsonb_build_object('n', n))) from generate_series(1, 40) as n)));
  perform test.claim(w, 4);
  perform test.claim(w, 1);
  perform test.claim(w, 15);
  perform test.claim(other, 20);
  perform rhythm.watch(ids[3:3]);
  v_call := test.call_of(ids[1]);
  -- Of another call, of another worker, and one that nobody knows.
  v_lost := array(select i from unnest(ids[1:5] || ids[21:22] || rhythm.uuid7()) as i order by i);
  perform test.eq(
    test.done(w, v_call, v_lost, (select jsonb_agg(n) from generate_series(1, 8) as n)),
    jsonb_build_object('declined', '[]'::jsonb, 'refused', jsonb_build_array(
      jsonb_build_object('id', ids[5], 'reason', 'its lease is lost'), jsonb_build_object('id', ids[21], 'reason', 'its lease is lost'),
      jsonb_build_object('id', ids[22], 'reason', 'its lease is lost'), jsonb_build_object('id', v_lost[8], 'reason', 'unknown execution'))),
    'refused');
  perform test.eq(array(select rhythm.get(i) -> 'output' from unnest(ids[1:4]) as i), '{1,2,3,4}'::jsonb[], 'to each its own output');
  perform test.eq(test.done(w, v_call, ids[1:1], '[7]') -> 'refused', jsonb_build_array(jsonb_build_object('id', ids[1], 'reason', 'it is completed')), 'once');
  perform test.eq(test.done(w, v_call, '{}', '[]') -> 'refused', '[]', 'nothing');
  perform test.eq(test.done(w, test.call_of(ids[5]), ids[5:5], '[null]') -> 'refused', '[]', 'with the call that leased it');
  perform test.eq(rhythm.get(ids[5]) -> 'output', 'null', 'null is an output');
  perform test.eq(test.done(w, test.call_of(ids[6]), array[ids[8], ids[6], ids[7]], '[8, 6, 7]') -> 'refused', '[]', 'in any order');
  perform test.eq(array(select rhythm.get(i) -> 'output' from unnest(ids[6:8]) as i), '{6,7,8}'::jsonb[], 'to each its own, too');
  perform test.eq(array[test.status(ids[9]), rhythm.get(ids[9]) ->> 'worker'], array['running', w::text], 'the rest of its batch runs on');

  -- One that its workflow waits for, one that is too large, one that was cancelled: as if it had come alone.
  f := test.flow();
  perform test.claim(w, 1);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(v_child)), 'any', array[v_child], 10);
  perform test.eq(test.done(w, test.call_of(v_child), array[v_child], '[1]'), '{"refused": [], "declined": []}', 'a child');
  perform test.eq((select x.settled -> 0 -> 'output' from test.claim_rows(w) as x), '1', 'its workflow is told');
  perform rhythm.cancel(ids[23], 'enough');
  perform test.done(other, test.call_of(ids[21]), ids[21:24], jsonb_build_array(1, repeat('x', 2000000), 3, 4));
  perform test.eq(array(select test.status(i) from unnest(ids[21:24]) as i), '{completed,failed,cancelled,completed}'::text[], 'each by itself');
  perform test.eq(rhythm.get(ids[22]) #>> '{error,message}' like '%1048576%', true, 'what is too large fails with the reason');
  perform test.raises(format('select test.done(%L, 1, %L, %L)', other, ids[25:26], '[1]'), 'RH001', 'arrays of one length');
  perform test.eq(test.status(ids[25]), 'running', 'what is refused with an error changes nothing');
  perform test.settle(w, f, '{"status": "completed"}');
end;
$$;
