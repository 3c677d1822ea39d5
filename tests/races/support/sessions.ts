/**
 * Real sessions side by side, and gates that open when the server says that one of them waits: never a sleep for luck.
 *
 * @module
 */
import postgres from "postgres";
import { freshDatabase, type TestDatabase } from "../../support/database.ts";
import { type Answer, callOf, claim, type End, exchange, type Leased } from "../../support/exchange.ts";
import { until } from "../../support/until.ts";

export { claim, exchange, type Leased };

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

/** What opens when a session was told to come again, as another one holds what it wants. */
const gates = new WeakMap<object, () => void>();

/**
 * The first acts and keeps its transaction open until the second waits for it, was told to come again, or has passed over what
 * the first holds.
 */
export async function inTurn(arena: Arena, acts: { first: Act; second: Act }): Promise<[unknown, unknown]> {
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const pid = await pidOf(two);
  let second: Promise<unknown> = Promise.resolve();
  const first = await one.begin(async (tx) => {
    const result = await acts.first(tx as unknown as postgres.Sql);
    let isOpen = false;
    const open = (): void => void (isOpen = true);
    gates.set(two, open);
    // A statement of this driver begins when somebody waits for it.
    second = (async () => await acts.second(two))();
    // It may fail before the first has ended, which nobody awaits yet.
    second.then(open, open);
    await until(async () => {
      const [row] = await arena.watcher`select cardinality(pg_blocking_pids(${pid})) > 0 as blocked`;
      return isOpen || row?.blocked;
    }, `session ${pid} to meet the first`);
    return result;
  });
  return [first, await second];
}

/** Says something until it is taken: as a worker does whose call came to nothing, as another session held what it needs. */
export async function untilTaken(sql: postgres.Sql, say: () => Promise<Answer | undefined>): Promise<Answer> {
  const end = performance.now() + 30_000;
  for (;;) {
    const answer = await say().catch((error) => {
      if (error.code !== "55P03") throw error;
    });
    if (!answer && performance.now() > end) throw new Error("Somebody is in the way for more than 30 s");
    if (answer) return answer;
    gates.get(sql)?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What is wrong with the engine's data: nothing, in a sound database. */
export async function violations(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql`select concat_ws(' ', execution_id, violation) as text from rhythm.check()`;
  return rows.map((row) => row.text);
}

/** Registers a worker that may be silent for an hour. */
export async function registerWorker(sql: postgres.Sql, queues: string[] = ["default"]): Promise<string> {
  const [row] = await sql`select rhythm.register_worker(null, ${queues}, p_lease => '1h') as id`;
  return row?.id;
}

/** What a worker says of one execution: with `call`, which leased it; else the one that did. */
export type Outcome = { id: string; call?: number; status: string; [more: string]: unknown };

/** Settles one execution, again if somebody was in the way. */
export async function settle(
  sql: postgres.Sql,
  worker: string,
  outcome: Outcome,
  want: Record<string, unknown> = {},
): Promise<Answer> {
  const call = outcome.call ?? await callOf(sql, outcome.id);
  return await untilTaken(sql, async () => {
    const answer = await exchange(sql, worker, [{ kind: "outcome", ...outcome, call }], want);
    return answer.declined.length > 0 ? undefined : answer;
  });
}

/** Settles executions that this worker holds, whatever becomes of each. */
export async function settleMany(
  sql: postgres.Sql,
  worker: string,
  outcomes: readonly Outcome[],
  want: Record<string, unknown> = {},
): Promise<Answer> {
  return await exchange(sql, worker, outcomes.map((outcome) => ({ kind: "outcome", ...outcome })), want);
}

/** Settles steps; again if another call of the same worker is under way, not if they are declined. */
export async function settleSteps(
  sql: postgres.Sql,
  worker: string,
  ends: readonly Record<string, unknown>[],
  more: { children?: unknown[]; kinds?: unknown[]; lease?: number } = {},
): Promise<Answer> {
  const { lease = 0, children = [], kinds = [] } = more;
  const withCalls = await Promise.all(
    ends.map(async (end) => end.timer ? end : { call: await callOf(sql, end.id as string), ...end }),
  );
  const item: End = { kind: "steps", ends: withCalls, children, kinds };
  return await untilTaken(sql, () => exchange(sql, worker, [item], { lease }));
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
