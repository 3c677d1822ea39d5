// Tasks that were leased with their creation, while others settle, stop and die.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { claim, openArena, registerWorker, settle, statusOf } from "./support/sessions.ts";

const first = "00000000-0000-7000-8000-000000000001";
const second = "00000000-0000-7000-8000-000000000002";

/** A workflow with two tasks: the first was leased to one worker with its creation, the second is claimed by another. */
async function shared(sql: postgres.Sql): Promise<{ flow: string; one: string; other: string }> {
  const one = await registerWorker(sql);
  const other = await registerWorker(sql);
  await sql`select rhythm.register_flow('f', 'return 1', '{}')`;
  const [row] = await sql`select rhythm.start('f') as id`;
  await claim(sql, one, 1);
  await settle(sql, one, {
    ...{ id: row?.id, status: "suspended", snapshot: {} },
    effects: [first, second].map((id) => ({ type: "run_task", id, target: "t", inputs: {} })),
    waits: [{ mode: "all", ids: [first, second] }],
  }, { lease: 1 });
  assert.deepEqual((await claim(sql, other)).map(({ id }) => id), [second]);
  return { flow: row?.id, one, other };
}

Deno.test({
  name:
    "tick() does not wait to bury a worker of a workflow that somebody holds, and holds nobody up: the next one does",
  ignore: onEmbedded,
  fn: async () => {
    await using arena = await openArena(2);
    const { watcher } = arena;
    const [settling, ticking] = arena.sessions as [postgres.Sql, postgres.Sql];
    const { flow, one, other } = await shared(watcher);
    await watcher`update rhythm.worker set beat_at = beat_at - interval '2 hours' where id = ${other}`;
    await settling.begin(async (tx) => {
      // As far as a settle of the first task has come when it holds its workflow.
      await tx`select rhythm.lock_states(array[${flow}]::uuid[])`;
      await ticking`select rhythm.tick()`;
      assert.equal(await statusOf(watcher, second), "running");
      await settle(tx as unknown as postgres.Sql, one, { id: first, status: "completed", output: 1 });
    });
    await watcher`delete from rhythm.setting where name = 'chored_at'`;
    await ticking`select rhythm.tick()`;
    assert.equal(await statusOf(watcher, first), "completed");
    assert.equal(await statusOf(watcher, second), "pending");
  },
});
