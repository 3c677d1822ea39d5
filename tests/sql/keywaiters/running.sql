-- A child whose idempotency key another workflow's child has is not run: it waits for that one, and its workflow gets the result.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  g constant uuid := rhythm.start('f');
  a constant uuid := rhythm.uuid7(rhythm.now(), 0);
  b constant uuid := rhythm.uuid7(rhythm.now(), 1);
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.keyed(a)), 'any', array[a]);
  perform test.suspend(w, g, jsonb_build_array(test.keyed(b)), 'any', array[b]);
  perform test.eq(test.claim(w), array[a], 'there is one to run');
  perform test.eq(test.status(b), 'suspended', 'the second waits');
  perform test.eq(rhythm.get(b) ->> 'note', format('It ends as %s does, which came first with its idempotency key', a), 'and says for what');
  perform test.eq((select array_agg(x.id order by x.execution_id) from rhythm.waits as x where x.execution_id in (g, b)), array[b, a], 'so do its waits');
  perform test.eq(rhythm.queue('a', idempotency_key => 'k'), a, 'the key stands for the first');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');

  perform test.complete(w, a, '{"n": 1}');
  perform test.eq(test.status(b), 'completed', 'ends with the first');
  perform test.eq(rhythm.get(b) -> 'output', '{"n": 1}'::jsonb, 'with its output');
  perform test.eq((select array_agg(c.id || ' ' || ((c.settled -> 0) - 'id')::text) from test.claim_rows(w, p_limit => 10) as c),
    array[f || ' {"output": {"n": 1}, "status": "completed"}', g || ' {"output": {"n": 1}, "status": "completed"}'], 'both workflows go on, with the same result');
end;
$$;
