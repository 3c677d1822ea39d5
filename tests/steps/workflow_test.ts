import assert from "node:assert/strict";
import { Admin, step, TransientStepError, workflow } from "../../src/steps/mod.ts";
import { onEmbedded } from "../support/database.ts";
import { onServer, stepsTest } from "./support.ts";
import { until } from "../support/until.ts";

onServer("workflow() stores its result and that of each step, and runs nothing again", async () => {
  await using test = await stepsTest();
  let runs = 0;
  const add = step("add", (_ctx, a: number, b: number) => {
    runs++;
    return a + b;
  });
  const sum = workflow(
    "sum",
    async (ctx, n: number) => await add.with({ key: "b" })(ctx, await add(ctx, n, 1), 2),
  );
  const ctx = await test.admin.createWorkflow(sum, 1);
  assert.equal(await test.status(ctx.id()), "pending");
  assert.equal(await sum(ctx), 4);
  assert.equal(await sum(await test.admin.getWorkflow(ctx.id()), 100), 4);
  assert.equal(runs, 2);
  assert.equal(await test.status(ctx.id()), "completed");
  assert.deepEqual(await test.steps(ctx.id()), ["1 add completed 1", "2 add#b completed 1"]);
});

onServer("a step gives what JSON makes of its value: in the first run, and in every other", async () => {
  await using test = await stepsTest();
  const values: unknown[][] = [[], []];
  let run = 0;
  const all = workflow("values", async (ctx) => {
    values[run] = [
      await ctx.step("undefined", () => {}),
      await ctx.step("null", () => null),
      await ctx.step("zero", () => 0),
      await ctx.step("empty", () => ""),
      await ctx.step("date", () => ({ at: new Date(0), left: undefined })),
    ];
    if (run++ === 0) throw new TransientStepError("once more");
  });
  const ctx = await test.admin.createWorkflow(all);
  await assert.rejects(all(ctx), TransientStepError);
  await all(ctx);
  assert.deepEqual(values[0], [undefined, null, 0, "", { at: "1970-01-01T00:00:00.000Z" }]);
  assert.deepEqual(values[1], values[0]);
});

onServer(
  "a failed step is final: later runs throw an error of the same name, message, code and data",
  async () => {
    await using test = await stepsTest();
    let runs = 0;
    const seen: unknown[] = [];
    const failing = step("failing", () => {
      runs++;
      throw Object.assign(new Error("no money"), {
        name: "PaymentError",
        code: "NO_MONEY",
        data: { cents: 5 },
      });
    });
    const typed = step("typed", () => {
      throw Object.assign(new TypeError("not a function"), { code: "E1" });
    });
    let isFirst = true;
    const catching = workflow("catching", async (ctx) => {
      seen.push(await failing(ctx).catch(({ name, message, code, data }) => ({ name, message, code, data })));
      seen.push(await typed(ctx).catch((error) => error instanceof TypeError));
      if (isFirst) {
        isFirst = false;
        throw new TransientStepError("again");
      }
      return "caught";
    });
    const ctx = await test.admin.createWorkflow(catching);
    await assert.rejects(catching(ctx));
    assert.equal(await catching(ctx), "caught");
    const stored = { name: "PaymentError", message: "no money", code: "NO_MONEY", data: { cents: 5 } };
    assert.deepEqual(seen, [stored, true, stored, true]);
    assert.equal(runs, 1);
  },
);

onServer("a workflow that failed throws its stored error when it is called again", async () => {
  await using test = await stepsTest();
  const failing = workflow("failing", (_ctx, text: string) => {
    throw Object.assign(new RangeError(text), { code: "E7" });
  });
  const ctx = await test.admin.createWorkflow(failing, "too far");
  await assert.rejects(failing(ctx), RangeError);
  await assert.rejects(failing(ctx), { name: "RangeError", message: "too far", code: "E7" });
  assert.equal(await test.status(ctx.id()), "failed");
});

onServer("steps run in parallel, and a replay has the same winner", async () => {
  await using test = await stepsTest();
  const winners: string[] = [];
  const wait = step("wait", async (_ctx, ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return `${ms}`;
  });
  const race = workflow("race", async (ctx) => {
    const slow = wait.with({ key: "slow" })(ctx, 60);
    const fast = wait.with({ key: "fast" })(ctx, 1);
    winners.push(await Promise.race([slow, fast]));
    await Promise.all([slow, fast]);
    if (winners.length < 3) throw new TransientStepError("again");
    return winners;
  });
  const ctx = await test.admin.createWorkflow(race);
  await assert.rejects(race(ctx));
  await assert.rejects(race(ctx));
  assert.deepEqual(await race(ctx), ["1", "1", "1"]);
});

onServer("steps call steps: what the inner one gave is kept although the outer one runs again", async () => {
  await using test = await stepsTest();
  const runs: string[] = [];
  const inner = step("inner", (_ctx, text: string) => {
    runs.push("inner");
    return text.toUpperCase();
  });
  const outer = step("outer", async (ctx, text: string) => {
    runs.push("outer");
    const loud = await inner(ctx, text);
    if (runs.length < 3) throw new TransientStepError("not yet");
    return `${loud}!`;
  });
  const nested = workflow("nested", async (ctx) => await outer(ctx, "hey"));
  const ctx = await test.admin.createWorkflow(nested);
  await assert.rejects(nested(ctx), TransientStepError);
  assert.equal(await nested(ctx), "HEY!");
  assert.deepEqual(runs, ["outer", "inner", "outer"]);
});

onServer(
  "a retry policy makes failed attempts again, stores how many, and gives up at the last",
  async () => {
    await using test = await stepsTest();
    let calls = 0;
    const retry = { maxAttempts: 3, initial: "5ms", jitter: 0 } as const;
    const third = step("third", { retry }, () => {
      if (++calls < 3) throw new Error(`no ${calls}`);
      return calls;
    });
    const never = step("never", { retry }, () => {
      throw new Error("never");
    });
    const patient = workflow(
      "patient",
      async (ctx) => [await third(ctx), await never(ctx).catch((e) => e.message)],
    );
    const ctx = await test.admin.createWorkflow(patient);
    assert.deepEqual(await patient(ctx), [3, "never"]);
    assert.deepEqual(await test.steps(ctx.id()), ["1 third completed 3", "2 never failed 3"]);
  },
);

onServer("a transactional step: its writes are there with its result, and gone with its error", async () => {
  await using test = await stepsTest();
  await test.admin.install();
  await test.database.database.script("create table ledger (amount integer)");
  const book = step("book", { transactional: true }, async (ctx, amount: number) => {
    await ctx.sql`insert into ledger values (${amount})`;
    if (amount < 0) throw new Error("negative");
    const [row] = await ctx.sql<{ total: number }>`select sum(amount)::integer as total from ledger`;
    return row!.total;
  });
  const booking = workflow("booking", async (ctx) => {
    const good = await book.with({ key: 1 })(ctx, 5);
    const bad = await book.with({ key: 2 })(ctx, -5).catch((error) => error.message);
    return [good, bad];
  });
  assert.deepEqual(await booking(await test.admin.createWorkflow(booking)), [5, "negative"]);
  assert.deepEqual(await test.database.database.query("select amount from ledger"), [{ amount: 5 }]);
});

onServer(
  "more transactional steps at once than connections, each waiting for another step, get through",
  async () => {
    await using test = await stepsTest();
    const crowded = workflow("crowded", async (ctx) => {
      const steps = Array.from(
        { length: 12 },
        async (_, nth) =>
          await ctx.step(`out ${nth}`, { transactional: true }, async (tx) => {
            await tx.sql`select 1`;
            return await ctx.step(`in ${nth}`, () => nth);
          }),
      );
      return (await Promise.all(steps)).reduce((a, b) => a + b);
    });
    assert.equal(await crowded(await test.admin.createWorkflow(crowded)), 66);
  },
);

onServer("a workflow sleeps, and waits for a signal, without a worker", async () => {
  await using test = await stepsTest();
  const waiting = workflow("waiting", async (ctx) => {
    await ctx.sleep("10ms");
    const { ok } = await ctx.nextSignal<{ ok: boolean }>("go");
    const late = await ctx.nextSignal("never", { timeout: "20ms" }).catch((error) => error.name);
    return [ok, late];
  });
  const ctx = await test.admin.createWorkflow(waiting);
  const result = waiting(ctx);
  await until(async () => await test.status(ctx.id()) === "suspended");
  await test.database.database.query(`select rhythm.signal($1::text::uuid, 'go', '{"ok": true}')`, [
    ctx.id(),
  ]);
  assert.deepEqual(await result, [true, "TimeoutError"]);
});

onServer(
  "two calls at once in one process: each step's function runs once, both get the result",
  async () => {
    await using test = await stepsTest();
    let runs = 0;
    const slow = step("slow", async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return ++runs;
    });
    const once = workflow("once", async (ctx) => await slow(ctx));
    const ctx = await test.admin.createWorkflow(once);
    const same = await test.admin.getWorkflow(ctx.id());
    assert.deepEqual(await Promise.all([once(ctx), once(ctx), once(same)]), [1, 1, 1]);
  },
);

onServer("a workflow that is cancelled while it runs here ends, and its abort signal fires", async () => {
  await using test = await stepsTest({ lease: "1s" });
  const aborted: unknown[] = [];
  const long = workflow("long", async (ctx) => {
    await ctx.step("hang", async () => {
      await new Promise((resolve) => ctx.abortSignal.addEventListener("abort", resolve, { once: true }));
      aborted.push((ctx.abortSignal.reason as Error).name);
    });
  });
  const ctx = await test.admin.createWorkflow(long);
  const running = long(ctx);
  await until(async () => await test.status(ctx.id()) === "running");
  await test.database.database.query("select rhythm.cancel($1::text::uuid, 'not needed')", [ctx.id()]);
  await assert.rejects(running, { name: "WorkflowCancelledError", message: /not needed/ });
  await assert.rejects(long(ctx), { name: "WorkflowCancelledError" });
  assert.deepEqual(aborted, ["WorkflowCancelledError"]);
});

onServer(
  "steps by hand: EXECUTE once, then SKIPPED; a failed one is final; success() ends the workflow",
  async () => {
    await using test = await stepsTest();
    const ctx = await test.admin.createWorkflow("by_hand", { a: 1 });
    assert.deepEqual(ctx.input, { a: 1 });
    await ctx.start();
    const first = await ctx.acquireStep<{ n: number }>("one");
    assert.ok(first.status === "execute");
    await assert.rejects(ctx.acquireStep("one"), { name: "DuplicateStepError" });
    await first.guard.success({ n: 1 });
    await assert.rejects(first.guard.success(2), { code: "GUARD_USED" });
    assert.deepEqual(await ctx.acquireStep("one"), { status: "skipped", value: { n: 1 } });
    const second = await ctx.acquireStep("two");
    assert.ok(second.status === "execute");
    await second.guard.fail("no");
    await assert.rejects(ctx.acquireStep("two"), { message: "no" });
    await ctx.success("done");
    assert.equal(await test.status(ctx.id()), "completed");
    await assert.rejects(ctx.start(), { code: "WORKFLOW_NOT_STARTABLE", message: /it is completed/ });

    const failing = await test.admin.createWorkflow("by_hand");
    await failing.start();
    await failing.fail(new Error("gave up"));
    assert.equal(await test.status(failing.id()), "failed");
  },
);

Deno.test({
  name: "a workflow lives in a schema of any name, beside another",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await stepsTest();
    await using admin = new Admin(test.database.url, { schema: "my steps" });
    await admin.install();
    const hello = workflow("hello", async (ctx) => await ctx.step("say", () => "hi"));
    assert.equal(await hello(await admin.createWorkflow(hello)), "hi");
    assert.deepEqual(await test.database.sql`select name from "my steps".steps`.then((rows) => [...rows]), [{
      name: "say",
    }]);
    assert.deepEqual([...await test.database.sql`select from rhythm.steps`], []);
  },
});
