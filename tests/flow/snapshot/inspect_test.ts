import assert from "node:assert/strict";
import { inspectFlow } from "../../../src/flow/mod.ts";
import { start } from "../vm/support.ts";

Deno.test("inspectFlow() shows each activation: place, variables, what it waits for", () => {
  const flow = start(`const order = { id: 7, at: new Date(0) };
const seen = new Set([1]);
async function ship(item, count = 2) {
  const label = item + "!";
  await Task.run("ship", { label });
  const later = 1;
}
let total = 0;
const bump = () => total++;
bump();
await Promise.all([ship("a"), ship("b", 5)]);`);
  const view = inspectFlow(flow.program, flow.step.snapshot!);
  assert.equal(view.fibres.length, 3);
  const [main, first, second] = view.fibres;
  assert.deepEqual([main!.function, main!.line, main!.column], ["main", 11, 1]);
  assert.deepEqual(main!.waitsFor, ["ship:5", "ship:5"]);
  assert.deepEqual(
    JSON.parse(JSON.stringify(main!.variables)),
    {
      ship: { $: "function" },
      order: { id: 7, at: "1970-01-01T00:00:00.000Z" },
      seen: [1],
      total: 1,
      bump: { $: "function" },
    },
  );
  const views = [first!, second!].sort((a, b) => a.waitsFor[0]! < b.waitsFor[0]! ? -1 : 1);
  assert.deepEqual(views.map((one) => [one.function, one.line, one.column]), [["ship", 5, 3], [
    "ship",
    5,
    3,
  ]]);
  assert.deepEqual(views.map((one) => one.waitsFor), [["op-1"], ["op-2"]]);
  assert.deepEqual(JSON.parse(JSON.stringify(views[1]!.variables)), { item: "b", count: 5, label: "b!" });
});

Deno.test("inspectFlow() shows what a combinator waits for", () => {
  const flow = start(`await Promise.race([Task.run("a"), Promise.all([Task.run("b"), Timer.delay(1)])])`);
  const view = inspectFlow(flow.program, flow.step.snapshot!);
  assert.deepEqual(view.fibres[0]!.waitsFor, ["op-1", "op-2", "op-3"]);
});

Deno.test("inspectFlow() shows blocks, loops, caught errors and functions without a name", () => {
  const flow = start(
    `const list = [1, NaN, undefined, -0, null, /x/g, () => 1, new Map([["k", new Set([2])]])];
let later;
for (const [index, name] of ["a", "b"].entries()) {
  try {
    if (index === 1) throw new RangeError("late");
  } catch (error) {
    const inner = { error, list };
    await (async () => {
      const own = Promise.resolve(1);
      await Signal.next("go");
    })();
  }
}
const never = 1`,
  );
  const [main, anonymous] = inspectFlow(flow.program, flow.step.snapshot!).fibres;
  const word = ($: string) => ({ $ });
  const list = [1, word("NaN"), word("undefined"), word("-0"), null, word("/x/g"), word("function"), [["k", [
    2,
  ]]]];
  assert.deepEqual(JSON.parse(JSON.stringify(main)), {
    ...{ function: "main", line: 8, column: 5, waitsFor: ["<anonymous>:10"] },
    variables: {
      ...{ list, later: word("undefined"), index: 1, name: "b", error: word("RangeError: late") },
      inner: { error: word("RangeError: late"), list: word("the same as list") },
    },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(anonymous)), {
    ...{ function: "<anonymous>", line: 10, column: 7, waitsFor: ["op-1"] },
    variables: { own: word("promise, fulfilled") },
  });
});

Deno.test("inspectFlow() shows what a handler of a promise waits for", () => {
  const flow = start(`const done = Task.run("a").then((v) => v + 1).finally(() => 0);
await Promise.any([done, Promise.allKeyed({ b: Timer.delay(5) })])`);
  assert.deepEqual(inspectFlow(flow.program, flow.step.snapshot!).fibres[0]!.waitsFor, ["op-1", "op-2"]);
});

Deno.test("inspectFlow() gives a small view of a small snapshot that holds a billion paths", () => {
  const flow = start(`let a = [1];
for (const n of [1, 2, 3, 4]) { const b = a; a = Array.from({ length: 100 }, () => b) }
await Timer.delay(1); return a`);
  assert(JSON.stringify(flow.snapshot).length < 4_000);
  const view = inspectFlow(flow.program, flow.snapshot!);
  const text = JSON.stringify(view);
  assert(text.length < 50_000, `${text.length} characters`);
  assert.match(text, /the same as a\[0\]/);
});

Deno.test("inspectFlow() marks what it cuts: long texts, long lists, deep and many values, many activations", () => {
  const flow = start(`const text = "x".repeat(5000), list = Array.from({ length: 500 }, (_, i) => i);
const keys = Object.fromEntries(list.map((i) => ["k" + i, i]));
let deep = 0; for (const i of list) deep = { deep };
await Promise.all(list.map(async (i) => { await Task.run("x", { i }) }))`);
  const view = inspectFlow(flow.program, flow.snapshot!);
  const [main] = view.fibres;
  const { text, list: shown, keys, deep } = main!.variables as Record<string, Record<string, unknown>>;
  assert.equal(text, `${"x".repeat(1000)}… 4000 more characters`);
  assert.deepEqual((shown as unknown as unknown[]).at(-1), { $: "… 400 more" });
  assert.deepEqual(keys!["…"], { $: "400 more" });
  assert.match(JSON.stringify(deep), /\{"\$":"…"\}/);
  assert.equal(main!.waitsFor.at(-1), "… 400 more");
  assert.deepEqual([view.fibres.length, view.more], [200, 301]);
});

Deno.test("inspectFlow() tells the text undefined from a variable without a value", () => {
  const flow = start('let none; const text = "undefined"; await Timer.delay(1); return [none, text]');
  assert.deepEqual(
    JSON.parse(JSON.stringify(inspectFlow(flow.program, flow.snapshot!).fibres[0]!.variables)),
    {
      none: { $: "undefined" },
      text: "undefined",
    },
  );
});
