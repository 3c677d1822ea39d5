// Tasks that were born leased, while others settle, stop and die.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import {
  claim,
  openArena,
  pidOf,
  registerWorker,
  settle,
  statusOf,
  untilBlocked,
} from "./support/sessions.ts";

const first = "00000000-0000-7000-8000-000000000001";
const second = "00000000-0000-7000-8000-000000000002";

/** A workflow with two tasks: the first was born leased to one worker, the second is claimed by another. */
async function shared(sql: postgres.Sql): Promise<{ flow: string; one: string; other: string }> {
  const one = await registerWorker(sql);
  const other = await registerWorker(sql);
  await sql`select rhythm.register_flow('f', 'return 1', '{}')`;
  const [row] = await sql`select rhythm.start('f') as id`;
  await claim(sql, one, 1);
  await sql.unsafe("select rhythm.settle($1::uuid, $2::text::jsonb, 1)", [
    one,
    JSON.stringify([{
      id: row?.id,
      attempt: 1,
      status: "suspended",
      snapshot: {},
      effects: [first, second].map((id) => ({ type: "run_task", id, target: "t", inputs: {} })),
      waits: [{ mode: "all", ids: [first, second] }],
    }]),
  ]);
  assert.deepEqual((await claim(sql, other)).map(({ id }) => id), [second]);
  return { flow: row?.id, one, other };
}

Deno.test({
  name:
    "tick: what it lists of newborn leases is not held while it waits to bury a worker of the same workflow",
  ignore: onEmbedded,
  fn: async () => {
    await using arena = await openArena(2);
    const { watcher } = arena;
    const [settling, ticking] = arena.sessions as [postgres.Sql, postgres.Sql];
    const { flow, one, other } = await shared(watcher);
    await watcher`update rhythm.newborn_lease set made_at = made_at - interval '10 seconds'`;
    await watcher`update rhythm.worker set beat_at = beat_at - interval '2 hours' where id = ${other}`;
    const pid = await pidOf(ticking);
    let ticked: Promise<unknown> = Promise.resolve();
    await settling.begin(async (tx) => {
      // As far as a settle of the first task has come when it holds its workflow.
      await tx`select rhythm.lock_states(array[${flow}]::uuid[])`;
      ticked = (async () => await ticking`select rhythm.tick()`)();
      ticked.catch(() => {});
      await untilBlocked(watcher, pid);
      const { refused } = await settle(tx as unknown as postgres.Sql, one, {
        id: first,
        status: "completed",
        output: 1,
      });
      assert.deepEqual(refused, []);
    });
    await ticked;
    assert.equal(await statusOf(watcher, first), "completed");
    assert.equal(await statusOf(watcher, second), "pending");
  },
});

Deno.test({
  name:
    "tick: in a second it forgets more newborn leases than workers make, in small batches and in large ones",
  ignore: onEmbedded,
  fn: async () => {
    await using arena = await openArena(1);
    const { watcher } = arena;
    const worker = await registerWorker(watcher);
    for (const size of [1, 4]) {
      await watcher`select rhythm.note_newborn(${worker}, 'default',
          array(select gen_random_uuid() from generate_series(1, ${size}::integer)), now() - interval '1 minute')
        from generate_series(1, 5000)`;
      await watcher`delete from rhythm.setting where name = 'chored_at'`;
      await watcher`select rhythm.tick()`;
      assert.deepEqual([...await watcher`select count(*)::integer as left from rhythm.newborn_lease`], [{
        left: 0,
      }]);
    }
    await watcher`select rhythm.note_newborn(${worker}, 'default',
      array(select gen_random_uuid() from generate_series(1, 1000)), now() - interval '1 minute')`;
    await watcher`delete from rhythm.setting where name = 'chored_at'`;
    await watcher`select rhythm.tick(5)`;
    assert.deepEqual([...await watcher`select count(*)::integer as left from rhythm.newborn_lease`], [{
      left: 3,
    }]);
  },
});
