import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "../../../src/shared/json.ts";
import { type Answer, runScript } from "./script.ts";

interface Case {
  readonly source: string;
  readonly inputs?: JsonObject;
  readonly answers?: readonly Answer[];
  readonly output?: JsonValue;
  readonly error?: string;
  readonly asked?: readonly string[];
  readonly logged?: readonly string[];
}

const broken = (message: string, code = "BROKEN"): Answer[1] => ({
  fails: { type: "PaymentError", message, code },
});

const CASES: Readonly<Record<string, Case>> = {
  "Inputs is a copy the flow may change": {
    source: "Inputs.n++; Inputs.list.push(1); return Inputs",
    inputs: { n: 1, list: [] },
    output: { n: 2, list: [1] },
  },
  "Context says who runs": {
    source: "return [Context.flow, Context.attempt, Context.parentId, typeof Context.executionId]",
    output: ["case.flow", 1, null, "string"],
  },
  "Task.run() gives the task's output": {
    source: 'return (await Task.run("a", { x: 1 })).y',
    answers: [["a", { y: 2 }]],
    output: 2,
  },
  "Task.run() without inputs": {
    source: 'return await Task.run("a")',
    answers: [["a", null]],
    output: null,
  },
  "a failed task throws an Error with its type, message and code": {
    source:
      'try { await Task.run("a") } catch (e) { return [e instanceof Error, e.name, e.type, e.message, e.code, e.target] }',
    answers: [["a", broken("no funds")]],
    output: [true, "PaymentError", "PaymentError", "no funds", "BROKEN", "a"],
  },
  "an uncaught task failure fails the flow": {
    source: 'await Task.run("a"); return "not reached"',
    answers: [["a", broken("no funds")]],
    error: "PaymentError: no funds",
  },
  "a task can be started now and awaited later": {
    source: 'const a = Task.run("a"), b = Task.run("b"); const y = await b; return [await a, y]',
    answers: [["b", 2], ["a", 1]],
    asked: ["a", "b"],
    output: [1, 2],
  },
  "a task nobody awaits does not hold the flow up": {
    source: 'Task.run("a"); return 1',
    asked: ["a"],
    output: 1,
  },
  "tasks in a loop run one after the other": {
    source: 'const out = []; for (const x of [1, 2, 3]) out.push(await Task.run("t", { x })); return out',
    answers: [["t", "a"], ["t", "b"], ["t", "c"]],
    output: ["a", "b", "c"],
  },
  "Promise.all() over tasks keeps their order": {
    source: 'return await Promise.all(["a", "b"].map((name) => Task.run(name)))',
    answers: [["b", 2], ["a", 1]],
    output: [1, 2],
  },
  "Promise.all() throws the first failure": {
    source: 'try { await Promise.all([Task.run("a"), Task.run("b")]) } catch (e) { return e.message }',
    answers: [["b", broken("b broke")]],
    output: "b broke",
  },
  "Promise.allSettled() collects both kinds": {
    source:
      'const r = await Promise.allSettled([Task.run("a"), Task.run("b")]); return r.map((x) => x.value ?? x.reason.message)',
    answers: [["a", broken("oops")], ["b", 5]],
    output: ["oops", 5],
  },
  "Promise.any() takes the first that succeeds": {
    source: 'return await Promise.any([Task.run("a"), Task.run("b")])',
    answers: [["a", broken("no")], ["b", 5]],
    output: 5,
  },
  "Promise.race() takes the first": {
    source: 'return await Promise.race([Task.run("a"), Timer.delay(5)]) ?? "timer"',
    answers: [["timer", null]],
    output: "timer",
  },
  "Promise.allKeyed() keeps names": {
    source: 'return await Promise.allKeyed({ x: Task.run("a"), y: 2, z: Promise.resolve(3) })',
    answers: [["a", 1]],
    output: { x: 1, y: 2, z: 3 },
  },
  "Promise.allKeyed() rejects with the first failure": {
    source:
      'try { await Promise.allKeyed({ x: Task.run("a"), y: Task.run("b") }) } catch (e) { return e.message }',
    answers: [["b", broken("b broke")]],
    output: "b broke",
  },
  "Promise.allSettledKeyed() keeps names": {
    source:
      'const r = await Promise.allSettledKeyed({ x: Task.run("a"), y: Promise.reject(new Error("y")) }); return [r.x, r.y.status, r.y.reason.message]',
    answers: [["a", 1]],
    output: [{ status: "fulfilled", value: 1 }, "rejected", "y"],
  },
  "Promise.race_kv() says who won": {
    source: 'return await Promise.race_kv({ task: Task.run("a"), late: Timer.delay("1m") })',
    answers: [["a", 7]],
    output: { key: "task", value: 7 },
  },
  "Promise.race_kv() of an array gives an index": {
    source: 'return await Promise.race_kv([Task.run("a"), Task.run("b")])',
    answers: [["b", 7]],
    output: { key: 1, value: 7 },
  },
  "Promise.any_kv() passes over failures": {
    source: 'return await Promise.any_kv({ a: Task.run("a"), b: Task.run("b") })',
    answers: [["a", broken("no")], ["b", 5]],
    output: { key: "b", value: 5 },
  },
  "Workflow.run() is awaited like a task": {
    source: 'return await Workflow.run("child", { a: 1 })',
    answers: [["child", { ok: true }]],
    output: { ok: true },
  },
  "Signal.next() and Signal.when() are one call": {
    source: 'return [await Signal.next("s"), await Signal.when("s")]',
    answers: [["s", 1], ["s", 2]],
    output: [1, 2],
  },
  "a timed-out signal throws a TimeoutError": {
    source: 'try { await Signal.next("s", { timeout: "1h" }) } catch (e) { return e.name }',
    answers: [["s", { fails: { type: "TimeoutError", message: "timed out" } }]],
    output: "TimeoutError",
  },
  "Signal.send() is an effect": {
    source: 'Signal.send(Context.executionId, "hello", { a: 1 }); return 1',
    asked: ["send hello"],
    output: 1,
  },
  "the loser of a race is let go": {
    source:
      'await Promise.race([Signal.next("s"), Timer.delay(1)]); const late = await Signal.next("s"); return late',
    answers: [["timer", null], ["s", "kept"]],
    output: "kept",
  },
  "Timer.until() takes a Date": {
    source: "await Timer.until(new Date(Date.now() + 1000)); return 1",
    answers: [["timer", null]],
    output: 1,
  },
  "console writes durable lines": {
    source: 'console.log("a", 1); console.warn("b"); console.error("c"); return 1',
    logged: ["a 1", "b", "c"],
    output: 1,
  },
  "two activities are stopped and resumed each on its own": {
    source:
      'const out = []; const f = async (n) => { for (let i = 0; i < 2; i++) out.push(n + (await Task.run(n))) }; await Promise.all([f("a"), f("b")]); return out',
    answers: [["b", 1], ["b", 2], ["a", 3], ["a", 4]],
    output: ["b1", "b2", "a3", "a4"],
  },
  "finally runs, and may wait": {
    source: 'try { await Task.run("a") } finally { await Task.run("cleanup") }',
    answers: [["a", broken("x")], ["cleanup", null]],
    asked: ["a", "cleanup"],
    error: "PaymentError: x",
  },
  "variables of every kind survive a wait": {
    source:
      "const m = new Map([[1, new Set([NaN])]]), d = new Date(5), e = new TypeError('t'), u = undefined, z = -0, r = /a/g; r.lastIndex = 3; const f = () => m; await Timer.delay(1); return [f() === m, m.get(1).has(NaN), d.getTime(), e.message, e instanceof TypeError, u === undefined, 1 / z === -Infinity, r.source, r.lastIndex]",
    answers: [["timer", null]],
    output: [true, true, 5, "t", true, true, true, "a", 3],
  },
  "shared references and cycles survive a wait": {
    source:
      "const a = {}, b = { a, c: [a] }; a.b = b; await Timer.delay(1); return [b.a === a, b.c[0] === a, a.b === b]",
    answers: [["timer", null]],
    output: [true, true, true],
  },
  "iterators survive a wait": {
    source:
      "const out = []; for (const [k, v] of new Map([[1, 2], [3, 4]])) { await Timer.delay(1); out.push(k + v) } return out",
    answers: [["timer", null], ["timer", null]],
    output: [3, 7],
  },
  "half an expression survives a wait": {
    source:
      'let n = 1; const o = { a: [n++, await Task.run("t"), n++], b: `${n}${await Task.run("t")}` }; return o',
    answers: [["t", "x"], ["t", "y"]],
    output: { a: [1, "x", 2], b: "3y" },
  },
  "what JSON cannot carry is an error at the call": {
    source:
      'const o = {}; o.self = o; try { await Task.run("a", o) } catch (e) { return e instanceof Error }',
    output: true,
  },
  "an output crosses as JSON.stringify writes it": {
    source: "return { d: new Date(0), u: undefined, n: NaN, m: [...new Map([[1, 2]])], a: [undefined] }",
    output: { d: "1970-01-01T00:00:00.000Z", n: null, m: [[1, 2]], a: [null] },
  },
  "a bare return gives null": { source: "return", output: null },
  "an empty flow gives null": { source: "", output: null },
  "an unhandled rejection fails the flow at rest": {
    source: 'Promise.reject(new RangeError("lost")); await Task.run("a"); return 1',
    error: "RangeError: lost",
  },
  "the failure of a task nobody awaits is not the flow's": {
    source: 'Task.run("a"); return await Task.run("b")',
    answers: [["b", 1]],
    output: 1,
  },
  "a thrown value that is no error fails the flow too": {
    source: 'throw "just text"',
    error: "*",
  },
  "the wrapper `async function main()` is taken off": {
    source: 'async function main() {\n  return await Task.run("a")\n}',
    answers: [["a", 1]],
    output: 1,
  },
};

for (const [title, one] of Object.entries(CASES)) {
  Deno.test(`durable API: ${title}`, () => {
    const run = runScript(one.source, { name: "case.flow", inputs: one.inputs, answers: one.answers ?? [] });
    if (one.error === "*") assert(run.error);
    else assert.equal(run.error && `${run.error.type}: ${run.error.message}`, one.error);
    assert.deepEqual(run.output, one.output);
    if (one.asked) assert.deepEqual(run.asked, one.asked);
    if (one.logged) assert.deepEqual(run.logged, one.logged);
  });
}

Deno.test("the wrapper is taken off, with a parameter and called at the end: the parameter gets the inputs", () => {
  const bodies = [
    ["async function main(inputs) {", "return inputs.a + 1 }"],
    ["async function main({ a, b = 1 }) {", "return a + b }"],
    ["async function main({ a } = {}) {", "return a + 1 }"],
    ["async function main(Inputs) {", "return Inputs.a + 1 }"],
    ["async function main() {", "return Inputs.a + 1 }"],
  ];
  for (const [head, body] of bodies) {
    for (const call of ["", "main()", "await main(Inputs);", "return main()", "return await main(Inputs)"]) {
      const source = `${head} await Timer.delay(1); ${body}\n${call}`;
      const run = runScript(source, { name: "main", inputs: { a: 1 }, answers: [["timer", null]] });
      assert.deepEqual([run.output, run.error], [2, undefined], source);
    }
  }
});
