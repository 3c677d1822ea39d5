-- A workflow that uses one key for a thousand children, in one go or again, runs one of them and is woken once.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid := test.flow();
  c constant uuid[] := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 999) as n);
  v_later constant uuid := rhythm.uuid7();
begin
  perform test.claim(w);
  perform test.suspend(w, f, (select jsonb_agg(test.keyed(x.id) order by x.id) from unnest(c) as x (id)), 'all', c);
  perform test.eq(test.claim(w, 1000), array[c[1]], 'one runs');
  perform test.complete(w, c[1], '"once"');
  perform test.eq((select count(*) from rhythm.execution as e where e.id = any (c) and e.output = '"once"'), 1000::bigint, 'all have its result');
  perform test.eq(test.claim(w, 1000), array[f], 'there is nothing but the workflow, once');
  perform test.eq((select s.delivered from rhythm.workflow_state as s where s.execution_id = f), 1000, 'with all that ended');
  perform test.suspend(w, f, jsonb_build_array(test.keyed(v_later)), 'any', array[v_later]);
  perform test.eq(rhythm.get(v_later) -> 'output', '"once"'::jsonb, 'and again');
  perform test.eq(test.claim(w), array[f], 'it goes on');
  perform test.complete(w, f);
end;
$$;

-- A thousand keys of one workflow, and the same of another: any lets it go on, a failure does, and all are needed.
do $$
declare
  w constant uuid := test.worker();
  f constant uuid[] := array[test.flow(), rhythm.start('f'), rhythm.start('f')];
  v_mode constant text[] := '{all,any,all}';
  c uuid[];
  v_first uuid[];
begin
  perform test.claim(w);
  for i in 1..3 loop
    c := array(select rhythm.uuid7(rhythm.now(), n) from generate_series(0, 199) as n);
    perform test.suspend(w, f[i], (select jsonb_agg(test.keyed(x.id, p_key => format('many %s', x.nth)) order by x.nth) from unnest(c) with ordinality as x (id, nth)), v_mode[i], c);
    v_first := coalesce(v_first, c);
  end loop;
  perform test.eq(cardinality(test.claim(w, 1000)), 200, 'each key once');
  perform test.settle_many(w, (select jsonb_agg(jsonb_build_object('id', x.id, 'status', 'completed', 'output', 1)) from unnest(v_first[:100]) as x (id)));
  perform test.eq(array(select test.status(x) from unnest(f) as x), '{suspended,pending,suspended}'::text[], 'one of them is enough for any');
  perform test.settle_many(w, (select jsonb_agg(jsonb_build_object('id', x.id, 'status', 'completed', 'output', 1)) from unnest(v_first[101:]) as x (id)));
  perform test.eq(array(select test.status(x) from unnest(f) as x), '{pending,pending,pending}'::text[], 'all are there');
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'all is well');
end;
$$;
