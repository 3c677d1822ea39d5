import type { JsonValue } from "../../../src/shared/json.ts";
import assert from "node:assert/strict";
import { compileFlow, startFlow } from "../../../src/flow/mod.ts";
import { createHost, start, startWith } from "./support.ts";

/** Values of every kind a flow can hold. */
const VALUES = [
  "{}",
  "[]",
  "() => 1",
  "async () => 1",
  "function named() {}",
  "'text'",
  "1",
  "true",
  "/r/g",
  "new Map([[1, 2]])",
  "new Set([1])",
  "new Date(0)",
  "new Error('e')",
  "new AggregateError([1])",
  "Promise.resolve(1)",
  "[1].values()",
  "new Map().entries()",
  "'a'.matchAll(/a/g)",
  "'abc'.match(/(?<b>b)/d)",
  "'abc'.match(/(?<b>b)/d).groups",
  "Object.groupBy([1], () => 'a')",
  'JSON.parse(\'{"__proto__": {"a": 1}, "constructor": 2}\')',
  "structuredClone({ a: 1 })",
  "Promise.withResolvers().resolve",
  "Array",
  "Object",
  "Promise",
  "Error",
  "Math.max",
  "[].map",
  "Math",
  "JSON",
  "crypto",
  "console",
  "Task",
  "Signal",
  "Context",
  "Inputs",
];

/** Names that lead a host program to prototypes, constructors or the global object. */
const NAMES = [
  "constructor",
  "__proto__",
  "prototype",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "caller",
  "callee",
  "arguments",
  "call",
  "apply",
  "bind",
  "Symbol",
  "hidden",
  "props",
  "trace",
  "index_",
  "captures",
  "members",
  "statics",
  "compiled",
  "live",
  "reactions",
  "kind_",
  "target_",
  "refused",
  "construct",
];

Deno.test("no member of any value leads out, however it is named", () => {
  const source = `const values = [${VALUES.join(", ")}];
    const found = [];
    for (const [i, value] of values.entries()) {
      for (const name of Inputs.names) {
        const own = typeof value === "object" && Object.hasOwn(value, name);
        for (const [how, read] of [["get", () => value[name]], ["chain", () => value?.[name]],
          ["take", () => { const { [name]: taken } = value; return taken; }]]) {
          try {
            const got = read();
            if (got !== undefined && !own) found.push([how, i, name, typeof got]);
          } catch (e) {
            if (e.code !== "FLOW_UNSUPPORTED_MEMBER") found.push([how, i, name, String(e)]);
          }
        }
      }
    }
    return found`;
  const { step } = start(source, { inputs: { names: NAMES } });
  assert.equal(step.status, "completed", JSON.stringify(step.error));
  assert.deepEqual(step.output, []);
});

Deno.test("no write reaches a prototype or an object of the library", () => {
  const source = `const attempts = [
      () => { const o = {}; try { o[Inputs.b] = { polluted: 1 } } catch (e) { return [e.code, o.polluted] } },
      () => { const o = { [Inputs.b]: { polluted: 1 } }; return [Object.keys(o), o.polluted]; },
      () => { const o = JSON.parse('{"__proto__": {"polluted": 1}}'); return [Object.keys({ ...o }), o.polluted]; },
      () => { try { Object.assign({}, JSON.parse('{"__proto__": {"polluted": 1}}')) } catch (e) { return [e.code, ({}).polluted] } },
      () => { const o = Object.fromEntries([["__proto__", { polluted: 1 }]]); return [Object.keys(o), o.polluted]; },
      () => { const o = structuredClone(JSON.parse('{"__proto__": {"polluted": 1}}')); return [Object.keys(o), o.polluted]; },
      () => { const { ...o } = JSON.parse('{"__proto__": {"polluted": 1}}'); return [Object.keys(o), o.polluted]; },
      () => { const o = Object.groupBy([1], () => "__proto__"); return [Object.keys(o), o.polluted]; },
    ];
    const results = attempts.map((f) => f());
    for (const value of [[], () => 1, Math, JSON, Array, new Map(), new Date(), Promise, Task, console, [].map]) {
      for (const key of ["__proto__", "constructor", "polluted", "prototype"]) {
        try { value[key] = 1; results.push([key, typeof value]); } catch (e) { if (e.name !== "TypeError") results.push(e.name); }
      }
    }
    return [results, [].polluted, ({}).polluted, (() => 1).polluted, Object.keys(Inputs)]`;
  const inputs = JSON.parse('{"__proto__": {"polluted": 1}, "a": 1, "b": "__proto__"}');
  const { step } = start(source, { inputs });
  const own: JsonValue[] = Array.from({ length: 8 }, () => [["__proto__"], null]);
  // JavaScript would give these two another prototype.
  own[0] = own[3] = ["FLOW_UNSUPPORTED_MEMBER", null];
  const results = (step.output as JsonValue[])[0] as JsonValue[];
  assert.deepEqual(step.output, [own, null, null, null, ["__proto__", "a", "b"]], JSON.stringify(results));
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

const NESTED: [what: string, source: string][] = [
  ["sort", "const f = () => [2, 1].sort(f); f()"],
  ["map", "const f = () => [1].map(f); f()"],
  ["forEach of a Map", "const m = new Map([[1, 1]]); const f = () => m.forEach(f); f()"],
  ["reduce", "const f = () => [1, 2].reduce(f); f()"],
  ["replace", "const f = () => 'a'.replace(/a/, f); f()"],
  ["replaceAll", "const f = () => 'a'.replaceAll('a', f); f()"],
  ["JSON.parse", "const f = () => JSON.parse('[1]', f); f()"],
  ["JSON.stringify", "const f = () => JSON.stringify({ toJSON: f }); f()"],
  ["JSON.stringify with a replacer", "const f = () => JSON.stringify([1], f); f()"],
  ["Array.from", "const f = () => Array.from([1], f); f()"],
  ["groupBy", "const f = () => Object.groupBy([1], f); f()"],
  ["toString", "const o = { toString: () => '' + o }; '' + o"],
  ["valueOf", "const o = { valueOf: () => o + 1 }; o + 1"],
  ["a key", "const o = { toString: () => ({})[o] }; ({})[o]"],
  ["an executor", "const f = () => new Promise(f); f(); f()"],
  ["join of itself", "const a = []; a.push(a); const o = { toString: () => [o].join() }; [o].join()"],
  ["flat", "const f = () => [[1]].flatMap(f); f()"],
  ["defaults", "const f = (a = f()) => a; f()"],
];

for (const [what, source] of NESTED) {
  Deno.test(`endless recursion through ${what} ends with our error, which can be caught`, () => {
    const { step } = start(`try { ${source}; return "ended" } catch (e) { return [e.name, e.code] }`);
    // An executor that throws rejects its promise.
    const expected = what === "an executor" ? "FLOW_CALL_DEPTH" : ["RangeError", "FLOW_CALL_DEPTH"];
    assert.deepEqual(step.error?.code ?? step.output, expected);
  });
}

const HUGE: string[] = [
  "'x'.repeat(2 ** 30)",
  "'x'.repeat(2 ** 29).repeat(2)",
  "'x'.padStart(2 ** 30)",
  "'x'.padEnd(2 ** 29, 'ab')",
  "Array.from({ length: 2 ** 32 - 1 })",
  "Array.from({ length: 2 ** 53 })",
  "let a = [1]; for (;;) a = a.concat(a)",
  "let a = [1]; for (;;) a.push(...a)",
  "let a = [1]; for (;;) a = [...a, ...a]",
  "let a = [[1]]; for (;;) a = [a, a].flat()",
  "let s = 'xy'; for (;;) s = s.replaceAll(/./g, '$&$&')",
  "let s = 'xy'; for (;;) s = s.split('').join('ab')",
  "let s = 'xy'; for (;;) s = `${s}${s}`",
  "let s = 'xy'; for (;;) s = s.concat(s, s)",
  "const a = Array.from({ length: 100000 }, () => 'x'.repeat(100000)); a.join('')",
  "const m = new Map(); for (let i = 0; ; i++) m.set(i, i)",
  "const s = new Set(); for (let i = 0; ; i++) s.add(i)",
  "let s = 'x'; for (;;) s = JSON.stringify([s, s])",
  "const o = {}; for (let i = 0; ; i++) o['k' + i] = i",
  "const a = []; for (let i = 0; ; i++) a.unshift(i)",
  "String.fromCharCode(...Array.from({ length: 2 ** 16 }, () => 65)).repeat(2 ** 10)",
];

for (const source of HUGE) {
  Deno.test(`${source} ends with a limit or an error, soon`, () => {
    const limits = { instructions: 2_000_000, stringLength: 2 ** 22, arrayLength: 2 ** 20 };
    const { step } = start(`try { ${source} } catch (e) { return e.name + " " + e.message }`, { limits });
    const outcome = step.error?.code ?? step.output;
    assert.match(String(outcome), /^(FLOW_MEMORY|FLOW_INSTRUCTIONS|RangeError .*)$/);
  });
}

Deno.test("a host that throws is not caught by a flow", () => {
  const { program } = compileFlow({
    name: "a.flow",
    source: "try { await null; await null } catch { return 1 }",
  });
  const host = {
    ...createHost(),
    pause: () => {
      throw new Error("the host's own");
    },
  };
  assert.throws(() => startFlow(program!, startWith(), host), /the host's own/);
});
