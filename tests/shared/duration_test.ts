import assert from "node:assert/strict";
import fc from "fast-check";
import { type Duration, DurationError, durationMs } from "../../src/shared/duration.ts";
import { freshDatabase } from "../support/database.ts";
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
  [" 1 h\t30 m ", 5_400_000],
  [1.1, 1100],
  [0.0001, 1],
  [1e-9, 1],
  ["0.5ms", 1],
  ["4.1s", 4100],
  ["0.000000001w", 1],
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
  ["1\u00a0h", /not a number with a unit/],
  ["٣s", /not a number with a unit/],
  ["1.1234567890s", /not a number with a unit/],
  ["1234567890123456s", /not a number with a unit/],
  [1e25, /hundred years/],
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

Deno.test("durationMs() and SQL's duration_ms() read the same, and refuse the same", async () => {
  const space = fc.constantFrom("", "", "", " ", "\t", "  ", "\n", "\u00a0", "\u2003");
  const digits = (most: number): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: most });
  const number = fc.oneof(
    digits(4),
    digits(16),
    fc.tuple(digits(9), digits(10)).map(([a, b]) => `${a}.${b}`),
  );
  const unit = fc.constantFrom("w", "d", "h", "m", "s", "ms", "M", "Ms", "H", "", "min", "ſ", "-", ".");
  const part = fc.tuple(space, number, space, unit).map((one) => one.join(""));
  const ordered = fc.tuple(
    ...["w", "d", "h", "m", "s", "ms"].map((one) =>
      fc.option(fc.tuple(number, space, space).map(([n, a, b]) => `${n}${a}${one}${b}`), { nil: "" })
    ),
  ).map((parts) => parts.join(""));
  const value = fc.oneof(
    ordered,
    ordered,
    fc.array(part, { maxLength: 4 }).map((parts) => parts.join("")),
    number,
    fc.string({ maxLength: 8 }).filter((text) => !/[\0\ud800-\udfff]/.test(text)),
    fc.double({ min: -1, max: 4e9, noNaN: true }),
    fc.nat({ max: 4e9 }).map((n) => n / 1000),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  const values = [...good, ...bad].map(([given]) => given).filter((given) =>
    typeof given === "string" || Number.isFinite(given)
  ).concat(fc.sample(value, { numRuns: 3000, seed: testSeed }));
  await using test = await freshDatabase();
  const rows = await test.database.query<{ ms: string | null }>(
    `select rhythm.duration_ms(v.value)::text as ms
    from jsonb_array_elements($1::text::jsonb) with ordinality as v (value, nth) order by v.nth`,
    [JSON.stringify(values)],
  );
  const read = (given: unknown): string | null => {
    try {
      return String(durationMs(given as Duration));
    } catch (error) {
      assert(error instanceof DurationError);
      return null;
    }
  };
  const differ = values.map((given, nth) => [given, read(given), rows[nth]!.ms]).filter(([, a, b]) =>
    a !== b
  );
  assert.deepEqual(differ, []);
  assert(rows.filter(({ ms }) => ms !== null).length > 500, "too few are durations");
});
