import assert from "node:assert/strict";
import { inspectFlow, resumeFlow, type Snapshot, SnapshotError } from "../../../src/flow/mod.ts";
import type { JsonObject, JsonValue } from "../../../src/shared/json.ts";
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
  const fibre = (...parts: JsonValue[]) => ({ m: 0, h: [[15, 1, 2, ...parts], [3, 0], [14, 0, [], 1]] });
  const parts: JsonValue[] = [
    ...[{ h: [] }, { h: [[99]] }, { m: 77 }, { h: null }, { m: "push" }, { t: "now" }, { t: [1e99] }, {
      o: [0],
    }],
    ...[{ s: [5] }, { j: [[0, [9]]] }, { u: [1] }, { c: 0 }, { g: 0 }, { b: -1 }],
    // An activation where no function waits, one with too many registers, one that waits for what is no promise.
    ...[fibre(1, 2), fibre(0, 2, 1, 2, 3), fibre(0, 1), fibre(1e9, -1)],
    // Iterators over nothing, over an iterator, with more to go than there is.
    ...[[13, 0, "values", 0, 0, []], [13, [3], "values", 0, 0, []], [13, [4], "values", 0, 0, [], 1e9]].map(
      (entry) => ({ ...fibre(0, 2), h: [...fibre(0, 2).h, entry, [10]] }),
    ),
  ];
  for (const part of parts as JsonObject[]) {
    assert.equal(refusal({ ...snapshot, ...part }).code, "FLOW_SNAPSHOT_DAMAGED");
  }
});

Deno.test("the same text compiles to the same hash, another text to another", () => {
  assert.equal(compile("return 1").hash, compile("return 1").hash);
  assert.notEqual(compile("return 1").hash, compile("return 2").hash);
});
