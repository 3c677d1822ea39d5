import {
  compileFlow,
  type FlowHost,
  openFlow,
  type Program,
  resumeFlow,
  startFlow,
} from "../../src/flow/mod.ts";

const context = { executionId: "bench", flow: "bench", version: 1, queue: "default", attempt: 1 };
const start = {
  inputs: {},
  context: { ...context, parentId: null, createdAt: "2026-01-01T00:00:00Z", metadata: {} },
};

const tenLines = `const user = { id: 7, name: "Ada", email: "ada@example.com" };
const order = { id: "A-1", items: [1, 2, 3], total: 99.5 };
let attempts = 0;
const label = "order " + order.id;
const started = Date.now();
const receipt = await Task.run("charge", { user: user.id, order: order.id });
attempts++;
console.log(label, attempts, started);
if (receipt === null) throw new Error("no receipt");
return { receipt, label };`;

const large = `const rows = [];
for (let i = 0; i < 140; i++) {
  rows.push({ id: i, name: "customer number " + i, email: "c" + i + "@example.com", tags: ["a", "b"], total: i * 1.5 });
}
await Task.run("x");
return rows;`;

const endless = `let total = 0;
for (let i = 0; i < 1e9; i++) { total += await Task.run("step", { i }) }`;

/** One line of the report. */
export interface Measured {
  name: string;
  value: string;
}

/** Size and speed of starting, suspending and resuming. */
export function measureState(): Measured[] {
  const host = createHost();
  const small = compile(tenLines);
  const { snapshot } = startFlow(small, start, host);
  const big = compile(large);
  const state = JSON.stringify(startFlow(big, start, host).snapshot);
  const loop = openFlow(compile(endless), start, host);
  let steps = 1;
  const warm = perCall(() => {
    const effect = loop.step.effects[0]!;
    const at = { step: ++steps, moment: host.moment };
    loop.advance([{ id: "id" in effect ? effect.id : "", status: "completed", output: 1 }], at);
  });
  // Resuming with nothing settled decodes, finds nothing to do, and encodes again.
  const again = perCall(() => JSON.stringify(resumeFlow(big, JSON.parse(state), [], host).snapshot));
  return [
    { name: "snapshot, one task and five variables", value: `${JSON.stringify(snapshot).length} bytes` },
    {
      name: "start to first suspension, ten lines",
      value: micro(perCall(() => startFlow(small, start, host))),
    },
    {
      name: `parse, decode, encode, stringify of ${(state.length / 1024).toFixed(1)} KiB`,
      value: micro(again),
    },
    { name: "warm step: advance and snapshot", value: micro(warm) },
  ];
}

function createHost(): FlowHost {
  const executionId = "0190f1c2-7b1a-7000-8000-000000000001";
  return { executionId, seed: "1", epoch: 0, step: 1, moment: new Date(0) };
}

function compile(source: string): Program {
  const { program, diagnostics } = compileFlow({ name: "bench.flow", source });
  if (!program) throw new Error(diagnostics[0]!.message);
  return program;
}

function micro(ms: number): string {
  return `${(ms * 1000).toFixed(1)} µs`;
}

function perCall(work: () => void, calls = 2000): number {
  for (let index = 0; index < calls; index++) work();
  const begin = performance.now();
  for (let index = 0; index < calls; index++) work();
  return (performance.now() - begin) / calls;
}
