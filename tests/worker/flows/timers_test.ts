// Real workers that keep the timers of workflows they have open in memory: what comes of these is what their source
// says, never early, with the worker's help or without. At the end of each test, check() finds nothing.
import { deepStrictEqual as equal, ok, strictEqual as same } from "node:assert/strict";
import { connect } from "../../../src/db/connect.ts";
import type { Database } from "../../../src/db/database.ts";
import { DatabaseUnavailableError } from "../../../src/db/errors.ts";
import { task } from "../../../src/define/mod.ts";
import { onEmbedded } from "../../support/database.ts";
import { until } from "../../support/until.ts";
import { type Bench, bench, workerOn } from "../support/bench.ts";

const add = task({ name: "add" }, ([a, b]: [number, number]) => a + b);
const tasks = [add];

/** How many timers were brought with steps of their workflows, and how many calls had timers fired. */
function overheard(): {
  onStatement: (text: string, params: readonly unknown[]) => void;
  steps: () => number;
  fired: () => number;
} {
  let steps = 0;
  let fired = 0;
  return {
    onStatement: (text, params) => {
      if (!text.includes("rhythm.exchange(")) return;
      steps += String(params[2]).split('"timer":true').length - 1;
      if (String(params[2]).includes('"kind":"fire"')) fired++;
    },
    steps: () => steps,
    fired: () => fired,
  };
}

/** What a flow comes to: its output, or its error. */
async function end(it: Bench, id: string): Promise<unknown> {
  await until(async () => ["completed", "failed", "cancelled"].includes(String((await it.get(id)).status)));
  const { status, output, error } = await it.get(id);
  return status === "completed" ? output : `${status}: ${(error as { message: string } | null)?.message}`;
}

/** How late each sleep was, in milliseconds; then the number of sleeps. */
const naps = (count: number): string =>
  `const late = [];
  for (let n = 0; n < ${count}; n++) {
    const due = Date.now() + 3;
    await Timer.until(new Date(due));
    late.push(Date.now() - due);
  }
  return late;`;

Deno.test("a flow that sleeps goes on in memory, again and again, and never early", async () => {
  const heard = overheard();
  await using it = await bench(tasks, { onStatement: heard.onStatement });
  const late = await end(it, await it.start("naps", naps(30))) as number[];
  same(late.length, 30);
  ok(late.every((ms) => ms >= 0));
  ok(heard.steps() > 0, "some; where the machine stood still for long, tick() was faster");
  equal(await it.query("select from rhythm.timer where not fired"), []);
});

const flows: Record<string, [source: string, comesTo: unknown]> = {
  "tasks between sleeps": [
    "let n = 0; for (let i = 0; i < 5; i++) { n = await Task.run('add', [n, 1]); await Timer.delay('2ms'); } return n;",
    5,
  ],
  "a task that is faster than a timer": [
    "let n = 0; for (let i = 0; i < 5; i++) { const t = Timer.delay('1h').then(() => 100);" +
    "n += await Promise.race([Task.run('add', [1, 0]), t]); } return n;",
    5,
  ],
  "a timer that is faster than a signal": [
    "let n = 0; for (let i = 0; i < 5; i++) n += await Promise.race([Signal.next('s'), Timer.delay('2ms').then(() => 1)]);" +
    "return n;",
    5,
  ],
  "a timer for many tasks": [
    "const late = Timer.delay('20ms').then(() => 'late'); let n = 0; let last = 0;" +
    "while (last !== 'late') { last = await Promise.race([Task.run('add', [n, 1]), late]); if (last !== 'late') n = last; }" +
    "return n === 0 || n > 0;",
    true,
  ],
  "sleeps side by side": [
    "const nap = async (n) => { for (let i = 0; i < 5; i++) { await Timer.delay('3ms'); n++; } return n; };" +
    "return await Promise.all([0, 10, 20].map(nap));",
    [5, 15, 25],
  ],
  "sleeps that are needed together": [
    "await Promise.all([Timer.delay('2ms'), Timer.delay('5ms'), Task.run('add', [1, 1])]); return 1;",
    1,
  ],
  "a sleep with something to clean up": [
    "let n = 0; for (let i = 0; i < 3; i++) { try { await Timer.delay('2ms'); n++; } finally { n = await Task.run('add', [n, 10]); } }" +
    "return n;",
    33,
  ],
  "words between sleeps": [
    "for (let i = 0; i < 3; i++) { await Timer.delay('2ms'); console.log(`nap ${i}`); } return 'awake';",
    "awake",
  ],
  "a failure": ["await Timer.delay('2ms'); throw new Error('no more');", "failed: no more"],
  "a sleep that was over before it began": [
    "await Timer.until(new Date(0)); await Timer.delay(0); return 1;",
    1,
  ],
  "a timer that is awaited later": [
    "const t = Timer.delay('2ms'); let n = 0; for (let i = 0; i < 4; i++) n = await Task.run('add', [n, 1]); await t; return n;",
    4,
  ],
  "an output that is too large": [
    "await Timer.delay('2ms'); return 'x'.repeat(1100000);",
    "failed: Cannot store the output as JSON: its text takes 1100002 characters, at most 1048576 are allowed",
  ],
};
for (const [name, [source, comesTo]] of Object.entries(flows)) {
  Deno.test(`a workflow that sleeps in memory comes to what its source says: ${name}`, async () => {
    await using it = await bench(tasks, { maxOutputBytes: 2_000_000 });
    equal(await end(it, await it.start("f", source)), comesTo);
    equal(await it.query("select from rhythm.timer where not fired"), []);
  });
}

Deno.test("a child that sleeps in memory tells its parent of its end", async () => {
  await using it = await bench(tasks);
  await it.start("naps", naps(3));
  const parent = await it.start(
    "parent",
    "return (await Promise.all([Workflow.run('naps'), Workflow.run('naps')])).length;",
  );
  same(await end(it, parent), 2);
});

Deno.test("a flow that waits for a signal or a timer is told of either, each time once", async () => {
  await using it = await bench(tasks);
  const source = "let n = 0; for (;;) {" +
    "const what = await Promise.race([Signal.next('go'), Timer.delay('3ms').then(() => 0)]);" +
    "if (what === 'stop') return n; n += what; }";
  const id = await it.start("listener", source);
  for (let n = 1; n <= 20; n++) await it.query("select rhythm.signal($1, 'go', $2)", id, String(n));
  await it.query("select rhythm.signal($1, 'go', $2)", id, '"stop"');
  same(await end(it, id), 210);
});

Deno.test("a flow that sleeps in memory can be cancelled, and cleans up", async () => {
  await using it = await bench(tasks);
  const id = await it.start(
    "sleeper",
    "try { await Timer.delay('4m'); } finally { await Timer.delay('2ms'); await Task.run('add', [1, 1]); }",
  );
  await until(async () => (await it.get(id)).status === "suspended");
  await it.query("select rhythm.cancel($1)", id);
  match(await end(it, id), "cancelled");
  equal(await it.query("select status from rhythm.executions where target = 'add'"), [{
    status: "completed",
  }]);
});

Deno.test("a flow sleeps as the engine says while its queue is paused, or has limits", async () => {
  await using it = await bench(tasks);
  await it.query("select rhythm.configure_queue('default', 1)");
  same((await end(it, await it.start("naps", naps(5))) as number[]).length, 5);
  await it.start("paused", naps(1));
  const id = await it.start("paused", "await Timer.delay('4m'); return 1;");
  await until(async () => (await it.get(id)).status === "suspended");
  await it.query("select rhythm.pause_queue('default')");
  await it.query("update rhythm.timer set fires_at = now(), kept_until = null");
  await until(async () => (await it.get(id)).status === "pending");
  await it.query("select rhythm.resume_queue('default')");
  same(await end(it, id), 1);
});

Deno.test("flows whose worker keeps no timers, or that are traced, sleep as the engine says", async () => {
  const telemetry = {
    span: async (_: unknown, run: (parent: string) => Promise<unknown>) => void await run(""),
  } as never;
  for (const parts of [{ keepsTimers: false }, { telemetry }]) {
    await using it = await bench(tasks, parts);
    const id = await it.start("sleeper", "await Timer.delay('4m');");
    await until(async () => (await it.get(id)).status === "suspended");
    equal(await it.query("select kept_until from rhythm.timer"), [{ kept_until: null }]);
  }
});

Deno.test("flows that sleep for long are left to tick(), those that sleep for a while are not", async () => {
  await using it = await bench(tasks);
  for (const [time, kept] of [["1h", false], ["4m", true]] as const) {
    const id = await it.start("sleeper", `await Timer.delay('${time}');`);
    await until(async () => (await it.get(id)).status === "suspended");
    equal(
      await it.query("select kept_until > fires_at as kept from rhythm.timer where execution_id = $1", id),
      [
        { kept: kept ? true : null },
      ],
    );
  }
});

Deno.test("flows that sleep, more than fit in memory, all wake, none early", async () => {
  await using it = await bench(tasks, { concurrency: 200 });
  await it.start(
    "nap",
    "const due = Date.now() + 400; await Timer.until(new Date(due)); return Date.now() >= due;",
  );
  await it.query(`select count(*) from rhythm.create_many((
    select jsonb_agg('{"type": "workflow", "target": "nap"}'::jsonb) from generate_series(1, 2500)))`);
  await until(async () =>
    (await it.query("select from rhythm.executions where completed_at is null limit 1")).length === 0
  );
  equal(await it.query("select distinct output, status from rhythm.executions"), [
    { output: true, status: "completed" },
  ]);
});

/** A database that does what it is told, and every third answer to a call with such an end is lost on its way. */
function losing(database: Database, kind: string): { database: Database; lost: () => number } {
  let calls = 0;
  let lost = 0;
  const query = async <R>(text: string, params: readonly unknown[] = []): Promise<R[]> => {
    const rows = await database.query<R>(text, params);
    if (!String(params[2]).includes(`"kind":"${kind}"`) || ++calls % 3 !== 0) return rows;
    lost++;
    throw new DatabaseUnavailableError(database.url);
  };
  return { database: { ...through(database), query }, lost: () => lost };
}

/** A database that can fall silent: nothing reaches it any more, and nothing is ever answered. */
function mortal(database: Database): { database: Database; die: () => void } {
  let isDead = false;
  const query = <R>(text: string, params: readonly unknown[] = []): Promise<R[]> =>
    isDead ? new Promise(() => {}) : database.query<R>(text, params);
  return { database: { ...through(database), query }, die: () => void (isDead = true) };
}

function through(database: Database): Database {
  return {
    kind: database.kind,
    url: database.url,
    query: (text, params) => database.query(text, params),
    script: (text) => database.script(text),
    transaction: (work) => database.transaction(work),
    listen: (channel, options) => database.listen(channel, options),
    close: () => database.close(),
  };
}

for (const kind of ["steps", "outcome", "fire"]) {
  Deno.test(`sleeps are neither lost nor doubled when answers to calls with ends of kind ${kind} are lost`, async () => {
    await using it = await bench([]);
    await it.worker.stop();
    const far = losing(it.place.database, kind);
    const worker = workerOn(far.database, { schema: "rhythm", targets: ["add"] }, { tasks, leaseMs: 3_000 });
    const running = worker.run();
    const source =
      "let n = 0; for (let i = 0; i < 6; i++) { await Timer.delay('3ms'); if (i % 2) console.log(i);" +
      "n = await Task.run('add', [n, 1]); } return n;";
    const ids = [];
    for (let n = 0; n < 4; n++) ids.push(await it.start("naps", source));
    for (const id of ids) same(await end(it, id), 6);
    await worker.stop();
    await running;
    ok(far.lost() > 0);
    equal(
      await it.query(
        "select count(*)::integer as n, max(attempt)::integer as attempts from rhythm.executions where type = 'task'",
      ),
      [
        { n: 24, attempts: 1 },
      ],
    );
  });
}

Deno.test({
  name: "a worker dies that kept a timer: others fire it, once",
  ignore: onEmbedded,
  fn: async () => {
    await using it = await bench([]);
    await it.worker.stop();
    const own = connect({ url: it.place.url, maxConnections: 4 });
    const far = mortal(own);
    const worker = workerOn(far.database, { schema: "rhythm", targets: [] }, { tasks: [] });
    void worker.run();
    const id = await it.start("sleeper", "await Timer.delay('4m'); return 1;");
    await until(async () =>
      (await it.query("select from rhythm.timer where kept_until is not null")).length > 0
    );
    far.die();
    await it.query("update rhythm.timer set fires_at = now(), kept_until = now() + interval '250ms'");
    const other = workerOn(it.place.database, { schema: "rhythm", targets: [] }, { tasks: [] });
    const running = other.run();
    same(await end(it, id), 1);
    equal(await it.query("select seq from rhythm.workflow_state"), []);
    await other.stop();
    await running;
    void worker.stop();
    await own.close();
  },
});

Deno.test("Worker.stop() lets go of timers that it kept: the next worker fires them", async () => {
  await using it = await bench([]);
  const id = await it.start("sleeper", "await Timer.delay('4m'); return 1;");
  await until(async () =>
    (await it.query("select from rhythm.timer where kept_until is not null")).length > 0
  );
  await it.worker.stop();
  same((await it.get(id)).status, "suspended");
  equal(await it.query("select kept_until from rhythm.timer"), [{ kept_until: null }]);
  await it.query("update rhythm.timer set fires_at = now()");
  const next = workerOn(it.place.database, { schema: "rhythm", targets: [] }, { tasks: [] });
  const running = next.run();
  same(await end(it, id), 1);
  await next.stop();
  await running;
});

Deno.test({
  name: "a worker whose clock is ahead of the server's is never early for the server, and goes on in memory",
  ignore: onEmbedded,
  fn: async () => {
    await using it = await bench([]);
    await it.worker.stop();
    const heard = overheard();
    await it.query(
      `alter database "${new URL(it.place.url).pathname.slice(1)}" set rhythm_clock.shift = '-30ms'`,
    );
    const own = connect({ url: it.place.url, maxConnections: 4 });
    const database = {
      ...through(own),
      query: <R>(text: string, params: readonly unknown[] = []): Promise<R[]> => {
        heard.onStatement(text, params);
        return own.query<R>(text, params);
      },
    };
    const worker = workerOn(database, { schema: "rhythm", targets: [] }, { tasks: [] });
    const running = worker.run();
    same((await end(it, await it.start("naps", naps(20))) as number[]).length, 20);
    ok(heard.steps() > 0);
    const [row] = await own.query<{ behind: boolean }>("select rhythm.now() < clock_timestamp() as behind");
    ok(row!.behind);
    await worker.stop();
    await running;
    await own.close();
  },
});

function match(actual: unknown, start: string): void {
  ok(String(actual).startsWith(start), String(actual));
}
