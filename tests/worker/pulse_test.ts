import { strictEqual as same } from "node:assert/strict";
import { Pulse } from "../../src/worker/pulse.ts";

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("Pulse calls as often as its calls ask, and no more after stop()", async () => {
  let calls = 0;
  const pulse = new Pulse(() => Promise.resolve(++calls < 3 ? 1 : 100_000));
  pulse.start();
  await sleep(60);
  same(calls, 3);
  await pulse.stop();
  pulse.at(0);
  await sleep(10);
  same(calls, 3);
});

Deno.test("Pulse.at() brings the next call forward, and never pushes it back", async () => {
  let calls = 0;
  const pulse = new Pulse(() => Promise.resolve(calls++ === 0 ? 100_000 : 100_000));
  pulse.start();
  await sleep(10);
  pulse.at(5);
  pulse.at(50_000);
  await sleep(30);
  same(calls, 2);
  await pulse.stop();
});

Deno.test("Pulse.at() during a call counts after it, and calls never overlap", async () => {
  let running = 0;
  let most = 0;
  let calls = 0;
  const pulse = new Pulse(async () => {
    most = Math.max(most, ++running);
    calls++;
    await sleep(20);
    running--;
    return 100_000;
  });
  pulse.start();
  await sleep(5);
  pulse.at(0);
  await sleep(60);
  same(calls, 2);
  same(most, 1);
  await pulse.stop();
});
