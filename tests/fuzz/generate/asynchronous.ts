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
  'Promise.allSettled([$Q, $P]).then((v) => log("settled", v));',
];

/** A statement about promises. */
export function asynchronousStatement(scope: Scope): string {
  const { dice } = scope;
  if (dice.chance(20)) return promiseVariable(scope);
  if (scope.asynchronous && dice.chance(12)) return activity(scope);
  const list = scope.asynchronous && dice.chance(70) ? WITH_AWAIT : ANYWHERE;
  return fill(scope, dice.pick(list), 1);
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
