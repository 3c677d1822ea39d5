/**
 * Expressions that give promises, as templates: see `rules.ts` for what the holes mean.
 *
 * @module
 */

/** Promises that are fulfilled, sooner or later. */
export const FULFILLED: readonly string[] = [
  "Promise.resolve($x)",
  "new Promise((done) => done($x))",
  'new Promise((done) => { log("executor"); done($P); })',
  "$P.then($h)",
  "$P.then($h, $h)",
  "$P.then()",
  "$Q.catch($h)",
  "$Q.then($h, $h)",
  '$P.finally(() => log("finally"))',
  "$Q.catch($h).finally(() => $x)",
  "Promise.all([$P, $p, $P])",
  "Promise.allSettled([$P, $Q, $p])",
  "Promise.race([$P, $P])",
  "Promise.any([$Q, $P])",
  "Promise.all([])",
  'Task.run("number", { v: $p })',
  'Task.run("text", { v: $p })',
  'Task.run("list", { v: $s })',
  'Task.run("object", $o)',
  'Workflow.run("text", { v: $p })',
  "Timer.delay($i)",
  'Signal.next("number")',
  'Signal.when("text")',
  'Promise.all($a.map(async (v, i) => { log("item", i); await null; return i; }))',
  "(async () => $x)()",
  '(async () => { log("in"); await null; return $p; })()',
  "Promise.resolve($P)",
  "Promise.all(new Set([$P, $p]))",
];

/** Promises that may be rejected. */
export const REJECTED: readonly string[] = [
  "Promise.reject($x)",
  "Promise.reject($e)",
  'Task.run("fail", { v: $p })',
  'Workflow.run("fail")',
  "new Promise((done, fail) => fail($x))",
  "new Promise(() => { throw $x; })",
  "$P.then(() => { throw $x; })",
  "$Q.then($h)",
  '$Q.finally(() => log("cleanup"))',
  "Promise.all([$P, $Q, $P])",
  "Promise.any([$Q, $Q])",
  "Promise.race([$Q, $P])",
  "(async () => { throw $x; })()",
  "(async () => { await null; throw $e; })()",
  "$P.finally(() => { throw $x; })",
  "Promise.any([])",
  "$Q.catch((e) => { throw $e; })",
];

/** Templates that need `await`, by the kind they give. */
export const AWAITS: readonly string[] = [
  "await $P",
  "await $P",
  "await $x",
  "(await $P)",
  "[await $P, $p, await $P]",
  "{ a: await $P, b: $p }",
  "((await $P) ?? (await $P))",
  "`${await $P}|${$p}`",
  "(await $P, await $p)",
];
