import { systemClock } from "../../../src/runtime/clock.ts";
import { deepStrictEqual as equal, ok, strictEqual as same } from "node:assert/strict";
import { type KeptTimer, KeptTimers } from "../../../src/worker/flows/kept_timers.ts";
import { until } from "../../support/until.ts";

const timer = (id: string, due: number): KeptTimer => ({ id, flow: "f", due });

Deno.test("KeptTimers call back in the order in which they are due, each once, and none early", async () => {
  const fired: [id: string, lateMs: number][] = [];
  const keptTimers = new KeptTimers(systemClock, ({ id, due }) => fired.push([id, Date.now() - due]));
  const now = Date.now();
  for (const n of [7, 3, 9, 1, 5, 8, 2, 6, 4, 0]) keptTimers.set(timer(String(n), now + n));
  same(keptTimers.size, 10);
  await until(() => fired.length === 10);
  equal(fired.map(([id]) => id), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  ok(fired.every(([, lateMs]) => lateMs >= 0));
  same(keptTimers.size, 0);
});

Deno.test("KeptTimers.set() of one that is sooner than all others calls back first", async () => {
  const fired: string[] = [];
  const keptTimers = new KeptTimers(systemClock, ({ id }) => fired.push(id));
  keptTimers.set(timer("late", Date.now() + 3_600_000));
  keptTimers.set(timer("soon", Date.now() + 1));
  await until(() => fired.length === 1);
  equal(fired, ["soon"]);
  keptTimers.stop();
});

Deno.test("KeptTimers.set() moves one that is set already, and delete() takes it back", async () => {
  const fired: string[] = [];
  const keptTimers = new KeptTimers(systemClock, ({ id }) => fired.push(id));
  keptTimers.set(timer("moved", Date.now() + 3_600_000));
  keptTimers.set(timer("gone", Date.now() + 1));
  keptTimers.set(timer("moved", Date.now() + 2));
  keptTimers.delete("gone");
  keptTimers.set(timer("last", Date.now() + 3));
  same(keptTimers.size, 2);
  await until(() => fired.length === 2);
  equal(fired, ["moved", "last"]);
});

Deno.test("KeptTimers that were taken back leave nothing behind, and the others in order", async () => {
  const fired: number[] = [];
  const keptTimers = new KeptTimers(systemClock, ({ id }) => fired.push(Number(id)));
  const now = Date.now();
  for (let n = 0; n < 5_000; n++) keptTimers.set(timer(String(n), now - 5_000 + (n * 7919) % 5_000));
  for (let n = 0; n < 5_000; n++) if (n % 10 !== 0) keptTimers.delete(String(n));
  await until(() => fired.length === 500);
  const due = fired.map((n) => (n * 7919) % 5_000);
  equal(due, [...due].sort((a, b) => a - b));
});

Deno.test("KeptTimers call back in slices: others have their turn in between", async () => {
  let fired = 0;
  const keptTimers = new KeptTimers(systemClock, () => {
    fired++;
    const until = performance.now() + 1;
    while (performance.now() < until);
  });
  for (let n = 0; n < 100; n++) keptTimers.set(timer(String(n), Date.now()));
  const seen = new Set<number>();
  await until(() => {
    seen.add(fired);
    return fired === 100;
  });
  ok(seen.size > 2, `turns at ${[...seen]}`);
});

Deno.test("KeptTimers.ahead() makes them due later, by the most that was said", async () => {
  const fired: string[] = [];
  const keptTimers = new KeptTimers(systemClock, ({ id }) => fired.push(id));
  keptTimers.ahead(3_600_000);
  keptTimers.ahead(5);
  ok(keptTimers.leadMs > 3_000_000);
  keptTimers.set(timer("a", Date.now()));
  const other = new KeptTimers(systemClock, () => fired.push("other"));
  other.set(timer("b", Date.now() + 5));
  await until(() => fired.length === 1);
  equal(fired, ["other"]);
  keptTimers.stop();
});

Deno.test("KeptTimers.stop() gives those that were set: none calls back any more, nor can be set", async () => {
  const fired: string[] = [];
  const keptTimers = new KeptTimers(systemClock, ({ id }) => fired.push(id));
  keptTimers.set(timer("a", Date.now()));
  equal(keptTimers.stop(), ["a"]);
  keptTimers.set(timer("b", Date.now()));
  const other = new KeptTimers(systemClock, () => fired.push("other"));
  other.set(timer("c", Date.now() + 5));
  await until(() => fired.length > 0);
  equal([fired, keptTimers.size, keptTimers.isStopped], [["other"], 0, true]);
});
