// Workflows that start over under the same id, as flows and in TypeScript.
import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import { task } from "../../../mod.ts";
import { workflow } from "../../../src/steps/mod.ts";
import { testApp } from "../../app/support.ts";
import { until } from "../../support/until.ts";

const WAIT = { timeout: "1m" } as const;
const sound = async (database: { query(text: string): Promise<unknown[]> }): Promise<void> =>
  equal(await database.query("select * from rhythm.check()"), []);

Deno.test("Workflow.continueAs(): a flow goes round, with the same id, and its row count stays", async () => {
  const seen: number[] = [];
  const note = task({ name: "note" }, (n: number) => void seen.push(n));
  const source = `
await Task.run("note", Inputs.n)
if (Inputs.n < 5) return Workflow.continueAs({ n: Inputs.n + 1 })
return "done at " + Inputs.n`;
  await using app = await testApp({ tasks: [note], flows: [{ name: "round", source }] });
  app.work();
  const run = await app.rhythm.workflows.start("round", { n: 1 });
  same(await run.result(WAIT), "done at 5");
  equal(seen, [1, 2, 3, 4, 5]);
  const { inputs, status } = (await run.get())!;
  equal([inputs, status], [{ n: 5 }, "completed"]);
  equal((await app.rhythm.executions.history(run)).map(({ act }) => act), [
    "continued",
    "step",
    "step",
  ]);
  equal(await app.rhythm.executions.checkHistory(run), []);
  const [row] = await app.database.database.query<{ n: number }>(
    "select count(*)::integer as n from rhythm.execution",
  );
  same(row!.n, 2);
  await sound(app.database.database);
});

Deno.test("Workflow.continueAs(): ids and random numbers of each round are others; waiting signals stay", async () => {
  const source = `
const id = crypto.randomUUID()
if (Inputs.seen.length < 3) {
  const { n } = await Signal.next("go")
  return Workflow.continueAs({ seen: [...Inputs.seen, [id, n]] })
}
return Inputs.seen`;
  await using app = await testApp({ flows: [{ name: "ids", source }] });
  const run = await app.rhythm.workflows.start("ids", { seen: [] });
  for (const n of [1, 2, 3]) await run.signal("go", { n });
  app.work();
  const seen = await run.result(WAIT) as [string, number][];
  equal(seen.map(([, n]) => n), [1, 2, 3]);
  same(new Set(seen.map(([id]) => id)).size, 3);
  await sound(app.database.database);
});

Deno.test("Workflow.continueAs(): what each round starts and leaves to itself is another execution", async () => {
  const source = `
Task.run("later", Inputs.n, { delay: "1h", onParentCancel: "abandon" })
if (Inputs.n < 3) return Workflow.continueAs({ n: Inputs.n + 1 })
return Inputs.n`;
  const later = task({ name: "later" }, (n: number) => n);
  await using app = await testApp({ tasks: [later], flows: [{ name: "leaves", source }] });
  app.work();
  same(await app.rhythm.workflows.run("leaves", { n: 1 }, WAIT as never), 3);
  const rows = await app.database.database.query<{ n: number }>(
    "select e.inputs::integer as n from rhythm.execution as e where e.target = 'later' order by 1",
  );
  equal(rows.map(({ n }) => n), [1, 2, 3]);
  await sound(app.database.database);
});

Deno.test("Workflow.continueAs(): a child that goes round ends once for its parent; what waits after it fails", async () => {
  const flows = [
    {
      name: "below",
      source: "if (Inputs.n < 3) return Workflow.continueAs({ n: Inputs.n + 1 })\nreturn Inputs.n",
    },
    { name: "above", source: 'return await Workflow.run("below", { n: 0 })' },
    { name: "late", source: 'Workflow.continueAs({})\nawait Timer.delay("1h")' },
    { name: "cut", source: 'try { await Signal.next("x") } finally { Workflow.continueAs({}) }' },
  ];
  await using app = await testApp({ flows });
  app.work();
  same(await app.rhythm.workflows.run("above", {}, WAIT as never), 3);
  await rejects(
    app.rhythm.workflows.run("late", {}, WAIT as never),
    /This flow called Workflow.continueAs and then waited: it must return right after the call/,
  );
  const cut = await app.rhythm.workflows.start("cut");
  await until(async () => (await cut.get())!.status === "suspended", "it waits");
  await cut.cancel("enough");
  same((await app.rhythm.executions.wait(cut, WAIT)).status, "cancelled");
  await sound(app.database.database);
});

Deno.test("ctx.continueAs(): a workflow in TypeScript goes round without its steps", async () => {
  const ran: string[] = [];
  const round = workflow("round", async (ctx, { n }: { n: number }): Promise<string> => {
    await ctx.run(step, { n }, { key: "same" } as never);
    if (n < 4) return ctx.continueAs({ n: n + 1 });
    return `done at ${n}`;
  });
  const step = task({ name: "step" }, ({ n }: { n: number }) => void ran.push(`step of ${n}`));
  const bad = workflow("bad", (ctx): Promise<void> => ctx.continueAs(new Map()));
  await using app = await testApp({ tasks: [step], workflows: [round, bad] });
  app.work();
  const run = await app.rhythm.workflows.start(round, { n: 1 });
  same(await run.result(WAIT), "done at 4");
  equal(ran, ["step of 1", "step of 2", "step of 3", "step of 4"]);
  const { rows } = { rows: await app.database.database.query("select from rhythm.step") };
  same(rows.length, 1);
  await rejects(
    async () => await (await app.rhythm.workflows.start(bad, {})).result(WAIT),
    (error: Error) => (match(error.message, /inputs with which workflow "bad" starts over.*Map/), true),
  );
  await sound(app.database.database);
});
