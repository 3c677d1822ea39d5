import assert from "node:assert/strict";
import fc from "fast-check";
import {
  assertJson,
  errorsAsObjects,
  JsonError,
  type JsonValue,
  storedOrder,
  toJson,
} from "../../src/shared/json.ts";
import { testSeed } from "../support/seed.ts";

Deno.test("toJson() writes what JSON.stringify writes, for any JSON value", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(toJson(value), JSON.stringify(value))), {
    seed: testSeed,
  });
});

Deno.test("toJson() leaves out undefined members and honours toJSON", () => {
  assert.equal(toJson({ a: undefined, at: new Date(0) }), '{"at":"1970-01-01T00:00:00.000Z"}');
  assert.equal(toJson(undefined), "null");
});

const cycle: Record<string, unknown> = {};
cycle.self = { again: cycle };
const deep: unknown[] = [];
let inner = deep;
for (let level = 0; level < 5000; level++) inner.push(inner = []);

const refusals: [title: string, value: unknown, path: string, code: string, words: RegExp][] = [
  ["a function", { on: { done: () => 1 } }, "inputs.on.done", "JSON_UNSUPPORTED", /function/],
  ["a symbol", [Symbol("x")], "inputs[0]", "JSON_UNSUPPORTED", /symbol/],
  ["a BigInt", { n: [1, 2n] }, "inputs.n[1]", "JSON_UNSUPPORTED", /BigInt/],
  ["NaN", { "a b": NaN }, 'inputs["a b"]', "JSON_UNSUPPORTED", /NaN/],
  ["an infinity", -Infinity, "inputs", "JSON_UNSUPPORTED", /-Infinity/],
  ["a Map", { m: new Map([[1, 2]]) }, "inputs.m", "JSON_UNSUPPORTED", /Map/],
  ["a Set", { m: new Set() }, "inputs.m", "JSON_UNSUPPORTED", /Set/],
  ["bytes", { m: new Uint8Array(2) }, "inputs.m", "JSON_UNSUPPORTED", /Uint8Array/],
  ["an error", { e: new TypeError("x") }, "inputs.e", "JSON_UNSUPPORTED", /a TypeError.*pass its `message`/],
  ["a RegExp", [/x/], "inputs[0]", "JSON_UNSUPPORTED", /a RegExp.*pass its `source`/],
  ["a promise", { p: Promise.resolve() }, "inputs.p", "JSON_UNSUPPORTED", /a Promise.*await it first/],
  ["a WeakMap", { m: new WeakMap() }, "inputs.m", "JSON_UNSUPPORTED", /a WeakMap.*would turn into/],
  ["a WeakSet", { m: new WeakSet() }, "inputs.m", "JSON_UNSUPPORTED", /a WeakSet/],
  ["headers", { h: new Headers() }, "inputs.h", "JSON_UNSUPPORTED", /a Headers/],
  [
    "search parameters",
    { q: new URLSearchParams("a=1") },
    "inputs.q",
    "JSON_UNSUPPORTED",
    /a URLSearchParams/,
  ],
  ["an iterator", { g: [].values() }, "inputs.g", "JSON_UNSUPPORTED", /an Iterator/],
  ["what toJSON gives", { m: { toJSON: () => ({ x: NaN }) } }, "inputs.m.x", "JSON_UNSUPPORTED", /NaN/],
  ["a NUL character", { lines: ["a\0b"] }, "inputs.lines[0]", "JSON_UNSUPPORTED", /NUL character/],
  ["half of a surrogate pair", { cut: "😀".slice(0, 1) }, "inputs.cut", "JSON_UNSUPPORTED", /surrogate pair/],
  ["a key with a NUL character", { "\0": 1 }, 'the key "\\u0000" of inputs', "JSON_UNSUPPORTED", /NUL/],
  ["a cycle", cycle, "inputs.self.again", "JSON_CYCLE", /contains itself/],
];

for (const [title, value, path, code, words] of refusals) {
  Deno.test(`toJson() refuses ${title} and names its place`, () => {
    assert.throws(() => toJson(value, { what: "inputs" }), (error: unknown) => {
      assert(error instanceof JsonError);
      assert.deepEqual([error.path, error.code], [path, code]);
      assert.match(error.message, words);
      return true;
    });
  });
}

Deno.test("toJson() carries instances of classes that have fields, and what is written as a primitive", () => {
  class Order {
    constructor(readonly id: number) {}
  }
  class None {}
  const value = {
    order: new Order(1),
    none: new None(),
    url: new URL("a:b"),
    number: Object(5),
    bare: Object.create(null),
  };
  assert.equal(toJson(value), '{"order":{"id":1},"none":{},"url":"a:b","number":5,"bare":{}}');
});

Deno.test("errorsAsObjects() keeps what an error says in log data", () => {
  const error = Object.assign(new TypeError("bad"), { code: "E1" });
  const told = errorsAsObjects({ causes: [error] }) as { causes: { stack: string }[] };
  const { stack, ...rest } = told.causes[0]!;
  assert.deepEqual(rest, { name: "TypeError", message: "bad", code: "E1" });
  assert.match(stack, /^TypeError: bad\n/);
  assert.throws(() => toJson(errorsAsObjects(cycle)), JsonError);
});

Deno.test("toJson() refuses nesting that readers could not follow", () => {
  assert.throws(
    () => toJson(deep),
    (error: unknown) => error instanceof JsonError && error.code === "JSON_TOO_DEEP",
  );
});

Deno.test("toJson() carries the same object twice when that is no cycle", () => {
  const shared = { x: 1 };
  assert.equal(toJson([shared, shared]), '[{"x":1},{"x":1}]');
});

Deno.test("toJson() carries texts that only look like escapes", () => {
  for (const text of ["\\u0000", "\\ud800", "😀", "\u0001"]) assert.equal(JSON.parse(toJson(text)), text);
});

Deno.test("toJson() counts bytes, not characters", () => {
  const text = "ü".repeat(10);
  assert.equal(toJson(text, { maxBytes: 22 }), JSON.stringify(text));
  assert.throws(() => toJson(text, { maxBytes: 21 }), /takes 22 bytes.*at most 21/);
  assert.throws(() => assertJson("x".repeat(100), { maxBytes: 50 }), { code: "JSON_TOO_LARGE" });
});

Deno.test("storedOrder() gives keys the order of jsonb: by length in bytes, then by bytes; at any depth", () => {
  const given =
    '{"zebra":[{"b":2,"aa":1,"a":0}],"é":1,"abc":2,"\u{fffd}":3,"\u{10000}":4,"x":{},"10":5,"9":6,"__proto__":7}';
  const stored =
    '{"9":6,"10":5,"x":{},"é":1,"abc":2,"\u{fffd}":3,"\u{10000}":4,"zebra":[{"a":0,"b":2,"aa":1}],"__proto__":7}';
  assert.equal(JSON.stringify(storedOrder(JSON.parse(given))), stored);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const copy = JSON.parse(JSON.stringify(value)) as JsonValue;
      assert.deepEqual(storedOrder(copy), JSON.parse(JSON.stringify(value)));
    }),
    { seed: testSeed },
  );
});
