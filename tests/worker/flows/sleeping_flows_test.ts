import { systemClock } from "../../../src/runtime/clock.ts";
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { type KeptTimer, KeptTimers } from "../../../src/worker/flows/kept_timers.ts";
import type { Claimed } from "../../../src/worker/engine/engine.ts";
import type { FlowStep, OpenFlow } from "../../../src/worker/flows/flow_runner.ts";
import { WarmFlows } from "../../../src/worker/flows/warm_flows.ts";

const flow = (id = "flow"): Claimed => ({
  ...{
    id,
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
});
const task = (id: string, parentId = "flow"): Claimed => ({
  ...flow(id),
  ...{ kind: "task", target: "a", parentId, flow: null },
});

const soon = Date.now() + 60_000;
const at = (ms: number): string => new Date(ms).toISOString();
const timer = (id: string, due = soon): FlowStep["effects"][number] =>
  ({ type: "start_timer", id, at: at(due) }) as FlowStep["effects"][number];
const run = (id: string): FlowStep["effects"][number] =>
  ({ type: "run_task", id, target: "a", inputs: {} }) as FlowStep["effects"][number];

const MOMENT = "2030-01-01T00:00:00.000Z";

/** A step that waits for any of these. */
function waiting(effects: FlowStep["effects"], more: Partial<FlowStep> = {}): FlowStep {
  const ids = effects.map((effect) => (effect as { id?: string }).id);
  return {
    status: "suspended",
    moment: MOMENT,
    snapshot: {},
    released: [],
    waits: [{ mode: "any", ids }],
    effects,
    ...more,
  };
}
const over: FlowStep = {
  status: "completed",
  moment: MOMENT,
  output: 7,
  effects: [],
  waits: [],
  released: [],
};

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

/** Workflows, and kept timers that never become due by themselves. */
function place(
  limit = 10,
): { warm: WarmFlows; keptTimers: KeptTimers; set: Map<string, KeptTimer> } & Disposable {
  const set = new Map<string, KeptTimer>();
  const keptTimers = new KeptTimers(systemClock, () => {});
  keptTimers.set = (timer) => void set.set(timer.id, timer);
  keptTimers.delete = (id) => void set.delete(id);
  Object.defineProperty(keptTimers, "size", { get: () => set.size });
  return {
    warm: new WarmFlows({ clock: systemClock, time: systemClock, limit, keptTimers }),
    keptTimers,
    set,
    [Symbol.dispose]: () => keptTimers.stop(),
  };
}

/** Keeps a workflow whose first step is settled. */
function sleeping({ warm }: { warm: WarmFlows }, open: OpenFlow, id = "flow"): string[] {
  const kept = warm.keep(flow(id), open);
  warm.stands(id, 4);
  for (const [timer, due] of kept) warm.arm({ id: timer, flow: id, due }, 4);
  return [...kept.keys()];
}

Deno.test("WarmFlows.due() goes on with a workflow whose timer is due, from timer to timer to its end", () => {
  using it = place();
  const next = waiting([timer("u"), run("b")], { cleanup: true });
  equal(sleeping(it, opened(waiting([timer("t")]), next, over)), ["t"]);
  equal([...it.set.values()], [{ id: "t", flow: "flow", due: soon }]);
  const kept = it.set.get("t")!;
  it.set.delete("t");
  const first = it.warm.due(kept);
  if (first === undefined || first === "fire") throw new Error(`It answered ${first}`);
  equal([first.task, first.due, first.end], [undefined, soon, {
    ...{ id: "t", flow: "flow", seq: 4, moment: MOMENT },
    rest: {
      ...{ snapshot: {}, wait: { mode: "any", ids: ["u", "b"] }, cleanup: true },
      ...{ timers: [{ id: "u", at: at(soon), kept: true }], released: [] },
    },
    children: [{ id: "b", kind: { target: "a" }, inputs: {}, traceparent: null }],
  }]);
  equal([...it.set.keys()], [], "not before it is settled");
  it.warm.stepSettled(first);
  equal([...it.set.keys()], ["u"]);
  const last = it.warm.due(it.set.get("u")!);
  if (last === undefined || last === "fire") throw new Error(`It answered ${last}`);
  equal(last.end, { id: "u", flow: "flow", seq: 5, moment: MOMENT, result: 7, children: [] });
  it.warm.stepSettled(last);
  same(it.warm.size, 0);
});

Deno.test("WarmFlows.due() leaves to the engine what is not as it was", () => {
  const left: Record<string, (it: ReturnType<typeof place>) => void> = {
    "nothing known of it": () => {},
    "forgotten": (it) => {
      sleeping(it, opened(waiting([timer("t")]), over));
      it.warm.forget("flow");
    },
    "a step that cannot go with the end of a timer": (it) =>
      void sleeping(it, opened(waiting([timer("t")]), waiting([{ type: "log" }]))),
    "a failure": (it) => void sleeping(it, opened(waiting([timer("t")]), { ...over, status: "failed" })),
  };
  for (const [what, prepare] of Object.entries(left)) {
    using it = place();
    prepare(it);
    same(it.warm.due({ id: "t", flow: "flow", due: soon }), "fire", what);
    same(it.warm.size, 0, what);
  }
});

Deno.test("WarmFlows.due() waits for what is on its way, and is called again", () => {
  using it = place();
  sleeping(it, opened(waiting([run("a"), timer("t")]), waiting([run("b"), timer("u")]), over));
  const kept = it.set.get("t")!;
  const first = it.warm.follow(task("a"), "1")!;
  it.set.clear();
  same(it.warm.due(kept), undefined);
  equal([...it.set.keys()], []);
  it.warm.stepSettled(first);
  equal([...it.set.keys()], ["t", "u"]);
  same(it.warm.due(it.set.get("t")!), "fire", "it waits for others now");
});

Deno.test("WarmFlows.due() waits for the answer to the step, and goes on from one that is known to be stored", () => {
  using it = place();
  sleeping(it, opened(waiting([timer("t"), run("a")]), over));
  const kept = it.set.get("t")!;
  // A signal woke it; it waits for the timer as before, and for something new.
  const timers = it.warm.forget("flow");
  const again = { ...flow(), flow: { ...flow().flow!, seq: 4 } };
  const both = (id: string): Partial<FlowStep> => ({ waits: [{ mode: "any", ids: ["t", id] }] });
  const open = opened(waiting([run("b")], both("b")), waiting([run("c")], both("c")), over);
  it.warm.keep(again, open, timers);
  same(it.warm.due(kept), undefined);
  it.set.clear();
  it.warm.stands("flow", 5);
  equal([...it.set.keys()], ["t"]);
  same(it.warm.due(kept), "fire", "the database may have refused the step, and failed the workflow");
  it.warm.stepSettled(it.warm.follow(task("b"), "1")!);
  const next = it.warm.due(kept);
  if (next === undefined || next === "fire") throw new Error(`It answered ${next}`);
  same(next.end.seq, 6);
});

Deno.test("WarmFlows.forget() of a workflow whose timer became due while it was ahead keeps it", () => {
  using it = place();
  sleeping(it, opened(waiting([run("a"), timer("t")]), waiting([run("b")])));
  const kept = it.set.get("t")!;
  it.warm.follow(task("a"), "1");
  it.set.clear();
  it.warm.due(kept);
  equal([...it.warm.forget("flow").keys()], ["t"]);
  equal([...it.set.keys()], ["t"]);
});

Deno.test("WarmFlows.stepSettled() arms timers of a workflow that was forgotten meanwhile: the engine is to wake it", () => {
  using it = place();
  sleeping(it, opened(waiting([timer("t")]), waiting([timer("u")])));
  const next = it.warm.due(it.set.get("t")!);
  if (next === undefined || next === "fire") throw new Error(`It answered ${next}`);
  it.warm.forget("flow");
  it.set.clear();
  it.warm.stepSettled(next);
  equal([...it.set.keys()], ["u"]);
  same(it.warm.due(it.set.get("u")!), "fire");
});

Deno.test("WarmFlows.follow() removes the timers that the workflow dropped", () => {
  for (const next of [waiting([run("b")], { released: ["t"] }), over]) {
    using it = place();
    sleeping(it, opened(waiting([run("a"), timer("t")]), next));
    equal([...it.set.keys()], ["t"]);
    const { end } = it.warm.follow(task("a"), "1")!;
    equal(end.rest?.released ?? [], next.released);
    equal([...it.set.keys()], []);
  }
});

Deno.test("WarmFlows.keep() keeps those timers that let the workflow go on alone, and soon", () => {
  const kept: Record<string, [FlowStep, string[]]> = {
    "one of a race": [waiting([run("a"), timer("t")]), ["t"]],
    "two": [waiting([timer("t"), timer("u")]), ["t", "u"]],
    "one in time, one far away": [waiting([timer("t"), timer("u", soon + 3_600_000)]), ["t"]],
    "one that is due already": [waiting([timer("t", 0)]), ["t"]],
    "one of all that it needs": [
      waiting([run("a"), timer("t")], { waits: [{ mode: "all", ids: ["a", "t"] }] }),
      [],
    ],
    "all, which is one": [waiting([timer("t")], { waits: [{ mode: "all", ids: ["t"] }] }), ["t"]],
    "one that nothing waits for yet": [
      waiting([run("a"), timer("t")], { waits: [{ mode: "any", ids: ["a"] }] }),
      [],
    ],
    "a large workflow": [waiting([timer("t")], { snapshot: { text: "x".repeat(9_000_000) } }), []],
  };
  for (const [what, [step, ids]] of Object.entries(kept)) {
    using it = place();
    equal(sleeping(it, opened(step)), ids, what);
  }
});

Deno.test("WarmFlows.keep() of more than there is room for keeps none of their timers, and gives up no other's", () => {
  using it = place(2);
  for (const id of ["1", "2", "3"]) {
    equal(sleeping(it, opened(waiting([timer(`t${id}`)]), over), id), id === "3" ? [] : [`t${id}`]);
  }
  for (const id of ["4", "5", "6"]) sleeping(it, opened(waiting([run(`a${id}`)]), over), id);
  same(it.warm.size, 4);
  for (const id of ["1", "2"]) same(it.warm.due(it.set.get(`t${id}`)!) === "fire", false, id);
});

Deno.test("WarmFlows.keep() keeps no timers where none may be kept, nor once that is over", () => {
  const warm = new WarmFlows({ clock: systemClock, time: systemClock });
  same(warm.keep(flow(), opened(waiting([timer("t")]))).size, 0);
  using it = place();
  it.keptTimers.stop();
  equal(sleeping(it, opened(waiting([timer("t")]))), []);
});

Deno.test("WarmFlows.arm() arms nothing that the workflow has dropped by then", () => {
  using it = place();
  const kept = it.warm.keep(
    flow(),
    opened(waiting([run("a"), timer("t")]), waiting([run("b")], { released: ["t"] })),
  );
  equal([...kept.keys()], ["t"]);
  // The end of the task is faster than the answer to the settle that started it.
  const next = it.warm.follow(task("a"), "1")!;
  it.warm.stands("flow", 4);
  it.warm.arm({ id: "t", flow: "flow", due: soon }, 4);
  equal([...it.set.keys()], []);
  same(it.warm.follow(task("b"), "1"), undefined, "ahead");
  it.warm.stepSettled(next);
});
