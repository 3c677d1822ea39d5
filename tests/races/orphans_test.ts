// Children that are started in the moment in which their workflow is cancelled, or runs out of time: whoever is first,
// none of them is left to run. Every way to start one, against every way to end a workflow, in both orders.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import {
  type Act,
  type Arena,
  claim,
  inTurn,
  openArena,
  type Outcome,
  registerWorker,
  settle as settleOne,
  settleSteps,
  violations,
} from "./support/sessions.ts";

/** A workflow under another one; a worker has it, or the task that it waits for. */
interface Scene {
  worker: string;
  top: string;
  flow: string;
  task: string;
  /** What is to be started. */
  child: string;
}

interface Creator {
  /** Whether the workflow runs, or waits for a task that runs. */
  flow: "runs" | "waits";
  act: (sql: postgres.Sql, scene: Scene) => Promise<unknown>;
}

const suspends = (scene: Scene, options = {}, type = "run_task", target = "a") => ({
  ...{ id: scene.flow, seq: 0, status: "suspended", snapshot: {} },
  effects: [{ type, id: scene.child, target, inputs: {}, options }],
  waits: [{ mode: "any", ids: [scene.child] }],
});

const settle = (sql: postgres.Sql, { worker }: Scene, outcome: Outcome, lease = 0): Promise<unknown> =>
  settleOne(sql, worker, outcome, { lease });

const creators: Record<string, Creator> = {
  "an outcome with a task": { flow: "runs", act: (sql, scene) => settle(sql, scene, suspends(scene)) },
  "an outcome with a task that is leased at once": {
    flow: "runs",
    act: (sql, scene) => settle(sql, scene, suspends(scene), 10),
  },
  "an outcome with a workflow": {
    flow: "runs",
    act: (sql, scene) => settle(sql, scene, suspends(scene, {}, "run_workflow", "f")),
  },
  "an outcome with a task whose key is taken": {
    flow: "runs",
    act: (sql, scene) => settle(sql, scene, suspends(scene, { idempotency_key: "k" }, "run_task", "keyed")),
  },
  "a step": {
    flow: "waits",
    act: (sql, { worker, flow, task, child }) =>
      settleSteps(sql, worker, [{
        ...{ id: task, flow, seq: 1, next: "suspended", snapshot: {} },
        ...{ mode: "any", ids: [child] },
      }], { children: [{ id: child, flow, kind: 0 }], kinds: [{ target: "a" }], lease: 10 }),
  },
  "create_many() under a workflow that runs": {
    flow: "runs",
    act: (sql, scene) => create(sql, scene.flow, scene),
  },
  "create_many() under a workflow that waits": {
    flow: "waits",
    act: (sql, scene) => create(sql, scene.flow, scene),
  },
  "create_many() under a task": { flow: "waits", act: (sql, scene) => create(sql, scene.task, scene) },
  "save_steps()": {
    flow: "runs",
    act: (sql, { worker, flow, child }) =>
      sql.unsafe("select rhythm.save_steps($1::uuid, $2::text::jsonb)", [
        worker,
        JSON.stringify([{
          ...{ execution_id: flow, name: "a", kind: "task", status: "waiting", attempts: 0, wait_id: child },
          child: { type: "task", target: "a", inputs: {} },
        }]),
      ]),
  },
};

function create(sql: postgres.Sql, parent: string, { child }: Scene): Promise<unknown> {
  return sql.unsafe("select rhythm.create_many($1::text::jsonb)", [
    JSON.stringify([{ type: "task", target: "a", id: child, parent }]),
  ]);
}

const late = async (sql: postgres.Sql): Promise<void> => {
  await sql`select set_config('rhythm_clock.shift', '1 minute', true), rhythm.tick()`;
};
/** With the time that the workflow above may take, and the workflow itself. */
const enders: Record<
  string,
  { top?: string; flow?: string; act: (sql: postgres.Sql, scene: Scene) => Promise<unknown> }
> = {
  "cancel() of the workflow": { act: (sql, { flow }) => sql`select rhythm.cancel(${flow})` },
  "cancel() of the workflow above": { act: (sql, { top }) => sql`select rhythm.cancel(${top})` },
  "a timeout of the workflow": { flow: "10s", act: late },
  "a timeout of the workflow above": { top: "10s", act: late },
};

async function openScene(
  { watcher }: Arena,
  worker: string,
  given: { top?: string; flow?: string; waits: boolean },
): Promise<Scene> {
  // tick() looks for what is late once a second.
  await watcher`delete from rhythm.setting where name = 'chored_at'`;
  const [row] = await watcher`select rhythm.start('f', timeout => ${given.top ?? null}) as id`;
  const [fresh] = await watcher`select rhythm.new_id() as id`;
  const scene = {
    worker,
    top: row?.id,
    flow: crypto.randomUUID(),
    task: crypto.randomUUID(),
    child: fresh?.id,
  };
  const take = async (id: string): Promise<void> => {
    assert.deepEqual((await claim(watcher, worker)).map((claimed) => claimed.id), [id]);
  };
  const options = given.flow === undefined ? {} : { timeout: given.flow };
  await take(scene.top);
  await settle(watcher, scene, {
    ...suspends({ ...scene, flow: scene.top, child: scene.flow }, options, "run_workflow", "f"),
  });
  await take(scene.flow);
  if (given.waits) {
    await settle(watcher, scene, suspends({ ...scene, child: scene.task }));
    await take(scene.task);
  }
  return scene;
}

/** What of a scene is neither over nor asked to stop. */
async function leftOver(watcher: postgres.Sql, { flow, task, child }: Scene): Promise<string[]> {
  const rows = await watcher`select target || ' is ' || status as text from rhythm.executions
    where id = any (${[flow, task, child]}::uuid[]) and completed_at is null and cancel_reason is null`;
  return rows.map((row) => row.text);
}

/** The worker hears of what is to stop; all that is left is ended. */
async function clear(watcher: postgres.Sql, { worker, top }: Scene): Promise<void> {
  await watcher`select rhythm.cancel(${top})`;
  await claim(watcher, worker);
  for (const { id } of await watcher`select id from rhythm.executions where worker = ${worker}`) {
    await settleOne(watcher, worker, { id, status: "cancelled" });
  }
  const rows = await watcher`select target, status from rhythm.executions where completed_at is null`;
  assert.deepEqual(rows.map((row) => ({ ...row })), [{ target: "keyed", status: "pending" }]);
}

for (const [what, creator] of Object.entries(creators)) {
  Deno.test({
    name: `${what} against the end of the workflow: no child is left to run`,
    ignore: onEmbedded,
    fn: async (test) => {
      await using arena = await openArena(2);
      const { watcher } = arena;
      await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
      const worker = await registerWorker(watcher);
      await watcher`select rhythm.queue('keyed', idempotency_key => 'k', delay => '1d')`;
      for (const [end, { act, ...timeouts }] of Object.entries(enders)) {
        for (const order of ["first", "second"]) {
          await test.step(`${end} comes ${order}`, async () => {
            const scene = await openScene(arena, worker, { ...timeouts, waits: creator.flow === "waits" });
            const begins: Act = (sql) => creator.act(sql, scene);
            const ends: Act = async (sql) => {
              await (order === "second"
                ? sql.begin((tx) => act(tx as unknown as postgres.Sql, scene))
                : act(sql, scene));
            };
            await inTurn(
              arena,
              order === "first" ? { first: ends, second: begins } : { first: begins, second: ends },
            );
            // A tick waits for nobody: what another session held is ended by the next one.
            if (act === late) {
              await watcher`delete from rhythm.setting where name = 'chored_at'`;
              await watcher.begin((tx) => act(tx as unknown as postgres.Sql, scene));
            }
            assert.deepEqual(await leftOver(watcher, scene), []);
            assert.deepEqual(await violations(watcher), []);
            await clear(watcher, scene);
          });
        }
      }
    },
  });
}
