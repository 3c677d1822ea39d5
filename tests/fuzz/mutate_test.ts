import assert from "node:assert/strict";
import fc from "fast-check";
import { Mutations, samples } from "./mutate.ts";
import { runInFlow } from "./run/flow.ts";
import { isLong } from "../support/long.ts";
import { testSeed } from "../support/seed.ts";

const COUNT = isLong ? 20_000 : 300;
const WORLD = { order: 1 };

Deno.test(`damaged programs and snapshots are refused or run to an end (${COUNT} of them)`, () => {
  const honest =
    "const o = { n: Math.max(1, 2) }; o.f = () => o.n; return [o.f.name, o.f(), JSON.stringify(o)]";
  const before = runInFlow(honest, WORLD);
  const ends = fc.sample(new Mutations(samples(2, testSeed)), { numRuns: COUNT, seed: testSeed });
  for (const end of ["refused", "ran"]) assert(ends.filter((one) => one === end).length > COUNT / 20, end);
  // No flow reaches another through what all of them share.
  assert.deepEqual(runInFlow(honest, WORLD), before);
});
