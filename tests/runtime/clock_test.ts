import { ok, rejects, strictEqual as same } from "node:assert/strict";
import { systemClock, within } from "../../src/runtime/clock.ts";

Deno.test("systemClock.after() calls back once, not before its time, and not at all when it is cancelled", async () => {
  const began = systemClock.monotonic();
  const calls: string[] = [];
  const cancel = systemClock.after(5, () => calls.push("cancelled"));
  systemClock.after(5, () => calls.push("kept"));
  cancel();
  await systemClock.sleep(30);
  same(calls.join(), "kept");
  ok(systemClock.monotonic() - began >= 29);
});

Deno.test("systemClock.after() holds timers that are longer than the host can hold", async () => {
  let called = false;
  const cancel = systemClock.after(2 ** 40, () => called = true);
  await systemClock.sleep(5);
  cancel();
  same(called, false);
});

Deno.test("systemClock.nextTurn() lets what is ready go first", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    systemClock.nextTurn(() => {
      order.push("turn");
      resolve();
    });
    void Promise.resolve().then(() => order.push("ready"));
  });
  same(order.join(), "ready,turn");
});

Deno.test("within() waits no longer than allowed, and passes a rejection on that comes in time", async () => {
  const began = systemClock.monotonic();
  await within(systemClock, new Promise(() => {}), 10);
  ok(systemClock.monotonic() - began < 5_000);
  await rejects(within(systemClock, Promise.reject(new Error("no")), 1_000), /no/);
});
