/**
 * Compares plans that were made on empty tables with those of a fresh session, with a million rows.
 *
 *     deno task plans              a million executions
 *     deno task plans 100000       so many
 *
 * It uses the server of RHYTHM_TEST_DATABASE_URL, or starts one.
 *
 * @module
 */
import { freshDatabase } from "../support/database.ts";
import { comparePlans, plansTable, problems } from "./plans.ts";

const executions = Number(Deno.args[0] ?? 1_000_000);
if (!(executions > 0)) {
  console.error(`Cannot make ${Deno.args[0]} executions: expected a number above zero`);
  Deno.exit(2);
}
const test = await freshDatabase({ leaves: "damage" });
let rows;
try {
  rows = await comparePlans(test, executions);
} finally {
  await test[Symbol.asyncDispose]();
}
console.log(plansTable(rows));
const broken = rows.filter((row) => problems(row).length > 0);
console.log(`${rows.length - broken.length} of ${rows.length} calls keep the rule`);
Deno.exit(broken.length === 0 ? 0 : 1);
