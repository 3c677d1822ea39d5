import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { Drowsiness, pauseAfter } from "../../src/worker/drowsiness.ts";

/** What a worker with room for ten does, look by look: its mood, and how long it pauses after it. */
function looks(drowsiness: Drowsiness, found: readonly number[]): [string, number][] {
  return found.map((one) => [drowsiness.mood, drowsiness.afterLook(one, 10)]);
}

Deno.test("Drowsiness: the second empty look says that a sleeper is about, and pauses begin after it", () => {
  equal(looks(new Drowsiness(5_000), [0, 0, 0, 0, 0]), [
    ["awake", 0],
    ["dozing", 2],
    ["dozing", 3],
    ["dozing", 5],
    ["dozing", 5],
  ]);
});

Deno.test("Drowsiness: a look that left room has emptied the queue, so the next one says at once that it may sleep", () => {
  equal(looks(new Drowsiness(5_000), [10, 10, 3, 0, 0]), [
    ["awake", 0],
    ["awake", 0],
    ["awake", 0],
    ["dozing", 2],
    ["dozing", 3],
  ]);
});

Deno.test("Drowsiness: a look that filled the room says nothing about the queue", () => {
  equal(looks(new Drowsiness(5_000), [0, 0, 10, 0, 0]), [
    ["awake", 0],
    ["dozing", 2],
    ["dozing", 0],
    ["awake", 0],
    ["dozing", 2],
  ]);
});

Deno.test("Drowsiness.call() makes the pauses short again, even if the look after it finds nothing", () => {
  const drowsiness = new Drowsiness(5_000);
  looks(drowsiness, Array(20).fill(0));
  same(drowsiness.afterLook(0, 10), 5_000);
  drowsiness.call();
  equal(looks(drowsiness, [0, 0, 0]), [["dozing", 2], ["dozing", 3], ["dozing", 5]]);
});

Deno.test("pauseAfter() looks again after 2, 5, 10, 15, 25, 50, 100 ms, then slower, never slower than allowed", () => {
  equal([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => pauseAfter(n, 10_000)), [2, 3, 5, 5, 10, 25, 50, 100, 250]);
  same(pauseAfter(50, 10_000), 5_000);
  same(pauseAfter(50, 1_500), 1_500);
});
