// The SQL console: what it runs, as whom, and what it refuses.
import { deepStrictEqual as equal, match, strictEqual as same } from "node:assert/strict";
import { onEmbedded, testApp } from "./support.ts";

const VARIABLE = "RHYTHM_VIEWER_DATABASE_URL";

Deno.test("the SQL console runs one query as a login that can only read, and refuses everything else", async () => {
  await using app = await testApp();
  const { rhythm, database } = app;
  const ask = async (
    query: string,
  ): Promise<[number, Record<string, unknown> & { error?: { code: string; message: string } }]> => {
    const response = await rhythm.fetch(
      new Request("http://host/api/sql", {
        method: "POST",
        headers: { authorization: `Bearer ${rhythm.token}` },
        body: JSON.stringify({ query }),
      }),
    );
    return [response.status, await response.json()];
  };
  const role = `console_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
  try {
    if (!onEmbedded) {
      const [status, { error }] = await ask("select 1");
      equal([status, error!.code], [409, "NO_VIEWER_LOGIN"]);
      match(error!.message, /set RHYTHM_VIEWER_DATABASE_URL/);
      await database.database.script(
        `create role ${role} login password 'p'; grant rhythm_viewer to ${role}`,
      );
      const url = new URL(database.direct);
      url.username = role;
      url.password = "p";
      Deno.env.set(VARIABLE, url.href);
    }
    const [status, answer] = await ask("select 1 as a, null as b, 'x' as a;\n");
    equal([status, answer.columns, answer.rows, answer.hasMore], [
      200,
      ["a", "b", "a"],
      [["1", null, "x"]],
      false,
    ]);
    equal((await ask("table rhythm.executions -- all"))[1].rows, []);
    const many = (await ask("select n, repeat('x', 5000) as long from generate_series(1, 5000) as n"))[1];
    const rows = many.rows as string[][];
    equal([rows.length, rows[0]![1]!.length, many.hasMore], [1_000, 2_000, true]);

    const refused = [
      "",
      "select 1; select 2",
      "select 1) as q; drop schema rhythm cascade; --",
      "delete from rhythm.execution",
      "select rhythm.queue('t')",
      "with x as (delete from rhythm.setting returning *) select * from x",
      "set role none",
      "commit",
      "begin",
      "copy (select 1) to stdout",
      "select set_config('transaction_read_only', 'off', true)",
      "select * from rhythm.executions for update",
    ];
    if (!onEmbedded) {
      refused.push(
        "table rhythm.execution",
        "select hash from rhythm.token",
        "select * from rhythm.audit()",
        `select set_config('role', (select n.nspowner::regrole::text from pg_namespace as n where n.nspname = 'rhythm'), true)`,
        "select pg_read_file('/etc/passwd')",
      );
    }
    for (const query of refused) same((await ask(query))[0], 400, query);
    equal((await rhythm.executions.query()).executions, []);
    if (onEmbedded) return;
    same((await ask("select current_setting('statement_timeout')"))[1].rows!.toString(), "10s");
    // Each has a session of its own.
    same((await ask("select pg_advisory_lock(4711), set_config('application_name', 'left', false)"))[0], 200);
    equal(
      (await ask("select count(*) from pg_locks where locktype = 'advisory' and objid = 4711"))[1].rows,
      [["0"]],
    );
    equal((await ask("select current_setting('application_name'), session_user"))[1].rows, [[
      "rhythm console",
      role,
    ]]);
    await database.database.script(`alter role ${role} createrole`);
    match((await ask("select 1"))[1].error!.message, /may do more than read/);
  } finally {
    Deno.env.delete(VARIABLE);
    if (!onEmbedded) {
      await database.database.script(`drop owned by ${role}; drop role ${role}`).catch(() => {});
    }
  }
});
