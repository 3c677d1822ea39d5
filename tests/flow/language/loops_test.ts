import { cases } from "./cases.ts";

cases("loops", [
  [`const out = []; for (const x of "a😀b") out.push(x); return out;`, ["a", "😀", "b"]],
  [`const out = []; for (const [k, v] of new Map([["a", 1]])) out.push(k, v); return out;`, ["a", 1]],
  ["const out = []; for (const x of new Set([1, 1, 2])) out.push(x); return out;", [1, 2]],
  [
    "const a = [1, 2, 3]; const out = []; for (const x of a) { out.push(x); if (x < 3) a.push(x + 10); } return out;",
    [1, 2, 3, 11, 12],
  ],
  [
    "const m = new Map([[1, 1]]); const out = []; for (const [k] of m) { out.push(k); if (k < 4) m.set(k + 1, 1); } return out;",
    [1, 2, 3, 4],
  ],
  [
    "const s = new Set([1, 2, 3]); const out = []; for (const x of s) { out.push(x); s.delete(2); } return out;",
    [1, 3],
  ],
  [
    "const s = new Set([1]); let n = 0; for (const x of s) { s.delete(1); s.add(1); if (++n > 3) break; } return n;",
    4,
  ],
  ["const out = []; for (const k in { b: 1, a: 2, 1: 3, 0: 4 }) out.push(k); return out;", [
    "0",
    "1",
    "b",
    "a",
  ]],
  [`const out = []; for (const k in ["x", "y"]) out.push(k); return out;`, ["0", "1"]],
  [`const out = []; for (const k in "ab") out.push(k); return out;`, ["0", "1"]],
  [
    "const out = []; for (const k in null) out.push(k); for (const k in undefined) out.push(k); for (const k in 5) out.push(k); return out;",
    [],
  ],
  [
    "const o = { a: 1, b: 2, c: 3 }; const out = []; for (const k in o) { out.push(k); delete o.b; } return out;",
    ["a", "c"],
  ],
  ["const o = { a: 1 }; const out = []; for (const k in o) { out.push(k); o.z = 1; } return out;", ["a"]],
  ["let s = 0; for (let i = 0, j = 10; i < j; i++, j--) s += j - i; return s;", 30],
  ["let i = 0; for (;;) { if (i++ > 3) break; } return i;", 5],
  ["let i = 0; for (; i < 3;) i++; return i;", 3],
  ["const a = [3, 1, 2]; const out = []; for (const [i, x] of a.entries()) out.push(i * x); return out;", [
    0,
    1,
    4,
  ]],
  [
    `const out = []; for (const x of [1, 2, 3].keys()) out.push(x); for (const x of ["a"].values()) out.push(x); return out;`,
    [0, 1, 2, "a"],
  ],
  [
    String
      .raw`const out = []; for (const x of "a1b2".matchAll(/[a-z](\d)/g)) out.push(x[1], x.index); return out;`,
    ["1", 0, "2", 2],
  ],
  ["const it = [1, 2].values(); const out = [it.next(), it.next(), it.next()]; return out;", [
    { "value": 1, "done": false },
    { "value": 2, "done": false },
    { "done": true },
  ]],
  ["const it = new Map([[1, 2]]).entries(); return [it.next().value, it.next().done];", [[1, 2], true]],
  ["const it = [1, 2, 3].values(); it.next(); return [...it];", [2, 3]],
  ["const it = [1, 2, 3].values(); const [a] = it; return [a, [...it]];", [1, [2, 3]]],
  [
    "const out = []; for (const x of [[1, [2]], [3, [4]]]) { const [a, [b]] = x; out.push(a + b); } return out;",
    [3, 7],
  ],
  ["const out = []; for (let x of [1, 2]) { x *= 2; out.push(x); } return out;", [2, 4]],
  [`let x = "outer"; for (let x = 0; x < 1; x++) { } return x;`, "outer"],
  ["let n = 0; while (n < 5) { if (n === 3) break; n++; } return n;", 3],
  ["let n = 5; do n--; while (n > 0); return n;", 0],
  ["const out = []; let i = 3; while (i --> 0) out.push(i); return out;", [2, 1, 0]],
  [`const a = []; for (let i = 0; i < 3; i++) { const i = "shadow"; a.push(i); } return a;`, [
    "shadow",
    "shadow",
    "shadow",
  ]],
  ["const out = []; for (const x of []) out.push(x); return out.length;", 0],
  ["let sum = 0; for (const row of [[1, 2], [3, 4]]) for (const cell of row) sum += cell; return sum;", 10],
  ["const o = { n: 0 }; for (o.n = 0; o.n < 3; o.n++); return o.n;", 3],
  ["const out = []; for (const f of [() => 1, () => 2]) out.push(f()); return out;", [1, 2]],
  ["const a = [1, 2, 3, 4]; const out = []; for (const x of a) { out.push(x); a.shift(); } return out;", [
    1,
    3,
  ]],
  [
    "const out = []; for (const x of Object.keys({ a: 1, b: 2 })) { for (const y of x + x) out.push(y); } return out;",
    ["a", "a", "b", "b"],
  ],
  [`for (const x of [1, 2, 3]) { if (x === 2) return x; } return "none";`, 2],
  [`const out = []; for (const k in { a: 1, b: 2 }) { if (k === "a") continue; out.push(k); } return out;`, [
    "b",
  ]],
  ["let k; for (k in { z: 1, y: 2 }) { } return k;", "y"],
  ["const out = []; for (const x of (() => [1, 2])()) out.push(x); return out;", [1, 2]],
  ["const out = []; for (const x of true ? [1] : []) out.push(x); return out;", [1]],
  [
    "let total = 0; for (let i = 0; i < 1000; i++) for (let j = 0; j < 10; j++) total += i ^ j; return total;",
    4995128,
  ],
]);
