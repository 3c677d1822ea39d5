import { cases, failed } from "./cases.ts";

cases("closures", [
  ["const fs = []; for (let i = 0; i < 3; i++) fs.push(() => i); return fs.map((f) => f());", [0, 1, 2]],
  ["const fs = []; for (let i = 0; i < 3; i++) { fs.push(() => i++); } return fs.map((f) => [f(), f()]);", [
    [0, 1],
    [1, 2],
    [2, 3],
  ]],
  ["const fs = []; for (let i = 0; i < 3; fs.push(() => i), i++) { } return fs.map((f) => f());", [1, 2, 3]],
  [
    "const fs = []; for (let i = 0, inc = () => i++; i < 3; inc(), i++) { fs.push(() => i); if (fs.length > 5) break; } return fs.map((f) => f());",
    [0, 1, 2],
  ],
  ["const fs = []; for (const x of [1, 2, 3]) fs.push(() => x); return fs.map((f) => f());", [1, 2, 3]],
  ["const fs = []; for (const k in { a: 1, b: 2 }) fs.push(() => k); return fs.map((f) => f());", ["a", "b"]],
  [
    "const fs = []; let n = 0; while (n < 3) { const m = n * 2; fs.push(() => m); n++; } return fs.map((f) => f());",
    [0, 2, 4],
  ],
  ["const fs = []; for (let i = 0; i < 3; i++) { i += 1; fs.push(() => i); } return fs.map((f) => f());", [
    1,
    3,
  ]],
  [
    "const counter = () => { let n = 0; return { inc: () => ++n, get: () => n }; }; const a = counter(), b = counter(); a.inc(); a.inc(); b.inc(); return [a.get(), b.get()];",
    [2, 1],
  ],
  [
    "const fs = []; for (let i = 0; (() => { fs.push(() => i); return i < 2; })(); i++) { } return fs.map((f) => f());",
    [0, 1, 2],
  ],
  [`const f = () => { const g = () => h(); const h = () => "h"; return g(); }; return f();`, "h"],
  ["return fact(5); function fact(n) { return n < 2 ? 1 : n * fact(n - 1); }", 120],
  [
    "const even = (n) => n === 0 || odd(n - 1), odd = (n) => n !== 0 && even(n - 1); return [even(10), odd(7)];",
    [true, true],
  ],
  ["const add = (a) => (b) => (c) => a + b + c; return add(1)(2)(3);", 6],
  ["let x = 1; const get = () => x; x = 2; { let x = 3; } return get();", 2],
  [
    "const compose = (...fs) => (x) => fs.reduceRight((acc, f) => f(acc), x); return compose((x) => x + 1, (x) => x * 2)(5);",
    11,
  ],
  [`const f = function self(n) { return n === 0 ? "done" : self(n - 1); }; return f(3);`, "done"],
  ["const f = function g() { return typeof g; }; return [f(), typeof g_()]; function g_() { }", [
    "function",
    "undefined",
  ]],
  [
    "const out = []; { function f() { return 1; } out.push(f()); } { function f() { return 2; } out.push(f()); } return out;",
    [1, 2],
  ],
  ["const out = []; out.push(typeof inner); { function inner_() { } } function inner() { } return out;", [
    "function",
  ]],
  [
    "const f = (a, b = 2, ...c) => 0; return [f.length, f.name, (function () { }).name, (() => 0).name, (function n() { }).name];",
    [1, "f", "", "", "n"],
  ],
  [
    `const o = { f: () => 0, g() { }, ["h" + 1]: () => 0, async k() { } }; return [o.f.name, o.g.name, o.h1.name, o.k.name];`,
    ["f", "g", "h1", "k"],
  ],
  ["let f; f = () => 0; return f.name;", "f"],
  ["const g = (() => 0); return g.name;", "g"],
  ["let h = null; h ??= () => 1; return h.name;", "h"],
  [
    "const memo = new Map(); const fib = (n) => { if (n < 2) return n; if (memo.has(n)) return memo.get(n); const v = fib(n - 1) + fib(n - 2); memo.set(n, v); return v; }; return fib(50);",
    12586269025,
  ],
  [`const fs = {}; for (const n of ["a", "b"]) fs[n] = (x) => n + x; return [fs.a(1), fs.b(2)];`, [
    "a1",
    "b2",
  ]],
  [
    "const out = []; for (let i = 0; i < 2; i++) { setLater(() => out.push(i)); } function setLater(f) { out.push(f); } out.splice(0).forEach((f) => f()); return out;",
    [0, 1],
  ],
  ["const f = (n) => { if (n > 0) { const r = f(n - 1); return r + n; } return 0; }; return f(100);", 5050],
  ["const a = []; for (let i = 0; i < 2; i++) for (let i = 5; i < 7; i++) a.push(i); return a;", [
    5,
    6,
    5,
    6,
  ]],
  [
    "const fs = []; for (let i = 0; i < 2; i++) { await null; fs.push(async () => { await null; return i; }); } return await Promise.all(fs.map((f) => f()));",
    [0, 1],
  ],
  ["let n = 0; const inc = () => n++; inc(); inc(); return n;", 2],
  [
    `const outer = () => { let v = "o"; const set = (x) => { v = x; }; const get = () => v; return [set, get]; }; const [set, get] = outer(); set("n"); return get();`,
    "n",
  ],
  ["const f = (x) => { const g = () => x; x = 2; return g(); }; return f(1);", 2],
  ["const f = (x, g = () => x) => { x = 5; return g(); }; return f(1);", 5],
  ["const f = (x, g = () => x) => { let y = x; y = 5; return g(); }; return f(1);", 1],
  [
    "switch (1) { case 0: let a; case 1: a = 5; return (() => a)(); }",
    failed("ReferenceError: Cannot access 'a' before initialization"),
  ],
  ["try { throw 1; } catch (e) { const f = () => e; e = 2; return f(); }", 2],
  [
    "const fs = []; for (const [k, v] of new Map([[1, 2], [3, 4]])) fs.push(() => k + v); return fs.map((f) => f());",
    [3, 7],
  ],
  ["const f = () => ({ a: 1 }); return f();", { "a": 1 }],
  ["const f = () => { }; return f() === undefined;", true],
  ["const f = async (x) => x, g = async x => x + 1; return [await f(1), await g(2)];", [1, 3]],
  ["const async = 5; return async + 1;", 6],
  [
    "const of = 1, get = 2, set = 3, from = 4, as = 5, target = 6; return of + get + set + from + as + target;",
    21,
  ],
  ["(function () { })(); return (function (x) { return x; })(3);", 3],
  ["return ((x) => x)(1) + ((x, y) => x * y)(2, 3);", 7],
  ["return [1, 2, 3].map((x) => { return x * 2; });", [2, 4, 6]],
  [`return [..."abc"].map((c, i) => c + i).join();`, "a0,b1,c2"],
  ["const f = (n) => n <= 0 ? [] : [n, ...f(n - 1)]; return f(5);", [5, 4, 3, 2, 1]],
]);
