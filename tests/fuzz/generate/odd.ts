/**
 * Generates what people seldom write: hidden names, declarations in cases, empty statements, bare loops, nested labels.
 *
 * @module
 */

import { expression, fill } from "./expression.ts";
import type { Scope } from "./scope.ts";
import { statements } from "./statements.ts";

/** `#` stands for a name that is new in each place. */
const TEMPLATES = [
  'switch ($n) { case 1: let # = $p; log("one", #); break; case $i: const #b = $x; log("b", #b); default: log("none"); }',
  'switch ($i) { case 0: let # = $p; log("set", #); default: try { log("after", #); # = 1; # += 1; log("again", #); } catch (e) { log("zone", e); } }',
  'for (let #c = 0; #c < 2; #c++) { switch (#c * $i) { case 0: let # = $p, #b = () => #; log("set", #b()); break; default: try { log("after", typeof #); } catch (e) { log("zone", e); } } }',
  'switch ($i) { default: function #() { return typeof #b; } try { log("closed", #()); } catch (e) { log("zone", e); } case 1: let #b = $p; log("open", [#(), #b]); }',
  "switch ($x) {}",
  "switch ($p) { case $p: case $p: default: }",
  ";;",
  "{}",
  'if ($b); else log("no");',
  'if ($b) log("yes"); else if ($b) log("maybe"); else ;',
  'if ($b) if ($b) log("both"); else log("first");',
  "for (;;) { if (fuel-- <= 100 || $b) break; }",
  'for (let # = 0, #b = $p; # < 2; log("up", #b), #++) log("in", #);',
  'for (let # = 2; #--;) log("down", #);',
  "while (fuel-- > 90) if ($b) break;",
  'do log("once"); while ($n < $i && fuel-- > 80);',
  'do { if ($b) continue; log("round"); } while (fuel-- > 90 && !$b);',
  'for (const # of $a) log("each", #);',
  'for (const { length: #, a: #b = $p } of [$s, $o, $a]) log("taken", [#, #b]);',
  'for (let [#, ...#b] of [$s, $a]) { # = $p; log("apart", [#, #b]); }',
  'for ($V of $a) log("into", $V);',
  'for ($O.$K of $s) log("into", $O.$K);',
  'for (const # in $o) { if (# === $k) continue; log("key", #); }',
  'for (let # in $a) { # += 1; log("index", #); }',
  '#: #b: for (const #c of $a) { for (const #d of $s) { if ($b) continue #; if ($b) break #b; log("deep", [#c, #d]); } }',
  '#: { log("in"); if ($b) break #; log("past"); }',
  '#: try { log("try"); break #; } finally { log("finally"); }',
  '#: for (let #b = 0; #b < 3; #b++) { switch (#b) { case 1: continue #; default: try { if ($b) break #; } finally { log("left", #b); } } log("stayed", #b); }',
  '#: if ($b) { break #; } else log("else");',
  'try {} finally { log("empty"); }',
  'try { log("fine"); } catch {}',
  'log("returns", (() => { try { return tap(1, $p); } finally { log("last"); } })());',
  'log("overrides", (() => { try { throw $p; } catch (e) { return [e]; } finally { if ($b) return $p; } })());',
  'log("loops", (() => { for (const # of $a) { try { if ($b) continue; return #; } finally { if (fuel-- < 60) break; } } return $p; })());',
  'log("getters", Object.entries({ get: $p, set: $p, async: 1, of: 2, await: 3, let: 4, static: 5, new: 6 }));',
  '{ let # = $p, #b = () => #, #c; # = $p; log("seen", [#b(), #c]); }',
  '{ const # = (n) => n <= 0 ? [] : [n, ...#(n - 1)]; log("down", #($i)); }',
  '{ const # = (n) => n > 0 && #b(n - 1); const #b = (n) => n <= 0 || #(n - 1); log("mutual", #($i)); }',
  '{ let # = 0; const #b = () => (# += 1, { # }); const #c = () => #--; log("shared", [#b(), #c(), #b(), #]); }',
  '{ function #(a, b = a, { c, ...d } = { c: b }, [e = c] = [], ...f) { return [a, b, c, d, e, f]; } log("params", [#(), #($p), #($p, $p, { c: $p, x: 1 }, [$p], $p, $p), #.length]); }',
  '{ const # = (a, b = () => a) => { const c = b(); a = $p; return [a, b(), c]; }; log("own scope", #($p)); }',
  '{ const # = (a = (() => { throw new Error("no a"); })()) => a; try { log("given", #($p)); log("missing", #()); } catch (e) { log("default", e); } }',
  '{ let # = [$p, $p]; [#[1], #[0]] = #; log("swapped", #); }',
  '{ const # = { n: 1 }; #.n += #.n++ + ++#.n; #["n"] **= 2; log("n", [#.n--, #.n, delete #.n, #.n]); }',
  '{ const # = { a: { b: { c: $p } } }; log("chain", [#?.a?.b?.c, #.x?.y.z, #.a?.["b"].c, #.f?.(tap("never", 1)), (#?.a).b, delete #?.a?.b, #]); }',
  '{ const # = { f(n) { return n; }, g: { h: (n) => [n] } }; log("calls", [#.f?.($p), #?.f($p), #.g?.h?.($p), #?.["g"].h($p), #.no?.no()]); }',
  '{ const # = new Map([[1, 2], [3, 4]]); for (const [#b] of #) { #.delete(1); #.delete(3); if (#b < 5) #.set(#b + 6, 1); log("walk", #b); } }',
  '{ const # = [1, 2, 3]; for (const #b of #) { if (#.length < 5) #.push(#b); #.shift(); log("walk", #b); } }',
  '{ const # = $t; for (const #b of #) { #.delete(#b); if (fuel-- > 60) #.add(#b); else break; } log("left", # ); #.clear(); }',
  '{ const # = $a.entries(), #b = [...#]; log("spent", [#b, #.next(), [...#]]); }',
];

/** One of the statements that people seldom write. */
export function oddStatement(scope: Scope): string {
  const { dice } = scope;
  if (dice.chance(25)) return hiding(scope);
  const base = scope.fresh("z");
  const template = dice.pick(TEMPLATES).replaceAll("#", base);
  return fill(scope.enter({ asynchronous: scope.asynchronous && !template.includes("=>") }), template, 1);
}

/** A block in which a name means something else, and a closure that keeps it. */
function hiding(scope: Scope): string {
  const { dice } = scope;
  const name = scope.variable(["p", "n", "s", "a", "o", "x"])?.name;
  if (!name) return "{}";
  const inner = scope.enter({});
  inner.forget(name);
  const value = expression(inner, "p", 1);
  const [reader, writer] = [scope.fresh("r"), scope.fresh("w")];
  inner.declare(name, "p", { constant: false });
  const lines = [
    `let ${name} = lim(${value});`,
    `const ${reader} = () => ${name}, ${writer} = (v) => ${name} = v;`,
    ...statements(inner, 1 + dice.below(2)),
  ];
  if (!/^(return|throw|break|continue)\b/.test(lines.at(-1)!)) {
    lines.push(`${writer}(${expression(inner, "p", 1)}); log("hidden", [${name}, ${reader}()]);`);
  }
  return `{\n${lines.join("\n")}\n}\nlog("again", ${name});`;
}
