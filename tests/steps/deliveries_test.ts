import { systemClock } from "../../src/runtime/clock.ts";
import assert from "node:assert/strict";
import { Deliveries } from "../../src/steps/deliveries.ts";
import { OrderedCallbacks } from "../../src/steps/ordered_callbacks.ts";
import { pauseAfter } from "../../src/steps/pauses.ts";
import { reviveError, StepFailedError } from "../../src/steps/errors.ts";
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

Deno.test("reviveError() gives JavaScript's own classes back, and the names of all others", () => {
  const range = reviveError("s", { type: "RangeError", message: "far", stack: "RangeError: far\n  at x" });
  assert.ok(range instanceof RangeError && range.stack === "RangeError: far\n  at x");
  const own = reviveError("s", { type: "PaymentError", message: "no", code: "E1", data: { a: 1 } });
  assert.ok(own instanceof StepFailedError);
  assert.deepEqual([own.name, own.code, own.data, own.step], ["PaymentError", "E1", { a: 1 }, "s"]);
});
