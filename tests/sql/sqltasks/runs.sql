-- tick() runs SQL tasks: output, error with SQLSTATE, retries by policy, void, SQL null

create function pg_temp.double(jsonb) returns integer language sql as $$ select ($1 ->> 'n')::integer * 2 $$;
create function pg_temp.nothing(jsonb) returns void language sql as $$ select $$;
create function pg_temp.divide(jsonb) returns numeric language sql as $$ select 1 / ($1 ->> 'by')::numeric $$;

do $$
declare
  v_double uuid;
  v_nothing uuid;
  v_divide uuid;
  v_error jsonb;
begin
  perform set_config('rhythm_clock.at', '2026-01-01 00:00:00Z', true);
  perform rhythm.define_sql_task('double', 'pg_temp.double(jsonb)'::regprocedure);
  perform rhythm.define_sql_task('nothing', 'pg_temp.nothing(jsonb)'::regprocedure, '{"queue": "elsewhere"}');
  perform rhythm.define_sql_task('divide', 'pg_temp.divide(jsonb)'::regprocedure,
    '{"retry": {"max_attempts": 2, "backoff": "fixed", "initial": 10, "jitter": 0}}');
  v_double := rhythm.queue('double', '{"n": 21}');
  v_nothing := rhythm.queue('nothing');
  v_divide := rhythm.queue('divide', '{"by": 0}');
  perform rhythm.tick(), test.run_sql_tasks();

  assert (rhythm.get(v_double) ->> 'status', rhythm.get(v_double) -> 'output') = ('completed', '42'), rhythm.get(v_double)::text;
  assert (rhythm.get(v_nothing) ->> 'status', rhythm.get(v_nothing) -> 'output') = ('completed', 'null'), rhythm.get(v_nothing)::text;
  assert (rhythm.get(v_divide) ->> 'status', rhythm.get(v_divide) ->> 'attempt') = ('pending', '1'), 'it is tried again later';
  perform rhythm.tick(), test.run_sql_tasks();
  assert rhythm.get(v_divide) ->> 'attempt' = '1', 'not before its pause is over';

  perform set_config('rhythm_clock.at', '2026-01-01 00:00:10Z', true);
  perform rhythm.tick(), test.run_sql_tasks();
  v_error := rhythm.get(v_divide) -> 'error';
  assert (rhythm.get(v_divide) ->> 'status', rhythm.get(v_divide) ->> 'attempt') = ('failed', '2'), rhythm.get(v_divide)::text;
  assert (v_error ->> 'type', v_error ->> 'code', v_error ->> 'message') = ('SqlError', '22012', 'division by zero'), v_error::text;
  assert v_error ->> 'stack' like '%divide%';
  assert not exists (select from rhythm.workers), 'the worker of the moment is gone';
  assert not exists (select from rhythm.check());
end;
$$;
