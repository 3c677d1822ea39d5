import type { SqlTag } from "../../../src/define/mod.ts";
import type { JsonValue } from "../../../src/shared/json.ts";
import type {
  Beat,
  Claimed,
  Engine,
  EngineEars,
  Held,
  Outcome,
  Settlement,
  Unserved,
} from "../../../src/worker/engine.ts";
import type { Report } from "../../../src/worker/reporter.ts";

/** An engine without a database: hands out what it was given, notes what comes back. */
export class MemoryEngine implements Engine {
  queue: Claimed[] = [];
  readonly outcomes: Outcome[] = [];
  readonly calls: string[] = [];
  readonly moods: string[] = [];
  readonly reports: Report[] = [];
  programs: Record<string, JsonValue> = {};
  nextBeat: Beat = { stop: [], alive: true };
  nextTick: number | null = null;
  /** What it says nobody runs. */
  nobodyRuns: Unserved[] = [];
  /** What it says is leased. */
  leased: Held[] = [];
  /** Replaces a settle. */
  onSettle: ((outcomes: readonly Outcome[]) => Promise<Settlement>) | undefined;
  /** Fails the next claims. */
  claimErrors: Error[] = [];
  #onWork: () => void = () => {};
  #made = 0;

  /** Queues a task, or a workflow if there is a program. */
  add(target: string, change: Partial<Claimed> = {}): Claimed {
    const claimed: Claimed = {
      id: `e${++this.#made}`,
      kind: change.flow === undefined ? "task" : "workflow",
      target,
      queue: "default",
      attempt: 1,
      maxAttempts: 3,
      inputs: null,
      metadata: {},
      traceparent: null,
      parentId: null,
      createdAt: "2026-01-01T00:00:00Z",
      timeoutMs: null,
      flow: null,
      ...change,
    };
    this.queue.push(claimed);
    this.#onWork();
    return claimed;
  }

  register(): Promise<void> {
    return this.#note("register");
  }

  listen({ onWork }: EngineEars): Promise<() => Promise<void>> {
    this.#onWork = onWork;
    return Promise.resolve(() => this.#note("unlisten"));
  }

  claim(limit: number, mood: "awake" | "dozing"): Promise<readonly Claimed[]> {
    const error = this.claimErrors.shift();
    if (error !== undefined) return Promise.reject(error);
    this.moods.push(mood);
    return new Promise((resolve) => setTimeout(() => resolve(this.queue.splice(0, limit)), 0));
  }

  async settle(outcomes: readonly Outcome[], _capacity: number): Promise<Settlement> {
    if (this.onSettle !== undefined) return await this.onSettle(outcomes);
    await new Promise((resolve) => setTimeout(resolve, 0));
    return this.accept(outcomes);
  }

  /** Notes outcomes as settled. */
  accept(outcomes: readonly Outcome[]): Settlement {
    this.outcomes.push(...outcomes);
    return { refused: [], claimed: [] };
  }

  async settleInTransaction(_claimed: Claimed, body: (sql: SqlTag) => Promise<Outcome>): Promise<Settlement> {
    const sql = Object.assign(() => Promise.resolve([{ one: 1 }]), {
      unsafe: () => Promise.resolve([]),
    }) as unknown as SqlTag;
    await this.#note("begin");
    try {
      const outcome = await body(sql);
      await this.#note("commit");
      return this.accept([outcome]);
    } catch (error) {
      await this.#note("rollback");
      throw error;
    }
  }

  beat(): Promise<Beat> {
    this.calls.push("beat");
    const beat = this.nextBeat;
    this.nextBeat = { stop: [], alive: true };
    return Promise.resolve(beat);
  }

  held(): Promise<readonly Held[]> {
    this.calls.push("held");
    return Promise.resolve(this.leased);
  }

  unserved(afterMs: number): Promise<readonly Unserved[]> {
    this.calls.push(`unserved ${afterMs}`);
    return Promise.resolve(this.nobodyRuns);
  }

  tick(): Promise<number | null> {
    this.calls.push("tick");
    return Promise.resolve(this.nextTick);
  }

  report(report: Report): Promise<void> {
    this.reports.push(report);
    return Promise.resolve();
  }

  program(hash: string): Promise<JsonValue | null> {
    return Promise.resolve(this.programs[hash] ?? null);
  }

  leave(): Promise<void> {
    return this.#note("leave");
  }

  isTransient(error: unknown): boolean {
    return (error as Error).message === "transient";
  }

  isGivenUp(error: unknown): boolean {
    return (error as Error).message === "given up";
  }

  #note(call: string): Promise<void> {
    this.calls.push(call);
    return Promise.resolve();
  }
}
