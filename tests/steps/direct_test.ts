/** A workflow in the process that calls it: what the database does to it meanwhile. */
import assert from "node:assert/strict";
import { Admin, workflow } from "../../src/steps/mod.ts";
import { onServer, type StepsTest, stepsTest } from "./support.ts";
import { until } from "../support/until.ts";

async function cutConnections(test: StepsTest): Promise<void> {
  await test.database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'rhythm steps'`;
}

onServer(
  "connections that break while a step runs cost nothing: its function ran once, its result is stored",
  async () => {
    await using test = await stepsTest();
    let runs = 0;
    const long = workflow("long", async (ctx) => {
      for (let nth = 0; nth < 6; nth++) {
        await ctx.step(`s${nth}`, async () => {
          runs++;
          if (nth === 3) await cutConnections(test);
          return nth;
        });
      }
      return runs;
    });
    const ctx = await test.admin.createWorkflow(long);
    assert.equal(await long(ctx), 6);
    assert.equal((await test.steps(ctx.id())).length, 6);
    assert.equal(await test.status(ctx.id()), "completed");
  },
);

onServer("a transactional step whose connection breaks runs again, and is booked once", async () => {
  await using test = await stepsTest();
  await test.database.sql`create table ledger (amount integer)`;
  let runs = 0;
  const booking = workflow(
    "booking",
    async (ctx) =>
      await ctx.step("book", { transactional: true }, async (tx) => {
        await tx.sql`insert into ledger values (5)`;
        if (++runs === 1) await cutConnections(test);
        const [row] = await tx.sql<{ total: number }>`select sum(amount)::integer as total from ledger`;
        return row!.total;
      }),
  );
  assert.equal(await booking(await test.admin.createWorkflow(booking)), 5);
  assert.equal(runs, 2);
  assert.equal((await test.database.sql`select from ledger`).length, 1);
});

onServer("a result that is too large fails the workflow, and whoever called it hears of it", async () => {
  await using test = await stepsTest();
  const large = workflow("large", () => "x".repeat(3_000_000));
  const ctx = await test.admin.createWorkflow(large);
  await assert.rejects(large(ctx), { code: "RH006" });
  assert.equal(await test.status(ctx.id()), "failed");
  await assert.rejects(large(ctx), { code: "RH006" });
});

onServer("closing an Admin ends the calls that wait, and the workflow stays for the next", async () => {
  await using test = await stepsTest();
  const other = new Admin(test.database.url);
  const waiting = workflow("waiting", async (ctx) => await ctx.nextSignal("go"));
  const ctx = await other.createWorkflow(waiting);
  const refused = assert.rejects(waiting(ctx), { code: "ADMIN_CLOSED" });
  await until(async () => await test.status(ctx.id()) === "suspended");
  await other.close();
  await refused;
  await test.database.sql`select rhythm.signal(${ctx.id()}, 'go', '7')`;
  assert.equal(await waiting(await test.admin.getWorkflow(ctx.id())), 7);
});
