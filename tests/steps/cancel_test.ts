/** A workflow that is cancelled cleans up: its code is told where it stands, and the steps of its `finally` are durable. */
import assert from "node:assert/strict";
import { Rhythm } from "../../mod.ts";
import { Admin, step, workflow, WorkflowCancelledError } from "../../src/steps/mod.ts";
import type { AnyWorkflow } from "../../src/define/mod.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { onServer, stepsTest } from "./support.ts";
import { until } from "../support/until.ts";

interface App extends AsyncDisposable {
  rhythm: Rhythm;
  database: TestDatabase;
  steps(id: string): Promise<string[]>;
}

async function app(workflows: readonly AnyWorkflow[]): Promise<App> {
  const database = await freshDatabase();
  const rhythm = await Rhythm.init({
    databaseUrl: database.url,
    autoMigrate: false,
    log: { level: "error" },
    workflows,
  });
  const running = rhythm.worker().run();
  return {
    rhythm,
    database,
    steps: async (id) => {
      const rows = await database.sql<{ name: string }[]>`
        select name from rhythm.steps where execution_id = ${id} and status = 'completed' order by seq`;
      return rows.map(({ name }) => name);
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

let undone = 0;
const undo = step("undo", (_ctx, what: string) => {
  undone++;
  return what;
});

const places: { where: string; code: AnyWorkflow }[] = [
  {
    where: "in a wait for a signal",
    code: workflow("in_signal", async (ctx) => {
      await ctx.step("book", () => 1);
      try {
        return await ctx.nextSignal("never");
      } finally {
        await undo(ctx, "book");
      }
    }),
  },
  {
    where: "in a sleep, one of several waits in parallel",
    code: workflow("in_parallel", async (ctx) => {
      await ctx.step("book", () => 1);
      try {
        await Promise.all([ctx.sleep("1h"), ctx.nextSignal("never"), ctx.run({ task: "nobody_has_it" })]);
      } finally {
        await undo(ctx, "book");
      }
    }),
  },
  {
    where: "in a step that heeds its abort signal",
    code: workflow("in_step", async (ctx) => {
      await ctx.step("book", () => 1);
      try {
        await ctx.step("hang", async (inner) => {
          await new Promise((_, reject) => {
            inner.abortSignal.addEventListener("abort", () => reject(inner.abortSignal.reason));
          });
        });
      } finally {
        await undo(ctx, "book");
      }
    }),
  },
  {
    where: "in a step that heeds nothing; its error is caught",
    code: workflow("deaf", async (ctx) => {
      await ctx.step("book", () => 1);
      try {
        await ctx.step("hang", () => new Promise(() => {}));
      } catch (error) {
        assert.ok(error instanceof WorkflowCancelledError);
        await undo(ctx, "book");
        return "caught, and cancelled all the same";
      }
    }),
  },
  {
    where: "in a wait; it sleeps while it cleans up",
    code: workflow("sleeps", async (ctx) => {
      await ctx.step("book", () => 1);
      try {
        await ctx.nextSignal("never");
      } finally {
        assert.equal(ctx.abortSignal.aborted, false, "cleaning up is not aborted");
        await ctx.sleep("20ms");
        await undo(ctx, "book");
      }
    }),
  },
];

onServer(
  "a workflow cancelled under a worker runs its finally, once, and its steps are stored",
  async (t) => {
    await using made = await app(places.map(({ code }) => code));
    for (const { where, code } of places) {
      await t.step(where, async () => {
        undone = 0;
        const run = await made.rhythm.workflows.start(code);
        await until(async () => (await made.steps(run.id)).includes("book"));
        if (/wait|sleep,/.test(where)) await until(async () => (await run.get()).status === "suspended");
        assert.equal(await run.cancel("enough"), true);
        await assert.rejects(run.result({ timeout: "2m" }), { name: "ExecutionCancelledError" });
        const stored = (await made.steps(run.id)).filter((name) => !name.startsWith("sleep"));
        assert.deepEqual(stored, ["book", "#cancelled", "undo"]);
        assert.equal(undone, 1);
      });
    }
  },
);

onServer("a workflow without a finally ends when it is cancelled, wherever it stands", async () => {
  const plain = workflow("plain", async (ctx) => {
    await ctx.step("one", () => 1);
    await ctx.nextSignal("never");
    await ctx.step("two", () => 2);
  });
  await using made = await app([plain]);
  const run = await made.rhythm.workflows.start(plain);
  await until(async () => (await run.get()).status === "suspended");
  await run.cancel("enough");
  await assert.rejects(run.result({ timeout: "2m" }), { name: "ExecutionCancelledError" });
  assert.deepEqual(await made.steps(run.id), ["one", "#cancelled"]);
});

onServer(
  "what was cancelled and is retried goes on where it was told, and may be cancelled again",
  async () => {
    const shop = workflow("shop", async (ctx) => {
      await ctx.step("book", () => 1);
      try {
        return await ctx.nextSignal<string>("pay");
      } catch (error) {
        await undo(ctx, "book");
        throw error;
      }
    });
    await using made = await app([shop]);
    undone = 0;
    const run = await made.rhythm.workflows.start(shop);
    for (const round of [1, 2]) {
      await until(async () => (await run.get()).status === "suspended");
      await run.cancel("too late");
      await assert.rejects(run.result({ timeout: "2m" }), { name: "ExecutionCancelledError" });
      assert.equal(undone, round);
      await made.rhythm.executions.retry(run.id);
    }
    await run.signal("pay", "paid");
    assert.equal(await run.result({ timeout: "2m" }), "paid");
    assert.deepEqual(await made.steps(run.id), ["book", "signal pay#1"]);
  },
);

onServer("a workflow called directly cleans up, too: while it runs a step, and while it waits", async () => {
  await using test = await stepsTest({ lease: "1s" });
  for (const where of ["step", "signal"]) {
    undone = 0;
    const direct = workflow("direct", async (ctx) => {
      try {
        if (where === "step") await ctx.step("hang", () => new Promise(() => {}));
        else await ctx.nextSignal("never");
      } finally {
        await undo(ctx, where);
      }
    });
    const ctx = await test.admin.createWorkflow("direct");
    const result = direct(ctx);
    result.catch(() => {});
    await until(async () => await test.status(ctx.id()) === (where === "step" ? "running" : "suspended"));
    await test.database.database.query("select rhythm.cancel($1::text::uuid, 'enough')", [ctx.id()]);
    await assert.rejects(result, { name: "WorkflowCancelledError", message: /enough/ });
    assert.equal(undone, 1, where);
    assert.equal(await test.status(ctx.id()), "cancelled");
  }
});

onServer("cleaning up goes on behind its last step when its process dies in the middle of it", async () => {
  await using database = await freshDatabase();
  const runs: string[] = [];
  let dies = true;
  const cleaning = workflow("cleaning", async (ctx) => {
    await ctx.step("book", () => void runs.push("book"));
    try {
      await ctx.nextSignal("never");
    } finally {
      await ctx.step("undo 1", () => void runs.push("undo 1"));
      if (dies) await new Promise(() => {});
      await ctx.step("undo 2", () => void runs.push("undo 2"));
    }
  });
  const first = new Admin(database.url, { lease: "1s" });
  await using second = new Admin(database.url, { lease: "1s" });
  const ctx = await first.createWorkflow(cleaning);
  void cleaning(ctx).catch(() => {});
  const has = (name: string) => async (): Promise<boolean> =>
    (await database.sql`select from rhythm.steps where name = ${name} and status <> 'waiting'`).length > 0;
  await until(async () =>
    (await database.sql`select from rhythm.executions where status = 'suspended'`).length > 0
  );
  await database.sql`select rhythm.cancel(${ctx.id()}, 'enough')`;
  await until(has("undo 1"));
  await first.close();
  dies = false;
  await assert.rejects(cleaning(await second.getWorkflow(ctx.id())), { name: "WorkflowCancelledError" });
  assert.deepEqual(runs, ["book", "undo 1", "undo 2"]);
});
