import { deepStrictEqual as equal, ok, rejects, strictEqual as same } from "node:assert/strict";
import { Rhythm, task } from "../../mod.ts";
import { retried } from "../../src/client/retry.ts";
import { StatementError } from "../../src/db/errors.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";

function failing(codes: string[]): { call: () => Promise<string>; calls: () => number } {
  let calls = 0;
  const call = (): Promise<string> => {
    const code = codes[calls++];
    return code === undefined
      ? Promise.resolve("done")
      : Promise.reject(new StatementError({ code, message: code }));
  };
  return { call, calls: () => calls };
}

Deno.test("retried() makes a call again that lost a race, after pauses of chance, five times at most", async () => {
  const pauses: number[] = [];
  const clock = {
    ...systemClock,
    random: () => 0.5,
    sleep: (ms: number) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  };
  const lucky = failing(["40P01", "40001"]);
  same(await retried(clock, lucky.call), "done");
  equal(pauses.splice(0), [10, 20]);
  const unlucky = failing(Array(9).fill("40001"));
  await rejects(retried(clock, unlucky.call), /40001/);
  equal([unlucky.calls(), pauses.splice(0)], [5, [10, 20, 40, 80]]);
  for (const code of ["23505", "RH003", "57014", "08006"]) {
    const other = failing([code]);
    await rejects(retried(clock, other.call));
    equal([other.calls(), pauses], [1, []]);
  }
});

Deno.test({
  name: "in a caller's own transaction a lost race reaches the caller at once, and his loop goes through",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const part = task({ name: "part" }, () => null);
    await using rhythm = await Rhythm.init({
      databaseUrl: test.url,
      tasks: [part],
      log: { level: "silent" },
    });
    const parent = await rhythm.tasks.queue("part");
    const errors: string[] = [];
    for (let attempt = 1;; attempt++) {
      try {
        await test.sql.begin("isolation level repeatable read", async (sql) => {
          await sql`select count(*) from rhythm.executions`;
          if (attempt === 1) await rhythm.executions.cancel(parent, { reason: "no more" });
          await part.queue(undefined, { parent: parent.id, sql });
        });
        break;
      } catch (error) {
        errors.push((error as { code: string }).code);
        ok(attempt < 5);
      }
    }
    equal(errors, ["40001"]);
    const [child] = await test.sql`select status from rhythm.executions where parent_id = ${parent.id}`;
    same(child?.status, "cancelled");
  },
});
