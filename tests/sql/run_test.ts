// One behaviour a file, in SQL's own terms: each tests/sql/<area>/*.sql runs in a transaction that is rolled back, with the
// functions of helpers.sql. Its first line is its name. The engine must be sound after each, unless it says that it leaves damage.
import assert from "node:assert/strict";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

const here = new URL("./", import.meta.url);
const helpers = Deno.readTextFileSync(new URL("helpers.sql", here));
const rolledBack = new Error("rolled back");
let shared: Promise<TestDatabase> | undefined;

/** What statistics said of tables whose rows were rolled back would make plans, and their time, a matter of chance. */
const quiet = `
do $$
declare
  v_table regclass;
begin
  for v_table in select c.oid from pg_class as c where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'r' loop
    execute format('alter table %s set (autovacuum_enabled = off)', v_table);
  end loop;
end;
$$`;

async function prepared(): Promise<TestDatabase> {
  const test = await freshDatabase();
  await test.database.script(helpers);
  await test.database.script(quiet);
  return test;
}

const files = [...Deno.readDirSync(here)]
  .filter((area) => area.isDirectory && area.name !== "arguments")
  .flatMap((area) =>
    [...Deno.readDirSync(new URL(`${area.name}/`, here))].map((file) => `${area.name}/${file.name}`)
  )
  .filter((name) => name.endsWith(".sql"))
  .sort();

for (const name of files) {
  const script = Deno.readTextFileSync(new URL(name, here));
  Deno.test({
    name: `${name}: ${script.slice(3, script.indexOf("\n"))}`,
    // What is rolled back leaves nothing: one database, and its connections, serve all of them.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const { database } = await (shared ??= prepared());
      await database.transaction(async (tx) => {
        await tx.script(script);
        const violations = await tx.query<{ violation: string }>("select violation from rhythm.check()");
        if (!script.includes("leaves damage")) assert.deepEqual(violations.map((row) => row.violation), []);
        throw rolledBack;
      }).catch((error) => {
        if (error !== rolledBack) throw error;
      });
    },
  });
}

Deno.test.afterAll(async () => {
  await (await shared)?.[Symbol.asyncDispose]();
});
