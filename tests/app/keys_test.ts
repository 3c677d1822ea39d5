// Children of flows with one idempotency key: one runs, and every flow gets its result or its error.
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { task } from "../../mod.ts";
import { testApp } from "./support.ts";

const flows = [
  {
    name: "pays",
    source:
      `return await Task.run("charge", Inputs, { idempotencyKey: "order 1", retry: { maxAttempts: 1 } })`,
  },
  {
    name: "pays_twice",
    source: `
      const options = { idempotencyKey: "order 2" }
      const both = await Promise.all([Task.run("charge", { by: "a" }, options), Task.run("charge", { by: "b" }, options)])
      return [...both, await Task.run("charge", { by: "c" }, options)]`,
  },
  { name: "bill", source: `return { paid: await Task.run("charge", { by: "bill" }) }` },
  {
    name: "bills",
    source: `return await Workflow.run("bill", {}, { idempotencyKey: "may" })`,
  },
  {
    name: "many",
    source: `
      const all = await Promise.all(Array.from({ length: 100 }, (_, n) =>
        Task.run("charge", { by: "any" }, { idempotencyKey: "item " + n % 10 })))
      return all.length`,
  },
  {
    name: "catches",
    source: `
      try {
        return await Task.run("charge", { by: "nobody" }, { idempotencyKey: "bad", retry: { maxAttempts: 1 } })
      } catch ({ message, code }) {
        return { message, code }
      }`,
  },
];

Deno.test("idempotencyKey of a flow's child: the key runs once, and every flow gets what came of it", async () => {
  const charged: string[] = [];
  const charge = task({ name: "charge" }, async ({ by }: { by: string }) => {
    charged.push(by);
    if (by === "nobody") throw Object.assign(new Error("no such card"), { code: "CARD_UNKNOWN" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    return `by ${by}`;
  });
  await using app = await testApp({ flows, tasks: [charge] });
  const { rhythm, database } = app;
  const start = (flow: string, inputs = {}) => rhythm.workflows.start(flow, inputs);

  // Before there is a worker, and from outside: the first is what queue() made.
  const outside = await rhythm.tasks.queue("charge", { by: "outside" }, { idempotencyKey: "order 1" });
  const runs = await Promise.all(["x", "y", "z"].map((by) => start("pays", { by })));
  app.work();
  app.work();
  equal(await Promise.all(runs.map((run) => run.result({ timeout: "20s" }))), [
    ...["by outside", "by outside", "by outside"],
  ]);
  same(await outside.result(), "by outside");
  equal(charged.splice(0), ["outside"]);
  same(await (await start("pays", { by: "late" })).result({ timeout: "20s" }), "by outside");

  const twice = await (await start("pays_twice")).result({ timeout: "20s" });
  equal(twice, Array.from({ length: 3 }, () => `by ${charged[0]}`));
  same(charged.splice(0).length, 1);

  const bills = await Promise.all(Array.from({ length: 5 }, () => start("bills")));
  equal(
    await Promise.all(bills.map((run) => run.result({ timeout: "20s" }))),
    bills.map(() => ({ paid: "by bill" })),
  );
  equal(charged.splice(0), ["bill"]);

  const many = await Promise.all([start("many"), start("many")]);
  equal(await Promise.all(many.map((run) => run.result({ timeout: "20s" }))), [100, 100]);
  same(charged.splice(0).length, 10);

  const catches = await Promise.all([start("catches"), start("catches")]);
  const error = { message: "no such card", code: "CARD_UNKNOWN" };
  equal(await Promise.all(catches.map((run) => run.result({ timeout: "20s" }))), [error, error]);
  equal(charged.splice(0), ["nobody"]);
  equal(await database.database.query("select * from rhythm.check()"), []);
});
