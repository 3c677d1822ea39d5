-- One outcome that the database refuses fails its own execution; the others go through.
do $$
declare
  w constant uuid := test.worker();
  ids uuid[];
  r jsonb;
begin
  ids := array(select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 7))));
  perform test.claim(w);
  r := test.settle_many(w, (select jsonb_agg(jsonb_build_object('id', i, 'status', 'completed',
    'output', case when n = 4 then to_jsonb(repeat('x', 2000000)) else to_jsonb(n) end)) from unnest(ids) with ordinality as u (i, n)));
  perform test.eq(r -> 'refused', '[]'::jsonb, 'none is refused');
  perform test.eq((select count(*) from unnest(ids) as i where test.status(i) = 'completed'), 6::bigint, 'six went through');
  perform test.eq(rhythm.get(ids[4]) #>> '{error,type}', 'SettleError', 'the bad one says why');
  perform test.eq(rhythm.get(ids[4]) #>> '{error,message}' like '%1048576%', true, 'with the limit');
end;
$$;
