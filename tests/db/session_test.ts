/** Sessions are ours, whatever a role or a database says; and a worker does its work with such a role. */
import { deepStrictEqual as equal, match, rejects } from "node:assert/strict";
import postgres from "postgres";
import { Rhythm, task } from "../../mod.ts";
import { connect } from "../../src/db/connect.ts";
import { install } from "../../src/db/install.ts";
import { installSql } from "../../src/db/install_sql.ts";
import { freshDatabase, onEmbedded, type TestDatabase, testServer } from "../support/database.ts";

const ignore = onEmbedded;

const odd: Record<string, string> = {
  datestyle: "SQL, DMY",
  intervalstyle: "sql_standard",
  timezone: "Pacific/Chatham",
  default_transaction_isolation: "serializable",
  default_transaction_read_only: "on",
  standard_conforming_strings: "off",
  bytea_output: "escape",
  extra_float_digits: "-15",
  statement_timeout: "500ms",
  lock_timeout: "1ms",
  idle_in_transaction_session_timeout: "50ms",
  enable_indexscan: "off",
  enable_nestloop: "off",
  plan_cache_mode: "force_custom_plan",
  array_nulls: "off",
  quote_all_identifiers: "on",
};

/** A role of a test's own, with settings of its own, that owns the engine. */
async function withRole(
  settings: Record<string, string>,
  body: (at: { url: string; test: TestDatabase }) => Promise<void>,
): Promise<void> {
  await using test = await freshDatabase();
  const role = `odd_${crypto.randomUUID().slice(0, 8)}`;
  await test.sql.unsafe(`create role "${role}" login superuser`);
  try {
    for (const [name, value] of Object.entries(settings)) {
      await test.sql.unsafe(
        `alter role "${role}" set ${name} = '${value}'`.replaceAll(/'(SQL), (DMY)'/g, "$1, $2"),
      );
    }
    const url = new URL(test.url);
    url.username = role;
    await body({ url: url.href, test });
  } finally {
    await test.sql.unsafe(`drop role "${role}"`);
  }
}

Deno.test({
  name: "connect() makes the session ours, whatever the role says",
  ignore,
  fn: () =>
    withRole(odd, async ({ url }) => {
      const database = connect({ url, maxConnections: 1, session: "worker" });
      const names = Object.keys(odd);
      const shown = await database.query<{ name: string; value: string }>(
        "select s.name, current_setting(s.name) as value from unnest($1::text::text[]) as s (name)",
        [`{${names.join(",")}}`],
      );
      await database.close();
      equal(Object.fromEntries(shown.map(({ name, value }) => [name, value])), {
        datestyle: "ISO, MDY",
        intervalstyle: "postgres",
        timezone: "UTC",
        default_transaction_isolation: "read committed",
        default_transaction_read_only: "off",
        standard_conforming_strings: "on",
        bytea_output: "hex",
        extra_float_digits: "1",
        statement_timeout: "0",
        lock_timeout: "0",
        idle_in_transaction_session_timeout: "0",
        enable_indexscan: "on",
        enable_nestloop: "on",
        plan_cache_mode: "auto",
        array_nulls: "on",
        quote_all_identifiers: "off",
      });
    }),
});

Deno.test({
  name:
    "a client keeps the time limits of its role; a database that does not write for a while is not overruled",
  ignore,
  fn: () =>
    withRole({ statement_timeout: "1234ms" }, async ({ url, test }) => {
      await test.sql.unsafe(`alter database "${test.name}" set default_transaction_read_only = on`);
      const database = connect({ url, maxConnections: 1 });
      const [row] = await database.query(
        "select current_setting('statement_timeout') as timeout, current_setting('transaction_read_only') as reads",
      );
      await database.close();
      equal({ ...row }, { timeout: "1234ms", reads: "on" });
      await test.sql.begin(async (sql) => {
        await sql`set transaction read write`;
        await sql.unsafe(`alter database "${test.name}" reset default_transaction_read_only`);
      });
    }),
});

Deno.test({
  name: "tasks, transactional tasks, flows, timers and signals work for a role with the oddest settings",
  ignore,
  fn: () =>
    withRole(odd, async ({ url, test }) => {
      await test.sql`create table noted (text text, at timestamptz)`;
      const upper = task(
        { name: "upper" },
        (input: { text: string }) => ({ text: input.text.toUpperCase() }),
      );
      const note = task({ name: "note", transactional: true }, async (input: { text: string }, ctx) => {
        await ctx.sql`select pg_sleep(0.7)`;
        await ctx.sql`insert into noted values (${input.text}, ${new Date(0)})`;
        return { length: input.text.length };
      });
      const flow = [
        `const a = await Task.run("upper", { text: "it's \\\\ done" });`,
        "await Timer.delay(0.05);",
        'const s = await Signal.next("go");',
        'const b = await Task.run("note", { text: a.text });',
        "return [a.text, s, b.length];",
      ].join("\n");
      await using rhythm = await Rhythm.init({
        databaseUrl: url,
        tasks: [upper, note],
        log: { level: "error" },
      });
      await rhythm.flows.register({ name: "odd", source: flow });
      await using worker = rhythm.worker();
      const working = worker.run();
      const run = await rhythm.workflows.start("odd", {}, { delay: "50ms" });
      await rhythm.signals.send({ execution: run, name: "go", payload: { yes: true } });
      equal(await run.result({ timeout: "30s" }), ["IT'S \\ DONE", { yes: true }, 11]);
      const [noted] = await test.sql`select text, extract(epoch from at)::integer as at from noted`;
      equal({ ...noted }, { text: "IT'S \\ DONE", at: 0 });
      await worker.stop();
      await working;
    }),
});

for (const encoding of ["LATIN1", "SQL_ASCII"]) {
  Deno.test({
    name: `install() refuses a database in ${encoding} with a sentence, before anything is made`,
    ignore,
    fn: async () => {
      const base = await testServer();
      const admin = postgres(base, { max: 1, onnotice: () => {} });
      const name = `rhythm_test_${encoding.toLowerCase()}_${crypto.randomUUID().slice(0, 8)}`;
      await admin.unsafe(`create database "${name}" encoding '${encoding}' locale 'C' template template0`);
      const url = new URL(base);
      url.pathname = `/${name}`;
      const database = connect({ url: url.href, maxConnections: 1 });
      try {
        await rejects(install(database), (error: Error & { code?: string }) => {
          equal(error.code, "ENCODING_UNSUPPORTED");
          match(
            error.message,
            new RegExp(
              `^Cannot install Rhythm in database "${name}": its encoding is ${encoding}, expected UTF8`,
            ),
          );
          return true;
        });
        const psql = connect({ url: url.href, maxConnections: 1 });
        await rejects(psql.script(installSql()), /its encoding is|has no equivalent/);
        await psql.close();
        equal(await database.query("select from pg_namespace where nspname = 'rhythm'"), []);
      } finally {
        await database.close();
        await admin.unsafe(`drop database "${name}" with (force)`);
        await admin.end();
      }
    },
  });
}
