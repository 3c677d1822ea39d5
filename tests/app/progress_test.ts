// The last progress of a task is there when its end is, also if somebody has locked its row for a moment.
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { task } from "../../mod.ts";
import { type Report, Reporter } from "../../src/worker/engine/reporter.ts";
import { onEmbedded } from "../support/database.ts";
import { VirtualClock } from "../support/virtual_clock.ts";
import { testApp } from "./support.ts";

Deno.test({
  name:
    "ctx.progress(): the last value is stored before the end, although another session has locked the row",
  ignore: onEmbedded,
  fn: async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const counts = task({ name: "counts" }, async (_: unknown, ctx) => {
      begun.resolve();
      await gate.promise;
      ctx.progress({ at: "the end" });
      return "done";
    });
    await using app = await testApp({ tasks: [counts] });
    app.work();
    const run = await counts.queue({});
    await begun.promise;
    await app.database.sql.begin(async (tx) => {
      await tx`select from rhythm.execution where id = ${run.id} for update`;
      gate.resolve();
      // Long enough for a report to meet the lock, and shorter than it is sent again.
      await new Promise((resolve) => setTimeout(resolve, 120));
    });
    same(await run.result({ timeout: "1m" }), "done");
    equal((await run.get()).progress, { at: "the end" });
  },
});

Deno.test("Reporter sends again what was skipped, and gives up where the lock stays", async () => {
  const clock = new VirtualClock();
  const sent: Report[] = [];
  let locked = 2;
  const reporter = new Reporter(clock, (report) => {
    sent.push(report);
    return Promise.resolve(locked-- > 0 ? ["a"] : []);
  }, 50);
  reporter.progress("a", "1");
  reporter.progress("b", "2");
  await clock.pass(1_000);
  equal(sent.map(({ progress }) => [...progress]), [[["a", "1"], ["b", "2"]], [["a", "1"]], [["a", "1"]]]);
  locked = 1_000;
  reporter.progress("a", "3");
  let isFlushed = false;
  void reporter.flush().then(() => isFlushed = true);
  await clock.pass(1_000);
  same(isFlushed, true, "the end does not wait for ever");
  same(sent.length, 3 + 5);
});
