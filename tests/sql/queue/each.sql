-- "each" of create_many(): one execution for each of many inputs.
do $$
declare
  v_ids uuid[];
  v_inputs jsonb;
begin
  v_ids := array(select * from rhythm.create_many('[{"type": "task", "target": "t", "queue": "q", "priority": 3, "each": [{"n": 1}, null, {"n": 3}]}]'));
  v_inputs := (select jsonb_agg(e.inputs order by i.nth) from unnest(v_ids) with ordinality as i (id, nth) join rhythm.execution as e on e.id = i.id where e.queue = 'q' and e.priority = 3);
  perform test.eq(v_inputs, '[{"n": 1}, null, {"n": 3}]', 'in order, with the options of all');
  perform test.eq((select count(distinct e.batch_id)::integer from rhythm.execution as e where e.id = any (v_ids)), 1, 'they share a batch');
  perform test.eq((select count(*)::integer from rhythm.create_many('[{"type": "task", "target": "t", "each": []}]')), 0, 'none');
  perform test.eq((select count(*)::integer from rhythm.batch as b where b.queue = 'default'), 0, 'no batch without members');

  v_ids := array(select * from rhythm.create_many('[{"type": "task", "target": "a"}, {"type": "task", "target": "b", "each": [1, 2]}, {"type": "task", "target": "c", "each": []}, {"type": "task", "target": "d"}]'));
  perform test.eq((select string_agg(e.target || ' ' || e.inputs, ', ' order by i.nth) from unnest(v_ids) with ordinality as i (id, nth) join rhythm.execution as e on e.id = i.id),
    'a {}, b 1, b 2, d {}', 'beside others');

  perform rhythm.register_flow('f', 'return 1', '{}', '{"type": "number"}');
  perform test.eq((select count(*)::integer from rhythm.create_many('[{"type": "workflow", "target": "f", "each": [1, 2]}]')), 2, 'workflows, too');
  perform test.raises($q$select rhythm.create_many('[{"type": "workflow", "target": "f", "each": [1, "x"]}]')$q$, 'RH005', 'Cannot start flow "f"');
  perform test.eq(jsonb_path_query_array(rhythm.create_each('[{"type": "task", "target": "t", "idempotency_key": "k", "each": [1, 2]}]'), '$[*].created'), '[true, false]', 'a key is one execution');
end;
$$;

select * from rhythm.check();
