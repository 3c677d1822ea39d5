import assert from "node:assert/strict";
import { SeededDice } from "./dice.ts";
import { compareCases } from "./compare.ts";
import { randomCase } from "./generate.ts";
import { testSeed } from "../../../support/seed.ts";

const BATCH = 100;

Deno.test("RegExp: every method as in V8, patterns and texts at random", () => {
  const count = Number(Deno.env.get("REGEXP_CASES") ?? 2_000);
  const dice = new SeededDice(testSeed);
  let compared = 0;
  for (let done = 0; done < count; done += BATCH) {
    const cases = Array.from({ length: Math.min(BATCH, count - done) }, () => randomCase(dice));
    const { differences, refused } = compareCases(cases);
    compared += cases.length - refused;
    assert.deepEqual(differences, [], `RHYTHM_TEST_SEED=${testSeed}`);
  }
  // Only look-behind, back-references and what is too large may be refused.
  assert(compared > count * 0.9, `${compared} of ${count} compared, RHYTHM_TEST_SEED=${testSeed}`);
});
