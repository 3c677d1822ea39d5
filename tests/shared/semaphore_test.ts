import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { Semaphore } from "../../src/shared/semaphore.ts";

Deno.test("Semaphore.run() lets so many pass at once, the others in turn, also after one failed", async () => {
  const semaphore = new Semaphore(2);
  const order: number[] = [];
  let most = 0;
  let running = 0;
  const runs = [0, 1, 2, 3, 4].map((nth) =>
    semaphore.run(async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      order.push(nth);
      if (nth === 1) throw new Error("no");
    }).catch(() => {})
  );
  await Promise.all(runs);
  same(most, 2);
  equal(order, [0, 1, 2, 3, 4]);
});
