// What a crash of the server takes back of a claim that did not wait for the disk: as here the rollback.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { claim, claimOne, openArena, registerWorker, settle, statusOf } from "./support/sessions.ts";

/** The worker hears what it leased, and the server forgets it. */
async function forgotten(session: postgres.Sql, worker: string): Promise<string> {
  let id = "";
  await session.begin(async (tx) => {
    id = await claimOne(tx as unknown as postgres.Sql, worker);
    throw new Error("crash");
  }).catch(() => {});
  return id;
}

Deno.test({
  name:
    "a claim of a flow at its beginning that is lost: one first step is taken, whoever of both leases says it",
  ignore: onEmbedded,
  fn: async () => {
    await using arena = await openArena(1);
    const { watcher } = arena;
    const worker = await registerWorker(watcher);
    await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
    await watcher`select rhythm.start('f')`;
    const flow = await forgotten(arena.sessions[0]!, worker);
    await watcher`select rhythm.signal(${flow}, 's', '5')`;
    assert.equal(await claimOne(watcher, worker), flow);
    const step = (): [string, Parameters<typeof settle>[2]] => {
      const wait = crypto.randomUUID();
      const effects = [{ type: "await_signal", id: wait, name: "s" }];
      const waits = [{ mode: "any", ids: [wait] }];
      return [wait, { id: flow, seq: 0, status: "suspended", snapshot: {}, effects, waits }];
    };
    const [wait, first] = step();
    assert.deepEqual((await settle(watcher, worker, first)).refused, []);
    assert.equal((await settle(watcher, worker, step()[1])).refused.length, 1);
    const [row] = await claim(watcher, worker);
    assert.deepEqual(row!.settled, [{ id: wait, status: "completed", output: 5 }]);
    await settle(watcher, worker, { id: flow, seq: 1, status: "completed" });
    assert.equal(await statusOf(watcher, flow), "completed");
  },
});
