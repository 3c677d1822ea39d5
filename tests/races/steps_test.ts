// a step against whoever else touches the same workflow at the same time, each held at its gate by the
// server's own locks: one is first, and the other sees it. At the end of each, check() finds nothing.
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
} from "./support/sessions.ts";

/** A workflow that waits for a task, which a worker has. */
interface Scene {
  arena: Arena;
  worker: string;
  flow: string;
  task: string;
}

const race = (name: string, run: (scene: Scene) => Promise<void>, more: unknown[] = []): void =>
  Deno.test({
    name,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(2);
      const worker = await registerWorker(arena.watcher);
      const task = crypto.randomUUID();
      const effects = [{ type: "run_task", id: task, target: "a", inputs: {} }, ...more];
      const ids = (effects as { id: string }[]).map(({ id }) => id);
      const flow = await suspended(arena.watcher, worker, { effects, mode: "any", ids });
      assert.deepEqual((await claim(arena.watcher, worker)).map(({ id }) => id), [task]);
      await run({ arena, worker, flow, task });
    },
  });

/** Ends the task and lets the workflow go on: to another task, or, without one, to its end. */
async function step(
  sql: postgres.Sql,
  { worker, flow, task }: Scene,
  more: { child?: string; seq?: number } = {},
): Promise<{ declined: string[]; leased: string[] }> {
  const { child, seq = 1 } = more;
  const end = { id: task, output: 1, flow, seq };
  const next = child === undefined
    ? { next: "completed", result: "done" }
    : { next: "suspended", snapshot: { at: 2 }, mode: "any", ids: [child] };
  const children = child === undefined ? [] : [{ id: child, flow, kind: 0 }];
  const answer = await settleSteps(sql, worker, [{ ...end, ...next }], {
    ...{ children, kinds: [{ target: "a" }], lease: 10 },
  });
  return { declined: answer.declined, leased: answer.parcels.flatMap(({ ids }) => ids) };
}

/** Somebody else is first: nothing is changed, and the task can be settled alone. */
async function declined(scene: Scene, first: Act, more: Record<string, unknown> = {}): Promise<void> {
  const { arena, worker, task } = scene;
  const child = crypto.randomUUID();
  const [, answer] = await inTurn(arena, { first, second: (sql) => step(sql, scene, { child }) });
  assert.deepEqual((answer as { declined: string[] }).declined, [task]);
  assert.equal(await statusOf(arena.watcher, child), null);
  await settle(arena.watcher, worker, { id: task, status: "completed", output: 1, ...more });
}

race(
  "cancel() of the workflow before a step: it stays cancelled, and starts nothing",
  async (scene) => {
    await declined(scene, (sql) => sql`select rhythm.cancel(${scene.flow})`);
    assert.equal(await statusOf(scene.arena.watcher, scene.flow), "cancelled");
    // Its worker did not say that it had finished before.
    assert.equal(await statusOf(scene.arena.watcher, scene.task), "cancelled");
  },
);

race("a step before cancel() of the workflow: what it started is cancelled too", async (scene) => {
  const { arena, worker, flow } = scene;
  const child = crypto.randomUUID();
  await inTurn(arena, {
    first: (sql) => step(sql, scene, { child }),
    second: (sql) => sql`select rhythm.cancel(${flow})`,
  });
  assert.equal(await statusOf(arena.watcher, flow), "cancelled");
  const [row] = await arena.watcher`select rhythm.beat(${worker}) as answer`;
  assert.deepEqual(row?.answer.stop, [{ id: child, reason: "no reason was given" }]);
  await settle(arena.watcher, worker, { id: child, status: "cancelled" });
});

race("a step that ends the workflow before cancel(): it stays completed", async (scene) => {
  const [, row] = await inTurn(scene.arena, {
    first: (sql) => step(sql, scene),
    second: (sql) => sql`select rhythm.cancel(${scene.flow}) as done`,
  });
  assert.equal((row as { done: boolean }[])[0]?.done, false);
  assert.equal(await statusOf(scene.arena.watcher, scene.flow), "completed");
});

race(
  "cancel() of the task before a step: it completed all the same if its worker says so, and is told once",
  async (scene) => {
    const { arena, worker, flow, task } = scene;
    const [, answer] = await inTurn(arena, {
      first: (sql) => sql`select rhythm.cancel(${task})`,
      second: (sql) => step(sql, scene),
    });
    assert.deepEqual((answer as { declined: string[] }).declined, [task]);
    await settle(arena.watcher, worker, { id: task, status: "completed", output: 1, finished: true });
    assert.equal(await statusOf(arena.watcher, task), "completed");
    const rows = await claim(arena.watcher, worker);
    assert.deepEqual(rows.map(({ id, settled }) => [id, settled]), [[flow, [{
      ...{ id: task, status: "completed", output: 1 },
    }]]]);
    await settle(arena.watcher, worker, { id: flow, status: "completed" });
  },
);

const wait = { type: "await_signal", id: crypto.randomUUID(), name: "s" };
race("signal() before a step: the workflow is told of both, in that order", async (scene) => {
  const { arena, worker, flow, task } = scene;
  await declined(scene, (sql) => sql`select rhythm.signal(${flow}, 's', '5')`);
  const [row] = await claim(arena.watcher, worker);
  assert.deepEqual(row!.settled, [
    { id: wait.id, status: "completed", output: 5 },
    { id: task, status: "completed", output: 1 },
  ]);
}, [wait]);

race("signal() after a step: it waits until the workflow asks for it", async (scene) => {
  const { arena, worker, flow } = scene;
  const child = crypto.randomUUID();
  await inTurn(arena, {
    first: (sql) => step(sql, scene, { child }),
    second: (sql) => sql`select rhythm.signal(${flow}, 's', '5')`,
  });
  await settle(arena.watcher, worker, { id: child, status: "completed", output: 2 });
  const [row] = await claim(arena.watcher, worker);
  assert.deepEqual(row!.settled, [{ id: child, status: "completed", output: 2 }]);
  const effects = [{ type: "await_signal", id: crypto.randomUUID(), name: "s" }];
  const waits = [{ mode: "any", ids: [effects[0]!.id] }];
  await settle(arena.watcher, worker, {
    id: flow,
    seq: 2,
    status: "suspended",
    snapshot: {},
    effects,
    waits,
  });
  assert.deepEqual((await claim(arena.watcher, worker))[0]!.settled, [
    { id: effects[0]!.id, status: "completed", output: 5 },
  ]);
});

const timer = { type: "start_timer", id: crypto.randomUUID(), at: "2020-01-01T00:00:00Z" };
race("tick() before a step: a timer that fired is not lost", async (scene) => {
  const { arena, worker, task } = scene;
  await declined(scene, (sql) => sql`select rhythm.tick()`);
  const [row] = await claim(arena.watcher, worker);
  assert.deepEqual(row!.settled, [
    { id: timer.id, status: "completed", output: null },
    { id: task, status: "completed", output: 1 },
  ]);
}, [timer]);

race("a step while tick() would fire a timer: it is fired at the next tick", async (scene) => {
  const { arena, flow } = scene;
  const child = crypto.randomUUID();
  const one = arena.sessions[0]!;
  await one.begin(async (tx) => {
    await step(tx as unknown as postgres.Sql, scene, { child });
    await arena.watcher`select rhythm.tick()`;
  });
  await arena.watcher`select rhythm.tick()`;
  const rows = await arena.watcher`select item from rhythm.inbox where execution_id = ${flow}`;
  assert.deepEqual(rows.map(({ item }) => item), [timer.id]);
}, [timer]);

race("a step twice, as its answer was lost: the second changes nothing", async (scene) => {
  const { arena, flow, task } = scene;
  const child = crypto.randomUUID();
  const answers = await inTurn(arena, {
    first: (sql) => step(sql, scene, { child }),
    second: (sql) => step(sql, scene, { child }),
  });
  assert.deepEqual(answers.map((answer) => (answer as { declined: string[] }).declined), [[], [task]]);
  const [row] = await arena
    .watcher`select count(*)::integer as n from rhythm.execution where parent_id = ${flow}`;
  assert.equal(row?.n, 2);
});

race("another child's end before a step: both are told, once each", async (scene) => {
  const { arena, worker, flow, task } = scene;
  const [made] = await arena.watcher`select rhythm.new_id() as id`;
  const other = made!.id;
  await arena.watcher`select rhythm.create_many(${
    JSON.stringify([{ type: "task", target: "a", id: other, parent: flow }])
  }::text::jsonb)`;
  await claim(arena.watcher, worker);
  await declined(scene, (sql) => settle(sql, worker, { id: other, status: "completed", output: 0 }));
  const [row] = await claim(arena.watcher, worker);
  assert.deepEqual(row!.settled!.map((one) => (one as { id: string }).id), [other, task]);
});

race("the worker is given up before a step: the task is done again, by others", async (scene) => {
  const { arena, worker, flow, task } = scene;
  const rival = await registerWorker(arena.watcher);
  await assert.rejects(
    inTurn(arena, {
      first: async (sql) => {
        await sql`select rhythm.stop_worker(${worker})`;
        return await claim(sql, rival);
      },
      second: (sql) => step(sql, scene, { child: crypto.randomUUID() }),
    }),
    (error: { code?: string }) => error.code === "RH008",
  );
  assert.equal(await statusOf(arena.watcher, task), "running");
  assert.deepEqual(await step(arena.watcher, { ...scene, worker: rival }), { declined: [], leased: [] });
  assert.equal(await statusOf(arena.watcher, flow), "completed");
});

race("a step of a worker that is being given up comes to nothing", async (scene) => {
  const { arena, worker, flow, task } = scene;
  const one = arena.sessions[0]!;
  await one.begin(async (tx) => {
    await tx`select from rhythm.worker where id = ${worker} for update`;
    const ends = [{
      kind: "steps" as const,
      ends: [{ id: task, call: 2, flow, seq: 1, next: "completed", result: 1 }],
    }];
    await assert.rejects(
      exchange(arena.watcher, worker, ends),
      (error: { code?: string }) => error.code === "55P03",
    );
  });
  assert.equal(await statusOf(arena.watcher, flow), "suspended");
  assert.deepEqual((await step(arena.watcher, scene)).declined, []);
});

race("retry() of the workflow before a step: it waits as it did, and goes on", async (scene) => {
  const { arena, worker, flow, task } = scene;
  await arena.watcher`select rhythm.cancel(${flow})`;
  await declined(scene, (sql) => sql`select rhythm.retry(${flow})`, { finished: true });
  assert.equal(await statusOf(arena.watcher, task), "completed");
  assert.deepEqual((await claim(arena.watcher, worker)).map(({ id }) => id), [flow]);
  await settle(arena.watcher, worker, { id: flow, status: "completed" });
});

race(
  "a workflow runs out of time before a step: it has failed, and starts nothing",
  async (scene) => {
    const { arena, flow } = scene;
    await arena.watcher`update rhythm.execution set timeout_ms = 1 where id = ${flow}`;
    await arena.watcher`insert into rhythm.timer (id, execution_id, fires_at, deadline)
    values (${crypto.randomUUID()}, ${flow}, now() - interval '1 hour', true)`;
    await declined(scene, (sql) => sql`select rhythm.tick()`);
    assert.equal(await statusOf(arena.watcher, flow), "failed");
  },
);

race("a task ran past its timeout before a step: it is tried again", async (scene) => {
  const { arena, task } = scene;
  await arena
    .watcher`update rhythm.execution set timeout_ms = 1, retry = '{"max_attempts": 3}' where id = ${task}`;
  await arena
    .watcher`update rhythm.batch set timeout_ms = 1, common = common || '{"timeout_ms": 1, "max_attempts": 3}',
    claimed_at = now() - interval '1 hour' where first_id = ${task}`;
  const [, answer] = await inTurn(arena, {
    first: (sql) => sql`select rhythm.tick()`,
    second: (sql) => step(sql, scene),
  });
  assert.deepEqual((answer as { declined: string[] }).declined, [task]);
  assert.equal(await statusOf(arena.watcher, task), "pending");
});
