/** Whose sessions they are: a worker's run its protocol and transactional tasks, a client's are an application's. */
export type SessionKind = "client" | "worker";

/** What results and their texts depend on: the same on every connection, whatever the role or the database says. */
const language: Readonly<Record<string, string>> = {
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  TimeZone: "UTC",
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  bytea_output: "hex",
  extra_float_digits: "1",
  standard_conforming_strings: "on",
  array_nulls: "on",
  transform_null_equals: "off",
  quote_all_identifiers: "off",
  plan_cache_mode: "auto",
  jit: "off",
  ...Object.fromEntries(
    [
      "bitmapscan",
      "hashagg",
      "hashjoin",
      "indexonlyscan",
      "indexscan",
      "material",
      "mergejoin",
      "nestloop",
      "seqscan",
      "sort",
      "tidscan",
    ].map((plan) => [`enable_${plan}`, "on"]),
  ),
};

/** The server notices within half a minute that a client is gone, and rolls back what it had open. */
const connection: Readonly<Record<string, string>> = {
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "5",
  tcp_keepalives_count: "4",
  tcp_user_timeout: "30000",
};

/** A worker has time limits of its own. */
const limits: Readonly<Record<string, string>> = {
  lock_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
  transaction_timeout: "0",
};

/**
 * Whose a server's session is behind a connection. `own`: ours until we close it. `shared`: a pooler in transaction mode gives us one
 * for each transaction, so nothing may be left in it, and nothing is found there again.
 */
export type SessionMode = "own" | "shared";

/**
 * The statement that a connection begins with. A setting that this version of Postgres does not have is left out.
 *
 * `default_transaction_read_only` of a role is for people who log in with it; that of a server or a database keeps
 * everybody from writing for a while, and stands.
 *
 * @param kind whose session it is
 * @param statementMs of a worker: when the server ends a statement; 0: never
 * @returns the statement, whose answer has the number of the server's process as `pid`
 */
export function sessionStatement(kind: SessionKind, statementMs: number | undefined): string {
  const values = valuesOf({ ...settingsOf(kind, statementMs), ...connection });
  return `with ours as materialized (
    select pg_catalog.set_config(s.name, s.value, false)
    from (values ${values}) as s (name, value)
    where pg_catalog.current_setting(s.name, true) operator(pg_catalog.<>) s.value
  ), writes as materialized (
    select pg_catalog.set_config(p.name, 'off', false)
    from pg_catalog.pg_settings as p
    where p.name = 'default_transaction_read_only' and p.setting = 'on' and p.source in ('user', 'database user')
      and pg_catalog.current_setting('default_transaction_read_only') = 'on'
  )
  select pg_catalog.pg_backend_pid() as pid, (select pg_catalog.count(*) from ours) operator(pg_catalog.+) (select pg_catalog.count(*) from writes) as changed`;
}

/**
 * What a transaction begins with in a session that is not ours: the same settings, until its end. It is already read committed. What keeps
 * a role from writing stands: that could only be changed before the first statement.
 *
 * @param kind whose transaction it is
 * @param statementMs when the server ends a statement
 */
export function transactionStatement(kind: SessionKind, statementMs: number | undefined): string {
  const { default_transaction_isolation: _, default_transaction_deferrable: __, ...settings } = settingsOf(
    kind,
    statementMs,
  );
  return `select pg_catalog.pg_backend_pid() as pid, pg_catalog.count(pg_catalog.set_config(s.name, s.value, true)) as changed
    from (values ${valuesOf(settings)}) as s (name, value)
    where pg_catalog.current_setting(s.name, true) operator(pg_catalog.<>) s.value`;
}

function settingsOf(kind: SessionKind, statementMs: number | undefined): Record<string, string> {
  const timeout = statementMs ?? (kind === "worker" ? 0 : undefined);
  return {
    ...language,
    ...(kind === "worker" ? limits : {}),
    ...(timeout === undefined ? {} : { statement_timeout: String(timeout) }),
  };
}

function valuesOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings).map(([name, value]) => `('${name}', '${value}')`).join(", ");
}
