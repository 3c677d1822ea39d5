// Workflows are cancelled, retried and put back while their children end: a child with on_parent_cancel "abandon" ends by itself only.
import assert from "node:assert/strict";
import { onEmbedded } from "../support/database.ts";
import { claim, openArena, registerWorker, settleMany, suspended, violations } from "./support/sessions.ts";

for (const count of [2, 20]) {
  Deno.test({
    name:
      `abandon: ${count} sessions cancel and retry workflows while their children end, start others, and expire`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(count);
      const { sessions, watcher } = arena;
      const worker = await registerWorker(watcher);
      const flows: string[] = [];
      for (let nth = 0; nth < 20; nth++) {
        const ids = await Promise.all(
          [0, 1].map(async () => (await watcher`select rhythm.new_id() as id`)[0]!.id as string),
        );
        const effects = ids.map((id, at) => ({
          ...{ type: "run_task", id, target: at === 0 ? "kept" : "bound", inputs: {} },
          options: { queue: "q", ...(at === 0 ? { on_parent_cancel: "abandon" } : {}) },
        }));
        flows.push(await suspended(watcher, worker, { effects, mode: "all", ids }));
      }
      const end = performance.now() + 2_500;
      await Promise.all(sessions.map(async (session, nth) => {
        const mine = await registerWorker(session, ["q"]);
        for (let turn = nth; performance.now() < end; turn++) {
          const flow = flows[turn % flows.length]!;
          if (turn % 4 === 0) await session`select rhythm.cancel(${flow})`;
          else if (turn % 4 === 1) {
            await session`select rhythm.retry(${flow})`.catch((error) =>
              assert.match(error.code, /^RH003|40P01$/)
            );
          } else if (turn % 4 === 2) {
            await session`select rhythm.queue('kept', queue => 'q', parent => ${flow}, on_parent_cancel => 'abandon')`;
          } else {
            const rows = await claim(session, mine, 3);
            await settleMany(
              session,
              mine,
              rows.map(({ id, call }) => ({ id, call, status: "completed", output: 1 })),
            );
          }
        }
      }));
      const rows = await watcher`select target, status, count(*)::integer as n from rhythm.executions
        where target <> 'f' group by 1, 2 order by 1, 2`;
      assert.deepEqual(rows.filter(({ target, status }) => target === "kept" && status === "cancelled"), []);
      assert.ok(rows.some(({ target, status }) => target === "bound" && status === "cancelled"));
      assert.deepEqual(await violations(watcher), []);
    },
  });
}

Deno.test({
  name: "abandon: a child that was left goes on when the worker of both dies",
  ignore: onEmbedded,
  fn: async () => {
    await using arena = await openArena(1);
    const { watcher } = arena;
    const worker = await registerWorker(watcher);
    const [row] = await watcher`select rhythm.new_id() as id`;
    const id = row!.id as string;
    const flow = await suspended(watcher, worker, {
      effects: [{ type: "run_task", id, target: "a", inputs: {}, options: { on_parent_cancel: "abandon" } }],
      ...{ mode: "all", ids: [id] },
    });
    assert.equal((await claim(watcher, worker, 1))[0]!.id, id);
    await watcher`select rhythm.cancel(${flow})`;
    await watcher`update rhythm.worker set lease_ms = 1, beat_at = rhythm.now() - interval '1 day', spared = true`;
    const next = await registerWorker(watcher);
    await watcher`update rhythm.worker set spared = true where id = ${worker}`;
    await watcher`select rhythm.chores()`;
    // Until it is repeated.
    await watcher`select set_config('rhythm_clock.shift', '10 minutes', false)`;
    await watcher`select rhythm.due()`;
    const [lost] = await claim(watcher, next, 1);
    assert.equal(lost?.id, id);
    await settleMany(watcher, next, [{ id, call: lost!.call, status: "completed", output: null }]);
    const states =
      await watcher`select status from rhythm.executions where id in (${flow}, ${id}) order by id = ${id}`;
    assert.deepEqual(states.map(({ status }) => status), ["cancelled", "completed"]);
    assert.deepEqual(await violations(watcher), []);
  },
});
