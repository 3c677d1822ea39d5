-- Tasks that differ in nothing but their inputs come out as those that differ in more: same rows, same refusals, same order.
do $$
declare
  v_head constant jsonb := '{"type": "task", "target": "a", "queue": "q", "priority": 7, "timeout": 3, "retry": {"max_attempts": 9}, "concurrency_key": "k",
    "metadata": {"m": 1}, "traceparent": "t"}';
  v_alike uuid[];
  v_mixed uuid[];
begin
  v_alike := array(select rhythm.create_many((select jsonb_agg(v_head || jsonb_build_object('inputs', n)) from generate_series(1, 3) as n)));
  -- A second kind of task among them.
  v_mixed := array(select rhythm.create_many((select jsonb_agg(v_head || jsonb_build_object('inputs', n)) || '{"type": "task", "target": "b"}' from generate_series(1, 3) as n)));
  perform test.eq(
    (select jsonb_agg(to_jsonb(e) - '{id,batch_id}'::text[] order by e.id) from rhythm.execution as e where e.id = any (v_alike)),
    (select jsonb_agg(to_jsonb(e) - '{id,batch_id}'::text[] order by e.id) from rhythm.execution as e where e.id = any (v_mixed[:3])),
    'rows');
  perform test.eq(
    (select jsonb_agg(to_jsonb(b) - '{id,first_id,ids}'::text[] order by b.id) from rhythm.batch as b where b.first_id = any (v_alike)),
    (select jsonb_agg(to_jsonb(b) - '{id,first_id,ids}'::text[] order by b.id) from rhythm.batch as b where b.first_id = any (v_mixed[:3])),
    'batches');
  perform test.eq(
    (select array_agg(e.inputs order by e.id) from rhythm.execution as e where e.id = any (v_alike)), array['1', '2', '3']::jsonb[], 'inputs, in order');

  v_alike := array(select rhythm.create_many('[{"type": "task", "target": "a", "delay": 60}, {"type": "task", "target": "a", "inputs": {"n": 1}, "delay": 60}]'));
  perform test.eq(
    (select jsonb_agg(jsonb_build_array(test.status(e.id), date_trunc('seconds', e.run_at - rhythm.created_at(e.id)), e.inputs) order by e.id) from rhythm.execution as e where e.id = any (v_alike)),
    '[["pending", "00:01:00", {}], ["pending", "00:01:00", {"n": 1}]]'::jsonb, 'delayed ones, and no inputs');

  v_alike := array(select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 9000))));
  perform test.eq((select array_agg(i order by i) from unnest(v_alike) as i), v_alike, 'more than a millisecond has room for sort as they were given');
  perform test.eq((select count(distinct i) from unnest(v_alike) as i), 9000::bigint, 'no id twice');

  perform rhythm.configure('max_payload_bytes', '10');
  perform test.raises($q$select rhythm.create_many('[{"type": "task", "target": "a"}, {"type": "task", "target": "a", "inputs": "12345678901"}]')$q$,
    'RH006', 'Request 2: inputs take 13 bytes');
  perform test.raises($q$select rhythm.create_many('[{"type": "task", "target": "a"}, 7]')$q$, 'RH001', 'Request 2: It is of type number');
  perform test.raises($q$select rhythm.create_many('[{"type": "task", "target": "a b"}, {"type": "task", "target": "a b"}]')$q$, 'RH001', 'Request 1: ');
end;
$$;
