import { deepStrictEqual as equal, rejects, strictEqual as same } from "node:assert/strict";
import { Rhythm, type Run, task } from "../../mod.ts";
import { freshDatabase } from "../support/database.ts";
import { until } from "../support/until.ts";

const flows = [
  {
    name: "rents_a_car",
    source: `
      const car = await Task.run("note", "rented")
      try {
        await Signal.next("returned")
        await Task.run("note", "never")
      } catch (error) {
        await Task.run("note", "caught")
      } finally {
        const { length } = await Task.run("note", "given back")
        await Timer.delay(0.05)
        await Task.run("note", "deposit of " + length)
      }
      await Task.run("note", "never")`,
  },
  { name: "waits", source: `try { await Signal.next("x") } catch (e) { await Task.run("note", "caught") }` },
  {
    name: "begins",
    source: `try { await Task.run("note", "begun") } finally { await Task.run("note", "ended") }`,
  },
  {
    name: "two_at_once",
    source: `
      async function one(name) { try { await Signal.next(name) } finally { await Task.run("note", "after " + name) } }
      await Promise.all([one("a"), one("b")])`,
  },
];

async function withWorker(
  use: (
    place: { rhythm: Rhythm; noted: string[]; suspended: (run: Run) => Promise<void> },
  ) => Promise<void>,
): Promise<void> {
  await using test = await freshDatabase();
  const noted: string[] = [];
  const note = task({ name: "note" }, (text: string) => {
    noted.push(text);
    return text;
  });
  await using rhythm = await Rhythm.init({
    databaseUrl: test.url,
    autoMigrate: false,
    flows,
    tasks: [note],
    log: { level: "silent" },
  });
  const worker = rhythm.worker();
  const working = worker.run();
  const suspended = async (run: Run): Promise<void> => {
    const waits = "select from rhythm.waits as w where w.execution_id = $1 and w.kind = 'signal'";
    await until(async () => (await test.database.query(waits, [run.id])).length > 0);
  };
  try {
    await use({ rhythm, noted, suspended });
  } finally {
    await worker.stop();
    await working;
  }
  equal(await test.database.query("select * from rhythm.check()"), []);
}

Deno.test("cancel() of a flow that waits inside try runs its finally, with tasks and timers, and no catch", async () => {
  await withWorker(async ({ rhythm, noted, suspended }) => {
    const run = await rhythm.workflows.start("rents_a_car", {});
    await suspended(run);
    same(await run.cancel("the customer is ill"), true);
    await rejects(run.result({ timeout: "20s" }), {
      name: "ExecutionCancelledError",
      message: `Workflow "rents_a_car" (${run.id}) was cancelled: the customer is ill`,
      reason: "the customer is ill",
    });
    same((await run.get()).cancelReason, "the customer is ill");
    equal(noted, ["rented", "given back", "deposit of 10"]);
    same(await run.cancel(), false);
  });
});

Deno.test("cancel() of a flow that waits outside of finally ends it at once", async () => {
  await withWorker(async ({ rhythm, noted, suspended }) => {
    const run = await rhythm.workflows.start("waits", {});
    await suspended(run);
    same(await run.cancel(), true);
    same((await rhythm.executions.get(run.id))!.status, "cancelled");
    equal(noted, []);
  });
});

Deno.test("cancel() runs the finally of every branch", async () => {
  await withWorker(async ({ rhythm, noted, suspended }) => {
    const run = await rhythm.workflows.start("two_at_once", {});
    await suspended(run);
    same(await run.cancel(), true);
    await rejects(run.result({ timeout: "20s" }), { name: "ExecutionCancelledError" });
    // Nobody waits for the branches: their tasks run when the flow has ended.
    await until(() => Promise.resolve(noted.length === 2));
    equal(noted.sort(), ["after a", "after b"]);
  });
});

Deno.test("a flow with finally ends as ever when nobody cancels it", async () => {
  await withWorker(async ({ rhythm, noted }) => {
    const runs = await Promise.all(Array.from({ length: 20 }, () => rhythm.workflows.start("begins", {})));
    for (const run of runs) await run.result({ timeout: "20s" });
    same(noted.filter((text) => text === "begun").length, 20);
    same(noted.filter((text) => text === "ended").length, 20);
  });
});
