// What an application has locked delays only itself: exchange() answers at once, settles everything else, and takes the rest when it
// is brought again. Each act below happens while the application's transaction is open.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import {
  type Act,
  claim,
  exchange,
  openArena,
  registerWorker,
  settle,
  statusOf,
  suspended,
  violations,
} from "./support/sessions.ts";

const race = (name: string, run: () => Promise<void>): void =>
  Deno.test({ name, ignore: onEmbedded, fn: run });

/** The statuses of executions, each once. */
async function statuses(sql: postgres.Sql, ids: string[]): Promise<string[]> {
  return [...new Set(await Promise.all(ids.map((id) => statusOf(sql, id))))];
}

/** A workflow that waits for a task and a signal, beside sixty tasks; one worker has them all. */
async function openScene(sql: postgres.Sql): Promise<
  { worker: string; flow: string; task: string; others: { ids: string[]; call: number } }
> {
  const worker = await registerWorker(sql);
  const task = crypto.randomUUID();
  const wait = crypto.randomUUID();
  const flow = await suspended(sql, worker, {
    effects: [{ type: "run_task", id: task, target: "a" }, { type: "await_signal", id: wait, name: "s" }],
    ...{ mode: "all", ids: [task, wait] },
  });
  assert.deepEqual((await claim(sql, worker)).map(({ id }) => id), [task]);
  await sql`select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "b"}'::jsonb) from generate_series(1, 60)))`;
  const rows = await claim(sql, worker, 100);
  return { worker, flow, task, others: { ids: rows.map(({ id }) => id), call: rows[0]!.call } };
}

const acts: Record<string, (scene: { flow: string; task: string; one: string }) => [Act, "task" | "one"]> = {
  "signal() to a workflow": ({ flow }) => [(sql) => sql`select rhythm.signal(${flow}, 's', '1')`, "task"],
  "select … for update of a task": ({ one }) => [
    (sql) => sql`select from rhythm.execution where id = ${one} for update`,
    "one",
  ],
  "select … for update of a child": ({ task }) => [
    (sql) => sql`select from rhythm.execution where id = ${task} for update`,
    "task",
  ],
  "watch() of a task": ({ one }) => [(sql) => sql`select rhythm.watch(array[${one}]::uuid[])`, "one"],
};

for (const [name, locks] of Object.entries(acts)) {
  race(
    `exchange() while a transaction with ${name} is open: it alone is declined, and settles later`,
    async () => {
      await using arena = await openArena(1);
      const { watcher } = arena;
      const scene = await openScene(watcher);
      const { worker, task, others: { ids, call } } = scene;
      const [act, what] = locks({ ...scene, one: ids[30]! });
      const held = { task, one: ids[30]! }[what];
      await arena.sessions[0]!.begin(async (tx) => {
        await act(tx as unknown as postgres.Sql);
        const answer = await exchange(watcher, worker, [
          { kind: "done", call, ids, outputs: ids.map(() => 1) },
          { kind: "outcome", call: call - 1, id: task, status: "completed", output: 1 },
        ], { limit: 10 });
        assert.deepEqual([answer.refused, answer.declined], [[], [held]]);
        assert.deepEqual(await statuses(watcher, [...ids, task].filter((id) => id !== held)), ["completed"]);
        assert.equal(await statusOf(watcher, held), "running");
        // Nothing else waits for it, either.
        await watcher`select rhythm.beat(${worker})`;
        await watcher`select rhythm.tick()`;
      });
      assert.deepEqual(
        (await settle(watcher, worker, { id: held, status: "completed", output: 1 })).refused,
        [],
      );
      assert.equal(await statusOf(watcher, held), "completed");
      assert.deepEqual(await violations(watcher), []);
    },
  );
}

for (const who of ["nobody", "somebody"]) {
  race(
    `workflows that wait for each other's keys at once, while ${who} holds them: one of both is told`,
    async () => {
      await using arena = await openArena(2);
      const { watcher } = arena;
      await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
      const scenes: { worker: string; flow: string; child: string; call: number }[] = [];
      for (const key of ["x", "y"]) {
        const worker = await registerWorker(watcher);
        await watcher`select rhythm.start('f', idempotency_key => ${key})`;
        const [row] = await claim(watcher, worker);
        scenes.push({ worker, flow: row!.id, child: crypto.randomUUID(), call: row!.call });
      }
      const waits = async (sql: postgres.Sql, nth: number): Promise<string[]> => {
        const { worker, flow, child, call } = scenes[nth]!;
        const effects = [{
          type: "run_workflow",
          id: child,
          target: "f",
          options: { idempotency_key: "yx"[nth] },
        }];
        const end = { kind: "outcome", id: flow, call, status: "suspended", snapshot: {}, effects } as const;
        return (await exchange(sql, worker, [{ ...end, waits: [{ mode: "any", ids: [child] }] }])).declined;
      };
      const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
      if (who === "nobody") {
        // The first has locked the second: that comes again, and sees it.
        await one.begin(async (tx) => {
          assert.deepEqual(await waits(tx as unknown as postgres.Sql, 0), []);
          assert.deepEqual(await waits(two, 1), [scenes[1]!.flow]);
        });
        assert.deepEqual(await waits(two, 1), []);
      } else {
        // Neither can lock the other.
        for (const nth of [0, 1]) {
          await one.begin(async (tx) => {
            await tx`select from rhythm.execution where id = ${scenes[1 - nth]!.flow} for update`;
            assert.deepEqual(await waits(two, nth), []);
          });
        }
        await watcher`select rhythm.due()`;
      }
      const rows = await watcher`select error ->> 'code' as code from rhythm.execution
      where id = any (${scenes.map(({ child }) => child)}::uuid[]) and state = 2`;
      assert.ok(rows.length > 0, "one of both is told");
      for (const { code } of rows) assert.equal(code, "WAITS_FOR_ITSELF");
      assert.deepEqual(await violations(watcher), []);
    },
  );
}

race("cancel_many() of workflows in any order against settles of their children: no deadlock", async () => {
  await using arena = await openArena(8);
  const { watcher } = arena;
  await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
  const flows: string[] = [];
  const children = new Map<string, { worker: string; id: string; call: number }[]>();
  const workers = await Promise.all(arena.sessions.slice(0, 4).map((session) => registerWorker(session)));
  await watcher`select rhythm.start('f') from generate_series(1, 120)`;
  const starter = await registerWorker(watcher);
  for (const { id, call } of await claim(watcher, starter, 120)) {
    const task = crypto.randomUUID();
    flows.push(id);
    await exchange(watcher, starter, [{
      ...{ kind: "outcome", id, call, status: "suspended", snapshot: {} },
      effects: [{ type: "run_task", id: task, target: "a" }],
      waits: [{ mode: "any", ids: [task] }],
    }]);
  }
  for (const worker of workers) {
    children.set(worker, (await claim(watcher, worker, 30)).map(({ id, call }) => ({ worker, id, call })));
  }
  const mixed = (list: string[], seed: number): string[] =>
    list.map((id, nth) => [id, (nth * 7919 + seed * 104_729) % 1009] as const).sort((a, b) => a[1] - b[1])
      .map(([id]) => id);
  await Promise.all(arena.sessions.map(async (session, nth) => {
    if (nth >= 4) {
      for (let round = 0; round < 6; round++) {
        const some = mixed(flows, nth * 10 + round).slice(0, 30);
        await session`select count(*) from rhythm.cancel_many(${some}::uuid[])`;
      }
      return;
    }
    const mine = children.get(workers[nth]!)!.toReversed();
    for (let from = 0; from < mine.length; from += 5) {
      const ends = mine.slice(from, from + 5).map(({ id, call }) => ({
        kind: "outcome" as const,
        id,
        call,
        status: "completed",
      }));
      const { declined } = await exchange(session, workers[nth]!, ends);
      for (const id of declined) await settle(session, workers[nth]!, { id, status: "completed" });
    }
  }));
  const left = await statuses(watcher, [...children.values()].flat().map(({ id }) => id));
  assert.deepEqual(left.filter((status) => status === "running"), []);
  assert.deepEqual(await violations(watcher), []);
});
