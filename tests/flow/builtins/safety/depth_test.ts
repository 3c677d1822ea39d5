import assert from "node:assert/strict";
import { end } from "../agree.ts";

/** Every way in which a built-in calls back into the flow: `f` is what calls it again. */
const CALLBACKS = `
  [1].map(f)
  [1].forEach(f)
  [1].filter(f)
  [1].every(f)
  [1].some(f)
  [1].find(f)
  [1].findIndex(f)
  [1].findLast(f)
  [1].findLastIndex(f)
  [1].flatMap(f)
  [1].reduce(f, 0)
  [1].reduceRight(f, 0)
  [2, 1].sort(f)
  [2, 1].toSorted(f)
  Array.from([1], f)
  Array.from({ length: 1 }, f)
  new Map([[1, 2]]).forEach(f)
  new Map().getOrInsertComputed(1, f)
  new Set([1]).forEach(f)
  Object.groupBy([1], f)
  Map.groupBy([1], f)
  "a".replace("a", f)
  "a".replace(/a/g, f)
  "a".replaceAll("a", f)
  JSON.parse("[1]", f)
  JSON.stringify([1], f)
  JSON.stringify({ toJSON: f })
  JSON.stringify({ a: { toJSON: f } })
  String({ toString: f })
  Number({ valueOf: f })
  \`\${{ toString: f }}\`
  1 + { valueOf: f }
  ({ valueOf: f }) < 1
  ({ valueOf: f }) == 1
  [1][{ toString: f }]
  ({ toString: f }) in {}
  [{ toString: f }].join()
  [[{ toString: f }]].toString()
  [{ toString: f }, 1].sort()
  Math.max(1, { valueOf: f })
  Math.hypot({ valueOf: f })
  parseInt({ toString: f })
  isNaN({ valueOf: f })
  "a".repeat({ valueOf: f })
  "a".padStart(3, { toString: f })
  "a".concat({ toString: f })
  "a".split({ toString: f })
  "a".localeCompare({ toString: f })
  "abc".at({ valueOf: f })
  [1].at({ valueOf: f })
  [1].fill(0, { valueOf: f })
  [1].splice({ valueOf: f })
  [1].flat({ valueOf: f })
  (1).toFixed({ valueOf: f })
  (1).toString({ valueOf: f })
  String.fromCharCode({ valueOf: f })
  String.raw({ raw: [{ toString: f }] })
  new Date({ valueOf: f })
  new Date(0).setHours({ valueOf: f })
  Date.UTC({ valueOf: f })
  new RegExp({ toString: f })
  /a/.test({ toString: f })
  new Error({ toString: f })
  String(Object.assign(new Error("x"), { name: { toString: f } }))
  Object.hasOwn({}, { toString: f })
  Object.fromEntries([[{ toString: f }, 1]])
  new Set([1]).union({ size: 1, has: f, keys: f })
  new Set([1]).isSubsetOf({ size: 1, has: f, keys: () => [].values() })
  new Set([1]).isSubsetOf({ size: { valueOf: f }, has: f, keys: f })
`.trim().split("\n").map((line) => line.trim());

for (const expression of CALLBACKS) {
  Deno.test(`endless recursion through ${expression} is an error that can be caught`, () => {
    const source = `
      let deepest = 0, first;
      const f = () => {
        deepest++;
        try { return ${expression}; } catch (error) { first ??= error; throw error; }
      };
      try { await f(); } catch { /* told by first */ }
      return [deepest > 50, first instanceof RangeError, first.message, first.code];`;
    assert.deepEqual(end(source), [true, true, "Maximum call stack size exceeded", "FLOW_CALL_DEPTH"]);
  });
}

Deno.test("the depth of callbacks does not grow with what is caught", () => {
  const source = `
    let rounds = 0;
    const f = () => [1].map(f);
    for (let i = 0; i < 200; i++) { try { f(); } catch { rounds++; } }
    return rounds;`;
  assert.equal(end(source), 200);
});
