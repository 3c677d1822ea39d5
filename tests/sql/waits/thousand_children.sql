-- A workflow of a thousand children is woken once, by the last.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  v_children constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 999) as n);
  v_effects constant jsonb := (select jsonb_agg(test.run_task(c.id) order by c.id) from unnest(v_children) as c (id));
  v_some uuid[];
  v_woken integer := 0;
begin
  perform test.claim(w);
  perform test.suspend(w, f, v_effects, 'all', v_children);
  for i in 1..4 loop
    perform test.eq(test.status(f), 'suspended', format('before part %s', i));
    v_some := test.claim(w, 250);
    perform test.eq(cardinality(v_some), 250, 'a quarter of the children');
    perform test.settle_many(w, (select jsonb_agg(jsonb_build_object('id', c.id, 'status', 'completed', 'output', 1)) from unnest(v_some) as c (id)));
  end loop;
  perform test.eq(test.status(f), 'pending', 'after the last');
  perform test.eq(test.claim(w, 1000), array[f], 'there is nothing but the workflow, once');
  perform test.eq((select s.delivered from rhythm.workflow_state as s where s.execution_id = f), 1000, 'with all that ended');
  perform test.complete(w, f);
end;
$$;
