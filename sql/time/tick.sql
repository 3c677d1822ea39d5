-- tick(): does everything that is due.

-- Each of its parts can also be called alone, so that a slow one does not delay the others.
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
  'Does what is due: delayed work, timers, timeouts, schedules, SQL tasks, work of dead workers, retention. At most p_limit of each; any number of sessions may call it at once. '
  'Returns when the next thing is due: a past time means call again at once, null means nothing is due. due(), chores() and sql_tasks() are its parts.';
