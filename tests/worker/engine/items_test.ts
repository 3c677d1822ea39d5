import { deepStrictEqual as equal } from "node:assert/strict";
import type { ExchangeAnswer, ParcelCommon } from "../../../src/db/calls/worker.ts";
import type { JsonValue } from "../../../src/shared/json.ts";
import type { Call, Ends, Outcome } from "../../../src/worker/engine/engine.ts";
import { answerOf, endsText, outcomeText } from "../../../src/worker/engine/items.ts";

const nothing: Ends = { outcomes: [], steps: [], fired: [], left: [] };

function callOf(ends: Partial<Ends> = {}): Call {
  const want = { limit: 10, lease: 10, sleeps: false };
  return { number: 7, askedAt: 5, ends: { ...nothing, ...ends }, want };
}

function done(id: string, call: number, output = "1"): Outcome {
  return { id, call, hasParent: false, status: "completed", output };
}

Deno.test("endsText() packs ends of tasks by the call that leased them, in the order of ids", () => {
  const outcomes = [done("b", 1, '"x"'), done("c", 2), done("a", 1, "null")];
  equal(JSON.parse(endsText({ ...nothing, outcomes })), [
    { kind: "done", call: 1, finished: true, ids: ["a", "b"], outputs: [null, "x"] },
    { kind: "done", call: 2, finished: true, ids: ["c"], outputs: [1] },
  ]);
});

Deno.test("endsText() brings one by one what is not such an end", () => {
  const outcomes: Outcome[] = [
    { ...done("a", 1), hasParent: true },
    { id: "b", call: 1, status: "failed", error: { type: "Error", message: "no" }, retryable: true },
    { id: "c", call: 1, status: "cancelled" },
    { id: "d", call: 1, seq: 3, status: "released", reason: "why", delayMs: 5 },
  ];
  equal(JSON.parse(endsText({ ...nothing, outcomes })), [
    { kind: "outcome", id: "a", call: 1, status: "completed", finished: true, output: 1 },
    {
      ...{ kind: "outcome", id: "b", call: 1, status: "failed", finished: true },
      ...{ error: { type: "Error", message: "no" }, retryable: true },
    },
    { kind: "outcome", id: "c", call: 1, status: "cancelled" },
    { kind: "outcome", id: "d", call: 1, seq: 3, status: "released", reason: "why", delay_ms: 5 },
  ]);
});

Deno.test("endsText() says once what the children of steps have in common, and names timers", () => {
  const flow = { id: "f" } as Ends["steps"][number]["flow"];
  const child = (id: string) => ({ id, kind: { target: "x" }, inputs: 1, traceparent: null });
  const step = (id: string, children: string[]): Ends["steps"][number] => ({
    end: {
      ...{
        id,
        task: { call: 4, output: "2" },
        flow: "f",
        seq: 1,
        moment: "2030-01-01T00:00:00.000Z",
        result: 3,
      },
      children: children.map(child),
    },
    ...{ flow, step: { status: "completed", effects: [], waits: [], released: [] } },
    open: {} as Ends["steps"][number]["open"],
  });
  const ends = { ...nothing, steps: [step("a", ["c", "d"]), step("b", ["e"])], fired: ["t"], left: ["u"] };
  const [steps, fire, leave] = JSON.parse(endsText(ends));
  equal(steps.kinds, [{ target: "x" }]);
  equal(steps.children.map((one: { id: string; kind: number }) => [one.id, one.kind]), [
    ["c", 0],
    ["d", 0],
    ["e", 0],
  ]);
  equal(steps.ends[0], {
    ...{ id: "a", call: 4, output: 2, flow: "f", seq: 1, moment: "2030-01-01T00:00:00.000Z" },
    ...{ next: "completed", result: 3 },
  });
  equal([fire, leave], [{ kind: "fire", timers: ["t"] }, { kind: "leave", timers: ["u"] }]);
});

const common: ParcelCommon = {
  ...{ type: "task", target: "x", queue: "q", attempt: 1, max_attempts: 3 },
  ...{ timeout_ms: 5_000, metadata: { a: 1 } },
};

function answer(...parcels: ExchangeAnswer["parcels"]): ExchangeAnswer {
  return { call: 7, now: 9, refused: [], declined: ["x"], early: { t: 5 }, parcels };
}

Deno.test("answerOf() unpacks tasks, with what they have in common and what is their own", () => {
  const { claimed, declined, early, found } = answerOf(
    answer({ common, ids: ["a", "b"], inputs: [1, null], parents: [null, "p"] }),
    callOf(),
  );
  equal([declined, early, found], [new Set(["x"]), new Map([["t", 5]]), 2]);
  equal(claimed[0], {
    ...{ id: "a", call: 7, askedAt: 5, kind: "task", target: "x", queue: "q", attempt: 1, maxAttempts: 3 },
    ...{ failures: 0, checkpoint: undefined },
    ...{ inputs: 1, metadata: { a: 1 }, traceparent: null, parentId: null, timeoutMs: 5_000, flow: null },
  });
  equal(claimed.map(({ inputs, parentId }) => [inputs, parentId]), [[1, null], [null, "p"]]);
  const again = answer({ common, ids: ["a", "b"], inputs: [1, 2], checkpoints: { b: { page: 3 } } });
  equal(answerOf(again, callOf()).claimed.map(({ checkpoint }) => checkpoint), [undefined, { page: 3 }]);
});

Deno.test("answerOf() gives children that the call itself started the inputs that it was sent with", () => {
  const effects: JsonValue[] = [
    { type: "run_task", id: "a", target: "x", inputs: { n: 1 } },
    { type: "start_timer", id: "timer", at: "2030-01-01T00:00:00Z" },
    { type: "run_task", id: "b", target: "x", inputs: null },
    { type: "run_task", id: "c", target: "x" },
  ];
  const flow = { snapshot: {}, waits: [], released: [], effects };
  const call = callOf({ outcomes: [{ id: "f", call: 1, seq: 0, status: "suspended", flow }] });
  const { claimed, found } = answerOf(answer({ common, ids: ["a", "b", "c"], inputs: null }), call);
  equal(claimed.map(({ id, inputs, parentId }) => [id, inputs, parentId]), [
    ["a", { n: 1 }, "f"],
    ["b", null, "f"],
    ["c", {}, "f"],
  ]);
  equal(found, 0, "nobody had to look for them");
});

Deno.test("answerOf() unpacks workflows with where they stand", () => {
  const parcel = {
    common: { ...common, type: "workflow" as const, program: "hash", version: 2 },
    ...{ ids: ["f"], inputs: [{}], parents: [null] },
    states: [{ seq: 3, snapshot: { at: 1 }, settled: [], seed: "-5", epoch: 1, cancel_reason: "enough" }],
  };
  equal(answerOf(answer(parcel), callOf()).claimed[0]!.flow, {
    ...{ program: "hash", version: 2, seq: 3, snapshot: { at: 1 }, settled: [] },
    ...{ seed: "-5", epoch: 1, cancelReason: "enough" },
  });
});

Deno.test("outcomeText() of a workflow holds where it stands and what it asked for", () => {
  const flow = {
    ...{ moment: "2030-01-01T00:00:00.000Z", cancelReason: "enough", snapshot: { at: 1 } },
    ...{ effects: [{ type: "log" }], waits: [], released: ["t"], cleanup: true },
  };
  equal(JSON.parse(outcomeText({ id: "f", call: 2, seq: 0, status: "suspended", flow })), {
    ...{ kind: "outcome", id: "f", call: 2, seq: 0, status: "suspended", effects: [{ type: "log" }] },
    ...{ moment: "2030-01-01T00:00:00.000Z", reason: "enough" },
    ...{ snapshot: '{"at":1}', waits: [], released: ["t"], cleanup: true },
  });
});
