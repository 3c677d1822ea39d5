import assert from "node:assert/strict";
import { task } from "../../mod.ts";
import type { Snapshot } from "../../src/flow/mod.ts";
import { snapshotAt } from "../../src/client/history.ts";
import { ClientCore } from "../../src/client/core.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { until } from "../support/until.ts";
import { type TestApp, testApp } from "./support.ts";

const source = `
const started = Date.now();
const luck = [Math.random()];
const fan = async (n) => {
  const got = await Task.run("echo", { n, luck: luck[0] });
  luck.push(Math.random());
  await Timer.delay(0.01 * (n % 3));
  return [got, Date.now() - started, crypto.randomUUID()];
};
const fanned = await Promise.all([1, 2, 3, 4, 5].map(fan));
const line = [];
for (let i = 0; i < 4; i++) line.push((await Task.run("echo", { zebra: i, a: { longer: 1, b: 2 } })).given);
let failure;
try { await Task.run("fail") } catch (error) { failure = { ...error, message: error.message } }
const child = await Workflow.run("child", { of: 1 });
const raced = await Promise.race([Signal.next("never", { timeout: 0.05 }).catch((error) => error.name), Timer.delay(60)]);
const first = await Signal.next("go");
const second = await Signal.next("go");
try {
  await Signal.next("hold");
} finally {
  await Task.run("echo", { last: Math.random() });
  await Signal.next("held");
}`;

const echo = task({ name: "echo" }, (given: { n?: number }) => ({ word: `${given.n}`, given, at: 1 }));
const fail = task({ name: "fail", retry: { maxAttempts: 1 } }, () => {
  throw new TypeError("on purpose");
});

async function stored({ database }: TestApp, id: string): Promise<Snapshot> {
  const [row] = await database.database.query<{ snapshot: Snapshot }>(
    "select s.snapshot from rhythm.workflow_state as s where s.execution_id = $1",
    [id],
  );
  return row!.snapshot;
}

Deno.test("a workflow's state is that which its program computes again from inputs, seed, journal and children", async () => {
  await using app = await testApp({ tasks: [echo, fail] });
  const { flows, workflows, executions, signals } = app.rhythm;
  await flows.register({ name: "child", source: "return await Task.run('echo', Inputs)" });
  await flows.register({ name: "journaled", source });
  app.work();
  const { id } = await workflows.start("journaled", { z: 1, a: 2 });
  const waitsFor = async (name: string, times: number): Promise<void> =>
    await until(async () => {
      const [row] = await app.database.database.query<{ count: number }>(
        `select count(*)::integer as count from rhythm.signal_wait as w join rhythm.workflow_state as s on s.execution_id = w.execution_id
         where w.execution_id = $1 and w.name = $2 and s.batch_id is null`,
        [id, name],
      );
      const [fate] = await app.database.database.query<{ error: unknown; state: number }>(
        "select e.error, e.state from rhythm.execution as e where e.id = $1",
        [id],
      );
      assert.equal(fate!.state, 0, JSON.stringify(fate));
      return row!.count >= times;
    });
  await waitsFor("go", 1);
  await signals.send({ execution: id, name: "go", payload: { n: 1 } });
  await waitsFor("go", 2);
  await signals.send({ execution: id, name: "go", payload: "second" });
  await waitsFor("hold", 1);
  assert.deepEqual(await executions.checkHistory(id), []);
  const steps = await executions.history(id);
  assert.deepEqual(steps.map(({ step }) => step), steps.map((_, nth) => nth + 1), "every step is told once");
  const core = new ClientCore({
    database: app.database.database,
    schema: app.database.schema,
    clock: systemClock,
  });
  assert.deepEqual(await snapshotAt(core, id, steps.length), await stored(app, id));

  await executions.cancel(id, { reason: "enough" });
  await waitsFor("held", 1);
  assert.deepEqual(await executions.checkHistory(id), []);
  const after = await executions.history(id);
  assert.deepEqual(after[steps.length]!.took.map(({ kind }) => kind), ["cancellation"]);

  // Each end of a task in a line commits with the step that follows: none of these has a row in the journal.
  const [{ rows }] = await app.database.database.query<{ rows: number }>(
    "select count(*)::integer as rows from rhythm.journal where execution_id = $1",
    [id],
  ) as [{ rows: number }];
  assert(rows < after.length, `${rows} rows for ${after.length} steps`);
  const moments = after.map(({ at }) => at.getTime());
  assert.deepEqual(moments, moments.toSorted());
});
