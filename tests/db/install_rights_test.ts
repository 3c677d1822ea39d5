import assert from "node:assert/strict";
import { connect } from "../../src/db/connect.ts";
import type { Database } from "../../src/db/database.ts";
import { install } from "../../src/db/install.ts";
import type { InstallError } from "../../src/db/install_errors.ts";
import { readSchema } from "../../scripts/gen.ts";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import { catalog } from "./support/catalog.ts";
import { smallEngine } from "./support/files.ts";

Deno.test({
  name: "install() by an owner who may not create roles says in a note what was left out",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    await using owner = await someRole(test);
    await test.sql.unsafe(`alter database "${test.name}" owner to "${owner.name}"`);
    const missing = await test.sql`select 1 from pg_roles where rolname = 'rhythm_viewer'`;
    const { applied, skipped } = await install(owner.database, { files: await readSchema() });
    assert.equal(applied.length, (await readSchema()).length);
    if (missing.length === 0 && skipped.length > 0) {
      assert.match(skipped[0]!, new RegExp(`"${owner.name}" may not create roles`));
    }
    assert.deepEqual((await install(owner.database, { files: await readSchema() })).skipped, skipped);
    const [row] = await test
      .sql`select nspowner::regrole::text as owner from pg_namespace where nspname = 'rhythm'`;
    assert.equal(row!.owner, owner.name);
  },
});

Deno.test({
  name: "install() without the right to create a schema says what to grant, and changes nothing",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    await using role = await someRole(test);
    const error = await refusal(install(role.database, { files: await smallEngine() }));
    assert.equal(error.code, "RIGHT_MISSING");
    const grant = `grant create on database "${test.name}" to "${role.name}"`;
    assert.equal(
      error.message,
      `Cannot install into schema "rhythm": role "${role.name}" may not create there. As the owner, run: ${grant}`,
    );
    assert.equal((await test.sql`select 1 from pg_namespace where nspname = 'rhythm'`).length, 0);
    await test.sql.unsafe(grant);
    assert.equal((await install(role.database, { files: await smallEngine() })).applied.length, 3);
  },
});

Deno.test({
  name: "install() into an empty schema of somebody else says what to grant",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    await using role = await someRole(test);
    await test.sql.unsafe("create schema theirs");
    const options = { files: await smallEngine(), schema: "theirs" };
    const error = await refusal(install(role.database, options));
    assert.equal(error.code, "RIGHT_MISSING");
    const grant = /run: (grant all on schema .*)$/.exec(error.message)?.[1];
    assert.equal(grant, `grant all on schema "theirs" to "${role.name}"`);
    await test.sql.unsafe(grant!);
    assert.equal((await install(role.database, options)).applied.length, 3);
  },
});

Deno.test({
  name: "install() over an installation of somebody else names the missing right, and changes nothing",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    await using role = await someRole(test);
    await install(test.database, { files: await smallEngine() });
    const before = await catalog(test.database);
    const hidden = await refusal(install(role.database, { files: await smallEngine() }));
    assert.equal(hidden.code, "RIGHT_MISSING");
    assert.match(hidden.message, /^Cannot read what is installed in schema "rhythm": permission denied/);
    await test.sql.unsafe(`grant usage, create on schema rhythm to "${role.name}"`);
    await test.sql.unsafe(`grant select on all tables in schema rhythm to "${role.name}"`);
    const files = (await smallEngine()).map((file) =>
      file.kind === "structure"
        ? file
        : { ...file, checksum: "another", text: file.text.replace("count(*)", "count(1)") }
    );
    const granted = await catalog(test.database);
    assert.notDeepEqual(granted, before);
    const error = await refusal(install(role.database, { files }));
    assert.equal(error.code, "RIGHT_MISSING");
    assert.match(
      error.message,
      /^Cannot install things\/things\.sql: must be owner of function count_things\. Install as/,
    );
    assert.deepEqual(await catalog(test.database), granted);
  },
});

interface SomeRole extends AsyncDisposable {
  name: string;
  database: Database;
}

/** A role without any right beyond PUBLIC's, connected to the database of the test. */
async function someRole(test: TestDatabase): Promise<SomeRole> {
  const name = `rhythm_test_role_${crypto.randomUUID().slice(0, 8)}`;
  await test.sql.unsafe(`create role "${name}" login password 'secret'`);
  const url = new URL(test.url);
  url.username = name;
  url.password = "secret";
  const database = connect({ url: url.href, maxConnections: 2 });
  return {
    name,
    database,
    async [Symbol.asyncDispose](): Promise<void> {
      await database.close();
      await test.sql.unsafe(`alter database "${test.name}" owner to current_user`);
      await test.sql.unsafe(
        `reassign owned by "${name}" to current_user; drop owned by "${name}"; drop role "${name}"`,
      );
    },
  };
}

async function refusal(work: Promise<unknown>): Promise<InstallError> {
  const error = await work.then(() => undefined, (error) => error);
  assert.equal(error?.name, "InstallError", String(error));
  return error;
}
