import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { readBackendSeconds } from "../../bench/counters.ts";
import { findBinaries } from "../support/cluster.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { multiply } from "../support/multiply.ts";
import { CALLS, HELPERS } from "./calls.ts";
import { type Ids, makeBusyWorker, makeCrowd } from "./crowd.ts";

/** How a call went. */
export interface Took {
  /** Milliseconds of the server's processor, at best of three: what else the machine does is not in it. */
  readonly ms: number;
  /** Tables that it read from end to end, with how many rows. */
  readonly scanned: readonly string[];
}

/** How a call went in each kind of session. */
export interface Row {
  /** The call. */
  readonly name: string;
  /** In a session that had planned what can be planned while there was nothing at all; nothing is analyzed since. */
  readonly empty: Took;
  /** In a session that had planned everything while there were two dozen executions, analyzed; not since. */
  readonly small: Took;
  /** In a new session after a dump and a restore; not analyzed. Undefined: there is no pg_dump here. */
  readonly restored: Took | undefined;
  /** In a new session, the tables analyzed. */
  readonly fresh: Took;
}

/** Ids of nothing. */
const NOBODY: Ids = new Proxy({}, { get: () => "00000000-0000-7000-8000-000000000001" });

/** Below this nothing is slow. */
const FLOOR_MS = 30;

/** What is wrong with a call: it is slower than five times a fresh session, or reads a large table from end to end. */
export function problems({ empty, small, restored, fresh }: Row): string[] {
  const bound = Math.max(fresh.ms * 5, FLOOR_MS);
  return Object.entries({ empty, small, restored }).flatMap(([session, took]) => {
    if (took === undefined) return [];
    const slow = took.ms > bound ? [`${session}: ${took.ms.toFixed(0)} ms`] : [];
    return [...slow, ...took.scanned.map((table) => `${session}: reads all of ${table}`)];
  }).concat(fresh.scanned.map((table) => `fresh: reads all of ${table}`));
}

/**
 * Makes the calls in each kind of session, beside so many executions: copies of two dozen. In two databases: whatever is analyzed is
 * planned anew in every session.
 */
export async function comparePlans(test: TestDatabase, executions: number): Promise<Row[]> {
  await using other = await freshDatabase();
  const empty = await inFull(
    other,
    executions,
    async ({ sql }) => await plan(sql, NOBODY, () => {}),
    nothing,
  );
  let fresh: Record<string, Took> | undefined;
  let restored: Record<string, Took> | undefined;
  const small = await inFull(test, executions, nothing, async ({ sql, admin, ids }) => {
    // Tables of a page are best read whole.
    await admin.unsafe("analyze");
    await plan(sql, ids, (error) => {
      throw error;
    });
  }, async ({ admin, ids, large }) => {
    restored = await afterRestore(test, admin, (sql) => all(sql, ids, large));
    await admin.unsafe("analyze");
    const sql = postgres(test.url, { max: 1, onnotice: () => {} });
    fresh = await all(sql, ids, large);
    await sql.end();
  });
  return Object.keys(CALLS).map((name) => ({
    name,
    empty: empty[name]!,
    small: small[name]!,
    restored: restored?.[name],
    fresh: fresh![name]!,
  }));
}

/** What happens while a database is filled. */
interface Moment {
  /** The session whose calls are measured. */
  readonly sql: postgres.Sql;
  /** Another one. */
  readonly admin: postgres.Sql;
  /** What calls act on. */
  readonly ids: Ids;
  /** The tables that are large. */
  readonly large: readonly string[];
}

/** Fills a database and makes the calls in one session, which may plan while there is nothing, or little. */
async function inFull(
  test: TestDatabase,
  executions: number,
  whileEmpty: (moment: Moment) => Promise<void>,
  whileSmall: (moment: Moment) => Promise<void>,
  afterwards: (moment: Moment) => Promise<void> = nothing,
): Promise<Record<string, Took>> {
  const [sql, admin] = [1, 2].map(() => postgres(test.url, { max: 1, onnotice: () => {} })) as [
    postgres.Sql,
    postgres.Sql,
  ];
  try {
    await admin.unsafe(HELPERS);
    await leaveStatisticsAlone(admin);
    await whileEmpty({ sql, admin, ids: NOBODY, large: [] });
    const crowd = await makeCrowd(test.url);
    await whileSmall({ sql, admin, ids: { ...crowd, busy: crowd.worker! }, large: [] });
    const [made] = await admin`select count(*)::int as count from rhythm.executions`;
    const times = Math.ceil(executions / made!.count);
    const counts = await multiply(admin, { times, stepMs: 60_000 });
    const large = Object.entries(counts).filter(([, count]) => count >= times).map(([table]) => table);
    const ids = { ...crowd, ...await makeBusyWorker(test.url) };
    const took = await all(sql, ids, large);
    await afterwards({ sql, admin, ids, large });
    return took;
  } finally {
    await Promise.all([sql.end(), admin.end()]);
  }
}

async function nothing(): Promise<void> {}

/** The figures, a line a call. */
export function plansTable(rows: readonly Row[]): string {
  const ms = (took: Took | undefined): string => took === undefined ? "–" : took.ms.toFixed(1);
  const lines = rows.map((
    row,
  ) => [row.name, ms(row.empty), ms(row.small), ms(row.restored), ms(row.fresh), problems(row).join("; ")]);
  const all = [["ms", "empty", "small", "restored", "fresh", ""], ...lines];
  const widths = [0, 1, 2, 3, 4].map((at) => Math.max(...all.map((line) => line[at]!.length)));
  return all.map((line) =>
    line.map((text, at) => at === 0 ? text.padEnd(widths[0]!) : at < 5 ? text.padStart(widths[at]!) : text)
      .join("  ")
      .trimEnd()
  ).join("\n");
}

async function leaveStatisticsAlone(sql: postgres.Sql): Promise<void> {
  const tables = await sql`
    select c.oid::regclass::text as name from pg_class as c where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'r'`;
  for (const { name } of tables) await sql.unsafe(`alter table ${name} set (autovacuum_enabled = off)`);
}

// Generic plans are made at the sixth call.
async function plan(sql: postgres.Sql, ids: Ids, onError: (error: unknown) => void): Promise<void> {
  for (let n = 0; n < 6; n++) {
    for (const call of Object.values(CALLS)) await rolledBack(sql, filled(call, ids)).catch(onError);
  }
}

async function all(sql: postgres.Sql, ids: Ids, large: readonly string[]): Promise<Record<string, Took>> {
  const took: Record<string, Took> = {};
  for (const [name, call] of Object.entries(CALLS)) {
    let best: Took | undefined;
    for (let n = 0; n < 3 && (best?.ms ?? 0) < 2_000; n++) {
      const one = await rolledBack(sql, filled(call, ids), large);
      if (best === undefined || one.ms < best.ms) best = one;
    }
    took[name] = best!;
  }
  return took;
}

async function rolledBack(sql: postgres.Sql, call: string, large: readonly string[] = []): Promise<Took> {
  let took: Took | undefined;
  await sql.begin(async (tx) => {
    const [backend] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const before = await readRows(tx);
    const began = performance.now();
    const cpu = await readBackendSeconds(backend!.pid);
    await tx.unsafe(call);
    const used = (await readBackendSeconds(backend!.pid) - cpu) * 1_000;
    // Where there is no /proc to read, the time on the clock.
    const ms = Number.isNaN(used) ? performance.now() - began : used;
    const after = await readRows(tx);
    const scanned = large.filter((table) => (after[table] ?? 0) - (before[table] ?? 0) > 5_000);
    took = { ms, scanned };
    throw new Error("rolled back");
  }).catch((error: Error) => {
    if (error.message !== "rolled back") throw new Error(`${call}: ${error.message}`, { cause: error });
  });
  return took!;
}

async function readRows(sql: postgres.TransactionSql): Promise<Record<string, number>> {
  const rows = await sql<{ name: string; read: number }[]>`
    select relname as name, seq_tup_read::int as read from pg_stat_xact_user_tables where schemaname = 'rhythm'`;
  return Object.fromEntries(rows.map(({ name, read }) => [name, read]));
}

function filled(call: string, ids: Ids): string {
  return call.replaceAll(/(?<!:):([a-z]+)\b/g, (_, name: string) => {
    assert.ok(ids[name] !== undefined, `there is no id "${name}" for ${call}`);
    return `'${ids[name]}'::uuid`;
  });
}

async function afterRestore<Result>(
  test: TestDatabase,
  admin: postgres.Sql,
  work: (sql: postgres.Sql) => Promise<Result>,
): Promise<Result | undefined> {
  const [row] = await admin<
    { version: number }[]
  >`select current_setting('server_version_num')::int / 10000 as version`;
  const bin = (await findBinaries(row!.version))?.bin ?? "";
  const [dump, psql] = [join(bin, "pg_dump"), join(bin, "psql")];
  for (const program of [dump, psql]) {
    if (!await Deno.stat(program).then(() => true, () => false)) return undefined;
  }
  const name = `${test.name}_restored`;
  await admin.unsafe(`create database "${name}" template template0`);
  const url = new URL(test.url);
  url.pathname = `/${name}`;
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  try {
    const { success, stderr } = await new Deno.Command("sh", {
      args: ["-c", '"$0" "$1" | "$2" -q -v ON_ERROR_STOP=1 "$3" >/dev/null', dump, test.url, psql, url.href],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    // As one that belongs here: adopt() would take the leases of its workers.
    await sql`update rhythm.home set database_name = current_database(),
      database_oid = (select d.oid from pg_database as d where d.datname = current_database())`;
    return await work(sql);
  } finally {
    await sql.end();
    await admin.unsafe(`drop database if exists "${name}" with (force)`);
  }
}
