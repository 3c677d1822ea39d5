import assert from "node:assert/strict";
import { ServerTime } from "../../../src/worker/flows/server_time.ts";

Deno.test("ServerTime is never before what the server told, and between the bounds of the last answer", () => {
  let now = 1_000_000;
  const time = new ServerTime({ now: () => now });
  assert.equal(time.now(), 1_000_000);
  // The server is a minute ahead: asked at 1,000,000, answered by 1,000,010.
  now += 10;
  time.told(1_060_004, 1_000_000);
  assert.equal(time.now(), 1_060_004);
  // A better answer narrows it; one that says less changes nothing.
  now += 100;
  time.told(1_060_109, now - 4);
  assert.equal(time.now(), 1_060_109);
  now += 100;
  time.told(1_060_180, now - 500);
  assert.equal(time.now(), 1_060_209);
  // A clock that was put back, or a server that was: the next answer corrects it.
  now -= 3_600_000;
  time.told(1_060_300, now - 5);
  assert.equal(time.now(), 1_060_300);
  time.told(900_000, now - 5);
  assert.equal(time.now(), 900_005);
});
