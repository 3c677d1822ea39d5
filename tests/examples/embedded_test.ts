// Every example with nothing configured, one after another on the same embedded database, as somebody tries them.
import assert from "node:assert/strict";
import { isLong } from "../support/long.ts";
import { root, runProgram, UNEXPECTED } from "./support.ts";

const last: Record<string, RegExp> = {
  "quickstart": /send_notification completed/,
  "approvals": /Alan: \{ by: "director", paid: 35/,
  "sub-workflows": /bill_customer failed/,
  "saga": /Booked in the end: flight of Ada, hotel of Ada, car of Ada/,
  "fan-out": /40 tasks .* sum: 22140/,
  "repair": /orders: 40 charged/,
  "cron-report": /triggered by hand: \{ sales: 35/,
  "outbox": /Orders in the table: 2/,
  "ai-agent": /steps: 3/,
  "steps": /orders: 12, total: 3024/,
  "psql-only": /"failed" +│ +2 │ "999999"/,
};

/** Those that differ most in what they use. `examples_test.ts` runs all of them, on a server. */
const sample = ["quickstart", "approvals", "steps", "psql-only"];

Deno.test("examples/: each runs with nothing configured, on the embedded database, and ends", async (t) => {
  const cwd = await Deno.makeTempDir({ prefix: "rhythm-examples-" });
  try {
    for (const [name, expected] of Object.entries(last)) {
      if (!isLong && !sample.includes(name)) continue;
      await t.step(name, async () => {
        const args = name === "fan-out" || name === "repair" ? ["40"] : [];
        const { code, out, err } = await runProgram(`${root}examples/${name}/main.ts`, { cwd, args });
        assert.equal(code, 0, err);
        assert.doesNotMatch(err, UNEXPECTED);
        assert.match(out, expected);
      });
    }
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
