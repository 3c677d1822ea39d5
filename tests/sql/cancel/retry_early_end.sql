-- retry(): a child that had ended before its workflow waited for it runs again, and its workflow goes on with that.
do $$
declare
  w constant uuid := test.worker();
  other constant uuid := test.worker();
  f uuid;
  c constant uuid := rhythm.new_id();
begin
  perform rhythm.register_workflow('code');
  f := rhythm.start('code');
  perform test.eq(test.claim(w), array[f], 'claimed');
  perform rhythm.save_steps(w, jsonb_build_array(jsonb_build_object('execution_id', f, 'name', 'child', 'kind', 'task', 'status', 'waiting', 'wait_id', c,
    'child', '{"type": "task", "target": "a", "retry": {"max_attempts": 1}}'::jsonb)));
  perform test.eq(test.claim(other), array[c], 'the child runs while its workflow does');
  perform test.fail(other, c, 'broken');
  perform test.suspend(w, f, '[]', 'any', array[c]);
  perform test.eq(test.claim(w), array[f], 'it has what it waits for');
  perform test.fail(w, f, 'broken');
  perform test.eq(test.status(f), 'failed', 'it failed');
  perform rhythm.retry(f);
  perform test.eq(test.claim(w), array[c], 'the child runs again');
  perform test.complete(w, c, '"mended"');
  perform test.eq(test.claim(w), array[f], 'its workflow goes on');
end;
$$;
