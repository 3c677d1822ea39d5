import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import { z } from "zod";
import { NonRetryableError, task } from "../../mod.ts";
import { onEmbedded, testApp } from "./support.ts";
import { until } from "../support/until.ts";

const greet = task({ name: "greet", input: z.object({ who: z.string() }) }, ({ who }) => `Hello, ${who}`);

const once = { retry: { maxAttempts: 1 } };

Deno.test("a task is queued, run by a worker, and its result seen", async () => {
  await using app = await testApp({ tasks: [greet] });
  app.work();
  const run = await greet.queue({ who: "Ada" });
  const result: string = await run.result({ timeout: "2m" });
  same(result, "Hello, Ada");
  const execution = await run.get();
  equal([execution.type, execution.target, execution.status, execution.attempt], [
    "task",
    "greet",
    "completed",
    1,
  ]);
  equal([execution.inputs, execution.output, execution.queue], [{ who: "Ada" }, "Hello, Ada", "default"]);
  same(execution.createdAt instanceof Date && execution.completedAt instanceof Date, true);
  same(`${run}`, run.id);
});

Deno.test("a task goes to the queue it declares, unless its starter says otherwise", async () => {
  const mail = task({ name: "mail", queue: "mail", priority: 7 }, () => 1);
  await using app = await testApp({ tasks: [mail] });
  const declared = await (await mail.queue(null)).get();
  equal([declared.queue, declared.priority], ["mail", 7]);
  const told = await (await mail.queue(null, { queue: "other", priority: 1 })).get();
  equal([told.queue, told.priority], ["other", 1]);
  const [row] = await app.database.database.query<{ id: string }>("select rhythm.queue('mail') as id");
  equal((await app.rhythm.executions.get(row!.id))?.queue, "mail");
});

Deno.test("a failed attempt is made again, and its error kept until then", async () => {
  let calls = 0;
  const flaky = task(
    { name: "flaky", retry: { maxAttempts: 3, initial: 0.01, jitter: 0 } },
    (_: null, ctx) => {
      calls++;
      if (ctx.attempt < 3) throw new TypeError(`attempt ${ctx.attempt}`);
      return ctx.attempt;
    },
  );
  await using app = await testApp({ tasks: [flaky] });
  app.work();
  const run = await flaky.queue(null);
  same(await run.result({ timeout: "2m" }), 3);
  same(calls, 3);
  await until(() => app.lines.some((line) => line.startsWith("info: task flaky completed in ")));
  equal(app.lines.filter((line) => line.startsWith("warn: task flaky")), [
    "warn: task flaky failed: TypeError: attempt 1 (attempt 1, 1 of 3 threw; next in 10 ms) ([object Object])",
    "warn: task flaky failed: TypeError: attempt 2 (attempt 2, 2 of 3 threw; next in 20 ms) ([object Object])",
  ]);
});

Deno.test("a task fails with its error's type, message, code, data and stack when its attempts are used up", async () => {
  class CardRefused extends Error {
    readonly code = "CARD";
    readonly data = { last4: "4242" };
  }
  const pay = task({ name: "pay", retry: { maxAttempts: 2, initial: 0.01 } }, () => {
    throw new CardRefused("no");
  });
  await using app = await testApp({ tasks: [pay] });
  app.work();
  const run = await pay.queue(null);
  await rejects(run.result({ timeout: "2m" }), (error: unknown) => {
    const { name, code, message, error: stored } = error as {
      name: string;
      code: string;
      message: string;
      error: Record<string, unknown>;
    };
    equal([name, code], ["ExecutionFailedError", "EXECUTION_FAILED"]);
    match(message, /Task "pay" \(.*\) failed: CardRefused: no/);
    equal([stored.type, stored.message, stored.code, stored.data], ["CardRefused", "no", "CARD", {
      last4: "4242",
    }]);
    match(String(stored.stack), /^CardRefused: no\n {4}at .*tasks_test\.ts:\d+:\d+\)?$/);
    match(
      Deno.inspect(error),
      /^ExecutionFailedError: Task "pay"[^]*\[cause\]: CardRefused: no\n[^]*tasks_test\.ts/,
    );
    return true;
  });
  same((await run.get()).attempt, 2);
});

Deno.test("a worker logs what fails without a worker: here a task in SQL", async () => {
  await using app = await testApp();
  const { database } = app.database;
  await database.script(
    `create schema own; create function own.divide(jsonb) returns numeric language sql as $$ select 1 / 0.0 $$;
    select rhythm.define_sql_task('divide', 'own.divide(jsonb)'::regprocedure);`,
  );
  app.work();
  await app.rhythm.tasks.queue("divide", {});
  await until(() => app.lines.some((line) => line.startsWith("error: task divide")));
  match(
    app.lines.join("\n"),
    /error: task divide failed: SqlError: division by zero \(attempt 1; it is over\)/,
  );
});

Deno.test("NonRetryableError fails an execution at its first attempt", async () => {
  const give = task({ name: "give_up", retry: { maxAttempts: 5, initial: 0.01 } }, () => {
    throw new NonRetryableError("hopeless", { code: "HOPELESS" });
  });
  await using app = await testApp({ tasks: [give] });
  app.work();
  const execution = await app.rhythm.executions.wait((await give.queue(null)).id, { timeout: "2m" });
  equal([execution.status, execution.attempt, execution.error?.code], ["failed", 1, "HOPELESS"]);
});

Deno.test("ctx carries execution, attempt, metadata; log and progress are durable", async () => {
  const tell = task({ name: "tell" }, async (_: null, ctx) => {
    ctx.log.info("working", { step: 1 });
    ctx.progress({ percent: 50 });
    await ctx.heartbeat();
    return [ctx.executionId, ctx.taskName, ctx.attempt, ctx.metadata.tenant];
  });
  await using app = await testApp({ tasks: [tell] });
  app.work();
  const run = await tell.queue(null, { metadata: { tenant: "acme" } });
  equal(await run.result({ timeout: "2m" }), [run.id, "tell", 1, "acme"]);
});

Deno.test("a handler that ignores its timeout fails all the same", async () => {
  const deaf = task(
    { name: "deaf", timeout: "100ms", ...once },
    () => new Promise((resolve) => setTimeout(resolve, 400)),
  );
  await using app = await testApp({ tasks: [deaf] });
  app.work();
  const execution = await app.rhythm.executions.wait((await deaf.queue(null)).id, { timeout: "2m" });
  equal([execution.status, execution.error?.type], ["failed", "TimeoutError"]);
  await new Promise((resolve) => setTimeout(resolve, 400));
});

Deno.test("cancel() ends a waiting task at once, and fires the signal of a running one", async () => {
  let stopped: unknown;
  const patient = task({ name: "patient" }, async (_: null, ctx) => {
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    stopped = ctx.signal.reason;
    ctx.signal.throwIfAborted();
  });
  await using app = await testApp({ tasks: [patient] });
  const waiting = await patient.queue(null);
  same(await waiting.cancel(), true);
  same((await waiting.get()).status, "cancelled");
  same(await waiting.cancel(), false);
  app.work();
  const running = await patient.queue(null);
  await until(async () => (await running.get()).status === "running");
  same(await running.cancel("changed my mind"), true);
  await rejects(running.result({ timeout: "2m" }), { code: "EXECUTION_CANCELLED" });
  match(String(stopped), /changed my mind/);
});

Deno.test("a transactional task's writes commit with its completion, or not at all", async () => {
  const move = task(
    { name: "move", transactional: true, ...once },
    async ({ amount }: { amount: number }, ctx) => {
      await ctx.sql`insert into moved (amount, detail) values (${amount}, ${{ by: "test" }})`;
      if (amount < 0) throw new Error("not enough");
      const [row] = await ctx.sql<{ total: number }>`select sum(amount)::int as total from moved`;
      return row!.total;
    },
  );
  await using app = await testApp({ tasks: [move] });
  await app.database.database.script("create table moved (amount integer, detail jsonb)");
  app.work();
  same(await (await move.queue({ amount: 5 })).result({ timeout: "2m" }), 5);
  await rejects((await move.queue({ amount: -1 })).result({ timeout: "2m" }), { code: "EXECUTION_FAILED" });
  equal([...await app.database.database.query("select amount, detail from moved")], [{
    amount: 5,
    detail: { by: "test" },
  }]);
});

Deno.test("an isolated handler runs in its own realm, and its timeout ends it whatever it does", async () => {
  const { isolatedTasks } = await import("../worker/fixtures/isolated_tasks.ts");
  await using app = await testApp({ tasks: [isolatedTasks.double, isolatedTasks.spin] });
  app.work();
  same(await (await isolatedTasks.double.queue(21)).result({ timeout: "2m" }), 42);
  const spun = await isolatedTasks.spin.queue(null, once);
  const execution = await app.rhythm.executions.wait(spun.id, { timeout: "2m" });
  equal([execution.status, execution.error?.type], ["failed", "TimeoutError"]);
});

Deno.test({
  name: "a task without a handler here is left for others, and they take it at once",
  ignore: onEmbedded,
  fn: async () => {
    const rare = task({ name: "rare" }, () => "done");
    await using app = await testApp({ tasks: [greet] });
    app.work();
    const run = await app.rhythm.tasks.queue("rare");
    await new Promise((resolve) => setTimeout(resolve, 150));
    same((await run.get()).status, "pending");
    const { Rhythm } = await import("../../mod.ts");
    await using other = await Rhythm.init({
      databaseUrl: app.database.url,
      autoMigrate: false,
      tasks: [rare],
      log: { level: "silent" },
    });
    await using worker = other.worker();
    void worker.run();
    same(await run.result({ timeout: "2m" }), "done");
  },
});

Deno.test("worker.stop() hands back what outlives the grace time, without costing an attempt", async () => {
  const slow = task({ name: "slow" }, async (_: null, ctx) => {
    await new Promise((_resolve, reject) =>
      ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason))
    );
  });
  await using app = await testApp({ tasks: [slow] });
  const worker = app.work({ grace: "50ms" });
  const run = await slow.queue(null);
  await until(async () => (await run.get()).status === "running");
  await worker.stop();
  const execution = await run.get();
  equal([execution.status, execution.attempt], ["pending", 0]);
  equal([...await app.database.database.query("select id from rhythm.workers")], []);
});

Deno.test("a thousand tasks of one burst all end", async () => {
  await using app = await testApp({ tasks: [greet] });
  app.work({ concurrency: 50 });
  const requests = Array.from(
    { length: 1_000 },
    (_, n) => ({ type: "task" as const, target: "greet", inputs: { who: `${n}` } }),
  );
  const runs = await app.rhythm.executions.createMany(requests);
  const results = await Promise.all(runs.map((run) => run.result({ timeout: "20s" })));
  equal(results, requests.map(({ inputs }) => `Hello, ${inputs.who}`));
});
