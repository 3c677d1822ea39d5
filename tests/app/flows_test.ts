import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { Rhythm } from "../../mod.ts";
import { freshDatabase } from "../support/database.ts";

Deno.test("register() says what of a flow's text Postgres does not store, and stores nothing", async () => {
  await using test = await freshDatabase();
  await using rhythm = await Rhythm.init({
    databaseUrl: test.url,
    autoMigrate: false,
    log: { level: "silent" },
  });
  for (const source of ['return "\\u0000"', 'return "\\ud800"', "// \0\nreturn 1", "// \ud800\nreturn 1"]) {
    await rejects(rhythm.flows.register({ name: "odd", source }), {
      code: "FLOW_NOT_STORABLE",
      message: /^Cannot register "odd": its text has the character U\+0000/,
    });
  }
  equal(await rhythm.flows.list(), []);
  await rhythm.flows.register({ name: "odd", source: 'return "\\\\u0000" + String.fromCharCode(0).length' });
});
