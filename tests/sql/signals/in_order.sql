-- Signals of one name are taken in the order of sending, each once, also when they came before anybody waited.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  v_ids constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 3) as n);
begin
  perform rhythm.signal(f, 's', '1');
  perform rhythm.signal(f, 'other', '"other"');
  perform rhythm.signal(f, 's', '2');
  for i in 1..3 loop
    perform test.claim(w);
    perform test.suspend(w, f, jsonb_build_array(jsonb_build_object('type', 'await_signal', 'id', v_ids[i], 'name', 's')), 'any', array[v_ids[i]]);
    if i = 3 then
      perform test.eq(test.status(f), 'suspended', 'the third waits');
      perform rhythm.signal(f, 's', '3');
    end if;
    perform test.eq(test.status(f), 'pending', format('signal %s is there', i));
    perform test.eq((select x.settled from test.claim_rows(w) as x),
      jsonb_build_array(jsonb_build_object('id', v_ids[i], 'status', 'completed', 'output', i)), format('signal %s', i));
    perform test.settle(w, f, '{"status": "released"}');
  end loop;
  perform test.eq((select count(*) from rhythm.signal as g where g.taken_by is null), 1::bigint, 'the other name is kept');
end;
$$;
