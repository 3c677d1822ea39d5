// Workflows start over while others cancel and retry them, send them signals, and end what they started.
import assert from "node:assert/strict";
import { onEmbedded } from "../support/database.ts";
import { claim, openArena, registerWorker, settleMany, violations } from "./support/sessions.ts";

for (const count of [2, 20]) {
  Deno.test({
    name:
      `continued: ${count} sessions let workflows start over, cancel and retry them, and end their children; no signal is lost`,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(count);
      const { sessions, watcher } = arena;
      await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
      const flows: string[] = [];
      for (let nth = 0; nth < 10; nth++) {
        flows.push((await watcher`select rhythm.start('f', '{"n": 0}') as id`)[0]!.id);
      }
      const end = performance.now() + 2_500;
      let sent = 0;
      await Promise.all(sessions.map(async (session, nth) => {
        const worker = await registerWorker(session);
        for (let turn = nth; performance.now() < end; turn++) {
          const flow = flows[turn % flows.length]!;
          if (turn % 7 === 0) {
            await session`select rhythm.signal(${flow}, 'x', '1')`.then(
              () => sent++,
              (error) => assert.match(error.code, /^RH003$/),
            );
          } else if (turn % 23 === 1) await session`select rhythm.cancel(${flow})`;
          else if (turn % 23 === 2) {
            await session`select rhythm.retry(${flow})`.catch((error) =>
              assert.match(error.code, /^RH003|40P01$/)
            );
          } else {
            const rows = await claim(session, worker, 4);
            const [row] =
              await session`select array(select rhythm.new_id() from generate_series(1, ${rows.length})) as ids`;
            await settleMany(
              session,
              worker,
              rows.map(({ id, call, type, seq }, at) => {
                if (type === "task") return { id, call, status: "completed", output: 1 };
                if ((turn + at) % 2 === 0) return { id, call, seq, status: "continued", output: { n: turn } };
                const child = row!.ids[at];
                return {
                  ...{ id, call, seq, status: "suspended", snapshot: { at: 1 } },
                  effects: [{ type: "run_task", id: child, target: "a", inputs: {} }],
                  ...{ waits: [{ mode: "any", ids: [child] }], keep: [child] },
                };
              }),
            );
          }
        }
      }));
      assert.deepEqual(await violations(watcher), []);
      const [row] =
        await watcher`select (select count(*)::integer from rhythm.signal) as signals, (select max(epoch) from rhythm.execution) as epoch,
        (select count(*)::integer from rhythm.execution where target = 'f') as flows`;
      assert.ok(row!.epoch > 3, `epoch ${row!.epoch}`);
      // Nobody waits for them, so none was taken.
      assert.equal(row!.signals, sent);
    },
  });
}

Deno.test({
  name: "continued: the same answer again, a late one, and a worker that dies change nothing",
  ignore: onEmbedded,
  fn: async () => {
    await using arena = await openArena(2);
    const [one, other] = arena.sessions as [typeof arena.watcher, typeof arena.watcher];
    await one`select rhythm.register_flow('f', 'return 1', '{}')`;
    const [row] = await one`select rhythm.start('f', '{"n": 0}') as id`;
    const id = row!.id as string;
    const worker = await registerWorker(one);
    const [leased] = await claim(one, worker, 1);
    const outcome = { id, call: leased!.call, seq: leased!.seq, status: "continued", output: { n: 1 } };
    const answer = await settleMany(one, worker, [outcome], { lease: 5 });
    assert.equal(answer.parcels.length, 1, "it is leased again at once");
    const late = await settleMany(one, worker, [{ ...outcome, output: { n: 9 } }]);
    assert.deepEqual(late.refused.map((refused) => refused.id), [id]);
    await one`select rhythm.stop_worker(${worker})`;
    const next = await registerWorker(other);
    const [again] = await claim(other, next, 1);
    assert.deepEqual([again!.id, again!.inputs], [id, { n: 1 }]);
    const [state] = await other`select epoch from rhythm.execution where id = ${id}`;
    assert.equal(state!.epoch, 1);
    assert.deepEqual(await violations(arena.watcher), []);
  },
});
