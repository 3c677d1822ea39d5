/** The clock of `rhythm dev`, which can be pushed. */
import { deepStrictEqual as equal, match, ok, strictEqual as same } from "node:assert/strict";
import { task } from "../../mod.ts";
import { type AppParts, assemble, type Rhythm } from "../../src/app/rhythm.ts";
import { createLogger } from "../../src/app/log.ts";
import { DevClock } from "../../src/cli/dev/dev_clock.ts";
import { openEmbedded } from "../../src/db/embedded.ts";
import { until } from "../support/until.ts";

const DAY = 86_400_000;
const FLOWS = [
  {
    name: "patient",
    source: `const began = new Date().toISOString()
await Timer.delay("3d")
const said = await Task.run("say", { at: "first" })
await Timer.delay("4d")
return { began, said, ended: new Date().toISOString() }
`,
  },
  { name: "tick", source: "return 1\n" },
  { name: "soon", source: `await Timer.delay("1s")\nreturn 1\n` },
];

interface Dev {
  rhythm: Rhythm;
  clock: DevClock;
  [Symbol.asyncDispose]: () => Promise<void>;
}

async function dev(dataDir: string, tasks: AppParts["tasks"]): Promise<Dev> {
  const database = await openEmbedded({ dataDir, schema: "rhythm" });
  const clock = await DevClock.open(database, { dataDir, schema: "rhythm", patienceMs: 3_000 });
  const logger = createLogger({ level: "silent" });
  const place = { kind: "embedded" as const, at: dataDir };
  const rhythm = await assemble(
    { place, database, schema: "rhythm", tasks, logger, clock, keepsTimers: false },
    FLOWS,
  );
  const worker = rhythm.worker();
  const working = worker.run();
  return {
    ...{ rhythm, clock },
    [Symbol.asyncDispose]: async () => {
      await worker.stop();
      await working;
      await rhythm.close();
    },
  };
}

// A slow machine does not come all the way at once.
async function pushAll(clock: DevClock, ms: number): Promise<void> {
  for (let left = ms; left > 0;) {
    const { movedMs, stopped } = await clock.push(left);
    left -= movedMs;
    if (stopped !== null) match(stopped, /^much is due/);
  }
}

Deno.test("DevClock: a push does all that becomes due, moment by moment, and no worker dies of it", async () => {
  const root = await Deno.makeTempDir({ prefix: "rhythm-dev-clock-" });
  const gate = Promise.withResolvers<void>();
  const tasks = [
    task({ name: "say" }, ({ at }: { at: string }) => at),
    task({ name: "slow" }, () => gate.promise),
    task(
      { name: "often", retry: { maxAttempts: 3, initial: "2h", backoff: "fixed", jitter: false } },
      (_, ctx) => {
        if (ctx.attempt < 3) throw new Error("not yet");
        return ctx.attempt;
      },
    ),
  ];
  let shiftMs = 0;
  let before = "";
  try {
    {
      await using at = await dev(`${root}/data`, tasks);
      const { rhythm, clock } = at;
      same(clock.shiftMs, 0);
      // A timer of the real time fires soon without a push.
      const soon = await rhythm.workflows.start("soon");
      await soon.result({ timeout: "10s" });
      const patient = await rhythm.workflows.start("patient");
      await until(async () => (await patient.get()).status === "suspended");
      const next = await clock.push(null);
      equal([next.stops, next.stopped, Math.round(next.movedMs / DAY)], [1, null, 3]);
      same((await patient.get()).status, "suspended");
      const rest = await clock.push(5 * DAY);
      equal([rest.stops, rest.stopped, rest.movedMs], [1, null, 5 * DAY]);
      const { began, said, ended } = await patient.result({ timeout: "5s" }) as Record<string, string>;
      same(said, "first");
      const took = Date.parse(ended!) - Date.parse(began!);
      ok(took >= 7 * DAY && took < 7 * DAY + 60_000, `${took / DAY} days`);

      // What failed is tried again when its time comes, and a schedule runs at each of its times.
      await rhythm.schedules.set("daily", {
        cron: "0 0 * * *",
        type: "workflow",
        target: "tick",
        catchUp: "all",
      });
      const often = await rhythm.tasks.queue("often", {});
      await until(async () => (await often.get()).attempt === 1);
      await pushAll(clock, 7 * DAY);
      same(await often.result({ timeout: "5s" }), 3);
      const ticks = await rhythm.executions.query({ target: "tick", status: "completed" });
      same(ticks.executions.length, 7);
      const days = ticks.executions.map(({ createdAt }) => createdAt.getUTCHours());
      equal(new Set(days), new Set([0]), "each at its own time");

      // What runs is waited for, but not for ever.
      const slow = await rhythm.tasks.queue("slow", {});
      await until(async () => (await slow.get()).status === "running");
      const held = await clock.push(DAY);
      match(held.stopped ?? "", /^slow still runs/);
      same(held.movedMs, 0);
      gate.resolve();
      await slow.result({ timeout: "5s" });
      // What no worker takes does not hold it.
      await rhythm.tasks.queue("say", {}, { queue: "nobody" });
      same((await clock.push(60_000)).stopped, null);
      await rhythm.schedules.remove("daily");
      same((await clock.push(null)).stopped, "nothing is due");
      shiftMs = clock.shiftMs;
      before = (await rhythm.tasks.queue("say", { at: "x" })).id;
      equal(
        await rhythm.executions.get(before).then((one) => one!.createdAt.getTime() > Date.now() + 14 * DAY),
        true,
      );
    }
    // The time stays where it was: nothing that was made lies in the future.
    await using again = await dev(`${root}/data`, tasks);
    same(again.clock.shiftMs, shiftMs);
    const later = await again.rhythm.tasks.queue("say", { at: "y" });
    const [one, other] = [await again.rhythm.executions.get(before), await later.get()];
    ok(other.createdAt.getTime() >= one!.createdAt.getTime());
    same(await later.result({ timeout: "10s" }), "y");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
