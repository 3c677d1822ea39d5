import assert from "node:assert/strict";
import { openFlow } from "../../../src/flow/mod.ts";
import { compile, createHost, idOf, start, startWith } from "../vm/support.ts";

/** What a flow gives whose body has one wait in its middle: through JSON text, and warm; both must agree. */
function acrossWait(before: string, after: string): unknown {
  const source = `${before}; await Timer.delay(1); ${after}`;
  const flow = start(source);
  assert.equal(flow.step.status, "suspended", JSON.stringify(flow.step.error));
  const cold = flow.complete("op-1");
  assert.equal(cold.status, "completed", JSON.stringify(cold.error));
  const open = openFlow(compile(source), startWith(), createHost());
  const warm = open.advance([{ id: idOf("op-1"), status: "completed", output: null }], createHost());
  assert.deepEqual(warm, cold);
  return cold.output;
}

Deno.test("snapshots keep numbers that JSON does not know, and undefined", () => {
  const output = acrossWait(
    "const list = [NaN, -0, Infinity, -Infinity, undefined, null, 1e300, 5e-324]",
    "return list.map((n) => n === 0 ? 1 / n < 0 ? '-0' : '0' : typeof n + n)",
  );
  const numbers = ["numberNaN", "-0", "numberInfinity", "number-Infinity"];
  assert.deepEqual(output, [...numbers, "undefinedundefined", "objectnull", "number1e+300", "number5e-324"]);
});

Deno.test("snapshots keep shared references and cycles", () => {
  const output = acrossWait(
    "const a = { n: 1 }; a.self = a; const pair = [a, a]; const map = new Map([[a, pair]])",
    "pair[0].n = 2; return [a.n, pair[1] === a, a.self.self === a, map.get(a) === pair]",
  );
  assert.deepEqual(output, [2, true, true, true]);
});

Deno.test("snapshots keep variables shared by closures, one for each turn of a loop", () => {
  const output = acrossWait(
    `let shared = 0; const add = () => ++shared; const get = () => shared;
     const each = []; for (let i = 0; i < 3; i++) each.push({ up: () => i += 10, get: () => i })`,
    "add(); each[1].up(); return [get(), shared, each.map((one) => one.get())]",
  );
  assert.deepEqual(output, [1, 1, [0, 11, 2]]);
});

Deno.test("snapshots keep the order of keys, and keys that look like the host's", () => {
  const output = acrossWait(
    'const o = { z: 1, a: 2, 10: "x", 9: "y", ["constructor"]: 5, ["__pro" + "to__"]: 6 }',
    'return [Object.keys(o), o["constructor"], o["__pro" + "to__"]]',
  );
  assert.deepEqual(output, [["9", "10", "z", "a", "constructor", "__proto__"], 5, 6]);
});

Deno.test("snapshots keep text that stores of JSON refuse", () => {
  const output = acrossWait(
    'const odd = ["\\u0000a", "\\ud800", "\\\\u0041", "😀", "\\uf8ffx"]; const o = { "\\u0000k": 1 }; const bad = odd',
    "return [odd.map((s) => s.length), odd.map((s) => s.charCodeAt(0)), Object.keys(o)[0].length]",
  );
  assert.deepEqual(output, [[2, 1, 6, 2, 2], [0, 0xd800, 92, 0xd83d, 0xf8ff], 2]);
});

Deno.test("snapshots keep iterators that stand in the middle of changing collections", () => {
  const output = acrossWait(
    `const map = new Map([["a", 1], ["b", 2], ["c", 3], ["d", 4]]);
     const it = map.entries(); it.next(); it.next(); map.delete("a"); map.delete("c"); map.set("e", 5);
     const list = [1, 2, 3].entries(); list.next()`,
    "return [[...it], it.next().done, [...list]]",
  );
  assert.deepEqual(output, [[["d", 4], ["e", 5]], true, [[1, 2], [2, 3]]]);
});

Deno.test("snapshots keep dates, errors with all they carry, and functions of the library", () => {
  const output = acrossWait(
    `const date = new Date(86400000); const e = new TypeError("bad", { cause: { why: 1 } }); e.code = "X";
     const max = Math.max; const push = [].push; const f = function named(a, b) {}; const o = { ["k" + 1]: () => 1 }`,
    `return [date.getTime(), e instanceof TypeError, e.message, e.cause.why, e.code, Object.keys(e), max(1, 2),
       typeof push, f.name, f.length, o.k1.name]`,
  );
  assert.deepEqual(output, [86400000, true, "bad", 1, "X", ["code"], 2, "function", "named", 2, "k1"]);
});

Deno.test("snapshots keep a finally under way, with what comes after it", () => {
  const flow = start(`const f = async (how) => {
      for (const n of [1, 2]) {
        try { if (how === "throw") throw new Error("x"); if (how === "break") break; return "r" + n }
        finally { await Timer.delay(1); console.log("f" + n) }
      }
      return "end";
    };
    const results = await Promise.allSettled([f("throw"), f("break"), f("return")]);
    return results.map((r) => r.value ?? r.reason.message)`);
  for (const id of ["op-3", "op-1", "op-2"]) flow.complete(id);
  assert.deepEqual(flow.step.output, ["x", "end", "r1"]);
});

Deno.test("snapshots keep promises with handlers, resolvers and combinators under way", () => {
  const flow = start(`const { promise, resolve } = Promise.withResolvers();
    const seen = [];
    promise.then((v) => seen.push("then " + v)).finally(() => seen.push("finally"));
    const all = Promise.all([promise, Task.run("a")]);
    await Timer.delay(1);
    resolve("late"); resolve("never");
    return [await all, seen]`);
  flow.complete("op-1", "A");
  assert.deepEqual(flow.complete("op-2").output, [["late", "A"], ["then late", "finally"]]);
});

Deno.test("a pause between any two jobs changes nothing", () => {
  const source = `const log = [];
    const tick = async (name, n) => { for (let i = 0; i < n; i++) { await null; log.push(name + i) } return name };
    Promise.resolve(1).finally(() => log.push("finally")).then(() => log.push("then"));
    await Promise.all([tick("a", 3), tick("b", 2), { then: (done) => done("thenable") }]);
    return log`;
  const straight = start(source).step.output;
  const program = compile(source);
  const host = { ...createHost(), pause: () => (paused = !paused) };
  let paused = false;
  let step = openFlow(program, startWith(), host).step;
  for (let turn = 0; step.status === "suspended"; turn++) {
    assert(step.paused && turn < 100);
    const snapshot = JSON.parse(JSON.stringify(step.snapshot));
    step = openFlow(program, { snapshot, settled: [] }, host).step;
  }
  assert.deepEqual(step.output, straight);
});

Deno.test("snapshots keep what a match has besides its elements", () => {
  const output = acrossWait(
    "const m = 'xab'.match(/(?<q>a)(b)/d); m.index++",
    "return [Object.keys(m), { ...m }, m.groups.q, m.indices.groups, 'index' in m, 'index' in [1]]",
  );
  const keys = ["0", "1", "2", "index", "input", "groups", "indices"];
  const indices = [[1, 3], [1, 2], [2, 3]];
  const members = { 0: "ab", 1: "a", 2: "b", index: 2, input: "xab", groups: { q: "a" }, indices };
  assert.deepEqual(output, [keys, members, "a", { q: [1, 2] }, true, false]);
});
