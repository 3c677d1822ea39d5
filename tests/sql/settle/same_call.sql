-- The same call sent again gives the same answer and changes nothing; an older one is refused; one that changed nothing was none.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid[] := array[rhythm.queue('a', '1'), rhythm.queue('b', '2')];
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 1) as n);
  v_unknown constant uuid := rhythm.uuid7(rhythm.now(), 9);
  v_first jsonb;
  v_again jsonb;
  v_ends jsonb;
begin
  -- A claim.
  v_first := rhythm.exchange(w, 1, '[]', '{"limit": 10}');
  perform test.eq((select array_agg(u.id order by u.id) from test.unpack(v_first) as u), f || a, 'all that there is');
  perform test.eq(rhythm.exchange(w, 1, '[]', '{"limit": 10}') - 'now', v_first - 'now' || '{"again": true}', 'again');
  perform test.eq((select array_agg(b.attempt) from rhythm.batch as b), '{1,1,1}'::smallint[], 'leased once');

  -- Ends, children, a refusal, and a workflow that goes on.
  v_ends := jsonb_build_array(
    jsonb_build_object('kind', 'done', 'call', 1, 'ids', a[1:1] || v_unknown, 'outputs', '[5, 6]'::jsonb),
    jsonb_build_object('kind', 'outcome', 'call', 1, 'id', f, 'seq', 0, 'status', 'suspended', 'snapshot', '{}'::jsonb,
      'effects', jsonb_build_array(test.run_task(c[1]) || '{"inputs": 7}', test.run_task(c[2]) || '{"inputs": 8}'), 'waits', jsonb_build_array(jsonb_build_object('mode', 'all', 'ids', c))));
  v_first := rhythm.exchange(w, 2, v_ends, '{"lease": 1}');
  perform test.eq(v_first -> 'refused', jsonb_build_array(jsonb_build_object('id', v_unknown, 'reason', 'unknown execution')), 'one is not known');
  perform test.eq((select row(u.id, u.inputs)::text from test.unpack(v_first) as u), row(c[1], 'null'::jsonb)::text, 'one is leased, with inputs that its worker knows');
  v_again := rhythm.exchange(w, 2, v_ends, '{"lease": 1}');
  perform test.eq(v_again - '{parcels,now,again}'::text[], v_first - '{parcels,now}'::text[], 'again: the same refusals');
  perform test.eq(v_again -> 'again', 'true', 'and it says so');
  perform test.eq((select row(u.id, u.attempt, u.parent_id, u.inputs)::text from test.unpack(v_again) as u), row(c[1], 1, f, '7'::jsonb)::text, 'the same lease, with inputs, as its worker may be another process');
  perform test.eq((select s.seq from rhythm.workflow_state as s where s.execution_id = f), 1, 'one step');
  perform test.eq((select count(*) from rhythm.execution as e where e.parent_id = f), 2::bigint, 'two children');

  -- What ended meanwhile is not handed over again; who is over stays as he is.
  perform test.eq(rhythm.exchange(w, 3, jsonb_build_array(jsonb_build_object('kind', 'done', 'call', 1, 'ids', a[2:2], 'outputs', '["x"]'::jsonb)), '{"limit": 10}') #> '{parcels,0,ids}', jsonb_build_array(c[2]), 'the other child');
  perform test.raises(format('select rhythm.exchange(%L, 1, %L)', w, v_ends), 'RH008', 'has made call 3 already: call 1 is too late');
  perform test.eq(rhythm.exchange(w, 2, v_ends) -> 'again', 'true', 'calls with even numbers are another sequence');
  perform test.eq(rhythm.get(a[2]) -> 'output', '"x"', 'its output');
  perform rhythm.exchange(w, 3, jsonb_build_array(jsonb_build_object('kind', 'done', 'call', 1, 'ids', a[2:2], 'outputs', '["y"]'::jsonb)), '{"limit": 10}');
  perform test.eq(rhythm.get(a[2]) -> 'output', '"x"', 'stays');

  -- A call that found nothing may be made with more.
  perform test.eq(rhythm.exchange(w, 4, '[]', '{"limit": 10}') - 'now', '{"call": 4, "early": {}, "refused": [], "parcels": [], "declined": []}', 'nothing');
  perform rhythm.queue('late');
  perform test.eq((select array_agg(u.target) from test.unpack(rhythm.exchange(w, 4, '[]', '{"limit": 10}')) as u), '{late}'::text[], 'the same number, now that there is something');
  perform test.eq((select array_agg(u.target) from test.unpack(rhythm.exchange(w, 4, '[]', '{"limit": 10}')) as u), '{late}'::text[], 'and again');
  perform test.eq((select count(*) from test.unpack(rhythm.exchange(w, 5, '[]', '{"limit": 10}'))), 0::bigint, 'leased once');
  perform test.raises(format('select rhythm.exchange(%L, 0)', w), 'RH001', 'from 1');
  perform test.raises(format('select rhythm.exchange(%L, null)', w), 'RH001', 'from 1');
end;
$$;
