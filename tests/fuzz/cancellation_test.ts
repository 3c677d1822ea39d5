import assert from "node:assert/strict";
import fc from "fast-check";
import { programs } from "./programs.ts";
import { compileSource, runProgram } from "./run/flow.ts";
import { testSeed } from "../support/seed.ts";

Deno.test("resumeFlow() cancels alike in one go and from JSON at every job", () => {
  let cancelled = 0;
  for (const program of fc.sample(programs, { numRuns: 200, seed: testSeed })) {
    const compiled = compileSource(program.source);
    if ("end" in compiled) continue;
    const cancelAt = program.order % 2;
    const straight = runProgram(compiled, program, { cancelAt });
    const stopped = runProgram(compiled, program, { cancelAt, pause: () => true });
    assert.deepEqual(stopped, straight, `RHYTHM_TEST_SEED=${testSeed}\n${program.source}`);
    if (straight.end === "cancelled") cancelled++;
  }
  assert(cancelled > 10, `only ${cancelled} of the programs were cancelled`);
});
