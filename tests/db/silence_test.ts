// Connections whose other side is gone without a word, as after a power loss: a proxy takes what is sent and gives nothing.
import assert from "node:assert/strict";
import { connect, type ConnectOptions } from "../../src/db/connect.ts";
import type { Database } from "../../src/db/database.ts";
import { DatabaseUnavailableError } from "../../src/db/errors.ts";
import { type Proxy, startProxy } from "../chaos/support/proxy.ts";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import { until } from "../support/until.ts";

interface Place {
  readonly test: TestDatabase;
  readonly proxy: Proxy;
  readonly open: (options: Partial<ConnectOptions>) => Database;
}

function behindProxy(name: string, body: (at: Place) => Promise<void>): void {
  Deno.test({
    name,
    ignore: onEmbedded,
    fn: async () => {
      await using test = await freshDatabase({ engine: "absent" });
      const url = new URL(test.url);
      await using proxy = startProxy(Number(url.port));
      url.port = String(proxy.port);
      const opened: Database[] = [];
      const open = (options: Partial<ConnectOptions>): Database => {
        const database = connect({ url: url.href, maxConnections: 1, ...options });
        opened.push(database);
        return database;
      };
      try {
        await body({ test, proxy, open });
      } finally {
        await Promise.all(opened.map((database) => database.close()));
      }
    },
  });
}

async function lost(call: Promise<unknown>, reason: RegExp): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof DatabaseUnavailableError, String(error));
    assert.match(error.message, reason);
    return true;
  });
}

behindProxy(
  "a statement on a dead connection fails after the time limit, and the next one has a new connection",
  async ({ open, proxy }) => {
    const database = open({ session: "worker", answerTimeoutMs: 400 });
    assert.equal((await database.query("select 1")).length, 1);
    proxy.silence();
    await lost(database.query("select 1"), /no answer within 0\.4 s, the connection was given up/);
    assert.equal((await database.query("select 1")).length, 1);
  },
);

behindProxy(
  "a transaction on a dead connection fails when it begins, and when it commits",
  async ({ open, proxy, test }) => {
    await test.sql`create table note (text text)`;
    const database = open({ session: "worker", answerTimeoutMs: 400, statementTimeoutMs: 0 });
    await database.query("select 1");
    proxy.silence();
    await lost(
      database.transaction(() => Promise.reject(new Error("it never runs"))),
      /no answer within 0\.4 s/,
    );
    const late = database.transaction(async (tx) => {
      await tx.query("insert into note values ('late')");
      proxy.silence();
    });
    await lost(late, /no answer within 0\.4 s/);
    await database.transaction(async (tx) => void await tx.query("insert into note values ('right')"));
    assert.deepEqual((await test.sql`select text from note`).map((row) => row.text), ["right"]);
  },
);

behindProxy(
  "without a time limit a statement may take long while the server works on it, and a dead connection is given up",
  async ({ open, proxy }) => {
    const database = open({ silenceMs: 500 });
    assert.equal((await database.query("select pg_sleep(1.5), 7 as seven"))[0]!.seven, 7);
    await database.transaction(async (tx) => void await tx.query("select pg_sleep(1.5)"));
    const held = database.transaction(async (tx) => {
      await tx.query("select 1");
      proxy.silence();
      await tx.query("select 1");
    });
    await lost(held, /no answer within 0\.5 s/);
    assert.equal((await database.query("select 1")).length, 1);
  },
);

behindProxy(
  "listen() hears again after its connection died without a word",
  async ({ open, proxy, test }) => {
    const database = open({ silenceMs: 200 });
    let listening = 0;
    const heard: string[] = [];
    const unlisten = await database.listen("news", {
      onNotify: (text) => heard.push(text),
      onListen: () => listening++,
    });
    proxy.silence();
    await until(() => listening === 2);
    await test.sql`select pg_notify('news', 'again')`;
    await until(() => heard.includes("again"));
    await unlisten();
  },
);

behindProxy("the server ends a statement before the time limit for its answer", async ({ open }) => {
  const database = open({ session: "worker", answerTimeoutMs: 1_000 });
  await assert.rejects(database.query("select pg_sleep(30)"), /statement timeout/);
  assert.equal((await database.query("select 1")).length, 1);
});

behindProxy("what the work of a transaction throws is its own, whatever it looks like", async ({ open }) => {
  const database = open({});
  const own = Object.assign(new Error("their server is down"), { code: "ECONNREFUSED" });
  await assert.rejects(database.transaction(() => Promise.reject(own)), (error) => error === own);
  const [before] = await database.query("select pg_backend_pid() as pid");
  const [after] = await database.query("select pg_backend_pid() as pid");
  assert.deepEqual(after, before);
});
