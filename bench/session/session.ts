import postgres from "postgres";
import { readBackendSeconds } from "../counters.ts";

/** What one session of the server used. */
export interface Used {
  /** Processor time of the session's backend, in seconds; NaN where there is no /proc. */
  readonly cpuSeconds: number;
  /** Bytes of WAL, of the whole server: nobody else writes meanwhile but autovacuum. */
  readonly walBytes: number;
}

/** Nothing. */
export const NOTHING: Used = { cpuSeconds: 0, walBytes: 0 };

/** The sum of two. */
export function plus(one: Used, other: Used): Used {
  return { cpuSeconds: one.cpuSeconds + other.cpuSeconds, walBytes: one.walBytes + other.walBytes };
}

/** One connection, of which the server's cost is read: statements of SQL, and no process between. */
export class Session {
  /** The connection. */
  readonly sql: postgres.Sql;
  readonly #pid: number;

  private constructor(sql: postgres.Sql, pid: number) {
    this.sql = sql;
    this.#pid = pid;
  }

  /** Connects. Text that is passed as JSON goes as it is. */
  static async open(url: string): Promise<Session> {
    const json = {
      to: 3802,
      from: [114, 3802],
      serialize: asJson,
      parse: (text: string) => JSON.parse(text),
    };
    const sql = postgres(url, { max: 1, onnotice: () => {}, types: { json } });
    const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    return new Session(sql, row!.pid);
  }

  /** Does something in this session, and tells what the server used for it. */
  async used(work: () => Promise<unknown>): Promise<Used> {
    const wal = await this.#wal();
    const cpu = await readBackendSeconds(this.#pid);
    await work();
    const cpuSeconds = await readBackendSeconds(this.#pid) - cpu;
    return { cpuSeconds, walBytes: await this.#wal() - wal };
  }

  /** Bytes that the tables of a schema take without their indexes. */
  async heap(schema: string): Promise<number> {
    const [row] = await this.sql<{ bytes: string }[]>`
      select sum(pg_table_size(c.oid))::text as bytes
      from pg_class as c where c.relnamespace = to_regnamespace(${schema}) and c.relkind = 'r'`;
    return Number(row!.bytes);
  }

  /** Disconnects. */
  async close(): Promise<void> {
    await this.sql.end({ timeout: 5 });
  }

  async #wal(): Promise<number> {
    const [row] = await this.sql<{ bytes: string }[]>`
      select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as bytes`;
    return Number(row!.bytes);
  }
}

function asJson(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
