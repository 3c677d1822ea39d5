-- Which sessions are allowed, and what errors mean.

-- The same as isDataError() in TypeScript: values (22), constraints (23), several rows instead of one (21), limits of a value
-- (54), errors of a user's own function (P0), and refusals of this engine (RH).
create or replace function rhythm.is_data_error(p_code text)
returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_code ~ '^(21|22|23|54|P0|RH)' and p_code not in ('RH010', 'RH011');
$$;

comment on function rhythm.is_data_error(text) is
  'Whether an error is the fault of the data, so that the same call would fail again. Only such an error fails an execution. Internal.';

create or replace function rhythm.is_frozen()
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select current_setting('transaction_isolation') in ('repeatable read', 'serializable');
$$;

comment on function rhythm.is_frozen() is 'Whether this transaction keeps one snapshot, so that it does not see later commits of others. Internal.';

-- Locks: executions in the order of their ids, until the end of the transaction, and only if the snapshot is frozen. The lock
-- itself raises 40001 for a row that has changed since.
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
  'If the snapshot of the transaction is frozen: raises 40001 if one of these executions has changed since, so that no old state is used. Internal.';

-- A frozen snapshot can only see that an execution has changed, not how.
create or replace function rhythm.require_unchanged(p_execution uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- The lock is released at once, because the session that ends the execution needs it.
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
  'If the snapshot of the transaction is frozen: raises 40001 if an execution has changed since. Keeps no lock. Internal.';

-- Workers lease, settle and count under locks, and must see what is committed once they hold one.
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
  'Refuses (RH010) a worker''s call in a transaction that keeps one snapshot. Internal.';
