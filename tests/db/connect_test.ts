import assert from "node:assert/strict";
import { connect } from "../../src/db/connect.ts";
import { DatabaseUnavailableError, StatementError } from "../../src/db/errors.ts";
import { freshDatabase, onEmbedded, privateCluster } from "../support/database.ts";
import { until } from "../support/until.ts";

const ignore = onEmbedded;

Deno.test({
  name: "query() carries JSON, counts, arrays and moments",
  ignore,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const rows = await test.database.query(
      "select $1::jsonb as data, $2::text[] as names, $3::bigint as count, $4::timestamptz as at, null as nothing",
      [JSON.stringify({ a: [1, null] }), ["x", "y"], 2 ** 40, new Date(0)],
    );
    assert.deepEqual(rows.map((row) => ({ ...row })), [
      { data: { a: [1, null] }, names: ["x", "y"], count: 2 ** 40, at: new Date(0), nothing: null },
    ]);
  },
});

Deno.test({
  name: "transaction() commits what resolves and rolls back what rejects",
  ignore,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const { database } = test;
    await database.script("create table t (n integer)");
    assert.equal(
      await database.transaction(async (tx) => (await tx.query("insert into t values (1)"), "done")),
      "done",
    );
    const own = new Error("mine");
    const failed = database.transaction(async (tx) => {
      await tx.query("insert into t values (2)");
      throw own;
    });
    await assert.rejects(failed, (error) => error === own);
    assert.deepEqual((await database.query("select n from t")).map((row) => row.n), [1]);
  },
});

Deno.test({
  name: "a statement that Postgres refuses is a StatementError with its SQLSTATE, in a transaction too",
  ignore,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    for (
      const work of [
        () => test.database.query("select * from nowhere"),
        () => test.database.script("select 1; select * from nowhere"),
        () => test.database.transaction((tx) => tx.query("select * from nowhere")),
        () => test.database.transaction((tx) => tx.script("select * from nowhere")),
      ]
    ) {
      await assert.rejects(work(), (error) => error instanceof StatementError && error.code === "42P01");
    }
  },
});

Deno.test({
  name: "connect() with a statement timeout ends a statement that takes longer",
  ignore,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const hasty = connect({ url: test.url, statementTimeoutMs: 100 });
    const slow = hasty.query("select pg_sleep(60)");
    await assert.rejects(slow, (error) => error instanceof StatementError && error.code === "57014");
    assert.equal((await hasty.query<{ n: number }>("select 1 as n"))[0]!.n, 1);
    await hasty.close();
  },
});

Deno.test("connect() to a port where nobody listens: DatabaseUnavailableError, without the password", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const database = connect({ url: `postgres://me:secret@127.0.0.1:${port}/db`, connectTimeoutMs: 2000 });
  const error = await database.query("select 1").then(() => undefined, (error) => error);
  await database.close();
  assert.ok(error instanceof DatabaseUnavailableError, String(error));
  assert.equal(error.code, "DATABASE_UNAVAILABLE");
  assert.match(
    error.message,
    new RegExp(`^Cannot reach the database at postgres://me@127.0.0.1:${port}/db: .*ECONNREFUSED`),
  );
  assert.ok(!error.message.includes("secret"));
});

Deno.test("connect() to what takes connections and closes them at once: a statement fails in time, and listen() does", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taking = (async () => {
    for await (const connection of listener) connection.close();
  })();
  const database = connect({
    url: `postgres://me@127.0.0.1:${listener.addr.port}/db`,
    connectTimeoutMs: 300,
  });
  await assert.rejects(database.query("select 1"), DatabaseUnavailableError);
  await assert.rejects(database.transaction((tx) => tx.query("select 1")), DatabaseUnavailableError);
  await assert.rejects(database.listen("news", { onNotify: () => {} }), DatabaseUnavailableError);
  await database.close();
  listener.close();
  await taking;
});

Deno.test({
  name: "close(): whoever listens or stops listening afterwards opens no connection",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const database = connect({ url: test.url, applicationName: "closed" });
    const unlisten = await database.listen("news", { onNotify: () => {} });
    await database.close();
    await unlisten();
    await assert.rejects(database.listen("news", { onNotify: () => {} }), DatabaseUnavailableError);
    await assert.rejects(database.query("select 1"), DatabaseUnavailableError);
    await until(async () => {
      const [row] = await test
        .sql`select count(*)::integer as n from pg_stat_activity where application_name = 'closed'`;
      return row?.n === 0;
    }, "the connections to be closed");
  },
});

Deno.test({
  name: "connect() with a wrong password, or to a database that is not there, is a DatabaseUnavailableError",
  ignore,
  fn: async () => {
    const cluster = await privateCluster();
    try {
      const admin = connect({ url: cluster.url });
      await admin.script(
        "set password_encryption = 'scram-sha-256'; create role guest login password 'right'",
      );
      const [row] = await admin.query<{ path: string }>("select current_setting('hba_file') as path");
      const rules = await Deno.readTextFile(row!.path);
      await Deno.writeTextFile(row!.path, `host all guest 127.0.0.1/32 scram-sha-256\n${rules}`);
      await admin.query("select pg_reload_conf()");
      await admin.close();
      const url = (password: string, name: string) =>
        `postgres://guest:${password}@127.0.0.1:${cluster.port}/${name}`;
      // Each server process reads the new rules in its own time: the right password comes first.
      const right = connect({ url: url("right", "postgres") });
      assert.equal((await right.query("select 1")).length, 1);
      await right.close();
      for (
        const [password, name, reason] of [
          ["wrong", "postgres", /password authentication failed for user "guest"/],
          ["right", "nowhere", /database "nowhere" does not exist/],
        ] as const
      ) {
        const database = connect({ url: url(password, name) });
        const error = await database.query("select 1").then(() => undefined, (error) => error);
        await database.close();
        assert.ok(error instanceof DatabaseUnavailableError, String(error));
        assert.match(error.message, reason);
        assert.ok(!error.message.includes(password));
      }
    } finally {
      await cluster.stop();
    }
  },
});

Deno.test("connect() with what is no connection string is a DatabaseUnavailableError", () => {
  assert.throws(() => connect({ url: "postgres://[" }), DatabaseUnavailableError);
});
