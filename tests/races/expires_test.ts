// Claims and expiry at once: each execution begins or expires, never both, and nothing begins late.
import assert from "node:assert/strict";
import { onEmbedded } from "../support/database.ts";
import { claim, openArena, registerWorker, settleMany, violations } from "./support/sessions.ts";

for (const count of [2, 20]) {
  Deno.test({
    name: `expires: ${count} sessions claim and cancel what expires; each begins or expires`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(count);
      const { watcher } = arena;
      await watcher`select rhythm.configure_queue('limited', concurrency => 1000)`;
      const seen = { completed: 0, expired: 0 };
      // A slow machine needs more time to begin some, and a fast one to let some expire.
      for (let round = 0, ms = 100; round < 3 || seen.completed === 0 || seen.expired === 0; round++) {
        ms = seen.completed === 0 ? 2 * ms : ms;
        assert.ok(round < 12, JSON.stringify(seen));
        // Alike ones, which share batches; single ones; in a queue with limits.
        await watcher`select count(*) from rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'expires', ${ms}::integer || 'ms')) from generate_series(1, 1500)))`;
        await watcher`select count(*) from rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'concurrency_key', n::text,
          'queue', case n % 2 when 0 then 'limited' else 'default' end, 'expires', ${ms}::integer || 'ms')) from generate_series(1, 400) as n))`;
        const end = performance.now() + 4 * ms;
        await Promise.all(arena.sessions.map(async (session, nth) => {
          const worker = await registerWorker(session, ["default", "limited"]);
          while (performance.now() < end) {
            if (nth % 2 === 1) await session`select rhythm.due(300)`;
            else {
              const rows = await claim(session, worker, 7);
              await settleMany(
                session,
                worker,
                rows.map(({ id, call }) => ({ id, call, status: "completed", output: null })),
              );
            }
          }
        }));
        for (let left = 1; left > 0;) {
          await watcher`select rhythm.due(100000)`;
          const [row] = await watcher`select count(*)::integer as left from rhythm.execution where state = 0`;
          left = row!.left;
        }
        const [row] = await watcher`select count(*) filter (where status = 'completed')::integer as completed,
          count(*) filter (where status = 'cancelled')::integer as expired from rhythm.executions`;
        Object.assign(seen, row);
      }
      assert.deepEqual(await violations(watcher), []);
      const [all] = await watcher`select count(*) filter (where status = 'completed')::integer as completed,
        count(*) filter (where status = 'cancelled' and error ->> 'code' = 'EXPIRED')::integer as expired,
        count(*) filter (where claimed_at >= expires_at or status = 'cancelled' and completed_at < expires_at)::integer as odd, count(*)::integer as all
        from rhythm.executions`;
      assert.equal(all!.completed + all!.expired, all!.all);
      assert.equal(all!.odd, 0);
    },
  });
}
