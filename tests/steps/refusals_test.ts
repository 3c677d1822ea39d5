import assert from "node:assert/strict";
import { Admin, step, workflow, type WorkflowContext } from "../../src/steps/mod.ts";
import { onServer, stepsTest } from "./support.ts";

const inc = step("inc", (_ctx, n: number) => n + 1);

onServer("what cannot be done is said, with what to do instead", async () => {
  await using test = await stepsTest();
  const one = workflow("one", async (ctx) => await inc(ctx, 1));
  const two = workflow("two", async (ctx) => await Promise.all([inc(ctx, 1), inc(ctx, 2)]));
  const inStep = workflow(
    "in_step",
    async (ctx) => await ctx.step("s", async (inner) => await inner.sleep(1)),
  );
  const map = workflow("map", async (ctx) => await ctx.step("m", () => new Map([["a", 1]])));
  const result = workflow("result", () => ({ big: 1n }));
  const noSql = workflow("no_sql", async (ctx) => await ctx.step("plain", (inner) => inner.sql`select 1`));
  const tx = step("tx", { transactional: true }, () => 1);
  const inTx = workflow(
    "in_tx",
    async (ctx) => await ctx.step("out", { transactional: true }, (inner) => tx(inner)),
  );
  const plainInTx = workflow(
    "plain_in_tx",
    async (ctx) => await ctx.step("out", { transactional: true }, (inner) => inc(inner, 1)),
  );
  const ctx = await test.admin.createWorkflow("one");

  const refusals: [() => Promise<unknown>, string, RegExp][] = [
    [() => two(ctx), "CONTEXT_OF_ANOTHER", /of workflow "one" .* cannot run "two"/],
    [() => inc(ctx, 1), "WORKFLOW_NOT_RUNNING", /"inc".*is not running here/],
    [() => inc(undefined as unknown as WorkflowContext, 1), "CONTEXT_MISSING", /step "inc"/],
    [() => one("x" as unknown as WorkflowContext), "CONTEXT_MISSING", /not "x"/],
    [
      async () => await two(await test.admin.createWorkflow(two)),
      "STEP_DUPLICATE",
      /step\.with\(\{ key \}\)/,
    ],
    [async () => await inStep(await test.admin.createWorkflow(inStep)), "WAIT_IN_STEP", /between steps/],
    [
      async () => await map(await test.admin.createWorkflow(map)),
      "JSON_UNSUPPORTED",
      /the result of step "m".*Map/,
    ],
    [
      async () => await result(await test.admin.createWorkflow(result)),
      "JSON_UNSUPPORTED",
      /the result of workflow "result"\.big/,
    ],
    [
      async () => await noSql(await test.admin.createWorkflow(noSql)),
      "NO_SQL",
      /Step "plain" has no ctx\.sql/,
    ],
    [
      async () => await inTx(await test.admin.createWorkflow(inTx)),
      "NESTED_TRANSACTION",
      /"tx" cannot be called in step "out"/,
    ],
    [
      async () => await plainInTx(await test.admin.createWorkflow(plainInTx)),
      "NESTED_TRANSACTION",
      /"inc" cannot be called in step "out", which is transactional/,
    ],
    [
      async () => {
        await using other = new Admin(test.database.url);
        const late = await other.createWorkflow("one");
        await other.close();
        return await one(late);
      },
      "ADMIN_CLOSED",
      /make another/,
    ],
    [() => test.admin.getWorkflow("nonsense"), "WORKFLOW_NOT_FOUND", /There is no workflow "nonsense"/],
    [() => test.admin.getWorkflow(crypto.randomUUID()), "WORKFLOW_NOT_FOUND", /There is no workflow/],
  ];
  for (const [call, code, message] of refusals) await assert.rejects(call, { code, message });
});

onServer("a workflow begun by hand cannot wait", async () => {
  await using test = await stepsTest();
  const ctx = await test.admin.createWorkflow("by_hand");
  await ctx.start();
  await assert.rejects(ctx.nextSignal("go"), { code: "WORKFLOW_NOT_DRIVEN" });
  await ctx.success();
});

onServer("a step called after its workflow ended is refused", async () => {
  await using test = await stepsTest();
  let late: WorkflowContext | undefined;
  const leaky = workflow("leaky", (ctx) => {
    late = ctx;
    return 1;
  });
  await leaky(await test.admin.createWorkflow(leaky));
  await assert.rejects(inc(late!, 1), { code: "WORKFLOW_NOT_RUNNING" });
});

onServer("a step that nobody awaits is named when the workflow ends before it", async () => {
  await using test = await stepsTest();
  const { promise, resolve } = Promise.withResolvers<void>();
  const hasty = workflow("hasty", async (ctx) => {
    void ctx.step("slow", () => promise);
    await ctx.step("fast", () => 1);
  });
  await hasty(await test.admin.createWorkflow(hasty));
  assert.match(test.warnings.join(), /ended while step "slow" was running/);
  resolve();
});

Deno.test("an address that is none makes no directory, and a closed Admin stays closed", async () => {
  assert.throws(() => new Admin("mysql://root:secret@localhost/db"), {
    code: "INVALID_OPTION",
    message: /^new Admin\(\): "databaseUrl" must be postgres:\/\/…, .* not mysql:\/\/…$/,
  });
  const admin = new Admin("memory://");
  await admin.close();
  for (const call of [() => admin.install(), () => admin.createWorkflow("x"), () => admin.getWorkflow("x")]) {
    await assert.rejects(call, { code: "CLOSED" });
  }
});

Deno.test("declarations refuse names and options that cannot be", () => {
  const nothing = (): void => {};
  assert.throws(() => step("", nothing), { code: "INVALID_OPTION", message: /1 to 200 characters/ });
  assert.throws(() => step("a#b", nothing), { message: /without #/ });
  assert.throws(() => step("a", { retries: 3 } as never, nothing), { message: /has no option "retries"/ });
  assert.throws(() => step("a", { retry: { maxAttempts: 0 } }, nothing), { message: /retry\.maxAttempts/ });
  assert.throws(() => inc.with({ key: "" }), { message: /"key" must be/ });
  assert.throws(() => inc.with({ key: NaN }), { message: /"key" must be/ });
  assert.throws(() => workflow("has space", nothing), { message: /has space/ });
  assert.throws(() => workflow("a", { queue: 7 } as never, nothing), { message: /"queue" must be/ });
  assert.throws(() => new Admin(7 as never), { message: /databaseUrl|database URL/ });
  assert.throws(() => new Admin("memory://", { lease: "1ms" }), { message: /at least one second/ });
});
