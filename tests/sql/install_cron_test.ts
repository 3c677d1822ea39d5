import assert from "node:assert/strict";
import postgres from "postgres";
import { connect } from "../../src/db/connect.ts";
import { install } from "../../src/db/install.ts";
import { readSchema } from "../../scripts/gen.ts";
import { findBinaries } from "../support/cluster.ts";
import { freshDatabase, onEmbedded, privateCluster } from "../support/database.ts";
import { assertRefused } from "./schema/refused.ts";

const wanted = Number(Deno.env.get("RHYTHM_TEST_PG")) || undefined;
const hasCron = !onEmbedded && (await findBinaries(wanted))?.cron === true;
const name = (text: string): string => hasCron ? text : `${text} (skipped: this Postgres has no pg_cron)`;

/** Asks until the answer is right; the last answer is the complaint. */
async function until<T>(ask: () => Promise<T>, right: (answer: T) => boolean, seconds: number): Promise<T> {
  for (const end = Date.now() + seconds * 1000;;) {
    const answer = await ask();
    if (right(answer)) return answer;
    if (Date.now() > end) assert.fail(`not within ${seconds} s: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test({
  name: name("install_cron() keeps everything going with no worker at all"),
  ignore: !hasCron,
  fn: async () => {
    const cluster = await privateCluster(["cron.use_background_workers = on", "max_worker_processes = 20"]);
    const database = connect({ url: cluster.url, maxConnections: 2 });
    const sql = postgres(cluster.url, { max: 2, onnotice: () => {} });
    try {
      await install(database, { files: await readSchema() });
      await assertRefused(database, "select rhythm.install_cron()", [], {
        code: "RH009",
        message: 'pg_cron is not created in the database "postgres"',
      });
      await sql`create extension pg_cron`;
      await refusesTheUnentitled(sql);
      const [installed] = await sql<{ said: string }[]>`select rhythm.install_cron() as said`;
      assert.match(installed!.said, /^pg_cron 1\.\d\S* runs "(call|select) rhythm\./);
      await sql`select rhythm.install_cron()`;
      assert.equal((await sql`select from cron.job`).length, 1, "installing twice gives one job");
      await worksAlone(sql);
      await givesWay(sql);
      assert.deepEqual([...await sql`select * from rhythm.check()`], []);
      assert.deepEqual([...await sql`select rhythm.uninstall_cron() as first`], [{ first: true }]);
      assert.deepEqual([...await sql`select rhythm.uninstall_cron() as again`], [{ again: false }]);
      assert.equal((await sql`select from cron.job`).length, 0);
      assert.equal((await sql`select from cron.job_run_details`).length, 0);
    } finally {
      await Promise.allSettled([database.close(), sql.end({ timeout: 1 })]);
      await cluster.stop();
    }
  },
});

async function refusesTheUnentitled(sql: postgres.Sql): Promise<void> {
  await sql`create role plain`;
  await sql`grant usage on schema rhythm to plain`;
  await sql`grant execute on all functions in schema rhythm to plain`;
  await sql`revoke all on schema cron from public`;
  await sql.begin(async (tx) => {
    await tx`set local role plain`;
    await tx`select rhythm.install_cron()`;
  }).then(() => assert.fail("was not refused"), (error) => {
    assert.equal(error.code, "RH009", `${error.message} ${error.where}`);
    assert.equal(error.message, 'Role "plain" may not use pg_cron');
    assert.equal(error.hint, "As a superuser, run: grant usage on schema cron to plain");
  });
  await sql`revoke all on all functions in schema rhythm from plain`;
  await sql`revoke usage on schema rhythm from plain`;
  await sql`drop role plain`;
}

/** A delayed SQL task runs, a schedule fires, a dead worker's lease comes back, what is old is purged. */
async function worksAlone(sql: postgres.Sql): Promise<void> {
  await sql`create function public.add_one(jsonb) returns integer language sql as 'select ($1 ->> ''n'')::integer + 1'`;
  await sql`select rhythm.define_sql_task('add_one', 'public.add_one(jsonb)')`;
  const [delayed] = await sql`select rhythm.queue('add_one', '{"n": 1}', delay => '0.5s') as id`;
  await sql`select rhythm.schedule('often', '* * * * * *', 'add_one', '{"n": 2}', type => 'task')`;

  const [lost] =
    await sql`select rhythm.queue('elsewhere', retry => '{"max_attempts": 2, "initial": "1ms"}') as id`;
  const [worker] = await sql`select rhythm.register_worker(null, array['default'], p_lease => '1s') as id`;
  const [claimed] = await sql`select rhythm.exchange(${
    worker!.id
  }, 1, p_want => '{"limit": 1}') #>> '{parcels,0,ids,0}' as id`;
  assert.equal(claimed!.id, lost!.id);

  const [old] = await sql`select rhythm.queue('add_one', '{"n": 3}') as id`;
  await sql`select rhythm.configure('retention', '2 seconds')`;

  // The minute job begins with the next minute.
  await until(
    () =>
      sql`select e.output from rhythm.executions as e where e.target = 'add_one' and e.metadata ->> 'schedule' = 'often'`,
    (rows) => rows.length > 0 && rows.every((row) => row.output === 3),
    180,
  );
  await until(
    () =>
      sql`select e.status, e.error ->> 'type' as error, e.attempt from rhythm.executions as e where e.id = ${
        lost!.id
      }`,
    ([row]) => row?.status === "pending" && row.error === "WorkerLostError" && row.attempt === 1,
    120,
  );
  await until(
    () => sql`select from rhythm.executions as e where e.id in (${delayed!.id}, ${old!.id})`,
    (rows) => rows.length === 0,
    120,
  );
}

/** Two loops never tick at once: the second returns immediately. */
async function givesWay(sql: postgres.Sql): Promise<void> {
  const busy = () =>
    sql`select from pg_locks as l where l.locktype = 'advisory' and l.granted
      and l.database = (select d.oid from pg_database as d where d.datname = current_database())`;
  const [command] = await sql<{ command: string }[]>`select j.command from cron.job as j`;
  if (!command!.command.startsWith("call")) return;
  await until(busy, (rows) => rows.length === 1, 120);
  const begin = performance.now();
  await sql`call rhythm.tick_loop()`;
  assert.ok(performance.now() - begin < 30_000, "it waited for the first");
}

Deno.test({
  name: name("install_cron() says where pg_cron lives when it is not in this database"),
  ignore: !hasCron,
  fn: async () => {
    await using test = await freshDatabase();
    const [home] = await test.sql`select current_setting('cron.database_name', true) as name`;
    if (home!.name === null) return; // A server of somebody else's, without pg_cron.
    for (const call of ["install_cron", "uninstall_cron"]) {
      await assertRefused(test.database, `select rhythm.${call}()`, [], {
        code: "RH009",
        message: `pg_cron lives in the database "${home!.name}", not in "${test.name}"`,
      });
    }
  },
});

Deno.test({
  name: "install_cron() says that there is no pg_cron where there is none",
  ignore: hasCron,
  fn: async () => {
    await using test = await freshDatabase();
    await assertRefused(test.database, "select rhythm.install_cron()", [], {
      code: "RH009",
      message: /^pg_cron is (not installed on this server|on this server, but not loaded)$/,
    });
  },
});

Deno.test({
  name: "tick_loop() ticks, commits and ends in time, leaving no lock",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await test.sql`select rhythm.queue('later', delay => '0.2s')`;
    const begin = performance.now();
    await test.sql`call rhythm.tick_loop('1.5 seconds')`;
    const took = performance.now() - begin;
    assert.ok(took < 20_000, `took ${took} ms`);
    const [ready] = await test.sql`select q.ready from rhythm.queues as q where q.queue = 'default'`;
    assert.equal(Number(ready!.ready), 1);
    assert.equal(
      (await test.sql`select from pg_locks as l where l.locktype = 'advisory'
      and l.database = (select d.oid from pg_database as d where d.datname = current_database())`).length,
      0,
    );
  },
});

Deno.test("cron_knows_seconds() tells versions of pg_cron apart", async () => {
  await using test = await freshDatabase();
  const versions = ["1.2", "1.4-1", "1.4", "1.5", "1.6-2", "1.10", "2.0", "1"];
  const rows = await test.database.query<{ seconds: boolean }>(
    "select rhythm.cron_knows_seconds(v.version) as seconds from unnest($1::text[]) with ordinality as v(version, nth) order by v.nth",
    [`{${versions.join(",")}}`],
  );
  assert.deepEqual(rows.map((row) => row.seconds), [false, false, false, true, true, true, true, false]);
});
