/** Random cron expressions, time zones and instants, as fast-check arbitraries. */

import fc from "fast-check";

/** One question to a cron implementation: when does `cron` fire next in `timezone`, after `after`? */
export interface CronQuestion {
  cron: string;
  timezone: string;
  after: Date;
}

/** Zones with and without clock changes, of whole and half hours, in both hemispheres, across the date line. */
export const zones: readonly string[] = [
  "UTC",
  "Europe/Berlin",
  "Europe/London",
  "Europe/Dublin",
  "America/New_York",
  "America/St_Johns",
  "America/Santiago",
  "America/Phoenix",
  "America/Havana",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Asia/Beirut",
  "Africa/Cairo",
  "Africa/Casablanca",
  "Australia/Lord_Howe",
  "Australia/Adelaide",
  "Pacific/Auckland",
  "Pacific/Chatham",
  "Pacific/Kiritimati",
];

function element(low: number, high: number, names?: readonly string[]): fc.Arbitrary<string> {
  const value = fc.integer({ min: low, max: high });
  const spelt = (n: number): string => names?.[n - low] ?? String(n);
  // Not sun-sun: croner reads it as the whole week, we as Sundays.
  const range = fc.tuple(value, value).filter(([a, b]) => a !== b)
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const step = fc.integer({ min: 1, max: Math.max(1, (high - low) >> 1) });
  return fc.oneof(
    { weight: 5, arbitrary: value.map(spelt) },
    { weight: 2, arbitrary: range.map(([a, b]) => `${spelt(a)}-${spelt(b)}`) },
    { weight: 1, arbitrary: fc.tuple(range, step).map(([[a, b], by]) => `${a}-${b}/${by}`) },
    { weight: 1, arbitrary: step.map((by) => `*/${by}`) },
  );
}

function field(low: number, high: number, stars: number, names?: readonly string[]): fc.Arbitrary<string> {
  const list = fc.array(element(low, high, names), { minLength: 1, maxLength: 3 }).map((all) =>
    all.join(",")
  );
  return fc.oneof({ weight: stars, arbitrary: fc.constant("*") }, { weight: 10, arbitrary: list });
}

const months = ["jan", "feb", "MAR", "apr", "may", "Jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "MON", "tue", "wed", "Thu", "fri", "sat"];

const dayField = fc.oneof(
  { weight: 9, arbitrary: field(1, 31, 20) },
  { weight: 1, arbitrary: fc.constantFrom("L", "1,L", "L,15-17", "?") },
);

const weekdayField = fc.oneof(
  { weight: 9, arbitrary: field(0, 6, 20, weekdays) },
  { weight: 1, arbitrary: fc.constantFrom("7", "5-7", "2#1", "fri#5", "5L", "1#1,4#3", "0L,3", "?") },
);

const expression: fc.Arbitrary<string> = fc.tuple(
  fc.oneof({ weight: 4, arbitrary: fc.constant("") }, {
    weight: 1,
    arbitrary: field(0, 59, 5).map((s) => `${s} `),
  }),
  field(0, 59, 4),
  // Hours in which clocks change come often.
  fc.oneof(field(0, 23, 5), fc.constantFrom("0", "1", "2", "3", "1-3", "2,14")),
  dayField,
  field(1, 12, 30, months),
  weekdayField,
).map(([second, minute, hour, day, month, weekday]) =>
  `${second}${minute} ${hour} ${day} ${month} ${weekday}`
);

const anyInstant = fc.date({
  min: new Date("2024-01-01T00:00:00Z"),
  max: new Date("2029-12-31T00:00:00Z"),
  noInvalidDate: true,
});

/** Instants within two days of a clock change somewhere: late March and early April, late September to early November. */
const nearChange = fc.tuple(
  fc.integer({ min: 2024, max: 2029 }),
  fc.constantFrom("03-08", "03-28", "04-04", "09-05", "09-27", "10-04", "10-25", "11-01"),
  fc.integer({ min: 0, max: 10 * 86_400 }),
).map(([year, day, seconds]) =>
  new Date(Date.parse(`${year}-${day}T00:00:00Z`) + (seconds - 2 * 86_400) * 1000)
);

/** A random question, half of them near a change of clocks. */
export const cronQuestion: fc.Arbitrary<CronQuestion> = fc.record({
  cron: expression,
  timezone: fc.constantFrom(...zones),
  after: fc.oneof(anyInstant, nearChange),
});
