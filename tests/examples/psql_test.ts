// examples/psql-only/demo.sql, in psql.
import assert from "node:assert/strict";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { root, runProgram } from "./support.ts";

async function psql(url: string, args: string[]): Promise<{ success: boolean; out: string; err: string }> {
  const { success, stdout, stderr } = await new Deno.Command("psql", {
    args: [url, "--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--set", "ON_ERROR_STOP=1", ...args],
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { success, out: text(stdout), err: text(stderr) };
}

async function hasPsql(): Promise<boolean> {
  try {
    return (await new Deno.Command("psql", { args: ["--version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "examples/psql-only: the engine and the demo are two scripts for psql",
  ignore: onEmbedded || !await hasPsql(),
  fn: async () => {
    await using db = await freshDatabase({ engine: "absent" });
    const script = await runProgram(`${root}src/cli/main.ts`, { args: ["migrate", "--sql"] });
    assert.equal(script.code, 0, script.err);
    const file = await Deno.makeTempFile({ suffix: ".sql" });
    try {
      await Deno.writeTextFile(file, script.out);
      const installed = await psql(db.url, ["-f", file]);
      assert.ok(installed.success, installed.err);
    } finally {
      await Deno.remove(file);
    }
    const { success, out, err } = await psql(db.url, ["-f", `${root}examples/psql-only/demo.sql`]);
    assert.ok(success, err);
    // On a slow machine the second attempt may have come already.
    assert.match(
      out,
      /(pending\|1|failed\|2)\|999999\|\|.*account_cents_check"\ncompleted\|1\|2500\|\{"moved": 2500\}\|\n/,
    );
    assert.match(out, /failed\|2\|999999\|.*account_cents_check"\ncompleted\|1\|2500\|\n/);
    assert.match(out, /ada\|7500\ngrace\|3000\n/);
    assert.match(out, /\n0\nt\n$/);
  },
});
