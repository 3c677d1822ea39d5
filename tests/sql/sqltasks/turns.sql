-- A queue that always has SQL tasks does not keep those of another waiting.
create function pg_temp.same(jsonb) returns jsonb language sql as $$ select $1 $$;

do $$
declare
  v_calls integer := 0;
begin
  perform rhythm.define_sql_task('often', 'pg_temp.same(jsonb)'::regprocedure, '{"queue": "first"}');
  perform rhythm.define_sql_task('seldom', 'pg_temp.same(jsonb)'::regprocedure, '{"queue": "second"}');
  perform rhythm.queue('seldom');
  while exists (select from rhythm.executions as x where x.target = 'seldom' and x.status = 'pending') loop
    perform rhythm.queue('often');
    perform rhythm.sql_tasks(1);
    v_calls := v_calls + 1;
    perform test.eq(v_calls < 200, true, 'it has its turn');
  end loop;
end;
$$;
