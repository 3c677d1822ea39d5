import assert from "node:assert/strict";
import { openFlow } from "../../../src/flow/mod.ts";
import { compile, createHost, idOf, run, start, startWith } from "../vm/support.ts";

Deno.test("effects come in program order, with ids, places and times", () => {
  const { step } = start(`console.log("one", 2);
    const a = Task.run("mail", { to: "x" }, { queue: "mail", retry: { maxAttempts: 3 } });
    Workflow.run("child");
    const t = Timer.delay("1m30s");
    const s = Signal.next("go", { timeout: 60 });
    Signal.send("exec-2", "hello", { n: 1 });
    await Promise.all([a, t, s])`);
  assert.deepEqual(step.effects, [
    { type: "log", level: "log", message: "one 2", at: { line: 1, column: 9 } },
    {
      ...{ type: "run_task", id: "op-1", target: "mail", inputs: { to: "x" } },
      options: { queue: "mail", retry: { maxAttempts: 3 } },
    },
    { type: "run_workflow", id: "op-2", target: "child", inputs: {} },
    { type: "start_timer", id: "op-3", at: "2023-11-14T22:14:50.000Z" },
    { type: "await_signal", id: "op-4", name: "go", timeoutAt: "2023-11-14T22:14:20.000Z" },
    { type: "send_signal", executionId: "exec-2", name: "hello", payload: { n: 1 } },
  ]);
});

Deno.test("Task.run() refuses bad arguments at the call", () => {
  const { step } = start(`const errors = [];
    const attempt = (f) => { try { f() } catch (e) { errors.push(e.message) } };
    const loop = {}; loop.self = loop;
    const name = Inputs.none;
    attempt(() => Task.run(name));
    attempt(() => Task.run("a", { f: () => 1 }));
    attempt(() => Task.run("a", loop));
    attempt(() => Task.run("a", { p: Promise.resolve() }));
    attempt(() => Task.run("a", {}, { prio: 1 }));
    attempt(() => Task.run("a", {}, { delay: "soon" }));
    attempt(() => Timer.delay(-1));
    attempt(() => Timer.until("whenever"));
    return errors`);
  const errors = step.output as string[];
  assert.equal(errors.length, 8);
  assert.match(errors[0]!, /name given to Task\.run must be text/);
  assert.match(errors[1]!, /inputs of a\.f as JSON: it is a function/);
  assert.match(errors[2]!, /contains itself/);
  assert.match(errors[3]!, /it is a Promise, .*; await it first/);
  assert.match(errors[4]!, /no option "prio"/);
  assert.match(errors[5]!, /"soon"/);
  assert.match(errors[6]!, /negative/);
  assert.match(errors[7]!, /takes a date/);
  assert.deepEqual(step.effects, []);
});

Deno.test("what JSON would turn into {} is refused where it leaves a flow, with its path and what to do", () => {
  const messages = run(`const results = [];
    for (const [name, value] of Object.entries({
      error: new TypeError("x"), regexp: /x/, map: new Map(), set: new Set(), iterator: [1].values(), math: Math, later: Timer.delay(1),
    })) {
      try { Task.run("a", { list: [{ [name]: value }] }) } catch (e) { results.push(e.message) }
    }
    return results`);
  const cannot = (name: string, why: string): string =>
    `Cannot store inputs of a.list[0].${name} as JSON: ${why}`;
  assert.deepEqual(messages, [
    cannot("error", "it is a TypeError, which JSON would turn into {}; pass its `message`"),
    cannot("regexp", "it is a RegExp, which JSON would turn into {}; pass its `source`"),
    cannot("map", "it is a Map, which JSON would turn into {}; pass an array or an object"),
    cannot("set", "it is a Set, which JSON would turn into {}; pass an array or an object"),
    cannot("iterator", "it is an iterator, which JSON would turn into {}; pass an array"),
    cannot("math", "it is the namespace Math, which JSON would turn into {}; pass data instead"),
    cannot("later", "it is a Promise, which JSON would turn into {}; await it first"),
  ]);
  const { error } = start('const failed = new Error("x"); return { failed }').step;
  assert.equal(
    error?.message,
    "Cannot store the output.failed as JSON: it is an Error, which JSON would turn into {}; pass its `message`",
  );
});

Deno.test("Inputs is a copy of its own, Context tells about the execution", () => {
  const inputs = { list: [1] };
  const { step } = start("Inputs.list.push(2); return [Inputs, Context.executionId, Context.version]", {
    inputs,
  });
  assert.deepEqual(step.output, [{ list: [1, 2] }, "exec-1", 3]);
  assert.deepEqual(inputs, { list: [1] });
});

Deno.test("a failed task throws an Error that tells what failed", () => {
  const flow = start(`try { await Task.run("charge") } catch (e) {
      return [e instanceof Error, e.name, e.type, e.message, e.code, e.data, e.executionId, e.target, e.attempt];
    }`);
  const error = {
    ...{ type: "CardError", message: "declined", code: "CARD", data: { left: 2 } },
    ...{ executionId: "exec-9", target: "charge", attempt: 3 },
  };
  const step = flow.resume([{ id: "op-1", status: "failed", error }]);
  assert.deepEqual(step.output, [
    true,
    "CardError",
    "CardError",
    "declined",
    "CARD",
    { left: 2 },
    "exec-9",
    "charge",
    3,
  ]);
});

Deno.test("an uncaught error fails the execution with type, place and stack", () => {
  const flow = start(`const check = (order) => {
  if (order.total < 0) throw new RangeError("negative total");
};
await Task.run("load");
check({ total: -1 });`);
  const { step } = { step: flow.complete("op-1") };
  assert.deepEqual(step.error, {
    type: "RangeError",
    message: "negative total",
    at: { line: 2, column: 30 },
    stack: "RangeError: negative total\n    at check (test.flow:2:30)\n    at main (test.flow:5:1)",
  });
});

Deno.test("an unhandled rejection fails the execution at rest; a task nobody awaits does not", () => {
  assert.equal(start('Promise.reject(new Error("lost")); await Timer.delay(1)').step.error?.message, "lost");
  const late = start(
    'const p = Promise.reject(new Error("seen")); await null; try { await p } catch {} return 1',
  );
  assert.equal(late.step.output, 1);
  const flow = start('Task.run("background"); await Timer.delay(1); return "fine"');
  assert.equal(flow.step.status, "suspended");
  flow.resume([{ id: "op-1", status: "failed", error: { type: "Error", message: "x" } }, {
    ...{ id: "op-2", status: "completed", output: null },
  }]);
  assert.equal(flow.step.output, "fine");
});

Deno.test("a thrown value that is no error fails the execution where it was thrown", () => {
  const source = `const check = (n) => {
  if (n > 1) throw "too many: " + n;
};
await Task.run("load");
try { check(2) } finally { await null }`;
  const { error } = { error: start(source).complete("op-1").error };
  assert.deepEqual(error, {
    type: "ThrownValue",
    message: "too many: 2",
    data: "too many: 2",
    at: { line: 2, column: 14 },
    stack: "ThrownValue: too many: 2\n    at check (test.flow:2:14)\n    at main (test.flow:5:7)",
  });
});

Deno.test("a flow that is stuck, or ran into a limit, says where", () => {
  const stuck = start("const f = async () => {\n  await new Promise(() => {}) };\nawait f()").step.error!;
  assert.deepEqual([stuck.code, stuck.at], ["FLOW_STUCK", { line: 3, column: 1 }]);
  assert.match(stuck.stack, /^StuckError: .*\n {4}at async main \(test\.flow:3:1\)$/);
  const endless = start("const spin = () => {\n  for (;;) {}\n};\nspin()").step.error!;
  assert.deepEqual([endless.code, endless.at?.line, endless.stack.split("\n").length], [
    "FLOW_INSTRUCTIONS",
    2,
    3,
  ]);
});

Deno.test("where a value was thrown is told alike in memory and from a snapshot", () => {
  const source = `const work = async () => {
  try { throw "lost" } finally { await Timer.delay(1) }
};
await work()`;
  const cold = start(source).complete("op-1").error;
  const open = openFlow(compile(source), startWith(), createHost());
  const warm = open.advance([{ id: idOf("op-1"), status: "completed", output: null }], createHost());
  assert.deepEqual(warm.error, cold);
  assert.equal(cold?.message, "lost");
});

Deno.test("a flow that ends before its async work warns of what is dropped, and where", () => {
  const source = `async function ship(item) {
  await Timer.delay(5);
  await Task.run("ship", { item });
}
ship("a"); ship("b");
Task.run("audit").then(
  () => console.log("audited"));
return "done"`;
  const { step, logged } = start(source);
  assert.equal(step.output, "done");
  assert.equal(logged.length, 1);
  assert.match(logged[0]!, /nobody awaits .*ship \(line 2\)/);
  assert.match(logged[0]!, /<anonymous> \(line 7\)/);
});

Deno.test("a flow that ends with tasks, quiet losers and finished work under way warns of nothing", () => {
  const { logged } = start(`Task.run("audit"); Task.run("b").catch(() => 0);
    const f = async () => 1; f();
    async function quiet() { return await Signal.next("go") }
    quiet();
    return Promise.race([1, Signal.next("x").then((v) => [v])])`);
  assert.deepEqual(logged, []);
});
