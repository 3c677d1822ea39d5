import assert from "node:assert/strict";
import { start } from "./support.ts";

Deno.test("resumeFlow() with cancel runs finally blocks, which may wait, and no catch", () => {
  const flow = start(`try {
      try { await Task.run("work") } catch (e) { console.log("caught") }
    } finally {
      console.log("cleaning");
      await Task.run("clean");
      console.log("clean");
    }
    console.log("after")`);
  flow.resume([], { cancel: "not wanted any more" });
  assert.equal(flow.step.status, "suspended");
  flow.complete("op-2");
  assert.equal(flow.step.status, "cancelled");
  assert.equal(flow.step.error?.message, "not wanted any more");
  assert.deepEqual(flow.logged, ["cleaning", "clean"]);
  assert.deepEqual(flow.asked, ["work", "clean"]);
});

Deno.test("a cancelled flow cannot go on by leaving its finally block", () => {
  const flow = start(`const f = async () => { try { await Task.run("a") } finally { return "swallowed" } };
    for (;;) { try { console.log(await f()) } finally { continue } }`);
  flow.resume([], { cancel: "stop" });
  assert.equal(flow.step.status, "cancelled");
  assert.deepEqual(flow.logged, []);
});

Deno.test("cancellation reaches every activation, and then() handlers do not see it", () => {
  const flow = start(
    `const work = async (n) => { try { await Task.run("work", { n }) } finally { console.log("end " + n) } };
    const guarded = work(3).catch(() => console.log("caught"));
    await Promise.all([work(1), work(2), guarded])`,
  );
  flow.resume([], { cancel: "stop" });
  assert.equal(flow.step.status, "cancelled");
  assert.deepEqual(flow.logged.sort(), ["end 1", "end 2", "end 3"]);
  assert.equal(flow.step.released.length, 3);
});

Deno.test("cancelling a flow whose finally is waiting already does not run it twice", () => {
  const flow = start(
    `try { await Task.run("a") } finally { console.log("x"); await Task.run("b"); console.log("y") }`,
  );
  flow.resume([], { cancel: "one" });
  flow.resume([], { cancel: "two" });
  assert.equal(flow.step.status, "suspended");
  flow.complete("op-2");
  assert.deepEqual(flow.logged, ["x", "y"]);
  assert.equal(flow.step.error?.message, "one");
});
