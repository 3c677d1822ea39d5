import { type Clock, systemClock } from "../../../src/runtime/clock.ts";
import { deepStrictEqual as equal, rejects, strictEqual as same } from "node:assert/strict";
import type { TaskContext } from "../../../src/define/mod.ts";
import { IsolatedError, runIsolated } from "../../../src/worker/tasks/isolate/run.ts";
import { until } from "../../support/until.ts";
import { isolatedTasks } from "../fixtures/isolated_tasks.ts";

function hostFor(
  controller: AbortController,
  seen: unknown[],
): { context: TaskContext; clock: Clock } {
  const log = (message: string, data?: unknown): unknown => seen.push([message, data]);
  const context: TaskContext = {
    executionId: "id",
    taskName: "t",
    attempt: 1,
    metadata: {},
    signal: controller.signal,
    log: { debug: log, info: log, warn: log, error: log },
    progress: (value) => seen.push(value),
    checkpoint: (value) => {
      seen.push({ checkpoint: value });
      return Promise.resolve();
    },
    lastCheckpoint: { page: 7 },
    heartbeat: () => Promise.resolve(),
  };
  return { context, clock: systemClock };
}

Deno.test("runIsolated() runs the handler in its own realm, with log and progress", async () => {
  const seen: unknown[] = [];
  same(await runIsolated(isolatedTasks.double.definition, 21, hostFor(new AbortController(), seen)), 42);
  equal(seen, [["doubling", { n: 21 }], { half: true }]);
});

Deno.test("runIsolated() carries checkpoints there and back", async () => {
  const seen: unknown[] = [];
  const { context, clock } = hostFor(new AbortController(), seen);
  equal(await runIsolated(isolatedTasks.resume.definition, null, { context, clock }), { page: 7 });
  const first = { ...context, lastCheckpoint: undefined };
  await rejects(runIsolated(isolatedTasks.resume.definition, null, { context: first, clock }), /no answer/);
  equal(seen, [{ checkpoint: { page: 1 } }]);
  const refusing = { ...first, checkpoint: () => Promise.reject(new Error("The lease is lost")) };
  await rejects(
    runIsolated(isolatedTasks.resume.definition, null, { context: refusing, clock }),
    /The lease is lost/,
  );
});

Deno.test("runIsolated() ends a handler that never gives the event loop back", async () => {
  const controller = new AbortController();
  const before = performance.now();
  setTimeout(() => controller.abort(new DOMException("too long", "TimeoutError")), 100);
  await rejects(runIsolated(isolatedTasks.spin.definition, null, hostFor(controller, [])), {
    name: "TimeoutError",
  });
  same(performance.now() - before < 5_000, true);
});

Deno.test("runIsolated() lets a handler that listens put something away", async () => {
  const controller = new AbortController();
  const seen: unknown[] = [];
  const run = runIsolated(isolatedTasks.polite.definition, null, hostFor(controller, seen));
  const ended = rejects(run);
  await until(() => seen.length === 1);
  controller.abort(new DOMException("cancelled", "AbortError"));
  await ended;
  equal(seen, [["listening", undefined], ["put away", undefined]]);
});

Deno.test("runIsolated() carries an error's class, code and data, and that it is final", async () => {
  const run = runIsolated(isolatedTasks.refuse.definition, null, hostFor(new AbortController(), []));
  await rejects(run, (error: unknown) => {
    const { error: { type, message, code, data }, retryable } = error as IsolatedError;
    equal([type, message, code, data, retryable], ["NonRetryableError", "No", "REFUSED", { why: 1 }, false]);
    return true;
  });
});

Deno.test("runIsolated() survives a realm that dies", async () => {
  const run = runIsolated(isolatedTasks.die.definition, null, hostFor(new AbortController(), []));
  await rejects(
    run,
    (error: unknown) =>
      error instanceof IsolatedError && /out of the blue/.test(error.message) && error.retryable,
  );
});
