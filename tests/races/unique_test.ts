// Unique keys from two and twenty sessions at once: one live execution has a key, whatever the others ask for.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { onEmbedded } from "../support/database.ts";
import { claim, openArena, registerWorker, settleMany, violations } from "./support/sessions.ts";

const race = (name: string, run: () => Promise<void>): void =>
  Deno.test({ name, ignore: onEmbedded, fn: run });

async function start(
  sql: postgres.Sql | postgres.TransactionSql,
  unique: object,
  inputs: object = {},
): Promise<string | undefined> {
  try {
    const [row] = await sql`select rhythm.queue('a', ${JSON.stringify(inputs)}::text::jsonb, unique_by => ${
      JSON.stringify(unique)
    }::text::jsonb) as id`;
    return row!.id;
  } catch (error) {
    if ((error as { code?: string }).code !== "RH012") throw error;
    return undefined;
  }
}

for (const count of [2, 20]) {
  race(`unique: ${count} sessions make one execution, replace it, or cancel all but one`, async () => {
    await using arena = await openArena(count);
    const { sessions, watcher } = arena;
    for (const [round, held] of ["queued", "active", "kept", "1h"].entries()) {
      const key = { key: `existing ${round}`, while: held };
      const ids = await Promise.all(sessions.map((session) => start(session, key)));
      assert.equal(new Set(ids).size, 1, held);
    }
    const rejected = await Promise.all(
      sessions.map((session) => start(session, { key: "reject", on_conflict: "reject" })),
    );
    assert.equal(rejected.filter((id) => id !== undefined).length, 1);
    const replaced = await Promise.all(
      sessions.map((session, n) => start(session, { key: "replace", on_conflict: "replace" }, { n })),
    );
    assert.equal(new Set(replaced).size, 1);
    for (let round = 0; round < 3; round++) {
      const last = await Promise.all(
        sessions.map((session) => start(session, { key: "cancel", on_conflict: "cancel_existing" })),
      );
      assert.equal(new Set(last).size, count);
    }
    const [row] = await watcher`select count(*) filter (where status = 'pending')::integer as pending,
      count(*) filter (where status = 'cancelled')::integer as cancelled from rhythm.executions where unique_key = 'cancel'`;
    assert.deepEqual(row, { pending: 1, cancelled: 3 * count - 1 });
    assert.deepEqual(await violations(watcher), []);
  });

  race(`unique: ${count} sessions with many keys in any order do not deadlock`, async () => {
    await using arena = await openArena(count);
    const { sessions, watcher } = arena;
    const keys = Array.from({ length: 15 }, (_, n) => `k${n}`);
    for (const how of ["existing", "replace", "cancel_existing"]) {
      await Promise.all(sessions.map(async (session, nth) => {
        const mine = nth % 2 === 0 ? keys : keys.toReversed();
        const requests = mine.map((key) => ({
          ...{ type: "task", target: how, unique: { key, while: "queued", on_conflict: how } },
        }));
        for (let round = 0; round < 3; round++) {
          await session.unsafe("select rhythm.create_each($1::text::jsonb)", [JSON.stringify(requests)]);
        }
      }));
      const [row] =
        await watcher`select count(*)::integer as n from rhythm.executions where target = ${how} and status = 'pending'`;
      assert.equal(row!.n, keys.length, how);
    }
    assert.deepEqual(await violations(watcher), []);
  });

  race(
    `unique: ${count} sessions start, claim, end, cancel and retry; one live execution has a key`,
    async () => {
      await using arena = await openArena(count);
      const { sessions, watcher } = arena;
      const end = performance.now() + 3_000;
      let over = false;
      let most = 0;
      const looking = (async () => {
        while (!over) {
          const rows = await watcher`select count(*)::integer as n from rhythm.execution
          where state = 0 and unique_while = 'active' and cancel_reason is null group by unique_key`;
          most = Math.max(most, ...rows.map(({ n }) => n));
        }
      })();
      await Promise.all(sessions.map(async (session, nth) => {
        const worker = await registerWorker(session);
        for (let turn = nth; performance.now() < end; turn++) {
          const key = `k${turn % 3}`;
          if (turn % 5 === 0) {
            const rows = await claim(session, worker, 3);
            await settleMany(
              session,
              worker,
              rows.map(({ id, call }, n) =>
                n % 2 === 0
                  ? { id, call, status: "completed", output: null }
                  : { id, call, status: "failed", retryable: false, error: { type: "Error", message: "no" } }
              ),
            );
          } else if (turn % 5 === 1) {
            await session`select rhythm.retry(e.id) from rhythm.execution as e where e.state in (2, 3) order by random() limit 1`
              .catch((error) => assert.match(error.code, /^RH00[23]$/));
          } else {
            const how = ["existing", "reject", "replace", "cancel_existing"][turn % 4];
            await start(session, { key, on_conflict: how });
          }
        }
      }));
      over = true;
      await looking;
      assert.equal(most, 1);
      assert.deepEqual(await violations(watcher), []);
    },
  );
}

for (const count of [2, 20]) {
  race(
    `unique: ${count} sessions hand back what they took and start anew; one that has not begun has the key`,
    async () => {
      await using arena = await openArena(count);
      const { sessions, watcher } = arena;
      const end = performance.now() + 2_000;
      const problems: unknown[] = [];
      let over = false;
      const looking = (async () => {
        while (!over) {
          problems.push(...(await violations(watcher)).filter((one) => /unique key/.test(String(one))));
        }
      })();
      await Promise.all(sessions.map(async (session, nth) => {
        const worker = await registerWorker(session);
        while (performance.now() < end) {
          if (nth % 2 === 0) {
            await start(session, {
              key: "k",
              while: "queued",
              on_conflict: nth % 4 === 0 ? "replace" : "existing",
            });
            continue;
          }
          const rows = await claim(session, worker, 2);
          await settleMany(
            session,
            worker,
            rows.map(({ id, call }, n) =>
              n % 4 === 3 ? { id, call, status: "completed", output: null } : { id, call, status: "released" }
            ),
          );
        }
      }));
      over = true;
      await looking;
      assert.deepEqual(problems, []);
      assert.deepEqual(await violations(watcher), []);
    },
  );
}

race("unique: an execution that a start found queued begins after that start has committed", async () => {
  await using arena = await openArena(2);
  const [one, other] = arena.sessions as [postgres.Sql, postgres.Sql];
  const worker = await registerWorker(other);
  const queued = { key: "k", while: "queued" };
  const id = await start(other, queued);
  await one.begin(async (sql) => {
    assert.equal(await start(sql, queued), id);
    assert.deepEqual(await claim(other, worker, 5), [], "its data may not be visible yet");
  });
  assert.deepEqual((await claim(other, worker, 5)).map((row) => row.id), [id]);
  assert.notEqual(await start(one, queued), id);
  assert.deepEqual(await violations(arena.watcher), []);
});
