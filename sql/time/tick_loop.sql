-- The procedure for pg_cron: ticks for a while, each time in its own transaction.
-- A procedure that commits cannot fix its search_path, so every type, function and operator here is qualified, including those
-- of pg_catalog. This is also necessary after tick(), because a SQL task may have changed the search_path of the session.
-- Locks: one session-level advisory lock for each schema. If another loop runs, it ends at once. The end of the session frees the lock.

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
    -- At most a second, because v_due does not contain what others create meanwhile.
    v_wake := least(v_due, rhythm.now() OPERATOR(pg_catalog.+) interval '1 second');
    exit when pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) (v_wake OPERATOR(pg_catalog.-) rhythm.now())
      OPERATOR(pg_catalog.>=) v_end;
    perform pg_catalog.pg_sleep(greatest(0.01, extract(epoch from v_wake OPERATOR(pg_catalog.-) rhythm.now())));
  end loop;
  perform pg_catalog.pg_advisory_unlock(c_lock);
end;
$$;

comment on procedure rhythm.tick_loop(interval) is
  'Ticks for just under a minute, when something is due and at least every second, committing after each tick. '
  'Returns at once if another loop runs. Made for a job of pg_cron that runs every minute; works from psql, too.';
