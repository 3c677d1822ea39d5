// The whole system in one process, by seed: see docs/operate/reliability.md. `deno task simulate --seed n` shows one.
import { deepStrictEqual as equal, ok, strictEqual as same } from "node:assert/strict";
import { cpuUsage } from "node:process";
import { isLong } from "../support/long.ts";
import { misplaced } from "./mutants.ts";
import { Sandbox } from "./sandbox.ts";
import { planOf } from "./simulate.ts";
import { Coverage } from "./weather.ts";

/** How much CPU the seeds of a run may take in all; a slow machine runs fewer of them, and never none. */
const CPU_SECONDS = isLong ? 1_200 : 25;
const FIRST = 2;
const SEEDS = isLong ? 300 : 3;

let sandbox: Promise<Sandbox> | undefined;

Deno.test("the same seed gives the same trace", async () => {
  const { run } = await open();
  // Another run comes between: nothing of it is left. All are called from one place, which stacks in the trace name.
  const found: unknown[] = [];
  for (const seed of [1, 2, 1]) {
    const { digest, calls, broken } = await run(planOf(seed, 1));
    found.push([digest, calls, broken]);
  }
  equal(found[0], found[2]);
});

Deno.test("no seed breaks a promise", async () => {
  const { run } = await open();
  const began = cpuUsage();
  const coverage = new Coverage();
  let executions = 0;
  let seeds = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { user, system } = cpuUsage(began);
    if ((user + system) / 1e6 > CPU_SECONDS && seeds > 0) break;
    const result = await run(planOf(seed));
    same(result.broken, undefined, `seed ${seed}: deno task simulate --seed ${seed}`);
    ok(result.minutes >= 30, `seed ${seed} covers ${result.minutes} minutes`);
    coverage.add(result.coverage);
    executions += result.executions;
    seeds++;
  }
  console.log(`simulation: ${seeds} seeds, ${executions} executions`);
  for (const [fault, calls] of coverage.table()) {
    console.log(`  ${fault}: ${[...calls].map(([call, times]) => `${call} ${times}`).join(", ")}`);
  }
});

Deno.test("every mutation stands where it says", async () => {
  equal(await misplaced(), []);
});

async function open(): Promise<{ run: Sandbox["run"] }> {
  const opened = await (sandbox ??= Sandbox.open());
  return { run: (plan, kind) => opened.run(plan, kind) };
}
