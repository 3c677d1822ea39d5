import { deepStrictEqual as equal, match, strictEqual as same } from "node:assert/strict";
import { Uuids } from "../../src/define/uuid.ts";

Deno.test("Uuids.next() makes version 7 UUIDs of now", () => {
  const id = new Uuids(() => 0x0123_4567_89ab).next();
  match(id, /^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

Deno.test("Uuids.next() only grows, in one millisecond and when the clock goes back", () => {
  let now = 1_700_000_000_000;
  const uuids = new Uuids(() => now);
  const made = Array.from({ length: 20_000 }, (_, index) => {
    if (index === 10_000) now -= 5_000;
    return uuids.next();
  });
  equal([...made].sort(), made);
  same(new Set(made).size, made.length);
});
