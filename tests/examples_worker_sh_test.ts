// The worker in shell and psql of examples/worker.sh, run for real.
import assert from "node:assert/strict";
import { freshDatabase, onEmbedded } from "./support/database.ts";

async function has(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

// Without psql there is nothing to run it with.
const ignore = onEmbedded || !await has("psql") || !await has("bash");

Deno.test({
  name: "examples/worker.sh: runs tasks, leaves when asked to",
  ignore,
  fn: async () => {
    await using db = await freshDatabase();
    const [row] = await db
      .sql`select rhythm.queue('shell.upper', '{"text": "it''s | \\"quoted\\""}') as id`;
    const [other] = await db.sql`select rhythm.queue('somebody.elses') as id`;
    await db.sql`select rhythm.register_flow('f', 'return 1', '{}')`;
    const [flow] = await db.sql`select rhythm.start('f', priority => 10) as id`;
    const worker = new Deno.Command("bash", {
      args: [new URL("../examples/worker.sh", import.meta.url).pathname],
      env: { DATABASE_URL: db.url },
    }).spawn();
    try {
      const [done] = await db.sql`select rhythm.wait_for(${row?.id}, '20s') as result`;
      assert.equal(done?.result.status, "completed");
      assert.deepEqual(done?.result.output, { text: `IT'S | "QUOTED"` });
    } finally {
      worker.kill("SIGTERM");
      assert.ok((await worker.status).success);
    }
    const [left] = await db.sql`select count(*)::integer as count from rhythm.worker`;
    assert.equal(left?.count, 0);
    const [given] = await db.sql`select rhythm.get(${flow?.id}) as result`;
    assert.equal(given?.result.status, "pending");
    const [untouched] = await db.sql`select rhythm.get(${other?.id}) as result`;
    assert.equal(untouched?.result.status, "pending");
  },
});

Deno.test("examples/worker.sh: is under sixty lines", async () => {
  const text = await Deno.readTextFile(new URL("../examples/worker.sh", import.meta.url));
  assert.ok(text.split("\n").length < 60);
});
