import { cases } from "./cases.ts";

cases("labels", [
  [
    "const out = []; outer: for (const i of [1, 2, 3]) { for (const j of [1, 2, 3]) { if (j === 2) continue outer; if (i === 3) break outer; out.push(i * 10 + j); } } return out;",
    [11, 21],
  ],
  [
    `const out = []; loop: for (let i = 0; i < 4; i++) { try { switch (i) { case 1: continue loop; case 2: break; default: out.push("d" + i); } out.push("after" + i); } finally { out.push("f" + i); } } return out;`,
    ["d0", "after0", "f0", "f1", "after2", "f2", "d3", "after3", "f3"],
  ],
  [
    `const out = []; loop: while (true) { try { out.push("t"); try { break loop; } finally { out.push("inner"); } } finally { out.push("outer"); } } return out;`,
    ["t", "inner", "outer"],
  ],
  [`block: { if (1) break block; return "no"; } return "yes";`, "yes"],
  ["a: b: c: for (;;) { break b; } return 1;", 1],
  [
    "const out = []; a: for (let i = 0; i < 3; i++) b: for (let j = 0; j < 3; j++) { if (j === 1) continue b; if (i === 1) continue a; if (i === 2) break a; out.push([i, j]); } return out;",
    [[0, 0], [0, 2]],
  ],
  ["let n = 0; do { n++; if (n === 2) continue; if (n > 4) break; } while (n < 10); return n;", 5],
  ["const out = []; x: do { out.push(1); continue x; } while (out.length < 3); return out;", [1, 1, 1]],
  ["const out = []; for (let i = 0; i < 3; i++) { try { continue; } finally { out.push(i); } } return out;", [
    0,
    1,
    2,
  ]],
  [
    `const out = []; l: for (const a of [1, 2]) { for (const b of [1, 2]) { try { if (b === 2) continue l; out.push(a + "" + b); } catch { out.push("never"); } finally { out.push("f"); } } } return out;`,
    ["11", "f", "f", "21", "f", "f"],
  ],
  ["const f = () => { l: try { return 1; } finally { break l; } return 2; }; return f();", 2],
  [
    `const f = () => { for (;;) { try { return "try"; } finally { break; } } return "after"; }; return f();`,
    "after",
  ],
  [
    `const f = () => { for (const i of [1, 2, 3]) { try { return i; } finally { if (i < 3) continue; } } return "end"; }; return f();`,
    3,
  ],
  [`l: if (true) { break l; } return "ok";`, "ok"],
  [`l: { m: { break l; } } return "out";`, "out"],
  [
    `const out = []; l: for (const k in { a: 1, b: 2, c: 3 }) { if (k === "b") continue l; out.push(k); } return out;`,
    ["a", "c"],
  ],
  [
    `const out = []; s: switch (1) { case 1: for (;;) { break s; } case 2: out.push("fell"); } return out;`,
    [],
  ],
  [
    "const out = []; l: for (let i = 0; i < 3; i++) { switch (i) { case 0: continue; case 1: break l; } out.push(i); } return out;",
    [],
  ],
  ["let i = 0; foo: while (i < 5) { i++; { { if (i === 3) break foo; continue foo; } } } return i;", 3],
  ["const out = []; a: { out.push(1); b: { out.push(2); break a; } out.push(3); } return out;", [1, 2]],
  [
    "const out = []; outer: for (const x of new Map([[1, 2], [3, 4]])) { for (const y of x) { out.push(y); if (y === 3) break outer; } } return out;",
    [1, 2, 3],
  ],
  [
    `const out = []; l: for (;;) { try { throw 1; } catch (e) { try { break l; } finally { out.push("a"); } } finally { out.push("b"); } } return out;`,
    ["a", "b"],
  ],
  [
    "const out = []; l: for (let i = 0; i < 2; i++) { await null; try { await null; continue l; } finally { await null; out.push(i); } } return out;",
    [0, 1],
  ],
]);
