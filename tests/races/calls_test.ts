// A call with an odd and one with an even number of the same worker, side by side.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import type { Answer, End } from "../support/exchange.ts";
import {
  type Arena,
  inTurn,
  openArena,
  pidOf,
  registerWorker,
  untilBlocked,
  untilTaken,
  violations,
} from "./support/sessions.ts";

const race = (name: string, fn: (arena: Arena) => Promise<void>): void =>
  Deno.test({
    name,
    ignore: onEmbedded,
    fn: async () => {
      await using arena = await openArena(2);
      await fn(arena);
    },
  });

async function call(
  sql: postgres.Sql,
  { worker, number, ends = [], want = {} }: {
    worker: string;
    number: number;
    ends?: End[];
    want?: Record<string, unknown>;
  },
): Promise<Answer> {
  const [row] = await sql`
    select rhythm.exchange(${worker}, ${number}, ${JSON.stringify(ends)}::text::jsonb, ${
    JSON.stringify(want)
  }::text::jsonb) as answer`;
  return row!.answer;
}

/** Keeps a transaction open while the rest is done. */
async function whileOpen(
  sql: postgres.Sql,
  first: (tx: postgres.Sql) => Promise<unknown>,
  rest: () => Promise<unknown>,
): Promise<void> {
  await sql.begin(async (tx) => {
    await first(tx as unknown as postgres.Sql);
    await rest();
  });
}

race("exchange(): a call with an even number does not wait for one with an odd number", async (arena) => {
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const worker = await registerWorker(one);
  await one`select rhythm.queue('t') from generate_series(1, 2)`;
  await whileOpen(one, async (tx) => {
    assert.equal((await call(tx, { worker, number: 1, want: { limit: 1 } })).parcels[0]!.ids.length, 1);
  }, async () => {
    const answer = await call(two, { worker, number: 2, want: { limit: 1 } });
    assert.equal(answer.parcels[0]!.ids.length, 1);
    assert.equal((await two`select rhythm.beat(${worker}) ->> 'alive' as alive`)[0]!.alive, "true");
  });
  const late = (number: number) => ({ code: "RH008", message: new RegExp(`call ${number} is too late`) });
  await call(one, { worker, number: 4, want: { limit: 1 }, ends: [{ kind: "leave", timers: [] }] });
  await assert.rejects(call(one, { worker, number: 2 }), late(2));
  assert.equal((await call(one, { worker, number: 1 })).again, true, "the last one with an odd number");
  assert.deepEqual(await violations(arena.watcher), []);
});

race("exchange(): a call that is sent again waits for itself, and gets the same answer", async (arena) => {
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const worker = await registerWorker(one);
  await one`select rhythm.queue('t')`;
  const pid = await pidOf(two);
  let first: Answer | undefined;
  let again: Promise<Answer> | undefined;
  await whileOpen(one, async (tx) => {
    first = await call(tx, { worker, number: 1, want: { limit: 1 } });
  }, async () => {
    // A claim that finds nothing ready waits for nothing: this one brings something.
    again = call(two, { worker, number: 1, ends: [{ kind: "leave", timers: [] }] });
    again.catch(() => {});
    await untilBlocked(arena.watcher, pid);
  });
  const { parcels, again: isAgain } = await again!;
  assert.deepEqual([isAgain, parcels], [true, first!.parcels]);
});

for (const number of [1, 2]) {
  race(`chores(): a worker whose call ${number} is under way is not declared dead`, async (arena) => {
    const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
    const worker = await registerWorker(one);
    await one`select rhythm.queue('t')`;
    const silent = "update rhythm.worker set beat_at = beat_at - interval '1 day', spared = true";
    const workers = async (): Promise<number> => {
      await two`select rhythm.chores()`;
      return (await two`select count(*)::integer from rhythm.worker`)[0]!.count;
    };
    await one.unsafe(silent);
    await whileOpen(
      one,
      (tx) => call(tx, { worker, number, want: { limit: 1 } }),
      async () => assert.equal(await workers(), 1),
    );
    await one`
      update rhythm.setting set value = (value::timestamptz - interval '2 seconds')::text where name = 'chored_at'`;
    await one.unsafe(silent);
    assert.equal(await workers(), 0, "it ends with its call");
    assert.deepEqual(await violations(arena.watcher), []);
  });
}

race("exchange(): two calls that end the last two tasks of a batch leave no batch behind", async (arena) => {
  const [one] = arena.sessions as [postgres.Sql];
  const worker = await registerWorker(one);
  await one`select rhythm.register_flow('f', 'return 1', '{}')`;
  await one`select rhythm.start('f') from generate_series(1, 2)`;
  const leased = await call(one, { worker, number: 1, want: { limit: 2 } });
  const flows = leased.parcels.flatMap(({ ids }) => ids);
  const tasks = flows.map(() => crypto.randomUUID());
  const outcomes = flows.map((id, nth): End => ({
    ...{ kind: "outcome", id, call: 1, seq: 0, status: "suspended", snapshot: {} },
    effects: [{ type: "run_task", id: tasks[nth], target: "t", inputs: {} }],
    waits: [{ mode: "any", ids: [tasks[nth]] }],
  }));
  const born = await call(one, { worker, number: 3, ends: outcomes, want: { lease: 2 } });
  assert.deepEqual(born.parcels.map(({ ids }) => ids.toSorted()), [tasks.toSorted()], "one batch");
  const end = (nth: number): End => ({
    kind: "steps",
    ends: [{
      id: tasks[nth],
      call: 3,
      output: nth,
      flow: flows[nth],
      seq: 1,
      next: "completed",
      result: nth,
    }],
  });
  await inTurn(arena, {
    first: (tx) => call(tx, { worker, number: 5, ends: [end(0)] }),
    // It waits for a tenth of a second, and is brought again after that.
    second: async (sql) => {
      let number = 0;
      await untilTaken(sql, async () => {
        const answer = await call(sql, { worker, number: number += 2, ends: [end(1)] });
        return answer.declined.length > 0 ? undefined : answer;
      });
    },
  });
  assert.equal((await one`select count(*)::integer from rhythm.batch`)[0]!.count, 0);
  assert.deepEqual(await violations(arena.watcher), []);
});

race("exchange(): two sequences of calls drain a queue side by side, each task once", async (arena) => {
  const sessions = arena.sessions as [postgres.Sql, postgres.Sql];
  const worker = await registerWorker(sessions[0]);
  await sessions[0]`select count(rhythm.queue('t', to_jsonb(n))) from generate_series(1, 3000) as n`;
  const drained: string[] = [];
  await Promise.all(sessions.map(async (sql, nth) => {
    let held: string[] = [];
    for (let number = nth + 1;; number += 2) {
      const ids = held.toSorted();
      // One of each call fails, so it ends in another way than the others of its batch.
      const failed = ids.splice(0, 1).map((id): End => ({
        ...{ kind: "outcome", id, call: number - 2, status: "failed", error: { type: "E", message: "no" } },
      }));
      const done: End = { kind: "done", call: number - 2, ids, outputs: ids.map(() => null) };
      const ends = held.length > 0 ? [...failed, done] : [];
      const { parcels, refused, declined } = await call(sql, { worker, number, ends, want: { limit: 70 } });
      assert.deepEqual([refused, declined], [[], []]);
      held = parcels.flatMap((parcel) => parcel.ids);
      if (held.length === 0) return;
      drained.push(...held);
    }
  }));
  assert.deepEqual([drained.length, new Set(drained).size], [3000, 3000]);
  const [left] = await sessions[0]`
    select (select count(*)::integer from rhythm.batch) as batches, count(*)::integer as tasks
    from rhythm.execution where state = 0`;
  assert.deepEqual(left, { batches: 0, tasks: 0 });
  assert.deepEqual(await violations(arena.watcher), []);
});
