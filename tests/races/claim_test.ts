// Claims, keys, limits and ticks from twenty sessions at once.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { claim, openArena, registerWorker, settle, settleMany, violations } from "./support/sessions.ts";
import { until } from "../support/until.ts";

const race = (name: string, run: () => Promise<void>): void =>
  Deno.test({ name, ignore: onEmbedded, fn: run });

for (const count of [2, 20]) {
  race(`claim(): ${count} sessions lease everything, nothing twice`, async () => {
    await using arena = await openArena(count);
    await arena
      .watcher`select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a"}'::jsonb) from generate_series(1, 2000)))`;
    const leased = await Promise.all(arena.sessions.map(async (session) => {
      const worker = await registerWorker(session);
      const mine: string[] = [];
      for (;;) {
        const rows = await claim(session, worker, 7);
        if (rows.length === 0) return mine;
        mine.push(...rows.map((row) => row.id));
      }
    }));
    assert.equal(leased.flat().length, 2000);
    assert.equal(new Set(leased.flat()).size, 2000);
    assert.deepEqual(await violations(arena.watcher), []);
  });

  race(`queue(): ${count} sessions with one key make one execution`, async () => {
    await using arena = await openArena(count);
    for (let round = 0; round < 10; round++) {
      const ids = await Promise.all(arena.sessions.map(async (session) => {
        const [row] = await session`select rhythm.queue('a', idempotency_key => ${`key ${round}`}) as id`;
        return row?.id;
      }));
      assert.equal(new Set(ids).size, 1);
    }
    const [row] = await arena.watcher`select count(*)::integer as count from rhythm.execution`;
    assert.equal(row?.count, 10);
  });

  race(`create_many(): ${count} sessions with the same keys in any order do not deadlock`, async () => {
    await using arena = await openArena(count);
    const keys = Array.from({ length: 50 }, (_, n) => `k${n}`);
    const all = await Promise.all(arena.sessions.map(async (session, nth) => {
      const mine = nth % 2 === 0 ? keys : keys.toReversed();
      const requests = mine.map((key) => ({ type: "task", target: "a", idempotency_key: key }));
      const rows = await session.unsafe("select id from rhythm.create_many($1::text::jsonb) as id", [
        JSON.stringify(requests),
      ]);
      return rows.map((row) => row.id).toSorted();
    }));
    for (const ids of all) assert.deepEqual(ids, all[0]);
    assert.deepEqual(await violations(arena.watcher), []);
  });

  race(
    `configure_queue(): ${count} workers never exceed concurrency, keys' concurrency and rate`,
    async () => {
      await using arena = await openArena(count);
      const { watcher } = arena;
      await watcher`select rhythm.configure_queue('q', concurrency => 6, per_key_concurrency => 2, rate => 60, per => '1h')`;
      await watcher`select rhythm.create_many((select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'queue', 'q',
      'concurrency_key', 'k' || n % 5)) from generate_series(1, 200) as n))`;
      let begun = 0;
      let over = false;
      const worst = { all: 0, key: 0 };
      const looking = (async () => {
        while (!over) {
          const rows =
            await watcher`select concurrency_key as key, count(*)::integer as count from rhythm.executions
          where status = 'running' group by 1`;
          worst.all = Math.max(worst.all, rows.reduce((sum, row) => sum + row.count, 0));
          worst.key = Math.max(worst.key, ...rows.map((row) => row.count));
        }
      })();
      await Promise.all(arena.sessions.map(async (session) => {
        const worker = await registerWorker(session, ["q"]);
        for (let round = 0; round < 40; round++) {
          const rows = await claim(session, worker, 5);
          begun += rows.length;
          for (const row of rows) {
            await settle(session, worker, { id: row.id, status: "completed", output: null });
          }
        }
      }));
      over = true;
      await looking;
      assert.equal(begun, 60);
      assert.ok(worst.all <= 6, `${worst.all} ran at once`);
      assert.ok(worst.key <= 2, `${worst.key} of one key ran at once`);
      assert.ok(worst.all > 0);
      assert.deepEqual(await violations(watcher), []);
    },
  );
}

race("tick(): five sessions fire each timer and each delay once", async () => {
  await using arena = await openArena(5);
  const { watcher } = arena;
  const worker = await registerWorker(watcher);
  await watcher`select rhythm.register_flow('f', 'return 1', '{}')`;
  await watcher`select rhythm.create_many((select jsonb_agg('{"type": "workflow", "target": "f"}'::jsonb) from generate_series(1, 100)))`;
  for (const row of await claim(watcher, worker, 100)) {
    const id = crypto.randomUUID();
    await settle(watcher, worker, {
      id: row.id,
      status: "suspended",
      snapshot: {},
      effects: [{ type: "start_timer", id, at: new Date().toISOString() }],
      waits: [{ mode: "any", ids: [id] }],
    });
  }
  await watcher`select rhythm.create_many((select jsonb_agg('{"type": "task", "target": "a", "delay": 0.05}'::jsonb) from generate_series(1, 200)))`;
  await watcher`select pg_sleep(0.06)`;
  await Promise.all(arena.sessions.map(async (session) => {
    for (let round = 0; round < 20; round++) await session`select rhythm.tick(20)`;
  }));
  const rows = await claim(watcher, worker, 1000);
  assert.equal(rows.filter((row) => row.type === "task").length, 200);
  const flows = rows.filter((row) => row.type === "workflow");
  assert.equal(flows.length, 100);
  for (const flow of flows) assert.equal(flow.settled?.length, 1);
  assert.deepEqual(await violations(watcher), []);
});

race("claim(): while an old transaction sees all, nothing behind the head of a queue is lost", async () => {
  await using arena = await openArena(6);
  const [old, late, ...workers] = arena.sessions as [postgres.Sql, postgres.Sql, ...postgres.Sql[]];
  const create = (sql: postgres.Sql, count: number): Promise<unknown> =>
    // Not all alike: listed one by one.
    sql`select count(*) from rhythm.create_many((
      select jsonb_agg(jsonb_build_object('type', 'task', 'target', 'a', 'metadata', jsonb_build_object('n', n)))
      from generate_series(1, ${count}::integer) as n))`;
  const taken: string[] = [];
  const work = async (session: postgres.Sql, isToEnd: () => boolean): Promise<void> => {
    const worker = await registerWorker(session);
    for (;;) {
      const isLast = isToEnd();
      const rows = await claim(session, worker, 500);
      if (rows.length === 0 && isLast) return;
      taken.push(...rows.map((row) => `${row.id} ${row.attempt}`));
      // Every tenth comes back, to its old place, which is behind the head by now.
      const outcomes = rows.map(({ id, attempt, call }, n) =>
        n % 10 === 0 && attempt === 1
          ? { id, call, status: "failed", error: { type: "Error", message: "again" } }
          : { id, call, status: "completed" }
      );
      await settleMany(session, worker, outcomes);
      await session`select rhythm.tick()`;
    }
  };
  await old.begin("isolation level repeatable read", async (tx) => {
    await tx`select count(*) from rhythm.execution`;
    await arena
      .watcher`select rhythm.register_tasks('[{"name": "a", "retry": {"max_attempts": 2, "initial": "1ms", "jitter": 0}}]')`;
    await create(arena.watcher, 10_000);
    let isOver = false;
    const working = Promise.all(workers.map((session) => work(session, () => isOver)));
    // Made early, committed late: behind what was made and consumed meanwhile.
    await late.begin(async (producer) => {
      await create(producer as unknown as postgres.Sql, 100);
      for (let n = 0; n < 5; n++) await create(arena.watcher, 2000);
      await until(
        async () => (await arena.watcher`select from rhythm.queue_head`).length > 0,
        "a head to be noted",
      );
    });
    await until(async () => {
      const [left] = await arena.watcher`select count(*)::integer as n from rhythm.execution where state = 0`;
      return left?.n === 0;
    }, "everything to be over");
    isOver = true;
    await working;
  });
  assert.equal(new Set(taken).size, taken.length, "no attempt was leased twice");
  const [row] = await arena
    .watcher`select count(*)::integer as n from rhythm.execution where state = 1`;
  assert.equal(row?.n, 20_100);
  assert.deepEqual(await violations(arena.watcher), []);
});
