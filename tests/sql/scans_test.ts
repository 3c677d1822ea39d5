// What hot functions read and write, as Postgres counts it within a transaction: no table is read from end to end among
// 100,000 executions, claims write no execution, and ends are heap-only updates.
import assert from "node:assert/strict";
import type { Queryable } from "../../src/db/database.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { crowd, worker } from "./scans/crowd.ts";

type Counts = Record<string, { scans: number; rows: number; updates: number; hot: number }>;

async function counts(tx: Queryable): Promise<Counts> {
  const rows = await tx.query<{ name: string; scans: number; rows: number; updates: number; hot: number }>(
    `select relname as name, seq_scan::integer as scans, seq_tup_read::integer as rows, n_tup_upd::integer as updates,
      n_tup_hot_upd::integer as hot
    from pg_stat_xact_user_tables where schemaname = 'rhythm'`,
  );
  return Object.fromEntries(rows.map(({ name, ...rest }) => [name, rest]));
}

/** Tables that hold a row for each execution, so that reading one whole is never right. */
const large = ["execution", "workflow_state", "signal_wait"];

const next = `(select max(c.call) + 1 from rhythm.worker_call as c where c.worker_id = ${worker})`;

const acts: Record<string, string> = {
  "queue()": "select rhythm.queue('a')",
  "start() with a key": "select rhythm.start('f', idempotency_key => 'k')",
  "claim": `select rhythm.exchange(${worker}, ${next}, p_want => '{"limit": 100}')`,
  "claim of some tasks":
    `select rhythm.exchange(${worker}, ${next}, p_want => '{"limit": 100, "targets": ["a"]}')`,
  "settle": `select rhythm.exchange(${worker}, ${next}, (
    select jsonb_agg(jsonb_build_object('kind', 'done', 'call', b.call, 'ids', b.ids, 'outputs', '[1]'::jsonb))
    from rhythm.batch as b where b.worker = ${worker}))`,
  "beat()": `select rhythm.beat(${worker})`,
  "signal()":
    "select rhythm.signal((select execution_id from rhythm.signal_wait order by timeout_at limit 1), 's')",
  "tick()": "select rhythm.tick()",
};

Deno.test({
  name:
    "hot functions read no large table from end to end, claims write no execution, and ends are heap-only updates",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ leaves: "damage" });
    await test.database.script(crowd);
    // As workers do: leases first, so that every later act meets them.
    await test.database.query(`select rhythm.exchange(${worker}, ${next}, p_want => '{"limit": 50}')`);
    const scanned: string[] = [];
    for (const [name, act] of Object.entries(acts)) {
      await test.database.transaction(async (tx) => {
        await tx.query("set local enable_seqscan = on");
        const before = await counts(tx);
        await tx.query(act);
        const after = await counts(tx);
        for (const table of large) {
          const read = (after[table]?.rows ?? 0) - (before[table]?.rows ?? 0);
          if (read > 5000) scanned.push(`${name} read ${read} rows of ${table}`);
        }
        const updates = (after.execution?.updates ?? 0) - (before.execution?.updates ?? 0);
        const hot = (after.execution?.hot ?? 0) - (before.execution?.hot ?? 0);
        if (name.startsWith("claim")) assert.equal(updates, 0, name);
        if (name === "settle") {
          assert.equal(updates, 250, name);
          assert.ok(hot >= 200, `${name}: ${hot} of ${updates} updates were heap-only`);
        }
      });
    }
    assert.deepEqual(scanned, []);
  },
});
