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

Deno.test("log lines beyond the limits of a step are cut and counted", () => {
  const flow = start(
    `for (let i = 0; i < 10; i++) console.log("x".repeat(30));
    await Timer.delay(1); console.log("again")`,
    { limits: { logLines: 3, messageSize: 20 } },
  );
  const cut = `${"x".repeat(20)}… and 10 more characters`;
  assert.deepEqual(flow.logged, [cut, cut, cut, "… and 7 more lines"]);
  flow.resume([{ id: "op-1", status: "completed", output: null }], { limits: { logLines: 3 } });
  assert.equal(flow.logged.at(-1), "again");
  const { logged } = start('for (;;) console.log("x".repeat(100))', {
    limits: { instructions: 20_000, logSize: 250 },
  });
  assert.equal(logged.length, 3);
  assert.match(logged[2]!, /^… and \d+ more lines$/);
});

Deno.test("more effects in one step than allowed, or larger ones, fail the execution", () => {
  const many = start('for (;;) Signal.send("e", "x")', { limits: { effects: 10 } });
  assert.equal(many.step.error?.code, "FLOW_EFFECTS");
  assert.equal(many.step.effects.length, 10);
  const large = start('for (;;) Task.run("x", { text: "y".repeat(100) })', {
    limits: { effectsSize: 1_000 },
  });
  assert.equal(large.step.error?.code, "FLOW_EFFECTS");
});

Deno.test("what an error that ends an execution says is cut", () => {
  const { step } = start(
    `const e = new Error("m".repeat(1e6)); e.name = "n".repeat(1e6); e.code = "c".repeat(1e6); throw e`,
  );
  const { type, message, code, stack } = step.error!;
  assert(type.length < 300 && message.length < 20_000 && code!.length < 300 && stack.length < 10_000);
  assert.match(message, /m… and 983616 more characters$/);
});

Deno.test("an error whose members are objects ends an execution like any other", () => {
  const { step } = start("const e = new Error(); e.name = {}; e.message = []; e.code = {}; throw e");
  assert.equal(step.status, "failed");
  assert.equal(step.error!.type, "[object]");
});

Deno.test("a loop that only goes on with the next element is paid for", () => {
  const source =
    "const a = Array.from({ length: 3000 }, () => 1); for (const x of a) { for (const y of a) continue; continue }";
  for (
    const loop of [
      source,
      source.replaceAll(" of ", " in "),
      "for (;;) continue",
      "while (true) continue",
      "do continue; while (true)",
    ]
  ) {
    const { step } = start(loop, { limits: { instructions: 1_000_000 } });
    assert.equal(step.error?.code, "FLOW_INSTRUCTIONS", loop);
  }
});
