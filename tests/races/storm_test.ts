// Everything at once, at random, from twenty sessions; then nothing is lost, nothing hangs, nothing is broken.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { type Dice, dice, outcomeOf } from "./support/storm.ts";
import { claim, openArena, registerWorker, settle, settleMany, violations } from "./support/sessions.ts";

/** What was locked when its worker wanted to settle it. */
const left: { worker: string; id: string }[] = [];

async function work(session: postgres.Sql, worker: string, roll: Dice): Promise<number> {
  const rows = await claim(session, worker, 1 + roll(20));
  if (rows.length === 0) return 0;
  const outcomes = rows.map((row) => outcomeOf(row, roll));
  // What is declined is left to run: its worker goes on beating.
  left.push(...(await settleMany(session, worker, outcomes)).declined.map((id) => ({ worker, id })));
  return rows.length;
}

/** One thing that an application, an operator or a worker does. Refusals are answers; anything else is a fault. */
async function act(session: postgres.Sql, worker: string, roll: Dice): Promise<void> {
  const any = session`(select id from rhythm.execution offset ${roll(200)} limit 1)`;
  try {
    switch (roll(10)) {
      case 0:
        await session`select rhythm.start('f')`;
        break;
      case 1:
        await session`select rhythm.queue('a', retry => '{"max_attempts": 2, "initial": 0.01}')`;
        break;
      case 2:
        await session`select rhythm.cancel(${any}, 'storm')`;
        break;
      case 3:
      case 4:
        await session`select rhythm.signal(${any}, 's', '1')`;
        break;
      case 5:
        await session`select rhythm.tick(50)`;
        break;
      default:
        await work(session, worker, roll);
    }
  } catch (error) {
    // A worker's own calls come one after another: what took longer than that is sent again later.
    if (!/^(RH00[23]|55P03)$/.test((error as { code?: string }).code ?? "")) throw error;
  }
}

Deno.test({
  name: "engine: a storm of twenty sessions ends with everything over, nothing broken, no deadlock",
  ignore: onEmbedded,
  fn: async () => {
    await using arena = await openArena(20);
    const { watcher } = arena;
    await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
    const end = performance.now() + 6_000;
    await Promise.all(arena.sessions.map(async (session, nth) => {
      const roll = dice(nth + 1);
      const worker = await registerWorker(session);
      while (performance.now() < end) await act(session, worker, roll);
    }));
    assert.deepEqual(await violations(watcher), []);

    for (const { worker, id } of left) await settle(watcher, worker, { id, status: "completed" });
    // Calm: workflows only end now, so that all of it must.
    const worker = await registerWorker(watcher);
    const drained = performance.now() + 120_000;
    for (;;) {
      await watcher`select rhythm.tick()`;
      const rows = await claim(watcher, worker, 500);
      const outcomes = rows.map(({ id, call }) => ({ id, call, status: "completed", output: null }));
      await settleMany(watcher, worker, outcomes);
      const [left] = await watcher`select count(*)::integer as count from rhythm.execution where state = 0`;
      if (left?.count === 0) break;
      assert.ok(performance.now() < drained, `${left?.count} executions never ended`);
    }
    assert.deepEqual(await violations(watcher), []);
    const [all] = await watcher`select count(*)::integer as count from rhythm.execution`;
    assert.ok(all?.count > 100, `a storm of ${all?.count} executions is no storm`);
  },
});
