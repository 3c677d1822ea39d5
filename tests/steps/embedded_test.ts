import assert from "node:assert/strict";
import { Rhythm } from "../../mod.ts";
import { Admin, step, TransientStepError, workflow } from "../../src/steps/mod.ts";

Deno.test("an Admin without a server: steps in parallel and in transactions, sleeps and runs that end early", async () => {
  await using admin = new Admin("memory://");
  await admin.install();
  const runs: string[] = [];
  const read = step("read", (_ctx, nth: number) => {
    runs.push(`read ${nth}`);
    return nth * 10;
  });
  const book = step("book", { transactional: true }, async (ctx, cents: number) => {
    runs.push("book");
    await ctx.sql`create table if not exists ledger (cents integer)`;
    await ctx.sql`insert into ledger values (${cents})`;
    const [row] = await ctx.sql<{ n: number }>`select count(*)::integer as n from ledger`;
    return row!.n;
  });
  let isFirst = true;
  const importing = workflow("importing", async (ctx, count: number) => {
    const some = await Promise.all(
      Array.from({ length: count }, (_, nth) => read.with({ key: nth })(ctx, nth)),
    );
    const booked = await book(ctx, some.reduce((a, b) => a + b));
    await ctx.sleep("5ms");
    if (isFirst) {
      isFirst = false;
      throw new TransientStepError("the process ends here");
    }
    return { some, booked };
  });
  const ctx = await admin.createWorkflow(importing, 3);
  await assert.rejects(importing(ctx), TransientStepError);
  assert.deepEqual(await importing(await admin.getWorkflow(ctx.id())), { some: [0, 10, 20], booked: 1 });
  assert.deepEqual(runs, ["read 0", "read 1", "read 2", "book"]);
});

Deno.test("an Admin and an application of one process use the same embedded database", async () => {
  const home = await Deno.makeTempDir({ prefix: "rhythm-embedded-" });
  try {
    await using rhythm = await Rhythm.init({ databaseUrl: `${home}/data`, log: { level: "error" } });
    await using admin = new Admin(`${home}/data`);
    const greet = workflow("greet", (_ctx, who: string) => `Hello, ${who}`);
    const ctx = await admin.createWorkflow(greet, "Ada");
    assert.equal(await greet(ctx, "Ada"), "Hello, Ada");
    assert.equal((await rhythm.executions.get(ctx.id()))?.output, "Hello, Ada");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
