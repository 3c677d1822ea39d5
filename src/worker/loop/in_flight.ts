import type { Clock } from "../../runtime/clock.ts";
import type { Claimed } from "../engine/engine.ts";
import type { StopReason } from "../tasks/task_run.ts";

/** A run that can be ended from outside. */
export interface StoppableRun {
  /** Ends it. */
  stop(reason: StopReason, message: string): void;
}

/** One execution in flight. */
export interface InFlight {
  /** The execution. */
  readonly claimed: Claimed;
  /** Its run; a flow has none, its advance is one turn of the event loop. */
  readonly run: StoppableRun | null;
}

/** The executions that a worker has claimed and not finished, by id. */
export class InFlightSet {
  /** Told after each removal: there is room for another. */
  onRoom: () => void = () => {};
  readonly #clock: Clock;
  readonly #runs = new Map<string, InFlight>();
  #waiting: (() => void)[] = [];

  /** @param clock measures the time */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many there are. */
  get size(): number {
    return this.#runs.size;
  }

  /** All of them. */
  all(): IterableIterator<InFlight> {
    return this.#runs.values();
  }

  /** One of them. */
  get(id: string): Claimed | undefined {
    return this.#runs.get(id)?.claimed;
  }

  /** Adds one. */
  add(claimed: Claimed, run: StoppableRun | null): void {
    this.#runs.set(claimed.id, { claimed, run });
  }

  /** Whether this very lease is in flight. */
  holds(claimed: Claimed): boolean {
    return this.#runs.get(claimed.id)?.claimed === claimed;
  }

  /** Removes one. */
  remove(claimed: Claimed): void {
    if (this.holds(claimed)) this.#runs.delete(claimed.id);
    this.onRoom();
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Stops the run of an execution, if it is in flight. */
  stop(id: string, reason: StopReason, message: string): void {
    this.#runs.get(id)?.run?.stop(reason, message);
  }

  /** Stops all runs. */
  stopAll(reason: StopReason, message: string): void {
    for (const { run } of this.#runs.values()) run?.stop(reason, message);
  }

  /** Waits until none is left, or a number of milliseconds; tells whether none is left. */
  async emptied(ms: number): Promise<boolean> {
    const until = this.#clock.monotonic() + ms;
    while (this.#runs.size > 0) {
      const left = until - this.#clock.monotonic();
      if (left <= 0) return false;
      await this.#removed(left);
    }
    return true;
  }

  async #removed(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const cancel = this.#clock.after(ms, resolve);
    await promise;
    cancel();
  }
}
