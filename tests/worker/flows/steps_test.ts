// Real workers whose workflows go on in memory: what comes of them is what their source says, with the engine's help or
// without. At the end of each test, check() finds nothing.
import { deepStrictEqual as equal, match, ok, strictEqual as same } from "node:assert/strict";
import { task } from "../../../src/define/mod.ts";
import { connect } from "../../../src/db/connect.ts";
import type { Database } from "../../../src/db/database.ts";
import { DatabaseUnavailableError } from "../../../src/db/errors.ts";
import { onEmbedded } from "../../support/database.ts";
import { type Bench, bench, workerOn } from "../support/bench.ts";
import { until } from "../../support/until.ts";

const add = task({ name: "add" }, ([a, b]: [number, number]) => a + b);
const echo = task({ name: "echo" }, (value: string) => value);
const flaky = task({ name: "flaky", retry: { maxAttempts: 2, initial: 0.001 } }, (_: null, ctx) => {
  if (ctx.attempt === 1) throw new Error("not yet");
  return ctx.attempt;
});
const tasks = [add, echo, flaky];
const chain = "let n = 0; for (let i = 0; i < 10; i++) n = await Task.run('add', [n, i]); return n;";

/** A worker, and how many calls with steps it made. */
async function counted(
  options: Parameters<typeof bench>[1] = {},
): Promise<{ it: Bench; calls: () => number }> {
  let calls = 0;
  const onStatement = (_text: string, params: readonly unknown[]): void => {
    if (bringsSteps(params)) calls++;
  };
  return { it: await bench(tasks, { onStatement, ...options }), calls: () => calls };
}

function bringsSteps(params: readonly unknown[]): boolean {
  return String(params[2]).includes('"kind":"steps"');
}

/** What a flow comes to: its output, or its error. */
async function end(it: Bench, id: string): Promise<unknown> {
  await until(async () => ["completed", "failed", "cancelled"].includes(String((await it.get(id)).status)));
  const { status, output, error } = await it.get(id);
  return status === "completed" ? output : `${status}: ${(error as { message: string } | null)?.message}`;
}

Deno.test("a task that is given null is given null at each attempt, and so is what follows it", async () => {
  const seen: unknown[] = [];
  const twice = task({ name: "twice", retry: { maxAttempts: 2, initial: 0.001 } }, (value: unknown, ctx) => {
    seen.push(value);
    if (ctx.attempt === 1) throw new Error("not yet");
    return null;
  });
  const note = task({ name: "note" }, (value: unknown) => void seen.push(value));
  await using it = await bench([twice, note]);
  const source = "await Task.run('note', 1); await Task.run('twice', null); await Task.run('note', 2);" +
    "await Task.run('note', null); await Task.run('note', 3); return await Task.run('twice', null);";
  same(await end(it, await it.start("nulls", source)), null);
  equal(seen, [1, null, null, 2, null, 3, null, null]);
  equal(await it.query("select inputs from rhythm.execution where type = 'task' order by id"), [
    ...[1, null, 2, null, 3, null].map((inputs) => ({ inputs })),
  ]);
});

Deno.test("a chain of tasks goes on in memory, each step once", async () => {
  const { it, calls } = await counted();
  await using _ = it;
  same(await end(it, await it.start("chain", chain)), 45);
  ok(calls() > 0, "some steps; where a claim was under way, the next task came by a claim");
  equal(await it.query("select status, count(*)::integer as n from rhythm.executions group by 1"), [
    { status: "completed", n: 11 },
  ]);
});

const flows: Record<string, [source: string, comesTo: unknown]> = {
  all: [
    "const r = []; for (let i = 0; i < 3; i++) r.push(await Promise.all([1, 2, 3].map((n) => Task.run('add', [n, i])))); return r;",
    [[1, 2, 3], [2, 3, 4], [3, 4, 5]],
  ],
  "chains side by side": [
    "const chain = async (n) => { for (let i = 0; i < 5; i++) n = await Task.run('add', [n, 1]); return n; };" +
    "return await Promise.all([0, 10, 20, 30].map(chain));",
    [5, 15, 25, 35],
  ],
  race: [
    "let n = 0; for (let i = 0; i < 5; i++) n += await Promise.race([Task.run('add', [1, 0]), Task.run('add', [1, 0])]);" +
    "return n;",
    5,
  ],
  any: ["return await Promise.any([Task.run('flaky'), Task.run('flaky')]);", 2],
  "a task that is awaited later": [
    "const early = Task.run('add', [1, 1]); const late = await Task.run('add', [2, 2]); return [await early, late];",
    [2, 4],
  ],
  "a timer beside": [
    "const timer = Timer.delay('10ms'); let n = 0; for (let i = 0; i < 5; i++) n = await Task.run('add', [n, 1]); await timer; return n;",
    5,
  ],
  retries: ["return await Task.run('flaky') + await Task.run('flaky');", 4],
  "keys and priorities": [
    "let n = 0; for (let i = 0; i < 3; i++) n = await Task.run('add', [n, 1], { concurrencyKey: 'k', priority: i });" +
    "return n;",
    3,
  ],
  "a delay": ["await Task.run('add', [1, 1]); return await Task.run('add', [1, 2], { delay: 0.01 });", 3],
  "a failure": [
    "await Task.run('add', [1, 1]); throw new Error('no more');",
    "failed: no more",
  ],
  "an output that is too large": [
    "const s = await Task.run('echo', 'x'); return s.repeat(1100000);",
    /^failed: .* takes? 1100002 characters/,
  ],
  "inputs that are too large": [
    "const s = await Task.run('echo', 'x'); return await Task.run('echo', s.repeat(1100000));",
    /^failed: .* takes? 1100002 characters/,
  ],
  "a text with NUL": [
    "const s = await Task.run('echo', 'x'); return s + String.fromCharCode(0);",
    /^failed: The completed outcome cannot be stored/,
  ],
};
for (const [name, [source, comesTo]] of Object.entries(flows)) {
  Deno.test(`a workflow that goes on in memory comes to what its source says: ${name}`, async () => {
    await using it = await bench(tasks, { maxOutputBytes: 2_000_000 });
    const output = await end(it, await it.start("f", source));
    if (comesTo instanceof RegExp) match(String(output), comesTo);
    else equal(output, comesTo);
  });
}

Deno.test("a workflow that goes on in memory tells its parent of its end", async () => {
  await using it = await bench(tasks);
  await it.start("chain", chain);
  const source =
    "return await Promise.all([Workflow.run('chain'), Workflow.run('chain'), Task.run('add', [1, 1])]);";
  equal(await end(it, await it.start("parent", source)), [45, 45, 2]);
});

Deno.test("a workflow goes on by claims while its queue is paused, or has limits", async () => {
  const { it, calls } = await counted();
  await using _ = it;
  await it.query("select rhythm.configure_queue('default', 1)");
  same(await end(it, await it.start("chain", chain)), 45);
  ok(calls() <= 10, "those were declined");
  const [row] = await it.query("select max(seq)::integer as seq from rhythm.workflow_state");
  same(row!.seq, null);
});

Deno.test("workflows that are more than fit in memory all end right", async () => {
  await using it = await bench(tasks, { concurrency: 200 });
  await it.start("pair", "return await Task.run('add', [await Task.run('add', [1, 1]), 1]);");
  await it.query(`select count(*) from rhythm.create_many((
    select jsonb_agg('{"type": "workflow", "target": "pair"}'::jsonb) from generate_series(1, 2200)))`);
  await until(async () =>
    (await it.query("select from rhythm.executions where completed_at is null limit 1")).length === 0
  );
  equal(
    await it.query("select distinct output, status from rhythm.executions where type = 'workflow'"),
    [{ output: 3, status: "completed" }],
  );
});

/** A database that does what it is told, and every third answer to a call with steps is lost on its way. */
function losing(database: Database): { database: Database; lost: () => number } {
  let calls = 0;
  let lost = 0;
  const query = async <R>(text: string, params: readonly unknown[] = []): Promise<R[]> => {
    const rows = await database.query<R>(text, params);
    if (!bringsSteps(params) || ++calls % 3 !== 0) return rows;
    lost++;
    throw new DatabaseUnavailableError(database.url);
  };
  return {
    database: {
      kind: database.kind,
      url: database.url,
      query,
      script: (text) => database.script(text),
      transaction: (work) => database.transaction(work),
      listen: (channel, options) => database.listen(channel, options),
      close: () => database.close(),
    },
    lost: () => lost,
  };
}

Deno.test("exchange(): what it did is not done twice when its answer is lost, and what it leased is told again", async () => {
  await using it = await bench([]);
  const far = losing(it.place.database);
  const ids = [];
  for (let n = 0; n < 5; n++) ids.push(await it.start("chain", chain));
  const worker = workerOn(far.database, { schema: "rhythm", targets: ["add"] }, { tasks, leaseMs: 3_000 });
  const running = worker.run();
  for (const id of ids) same(await end(it, id), 45);
  await worker.stop();
  await running;
  ok(far.lost() > 0);
  const tasksOf =
    "select count(*)::integer as n, max(attempt)::integer as attempts from rhythm.executions where type = 'task'";
  equal(await it.query(tasksOf), [{ n: 50, attempts: 1 }]);
});

Deno.test("Worker.stop(): what a settle leases after the last handler has ended is handed back, not begun", async () => {
  // A worker that happens to claim when its task ends leases nothing with the settle: once more, then.
  for (let tries = 1; !await stopsWhileItSettles(); tries++) ok(tries < 20, "it never leased with a settle");
});

/** Whether a task was leased by the settle during which the worker was told to stop. */
async function stopsWhileItSettles(): Promise<boolean> {
  const open = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  await using it = await bench([]);
  await it.worker.stop();
  let ran = 0;
  let asked = false;
  const once = task({ name: "once" }, async () => {
    if (++ran === 1) await go.promise;
    return ran;
  });
  const { database } = it.place;
  const slow: Database = {
    ...losing(database).database,
    query: async <R>(text: string, params: readonly unknown[] = []): Promise<R[]> => {
      const rows = await database.query<R>(text, params);
      if (bringsSteps(params)) {
        asked = true;
        await open.promise;
      }
      return rows;
    },
  };
  const id = await it.start("two", "return await Task.run('once') + await Task.run('once');");
  const parts = { tasks: [once], pollMs: 600_000 };
  const worker = workerOn(slow, { schema: "rhythm", targets: ["once"] }, parts);
  const running = worker.run();
  await until(() => ran === 1);
  await it.asleep();
  // Past the quick looks of a worker that has just gone to sleep.
  await new Promise((resolve) => setTimeout(resolve, 600));
  go.resolve();
  await until(() => asked || ran === 2);
  const stopping = worker.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  open.resolve();
  await stopping;
  await running;
  if (ran === 2) return false;
  same((await it.get(id)).status, "suspended");
  equal(
    await it.query("select status, attempt from rhythm.executions where target = 'once' order by id"),
    [{ status: "completed", attempt: 1 }, { status: "pending", attempt: 0 }],
  );
  return true;
}

Deno.test({
  name: "exchange(): two workers share the tasks of the same workflows",
  ignore: onEmbedded,
  fn: async () => {
    await using it = await bench(tasks, { concurrency: 3 });
    const other = connect({ url: it.place.url, maxConnections: 4 });
    const worker = workerOn(other, { schema: "rhythm", targets: ["add"] }, { tasks: [add], concurrency: 3 });
    const running = worker.run();
    const source = flows["chains side by side"]![0];
    const ids = await Promise.all(Array.from({ length: 10 }, () => it.start("f", source)));
    for (const id of ids) equal(await end(it, id), [5, 15, 25, 35]);
    await worker.stop();
    await running;
    await other.close();
  },
});
