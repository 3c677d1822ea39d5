import { systemClock } from "../../../src/runtime/clock.ts";
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { LostLeases } from "../../../src/worker/engine/lost_leases.ts";
import type { Engine, Outcome } from "../../../src/worker/engine/engine.ts";
import { sqlEngine } from "../../../src/worker/engine/sql_engine.ts";
import { freshDatabase, type TestDatabase } from "../../support/database.ts";

/** The engine as a registered worker sees it. */
async function registered({ database, schema }: TestDatabase): Promise<Engine> {
  const engine = sqlEngine({
    main: database,
    transactional: database,
    schema,
    name: "leases",
    queues: ["default"],
    targets: ["known", "lost", "told_later"],
    leaseMs: 15_000,
    runsCode: false,
  });
  await engine.register();
  return engine;
}

Deno.test("LostLeases hands back what the engine has leased and nobody here knows of", async () => {
  await using place = await freshDatabase();
  const engine = await registered(place);
  await place.database.query("select rhythm.register_workflow('flow')");
  await place.database.query(
    "select rhythm.enqueue('known'), rhythm.enqueue('lost'), rhythm.start('flow'), rhythm.enqueue('told_later')",
  );
  const claimed = await engine.claim(10, "busy");
  const idOf = (target: string): string => claimed.find((row) => row.target === target)!.id;
  const settled: Outcome[] = [];
  const leases: LostLeases = new LostLeases({
    clock: systemClock,
    engine,
    known: () => [idOf("known")],
    // The answer that was under way while the engine looked.
    quiet: () => Promise.resolve(leases.took(idOf("told_later"))),
    settle: (outcome) => settled.push(outcome),
  });
  same(await leases.run(), 2);
  equal((await engine.settle(settled, 0)).refused, []);
  const rows = await place.database.query("select target, status from rhythm.executions order by target");
  equal(rows, [
    { target: "flow", status: "pending" },
    { target: "known", status: "running" },
    { target: "lost", status: "pending" },
    { target: "told_later", status: "running" },
  ]);
  equal((await engine.claim(10, "busy")).map(({ target, attempt }) => [target, attempt]).sort(), [
    ["flow", 1],
    ["lost", 1],
  ]);
});

Deno.test("LostLeases is in doubt for a time after each lost answer", async () => {
  await using place = await freshDatabase();
  let now = 0;
  const leases = new LostLeases({
    clock: { ...systemClock, monotonic: () => now },
    engine: await registered(place),
    known: () => [],
    quiet: () => Promise.resolve(),
    settle: () => {},
  });
  same(leases.inDoubt, false);
  leases.doubt(100);
  now = 99;
  same(leases.inDoubt, true);
  now = 100;
  same(leases.inDoubt, false);
});
