// The variables that executions are found by: `index` in the front matter of a flow.
import { deepStrictEqual as equal } from "node:assert/strict";
import { compileFlow, type OpenFlow, openFlow, type Program } from "../../../src/flow/mod.ts";

const moment = new Date("2026-01-01T00:00:00Z");
const host = { executionId: "0199c3f2-0000-7000-8000-000000000001", seed: "7", epoch: 0, step: 1, moment };
const context = {
  executionId: host.executionId,
  flow: "f",
  version: 1,
  queue: "default",
  attempt: 1,
  parentId: null,
  createdAt: moment.toISOString(),
  metadata: {},
};

function compiled(index: string, body: string): Program {
  const { program, diagnostics } = compileFlow({
    name: "f.flow",
    source: `\`\`\`\nindex: ${index}\n\`\`\`\n${body}`,
  });
  equal(diagnostics, []);
  return program!;
}

function next(open: OpenFlow, step: number, output: string | null = null): string[] | undefined {
  const [id] = open.step.waits[0]!.ids;
  return open.advance([{ id: id!, status: "completed", output }], { step, moment }).tags;
}

Deno.test("tags are the values of variables and inputs, told when they change", () => {
  const program = compiled(
    "[orderId, customer.id, items, secret.x]",
    `const customer = { id: Inputs.customer, name: "Ada" }
let items = ["a", 7, true, null, { b: 1 }]
await Task.run("one")
let orderId = await Task.run("two")
await Task.run("three")
await approval(orderId)
return orderId
async function approval(orderId) {
  orderId = orderId + "-x"
  await Task.run("four")
}`,
  );
  const open = openFlow(program, { inputs: { customer: 42, orderId: "from inputs" }, context }, host);
  equal(open.step.tags, ["orderId=from inputs", "customer.id=42", "items=a", "items=7", "items=true"]);
  equal(next(open, 2), undefined, "nothing changed");
  equal(next(open, 3, "1042"), ["orderId=1042", "customer.id=42", "items=a", "items=7", "items=true"]);
  const cold = openFlow(program, { snapshot: open.step.snapshot!, settled: [] }, { ...host, step: 4 });
  equal(cold.step.tags?.[0], "orderId=1042", "read back, it is not known what was told");
  equal(next(open, 4)?.slice(0, 2), ["orderId=1042", "orderId=1042-x"], "of each activation");
  equal(next(open, 5), undefined, "it is over: what was told stays");
  equal(open.step.status, "completed");
});

Deno.test("a flow that ends in its first step is found by its inputs, one without an index has no tags", () => {
  const once = openFlow(
    compiled("[orderId]", "return Inputs.orderId"),
    { inputs: { orderId: "1" }, context },
    host,
  );
  equal([once.step.status, once.step.tags], ["completed", ["orderId=1"]]);
  const { program } = compileFlow({ name: "f.flow", source: "return Inputs.orderId" });
  equal(openFlow(program!, { inputs: { orderId: "1" }, context }, host).step.tags, undefined);
});

Deno.test("an index that is none is a diagnostic", () => {
  for (const index of ["[]", "orderId", "[1]", "[a-b]", "[a.]", "[a, b, c, d, e, f, g, h, i, j, k]"]) {
    const { diagnostics } = compileFlow({
      name: "f.flow",
      source: `\`\`\`\nindex: ${index}\n\`\`\`\nreturn 1`,
    });
    equal(diagnostics.map(({ code }) => code), ["F0403"], index);
  }
});
