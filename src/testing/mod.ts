/**
 * Tests of flows and tasks: an application in memory, with a worker, whose time the test moves.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { fakeTask, testRhythm } from "@rhythm/core/testing";
 *
 * const source = `
 *   await Timer.delay("7d")
 *   await Task.run("send_email", { to: Inputs.to })
 * `;
 *
 * Deno.test("remind_customer sends a mail after a week", async () => {
 *   const mail = fakeTask("send_email");
 *   // Flows of a project: flows: ["./flows"]
 *   await using app = await testRhythm({ flows: [{ name: "remind_customer", source }], tasks: [mail] });
 *   const run = await app.rhythm.workflows.start("remind_customer", { to: "ada@example.org" });
 *   await app.advance("7d");
 *   assert.deepEqual(mail.inputs, [{ to: "ada@example.org" }]);
 *   assert.equal((await run.get()).status, "completed");
 * });
 * ```
 *
 * @module
 */
export { type FakeTask, fakeTask } from "./fake_task.ts";
export { NotIdleError, type TestOptions, TestRhythm, testRhythm } from "./test_rhythm.ts";
