import assert from "node:assert/strict";
import fc from "fast-check";
import { type Duration, DurationError, durationMs } from "../../src/shared/duration.ts";
import { testSeed } from "../support/seed.ts";

const good: [Duration, number][] = [
  [0, 0],
  [5, 5000],
  [0.25, 250],
  ["5", 5000],
  ["90s", 90_000],
  ["1h30m", 5_400_000],
  ["1h 30m", 5_400_000],
  ["250ms", 250],
  ["2d", 172_800_000],
  ["1w", 604_800_000],
  ["1.5h", 5_400_000],
  ["1D", 86_400_000],
];

for (const [value, ms] of good) {
  Deno.test(`durationMs() reads ${JSON.stringify(value)}`, () => assert.equal(durationMs(value), ms));
}

const bad: [unknown, RegExp][] = [
  [-1, /negative/],
  [NaN, /finite/],
  [Infinity, /finite/],
  [1e12, /hundred years/],
  ["", /empty/],
  ["soon", /not a number with a unit/],
  ["5 minutes", /"minutes" is not a unit/],
  ["30m1h", /large to small/],
  ["1h1h", /large to small/],
  ["1h-5m", /"-5m"/],
  [null, /null/],
  [{}, /object/],
];

for (const [value, words] of bad) {
  Deno.test(`durationMs() refuses ${JSON.stringify(value) ?? value} (${words.source})`, () => {
    assert.throws(() => durationMs(value as Duration), (error: unknown) => {
      assert(error instanceof DurationError);
      assert.equal(error.code, "DURATION_INVALID");
      assert.match(error.message, words);
      return true;
    });
  });
}

Deno.test("durationMs() adds the parts of any well-formed text", () => {
  const part = fc.nat({ max: 50 });
  fc.assert(
    fc.property(
      part,
      part,
      part,
      part,
      (d, h, m, s) =>
        assert.equal(durationMs(`${d}d${h}h${m}m${s}s`), ((d * 24 + h) * 60 + m) * 60_000 + s * 1000),
    ),
    { seed: testSeed },
  );
});
