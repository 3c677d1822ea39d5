-- tick() commits a SQL task's writes with its completion, and takes back those of one that fails, deferred ones too

create table pg_temp.ledger (n integer primary key, parent integer references pg_temp.ledger (n) deferrable initially deferred);
create function pg_temp.post(jsonb) returns integer language plpgsql as $$
begin
  insert into pg_temp.ledger (n, parent) values (($1 ->> 'n')::integer, ($1 ->> 'parent')::integer);
  if $1 ? 'assert' then
    assert false, 'no';
  end if;
  return 1 / ($1 ->> 'divide')::integer;
end;
$$;

do $$
declare
  v_statuses text;
begin
  perform rhythm.define_sql_task('post', 'pg_temp.post(jsonb)'::regprocedure, '{"retry": {"max_attempts": 1}}');
  perform from rhythm.create_many('[
    {"type": "task", "target": "post", "inputs": {"n": 1, "divide": 1}},
    {"type": "task", "target": "post", "inputs": {"n": 2, "divide": 0}},
    {"type": "task", "target": "post", "inputs": {"n": 3, "divide": 1, "parent": 99}},
    {"type": "task", "target": "post", "inputs": {"n": 4, "divide": 1, "assert": true}},
    {"type": "task", "target": "post", "inputs": {"n": 5, "divide": 1, "parent": 1}}
  ]');
  perform rhythm.tick(), test.run_sql_tasks();
  select string_agg(e.status || coalesce(' ' || (e.error ->> 'code'), ''), ', ' order by e.id) into v_statuses from rhythm.executions as e;
  assert v_statuses = 'completed, failed 22012, failed 23503, failed P0004, completed', v_statuses;
  assert (select array_agg(l.n order by l.n) from pg_temp.ledger as l) = array[1, 5], 'only what completed left something';
end;
$$;
