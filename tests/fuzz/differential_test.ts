import assert from "node:assert/strict";
import fc from "fast-check";
import { differenceOn, explain } from "./check_program.ts";
import { programs } from "./programs.ts";

const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 0x7fffffff);
const count = Number(Deno.env.get("FUZZ_COUNT") ?? 2000);

Deno.test(`startFlow() computes what V8 computes, on ${count} random programs (FUZZ_SEED=${seed})`, async () => {
  for (const program of fc.sample(programs, { numRuns: count, seed })) {
    const found = await differenceOn(program);
    if (found) assert.fail(`FUZZ_SEED=${seed}\n${await explain(program, found)}`);
  }
});
