-- The procedure behind pg_cron: ticks for a while, each tick in a transaction of its own.
-- A procedure that commits cannot pin its search_path: every type, function and operator here is qualified, those of
-- pg_catalog too, and stays so after tick(), because a SQL task may have changed the search_path of the session.
-- Locks: one session-level advisory lock a schema. Gives way at once to another loop; freed by the session's end.

create or replace procedure rhythm.tick_loop(p_for interval default '59 seconds')
language plpgsql
as $$
declare
  c_lock constant bigint := pg_catalog.hashtextextended(pg_catalog.concat('rhythm tick loop ', :'schema'), 0);
  v_end constant pg_catalog.timestamptz := pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) p_for;
  v_due pg_catalog.timestamptz;
  v_wake pg_catalog.timestamptz;
begin
  if not pg_catalog.pg_try_advisory_lock(c_lock) then
    return;
  end if;
  loop
    v_due := rhythm.tick();
    commit;
    -- At most a second: what others create meanwhile is not in v_due.
    v_wake := least(v_due, rhythm.now() OPERATOR(pg_catalog.+) interval '1 second');
    exit when pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) (v_wake OPERATOR(pg_catalog.-) rhythm.now())
      OPERATOR(pg_catalog.>=) v_end;
    perform pg_catalog.pg_sleep(greatest(0.01, extract(epoch from v_wake OPERATOR(pg_catalog.-) rhythm.now())));
  end loop;
  perform pg_catalog.pg_advisory_unlock(c_lock);
end;
$$;

comment on procedure rhythm.tick_loop(interval) is
  'Ticks for just under a minute, each time when something is due and every second at least, committing after each. '
  'Returns at once while another loop runs. Made for a minute job of pg_cron; works from psql as well.';
