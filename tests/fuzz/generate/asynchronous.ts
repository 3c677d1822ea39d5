/**
 * Generates statements about promises and durable operations: order of continuations, races, fan-out.
 *
 * @module
 */

import { expression, fill } from "./expression.ts";
import type { Scope } from "./scope.ts";
import { statements } from "./statements.ts";

const WITH_AWAIT = [
  'log("awaited", await $P);',
  'log("task", await Task.run("object", { v: $p }));',
  'try { log("never", await Task.run("fail", { v: $p })); } catch (e) { log("failed", [e.name, e.message, e.code]); }',
  'log("all", await Promise.all([$P, $P, $p]));',
  'log("settled", await Promise.allSettled([$P, $Q]));',
  'log("race", await Promise.race([Task.run("number", { v: $p }), Timer.delay($i), Signal.next("text")]));',
  'log("any", await Promise.any([$Q, $P]));',
  'log("fan", await Promise.all(few($a).map(async (v, i) => { const got = await Task.run("number", { i }); log("got", [i, got]); return got; })));',
  'for (const v of [$P, $p, $P]) log("one", await v);',
  'await null; log("tick");',
  'if (await $P) log("truthy"); else log("falsy");',
  'log("mixed", [await $P, tap("between", $p), await Task.run("text", {})]);',
  'log("order", (await $P) + (await $P));',
  'try { await $Q; log("fine"); } catch (e) { log("reason", e); } finally { await $P; log("after"); }',
  'log("signal", await Signal.next("object"));',
  'try { await Promise.all([$P, $Q, $Q]); log("all fine"); } catch (e) { log("first", e); }',
  'try { await Promise.any([$Q, $Q]); log("any fine"); } catch (e) { log("none", [e.name, e.errors]); }',
  'log("await in call", tap(await $P, await $p));',
  'for (const v of await Promise.all([$P, $p])) log("of", v);',
  'for (let i = await $i; i < 3; i += await 1) log("i", i);',
  "while (await (fuel-- > 0 && $b)) { await null; if (fuel % 3 === 0) break; }",
  "do { await $p; } while (fuel-- > 0 && await $b);",
  'switch (await $n) { case await 1: log("one"); default: log("other", await $P); case 2: log("two"); }',
  'try { throw await $P; } catch (e) { log("thrown", await e); } finally { await null; log("out"); }',
  '{ const [x = await $p, { length: y = await $p } = [await $p]] = await Promise.resolve([]); log("xy", [x, y]); }',
  "$O.$K = await $P;",
  "$O[tap($q, $k)] = [await $p];",
  '{ const fs = []; for (let i = 0; i < 3; i++) { await null; fs.push(async () => { await null; return i++; }); } log("fs", await Promise.all(fs.map((f) => f()))); }',
  '{ let n = $p; const add = async (v) => { n = lim(n + v); await null; return n; }; log("shared", await Promise.all([add($p), add($p)])); }',
  'for (const [k, v] of $m) { await null; log("pair", [k, v]); if (k === 1) $M.set(2, $p); }',
  'for (const v of $t) { log("member", await v); if ($T.size < 4) $T.add($p); }',
  'for (const v of $a.values()) { await $p; log("value", v); }',
  'for (const m of $s.matchAll(/\\w/g)) { await null; log("match", m[0]); }',
  'for (const k in $o) { await null; log("key", k); delete $O.$K; }',
  'l: for (;;) { try { await $p; if (fuel-- > 90) continue l; break l; } finally { log("round", await $p); } }',
  'log("late", await (async () => { try { return await $P; } finally { await null; log("leaving"); } })());',
  '{ const w = $P; log("twice", [await w, await w]); }',
  '{ const it = $m.entries(); it.next(); await null; log("rest", [...it]); }',
  '{ const { promise, resolve, reject } = Promise.withResolvers(); Timer.delay($i).then(() => $b ? resolve($p) : reject($p)); try { log("by hand", await promise); } catch (e) { log("by hand failed", e); } }',
  'log("keyed", await Promise.race_kv({ a: Task.run("number", {}), b: Signal.next("text"), c: Timer.delay(1) }));',
  '{ const e = await Task.run("fail", { v: $p }).catch((e) => e); log("e", [e instanceof Error, e.type, e.code, String(e)]); }',
];
const ANYWHERE = [
  '$P.then((v) => log("then", v));',
  '$Q.catch((e) => log("catch", e));',
  '$P.finally(() => log("finally")).then((v) => log("value", v));',
  'Promise.resolve().then(() => log("micro 1")).then(() => log("micro 2"));',
  '(async () => { log("start"); await null; log("middle"); await null; log("end"); })();',
  'Promise.all([$P, $p]).then((v) => log("all", v));',
  'Promise.race([$P, $P]).then((v) => log("race", v));',
  '{ const { promise, resolve } = Promise.withResolvers(); promise.then((v) => log("resolved", v)); resolve($x); resolve(1); }',
  'new Promise((done, fail) => { done($p); fail($p); throw $p; }).then((v) => log("once", v));',
  'Promise.resolve({ then: (done) => { log("thenable"); done($p); } }).then((v) => log("assimilated", v));',
  'Task.run("text", { v: $p });',
  'Task.run("fail", { v: $p });',
  'Workflow.run("object", $o);',
  'Signal.send("x-1", $k, $p);',
  'Signal.send("x-1", $k, $o);',
  'console.info("i", $n); console.warn($s); console.error("e"); console.debug($b, lim($s));',
  '(async () => { for (const v of [$P, $P]) { log("step", await v); } })();',
  'const $W = async (n) => { await null; if (n > 0) await $W(n - 1); log("deep", n); }; $W($i);',
  'Promise.allKeyed({ $K: $P, $K: $p }).then((v) => log("keyed", v));',
  "Promise.race_kv({ $K: $P, $K: $P }).then(({ key, value }) => log(key, value));",
  'Promise.allSettled([$Q, $P]).then((v) => log("settled", v));',
];

/** Ends most programs: one waits for ever, one rejects unseen. */
const ENDS = [
  "await new Promise(() => {});",
  'Promise.reject(new Error("unseen"));',
  'Promise.reject("unseen");',
];

/** A statement about promises. */
export function asynchronousStatement(scope: Scope): string {
  const { dice } = scope;
  if (dice.chance(20)) return promiseVariable(scope);
  if (scope.asynchronous && dice.chance(12)) return activity(scope);
  if (dice.chance(1)) return dice.pick(scope.asynchronous ? ENDS : ENDS.slice(1));
  const list = scope.asynchronous && dice.chance(70) ? WITH_AWAIT : ANYWHERE;
  return fill(scope, dice.pick(list).replaceAll("$W", scope.fresh("w")), 1);
}

function promiseVariable(scope: Scope): string {
  const value = expression(scope, "P", 2);
  const name = scope.fresh("w");
  scope.declare(name, "P", { constant: true });
  return `const ${name} = ${value};`;
}

/** Two activities that run side by side, each with statements of its own. */
function activity(scope: Scope): string {
  const bodies = [0, 1].map(() => {
    const inner = scope.enter({ loop: false, breakable: false, labels: [], guarded: false });
    return `(async () => {\n${statements(inner, 1 + scope.dice.below(2)).join("\n")}\n})()`;
  });
  return `log("side by side", await Promise.all([${bodies.join(", ")}]));`;
}
