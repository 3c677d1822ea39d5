import { cases } from "./cases.ts";

cases("collections", [
  [
    `const m = new Map([[1, "a"], ["1", "b"]]); return [m.get(1), m.get("1"), m.size, m.has(2), m.delete(1), [...m]];`,
    ["a", "b", 2, false, true, [["1", "b"]]],
  ],
  [
    "const m = new Map(); m.set(NaN, 1).set(-0, 2).set({}, 3); return [m.get(NaN), m.get(0), [...m.keys()].map(String), 1 / [...m.keys()][1] === Infinity];",
    [1, 2, ["NaN", "0", "[object Object]"], true],
  ],
  [
    "const s = new Set([1, 2, 2, NaN, NaN]); return [s.size, s.has(NaN), s.add(3) === s, s.delete(9), [...s].map(String)];",
    [3, true, true, false, ["1", "2", "NaN", "3"]],
  ],
  [
    `const m = new Map([["a", 1]]); const out = []; m.forEach((v, k, mm) => out.push(v, k, mm === m)); return out;`,
    [1, "a", true],
  ],
  [
    `const s = new Set(["x"]); const out = []; s.forEach((v, k, ss) => out.push(v, k, ss === s)); return out;`,
    ["x", "x", true],
  ],
  [`const m = new Map([["b", 1], ["a", 2]]); m.set("b", 3); return [...m.entries()];`, [["b", 3], ["a", 2]]],
  [`const m = new Map([["b", 1], ["a", 2]]); m.delete("b"); m.set("b", 3); return [...m.keys()];`, [
    "a",
    "b",
  ]],
  [`const k = {}; const m = new Map([[k, "v"]]); return [m.get(k), m.get({}) === undefined];`, ["v", true]],
  [
    "return [JSON.stringify(new Map([[1, 2]])), JSON.stringify(new Set([1])), String(new Map()), String(new Set())];",
    ["{}", "{}", "[object Map]", "[object Set]"],
  ],
  ["return Map.groupBy([1, 2, 3], (x) => x % 2).get(1);", [1, 3]],
  [
    "const a = new Set([1, 2, 3]), b = new Set([2, 3, 4]); return [[...a.union(b)], [...a.intersection(b)], [...a.difference(b)], [...a.symmetricDifference(b)]];",
    [[1, 2, 3, 4], [2, 3], [1], [1, 4]],
  ],
  [
    "const a = new Set([1]), b = new Set([1, 2]); return [a.isSubsetOf(b), b.isSupersetOf(a), a.isDisjointFrom(new Set([5]))];",
    [true, true, true],
  ],
  ["const m = new Map([[1, { n: 0 }]]); m.get(1).n++; return m.get(1).n;", 1],
  [
    `return [new Map().size, new Set("hello").size, new Map(Object.entries({ a: 1 })).get("a"), new Set(null).size];`,
    [0, 4, 1, 0],
  ],
  ["return [...new Map([[1, 2]]).values(), ...new Set([5]).keys(), ...new Set([6]).entries()];", [2, 5, [
    6,
    6,
  ]]],
  [
    "const m = new Map([[1, 1], [2, 2], [3, 3]]); const out = []; for (const [k] of m) { out.push(k); m.delete(2); } return out;",
    [1, 3],
  ],
  ["const m = new Map([[1, 1]]); m.clear(); return [m.size, [...m]];", [0, []]],
  [
    `const counts = new Map(); for (const w of "a b a".split(" ")) counts.set(w, (counts.get(w) ?? 0) + 1); return [...counts];`,
    [["a", 2], ["b", 1]],
  ],
  [`const m = new Map(); return m.set("a", 1).set("b", 2).size;`, 2],
  ["const s = new Set([3, 1, 2]); return [...s].sort().concat(Math.max(...s));", [1, 2, 3, 3]],
  [`const m = new Map([[[1], "arr"]]); return m.get([1]) === undefined;`, true],
  [`const m1 = new Map([["x", new Map([["y", 1]])]]); return m1.get("x").get("y");`, 1],
  ["const it = new Set([1, 2]).values(); it.next(); return it.next();", { "value": 2, "done": false }],
  [
    `const m = new Map([["a", 1], ["b", 2]]); return Object.fromEntries([...m].map(([k, v]) => [k, v * 2]));`,
    { "a": 2, "b": 4 },
  ],
  [
    `const g = Object.groupBy([1, 2], (n) => "k" + n % 2); try { return String(g); } catch (e) { return [e.message, g instanceof Object, { ...g } instanceof Object]; }`,
    ["Cannot convert object to primitive value", false, true],
  ],
  [
    `const { groups } = "ab".match(/(?<x>a)/); try { return groups + ""; } catch (e) { return [e.message, { ...groups }]; }`,
    ["Cannot convert object to primitive value", { x: "a" }],
  ],
  [
    `const m = "xab".match(/(?<q>a)(b)/d); await null; m.index += 1; return [Object.keys(m), m.index, m.input, m.indices, delete m.input, "input" in m];`,
    [["0", "1", "2", "index", "input", "groups", "indices"], 2, "xab", [[1, 3], [1, 2], [2, 3]], true, false],
  ],
  ["try { new Map(`t`); } catch (e) { return e.message; }", "Iterator value t is not an entry object"],
  ["try { new Promise('text'); } catch (e) { return e.message; }", "Promise resolver text is not a function"],
  [
    "try { new Promise(/r/); } catch (e) { return e.message; }",
    "Promise resolver [object RegExp] is not a function",
  ],
  [
    "const s = 'abc'; try { delete s[0]; } catch (e) { return e.message; }",
    "Cannot delete property '0' of [object String]",
  ],
  ["try { [].with('x', 1); } catch (e) { return e.message; }", "Invalid index : x"],
]);
