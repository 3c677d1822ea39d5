import { systemClock } from "../runtime/clock.ts";
import type { Database } from "./database.ts";
import { StatementError } from "./errors.ts";
import { InstallError } from "./install_errors.ts";

/** For how long an installation waits for one lock. Sessions behind it in the queue wait as long. */
export const LOCK_WAIT_MS = 100;

/** Whether a statement failed because of a lock that another transaction holds. */
export function isLockConflict(error: unknown): boolean {
  return error instanceof StatementError && ["55P03", "40P01"].includes(error.code);
}

/**
 * Tries a transaction again while others hold the locks that it needs. Between two tries it holds no locks.
 *
 * @param options what it does, where, and for how long
 * @param work the transaction
 * @returns what the transaction gave
 * @throws {InstallError} `DATABASE_BUSY`: the locks were held all the time
 */
export async function withPatience<T>(
  options: { what: string; schema: string; patienceMs: number; database: Database },
  work: () => Promise<T>,
): Promise<T> {
  const { what, schema, patienceMs, database } = options;
  const until = systemClock.monotonic() + patienceMs;
  for (let pauseMs = 100;; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      return await work();
    } catch (cause) {
      if (!isLockConflict(cause)) throw cause;
      if (systemClock.monotonic() + pauseMs > until) {
        throw new InstallError(
          "DATABASE_BUSY",
          `Cannot ${what}: other transactions held locks on its tables or views for ${
            Math.round(patienceMs / 1000)
          } seconds${await holders(
            database,
            schema,
          )}. Nothing was changed. Wait for them to end, or end them, and try again`,
          { cause },
        );
      }
      await systemClock.sleep(pauseMs * (0.5 + systemClock.random() / 2));
    }
  }
}

/** Who has had locks there for a while, as the end of a sentence. */
async function holders(database: Database, schema: string): Promise<string> {
  const rows = await database.query<{ pid: number; who: string; seconds: number; relation: string }>(
    `select a.pid, a.usename::text as who, round(extract(epoch from clock_timestamp() - a.xact_start))::integer as seconds,
      min(c.relname)::text as relation
    from pg_locks as l
    join pg_class as c on c.oid = l.relation
    join pg_namespace as n on n.oid = c.relnamespace
    join pg_stat_activity as a on a.pid = l.pid
    where n.nspname = $1 and c.relkind in ('r', 'v') and l.granted and l.database = (select d.oid from pg_database as d where d.datname = current_database())
      and a.pid <> pg_backend_pid() and a.xact_start < clock_timestamp() - interval '1 second'
    group by a.pid, a.usename, a.xact_start
    order by a.xact_start
    limit 3`,
    [schema],
  );
  return rows.length === 0
    ? ""
    : `: ${
      rows.map(({ pid, who, seconds, relation }) =>
        `process ${pid} of "${who}" holds "${relation}" for ${seconds} s`
      ).join(", ")
    }`;
}
