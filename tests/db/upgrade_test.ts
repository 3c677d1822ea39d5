import assert from "node:assert/strict";
import type { Database } from "../../src/db/database.ts";
import { install } from "../../src/db/install.ts";
import type { InstallError } from "../../src/db/install_errors.ts";
import { readSchema } from "../../scripts/gen.ts";
import { freshDatabase } from "../support/database.ts";
import { catalog } from "./support/catalog.ts";
import { file, smallEngine } from "./support/files.ts";

Deno.test("install() of a newer version adds structure, keeps rows, and drops behaviour that is gone", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const { database } = test;
  await install(database, { files: await smallEngine(), version: "0.1.0" });
  await database.query("insert into rhythm.thing (id, label) values (1, 'kept')");
  const newer = await newerEngine();
  const { applied } = await install(database, { files: newer, version: "0.2.0" });
  assert.deepEqual(applied, ["structure/020_colour.sql", "things/colours.sql"]);
  assert.deepEqual(await database.query("select id, label, colour from rhythm.thing"), [
    { id: 1, label: "kept", colour: "red" },
  ]);
  assert.deepEqual(await identities(database), ["rhythm.coloured", "rhythm.colours(text)"]);

  await using fresh = await freshDatabase({ engine: "absent" });
  await install(fresh.database, { files: newer, version: "0.2.0" });
  assert.deepEqual(await catalog(database), await catalog(fresh.database));
});

Deno.test("install() from the structure of an older engine gives what a fresh installation gives", async () => {
  const files = await readSchema();
  const structure = files.filter((file) => file.kind === "structure");
  const behaviour = files.filter((file) => file.kind === "behaviour");
  await using old = await freshDatabase({ engine: "absent" });
  await install(old.database, { files: structure.slice(0, 3), version: "0.0.1" });
  await install(old.database, { files: [...structure, ...behaviour], version: "0.0.2" });
  const dropped = file(
    "999_dropped.sql",
    "create or replace function rhythm.dropped() returns int language sql as 'select 1';",
  );
  await install(old.database, { files: [...files, dropped], version: "0.0.3" });
  await install(old.database, { files, version: "0.0.4" });
  await using fresh = await freshDatabase({ engine: "absent" });
  await install(fresh.database, { files });
  assert.deepEqual(await catalog(old.database), await catalog(fresh.database));
});

Deno.test("install() applies all behaviour again when one file of it changed", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const files = [
    ...await smallEngine(),
    file("things/views.sql", "create or replace view rhythm.more as select 1 as n;"),
  ];
  await install(test.database, { files });
  const edited = files.map((one) =>
    one.name === "things/views.sql" ? file(one.name, `${one.text}\n-- edited`) : one
  );
  assert.deepEqual((await install(test.database, { files: edited })).applied, [
    "things/things.sql",
    "things/views.sql",
  ]);
});

Deno.test("install() replaces functions whose results are of another type", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const files = await smallEngine();
  const pair = (one: string, other: string, what: string): typeof files[number] =>
    file(
      "things/results.sql",
      `create or replace function rhythm.one(p integer) returns ${one} language sql as 'select ${what}';
      create or replace function rhythm.other(p integer, ${other}) language sql as 'select ${what}';`,
    );
  await install(test.database, { files: [...files, pair("integer", "out a integer", "1")] });
  await install(test.database, { files: [...files, pair("text", "out a text", "p::text")] });
  const [row] = await test.database.query("select rhythm.one(1) as one, rhythm.other(2) as other");
  assert.deepEqual(row, { one: "1", other: "2" });
  assert.deepEqual((await identities(test.database)).filter((name) => name.includes("integer")), [
    "rhythm.one(integer)",
    "rhythm.other(integer)",
  ]);
});

Deno.test("install() drops what is gone although one of it stands on another", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const files = await smallEngine();
  const stack = file(
    "things/zstack.sql",
    `create or replace view rhythm.a_base as select 1 as n;
    create or replace view rhythm.b_over as select n from rhythm.a_base;
    create or replace function rhythm.c_rows() returns setof rhythm.b_over language sql as 'select 1';`,
  );
  await install(test.database, { files: [...files, stack] });
  assert.equal((await identities(test.database)).length, 5);
  await install(test.database, { files });
  assert.deepEqual(await identities(test.database), ["rhythm.count_things()", "rhythm.things"]);
});

Deno.test("install() changes nothing when a user's view stands on what is to be dropped", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  await install(test.database, { files: await smallEngine() });
  await test.database.script("create view public.mine as select * from rhythm.things");
  const before = await catalog(test.database);
  await assert.rejects(install(test.database, { files: await newerEngine() }), /other objects depend on it/);
  assert.deepEqual(await catalog(test.database), before);
});

Deno.test("install() refuses a structure file that is not the one applied, and changes nothing", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  const files = await smallEngine();
  await install(test.database, { files, version: "0.1.0" });
  const before = await catalog(test.database);
  const edited = files.map((one) =>
    one.name === "structure/010_thing.sql" ? file(one.name, `${one.text} -- edited`) : one
  );
  const error = await refusal(install(test.database, { files: edited, version: "0.2.0" }));
  assert.equal(error.code, "STRUCTURE_CHANGED");
  assert.equal(
    error.message,
    "Cannot install Rhythm 0.2.0: the structure file structure/010_thing.sql is not the one that was applied by version 0.1.0. " +
      "Released structure never changes: restore the file and put the change into a new one",
  );
  assert.deepEqual(await catalog(test.database), before);
});

Deno.test("install() refuses a database that is newer than the library, and changes nothing", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  await install(test.database, { files: await newerEngine(), version: "0.10.0" });
  const before = await catalog(test.database);
  for (const files of [await smallEngine(), await newerEngine()]) {
    const error = await refusal(install(test.database, { files, version: "0.9.9" }));
    assert.equal(error.code, "DATABASE_NEWER");
    assert.match(
      error.message,
      /^Cannot install Rhythm 0\.9\.9: the database holds \S+\.sql of version 0\.10\.0\. Upgrade this library/,
    );
  }
  assert.deepEqual(await catalog(test.database), before);
});

async function newerEngine(): ReturnType<typeof smallEngine> {
  return [
    ...(await smallEngine()).slice(0, 2),
    file(
      "structure/020_colour.sql",
      "alter table rhythm.thing add column colour text not null default 'red';",
    ),
    file(
      "things/colours.sql",
      `create or replace function rhythm.colours(p_like text) returns setof text language sql stable set search_path = pg_catalog, pg_temp
      as $$ select t.colour from rhythm.thing as t where t.colour like p_like $$;
      create or replace view rhythm.coloured as select t.id, t.colour from rhythm.thing as t;`,
    ),
  ];
}

/** The functions and views that are there and those that are recorded are the same; these. */
async function identities(database: Database): Promise<string[]> {
  const there = await database.query<{ identity: string }>(
    `select p.oid::regprocedure::text as identity from pg_proc as p where p.pronamespace = 'rhythm'::regnamespace
    union all
    select c.oid::regclass::text from pg_class as c where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'v'`,
  );
  const recorded = await database.query<{ identity: string }>(
    "select o.identity from rhythm.installed_object as o",
  );
  const names = there.map((row) => row.identity).sort();
  assert.deepEqual(recorded.map((row) => row.identity).sort(), names);
  return names;
}

async function refusal(work: Promise<unknown>): Promise<InstallError> {
  const error = await work.then(() => undefined, (error) => error);
  assert.equal(error?.name, "InstallError", String(error));
  return error;
}
