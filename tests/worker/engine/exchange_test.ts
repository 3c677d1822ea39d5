import { deepStrictEqual as equal, match, rejects, strictEqual as same } from "node:assert/strict";
import type { Answer, Call, Claimed, Outcome } from "../../../src/worker/engine/engine.ts";
import { Exchange } from "../../../src/worker/engine/exchange.ts";
import { Ledger } from "../../../src/worker/loop/ledger.ts";
import { InFlightSet } from "../../../src/worker/loop/in_flight.ts";
import { WorkerStats } from "../../../src/worker/loop/stats.ts";
import { VirtualClock } from "../../support/virtual_clock.ts";
import type { StepResult } from "../../../src/worker/flows/step_result.ts";
import { Away, FakeEngine, GivenUp, Hopeless, leased, TooSlow } from "../support/fake_engine.ts";

/** An exchange that runs, on an engine without a database. */
class Desk implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly engine = new FakeEngine();
  readonly inFlight = new InFlightSet(this.clock);
  readonly stats = new WorkerStats();
  readonly lines: string[] = [];
  readonly taken: Claimed[] = [];
  readonly forgotten: string[] = [];
  readonly settled: string[] = [];
  registeredAnew = 0;
  readonly exchange: Exchange;
  readonly running: Promise<void>;

  constructor(
    answer: (call: Call) => Partial<Answer> | Promise<Partial<Answer>> = () => ({}),
    concurrency = 10,
  ) {
    this.engine.onExchange = answer;
    const say = (level: string) => (message: string): unknown => this.lines.push(`${level}: ${message}`);
    this.exchange = new Exchange({
      engine: this.engine,
      clock: this.clock,
      logger: { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") },
      stats: this.stats,
      ledger: new Ledger({ clock: this.clock, logger: noLogger, stats: this.stats }),
      inFlight: this.inFlight,
      concurrency,
      pollMs: 5_000,
    });
    this.inFlight.onRoom = (): void => this.exchange.roomFreed();
    this.running = this.exchange.run({
      take: (claimed) => {
        this.taken.push(claimed);
        this.inFlight.add(claimed, null);
      },
      flows: {
        settled: ({ id }) => this.settled.push(id),
        stepSettled: ({ end }) => this.settled.push(end.id),
        forget: (id) => this.forgotten.push(id),
        ahead: () => {},
        toldTime: () => {},
      },
      answered: () => {},
      due: () => {},
      registerAnew: () => Promise.resolve(void this.registeredAnew++),
    });
    this.running.catch(() => {});
  }

  /** Calls that brought ends, each as the ids of its outcomes. */
  get handedBack(): string[][] {
    return this.engine.calls.map(({ ends }) => ends.outcomes.map(({ id }) => id)).filter((ids) =>
      ids.length > 0
    );
  }

  /** Ends, as of a task. */
  done(...ids: string[]): void {
    for (const id of ids) this.exchange.end(done(id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.exchange.stopClaiming();
    this.exchange.close(1_000);
    await this.clock.pass(60_000);
    await this.running.catch(() => {});
  }
}

const noLogger = { level: "silent", debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function done(id: string, call = 1): Outcome {
  return {
    id,
    call,
    claimed: leased(id, { number: call, askedAt: 0 }, "t"),
    hasParent: false,
    status: "completed",
    output: "1",
  };
}

Deno.test("Exchange: ends of one turn go in one call, and what ends during a call goes in the next one", async () => {
  const gate = Promise.withResolvers<Partial<Answer>>();
  await using it = new Desk(({ ends }) => ends.outcomes.length === 2 ? gate.promise : {});
  await it.clock.settle();
  it.done("a", "b");
  await it.clock.settle();
  it.done("c");
  it.done("d");
  await it.clock.settle();
  equal(it.handedBack, [["a", "b"]], "one call at a time");
  gate.resolve({});
  await it.clock.settle();
  equal(it.handedBack, [["a", "b"], ["c", "d"]]);
  equal(it.settled, ["a", "b", "c", "d"]);
});

Deno.test("Exchange: each call has the next odd number, as there is nothing for even ones", async () => {
  await using it = new Desk();
  for (const id of ["a", "b", "c"]) {
    it.done(id);
    await it.clock.settle();
  }
  const numbers = it.engine.calls.map((call) => call.number);
  equal(numbers, numbers.map((_, nth) => 2 * nth + 1));
});

Deno.test("Exchange sends the very same call again, with its number, until it is answered", async () => {
  let lost = 3;
  await using it = new Desk(({ ends }) => {
    if (ends.outcomes.length > 0 && lost-- > 0) throw new Away();
    return {};
  });
  await it.clock.settle();
  it.done("a");
  await it.clock.settle();
  it.done("b");
  await it.clock.pass(10_000);
  equal(it.handedBack, [["a"], ["a"], ["a"], ["a"], ["b"]], "what ends meanwhile waits for the answer");
  const sent = it.engine.calls.filter(({ ends }) => ends.outcomes[0]?.id === "a");
  same(new Set(sent.map((call) => call.number)).size, 1);
  same(new Set(sent.map((call) => call.askedAt)).size, 1);
  match(it.lines[0]!, /^warn: exchange failed; it is tried again/);
});

Deno.test("Exchange: one bad end fails alone with its reason, the others are settled", async () => {
  await using it = new Desk(({ ends }) => {
    const bad = ends.outcomes.find(({ id, status }) => id === "3" && status === "completed");
    if (bad !== undefined) throw new Error("it has a null byte");
    return {};
  });
  await it.clock.settle();
  it.done("1", "2", "3", "4", "5");
  await it.clock.settle();
  await it.clock.pass(1_000);
  equal(it.settled.toSorted(), ["1", "2", "3", "4", "5"]);
  const last = it.engine.calls.flatMap(({ ends }) => ends.outcomes).findLast(({ id }) => id === "3")!;
  equal(last.status === "failed" && last.error, {
    type: "SettleError",
    message: "The completed outcome cannot be stored: it has a null byte",
  });
  equal(it.lines, ["error: an outcome cannot be stored"]);
  equal(it.stats.of("task", "t").ends, { completed: 4, failed: 1, cancelled: 0 });
});

Deno.test("Exchange: what takes too long again and again is brought in smaller calls, until it goes through", async () => {
  await using it = new Desk(({ ends }) => {
    if (ends.outcomes.length > 2) throw new TooSlow();
    return {};
  });
  await it.clock.settle();
  it.done("1", "2", "3", "4", "5", "6", "7");
  await it.clock.pass(60_000);
  equal(it.settled.toSorted(), ["1", "2", "3", "4", "5", "6", "7"]);
  equal(it.forgotten, []);
});

Deno.test("Exchange: what is declined comes again by itself after a pause; what is refused is told, and forgotten", async () => {
  let locked = 3;
  await using it = new Desk(({ ends }) => {
    const ids = ends.outcomes.map(({ id }) => id);
    return {
      ...(ids.includes("locked") && locked-- > 0 ? { declined: new Set(["locked"]) } : {}),
      ...(ids.includes("lost") ? { refused: [{ id: "lost", reason: "it is another's" }] } : {}),
    };
  });
  await it.clock.settle();
  it.done("locked", "lost");
  await it.clock.settle();
  it.done("free");
  await it.clock.settle();
  equal(it.settled, ["free"], "nobody waits for the one that is locked");
  await it.clock.pass(1_000);
  equal(it.settled, ["free", "locked"]);
  equal([it.forgotten, it.stats.refused], [["lost"], 1]);
});

Deno.test("Exchange claims half of the places at most, and runs one half while the database fills the other", async () => {
  let next = 0;
  const gates: (() => void)[] = [];
  await using it = new Desk(async (call) => {
    if (call.number > 1) await new Promise<void>((resolve) => gates.push(resolve));
    return { claimed: Array.from({ length: call.want.limit }, () => leased(`t${next++}`, call)) };
  }, 200);
  await it.clock.settle();
  equal(it.engine.calls.map(({ want }) => want.limit), [100, 100]);
  same(it.taken.length, 100, "they run, and the second call is not answered yet");
  gates.shift()!();
  await it.clock.settle();
  same(it.taken.length, 200);
  equal(it.engine.calls.map(({ want }) => want.limit), [100, 100], "no place is free");
  it.inFlight.remove(it.taken[0]!);
  await it.clock.settle();
  equal(it.engine.calls.at(-1)!.want.limit, 1);
  gates.shift()!();
});

Deno.test("Exchange: a call that brings ends leases what they make, in half of what is free", async () => {
  await using it = new Desk(() => ({}), 100);
  await it.clock.settle();
  const effects = Array.from(
    { length: 80 },
    (_, nth) => ({ type: "run_task", id: `c${nth}`, target: "noop" }),
  );
  const flow = { snapshot: {}, effects, waits: [], released: [] };
  it.exchange.end({ id: "f", call: 1, seq: 0, status: "suspended", flow });
  await it.clock.settle();
  same(it.engine.calls.at(-1)!.want.lease, 50);
});

Deno.test("Exchange polls less and less often, and at once when it is called", async () => {
  await using it = new Desk();
  await it.clock.pass(60_000);
  const before = it.engine.calls.length;
  same(it.engine.calls.at(-1)!.want.sleeps, true);
  await it.clock.pass(4_000);
  same(it.engine.calls.length - before <= 1, true);
  const idle = it.engine.calls.length;
  it.exchange.call();
  await it.clock.settle();
  same(it.engine.calls.length, idle + 1);
});

Deno.test("Exchange: holds() names what runs, what waits, what is under way and what was declined", async () => {
  const gate = Promise.withResolvers<Partial<Answer>>();
  await using it = new Desk(({ ends }) => {
    const ids = ends.outcomes.map(({ id }) => id);
    if (ids.includes("declined")) return { declined: new Set(["declined"]) };
    return ids.includes("under way") ? gate.promise : {};
  });
  await it.clock.settle();
  it.inFlight.add(leased("runs", { number: 7, askedAt: 0 }), null);
  it.done("declined");
  await it.clock.settle();
  it.done("under way");
  await it.clock.settle();
  it.done("waits");
  equal([...it.exchange.holds()].map(({ id }) => id).toSorted(), ["declined", "runs", "under way", "waits"]);
  gate.resolve({});
  await it.clock.pass(1_000);
  it.inFlight.remove([...it.inFlight.all()][0]!.claimed);
});

Deno.test("Exchange registers anew when the worker was given up, and brings its ends under a new number", async () => {
  let unknown = true;
  await using it = new Desk(({ ends }) => {
    if (ends.outcomes.length > 0 && unknown) {
      unknown = false;
      throw new GivenUp();
    }
    return {};
  });
  await it.clock.settle();
  it.done("a");
  await it.clock.pass(1_000);
  same(it.registeredAnew, 1);
  const [first, second] = it.engine.calls.filter(({ ends }) => ends.outcomes.length > 0);
  same(second!.number > first!.number, true);
});

Deno.test("Exchange.close() ends once everything is settled, and gives up what cannot be", async () => {
  const it = new Desk(({ ends }) => {
    if (ends.outcomes.length > 0) throw new Away();
    return {};
  });
  await it.clock.settle();
  it.done("a");
  it.exchange.stopClaiming();
  it.exchange.close(1_000);
  let isOver = false;
  void it.running.then(() => isOver = true);
  await it.clock.pass(900);
  same(isOver, false);
  await it.clock.pass(10_000);
  same(isOver, true);
});

Deno.test("Exchange ends with an error that waiting cannot mend", async () => {
  const it = new Desk(() => {
    throw new Error("no such role");
  });
  await rejects(it.running, /no such role/);
});

// A step that its task lets a workflow take, and that starts nothing.
function stepOf(id: string, children = 0): StepResult {
  const task = leased(id, { number: 1, askedAt: 0 }, "t");
  const flow = leased(`flow of ${id}`, { number: 1, askedAt: 0 }, "f");
  const child = (nth: number) => ({ id: `${id}-${nth}`, inputs: null, kind: {}, traceparent: null });
  const end = {
    ...{ id, task: { call: 1, output: "1" }, flow: flow.id, seq: 1, moment: "2030-01-01T00:00:00.000Z" },
    ...{ result: null, children: Array.from({ length: children }, (_, nth) => child(nth)) },
  };
  const step = { status: "completed" as const, effects: [], waits: [], released: [] };
  return { task, flow, step, end } as unknown as StepResult;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, nth) => nth);
}

/** A call with one outcome is under way, and many steps wait. */
async function underWay(
  steps: readonly StepResult[],
  answer: (call: Call) => Partial<Answer> | Promise<Partial<Answer>> = () => ({}),
): Promise<{ it: Desk; open: () => void }> {
  const gate = Promise.withResolvers<Partial<Answer>>();
  const it = new Desk((call) => call.ends.outcomes[0]?.id === "first" ? gate.promise : answer(call), 200);
  await it.clock.settle();
  it.done("first");
  await it.clock.settle();
  for (const step of steps) it.exchange.endStep(step);
  await it.clock.settle();
  return { it, open: () => gate.resolve({}) };
}

Deno.test("Exchange: many steps go in a second call beside the one under way, and with a short queue it claims nothing", async () => {
  const { it, open } = await underWay(numbers(60).map((nth) => stepOf(`s${nth}`)));
  await using _ = it;
  const second = it.engine.calls.filter((call) => call.number % 2 === 0);
  equal(second.map(({ ends, want }) => [ends.steps.length, want.limit]), [[60, 0]]);
  equal(it.settled.length, 60, "they do not wait for the first call");
  open();
  await it.clock.settle();
  equal(it.settled.length, 61);
});

Deno.test("Exchange: a few steps wait for the call under way", async () => {
  const { it, open } = await underWay(numbers(49).map((nth) => stepOf(`s${nth}`)));
  await using _ = it;
  equal([it.engine.calls.filter((call) => call.number % 2 === 0), it.settled], [[], []]);
  open();
  await it.clock.settle();
  equal(it.settled.length, 50);
});

/** A long queue: each call gets as much as it asks for, those after the first when their gate opens. */
class LongQueue extends Desk {
  readonly gates: Map<number, () => void>;

  constructor(concurrency = 1_000) {
    const gates = new Map<number, () => void>();
    let next = 0;
    super(async (call) => {
      if (call.number > 1) await new Promise<void>((resolve) => gates.set(call.number, resolve));
      return { claimed: Array.from({ length: call.want.limit }, () => leased(`t${next++}`, call)) };
    }, concurrency);
    this.gates = gates;
  }

  async open(number: number): Promise<void> {
    this.gates.get(number)!();
    this.gates.delete(number);
    await this.clock.settle();
  }

  /** Ends some of what a call leased. */
  async endOf(number: number, most = Infinity): Promise<void> {
    const mine = this.taken.filter(({ id, call }) => call === number && this.inFlight.get(id) !== undefined);
    for (const claimed of mine.slice(0, most)) {
      this.inFlight.remove(claimed);
      this.exchange.end(done(claimed.id, number));
    }
    await this.clock.settle();
  }

  /** Number, ends and limit of each call. */
  get all(): number[][] {
    return this.engine.calls.map(({ number, ends, want }) => [number, ends.outcomes.length, want.limit]);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    const opening = setInterval(() => this.gates.forEach((open) => open()), 1);
    await super[Symbol.asyncDispose]();
    clearInterval(opening);
  }
}

Deno.test("Exchange: two calls claim side by side from a long queue, and each completes what it leased", async () => {
  await using it = new LongQueue();
  await it.clock.settle();
  equal(it.all, [[1, 0, 500], [3, 0, 500]], "the first half runs");
  await it.endOf(1, 200);
  equal(it.all.at(-1), [2, 0, 200], "there is room beside the call under way");
  await it.open(2);
  await it.endOf(2);
  equal(it.all.at(-1)!.slice(0, 2), [4, 200], "its own ends");
  await it.open(3);
  equal(it.all.at(-1)!.slice(0, 2), [5, 200], "those of the odd calls");
});

Deno.test("Exchange: a few free places are left to the odd calls, and so is what a short queue holds", async () => {
  await using it = new LongQueue();
  await it.clock.settle();
  await it.endOf(1, 49);
  equal(it.all, [[1, 0, 500], [3, 0, 500]]);
  it.engine.onExchange = ({ want }) => ({ claimed: [], found: Math.max(0, want.limit - 1) });
  await it.open(3);
  await it.endOf(1);
  await it.endOf(3);
  equal(it.engine.calls.filter(({ number }) => number % 2 === 0), []);
});

Deno.test("Exchange: tasks of an even call end in even calls, but those of workflows in odd ones", async () => {
  await using it = new Desk();
  await it.clock.settle();
  const child = done("child", 2);
  it.exchange.end({ ...child, claimed: { ...child.claimed!, parentId: "flow" } } as Outcome);
  const failed = { status: "failed", error: {}, retryable: false };
  it.exchange.end({ ...done("failed", 2), ...failed } as unknown as Outcome);
  it.exchange.end(done("done", 2));
  await it.clock.settle();
  const brought = it.engine.calls.map((
    { number, ends },
  ) => [number % 2, ...ends.outcomes.map(({ id }) => id)]);
  equal(brought.filter(({ length }) => length > 1).toSorted(), [[0, "failed", "done"], [1, "child"]]);
});

Deno.test("Exchange: two calls side by side never lease more than there is room for", async () => {
  const { it, open } = await underWay(numbers(120).map((nth) => stepOf(`s${nth}`, 2)));
  await using _ = it;
  const side = it.engine.calls.slice(-2);
  equal(side.map((call) => call.number % 2), [1, 0]);
  const most = side.reduce((sum, { want }) => sum + want.limit + want.lease, 0);
  same(most <= 200, true, `${most} of 200`);
  open();
});

Deno.test("Exchange.holds() names what both calls bring", async () => {
  const gate = Promise.withResolvers<Partial<Answer>>();
  const steps = numbers(60).map((nth) => stepOf(`s${nth}`));
  const { it, open } = await underWay(steps, ({ ends }) => ends.steps.length > 0 ? gate.promise : {});
  await using _ = it;
  equal(
    new Set([...it.exchange.holds()].map(({ id }) => id)),
    new Set(["first", ...steps.map(({ end }) => end.id)]),
  );
  gate.resolve({});
  open();
  await it.clock.settle();
  equal([...it.exchange.holds()], []);
});

Deno.test("Exchange.close() waits for the second call, and brings again what that was declined", async () => {
  const gate = Promise.withResolvers<Partial<Answer>>();
  const steps = numbers(60).map((nth) => stepOf(`s${nth}`));
  const { it, open } = await underWay(steps, ({ ends }) => ends.steps.length > 0 ? gate.promise : {});
  it.exchange.stopClaiming();
  it.exchange.close(60_000);
  open();
  await it.clock.settle();
  let isOver = false;
  void it.running.then(() => isOver = true);
  await it.clock.settle();
  same(isOver, false);
  gate.resolve({ declined: new Set(["s7"]) });
  await it.clock.settle();
  same(isOver, true);
  equal(it.handedBack.flat(), ["first", "s7"]);
});

Deno.test("Exchange.run() fails with what the second call met, if waiting does not help", async () => {
  const steps = numbers(60).map((nth) => stepOf(`s${nth}`));
  const { it } = await underWay(steps, ({ ends }) => {
    if (ends.steps.length > 0) throw new Hopeless();
    return {};
  });
  await rejects(it.running, Hopeless);
});
