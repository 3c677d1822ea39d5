import assert from "node:assert/strict";
import { agrees, end } from "./agree.ts";

agrees(
  "JSON.stringify()",
  `
  JSON.stringify({ a: [1, "x", null, undefined, () => 1, NaN, -0], b: undefined, c: () => 1 })
  JSON.stringify(undefined)
  JSON.stringify(() => 1)
  JSON.stringify("\\u2028\\ud800\\"")
  JSON.stringify([undefined])
  JSON.stringify(new Date(0))
  JSON.stringify(new Date(NaN))
  JSON.stringify({ d: new Date(0), m: new Map([[1, 2]]), s: new Set([1]), r: /a/, e: new Error("x") })
  JSON.stringify({ a: 1, b: [1, 2, {}], c: {} }, null, 2)
  JSON.stringify({ a: [] }, null, "----------------")
  JSON.stringify({ a: 1 }, null, 99)
  JSON.stringify([1], null, "")
  JSON.stringify({ a: 1, b: { a: 2, c: 3 } }, ["a", "b"])
  JSON.stringify({ 1: 1, b: 2 }, [1, "b", 1])
  JSON.stringify({ a: 1 }, ["toString"])
  JSON.stringify({ a: { b: 1 } }, (key, value) => key === "b" ? undefined : value)
  JSON.stringify([1, 2], (key, value) => Array.isArray(value) ? value : key + value)
  JSON.stringify({ a: { toJSON: (key) => "json of " + key } })
  JSON.stringify({ toJSON: () => undefined })
  JSON.stringify({ toJSON: 5 })
  JSON.stringify(5, () => ({ a: 1 }), 1)
  JSON.stringify({ a: 1 }, () => undefined)
  JSON.stringify(Math)
  JSON.stringify({ a: { toJSON: () => { throw new RangeError("mine"); } } })
  (() => { const o = { a: 1 }; o.o = o; return JSON.stringify(o); })()
  (() => { const o = { a: [{}] }; o.a[0].b = o; return JSON.stringify(o); })()
  (() => { const a = []; a.push([[[a]]]); return JSON.stringify(a); })()
  (() => { const o = { a: { b: { c: { d: {} } } } }; o.a.b.c.d.e = o.a; return JSON.stringify(o); })()
  (() => { const calls = []; JSON.stringify({ a: [1], b: { c: 2 } }, (k, v) => { calls.push(k); return v; }); return calls; })()
  (() => { const shared = {}; return JSON.stringify([shared, shared]); })()
`,
);

agrees(
  "JSON.parse()",
  `
  JSON.parse('{"b":1,"a":[1,{"c":null}],"2":0,"1":0}')
  JSON.parse(" [1e3, -0, true, \\"\\\\u0041\\"] ")
  JSON.parse('{"__proto__":{"x":1}}').x
  Object.keys(JSON.parse('{"__proto__":{"x":1},"constructor":2}'))
  JSON.parse("")
  JSON.parse("{a:1}")
  JSON.parse("[1,]")
  JSON.parse("01")
  JSON.parse(undefined)
  JSON.parse(null)
  JSON.parse({ toString: () => "[1]" })
  JSON.parse('{"a":1,"a":2}')
  JSON.parse("[1,2,3]", (key, value) => typeof value === "number" ? value * 2 : value)
  JSON.parse('{"a":1,"b":{"c":2}}', (key, value) => key === "c" ? undefined : value)
  JSON.parse("5", () => "done")
  JSON.parse('{"a":1}', () => undefined)
  JSON.parse('{"a":[1]}', "ignored")
  (() => { const order = []; JSON.parse('{"a":[1,2],"b":{"c":3}}', (k, v) => { order.push(k); return v; }); return order; })()
  JSON.parse('{"a":1,"b":2}', (key, value) => { if (key === "a") throw new Error("stop"); return value; })
`,
);

Deno.test("JSON: nesting of any depth takes nothing of the host's stack", () => {
  const source = `
    let text = "[".repeat(50000) + "]".repeat(50000);
    return JSON.stringify(JSON.parse(text)) === text;`;
  assert.equal(end(source), true);
});

Deno.test("JSON.parse() refuses a reviver that would leave a hole", () => {
  assert.match(
    String(end('return JSON.parse("[1]", (k, v) => k === "0" ? undefined : v)')),
    /^FLOW_SPARSE_ARRAY /,
  );
});

agrees(
  "JSON.parse: the reviver's third argument",
  `
  JSON.parse('[1.50, "a\\u0062", null, true, -0]', (k, v, c) => typeof v === "object" && v ? [v, Object.keys(c)] : [k, v, c.source])
  JSON.parse('{"a": 1e1, "b": {"c": [2.0]}, "__proto__": 3}', (k, v, c) => c.source === undefined ? v : c.source + "!")
  JSON.parse('1.0', (k, v, c) => c)
  JSON.parse('{"a": 1, "b": 2}', function (k, v, c) { return k === "" ? v : [v, c.source]; })
`,
);
