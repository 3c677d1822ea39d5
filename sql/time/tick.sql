-- tick(): everything that time brings, from wherever it is called.

-- Each of its parts is also a call of its own, so that a slow one holds up nobody.
create or replace function rhythm.tick(p_limit integer default 1000)
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return least(rhythm.chores(p_limit), rhythm.due(p_limit), rhythm.sql_tasks(100));
end;
$$;

comment on function rhythm.tick(integer) is
  'Moves what is due: delayed work, timers, timeouts, schedules, SQL tasks, work of dead workers; cleans up. Bounded by p_limit, safe from everywhere at once. '
  'Returns when the next thing is due: in the past means call again at once, null means nothing is. due(), chores() and sql_tasks() are its parts.';
