// Rule: no plan of the empty database survives into the full one. `deno task plans` does it with a million rows.
import assert from "node:assert/strict";
import { freshDatabase, onEmbedded } from "../support/database.ts";
import { CALLS, NOT_CALLED } from "./calls.ts";
import { comparePlans, plansTable, problems } from "./plans.ts";

/** Calls that break the rule today. Whoever mends one takes it out. */
const KNOWN: readonly string[] = [];

Deno.test("every function of the surface has a call whose plans are compared", async () => {
  await using test = await freshDatabase();
  const rows = await test.database.query<{ name: string }>(
    "select distinct s.name from unnest(array['rhythm_viewer', 'rhythm_client', 'rhythm_worker', 'rhythm_operator', 'rhythm_deployer']) as r (role) " +
      "cross join lateral rhythm.surface(r.role) as s (name)",
  );
  const called = new Set(Object.keys(CALLS).map((name) => name.split(",")[0]!));
  assert.deepEqual(
    rows.map(({ name }) => name).filter((name) => !called.has(name) && !NOT_CALLED.includes(name)),
    [],
  );
});

Deno.test({
  name:
    "plans made on empty tables serve full ones, also after a dump and a restore, and read no large table whole",
  ignore: onEmbedded,
  fn: async () => {
    await using test = await freshDatabase();
    const rows = await comparePlans(test, 40_000);
    console.log(plansTable(rows));
    const mended = KNOWN.filter((name) => !rows.some((row) => row.name === name && problems(row).length > 0));
    if (mended.length > 0) console.log(`No longer broken, or not here: ${mended.join(", ")}`);
    const broken = rows.filter((row) => problems(row).length > 0).map(({ name }) => name);
    assert.deepEqual(broken.filter((name) => !KNOWN.includes(name)), []);
  },
});
