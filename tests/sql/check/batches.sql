-- What a batch does not list, or lists and does not hold, is found by check(); this leaves damage.
do $$
declare
  w constant uuid := test.worker();
  a constant uuid[] := array(select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 20))));
begin
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'as it is to be');
  update rhythm.batch as b set ids = b.ids[2:], size = 19;
  perform test.eq((select array_agg(c.execution_id || ' ' || c.violation order by c.violation) from rhythm.check() as c),
    array[a[1] || ' batch ' || (select b.id from rhythm.batch as b) || ' does not begin with it', a[1] || ' it is a live task and in no batch'], 'one is lost');
  update rhythm.batch as b set first_id = b.ids[1];
  update rhythm.execution as e set batch_id = null where e.id = a[1];
  perform test.eq((select array_agg(c.execution_id || ' ' || c.violation) from rhythm.check() as c), array[a[1] || ' it is a live task and in no batch'], 'and says so');
  -- A hint may name more than are in it.
  update rhythm.batch as b set ids = a, size = 20, first_id = a[1];
  insert into rhythm.batch select (rhythm.batch_of(e, null, 0, 0, 0)).* from rhythm.execution as e where e.id = a[1];
  update rhythm.execution as e set batch_id = (select max(b.id) from rhythm.batch as b) where e.id = a[1];
  perform test.eq((select count(*) from rhythm.check()), 0::bigint, 'somewhere else');
  perform test.eq((select array_agg(i order by i) from unnest(test.claim(w, 30)) as i), a, 'each once');
end;
$$;
