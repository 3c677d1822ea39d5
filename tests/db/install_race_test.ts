import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { connect } from "../../src/db/connect.ts";
import { install } from "../../src/db/install.ts";
import { installScript } from "../../src/db/install_sql.ts";
import { readSchema } from "../../scripts/gen.ts";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { catalog } from "./support/catalog.ts";
import { smallEngine } from "./support/files.ts";

Deno.test({
  name: "install() by ten processes at once installs once",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const script = fileURLToPath(new URL("./support/install_once.ts", import.meta.url));
    // All are up and connected by then; those that are late find it installed.
    const startAt = Date.now() + 4000;
    const runs = await Promise.all(Array.from({ length: 10 }, async () => {
      const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", script, test.url, String(startAt)],
        stdout: "piped",
        stderr: "piped",
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      return JSON.parse(new TextDecoder().decode(stdout)) as string[];
    }));
    const files = (await readSchema()).map((file) => file.name);
    assert.deepEqual(runs.filter((applied) => applied.length > 0), [files]);
    assert.deepEqual((await install(test.database, { files: await readSchema() })).applied, []);
  },
});

Deno.test({
  name: "install() on ten connections at once installs once, while others wait for the lock",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase({ engine: "absent" });
    const files = await smallEngine();
    const gate = await test.sql.reserve();
    await gate`select pg_advisory_lock(hashtextextended('rhythm installation ' || 'rhythm', 0))`;
    const databases = Array.from({ length: 10 }, () => connect({ url: test.url, maxConnections: 1 }));
    const running = databases.map((database) => install(database, { files }));
    for (let waiting = 0; waiting < 10;) {
      const [row] = await test.sql`select count(*)::int as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'advisory'`;
      waiting = row!.n;
    }
    await gate`select pg_advisory_unlock_all()`;
    gate.release();
    const applied = (await Promise.all(running)).map((installation) => installation.applied.length);
    assert.deepEqual(applied.sort(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
    await Promise.all(databases.map((database) => database.close()));
  },
});

Deno.test({
  name: "installSql() run by psql makes what install() makes",
  ignore: onEmbedded || !await hasPsql(),
  fn: async () => {
    const files = await readSchema();
    await using one = await freshDatabase({ engine: "absent" });
    await using two = await freshDatabase({ engine: "absent" });
    await install(one.database, { files, schema: "My Schema-2" });
    const path = await Deno.makeTempFile({ suffix: ".sql" });
    try {
      await Deno.writeTextFile(path, installScript(files, "My Schema-2"));
      const { success, stderr } = await new Deno.Command("psql", {
        args: ["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", path, two.url],
        stdout: "null",
        stderr: "piped",
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    } finally {
      await Deno.remove(path);
    }
    assert.deepEqual(await catalog(two.database, "My Schema-2"), await catalog(one.database, "My Schema-2"));
  },
});

async function hasPsql(): Promise<boolean> {
  const command = new Deno.Command("psql", { args: ["--version"], stdout: "null", stderr: "null" });
  return await command.output().then(({ success }) => success, () => false);
}
