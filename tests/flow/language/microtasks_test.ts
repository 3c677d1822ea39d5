import { cases, failed, refused } from "./cases.ts";

cases("microtasks", [
  [
    "const out = []; Promise.resolve().then(() => out.push(1)); out.push(2); await null; out.push(3); return out;",
    [2, 1, 3],
  ],
  [
    `const out = []; const f = async () => { out.push("a"); await null; out.push("b"); }; f(); out.push("c"); await null; await null; out.push("d"); return out;`,
    ["a", "c", "b", "d"],
  ],
  [
    `const out = []; const p = Promise.resolve(1); p.then(() => out.push("p1")).then(() => out.push("p2")); (async () => { await p; out.push("a1"); await p; out.push("a2"); })(); await p; out.push("m1"); await p; out.push("m2"); await p; out.push("m3"); return out;`,
    ["p1", "a1", "m1", "p2", "a2", "m2", "m3"],
  ],
  [
    `const out = []; const f = async () => Promise.resolve(1); f().then(() => out.push("f")); Promise.resolve().then(() => out.push(1)).then(() => out.push(2)).then(() => out.push(3)).then(() => out.push(4)); for (let i = 0; i < 6; i++) await null; return out;`,
    [1, 2, "f", 3, 4],
  ],
  [
    `const out = []; (async () => { return await 1; })().then(() => out.push("await")); (async () => 1)().then(() => out.push("plain")); for (let i = 0; i < 5; i++) await null; return out;`,
    ["plain", "await"],
  ],
  [
    `const out = []; new Promise((r) => r(Promise.resolve())).then(() => out.push("nested")); Promise.resolve().then(() => out.push(1)).then(() => out.push(2)).then(() => out.push(3)); for (let i = 0; i < 6; i++) await null; return out;`,
    [1, 2, "nested", 3],
  ],
  [
    `const out = []; const t = { then(r) { out.push("then called"); r("v"); } }; const p = (async () => await t)(); out.push("sync"); out.push(await p); return out;`,
    ["sync", "then called", "v"],
  ],
  [
    "const out = []; Promise.resolve().then(() => { out.push(1); Promise.resolve().then(() => out.push(2)); }).then(() => out.push(3)); for (let i = 0; i < 5; i++) await null; return out;",
    [1, 2, 3],
  ],
  [
    `const out = []; Promise.reject("x").catch((e) => out.push("c" + e)).finally(() => out.push("f")).then(() => out.push("t")); for (let i = 0; i < 8; i++) { await null; out.push(i); } return out;`,
    ["cx", 0, "f", 1, 2, 3, "t", 4, 5, 6, 7],
  ],
  [
    "const out = []; Promise.all([1, Promise.resolve(2)]).then((v) => out.push(v)); for (let i = 0; i < 5; i++) { await null; out.push(i); } return out;",
    [0, [1, 2], 1, 2, 3, 4],
  ],
  [
    `const out = []; Promise.all([]).then(() => out.push("all")); out.push("s"); await null; out.push("m"); return out;`,
    ["s", "all", "m"],
  ],
  [
    `const out = []; Promise.race([Promise.resolve("a"), Promise.resolve("b")]).then((v) => out.push(v)); for (let i = 0; i < 4; i++) { await null; out.push(i); } return out;`,
    [0, "a", 1, 2, 3],
  ],
  [
    "const out = []; Promise.any([Promise.reject(1), Promise.resolve(2)]).then((v) => out.push(v)); for (let i = 0; i < 5; i++) { await null; out.push(i); } return out;",
    [0, 2, 1, 2, 3, 4],
  ],
  [
    "const out = []; Promise.allSettled([Promise.reject(1), 2]).then((v) => out.push(v)); for (let i = 0; i < 5; i++) { await null; out.push(i); } return out;",
    [0, [{ "status": "rejected", "reason": 1 }, { "status": "fulfilled", "value": 2 }], 1, 2, 3, 4],
  ],
  [
    `const out = []; const p = Promise.resolve(); p.finally(() => out.push("f")).then(() => out.push("t")); for (let i = 0; i < 6; i++) { await null; out.push(i); } return out;`,
    ["f", 0, 1, 2, "t", 3, 4, 5],
  ],
  [
    `const out = []; const p = Promise.resolve(); p.finally(() => Promise.resolve()).then(() => out.push("t")); for (let i = 0; i < 9; i++) { await null; out.push(i); } return out;`,
    [0, 1, 2, "t", 3, 4, 5, 6, 7, 8],
  ],
  [
    `const out = []; const p = new Promise((r) => { out.push("executor"); r(); out.push("after"); }); p.then(() => out.push("then")); out.push("sync"); await p; await null; return out;`,
    ["executor", "after", "sync", "then"],
  ],
  [
    `const out = []; const a = async () => { out.push("a1"); await b(); out.push("a2"); }; const b = async () => { out.push("b1"); await null; out.push("b2"); }; const p = a(); out.push("m"); await p; return out;`,
    ["a1", "b1", "m", "b2", "a2"],
  ],
  [
    `const out = []; const f = async (n) => { for (let i = 0; i < 3; i++) { out.push(n + i); await null; } }; await Promise.all([f("a"), f("b")]); return out;`,
    ["a0", "b0", "a1", "b1", "a2", "b2"],
  ],
  [
    `const out = []; const f = async () => { throw 1; }; f().catch(() => out.push("c")); Promise.resolve().then(() => out.push("t")); await null; await null; await null; return out;`,
    ["c", "t"],
  ],
  ["const p = Promise.resolve(1); return [p === Promise.resolve(p), (await p) === 1];", [true, true]],
  [
    `const out = []; const { promise, resolve } = Promise.withResolvers(); promise.then((v) => out.push(v)); resolve("a"); resolve("b"); out.push("s"); await promise; return out;`,
    ["s", "a"],
  ],
  [
    `const { promise, reject } = Promise.withResolvers(); reject(new Error("no")); try { await promise; } catch (e) { return e.message; }`,
    "no",
  ],
  [
    `const r = await Promise.allSettled([Promise.reject(new Error("e")), 1, Promise.resolve([2])]); return r.map((x) => [x.status, x.value, x.reason?.message]);`,
    [["rejected", null, "e"], ["fulfilled", 1, null], ["fulfilled", [2], null]],
  ],
  [
    "try { await Promise.any([Promise.reject(1), Promise.reject(2)]); } catch (e) { return [e.name, e.errors, e.message, e instanceof AggregateError]; }",
    ["AggregateError", [1, 2], "All promises were rejected", true],
  ],
  ["try { await Promise.any([]); } catch (e) { return [e.name, e.errors, e.message]; }", [
    "AggregateError",
    [],
    "All promises were rejected",
  ]],
  [
    `const p = new Promise(() => { throw new TypeError("t"); }); try { await p; } catch (e) { return e.message; }`,
    "t",
  ],
  ["const p = new Promise((r) => { r(1); throw 2; }); return await p;", 1],
  [`const p = new Promise((r, j) => { j(1); r(2); }); return await p.catch((e) => "c" + e);`, "c1"],
  ["const p = Promise.resolve(1).then(2).then((v) => v); return await p;", 1],
  ["return await Promise.reject(1).then(() => 2, (e) => e + 10);", 11],
  ["return await Promise.resolve(1).finally(() => 5);", 1],
  [`try { await Promise.resolve(1).finally(() => { throw "f"; }); } catch (e) { return e; }`, "f"],
  ["try { await Promise.reject(1).finally(() => 5); } catch (e) { return e; }", 1],
  [
    "const p = Promise.resolve(); const q = p.then(() => q); try { await q; } catch (e) { return [e.name, e.message]; }",
    ["TypeError", "Chaining cycle detected for promise #<Promise>"],
  ],
  [
    "let r; const p = new Promise((x) => r = x); r(p); try { await p; } catch (e) { return [e.name, e.message]; }",
    ["TypeError", "Chaining cycle detected for promise #<Promise>"],
  ],
  [`const t = { then(r, j) { j("rejected"); } }; try { await t; } catch (e) { return e; }`, "rejected"],
  [`const t = { then() { throw "thrown"; } }; try { await t; } catch (e) { return e; }`, "thrown"],
  ["const t = { then: 5 }; return (await t).then;", 5],
  [`return await { then(r) { r({ then(q) { q("deep"); } }); } };`, "deep"],
  [`return [await 1, await "s", await null, await undefined, await [1], await { a: 1 }];`, [
    1,
    "s",
    null,
    null,
    [1],
    { "a": 1 },
  ]],
  ["const f = async (x = await_()) => x; function await_() { return 5; } return await f();", 5],
  [
    `const out = []; const f = async (a = out.push("default")) => { out.push("body"); }; f(); out.push("sync"); return out;`,
    ["default", "body", "sync"],
  ],
  [
    `const f = async (a = (() => { throw "d"; })()) => 1; try { f().catch((e) => 0); return "no throw"; } catch { return "threw"; }`,
    "no throw",
  ],
  ["const f = async ({ a }) => a; try { await f(null); } catch (e) { return e.name; }", "TypeError"],
  ["const x = [await Promise.resolve(1), 2, await Promise.resolve(3)]; return x;", [1, 2, 3]],
  [
    `const o = { a: await Promise.resolve(1), [await Promise.resolve("b")]: 2, ...(await Promise.resolve({ c: 3 })) }; return o;`,
    { "a": 1, "b": 2, "c": 3 },
  ],
  ["const f = (a, b, c) => a + b + c; return f(await 1, 2, await 3);", 6],
  ["let a = 1; const add = async () => { a += await 5; }; const p = add(); a = 100; await p; return a;", 6],
  ["let a = 1; const p = (async () => { a = a + await 5; })(); a = 100; await p; return a;", 6],
  ["const o = { n: 1 }; const p = (async () => { o.n += await 5; })(); o.n = 100; await p; return o.n;", 6],
  ["const a = [1, 2]; const p = (async () => { a[await 0] = await 9; })(); await p; return a;", [9, 2]],
  ["return (await Promise.resolve({ f: (x) => x * 2 })).f(await 4);", 8],
  ["return await (await Promise.resolve(Promise.resolve(7)));", 7],
  ["return (await 1) + (await 2) * (await 3);", 7],
  ["return await 2 ** 2 === undefined ? 0 : 1;", refused],
  [`return -(await 3) + +(await "4") + !(await 0);`, 2],
  ["return typeof await 1;", "number"],
  ["return (await 1, await 2);", 2],
  [`return await null ?? "n";`, "n"],
  [`return (await true) ? await "y" : await "n";`, "y"],
  ['return `${await 1}-${await "x"}`;', "1-x"],
  ["const { a = await 5, b } = { b: 1 }; return [a, b];", [5, 1]],
  ["const [x = await 1, ...y] = [undefined, await 2, 3]; return [x, y];", [1, [2, 3]]],
  ["const out = []; for (let i = await 0; i < await 3; i += await 1) out.push(i); return out;", [0, 1, 2]],
  ["const out = []; for (const x of await Promise.resolve([1, 2])) out.push(await x); return out;", [1, 2]],
  ["const out = []; for (const k in await { a: 1 }) out.push(k); return out;", ["a"]],
  ["let i = 0; while (await (i < 3)) i++; return i;", 3],
  ["let i = 0; do { i++; } while (await (i < 3)); return i;", 3],
  [`switch (await 2) { case await 1: return "1"; case await 2: return "2"; }`, "2"],
  ["if (await false) return 1; else return await 2;", 2],
  [
    "const f = async () => { for (const x of [1, 2, 3]) { if (x === 2) return await x; } }; return await f();",
    2,
  ],
  [
    "const r = []; await Promise.all([3, 1, 2].map(async (n) => { for (let i = 0; i < n; i++) await null; r.push(n); })); return r;",
    [1, 2, 3],
  ],
  [
    "const f = async function fact(n) { return n <= 1 ? 1 : n * await fact(n - 1); }; return await f(6);",
    720,
  ],
  ["const o = { async m(x) { return await x + 1; } }; return await o.m(1);", 2],
  ["const f = async () => { }; return [await f(), f() instanceof Promise].map(String);", [
    "undefined",
    "true",
  ]],
  ["const p = (async () => 1)(); return [p instanceof Promise, typeof p, String(p), JSON.stringify(p)];", [
    true,
    "object",
    "[object Promise]",
    "{}",
  ]],
  [
    `const g = async () => { await null; throw new Error("g"); }; const r = await g().then(() => 1, (e) => e.message); return r;`,
    "g",
  ],
  [
    `const out = []; const p1 = Promise.resolve().then(() => out.push("1a")).then(() => out.push("1b")); const p2 = Promise.resolve().then(() => out.push("2a")).then(() => out.push("2b")); await Promise.all([p1, p2]); return out;`,
    ["1a", "2a", "1b", "2b"],
  ],
  [
    `const out = []; await Promise.all([1, 2].map(async (x) => { out.push("s" + x); await null; out.push("m" + x); await null; out.push("e" + x); })); return out;`,
    ["s1", "s2", "m1", "m2", "e1", "e2"],
  ],
  ["return await Promise.all(new Set([1, Promise.resolve(2)]));", [1, 2]],
  [`return await Promise.all("ab");`, ["a", "b"]],
  [`return await Promise.race([new Promise(() => {}), Promise.resolve("w")]);`, "w"],
  ["try { await Promise.all(5); } catch (e) { return e.name; }", "TypeError"],
  [`try { await Promise.all([1, Promise.reject("r"), 2]); } catch (e) { return e; }`, "r"],
  [
    `const out = []; Promise.resolve(1).then((v) => { out.push(v); return Promise.resolve(2); }).then((v) => out.push(v)); for (let i = 0; i < 8; i++) { await null; out.push("t" + i); } return out;`,
    [1, "t0", "t1", "t2", 2, "t3", "t4", "t5", "t6", "t7"],
  ],
  [
    `const out = []; const f = async () => { const x = await new Promise((r) => r(new Promise((q) => q(1)))); out.push("f" + x); }; f(); for (let i = 0; i < 8; i++) { await null; out.push(i); } return out;`,
    [0, 1, "f1", 2, 3, 4, 5, 6, 7],
  ],
  [
    `const out = []; const thenable = { then(r) { Promise.resolve().then(() => { out.push("in"); r(1); }); } }; Promise.resolve(thenable).then(() => out.push("out")); for (let i = 0; i < 6; i++) { await null; out.push(i); } return out;`,
    [0, "in", 1, "out", 2, 3, 4, 5],
  ],
  [
    `Promise.reject(new Error("unhandled")); await Task.run("text"); return "not reached";`,
    failed("Error: unhandled"),
  ],
  [`const p = Promise.reject(1); await null; p.catch(() => 0); return "handled in time";`, "handled in time"],
  [
    `const p = Promise.reject(new RangeError("late")); await Timer.delay(1); await p.catch(() => 0); return 1;`,
    failed("RangeError: late"),
  ],
]);
