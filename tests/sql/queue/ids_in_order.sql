-- Ids of one batch keep its order, beyond 4,096 too.
do $$
declare
  ids uuid[];
begin
  ids := array(select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 5000))));
  perform test.eq(ids = array(select i from unnest(ids) as i order by i), true, 'sorted already');
  perform test.eq((select count(distinct i) from unnest(ids) as i), 5000::bigint, 'and distinct');
end;
$$;
