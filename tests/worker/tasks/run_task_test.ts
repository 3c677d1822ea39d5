import { systemClock } from "../../../src/runtime/clock.ts";
import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import { z } from "zod";
import { type AnyTask, type Logger, task, type TaskContext } from "../../../src/define/mod.ts";
import type { Claimed } from "../../../src/worker/engine/engine.ts";
import { Batches } from "../../../src/worker/tasks/batches.ts";
import { type Report, Reporter } from "../../../src/worker/engine/reporter.ts";
import { runTask, type TaskEnd, type TaskLimits } from "../../../src/worker/tasks/run_task.ts";
import { TaskRun } from "../../../src/worker/tasks/task_run.ts";
import { isolatedTasks } from "../fixtures/isolated_tasks.ts";

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

interface Prepared {
  run: TaskRun;
  reports: Report[];
  reporter: Reporter;
  strays: Promise<unknown>[];
  limits: TaskLimits;
}

function prepare(
  definition: AnyTask["definition"],
  heartbeat: () => Promise<void> = () => Promise.resolve(),
): Prepared {
  const reports: Report[] = [];
  const reporter = new Reporter(systemClock, (report) => Promise.resolve((reports.push(report), [])), 0);
  const facts = {
    kind: "task" as const,
    target: "t",
    queue: "q",
    traceparent: null,
    id: "e1",
    call: 1,
    attempt: 2,
    metadata: { tenant: "a" },
  };
  const checkpoint = (): Promise<boolean> => Promise.resolve(true);
  const run = new TaskRun(definition, facts, {
    clock: systemClock,
    reporter,
    logger: silent,
    heartbeat,
    checkpoint,
  });
  const strays: Promise<unknown>[] = [];
  const limits = {
    clock: systemClock,
    maxOutputBytes: 1_000,
    onStray: (promise: Promise<unknown>): unknown => strays.push(promise),
  };
  return { run, reports, reporter, strays, limits };
}

async function end(made: AnyTask, input: unknown, timeoutMs?: number): Promise<TaskEnd> {
  const { run, limits } = prepare(made.definition);
  return await runTask(made.definition, input, run, { ...limits, timeoutMs });
}

function messageOf(ended: TaskEnd): string {
  return ended.status === "failed" ? ended.error.message : `(${ended.status})`;
}

Deno.test("runTask() gives the output as JSON text, of sync and async handlers", async () => {
  equal(await end(task({ name: "t" }, (n: number) => ({ n })), 1), {
    status: "completed",
    output: '{"n":1}',
  });
  equal(await end(task({ name: "t" }, async (n: number) => await Promise.resolve([n])), 1), {
    status: "completed",
    output: "[1]",
  });
  equal(await end(task({ name: "t" }, () => {}), 1), { status: "completed", output: "null" });
});

Deno.test("runTask() hands the schema's output to the handler, and fails for good without it", async () => {
  const made = task({ name: "t", input: z.object({ n: z.coerce.number() }) }, ({ n }) => n + 1);
  equal(await end(made, { n: "1" }), { status: "completed", output: "2" });
  const failed = await end(made, { n: "x" });
  same(failed.status === "failed" && failed.error.type, "InvalidInputError");
  same(failed.status === "failed" && failed.retryable, false);
});

Deno.test("runTask() refuses an output that JSON cannot carry, naming the place", async () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  match(
    messageOf(await end(task({ name: "t" }, () => ({ f: () => 1 })), 1)),
    /output of task "t"\.f as JSON: it is a function/,
  );
  match(messageOf(await end(task({ name: "t" }, () => cycle), 1)), /\.self as JSON: it contains itself/);
  match(messageOf(await end(task({ name: "t" }, () => 1n), 1)), /BigInt/);
  match(messageOf(await end(task({ name: "t" }, () => "x".repeat(2_000)), 1)), /at most 1000 are allowed/);
  const big = await end(task({ name: "t" }, () => new Map()), 1);
  same(big.status === "failed" && big.retryable, false);
});

Deno.test("runTask() ends at the timeout, also when the handler ignores its signal", async () => {
  const made = task({ name: "deaf" }, () => new Promise(() => {}));
  const { run, limits, strays } = prepare(made.definition);
  const ended = await runTask(made.definition, null, run, { ...limits, timeoutMs: 30 });
  same(ended.status === "failed" && ended.error.type, "TimeoutError");
  match(messageOf(ended), /Task "deaf" took longer than its timeout of 0.03 s/);
  same(ended.status === "failed" && ended.retryable, true);
  same(strays.length, 1);
});

Deno.test("runTask() fires the signal with the reason of the stop", async () => {
  const made = task({ name: "t" }, async (_: null, ctx) => {
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    throw ctx.signal.reason;
  });
  const { run, limits } = prepare(made.definition);
  const ending = runTask(made.definition, null, run, limits);
  run.stop("cancelled", "cancelled by test");
  run.stop("shutdown", "too late to matter");
  const ended = await ending;
  same(ended.status === "stopped" && ended.stop.reason, "cancelled");
  same(run.signal.aborted, true);
});

Deno.test("runTask() hears a handler that finishes in spite of the stop", async () => {
  const made = task({ name: "t" }, async (_: null, ctx) => {
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    return "saved";
  });
  const { run, limits } = prepare(made.definition);
  const ending = runTask(made.definition, null, run, limits);
  run.stop("shutdown", "leaving");
  equal(await ending, { status: "completed", output: '"saved"' });
});

Deno.test("runTask() ends an isolated handler that blocks, at its timeout", async () => {
  const ended = await end(isolatedTasks.spin, null, 200);
  same(ended.status === "failed" && ended.error.type, "TimeoutError");
});

Deno.test("TaskRun carries execution, attempt, metadata, log lines and the last progress", async () => {
  const made = task({ name: "t" }, (_: null, ctx) => {
    ctx.log.info("one", { a: 1 });
    ctx.log.warn("two");
    ctx.progress(10);
    ctx.progress({ percent: 20 });
    return [ctx.executionId, ctx.attempt, ctx.metadata.tenant, ctx.taskName];
  });
  const { run, reports, reporter, limits } = prepare(made.definition);
  equal(await runTask(made.definition, null, run, limits), {
    status: "completed",
    output: '["e1",2,"a","t"]',
  });
  await reporter.flush();
  equal(reports.flatMap(({ lines }) => lines.map(({ level, message, data }) => [level, message, data])), [
    ["info", "one", '{"a":1}'],
    ["warn", "two", null],
  ]);
  equal([...reports.at(-1)!.progress], [["e1", '{"percent":20}']]);
});

Deno.test("TaskRun.heartbeat() asks at once, and throws what stopped the run", async () => {
  const made = task({ name: "t" }, async (_: null, ctx: TaskContext) => await ctx.heartbeat());
  let asked = 0;
  const { run } = prepare(made.definition, () => {
    if (++asked === 2) run.stop("lost", "taken over");
    return Promise.resolve();
  });
  await run.heartbeat();
  await rejects(run.heartbeat(), { code: "TASK_LOST" });
  await rejects(run.heartbeat(), { code: "TASK_LOST" });
  same(asked, 2);
});

Deno.test("Batches: an execution whose lease may be lost when its call begins is not among the others", async () => {
  const seen: unknown[] = [];
  const { definition } = task({ name: "t", batch: { size: 3 } }, (many: number[]) => {
    seen.push(...many);
    return many;
  });
  const batches = new Batches({
    clock: systemClock,
    longestWaitMs: 1_000,
    isFresh: ({ id }) => id !== "2",
    onBlocked: () => {},
    onCall: (_, size) => void seen.push(`${size} of them`),
  });
  const ends = await Promise.all([1, 2, 3].map(async (n) => {
    const { run, limits } = prepare(definition);
    const claimed = { id: String(n), target: "t", inputs: n } as unknown as Claimed;
    return (await batches.run(definition, claimed, run, limits)).status;
  }));
  equal(ends, ["completed", "stopped", "completed"]);
  equal(seen, ["2 of them", 1, 3]);
});
