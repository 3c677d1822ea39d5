import { systemClock } from "../../src/runtime/clock.ts";
import { deepStrictEqual as equal, match, strictEqual as same } from "node:assert/strict";
import fc from "fast-check";
import { idProblem, newId, Uuids } from "../../src/define/uuid.ts";
import { freshDatabase } from "../support/database.ts";
import { testSeed } from "../support/seed.ts";

Deno.test("Uuids.next() makes version 7 UUIDs of now and of cell 0", () => {
  const id = new Uuids({ ...systemClock, now: () => 0x0123_4567_89ab }).next();
  match(id, /^01234567-89ab-7[0-9a-f]{3}-800[0-9a-f]-[0-9a-f]{12}$/);
});

Deno.test("Uuids.next() only grows, in one millisecond and when the clock goes back", () => {
  let now = 1_700_000_000_000;
  const uuids = new Uuids({ ...systemClock, now: () => now });
  const made = Array.from({ length: 20_000 }, (_, index) => {
    if (index === 10_000) now -= 5_000;
    return uuids.next();
  });
  equal([...made].sort(), made);
  same(new Set(made).size, made.length);
});

Deno.test("newId() makes ids that idProblem() and SQL's id_problem() accept", async () => {
  const ids = Array.from({ length: 100 }, newId);
  equal([...ids].sort(), ids);
  equal(ids.map(idProblem).filter((problem) => problem !== undefined), []);
  await using test = await freshDatabase();
  const refused = await test.database.query(
    "select * from unnest($1::text::uuid[]) as i (id) where rhythm.id_problem(i.id) is not null",
    [`{${ids}}`],
  );
  equal(refused, []);
});

Deno.test("idProblem() says what SQL's id_problem() says, for any UUID of the past", async () => {
  const digit = fc.constantFrom(..."0123456789abcdefABCDEF");
  const digits = (length: number): fc.Arbitrary<string> =>
    fc.string({ unit: digit, minLength: length, maxLength: length });
  const version = fc.constantFrom("7", "7", "7", "1", "4", "8", "f");
  const variant = fc.constantFrom("800", "800", "801", "a00", "bff", "000", "7ff", "c00");
  const uuid = fc.tuple(digits(10), version, digits(3), variant, digits(1), digits(12)).map(
    ([time, v, count, half, more, rest]) =>
      `00${time.slice(0, 6)}-${time.slice(6)}-${v}${count}-${half}${more}-${rest}`,
  );
  const ids = fc.sample(uuid, { numRuns: 500, seed: testSeed });
  await using test = await freshDatabase();
  const told = await test.database.query<{ problem: string | null }>(
    "select rhythm.id_problem(i.id) as problem from unnest($1::text::uuid[]) with ordinality as i (id, nth) order by i.nth",
    [`{${ids}}`],
  );
  equal(ids.map(idProblem), told.map(({ problem }) => problem ?? undefined));
});

Deno.test("idProblem() refuses what is no UUID", () => {
  for (const id of ["", "1", 7, null, undefined, {}, "01900000-0000-7000-8000-00000000000"]) {
    same(idProblem(id), "id must be a UUID");
  }
});
