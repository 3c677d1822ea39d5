// Many tenants take turns in one queue, and one of them floods it: nobody waits for the flood.
import assert from "node:assert/strict";
import { Rhythm, task } from "../../mod.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { isLong } from "../support/long.ts";
import { until } from "../support/until.ts";

/** How many a worker with a concurrency of ten holds at most, with what it has taken ahead. */
const HELD = 20;

Deno.test({
  name:
    "scene: tenants with fair turns, and one that floods: each tenant's first task begins within one turn",
  ignore: onEmbedded,
  fn: async () => {
    const tenants = isLong ? 10_000 : 500;
    const flood = isLong ? 100_000 : 5_000;
    await using test = await freshDatabase();
    const order: string[] = [];
    const job = task({ name: "job", queue: "fair" }, (tenant: string) => void order.push(tenant));
    const open = () =>
      Rhythm.init({ databaseUrl: test.url, autoMigrate: false, tasks: [job], log: { level: "error" } });
    await using one = await open();
    await using two = await open();
    await one.queues.configure("fair", { fair: "key" });
    const start = async (rhythm: Rhythm, names: string[], size = 1_000): Promise<void> => {
      for (let at = 0; at < names.length; at += size) {
        await rhythm.executions.createMany(
          names.slice(at, at + size).map((tenant) => ({
            ...{
              type: "task" as const,
              target: "job",
              queue: "fair",
              inputs: tenant,
              concurrencyKey: tenant,
            },
          })),
        );
      }
    };
    // The flood was there first, and goes on while the others come.
    await start(one, Array.from({ length: flood }, () => "flood"));
    const workers = [one, two].map((rhythm) => rhythm.worker({ queues: ["fair"], concurrency: 10 }));
    const running = workers.map((worker) => worker.run());
    await until(() => order.length > 100, "the flood runs");
    const names = Array.from({ length: tenants }, (_, nth) => `tenant ${nth}`);
    // All tenants come in one transaction, while the flood goes on.
    await Promise.all([
      start(two, names, tenants),
      start(one, Array.from({ length: flood / 10 }, () => "flood")),
    ]);
    const seen = new Set<string>();
    let looked = 0;
    await until(() => {
      for (; looked < order.length; looked++) seen.add(order[looked]!);
      return seen.size === tenants + 1;
    }, "every tenant's first task");
    const last = order.findLastIndex((tenant) => tenant !== "flood");
    const firstOne = order.findIndex((tenant) => tenant !== "flood");
    const floods = order.slice(firstOne, last).filter((tenant) => tenant === "flood").length;
    console.log(
      `${tenants} tenants: ${floods} of the flood between the first of them to begin and the last`,
    );
    // The flood's own turn, and what the two workers had taken before.
    assert.ok(floods <= 1 + 2 * HELD, `${floods} of the flood came between`);
    assert.ok(order.length < flood, "the flood is not over");
    await Promise.all(workers.map((worker) => worker.stop()));
    await Promise.all(running);
    assert.deepEqual(await test.database.query("select * from rhythm.check()"), []);
  },
});
