import assert from "node:assert/strict";
import { start } from "../vm/support.ts";

Deno.test("a flow that waits for one task with five variables takes under 400 bytes", () => {
  const flow = start(`const user = { id: 7, name: "Ada", email: "ada@example.com" };
    const order = { id: "A-1", items: [1, 2, 3], total: 99.5 };
    let attempts = 0;
    const label = "order " + order.id;
    const started = Date.now();
    const receipt = await Task.run("charge", { user: user.id });
    return [receipt, label, attempts++, started, order]`);
  const { length } = JSON.stringify(flow.snapshot);
  assert(length < 400, `${length} bytes`);
});

Deno.test("what no variable in scope holds is not in the snapshot", () => {
  const flow = start(
    `{ const big = Array.from({ length: 5000 }, (_, i) => "text " + i); console.log(big.length) }
    const f = () => { const inner = "y".repeat(5000); return inner.length };
    f();
    await Timer.delay(1)`,
  );
  const { length } = JSON.stringify(flow.step.snapshot);
  assert(length < 300, `${length} bytes`);
});

Deno.test("state does not grow with the steps that are behind", () => {
  const flow = start(
    `let sum = 0; for (let i = 0; i < 500; i++) { const r = await Task.run("t", { i }); sum += r.n } return sum`,
  );
  const sizes: number[] = [];
  for (let i = 1; i < 500; i++) {
    flow.complete(`op-${i}`, { n: 1 });
    sizes.push(JSON.stringify(flow.step.snapshot).length);
  }
  assert(sizes.at(-1)! - sizes[0]! < 10, `${sizes[0]} → ${sizes.at(-1)}`);
  assert.equal(flow.complete("op-500", { n: 1 }).output, 500);
});
