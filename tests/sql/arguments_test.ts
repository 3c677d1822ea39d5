// Every argument of every function: what is wrong with it is said, with code and sentence, and nothing has changed.
import assert from "node:assert/strict";
import type { Database } from "../../src/db/database.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { type Case, cases } from "./arguments/cases.ts";

// In the words of the SQL tests.
const fixture = ["helpers.sql", "arguments/fixture.sql"]
  .map((file) => Deno.readTextFileSync(new URL(file, import.meta.url))).join("\n");

/** What only the owner calls, and what takes no argument that could be wrong. */
const ownersOwn = ["purge", "configure", "create_token", "revoke_token", "rotate_signal_key"];
/** One number for all that the engine's tables hold. */
async function digest(database: Database): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class as c
    where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'r' order by 1`,
  );
  const parts = tables.map(({ name }) =>
    `select '${name}' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') as part from ${name} as t`
  );
  const [row] = await database.query<{ digest: string }>(
    `select md5(string_agg(p.part, ',' order by p.part)) as digest from (${parts.join(" union all ")}) as p`,
  );
  return row!.digest;
}

/** The code and sentence of a refusal, or what was answered. */
async function told(database: Database, call: string): Promise<[string, string]> {
  try {
    const rows = await database.query<{ answer: string | null }>(`select rhythm.${call}::text as answer`);
    return ["", rows.length === 0 ? "nothing" : String(rows[0]!.answer)];
  } catch (error) {
    const { code, cause } = error as { code: string; cause?: { message?: string } };
    return [code, cause?.message ?? (error as Error).message];
  }
}

/** A call with the next number counts, also when it gets nothing. */
const counting = ["exchange", "claim_execution"];
/** The others change nothing: one database serves them all. */
let shared: Promise<TestDatabase> | undefined;

async function prepared(): Promise<TestDatabase> {
  const test = await freshDatabase();
  await test.database.script(fixture);
  return test;
}

Deno.test.afterAll(async () => {
  await (await shared)?.[Symbol.asyncDispose]();
});

for (const [name, args] of Object.entries(cases)) {
  Deno.test(`${name}(): refuses each bad argument with code and sentence, and changes nothing`, async () => {
    await using own = new AsyncDisposableStack();
    const test = await (counting.includes(name) ? own.use(await prepared()) : shared ??= prepared());
    const before = await digest(test.database);
    const all = Object.values(args).flatMap((of) => typeof of === "string" ? [] : of) as Case[];
    const wrong: unknown[] = [];
    for (const [call, code, says] of all) {
      const answer = await told(test.database, call);
      if (answer[0] !== code || answer[1] !== says) {
        wrong.push({ call: call.slice(0, 200), expected: [code, says], got: answer });
      }
    }
    assert.deepEqual(wrong, []);
    assert.equal(await digest(test.database), before);
  });
}

Deno.test("the cases name every function that may be called, and every argument of it", async () => {
  await using test = await freshDatabase();
  const rows = await test.database.query<{ name: string; args: string[] | null }>(
    `select p.proname as name, to_json(p.proargnames[1:p.pronargs]) as args from pg_proc as p
    where p.pronamespace = 'rhythm'::regnamespace
      and (p.proname in (select rhythm.surface()) or p.proname = any (string_to_array('${ownersOwn}', ',')))`,
  );
  const expected = rows.map(({ name, args }) => `${name}(${[...args ?? []].sort()})`).sort();
  const given = Object.entries(cases).map(([name, args]) => `${name}(${Object.keys(args).sort()})`).sort();
  assert.deepEqual(given, expected);
});

Deno.test("every SQLSTATE that sql/ raises is provoked by a test in tests/sql or tests/races", async () => {
  const here = new URL("./", import.meta.url);
  const provoked = new Set<string>();
  const read = async (directory: URL): Promise<void> => {
    for await (const entry of Deno.readDir(directory)) {
      if (entry.isDirectory) await read(new URL(`${entry.name}/`, directory));
      else {for (
          const [code] of (await Deno.readTextFile(new URL(entry.name, directory))).matchAll(/RH\d{3}/g)
        ) provoked.add(code);}
    }
  };
  await read(here);
  await read(new URL("../races/", here));
  const { engineCodes } = await import("../../src/db/engine_errors.ts");
  for (const code of engineCodes) assert.ok(provoked.has(code), code);
});
