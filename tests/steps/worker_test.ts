import assert from "node:assert/strict";
import { type Execution, NonRetryableError, Rhythm, task } from "../../mod.ts";
import { step, TransientStepError, workflow } from "../../src/steps/mod.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { onServer } from "./support.ts";
import { until } from "../support/until.ts";

const double = task({ name: "double" }, ({ n }: { n: number }) => n * 2);
const broken = task({ name: "broken", retry: { maxAttempts: 1 } }, () => {
  throw Object.assign(new Error("broken"), { name: "BrokenError" });
});

interface App extends AsyncDisposable {
  rhythm: Rhythm;
  database: TestDatabase;
  lines: string[];
  steps: (id: string) => Promise<string[]>;
}

async function app(
  workflows: Parameters<typeof Rhythm.init>[0] extends infer T ? NonNullable<T> : never,
): Promise<App> {
  const database = await freshDatabase();
  const lines: string[] = [];
  const line = (level: string) => (message: string): void => void lines.push(`${level}: ${message}`);
  const log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const options = {
    databaseUrl: database.url,
    autoMigrate: false,
    log,
    tasks: [double, broken],
    ...workflows,
  };
  const rhythm = await Rhythm.init(options);
  const running = rhythm.worker().run();
  return {
    rhythm,
    database,
    lines,
    steps: async (id) => {
      const rows = await database.database.query<{ line: string }>(
        `select concat_ws(' ', s.kind, s.name, s.status, s.attempts) as line from rhythm.steps as s
        where s.execution_id = $1::text::uuid order by s.seq nulls last, s.name`,
        [id],
      );
      return rows.map((row) => row.line);
    },
    [Symbol.asyncDispose]: async () => {
      await rhythm.close();
      await running;
      const violations = await database.database.query("select * from rhythm.check()");
      await database[Symbol.asyncDispose]();
      assert.deepEqual(violations, []);
    },
  };
}

onServer("a worker runs code-first workflows: steps, children in parallel, sleeps, signals", async () => {
  let runs = 0;
  let stack = "";
  const inner = workflow("inner", async (ctx, n: number) => {
    await ctx.sleep("5ms");
    return n + 1;
  });
  const outer = workflow("outer", async (ctx, n: number) => {
    const a = await ctx.step("a", () => (runs++, n * 10));
    const [twice, more] = await Promise.all([
      ctx.run(double, { n: a }),
      ctx.run(inner, a),
      ctx.sleep("10ms"),
    ]);
    const failed = await ctx.run({ task: "broken" }).catch((error) => (stack = error.stack, error.name));
    const late = await ctx.nextSignal("late", { timeout: "20ms" }).catch((error) => error.name);
    const { ok } = await ctx.nextSignal<{ ok: boolean }>("go");
    return { a, twice, more, failed, late, ok };
  });
  await using made = await app({ workflows: [inner, outer] });
  const run = await made.rhythm.workflows.start(outer, 4);
  await run.signal("go", { ok: true });
  const expected = { a: 40, twice: 80, more: 41, failed: "BrokenError", late: "TimeoutError", ok: true };
  assert.deepEqual(await run.result({ timeout: "2m" }), expected);
  assert.match(
    stack,
    /^BrokenError: .*\n {4}at .*worker_test\.ts:[^]*\nCaused by: task "broken" \(.{36}\): BrokenError: .*\n {4}at .*worker_test\.ts:/,
  );
  assert.equal(runs, 1, "the code ran again from the top after each wait, the step did not");
  assert.deepEqual((await made.steps(run.id)).map((line) => line.split(" ").slice(0, -1).join(" ")).sort(), [
    "signal signal go#1 completed",
    "signal signal late#1 failed",
    "sleep sleep#1 completed",
    "step a completed",
    "task task broken#1 failed",
    "task task double#1 completed",
    "workflow workflow inner#1 completed",
  ]);
  const page = await made.rhythm.executions.query({ type: "workflow", target: "outer", status: "completed" });
  assert.deepEqual(page.executions.map(({ id }) => id), [run.id]);
});

onServer(
  "children with one idempotency key run once, for whichever workflow asks, and all get the result",
  async () => {
    let charged = 0;
    const charge = task({ name: "charge" }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return ++charged;
    });
    const pays = workflow("pays", async (ctx) => {
      const pay = () => ctx.run(charge, undefined, { idempotencyKey: "order", idempotencyTtl: "1d" });
      return [...await Promise.all([pay(), pay()]), await pay()];
    });
    await using made = await app({ workflows: [pays], tasks: [charge] });
    const runs = await Promise.all([1, 2, 3].map(() => made.rhythm.workflows.start(pays)));
    const results = await Promise.all(runs.map((run) => run.result({ timeout: "2m" })));
    assert.deepEqual(results, [[1, 1, 1], [1, 1, 1], [1, 1, 1]]);
  },
);

onServer("a worker tries a step again after a durable pause, and stores the count", async () => {
  let calls = 0;
  const flaky = workflow("flaky", async (ctx) => {
    await ctx.step("twice", { retry: { maxAttempts: 3, initial: "5ms" } }, () => {
      if (++calls < 3) throw new Error("no");
    });
    await ctx.step("transient", () => {
      if (++calls < 5) throw new TransientStepError("not yet");
    });
    return calls;
  });
  await using made = await app({ workflows: [flaky] });
  const run = await made.rhythm.workflows.start(flaky);
  assert.equal(await run.result({ timeout: "2m" }), 5);
  assert.deepEqual(await made.steps(run.id), ["step twice completed 3", "step transient completed 2"]);
});

onServer(
  "a workflow is repeated after it threw where a policy says so, in code and as a flow, and not otherwise",
  async () => {
    let calls = 0;
    const fragile = workflow("fragile", async (ctx, hopeless: boolean) => {
      const n = await ctx.step("count", () => ++calls);
      await ctx.sleep(0.001);
      return await ctx.step("last", () => {
        if (hopeless) throw new NonRetryableError("hopeless");
        if (++calls < 4) throw new Error(`call ${calls}`);
        return [n, calls];
      });
    });
    let tries = 0;
    const shaky = task({ name: "shaky" }, () => {
      if (++tries < 3) throw new Error(`try ${tries}`);
      return tries;
    });
    const flow = (front: string): string =>
      `\`\`\`\n${front}\n\`\`\`\nreturn [await Task.run("double", { n: 2 }), await Task.run("shaky")]`;
    await using made = await app({
      workflows: [fragile],
      tasks: [double, shaky],
      flows: [
        { name: "once", source: flow("description: no policy") },
        { name: "thrice", source: flow("retry: { max_attempts: 3, initial: 10ms }") },
      ],
    });
    const { workflows } = made.rhythm;
    const ended = async (
      run: { result: (options: { timeout: string }) => Promise<unknown>; get: () => Promise<Execution> },
    ): Promise<unknown[]> => {
      const result = await run.result({ timeout: "2m" }).catch((error) => error.error.message);
      const { attempt, maxAttempts } = await run.get();
      return [result, attempt, maxAttempts];
    };
    assert.deepEqual(await ended(await workflows.start(fragile, false)), ["call 2", 1, 1]);
    calls = 0;
    const retry = { maxAttempts: 3, initial: "1ms" } as const;
    assert.deepEqual(await ended(await workflows.start(fragile, false, { retry })), [[1, 4], 3, 3]);
    assert.deepEqual(await ended(await workflows.start(fragile, true, { retry })), ["hopeless", 1, 3]);
    assert.deepEqual(await ended(await workflows.start("once")), ["try 1", 1, 1]);
    tries = 0;
    assert.deepEqual(await ended(await workflows.start("thrice")), [[4, 3], 3, 3]);
  },
);

onServer("cancelling ends a code-first workflow that is suspended, and one that runs", async () => {
  const reasons: string[] = [];
  const hanging = workflow("hanging", async (ctx, where: string) => {
    if (where === "waiting") await ctx.nextSignal("never");
    await ctx.step("hang", async () => {
      await new Promise((resolve) => ctx.abortSignal.addEventListener("abort", resolve, { once: true }));
      reasons.push((ctx.abortSignal.reason as Error).name);
    });
  });
  await using made = await app({ workflows: [hanging] });
  for (const [where, status] of [["waiting", "suspended"], ["running", "running"]] as const) {
    const run = await made.rhythm.workflows.start(hanging, where);
    await until(async () => (await run.get()).status === status);
    assert.equal(await run.cancel("enough"), true);
    await assert.rejects(run.result({ timeout: "2m" }), { name: "ExecutionCancelledError" });
  }
  assert.deepEqual(reasons, ["WorkflowCancelledError"]);
});

onServer("executions.retry() lets the step run again that failed a workflow, and no other", async () => {
  const runs: string[] = [];
  let isGood = false;
  const fragile = workflow("fragile", async (ctx) => {
    await ctx.step("caught", () => {
      runs.push("caught");
      throw new Error("caught");
    }).catch(() => {});
    return await ctx.step("last", () => {
      runs.push("last");
      if (!isGood) throw new Error("bad");
      return "good";
    });
  });
  await using made = await app({ workflows: [fragile] });
  const run = await made.rhythm.workflows.start(fragile);
  await assert.rejects(run.result({ timeout: "2m" }), /bad/);
  isGood = true;
  await made.rhythm.executions.retry(run.id);
  assert.equal(await run.result({ timeout: "2m" }), "good");
  assert.deepEqual(runs, ["caught", "last", "last"]);
});

onServer("purge() removes the steps of a workflow with it", async () => {
  const short = workflow("short", async (ctx) => await ctx.step("one", () => 1));
  await using made = await app({ workflows: [short] });
  const run = await made.rhythm.workflows.start(short);
  await run.result({ timeout: "2m" });
  assert.equal((await made.steps(run.id)).length, 1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await made.database.database.query("select rhythm.purge('0 seconds'::interval)");
  assert.deepEqual(await made.steps(run.id), []);
});

onServer("a worker without the code leaves the workflow to others, and says so", async () => {
  const elsewhere = workflow("elsewhere", () => 1);
  await using made = await app({});
  await made.rhythm.workflows.register([elsewhere]);
  const run = await made.rhythm.workflows.start(elsewhere);
  await until(async () => {
    const [row] = await made.database.database.query<{ note: string | null }>(
      "select note from rhythm.executions",
    );
    return row?.note?.includes("elsewhere") ?? false;
  });
  assert.equal((await run.get()).status, "pending");
});

onServer("a body that awaits something of its own while it waits is warned of", async () => {
  const stray = step("stray", () => 1);
  const straying = workflow("straying", async (ctx) => {
    const sleeping = ctx.sleep("4s");
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await stray(ctx);
    await sleeping;
    return "done";
  });
  await using made = await app({ workflows: [straying] });
  const run = await made.rhythm.workflows.start(straying);
  await until(() => made.lines.some((line) => /called step "stray" after it was suspended/.test(line)));
  assert.equal(await run.result({ timeout: "2m" }), "done");
});
