import { cases, failed } from "./cases.ts";

cases("optional chaining", [
  [
    `const o = { a: { b: () => 5, c: [1] } }; return [o?.a?.b?.(), o.x?.y.z.w, o?.["a"]?.c?.[0], o.nope?.()].map(String);`,
    ["5", "undefined", "1", "undefined"],
  ],
  [`const o = null; const log = []; o?.[log.push("k")]; o?.f(log.push("arg")); return log;`, []],
  ["const o = null; return [delete o?.a, delete o?.a.b.c, delete o?.[0]];", [true, true, true]],
  ["const o = { a: { b: 1, c: 2 } }; return [delete o?.a?.b, delete o.x?.y, o];", [true, true, {
    "a": { "c": 2 },
  }]],
  ["const f = null; return f?.() === undefined;", true],
  ["try { const o = {}; o?.a.b; } catch (e) { return [e.name, e.message]; }", [
    "TypeError",
    "Cannot read properties of undefined (reading 'b')",
  ]],
  ["try { const o = { f: 1 }; o.f?.(); } catch (e) { return e.name; }", "TypeError"],
  [`const o = { n: 0, s: "" }; return [o.n?.toFixed(1), o.s?.length, o?.n?.x?.y].map(String);`, [
    "0.0",
    "0",
    "undefined",
  ]],
  [`const o = { f() { return "m"; } }; return [o?.f(), o?.["f"](), (o?.f)(), o.f?.()];`, [
    "m",
    "m",
    "m",
    "m",
  ]],
  ["const a = [[1], null]; return [a?.[0]?.[0], a?.[1]?.[0], a?.[9]?.[0]].map(String);", [
    "1",
    "undefined",
    "undefined",
  ]],
  [`return null?.x ?? "default";`, "default"],
  ["return undefined?.a.b.c.d(1)[2] === undefined;", true],
  [
    "const o = { a: null }; return (o.a?.b).c === undefined ? 1 : 2;",
    failed("TypeError: Cannot read properties of undefined (reading 'c')"),
  ],
  ["const o = { a: null }; try { return (o.a?.b).c; } catch (e) { return e.name; }", "TypeError"],
  [`const m = new Map([["k", { v: 1 }]]); return [m.get("k")?.v, m.get("z")?.v, m?.size].map(String);`, [
    "1",
    "undefined",
    "1",
  ]],
  ["const o = {}; return [typeof o?.a, typeof o?.a?.b, !o?.a, `${o?.a}`];", [
    "undefined",
    "undefined",
    true,
    "undefined",
  ]],
  ["return 1?.5:2;", 0.5],
  ["const x = true; return x?.5:1;", 0.5],
  [`const f = (x) => x?.a?.[0]?.b ?? "none"; return [f(), f({ a: [{ b: 1 }] }), f({ a: [] })];`, [
    "none",
    1,
    "none",
  ]],
  ["let n = 0; const f = () => { n++; return null; }; f()?.a; f()?.b.c; return n;", 2],
  ["const o = { a: { f: (x) => x } }; return o?.a.f(await 5);", 5],
  ["const o = null; return await o?.a === undefined;", true],
  [`const s = "text"; return [s?.length, s?.[0], s?.toUpperCase?.()];`, [4, "t", "TEXT"]],
  ["return [null, { a: 1 }].map((x) => x?.a).map(String);", ["undefined", "1"]],
  [`if (!({})?.a?.b) return "falsy";`, "falsy"],
  [`const o = { "?.": 1 }; return o?.["?."];`, 1],
  ["const o = { in: 1, new: { class: 2 } }; return [o?.in, o?.new?.class];", [1, 2]],
]);
