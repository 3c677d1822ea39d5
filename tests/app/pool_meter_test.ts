import { deepStrictEqual as equal } from "node:assert/strict";
import { MeteredDatabase } from "../../src/app/pool_meter.ts";
import type { Database } from "../../src/db/database.ts";

Deno.test("MeteredDatabase tells who has a connection and who waits for one, also after failures", async () => {
  const { promise, resolve, reject } = Promise.withResolvers<never[]>();
  const database = new MeteredDatabase({ query: () => promise } as unknown as Database, 2);
  const asked = [1, 2, 3].map(() => database.query("select 1").catch(() => {}));
  equal(database.use("client"), { pool: "client", size: 2, inUse: 2, waiting: 1 });
  reject(new Error("gone"));
  await Promise.all(asked);
  equal(database.use("client"), { pool: "client", size: 2, inUse: 0, waiting: 0 });
  resolve([]);
});
