import postgres from "postgres";
import type { Database, ListenOptions, Queryable, Row, Unlisten } from "./database.ts";
import { DatabaseUnavailableError, isConnectionLost, toRhythmError } from "./errors.ts";
import { secured } from "./tls.ts";

/** How to connect to a Postgres server. */
export interface ConnectOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=verify-full&sslrootcert=FILE` over TLS. */
  url: string;
  /** The most connections held open at once, besides one for LISTEN. Default: 10. */
  maxConnections?: number;
  /** Ends any statement that takes longer. Default: none. */
  statementTimeoutMs?: number;
  /** How long to try for a connection before a statement fails. Default: 30,000. */
  connectTimeoutMs?: number;
  /** Closes a connection that was idle for this long. Default: never. */
  idleTimeoutMs?: number;
  /** What `pg_stat_activity` shows. Default: `rhythm`. */
  applicationName?: string;
}

const reconnectDelaysMs = [0, 50, 100, 200, 500, 1000, 2000];

/** Postgres.js as we use it: JSON goes in as text, 64-bit counts come out as numbers. */
export function postgresOptions(
  options: ConnectOptions,
): postgres.Options<Record<string, postgres.PostgresType>> {
  return {
    max: options.maxConnections ?? 10,
    connect_timeout: (options.connectTimeoutMs ?? 30_000) / 1000,
    idle_timeout: options.idleTimeoutMs === undefined ? undefined : options.idleTimeoutMs / 1000,
    backoff: (attempt: number) => reconnectDelaysMs[Math.min(attempt, reconnectDelaysMs.length - 1)]! / 1000,
    onnotice: () => {},
    connection: {
      application_name: options.applicationName ?? "rhythm",
      ...(options.statementTimeoutMs === undefined ? {} : { statement_timeout: options.statementTimeoutMs }),
    },
    types: {
      json: {
        to: 114,
        from: [114, 3802],
        serialize: (value: unknown) => typeof value === "string" ? value : JSON.stringify(value),
        parse: (text: string) => JSON.parse(text),
      },
      jsonb: {
        to: 3802,
        from: [],
        serialize: (value: unknown) => typeof value === "string" ? value : JSON.stringify(value),
        parse: (text: string) => JSON.parse(text),
      },
      count: { to: 20, from: [20], serialize: String, parse: Number },
    },
  };
}

/**
 * Opens a pool of connections to a Postgres server. Connections are made when needed, and made again,
 * with growing pauses, after the server went away.
 *
 * @param options where and how
 * @returns the database
 */
export function connect(options: ConnectOptions): Database {
  let sql: postgres.Sql;
  try {
    const { url, ...ssl } = secured(options.url);
    sql = postgres(url, { ...postgresOptions(options), ...ssl });
  } catch (cause) {
    throw new DatabaseUnavailableError(withoutPassword(options.url), { cause });
  }
  return new ServerDatabase(sql, withoutPassword(options.url));
}

class ServerDatabase implements Database {
  readonly kind = "server";
  readonly url: string;
  readonly #sql: postgres.Sql;

  constructor(sql: postgres.Sql, url: string) {
    this.#sql = sql;
    this.url = url;
  }

  query<R = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    return run<R>(this.#sql, text, params, this.url);
  }

  script(text: string): Promise<void> {
    return script(this.#sql, text, this.url);
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    let lost: unknown;
    const guard = async <V>(statement: () => Promise<V>): Promise<V> => {
      if (lost !== undefined) throw lost;
      return await statement().catch((error) => {
        if (isConnectionLost(error)) lost = error;
        throw error;
      });
    };
    try {
      return await this.#sql.begin(async (sql) => {
        const tx = joinTransaction(sql, this.url);
        try {
          return await work({
            query: (text, params) => guard(() => tx.query(text, params)),
            script: (text) => guard(() => tx.script(text)),
          });
        } finally {
          // On a lost connection the driver's commit or rollback would throw where nobody can catch it; begin() itself rejects.
          if (lost !== undefined) await new Promise<never>(() => {});
        }
      }) as T;
    } catch (error) {
      const known = toRhythmError(error, this.url);
      if (isConnectionLost(known)) lost = known;
      throw known;
    }
  }

  async listen(channel: string, options: ListenOptions): Promise<Unlisten> {
    try {
      const { unlisten } = await this.#sql.listen(channel, options.onNotify, options.onListen);
      return unlisten;
    } catch (error) {
      throw toRhythmError(error, this.url);
    }
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: 5 });
  }
}

/**
 * A caller's own postgres.js transaction (or connection), to run our statements in.
 *
 * @param sql what the caller's `sql.begin(async (sql) => …)` hands out
 * @param url where it is, for the sentence of an error
 * @returns the same, as a {@linkcode Queryable}
 */
export function joinTransaction(sql: postgres.ISql, url = "the caller's transaction"): Queryable {
  return {
    query: <R = Row>(text: string, params: readonly unknown[] = []) => run<R>(sql, text, params, url),
    script: (text: string) => script(sql, text, url),
  };
}

async function script(sql: postgres.ISql, text: string, url: string): Promise<void> {
  try {
    await sql.unsafe(text).simple();
  } catch (error) {
    throw toRhythmError(error, url);
  }
}

async function run<R>(
  sql: postgres.ISql,
  text: string,
  params: readonly unknown[],
  url: string,
): Promise<R[]> {
  try {
    const rows = await sql.unsafe<Row[]>(text, params as postgres.ParameterOrJSON<never>[], {
      prepare: true,
    });
    return [...rows] as unknown as R[];
  } catch (error) {
    throw toRhythmError(error, url);
  }
}

/** A connection string that may be printed. */
function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^:/@]*):[^@]*@/, "$1@");
}
