import assert from "node:assert/strict";
import { inspectFlow, type Program, resumeFlow, type Snapshot } from "../../../src/flow/mod.ts";
import { createHost } from "../vm/support.ts";

interface Frozen {
  program: Program;
  snapshot: Snapshot;
  output: unknown;
}

/** Programs and snapshots of each released format: what stands in these files is never written again. */
const formats = [1];

for (const format of formats) {
  const url = new URL(`./fixtures/format_${format}.json`, import.meta.url);

  Deno.test(`resumeFlow() goes on from the frozen snapshot of format ${format}`, async () => {
    const { program, snapshot, output }: Frozen = JSON.parse(await Deno.readTextFile(url));
    const host = createHost(100);
    let step = resumeFlow(program, snapshot, [{ id: "op-1", status: "completed", output: { n: 5 } }], host);
    assert.equal(step.status, "suspended");
    const error = { type: "Error", message: "declined" };
    step = resumeFlow(program, step.snapshot!, [{ id: "op-2", status: "failed", error }], host);
    assert.equal(step.status, "completed", JSON.stringify(step.error));
    assert.deepEqual(step.output, output);
  });

  Deno.test(`inspectFlow() reads the frozen snapshot of format ${format}`, async () => {
    const { program, snapshot }: Frozen = JSON.parse(await Deno.readTextFile(url));
    const view = inspectFlow(program, snapshot);
    assert.equal(view.fibres.length, 3);
    assert.equal(view.fibres[0]!.function, "main");
  });
}
