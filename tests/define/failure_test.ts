import { deepStrictEqual as equal, match, strictEqual as same } from "node:assert/strict";
import { heardTask } from "../../src/cli/dev/console.ts";
import { NonRetryableError, task } from "../../src/define/mod.ts";
import { failureOf } from "../../src/define/failure.ts";

class CardRefused extends Error {
  readonly code = "CARD";
  readonly data = { last4: "4242", seen: undefined };
}

Deno.test("failureOf() keeps type, message, code, data and stack", () => {
  const { error, retryable } = failureOf(new CardRefused("no", { cause: new Error("bank said so") }));
  equal([error.type, error.message, error.code, error.data], ["CardRefused", "no", "CARD", {
    last4: "4242",
  }]);
  match(error.stack as string, /failure_test\.ts[\s\S]*Caused by: Error: bank said so/);
  same(retryable, true);
});

Deno.test("failureOf() leaves out the calls of Rhythm and of Deno that led to the handler, and keeps those below it", async () => {
  const read = task({ name: "read" }, () => Deno.readTextFileSync("/no/such/file"));
  const { handler } = heardTask(read).definition;
  const thrown = await new Promise((resolve) =>
    queueMicrotask(() => {
      const call = handler.bind(null, null, { executionId: "1" } as never);
      Promise.resolve().then(call).catch(resolve);
    })
  );
  const lines = String(failureOf(thrown).error.stack).split("\n").filter((line) =>
    line.startsWith("    at ")
  );
  match(lines.at(-1)!, /failure_test\.ts/);
  match(lines[0]!, /ext:/);
  const twice = failureOf(new Error("outside", { cause: thrown })).error.stack as string;
  same(/console\.ts/.test(twice), false, twice);
});

Deno.test("failureOf() makes NonRetryableError and its children final", () => {
  class Mine extends NonRetryableError {
    override readonly name = "Mine";
  }
  same(failureOf(new NonRetryableError("x")).retryable, false);
  same(failureOf(new Mine("x")).retryable, false);
  same(failureOf(new TypeError("x")).retryable, true);
});

Deno.test("failureOf() stores whatever was thrown", () => {
  equal(failureOf("text").error, { type: "Error", message: "text" });
  equal(failureOf({ a: 1 }).error, { type: "Error", message: '{"a":1}', data: { a: 1 } });
  equal(failureOf(undefined).error, { type: "Error", message: "undefined", data: undefined });
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  same(failureOf(Object.assign(new Error("x"), { data: cycle })).error.data, undefined);
});

Deno.test("failureOf() gives what Postgres can store, whatever was thrown", () => {
  const thrown = Object.assign(new Error("read \0 and \ud83d"), { code: "E\0", data: { cut: "\ud83d" } });
  const { error } = failureOf(thrown);
  equal([error.message, error.code, error.data], ["read \ufffd and \ufffd", "E\ufffd", { cut: "\ufffd" }]);
  same(/[\0\ud83d]/.test(String(error.stack)), false);
  equal(failureOf("\0").error, { type: "Error", message: "\ufffd" });
});
