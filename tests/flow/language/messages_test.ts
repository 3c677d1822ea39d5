/** What errors say, word for word as in V8. */
import assert from "node:assert/strict";
import { compileSource, runInFlow } from "../../fuzz/run/flow.ts";
import { runInV8 } from "../../fuzz/run/v8.ts";

const THROWING = `
  try { throw undefined } catch ({ a }) {}
  try { throw null } catch ([a]) {}
  try { throw undefined } catch ([a]) {}
  try { throw 5 } catch ([a]) {}
  try { throw {} } catch ([a]) {}
  try { throw {} } catch ({ a: { b } }) {}
  try { throw { a: null } } catch ({ a: [b] }) {}
  const [a] = undefined
  const [a] = null
  const [a] = 5
  const [a] = {}
  const x = undefined; const [a] = x
  const x = 5; const [a] = x
  const x = {}; const [a] = x
  const x = {}; const [a] = x.y
  const x = {}; const [a] = x.y.z
  const x = {}; const { a } = x.y
  const x = {}; const { a: { b } } = x
  const x = {}; const { a: [b] } = x
  const x = {}; const [[b]] = [x]
  const x = () => 5; const [a] = x()
  const x = () => 5; const { a } = x().y
  let a; [a] = 5
  let a; [a] = undefined
  let a; ({ a } = null)
  const x = {}; [x.a] = x
  for (const x of 5) {}
  for (const x of undefined) {}
  for (const x of {}) {}
  const o = {}; for (const x of o.y) {}
  const o = {}; for (const [x] of [o]) {}
  const o = {}; for (const { x } of [null]) {}
  const f = ([a]) => a; f()
  const f = ([a]) => a; f(5)
  const f = ({ a }) => a; f()
  const f = ({ a }) => a; f(null)
  const f = ({ a: { b } }) => b; f({})
  const f = ([[a]]) => a; f([1])
  const f = (x, [a]) => a; f(1, {})
  function f({ a }) {} f()
  function f([a] = 5) {} f()
  new Map(5)
  new Map([5])
  new Map(["ab"])
  new Set(5)
  new Set({})
  new Set(...5)
  new Set(...[5])
  new Map(...{})
  Math.max(...5)
  Math.max(...undefined)
  Math.max(...{})
  Math.max(1, ...5)
  Math.max(...5, 1)
  const f = () => 1; f(...5)
  const f = () => 1; f(...{})
  const f = 5; f(...[1])
  const f = 5; f(...1)
  const f = 5; f(...1, 2)
  const f = 5; new f(...1)
  const f = 5; new f(...[1], 2)
  const f = 5; new f(1)
  const f = {}; new f.g()
  const f = {}; f.g()
  const f = {}; f.g.h()
  const f = {}; f["g"]()
  const f = {}; f[1]()
  [...5]
  [...undefined]
  [...{}]
  [1, ...null]
  Object.fromEntries([5])
  Object.fromEntries({})
  Array.from({}, {})
  return Promise.race({})
  null.x
  undefined.x.y
  const x = null; x.y
  const x = null; x[1]
  const x = null; x.y = 1
  const x = null; x["a b"] = 1
  new 5
  const a = 1; const f = () => { a = 2 }; f()
  new Array(-1)
  [].reduce((a) => a)
  5 instanceof {}
  ({}) instanceof (() => 1)
  await Promise.reject(new Error("x"))
  new Promise()
  new Promise(5)
  [].sort(5)
  [1].map(5)
  [1].map({})
  [1].forEach(undefined)
  new Date(NaN).toISOString()
  let a; const f = () => 5; [a] = f()
  let a; const o = {f: () => 5}; [a] = o.f()
  let a; const o = {f: 5}; [a] = o.f
  let a; [a] = 1 + 1
  let a; [a] = {}
  let a; [a] = (() => 5)()
  let a; [a] = null
  let a; const x = null; [a] = x
  const x = {a: null}; const { a: [b] } = x
  const f = () => ({}); const { a: [b] } = f()
  const { a: [b] } = {}
  const f = ({ a: [b] }) => b; f({})
  const f = ({ a: [b] }) => b; f({a: 5})
  const [[b]] = [5]
  const [{b}] = [5, 1]
  const [{b}] = [null]
  const [{ b: [c] }] = [{}]
  const { a: { b: [c] } } = { a: {} }
  let b; ({ a: [b] } = {})
  let b; const x = {}; ({ a: [b] } = x)
  let b; const x = {}; [[b]] = [x]
  const { a: [b] = 5 } = {}
  const x = {y: {}}; const { a: [b] } = x.y
  const { a } = (0, null)
  const f = () => null; const { a } = f()
  let a; const x = null; ({ a } = x)
  const f = (x, { a }) => a; f(1, null)
  for (const { a } of [null]) ;
  for (const { a } of [undefined]) ;
  const [{ a }] = [null]
  const { x: { a } } = { x: null }
  const f = ({}) => 1; f(null)
  const f = ({ ...r }) => 1; f(null)
  try { throw null } catch ({ a }) {}
`.trim().split("\n").map((line) => line.trim());

Deno.test(`errors say what V8 says (${THROWING.length} of them)`, async () => {
  const differing: unknown[] = [];
  let compared = 0;
  for (const source of THROWING) {
    // What registration refuses is never thrown.
    if ("end" in compileSource(source)) continue;
    compared++;
    const [theirs, ours] = [(await runInV8(source, { order: 1 })).end, runInFlow(source, { order: 1 }).end];
    if (theirs !== ours) differing.push({ source, theirs, ours });
  }
  assert.deepEqual(differing, []);
  assert(compared > THROWING.length / 2);
});
