import assert from "node:assert/strict";
import { inspectFlow, resumeFlow, type Snapshot, SnapshotError } from "../../../src/flow/mod.ts";
import { compile, createHost, start } from "../vm/support.ts";

const flow = start("await Timer.delay(1)");

function refusal(snapshot: unknown): SnapshotError {
  try {
    resumeFlow(flow.program, snapshot as Snapshot, [], createHost());
  } catch (error) {
    assert(error instanceof SnapshotError);
    return error;
  }
  throw new assert.AssertionError({ message: "the snapshot was accepted" });
}

Deno.test("resumeFlow() refuses a snapshot of another program", () => {
  const other = compile("await Timer.delay(2)");
  assert.throws(
    () => resumeFlow(other, flow.step.snapshot!, [], createHost()),
    { name: "SnapshotError", code: "FLOW_SNAPSHOT_PROGRAM" },
  );
  assert.throws(() => inspectFlow(other, flow.step.snapshot!), { code: "FLOW_SNAPSHOT_PROGRAM" });
});

Deno.test("resumeFlow() refuses a format from the future, and says what to do", () => {
  const error = refusal({ ...flow.step.snapshot, v: 99 });
  assert.equal(error.code, "FLOW_SNAPSHOT_FORMAT");
  assert.match(error.message, /it has format 99.*update the library/);
});

Deno.test("resumeFlow() refuses what is no snapshot, or a damaged one", () => {
  for (const damaged of [null, 5, {}, "text"]) assert.equal(refusal(damaged).code, "FLOW_SNAPSHOT_DAMAGED");
  const { snapshot } = flow.step;
  for (const part of [{ h: [] }, { h: [[99]] }, { m: 77 }, { h: null }]) {
    assert.equal(refusal({ ...snapshot, ...part }).code, "FLOW_SNAPSHOT_DAMAGED");
  }
});

Deno.test("the same text compiles to the same hash, another text to another", () => {
  assert.equal(compile("return 1").hash, compile("return 1").hash);
  assert.notEqual(compile("return 1").hash, compile("return 2").hash);
});
