/**
 * `deno task simulate`: the whole system in one process, by seed.
 *
 *     deno task simulate --seed 7            one seed; when it breaks, the shortest plan that still does, and its trace
 *     deno task simulate --seed 7 --watch    the same, and prints what happens while it does
 *     deno task simulate --seeds 1000        so many, from --from (1) on; prints those that break, and the coverage. As many
 *                                            at once as the machine has cores, unless --jobs says otherwise
 *     deno task simulate --from 200 --for 30m --log seeds.jsonl
 *                                            as many as half an hour allows. The file keeps what came of each: the same command
 *                                            goes on where the last one ended, and counts all of them together
 *     deno task simulate --seeds 50 --days 4 longer ones: a seed has two days, otherwise
 *     deno task simulate --mutants           plants faults, one at a time, and says which are found (--within 200 seeds,
 *                                            --only "one of these words|or these"; --log keeps what came of each in a file, from
 *                                            which another run goes on)
 *
 * The Postgres is a server of its own, compiled for this machine. With --pglite, and where there is none, it is PGlite, which
 * takes longer and needs nothing.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { parseArgs } from "node:util";
import type { Place } from "./engine.ts";
import { linesOf, readLines } from "./lines.ts";
import { runMutants } from "./mutants.ts";
import { hasNative } from "./native.ts";
import { Sandbox } from "./sandbox.ts";
import { shrink } from "./shrink.ts";
import { DAYS, planOf } from "./simulate.ts";
import { Coverage } from "./weather.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    watch: { type: "boolean", default: false },
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    days: { type: "string", default: String(DAYS) },
    jobs: { type: "string", default: String(navigator.hardwareConcurrency) },
    pglite: { type: "boolean", default: false },
    for: { type: "string" },
    // These seeds, a line of JSON for each: for the process that adds them up.
    these: { type: "string" },
    // When it begins no further seed, in milliseconds since 1970.
    until: { type: "string" },
    mutants: { type: "boolean", default: false },
    only: { type: "string" },
    within: { type: "string", default: "200" },
    log: { type: "string" },
  },
});

/** What came of one of many seeds. */
interface Counted {
  readonly seed: number;
  readonly broken: string | null;
  readonly executions: number;
  readonly handlers: number;
  readonly calls: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly coverage: readonly (readonly [string, number])[];
}

const place: Place = !values.pglite && await hasNative() ? "native" : "pglite";
const days = numberOf("days", values.days);
const first = numberOf("from", values.from);
const forMs = values.for === undefined ? undefined : durationOf(values.for);
// Time ends a run for so long, not their number.
const count = numberOf("seeds", values.seeds ?? (forMs === undefined ? "10" : "10000"));
const until = forMs === undefined ? Number(values.until ?? Infinity) : Date.now() + forMs;
const jobs = Math.max(1, Math.min(count, numberOf("jobs", values.jobs)));

if (values.mutants) {
  const within = numberOf("within", values.within);
  Deno.exit(await runMutants({ within, only: values.only, days, place, log: values.log }));
} else if (values.these !== undefined) {
  for await (const one of seedsHere(values.these.split(",").map(Number))) console.log(JSON.stringify(one));
  Deno.exit(0);
}
Deno.exit(values.seed === undefined ? await runMany() : await runOne(numberOf("seed", values.seed)));

function numberOf(option: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  console.error(`--${option} must be a whole number from 1 on, not "${text}"`);
  Deno.exit(2);
}

function durationOf(text: string): number {
  const [, number, unit] = /^([1-9]\d*)([smh])$/.exec(text) ?? [];
  if (unit !== undefined) return Number(number) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit]!;
  console.error(`--for must be a time such as 90s, 30m or 8h, not "${text}"`);
  Deno.exit(2);
}

async function runOne(seed: number): Promise<number> {
  await using sandbox = await Sandbox.open({ place });
  const plan = planOf(seed, days);
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
  const broken: number[] = [];
  const total = { seeds: 0, executions: 0, calls: 0, minutes: 0 };
  const add = (one: Counted): void => {
    total.seeds++;
    total.executions += one.executions;
    total.calls += one.calls;
    total.minutes += one.minutes;
    coverage.add(one.coverage);
    if (one.broken !== null) broken.push(one.seed);
  };
  const tell = (one: Counted): void => {
    if (values.log !== undefined) {
      Deno.writeTextFileSync(values.log, `${JSON.stringify(one)}\n`, { append: true });
    }
    add(one);
    console.log(`seed ${one.seed}: ${summary(one)}, ${one.seconds.toFixed(1)} s of CPU`);
    if (one.broken !== null) console.log(`  BROKEN ${one.broken.slice(0, 1_500)}`);
  };
  const known = await readLines<Counted>(values.log);
  const done = new Set(known.map(({ seed }) => seed));
  for (const one of known) add(one);
  const seeds = Array.from({ length: count }, (_, nth) => first + nth).filter((seed) => !done.has(seed));
  if (jobs === 1) { for await (const one of seedsHere(seeds)) tell(one); }
  else {
    const parts = Array.from({ length: jobs }, (_, part) => seeds.filter((_, nth) => nth % jobs === part));
    await Promise.all(parts.map((part) => seedsBeside(part, tell)));
  }
  console.log(
    `\n${total.seeds} seeds, ${broken.length} broken (${
      broken.sort((one, other) => one - other).join(", ")
    }); ${total.executions} executions, ${total.calls} calls, ${Math.round(total.minutes)} virtual minutes`,
  );
  console.log("\nhow often each fault met each call:");
  for (const [fault, calls] of coverage.table()) {
    console.log(`  ${fault}: ${[...calls].map(([call, times]) => `${call} ${times}`).join(", ")}`);
  }
  return broken.length > 0 || forMs === undefined && total.seeds < known.length + seeds.length ? 1 : 0;
}

/** Runs seeds in this process. */
async function* seedsHere(seeds: readonly number[]): AsyncGenerator<Counted> {
  await using sandbox = await Sandbox.open({ place });
  for (const seed of seeds) {
    if (Date.now() >= until) return;
    const before = cpuUsage();
    const besideBefore = sandbox.besideSeconds;
    const { broken = null, executions, handlers, calls, minutes, coverage } = await sandbox.run(
      planOf(seed, days),
    );
    const { user, system } = cpuUsage(before);
    const seconds = (user + system) / 1e6 + sandbox.besideSeconds - besideBefore;
    yield { seed, broken, executions, handlers, calls, minutes, seconds, coverage: coverage.entries() };
  }
}

/** Lets another process run its part of the seeds. */
async function seedsBeside(seeds: readonly number[], onEach: (one: Counted) => void): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", `--config=${new URL("../deno.json", import.meta.url).pathname}`],
      ...[import.meta.filename!, `--these=${seeds}`, `--days=${days}`],
      ...(until === Infinity ? [] : [`--until=${until}`]),
      ...(values.pglite ? ["--pglite"] : []),
    ],
    stdout: "piped",
  }).spawn();
  for await (const line of linesOf(child.stdout)) onEach(JSON.parse(line));
  await child.status;
}

function summary(
  result: { executions: number; handlers: number; minutes: number; calls: number },
): string {
  const { executions, handlers, minutes, calls } = result;
  return `${executions} executions, ${handlers} attempts, ${calls} calls, ${
    Math.round(minutes)
  } virtual minutes`;
}
