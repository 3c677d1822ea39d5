// A worker waits for a server that is away, only reads, or refuses what it asks, and goes on.
import { deepStrictEqual as equal, match, strictEqual as same } from "node:assert/strict";
import { connect } from "../../../src/db/connect.ts";
import { install } from "../../../src/db/install.ts";
import { task } from "../../../src/define/mod.ts";
import type { Database } from "../../../src/db/database.ts";
import { startProxy } from "../../chaos/support/proxy.ts";
import { freshDatabase, onEmbedded, privateCluster } from "../../support/database.ts";
import { until } from "../../support/until.ts";
import { sqlEngine } from "../../../src/worker/engine/sql_engine.ts";
import { workerOn } from "../support/bench.ts";

async function statuses(database: Database): Promise<string[]> {
  const rows = await database.query<{ fate: string }>(
    "select concat_ws(' ', status, output, attempt) as fate from rhythm.executions order by id",
  );
  return rows.map(({ fate }) => fate);
}

Deno.test({
  name:
    "Worker waits for a server that is not there when it starts, that only reads, and that restarts; no attempt is counted; without a database it ends",
  ignore: onEmbedded,
  fn: async () => {
    const cluster = await privateCluster();
    const admin = connect({ url: cluster.url, maxConnections: 1 });
    const main = connect({ url: cluster.url, maxConnections: 2, session: "worker", answerTimeoutMs: 5_000 });
    const nowhere = connect({ url: cluster.url.replace(/\/postgres$/, "/nowhere"), maxConnections: 1 });
    const held = Promise.withResolvers<void>();
    const echo = task({ name: "echo" }, (input: number) => input);
    const hold = task({ name: "hold" }, async () => (await held.promise, "held"));
    const lines: string[] = [];
    const log = (message: string): unknown => lines.push(message);
    const logger = { debug: () => {}, info: () => {}, warn: log, error: log };
    const worker = workerOn(main, { schema: "rhythm", targets: ["echo", "hold"] }, {
      tasks: [echo, hold],
      logger,
    });
    const readOnly = async (is: "on" | "off"): Promise<void> => {
      await admin.script(`alter system set default_transaction_read_only = ${is}`);
      await admin.query("select pg_reload_conf()");
      await until(async () =>
        (await admin.query<{ is: string }>("select current_setting('default_transaction_read_only') as is"))[
          0
        ]!.is === is
      );
    };
    try {
      await install(admin);
      await cluster.halt();
      const running = worker.run();
      await until(() => lines.includes("register failed; it is tried again"));
      await cluster.resume();
      await until(async () => (await admin.query("select from rhythm.worker").catch(() => [])).length === 1);

      await admin.query("select rhythm.queue('hold')");
      await until(() => worker.inFlight === 1);
      await readOnly("on");
      held.resolve();
      await until(() => worker.trouble !== undefined);
      match(worker.trouble!, /25006/);
      equal(await statuses(admin), ["running 1"]);
      await readOnly("off");
      await until(async () => (await statuses(admin))[0] === 'completed "held" 1');
      await until(() => worker.trouble === undefined);

      await cluster.restart("fast");
      await until(async () =>
        (await admin.query("select rhythm.queue('echo', '7')").catch(() => [])).length === 1
      );
      await until(async () => (await statuses(admin))[1] === "completed 7 1");
      same(worker.state, "running");
      await worker.stop();
      await running;

      const none = workerOn(nowhere, { schema: "rhythm", targets: [] }, { tasks: [] });
      const error = await none.run().then(() => undefined, (error) => error);
      match(String(error), /database "nowhere" does not exist/);
      same(none.state, "stopped");
    } finally {
      await worker.stop();
      await Promise.all([admin.close(), main.close(), nowhere.close()]);
      await cluster.stop();
    }
  },
});

Deno.test({
  name: "a transactional task whose connection dies without a word is run again, and no attempt is counted",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await test.sql`create table noted (text text)`;
    const url = new URL(test.url);
    await using proxy = startProxy(Number(url.port));
    url.port = String(proxy.port);
    const limits = {
      session: "worker",
      answerTimeoutMs: 1_000,
      statementTimeoutMs: 0,
      silenceMs: 200,
    } as const;
    const transactional = connect({ url: url.href, maxConnections: 1, ...limits });
    let runs = 0;
    const note = task({ name: "note", transactional: true }, async (_: unknown, ctx) => {
      if (++runs === 1) proxy.silence();
      await ctx.sql`insert into noted values ('once')`;
      // Neither begin nor the statements fail on the second connection: its commit does.
      if (runs === 2) proxy.silence();
      return runs;
    });
    const about = { schema: test.schema, targets: ["note"] };
    const engine = sqlEngine({
      ...about,
      ...{
        main: test.database,
        beats: test.database,
        transactional,
        name: "outage",
        queues: ["default"],
        leaseMs: 15_000,
        runsCode: false,
      },
    });
    const worker = workerOn(test.database, about, { tasks: [note], engine });
    const running = worker.run();
    try {
      await test.sql`select rhythm.queue('note')`;
      await until(async () => (await statuses(test.database))[0] === "completed 3 1");
      equal((await test.sql`select text from noted`).map((row) => row.text), ["once"]);
    } finally {
      await worker.stop();
      await running;
      await transactional.close();
    }
  },
});
