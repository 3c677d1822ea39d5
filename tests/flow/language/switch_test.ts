import { cases } from "./cases.ts";

cases("switch", [
  [`switch (3) { case 1: return "a"; default: return "d"; case 3: return "c"; }`, "c"],
  [
    `const out = []; switch (9) { case 1: out.push(1); default: out.push("d"); case 2: out.push(2); break; case 3: out.push(3); } return out;`,
    ["d", 2],
  ],
  [
    `const out = []; const t = (x) => { out.push(x); return x; }; switch (t(2)) { case t(1): case t(2): out.push("hit"); case t(3): out.push("fall"); } return out;`,
    [2, 1, 2, "hit", "fall"],
  ],
  [`switch ("1") { case 1: return "number"; case "1": return "string"; }`, "string"],
  [`switch (NaN) { case NaN: return "eq"; default: return "never equal"; }`, "never equal"],
  [`switch (true) { case 1 > 2: return "a"; case 2 > 1: return "b"; }`, "b"],
  [`switch (0) { case -0: return "zero"; }`, "zero"],
  [`switch (1) { } return "empty";`, "empty"],
  [`switch (1) { default: } return "d";`, "d"],
  [
    `const f = (x) => { switch (x) { case "a": { const y = 1; return y; } case "b": { const y = 2; return y; } } return 0; }; return [f("a"), f("b"), f("c")];`,
    [1, 2, 0],
  ],
  [
    `const f = (x) => { switch (typeof x) { case "string": return "s"; case "number": return "n"; default: return "o"; } }; return [f(""), f(1), f([])];`,
    ["s", "n", "o"],
  ],
  ["let x = 1; switch (x) { case 1: let y = 2; x = y; break; } return x;", 2],
  [
    `const out = []; for (const x of [1, 2, 3, 4]) { switch (x) { case 2: continue; case 4: break; default: out.push(x); } out.push("e" + x); } return out;`,
    [1, "e1", 3, "e3", "e4"],
  ],
  [`switch (1) { case 1: switch (2) { case 2: break; } return "outer goes on"; }`, "outer goes on"],
  [`const o = {}; switch (o) { case {}: return "no"; case o: return "same"; }`, "same"],
  [`switch (undefined) { case null: return "n"; case undefined: return "u"; }`, "u"],
  [`switch (1) { case 0: default: case 2: return "d"; }`, "d"],
  [
    `const f = (n) => { switch (n) { case 1: case 2: return "low"; default: if (n > 10) break; return "mid"; } return "high"; }; return [f(1), f(2), f(5), f(50)];`,
    ["low", "low", "mid", "high"],
  ],
  [`const out = []; switch (1) { case 1: function g() { return "g"; } out.push(g()); } return out;`, ["g"]],
  [`switch ((() => "k")()) { case "k": return 1; }`, 1],
]);
