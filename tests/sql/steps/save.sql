-- save_steps() stores what a leased workflow did, once; without the lease, or a second time, it changes nothing and says so.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  s constant uuid := rhythm.uuid7();
  c constant uuid := rhythm.uuid7();
  v_done jsonb;
begin
  perform rhythm.register_workflow('code');
  perform test.eq(rhythm.register_workflow('code', '{"queue": "other"}'), 2, 'new defaults are a new version');
  perform test.eq(rhythm.register_workflow('code'), 2, 'null leaves them');
  f := rhythm.start('code', '"in"', queue => 'default');
  perform test.eq((select array_agg(x.id) from test.unpack(rhythm.claim_execution(w, f, 1)) as x), array[f], 'one workflow is claimed');
  perform test.eq((select array_agg(x.id) from test.unpack(rhythm.claim_execution(w, f, 1)) as x), array[f], 'the same call again: the same answer');
  perform test.eq(rhythm.claim_execution(w, f, 2), '{"call": 2, "parcels": []}', 'once');

  v_done := jsonb_build_array(jsonb_build_object('execution_id', f, 'name', 'a', 'kind', 'step', 'status', 'completed', 'seq', 1, 'attempts', 1, 'output', 7));
  perform test.eq(rhythm.save_steps(w, v_done), '[]', 'saved');
  perform test.eq(rhythm.save_steps(w, v_done), jsonb_build_array(jsonb_build_object('id', f, 'name', 'a')), 'what is over stays');
  perform test.eq(rhythm.save_steps(rhythm.uuid7(), v_done), jsonb_build_array(jsonb_build_object('id', f, 'name', 'a')), 'nobody else saves');

  perform test.eq(rhythm.save_steps(w, jsonb_build_array(
    jsonb_build_object('execution_id', f, 'name', 'nap', 'kind', 'sleep', 'status', 'waiting', 'wait_id', s, 'delay_ms', 60000),
    jsonb_build_object('execution_id', f, 'name', 'child', 'kind', 'task', 'status', 'waiting', 'wait_id', c,
      'child', jsonb_build_object('type', 'task', 'target', 'a', 'queue', 'elsewhere')))), '[]', 'waits begin');
  perform test.eq((select t.execution_id from rhythm.timer as t where t.id = s), f, 'the sleep has its timer');
  perform test.eq((select e.parent_id from rhythm.executions as e where e.id = c), f, 'the child has its parent');
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'snapshot', '{}'::jsonb,
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(s, c)))));
  perform test.eq(test.status(f), 'suspended', 'it waits');
  perform test.eq((select count(*) from rhythm.waits as x where x.execution_id = f), 2::bigint, 'and people see for what');

  perform test.eq(rhythm.flow_state(f) -> 'snapshot', 'null'::jsonb, 'there is no snapshot for the language to read');

  perform test.pass('2 minutes');
  perform rhythm.tick();
  perform test.eq(test.status(f), 'pending', 'the timer wakes it');
  perform test.eq((select l.is_due from rhythm.load_steps(array[f]) as l where l.name = 'nap'), true, 'the sleep is over');
  perform test.eq((select x.settled -> 0 ->> 'id' from test.unpack(rhythm.claim_execution(w, f, test.next_call(w))) as x), s::text, 'the lease brings what settled');
  perform rhythm.save_steps(w, jsonb_build_array(jsonb_build_object('execution_id', f, 'name', 'nap', 'kind', 'sleep', 'status', 'completed', 'seq', 2, 'is_undefined', true)));
  perform test.eq(rhythm.save_steps(w, v_done || jsonb_build_array(v_done -> 0 || '{"name": "b", "seq": 3}')), jsonb_build_array(jsonb_build_object('id', f, 'name', 'a')), 'of two, the new one is saved');
  perform test.eq((select array_agg(l.name order by l.seq) from rhythm.load_steps(array[f]) as l where l.seq is not null), array['a', 'nap', 'b'], 'in the order of their ends');
  perform test.settle(w, f, '{"status": "completed", "output": 1}');
  perform test.eq(rhythm.save_steps(w, jsonb_build_array(v_done -> 0 || '{"name": "late"}')) <> '[]', true, 'nothing is saved after the end');
end;
$$;
