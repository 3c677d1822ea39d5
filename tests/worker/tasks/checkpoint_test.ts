// What a handler stores with ctx.checkpoint() is there for its next attempt, whatever ended the one before.
import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { task } from "../../../mod.ts";
import { testApp } from "../../app/support.ts";
import { isolatedTasks } from "../fixtures/isolated_tasks.ts";

Deno.test("ctx.checkpoint(): the next attempt goes on from there", async () => {
  const seen: unknown[] = [];
  const copy = task(
    { name: "copy", retry: { maxAttempts: 3, initial: "1ms" } },
    async ({ pages }: { pages: number }, ctx) => {
      const from = (ctx.lastCheckpoint as { page: number } | undefined)?.page ?? 0;
      for (let page = from + 1; page <= pages; page++) {
        seen.push(`attempt ${ctx.attempt}: page ${page}`);
        await ctx.checkpoint({ page });
        if (page === 2 && ctx.attempt < 3) throw new Error("no answer");
      }
      return from;
    },
  );
  const large = task({ name: "large" }, (_: unknown, ctx) => ctx.checkpoint("x".repeat(2_000_000)));
  const odd = task({ name: "odd" }, (_: unknown, ctx) => ctx.checkpoint(new Map()));
  await using app = await testApp({ tasks: [copy, large, odd, isolatedTasks.resume] });
  app.work();
  const run = await app.rhythm.tasks.queue(copy, { pages: 3 });
  equal(await run.result({ timeout: "1m" }), 2);
  equal(
    seen,
    ["attempt 1: page 1", "attempt 1: page 2", "attempt 2: page 3"],
  );
  equal((await run.get())!.checkpoint, { page: 3 });
  await rejects(
    (await app.rhythm.tasks.queue(large, {})).result({ timeout: "1m" }),
    /Cannot store checkpoint.*2000002 bytes/,
  );
  await rejects((await app.rhythm.tasks.queue(odd, {})).result({ timeout: "1m" }), /checkpoint.*Map/);
  equal(await (await app.rhythm.tasks.queue(isolatedTasks.resume, {})).result({ timeout: "1m" }), {
    page: 1,
  });
});
