import { systemClock } from "../../../src/runtime/clock.ts";
import { ok, strictEqual as same } from "node:assert/strict";
import { flowRuntime } from "../../../src/app/flow_runtime.ts";
import { task } from "../../../src/define/mod.ts";
import type { Call, Claimed, EngineEars } from "../../../src/worker/engine/engine.ts";
import { AWAKE_TICK_MS, tickPause } from "../../../src/worker/loop/repeating_timer.ts";
import { Worker } from "../../../src/worker/loop/worker.ts";
import { FakeEngine, leased } from "../support/fake_engine.ts";
import { until } from "../../support/until.ts";

Deno.test("tickPause(): a turn comes at any moment of its second half, but no sooner than one that is awake looks", () => {
  same(tickPause(5_000, 0), 2_500);
  same(tickPause(5_000, 1), 5_000);
  same(tickPause(1_000, 0), AWAKE_TICK_MS);
  same(tickPause(1_000, 1), AWAKE_TICK_MS);
});

Deno.test("Worker that sleeps among many ticks seldom, at once when it is called, and every second again with work", async () => {
  await using it = new Fleet();
  await until(() => it.ears !== undefined);
  it.ears!.onStop();
  await until(() => it.beats > 0);
  const seen = it.ticks.length;
  await until(() => it.ticks.length > seen + 1);
  ok(it.ticks.at(-1)! - it.ticks.at(-2)! > TURN_MS / 2 - 100, "its turn comes seldom");
  // A busy machine may hold up one of them.
  same(await it.isSoon(() => it.ears!.onDue()), true, "something is due at another time");
  same(await it.isSoon(() => it.ready = true), true, "nobody notifies a worker that is awake");
});

const TURN_MS = 5_000;

/** A worker on an engine that has nothing to do, among many sleepers. */
class Fleet implements AsyncDisposable {
  readonly ticks: number[] = [];
  beats = 0;
  ready = false;
  ears: EngineEars | undefined;
  readonly #worker: Worker;
  readonly #running: Promise<void>;

  constructor() {
    const engine = new FakeEngine();
    engine.listen = (ears): Promise<() => Promise<void>> => {
      this.ears = ears;
      return Promise.resolve(() => Promise.resolve());
    };
    engine.onExchange = (call) => ({ claimed: this.#take(call) });
    engine.tick = (part) => {
      if (part === "due") this.ticks.push(performance.now());
      return Promise.resolve({ ms: null, wrote: false });
    };
    engine.onBeat = () => {
      this.beats++;
      return { turnMs: TURN_MS };
    };
    const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    this.#worker = new Worker({
      engine,
      runtime: flowRuntime,
      clock: systemClock,
      tasks: [task({ name: "noop" }, () => null)],
      logger: quiet,
      concurrency: 10,
      transactions: 1,
      leaseMs: 600_000,
      graceMs: 1_000,
      pollMs: 100,
      maxOutputBytes: 1_000,
    });
    this.#running = this.#worker.run();
  }

  /** Whether a tick follows sooner than its turn would come. */
  async isSoon(act: () => void): Promise<boolean> {
    for (let tries = 0; tries < 5; tries++) {
      const seen = this.ticks.length;
      act();
      await until(() => this.ticks.length > seen);
      if (this.ticks.at(-1)! - this.ticks.at(-2)! < TURN_MS / 2 - 100) return true;
    }
    return false;
  }

  #take(call: Call): Claimed[] {
    if (!this.ready || call.want.limit === 0) return [];
    this.ready = false;
    return [leased(crypto.randomUUID(), call)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.stop();
    await this.#running;
  }
}
