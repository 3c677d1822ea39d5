import { systemClock } from "../../../src/runtime/clock.ts";
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { pauseAfter, PollBackoff, Sleep } from "../../../src/worker/loop/poll_backoff.ts";

/** What a worker with room for ten does, poll by poll: its phase, and how long it pauses after it. */
function polls(backoff: PollBackoff, found: readonly number[]): [string, number][] {
  return found.map((one) => [backoff.phase, backoff.afterPoll(one, 10)]);
}

Deno.test("PollBackoff: the second empty poll says that a sleeper is about, and pauses begin after it", () => {
  equal(polls(new PollBackoff(5_000), [0, 0, 0, 0, 0]), [
    ["busy", 0],
    ["idle", 2],
    ["idle", 3],
    ["idle", 5],
    ["idle", 5],
  ]);
});

Deno.test("PollBackoff: a poll that left room has emptied the queue, so the next one says at once that it may sleep", () => {
  equal(polls(new PollBackoff(5_000), [10, 10, 3, 0, 0]), [
    ["busy", 0],
    ["busy", 0],
    ["busy", 0],
    ["idle", 2],
    ["idle", 3],
  ]);
});

Deno.test("PollBackoff: a poll that filled the room says nothing about the queue", () => {
  equal(polls(new PollBackoff(5_000), [0, 0, 10, 0, 0]), [
    ["busy", 0],
    ["idle", 2],
    ["idle", 0],
    ["busy", 0],
    ["idle", 2],
  ]);
});

Deno.test("PollBackoff.call() makes the pauses short again, even if the poll after it finds nothing", () => {
  const backoff = new PollBackoff(5_000);
  polls(backoff, Array(20).fill(0));
  same(backoff.afterPoll(0, 10), 5_000);
  backoff.call();
  equal(polls(backoff, [0, 0, 0]), [["idle", 2], ["idle", 3], ["idle", 5]]);
});

Deno.test("pauseAfter() looks again after 2, 5, 10, 15, 25, 50, 100 ms, then slower, never slower than allowed", () => {
  equal([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => pauseAfter(n, 10_000)), [2, 3, 5, 5, 10, 25, 50, 100, 250]);
  same(pauseAfter(50, 10_000), 5_000);
  same(pauseAfter(50, 1_500), 1_500);
});

Deno.test("Sleep.for() ends early when woken, and at once when woken before", async () => {
  const sleep = new Sleep(systemClock);
  const before = performance.now();
  const sleeping = sleep.for(10_000);
  sleep.wake();
  same(await sleeping, true);
  sleep.wake();
  same(await sleep.for(10_000), true);
  same(performance.now() - before < 9_000, true);
  same(await sleep.for(1), false);
});
