-- settle_tasks() completes many tasks at once, each with its own output, and refuses what settle() would refuse.
do $$
declare
  w constant uuid := test.worker();
  other constant uuid := test.worker();
  ids uuid[];
  v_lost uuid[];
  v_child constant uuid := rhythm.uuid7();
  f uuid;
begin
  ids := array(select rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'inputs', jsonb_build_object('n', n))) from generate_series(1, 40) as n)));
  perform test.claim(w, 20);
  perform test.claim(other, 20);
  perform rhythm.watch(ids[3:3]);
  -- The attempt of one, the worker of others, one that nobody knows.
  update rhythm.execution as e set attempt = 2 where e.id = ids[5];
  v_lost := array(select i from unnest(ids[1:22] || rhythm.uuid7()) as i order by i);
  perform test.eq(
    rhythm.settle_tasks(w, v_lost, array_fill(1, array[23]), (select jsonb_agg(n) from generate_series(1, 23) as n)),
    jsonb_build_array(
      jsonb_build_object('id', ids[5], 'reason', 'it is running'), jsonb_build_object('id', ids[21], 'reason', 'it is running'),
      jsonb_build_object('id', ids[22], 'reason', 'it is running'), jsonb_build_object('id', v_lost[23], 'reason', 'unknown execution')),
    'refused');
  perform test.eq(
    array(select rhythm.get(i) -> 'output' from unnest(ids[1:20]) with ordinality as u (i, n) where n <> 5 order by n),
    array(select to_jsonb(n) from generate_series(1, 20) as n where n <> 5), 'to each its own output');
  perform test.eq(rhythm.settle_tasks(w, ids[1:1], '{1}', '[7]'), jsonb_build_array(jsonb_build_object('id', ids[1], 'reason', 'it is completed')), 'once');
  perform test.eq(rhythm.settle_tasks(w, '{}', '{}', '[]'), '[]', 'nothing');
  perform test.eq(rhythm.settle_tasks(w, ids[5:5], '{2}', '[null]'), '[]', 'the second attempt');
  perform test.eq(rhythm.get(ids[5]) -> 'output', 'null', 'null is an output');

  perform test.raises(format('select rhythm.settle_tasks(%L, %L, %L, %L)', other, array[ids[22], ids[21]], '{1,1}', '[1, 2]'), 'RH001', 'ascending');
  f := test.flow();
  perform test.claim(w, 1);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(v_child)), 'any', array[v_child], 10);
  perform test.raises(format('select rhythm.settle_tasks(%L, %L, %L, %L)', w, array[v_child], '{1}', '[1]'), 'RH001', 'settled with settle()');
  perform test.raises(format('select rhythm.settle_tasks(%L, %L, %L, jsonb_build_array(1, repeat(%L, 2000000)))', other, ids[23:24], '{1,1}', 'x'), 'RH006', '1048576');
  perform test.eq(array(select distinct test.status(i) from unnest(ids[21:24] || v_child) as i), '{running}', 'what is refused with an error changes nothing');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;
