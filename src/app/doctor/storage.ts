import { count, tellCount, tellDuration } from "../../shared/tell.ts";
import { type Examination, type Finding, ok, problem, skipped, warning } from "./finding.ts";

const HOT = ["execution", "workflow_state", "timer", "signal_wait", "signal", "worker"];
const LONG_S = 300;

/** Dead rows of the tables that change all the time. */
export const bloat: Examination = async ({ on, kind, schema }) => {
  if (kind === "embedded") return [skipped("bloat", "the embedded Postgres keeps no statistics of it")];
  const rows = await on.query<
    { name: string; live: number; dead: number; bytes: number; vacuumed: number | null; off: boolean }
  >(
    `select s.relname::text as name, s.n_live_tup::float8 as live, s.n_dead_tup::float8 as dead,
      pg_total_relation_size(s.relid)::float8 as bytes,
      extract(epoch from clock_timestamp() - greatest(s.last_vacuum, s.last_autovacuum))::float8 as vacuumed,
      coalesce(c.reloptions @> '{autovacuum_enabled=false}', false) or current_setting('autovacuum') = 'off' as off
    from pg_stat_user_tables as s join pg_class as c on c.oid = s.relid
    where s.schemaname = $1::text and s.relname = any (string_to_array($2::text, ','))`,
    [schema, HOT.join()],
  );
  const found: Finding[] = [];
  for (const { name, live, dead, bytes, vacuumed, off } of rows) {
    if (off) {
      found.push(
        problem("bloat", `autovacuum is off for ${schema}.${name}`, "turn it on: the queue lives on it"),
      );
    }
    if (dead < 10_000 || dead < live) continue;
    const last = vacuumed === null ? "never vacuumed" : `vacuumed ${tellDuration(vacuumed * 1_000)} ago`;
    found.push(warning(
      "bloat",
      `${schema}.${name}: ${tellCount(dead)} dead rows beside ${tellCount(live)} live ones in ${
        mebibytes(bytes)
      }, ${last}`,
      `vacuum ${schema}.${name}; if it stays so, look for what holds vacuum back (below)`,
    ));
  }
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  const dead = rows.reduce((sum, row) => sum + row.dead, 0);
  return found.length > 0
    ? found
    : [ok("bloat", `the hot tables take ${mebibytes(bytes)}, with ${count(dead, "dead row")}`)];
};

/** What keeps vacuum from removing dead rows. */
export const vacuum: Examination = async ({ on, kind }) => {
  if (kind === "embedded") return [];
  const rows = await on.query<
    { pid: number; seconds: number; state: string | null; application: string; what: string }
  >(
    `select a.pid, extract(epoch from clock_timestamp() - a.xact_start)::float8 as seconds, a.state,
      a.application_name as application, left(coalesce(a.query, ''), 60) as what
    from pg_stat_activity as a
    where a.xact_start < clock_timestamp() - make_interval(secs => $1::text::float8)
      and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
    order by a.xact_start limit 5`,
    [String(LONG_S)],
  );
  const held = await on.query<{ what: string; name: string }>(
    `select 'prepared transaction' as what, p.gid::text as name from pg_prepared_xacts as p
      where p.prepared < clock_timestamp() - make_interval(secs => $1::text::float8)
    union all
    select 'replication slot', s.slot_name::text from pg_replication_slots as s
      where not s.active and (s.xmin is not null or s.catalog_xmin is not null)`,
    [String(LONG_S)],
  );
  const found = [
    ...rows.map(({ pid, seconds, state, application, what }) =>
      warning(
        "vacuum",
        `a transaction of "${application}" is open for ${
          tellDuration(seconds * 1_000)
        } (process ${pid}, ${state}: ${what})`,
        `dead rows younger than it stay; end it: select pg_terminate_backend(${pid})`,
      )
    ),
    ...held.map(({ what, name }) =>
      warning("vacuum", `an abandoned ${what} "${name}" holds dead rows`, "commit, roll back or drop it")
    ),
  ];
  return found.length > 0 ? found : [ok("vacuum", "nothing holds it back")];
};

/** Whether there are connections left. */
export const connections: Examination = async ({ on, kind }) => {
  if (kind === "embedded") return [];
  const [row] = await on.query<{ used: number; most: number }>(
    `select count(*)::int as used, current_setting('max_connections')::int as most
    from pg_stat_activity as a where a.backend_type = 'client backend'`,
  );
  const { used, most } = row!;
  if (used < most * 0.9) return [ok("connections", `${used} of ${most} in use`)];
  return [
    warning(
      "connections",
      `${used} of ${most} in use`,
      "fewer workers or smaller pools (poolSize), or a higher max_connections",
    ),
  ];
};

function mebibytes(bytes: number): string {
  return bytes < 1_048_576
    ? `${Math.round(bytes / 1_024)} KiB`
    : `${tellCount(Math.round(bytes / 1_048_576))} MiB`;
}
