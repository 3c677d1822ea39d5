import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { Doze, pauseAfter } from "../../src/worker/doze.ts";

Deno.test("Doze.sleep() ends early when woken, and at once when woken before", async () => {
  const doze = new Doze();
  const before = performance.now();
  const sleeping = doze.sleep(10_000);
  doze.wake();
  same(await sleeping, true);
  doze.wake();
  same(await doze.sleep(10_000), true);
  same(performance.now() - before < 9_000, true);
  same(await doze.sleep(1), false);
});

Deno.test("Doze.forget() drops a call that came before the sleep", async () => {
  const doze = new Doze();
  doze.wake();
  doze.forget();
  same(await doze.sleep(1), false);
});

Deno.test("pauseAfter() looks again after 2, 5, 10, 15, 25, 50, 100 ms, then slower, never slower than allowed", () => {
  equal([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => pauseAfter(n, 10_000)), [2, 3, 5, 5, 10, 25, 50, 100, 250]);
  same(pauseAfter(50, 10_000), 5_000);
  same(pauseAfter(50, 1_500), 1_500);
});
