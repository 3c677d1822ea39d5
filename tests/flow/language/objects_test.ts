import { cases } from "./cases.ts";

cases("objects", [
  [`const a = 1; return { a, b: 2, ["c" + 3]: 3, "d-e": 4, 5: 5 };`, {
    "5": 5,
    "a": 1,
    "b": 2,
    "c3": 3,
    "d-e": 4,
  }],
  [
    `const o = { f() { return 1; }, async g() { return 2; }, ["h" + 1]() { return 3; } };
    return [o.f(), await o.g(), o.h1(), o.f.name, o.g.name, o.h1.name];`,
    [1, 2, 3, "f", "g", "h1"],
  ],
  [
    `const o = { f() { return 1; }, async g(a) { return 2; }, ["h" + 1]() {}, async "k k"() {} };
    return Object.values(o).map(String);`,
    [
      "f() { return 1; }",
      "async g(a) { return 2; }",
      `["h" + 1]() {}`,
      `async "k k"() {}`,
    ],
  ],
  [`return Object.keys({ b: 1, 2: 1, a: 1, 1: 1, "-1": 1, "01": 1, 4294967295: 1 });`, [
    "1",
    "2",
    "b",
    "a",
    "-1",
    "01",
    "4294967295",
  ]],
  [
    `return JSON.stringify({ z: 1, a: { toJSON: () => "j" }, u: undefined, f: () => 1, n: NaN, d: new Date(0), i: [undefined, () => 1] });`,
    '{"z":1,"a":"j","n":null,"d":"1970-01-01T00:00:00.000Z","i":[null,null]}',
  ],
  [
    "return JSON.stringify({ a: [1, { b: 2 }] }, null, 2);",
    '{\n  "a": [\n    1,\n    {\n      "b": 2\n    }\n  ]\n}',
  ],
  [`return JSON.stringify({ a: 1, b: 2, c: { a: 3 } }, ["a", "c"]);`, '{"a":1,"c":{"a":3}}'],
  [
    `return JSON.stringify({ a: 1, b: "x" }, (k, v) => typeof v === "number" ? v * 2 : v);`,
    '{"a":2,"b":"x"}',
  ],
  [
    String
      .raw`return [JSON.stringify("\u2028\"\\\n\ud800"), JSON.stringify(undefined), JSON.stringify(null), JSON.stringify(-0)].map(String);`,
    ['" \\"\\\\\\n\\ud800"', "undefined", "null", "0"],
  ],
  [`return JSON.stringify({ a: [] , b: {} }, null, "--");`, '{\n--"a": [],\n--"b": {}\n}'],
  [
    String
      .raw`return JSON.parse('{"a":[1,2,{"b":null}],"c":"\\u0041"}', (k, v) => Array.isArray(v) ? v.length : v);`,
    { "a": 3, "c": "A" },
  ],
  [`const o = JSON.parse('{"__proto__": {"x": 1}, "a": 2}'); return [Object.keys(o), o.x === undefined];`, [[
    "__proto__",
    "a",
  ], true]],
  [`const o = { ...{ a: 1, b: 2 }, b: 3, ...null, ...[9], ..."hi" }; return o;`, {
    "0": "h",
    "1": "i",
    "a": 1,
    "b": 3,
  }],
  ["const a = { x: { y: 1 } }; const b = { ...a }; b.x.y = 2; return a.x.y;", 2],
  ["return Object.entries({ a: 1, b: [2] });", [["a", 1], ["b", [2]]]],
  [`return Object.fromEntries(new Map([["a", 1], ["b", 2]]));`, { "a": 1, "b": 2 }],
  ["return Object.assign({ a: 1 }, { b: 2 }, null, { a: 3 });", { "a": 3, "b": 2 }],
  [`return [Object.hasOwn({ a: 1 }, "a"), Object.hasOwn({}, "toString"), ({ b: 1 }).hasOwnProperty("b")];`, [
    true,
    false,
    true,
  ]],
  [`return Object.groupBy([1, 2, 3], (x) => x % 2 ? "odd" : "even");`, { "odd": [1, 3], "even": [2] }],
  [`return [..."abcab"].reduce((m, c) => ({ ...m, [c]: (m[c] ?? 0) + 1 }), {});`, { "a": 2, "b": 2, "c": 1 }],
  [`const o = { a: 1 }; o.b = 2; o["c d"] = 3; delete o.a; return [Object.keys(o), o];`, [["b", "c d"], {
    "b": 2,
    "c d": 3,
  }]],
  [`const o = {}; o[1] = "a"; o["1"] = "b"; o[1.5] = "c"; o[null] = "d"; o[[1, 2]] = "e"; return o;`, {
    "1": "b",
    "1.5": "c",
    "null": "d",
    "1,2": "e",
  }],
  [
    "const o = { f(x) { return x + 1; }, g: (x) => x * 2, async h() { return 3; } }; return [o.f(1), o.g(2), await o.h()];",
    [2, 4, 3],
  ],
  ["const o = { a: 1, a: 2 }; return o;", { "a": 2 }],
  ['const o = { toString() { return "custom"; } }; return `${o}`;', "custom"],
  ["return [String({}), ({}).toString(), [1, 2].toString(), String(() => 1).length > 0];", [
    "[object Object]",
    "[object Object]",
    "1,2",
    true,
  ]],
  ["const o = { a: 1 }; const p = o; p.a = 2; return [o.a, o === p, { a: 1 } === { a: 1 }];", [
    2,
    true,
    false,
  ]],
  ["const o = {}; o.self = o; return [o.self.self === o, Object.keys(o)];", [true, ["self"]]],
  [
    `const c = structuredClone({ d: new Date(5), m: new Map([[1, new Set([2])]]), a: [1, [2]], u: undefined }); return [c.d.getTime(), [...c.m.get(1)], c.a, "u" in c];`,
    [5, [2], [1, [2]], true],
  ],
  ["const o = { a: {} }; o.b = o.a; const c = structuredClone(o); return [c.a === c.b, c.a === o.a];", [
    true,
    false,
  ]],
  ["try { structuredClone({ f: () => 1 }); } catch (e) { return e.name; }", "DataCloneError"],
  ["const { a, ...b } = structuredClone({ a: 1, b: 2 }); return b;", { "b": 2 }],
  [
    "const o = { constructor: 5, hasOwnProperty: 6, valueOf: 7 }; return [o.constructor, o.hasOwnProperty, o.valueOf];",
    [5, 6, 7],
  ],
  [`const o = { "": 1, " ": 2 }; return [o[""], o[" "]];`, [1, 2]],
  [`return [{}.a === undefined, { a: undefined }.a === undefined, "a" in { a: undefined }];`, [
    true,
    true,
    true,
  ]],
  [`return Object.values("abc").concat(Object.keys([7, 8]));`, ["a", "b", "c", "0", "1"]],
  ["try { Object.keys(null); } catch (e) { return [e.name, e.message]; }", [
    "TypeError",
    "Cannot convert undefined or null to object",
  ]],
  ["return Object.keys(5).length;", 0],
  ['const o = { x: 1, ["y"]: 2, [`z${1}`]: 3, [1 + 1]: 4 }; return o;', { "2": 4, "x": 1, "y": 2, "z1": 3 }],
  ["const k = {}; const o = { [k]: 1 }; return Object.keys(o);", ["[object Object]"]],
  [
    `const log = []; const t = (x) => { log.push(x); return x; }; const o = { [t("a")]: t(1), [t("b")]: t(2) }; return log;`,
    ["a", 1, "b", 2],
  ],
  ["return { ...{ a: 1 }, ...(false && { b: 2 }), ...(true && { c: 3 }) };", { "a": 1, "c": 3 }],
  ["const o = { a: [1, 2] }; o.a[1]++; o.a.push(3); return o;", { "a": [1, 3, 3] }],
  ["const o = Object.fromEntries(Object.entries({ a: 1, b: 2 }).map(([k, v]) => [v, k])); return o;", {
    "1": "a",
    "2": "b",
  }],
  ["const o = { valueOf() { return 10; } }; return [o > 5, o + 5, o == 10, `${o}`];", [
    true,
    15,
    true,
    "[object Object]",
  ]],
  ["const o = { a: 1, get: 2, set: 3, async: 4, static: 5, of: 6 }; return Object.values(o);", [
    1,
    2,
    3,
    4,
    5,
    6,
  ]],
  [`return [1, "a", null, undefined, true].map((x) => JSON.stringify({ x }));`, [
    '{"x":1}',
    '{"x":"a"}',
    '{"x":null}',
    "{}",
    '{"x":true}',
  ]],
]);
