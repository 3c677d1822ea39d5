import { systemClock } from "../../../src/runtime/clock.ts";
import { strictEqual as same } from "node:assert/strict";
import { RepeatingTimer } from "../../../src/worker/loop/repeating_timer.ts";

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("RepeatingTimer calls as often as its calls ask, and no more after stop()", async () => {
  let calls = 0;
  const timer = new RepeatingTimer(systemClock, () => Promise.resolve(++calls < 3 ? 1 : 100_000));
  timer.start();
  await sleep(60);
  same(calls, 3);
  await timer.stop();
  timer.at(0);
  await sleep(10);
  same(calls, 3);
});

Deno.test("RepeatingTimer.at() brings the next call forward, and never pushes it back", async () => {
  let calls = 0;
  const timer = new RepeatingTimer(systemClock, () => Promise.resolve(calls++ === 0 ? 100_000 : 100_000));
  timer.start();
  await sleep(10);
  timer.at(5);
  timer.at(50_000);
  await sleep(30);
  same(calls, 2);
  await timer.stop();
});

Deno.test("RepeatingTimer.at() during a call counts after it, and calls never overlap", async () => {
  let running = 0;
  let most = 0;
  let calls = 0;
  const timer = new RepeatingTimer(systemClock, async () => {
    most = Math.max(most, ++running);
    calls++;
    await sleep(20);
    running--;
    return 100_000;
  });
  timer.start();
  await sleep(5);
  timer.at(0);
  await sleep(60);
  same(calls, 2);
  same(most, 1);
  await timer.stop();
});
