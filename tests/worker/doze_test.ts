import { strictEqual as same } from "node:assert/strict";
import { Doze } from "../../src/worker/doze.ts";

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
