-- What a session may be like, and what its errors say.

-- The same as isDataError() in TypeScript: values (22), constraints (23), two rows where one may be (21), limits of a value
-- (54), what a user's own function raised (P0), and what this engine refused (RH).
create or replace function rhythm.is_data_error(p_code text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_code ~ '^(21|22|23|54|P0|RH)' and p_code <> 'RH010';
$$;

comment on function rhythm.is_data_error(text) is
  'Whether a SQLSTATE blames the data, so that the same call would be refused again. Only such an error fails an execution. Internal.';

create or replace function rhythm.is_frozen()
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select current_setting('transaction_isolation') in ('repeatable read', 'serializable');
$$;

comment on function rhythm.is_frozen() is 'Whether the snapshot of this transaction does not move: what others commit meanwhile is not seen. Internal.';

-- Locks: executions in the order of their ids, until the end of the transaction, and only where the snapshot is frozen. The
-- lock itself raises 40001 for a row that changed after it.
create or replace function rhythm.require_fresh(p_ids uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if rhythm.is_frozen() then
    perform from rhythm.execution as e where e.id = any (p_ids) order by e.id for no key update;
  end if;
end;
$$;

comment on function rhythm.require_fresh(uuid[]) is
  'In a transaction whose snapshot is frozen: raises 40001 where one of these executions changed since, so that nothing is decided by what it was. Internal.';

-- Under a frozen snapshot nobody sees what became of an execution, but that it changed.
create or replace function rhythm.require_unchanged(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- The lock is given back at once: whoever ends the execution needs it.
  begin
    perform from rhythm.execution as e where e.id = p_execution for no key update skip locked;
    raise sqlstate 'RHTRY';
  exception
    when sqlstate 'RHTRY' then
      null;
  end;
exception
  when serialization_failure then
    perform rhythm.raise('40001', format('Execution %s has changed since this transaction began, which cannot see how', p_execution),
      'Roll back and wait again in a new transaction, or wait in one that is read committed');
  when read_only_sql_transaction then
    perform rhythm.raise('RH010', format('Cannot wait for execution %s in a transaction that is read only and %s: it would never see the end',
      p_execution, current_setting('transaction_isolation')), 'Wait in one that is read committed');
end;
$$;

comment on function rhythm.require_unchanged(uuid) is
  'In a transaction whose snapshot is frozen: raises 40001 where an execution changed since. Keeps no lock. Internal.';

-- Workers lease, settle and count under locks, and have to see what is committed once they hold one.
create or replace function rhythm.require_read_committed()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    perform rhythm.raise('RH010', format('A worker''s call needs the isolation level read committed, and this transaction has %s',
      current_setting('transaction_isolation')), 'Run: set default_transaction_isolation = ''read committed''');
  end if;
end;
$$;

comment on function rhythm.require_read_committed() is
  'Refuses (RH010) a worker''s call in a transaction whose snapshot does not move. Internal.';
