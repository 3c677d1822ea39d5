import { systemClock } from "../../src/runtime/clock.ts";
import assert from "node:assert/strict";
import { Deliveries } from "../../src/steps/deliveries.ts";
import { OrderedCallbacks } from "../../src/steps/ordered_callbacks.ts";
import { pauseAfter } from "../../src/steps/pauses.ts";
import { NonRetryableError } from "../../src/define/mod.ts";
import { RhythmError } from "../../src/shared/error.ts";
import { JsonError } from "../../src/shared/json.ts";
import { workflow } from "../../src/steps/mod.ts";
import { StepsRuntime } from "../../src/steps/runtime.ts";
import { TransientStepError } from "../../src/steps/errors.ts";
import { reviveError, stepError } from "../../src/steps/step_error.ts";
import { until } from "../support/until.ts";

function deliveries(expected: string[]): { deliveries: Deliveries; seen: string[]; changes: string[] } {
  const seen: string[] = [];
  const changes: string[] = [];
  const ears = { onChange: (then: string, now: string) => changes.push(`${then}/${now}`), onIdle: () => {} };
  return { deliveries: new Deliveries(systemClock, expected, ears), seen, changes };
}

Deno.test("Deliveries hands stored results out in their stored order, live ones after them", async () => {
  const { deliveries: made, seen, changes } = deliveries(["a", "b"]);
  made.live("step c", () => seen.push("c"));
  made.stored("b", () => seen.push("b"));
  assert.equal(seen.length, 0);
  made.stored("a", () => void seen.push("a"));
  await until(() => seen.length === 3 && made.isIdle);
  assert.deepEqual([seen, changes], [["a", "b", "c"], []]);
});

Deno.test("Deliveries gives the code a turn between two results", async () => {
  const { deliveries: made, seen } = deliveries(["a", "b"]);
  made.stored("b", () => seen.push("b"));
  made.stored("a", () => {
    void Promise.resolve().then(() => {}).then(() => {}).then(() => seen.push("after a"));
  });
  await until(() => seen.length === 2);
  assert.deepEqual(seen, ["after a", "b"]);
});

Deno.test("Deliveries skips a stored result that is not asked for, and tells what came instead", async () => {
  const { deliveries: made, seen, changes } = deliveries(["a", "b", "c"]);
  made.stored("c", () => seen.push("c"));
  await until(() => seen.length === 1);
  assert.deepEqual([seen, changes], [["c"], ['a/step "c"']]);
  made.stored("a", () => seen.push("late a"));
  await until(() => seen.length === 2);
  assert.deepEqual(seen, ["c", "late a"]);
});

Deno.test("OrderedCallbacks call back in the order in which places were taken, without those given back", () => {
  const seen: number[] = [];
  const callbacks = new OrderedCallbacks();
  const [one, two, three] = [callbacks.take(), callbacks.take(), callbacks.take()];
  three.call(() => seen.push(3));
  two.giveBack();
  assert.equal(seen.length, 0);
  one.call(() => seen.push(1));
  assert.deepEqual(seen, [1, 3]);
});

Deno.test("pauseAfter() grows as the policy says, and ends with its attempts", () => {
  const policy = { maxAttempts: 4, initial: "1s", max: "3s", jitter: 0 } as const;
  assert.deepEqual([1, 2, 3, 4].map((attempt) => pauseAfter(policy, attempt, 0.5)), [
    1_000,
    2_000,
    3_000,
    undefined,
  ]);
  assert.equal(pauseAfter({ backoff: "linear", initial: 1, maxAttempts: 9, jitter: 0 }, 3, 0.5), 3_000);
  assert.equal(pauseAfter({ backoff: "fixed", initial: 1, maxAttempts: 9, jitter: 0.5 }, 3, 1), 500);
  assert.equal(pauseAfter({}, 3, 0.5), undefined);
});

const revive = (thrown: unknown): Error => reviveError(JSON.parse(JSON.stringify(stepError(thrown))));

Deno.test("reviveError() gives back errors of JavaScript's and our own classes, with what they carried", () => {
  class Declined extends NonRetryableError {
    override readonly name = "Declined";
  }
  const given: [thrown: Error, classes: (new (...parts: never[]) => Error)[]][] = [
    [new RangeError("far"), [RangeError]],
    [Object.assign(new TypeError("bad"), { code: "ERR_INVALID_ARG_TYPE" }), [TypeError]],
    [new NonRetryableError("no", { code: "CARD", data: { cents: 5 } }), [NonRetryableError, RhythmError]],
    [new TransientStepError("closed"), [TransientStepError, RhythmError]],
    [new JsonError("a.b", "it is odd"), [JsonError, RhythmError]],
    [new Declined("no", { code: "CARD" }), [NonRetryableError, RhythmError]],
    [Object.assign(new Error("gone"), { name: "HttpError", code: 410 }), [Error]],
    [new Error("plain"), [Error]],
  ];
  for (const [thrown, classes] of given) {
    const revived = revive(thrown);
    for (const one of classes) assert.ok(revived instanceof one, `${thrown.name} is a ${one.name}`);
    const told = (error: Error): unknown[] => {
      const { name, message, code, data, path } = error as Error & Record<string, unknown>;
      return [name, message, code, data, path, String(error), "code" in error];
    };
    assert.match(revived.stack!, /deliveries_test\.ts/);
    assert.deepEqual(told(revived), told(thrown));
  }
});

Deno.test("reviveError() names the classes that it does not know, and places what a child threw", () => {
  class CardRefused extends Error {}
  assert.equal(revive(new CardRefused("no")).name, "CardRefused");
  const error = {
    ...{ type: "CardRefused", message: "no", stack: "CardRefused: no\n    at pay (tasks.ts:1:1)" },
    ...{ kind: "task", executionId: "exec-9", target: "pay", attempt: 2 } as const,
  };
  const revived = reviveError(error, new Error());
  assert.match(
    revived.stack!,
    /^CardRefused: no\n {4}at .*deliveries_test\.ts:[^]*\nCaused by: task "pay" \(exec-9\), attempt 2: CardRefused: no\n {4}at pay \(tasks\.ts:1:1\)$/,
  );
  const { executionId, target } = revived as Error & Record<string, unknown>;
  assert.deepEqual([executionId, target], ["exec-9", "pay"]);
});

Deno.test("a run that cannot store what it waited for, because its lease is lost, ends", async () => {
  const waiting = {
    execution_id: "w",
    name: "sleep",
    kind: "sleep",
    status: "waiting",
    seq: null,
    attempts: 0,
    wait_id: "t",
    is_due: true,
    error: null,
    output: null,
    has_output: false,
  } as const;
  const runtime = new StepsRuntime([workflow("naps", (ctx) => ctx.sleep("1s"))], systemClock);
  const { end } = runtime.start({
    id: "w",
    workflow: "naps",
    input: null,
    metadata: {},
    settled: [{ id: "t", status: "completed", output: null }],
    steps: {
      load: () => Promise.resolve([waiting]),
      save: () => Promise.resolve(false),
      saveInTransaction: () => Promise.resolve(false),
    },
    log: () => {},
  });
  const { status } = await Promise.race([
    end,
    new Promise<{ status: "hangs" }>((resolve) => setTimeout(resolve, 2_000, { status: "hangs" })),
  ]);
  assert.equal(status, "stopped");
});
