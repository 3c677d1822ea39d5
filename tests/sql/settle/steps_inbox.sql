-- A workflow that has something in its inbox does not go on from memory: the worker that has it there does not know of that.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  c constant uuid[] := array(select rhythm.uuid7() from generate_series(1, 2));
  v_answer jsonb;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(c[1]), test.run_task(c[2])), 'all', c, 10);
  perform test.complete(w, c[1]);
  perform test.eq(test.status(f), 'suspended', 'it waits for the other, too');
  v_answer := test.steps(w, jsonb_build_array(jsonb_build_object('id', c[2], 'output', 7, 'flow', f, 'seq', 1, 'next', 'completed', 'result', 1)), '[]', '[]', 10);
  perform test.eq(v_answer -> 'declined', to_jsonb(array[c[2]]), 'declined');
  perform test.eq(test.status(c[2]), 'running', 'nothing has changed');
  perform test.complete(w, c[2]);
  perform test.eq(test.status(f), 'pending', 'the end alone lets it go on');
end;
$$;
