// change(), of one and of many, beside claims, cancellations and expiry from two and twenty sessions.
import assert from "node:assert/strict";
import { onEmbedded } from "../support/database.ts";
import { claim, openArena, registerWorker, settleMany, violations } from "./support/sessions.ts";

for (const count of [2, 20]) {
  Deno.test({
    name: `change(): ${count} sessions change, claim, cancel and expire; each task begins once at most`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(count);
      const { watcher } = arena;
      await watcher`select rhythm.configure_queue('limited', concurrency => 1000)`;
      await watcher`select count(*) from rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a", "expires": "2s"}'::jsonb) from generate_series(1, 600)))`;
      const all = (await watcher`select id from rhythm.execution order by id`).map((row) => row.id as string);
      const begun: string[] = [];
      const end = performance.now() + 2_500;
      await Promise.all(arena.sessions.map(async (session, nth) => {
        const worker = await registerWorker(session, ["default", "limited", "other"]);
        for (let turn = nth; performance.now() < end; turn++) {
          const id = all[(turn * 7919) % all.length]!;
          const to = [{ queue: "limited" }, { queue: "other", priority: turn % 5 }, { delay: 0.05 }, {
            queue: "default",
          }][turn % 4];
          if (turn % 6 === 0) {
            const rows = await claim(session, worker, 5);
            begun.push(...rows.map((row) => row.id));
            await settleMany(
              session,
              worker,
              rows.map(({ id, call }) => ({ id, call, status: "completed", output: null })),
            );
          } else if (turn % 13 === 3) {
            await session`select rhythm.work_operation(rhythm.operate('change', '{"target": "a"}', '{"queue": "limited", "priority": 2}'))`;
          } else if (turn % 11 === 0) await session`select rhythm.cancel(${id})`;
          else if (turn % 7 === 0) await session`select rhythm.due()`;
          else {
            await session`select rhythm.change(${id}, ${JSON.stringify(to)}::text::jsonb)`
              .catch((error) => assert.equal(error.code, "RH003"));
          }
        }
      }));
      assert.equal(new Set(begun).size, begun.length, "one began twice");
      assert.ok(begun.length > 10);
      assert.deepEqual(await violations(watcher), []);
    },
  });
}
