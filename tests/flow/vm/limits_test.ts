import assert from "node:assert/strict";
import { start } from "./support.ts";

Deno.test("an endless loop fails the execution with FLOW_INSTRUCTIONS, past every catch and finally", () => {
  const { step, logged } = start(
    'try { for (;;); } catch { console.log("caught") } finally { console.log("finally") }',
  );
  assert.equal(step.status, "failed");
  assert.equal(step.error?.code, "FLOW_INSTRUCTIONS");
  assert.deepEqual(logged, []);
});

Deno.test("endless recursion through promises runs out of instructions too", () => {
  const { step } = start("const f = () => Promise.resolve().then(f); await f()");
  assert.equal(step.error?.code, "FLOW_INSTRUCTIONS");
});

Deno.test("the instruction budget is fresh after each suspension", () => {
  const source =
    `for (let n = 0; n < 3; n++) { for (let i = 0; i < 3000; i++); await Timer.delay(1) } return "done"`;
  const flow = start(source, { limits: { instructions: 20_000 } });
  for (const id of ["op-1", "op-2", "op-3"]) flow.complete(id);
  assert.equal(flow.step.output, "done");
});

Deno.test("more pending operations than allowed fail the execution", () => {
  const { step } = start('for (;;) Task.run("x")', { limits: { pendingPromises: 10 } });
  assert.equal(step.error?.code, "FLOW_PENDING_PROMISES");
  assert.equal(step.effects.length, 10);
});

Deno.test("a state larger than the limit fails the execution", () => {
  const source =
    'const big = []; for (let i = 0; i < 5000; i++) big.push("text " + i); await Timer.delay(1); return big.length';
  const { step } = start(source, { limits: { snapshotSize: 20_000 } });
  assert.equal(step.error?.code, "FLOW_SNAPSHOT_SIZE");
});

Deno.test("a value larger than the limit throws at the call that sends it", () => {
  const source =
    `try { await Task.run("x", { text: Inputs.text + Inputs.text }) } catch (e) { return e.code }`;
  const { step } = start(source, { inputs: { text: "x".repeat(600) }, limits: { valueSize: 1000 } });
  assert.equal(step.output, "FLOW_VALUE_SIZE");
});

Deno.test("a string that doubles for ever ends with FLOW_MEMORY", () => {
  const { step } = start('let s = "x"; for (;;) s += s');
  assert.equal(step.error?.code, "FLOW_MEMORY");
});

Deno.test("a flow that nothing can wake fails with FLOW_STUCK", () => {
  const { step } = start("await new Promise(() => {})");
  assert.equal(step.status, "failed");
  assert.equal(step.error?.code, "FLOW_STUCK");
});
