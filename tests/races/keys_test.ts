// Children of workflows with one idempotency key, from sessions at the same time: one of them runs, and all workflows get
// its result, whatever lock was in the way. At the end of each, check() finds nothing.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import {
  type Arena,
  claim,
  inTurn,
  openArena,
  pidOf,
  registerWorker,
  settle,
  statusOf,
  untilBlocked,
  violations,
} from "./support/sessions.ts";

/** Workflows, each with a worker of its own, about to start a child with the same key; and a worker for the children. */
interface Scene {
  arena: Arena;
  worker: string;
  workers: string[];
  flows: string[];
  children: string[];
}

const race = (name: string, count: number, run: (scene: Scene) => Promise<void>): void =>
  Deno.test({
    name,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(Math.max(count, 2));
      const { watcher } = arena;
      const worker = await registerWorker(watcher);
      await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
      await watcher`select rhythm.start('f') from generate_series(1, ${count})`;
      const workers: string[] = [];
      const flows: string[] = [];
      for (let nth = 0; nth < count; nth++) {
        workers.push(await registerWorker(watcher));
        flows.push((await claim(watcher, workers[nth]!, 1))[0]!.id);
      }
      await run({ arena, worker, workers, flows, children: flows.map(() => crypto.randomUUID()) });
      assert.deepEqual(await violations(watcher), []);
    },
  });

/** Suspends a workflow that waits for its child. */
function begin(sql: postgres.Sql, { workers, flows, children }: Scene, nth: number): Promise<unknown> {
  return settle(sql, workers[nth]!, {
    id: flows[nth]!,
    seq: 0,
    status: "suspended",
    snapshot: {},
    effects: [{
      ...{ type: "run_task", id: children[nth], target: "a", inputs: {} },
      options: { idempotency_key: "k" },
    }],
    waits: [{ mode: "all", ids: [children[nth]] }],
  });
}

const statuses = (sql: postgres.Sql, ids: string[]): Promise<string[]> =>
  Promise.all(ids.map((id) => statusOf(sql, id)));

async function complete(sql: postgres.Sql, worker: string, id: string): Promise<void> {
  assert.deepEqual((await settle(sql, worker, { id, status: "completed", output: 7 })).refused, []);
}

race(
  "two workflows claim one key at once: the second waits for the first, and ends as it does",
  2,
  async (scene) => {
    const { arena, worker, flows, children } = scene;
    await inTurn(arena, { first: (sql) => begin(sql, scene, 0), second: (sql) => begin(sql, scene, 1) });
    assert.deepEqual(await statuses(arena.watcher, children), ["pending", "suspended"]);
    assert.deepEqual((await claim(arena.watcher, worker)).map(({ id }) => id), [children[0]]);
    await complete(arena.watcher, worker, children[0]!);
    assert.deepEqual(await statuses(arena.watcher, [...children, ...flows]), [
      ...["completed", "completed", "pending", "pending"],
    ]);
  },
);

race("the first of two that claim one key is rolled back: the second runs", 2, async (scene) => {
  const { arena, children } = scene;
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const pid = await pidOf(two);
  let second: Promise<unknown> = Promise.resolve();
  await one.begin(async (tx) => {
    await begin(tx as unknown as postgres.Sql, scene, 0);
    second = begin(two, scene, 1);
    second.catch(() => {});
    await untilBlocked(arena.watcher, pid);
    throw new Error("back");
  }).catch((error) => assert.equal(error.message, "back"));
  await second;
  assert.deepEqual(await statuses(arena.watcher, [children[1]!]), ["pending"]);
});

race(
  "twenty sessions make a child with one key each: one runs, and every workflow goes on",
  20,
  async (scene) => {
    const { arena, worker, flows, children } = scene;
    await Promise.all(arena.sessions.map((session, nth) => begin(session, scene, nth)));
    const claimed = await claim(arena.watcher, worker, 100);
    assert.equal(claimed.length, 1);
    await complete(arena.watcher, worker, claimed[0]!.id);
    await arena.watcher`select rhythm.tick()`;
    assert.deepEqual(new Set(await statuses(arena.watcher, children)), new Set(["completed"]));
    assert.deepEqual(new Set(await statuses(arena.watcher, flows)), new Set(["pending"]));
  },
);

race(
  "the first ends while another is made to wait for its key: the end comes again, and takes that along",
  2,
  async (scene) => {
    const { arena, worker, flows, children } = scene;
    await begin(arena.watcher, scene, 0);
    await claim(arena.watcher, worker);
    await inTurn(arena, {
      first: (sql) => begin(sql, scene, 1),
      second: (sql) => complete(sql, worker, children[0]!),
    });
    assert.deepEqual(await statuses(arena.watcher, [children[1]!, flows[1]!]), ["completed", "pending"]);
  },
);

race(
  "one that waits for its key is made while the first ends: nobody waits, and tick() tells it",
  2,
  async (scene) => {
    const { arena, worker, flows, children } = scene;
    await begin(arena.watcher, scene, 0);
    await claim(arena.watcher, worker);
    await arena.sessions[0]!.begin(async (tx) => {
      await complete(tx as unknown as postgres.Sql, worker, children[0]!);
      await begin(arena.sessions[1]!, scene, 1);
    });
    assert.deepEqual(await statuses(arena.watcher, [children[1]!, flows[1]!]), ["suspended", "suspended"]);
    assert.deepEqual(await violations(arena.watcher), []);
    await arena.watcher`select rhythm.tick()`;
    assert.deepEqual(await statuses(arena.watcher, [children[1]!, flows[1]!]), ["completed", "pending"]);
  },
);

race(
  "the first ends while the workflow of one that waits for its key is locked: nobody waits, and tick() tells it",
  2,
  async (scene) => {
    const { arena, worker, flows, children } = scene;
    await begin(arena.watcher, scene, 0);
    await begin(arena.watcher, scene, 1);
    await claim(arena.watcher, worker);
    await arena.sessions[0]!.begin(async (tx) => {
      await tx`select rhythm.signal(${flows[1]!}, 's')`;
      await complete(arena.sessions[1]!, worker, children[0]!);
      const [row] = await arena.watcher`select rhythm.tick() < rhythm.now() + interval '1 second' as soon`;
      assert.equal(row?.soon, true);
    });
    assert.deepEqual(await statuses(arena.watcher, [children[1]!, flows[1]!]), ["suspended", "suspended"]);
    await arena.watcher`select rhythm.tick()`;
    assert.deepEqual(await statuses(arena.watcher, [children[1]!, flows[1]!]), ["completed", "pending"]);
  },
);

race(
  "the first ends while a cancellation of one that waits for its key is taken back: tick() tells it",
  2,
  async (scene) => {
    const { arena, worker, flows, children } = scene;
    await begin(arena.watcher, scene, 0);
    await begin(arena.watcher, scene, 1);
    await claim(arena.watcher, worker);
    await arena.sessions[0]!.begin(async (tx) => {
      await tx`select rhythm.cancel(${flows[1]!})`;
      await complete(arena.sessions[1]!, worker, children[0]!);
      throw new Error("back");
    }).catch((error) => assert.equal(error.message, "back"));
    await arena.watcher`select rhythm.tick()`;
    assert.deepEqual(await statuses(arena.watcher, [children[1]!, flows[1]!]), ["completed", "pending"]);
  },
);
