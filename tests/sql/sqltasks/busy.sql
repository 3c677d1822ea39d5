-- On a machine so busy that the time of a call is over before it begins, sql_tasks() still runs some, and says that there are more

create function pg_temp.late() returns trigger language plpgsql as $$
begin
  perform pg_sleep(0.3);
  return new;
end;
$$;

do $$
begin
  create trigger late before insert on rhythm.worker for each row execute function pg_temp.late();
  perform rhythm.define_sql_task('double', 'pg_catalog.jsonb_typeof(jsonb)'::regprocedure);
  perform rhythm.queue('double', to_jsonb(n)) from generate_series(1, 30) as n;
  perform test.eq(rhythm.sql_tasks() is null, false, 'there are more');
  perform test.eq((select count(*) from rhythm.executions as e where e.status = 'completed') > 0, true, 'some ran');
  perform test.run_sql_tasks();
  perform test.eq((select count(*) from rhythm.executions as e where e.status = 'completed'), 30::bigint, 'all of them');
end;
$$;
