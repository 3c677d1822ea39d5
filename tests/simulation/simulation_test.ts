// The whole system in one process, by seed: see docs/operate/reliability.md. `deno task simulate --seed n` shows one.
import { deepStrictEqual as equal, ok, strictEqual as same } from "node:assert/strict";
import { isLong } from "../support/long.ts";
import { onEmbedded } from "../support/database.ts";
import type { Place } from "./engine.ts";
import { misplaced } from "./mutants.ts";
import { mutations } from "./mutations.ts";
import { Rhythm } from "../../src/app/rhythm.ts";
import { Executions } from "../../src/client/executions.ts";
import { Failures } from "../../src/client/failures.ts";
import { Flows } from "../../src/client/flows.ts";
import { Gates } from "../../src/client/gates.ts";
import { Operations } from "../../src/client/operations.ts";
import { Queues } from "../../src/client/queues.ts";
import { Schedules } from "../../src/client/schedules.ts";
import { Signals } from "../../src/client/signals.ts";
import { Tasks } from "../../src/client/tasks.ts";
import { Workers } from "../../src/client/workers.ts";
import { Workflows } from "../../src/client/workflows.ts";
import { hasNative, stopNative } from "./native.ts";
import { Sandbox } from "./sandbox.ts";
import { shrink } from "./shrink.ts";
import { type Plan, planOf, type Result } from "./simulate.ts";
import { Coverage } from "./weather.ts";

/** The same on every machine. Each takes seconds. */
const SEEDS = isLong ? 300 : 30;
/** Those beyond that once broke a promise. */
const FOUND = isLong ? [] : [67];
/** Those that the first test runs. */
const REPEATED = 4;
const BETWEEN = 2;

/** How much a seed has at least. */
const FEWEST = { executions: 300, minutes: 30 };

/** Where the Postgres is: a server takes half the time, PGlite is everywhere. */
const place: Place = !onEmbedded && await hasNative() ? "native" : "pglite";

let sandbox: Promise<Sandbox> | undefined;
const coverage = new Coverage();

Deno.test("the same seed gives the same trace, and breaks no promise", async () => {
  const { run } = await open();
  // Another run comes between: nothing of it is left. All are called from one place, which stacks in the trace name.
  const found: unknown[] = [];
  for (const seed of [REPEATED, BETWEEN, REPEATED]) {
    const result = await run(planOf(seed));
    judge(seed, result);
    found.push([result.digest, result.calls]);
  }
  equal(found[0], found[2]);
});

for (const seed of [...Array.from({ length: SEEDS }, (_, nth) => nth + 1), ...FOUND]) {
  if (!isLong && (seed === REPEATED || seed === BETWEEN)) continue;
  Deno.test(`seed ${seed} breaks no promise`, async () => void await keeps(seed));
}

Deno.test.afterAll(async () => {
  await (await sandbox)?.[Symbol.asyncDispose]();
  await stopNative();
});

Deno.test("each fault met calls", () => {
  for (const [fault, calls] of coverage.table()) {
    console.log(`  ${fault}: ${[...calls].map(([call, times]) => `${call} ${times}`).join(", ")}`);
  }
  ok(coverage.table().size > 0);
});

Deno.test({
  name: "on PGlite, too, the same seed gives the same trace",
  ignore: place === "pglite",
  fn: async () => {
    await using embedded = await Sandbox.open();
    const digests = [];
    for (const _ of [1, 2]) {
      const result = await embedded.run(planOf(REPEATED));
      judge(REPEATED, result);
      digests.push(result.digest);
    }
    same(digests[0], digests[1]);
  },
});

Deno.test("every mutation stands where it says", async () => {
  equal(await misplaced(), []);
});

Deno.test("the load makes every call of an application, but those that are named here", async () => {
  const load = await Deno.readTextFile(new URL("clients.ts", import.meta.url)) +
    await Deno.readTextFile(new URL("simulate.ts", import.meta.url));
  const areas = {
    ...{ executions: Executions, failures: Failures, flows: Flows, gates: Gates, operations: Operations },
    ...{ queues: Queues, rhythm: Rhythm, schedules: Schedules, signals: Signals, tasks: Tasks },
    ...{ workers: Workers, workflows: Workflows },
  };
  const missing = Object.entries(areas).flatMap(([area, { prototype }]) =>
    Object.getOwnPropertyNames(prototype).map((name) => `${area}.${name}`).filter((call) =>
      !call.endsWith(".constructor") && !load.includes(`${call}(`)
    )
  );
  equal(missing.sort(), NOT_IN_LOAD.toSorted());
});

Deno.test("a plan that breaks is made shorter, to the load and the faults that it needs", async () => {
  const plan = planOf(3, 4);
  const [load, fault] = [plan.load[17]!, plan.faults[5]!];
  const isBroken = ({ load: items, faults }: Plan): boolean => items.includes(load) && faults.includes(fault);
  const run = (given: Plan): Promise<Result> => {
    const broken = isBroken(given) ? "execution 7 is lost" : undefined;
    return Promise.resolve({ ...EMPTY, broken });
  };
  const short = await shrink({ run }, { plan, result: await run(plan) }, 200);
  equal([short.plan.load, short.plan.faults], [[load], [fault]]);
});

Deno.test({
  name: "a fault that is planted in the engine is found, and its plan made shorter",
  ignore: !isLong,
  fn: async () => {
    const mutation = mutations.find(({ name }) => name === "the batch of the last task stays");
    await using planted = await Sandbox.open({ place, mutation: mutation! });
    // A little of a day: each try takes a second.
    const whole = planOf(1, 1);
    const load = whole.load.filter(({ kind }) => kind === "task" || kind === "workflow").slice(0, 6);
    const plan = { ...whole, load, faults: whole.faults.slice(0, 2) };
    const result = await planted.run(plan);
    ok(result.broken !== undefined);
    const short = await shrink(planted, { plan, result }, 20);
    ok(short.result.broken !== undefined);
    same(short.plan.faults.length, 0);
    ok(short.plan.load.length <= 2, `${short.plan.load.length} of ${plan.load.length} items are left`);
  },
});

/** What an application may call, and the load does not. */
const NOT_IN_LOAD: readonly string[] = [
  // The same statement as another call that is in the load.
  ...["executions.create", "executions.checkHistory", "executions.diff", "executions.diffRuns"],
  ...["executions.watch", "failures.get", "operations.places", "tasks.run", "workflows.run"],
  ...["tasks.queueDeclared", "flows.queues", "flows.registerAll", "flows.declareAll"],
  // They change nothing that goes on.
  ...["failures.set", "failures.removeHook"],
  // What the application itself does when it begins and ends, or without a database.
  ...["flows.check", "tasks.register", "workflows.register", "rhythm.as", "rhythm.close"],
  ...["rhythm.fetch", "rhythm.worker"],
  // Programs answer, and the model knows by what they say.
  ...["signals.answer", "signals.reject"],
  // An address is used over HTTP, which the simulation does not have.
  "signals.url",
  // Made twice, because an answer was lost, they start twice as much.
  ...["schedules.trigger", "schedules.backfill"],
];

const EMPTY: Result = {
  ...{ seed: "", broken: undefined, digest: "", lines: [], coverage: new Coverage() },
  ...{ executions: 0, handlers: 0, minutes: 0, calls: 0 },
};

async function keeps(seed: number): Promise<void> {
  const { run } = await open();
  judge(seed, await run(planOf(seed)));
}

function judge(seed: number, { broken, executions, minutes, coverage: met }: Result): void {
  same(broken, undefined, `deno task simulate --seed ${seed}`);
  ok(executions >= FEWEST.executions, `seed ${seed} has ${executions} executions only`);
  ok(minutes >= FEWEST.minutes, `seed ${seed} has ${minutes} virtual minutes only`);
  coverage.add(met.entries());
}

async function open(): Promise<{ run: Sandbox["run"] }> {
  const opened = await (sandbox ??= Sandbox.open({ place }));
  return { run: (plan, kind) => opened.run(plan, kind) };
}
