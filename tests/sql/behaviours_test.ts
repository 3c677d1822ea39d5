// One behaviour a file, in SQL's own terms: each runs in a transaction that is rolled back. The first line is its name.

import { freshDatabase } from "../support/database.ts";

const folders = ["cron", "schedules", "sqltasks", "views"];

const rolledBack = new Error("rolled back");

for (const folder of folders) {
  const directory = new URL(`./${folder}/`, import.meta.url);
  for (const { name } of [...Deno.readDirSync(directory)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (!name.endsWith(".sql")) continue;
    const script = Deno.readTextFileSync(new URL(name, directory));
    Deno.test(script.slice(3, script.indexOf("\n")), async () => {
      await using test = await freshDatabase();
      await test.database.transaction(async (tx) => {
        await tx.script(script);
        throw rolledBack;
      }).catch((error) => {
        if (error !== rolledBack) throw error;
      });
    });
  }
}
