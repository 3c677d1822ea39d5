import assert from "node:assert/strict";
import fc from "fast-check";
import { programs } from "./programs.ts";
import { compileSource, runProgram } from "./run/flow.ts";

const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 0x7fffffff);

Deno.test(`resumeFlow() cancels alike in one go and from JSON at every job (FUZZ_SEED=${seed})`, () => {
  let cancelled = 0;
  for (const program of fc.sample(programs, { numRuns: 200, seed })) {
    const compiled = compileSource(program.source);
    if ("end" in compiled) continue;
    const cancelAt = program.order % 2;
    const straight = runProgram(compiled, program, { cancelAt });
    const stopped = runProgram(compiled, program, { cancelAt, pause: () => true });
    assert.deepEqual(stopped, straight, `FUZZ_SEED=${seed}\n${program.source}`);
    if (straight.end === "cancelled") cancelled++;
  }
  assert(cancelled > 10, `only ${cancelled} of the programs were cancelled`);
});
