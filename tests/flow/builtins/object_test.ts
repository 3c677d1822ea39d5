import assert from "node:assert/strict";
import { agrees, end } from "./agree.ts";

agrees(
  "Object: statics",
  `
  Object.keys({ b: 1, 2: 1, a: 1, 1: 1 })
  Object.keys([7, 8])
  Object.keys("ab")
  Object.keys(5)
  Object.keys(null)
  Object.keys(new Map([[1, 2]]))
  Object.keys(Object.assign(new Error("m"), { code: 1 }))
  Object.keys(/a(b)?/.exec("a"))
  Object.values({ a: 1, b: [2] })
  Object.values("ab")
  Object.entries({ a: 1, b: 2 })
  Object.entries(undefined)
  Object.fromEntries([["a", 1], ["b", 2], ["a", 3]])
  Object.fromEntries(new Map([["x", 1]]))
  Object.fromEntries([[1, 2], { 0: "k", 1: "v" }])
  Object.fromEntries([1])
  Object.fromEntries(null)
  Object.fromEntries(5)
  Object.assign({ a: 1 }, { b: 2 }, null, undefined, "xy", [9], { a: 3 })
  Object.assign(null, {})
  Object.assign([1, 2], [3])
  Object.hasOwn({ a: undefined }, "a")
  Object.hasOwn([1], "0")
  Object.hasOwn([1], "length")
  Object.hasOwn("ab", 1)
  Object.hasOwn({}, "toString")
  Object.hasOwn(null, "a")
  Object.groupBy([1, 2, 3, 4], (n, index) => n % 2 ? "odd" : index)
  Object.groupBy("abca", (c) => c)
  Object.groupBy(null, () => 1)
  Object.groupBy([1], 5)
  Object.name
  Object.keys.length
  [] instanceof Object
  ({}) instanceof Object
  (() => 1) instanceof Object
  5 instanceof Object
  null instanceof Object
`,
);

agrees(
  "Object: members",
  `
  ({}).toString()
  ({ a: 1 }).hasOwnProperty("a")
  ({ a: 1 }).hasOwnProperty("toString")
  ({ hasOwnProperty: 5 }).hasOwnProperty
  ({ a: 1 }).valueOf()
  ({ valueOf: () => 3 }) + 1
  ({ toString: () => "x" }) + 1
  Math.toString()
  JSON.toString()
  new Map().toString()
  new Set().toString()
  [].keys().toString()
  "ab".matchAll(/a/g).toString()
  new Map().keys().toString()
  ({ nothing: 1 }).other
  ({ constructor: 1 }).constructor
`,
);

Deno.test("Object: members that JavaScript finds on a prototype are refused by name, unless own", () => {
  for (
    const name of ["constructor", "__proto__", "isPrototypeOf", "propertyIsEnumerable", "__lookupGetter__"]
  ) {
    assert.match(String(end(`const k = "${name}"; return ({})[k]`)), /^FLOW_UNSUPPORTED_MEMBER TypeError: /);
    assert.equal(end(`const k = "${name}"; return { [k]: 5 }[k]`), 5);
  }
});

Deno.test("Object: a static that is not offered is refused, also where only the run shows it", () => {
  assert.match(
    String(end('const k = "freeze"; const o = [Object][0]; return o[k]')),
    /^FLOW_UNSUPPORTED_MEMBER TypeError: /,
  );
});

Deno.test("Object.assign() to a primitive is refused: JavaScript would make a wrapper", () => {
  assert.match(String(end("return Object.assign(5, {})")), /^FLOW_WRAPPER_OBJECT TypeError: /);
});

agrees(
  "Object: odd keys",
  `
  Object.hasOwn("abc", 1.5)
  Object.hasOwn("abc", "01")
  "abc"[1.5]
  [1, 2][1.5]
  Object.hasOwn([1, 2], 1.5)
  1.5 in [1, 2]
  [1, 2]["4294967296"]
  ({ ["__proto__"]: 1 })
  Object.keys({ ["__proto__"]: 1 })
  (() => { const o = { ["__proto__"]: 1 }; o["__pro" + "to__"] = 5; return o; })()
  (() => { const k = "__proto__"; const { [k]: x, ...rest } = { [k]: 1, a: 2 }; return [x, rest]; })()
  ({ ...JSON.parse('{"__proto__": 1}') })
  Object.fromEntries([["__proto__", 1]])
  Object.groupBy([1], () => "__proto__")
  structuredClone(JSON.parse('{"__proto__": 1}'))
`,
);

// Deno's own V8 has no `__proto__`.
Deno.test("Object: another prototype is refused, and what can be none is passed over", () => {
  const key = 'const k = "__pro" + "to__"; const o = {};';
  for (const line of ["o[k] = {}", "o[k] = null", "Object.assign(o, { [k]: {} })"]) {
    assert.match(
      String(end(`${key} ${line}; return Object.keys(o)`)),
      /^FLOW_UNSUPPORTED_MEMBER TypeError: /,
    );
  }
  for (const line of ["o[k] = 5", "Object.assign(o, { [k]: 5 })"]) {
    assert.deepEqual(end(`${key} ${line}; return Object.keys(o)`), []);
  }
});
