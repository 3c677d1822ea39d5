import assert from "node:assert/strict";
import { Cron } from "croner";
import fc from "fast-check";
import { freshDatabase } from "../support/database.ts";
import { type CronQuestion, cronQuestion } from "./cron/expressions.ts";
import { assertRefused } from "./schema/refused.ts";
import { testSeed } from "../support/seed.ts";

const questions = 3000;

const ask = `
select q.nth,
  array_agg(to_char(u.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') order by u.at) as times,
  array_agg(extract(epoch from rhythm.zone_offset(q.timezone, u.at))::integer / 60 order by u.at) as offsets
from jsonb_to_recordset($1::jsonb) as q(nth integer, cron text, timezone text, after timestamptz)
cross join lateral rhythm.cron_upcoming(q.cron, q.timezone, q.after, 3) as u(at)
group by q.nth
order by q.nth`;

/** croner's answer; nothing if the expression never fires. */
function byCroner(question: CronQuestion): string[] {
  const cron = new Cron(question.cron, { timezone: question.timezone });
  return cron.nextRuns(3, question.after).map((at) => at.toISOString());
}

/** How many minutes a zone is ahead of UTC. */
function offset(timezone: string, at: Date): number {
  const name =
    new Intl.DateTimeFormat("en", { timeZone: timezone, timeZoneName: "longOffset" }).formatToParts(at)
      .find((part) => part.type === "timeZoneName")!.value;
  const [, sign, hours, minutes] = name.match(/^GMT(?:([+-])(\d\d):(\d\d))?$/)!;
  return sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/**
 * The one point on which we follow Vixie cron and croner does not: `0,30 1-3 * * *`, several times but no `*`, when the
 * clocks change. To croner it is an interval, to us each of its times is a fixed one; tests/sql/cron/clock_changes.sql
 * says what we do.
 */
function disputed(question: CronQuestion, times: readonly string[]): boolean {
  const [, , , hour, minute, second = "0"] = question.cron.split(" ").reverse();
  const clock = [second, minute!, hour!];
  const several = clock.every((field) => !field.includes("*")) && clock.some((field) => /[,-]/.test(field));
  const near = (at: Date, days: number): number =>
    offset(question.timezone, new Date(at.getTime() + days * 86_400_000));
  return several &&
    [question.after, ...times.map((at) => new Date(at))].some((at) => near(at, -1) !== near(at, 1));
}

Deno.test("cron_upcoming() agrees with croner on random expressions, zones and clock changes", async () => {
  await using test = await freshDatabase();
  const asked = fc.sample(cronQuestion, { numRuns: questions, seed: testSeed }).map((question, nth) => ({
    ...question,
    nth,
    expected: byCroner(question),
  })).filter(({ expected }) => expected.length === 3);
  const rows = await test.database.query<{ nth: number; times: string[]; offsets: number[] }>(ask, [
    JSON.stringify(asked.map(({ expected: _, ...question }) => question)),
  ]);
  assert.equal(rows.length, asked.length);
  let compared = 0;
  for (const [index, { expected, ...question }] of asked.entries()) {
    const { times, offsets } = rows[index]!;
    if (disputed(question, [...expected, ...times])) continue;
    // The database may have older time zone data than the host.
    if (times.some((at, nth) => offset(question.timezone, new Date(at)) !== offsets[nth])) continue;
    compared++;
    assert.deepEqual(times, expected, `RHYTHM_TEST_SEED=${testSeed}: ${JSON.stringify(question)}`);
  }
  assert.ok(compared > questions * 0.9, `only ${compared} of ${questions} questions were comparable`);
});

Deno.test("cron_next() refuses what is not a cron expression, naming the field", async () => {
  await using test = await freshDatabase();
  const refused: [string, string][] = [
    ["60 * * * *", '"60" cannot be the minute of a cron expression: expected 0 to 59'],
    ["* 24 * * *", '"24" cannot be the hour of a cron expression: expected 0 to 23'],
    ["61 * * * * *", '"61" cannot be the second of a cron expression: expected 0 to 59'],
    ["* * 0 * *", '"0" cannot be the day of a cron expression: expected 1 to 31'],
    ["* * * 13 *", '"13" cannot be the month of a cron expression: expected 1 to 12 or jan to dec'],
    ["* * * * fre", '"fre" cannot be the weekday of a cron expression: expected 0 to 7 or sun to sat'],
    ["*/0 * * * *", '"*/0" cannot be the minute of a cron expression: expected a step from 1 to 59'],
    [
      "5-1 * * * *",
      '"5-1" cannot be the minute of a cron expression: expected a range that goes up; write two ranges to go past the end',
    ],
    [
      ", * * * *",
      '"" cannot be the minute of a cron expression: expected a value, a range (1-5), a step (*/10) or a list of these',
    ],
    [
      "0 0 15W * *",
      '"15W" cannot be the day of a cron expression: expected 1 to 31',
    ],
    ["0 0 30 2 *", 'The cron expression "0 0 30 2 *" never fires: no month has such a day'],
    ["0 0 31 4,6,9,11 *", 'The cron expression "0 0 31 4,6,9,11 *" never fires: no month has such a day'],
    [
      "@every 5m",
      '"@every 5m" is not a cron expression: expected five fields (minute hour day month weekday), six with the second first, or one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually',
    ],
  ];
  for (const [cron, message] of refused) {
    await assertRefused(test.database, "select rhythm.cron_next($1)", [cron], { code: "RH001", message });
  }
  for (const zone of ["Mars/Olympus", "Foo3", "", null]) {
    await assertRefused(test.database, "select rhythm.cron_next('@daily', $1)", [zone], {
      code: "RH001",
      message: `"${zone ?? ""}" is not a time zone: expected a name such as Europe/Berlin or UTC`,
    });
  }
  await assertRefused(test.database, "select rhythm.cron_next(null)", [], {
    code: "RH001",
    message: /^"" is not a cron/,
  });
});
