/**
 * Real sessions side by side, and gates that open when the server says that one of them waits: never a sleep for luck.
 *
 * @module
 */
import postgres from "postgres";
import { freshDatabase, type TestDatabase } from "../../support/database.ts";
import { until } from "../../support/until.ts";

/** A database with many sessions on it. */
export interface Arena extends AsyncDisposable {
  db: TestDatabase;
  /** Each a connection of its own. */
  sessions: postgres.Sql[];
  /** Sees what the others do. */
  watcher: postgres.Sql;
}

/** A fresh database with so many sessions, each connected. */
export async function openArena(count: number): Promise<Arena> {
  const db = await freshDatabase();
  const open = (): postgres.Sql => postgres(db.url, { max: 1, onnotice: () => {} });
  const sessions = Array.from({ length: count }, open);
  const watcher = open();
  await Promise.all(sessions.map((session) => session`select 1`));
  return {
    db,
    sessions,
    watcher,
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all([...sessions, watcher].map((session) => session.end({ timeout: 1 })));
      await db[Symbol.asyncDispose]();
    },
  };
}

/** The server's process id of a session. */
export async function pidOf(session: postgres.Sql): Promise<number> {
  const [row] = await session`select pg_backend_pid() as pid`;
  return row?.pid;
}

/** Returns when a session waits for a lock that another holds. */
export async function untilBlocked(watcher: postgres.Sql, pid: number): Promise<void> {
  await until(async () => {
    const [row] = await watcher`select cardinality(pg_blocking_pids(${pid})) > 0 as blocked`;
    return row?.blocked;
  }, `session ${pid} to wait for a lock`);
}

/** What a session does. */
export type Act = (sql: postgres.Sql) => Promise<unknown>;

/** The first acts and keeps its transaction open until the second waits for it. */
export async function inTurn(arena: Arena, acts: { first: Act; second: Act }): Promise<[unknown, unknown]> {
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const pid = await pidOf(two);
  let second: Promise<unknown> = Promise.resolve();
  const first = await one.begin(async (tx) => {
    const result = await acts.first(tx as unknown as postgres.Sql);
    // A statement of this driver begins when somebody waits for it.
    second = (async () => await acts.second(two))();
    // It may fail before the first has ended, which nobody awaits yet.
    second.catch(() => {});
    await untilBlocked(arena.watcher, pid);
    return result;
  });
  return [first, await second];
}

/** What is wrong with the engine's data: nothing, in a sound database. */
export async function violations(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql`select execution_id || ' ' || violation as text from rhythm.check()`;
  return rows.map((row) => row.text);
}

/** Registers a worker that may be silent for an hour. */
export async function registerWorker(sql: postgres.Sql, queues: string[] = ["default"]): Promise<string> {
  const [row] = await sql`select rhythm.register_worker(null, ${queues}, p_lease => '1h') as id`;
  return row?.id;
}

/** Leases up to so many executions. */
export async function claim(
  sql: postgres.Sql,
  worker: string,
  limit = 10,
): Promise<{ id: string; type: string; attempt: number; settled: unknown[] }[]> {
  return await sql`select id, type, attempt, settled from rhythm.claim(${worker}, p_limit => ${limit})`;
}

/** Settles one execution in its first attempt, unless `more` says otherwise. */
export async function settle(
  sql: postgres.Sql,
  worker: string,
  outcome: { id: string; attempt?: number; status: string; [more: string]: unknown },
): Promise<{ refused: { id: string; reason: string }[] }> {
  const [row] = await sql.unsafe("select rhythm.settle($1::uuid, $2::text::jsonb) as result", [
    worker,
    JSON.stringify([{ attempt: 1, ...outcome }]),
  ]);
  return row?.result;
}

/** Starts a workflow and lets it wait for what `effects` names, as one group. */
export async function suspended(
  sql: postgres.Sql,
  worker: string,
  wait: { effects: unknown[]; mode: "any" | "all"; ids: string[] },
): Promise<string> {
  await sql`select rhythm.register_flow('f', 'return 1', '{}')`;
  const [row] = await sql`select rhythm.start('f') as id`;
  await claim(sql, worker, 1);
  const { effects, ...group } = wait;
  await settle(sql, worker, {
    id: row?.id,
    status: "suspended",
    snapshot: { at: 1 },
    effects,
    waits: [group],
    keep: wait.ids,
  });
  return row?.id;
}

/** The status of an execution. */
export async function statusOf(sql: postgres.Sql, id: string): Promise<string> {
  const [row] = await sql`select rhythm.get(${id}) ->> 'status' as status`;
  return row?.status;
}

/** Leases the only execution that is ready. */
export async function claimOne(sql: postgres.Sql, worker: string): Promise<string> {
  const rows = await claim(sql, worker);
  if (rows.length !== 1) throw new Error(`Expected one execution to claim, found ${rows.length}`);
  return rows[0]!.id;
}
