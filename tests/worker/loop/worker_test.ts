import { deepStrictEqual as equal, match, ok, rejects, strictEqual as same } from "node:assert/strict";
import { task } from "../../../src/define/mod.ts";
import { bench, patient } from "../support/bench.ts";
import { until } from "../../support/until.ts";

Deno.test("Worker runs what it claims, and settles it", async () => {
  await using it = await bench([task({ name: "double" }, (n: number) => n * 2)]);
  const ids = [await it.add("double", 4), await it.add("double", 5)];
  await it.ended(2);
  equal(await it.fates(), ["double completed 8", "double completed 10"]);
  equal(
    it.events.map(({ type, id }) => `${type} ${ids.indexOf(id)}`).sort(),
    ["completed 0", "completed 1", "started 0", "started 1"],
  );
  same((await it.registered()).length, 1);
  await it.worker.stop();
  await it.running;
  equal(await it.registered(), []);
  same(it.worker.state, "stopped");
});

Deno.test("Worker has never more in flight than its concurrency", async () => {
  let running = 0;
  let most = 0;
  const slow = task({ name: "slow" }, async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
  });
  await using it = await bench([slow], { concurrency: 3 });
  await it.query("select rhythm.queue('slow') from generate_series(1, 20)");
  await it.ended(20);
  same(most, 3);
});

Deno.test("Worker says that it is about to sleep, and is woken at once", async () => {
  let took = Infinity;
  // A busy machine may hold up one of them.
  for (let tries = 0; tries < 5 && took > 500; tries++) {
    await using it = await bench([task({ name: "t" }, () => 1)], { pollMs: 600_000 });
    await it.asleep();
    // Past the quick looks of a worker that has just gone to sleep.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const before = performance.now();
    await it.add("t");
    await until(() => it.events.some(({ type }) => type === "completed"));
    took = performance.now() - before;
  }
  same(took < 500, true, "the next look by itself is 800 ms away");
});

Deno.test("Worker looks once more after it has said that it sleeps", async () => {
  const sleeps: boolean[] = [];
  await using _ = await bench([], {
    pollMs: 600_000,
    onStatement: (text, params) => {
      if (text.includes("rhythm.exchange(")) sleeps.push(JSON.parse(String(params[3])).sleeps);
    },
  });
  await until(() => sleeps.length >= 3);
  equal(sleeps.slice(0, 3), [false, true, true]);
});

Deno.test("Worker.stop() lets handlers finish within the grace time", async () => {
  const slow = task(
    { name: "slow" },
    async () => await new Promise((resolve) => setTimeout(() => resolve("saved"), 100)),
  );
  await using it = await bench([slow]);
  await it.add("slow");
  await until(() => it.worker.inFlight === 1);
  await it.worker.stop();
  await it.running;
  equal(await it.fates(), ['slow completed "saved"']);
});

Deno.test("Worker.stop() hands back what outlives the grace time, then takes leave", async () => {
  await using it = await bench([patient], { graceMs: 20 });
  const id = await it.add("patient");
  await until(() => it.worker.inFlight === 1);
  await it.worker.stop();
  const { status, attempt, worker } = await it.get(id);
  equal([status, attempt, worker], ["pending", 0, null]);
  same(it.events.at(-1)!.type, "released");
  equal(await it.registered(), []);
  const rival = await it.rival();
  await it.claimAs(rival);
  equal((await it.get(id)).attempt, 1, "the next worker has it at once, and no attempt was lost");
});

Deno.test("Worker stops what is cancelled, and settles it as cancelled", async () => {
  await using it = await bench([patient]);
  const id = await it.add("patient");
  await it.add("patient");
  await until(() => it.worker.inFlight === 2);
  await it.query("select rhythm.cancel($1, 'no longer wanted')", id);
  await until(() => it.worker.inFlight === 1);
  await it.ended(1);
  equal(await it.fates(), ["patient cancelled", "patient running"]);
  same((await it.get(id)).cancel_reason, "no longer wanted");
});

Deno.test("Worker leaves tasks without a handler to others, with growing pauses", async () => {
  // The engine is told of a handler that is not there: it never hands out what a worker has not asked for.
  await using it = await bench([], { targets: ["unknown"] });
  const ids = [await it.add("unknown"), await it.add("unknown")];
  const pauses = async (): Promise<number[]> => {
    const rows = await it.query(
      "select extract(epoch from run_at)::float8 as s from rhythm.executions where run_at is not null order by run_at",
    );
    return rows.map((row) => row.s as number);
  };
  await until(async () => (await pauses()).length === 2);
  const [first, second] = await pauses();
  // At least: on a slow machine the other is claimed later.
  ok(second! - first! > 0.45, "one is left alone for half a second, the other for a whole one");
  const reason = 'The worker that claimed it has no handler for task "unknown"';
  equal(await Promise.all(ids.map(async (id) => (await it.get(id)).note)), [reason, reason]);
});

Deno.test("Worker fails an execution whose outcome the database refuses, and settles the others", async () => {
  await using it = await bench([]);
  await it.start("good", 'return "good"');
  await it.start("bad", "return String.fromCharCode(0)");
  await it.ended(2);
  // The programs are there now: what is claimed together is settled together.
  await it.query("select rhythm.start('good'), rhythm.start('bad'), rhythm.start('good')");
  await it.ended(5);
  equal((await it.fates()).slice(2), ['good completed "good"', "bad failed", 'good completed "good"']);
  const [{ error }] = await it.query(
    "select error from rhythm.executions where target = 'bad' order by id desc",
  ) as [{ error: unknown }];
  equal(error, {
    type: "SettleError",
    message: "The completed outcome cannot be stored: unsupported Unicode escape sequence " +
      "(\\u0000 cannot be converted to text.)",
    code: "22P05",
  });
});

Deno.test("Worker commits a transactional task with its own writes, and rolls back one that fails", async () => {
  const write = task({ name: "write", transactional: true }, async (n: number, ctx) => {
    await ctx.sql`insert into written values (${n})`;
    if (n === 2) throw new Error("no");
    return n;
  });
  await using it = await bench([write]);
  await it.query("create table written (n integer)");
  await it.query(
    `select rhythm.queue('write', to_jsonb(n), retry => '{"max_attempts": 1}') from generate_series(1, 3) as n`,
  );
  await it.ended(3);
  equal(await it.fates(), ["write completed 1", "write failed", "write completed 3"]);
  equal(await it.query("select n from written order by n"), [{ n: 1 }, { n: 3 }]);
});

Deno.test("Worker advances workflows from the start and from a snapshot", async () => {
  const double = task({ name: "double" }, (n: number) => n * 2);
  await using it = await bench([double]);
  await it.start("short", "return 1");
  await it.start("long", 'const n = await Task.run("double", 21); return n');
  await it.ended(3);
  equal(await it.fates(), ["short completed 1", "long completed 42", "double completed 42"]);
});

Deno.test("Worker leaves workflows that it has no program of to others", async () => {
  await using it = await bench([]);
  await it.query("select rhythm.register_workflow('elsewhere')");
  const [row] = await it.query("select rhythm.start('elsewhere') as id");
  const id = String(row!.id);
  await until(async () => (await it.get(id)).note !== null);
  const { status, note, attempt } = await it.get(id);
  equal([status, note, attempt], [
    "pending",
    'The worker that claimed it has no program of flow "elsewhere"',
    0,
  ]);
});

Deno.test("Worker warns with the task's name when a handler blocks the event loop", async () => {
  const block = task({ name: "grind" }, () => {
    const end = performance.now() + 600;
    while (performance.now() < end);
  });
  await using it = await bench([block]);
  await it.add("grind");
  await it.ended(1);
  match(it.lines.join("\n"), /warn: task "grind" blocked the event loop for \d+ ms/);
});

Deno.test("Worker says loudly what no worker has a handler for, every so often", async () => {
  await using it = await bench([], { patienceMs: 150, leaseMs: 1_000 });
  const id = await it.add("misspelt");
  await it.add("misspelt");
  const said = (): string[] => it.lines.filter((line) => line.startsWith("error"));
  await until(() => said().length >= 2);
  match(
    said()[0]!,
    /^error: nobody runs task "misspelt": 2 executions of queue "default" wait, the oldest for \d+ s, and no live worker has a handler for it$/,
  );
  same((await it.get(id)).note, 'No worker of queue "default" has a handler for task "misspelt"');
});

Deno.test("Worker runs once", async () => {
  await using it = await bench([]);
  await rejects(it.worker.run(), { code: "WORKER_RAN" });
});
