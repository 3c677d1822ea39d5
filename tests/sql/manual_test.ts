// docs/reference/sql.md: what stands there runs, and nothing that may be called is missing; so do the comments in the catalog.
import assert from "node:assert/strict";
import { catalogPage } from "../../scripts/catalog.ts";
import { freshDatabase } from "../support/database.ts";

const page = await Deno.readTextFile(new URL("../../docs/reference/sql.md", import.meta.url));
const examples = [...page.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, sql]) => sql!);
const owners = [
  "purge",
  "configure",
  "create_token",
  "revoke_token",
  "rotate_signal_key",
  "list_tokens",
  "install_cron",
  "uninstall_cron",
  "uninstall",
  "surface",
];
/** In the documentation of code-first workflows, and of clients that run what they start. */
const elsewhere = /steps|claim_execution|register_workflow/;

Deno.test("docs/reference/sql.md: every example runs, in order", async () => {
  await using test = await freshDatabase();
  await test.database.transaction(async (tx) => {
    for (const example of examples) {
      await tx.script(example).catch((error) => assert.fail(`${example}: ${error.message}`));
    }
  });
  assert.ok(examples.length > 12);
});

Deno.test("docs/reference/sql.md: names every function that may be called with its arguments, every view and every SQLSTATE", async () => {
  await using test = await freshDatabase();
  const functions = await test.database.query<{ name: string }>(
    `select s.name from rhythm.surface() as s(name)
    union all select unnest(string_to_array('${owners}', ','))`,
  );
  for (const { name } of functions) {
    if (!elsewhere.test(name)) assert.match(page, new RegExp(`(\\b|rhythm\\.)${name}\\b`), name);
  }
  const headed = [...page.matchAll(/`(\w+)\(([\w, …]*)\)`/g)];
  const known = await test.database.query<{ name: string; args: string }>(
    `select p.proname as name, array_to_string(p.proargnames[1:p.pronargs], ',') as args
    from pg_proc as p where p.pronamespace = 'rhythm'::regnamespace`,
  );
  for (const [, name, given] of headed) {
    const args = known.find((row) => row.name === name)?.args;
    assert.notEqual(args, undefined, `${name}() is documented and is not there`);
    for (const arg of given!.split(", ").filter((arg) => arg !== "" && !arg.startsWith("…"))) {
      assert.ok(args!.split(",").includes(arg), `${name}() has no argument ${arg}: it has ${args}`);
    }
  }
  const views = await test.database.query<{ name: string }>(
    "select c.relname as name from pg_class as c where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'v'",
  );
  for (const { name } of views) {
    assert.ok(page.includes(`\`${name}\``) || elsewhere.test(name), `view ${name}`);
  }
  const { engineCodes } = await import("../../src/db/engine_errors.ts");
  for (const code of engineCodes) assert.match(page, new RegExp(`^\\| \`${code}\``, "m"), code);
});

Deno.test("docs/reference/catalog.md: says what the catalog of any Postgres says", async () => {
  await using test = await freshDatabase();
  const shown = await Deno.readTextFile(new URL("../../docs/reference/catalog.md", import.meta.url));
  assert.equal(shown, await catalogPage(test.database));
});

Deno.test("\\df+ reads as a manual: a comment on all that may be called says more than its name", async () => {
  await using test = await freshDatabase();
  const rows = await test.database.query<{ name: string; comment: string | null }>(
    `select p.proname as name, obj_description(p.oid, 'pg_proc') as comment from pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace and p.proname in (select rhythm.surface())`,
  );
  assert.ok(rows.length > 35);
  for (const { name, comment } of rows) {
    assert.ok((comment ?? "").length >= 40 && !/Internal\./.test(comment!), `${name}(): ${comment}`);
  }
});
