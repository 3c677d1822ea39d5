// Forks of workflows in TypeScript: their steps up to one are answered, the others run.
import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { task } from "../../mod.ts";
import { step, workflow } from "../../src/steps/mod.ts";
import { testApp } from "../app/support.ts";
import { until } from "../support/until.ts";

Deno.test("fork(): a workflow in TypeScript goes on from any of its steps, with what they gave", async () => {
  let ran: string[] = [];
  let isWrong = true;
  const price = step("price", (_ctx, item: string) => {
    ran.push(`price of ${item}`);
    return { item, amount: 40 };
  });
  const charge = step("charge", (_ctx, amount: number) => {
    ran.push(`charge ${amount}`);
    if (isWrong) throw new Error("the card service is wrong");
    return `charged ${amount}`;
  });
  const double = task({ name: "double" }, (n: number) => {
    ran.push(`double ${n}`);
    return n * 2;
  });
  const buy = workflow("buy", async (ctx, item: string) => {
    const { amount } = await price(ctx, item);
    const twice = await ctx.run(double, amount);
    const word = await ctx.nextSignal("go");
    return [word, await charge(ctx, twice as number)];
  });
  await using app = await testApp({ workflows: [buy], tasks: [double] });
  const { executions, signals, workflows } = app.rhythm;
  app.work();
  const run = await workflows.start(buy, "desk");
  await signals.send({ execution: run, name: "go", payload: "one" });
  equal((await executions.wait(run, { timeout: "1m" })).status, "failed");
  const steps = await executions.history(run);
  equal(steps.map(({ step, took }) => [step, took[0]!.kind, took[0]!.status]), [
    [1, "step", "completed"],
    [2, "task", "completed"],
    [3, "signal", "completed"],
    [4, "step", "failed"],
  ]);
  ran = [];
  isWrong = false;
  const dry = await executions.fork(run, { step: 3, dryRun: true });
  equal([dry.id, dry.starts.map(({ kind, name }) => [kind, name])], [null, [["step", "charge"]]]);

  const third = await executions.fork(run, { step: 3, note: "the card service is mended" });
  equal(third.starts, dry.starts);
  equal((await executions.wait(third.id!, { timeout: "1m" })).output, ["one", "charged 80"]);
  equal(ran, ["charge 80"], "what had ended does not run again");
  const [forked, next] = await executions.history(third.id!);
  equal([forked!.step, forked!.act, forked!.note], [
    3,
    "forked",
    `from step 3 of ${run.id}: the card service is mended`,
  ]);
  equal([next!.step, next!.took[0]!.name], [4, "charge"]);
  equal((await executions.get(run))!.status, "failed", "the other one stays as it is");

  ran = [];
  const first = await executions.fork(run, { step: 1, inputs: "chair" });
  await until(async () => (await executions.get(first.id!))!.status === "suspended" && ran.length > 0);
  equal(ran, ["double 40"], "from what the step gave");
  await signals.send({ execution: first.id!, name: "go", payload: "two" });
  const { inputs, output } = await executions.wait(first.id!, { timeout: "1m" });
  equal([inputs, output], ["chair", ["two", "charged 80"]]);

  // A fork of a fork, and of what was cancelled.
  const { id: again } = await executions.fork(third.id!, { step: 4 });
  equal((await executions.wait(again!, { timeout: "1m" })).output, ["one", "charged 80"]);
  const stopped = await workflows.start(buy, "lamp");
  await until(async () => (await executions.history(stopped)).length === 2);
  await executions.cancel(stopped);
  await executions.wait(stopped, { timeout: "1m" });
  const { id: revived } = await executions.fork(stopped, { step: 2 });
  await signals.send({ execution: revived!, name: "go", payload: "three" });
  equal((await executions.wait(revived!, { timeout: "1m" })).output, ["three", "charged 80"]);

  await rejects(executions.fork(run, { step: 9 }), /has no step 9/);
  for (
    const change of [{ set: { a: 1 } }, { fibre: 1 }, { version: 1 }, { map: { 1: 2 } }, { accept: "likely" }]
  ) {
    await rejects(
      executions.fork(run, { step: 1, ...change } as { step: number }),
      /a workflow in TypeScript has no variables and lines to change/,
    );
  }
});
