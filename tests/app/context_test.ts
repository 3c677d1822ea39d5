// What a handler is given besides its input, as seen from outside while it runs.
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { task, type TaskContext } from "../../mod.ts";
import { onEmbedded, testApp } from "./support.ts";
import { until } from "../support/until.ts";

const once = { retry: { maxAttempts: 1 } };

async function stopped(ctx: TaskContext): Promise<Error> {
  await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  return ctx.signal.reason;
}

Deno.test("ctx.progress() can be watched while the handler runs", async () => {
  const goOn = Promise.withResolvers<void>();
  const load = task({ name: "load" }, async (_: null, ctx) => {
    ctx.progress({ percent: 10 });
    ctx.progress({ percent: 50 });
    await goOn.promise;
    ctx.progress({ percent: 100 });
  });
  await using app = await testApp({ tasks: [load] });
  app.work();
  const run = await load.queue(null);
  await until(async () => (await run.get()).progress !== null);
  equal([(await run.get()).status, (await run.get()).progress], ["running", { percent: 50 }]);
  goOn.resolve();
  await run.result({ timeout: "20s" });
  equal((await run.get()).progress, { percent: 100 }, "what was said last is stored before the end is seen");
});

Deno.test("ctx.signal fires at the timeout, at a cancellation and at the end of the grace time, and says which", async () => {
  const reasons: string[] = [];
  const patient = task({ name: "patient", ...once }, async (_: null, ctx) => {
    const reason = await stopped(ctx);
    reasons.push(`${reason.name} ${(reason as Error & { code: string }).code}`);
    throw reason;
  });
  await using app = await testApp({ tasks: [patient] });
  const worker = app.work({ grace: "50ms" });
  const late = await patient.queue(null, { timeout: "100ms" });
  same((await app.rhythm.executions.wait(late, { timeout: "20s" })).error?.type, "TimeoutError");

  const cancelled = await patient.queue(null);
  await until(async () => (await cancelled.get()).status === "running");
  await cancelled.cancel();
  same((await app.rhythm.executions.wait(cancelled, { timeout: "20s" })).status, "cancelled");

  const interrupted = await patient.queue(null);
  await until(async () => (await interrupted.get()).status === "running");
  await worker.stop();
  same((await interrupted.get()).status, "pending");
  equal(reasons, ["TimeoutError TASK_TIMEOUT", "AbortError TASK_CANCELLED", "AbortError TASK_SHUTDOWN"]);
});

Deno.test("ctx.executionId is the same on every attempt, ctx.attempt is not", async () => {
  const seen: [string, number][] = [];
  const shaky = task({ name: "shaky", retry: { maxAttempts: 3, initial: 0.01 } }, (_: null, ctx) => {
    seen.push([ctx.executionId, ctx.attempt]);
    if (ctx.attempt < 3) throw new Error("again");
  });
  await using app = await testApp({ tasks: [shaky] });
  app.work();
  const run = await shaky.queue(null);
  await run.result({ timeout: "20s" });
  equal(seen, [[run.id, 1], [run.id, 2], [run.id, 3]]);
});

Deno.test({
  name: "a flow names a task nobody has: the execution says so, and runs once somebody has it",
  ignore: onEmbedded,
  fn: async () => {
    const source = `return await Task.run("rare", {})`;
    await using app = await testApp({ flows: [{ name: "needs", source }] });
    app.work();
    const run = await app.rhythm.workflows.start("needs");
    await until(async () => (await app.rhythm.executions.tree(run)).length === 2);
    // The worker looks every 30 s; here the engine is asked at once.
    const sql = app.database.database;
    await until(async () => {
      const [row] = await sql.query<{ tasks: unknown[] }>(
        "select rhythm.unserved(w.id, '0s') as tasks from rhythm.workers as w",
      );
      return row!.tasks.length === 1;
    });
    const [, child] = await app.rhythm.executions.tree(run);
    equal([child!.status, child!.note], [
      "pending",
      'No worker of queue "default" has a handler for task "rare"',
    ]);
    const { Rhythm } = await import("../../mod.ts");
    const rare = task({ name: "rare" }, () => "found");
    const other = { databaseUrl: app.database.url, autoMigrate: false, tasks: [rare] };
    await using late = await Rhythm.init({ ...other, log: { level: "silent" } });
    await using worker = late.worker();
    void worker.run();
    same(await run.result({ timeout: "20s" }), "found");
    same((await app.rhythm.executions.get(child!.id))?.note, null);
  },
});
