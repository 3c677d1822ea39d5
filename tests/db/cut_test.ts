// Connections that are cut, at any moment: statements fail with one kind of error, nothing of the old connection shows on
// the next, and nothing throws where nobody can catch it (which would end this file).
import assert from "node:assert/strict";
import { connect } from "../../src/db/connect.ts";
import type { Database } from "../../src/db/database.ts";
import { DatabaseUnavailableError } from "../../src/db/errors.ts";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import { until } from "../support/until.ts";

const name = "to be cut";

/** A test on a database, with a pool of its own whose connections can be cut. */
function onServer(
  title: string,
  body: (at: { pool: Database; test: TestDatabase; cut: () => Promise<number> }) => Promise<void>,
): void {
  Deno.test({
    name: title,
    ignore: onEmbedded,
    fn: async () => {
      await using test = await freshDatabase({ engine: "absent" });
      const pool = connect({ url: test.url, maxConnections: 3, applicationName: name });
      const cut = async (): Promise<number> =>
        (await test.sql`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = ${name} and datname = current_database()`).length;
      try {
        await body({ pool, test, cut });
      } finally {
        await pool.close();
      }
    },
  });
}

onServer(
  "statements and transactions end, right or with one error, while connections are cut",
  async ({ pool, cut }) => {
    const end = performance.now() + 5_000;
    const seen = { right: 0, lost: 0 };
    const ask = async (): Promise<void> => {
      const text = "select n, repeat('x', 100) as text from generate_series(1, $1::text::integer) as n";
      const rows = seen.right % 2 === 0
        ? await pool.query(text, [500])
        : await pool.transaction(async (tx) => (await tx.query("select 1"), await tx.query(text, [500])));
      assert.equal(rows.length, 500);
      assert.ok(rows.every((row, at) => row?.n === at + 1));
    };
    const lane = async (): Promise<void> => {
      while (performance.now() < end) {
        try {
          await ask();
          seen.right++;
        } catch (error) {
          assert.ok(error instanceof DatabaseUnavailableError, String(error));
          seen.lost++;
        }
      }
    };
    const cutter = async (): Promise<void> => {
      while (performance.now() < end) {
        await cut();
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    };
    await Promise.all([lane(), lane(), lane(), lane(), lane(), cutter()]);
    await ask();
    assert.ok(seen.right > 0 && seen.lost > 0, JSON.stringify(seen));
  },
);

onServer(
  "a transaction whose connection is cut between two statements leaves nothing to the next",
  async ({ pool, test, cut }) => {
    await pool.script("create table note (text text)");
    const first = pool.transaction(async (tx) => {
      await tx.query("insert into note values ('first')");
      await cut();
      await until(async () =>
        (await test.sql`select from pg_stat_activity where application_name = ${name}`).length === 0
      );
      for (let n = 0; n < 3; n++) {
        await assert.rejects(tx.query("insert into note values ('too late')"), DatabaseUnavailableError);
      }
      throw new Error("the caller's own");
    });
    await assert.rejects(first, DatabaseUnavailableError);
    await pool.transaction(async (tx) => void await tx.query("insert into note values ('second')"));
    assert.deepEqual(await pool.query("select text from note"), [{ text: "second" }]);
  },
);

onServer("close() lets statements end, and refuses what waits or comes later", async ({ pool, test }) => {
  const sleeping = [1, 2, 3].map(() => pool.query("select pg_sleep(0.5)"));
  await until(async () =>
    (await test.sql`select from pg_stat_activity where application_name = ${name} and wait_event = 'PgSleep'`)
      .length === 3
  );
  const waiting = assert.rejects(pool.query("select 1"), DatabaseUnavailableError);
  await pool.close();
  await Promise.all([...sleeping, waiting]);
  await assert.rejects(pool.query("select 1"), /the connection is closed/);
});

onServer(
  "a statement that fails in the middle of its answer leaves no gap in the next one",
  async ({ pool }) => {
    const failing = "select 1 / (2000 - n) from generate_series(1, 5000) as n";
    for (let n = 0; n < 3; n++) {
      await assert.rejects(pool.query(failing), /division by zero/);
      assert.deepEqual(await pool.query("select 7 as seven"), [{ seven: 7 }]);
    }
  },
);

onServer("arrays go in and come out as arrays", async ({ pool }) => {
  const texts = ["", "a b", 'quo"te', "back\\slash", "com,ma", "NULL", "{}", null];
  const [row] = await pool.query(
    `select $1::text[] as texts, array[1, null, 3] as numbers, array[true, false] as flags, '{{1,2},{3,4}}'::integer[] as grid,
      array['{"a": [1]}'::jsonb] as json, array['2026-01-02T03:04:05Z'::timestamptz] as times, '{}'::uuid[] as none`,
    [texts],
  );
  assert.deepEqual(row, {
    texts,
    numbers: [1, null, 3],
    flags: [true, false],
    grid: [[1, 2], [3, 4]],
    json: [{ a: [1] }],
    times: [new Date("2026-01-02T03:04:05Z")],
    none: [],
  });
});

onServer(
  "listen() goes on, and says so each time, while its connection is cut again and again",
  async ({ pool, cut }) => {
    let listening = 0;
    const got = new Set<string>();
    const unlisten = await pool.listen("news", {
      onNotify: (text) => got.add(text),
      onListen: () => listening++,
    });
    for (let round = 1; round <= 5; round++) {
      const before = listening;
      await cut();
      await until(() => listening > before);
      await until(async () => {
        await pool.query("select pg_notify('news', $1)", [String(round)]).catch(() => {});
        return got.has(String(round));
      });
    }
    await unlisten();
  },
);
