// a step and firing of a timer against whoever else touches it, or its workflow, at the same time, each
// held at its gate by the server's own locks: one is first, and the other sees it. The workflow is told once. At the end
// of each, check() finds nothing.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import {
  type Act,
  type Arena,
  claim,
  exchange,
  inTurn,
  openArena,
  registerWorker,
  settle,
  settleSteps,
  statusOf,
  suspended,
  untilTaken,
} from "./support/sessions.ts";
import { unpack } from "../support/exchange.ts";

/** A workflow that waits for a timer, which is due, and for a signal. */
interface Scene {
  arena: Arena;
  worker: string;
  flow: string;
  timer: string;
  wait: string;
}

const race = (name: string, run: (scene: Scene) => Promise<void>): void =>
  Deno.test({
    name,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(2);
      const worker = await registerWorker(arena.watcher);
      const [timer, wait] = [crypto.randomUUID(), crypto.randomUUID()];
      const effects = [
        { type: "start_timer", id: timer, at: "2020-01-01T00:00:00Z", kept: true },
        { type: "await_signal", id: wait, name: "s" },
      ];
      const flow = await suspended(arena.watcher, worker, { effects, mode: "any", ids: [timer, wait] });
      await run({ arena, worker, flow, timer, wait });
    },
  });

/** Lets the workflow go on with the timer: to another one, or to its end. */
async function ring(sql: postgres.Sql, scene: Scene, next?: string): Promise<string[]> {
  const { worker, flow, timer, wait } = scene;
  const rest = next === undefined ? { next: "completed", result: "done" } : {
    ...{ next: "suspended", snapshot: { at: 2 }, mode: "any", ids: [next], released: [wait] },
    timers: [{ id: next, at: "2020-01-01T00:00:00Z", kept: true }],
  };
  return (await settleSteps(sql, worker, [{ id: timer, timer: true, flow, seq: 1, ...rest }])).declined;
}

const fire = async (
  sql: postgres.Sql,
  { worker, timer }: Scene,
): Promise<{ id: string; settled: unknown[] | null }[]> => {
  const answer = await untilTaken(
    sql,
    () => exchange(sql, worker, [{ kind: "fire", timers: [timer] }], { lease: 10 }),
  );
  return unpack(answer).map(({ id, settled }) => ({ id, settled }));
};
const tick: Act = (sql) => sql`select rhythm.tick()`;
const told = (...ids: string[]): unknown[] => ids.map((id) => ({ id, status: "completed", output: null }));

/** Somebody else is first: nothing is changed. */
async function declined(scene: Scene, first: Act): Promise<void> {
  const next = crypto.randomUUID();
  const [, answer] = await inTurn(scene.arena, { first, second: (sql) => ring(sql, scene, next) });
  assert.deepEqual(answer, [scene.timer]);
  const [row] = await scene.arena.watcher`select count(*)::integer as n from rhythm.timer where id = ${next}`;
  assert.equal(row?.n, 0);
}

/** Ends the workflow that is leased, after it was told this. */
async function ended(scene: Scene, settled: unknown[]): Promise<void> {
  const { arena, worker, flow } = scene;
  const rows = await claim(arena.watcher, worker);
  assert.deepEqual(rows.map((row) => [row.id, row.settled]), [[flow, settled]]);
  await settle(arena.watcher, worker, { id: flow, status: "completed", output: 1 });
}

race("tick() before a step of a timer: it fired, and is told once", async (scene) => {
  await declined(scene, tick);
  await ended(scene, told(scene.timer));
});

race(
  "a step of a timer while tick() would fire it: tick() waits for nobody, and finds nothing",
  async (scene) => {
    const { arena, flow } = scene;
    const next = crypto.randomUUID();
    await arena.sessions[0]!.begin(async (tx) => {
      assert.deepEqual(await ring(tx as unknown as postgres.Sql, scene, next), []);
      await tick(arena.watcher);
    });
    const [row] = await arena
      .watcher`select seq, arrived from rhythm.workflow_state where execution_id = ${flow}`;
    assert.deepEqual(row, { seq: 2, arrived: 0 });
    await tick(arena.watcher);
    await ended(scene, told(next));
  },
);

race("firing before a step of a timer: it fired, and is told once", async (scene) => {
  const { arena, worker, flow, timer } = scene;
  const [rows, answer] = await inTurn(arena, {
    first: (sql) => fire(sql, scene),
    second: (sql) => ring(sql, scene),
  });
  assert.deepEqual((rows as unknown[]).map((row) => ({ ...row as object })), [{
    id: flow,
    settled: told(timer),
  }]);
  assert.deepEqual(answer, [timer]);
  await settle(arena.watcher, worker, { id: flow, status: "completed", output: 1 });
});

race("a step of a timer before firing: there is none any more", async (scene) => {
  const [answer, rows] = await inTurn(scene.arena, {
    first: (sql) => ring(sql, scene),
    second: (sql) => fire(sql, scene),
  });
  assert.deepEqual([answer, [...rows as unknown[]]], [[], []]);
  assert.equal(await statusOf(scene.arena.watcher, scene.flow), "completed");
});

race(
  "firing twice, as its answer was lost: the second fires nothing, the lease is there",
  async (scene) => {
    const { arena, worker, flow } = scene;
    const answers = await inTurn(arena, {
      first: (sql) => fire(sql, scene),
      second: (sql) => fire(sql, scene),
    });
    assert.deepEqual(answers.map((rows) => (rows as unknown[]).length), [1, 0]);
    const [row] = await arena.watcher`select worker, status from rhythm.executions where id = ${flow}`;
    assert.deepEqual({ ...row }, { worker, status: "running" });
    await settle(arena.watcher, worker, { id: flow, status: "completed", output: 1 });
  },
);

race("firing while tick() would fire it: once", async (scene) => {
  const { arena, worker, flow } = scene;
  await arena.sessions[0]!.begin(async (tx) => {
    assert.equal((await fire(tx as unknown as postgres.Sql, scene)).length, 1);
    await tick(arena.watcher);
  });
  await tick(arena.watcher);
  const rows = await arena.watcher`select item from rhythm.inbox where execution_id = ${flow}`;
  assert.deepEqual(rows.map(({ item }) => item), [scene.timer]);
  await settle(arena.watcher, worker, { id: flow, status: "completed", output: 1 });
});

race("firing of a worker that is being given up comes to nothing: others go on", async (scene) => {
  const { arena, worker, flow, timer } = scene;
  await arena.sessions[0]!.begin(async (tx) => {
    await tx`select from rhythm.worker_call where worker_id = ${worker} for update`;
    const ends = [{ kind: "fire" as const, timers: [timer] }];
    await assert.rejects(
      exchange(arena.watcher, worker, ends),
      (error: { code?: string }) => error.code === "55P03",
    );
  });
  assert.equal(await statusOf(arena.watcher, flow), "suspended");
  await fire(arena.watcher, scene);
  await settle(arena.watcher, worker, { id: flow, status: "completed", output: 1 });
});

race(
  "cancel() before a step of a timer: it stays cancelled, and starts nothing",
  async (scene) => {
    await declined(scene, (sql) => sql`select rhythm.cancel(${scene.flow})`);
    assert.equal(await statusOf(scene.arena.watcher, scene.flow), "cancelled");
  },
);

race("cancel() before firing: it stays cancelled", async (scene) => {
  const { arena, flow } = scene;
  const cancel: Act = (sql) => sql`select rhythm.cancel(${flow})`;
  const [, rows] = await inTurn(arena, { first: cancel, second: (sql) => fire(sql, scene) });
  assert.deepEqual([...rows as unknown[]], []);
  assert.equal(await statusOf(arena.watcher, flow), "cancelled");
});

race("a step of a timer before cancel(): it is cancelled one step further", async (scene) => {
  const { arena, flow } = scene;
  await inTurn(arena, {
    first: (sql) => ring(sql, scene, crypto.randomUUID()),
    second: (sql) => sql`select rhythm.cancel(${flow})`,
  });
  assert.equal(await statusOf(arena.watcher, flow), "cancelled");
  await tick(arena.watcher);
  assert.equal(await statusOf(arena.watcher, flow), "cancelled");
});

race(
  "a step of a timer that ends the workflow before cancel(): it stays completed",
  async (scene) => {
    const [, row] = await inTurn(scene.arena, {
      first: (sql) => ring(sql, scene),
      second: (sql) => sql`select rhythm.cancel(${scene.flow}) as done`,
    });
    assert.equal((row as { done: boolean }[])[0]?.done, false);
    assert.equal(await statusOf(scene.arena.watcher, scene.flow), "completed");
  },
);

race("retry() after cancel(), before a step of a timer: it is told once", async (scene) => {
  const { arena, flow } = scene;
  await arena.watcher`select rhythm.cancel(${flow})`;
  const [, answer] = await inTurn(arena, {
    first: (sql) => sql`select rhythm.retry(${flow})`,
    second: (sql) => ring(sql, scene),
  });
  if ((answer as string[]).length === 0) {
    return assert.equal(await statusOf(arena.watcher, flow), "completed");
  }
  await tick(arena.watcher);
  await ended(scene, told(scene.timer));
});

race(
  "signal() before a step of a timer: the workflow is told of the signal alone",
  async (scene) => {
    const { arena, flow, wait } = scene;
    await declined(scene, (sql) => sql`select rhythm.signal(${flow}, 's', '5')`);
    await ended(scene, [{ id: wait, status: "completed", output: 5 }]);
    assert.equal(await statusOf(arena.watcher, flow), "completed");
  },
);

race("signal() after a step of a timer that dropped the wait: it is kept", async (scene) => {
  const { arena, flow } = scene;
  const next = crypto.randomUUID();
  await inTurn(arena, {
    first: (sql) => ring(sql, scene, next),
    second: (sql) => sql`select rhythm.signal(${flow}, 's', '5')`,
  });
  const [row] = await arena.watcher`select taken_by from rhythm.signal where execution_id = ${flow}`;
  assert.deepEqual(row, { taken_by: null });
  await tick(arena.watcher);
  await ended(scene, told(next));
});

race(
  "a step of a timer twice, as its answer was lost: the second changes nothing",
  async (scene) => {
    const next = crypto.randomUUID();
    const answers = await inTurn(scene.arena, {
      first: (sql) => ring(sql, scene, next),
      second: (sql) => ring(sql, scene, next),
    });
    assert.deepEqual(answers, [[], [scene.timer]]);
  },
);

race("two workers settle the same timer: the first goes on", async (scene) => {
  const { arena, flow } = scene;
  const rival = await registerWorker(arena.watcher);
  const answers = await inTurn(arena, {
    first: (sql) => ring(sql, scene),
    second: (sql) => ring(sql, { ...scene, worker: rival }, crypto.randomUUID()),
  });
  assert.deepEqual(answers, [[], [scene.timer]]);
  assert.equal(await statusOf(arena.watcher, flow), "completed");
});

race("a workflow runs out of time before a step of a timer: it has failed", async (scene) => {
  const { arena, flow, timer } = scene;
  // Left to its worker for long, so that the tick has the deadline alone to do.
  await arena.watcher`update rhythm.timer set kept_until = now() + interval '1 hour' where id = ${timer}`;
  await arena.watcher`update rhythm.execution set timeout_ms = 1 where id = ${flow}`;
  await arena.watcher`insert into rhythm.timer (id, execution_id, fires_at, deadline)
    values (${crypto.randomUUID()}, ${flow}, now() - interval '1 hour', true)`;
  await declined(scene, tick);
  assert.equal(await statusOf(arena.watcher, flow), "failed");
});
