// Rule: idle costs nothing. A call that finds nothing to do takes no transaction id (which a lock of a row needs, too), writes no
// WAL and locks nothing but the tables it looks into, against being dropped.
import assert from "node:assert/strict";
import { freshDatabase, onEmbedded } from "../support/database.ts";

/** Calls of an idle worker; `n` counts them. */
const CALLS: Readonly<Record<string, (worker: string, n: number) => string>> = {
  exchange: (worker, n) => `rhythm.exchange('${worker}', ${n}, '[]', '{"limit": 100}')`,
  "exchange, of many queues": (worker, n) =>
    `rhythm.exchange('${worker}', ${n}, '[]', jsonb_build_object('limit', 100, 'queues', array(select 'q' || i from generate_series(1, 20) as i)))`,
  "exchange, some tasks": (worker, n) =>
    `rhythm.exchange('${worker}', ${n}, '[]', '{"limit": 100, "targets": ["a"]}')`,
  "exchange, limited": (worker, n) =>
    `rhythm.exchange('${worker}', ${n}, '[]', '{"limit": 100, "queues": ["limited"]}')`,
  "exchange, to sleep": (worker, n) =>
    `rhythm.exchange('${worker}', ${n}, '[]', '{"limit": 100, "sleeps": true}')`,
  report: (worker) => `rhythm.report('${worker}', '[]')`,
  unserved: (worker) => `rhythm.unserved('${worker}')`,
  due: () => "rhythm.due()",
  chores: () => "rhythm.chores()",
  sql_tasks: () => "rhythm.sql_tasks()",
  tick: () => "rhythm.tick()",
  "tick, chores are due": () => "rhythm.tick()",
};

/** Calls that break the rule today. Whoever mends one takes it out. */
const KNOWN: readonly string[] = ["chores", "tick, chores are due"];

Deno.test({
  name: "idle calls take no transaction id, write no WAL and lock nothing",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const sql = await test.sql.reserve();
    const [worker] = await sql`select rhythm.register_worker(null, p_lease => '1h') as id`;
    await sql`select rhythm.configure_queue('limited', concurrency => 10)`;
    const broken: Record<string, string[]> = {};
    let n = 0;
    for (const [name, call] of Object.entries(CALLS)) {
      const isLater = name.includes("chores");
      // The first calls of a session may write what all later ones find: that a worker sleeps, when chores were done.
      for (let nth = 1; nth <= 3; nth++) {
        await sql.unsafe(`set rhythm_clock.shift = '${isLater ? nth * 20 : 0} seconds'`);
        await sql`begin`;
        const plan = await sql.unsafe(
          `explain (analyze, wal, costs off, timing off, summary off) select ${call(worker!.id, ++n)}`,
        );
        const [left] = await sql<{ xid: string | null; locks: string[] }[]>`
          select txid_current_if_assigned()::text as xid, array(
            select l.mode || ' on ' || coalesce(l.relation::regclass::text, l.locktype) from pg_locks as l
            where l.pid = pg_backend_pid() and l.locktype <> 'virtualxid'
              and (l.locktype <> 'relation' or l.mode not in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock'))
            order by 1) as locks`;
        await sql`commit`;
        const wal = plan.map((row) => row["QUERY PLAN"].trim()).filter((line) => line.startsWith("WAL:"));
        const found = [...left!.xid === null ? [] : ["a transaction id"], ...wal, ...left!.locks];
        if (nth === 3 && found.length > 0) broken[name] = found;
      }
    }
    sql.release();
    for (const name of KNOWN) {
      if (broken[name] === undefined) console.log(`${name} is no longer broken, or not here`);
    }
    assert.deepEqual(Object.entries(broken).filter(([name]) => !KNOWN.includes(name)), []);
  },
});

Deno.test({
  name: "beat() writes its sign of life and nothing else",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const sql = await test.sql.reserve();
    const [worker] = await sql`select rhythm.register_worker(null, p_lease => '1h') as id`;
    const written = async (): Promise<Record<string, number>> => {
      const rows = await sql`
        select relname as name, (n_tup_ins + n_tup_upd + n_tup_del)::int as rows from pg_stat_xact_user_tables
        where schemaname = 'rhythm' and n_tup_ins + n_tup_upd + n_tup_del > 0`;
      return Object.fromEntries(rows.map(({ name, rows }) => [name, rows]));
    };
    await sql`begin`;
    const before = await written();
    await sql`select rhythm.beat(${worker!.id}::uuid)`;
    const after = await written();
    await sql`commit`;
    sql.release();
    assert.deepEqual(after, { ...before, worker: (before.worker ?? 0) + 1 });
  },
});
