/**
 * The differential test, in parts that run side by side.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { differenceOn, explain } from "./check_program.ts";
import { programs } from "./programs.ts";
import { isLong } from "../support/long.ts";
import { testSeed } from "../support/seed.ts";

/** How many parts there are. */
const PARTS = 4;

const count = Math.ceil(Number(Deno.env.get("FUZZ_COUNT") ?? (isLong ? 4000 : 1000)) / PARTS);

/** Define the test of one part. `RHYTHM_TEST_SEED` repeats a run, `FUZZ_COUNT` makes it longer. */
export function checkSample(part: number): void {
  const name = `startFlow() computes what V8 computes, on ${count} random programs (part ${part})`;
  Deno.test(name, async () => {
    for (const program of fc.sample(programs, { numRuns: count, seed: testSeed + part })) {
      const found = await differenceOn(program);
      if (found) assert.fail(`RHYTHM_TEST_SEED=${testSeed}, part ${part}\n${await explain(program, found)}`);
    }
  });
}
