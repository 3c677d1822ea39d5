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
