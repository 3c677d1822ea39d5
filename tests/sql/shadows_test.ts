// Whoever may call a function of the engine may also make types, tables, functions and operators of his own, under any
// name. None of them may be found by code that runs with the owner's rights.
import assert from "node:assert/strict";
import postgres from "postgres";
import { freshDatabase, onEmbedded, type TestDatabase } from "../support/database.ts";
import { cases } from "./arguments/cases.ts";

const roles = ["rhythm_viewer", "rhythm_client", "rhythm_worker", "rhythm_operator", "rhythm_deployer"];
const fixture = Deno.readTextFileSync(new URL("arguments/fixture.sql", import.meta.url));
const shadows = Deno.readTextFileSync(new URL("shadows/shadows.sql", import.meta.url));
const manual = Deno.readTextFileSync(new URL("../../docs/reference/sql.md", import.meta.url));
const examples = [...manual.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, sql]) => sql!);

for (const role of roles) {
  Deno.test({
    name: `shadows: code that ${role} may call finds none of the names that ${role} makes`,
    ignore: onEmbedded,
    fn: async () => {
      await using test = await freshDatabase();
      await test.database.script(fixture);
      const calls = await granted(test, role);
      const { sql, seen } = await shadowed(test, role);
      try {
        for (const call of calls) await attempt(sql, [call]);
        await attempt(sql, examples);
        assert.deepEqual([...seen], []);
        assert.ok(calls.length > 15);
      } finally {
        await sql.end();
      }
    },
  });
}

Deno.test({
  name: "shadows: tick_loop(), which cannot pin its search_path, finds none of them",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const { sql, seen } = await shadowed(test, undefined);
    try {
      await sql.unsafe("call rhythm.tick_loop('0.01 seconds')");
      assert.deepEqual([...seen], []);
    } finally {
      await sql.end();
    }
  },
});

Deno.test({
  name: "shadows: a function without a pinned search_path does find them",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    await test.sql.unsafe(`
      create function public.careless(p_n integer) returns boolean language plpgsql security definer
      as $$ declare v_text text := 'a'; begin return lower(v_text) = 'a' and exists (select from pg_class); end $$`);
    const { sql, seen } = await shadowed(test, "rhythm_viewer");
    try {
      await attempt(sql, ["select public.careless(1)"]);
      for (const name of ["type text", "function lower", "operator =", "relation pg_class"]) {
        assert.ok(seen.has(name), name);
      }
    } finally {
      await sql.end();
    }
  },
});

/** Calls of what a role may call: with nulls, with what must be given alone, and with what the tests of arguments give. */
async function granted(test: TestDatabase, role: string): Promise<string[]> {
  const rows = await test.sql<{ name: string; nulls: string; least: string }[]>`
    select p.proname as name, format('select * from %s(%s)', p.oid::regproc, a.nulls) as nulls,
      format('select * from %s(%s)', p.oid::regproc, a.least) as least
    from pg_proc as p
    cross join lateral (
      select string_agg(format('null::%s', t.type::regtype), ', ' order by t.nth) as nulls,
        string_agg(format('null::%s', t.type::regtype), ', ' order by t.nth)
          filter (where t.nth <= p.pronargs - p.pronargdefaults) as least
      from unnest(p.proargtypes::oid[]) with ordinality as t(type, nth)
    ) as a
    where p.pronamespace = 'rhythm'::regnamespace and has_function_privilege(${role}, p.oid, 'execute') and p.prokind = 'f'`;
  const views = await test.sql<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class as c where c.relnamespace = 'rhythm'::regnamespace and c.relkind = 'v'`;
  return [
    ...rows.filter(({ name }) => name !== "wait_for").flatMap(({ nulls, least }) => [nulls, least]),
    ...rows.flatMap(({ name }) =>
      Object.values(cases[name] ?? {}).flatMap((of) =>
        typeof of === "string" ? [] : of.map(([call]) => `select rhythm.${call}`)
      )
    ),
    ...views.map(({ name }) => `select * from ${name}`),
  ];
}

/** A session in which a role has made every name that the engine uses, before all others; and which of them the owner ran into. */
async function shadowed(
  test: TestDatabase,
  role: string | undefined,
): Promise<{ sql: postgres.Sql; seen: Set<string> }> {
  const seen = new Set<string>();
  const sql = postgres(test.url, {
    max: 1,
    onnotice: ({ message }) => {
      const name = /^found by the owner: (.*)$/.exec(message ?? "")?.[1];
      if (name !== undefined) seen.add(name);
    },
  });
  await sql.unsafe(`set search_path = pg_catalog, pg_temp; ${shadows}`);
  await sql.unsafe("select public.cast_shadows('mine')");
  if (role !== undefined) {
    await sql.unsafe(`set role ${role}; select public.cast_shadows('pg_temp')`);
    await sql.unsafe("set search_path = pg_temp, mine, pg_catalog");
  } else {
    await sql.unsafe("set search_path = mine, pg_catalog");
  }
  return { sql, seen };
}

/** Runs statements in a transaction that is rolled back; those that fail are as good as those that do not. */
async function attempt(sql: postgres.Sql, statements: readonly string[]): Promise<void> {
  await sql.begin(async (tx) => {
    for (const statement of statements) {
      await tx.unsafe(`savepoint before`);
      await tx.unsafe(statement).catch(() => tx.unsafe("rollback to savepoint before"));
    }
    throw new Error("rolled back");
  }).catch(() => {});
}
