import { agrees } from "./agree.ts";

agrees(
  "Map",
  `
  new Map([[1, "a"], [NaN, "b"], [-0, "c"]])
  new Map([[-0, 1]]).keys().next()
  new Map([[NaN, 1]]).get(NaN)
  new Map([["a", 1]]).has("a")
  new Map([["a", 1]]).size
  (() => { const m = new Map(); return [m.set("a", 1) === m, m.delete("a"), m.delete("a"), m.size]; })()
  (() => { const m = new Map([[1, 2]]); return [m.clear(), m.size]; })()
  (() => { const seen = []; const m = new Map([[1, 2], [3, 4]]); m.forEach((value, key, map) => { seen.push(value, key, map === m); if (seen.length < 9) m.set(seen.length, 0); }); return seen; })()
  (() => { const m = new Map([[1, 1], [2, 2]]); const seen = []; for (const [key] of m) { seen.push(key); m.delete(2); m.set(3, 3); } return seen; })()
  [...new Map([[1, 2]]).entries()]
  [...new Map([[1, 2]]).keys()]
  [...new Map([[1, 2]]).values()]
  new Map(null).size
  new Map([1])
  new Map([[1]])
  new Map([{ 0: "k", 1: "v" }])
  new Map(5)
  Map()
  Map.groupBy([1, 2, 3], (n) => n % 2)
  Map.groupBy([0, -0], (n) => n).size
  Map.groupBy("aba", (c, index) => c)
  Map.groupBy(5, () => 1)
  Map.groupBy([1], null)
  new Map().forEach(5)
  (0, new Map().get)(1)
  (0, new Map().size)
  new Map() instanceof Map
  new Map().absent
  Map.name + Map.length
`,
);
