import { cases } from "./cases.ts";

cases("dead zone", [
  ["const f = () => x; try { f(); } catch (e) { return [e.name, e.message]; } let x = 1;", [
    "ReferenceError",
    "Cannot access 'x' before initialization",
  ]],
  ["const f = () => x; let x = 1; return f();", 1],
  [
    "const f = () => typeof y; try { return f(); } catch (e) { return e.name; } const y = 1;",
    "ReferenceError",
  ],
  [
    "const f = () => { z = 5; }; try { f(); } catch (e) { return e.message; } let z = 1;",
    "Cannot access 'z' before initialization",
  ],
  [
    "let x = 1; { const f = () => x; try { f(); } catch (e) { return e.name; } let x = 2; }",
    "ReferenceError",
  ],
  ["let x; return x === undefined;", true],
  ["const out = []; for (let i = 0; i < 2; i++) { let x; out.push(x === undefined); x = i; } return out;", [
    true,
    true,
  ]],
  ["const f = (a = () => b, b = 2) => a(); return f();", 2],
  ["const f = () => g(); try { f(); } catch (e) { return e.name; } const g = () => 1;", "ReferenceError"],
  [
    "switch (0) { case 0: try { (() => v)(); } catch (e) { return e.name; } default: let v = 1; }",
    "ReferenceError",
  ],
  ["let a = 1; const f = () => { a = 2; return a; }; return f();", 2],
  ["const o = { f: () => o.v, v: 4 }; return o.f();", 4],
  [
    "const f = () => { try { return early(); } catch (e) { return e.name; } }; const r = f(); const early = () => 1; return [r, f()];",
    ["ReferenceError", 1],
  ],
  [
    "let n = 0; const f = () => { n++; return late; }; try { f(); } catch { } let late = 7; return [n, f()];",
    [1, 7],
  ],
  ["const f = () => (late += 1); try { f(); } catch (e) { return e.name; } let late = 0;", "ReferenceError"],
  ["const f = () => late++; try { f(); } catch (e) { return e.name; } let late = 0;", "ReferenceError"],
  ["const f = () => [late] = [1]; try { f(); } catch (e) { return e.name; } let late = 0;", "ReferenceError"],
  ["return hoisted(); function hoisted() { return typeof hoisted; }", "function"],
  ["{ const r = inner(); function inner() { return 1; } return r; }", 1],
  ["const f = () => c; const c = 1; const g = () => { const d = 2; return c + d; }; return f() + g();", 4],
]);
