/** Run by tests of the test runner alone: takes a database, says so, and never ends. */
import { freshDatabase } from "../../support/database.ts";

Deno.test("takes a database and waits to be killed", async () => {
  await using test = await freshDatabase({ engine: "absent" });
  console.log(`READY ${test.url} ${Deno.pid}`);
  await test.database.query("select pg_sleep(600)");
});
