import assert from "node:assert/strict";
import { resumeFlow, startFlow } from "../../../../src/flow/mod.ts";
import { compile, createHost, startWith } from "../../vm/support.ts";

const FEW = 200;
const MANY = 4_000;
const limits = { instructions: 1e9, snapshotSize: 1e9 };

/** How much of its budget a flow pays for a statement. */
function costOf(setup: string, statement: string): number {
  const program = compile(`${setup}\nawait null; await null;\n${statement}\nawait null;`);
  const host = { ...createHost(), pause: () => true };
  const before = startFlow(program, startWith(), host, { limits });
  assert(before.paused, JSON.stringify(before.error));
  const after = resumeFlow(program, before.snapshot!, [], host, { limits });
  assert(after.paused, JSON.stringify(after.error));
  return Number(before.snapshot!.b) - Number(after.snapshot!.b);
}

/** Insist that each statement costs one for so many characters or elements, at least. */
function pays(what: string, most: number, setup: (size: number) => string, statements: string): void {
  const lines = statements.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  Deno.test(`${what} is paid for by its size (${lines.length} statements)`, () => {
    const cheap = lines.filter((line) => {
      const more = costOf(setup(MANY), line) - costOf(setup(FEW), line);
      return more < (MANY - FEW) / most;
    });
    assert.deepEqual(cheap, []);
  });
}

pays(
  "reading a text",
  20,
  (size) =>
    `const s = "1".repeat(${size}), t = "1".repeat(${size}), o = {}, m = new Map(), set = new Set(), p = "1".repeat(${size} / 2) + "2"`,
  `
  +s
  -s
  s * 1
  s - 1
  s | 0
  let n = s; n++
  Number(s)
  Math.max(s, 1)
  isNaN(s)
  parseInt(s)
  parseFloat(s)
  new Date(+s)
  "a".at(s)
  [1].slice(s)
  s === t
  s !== t
  s == t
  s == 1
  s < t
  s >= t
  if (s === t) o.x = 1
  if (s < t) o.x = 1
  switch (s) { case t: o.x = 1 }
  o[s]
  o[s] = 1
  s in o
  delete o[s]
  Object.hasOwn(o, s)
  o.hasOwnProperty(s)
  ({ [s]: 1 })
  Object.fromEntries([[s, 1]])
  Object.groupBy([1], () => s)
  Map.groupBy([1], () => s)
  m.set(s, 1)
  m.get(s)
  m.has(s)
  m.delete(s)
  new Map([[s, 1]])
  set.add(s)
  set.has(s)
  set.delete(s)
  new Set([s])
  [t].includes(s)
  [t].indexOf(s)
  [t].lastIndexOf(s)
  [s, t].sort()
  [s, t, {}].sort()
  [s, t].toSorted()
  s.indexOf("2")
  s.lastIndexOf("2")
  s.includes("2")
  s.indexOf(p)
  s.lastIndexOf(p)
  s.includes(p)
  s.startsWith(t)
  s.endsWith(t)
  s.split("2")
  s.split(p)
  s.split(/2/)
  s.replace("2", "3")
  s.replaceAll("2", "3")
  s.replace(/2/, "3")
  s.match(/2/)
  s.search(/2/)
  /2/.test(s)
  /2/.exec(s)
  s.toUpperCase()
  s.toLowerCase()
  s.trim()
  s.normalize()
  s.localeCompare(t)
  s.isWellFormed()
  s.repeat(2)
  s.padEnd(2 * s.length)
  s.concat("a", "b")
  [...s]
  Array.from(s)
  for (const c of s) o.c = c
  for (const k in s) o.k = k
  Object.keys(s)
  ({ ...s })
  JSON.stringify(s)
  JSON.parse(s)
  structuredClone([...s])
  new RegExp(s.slice(-2000))
  String.raw({ raw: [s] })
  console.log(s)
  console.log({ [s]: 1 }, "%s", s)
  "a".replace("a", s)
  "a".replace(/a/, "$<" + s)
`,
);

pays(
  "joining texts",
  300,
  (size) => `let s = "1".repeat(${size})`,
  `
  s += "x"
  s = "x" + s
  s = \`\${s}x\`
`,
);

pays(
  "walking a list",
  40,
  (size) => `const a = Array.from({ length: ${size} }, (_, i) => i), f = (...list) => list.length, o = {}`,
  `
  a.slice()
  [...a]
  a.concat([1])
  a.reverse()
  a.toReversed()
  a.sort()
  a.sort((x, y) => x - y)
  a.toSorted()
  a.indexOf(-1)
  a.lastIndexOf(-1)
  a.includes(-1)
  a.join()
  a.toString()
  a.toLocaleString()
  String(a)
  a.flat()
  a.map((x) => x)
  a.filter(() => false)
  a.find(() => false)
  a.reduce((x) => x, 0)
  a.fill(1)
  a.copyWithin(0, 1)
  a.shift()
  a.unshift(1)
  a.splice(0, 1)
  a.toSpliced(0, 1)
  a.with(0, 1)
  a.flatMap((x) => x)
  f(...a)
  Math.max(...a)
  new Set(a)
  new Map(a.map((x) => [x, x]))
  Object.keys(a)
  Object.entries(a)
  ({ ...a })
  for (const x of a) o.x = x
  for (const k in a) o.k = k
  structuredClone(a)
  JSON.stringify(a)
  JSON.parse(JSON.stringify(a))
  Array.from(a)
  Array.of(...a)
  a.push(...a)
  Promise.all(a)
  const [x, ...rest] = a
  a.forEach(() => 1)
  Object.groupBy(a, () => "x")
  (1).toLocaleString(a.map(() => "de"))
`,
);

pays(
  "walking an object",
  40,
  (size) =>
    `const o = Object.fromEntries(Array.from({ length: ${size} }, (_, i) => ["k" + i, i])), m = new Map(Object.entries(o)), p = {}`,
  `
  ({ ...o })
  Object.keys(o)
  Object.values(o)
  Object.entries(o)
  Object.assign({}, o)
  JSON.stringify(o)
  structuredClone(o)
  for (const k in o) p.k = k
  const { k1, ...rest } = o
  console.log(o)
  [...m]
  new Map(m)
  m.forEach(() => 1)
  for (const [k] of m) p.k = k
  structuredClone(m)
  new Set(m.keys()).union(new Set([1]))
  (1).toLocaleString("de", o)
`,
);

pays("an activation with many variables", 20, (size) => {
  const names = Array.from({ length: size / 2 }, (_, index) => `v${index} = 1`);
  return `async function f() { let ${names.join(", ")}; await null; return v0 }`;
}, "for (let i = 0; i < 20; i++) f()");

Deno.test("the stack of an error costs about the same wherever it is in a long source", () => {
  const cost = (lines: number) => costOf(`${"// x\n".repeat(lines)}const e = new Error("x")`, "e.stack");
  assert(Math.abs(cost(20_000) - cost(1)) < 10);
});
