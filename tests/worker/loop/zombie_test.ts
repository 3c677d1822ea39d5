// What a worker does after it stood still for longer than its lease, and with an end that came after a cancellation.
import { deepStrictEqual as equal, strictEqual as same } from "node:assert/strict";
import { flowRuntime } from "../../../src/app/flow_runtime.ts";
import { task } from "../../../src/define/mod.ts";
import type { Call } from "../../../src/worker/engine/engine.ts";
import { Worker } from "../../../src/worker/loop/worker.ts";
import { VirtualClock } from "../../support/virtual_clock.ts";
import { FakeEngine, leased } from "../support/fake_engine.ts";

const LEASE_MS = 15_000;

/** A worker with one task on an engine without a database; the first poll brings one execution of it. */
class Stage implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly engine = new FakeEngine();
  begun = 0;
  readonly handler: { run: (signal: AbortSignal) => unknown } = { run: () => "done" };
  /** Time that passes while the claim is answered and nothing of this process runs. */
  frozenMs = 0;
  readonly #worker: Worker;
  readonly #running: Promise<void>;

  constructor() {
    const made = task({ name: "noop" }, (_: null, ctx) => {
      this.begun++;
      return this.handler.run(ctx.signal);
    });
    let isFirst = true;
    this.engine.onExchange = (call) => {
      if (!isFirst || call.want.limit === 0) return {};
      isFirst = false;
      this.clock.freeze(this.frozenMs);
      return { claimed: [leased("e", call)] };
    };
    this.#worker = new Worker({
      engine: this.engine,
      clock: this.clock,
      runtime: flowRuntime,
      tasks: [made],
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      concurrency: 10,
      transactions: 1,
      leaseMs: LEASE_MS,
      graceMs: 1_000,
      pollMs: 5_000,
      maxOutputBytes: 1_000,
    });
    this.#running = Promise.resolve().then(() => this.#worker.run());
  }

  /** How the execution was handed back. */
  get outcomes(): Call["ends"]["outcomes"] {
    return this.engine.calls.flatMap(({ ends }) => ends.outcomes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopping = this.#worker.stop();
    await this.clock.pass(60_000);
    await stopping;
    await this.#running;
  }
}

Deno.test("Worker starts no handler from a claim that is older than its lease: it hands it back", async () => {
  await using it = new Stage();
  it.frozenMs = LEASE_MS + 1;
  await it.clock.settle();
  same(it.begun, 0);
  equal(it.outcomes.map(({ id, call, status }) => [id, call, status]), [["e", 1, "released"]]);
});

Deno.test("Worker starts a handler from a claim that is as old as its lease allows", async () => {
  await using it = new Stage();
  it.frozenMs = LEASE_MS - 1;
  await it.clock.settle();
  same(it.begun, 1);
  equal(it.outcomes.map(({ status }) => status), ["completed"]);
});

for (const way of ["returns", "throws an error of its own"]) {
  Deno.test(`Worker settles as cancelled what ${way} because it was told to stop`, async () => {
    await using it = new Stage();
    it.handler.run = (signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () =>
          way === "returns" ? resolve("early") : reject(new Error("stopped")));
      });
    await it.clock.settle();
    it.engine.onBeat = () => ({ cancelled: [{ id: "e", reason: "not wanted" }] });
    await it.clock.pass(LEASE_MS / 3);
    equal(it.outcomes.map(({ status }) => status), ["cancelled"]);
  });
}

Deno.test("Worker keeps an outcome that came before it was told, and says so", async () => {
  await using it = new Stage();
  const gate = Promise.withResolvers<void>();
  const { onExchange } = it.engine;
  it.engine.onExchange = async (call) => {
    if (call.ends.outcomes.length > 0) await gate.promise;
    return await onExchange(call);
  };
  await it.clock.settle();
  it.engine.onBeat = () => ({ cancelled: [{ id: "e", reason: "not wanted" }] });
  await it.clock.pass(LEASE_MS / 3);
  gate.resolve();
  await it.clock.settle();
  equal(it.outcomes.map(({ status }) => status), ["completed"]);
});

Deno.test("Worker names what it holds, and stops what is not its own any more", async () => {
  await using it = new Stage();
  let reason: unknown;
  it.handler.run = (signal) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        resolve(null);
      });
    });
  await it.clock.settle();
  it.engine.onBeat = () => ({ lost: ["e"] });
  await it.clock.pass(LEASE_MS / 3);
  equal(it.engine.holds[0], new Map([["e", 1]]));
  same((reason as { code: string }).code, "TASK_LOST");
  equal(it.outcomes, [], "nothing is said of what another has");
});
