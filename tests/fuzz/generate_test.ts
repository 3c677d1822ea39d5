import assert from "node:assert/strict";
import fc from "fast-check";
import { PRELUDE } from "./generate/program.ts";
import { programs } from "./programs.ts";
import { reduceSource } from "./reduce.ts";
import { runInV8 } from "./run/v8.ts";
import type { Outcome } from "./run/world.ts";

const sample = fc.sample(programs, { numRuns: 400, seed: 20240506 });

Deno.test("generateProgram() gives programs that run deep, end, and mostly do not fail", async () => {
  const outcomes: Outcome[] = [];
  for (const program of sample) outcomes.push(await runInV8(program.source, program));
  const lengths = outcomes.map((one) => one.lines.length).sort((a, b) => a - b);
  assert(lengths[40]! >= 4, `a tenth of the programs log less than ${lengths[40]} lines`);
  assert(lengths[200]! >= 12, `half of the programs log less than ${lengths[200]} lines`);
  assert(outcomes.filter((one) => one.end.startsWith("completed")).length >= 300);
  assert(outcomes.every((one) => one.end !== "endless"));
});

Deno.test("generateProgram() gives programs that do the same each time in V8", async () => {
  for (const program of sample.slice(0, 100)) {
    assert.deepEqual(await runInV8(program.source, program), await runInV8(program.source, program));
  }
});

Deno.test("reduceSource() keeps what matters and drops the rest", async () => {
  const found = sample.find((one) => one.source.length > 6000 && one.source.includes("Promise.all("))!;
  const reduced = await reduceSource(found.source, (source) => {
    return Promise.resolve(source.slice(PRELUDE.length).includes("Promise.all("));
  });
  assert(reduced.startsWith(PRELUDE));
  assert(reduced.length - PRELUDE.length < 60, reduced.slice(PRELUDE.length));
});
