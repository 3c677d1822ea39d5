import assert from "node:assert/strict";
import { openFlow, type Settled } from "../../../src/flow/mod.ts";
import { compile, createHost, idOf, type Running, start, startWith } from "../vm/support.ts";

const DECLINED = {
  ...{ type: "CardError", message: "declined", code: "CARD" },
  stack: "CardError: declined\n    at charge (file:///tasks.ts:7:9)",
  ...{ kind: "task" as const, executionId: "exec-9", target: "charge", attempt: 3 },
};
const CAUSE = `Caused by: task "charge" (exec-9), attempt 3: ${DECLINED.stack}`;

function failed(id: string): Settled {
  return { id, status: "failed", error: DECLINED };
}

/** The error of a flow whose first operation fails: from a snapshot, and the same in memory. */
function errorOf(source: string, id = "op-1"): { at?: unknown; stack: string } {
  const cold = start(source).resume([failed(id)]).error!;
  const open = openFlow(compile(source), startWith(), createHost());
  const warm = open.advance([failed(idOf(id))], createHost()).error;
  assert.deepEqual(warm, cold);
  return cold;
}

Deno.test("a failed task fails its flow at the await, with the flow's stack and the task's below", () => {
  const error = errorOf(`const pay = async (order) => {
  const fee = 1;
  return await Task.run("charge", order);
};
const checkout = async () => {
  await pay({});
};
await checkout();`);
  assert.deepEqual(error, {
    ...{ type: "CardError", message: "declined", code: "CARD" },
    ...{ at: { line: 3, column: 10 }, executionId: "exec-9", target: "charge" },
    stack: [
      "CardError: declined",
      "    at async pay (test.flow:3:10)",
      "    at async checkout (test.flow:6:3)",
      "    at async main (test.flow:8:1)",
      CAUSE,
    ].join("\n"),
  });
});

Deno.test("the stack goes on through promises that are returned, chained and combined", () => {
  const error = errorOf(
    `const pay = async () => Task.run("charge");
const both = async () => {
  await Promise.all([Timer.delay(1), pay().then((x) => x)]);
};
await both();`,
    "op-2",
  );
  assert.deepEqual(error.at, { line: 3, column: 3 });
  assert.deepEqual(error.stack.split("\n").slice(1, 4), [
    "    at async Promise.all (index 1)",
    "    at async both (test.flow:3:3)",
    "    at async main (test.flow:5:1)",
  ]);
});

Deno.test("an error is placed where it was awaited, also if it failed before that", () => {
  const flow = start('const p = Task.run("charge");\nawait Timer.delay(1);\nawait p;');
  flow.resume([failed("op-1")]);
  assert.deepEqual(flow.complete("op-2").error!.at, { line: 3, column: 1 });
});

Deno.test("errors of the flow's own code have the calls that await them", () => {
  const flow = start(`const check = async () => {
  await Task.run("load");
  throw new RangeError("negative");
};
await check();`);
  assert.deepEqual(flow.complete("op-1").error, {
    ...{ type: "RangeError", message: "negative", at: { line: 3, column: 9 } },
    stack: "RangeError: negative\n    at check (test.flow:3:9)\n    at async main (test.flow:5:1)",
  });
});

Deno.test("error.stack in a flow is the stack that is stored, also a step later and of a callback", () => {
  const source = `let stack;
try { await Task.run("charge") } catch (error) { await Timer.delay(1); stack = error.stack }
return stack`;
  const flow: Running = start(source);
  flow.resume([failed("op-1")]);
  const expected = `CardError: declined\n    at async main (test.flow:2:7)\n${CAUSE}`;
  assert.equal(flow.complete("op-2").output, expected);
  const chained = start('return await Task.run("charge").catch((error) => error.stack)');
  assert.equal(chained.resume([failed("op-1")]).output, expected.replace("2:7", "1:8"));
});

Deno.test("a wrapped error tells its cause, and what that came of", () => {
  const error = errorOf(`try {
  await Task.run("charge");
} catch (cause) {
  throw new Error("no order", { cause });
}`);
  assert.deepEqual(error, {
    ...{ type: "Error", message: "no order", at: { line: 4, column: 9 } },
    stack: [
      ...["Error: no order", "    at main (test.flow:4:9)"],
      ...["Caused by: CardError: declined", "    at async main (test.flow:2:3)", CAUSE],
    ].join("\n"),
  });
});

Deno.test("what Promise.any() gives up with tells where, and why", () => {
  const flow = start('await Promise.any([Task.run("charge")])');
  const { at, stack } = flow.resume([failed("op-1")]).error!;
  assert.deepEqual(at, { line: 1, column: 1 });
  assert.match(
    stack,
    /^AggregateError: .*\n {4}at async main \(test\.flow:1:1\)\nCaused by: CardError: declined\n/,
  );
  assert.ok(stack.endsWith(CAUSE));
});

Deno.test("a signal that did not come is told where it was waited for", () => {
  const flow = start('const wait = async () => await Signal.next("go", { timeout: 1 });\nawait wait()');
  const error = { type: "TimeoutError", message: 'No signal "go" came in time' };
  const ended = flow.resume([{ id: "op-1", status: "failed", error }]).error!;
  assert.deepEqual(ended.at, { line: 1, column: 26 });
  assert.equal(
    ended.stack,
    'TimeoutError: No signal "go" came in time\n    at async wait (test.flow:1:26)\n    at async main (test.flow:2:1)',
  );
});

Deno.test("a chain of children stays small: its top and its end are kept", () => {
  let error = DECLINED as Extract<Settled, { status: "failed" }>["error"];
  for (let level = 0; level < 30; level++) {
    const flow = start('await Workflow.run("below")');
    const ended = flow.resume([{ id: "op-1", status: "failed", error }]).error!;
    error = { ...ended, kind: "workflow", executionId: `exec-${level}`, target: "below" };
  }
  const { stack = "" } = error;
  assert.ok(stack.length < 3_000, String(stack.length));
  assert.match(
    stack,
    /^CardError: declined\n {4}at async main \(test\.flow:1:1\)\nCaused by: workflow "below" \(exec-28\)/,
  );
  assert.match(stack, /lines left out/);
  assert.ok(stack.endsWith(DECLINED.stack));
});

Deno.test("a snapshot keeps the causes of a few errors only", () => {
  const many = 1_000;
  const source = `const names = [];
for (let i = 0; i < ${many}; i++) names.push(Task.run("charge"));
const results = await Promise.allSettled(names);
await Timer.delay(1);
return results.map((one) => one.reason.stack.includes("Caused by")).filter((one) => one).length`;
  const settled = Array.from({ length: many }, (_, nth) => failed(`op-${nth + 1}`));
  const flow = start(source);
  flow.resume(settled);
  assert.equal(flow.complete(`op-${many + 1}`).output, 16);
  const open = openFlow(compile(source), startWith(), createHost());
  open.advance(settled.map((one) => ({ ...one, id: idOf(one.id) })), createHost());
  const ended = { id: idOf(`op-${many + 1}`), status: "completed", output: null } as const;
  assert.equal(open.advance([ended], createHost()).output, 16);
});

Deno.test("a built-in that is itself a callback of a promise rejects it like any function", () => {
  const flow = start(`let seen; const parsed = Promise.resolve("{").then(JSON.parse);
const all = Promise.all([parsed]);
all.catch((error) => { seen = error });
await Timer.delay(1);
return [seen.name, seen.stack, await Promise.resolve("(").then(RegExp).catch((e) => e.name)]`);
  const [name, stack, other] = flow.complete("op-1").output as string[];
  assert.deepEqual([name, other], ["SyntaxError", "SyntaxError"]);
  assert.match(stack!, /^SyntaxError: /);
});

Deno.test("console.log() that is itself a callback of a promise writes its line", () => {
  const flow = start('await Promise.resolve("x").then(console.log); await Timer.delay(1)');
  assert.deepEqual(flow.logged, ["x"]);
});
