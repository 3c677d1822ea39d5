// Behind PgBouncer: which sessions are ours, what a transaction finds in one that is not, and a whole application.
import assert from "node:assert/strict";
import postgres from "postgres";
import { Rhythm, task } from "../../mod.ts";
import { connection } from "../../src/app/doctor/server.ts";
import { connect } from "../../src/db/connect.ts";
import type { Database } from "../../src/db/database.ts";
import { freshDatabase, onEmbedded, testServer } from "../support/database.ts";
import { hasPooler, Pooler } from "../support/pooler.ts";
import { until } from "../support/until.ts";

const ignore = onEmbedded || Deno.env.get("RHYTHM_TEST_POOLER") !== undefined || !await hasPooler();

interface Place extends AsyncDisposable {
  readonly direct: string;
  readonly pooled: string;
  readonly sql: postgres.Sql;
}

async function behind(mode: "session" | "transaction"): Promise<Place> {
  const database = await freshDatabase();
  const pooler = await Pooler.start(Number(new URL(await testServer()).port), mode);
  return {
    direct: database.url,
    pooled: Object.assign(new URL(pooler.url), { pathname: `/${database.name}` }).href,
    sql: database.sql,
    [Symbol.asyncDispose]: async () => {
      await pooler[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function settingsOf(database: Database): Promise<unknown> {
  const [row] = await database.query(
    "select current_setting('TimeZone') as zone, current_setting('transaction_isolation') as isolation, current_setting('lock_timeout') as wait, current_setting('transaction_read_only') as reads, current_setting('jit') as jit",
  );
  return row;
}

const OURS = { zone: "UTC", isolation: "read committed", wait: "0", reads: "off", jit: "off" };

for (const mode of ["session", "transaction"] as const) {
  Deno.test({
    name: `connect() behind a pooler in ${mode} mode has its settings, and leaves none behind`,
    ignore,
    fn: async () => {
      await using place = await behind(mode);
      await place.sql.unsafe(`do $$ begin
        execute format('alter database %I set TimeZone = ''Asia/Tokyo''', current_database());
        execute format('alter database %I set default_transaction_isolation = serializable', current_database());
        execute format('alter database %I set lock_timeout = ''3s''', current_database());
      end $$`);
      const database = connect({ url: place.pooled, maxConnections: 3, session: "worker" });
      // In transaction mode, it gets the sessions that the other one had.
      const theirs = postgres(place.pooled, {
        max: 3,
        onnotice: () => {},
        prepare: false,
        fetch_types: false,
      });
      try {
        assert.deepEqual(await settingsOf(database), OURS);
        assert.deepEqual(await Promise.all([1, 2, 3].map(() => settingsOf(database))), [OURS, OURS, OURS]);
        assert.deepEqual(await database.transaction(settingsOf as (tx: unknown) => Promise<unknown>), OURS);
        const [left] =
          await theirs`select current_setting('lock_timeout') as wait, current_setting('jit') as jit`;
        assert.deepEqual(left, { wait: "3s", jit: "on" });
      } finally {
        await Promise.all([database.close(), theirs.end({ timeout: 1 })]);
      }
    },
  });
}

Deno.test({
  name: "connect() behind a pooler in transaction mode: errors are told, and what failed is undone",
  ignore,
  fn: async () => {
    await using place = await behind("transaction");
    const database = connect({ url: place.pooled, maxConnections: 1 });
    try {
      await database.script("create table t (n integer primary key)");
      const insert = (n: number) => database.query("insert into t values ($1) returning n", [n]);
      assert.deepEqual(await insert(1), [{ n: 1 }]);
      await assert.rejects(insert(1), { code: "23505" });
      assert.deepEqual(await insert(2), [{ n: 2 }], "the next one begins anew");
      await assert.rejects(
        database.transaction(async (tx) => {
          await tx.query("insert into t values ($1)", [3]);
          throw new TypeError("no");
        }),
        new TypeError("no"),
      );
      assert.deepEqual(await database.query("select n from t order by n"), [{ n: 1 }, { n: 2 }]);
    } finally {
      await database.close();
    }
  },
});

Deno.test({
  name: "connect() behind a pooler in session mode that has one session does not wait for a second one",
  ignore,
  fn: async () => {
    await using database = await freshDatabase();
    await using pooler = await Pooler.start(Number(new URL(await testServer()).port), "session", 1);
    const pooled = Object.assign(new URL(pooler.url), { pathname: `/${database.name}` }).href;
    const one = connect({ url: pooled, maxConnections: 1 });
    try {
      assert.deepEqual(await one.query("select 1 as one"), [{ one: 1 }]);
      assert.equal(one.pooler, undefined);
    } finally {
      await one.close();
    }
  },
});

Deno.test({
  name: "connect() finds out that sessions are shared by a statement that was not prepared there",
  ignore,
  fn: async () => {
    await using place = await behind("transaction");
    // Another client is quicker each time the modes are compared: both connections keep the process they had.
    const database = connect({ url: place.direct, maxConnections: 1 });
    try {
      const [{ n }] = await database.query<{ n: number }>("select $1::integer + 1 as n", [1]) as [
        { n: number },
      ];
      assert.equal(n, 2);
      await database.query("deallocate all");
      const [again] = await database.query<{ n: number }>("select $1::integer + 1 as n", [2]);
      assert.equal(again!.n, 3);
      assert.deepEqual(await settingsOf(database), { ...OURS, wait: "0" });
    } finally {
      await database.close();
    }
  },
});

Deno.test({
  name:
    "behind a pooler in transaction mode, what is committed is there, whoever takes turns at its sessions",
  ignore,
  fn: async () => {
    await using place = await behind("transaction");
    const database = connect({ url: place.pooled, maxConnections: 5 });
    try {
      await database.script(
        "create table c (id integer primary key, n integer); insert into c select g, 0 from generate_series(1, 8) as g",
      );
      await Promise.all(Array.from({ length: 8 }, async (_, id) => {
        for (let n = 1; n <= 60; n++) {
          const add = "update c set n = n + 1 where id = $1";
          if (n % 3 > 0) await database.query(add, [id + 1]);
          else {
            await database.transaction(async (tx) => {
              await tx.query("select $1::text", ["x"]);
              await tx.query(add, [id + 1]);
            });
          }
          assert.deepEqual(await database.query("select n from c where id = $1", [id + 1]), [{ n }]);
        }
      }));
    } finally {
      await database.close();
    }
  },
});

const echo = task({ name: "echo" }, ({ n }: { n: number }) => n);
const flow = {
  name: "sums",
  source: `
const { n } = Inputs;
const [a, b] = await Promise.all([Task.run("echo", { n }), Task.run("echo", { n: 1 })]);
await Timer.delay(0.05);
const more = await Signal.next("more");
return a + b + more;`,
};

for (const hears of [false, true]) {
  Deno.test({
    name: `an application behind a pooler in transaction mode ${
      hears ? "hears with listenUrl" : "asks instead of listening"
    }`,
    ignore,
    fn: async () => {
      await using place = await behind("transaction");
      const lines: string[] = [];
      const write = (message: string): unknown => lines.push(message);
      const rhythm = await Rhythm.init({
        databaseUrl: place.pooled,
        ...(hears ? { listenUrl: place.direct } : {}),
        autoMigrate: false,
        tasks: [echo],
        flows: [flow],
        log: { debug: () => {}, info: () => {}, warn: write, error: write },
      });
      const worker = rhythm.worker({ lease: "30s" });
      const working = worker.run();
      try {
        const runs = await Promise.all(
          Array.from({ length: 20 }, (_, n) => rhythm.workflows.start("sums", { n })),
        );
        for (const run of runs) await run.signal("more", 10);
        assert.deepEqual(
          await Promise.all(runs.map((run) => run.result({ timeout: "2m" }))),
          runs.map((_, n) => n + 11),
        );
        await until(async () => {
          const [row] = await place.sql`select count(*)::integer as n from rhythm.worker where sleeping`;
          return (row!.n === 1) === hears;
        }, "a worker that sleeps only if it hears");
        assert.equal(
          await rhythm.tasks.run("echo", { n: 7 }, { wait: { timeout: "2m" } }),
          7,
        );
        const told = lines.filter((line) => line.includes("pooler in transaction mode"));
        assert.equal(told.length, hears ? 0 : 1, lines.join("\n"));
        assert.deepEqual(lines.filter((line) => !told.includes(line)), []);
      } finally {
        await worker.stop();
        await working;
        await rhythm.close();
      }
    },
  });
}

Deno.test({
  name:
    "rhythm doctor says that a pooler in transaction mode is in between, and whether notifications arrive",
  ignore,
  fn: async () => {
    await using place = await behind("transaction");
    const examined = async (listenUrl?: string): Promise<unknown> => {
      const database = connect({ url: place.pooled, listenUrl, maxConnections: 1 });
      try {
        const engine = { on: database, schema: "rhythm" };
        const found = await connection({ engine, on: database, kind: "server", schema: "rhythm" });
        return found.slice(1).map(({ state, message }) => [state, message]);
      } finally {
        await database.close();
      }
    };
    const through = "it goes through a pooler in transaction mode";
    assert.deepEqual(await examined(place.direct), [["ok", `${through}; notifications come another way`]]);
    assert.deepEqual(await examined(), [
      ["warning", `${through}, which passes on no notifications: idle workers ask once a second`],
    ]);
  },
});

Deno.test({
  name: "listenUrl must be the address of a server, and of one that passes on notifications",
  ignore,
  fn: async () => {
    await assert.rejects(
      Rhythm.init({ databaseUrl: "postgres://h/d", listenUrl: "./data" }),
      /"listenUrl" must be postgres/,
    );
  },
});
