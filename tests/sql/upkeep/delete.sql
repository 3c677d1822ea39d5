-- delete_execution() removes an execution that is over, all that it started and all that they left; nothing else.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  c constant uuid := rhythm.uuid7(rhythm.now(), 0);
  v_other constant uuid := rhythm.queue('a', idempotency_key => 'other');
  v_task constant uuid := rhythm.queue('a', '{"name": "Ada"}', idempotency_key => 'mine');
  v_table text;
  v_left text;
begin
  perform test.raises(format('select rhythm.delete_execution(%L)', v_task), 'RH003', 'it is pending');
  perform test.raises('select rhythm.delete_execution(null)', 'RH002', 'there is no execution null');
  perform test.claim(w, 10);
  perform test.settle(w, f, jsonb_build_object('status', 'suspended', 'seq', 0, 'snapshot', '{}'::jsonb, 'effects',
    jsonb_build_array(test.run_task(c), '{"type": "log", "level": "info", "message": "for Ada"}'::jsonb),
    'waits', jsonb_build_array(jsonb_build_object('mode', 'any', 'ids', jsonb_build_array(c)))));
  perform rhythm.signal(f, 'hello', '"Ada"');
  perform test.complete(w, v_task);
  perform test.complete(w, v_other);
  perform test.raises(format('select rhythm.delete_execution(%L)', f), 'RH003', 'it is suspended');
  perform test.raises(format('select rhythm.delete_execution(%L)', c), 'RH003', f || ' started it');
  perform rhythm.cancel(f);

  perform test.eq(rhythm.delete_execution(f), 2, 'the workflow and its task');
  perform test.eq(rhythm.delete_execution(v_task), 1, 'the task');
  perform test.raises(format('select rhythm.delete_execution(%L)', v_task), 'RH002', 'there is no execution');
  for v_table in select c2.relname from pg_class as c2 where c2.relnamespace = 'rhythm'::regnamespace and c2.relkind = 'r' loop
    execute format('select x::text from rhythm.%I as x where x::text ~ $1 limit 1', v_table) into v_left using concat_ws('|', f, c, v_task, 'Ada', 'mine');
    -- That it was deleted is recorded, by its id.
    perform test.eq(regexp_replace(v_left, format('delete,execution,(%s|%s)', f, v_task), '') ~ concat_ws('|', f, c, v_task, 'Ada', 'mine'), case v_table when 'audit_entry' then false end, v_table || ' has nothing of it');
  end loop;
  perform test.eq(rhythm.get(v_other) ->> 'status', 'completed', 'the other stays');
  perform test.eq(rhythm.queue('a', idempotency_key => 'other'), v_other, 'with its key');
  perform test.eq(rhythm.queue('a', idempotency_key => 'mine') <> v_task, true, 'and the key of what is gone is free');
end;
$$;
