import { deepStrictEqual as equal } from "node:assert/strict";
import { leasedChildren } from "../../../src/worker/engine/texts.ts";
import type { Outcome } from "../../../src/worker/engine/engine.ts";

Deno.test("leasedChildren() joins what the engine says of a kind with the inputs that the outcomes hold", () => {
  const flow = { snapshot: {}, waits: [], released: [] };
  const outcomes: Outcome[] = [
    { id: "t", attempt: 1, status: "completed", output: "1" },
    {
      id: "f",
      attempt: 1,
      seq: 0,
      status: "suspended",
      flow: {
        ...flow,
        effects: [
          { type: "run_task", id: "a", target: "x", inputs: { n: 1 } },
          { type: "start_timer", id: "timer", at: "2030-01-01T00:00:00Z" },
          { type: "run_task", id: "b", target: "x", inputs: 2 },
          { type: "run_task", id: "c", target: "x" },
          { type: "run_task", id: "d", target: "x", inputs: null },
        ],
      },
    },
  ];
  const kind = {
    target: "x",
    queue: "q",
    max_attempts: 3,
    timeout_ms: 5_000,
    metadata: { m: 1 },
    traceparent: "00-1",
    parent_id: "f",
    created_at: "2030-01-01T00:00:00Z",
  };
  const found = leasedChildren(
    [{ ...kind, ids: ["a", "b"] }, { ...kind, queue: "other", ids: ["c", "d"] }],
    outcomes,
  );
  equal(found.map(({ id, queue, inputs }) => [id, queue, inputs]), [
    ["a", "q", { n: 1 }],
    ["b", "q", 2],
    ["c", "other", {}],
    ["d", "other", null],
  ]);
  equal(found[0], {
    id: "a",
    kind: "task",
    target: "x",
    queue: "q",
    attempt: 1,
    maxAttempts: 3,
    inputs: { n: 1 },
    metadata: { m: 1 },
    traceparent: "00-1",
    parentId: "f",
    createdAt: "2030-01-01T00:00:00Z",
    timeoutMs: 5_000,
    flow: null,
  });
});
