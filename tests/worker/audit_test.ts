import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { Audit } from "../../src/worker/audit.ts";
import type { Engine, Outcome } from "../../src/worker/engine.ts";
import { sqlEngine } from "../../src/worker/sql_engine.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

/** The engine as a registered worker sees it. */
async function registered({ database, schema }: TestDatabase): Promise<Engine> {
  const engine = sqlEngine({
    main: database,
    transactional: database,
    schema,
    name: "audit",
    queues: ["default"],
    targets: ["known", "lost", "told_later"],
    leaseMs: 15_000,
    runsCode: false,
  });
  await engine.register();
  return engine;
}

Deno.test("Audit hands back what the engine has leased and nobody here knows of", async () => {
  await using place = await freshDatabase();
  const engine = await registered(place);
  await place.database.query("select rhythm.register_workflow('flow')");
  await place.database.query(
    "select rhythm.enqueue('known'), rhythm.enqueue('lost'), rhythm.start('flow'), rhythm.enqueue('told_later')",
  );
  const claimed = await engine.claim(10, "awake");
  const idOf = (target: string): string => claimed.find((row) => row.target === target)!.id;
  const settled: Outcome[] = [];
  const audit: Audit = new Audit({
    engine,
    known: () => [idOf("known")],
    // The answer that was under way while the engine looked.
    quiet: () => Promise.resolve(audit.took(idOf("told_later"))),
    settle: (outcome) => settled.push(outcome),
  });
  same(await audit.run(), 2);
  equal((await engine.settle(settled, 0)).refused, []);
  const rows = await place.database.query("select target, status from rhythm.executions order by target");
  equal(rows, [
    { target: "flow", status: "pending" },
    { target: "known", status: "running" },
    { target: "lost", status: "pending" },
    { target: "told_later", status: "running" },
  ]);
  equal((await engine.claim(10, "awake")).map(({ target, attempt }) => [target, attempt]).sort(), [
    ["flow", 1],
    ["lost", 1],
  ]);
});

Deno.test("Audit is in doubt for a time after each lost answer", async () => {
  await using place = await freshDatabase();
  let now = 0;
  const audit = new Audit(
    { engine: await registered(place), known: () => [], quiet: () => Promise.resolve(), settle: () => {} },
    () => now,
  );
  same(audit.inDoubt, false);
  audit.doubt(100);
  now = 99;
  same(audit.inDoubt, true);
  now = 100;
  same(audit.inDoubt, false);
});
