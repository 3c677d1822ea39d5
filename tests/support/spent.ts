/**
 * What a session of the server spends, so that a test can judge statements on a machine that does other things, too.
 *
 * @module
 */
import type postgres from "postgres";

/** A statement as the server saw it. */
export interface Spent<Row> {
  readonly row: Row;
  /** From its begin to its end on the server, without the time in which the session waited for a processor. */
  readonly ms: number;
  /** In which it had a processor. */
  readonly cpuMs: number;
  /** In which it waited for a processor, because others had them. */
  readonly starvedMs: number;
}

/** Measures statements of a session. Where the system does not tell about its process, undefined. */
export async function meter(sql: postgres.Sql): Promise<Meter | undefined> {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const path = `/proc/${row!.pid}/schedstat`;
  try {
    await readSchedule(path);
    // A server on another machine has processes with other numbers.
    if (!/^postgres/.test(await Deno.readTextFile(`/proc/${row!.pid}/comm`))) return undefined;
  } catch {
    return undefined;
  }
  return new Meter(sql, path);
}

/** Measures what one session does. */
export class Meter {
  readonly #sql: postgres.Sql;
  readonly #path: string;

  /**
   * @param sql one connection
   * @param path where the system tells what its process did
   */
  constructor(sql: postgres.Sql, path: string) {
    this.#sql = sql;
    this.#path = path;
  }

  /** Sends `select <columns>` and measures it. Commits are part of it, as far as they need a processor. */
  async select<Row>(columns: string): Promise<Spent<Row>> {
    const before = await readSchedule(this.#path);
    const [row] = await this.#sql.unsafe<{ took: number }[]>(
      `select x.*, extract(epoch from clock_timestamp() - statement_timestamp())::double precision * 1000 as took
      from (select ${columns} offset 0) as x`,
    );
    const after = await readSchedule(this.#path);
    const [cpuMs, starvedMs] = [after.ran - before.ran, after.waited - before.waited];
    return { row: row as Row, cpuMs, starvedMs, ms: Math.max(row!.took - starvedMs, cpuMs) };
  }
}

async function readSchedule(path: string): Promise<{ ran: number; waited: number }> {
  const [ran, waited] = (await Deno.readTextFile(path)).split(" ").map((ns) => Number(ns) / 1e6);
  return { ran: ran!, waited: waited! };
}
