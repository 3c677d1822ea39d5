import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import {
  cancelExecution,
  ClosedError,
  type Execution,
  getExecution,
  listExecutions,
  queueExecution,
  queueTask,
  retryExecution,
  scheduleExecution,
  task,
  waitForExecution,
} from "../../mod.ts";
import { testApp } from "./support.ts";
import { until } from "../support/until.ts";

const echo = task({ name: "echo" }, (value: unknown) => value);

async function count(
  execution: { rhythm: { executions: { query(): Promise<{ executions: readonly Execution[] }> } } },
): Promise<number> {
  return (await execution.rhythm.executions.query()).executions.length;
}

Deno.test("{ sql } joins the caller's transaction: there if and only if it commits", async () => {
  await using app = await testApp({ tasks: [echo] });
  const { sql } = app.database;
  await rejects(
    sql.begin(async (tx) => {
      await echo.queue("lost", { sql: tx });
      throw new Error("rolled back");
    }),
    /rolled back/,
  );
  same(await count(app), 0);
  const run = await sql.begin(async (tx) => {
    await tx`create table proof (id uuid)`;
    const made = await echo.queue({ kept: true }, { sql: tx, metadata: { tenant: 'a "quoted" one' } });
    await tx`insert into proof values (${made.id})`;
    same(await count(app), 0);
    return made;
  });
  equal([(await run.get()).inputs, (await run.get()).metadata], [{ kept: true }, {
    tenant: 'a "quoted" one',
  }]);
});

Deno.test("{ sql } joins cancel, signals, schedules and many at once as well", async () => {
  await using app = await testApp({ tasks: [echo] });
  const run = await echo.queue(1);
  await rejects(
    app.database.sql.begin(async (tx) => {
      same(await app.rhythm.executions.cancel(run, { sql: tx }), true);
      await app.rhythm.executions.createMany([{ type: "task", target: "echo" }], { sql: tx });
      await app.rhythm.schedules.set("nightly", { cron: "0 3 * * *", target: "echo", type: "task", sql: tx });
      throw new Error("rolled back");
    }),
    /rolled back/,
  );
  same((await run.get()).status, "pending");
  same(await count(app), 1);
  equal([...await app.rhythm.schedules.list()], []);
});

Deno.test("a transactional task queues into its own transaction", async () => {
  const parent = task(
    { name: "parent", transactional: true, retry: { maxAttempts: 1 } },
    async (fail: boolean, ctx) => {
      const run = await echo.queue("child", { sql: ctx.sql });
      if (fail) throw new Error("no");
      return run.id;
    },
  );
  await using app = await testApp({ tasks: [echo, parent] });
  app.work();
  const id = await (await parent.queue(false)).result({ timeout: "2m" });
  same((await app.rhythm.executions.wait(id, { timeout: "2m" })).output, "child");
  await rejects((await parent.queue(true)).result({ timeout: "2m" }), { code: "EXECUTION_FAILED" });
  same(await count(app), 3);
});

Deno.test("idempotencyKey gives the first execution again", async () => {
  await using _app = await testApp({ tasks: [echo] });
  const runs = await Promise.all([1, 2, 3].map((n) => echo.queue(n, { idempotencyKey: "order-1" })));
  same(new Set(runs.map((run) => run.id)).size, 1);
});

Deno.test("executions.query() pages through what the filter lets pass, newest first", async () => {
  await using app = await testApp({ tasks: [echo] });
  const runs = await app.rhythm.executions.createMany(
    Array.from(
      { length: 5 },
      (_, n) => ({ type: "task" as const, target: "echo", queue: n < 4 ? "a" : "b", metadata: { n } }),
    ),
  );
  const first = await app.rhythm.executions.query({ queue: "a", limit: 3 });
  equal(first.executions.map(({ metadata }) => metadata.n), [3, 2, 1]);
  const second = await app.rhythm.executions.query({ queue: "a", limit: 3, cursor: first.cursor! });
  equal(second.executions.map(({ metadata }) => metadata.n), [0]);
  same(second.cursor, null);
  equal((await app.rhythm.executions.query({ metadata: { n: 4 } })).executions.map(({ id }) => id), [
    runs[4]!.id,
  ]);
  await runs[2]!.cancel();
  equal(
    (await app.rhythm.executions.query({ status: ["cancelled", "failed"] })).executions.map(({ id }) => id),
    [runs[2]!.id],
  );
  same(
    (await app.rhythm.executions.query({ createdAfter: new Date(Date.now() + 60_000) })).executions.length,
    0,
  );
  same(
    (await app.rhythm.executions.query({
      target: "echo",
      type: "task",
      createdBefore: new Date(Date.now() + 60_000),
    })).executions.length,
    5,
  );
  await rejects(
    app.rhythm.executions.query({ status: "faild" as "failed" }),
    /"status" must be pending, .* or frozen, not "faild"\. Did you mean "failed"\?/,
  );
  await rejects(app.rhythm.executions.query({ limit: 0 }), /"limit" must be a whole number from 1 to 1000/);
});

Deno.test("wait() gives the final state, whichever it is, and says when it is not there in time", async () => {
  await using app = await testApp({ tasks: [echo] });
  const run = await echo.queue("x");
  await rejects(run.result({ timeout: "50ms" }), { code: "WAIT_TIMEOUT" });
  const waiting = run.result({ timeout: "2m" });
  app.work();
  same(await waiting, "x");
  await rejects(app.rhythm.executions.wait("00000000-0000-7000-8000-000000000000"), {
    code: "RH002",
  });
  await rejects(app.rhythm.executions.wait("exec_abc123"), { code: "INVALID_ID" });
});

Deno.test("a wait without time says of what has ended that it has", async () => {
  await using app = await testApp({ tasks: [echo] });
  const run = await echo.queue("x");
  await rejects(run.result({ timeout: 0 }), { code: "WAIT_TIMEOUT" });
  await run.cancel();
  for (let turn = 0; turn < 5; turn++) {
    same((await app.rhythm.executions.wait(run, { timeout: 0 })).status, "cancelled");
  }
  await rejects(run.result({ timeout: "1ms" }), { code: "EXECUTION_CANCELLED" });
  for await (const { status } of run.watch({ timeout: 0 })) same(status, "cancelled");
});

Deno.test("everything that is asked of a closed application is refused as closed", async () => {
  await using app = await testApp({ tasks: [echo] });
  const { rhythm } = app;
  const run = await echo.queue("x");
  const waiting = rejects(run.result(), ClosedError);
  await rhythm.close();
  await waiting;
  const calls: (() => unknown)[] = [
    () => echo.queue("x"),
    () => queueTask("echo", "x"),
    () => rhythm.tasks.queue("echo"),
    () => rhythm.tasks.run("echo"),
    () => rhythm.workflows.start("f"),
    () => rhythm.workflows.run("f"),
    () => rhythm.executions.create({ type: "task", target: "echo" }),
    () => rhythm.executions.createMany([{ type: "task", target: "echo" }]),
    () => rhythm.executions.get(run),
    () => rhythm.executions.query(),
    () => rhythm.executions.tree(run),
    () => rhythm.executions.logs(run),
    () => rhythm.executions.wait(run),
    () => rhythm.executions.watch(run)[Symbol.asyncIterator]().next(),
    () => rhythm.executions.cancel(run),
    () => rhythm.executions.retry(run),
    () => rhythm.signals.send({ execution: run, name: "go" }),
    () => rhythm.schedules.list(),
    () => rhythm.queues.list(),
    () => rhythm.queues.pause("default"),
    () => rhythm.flows.list(),
    () => rhythm.flows.register({ name: "f", source: "return 1" }),
    () => rhythm.worker(),
    () => run.result(),
    () => run.get(),
    () => run.cancel(),
    () => run.signal("go"),
    () => run.watch()[Symbol.asyncIterator]().next(),
  ];
  for (const call of calls) await rejects(async () => await call(), ClosedError, String(call));
  await rhythm.close();
});

Deno.test("retry() lets a failed task go on", async () => {
  let healthy = false;
  const shaky = task({ name: "shaky", retry: { maxAttempts: 1 } }, () => {
    if (!healthy) throw new Error("down");
    return "up";
  });
  await using app = await testApp({ tasks: [shaky] });
  app.work();
  const run = await shaky.queue(null);
  await rejects(run.result({ timeout: "2m" }));
  healthy = true;
  await app.rhythm.executions.retry(run);
  same(await run.result({ timeout: "2m" }), "up");
  await rejects(app.rhythm.executions.retry(run), { code: "RH003" });
  same(await app.rhythm.executions.delete(run), 1);
  await rejects(app.rhythm.executions.delete(run), { code: "RH002" });
});

Deno.test("bad calls are refused in one sentence, and nothing is written", async () => {
  await using app = await testApp({ tasks: [echo] });
  const { workflows, tasks, executions } = app.rhythm;
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  await rejects(workflows.start("no_such_flow"), {
    code: "RH004",
    message: /There is no flow "no_such_flow"/,
  });
  await rejects(tasks.queue("echo", { f: () => 1 }), /inputs of task "echo"\.f as JSON: it is a function/);
  await rejects(tasks.queue("echo", cycle), /it contains itself/);
  await rejects(
    tasks.queue("echo", 1, { que: "x" } as never),
    /echo\.queue\(\) has no option "que"\. Did you mean "queue"\?/,
  );
  await rejects(tasks.queue("echo", 1, { delay: "soon" }), /"delay": Cannot read "soon" as a duration/);
  await rejects(tasks.queue("echo", 1, { delay: 1, runAt: new Date() }), /give "delay" or "runAt", not both/);
  await rejects(
    tasks.queue("echo", 1, { sql: {} as never }),
    /"sql" must be a transaction of postgres.js, node-postgres/,
  );
  await rejects(
    tasks.queue("", 1),
    /"task" must be a task made by task\(\), or a name of 1 to 200 .*, not ""/,
  );
  await rejects(tasks.queue("echo", "x".repeat(1_100_000)), {
    code: "RH006",
    message: /at most 1048576 are allowed/,
  });
  await rejects(
    executions.create({ type: "job" as "task", target: "echo" }),
    /"type" must be task or workflow, not "job"/,
  );
  await rejects(executions.get("nope"), { code: "INVALID_ID" });
  same(await count(app), 0);
});

Deno.test("delay and runAt keep a task until its time, and a sleeping worker is there then", async () => {
  await using app = await testApp({ tasks: [echo] });
  app.work();
  await until(async () => (await app.database.database.query("select 1 from rhythm.workers")).length === 1);
  const began = performance.now();
  const run = await echo.queue("late", { delay: "400ms" });
  same((await run.get()).status, "pending");
  same(await run.result({ timeout: "2m" }), "late");
  const tookMs = performance.now() - began;
  same(tookMs >= 400 && tookMs < 2_000, true, `${tookMs} ms`);
});

Deno.test("the module functions work on the application that was made last", async () => {
  await using app = await testApp({ tasks: [echo] });
  app.work();
  const run = await queueTask("echo", { n: 1 });
  equal((await waitForExecution(run, { timeout: 120 })).output, { n: 1 });
  const late = await scheduleExecution({
    type: "task",
    target: "echo",
    runAt: "2100-01-01T00:00:00Z",
  });
  same((await getExecution(late))?.status, "pending");
  same(await cancelExecution(late.id), true);
  await retryExecution(late);
  same((await getExecution(late))?.status, "pending");
  const other = await queueExecution({ type: "task", target: "echo", inputs: 2 });
  equal((await listExecutions()).map(({ id }) => id), [other.id, late.id, run.id]);
  same(await getExecution("00000000-0000-7000-8000-000000000000"), null);
  match(other.id, /^[0-9a-f-]{36}$/);
});
