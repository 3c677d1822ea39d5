import { systemClock } from "../../../src/runtime/clock.ts";
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import type { Claimed } from "../../../src/worker/engine/engine.ts";
import type { FlowStep, OpenFlow } from "../../../src/worker/flows/flow_runner.ts";
import { WarmFlows } from "../../../src/worker/flows/warm_flows.ts";
import { VirtualClock } from "../../support/virtual_clock.ts";

const flow: Claimed = {
  ...{
    id: "flow",
    kind: "workflow",
    target: "f",
    queue: "default",
    attempt: 1,
    maxAttempts: 1,
    failures: 0,
    inputs: {},
  },
  ...{ call: 1, askedAt: 0 },
  ...{ metadata: {}, traceparent: null, parentId: null, timeoutMs: null },
  flow: {
    program: "p",
    version: 1,
    seq: 3,
    snapshot: null,
    settled: [],
    seed: "1",
    epoch: 0,
    cancelReason: null,
  },
};
const task = (id: string): Claimed => ({
  ...flow,
  id,
  kind: "task",
  target: "a",
  parentId: "flow",
  flow: null,
});

const MOMENT = "2030-01-01T00:00:00.000Z";

/** A step that started a task and waits for it. */
function waiting(id: string, more: Partial<FlowStep> = {}): FlowStep {
  return {
    ...{
      status: "suspended",
      moment: MOMENT,
      snapshot: { at: id },
      released: [],
      waits: [{ mode: "any", ids: [id] }],
    },
    effects: [
      {
        type: "run_task",
        id,
        target: "a",
        inputs: { id },
        options: { maxWait: 1, retry: { maxAttempts: 2 } },
      },
    ],
    ...more,
  } as FlowStep;
}

const keyed = { type: "run_task", id: "b", target: "a", options: { idempotencyKey: "k" } };

/** An open workflow that goes through these steps, whatever it is told. */
function opened(first: FlowStep, ...rest: FlowStep[]): OpenFlow {
  let step = first;
  return {
    get step() {
      return step;
    },
    advance: () => step = rest.shift()!,
    takeHeat: () => [],
  };
}

Deno.test("WarmFlows.follow() gives the end of a task with the next step of its workflow, until that is over", () => {
  const warm = new WarmFlows({ clock: systemClock, time: systemClock });
  const over: FlowStep = {
    status: "completed",
    moment: MOMENT,
    output: 7,
    effects: [],
    waits: [],
    released: [],
  };
  warm.keep(flow, opened(waiting("a"), waiting("b"), over));
  const first = warm.follow(task("a"), "1")!;
  equal(first.end, {
    ...{ id: "a", task: { call: 1, output: "1" }, flow: "flow", seq: 4, moment: MOMENT },
    rest: {
      ...{ snapshot: { at: "b" }, wait: { mode: "any", ids: ["b"] } },
      ...{ cleanup: false, timers: [], released: [] },
    },
    children: [{
      id: "b",
      kind: { max_wait: 1, retry: { max_attempts: 2 }, target: "a" },
      inputs: { id: "b" },
      traceparent: null,
    }],
  });
  warm.stepSettled(first);
  const last = warm.follow({ ...task("b"), call: 2 }, "2")!;
  equal(last.end, {
    ...{ id: "b", task: { call: 2, output: "2" }, flow: "flow", seq: 5, moment: MOMENT },
    ...{ result: 7, children: [] },
  });
  warm.stepSettled(last);
  same(warm.size, 0);
});

Deno.test("WarmFlows.follow() leaves to the engine what one step cannot carry, and forgets the workflow", () => {
  const left: Record<string, [FlowStep, FlowStep]> = {
    "a group of two": [waiting("a", { waits: [{ mode: "all", ids: ["a", "b"] }] }), waiting("b")],
    "not waited for": [waiting("b"), waiting("c")],
    "a key": [waiting("a"), waiting("b", { effects: [keyed] })],
    "a signal": [waiting("a"), waiting("b", { effects: [{ type: "await_signal", name: "s" }] })],
    "two groups": [
      waiting("a"),
      waiting("b", { waits: [{ mode: "any", ids: ["b"] }, { mode: "all", ids: ["b"] }] }),
    ],
    "a failure": [waiting("a"), { status: "failed", effects: [], waits: [], released: [] }],
  };
  for (const [what, [first, next]] of Object.entries(left)) {
    const warm = new WarmFlows({ clock: systemClock, time: systemClock });
    warm.keep(flow, opened(first, next));
    same(warm.follow(task("a"), "1"), undefined, what);
    same(warm.size, 0, what);
  }
});

Deno.test("WarmFlows.follow() does not go on from a step that is not settled yet", () => {
  const warm = new WarmFlows({ clock: systemClock, time: systemClock });
  warm.keep(flow, opened(waiting("a"), waiting("b"), waiting("c")));
  same(warm.follow(task("a"), "1")?.end.seq, 4);
  same(warm.follow(task("b"), "1"), undefined);
});

Deno.test("WarmFlows.follow() does not go on from a step that may never have been settled: the task is older", () => {
  const warm = new WarmFlows({ clock: systemClock, time: systemClock });
  const waits = [{ mode: "any", ids: ["older"] }];
  warm.keep(flow, opened(waiting("b", { waits }), waiting("c")));
  same(warm.follow(task("older"), "1"), undefined);
  same(warm.size, 0);
});

Deno.test("WarmFlows.stepSettled() leaves a workflow as it is that was claimed anew before the answer came", () => {
  const warm = new WarmFlows({ clock: systemClock, time: systemClock });
  warm.keep(flow, opened(waiting("a"), waiting("b")));
  const late = warm.follow(task("a"), "1")!;
  const again = { ...flow, flow: { ...flow.flow!, seq: 9 } };
  warm.keep(again, opened(waiting("c"), waiting("d"), waiting("e")));
  const ahead = warm.follow(task("c"), "1")!;
  same(ahead.end.seq, 10);
  warm.stepSettled(late);
  same(warm.follow(task("d"), "1"), undefined, "its own answer is still to come");
});

Deno.test("WarmFlows keeps no more than its limit, and removes only what has taken no step for a while", async () => {
  const clock = new VirtualClock();
  const warm = new WarmFlows({ clock, time: clock, limit: 2 });
  const keep = (id: string): unknown => warm.keep({ ...flow, id }, opened(waiting("a"), waiting("b")));
  for (const id of ["1", "2", "3"]) keep(id);
  same(warm.size, 2);
  same(warm.follow({ ...task("a"), parentId: "3" }, "1"), undefined, "there is no room");
  same(warm.follow({ ...task("a"), parentId: "1" }, "1")?.end.flow, "1");
  await clock.pass(60_000);
  keep("3");
  same(warm.size, 2);
  same(warm.follow({ ...task("a"), parentId: "2" }, "1"), undefined, "it took no step for longest");
  same(warm.follow({ ...task("a"), parentId: "3" }, "1")?.end.flow, "3");
});
