import assert from "node:assert/strict";
import { connect } from "../../src/db/connect.ts";
import type { Database } from "../../src/db/database.ts";
import { DatabaseUnavailableError } from "../../src/db/errors.ts";
import { onEmbedded, privateCluster } from "../support/database.ts";
import { until } from "../support/until.ts";

const ignore = onEmbedded;

for (const mode of ["immediate", "fast"] as const) {
  Deno.test({
    name: `an open pool survives a server restart (${mode}): statements under way fail, later ones work`,
    ignore,
    fn: async () => {
      const cluster = await privateCluster();
      const database = connect({ url: cluster.url, maxConnections: 4 });
      try {
        await Promise.all([1, 2, 3].map(() => database.query("select pg_sleep(0.05)")));
        const sleeping = [1, 2, 3].map(() =>
          database.query("select pg_sleep(60)").then(() => "ran", (error) => error)
        );
        const open = database.transaction(async (tx) => {
          await tx.query("select 1");
          await Promise.all(sleeping);
          await tx.query("select 1");
        }).then(() => "committed", (error) => error);
        await untilSleeping(cluster.url, 2);
        await cluster.restart(mode);
        for (const error of [...await Promise.all(sleeping), await open]) {
          assert.ok(error instanceof DatabaseUnavailableError, String(error));
        }
        const answers = await Promise.all([1, 2, 3, 4].map(() => eventually(database)));
        assert.deepEqual(answers, [1, 1, 1, 1]);
      } finally {
        await database.close();
        await cluster.stop();
      }
    },
  });
}

Deno.test({
  name: "listen() goes on after a server restart, and says that it listens again",
  ignore,
  fn: async () => {
    const cluster = await privateCluster();
    const database = connect({ url: cluster.url });
    try {
      const got: string[] = [];
      let listening = 0;
      const unlisten = await database.listen("My channel", {
        onNotify: (payload) => {
          got.push(payload);
        },
        onListen: () => {
          listening++;
        },
      });
      assert.equal(listening, 1);
      await database.query("select pg_notify('My channel', 'before')");
      await until(() => got.length === 1);
      await cluster.restart("immediate");
      await until(() => listening === 2);
      await eventually(database);
      await database.query("select pg_notify('My channel', 'after')");
      await until(() => got.length === 2);
      assert.deepEqual(got, ["before", "after"]);
      await unlisten();
    } finally {
      await database.close();
      await cluster.stop();
    }
  },
});

/** The answer of the first statement that is let through: connections that died are noticed one by one. */
async function eventually(database: Database): Promise<number> {
  for (let left = 20;; left--) {
    try {
      const [row] = await database.query<{ n: number }>("select 1 as n");
      return row!.n;
    } catch (error) {
      if (left === 0 || !(error instanceof DatabaseUnavailableError)) throw error;
    }
  }
}

async function untilSleeping(url: string, wanted: number): Promise<void> {
  const observer = connect({ url, maxConnections: 1 });
  await until(async () => {
    const [row] = await observer.query<{ n: number }>(
      "select count(*) as n from pg_stat_activity where wait_event = 'PgSleep'",
    );
    return row!.n >= wanted;
  }, `${wanted} sleeping statements`);
  await observer.close();
}
