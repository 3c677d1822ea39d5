import { deepStrictEqual as equal, ok, strictEqual as same } from "node:assert/strict";
import { type Alarm, Alarms } from "../../src/worker/alarms.ts";
import { until } from "../support/until.ts";

const alarm = (id: string, due: number): Alarm => ({ id, flow: "f", due });

Deno.test("Alarms ring in the order in which they are due, each once, and none early", async () => {
  const rung: [id: string, lateMs: number][] = [];
  const alarms = new Alarms(({ id, due }) => rung.push([id, Date.now() - due]));
  const now = Date.now();
  for (const n of [7, 3, 9, 1, 5, 8, 2, 6, 4, 0]) alarms.set(alarm(String(n), now + n));
  same(alarms.size, 10);
  await until(() => rung.length === 10);
  equal(rung.map(([id]) => id), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  ok(rung.every(([, lateMs]) => lateMs >= 0));
  same(alarms.size, 0);
});

Deno.test("Alarms.set() of one that is sooner than all others rings first", async () => {
  const rung: string[] = [];
  const alarms = new Alarms(({ id }) => rung.push(id));
  alarms.set(alarm("late", Date.now() + 3_600_000));
  alarms.set(alarm("soon", Date.now() + 1));
  await until(() => rung.length === 1);
  equal(rung, ["soon"]);
  alarms.stop();
});

Deno.test("Alarms.set() moves one that is set already, and delete() takes it back", async () => {
  const rung: string[] = [];
  const alarms = new Alarms(({ id }) => rung.push(id));
  alarms.set(alarm("moved", Date.now() + 3_600_000));
  alarms.set(alarm("gone", Date.now() + 1));
  alarms.set(alarm("moved", Date.now() + 2));
  alarms.delete("gone");
  alarms.set(alarm("last", Date.now() + 3));
  same(alarms.size, 2);
  await until(() => rung.length === 2);
  equal(rung, ["moved", "last"]);
});

Deno.test("Alarms that were taken back leave nothing behind, and the others in order", async () => {
  const rung: number[] = [];
  const alarms = new Alarms(({ id }) => rung.push(Number(id)));
  const now = Date.now();
  for (let n = 0; n < 5_000; n++) alarms.set(alarm(String(n), now - 5_000 + (n * 7919) % 5_000));
  for (let n = 0; n < 5_000; n++) if (n % 10 !== 0) alarms.delete(String(n));
  await until(() => rung.length === 500);
  const due = rung.map((n) => (n * 7919) % 5_000);
  equal(due, [...due].sort((a, b) => a - b));
});

Deno.test("Alarms ring in slices: others have their turn in between", async () => {
  let rung = 0;
  const alarms = new Alarms(() => {
    rung++;
    const until = performance.now() + 1;
    while (performance.now() < until);
  });
  for (let n = 0; n < 100; n++) alarms.set(alarm(String(n), Date.now()));
  const seen = new Set<number>();
  await until(() => {
    seen.add(rung);
    return rung === 100;
  });
  ok(seen.size > 2, `turns at ${[...seen]}`);
});

Deno.test("Alarms.ahead() has them ring later, by the most that was said", async () => {
  const rung: string[] = [];
  const alarms = new Alarms(({ id }) => rung.push(id));
  alarms.ahead(3_600_000);
  alarms.ahead(5);
  ok(alarms.leadMs > 3_000_000);
  alarms.set(alarm("a", Date.now()));
  const other = new Alarms(() => rung.push("other"));
  other.set(alarm("b", Date.now() + 5));
  await until(() => rung.length === 1);
  equal(rung, ["other"]);
  alarms.stop();
});

Deno.test("Alarms.stop() gives those that were set: none rings any more, nor can be set", async () => {
  const rung: string[] = [];
  const alarms = new Alarms(({ id }) => rung.push(id));
  alarms.set(alarm("a", Date.now()));
  equal(alarms.stop(), ["a"]);
  alarms.set(alarm("b", Date.now()));
  const other = new Alarms(() => rung.push("other"));
  other.set(alarm("c", Date.now() + 5));
  await until(() => rung.length > 0);
  equal([rung, alarms.size, alarms.isStopped], [["other"], 0, true]);
});
