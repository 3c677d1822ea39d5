import assert from "node:assert/strict";
import { start } from "../vm/support.ts";

Deno.test("Promise.all over 1,000 tasks is one wait", () => {
  const { step } = start(`await Promise.all(Array.from({ length: 1000 }, (_, i) => Task.run("t", { i })))`);
  assert.equal(step.waits.length, 1);
  assert.equal(step.waits[0]!.mode, "all");
  assert.equal(step.waits[0]!.ids.length, 1000);
});

Deno.test("Promise.race and any wait for any of theirs", () => {
  const { step } = start('await Promise.race([Task.run("a"), Timer.delay(5)])');
  assert.deepEqual(step.waits, [{ mode: "any", ids: ["op-1", "op-2"] }]);
});

Deno.test("activations wait each on their own", () => {
  const flow = start(
    `await Promise.all([1, 2].map(async (n) => { await Task.run("a", { n }); await Task.run("b", { n }) }))`,
  );
  assert.deepEqual(flow.step.waits, [{ mode: "any", ids: ["op-1", "op-2"] }]);
  flow.complete("op-2");
  assert.deepEqual(flow.step.waits, [{ mode: "any", ids: ["op-1", "op-3"] }]);
});

Deno.test("a race between all of a list and a timer has a group for each", () => {
  const { step } = start('await Promise.race([Promise.all([Task.run("a"), Task.run("b")]), Timer.delay(9)])');
  assert.deepEqual(step.waits, [{ mode: "all", ids: ["op-1", "op-2"] }, { mode: "any", ids: ["op-3"] }]);
});

Deno.test("the loser of a race is released at the next snapshot", () => {
  const flow = start(`await Promise.race([Timer.delay(5), Signal.next("answer")]); await Task.run("next")`);
  assert.deepEqual(flow.step.released, []);
  flow.complete("op-1");
  assert.deepEqual(flow.step.waits, [{ mode: "any", ids: ["op-3"] }]);
  assert.deepEqual(flow.step.released, ["op-2"]);
});

Deno.test("a promise that is held but not awaited yet is neither a wait nor released", () => {
  const flow = start(`const later = Signal.next("answer"); await Timer.delay(5); return await later`);
  assert.deepEqual(flow.step.waits, [{ mode: "any", ids: ["op-2"] }]);
  assert.deepEqual(flow.step.released, []);
  flow.complete("op-2");
  assert.deepEqual(flow.step.waits, [{ mode: "any", ids: ["op-1"] }]);
  assert.equal(flow.complete("op-1", "yes").output, "yes");
});

Deno.test("what ended before anyone awaits it is not lost", () => {
  const flow = start(
    `const early = Task.run("a"); await Timer.delay(5); await Timer.delay(5); return await early`,
  );
  flow.complete("op-1", "early");
  flow.complete("op-2");
  assert.equal(flow.complete("op-3").output, "early");
});

Deno.test("keyed combinators take objects of promises", () => {
  const flow = start(`const all = await Promise.allKeyed({ a: Task.run("a"), b: 2 });
    const settled = await Promise.allSettledKeyed({ x: Task.run("x"), y: 1 });
    const any = await Promise.any_kv({ p: Promise.reject(1), q: "q" });
    const race = await Promise.race_kv([new Promise(() => {}), "second"]);
    return [all, Object.keys(settled), any, race]`);
  flow.complete("op-1", "A");
  flow.fail("op-2", "no");
  const [all, settled, any, race] = flow.step.output as unknown[];
  assert.deepEqual(all, { a: "A", b: 2 });
  assert.deepEqual(settled, ["x", "y"]);
  assert.deepEqual(any, { key: "q", value: "q" });
  assert.deepEqual(race, { key: 1, value: "second" });
});

/** A race whose other member is a timer, what it loses with, and which operations are released when the timer has won. */
const LOSERS: Record<string, [loser: string, released: string[], setup?: string, end?: string]> = {
  "a chain of quiet callbacks": ['Signal.next("go").then((v) => ({ kind: "go", v })).catch(() => null)', [
    "op-1",
  ]],
  "an async function that only waits": [
    "wait()",
    ["op-1"],
    `async function wait() {
    try { const { by } = await Signal.next("go"); return { by } } catch { return null }
  }`,
  ],
  "a race within a race": ['Promise.race([Signal.next("go"), Signal.next("stop")])', ["op-1", "op-2"]],
  "all of a list": ['Promise.all([Signal.next("go"), Signal.next("stop").then((x) => [x])])', [
    "op-1",
    "op-2",
  ]],
  "a promise that a signal resolves": [
    'new Promise((resolve, reject) => { Signal.next("go").then(resolve, reject) })',
    ["op-1"],
  ],
  "an async function within another": [
    "outer()",
    ["op-1"],
    `const inner = async () => await Signal.next("go");
    async function outer() { return [await inner()] }`,
  ],
  "a callback that logs": ['Signal.next("go").then((v) => console.log(v))', []],
  "an async function that starts a task": [
    "wait()",
    [],
    `async function wait() {
    await Signal.next("go"); await Task.run("seen");
  }`,
  ],
  "an async function that counts": [
    "wait()",
    [],
    'let n = 0; async function wait() { await Signal.next("go"); n++ }',
  ],
  "a promise that is held": ["held", [], 'const held = Signal.next("go").then((v) => [v]);', "await held"],
  "a promise whose failure nobody handles": ["new Promise(() => {})", [], 'Signal.next("go").then(() => 1);'],
};

for (const [what, [loser, released, setup = "", end = ""]] of Object.entries(LOSERS)) {
  Deno.test(`${released.length > 0 ? "released" : "kept"} when it loses a race: ${what}`, () => {
    const flow = start(`${setup}
      await Promise.race([${loser}, Timer.delay(5)]);
      await Timer.delay(60);
      ${end}`);
    const timer = flow.effects.flatMap((one) => one.type === "start_timer" ? [one.id] : [])[0]!;
    flow.complete(timer);
    assert.deepEqual(flow.step.released, released);
  });
}

Deno.test("a flow that waits for nothing but what lost is stuck", () => {
  const flow = start(
    `await Promise.race([Signal.next("go").then((v) => [v]), Timer.delay(5)]); await new Promise(() => {})`,
  );
  flow.complete("op-2");
  assert.equal(flow.step.error?.code, "FLOW_STUCK");
  assert.deepEqual(flow.step.released, ["op-1"]);
});
