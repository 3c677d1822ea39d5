import assert from "node:assert/strict";
import { describe } from "../../src/shared/arguments.ts";
import { connect } from "../../src/db/connect.ts";
import type { Database } from "../../src/db/database.ts";
import { errorKind } from "../../src/db/error_kind.ts";
import { install } from "../../src/db/install.ts";
import { installScript } from "../../src/db/install_sql.ts";
import type { InstallError } from "../../src/db/install_errors.ts";
import { readSchema } from "../../scripts/gen.ts";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import { catalog } from "./support/catalog.ts";
import { file, smallEngine } from "./support/files.ts";

Deno.test("install() applies every file once; called again it applies none", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const files = await smallEngine();
  const first = await install(test.database, { files });
  assert.deepEqual(first.applied, [
    "structure/000_installation.sql",
    "structure/010_thing.sql",
    "things/things.sql",
  ]);
  assert.deepEqual((await install(test.database, { files })).applied, []);
});

Deno.test("install() puts the whole engine under any two names into one database", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const files = await readSchema();
  const contents: Record<string, string[]>[] = [];
  for (const schema of ["rhythm", "My Schema-2", "user"]) {
    assert.equal((await install(test.database, { files, schema })).applied.length, files.length);
    assert.deepEqual((await install(test.database, { files, schema })).applied, []);
    contents.push(await catalog(test.database, schema));
  }
  for (const part of Object.keys(contents[0]!)) {
    const counts = contents.map((content) => content[part]!.length);
    assert.deepEqual(counts, [counts[0], counts[0], counts[0]], part);
  }
  assert.ok(contents[0]!.routines!.length > 0);
});

Deno.test("the engine under another name names nothing of the schema rhythm", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  await install(test.database, { files: await readSchema(), schema: "My Schema-2" });
  const [row] = await test.database.query<{ there: boolean }>(
    "select to_regnamespace('rhythm') is not null as there",
  );
  assert.equal(row!.there, false);
  const rows = await test.database.query<{ name: string }>(
    `select p.proname as name from pg_proc as p
    where p.pronamespace = '"My Schema-2"'::regnamespace and p.prosrc ~ '(^|[^\\w''])rhythm\\.'`,
  );
  assert.deepEqual(rows, []);
});

Deno.test("installSql() as a script makes what install() makes", async () => {
  const files = await readSchema();
  await using one = await freshDatabase({ engine: "absent" });
  await using two = await freshDatabase({ engine: "absent" });
  await install(one.database, { files, schema: "flows of mine" });
  await runScript(two, installScript(files, "flows of mine"));
  assert.deepEqual(
    await catalog(two.database, "flows of mine"),
    await catalog(one.database, "flows of mine"),
  );
  assert.deepEqual((await install(two.database, { files, schema: "flows of mine" })).applied, []);
});

Deno.test("install() takes a schema that is there and empty", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  await test.database.script("create schema mine");
  assert.equal(
    (await install(test.database, { files: await smallEngine(), schema: "mine" })).applied.length,
    3,
  );
});

for (
  const [kind, make] of [
    ["a table", "create table busy.orders (id integer)"],
    ["a function", "create function busy.now() returns integer language sql as 'select 1'"],
    ["a type", "create type busy.mood as enum ('fine')"],
  ]
) {
  Deno.test(`install() refuses a schema that holds ${kind} of somebody else`, async () => {
    await using test = await freshDatabase({ engine: "absent" });
    await test.database.script(`create schema busy; ${make}`);
    const error = await refusal(install(test.database, { files: await smallEngine(), schema: "busy" }));
    assert.equal(error.code, "SCHEMA_OCCUPIED");
    assert.equal(
      error.message,
      `Cannot install into schema "busy": it holds objects that are not Rhythm's. Name another schema`,
    );
  });
}

for (const schema of ["", "x".repeat(41), `a"b`, "a'b", "a\\b", "a$b", "a%b", "pg_mine"]) {
  Deno.test(`install() refuses the schema name ${JSON.stringify(schema)}`, async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const error = await refusal(install(test.database, { schema }));
    assert.equal(error.code, "SCHEMA_NAME_INVALID");
    assert.ok(error.message.startsWith(`Cannot use ${describe(schema)} as a schema: `), error.message);
  });
}

Deno.test("install() changes nothing when a file fails", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const files = [...await smallEngine(), file("900_broken.sql", "select rhythm.no_such_function();")];
  await assert.rejects(install(test.database, { files }), /no_such_function/);
  const [row] = await test.database.query<{ there: boolean }>(
    "select to_regnamespace('rhythm') is not null as there",
  );
  assert.equal(row!.there, false);
});

Deno.test("install() on a server that is read-only for a while is to be done again, like any other call", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const small = await smallEngine();
  await install(test.database, { files: small });
  const more = [...small, file("900_more.sql", "create table rhythm.more (id integer);")];
  const { database } = test;
  const readOnly: Database = {
    ...{ kind: database.kind, url: database.url },
    query: (text, params) => database.query(text, params),
    script: (text) => database.script(text),
    transaction: (work) =>
      database.transaction(async (tx) => {
        await tx.script("set transaction read only");
        return await work(tx);
      }),
    listen: (channel, options) => database.listen(channel, options),
    close: () => database.close(),
  };
  await assert.rejects(install(readOnly, { files: more }), (error) => errorKind(error) === "passing");
  assert.ok((await install(database, { files: more })).applied.includes("900_more.sql"));
});

Deno.test("install() refuses a Postgres older than 13", async () => {
  const script: string[] = [];
  const old = {
    query: (text: string) => {
      if (text.includes("server_version_num")) return Promise.resolve([{ number: 120022, version: "12.22" }]);
      return Promise.resolve([{ found: false }]);
    },
    script: (text: string) => Promise.resolve(void script.push(text)),
  };
  const database = { ...old, transaction: (work: (tx: typeof old) => unknown) => work(old) };
  const error = await refusal(install(database as never));
  assert.equal(error.code, "POSTGRES_TOO_OLD");
  assert.equal(error.message, "Cannot install Rhythm on Postgres 12.22: expected 13 or newer");
  assert.deepEqual(script, []);
});

/** On one connection: the script has a transaction of its own. */
async function runScript(test: TestDatabase, text: string): Promise<void> {
  if (onEmbedded) return await test.database.script(text);
  const single = connect({ url: test.url, maxConnections: 1 });
  await single.script(text).finally(() => single.close());
}

async function refusal(work: Promise<unknown>): Promise<InstallError> {
  const error = await work.then(() => undefined, (error) => error);
  assert.equal(error?.name, "InstallError", String(error));
  return error;
}
