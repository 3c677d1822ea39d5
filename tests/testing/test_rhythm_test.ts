import { deepStrictEqual as equal, rejects, strictEqual as same } from "node:assert/strict";
import { fakeTask, testRhythm } from "../../src/testing/mod.ts";
import { sweep } from "../arguments/sweep.ts";

const remind = `
await Timer.delay("2d")
await Task.run("send_email", { to: Inputs.to, turn: 1 })
await Timer.delay("5d")
await Task.run("send_email", { to: Inputs.to, turn: 2 })
return new Date().toISOString().slice(0, 10)`;

Deno.test("advance() lets time pass from one timer to the next, and flows see the same time", async () => {
  const mail = fakeTask("send_email");
  await using app = await testRhythm({ flows: [{ name: "remind", source: remind }], tasks: [mail] });
  const began = app.now.getTime();
  const run = await app.rhythm.workflows.start("remind", { to: "ada" });
  await app.advance("1d");
  equal([mail.inputs.length, (await run.get()).status], [0, "suspended"]);
  await app.advance("6d 1m");
  equal(mail.inputs, [{ to: "ada", turn: 1 }, { to: "ada", turn: 2 }]);
  const day = new Date(began + 7 * 86_400_000).toISOString().slice(0, 10);
  same(await run.result({ timeout: "2m" }), day);
});

Deno.test("advance() by a week ends a timer of a week that a flow starts meanwhile", async () => {
  const mail = fakeTask("send_email");
  const source = `await Timer.delay("7d")\nawait Task.run("send_email", { to: Inputs.to })`;
  await using app = await testRhythm({ flows: [{ name: "remind_customer", source }], tasks: [mail] });
  const began = app.now;
  const run = await app.rhythm.workflows.start("remind_customer", { to: "ada@example.org" });
  await app.advance("7d");
  equal(mail.inputs, [{ to: "ada@example.org" }]);
  same((await run.get()).status, "completed");
  equal(app.now, new Date(began.getTime() + 7 * 86_400_000));
});

Deno.test("work takes no time: as many turns fit into a duration as its timers say, and in the order they were asked for", async () => {
  const turns = fakeTask("turn", () => new Promise<null>((resolve) => setTimeout(resolve, 30, null)));
  const first = fakeTask("first");
  const source = `for (let n = 1; ; n++) { await Timer.delay("100ms"); await Task.run("turn", n) }`;
  await using app = await testRhythm({ flows: [{ name: "tick", source }], tasks: [turns, first] });
  await app.rhythm.workflows.start("tick");
  await app.advance("500ms");
  equal(turns.inputs, [1, 2, 3, 4, 5]);
  await app.rhythm.queues.pause("default");
  for (let n = 0; n < 20; n++) await first.queue(n);
  await app.rhythm.queues.resume("default");
  await app.idle();
  equal(first.inputs, Array.from({ length: 20 }, (_, n) => n));
});

Deno.test("a fake task answers as the test says; the pause before its retry takes no time of the test's", async () => {
  const bank = fakeTask("pay", ({ amount }: { amount: number }, { attempt }) => {
    if (attempt < 3) throw new Error("The bank does not answer");
    return { paid: amount, attempt };
  });
  await using app = await testRhythm({ tasks: [bank] });
  const run = await bank.queue({ amount: 5 });
  await app.advance("10s");
  equal(await run.result({ timeout: "2m" }), { paid: 5, attempt: 3 });
  equal(bank.inputs, [{ amount: 5 }, { amount: 5 }, { amount: 5 }]);
});

Deno.test("advance() fires schedules and ends the wait for a signal", async () => {
  const report = fakeTask("report");
  const source =
    `try { return await Signal.when("ok", { timeout: "3h" }) } catch (error) { return error.name }`;
  await using app = await testRhythm({ flows: [{ name: "ask", source }], tasks: [report] });
  await app.rhythm.schedules.set("daily", { cron: "@daily", target: "report", type: "task" });
  const run = await app.rhythm.workflows.start("ask");
  await app.advance("2d");
  same(report.inputs.length, 2);
  same((await run.get()).output, "TimeoutError");
});

Deno.test("idle() says what does not come to rest", async () => {
  await using app = await testRhythm();
  await app.rhythm.tasks.queue("nobody_has_it");
  await rejects(app.idle({ timeout: "100ms" }), {
    name: "NotIdleError",
    message: "After 0.1 s there is still work going on: nobody_has_it (pending)",
  });
});

Deno.test("the testing kit refuses every wrong argument, and everything once it is closed", async () => {
  const made = { kind: "options", optional: true } as const;
  const app = await testRhythm();
  const faults = [
    ...await sweep("testRhythm", {
      call: testRhythm,
      takes: [{
        name: "options",
        ...made,
        good: {},
        members: { flows: "array", tasks: "array", workflows: "array", log: "log" },
      }],
    }),
    ...await sweep("fakeTask", {
      call: fakeTask,
      takes: [{ name: "name", kind: "name", good: "word" }, {
        name: "answer",
        kind: "function",
        optional: true,
      }],
    }),
    ...await sweep("advance", {
      call: app.advance.bind(app),
      takes: [{ name: "duration", kind: "duration", good: 1 }],
    }),
    ...await sweep("idle", {
      call: app.idle.bind(app),
      takes: [{ name: "options", ...made, good: {}, members: { timeout: "duration" } }],
    }),
  ];
  equal(faults, []);
  await app[Symbol.asyncDispose]();
  for (const call of [() => app.advance(1), () => app.idle(), () => app.rhythm.executions.query()]) {
    await rejects(call, { code: "CLOSED" });
  }
});
