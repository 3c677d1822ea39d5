-- retry() of a child: refused while its workflow goes on, which was told of the end; afterwards its workflow learns of the new end alone.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  a constant uuid := rhythm.uuid7(rhythm.now(), 0);
  s constant uuid := rhythm.uuid7(rhythm.now(), 1);
  v_claimed record;
begin
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a) || '{"options": {"retry": {"max_attempts": 1}}}'), 'any', array[a]);
  perform test.claim(w);
  perform test.fail(w, a);
  perform test.raises(format('select rhythm.retry(%L)', a), 'RH003', 'was told that it failed, and is pending');
  perform test.claim(w);
  perform test.raises(format('select rhythm.retry(%L)', a), 'RH003', 'was told that it failed, and is running');
  perform test.settle(w, f, '{"status": "failed", "error": {"type": "Error", "message": "broken"}}');

  perform rhythm.retry(a);
  perform test.eq(test.claim(w), array[a], 'it runs again by itself');
  perform test.complete(w, a, '"mended"');
  perform test.eq(test.status(f), 'failed', 'its workflow stays over');
  perform rhythm.retry(f);
  select * into v_claimed from test.claim_rows(w);
  perform test.eq(v_claimed.settled, jsonb_build_array(jsonb_build_object('id', a, 'status', 'completed', 'output', 'mended')), 'the new end, and once');
  perform test.complete(w, f);
end;
$$;
