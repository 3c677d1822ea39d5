import assert from "node:assert/strict";
import { agrees, end } from "./agree.ts";

agrees(
  "Array: what reads",
  `
  [1, 2, 3].at(-1)
  [1, 2, 3].at(5)
  [1, 2, 3].at("1")
  [1, 2, 3].at(NaN)
  [1].concat(2, [3, [4]], "x", null)
  [..."abc"].entries().next()
  [...[7, 8].keys()]
  [...[7, 8].values()]
  [NaN, -0].includes(NaN)
  [NaN, -0].includes(0)
  [1, 2, 3].includes(1, 1)
  [1, 2, 3].includes(3, -1)
  [NaN].indexOf(NaN)
  [1, 2, 1].indexOf(1, 1)
  [1, 2, 1].indexOf(1, -1)
  [1, 2, 1].indexOf(1, -Infinity)
  [1, 2, 1].lastIndexOf(1)
  [1, 2, 1].lastIndexOf(1, undefined)
  [1, 2, 1].lastIndexOf(1, -2)
  [1, 2, 1].lastIndexOf(1, -4)
  [1, 2, 1].lastIndexOf(2, Infinity)
  [1, 2, 3, 4].slice(1, -1)
  [1, 2, 3, 4].slice(-2)
  [1, 2, 3, 4].slice("1", null)
  [1, 2, 3].with(-1, "x")
  [1, 2, 3].with(3, "x")
  [1, 2, 3].with(-4, "x")
  [1, 2, 3].toReversed()
  [1, [2, [3, [4]]]].flat()
  [1, [2, [3, [4]]]].flat(Infinity)
  [1, [2, [3, [4]]]].flat(0)
  [1, [2, [3, [4]]]].flat(-1)
  [1, [2, [3, [4]]]].flat("2")
  [1, null, undefined, [2, [3]], "x"].join()
  [1, 2].join(undefined)
  [1, 2].join(null)
  [[1, 2], [3, [4]]].toString()
  String([[], [[]], {}])
  [1, 2, 3].join({ toString: () => "-" })
`,
);

agrees(
  "Array: callbacks",
  `
  [1, 2, 3].map((value, index, array) => [value, index, array.length])
  [1, 2, 3].map(String)
  ["1", "2", "3"].map(parseInt)
  [1, 2, 3, 4].filter((n) => n % 2)
  [1, 2, 3].every((n) => n > 0)
  [].every(() => false)
  [1, 2, 3].some((n) => n > 2)
  [].some(() => true)
  [1, 2, 3].forEach(() => 5)
  [1, 2, 3].find((n) => n > 1)
  [1, 2, 3].find((n) => n > 5)
  [1, 2, 3].findIndex((n) => n > 1)
  [1, 2, 3].findLast((n) => n < 3)
  [1, 2, 3].findLastIndex((n) => n < 0)
  [1, 2, 3].flatMap((n) => [n, [n]])
  [1, 2, 3].flatMap((n) => n)
  [1, 2, 3].reduce((sum, value, index, array) => sum + value * index + array.length)
  [1, 2, 3].reduce((sum, value) => sum + value, undefined)
  [].reduce((sum) => sum)
  [].reduce((sum) => sum, 5)
  ["a", "b", "c"].reduceRight((text, value, index) => text + value + index)
  [].reduceRight((sum) => sum)
  [1, 2].map()
  [1, 2].map("x")
  [1, 2].filter({})
  [].find(null)
  [1, 2, 3].map(() => { throw new RangeError("mine"); })
  [1, 2, 3].map((n) => { if (n === 2) throw n; return n; })
  (() => { const a = [1, 2, 3]; const seen = []; a.forEach((n) => { seen.push(n); a.pop(); }); return [a, seen]; })()
  (() => { const a = [1, 2, 3]; const seen = []; a.forEach((n) => { seen.push(n); a.push(n); }); return [a, seen]; })()
  (() => { const a = [1, 2, 3, 4]; return a.filter((n) => { a.length = 2; return true; }); })()
  (() => { const a = [1, 2, 3]; return a.find((n) => { a.length = 1; return n === undefined; }); })()
  (() => { const a = [1, 2, 3]; const seen = []; a.findLast((n, i) => { a.length = 1; seen.push([n, i]); }); return seen; })()
  (() => { const a = [1, 2, 3, 4]; return a.reduce((sum, n) => { a.pop(); return sum + n; }); })()
  [3, 1, 2].map((n) => n * 2, "ignored")
`,
);

agrees(
  "Array: edits",
  `
  (() => { const a = [1]; return [a.push(2, 3), a]; })()
  (() => { const a = [1, 2]; return [a.pop(), a.pop(), a.pop(), a]; })()
  (() => { const a = [1, 2]; return [a.shift(), a.shift(), a.shift(), a]; })()
  (() => { const a = [3]; return [a.unshift(1, 2), a]; })()
  (() => { const a = [3]; return [a.unshift(), a.push(), a]; })()
  [1, 2, 3].reverse()
  [1, 2, 3].fill(0, 1)
  [1, 2, 3].fill(0, -1)
  [1, 2, 3].fill()
  [1, 2, 3].fill(9, 2, 1)
  [1, 2, 3, 4, 5].copyWithin(0, 3)
  [1, 2, 3, 4, 5].copyWithin(1, 0, 3)
  [1, 2, 3, 4, 5].copyWithin(-2, -4, -3)
  (() => { const a = [1, 2, 3, 4]; return [a.splice(1, 2, "x"), a]; })()
  (() => { const a = [1, 2, 3, 4]; return [a.splice(), a]; })()
  (() => { const a = [1, 2, 3, 4]; return [a.splice(2), a]; })()
  (() => { const a = [1, 2, 3, 4]; return [a.splice(undefined), a]; })()
  (() => { const a = [1, 2, 3, 4]; return [a.splice(1, undefined, 9), a]; })()
  (() => { const a = [1, 2, 3, 4]; return [a.splice(-1, 9, 7, 8), a]; })()
  [1, 2, 3].toSpliced(1, 1, "a", "b")
  [1, 2, 3].toSpliced()
  [1, 2, 3].toSpliced(1)
`,
);

agrees(
  "Array: sort",
  `
  [3, 20, 100, undefined, 1, null].sort()
  [3, 20, 100, undefined, 1].sort((a, b) => a - b)
  [3, 20, 100].toSorted((a, b) => b - a)
  ["b", "a", "é", "Z"].sort()
  [[2], [1, 5], [10]].sort()
  [{ toString: () => "b" }, "a", { toString: () => "0" }].sort().map(String)
  [1, 2, 3].sort(null)
  [1, 2, 3].sort("x")
  [1, 2, 3].toSorted({})
  [3, 1, 2].sort(undefined)
  [3, 1, 2].sort(() => NaN)
  [3, 1, 2].sort(() => "1")
  [5, 1, 4, 2, 3].sort((a, b) => a < b)
  [..."hello world"].map((c, i) => [c, i]).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, i]) => i)
  (() => { const calls = []; [5, 2, 8, 1, 9, 3].sort((a, b) => { calls.push([a, b]); return a - b; }); return calls; })()
  (() => { const a = [3, 2, 1]; a.sort((x, y) => { a.length = 0; return x - y; }); return a; })()
  (() => { const a = [3, 2, 1]; a.sort((x, y) => { a.push(9); return x - y; }); return a; })()
  [2, 1].sort(() => { throw new Error("no order"); })
  Array.from({ length: 200 }, (_, i) => (i * 7919) % 200).sort(() => 1).length
`,
);

agrees(
  "Array: statics and constructor",
  `
  Array.isArray([])
  Array.isArray({ length: 0 })
  Array.of(7, undefined)
  Array.from("a😀b")
  Array.from({ length: 3 }, (_, i) => i * 2)
  Array.from({ length: "2", 0: "a", 1: "b" })
  Array.from({ length: -1 })
  Array.from(new Set([1, 2]))
  Array.from(new Map([[1, 2]]))
  Array.from([1, 2].entries())
  Array.from(5)
  Array.from((a, b) => a)
  Array.from(null)
  Array.from(undefined)
  Array.from([1], 5)
  Array.from([1, 2], (value, index) => [value, index])
  new Array()
  new A(0)
  new Array("3")
  new Array(1, 2)
  Array(1, 2)
  new A(-1)
  new A(1.5)
  Array.name
  Array.length
  [].map.name
  [].concat.length
`,
  "const A = Array;",
);

const refusals: [source: string, expected: string][] = [
  ["const A = Array; return new A(3)", "FLOW_SPARSE_ARRAY"],
  ["const a = [1, 2, 3]; return a.map(() => a.pop())", "FLOW_SPARSE_ARRAY"],
  ["const push = [].push; const o = { push, length: 0 }; o.push(1)", "FLOW_NOT_AN_ARRAY"],
  ["const k = 'constructor'; return [][k]", "FLOW_UNSUPPORTED_MEMBER"],
  ["const k = 'isPrototypeOf'; return [][k]", "FLOW_UNSUPPORTED_MEMBER"],
];
for (const [source, expected] of refusals) {
  Deno.test(`Array: refuses ${source}`, () =>
    assert.match(String(end(source)), new RegExp(`^${expected} TypeError: `)));
}

Deno.test("Array: a cycle joins as an empty text, flattens into a limit", () => {
  assert.equal(end("const a = [1]; a.push(a, 2); return a.join()"), "1,,2");
  assert.match(String(end("const a = [1]; a.push(a); a.flat(Infinity); return 1")), /^FLOW_\w+ /);
});

agrees(
  "Array: toLocaleString",
  `
  [1234.5, null, undefined, "x", [2000, true]].toLocaleString()
  [1234.5, [0.25]].toLocaleString("de", { style: "percent" })
  [true, {}, () => 1].toLocaleString()
  [{ toLocaleString: () => "own" }, { toString: () => "text" }].toLocaleString()
  (() => { const a = [1]; a.push(a); return a.toLocaleString(); })()
  "abc".toLocaleString()
  ({}).toLocaleString()
  ({ toString: () => "text" }).toLocaleString()
  true.toLocaleString()
  [].toLocaleString.length
`,
);
