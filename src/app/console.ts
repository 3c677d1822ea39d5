import { connect } from "../db/connect.ts";
import type { Database, Queryable } from "../db/database.ts";
import { runQuery } from "../db/calls/console.ts";
import { EngineError } from "../db/errors.ts";
import { HttpError, type QueryAnswer } from "../http/mod.ts";
import { RhythmError } from "../shared/error.ts";
import { readViewerUrl } from "./environment.ts";
import type { AppParts } from "./rhythm.ts";

type ConsoleParts = Pick<AppParts, "place" | "database" | "schema" | "clock">;

/**
 * The SQL console of the dashboard. Each query has a connection of its own, of a login that can only read: whatever a query sets or
 * locks in its session is gone with it. In an embedded database there is one session for all, so the console is the developer's.
 */
export class Console {
  readonly #parts: ConsoleParts;
  #running = 0;

  /** @param parts where the database is */
  constructor(parts: ConsoleParts) {
    this.#parts = parts;
  }

  /** Whether the database is an embedded one, where nothing keeps a query from what the developer may do. */
  get isEmbedded(): boolean {
    return this.#parts.place.kind === "embedded";
  }

  /** Why no query can be run here, as a sentence; null: they can. */
  async problem(): Promise<string | null> {
    if (this.isEmbedded) return null;
    try {
      await this.#within((tx) => Promise.resolve(tx));
      return null;
    } catch (error) {
      if (error instanceof RhythmError) return error.message;
      throw error;
    }
  }

  /**
   * Runs one query and reads its first rows.
   *
   * @param statement a query; nothing else can be run
   * @throws {HttpError} there is no login for it, too many run, or Postgres refuses it
   */
  async run(statement: string): Promise<QueryAnswer> {
    if (this.#running >= MOST_AT_ONCE) {
      throw new HttpError(503, "CONSOLE_BUSY", `${MOST_AT_ONCE} queries run already. Try again in a moment`);
    }
    this.#running++;
    try {
      const { clock } = this.#parts;
      const begun = clock.monotonic();
      const isLate = (): boolean => clock.monotonic() - begun > TIMEOUT_MS;
      const read = await this.#within((tx) => runQuery(tx, statement, isLate));
      return { ...read, ms: Math.round(clock.monotonic() - begun) };
    } catch (error) {
      if (error instanceof EngineError) throw new HttpError(400, "QUERY_REFUSED", error.message);
      throw error;
    } finally {
      this.#running--;
    }
  }

  async #within<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const { place, database, schema } = this.#parts;
    if (place.kind === "embedded") {
      return await inside(database, async (tx) => {
        await tx.script("set local role rhythm_viewer");
        return await work(tx);
      });
    }
    const own = readViewerUrl();
    const connection = connect({
      url: own ?? place.at,
      maxConnections: 1,
      applicationName: "rhythm console",
      statementTimeoutMs: TIMEOUT_MS,
      connectTimeoutMs: 5_000,
    });
    try {
      return await inside(connection, async (tx) => {
        const [may] = await tx.query<{ role: string; writes: boolean; reads: boolean }>(RIGHTS, [schema]);
        if (may!.writes) throw new HttpError(409, "NO_VIEWER_LOGIN", ownLogin(may!.role, own !== undefined));
        if (!may!.reads) {
          throw new HttpError(
            409,
            "NO_VIEWER_LOGIN",
            `Grant rhythm_viewer to "${may!.role}": it cannot read the views`,
          );
        }
        return await work(tx);
      });
    } finally {
      await connection.close();
    }
  }
}

// Nothing that it does stays.
async function inside<T>(database: Database, work: (tx: Queryable) => Promise<T>): Promise<T> {
  let result: { readonly value: T } | undefined;
  const undone = new Error("rolled back");
  try {
    await database.transaction(async (tx) => {
      await tx.script("set transaction read only");
      result = { value: await work(tx) };
      throw undone;
    });
  } catch (error) {
    if (error !== undone) throw error;
  }
  return result!.value;
}

function ownLogin(role: string, isGiven: boolean): string {
  return `${
    isGiven
      ? `"${role}", the login of RHYTHM_VIEWER_DATABASE_URL,`
      : `This process logs in as "${role}", which`
  } may do more than read. Make a login for the console: create role rhythm_console login password '…'; ` +
    "grant rhythm_viewer to rhythm_console; and set RHYTHM_VIEWER_DATABASE_URL to its address";
}

// The owner, and a role that can become the owner, reads the tables, too.
const RIGHTS = `
  select session_user::text as role,
    r.rolsuper or r.rolcreaterole or pg_catalog.pg_has_role(session_user, n.nspowner, 'member') as writes,
    pg_catalog.has_schema_privilege(session_user, n.oid, 'usage') as reads
  from pg_catalog.pg_roles as r cross join pg_catalog.pg_namespace as n
  where r.rolname = session_user and n.nspname = $1::text`;

const TIMEOUT_MS = 10_000;
const MOST_AT_ONCE = 2;
