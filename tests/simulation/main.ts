/**
 * `deno task simulate`: the whole system in one process, by seed.
 *
 *     deno task simulate --seed 7            one seed; when it breaks, the shortest plan that still does, and its trace
 *     deno task simulate --seed 7 --watch    the same, and prints what happens while it does
 *     deno task simulate --seeds 1000        so many, from --from (1) on; prints those that break, and the coverage
 *     deno task simulate --seeds 50 --days 1 shorter ones: a seed has four days, otherwise
 *     deno task simulate --mutants --days 1  plants faults, one at a time, and says which are found (--within 40 seeds,
 *                                            --only "one of these words|or these")
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { parseArgs } from "node:util";
import { runMutants } from "./mutants.ts";
import { Sandbox } from "./sandbox.ts";
import { shrink } from "./shrink.ts";
import { planOf } from "./simulate.ts";
import { Coverage } from "./weather.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    watch: { type: "boolean", default: false },
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    days: { type: "string", default: "4" },
    until: { type: "string", default: "never" },
    mutants: { type: "boolean", default: false },
    only: { type: "string" },
    within: { type: "string", default: "40" },
  },
});

if (values.mutants) {
  Deno.exit(
    await runMutants({ within: Number(values.within), only: values.only, days: Number(values.days) }),
  );
}
const sandbox = await Sandbox.open();
Deno.exit(values.seed === undefined ? await runMany() : await runOne(Number(values.seed)));

async function runOne(seed: number): Promise<number> {
  const plan = planOf(seed, Number(values.days));
  const result = await sandbox.run(plan, values.watch ? "printed" : "hashed");
  console.log(`seed ${seed}: ${summary(result)}, trace ${result.digest}`);
  if (result.broken === undefined) return 0;
  console.log(`broken: ${result.broken}`);
  if (values.watch) return 1;
  const short = await shrink(sandbox, { plan, result });
  console.log(`\nthe shortest plan that breaks, after ${short.runs} runs: ${short.result.broken}`);
  for (const fault of short.plan.faults) console.log(`  fault ${JSON.stringify(fault)}`);
  for (const item of short.plan.load) console.log(`  load ${JSON.stringify(item)}`);
  const { lines } = await sandbox.run(short.plan, "kept");
  console.log(`\nthe last of ${lines.length} lines of its trace:`);
  for (const line of lines.slice(-200)) console.log(`  ${line.slice(0, 400)}`);
  return 1;
}

async function runMany(): Promise<number> {
  const coverage = new Coverage();
  const first = Number(values.from);
  const count = Number(values.seeds ?? 10);
  let broken = 0;
  const total = { executions: 0, calls: 0, minutes: 0 };
  for (let seed = first; seed < first + count; seed++) {
    const before = cpuUsage();
    const result = await sandbox.run(planOf(seed, Number(values.days)));
    const used = cpuUsage(before);
    const seconds = ((used.user + used.system) / 1e6).toFixed(1);
    total.executions += result.executions;
    total.calls += result.calls;
    total.minutes += result.minutes;
    coverage.add(result.coverage);
    console.log(`seed ${seed}: ${summary(result)}, ${seconds} s of CPU`);
    if (result.broken === undefined) continue;
    broken++;
    console.log(`  BROKEN ${result.broken.slice(0, 1_500)}`);
    if (values.until === "broken") break;
  }
  console.log(
    `\n${count} seeds, ${broken} broken; ${total.executions} executions, ${total.calls} calls, ${
      Math.round(total.minutes)
    } virtual minutes`,
  );
  console.log("\nhow often each fault met each call:");
  for (const [fault, calls] of coverage.table()) {
    console.log(`  ${fault}: ${[...calls].map(([call, times]) => `${call} ${times}`).join(", ")}`);
  }
  return broken > 0 ? 1 : 0;
}

function summary(
  result: { executions: number; handlers: number; minutes: number; calls: number; broken?: string },
): string {
  const { executions, handlers, minutes, calls } = result;
  return `${executions} executions, ${handlers} attempts, ${calls} calls, ${
    Math.round(minutes)
  } virtual minutes`;
}
