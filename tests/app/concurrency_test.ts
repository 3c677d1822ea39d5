import { strictEqual as same } from "node:assert/strict";
import { Rhythm, task } from "../../mod.ts";
import { startProxy } from "../chaos/support/proxy.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";

Deno.test({
  name: "a worker never runs more handlers at once than its concurrency, however they come",
  ignore: onEmbedded,
  fn: async () => {
    let running = 0;
    let most = 0;
    const full = Promise.withResolvers<void>();
    const nap = task({ name: "nap" }, async (ms: number | null) => {
      most = Math.max(most, ++running);
      if (running === 20) full.resolve();
      await (ms === null ? full.promise : new Promise((resolve) => setTimeout(resolve, ms)));
      running--;
    });
    // Tasks come by claims, and by settles, which lease what a workflow starts: on a slow network both are under way.
    const source = `return (await Promise.all(Inputs.naps.map((ms) => Task.run("nap", ms)))).length;`;
    await using test = await freshDatabase();
    const url = new URL(test.url);
    await using proxy = startProxy(Number(url.port), 15);
    url.port = String(proxy.port);
    await using rhythm = await Rhythm.init({
      databaseUrl: url.href,
      autoMigrate: false,
      tasks: [nap],
      flows: [{ name: "spread", source }],
      log: { level: "error" },
    });
    const naps = Array.from({ length: 60 }, (_, nth) => nth % 30);
    const runs = await Promise.all([
      ...Array.from({ length: 5 }, () => rhythm.workflows.start("spread", { naps })),
      ...naps.map((ms) => rhythm.tasks.queue("nap", ms)),
      // They go on until every place is taken.
      ...Array.from({ length: 20 }, () => rhythm.tasks.queue("nap", null)),
    ]);
    const worker = rhythm.worker({ concurrency: 20 });
    const working = worker.run();
    await Promise.all(runs.map((run) => run.result({ timeout: "60s" })));
    await worker.stop();
    await working;
    same(most, 20);
  },
});
