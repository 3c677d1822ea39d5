import assert from "node:assert/strict";
import { step, TransientStepError, workflow } from "../../src/steps/mod.ts";
import { onEmbedded } from "../support/database.ts";
import { onServer, stepsTest } from "./support.ts";

Deno.test({
  name: "two processes run one workflow at once: each step's function runs once, both print the result",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await stepsTest();
    const { sql } = test.database;
    await sql`create table effect (nth integer, pid integer)`;
    await sql`create table ready (pid integer)`;
    const { url } = test.database;
    const ctx = await test.admin.createWorkflow("twice");
    const fixture = new URL("fixtures/twice.ts", import.meta.url).pathname;
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const args = ["run", "-A", "--no-check", "--config", config, fixture, url, ctx.id()];
    const run = (): Promise<Deno.CommandOutput> => new Deno.Command(Deno.execPath(), { args }).output();
    const ends = await Promise.all([run(), run()]);
    const printed = ends.map(({ stdout, stderr }) =>
      new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr)
    );
    assert.deepEqual(printed, ["210", "210"]);
    const nths = (await sql<{ nth: number }[]>`select nth from effect order by nth`).map(({ nth }) => nth);
    assert.deepEqual(nths, Array.from({ length: 20 }, (_, index) => index + 1));
    assert.equal((await sql`select from ready`).length, 2);
  },
});

onServer(
  "10,000 steps in one workflow: the last take no longer than the first, and a replay answers them all",
  async () => {
    // What slows down does so every time; a busy machine does it once.
    for (let tries = 1;; tries++) {
      const { first, last } = await tenThousandSteps();
      if (last < first * 1.5) return;
      const times = `${first.toFixed(0)} ms at the start, ${last.toFixed(0)} ms at the end`;
      assert.ok(tries < 4, `500 steps took ${times}`);
    }
  },
);

/** How long 500 steps took at the beginning and at the end: the best of five slices each, without the machine's other work. */
async function tenThousandSteps(): Promise<{ first: number; last: number }> {
  await using test = await stepsTest();
  const count = 10_000;
  const slice = 500;
  const times: number[] = [];
  let runs = 0;
  const tick = step("tick", (_ctx, nth: number) => {
    runs++;
    return nth;
  });
  const long = workflow("long", async (ctx) => {
    let sum = 0;
    let began = performance.now();
    for (let nth = 0; nth < count; nth++) {
      sum += await tick.with({ key: nth })(ctx, nth);
      if (runs === count || nth % slice !== slice - 1) continue;
      times.push(performance.now() - began);
      began = performance.now();
    }
    if (times.length < 1_000) {
      times.length = 1_000;
      throw new TransientStepError("once more, from the store");
    }
    return sum;
  });
  const ctx = await test.admin.createWorkflow(long);
  await assert.rejects(long(ctx), TransientStepError);
  assert.equal(await long(ctx), count * (count - 1) / 2);
  assert.equal(runs, count);
  const quick = (from: number, to: number): number => Math.min(...times.slice(from, to));
  return { first: quick(0, 5), last: quick(14, 19) };
}
