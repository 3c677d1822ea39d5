import assert from "node:assert/strict";
import { inspectFlow, type Program, resumeFlow, type Settled, type Snapshot } from "../../../src/flow/mod.ts";
import { createHost, idOf } from "../vm/support.ts";

interface Frozen {
  program: Program;
  snapshot: Snapshot;
  output: unknown;
}

/** Programs and snapshots of each released format: what stands in these files is never written again. */
const formats = [2];

for (const format of formats) {
  const url = new URL(`./fixtures/format_${format}.json`, import.meta.url);

  Deno.test(`resumeFlow() goes on from the frozen snapshot of format ${format}`, async () => {
    const { program, snapshot, output }: Frozen = JSON.parse(await Deno.readTextFile(url));
    const host = createHost();
    const [first, second] = [idOf("op-1"), idOf("op-2")];
    let step = resumeFlow(program, snapshot, [{ id: first, status: "completed", output: { n: 5 } }], host);
    assert.equal(step.status, "suspended");
    const error = { type: "Error", message: "declined" };
    step = resumeFlow(program, step.snapshot!, [{ id: second, status: "failed", error }], host);
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

interface FrozenRun extends Frozen {
  /** What settles, step by step. */
  settled: Settled[][];
}

for (const format of formats) {
  Deno.test(`resumeFlow() brings every kind of value back from format ${format}`, async () => {
    const url = new URL(`./fixtures/format_${format}_values.json`, import.meta.url);
    const { program, snapshot, settled, output }: FrozenRun = JSON.parse(await Deno.readTextFile(url));
    // The flow has five operations under way; what settles names the sixth as well, as this host makes it.
    const host = createHost();
    let step = resumeFlow(program, snapshot, settled[0]!, host);
    for (const next of settled.slice(1)) {
      step = resumeFlow(program, JSON.parse(JSON.stringify(step.snapshot)), next, host);
    }
    assert.deepEqual([step.error, step.output], [undefined, output]);
  });
}
