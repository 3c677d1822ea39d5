import type { Claimed, Engine, LeasedChild, Outcome, StepSettlement } from "./engine.ts";
import type { CancelTimer, Clock } from "../../runtime/clock.ts";
import { GroupCommit } from "./group_commit.ts";
import type { StepResult } from "../flows/warm_flows.ts";

/** What settling results stands on. */
export interface StepSettlerParts {
  /** The clock. */
  readonly clock: Clock;
  /** The engine. */
  readonly engine: Engine;
  /** Calls with as many places as may be promised to it, and so many at most. */
  readonly promising: <Result>(most: number, call: (places: number) => Promise<Result>) => Promise<Result>;
  /** The workflows that are open in memory. */
  readonly flows: {
    readonly stepSettled: (result: StepResult, leased: ReadonlyMap<string, LeasedChild>) => Claimed[];
    readonly forget: (id: string) => void;
    /** Told by how many milliseconds the clock of this machine is ahead of the server's. */
    readonly ahead: (ms: number) => void;
  };
  /** Told that a batch was answered: how it began, and which of it holds. */
  readonly answered: (began: number, settled: readonly StepResult[]) => void;
  /** Takes an execution that was leased. */
  readonly take: (claimed: Claimed) => void;
  /** Takes the end of a task that is to be settled alone. */
  readonly settle: (outcome: Outcome) => void;
  /** Told before each new try after a transient error. */
  readonly onTrouble: (error: unknown, attempt: number) => void;
}

/**
 * Settles ends of tasks, and timers, together with the next steps of their workflows. What does not fit is settled alone:
 * tasks as others are, timers by the engine, which wakes their workflows.
 */
export class StepSettler {
  readonly #parts: StepSettlerParts;
  readonly #commits: GroupCommit<StepResult>;
  readonly #fires: GroupCommit<string>;
  readonly #early = new Set<CancelTimer>();
  #draining = false;

  /** @param parts what it stands on */
  constructor(parts: StepSettlerParts) {
    this.#parts = parts;
    this.#commits = new GroupCommit({
      clock: parts.clock,
      commit: (batch) => this.#commit(batch),
      maxBatch: BATCH,
      // While the database works on one batch, the handlers of another run.
      lanes: 2,
      isTransient: (error) => parts.engine.isTransient(error),
      isTooSlow: (error) => parts.engine.isTooSlow(error),
      onRefused: (result) => this.#alone(result),
      onTrouble: parts.onTrouble,
    });
    this.#fires = new GroupCommit({
      clock: parts.clock,
      commit: (timers) => this.#fire(timers),
      maxBatch: BATCH,
      isTransient: (error) => parts.engine.isTransient(error),
      isTooSlow: (error) => parts.engine.isTooSlow(error),
      // They stay due: tick() fires them, or says what is wrong.
      onRefused: () => {},
      onTrouble: parts.onTrouble,
    });
  }

  /** How many are waiting or on their way. */
  get pending(): number {
    return this.#commits.pending;
  }

  /** The tasks that are waiting or on their way. */
  *ids(): Iterable<string> {
    for (const { task } of this.#commits.items) if (task !== undefined) yield task.id;
  }

  /** Adds one. */
  push(result: StepResult): void {
    this.#commits.push(result);
  }

  /** Adds a timer that is due, whose workflow is not open in memory any more. */
  fire(timer: string): void {
    this.#fires.push(timer);
  }

  /** Waits until what is on its way now is answered. */
  async answered(): Promise<void> {
    await Promise.all([this.#commits.answered(), this.#fires.answered()]);
  }

  /** Waits until all are settled, or handed on to be settled alone. Timers that came too early are left to tick(). */
  async drained(): Promise<void> {
    this.#draining = true;
    for (const cancel of this.#early) cancel();
    await this.#commits.drained();
    await this.#fires.drained();
  }

  /** Gives up what cannot be settled any more. */
  abandon(): void {
    this.#commits.abandon();
    this.#fires.abandon();
  }

  async #fire(timers: string[]): Promise<void> {
    const claimed = await this.#parts.promising(
      timers.length,
      (places) => this.#parts.engine.fireKept(timers, places),
    );
    for (const one of claimed) this.#parts.take(one);
  }

  async #commit(batch: StepResult[]): Promise<void> {
    const began = this.#parts.clock.monotonic();
    const sentAt = this.#parts.clock.now();
    const ends = batch.map(({ end }) => end);
    const children = ends.reduce((sum, end) => sum + end.children.length, 0);
    const settlement = await this.#parts.promising(
      children,
      (places) => this.#parts.engine.settleSteps(ends, places),
    );
    this.#spread(batch, settlement, { began, sentAt });
  }

  #spread(
    batch: readonly StepResult[],
    { declined, early, leased }: StepSettlement,
    { began, sentAt }: { began: number; sentAt: number },
  ): void {
    const alone = new Set(declined);
    const settled = alone.size === 0 ? batch : batch.filter(({ end }) => !alone.has(end.id));
    this.#parts.answered(began, settled);
    const claimed = settled.flatMap((result) => this.#parts.flows.stepSettled(result, leased));
    for (const one of claimed) this.#parts.take(one);
    if (alone.size === 0) return;
    for (const result of batch) {
      const { id } = result.end;
      const ms = early.get(id);
      if (ms !== undefined) this.#again(result, { ms, sentAt });
      else if (alone.has(id)) this.#alone(result);
    }
  }

  // The clock of this machine is ahead. What the workflow did with the timer stays right until that is due for the server.
  #again(result: StepResult, { ms, sentAt }: { ms: number; sentAt: number }): void {
    this.#parts.flows.ahead(sentAt - result.due! + ms);
    if (ms > LONGEST_WAIT_MS || this.#draining) return this.#parts.flows.forget(result.flow.id);
    const cancel = this.#parts.clock.after(ms, () => {
      this.#early.delete(cancel);
      this.push(result);
    });
    this.#early.add(cancel);
  }

  #alone({ task, flow, end }: StepResult): void {
    this.#parts.flows.forget(flow.id);
    if (task === undefined) return this.fire(end.id);
    this.#parts.settle({
      id: task.id,
      attempt: task.attempt,
      hasParent: true,
      status: "completed",
      output: end.task!.output,
    });
  }
}

// Two of them cover what a worker has in flight in a busy moment, and overlap.
const BATCH = 250;

// Of a timer that came too early. One that would have to wait longer is left to tick().
const LONGEST_WAIT_MS = 1_000;
