// Runs demo.sql and shows what it gives, for those who have no psql at hand. There is no worker in this process.
import { PGlite } from "@electric-sql/pglite";
import { installSql, Rhythm } from "@rhythm/core";
import postgres from "postgres";

type Rows = Record<string, unknown>[];

interface Session {
  run(statement: string): Promise<Rows>;
  close(): Promise<unknown>;
}

/** A session on RHYTHM_DATABASE_URL, or in a Postgres in memory; the engine is installed in either. */
async function openSession(): Promise<Session> {
  const url = Deno.env.get("RHYTHM_DATABASE_URL");
  if (!url?.startsWith("postgres")) {
    const database = await PGlite.create();
    await database.exec(installSql());
    return { run: async (text) => (await database.query(text)).rows as Rows, close: () => database.close() };
  }
  await (await Rhythm.init({ databaseUrl: url, log: { level: "error" } })).close();
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  return { run: (text) => sql.unsafe(text), close: () => sql.end() };
}

/** The statements of a script; what stands between `$$` is left alone. */
function statements(script: string): string[] {
  const code = script.replace(/^--.*$/gm, "");
  return (code.match(/(?:\$\$[\s\S]*?\$\$|[^;$])+;/g) ?? []).map((statement) => statement.trim());
}

const session = await openSession();
for (const statement of statements(await Deno.readTextFile(new URL("./demo.sql", import.meta.url)))) {
  const rows = await session.run(statement);
  console.log(`=> ${statement.split("\n")[0]}`);
  if (rows.length > 0) console.table(rows.map((row) => ({ ...row })));
}
await session.close();
