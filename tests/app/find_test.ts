// Finding workflows by their variables.
import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { task } from "../../mod.ts";
import { workflow } from "../../src/steps/mod.ts";
import { until } from "../support/until.ts";
import { testApp } from "./support.ts";

const source = `\`\`\`
index: [orderId, customer.id]
\`\`\`
const customer = await Task.run("load", { id: Inputs.customer })
const orderId = await Task.run("order", { customer })
const answer = await Signal.next("go")
if (answer === "fail") throw new Error("told to")
return orderId`;

Deno.test("executions are found by indexed variables, while they wait and after", async () => {
  let next = 1041;
  const load = task({ name: "load" }, ({ id }: { id: number }) => ({ id, name: "Ada" }));
  const order = task({ name: "order" }, () => String(++next));
  await using app = await testApp({ tasks: [load, order], flows: [{ name: "buy", source }] });
  const { executions, workflows, operations, signals } = app.rhythm;
  app.work();
  const found = async (variables: Record<string, string | number>): Promise<string[]> =>
    (await executions.query({ variables })).executions.map(({ id }) => id);
  const waiting = (id: string): Promise<void> =>
    until(async () => (await executions.explain(id)).some(({ reason }) => reason === "signal"));

  const one = await workflows.start("buy", { customer: 7 });
  await waiting(one.id);
  const two = await workflows.start("buy", { customer: 7 });
  await waiting(two.id);
  equal(await found({ orderId: "1042" }), [one.id]);
  equal(await found({ orderId: 1043 }), [two.id]);
  equal(await found({ "customer.id": 7 }), [two.id, one.id]);
  equal(await found({ "customer.id": 7, orderId: "1042" }), [one.id]);
  equal(await found({ orderId: "7" }), []);
  await rejects(executions.query({ variables: {} }), { code: "INVALID_OPTION" });

  // Before it begins, by its inputs.
  const late = await workflows.start("buy", { customer: { id: 8 }, orderId: ["77", 1.5, true, {}] }, {
    delay: "1h",
  });
  for (const orderId of ["77", "1.5", "true"]) equal(await found({ orderId }), [late.id]);
  equal(await found({ "customer.id": 8 }), [late.id]);
  await late.cancel();
  // At once after a change.
  await executions.edit(two, { set: { orderId: "2043" } });
  equal([await found({ orderId: "2043" }), await found({ orderId: "1043" })], [[two.id], []]);
  const { step } = (await executions.history(two)).at(-1)!;
  const { id: copy } = await executions.fork(two, { step, set: { orderId: "3043" } });
  equal(await found({ orderId: "3043" }), [copy]);
  await executions.rewind(two, { step, set: { orderId: "1043" } });
  equal(await found({ orderId: "1043" }), [two.id]);
  await executions.cancel(copy!);
  await executions.delete(copy!);

  // The worker may be at it, too.
  const work = async ({ id }: { id: string }): Promise<number> => {
    await until(async () => {
      await operations.work(id);
      return (await operations.get(id)).state === "completed";
    });
    return (await operations.get(id)).done;
  };
  const line = (line: number): Promise<{ id: string }> =>
    operations.start({ action: "pause", filter: { target: "buy", line }, dryRun: true });
  equal([await work(await line(6)), await work(await line(5))], [2, 0]);
  const pause = { action: "pause", filter: { variables: { orderId: "1043" } } } as const;
  equal(await work(await operations.start(pause)), 1);
  equal((await executions.get(two.id))!.pausedAt !== null, true);
  await executions.resume(two.id);
  await signals.send({ execution: one.id, name: "go", payload: "end" });
  await signals.send({ execution: two.id, name: "go", payload: "fail" });
  await executions.wait(one.id);
  await executions.wait(two.id);
  // A fork is found by what it was made of, and at its end by the values that it went on with.
  const [last] = (await executions.history(one.id)).filter(({ act }) => act === "step").slice(-2);
  const { id: fork } = await executions.fork(one.id, { step: last!.step, set: { orderId: "9" } });
  equal(await found({ "customer.id": 7 }), [fork, two.id, one.id]);
  await signals.send({ execution: fork!, name: "go", payload: "end" });
  equal((await executions.wait(fork!)).output, "9");
  equal(await found({ orderId: "9" }), [fork]);
  await executions.delete(fork!);
  equal(await found({ "customer.id": 7 }), [two.id, one.id]);
  const filter = { line: 7, variables: { "customer.id": 7 } };
  equal(await work(await operations.start({ action: "retry", filter, dryRun: true })), 1);
  equal(
    await work(await operations.start({ action: "retry", filter: { ...filter, line: 6 }, dryRun: true })),
    0,
  );
});

Deno.test("workflows in TypeScript are found by what they tag themselves with, in lists, filters and operations", async () => {
  let runs = 0;
  const buy = workflow("buy", async (ctx, order: number) => {
    runs++;
    await ctx.tag({ orderId: order, items: ["pen", "ink"], draft: true });
    await ctx.nextSignal("go");
    await Promise.all([ctx.tag({ draft: null }), ctx.tag({ state: "paid" })]);
    await ctx.nextSignal("go");
    await ctx.step("inside", (inner) => inner.tag({ a: 1 })).catch(({ code }) => ctx.tag({ inside: code }));
    throw new Error("told to");
  });
  await using app = await testApp({ workflows: [buy] });
  const { executions, workflows, operations, signals } = app.rhythm;
  app.work();
  const found = async (variables: Record<string, string | number | boolean>): Promise<string[]> =>
    (await executions.query({ variables })).executions.map(({ id }) => id);

  const [one, two] = [await workflows.start(buy, 1042), await workflows.start(buy, 1043)];
  await until(async () => (await found({ draft: true })).length === 2);
  equal([await found({ orderId: 1042 }), await found({ orderId: "1043", items: "ink" })], [[one.id], [
    two.id,
  ]]);
  await signals.send({ execution: one.id, name: "go" });
  await until(async () => (await found({ state: "paid" })).length === 1);
  equal([await found({ draft: true }), await found({ orderId: 1042 })], [[two.id], [one.id]]);
  const state = { variables: { state: "paid" } };
  const { id } = await operations.start({ action: "signal", filter: state, name: "go" });
  await until(async () => {
    await operations.work(id);
    return (await operations.get(id)).state === "completed";
  });
  equal((await executions.wait(one.id, { timeout: "1m" })).status, "failed");
  equal(await found({ inside: "WAIT_IN_STEP", orderId: 1042 }), [one.id]);
  equal(runs > 2, true);
  equal(
    [
      ...await app.database.database.query("select rhythm.tag($1::text::uuid, '{\"seen\": [1, 2]}')", [
        one.id,
      ]),
    ].length,
    1,
  );
  equal(await found({ seen: 2 }), [one.id]);
  await executions.cancel(two.id);
});
