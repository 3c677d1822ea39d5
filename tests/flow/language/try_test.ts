import { cases, failed } from "./cases.ts";

cases("try", [
  ["const f = () => { try { return 1; } finally { return 2; } }; return f();", 2],
  ["const f = () => { try { throw 1; } finally { return 2; } }; return f();", 2],
  [`const f = () => { try { throw 1; } catch (e) { return "c" + e; } finally { } }; return f();`, "c1"],
  ["let x = 1; const f = () => { try { return x; } finally { x = 2; } }; return [f(), x];", [1, 2]],
  [
    `const f = () => { try { try { throw "a"; } finally { throw "b"; } } catch (e) { return e; } }; return f();`,
    "b",
  ],
  [
    `const out = []; try { try { throw 1; } catch (e) { out.push("c" + e); throw 2; } finally { out.push("f"); } } catch (e) { out.push("o" + e); } return out;`,
    ["c1", "f", "o2"],
  ],
  [
    `const out = []; const f = () => { try { out.push("t"); return out.push("r"); } finally { out.push("f"); } }; const r = f(); return [r, out];`,
    [2, ["t", "r", "f"]],
  ],
  ["try { null.x; } catch ({ name, message }) { return [name, message]; }", [
    "TypeError",
    "Cannot read properties of null (reading 'x')",
  ]],
  [
    "try { undefined.foo.bar; } catch (e) { return [e.name, e.message, e instanceof TypeError, e instanceof Error]; }",
    ["TypeError", "Cannot read properties of undefined (reading 'foo')", true, true],
  ],
  [
    `try { nope(); function nope() { throw new RangeError("r"); } } catch (e) { return [e.name, e.message, String(e)]; }`,
    ["RangeError", "r", "RangeError: r"],
  ],
  ["try { throw undefined; } catch (e) { return e === undefined; }", true],
  [`try { throw null; } catch { return "ok"; }`, "ok"],
  ["try { throw { a: 1 }; } catch ({ a, b = 2 }) { return [a, b]; }", [1, 2]],
  ["try { throw [1, [2]]; } catch ([a, [b]]) { return a + b; }", 3],
  [`let e = "outer"; try { throw "inner"; } catch (e) { e = "changed"; } return e;`, "outer"],
  [`const f = () => { try { return "t"; } catch { return "c"; } finally { "f"; } }; return f();`, "t"],
  [
    `const f = (n) => { try { if (n === 0) throw "z"; return f(n - 1); } finally { if (n === 2) return "two"; } }; return f(3);`,
    "two",
  ],
  [
    `const out = []; for (const x of [1, 2, 3]) { try { if (x === 2) throw x; out.push(x); } catch (e) { out.push(-e); continue; } finally { out.push("f"); } out.push("end"); } return out;`,
    [1, "f", "end", -2, "f", 3, "f", "end"],
  ],
  [
    `const f = async () => { try { await Promise.reject(new Error("x")); } catch (e) { return e.message; } }; return f();`,
    "x",
  ],
  [
    `const f = async () => { try { return Promise.reject("lost"); } catch (e) { return "caught"; } }; try { await f(); } catch (e) { return e; }`,
    "lost",
  ],
  [
    `const f = async () => { try { return await Promise.reject("x"); } catch (e) { return "caught " + e; } }; return await f();`,
    "caught x",
  ],
  ["const f = async () => { try { return 1; } finally { await null; return 2; } }; return await f();", 2],
  [
    `const out = []; const f = async () => { try { await null; throw "a"; } finally { out.push(1); await null; out.push(2); } }; try { await f(); } catch (e) { out.push(e); } return out;`,
    [1, 2, "a"],
  ],
  [`throw new TypeError("top");`, failed("TypeError: top")],
  [`throw "a string";`, failed("ThrownValue: a string")],
  [`throw 12;`, failed("ThrownValue: 12")],
  [`throw undefined;`, failed("ThrownValue: undefined")],
  [`throw { message: "in an object" };`, failed("ThrownValue: in an object")],
  [`throw { a: 1 };`, failed("ThrownValue: <object>")],
  [`throw [1];`, failed("ThrownValue: <object>")],
  [`throw Object.assign(new Error("m"), { code: "E1" });`, failed("Error: m")],
  [
    `const e = new Error("a", { cause: new Error("b") }); return [e.message, e.cause.message, "cause" in e, "cause" in new Error("x")];`,
    ["a", "b", true, false],
  ],
  [`try { throw new AggregateError([1, 2], "m"); } catch (e) { return [e.errors, e.message, e.name]; }`, [
    [1, 2],
    "m",
    "AggregateError",
  ]],
  [`const e = Error("no new"); return [e instanceof Error, e.message, e.name];`, [true, "no new", "Error"]],
  [`const e = new Error(); return [e.message, String(e), "message" in e, Object.keys(e)];`, [
    "",
    "Error",
    true,
    [],
  ]],
  [`const e = new TypeError("x"); e.name = "Mine"; return String(e);`, "Mine: x"],
  [`const e = new Error("x"); e.extra = 1; return [Object.keys(e), JSON.stringify(e)];`, [
    ["extra"],
    '{"extra":1}',
  ]],
  ["return String(new RangeError(undefined));", "RangeError"],
  ["return [new Error(null).message, new Error(12).message, new Error({}).message];", [
    "null",
    "12",
    "[object Object]",
  ]],
  [`return JSON.stringify([new Error("a")]);`, "[{}]"],
  [
    `const f = () => { try { return (() => { throw 1; })(); } catch { return "c"; } finally { } }; return f();`,
    "c",
  ],
  [
    "const f = () => { let i = 0; for (;;) { try { i++; if (i < 3) continue; return i; } finally { if (i === 3) i = 30; } } }; return f();",
    3,
  ],
  [
    `const out = []; try { [1, 2, 3].forEach((x) => { if (x === 2) throw x; out.push(x); }); } catch (e) { out.push("e" + e); } return out;`,
    [1, "e2"],
  ],
  [`const out = []; try { [3, 1].sort(() => { throw "cmp"; }); } catch (e) { out.push(e); } return out;`, [
    "cmp",
  ]],
  ["try { [].reduce((a, b) => a); } catch (e) { return [e.name, e.message]; }", [
    "TypeError",
    "Reduce of empty array with no initial value",
  ]],
  [`try { "x".repeat(-1); } catch (e) { return [e.name, e.message]; }`, [
    "RangeError",
    "Invalid count value: -1",
  ]],
  ["try { (1).toFixed(101); } catch (e) { return e.name; }", "RangeError"],
  ["try { (1).toString(1); } catch (e) { return [e.name, e.message]; }", [
    "RangeError",
    "toString() radix argument must be between 2 and 36",
  ]],
  ["try { new Date(NaN).toISOString(); } catch (e) { return [e.name, e.message]; }", [
    "RangeError",
    "Invalid time value",
  ]],
  [`try { JSON.parse("{bad"); } catch (e) { return e.name; }`, "SyntaxError"],
  [`try { "a".normalize("x"); } catch (e) { return e.name; }`, "RangeError"],
  ["try { const o = {}; o.o = o; JSON.stringify(o); } catch (e) { return e.name; }", "TypeError"],
  [`try { "a" in "b"; } catch (e) { return [e.name, e.message]; }`, [
    "TypeError",
    "Cannot use 'in' operator to search for 'a' in b",
  ]],
  ["try { 1 instanceof 2; } catch (e) { return [e.name, e.message]; }", [
    "TypeError",
    "Right-hand side of 'instanceof' is not an object",
  ]],
  ["try { 1 instanceof (() => 1); } catch (e) { return e.name; }", null],
  ["try { let o = {}; o.f(); } catch (e) { return [e.name, e.message]; }", [
    "TypeError",
    "o.f is not a function",
  ]],
  ["try { let o = { a: {} }; o.a.b.c(); } catch (e) { return [e.name, e.message]; }", [
    "TypeError",
    "Cannot read properties of undefined (reading 'c')",
  ]],
  ["try { let x = 1; x(); } catch (e) { return [e.name, e.message]; }", ["TypeError", "x is not a function"]],
  ["try { const [a] = null; } catch (e) { return e.name; }", "TypeError"],
  ["try { const { a } = undefined; } catch (e) { return e.name; }", "TypeError"],
  ["try { const [a] = 1; } catch (e) { return e.name; }", "TypeError"],
  ["try { const [a] = {}; } catch (e) { return e.name; }", "TypeError"],
  ["try { for (const x of 5) { } } catch (e) { return e.name; }", "TypeError"],
  ["try { [...null]; } catch (e) { return e.name; }", "TypeError"],
  ["try { Math.max(...1); } catch (e) { return e.name; }", "TypeError"],
  ["try { new Map([1]); } catch (e) { return [e.name, e.message]; }", [
    "TypeError",
    "Iterator value 1 is not an entry object",
  ]],
  ["try { Promise(); } catch (e) { return e.name; }", "TypeError"],
  ["try { new Promise(); } catch (e) { return e.name; }", "TypeError"],
  ["try { Map(); } catch (e) { return e.name; }", "TypeError"],
  [`try { return "t"; } finally { }`, "t"],
  ["let n = 0; try { n = 1; } finally { n = 2; } return n;", 2],
]);
