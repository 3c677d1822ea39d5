import assert from "node:assert/strict";
import { connect } from "../../src/db/connect.ts";
import { install } from "../../src/db/install.ts";
import { uninstall } from "../../src/db/uninstall.ts";
import { readSchema } from "../../scripts/gen.ts";
import { freshDatabase, onEmbedded, privateCluster } from "../support/database.ts";

/** What there is besides Postgres's own. */
const all = `
  select 'schema ' || n.nspname as name from pg_namespace as n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  union all select 'relation ' || c.oid::regclass from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  union all select 'routine ' || p.oid::regprocedure from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  union all select 'role ' || r.rolname from pg_roles as r where r.rolname !~ '^pg_'
  order by 1`;

Deno.test({
  name:
    "uninstall() leaves a server as it was before install(), and keeps roles for as long as another installation needs them",
  ignore: onEmbedded,
  fn: async () => {
    const cluster = await privateCluster();
    const database = connect({ url: cluster.url, maxConnections: 2 });
    const files = await readSchema();
    try {
      const hasCron = cluster.cron;
      if (hasCron) await database.script("create extension pg_cron");
      const before = await database.query(all);
      await install(database, { files });
      await install(database, { files, schema: "Another one" });
      if (hasCron) {
        await database.query("select rhythm.install_cron()");
        await database.query(`select "Another one".install_cron()`);
      }
      await database.query("select rhythm.queue('a') from generate_series(1, 10)");
      await database.query("create role member login in role rhythm_client");
      assert.deepEqual(
        (await uninstall(database)).map((note) => /^The role (\w+) has rights elsewhere/.exec(note)?.[1]),
        ["rhythm_viewer", "rhythm_client", "rhythm_worker", "rhythm_operator", "rhythm_deployer"],
      );
      await database.query(`select "Another one".queue('a')`);
      if (hasCron) assert.equal((await database.query("select from cron.job")).length, 1);
      assert.deepEqual(await uninstall(database, { schema: "Another one" }), []);
      if (hasCron) assert.equal((await database.query("select from cron.job")).length, 0);
      await database.query("drop role member");
      assert.deepEqual(await database.query(all), before);
    } finally {
      await database.close();
      await cluster.stop();
    }
  },
});

Deno.test("uninstall() removes nothing while something else stands on the schema, and names it", async () => {
  await using test = await freshDatabase();
  const things: [make: string, name: string, drop: string][] = [
    ["create view public.mine as select e.id from rhythm.executions as e", "mine", "drop view public.mine"],
    ["create table public.mine (id integer, state rhythm.step_end)", "mine.state", "drop table public.mine"],
    [
      "create function public.mine(rhythm.step_end) returns integer language sql as 'select 1'",
      "mine(rhythm.step_end)",
      "drop function public.mine",
    ],
    [
      "create table public.mine (id uuid references rhythm.execution)",
      "mine_id_fkey on mine",
      "drop table public.mine",
    ],
    [
      "create table public.mine (id uuid default rhythm.uuid7())",
      "the default of mine.id",
      "drop table public.mine",
    ],
  ];
  for (const [make, name, drop] of things) {
    await test.database.script(`set search_path = public; ${make}`);
    await assert.rejects(uninstall(test.database), (error: Error & { code: string }) => {
      assert.equal(error.code, "2BP01");
      assert.ok(
        error.message.replaceAll("public.", "").startsWith(
          `Cannot remove the schema "rhythm": ${name} would go with it`,
        ),
        error.message,
      );
      return true;
    });
    await test.database.query("select rhythm.queue('a')");
    await test.database.script(drop);
  }
});

Deno.test("uninstall() is refused without the name of the schema, and where nothing is installed", async () => {
  await using test = await freshDatabase();
  await assert.rejects(
    test.database.query("select rhythm.uninstall('public')"),
    (error: Error & { code: string }) => {
      assert.equal(error.code, "RH001");
      assert.match(
        error.message,
        /^uninstall\(\) removes the schema "rhythm" and everything in it, not "public"/,
      );
      return true;
    },
  );
  await assert.rejects(uninstall(test.database, { schema: "elsewhere" }), { code: "NOT_INSTALLED" });
});

Deno.test({
  name: "uninstall() waits for open transactions a moment at a time, and says who is in the way",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await test.sql.begin(async (tx) => {
      await tx`select count(*) from rhythm.executions`;
      await assert.rejects(uninstall(test.database, { patienceMs: 300 }), {
        code: "DATABASE_BUSY",
        message: /^Cannot remove Rhythm \S+ from schema "rhythm": other transactions held locks/,
      });
      assert.equal((await test.sql`select rhythm.now()`).length, 1);
    });
    await uninstall(test.database);
    assert.equal((await test.sql`select from pg_namespace where nspname = 'rhythm'`).length, 0);
  },
});
