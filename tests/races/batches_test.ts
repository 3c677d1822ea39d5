// Tasks that are ready by the batch, while others cancel, lock, list and claim them.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { claim, openArena, pidOf, registerWorker, untilBlocked, violations } from "./support/sessions.ts";

const race = (name: string, fn: () => Promise<void>): void => Deno.test({ name, ignore: onEmbedded, fn });

async function make(sql: postgres.Sql, count: number, more = "{}"): Promise<string[]> {
  const rows = await sql`
    select rhythm.create_many((
      select jsonb_agg('{"type": "task", "target": "a"}' || ${more}::text::jsonb || jsonb_build_object('inputs', n))
      from generate_series(1, ${count}::integer) as n)) as id`;
  return rows.map(({ id }) => id);
}

race("claim(): a task of a batch that another session is at is passed over, and comes back", async () => {
  await using arena = await openArena(2);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const ids = await make(one, 150);
  const worker = await registerWorker(two);
  await one.begin(async (tx) => {
    // As an application that cancels, and goes on with its transaction.
    await tx`select rhythm.cancel(id) from unnest(${ids.slice(0, 120)}::uuid[]) as id`;
    assert.deepEqual(
      (await claim(two, worker, 1)).map(({ id }) => id),
      [ids[120]],
      "whole batches are passed over",
    );
    assert.deepEqual((await claim(two, worker, 20)).map(({ id }) => id), ids.slice(121, 141));
    await tx`select 1 / 0`.catch(() => {});
    throw new Error("taken back");
  }).catch((error) => assert.match(String(error), /taken back|division|aborted/));
  assert.deepEqual((await claim(two, worker, 200)).map(({ id }) => id), [
    ...ids.slice(0, 120),
    ...ids.slice(141),
  ]);
  assert.deepEqual(await violations(arena.watcher), []);
});

race("claim(): a batch that another session claims from is left to it", async () => {
  await using arena = await openArena(2);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const ids = await make(one, 200);
  const workers = [await registerWorker(one), await registerWorker(two)] as const;
  await one.begin(async (tx) => {
    assert.deepEqual(
      (await claim(tx as unknown as postgres.Sql, workers[0], 10)).map(({ id }) => id),
      ids.slice(0, 10),
    );
    assert.deepEqual((await claim(two, workers[1], 10)).map(({ id }) => id), ids.slice(100, 110));
  });
  assert.deepEqual((await claim(two, workers[1], 300)).map(({ id }) => id), [
    ...ids.slice(10, 100),
    ...ids.slice(110),
  ]);
  assert.deepEqual(await violations(arena.watcher), []);
});

race("cancel(): waits for a claim of the batch, and then stops what was leased", async () => {
  await using arena = await openArena(2);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const ids = await make(one, 30);
  const worker = await registerWorker(one);
  const pid = await pidOf(two);
  let cancelled: Promise<unknown> = Promise.resolve();
  await one.begin(async (tx) => {
    await claim(tx as unknown as postgres.Sql, worker, 10);
    cancelled = (async () => await two`select rhythm.cancel(id) from unnest(${ids}::uuid[]) as id`)();
    cancelled.catch(() => {});
    await untilBlocked(arena.watcher, pid);
  });
  await cancelled;
  const states = await arena
    .watcher`select x.status, e.stopping, count(*)::integer from rhythm.executions as x join rhythm.execution as e on e.id = x.id
    group by 1, 2 order by 1`;
  assert.deepEqual(states.map((row) => [row.status, row.stopping, row.count]), [["cancelled", false, 20], [
    "running",
    true,
    10,
  ]]);
  assert.equal((await claim(two, worker, 100)).length, 0);
  assert.deepEqual(await violations(arena.watcher), []);
});

race("claim(): leaves out one of a whole batch that a cancel not yet committed holds", async () => {
  await using arena = await openArena(2);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const ids = await make(one, 30);
  const worker = await registerWorker(two);
  await one.begin(async (tx) => {
    await tx`select rhythm.cancel(${ids[7]!})`;
    assert.deepEqual((await claim(two, worker, 30)).map(({ id }) => id), ids.toSpliced(7, 1));
    // It is alone in its batch now, and the cancel does not hold that.
    assert.deepEqual(await claim(two, worker, 30), []);
    throw new Error("taken back");
  }).catch((error) => assert.match(String(error), /taken back/));
  assert.deepEqual((await claim(two, worker, 30)).map(({ id, attempt }) => [id, attempt]), [[ids[7], 1]]);
  assert.deepEqual(await violations(arena.watcher), []);
});

for (const [kind, target] of [["task", "a"], ["workflow", "f"]] as const) {
  race(
    `claim(): never gives a ${kind} that a cancel has ended, when the rest of its batch is gone`,
    async () => {
      await using arena = await openArena(2);
      const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
      await arena.watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
      const ids = await make(one, 3, JSON.stringify({ type: kind, target }));
      const worker = await registerWorker(two);
      await one.begin(async (tx) => {
        await tx`select rhythm.cancel(${ids[0]!})`;
        assert.deepEqual((await claim(two, worker, 1)).map(({ id }) => id), [ids[1]]);
        assert.deepEqual((await claim(two, worker, 1)).map(({ id }) => id), [ids[2]]);
        assert.deepEqual(await claim(two, worker, 1), []);
      });
      assert.deepEqual(await claim(two, worker, 1), []);
      const [row] = await arena.watcher`select state, attempt from rhythm.execution where id = ${ids[0]!}`;
      assert.deepEqual(row && { ...row }, { state: 3, attempt: 0 });
      const [left] = await arena.watcher`select count(*)::integer from rhythm.batch where worker is null`;
      assert.equal(left?.count, 0, "batches without members are gone");
    },
  );
}

race("settle_one(): two of a batch end at once, and the next heartbeat deletes the batch", async () => {
  await using arena = await openArena(2);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  await make(one, 2);
  const worker = await registerWorker(one);
  const leased = await claim(one, worker, 2);
  await one.begin(async (first) => {
    await two.begin(async (second) => {
      for (const [nth, tx] of [first, second].entries()) {
        const { id, call } = leased[nth]!;
        await tx`select rhythm.settle_one(${worker}, ${
          tx.json({ id, call, status: "completed", output: nth })
        })`;
      }
    });
  });
  const batches = async (): Promise<number> =>
    (await arena.watcher`select count(*)::integer from rhythm.batch`)[0]!.count;
  // Also if they ran for longer than a lease.
  await one`update rhythm.batch set claimed_at = claimed_at - interval '2 hours'`;
  assert.deepEqual([await batches(), await violations(arena.watcher)], [1, []]);
  await one`update rhythm.execution set completed_at = completed_at - interval '1 hour'`;
  const [violation] = await violations(arena.watcher);
  assert.match(violation!, /has no members, and is leased/);
  await one`select rhythm.beat(${worker}, null, '[]')`;
  assert.deepEqual([await batches(), await violations(arena.watcher)], [0, []]);
});

race("cancel(): of one of a whole batch waits for the claim, and then stops it", async () => {
  await using arena = await openArena(2);
  const [one, two] = arena.sessions as [postgres.Sql, postgres.Sql];
  const ids = await make(one, 30);
  const worker = await registerWorker(one);
  const pid = await pidOf(two);
  let leased: Awaited<ReturnType<typeof claim>> = [];
  let cancelled: Promise<unknown> = Promise.resolve();
  await one.begin(async (tx) => {
    leased = await claim(tx as unknown as postgres.Sql, worker, 30);
    cancelled = (async () => await two`select rhythm.cancel(${ids[7]!})`)();
    cancelled.catch(() => {});
    await untilBlocked(arena.watcher, pid);
  });
  await cancelled;
  const [row] = await arena.watcher`select state, stopping from rhythm.execution where id = ${ids[7]!}`;
  assert.deepEqual([row?.state, row?.stopping], [0, true]);
  // The answer was lost: the same call gives all of them again.
  const [again] = await one`select rhythm.exchange(${worker}, ${
    leased[0]!.call
  }, '[]', '{"limit": 30}') as answer`;
  assert.deepEqual(again?.answer.parcels.flatMap((parcel: { ids: string[] }) => parcel.ids), ids);
});

race(
  "claim(): twenty sessions, while others cancel, retry, limit and look, lease everything once",
  async () => {
    await using arena = await openArena(20);
    const { watcher } = arena;
    const ids =
      (await Promise.all([0, 1, 2, 3].map((n) => make(arena.sessions[n]!, 500, `{"priority": ${n % 2}}`))))
        .flat();
    let isOver = false;
    const claiming = arena.sessions.slice(0, 12).map(async (session, nth) => {
      const worker = await registerWorker(session);
      const mine: string[] = [];
      while (!isOver) {
        const rows = await claim(session, worker, [1, 7, 30, 150][nth % 4]!);
        mine.push(...rows.map(({ id, attempt }) => `${id} ${attempt}`));
      }
      return mine;
    });
    const cancelling = arena.sessions.slice(12, 16).map(async (session, nth) => {
      for (const id of ids.filter((_, n) => n % 40 === nth)) {
        await session`select rhythm.cancel(${id})`;
        await session`select rhythm.retry(${id}) from rhythm.execution where id = ${id} and state = 3`.catch((
          error,
        ) => assert.equal(error.code, "RH003"));
      }
    });
    const disturbing = arena.sessions.slice(16, 18).map(async (session) => {
      for (let n = 0; n < 15; n++) {
        await session`select rhythm.watch(${ids.slice(n * 100, n * 100 + 50)}::uuid[])`;
        await session`select rhythm.tick()`;
        await session`select * from rhythm.queues`;
      }
    });
    const limiting = (async (): Promise<void> => {
      for (let n = 0; n < 5; n++) {
        await arena.sessions[18]!`select rhythm.configure_queue('default', concurrency => 5000)`;
        await arena.sessions[18]!`select rhythm.configure_queue('default')`;
      }
    })();
    await Promise.all([...cancelling, ...disturbing, limiting]);
    for (;;) {
      const [row] =
        await watcher`select count(*)::integer as left from rhythm.executions where status = 'pending'`;
      if (row!.left === 0) break;
      await new Promise((go) => setTimeout(go, 20));
    }
    isOver = true;
    const leased = (await Promise.all(claiming)).flat();
    assert.equal(new Set(leased).size, leased.length, "no attempt is leased twice");
    const rows = await watcher`select id, status, attempt from rhythm.executions`;
    assert.equal(rows.length, ids.length);
    for (const { id, status, attempt } of rows) {
      assert.ok(["running", "pending", "cancelled"].includes(status), `${id} is ${status}`);
      if (attempt > 0) assert.ok(leased.includes(`${id} ${attempt}`), `${id} was leased`);
    }
    assert.deepEqual(await violations(watcher), []);
  },
);

race(
  "cancel(): of the last of a batch, whose others a claim takes meanwhile, keeps that from the next claim",
  async () => {
    await using arena = await openArena(3);
    const [one, two, three] = arena.sessions as [postgres.Sql, postgres.Sql, postgres.Sql];
    const ids = await make(one, 2);
    const workers = [await registerWorker(one), await registerWorker(three)] as const;
    const pid = await pidOf(two);
    let finish = (): void => {};
    const mayEnd = new Promise<void>((resolve) => finish = resolve);
    let cancelled: Promise<unknown> = Promise.resolve();
    const asked = new Promise<void>((resolve) => {
      cancelled = one.begin(async (tx) => {
        assert.deepEqual((await claim(tx as unknown as postgres.Sql, workers[0], 1)).map(({ id }) => id), [
          ids[0],
        ]);
        void two.begin(async (other) => {
          await other`select rhythm.cancel(${ids[1]!})`;
          resolve();
          await mayEnd;
        });
        await untilBlocked(arena.watcher, pid);
      });
    });
    await cancelled;
    await asked;
    assert.deepEqual(await claim(three, workers[1], 1), []);
    finish();
    await two`select 1`;
    assert.deepEqual(await claim(three, workers[1], 1), []);
    assert.deepEqual(await violations(arena.watcher), []);
  },
);
