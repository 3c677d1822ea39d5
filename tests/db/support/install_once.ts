/** One process of a race: installs at the moment it is told, and prints what it applied. */
import { connect } from "../../../src/db/connect.ts";
import { install } from "../../../src/db/install.ts";
import { readSchema } from "../../../scripts/gen.ts";

const [url, startAt] = Deno.args;
const database = connect({ url: url!, maxConnections: 1 });
try {
  const files = await readSchema();
  await database.query("select 1");
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, Number(startAt) - Date.now())));
  const { applied } = await install(database, { files });
  console.log(JSON.stringify(applied));
} finally {
  await database.close();
}
