-- A save whose answer was lost comes again: what it began is there already, once.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  v_steps jsonb;
begin
  perform rhythm.register_workflow('code');
  f := rhythm.start('code');
  perform test.eq(jsonb_array_length(rhythm.claim_execution(w, f, 1) -> 'parcels'), 1, 'claimed');
  v_steps := jsonb_build_array(
    jsonb_build_object('execution_id', f, 'name', 'child', 'kind', 'task', 'status', 'waiting', 'wait_id', rhythm.new_id(),
      'child', '{"type": "task", "target": "a"}'::jsonb),
    jsonb_build_object('execution_id', f, 'name', 'keyed', 'kind', 'task', 'status', 'waiting', 'wait_id', rhythm.new_id(),
      'child', '{"type": "task", "target": "a", "idempotency_key": "k"}'::jsonb),
    jsonb_build_object('execution_id', f, 'name', 'nap', 'kind', 'sleep', 'status', 'waiting', 'wait_id', rhythm.new_id(), 'delay_ms', 1000),
    jsonb_build_object('execution_id', f, 'name', 'go', 'kind', 'signal', 'status', 'waiting', 'wait_id', rhythm.new_id(), 'signal', 'go'),
    jsonb_build_object('execution_id', f, 'name', 'pay', 'kind', 'step', 'status', 'retrying', 'attempts', 1, 'wait_id', rhythm.new_id(),
      'delay_ms', 1000, 'error', '{"type": "Error", "message": "no"}'::jsonb));
  perform test.eq(rhythm.save_steps(w, v_steps), '[]'::jsonb, 'saved');
  perform test.eq(rhythm.save_steps(w, v_steps), '[]'::jsonb, 'saved again');
  perform test.eq(
    (select array[(select count(*) from rhythm.execution as e where e.parent_id = f), (select count(*) from rhythm.timer as t where t.execution_id = f),
      (select count(*) from rhythm.signal_wait as s where s.execution_id = f), (select count(*) from rhythm.step as s where s.execution_id = f)]),
    array[2, 2, 1, 5]::bigint[], 'children, timers, waits and steps');
end;
$$;
