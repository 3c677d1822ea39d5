-- A workflow in TypeScript says itself what it is found by: with the step that saves it, or tag() does.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  g uuid;
  t uuid;
  v_step jsonb;
begin
  perform rhythm.register_workflow('code');
  f := rhythm.start('code');
  g := rhythm.start('code');
  perform rhythm.claim_execution(w, f, 1);
  v_step := jsonb_build_object('execution_id', f, 'kind', 'step', 'status', 'completed', 'attempts', 1, 'is_undefined', true);
  perform test.eq(rhythm.save_steps(w, jsonb_build_array(
    v_step || '{"name": "tag a", "seq": 2, "variables": {"a": 2, "b": null, "list": ["x", true, 1.50]}}',
    v_step || '{"name": "tag a b", "seq": 1, "variables": {"a": "1", "b": "gone"}}')), '[]', 'saved');
  perform test.eq((select e.tags from rhythm.executions as e where e.id = f), array['a=2', 'list=1.5', 'list=true', 'list=x'], 'in the order of its steps');
  perform test.eq(rhythm.save_steps(w, jsonb_build_array(v_step || '{"name": "tag a", "seq": 3, "variables": {"a": 9}}')) <> '[]', true, 'refused: it is over');
  perform test.eq(rhythm.save_steps(rhythm.new_id(), jsonb_build_array(v_step || '{"name": "tag b", "seq": 3, "variables": {"a": 9}}')) <> '[]', true, 'refused: no lease');
  perform test.eq(array(select rhythm.find('{"a": 2}')), array[f], 'nothing of what was refused is there');

  perform rhythm.tag(g, '{"a": 2}');
  perform test.eq(array(select rhythm.find('{"a": 2}')), array[g, f], 'the newest first');
  perform rhythm.tag(g, '{"a": null}');
  perform test.eq((select e.tags from rhythm.executions as e where e.id = g), null::text[], 'none is left');
  perform rhythm.cancel(g);
  perform rhythm.tag(g, '{"c": "late"}');
  t := rhythm.queue('a');
  perform rhythm.tag(t, '{"c": "late"}');
  perform test.eq(array(select rhythm.find('{"c": "late"}')), array[t, g], 'what has ended, and tasks');
end;
$$;
