-- retry() of a workflow that waited for all: what completed counts, what failed runs again, and its time starts over.
do $$
declare
  w constant uuid := test.worker();
  f uuid;
  a constant uuid := rhythm.uuid7(rhythm.now(), 0);
  b constant uuid := rhythm.uuid7(rhythm.now(), 1);
  v_once constant jsonb := '{"options": {"retry": {"max_attempts": 1}}}';
  v_claimed record;
begin
  perform rhythm.register_flow('f', 'return 1', '{}');
  f := rhythm.start('f', timeout => '1h');
  perform test.claim(w);
  perform test.suspend(w, f, jsonb_build_array(test.run_task(a) || v_once, test.run_task(b) || v_once), 'all', array[a, b]);
  perform test.claim(w);
  perform test.complete(w, a, '1');
  perform test.fail(w, b);
  perform test.claim(w);
  perform test.settle(w, f, '{"status": "failed", "error": {"type": "Error", "message": "broken"}}');
  perform test.raises(format('select rhythm.signal(%L, ''s'')', f), 'RH003', 'is failed');

  perform rhythm.retry(f);
  perform test.eq(test.status(f), 'suspended', 'it waits as it did');
  perform test.eq((select count(*) from rhythm.timer as t where t.execution_id = f and t.deadline), 1::bigint, 'it has a time of its own again');
  perform test.eq(test.claim(w), array[b], 'what failed runs again, what completed does not');
  perform test.raises(format('select rhythm.retry(%L)', a), 'RH003', 'it is completed');
  perform test.complete(w, b, '2');
  select * into v_claimed from test.claim_rows(w);
  perform test.eq(v_claimed.id, f, 'it goes on');
  perform test.eq(jsonb_array_length(v_claimed.settled), 2, 'with both');
  perform test.complete(w, f);
end;
$$;
